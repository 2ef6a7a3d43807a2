/** Sums over calls, as they are counted: the writable side of `UsageSums`. */
import { Histogram } from './histogram.ts';
import type { CallRecord } from './record.ts';
import type { UsageSums } from './report.ts';

export class Tally {
  #requests = 0;
  #errors = 0;
  #clientLeft = 0;
  #promptTokens = 0;
  #completionTokens = 0;
  #cachedTokens = 0;
  #cacheWriteTokens = 0;
  #reasoningTokens = 0;
  #unknownUsage = 0;
  #costUsd = 0;
  #unknownCost = 0;
  readonly #latency = new Histogram();
  readonly #firstByte = new Histogram();

  get isEmpty(): boolean {
    return this.#requests === 0;
  }

  add(record: CallRecord, costUsd: number | undefined): void {
    this.#requests += 1;
    if (isError(record)) this.#errors += 1;
    if (record.clientLeft) this.#clientLeft += 1;
    if (record.usage !== undefined) this.#addTokens(record.usage);
    if (costUsd !== undefined) this.#costUsd += costUsd;
    if (!isUnbilled(record)) {
      const isCut = isCutStream(record);
      if (record.usage === undefined || isCut) this.#unknownUsage += 1;
      if (costUsd === undefined || isCut) this.#unknownCost += 1;
    }
    this.#latency.add(record.totalMs);
    if (record.firstByteMs !== undefined) this.#firstByte.add(record.firstByteMs);
  }

  #addTokens(usage: NonNullable<CallRecord['usage']>): void {
    this.#promptTokens += usage.prompt_tokens;
    this.#completionTokens += usage.completion_tokens;
    this.#cachedTokens += usage.prompt_tokens_details?.cached_tokens ?? 0;
    this.#cacheWriteTokens += usage.prompt_tokens_details?.cache_write_tokens ?? 0;
    this.#reasoningTokens += usage.completion_tokens_details?.reasoning_tokens ?? 0;
  }

  merge(other: Tally): void {
    this.#requests += other.#requests;
    this.#errors += other.#errors;
    this.#clientLeft += other.#clientLeft;
    this.#promptTokens += other.#promptTokens;
    this.#completionTokens += other.#completionTokens;
    this.#cachedTokens += other.#cachedTokens;
    this.#cacheWriteTokens += other.#cacheWriteTokens;
    this.#reasoningTokens += other.#reasoningTokens;
    this.#unknownUsage += other.#unknownUsage;
    this.#costUsd += other.#costUsd;
    this.#unknownCost += other.#unknownCost;
    this.#latency.merge(other.#latency);
    this.#firstByte.merge(other.#firstByte);
  }

  clear(): void {
    this.#requests = 0;
    this.#errors = 0;
    this.#clientLeft = 0;
    this.#promptTokens = 0;
    this.#completionTokens = 0;
    this.#cachedTokens = 0;
    this.#cacheWriteTokens = 0;
    this.#reasoningTokens = 0;
    this.#unknownUsage = 0;
    this.#costUsd = 0;
    this.#unknownCost = 0;
    this.#latency.clear();
    this.#firstByte.clear();
  }

  toSums(): UsageSums {
    return {
      requests: this.#requests,
      errors: this.#errors,
      clientLeft: this.#clientLeft,
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      cachedTokens: this.#cachedTokens,
      cacheWriteTokens: this.#cacheWriteTokens,
      reasoningTokens: this.#reasoningTokens,
      unknownUsage: this.#unknownUsage,
      costUsd: this.#costUsd,
      unknownCost: this.#unknownCost,
      latencyMs: this.#latency.percentiles(),
      firstByteMs: this.#firstByte.percentiles(),
    };
  }
}

/** A refusal that passed in the cloud's own bytes has a status and no code of ours. */
export function isError({ errorCode, status, clientLeft }: CallRecord): boolean {
  return errorCode !== null || (status >= 400 && !clientLeft);
}

/** Claude counts its answer at the end: of a stream that broke off or was left, not all tokens are known. */
function isCutStream({ stream, complete }: CallRecord): boolean {
  return stream && !complete;
}

/** No cloud bills what it has not begun: a request refused by us or by it, or one that never reached it. */
function isUnbilled({ status, errorCode, clientLeft }: CallRecord): boolean {
  if (errorCode === 'provider_unreachable' || errorCode === 'provider_overloaded') return status >= 400;
  return status >= 400 && status < 500 && status !== 408 && !clientLeft;
}
