/** The door: Express in, `next()` or the corridor out, and the one place where errors become answers. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { AsyncResource } from 'node:async_hooks';
import debug from 'debug';
import { readBody, type BodyOutcome, type TakesBody } from './body.ts';
import { readConfig, type Config, type RouterOptions } from './config.ts';
import { createEndpoints, type EndpointSpec } from './endpoints/index.ts';
import { RouterError } from './errors.ts';
import { toRouterError, type CloudDecision, type Decision } from './model.ts';
import { createModelLists } from './models.ts';
import type { Model } from './openai/types.ts';
import { RELAY } from './providers/provider.ts';
import { relay } from './relay.ts';
import { Reply } from './reply.ts';
import type { Call, Cloud } from './sender.ts';
import { createHealth } from './status/health.ts';
import { openRecord, type CallRecord } from './status/record.ts';
import { readStatus, type RouterStatus } from './status/status.ts';
import type { UsageReport, UsageWindow } from './status/report.ts';
import { createUsageHistory } from './status/usage.ts';
import { Cancellation } from './transport/cancellation.ts';
import { createTransport } from './transport/send.ts';

const log = debug('llm-prefix-router:route');
const logUpstream = debug('llm-prefix-router:upstream');

/** An Express request handler (Express 4 and 5) with a few functions beside it. */
export interface PrefixRouter extends RequestHandler {
  /** What `GET /v0/status` answers. */
  status(): RouterStatus;
  /** Where a model name would go, and why. Sends nothing, asks no asynchronous `localModels` function. */
  explain(model: unknown): Decision;
  /** The configured clouds' models, ids prefixed. Kept for 24 hours; a cloud that fails is left out or shown as it was. */
  models(): Promise<Model[]>;
  /** Calls, tokens, times and estimated cost per cloud, since the process began. Default: the last `hour`. */
  usage(window?: UsageWindow): UsageReport;
  /**
   * Takes no new cloud call (503 `shutting_down`), waits for the open ones, closes the connections.
   * Local requests go on.
   */
  close(): Promise<void>;
}

/**
 * Makes the middleware. Mount it in front of the handler for local models: `app.use(createPrefixRouter())`.
 * @throws TypeError for a wrong option or variable, with a sentence that says what was expected.
 */
