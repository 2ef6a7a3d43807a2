/** Hands requests to the host's own handler as if they had come to its API, with the session as the authority. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** What the browser sends along that is for this server alone. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'origin', 'referer']);

/**
 * Lets the host answer the request under another method and path. The answer streams straight through.
 * @returns makes the pair ours again, as it is where the host answers nothing.
 */
export function handOver(
  host: RequestHandler,
  [method, path]: readonly [method: string, path: string],
  req: Request,
  res: Response,
  next: NextFunction,
): () => void {
  const { url, originalUrl, baseUrl, method: ownMethod } = req;
  // An Express app makes the pair its own.
  const prototypes = [Object.getPrototypeOf(req), Object.getPrototypeOf(res)] as const;
  removeOwnHeaders(req);
  Object.assign(req, { method, url: path, originalUrl: path, baseUrl: '' });
  const takeBack = (): void => {
    Object.assign(req, { method: ownMethod, url, originalUrl, baseUrl });
    Object.setPrototypeOf(req, prototypes[0]);
    Object.setPrototypeOf(res, prototypes[1]);
  };
  const back = (error?: unknown): void => {
    takeBack();
    next(error);
  };
  try {
    // An async handler's rejection is an error like any other.
    Promise.resolve(host(req, res, back)).catch(back);
  } catch (error) {
    back(error);
  }
  return takeBack;
}

function removeOwnHeaders(req: Request): void {
  for (const name of OWN_HEADERS) delete req.headers[name];
  const raw = req.rawHeaders;
  for (let index = raw.length - 2; index >= 0; index -= 2) {
    if (OWN_HEADERS.has(raw[index]?.toLowerCase() ?? '')) raw.splice(index, 2);
  }
}
