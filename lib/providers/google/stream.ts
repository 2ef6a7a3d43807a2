/** Google's stream of answers as chunks. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChunkChoice, type JsonObject, type Usage } from '../../openai/types.ts';
import type { AnswerMeta, ChunkStream, TextPlace } from '../provider.ts';
import { CandidateStream } from './candidate-stream.ts';
import { readError } from './error.ts';
import { blockOf } from './finish.ts';
import { textOf } from './json.ts';
import { shortName } from './models.ts';
import { randomId } from './parts.ts';
import type { Signatures } from './signatures.ts';
import { isLegacy } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

/** Tokens are counted in most events: `candidatesTokenCount`, and `tokenCount` of each kind. Those of the prompt stay. */
const TEXT: TextPlace = { key: 'text', varying: /(?<!promptT)okenCount": ?(?=[0-9])/g };

export function createStream(meta: AnswerMeta, signatures: Signatures): ChunkStream {
  return new AnswerStream(meta, signatures);
}

/**
 * There is no terminal event: an answer is whole when each candidate has named a reason to end. A class for its getters:
 * V8 keeps those of an object literal, and all they reach, until it collects its whole heap.
 */
class AnswerStream implements ChunkStream {
  readonly #signatures: Signatures;
  readonly #isLegacy: boolean;
  readonly #tier: unknown;
  readonly #candidates = new Map<number, CandidateStream>();
  /** Id and model are those of the first event, all through the stream. */
  #responseId = '';
  #model: string;
  #promptFeedback: JsonObject | undefined;
  /** Cumulative, in most events: each field as it came last. */
  readonly #usageMetadata = Object.create(null) as JsonObject;
  #hasUsage = false;
  /** Set where to push the event pushed last once more would tell a text of this candidate again and nothing else. */
  #lastText: CandidateStream | undefined;

  constructor(meta: AnswerMeta, signatures: Signatures) {
    this.#signatures = signatures;
    this.#isLegacy = isLegacy(meta.request);
    this.#tier = meta.headers['x-gemini-service-tier'];
    this.#model = shortName(meta.model);
  }

  get id(): string {
    return `chatcmpl-${this.#responseId}`;
  }

  get model(): string {
    return this.#model;
  }

  get usage(): Usage | undefined {
    return this.#hasUsage ? toUsage(this.#usageMetadata) : undefined;
  }

  get serviceTier(): string | undefined {
    return toServiceTier(this.#tier, this.#usageMetadata);
  }

  get textPlace(): TextPlace | undefined {
    return this.#lastText === undefined ? undefined : TEXT;
  }

  pushText(text: string): ChunkChoice {
    return this.#lastText!.addText(text);
  }

  push(event: unknown): ChunkChoice[] {
    this.#lastText = undefined;
    // A proxy that takes `alt=sse` away sends lists.
    if (Array.isArray(event)) return event.flatMap((one) => this.push(one));
    const error = readError(event);
    if (error !== undefined) throw error;
    const chunks: ChunkChoice[] = [];
    if (isObject(event)) this.#addAnswer(event, chunks);
    return chunks;
  }

  end(rest: string): ChunkChoice[] {
    const chunks = parseRest(rest).flatMap((event) => this.push(event));
    this.#addBlock(chunks);
    const inOrder = [...this.#candidates.values()].toSorted((a, b) => a.index - b.index);
    if (inOrder.length === 0 || !inOrder.every((candidate) => candidate.isFinished)) throw interrupted();
    return [...chunks, ...inOrder.flatMap((candidate) => candidate.finish())];
  }

  /** A blocked prompt is the end of each candidate that has none of its own, and of the one that never came. */
  #addBlock(chunks: ChunkChoice[]): void {
    const finishReason = blockOf(this.#promptFeedback);
    if (finishReason === undefined) return;
    if (this.#candidates.size === 0) this.#candidateOf({});
    for (const candidate of this.#candidates.values())
      if (!candidate.isFinished) candidate.add({ finishReason }, chunks);
  }

  #addAnswer(answer: JsonObject, chunks: ChunkChoice[]): void {
    this.#begin(answer);
    if (isObject(answer.usageMetadata)) this.#addUsage(answer.usageMetadata);
    if (isObject(answer.promptFeedback)) this.#promptFeedback = answer.promptFeedback;
    if (!Array.isArray(answer.candidates)) return;
    for (const candidate of answer.candidates) {
      if (!isObject(candidate)) continue;
      const stream = this.#candidateOf(candidate);
      const wasText = stream.add(candidate, chunks);
      if (wasText && answer.candidates.length === 1) this.#lastText = stream;
    }
  }

  #begin(answer: JsonObject): void {
    if (this.#responseId !== '') return;
    this.#responseId = textOf(answer.responseId) ?? randomId();
    this.#model = textOf(answer.modelVersion) ?? this.#model;
  }

  #addUsage(counts: JsonObject): void {
    this.#hasUsage = true;
    for (const name in counts) this.#usageMetadata[name] = counts[name];
  }

  #candidateOf(candidate: JsonObject): CandidateStream {
    // Zero is left out on Google's wire.
    const index = typeof candidate.index === 'number' ? candidate.index : 0;
    const known = this.#candidates.get(index);
    if (known !== undefined) return known;
    const created = new CandidateStream(index, {
      responseId: this.#responseId,
      isLegacy: this.#isLegacy,
      signatures: this.#signatures,
    });
    this.#candidates.set(index, created);
    return created;
  }
}

/** An error after the 200 comes as bare JSON now and then (vercel/ai#5217), and so do whole answers by some proxies. */
function parseRest(rest: string): unknown[] {
  if (rest.trim() === '') return [];
  try {
    return [JSON.parse(rest)];
  } catch {
    return [];
  }
}

function interrupted(): RouterError {
  return new RouterError('stream_interrupted', {
    message: 'Google ended the stream before the answer was complete.',
    // The tokens so far are billed: the SDKs must not pay twice without being asked.
    headers: { 'x-should-retry': 'false' },
  });
}
