/** Whether a request that changes something was made by our own page. The cookie's SameSite=Strict is the first lock, this the second. */
import type { Request } from 'express';

/**
 * Browsers send `Sec-Fetch-Site` over HTTPS and to localhost, and `Origin` with every POST. A program that sends
 * neither has no cookies it could be tricked into using.
 */
export function isOwnOrigin(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = req.headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host === req.headers.host || host === forwardedHost(req);
}

/** The host the browser asked for, where the app trusts the proxy that says so. */
function forwardedHost(req: Request): string | undefined {
  const trusts: unknown = req.app.get('trust proxy fn');
  if (typeof trusts !== 'function' || trusts(req.socket.remoteAddress, 0) !== true) return undefined;
  return req.get('x-forwarded-host')?.split(',')[0]?.trim();
}
