/** What all routes of the dashboard share. */
import type { NextFunction, Request, Response } from 'express';

export type Route = (req: Request, res: Response, next: NextFunction) => void | Promise<void>;

/** Runs a route; whatever it throws or rejects with is the host's error handler's, also in Express 4. */
export function run(route: Route, req: Request, res: Response, next: NextFunction): void {
  try {
    Promise.resolve(route(req, res, next)).catch(next);
  } catch (error) {
    next(error);
  }
}

/** An error in the form that the OpenAI API has too. @param code What the page looks up its own sentence by. */
export function sendError(res: Response, status: number, code: string, message: string): void {
  const type = status === 401 ? 'authentication_error' : 'invalid_request_error';
  res.status(status).json({ error: { message, type, param: null, code } });
}

export function isJson(req: Request): boolean {
  return Boolean(req.is('application/json'));
}

/** The path as it stands on the wire: nothing is decoded or resolved, so no spelling leads around a comparison. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The name of a route. HEAD is GET without a body, which Node sees to. */
export function routeName(req: Request): string {
  return `${req.method === 'HEAD' ? 'GET' : req.method} ${pathOf(req.url)}`;
}
