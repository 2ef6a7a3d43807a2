/** A host with the dashboard in it. */
import express from 'express';
import { buildPage } from '../../../config/build-dashboard.mjs';
import { serveDashboard } from '../../../lib/dashboard/app.ts';
import { startHost, type RunningHost } from '../../support/http.ts';
import { createFakeRouter, type FakeRouter } from './fake-router.ts';
import { createPlayground, type FakePlayground } from './playground.ts';

export interface DashboardHost extends RunningHost {
  readonly router: FakeRouter;
  readonly playground: FakePlayground;
}

export const ACCOUNT = {
  username: 'admin',
  password: 'test',
  sessionSecret: 'a secret of the tests',
} as const;

/** Bundled once for all hosts of a process. */
let page: ReturnType<typeof buildPage> | undefined;

/** @param mount Where the dashboard is. */
export async function startDashboard({ mount = '/', days = 1, wordMs = 0 } = {}): Promise<DashboardHost> {
  const router = createFakeRouter({ days });
  const playground = createPlayground(router, wordMs);
  const app = express();
  app.use(
    mount,
    serveDashboard(await (page ??= buildPage()), { router, ...ACCOUNT, playground: playground.app }),
  );
  return { ...(await startHost(app)), router, playground };
}
