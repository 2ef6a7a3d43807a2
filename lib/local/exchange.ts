/** One request to one node: what http-proxy gets to see of the client's request, and what becomes of it. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RouterError } from '../errors.ts';
import { onceClosed } from '../on-close.ts';
import { passAnswer, type AnswerEnd } from './answer.ts';
import type { NodeBody } from './body.ts';

/** Limits of one request to a node, in milliseconds. There is no limit on the whole of a stream. */
export interface LocalTimeouts {
  /** Until the connection stands. Default 10,000. */
  readonly connectMs: number;
  /** From the connection to the answer's headers. Default 1,200,000: a model may have to be loaded first. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer. Default 300,000. */
  readonly idleMs: number;
}

/**
 * - `refused`: no connection came about, so the node knows nothing of the request and another one can have it.
 * - `left`: the client has gone.
 */
export type ExchangeEnd = AnswerEnd | 'refused' | 'left';

export interface OutgoingRequest {
  readonly method: string;
  /** Path and query at the node, with the path of its base URL. */
  readonly url: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: NodeBody;
  /** The node is reached over TLS. */
  readonly secure: boolean;
}

/**
 * Stands in for the client's request where http-proxy wants one. The real one would lend it the client's credentials,
 * be piped before a connection stands, and be watched for `aborted`, which Node no longer emits once a body is read.
 */
export class Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | string[]>;
  readonly httpVersion = '1.1';
  /** http-proxy asks it whether the client has gone. */
  readonly socket: { readonly destroyed: boolean };
  /** Settles when all is over. Rejects while the client has not been answered: a RouterError, or a bug. */
  readonly ended: Promise<ExchangeEnd>;
  readonly #request: OutgoingRequest;
  readonly #res: ServerResponse;
  readonly #timeouts: LocalTimeouts;
  #state: 'connecting' | 'sent' | 'answering' | 'over' = 'connecting';
  #timer: NodeJS.Timeout;
  #outgoing: ClientRequest | undefined;
  #resolve: (end: ExchangeEnd) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #unwatch: () => void;

  constructor(request: OutgoingRequest, res: ServerResponse, timeouts: LocalTimeouts) {
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.socket = res;
    this.#request = request;
    this.#res = res;
    this.#timeouts = timeouts;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.#settle('refused'), timeouts.connectMs);
    this.#unwatch = onceClosed(res, () => this.#settle('left'));
  }

  /** http-proxy's `aborted` and `error` of the client: `close` of the response tells both, and always comes. */
  on(): this {
    return this;
  }

  /** Called by http-proxy with its request to the node, before anything of it is written. */
  pipe(outgoing: ClientRequest): void {
    this.#outgoing = outgoing;
    if (this.#state === 'over') return void outgoing.destroy();
    outgoing.once('socket', (socket: Socket) => {
      socket.once(this.#request.secure ? 'secureConnect' : 'connect', () => this.#send(outgoing));
    });
    outgoing.once('response', (answer) => this.#answer(answer));
    // An answer that switches the protocol ends like this, without an error.
    outgoing.once('close', () => this.fail(undefined));
  }

  /** Something went wrong on the way to the node; called by the proxy's own events, too. */
  fail(cause: unknown): void {
    if (this.#state === 'connecting') this.#settle('refused');
    // In the middle of an answer this is about the upload; whether the answer is whole shows at its end.
    else if (this.#state === 'sent') this.#refuse('provider_error', 'broke off before it answered', cause);
  }

  /** The request could not even be tried, which is no fault of the node: a header that a middleware broke. */
  crash(error: unknown): void {
    if (this.#close()) this.#reject(error);
  }

  #send(outgoing: ClientRequest): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'sent';
    this.#request.body.send(outgoing);
    this.#wait(this.#timeouts.firstByteMs, () => this.#refuse('timeout', 'did not answer in time'));
  }

  #answer(answer: IncomingMessage): void {
    if (this.#state !== 'sent') return void answer.destroy();
    clearTimeout(this.#timer);
    try {
      const passed = passAnswer(answer, this.#res, this.#timeouts.idleMs);
      this.#state = 'answering';
      void passed.then((end) => this.#settle(end));
    } catch (cause) {
      this.#refuse('provider_error', 'sent an answer that is no valid HTTP', cause);
    }
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, milliseconds);
  }

  #refuse(failure: 'provider_error' | 'timeout', what: string, cause?: unknown): void {
    if (!this.#close()) return;
    this.#reject(new RouterError(failure, { message: `The local node ${what}.`, cause }));
  }

  #settle(end: ExchangeEnd): void {
    if (this.#close(end === 'whole')) this.#resolve(end);
  }

  /** @param whole The answer came to its end: the connection closes by itself, unless the upload still runs. */
  #close(whole = false): boolean {
    if (this.#state === 'over') return false;
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#unwatch();
    if (!whole || this.#outgoing?.writableFinished === false) this.#outgoing?.destroy();
    return true;
  }
}
