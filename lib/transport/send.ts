/**
 * One call to a cloud over undici: one connection pool per cloud, one deadline per phase, one cancellation, no redirect, no
 * retry. undici's `dispatch` is used directly, because a promise and a stream object per call cost more than the rest
 * of the router together.
 */
import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import type { CloudModel } from '../model.ts';
import type { ResponseHeaders, Timeouts } from '../providers/provider.ts';
import type { Cancellation } from './cancellation.ts';
import { toTransportError, type Progress } from './failures.ts';
import { isListenedTo, joinPieces } from './join.ts';

/** Where the bytes of an answer go. */
export interface BodySink {
  /** @returns false: no more, please, until `upstream.resume()`. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** The answer broke off: a `RouterError`, or the cancellation's reason. */
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
  /** Used when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
}

/** The connections to one cloud. */
export interface Transport {
  /**
   * Sends a call and waits for the answer's headers.
   * @param model Proof that the client named this cloud: only the rule for model names can make one.
   * @throws RouterError `provider_unreachable`, `timeout`, `provider_error`; or the cancellation's reason.
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
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a key goes to nobody who cannot say who they are.
    connect: { timeout: timeouts.connectMs, rejectUnauthorized: true },
    headersTimeout: timeouts.firstByteMs,
    bodyTimeout: timeouts.idleMs,
    pipelining: 1,
  });
  const dispatch = (method: 'GET' | 'POST', call: Omit<CloudCall, 'body'>, body: Buffer | Readable | null) =>
    new Promise<Upstream>((resolve, reject) => {
      const upload = body instanceof Readable ? body : undefined;
      const exchange = new Exchange(cloud, timeouts, call.cancellation, upload, resolve, reject);
      if (exchange.over) return;
      pool.dispatch({ method, path: call.path, headers: call.headers, body }, exchange);
    });
  return {
    send: (_model, call) => {
      const { body } = call;
      const isKept = Buffer.isBuffer(body) && body.length > KEPT_BYTES;
      return dispatch('POST', call, isKept ? new OneShot(body) : body);
    },
    list: (call) => dispatch('GET', call, null),
    close: () => pool.destroy(),
  };
}

/** undici keeps a body until its answer has ended, which may take hours; only one that is a stream is let go of. Bytes. */
const KEPT_BYTES = 16 * 1024;

/** Bytes as a stream that forgets them. */
class OneShot extends Readable {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  override _read(): void {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    this.push(bytes);
    this.push(null);
  }
}

/**
 * One request and its answer: undici's handler on one side, an `Upstream` on the other. undici calls in the context of
 * whoever opened the connection; what a host keeps per request is found in that of the request.
 */
class Exchange extends AsyncResource implements Dispatcher.DispatchHandler, Upstream {
  status = 0;
  headers: ResponseHeaders = {};
  /** Nothing more will be done for this call. */
  over = false;
  readonly #cloud: string;
  readonly #timeouts: Timeouts;
  readonly #cancellation: Cancellation;
  /** The request's body where it is a stream: undici leaves one alone whose request it never began. */
  readonly #upload: Readable | undefined;
  readonly #resolve: (upstream: Upstream) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #progress: Progress = 'connecting';
  #sink: BodySink | undefined;
  /** What one read of the socket has brought. It is handed on as one piece: a stream's events often come in dozens. */
  #arrived: Buffer[] = [];
  /** Somebody else was given a piece of it too. */
  #isShared = false;
  #ended = false;
  /** A failure between the headers and `read`. */
  #failure: { readonly error: unknown } | undefined;

  constructor(
    cloud: string,
    timeouts: Timeouts,
    cancellation: Cancellation,
    upload: Readable | undefined,
    resolve: (upstream: Upstream) => void,
    reject: (error: unknown) => void,
  ) {
    super('PREFIX_ROUTER_CALL');
    this.#cloud = cloud;
    this.#timeouts = timeouts;
    this.#cancellation = cancellation;
    this.#upload = upload;
    this.#resolve = resolve;
    this.#reject = reject;
    if (cancellation.cancelled) this.giveUp(cancellation.reason);
    else cancellation.listener = this;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#progress = 'waiting';
    // The client left while the connection was being made: nothing is sent at all.
    if (this.over) controller.abort(leftEarly());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // As bytes they keep the whole read of the socket that they came with in memory, for as long as a stream is open.
    controller.rawHeaders = null;
    if (status < 200 || this.over) return;
    this.status = status;
    this.headers = headers;
    this.#progress = 'answering';
    this.#resolve(this);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return;
    // Asked here, since a listener may be gone again when the pieces are joined.
    this.#isShared ||= isListenedTo();
    if (this.#arrived.push(chunk) === 1) process.nextTick(deliver, this);
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.runInAsyncScope(() => this.#finish());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.runInAsyncScope(() => this.giveUp(error));
  }

  read(sink: BodySink): void {
    this.#sink = sink;
    if (this.#failure !== undefined) this.#fail(this.#failure.error);
    else if (this.#ended) this.#finish();
    else deliver(this);
  }

  resume(): void {
    if (!this.over) this.#controller?.resume();
  }

  abort(): void {
    // Whoever gives a call up wants to hear no more of it.
    this.#sink = undefined;
    if (this.over) return;
    this.#stop();
    this.#controller?.abort(leftEarly());
  }

  /** Hands on what has arrived, once there is somebody to take it. */
  deliver(): void {
    const [first] = this.#arrived;
    if (this.#sink === undefined || first === undefined) return;
    const bytes = this.#arrived.length === 1 ? first : joinPieces(this.#arrived, this.#isShared);
    this.#arrived = [];
    if (!this.#sink.write(bytes) && !this.over) this.#controller?.pause();
  }

  #finish(): void {
    deliver(this);
    const sink = this.#sink;
    if (this.over || sink === undefined) return;
    this.#stop();
    try {
      sink.end();
    } catch (error) {
      sink.fail(error);
    }
  }

  /** The call has failed or was cancelled, in whatever phase. */
  giveUp(reason: unknown): void {
    this.endWith(
      this.#cancellation.reason ?? toTransportError(reason, this.#cloud, this.#progress, this.#timeouts),
    );
  }

  endWith(error: unknown): void {
    if (this.over) return;
    this.#stop();
    this.#controller?.abort(leftEarly());
    this.#upload?.destroy();
    this.#reject(error);
    if (this.#sink === undefined) this.#failure = { error };
    else this.#fail(error);
  }

  /** What came before the fault is still the client's, unless there is no client any more. */
  #fail(error: unknown): void {
    let fault = error;
    if (this.#cancellation.cancelled) this.#arrived = [];
    else
      try {
        this.deliver();
      } catch (bug) {
        fault = bug;
      }
    this.#sink?.fail(fault);
  }

  #stop(): void {
    this.over = true;
    this.#cancellation.listener = undefined;
  }
}

function handOn(exchange: Exchange): void {
  exchange.deliver();
}

/** A bug behind the sink, or in what a host hangs on its response, must not end the process. */
function deliver(exchange: Exchange): void {
  try {
    exchange.runInAsyncScope(handOn, undefined, exchange);
  } catch (error) {
    exchange.endWith(error);
  }
}

/** undici wants an `Error`; nobody reads this one. */
function leftEarly(): Error {
  return new Error('The call was given up.');
}
