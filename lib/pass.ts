/** An answer in OpenAI's own form: its bytes pass as they come. */
import { isAscii } from 'node:buffer';
import { RouterError } from './errors.ts';
import { createJsonScanner, type JsonScanner } from './json-scanner.ts';
import { errorEvent } from './openai/sse.ts';
import {
  accountOf,
  createUsageTail,
  LAST_EVENT_BYTES,
  type Account,
  type UsageTail,
} from './openai/usage-tail.ts';
import type { Sender } from './sender.ts';
import { STREAM_HEADERS, type Reply } from './reply.ts';
import { readPlain } from './transport/read.ts';
import { FATE_UNKNOWN } from './transport/failures.ts';
import type { BodySink, Upstream } from './transport/send.ts';

/**
 * Hands an answer on. The head waits for the first byte, so that an answer which breaks before it is still a real
 * HTTP error.
 * @throws RouterError where the answer broke off and that can still be told in words.
 */
export function pass(upstream: Upstream, sender: Sender, reply: Reply): Promise<void> {
  const type = String(upstream.headers['content-type'] ?? '').toLowerCase();
  if (type.startsWith('text/html')) {
    upstream.abort();
    return Promise.reject(noAnswer(sender.name, 'answered with a page of HTML'));
  }
  return new Promise((resolve, reject) => {
    const passage = new Passage(upstream, type, sender, reply, resolve, reject);
    reply.onDrain(upstream);
    readPlain(upstream, passage);
  });
}

/** One answer on its way to the client. */
class Passage implements BodySink {
  readonly #upstream: Upstream;
  readonly #type: string;
  readonly #sender: Sender;
  readonly #reply: Reply;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #isStream: boolean;
  /** Where an answer that comes in pieces says what it cost. */
  #tail: UsageTail | undefined;
  /** The head of the answer is with the client. */
  #isOpen = false;
  /** Where JSON ends with its connection, nothing but its form tells a cut one from a whole one. */
  #unframed: JsonScanner | undefined;
  /** The stream's terminal event has come by. */
  #ended = false;
  /** An answer that came in one piece leaves in one: two writes cost more than all that is done here. */
  #whole: Buffer | undefined;

  constructor(
    upstream: Upstream,
    type: string,
    sender: Sender,
    reply: Reply,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.#upstream = upstream;
    this.#type = type;
    this.#sender = sender;
    this.#reply = reply;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#isStream = type.startsWith('text/event-stream');
    sender.record.stream = this.#isStream;
  }

