/** The JSON the page lives on. Every route here is behind the session. */
import type { UsageWindow } from '../status/report.ts';
import { readHostModels } from './host-models.ts';
import { createLogOut } from './login.ts';
import type { DashboardOptions } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { handOver } from './playground.ts';
import { isJson, pathOf, routeName, sendError, type Route } from './route.ts';
import type { Sessions } from './session.ts';

const WINDOWS: ReadonlySet<string> = new Set<UsageWindow>(['hour', 'day', 'month']);

/** @returns the route for everything below `/api/`. */
export function createApi(options: DashboardOptions, sessions: Sessions): Route {
  const { router } = options;
  const routes = new Map<string, Route>([
    ['GET /api/status', (_req, res) => void res.json(router.status())],
    ['GET /api/usage', createUsage(options)],
    ['GET /api/models', createModels(options)],
    ['POST /api/chat', createChat(options)],
    ['POST /api/logout', createLogOut(sessions)],
  ]);
  return (req, res, next) => {
    if (!sessions.isOpen(req)) return sendError(res, 401, 'login_required', 'Log in first.');
    const route = routes.get(routeName(req));
    if (route !== undefined) {
      if (req.method === 'POST' && !isOwnOrigin(req)) return refuseForeign(res);
      return route(req, res, next);
    }
    const allowed = ['GET', 'POST'].find((method) => routes.has(`${method} ${pathOf(req.url)}`));
    if (allowed === undefined) return sendError(res, 404, 'not_found', 'There is no such path.');
    res.set('allow', allowed);
    sendError(res, 405, 'method_not_allowed', `This path answers ${allowed}.`);
  };
}

export function refuseForeign(res: Parameters<Route>[1]): void {
  sendError(res, 403, 'foreign_origin', 'The request was sent by another site.');
}

function createUsage({ router }: DashboardOptions): Route {
  return (req, res) => {
    const window = new URLSearchParams(req.url.split('?')[1]).get('window') ?? 'hour';
    if (!isWindow(window)) return sendError(res, 400, 'invalid_window', 'Expected hour, day or month.');
    res.json(router.usage(window));
  };
}

function isWindow(word: string): word is UsageWindow {
  return WINDOWS.has(word);
}

/** The host's models and the clouds'; the host's own list can have the clouds' in it already. */
function createModels({ router, playground }: DashboardOptions): Route {
  return async (req, res) => {
    // At the same time: either can take its ten seconds.
    const [host, clouds] = await Promise.all([readHostModels(playground, req, res), router.models()]);
    const byId = new Map([...host, ...clouds].map((model) => [model.id, model]));
    res.json({ object: 'list', data: [...byId.values()] });
  };
}

function createChat({ playground }: DashboardOptions): Route {
  return (req, res, next) => {
    if (!isJson(req)) return sendError(res, 415, 'not_json', 'Send the request as application/json.');
    handOver(playground, ['POST', '/v1/chat/completions'], req, res, (error?: unknown) => {
      if (error !== undefined) return next(error);
      sendError(res, 404, 'playground_unavailable', 'No handler of this server answers chat completions.');
    });
  };
}