export function createPrefixRouter(options: RouterOptions = {}): PrefixRouter {
  const config = readConfig(options);
  const clouds = new Map<string, Cloud>();
  for (const [prefix, settings] of config.clouds) {
    const { provider, origin, timeouts } = settings;
    clouds.set(prefix, { settings, transport: createTransport(provider.name, origin, timeouts) });
  }
  for (const warning of config.rule.warnings) process.emitWarning(warning, 'PrefixRouterWarning');
  const endpoints = createEndpoints();
  const models = createModelLists(clouds);
  const calls = new OpenCalls();
  const usage = createUsageHistory({ prices: config.prices });
  const health = createHealth();

  function handle(req: Request, res: Response, next: NextFunction): void {
    if (req.method === 'POST') {
      const spec = endpoints.get(pathOf(req.url));
      if (spec !== undefined) return admit(req, res, next, spec);
    } else if (req.method === 'GET') {
      const path = pathOf(req.url);
      if (path === config.statusPath)
        return new Reply(res).json(200, { 'cache-control': 'no-store' }, readStatus(config, health));
      if (config.listLocalModels !== undefined && (path === '/v1/models' || path.startsWith('/v1/models/')))
        return listModels(path, new Reply(res), next);
    }
    next();
  }

  /** The host's models and the clouds', as one list; or one entry of it. */
  function listModels(path: string, reply: Reply, next: NextFunction): void {
    Promise.all([localModels(config), models.list()])
      .then(([local, cloud]) => reply.json(200, {}, pickModels(path, [...local, ...cloud])))
      .catch((error: unknown) => answerError(error, reply, next));
  }

  /** Finds out whose a request is. */
  function admit(req: Request, res: Response, next: NextFunction, spec: EndpointSpec): void {
    const arrivedMs = performance.now();
    let decision: Decision | Promise<Decision> | undefined;
    const takes: TakesBody = (model) => {
      decision = config.rule.decide(model);
      if (!('kind' in decision) || decision.kind !== 'cloud') return 'host';
      const { provider } = (clouds.get(decision.prefix) as Cloud).settings;
      const relayed = provider.endpoints[spec.endpoint] === RELAY && spec.checkRelayed === undefined;
      return relayed ? 'flow' : 'whole';
    };
    // Bytes arrive in the socket's context: what the host keeps per request (a tracer's span) would be lost behind us.
    // (`AsyncLocalStorage.snapshot` says the same at a hundred times the price.)
    const context = new AsyncResource('PREFIX_ROUTER_REQUEST');
    readBody(req, config.bodyLimit, spec.forms === true, takes, (outcome) =>
      context.runInAsyncScope(settle, undefined, outcome),
    );

    function settle(outcome: BodyOutcome): void {
      if (decision === undefined) return next();
      if ('then' in decision) {
        // The host's own function is being asked. Only it can say so, and it can only say local.
        decision.then((answer) => turnAway(answer, res, next), next);
      } else if (outcome.kind === 'host') {
        turnAway(decision, res, next);
      } else if (outcome.kind === 'refused') {
        answerError(outcome.error, new Reply(res), next);
      } else {
        const call: Call = {
          spec,
          model: decision as CloudDecision,
          body: outcome.body,
          headers: req.headers,
          cancellation: new Cancellation(),
          arrivedMs,
          routedMs: performance.now(),
          created: unixSeconds(),
        };
        serve(call, context, res, next);
      }
    }
  }

  /** A cloud call, from here to its record. */
  function serve(call: Call, context: AsyncResource, res: Response, next: NextFunction): void {
    const { spec, model, cancellation } = call;
    // Gone while its compressed body was being inflated: there will be no further `close`, and nobody to pay for.
    if (res.closed) return;
    const reply = new Reply(res);
    if (calls.closing) return answerError(shuttingDown(), reply, next);
    if (log.enabled) log('%s: %s to %s', spec.endpoint, model.model, model.prefix);
    usage.opened(model.prefix);
    const arrivedAt = Date.now() - (performance.now() - call.arrivedMs);
    const record = openRecord(model.prefix, spec.endpoint, model.model, arrivedAt);
    const end = calls.open(() => {
      record.totalMs = performance.now() - call.arrivedMs;
      record.bytes = reply.bytes;
      record.clientLeft = cancellation.cancelled;
      record.status = reply.status || 499;
      record.complete &&= res.writableFinished;
      if (reply.firstAt !== undefined) record.firstTokenMs = reply.firstAt - call.arrivedMs;
      usage.add(Object.freeze(record));
      health.add(record);
      logEnd(record);
      // Spans of a tracer belong to the request, not to the socket whose close ends the record.
      if (config.onCall !== undefined) context.runInAsyncScope(tell, undefined, record, config.onCall);
    });
    res.once('close', () => {
      if (!res.writableFinished && !reply.destroyed) cancellation.cancel(CLIENT_LEFT);
      end();
    });
    const fail = (error: unknown): void => {
      if (cancellation.cancelled) return;
      if (error instanceof RouterError) {
        record.errorCode = error.code;
        record.retryAfterMs = retryAfterOf(error);
      }
      // An error that is told whole is a whole answer; one in the middle of another is not.
      record.complete = !reply.started;
      answerError(error, reply, next);
    };
    const cloud = clouds.get(model.prefix) as Cloud;
    const refuseDropped = config.unsupportedParams === 'error';
    relay(call, cloud, refuseDropped, reply, record).catch(fail).finally(end);
  }

  return Object.assign(handle, {
    status: () => readStatus(config, health),
    explain: (model: unknown) => config.rule.explain(model),
    models: () => models.list(),
    usage: (window?: UsageWindow) => usage.report(window),
    close: async () => {
      await calls.drain();
      await Promise.all([...clouds.values()].map(({ transport }) => transport.close()));
    },
  });
}

