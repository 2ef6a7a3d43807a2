/** A cloud call that is open: what is counted and told of it, and when it has ended. */
import type { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { isNativeError } from 'node:util/types';
import debug from 'debug';
import { RouterError } from './errors.ts';
import { onceClosed } from './on-close.ts';
import type { Reply } from './reply.ts';
import { isObject } from './openai/types.ts';
import type { Call } from './sender.ts';
import type { HealthBook } from './status/health.ts';
import { openRecord, type CallRecord, type OpenRecord } from './status/record.ts';
import type { UsageHistory } from './status/usage.ts';

const log = debug('llm-prefix-router:upstream');

/** Who is told of each call. */
export interface Observers {
  readonly calls: OpenCalls;
  readonly usage: UsageHistory;
  readonly health: HealthBook;
  readonly onCall: ((record: CallRecord) => void) | undefined;
}

/** Counts the calls that are open. */
export class OpenCalls {
  closing = false;
  #open = 0;
  #onIdle: (() => void) | undefined;
  #drained: Promise<void> | undefined;

  begin(): void {
    this.#open += 1;
  }

  end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#onIdle?.();
  }

  /** Lets no further call in, and waits for the open ones. */
  drain(): Promise<void> {
    this.closing = true;
    this.#drained ??= new Promise((resolve) => {
      if (this.#open === 0) resolve();
      else this.#onIdle = resolve;
    });
    return this.#drained;
  }
}

const NOBODY_WAITS = new Error('Nobody waits for the answer any more.');

export class OpenCall {
  readonly record: OpenRecord;
  readonly #call: Call;
  readonly #reply: Reply;
  readonly #res: ServerResponse;
  readonly #context: AsyncResource;
  readonly #observers: Observers;
  /** The response has ended, by whomever it was given. */
  #isFinished = false;
  #isClosed = false;
  /** All of our answer has gone to the client's connection. */
  #isWritten = false;
  /** Two things must end: the response, and the way through the corridor. */
  #pending = 2;

  /** @param context Of the request: spans of a tracer belong to it, not to the socket whose close ends the record. */
  constructor(call: Call, reply: Reply, res: ServerResponse, context: AsyncResource, observers: Observers) {
    const { prefix, model } = call.model;
    this.record = openRecord(
      prefix,
      call.spec.endpoint,
      model,
      Date.now() - (performance.now() - call.arrivedMs),
    );
    this.#call = call;
    this.#reply = reply;
    this.#res = res;
    this.#context = context;
    this.#observers = observers;
    observers.usage.opened(prefix);
    observers.calls.begin();
    onceClosed(res, () => this.#onClose());
    // Adapters for functions as a service tell nothing else, and say in it that nothing was finished.
    res.on('finish', () => {
      this.#isFinished = true;
      this.#onClose();
    });
  }

  /** What went wrong, for the record. */
  note(error: unknown): void {
    const { record } = this;
    if (error instanceof RouterError) {
      record.errorCode = error.code ?? error.type;
      record.retryAfterMs = retryAfterOf(error);
      if (log.enabled) logCause(record.provider, error);
    }
    // An error that is told whole is a whole answer; one in the middle of another is not.
    record.complete = this.#reply.status === 0;
  }

  /** To be called twice: when the response has closed, and when the corridor is left. */
  end(): void {
    this.#pending -= 1;
    if (this.#pending !== 0) return;
    const { record } = this;
    const { usage, health, calls, onCall } = this.#observers;
    const { arrivedMs, cancellation } = this.#call;
    const { status, bytes, firstAt } = this.#reply;
    record.totalMs = performance.now() - arrivedMs;
    record.bytes = bytes;
    record.clientLeft = cancellation.cancelled;
    record.status = status || this.#statusByHost();
    record.complete &&= this.#isWritten;
    if (firstAt !== undefined) record.firstTokenMs = firstAt - arrivedMs;
    usage.add(Object.freeze(record));
    health.add(record);
    logEnd(record);
    if (onCall !== undefined) this.#context.runInAsyncScope(tell, undefined, record, onCall);
    calls.end();
  }

  /** An answer of the host's: to a bug, or a time-out of its own. */
  #statusByHost(): number {
    return this.#res.headersSent ? this.#res.statusCode : 499;
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { ended, destroyed } = this.#reply;
    const isFinished = this.#isFinished;
    this.#isWritten = ended && isFinished;
    const isAnsweredByHost = isFinished && !ended && this.#pending === 2;
    if (isAnsweredByHost || (!isFinished && !destroyed)) this.#call.cancellation.cancel(NOBODY_WAITS);
    this.end();
  }
}

function logEnd(record: CallRecord): void {
  if (!log.enabled) return;
  const { provider, model, status, errorCode, totalMs, requestId } = record;
  const outcome = errorCode ?? 'ok';
  log('%s %s %d %s %dms %s', provider, model, status, outcome, Math.round(totalMs), requestId ?? '-');
}

/**
 * What the client is not told, and the operator must know: no such host, a certificate that does not hold. Only the
 * words of the system, of undici and of the host's own function for keys: a parser's repeat what it has read.
 */
function logCause(provider: string, error: RouterError): void {
  let cause: unknown = error;
  while (cause instanceof RouterError) ({ cause } = cause);
  if (!isNativeError(cause)) return;
  const { code } = cause as NodeJS.ErrnoException;
  const words = code !== undefined || error.failure === 'api_key_missing' ? cause.message : '';
  log('%s %s: %s', provider, error.failure, `${code ?? cause.name} ${words}`.trimEnd());
}

/** A host's function that throws must not end the process, and neither must one that rejects. */
function tell(record: CallRecord, onCall: NonNullable<Observers['onCall']>): void {
  const note = (error: unknown): void =>
    log('onCall threw %s', error instanceof Error ? error.name : typeof error);
  try {
    const told: unknown = onCall(record);
    if (isObject(told) && typeof told['then'] === 'function') Promise.resolve(told).catch(note);
  } catch (error) {
    note(error);
  }
}

/** Milliseconds of a failure's `retry-after-ms` or `retry-after`. */
function retryAfterOf({ headers }: RouterError): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? NaN);
  const seconds = Number(headers['retry-after'] ?? NaN);
  return Number.isNaN(ms) ? (Number.isNaN(seconds) ? undefined : seconds * 1000) : ms;
}
