/** `createDashboard`: a page for the operator behind a log-in of its own. It knows no provider and no key. */
import type { RequestHandler } from 'express';
import { serveDashboard } from './app.ts';
import type { DashboardOptions } from './options.ts';
import { PAGE_FILES } from './page-files.ts';

export type { DashboardOptions, DashboardRouter } from './options.ts';

/**
 * Makes the dashboard. Mount it at `/` or under a path: `app.use('/admin', createDashboard({ ... }))`. It answers `/`,
 * `/login`, `/assets/*` and `/api/*` below its mount and leaves every other path to the host.
 *
 * Log-ins are limited per `req.ip`: behind a proxy set Express's `trust proxy`, which also marks the cookie `Secure`
 * where the browser came over HTTPS. On a unix socket all peers count as one until it is set, there to a number: a proxy
 * without an address is in no list of addresses, as `'loopback'` is one.
 * @throws TypeError that names the option that is missing, blank or of the wrong kind: there is no default account.
 */
export function createDashboard(options: DashboardOptions): RequestHandler {
  return serveDashboard(PAGE_FILES, options);
}
