/** The door: Express in, `next()` or an admission out. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import debug from 'debug';
import { Admission, answerError, type Shared } from './admission.ts';
import { readConfig, type Config, type RouterOptions } from './config.ts';
import { createEndpoints } from './endpoints/index.ts';
import { RouterError } from './errors.ts';
import { shareHiddenClass } from './hidden-class.ts';
import type { Decision } from './model.ts';
import { createModelLists } from './models.ts';
import { OpenCalls } from './open-call.ts';
import type { Model } from './openai/types.ts';
import { Reply } from './reply.ts';
import { withoutOrigin } from './request-target.ts';
import type { Cloud } from './sender.ts';
import { createHealth } from './status/health.ts';
import { readStatus, type RouterStatus } from './status/status.ts';
import type { UsageReport, UsageWindow } from './status/report.ts';
import { createUsageHistory } from './status/usage.ts';
import { createTransport } from './transport/send.ts';

const log = debug('llm-prefix-router:route');

const MODELS_PATH = '/v1/models/';

/** An Express request handler (Express 4 and 5) with a few functions beside it. */
export interface PrefixRouter extends RequestHandler {
  /** What `GET /v0/status` answers. */
  status(): RouterStatus;
  /** Where a model name would go, and why. Sends nothing, asks no asynchronous `localModels` function. */
  explain(model: unknown): Decision;
  /**
   * The configured clouds' models, ids prefixed. Kept for 24 hours; a cloud that fails is left out or shown as it was,
   * and asked again after a minute.
   */
  models(): Promise<Model[]>;
  /**
   * Calls, tokens, times and estimated cost per cloud, since the process began. Default: the last `hour`.
   * @throws TypeError for a window that there is not.
   */
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
  for (const warning of config.warnings) process.emitWarning(warning, 'PrefixRouterWarning');
  const endpoints = createEndpoints();
  const models = createModelLists(clouds);
  const calls = new OpenCalls();
  const usage = createUsageHistory({ prices: config.prices });
  const health = createHealth();
  const shared: Shared = { config, clouds, observers: { calls, usage, health, onCall: config.onCall } };

  const statusPath = config.statusPath === false ? undefined : config.statusPath;

  const paths = [...endpoints.keys(), MODELS_PATH];

  /**
   * The mount is the beginning of a path of ours: what repeats it, as `/v1/v1/models` does, is another path to Express
   * than that at which a host's guard can stand. Unless the host has a route for just that.
   */
  function repeatsMount(req: Mounted, path: string): boolean {
    const { baseUrl } = req;
    if (baseUrl === undefined || baseUrl === '') return false;
    const mount = baseUrl.toLowerCase().replace(/\/?$/, '/');
    const at = mount.lastIndexOf('/v1/');
    if (at === -1 || !paths.some((one) => `${one}/`.startsWith(mount.slice(at)))) return false;
    const { route, app } = req;
    return typeof route?.path !== 'string' || fold(route.path, app) !== fold(path, app);
  }

  function handle(req: Request, res: Response, next: NextFunction): void {
    const { method } = req;
    if (method === 'POST') {
      const path = pathOf(req.url);
      const below = endpoints.get(path) ?? endpoints.get(fold(path, req.app));
      const spec =
        below !== undefined && !repeatsMount(req, path)
          ? below
          : endpoints.get(fold(acrossMount(req, path, '/v1/'), req.app));
      if (spec !== undefined) {
        shareHiddenClass(req, res);
        return new Admission(shared, spec, req, res, next).begin();
      }
    } else if (method === 'GET' || method === 'HEAD') {
      const path = pathOf(req.url);
      if (statusPath !== undefined && isStatus(req, path, statusPath))
        return new Reply(res).json(200, { 'cache-control': 'no-store' }, readStatus(config, health));
      if (config.listLocalModels !== undefined) {
        const below = repeatsMount(req, path) ? undefined : modelIn(path, req.app);
        const id = below ?? modelIn(acrossMount(req, path, MODELS_PATH), req.app);
        if (id !== undefined) return listModels(id, new Reply(res), next);
      }
    }
    next();
  }

  /** The host's models and the clouds', as one list; or one entry of it. @param id Empty: all of them. */
  function listModels(id: string, reply: Reply, next: NextFunction): void {
    Promise.all([localModels(config), models.list()])
      .then(([local, cloud]) => reply.json(200, {}, pickModels(id, [...local, ...cloud])))
      .catch((error: unknown) => answerError(error, reply, next));
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

/** The host's list. One that fails must not hide the clouds. */
async function localModels({ listLocalModels }: Config): Promise<readonly Model[]> {
  try {
    return [...((await listLocalModels?.()) ?? [])];
  } catch (error) {
    log('listLocalModels failed: %s', error instanceof Error ? error.name : typeof error);
    return [];
  }
}

/** @throws RouterError `model_not_found` */
function pickModels(encodedId: string, models: readonly Model[]): object {
  if (encodedId === '') return { object: 'list', data: models };
  const id = decodeQuietly(encodedId);
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

function pathOf(url: string): string {
  if (url.startsWith('/')) {
    const query = url.indexOf('?');
    return query === -1 ? url : url.slice(0, query);
  }
  return /^\/[^?#]*/.exec(withoutOrigin(url))?.[0] ?? '';
}

function isStatus(req: Request, path: string, statusPath: string): boolean {
  const wanted = fold(statusPath, req.app);
  const across = acrossMount(req, path, statusPath);
  return fold(path, req.app) === wanted || (across !== '' && fold(across, req.app) === wanted);
}

/** The id in `/v1/models/{id}`, as it stands there; empty: all models are asked for; undefined: another path. */
function modelIn(path: string, app: App | undefined): string | undefined {
  const folded = fold(path, app);
  if (folded === MODELS_PATH.slice(0, -1)) return '';
  const isModel = folded.startsWith(MODELS_PATH) && folded.length > MODELS_PATH.length;
  return isModel ? path.slice(MODELS_PATH.length, folded.length) : undefined;
}

/**
 * The path from where it begins like this, if that is before the mount: at `app.use('/v1', router)` Express has cut off
 * a part of it.
 * @returns empty where there is none.
 */
function acrossMount(req: { readonly baseUrl?: string }, path: string, beginning: string): string {
  const { baseUrl } = req;
  if (baseUrl === undefined || baseUrl === '') return '';
  const whole = baseUrl + path;
  const at = `${whole}/`.toLowerCase().lastIndexOf(beginning.toLowerCase(), baseUrl.length - 1);
  return at === -1 ? '' : whole.slice(at);
}

/**
 * Express routes paths in any letters, with a slash at the end or without, unless it is told otherwise: what it would
 * take for ours is ours, and nothing else, since the host's check of keys may stand at the path.
 */
function fold(path: string, app?: App): string {
  const folded = isEnabled(app, 'case sensitive routing') ? path : path.toLowerCase();
  return folded.endsWith('/') && !isEnabled(app, 'strict routing') ? folded.slice(0, -1) : folded;
}

/** Where Express has brought a request. Other servers say nothing of it. */
interface Mounted {
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
  readonly app?: App;
}

/** What is asked of Express's app. Of other servers nothing is known. */
interface App {
  enabled?(setting: string): boolean;
}

function isEnabled(app: App | undefined, setting: string): boolean {
  return app?.enabled?.(setting) === true;
}
