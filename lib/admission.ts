/** A request at the door: whose it is, and what becomes of it then. */
import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import debug from 'debug';
import {
  bodyHeadersOf,
  NO_BYTES,
  offReadable,
  putBack,
  readBody,
  type BodyHeaders,
  type BodyOutcome,
  type BodyTaker,
  type CloudBody,
  type HostRequest,
  type Taking,
} from './body.ts';
import type { Config } from './config.ts';
import type { EndpointSpec } from './endpoints/index.ts';
import { RouterError } from './errors.ts';
import { toRouterError, type CloudDecision, type Decision } from './model.ts';
import { isGone } from './on-close.ts';
import { OpenCall, type Observers } from './open-call.ts';
import { RELAY } from './providers/provider.ts';
import { relay } from './relay.ts';
import { Reply } from './reply.ts';
import type { Call, Cloud } from './sender.ts';
import { Cancellation } from './transport/cancellation.ts';

const log = debug('llm-prefix-router:route');

/** Express's `next`. */
export type Next = (error?: unknown) => void;

/** What all requests share. */
export interface Shared {
  readonly config: Config;
  readonly clouds: ReadonlyMap<string, Cloud>;
  readonly observers: Observers;
}

export class Admission implements BodyTaker {
  readonly req: HostRequest;
  readonly headers: BodyHeaders;
  readonly limit: number;
  readonly forms: boolean;
  readonly #arrivedMs = performance.now();
  readonly #shared: Shared;
  readonly #spec: EndpointSpec;
  readonly #res: ServerResponse;
  readonly #next: Next;
  // Bytes arrive in the socket's context: what the host keeps per request (a tracer's span) would be lost behind us.
  // (`AsyncLocalStorage.snapshot` says the same at a hundred times the price.)
  readonly #context = new AsyncResource('PREFIX_ROUTER_REQUEST');
  #decision: Decision | Promise<Decision> | undefined;

  constructor(shared: Shared, spec: EndpointSpec, req: HostRequest, res: ServerResponse, next: Next) {
    this.#shared = shared;
    this.#spec = spec;
    this.#res = res;
    this.#next = next;
    this.req = req;
    this.headers = bodyHeadersOf(req.headers);
    this.limit = shared.config.bodyLimit;
    this.forms = spec.forms === true;
  }

  begin(): void {
    readBody(this);
  }

  takes(model: unknown): Taking {
    const { config, clouds } = this.#shared;
    // The rule may ask a function of the host's, which finds there what it keeps per request.
    const decision = this.#context.runInAsyncScope(config.rule.decide, undefined, model);
    this.#decision = decision;
    if (!('kind' in decision) || decision.kind !== 'cloud') return 'host';
    const { provider } = (clouds.get(decision.prefix) as Cloud).settings;
    const { endpoint, checkRelayed } = this.#spec;
    return provider.endpoints[endpoint] === RELAY && checkRelayed === undefined ? 'flow' : 'whole';
  }

  settle(outcome: BodyOutcome): void {
    this.#context.runInAsyncScope(() => this.#settle(outcome));
  }

  #settle(outcome: BodyOutcome): void {
    const decision = this.#decision;
    if (decision === undefined) return this.#next();
    if ('then' in decision) {
      // The host's own function is being asked. Only it can say so, and it can only say local.
      const release = hold(this.req);
      decision.then(
        (answer) => {
          release();
          this.#turnAway(answer);
        },
        (error: unknown) => {
          release();
          this.#next(error);
        },
      );
    } else if (outcome.kind === 'host') {
      this.#turnAway(decision);
    } else if (outcome.kind === 'refused') {
      this.#refuse(outcome.error);
    } else {
      this.#serve(decision as CloudDecision, outcome.body);
    }
  }

  /** A request that no cloud gets: the host's own, or one with a name that cannot be served. */
  #turnAway(decision: Decision): void {
    if (decision.kind === 'refused') {
      log('refused: %s', decision.reason);
      this.#refuse(toRouterError(decision));
    } else {
      // The name is the client's: it could be anything, a pasted key as well.
      if (log.enabled) log('local: %s', decision.kind === 'local' ? decision.reason : decision.kind);
      this.#next();
    }
  }

  #refuse(error: RouterError): void {
    answerError(error, new Reply(this.#res), this.#next);
    this.#readRest();
  }

  #fail(error: unknown, open: OpenCall, reply: Reply): void {
    open.note(error);
    answerError(error, reply, this.#next);
    this.#readRest();
  }

  /** Many clients read no answer before they have sent all of their request; and the next request comes behind it. */
  #readRest(): void {
    this.req.resume();
  }

  /** A cloud call, from here to its record. */
  #serve(model: CloudDecision, body: CloudBody): void {
    const { clouds, observers, config } = this.#shared;
    const res = this.#res;
    // Gone while its body was read, or answered by a time-out of the host's: there will be no further `close`, and
    // nobody to pay for.
    if (isGone(res) || res.writableEnded) return this.#readRest();
    if (res.headersSent)
      return this.#next(new Error('Headers were sent before the router: it cannot answer.'));
    const reply = new Reply(res);
    if (observers.calls.closing) return this.#refuse(shuttingDown());
    const spec = this.#spec;
    const { 'content-length': length } = this.headers;
    if (log.enabled) log('%s: %s to %s', spec.endpoint, model.model, model.prefix);
    const call: Call = {
      spec,
      model,
      body,
      headers: this.req.headers,
      announcedBytes: length === undefined ? undefined : Number(length),
      cancellation: new Cancellation(),
      arrivedMs: this.#arrivedMs,
      routedMs: performance.now(),
      created: Math.floor(Date.now() / 1000),
    };
    const open = new OpenCall(call, reply, res, this.#context, observers);
    const cloud = clouds.get(model.prefix) as Cloud;
    relay(call, cloud, config.unsupportedParams === 'error', reply, open.record).then(
      () => open.end(),
      (error: unknown) => {
        try {
          if (!call.cancellation.cancelled) this.#fail(error, open, reply);
        } finally {
          open.end();
        }
      },
    );
  }
}

/** Keeps a body from flowing away where the host listens for `data` as well. @returns lets it go. */
function hold(req: HostRequest): () => void {
  const wait = (): void => undefined;
  req.on('readable', wait);
  return () => {
    offReadable(req, wait);
    putBack(req, NO_BYTES);
  };
}

/** A bug is not an answer: what is no RouterError goes to the host's error handler. */
export function answerError(error: unknown, reply: Reply, next: Next): void {
  if (reply.isTakenOver) return;
  let trouble = error;
  if (error instanceof RouterError && reply.status === 0) {
    try {
      return reply.error(beforeAnswer(error));
    } catch (thrown) {
      // By what the host hangs on its responses.
      trouble = thrown;
    }
  }
  if (reply.status === 0) next(trouble);
  else if (!(trouble instanceof RouterError)) reply.destroy();
}

/** A stream that broke before its first byte is a failed call like any other. */
function beforeAnswer(error: RouterError): RouterError {
  return error.failure === 'stream_interrupted' ? error.as('provider_error') : error;
}

function shuttingDown(): RouterError {
  return new RouterError('shutting_down', {
    message: 'This server is shutting down. Please try again in a few seconds.',
    headers: { 'retry-after': '5', connection: 'close' },
  });
}