/** A request that no cloud gets: the host's own, or one with a name that cannot be served. */
function turnAway(decision: Decision, res: Response, next: NextFunction): void {
  if (decision.kind === 'refused') {
    log('refused: %s', decision.reason);
    answerError(toRouterError(decision), new Reply(res), next);
  } else {
    // The name is the client's: it could be anything, a pasted key as well.
    if (log.enabled) log('local: %s', decision.kind === 'local' ? decision.reason : decision.kind);
    next();
  }
}

/** The host's list. One that fails must not hide the clouds. */
async function localModels({ listLocalModels }: Config): Promise<readonly Model[]> {
  try {
    return (await listLocalModels?.()) ?? [];
  } catch (error) {
    log('listLocalModels failed: %s', error instanceof Error ? error.name : typeof error);
    return [];
  }
}

/** @throws RouterError `model_not_found` */
function pickModels(path: string, models: readonly Model[]): object {
  if (path === '/v1/models') return { object: 'list', data: models };
  const id = decodeQuietly(path.slice('/v1/models/'.length));
  const found = models.find((model) => model.id === id);
  if (found !== undefined) return found;
  throw new RouterError('request_refused', {
    message: `The model '${id}' does not exist here. GET /v1/models lists those that do.`,
    status: 404,
    code: 'model_not_found',
    param: 'model',
  });
}

function decodeQuietly(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A bug is not an answer: what is no RouterError goes to the host's error handler. */
function answerError(error: unknown, reply: Reply, next: NextFunction): void {
  if (reply.started) {
    if (!(error instanceof RouterError)) reply.destroy();
  } else if (error instanceof RouterError) {
    reply.error(beforeAnswer(error));
  } else {
    next(error);
  }
}

/** A stream that broke before its first byte is a failed call like any other. */
function beforeAnswer(error: RouterError): RouterError {
  return error.failure === 'stream_interrupted' ? error.as('provider_error') : error;
}

const CLIENT_LEFT = new Error('The client left.');

function shuttingDown(): RouterError {
  return new RouterError('shutting_down', {
    message: 'This server is shutting down. Please try again in a few seconds.',
    headers: { 'retry-after': '5', connection: 'close' },
  });
}

function logEnd(record: CallRecord): void {
  if (!logUpstream.enabled) return;
  const { provider, model, status, errorCode, totalMs, requestId } = record;
  logUpstream(
    '%s %s %d %s %dms %s',
    provider,
    model,
    status,
    errorCode ?? 'ok',
    Math.round(totalMs),
    requestId,
  );
}

/** A host's function that throws must not end the process. */
function tell(record: CallRecord, onCall: NonNullable<RouterOptions['onCall']>): void {
  try {
    onCall(record);
  } catch (error) {
    logUpstream('onCall threw %s', error instanceof Error ? error.name : typeof error);
  }
}

/** Milliseconds of a failure's `retry-after-ms` or `retry-after`. */
function retryAfterOf({ headers }: RouterError): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? NaN);
  const seconds = Number(headers['retry-after'] ?? NaN);
  return Number.isNaN(ms) ? (Number.isNaN(seconds) ? undefined : seconds * 1000) : ms;
}

/** Counts the calls that are open, and ends each one once: when its answer is written and its cloud is done. */
class OpenCalls {
  closing = false;
  #open = 0;
  #onIdle: (() => void) | undefined;

  /** @returns to be called twice: when the response has closed, and when the corridor is left. */
  open(onEnd: () => void): () => void {
    this.#open += 1;
    let pending = 2;
    return () => {
      pending -= 1;
      if (pending > 0) return;
      onEnd();
      this.#open -= 1;
      if (this.#open === 0) this.#onIdle?.();
    };
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

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
