/**
 * One call to a cloud over undici: one connection pool per cloud, one deadline per phase, one signal, no redirect, no
 * retry. undici's `dispatch` is used directly, because a promise and a stream object per call cost more than the rest
 * of the router together.
 */
import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import type { CloudModel } from '../model.ts';
import type { ResponseHeaders, Timeouts } from '../providers/provider.ts';
import { toTransportError, type Progress } from './failures.ts';

/** Where the bytes of an answer go. */
export interface BodySink {
  /** @returns false: no more, please, until `upstream.resume()`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** The answer broke off: a `RouterError`, or the signal's reason when the client has left. */
  fail(error: unknown): void;
}

/** An answer whose headers are there. Its body flows once `read` is called, in the same tick or a microtask later. */
export interface Upstream {
  readonly status: number;
  headers: ResponseHeaders;
  read(sink: BodySink): void;
  resume(): void;
  /** Ends the call: the connection is closed, nothing more arrives. */
  abort(): void;
}

export interface CloudCall {
  /** Path with query, below the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable;
  /** Fired when the client leaves. */
  readonly signal: AbortSignal;
}

/** The connections to one cloud. */
export interface Transport {
  /**
   * Sends a call and waits for the answer's headers.
   * @param model Proof that the client named this cloud: only the rule for model names can make one.
   * @throws RouterError `provider_unreachable`, `timeout`, `provider_error`; or the signal's reason.
   */
  send(model: CloudModel, call: CloudCall): Promise<Upstream>;
  /** Asks for a list of models. No client's request is involved. */
  list(call: Omit<CloudCall, 'body'>): Promise<Upstream>;
  /** Closes the connections; calls still open fail. */
  close(): Promise<void>;
}

/**
 * @param cloud The cloud's name, for sentences.
 * @param origin Scheme, host and port, from configuration alone.
 */
export function createTransport(cloud: string, origin: string, timeouts: Timeouts): Transport {
  const pool = new Pool(origin, {
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.firstByteMs,
    bodyTimeout: timeouts.idleMs,
    pipelining: 1,
  });
  const dispatch = (method: 'GET' | 'POST', call: Omit<CloudCall, 'body'>, body: Buffer | Readable | null) =>
    new Promise<Upstream>((resolve, reject) => {
      const exchange = new Exchange(cloud, timeouts, call.signal, resolve, reject);
      if (exchange.over) return;
      pool.dispatch({ method, path: call.path, headers: call.headers, body }, exchange);
    });
  return {
    send: (_model, call) => dispatch('POST', call, call.body),
    list: (call) => dispatch('GET', call, null),
    close: () => pool.destroy(),
  };
}

/** One request and its answer: undici's handler on one side, an `Upstream` on the other. */
class Exchange implements Dispatcher.DispatchHandler, Upstream {
  status = 0;
  headers: ResponseHeaders = {};
  /** Nothing more will be done for this call. */
  over = false;
  readonly #cloud: string;
  readonly #timeouts: Timeouts;
  readonly #signal: AbortSignal;
  readonly #resolve: (upstream: Upstream) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort = (): void => this.#settle(this.#signal.reason);
  #controller: Dispatcher.DispatchController | undefined;
  #progress: Progress = 'connecting';
  #sink: BodySink | undefined;
  /** What came in the same read as the headers: at most one socket read, since `read` is called right after. */
  #early: Buffer[] = [];
  #ended = false;
  /** A failure between the headers and `read`. */
  #failure: { readonly error: unknown } | undefined;

  constructor(
    cloud: string,
    timeouts: Timeouts,
    signal: AbortSignal,
    resolve: (upstream: Upstream) => void,
    reject: (error: unknown) => void,
  ) {
    this.#cloud = cloud;
    this.#timeouts = timeouts;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#progress = 'waiting';
    // The client left while the connection was being made: nothing is sent at all.
    if (this.over) controller.abort(leftEarly());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200 || this.over) return;
    this.status = status;
    this.headers = headers;
    this.#progress = 'answering';
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return;
    if (this.#sink === undefined) this.#early.push(chunk);
    else if (!this.#sink.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#ended = true;
    if (this.#sink !== undefined) this.#finish(this.#sink);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error);
  }

  read(sink: BodySink): void {
    this.#sink = sink;
    let wantsMore = true;
    for (const chunk of this.#early) {
      wantsMore = sink.write(chunk);
      // The sink has given the call up: what came in the same packet is no longer its business.
      if (this.over) return;
    }
    this.#early = [];
    if (this.#failure !== undefined) sink.fail(this.#failure.error);
    else if (this.#ended) this.#finish(sink);
    else if (!wantsMore) this.#controller?.pause();
  }

  resume(): void {
    if (!this.over) this.#controller?.resume();
  }

  abort(): void {
    if (this.over) return;
    this.#stop();
    this.#controller?.abort(leftEarly());
  }

  #finish(sink: BodySink): void {
    if (this.over) return;
    this.#stop();
    sink.end();
  }

  /** The call has failed or was given up, in whatever phase. */
  #settle(reason: unknown): void {
    if (this.over) return;
    this.#stop();
    this.#controller?.abort(leftEarly());
    const error = this.#signal.aborted
      ? this.#signal.reason
      : toTransportError(reason, this.#cloud, this.#progress, this.#timeouts);
    this.#reject(error);
    if (this.#sink === undefined) this.#failure = { error };
    else this.#sink.fail(error);
  }

  #stop(): void {
    this.over = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

/** undici wants an `Error`; nobody reads this one. */
function leftEarly(): Error {
  return new Error('The call was given up.');
}
