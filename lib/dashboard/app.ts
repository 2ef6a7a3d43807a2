/** The dashboard's door: its own few paths in, all others to the host. */
import type { RequestHandler } from 'express';
import { createApi, refuseForeign } from './api.ts';
import { createFiles, type PageFiles, type SendFile } from './files.ts';
import { securityHeaders } from './headers.ts';
import { createLogIn } from './login.ts';
import { checkOptions, type DashboardOptions } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { pathOf, routeName, run, sendError, type Route } from './route.ts';
import { createSessions, type Sessions } from './session.ts';

/** `createDashboard` over the files of a page. */
export function serveDashboard(files: PageFiles, options: DashboardOptions): RequestHandler {
  checkOptions(options);
  const sessions = createSessions(options);
  const sendFile = createFiles(files);
  const api = createApi(options, sessions);
  const logIn = createLogIn(options, sessions);
  const pages = new Map<string, Route>([
    ['GET /', createFrontPage(sendFile, sessions)],
    ['GET /login', createLogInPage(sendFile, sessions)],
    ['POST /login', (req, res, next) => (isOwnOrigin(req) ? logIn(req, res, next) : refuseForeign(res))],
  ]);
  const findRoute = (name: string): Route | undefined => {
    if (/^[A-Z]+ \/api\//.test(name)) return api;
    if (name.startsWith('GET /assets/')) return createAsset(sendFile);
    return pages.get(name);
  };
  return (req, res, next) => {
    const route = findRoute(routeName(req));
    if (route === undefined) return next();
    securityHeaders(req, res, () => {
      res.set('cache-control', 'no-store');
      run(route, req, res, next);
    });
  };
}

function createFrontPage(sendFile: SendFile, sessions: Sessions): Route {
  return (req, res) => {
    const path = pathOf(req.originalUrl);
    // The page names its files relative to itself, which needs the slash. A relative target leads to no other host.
    if (!path.endsWith('/')) return res.redirect(`./${path.slice(path.lastIndexOf('/') + 1)}/`);
    if (!sessions.isOpen(req)) return res.redirect('./login');
    sendFile('index.html', req, res);
  };
}

function createLogInPage(sendFile: SendFile, sessions: Sessions): Route {
  return (req, res) => {
    if (sessions.isOpen(req)) return res.redirect('./');
    sendFile('login.html', req, res);
  };
}

function createAsset(sendFile: SendFile): Route {
  return (req, res) => {
    const name = pathOf(req.url).slice('/assets/'.length);
    if (name.endsWith('.html') || !sendFile(name, req, res))
      sendError(res, 404, 'not_found', 'There is no such file.');
  };
}