  write(chunk: Buffer): boolean {
    if (!this.#isOpen) {
      if (this.#lengthAnnounced() === chunk.length) {
        this.#whole = chunk;
        return true;
      }
      this.#open();
    }
    if (this.#isStream && !this.#ended) this.#ended = this.#holdsEnd(chunk);
    this.#tail?.add(chunk);
    this.#unframed?.push(chunk);
    return this.#reply.write(chunk);
  }

  end(): void {
    if (this.#whole !== undefined) return this.#endWhole(this.#whole);
    if (!this.#isOpen) {
      // Silence, transcribed as plain text, is the one good answer that is empty.
      if (!this.#type.startsWith('text/plain'))
        return this.fail(noAnswer(this.#sender.name, 'sent an empty answer'));
      this.#open();
    }
    if (!this.#isComplete()) return this.fail(missingEnd(this.#sender.name));
    this.#note(this.#tail?.read());
    this.#sender.record.complete = true;
    this.#reply.end();
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#note(this.#tail?.read());
    if (!(error instanceof RouterError)) return this.#reject(error as Error);
    const told = this.#sender.describe(error);
    try {
      if (this.#isOpen) this.#breakOff(told);
    } catch (bug) {
      return this.#reject(bug as Error);
    }
    this.#reject(told);
  }

  #open(): void {
    const headers = this.#sender.clientHeaders(this.#upstream);
    if (this.#isStream) Object.assign(headers, STREAM_HEADERS);
    // With the length announced the client can tell a cut answer from a whole one.
    const length = this.#lengthAnnounced();
    if (length !== undefined) headers['content-length'] = String(length);
    this.#reply.open(this.#upstream.status, headers);
    this.#isOpen = true;
    // Streams that end in `[DONE]` repeat nothing of the answer in their last event. No sound says what it cost.
    const { endsWithDone } = this.#sender.call.spec;
    if (this.#isStream) this.#tail = createUsageTail('sse', endsWithDone ? LAST_EVENT_BYTES : undefined);
    else if (this.#isJson()) {
      this.#tail = createUsageTail('json');
      if (this.#endsWithConnection()) this.#unframed = createJsonScanner();
    }
    // They are with the client now, and a stream can be open for hours.
    this.#upstream.headers = {};
  }

  #isJson(): boolean {
    return this.#type.startsWith(JSON_TYPE);
  }

  #endsWithConnection(): boolean {
    const { headers } = this.#upstream;
    return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  }

  #endWhole(bytes: Buffer): void {
    const { record } = this.#sender;
    // Node joins text, but not bytes, to the head: then there is one piece to write.
    const body = bytes.length <= ONE_PIECE_BYTES && isAscii(bytes) ? bytes.toString('latin1') : bytes;
    if (this.#isJson()) this.#note(accountOf(body));
    record.complete = true;
    this.#reply.send(this.#upstream.status, this.#sender.clientHeaders(this.#upstream), body);
    this.#resolve();
  }

  /** In bytes; undefined for streams, and where the length is that of a packed answer. */
  #lengthAnnounced(): number | undefined {
    const { 'content-length': length, 'content-encoding': encoding } = this.#upstream.headers;
    return this.#isStream || typeof length !== 'string' || encoding !== undefined
      ? undefined
      : Number(length);
  }

  #note(account: Account | undefined): void {
    if (account === undefined) return;
    const { record } = this.#sender;
    record.usage = account.usage;
    record.billedModel = account.model;
    record.errorCode = account.errorCode ?? null;
  }

  /** Half a JSON body or half an event can only be told by a connection that ends too early. */
  #breakOff(error: RouterError): void {
    if (!this.#isStream || !BETWEEN_EVENTS.test(this.#last())) return this.#reply.destroy();
    this.#reply.write(errorEvent(error.toBody()));
    this.#reply.end();
  }

  #isComplete(): boolean {
    if (!this.#isStream) return this.#isWholeJson();
    const { endsWithDone, terminalEvent } = this.#sender.call.spec;
    if (endsWithDone) return DONE.test(this.#tail?.last(256) ?? '');
    return terminalEvent === undefined || this.#ended;
  }

  #isWholeJson(): boolean {
    this.#unframed?.end();
    return this.#unframed?.malformed === undefined;
  }

  /** A terminal event can be longer than what is remembered of a stream, so it is looked for on its way. */
  #holdsEnd(chunk: Buffer): boolean {
    const { terminalEvent } = this.#sender.call.spec;
    return terminalEvent !== undefined && terminalEvent.test(this.#last() + chunk.toString('latin1'));
  }

  /** How the stream ended so far: enough for `[DONE]` and its blank lines, and for the name of a terminal event. */
  #last(): string {
    return this.#tail?.last(48) ?? '';
  }
}

/** Above this a copy costs more than a second piece to write. */
const ONE_PIECE_BYTES = 16 * 1024;

const JSON_TYPE = 'application/json';
/** The terminal event, and no further data behind it: a comment or an id may follow. */
const DONE = /(?:^|[\r\n])data: ?\[DONE\][ \t]*(?:[\r\n](?!data)[^\r\n]*)*$/;
const BETWEEN_EVENTS = /^$|(?:\n\n|\r\n\r\n|\r\r)$/;

function noAnswer(name: string, what: string): RouterError {
  return new RouterError('provider_error', { message: `${name} ${what}.`, headers: FATE_UNKNOWN });
}

function missingEnd(name: string): RouterError {
  return new RouterError('stream_interrupted', {
    message: `${name} ended the stream before the answer was complete.`,
    headers: FATE_UNKNOWN,
  });
}
