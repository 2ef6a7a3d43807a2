/** The only writer of the client's response: JSON, bytes, server-sent events, errors, and back-pressure. */
import type { ServerResponse } from 'node:http';
import type { RouterError } from './errors.ts';

/** Streams must reach the client as they come: no proxy may hold them back, no compression may collect them. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** A list, of which the host's middlewares have written a part. */
const TIMING = 'server-timing';

export class Reply {
  /** HTTP status of our answer; 0 before there is one. */
  status = 0;
  /** All of our answer was given. */
  ended = false;
  /** We broke the answer off ourselves. */
  destroyed = false;
  /** Bytes of the body given to the client so far. */
  bytes = 0;
  /** When the first of them was given, by `performance.now()`. */
  firstAt: number | undefined;
  readonly #res: ServerResponse;
  #source: { resume(): void } | undefined;
  #listens = false;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  /** The host has answered in our place, or has ended our answer, as its own time-out would: it has the last word. */
  get isTakenOver(): boolean {
    return this.status === 0 ? this.#res.headersSent : !this.ended && this.#res.writableEnded;
  }

  /**
   * A whole answer.
   * @param headers Ours from here on: the length is added.
   * @param body Text or bytes of JSON, or of whatever `content-type` says.
   */
  send(status: number, headers: Record<string, string>, body: string | Buffer): void {
    const length = Buffer.byteLength(body);
    headers['content-length'] = String(length);
    this.open(status, headers);
    if (this.status === 0) return;
    this.bytes += length;
    this.firstAt = performance.now();
    this.ended = true;
    // ASCII is the same in both, and as Latin-1 it is written in two thirds of the time.
    this.#res.end(body, length === body.length ? 'latin1' : 'utf8');
  }

  /** @param headers Ours from here on. */
  json(status: number, headers: Record<string, string>, body: object): void {
    headers['content-type'] = 'application/json; charset=utf-8';
    this.send(status, headers, JSON.stringify(body));
  }

  error(error: RouterError): void {
    this.json(error.status, { ...error.headers }, error.toBody());
  }

  /** Opens an answer whose body follows piece by piece. The status line leaves with the first piece. */
  open(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.isTakenOver) return;
    const res = this.#res;
    const timing = res.getHeader(TIMING);
    try {
      // One by one: given to `writeHead`, they could not be looked up later, as a host's log does when the answer is over.
      for (const name in headers) res.setHeader(name, headers[name] as string);
      if (timing !== undefined && TIMING in headers)
        res.setHeader(TIMING, [timing, headers[TIMING]].flat().join(', '));
      res.writeHead(status);
    } catch (error) {
      // Of a host's hook. The host will answer, and its answer has another length.
      if (!res.headersSent) for (const name in headers) res.removeHeader(name);
      throw error;
    }
    this.status = status;
  }

  /** @returns false: the client reads slower than we write; the source is resumed when it has caught up. */
  write(piece: string | Buffer): boolean {
    // Nobody will ask for more: the call ends when the host's answer has been read.
    if (this.isTakenOver) return false;
    if (this.firstAt === undefined) {
      this.firstAt = performance.now();
      joinHead(this.#res);
    }
    const length = Buffer.byteLength(piece);
    this.bytes += length;
    // ASCII is written as it is, without a copy outside of V8's heap. Through other text Node would go three times: to
    // count its bytes, to make room for three times as many, to write.
    const wantsMore = this.#res.write(
      length === piece.length ? piece : Buffer.from(piece as string),
      'latin1',
    );
    // Most clients keep up: a listener is made for those that do not.
    if (!wantsMore && !this.#listens) {
      this.#listens = true;
      this.#res.on('drain', () => this.#source?.resume());
    }
    return wantsMore;
  }

  /** Names who is asked for more whenever the client has caught up. */
  onDrain(source: { resume(): void }): void {
    this.#source = source;
  }

  end(): void {
    // The response can outlive its request by far, and must not keep what the answer came from.
    this.#source = undefined;
    if (this.isTakenOver) return;
    this.ended = true;
    this.#res.end();
  }

  /** A broken answer must look broken: the connection ends before the body does. */
  destroy(): void {
    this.#source = undefined;
    if (this.isTakenOver) return;
    this.destroyed = true;
    this.#res.destroy();
  }
}

/**
 * Node puts the head of a response together from fifty pieces and keeps it for as long as the response is open. V8 keeps
 * the pieces, at three times their size, until somebody wants to see the whole: counting its bytes is enough for that.
 */
function joinHead(res: ServerResponse & { readonly _header?: unknown }): void {
  if (typeof res._header === 'string') Buffer.byteLength(res._header);
}
