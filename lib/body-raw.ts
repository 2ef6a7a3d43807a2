/**
 * A body that nobody has read yet. Bytes go back by `unshift` in the tick in which they were read: the one recipe
 * after which streams, parsers mounted later and http-proxy-middleware all see the body whole.
 */
import {
  faultOf,
  finish,
  hasArrived,
  HOST,
  isEmpty,
  offReadable,
  onReadable,
  putBack,
  refused,
  tooLarge,
  type BodyOutcome,
  type BodyScanner,
  type BodyTaker,
  type HostRequest,
} from './body.ts';
import { FlowBody } from './body-flow.ts';
import type { RouterError } from './errors.ts';

export class RawReader {
  readonly #req: HostRequest;
  readonly #scanner: BodyScanner;
  readonly #contentType: string;
  readonly #taker: BodyTaker;
  readonly #chunks: Buffer[] = [];
  /** Bytes, as the client says; -1 where it does not. */
  readonly #announced: number;
  #size = 0;
  #taken = false;
  #over = false;
  #listens = false;
  readonly #onReadable = (): void => this.#read();

  constructor(scanner: BodyScanner, contentType: string, taker: BodyTaker) {
    this.#req = taker.req;
    this.#announced = Number(taker.headers['content-length'] ?? -1);
    this.#scanner = scanner;
    this.#contentType = contentType;
    this.#taker = taker;
  }

  start(): void {
    // Paused, or somebody reads: only as one of those who listen do we see what comes, and keep it from flowing away.
    if (this.#req.readableFlowing !== null) this.#listen();
    else process.nextTick(startReading, this);
  }

  /** What came together with the head is there by now, most often all of it: to be told of it would cost more. */
  readFirst(): void {
    this.#read();
    if (!this.#over) this.#listen();
  }

  #listen(): void {
    this.#listens = true;
    onReadable(this.#taker, this.#onReadable);
  }

  #read(): void {
    if (this.#announced === -1 && this.#size === 0 && isEmpty(this.#req)) return this.#finish(HOST);
    while (!this.#over) {
      const chunk = this.#req.read() as Buffer | string | null;
      if (chunk === null) break;
      this.#add(toBytes(this.#req, chunk));
    }
    if (!this.#over && this.#isWhole()) this.#atEnd();
  }

  /** Node says `complete` a tick after the last byte; the announced length says it at once. */
  #isWhole(): boolean {
    return this.#size === this.#announced || hasArrived(this.#req);
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Of a request that is the host's nothing but the model is looked at.
    this.#scanner.push(chunk, !this.#taken);
    if (this.#taken) this.#check();
    else this.#decide();
  }

  #decide(): void {
    const { model, isObject, malformed } = this.#scanner;
    if (model !== undefined && model.end <= this.#taker.limit) {
      const taking = this.#taker.takes(model.value);
      if (taking === 'host') return this.#putBack();
      this.#taken = true;
      this.#scanner.pushRest();
      this.#check();
      if (!this.#over && taking === 'flow' && !this.#isWhole() && !this.#isShared()) this.#letFlow();
    } else if (isObject === false || malformed !== undefined || this.#size > this.#taker.limit) {
      this.#putBack();
    }
  }

  /** A body for a cloud is given up at the first byte that makes it impossible. */
  #check(): void {
    const fault = this.#fault();
    if (fault !== undefined) this.#finish(refused(fault));
  }

  #fault(): RouterError | undefined {
    const { limit } = this.#taker;
    return Math.max(this.#size, this.#announced) > limit ? tooLarge(limit) : faultOf(this.#scanner);
  }

  #letFlow(): void {
    const body = new FlowBody(this.#taker, this.#concat(), this.#scanner, this.#contentType);
    this.#finish({ kind: 'cloud', body });
  }

  #atEnd(): void {
    if (!this.#taken) return this.#putBack();
    this.#finish(finish(this.#concat(), this.#scanner, this.#contentType));
    // Nothing more comes, but only who reads on is told so; a host that waits for `end` or `close` would wait for ever.
    this.#req.resume();
  }

  #putBack(): void {
    putBack(this.#req, this.#concat());
    this.#finish(HOST);
  }

  #concat(): Buffer {
    const [first] = this.#chunks;
    // In the bytes the prefix is cut out in place: whoever was given them too keeps them as they are.
    if (this.#chunks.length === 1 && first !== undefined && !this.#isShared()) return first;
    return Buffer.concat(this.#chunks, this.#size);
  }

  /** Somebody else listens to `data`: as soon as we do not, all that arrives is given to him and to nobody else. */
  #isShared(): boolean {
    return this.#req.listenerCount('data') > 0;
  }

  #finish(outcome: BodyOutcome): void {
    this.#over = true;
    if (this.#listens) offReadable(this.#req, this.#onReadable);
    this.#taker.settle(outcome);
  }
}

function startReading(reader: RawReader): void {
  reader.readFirst();
}

/** What the request has given, also where the host has set an encoding. */
export function toBytes(req: HostRequest, chunk: Buffer | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, req.readableEncoding ?? 'utf8') : chunk;
}
