/** A cloud call that is open: what is counted and told of it, and when it has ended. */
import type { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import debug from 'debug';
import { RouterError } from './errors.ts';
import type { Reply } from './reply.ts';
import type { Call } from './sender.ts';
import type { HealthBook } from './status/health.ts';
import { openRecord, type CallRecord, type OpenRecord } from './status/record.ts';
import type { UsageHistory } from './status/usage.ts';

const log = debug('llm-prefix-router:upstream');

/** Who is told of a call. */
export interface Books {
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
    return new Promise((resolve) => {
      if (this.#open === 0) resolve();
      else this.#onIdle = resolve;
    });
  }
}

const CLIENT_LEFT = new Error('The client left.');

export class OpenCall {
  readonly record: OpenRecord;
  readonly #call: Call;
  readonly #reply: Reply;
  readonly #res: ServerResponse;
  readonly #context: AsyncResource;
  readonly #books: Books;
  /** All of the answer has gone to the client's connection. */
  #isWritten = false;
  /** An answer that was told whole has ended when the response has closed and the corridor is left. */
  #pending = 2;

  /** @param context Of the request: spans of a tracer belong to it, not to the socket whose close ends the record. */
  constructor(call: Call, reply: Reply, res: ServerResponse, context: AsyncResource, books: Books) {
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
    this.#books = books;
    books.usage.opened(prefix);
    books.calls.begin();
    res.on('close', () => this.#onClose());
  }

  /** What went wrong, for the record. */
  note(error: unknown): void {
    const { record } = this;
    if (error instanceof RouterError) {
      record.errorCode = error.code;
      record.retryAfterMs = retryAfterOf(error);
    }
    // An error that is told whole is a whole answer; one in the middle of another is not.
    record.complete = !this.#reply.started;
  }

  /** To be called twice: when the response has closed, and when the corridor is left. */
  end(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    const { record } = this;
    const { usage, health, calls, onCall } = this.#books;
    const { arrivedMs, cancellation } = this.#call;
    const { status, bytes, firstAt } = this.#reply;
    record.totalMs = performance.now() - arrivedMs;
    record.bytes = bytes;
    record.clientLeft = cancellation.cancelled;
    record.status = status || this.#statusByHost();
    record.complete &&= this.#isWritten;
    if (firstAt !== undefined) record.firstTokenMs = firstAt - arrivedMs;
    usage.add(record);
    health.add(record);
    logEnd(record);
    if (onCall !== undefined) this.#context.runInAsyncScope(tell, undefined, Object.freeze(record), onCall);
    calls.end();
  }

  /** An answer of the host's: to a bug, or a time-out of its own. */
  #statusByHost(): number {
    return this.#res.headersSent ? this.#res.statusCode : 499;
  }

  #onClose(): void {
    const { ended, destroyed } = this.#reply;
    const isFinished = this.#res.writableFinished;
    this.#isWritten = ended && isFinished;
    // A time-out of the host's has answered in our place: what nobody will read must cost nothing more.
    const isTaken = isFinished && !ended && this.#pending === 2;
    if (isTaken || (!isFinished && !destroyed)) this.#call.cancellation.cancel(CLIENT_LEFT);
    this.end();
  }
}

function logEnd(record: CallRecord): void {
  if (!log.enabled) return;
  const { provider, model, status, errorCode, totalMs, requestId } = record;
  log('%s %s %d %s %dms %s', provider, model, status, errorCode ?? 'ok', Math.round(totalMs), requestId);
}

/** A host's function that throws must not end the process. */
function tell(record: CallRecord, onCall: NonNullable<Books['onCall']>): void {
  try {
    onCall(record);
  } catch (error) {
    log('onCall threw %s', error instanceof Error ? error.name : typeof error);
  }
}

/** Milliseconds of a failure's `retry-after-ms` or `retry-after`. */
function retryAfterOf({ headers }: RouterError): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? NaN);
  const seconds = Number(headers['retry-after'] ?? NaN);
  return Number.isNaN(ms) ? (Number.isNaN(seconds) ? undefined : seconds * 1000) : ms;
}
