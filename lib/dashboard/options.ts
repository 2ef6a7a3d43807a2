/** What a dashboard is given, and the check that nothing of it is missing. */
import type { RequestHandler } from 'express';
import type { UsageReport, UsageWindow } from '../status/report.ts';
import type { RouterStatus } from '../status/status.ts';

/** All the dashboard knows of the router. */
export interface DashboardRouter {
  status(): RouterStatus;
  usage(window?: UsageWindow): UsageReport;
  models(): Promise<readonly { readonly id: string }[]>;
}

export interface DashboardOptions {
  /** What `createPrefixRouter()` returned. */
  readonly router: DashboardRouter;
  /** Who may log in. There is no default account. */
  readonly username: string;
  /**
   * The password, or its scrypt hash as `scrypt:<salt>:<hash>`, both in base64. A hash is made with
   *
   *     node -p "c=crypto,s=c.randomBytes(16),'scrypt:'+s.toString('base64')+':'+c.scryptSync(process.argv[1],s,64).toString('base64')" 'the password'
   */
  readonly password: string;
  /** Signs the session cookie. Replicas with the same secret, user name and password accept each other's sessions. */
  readonly sessionSecret: string;
  /**
   * Answers the playground: your own app or handler behind its authentication, for the session is the authority here.
   * It gets `POST /v1/chat/completions`, and `GET /v1/models` for the names of the local models.
   */
  readonly playground: RequestHandler;
}

/** @throws TypeError that names the option. Its value is not repeated: start-up errors end up in logs. */
export function checkOptions(options: DashboardOptions): void {
  const given: Partial<DashboardOptions> = options ?? {};
  for (const name of ['username', 'password', 'sessionSecret'] as const) {
    const value = given[name];
    if (typeof value !== 'string' || value.trim() === '') {
      throw new TypeError(`createDashboard: ${name} must be a text that is not blank. There is no default.`);
    }
  }
  for (const name of ['status', 'usage', 'models'] as const) {
    if (typeof given.router?.[name] !== 'function') {
      throw new TypeError(
        `createDashboard: router must be what createPrefixRouter() returned; it has no ${name}().`,
      );
    }
  }
  if (typeof given.playground !== 'function') {
    throw new TypeError('createDashboard: playground must be an Express app or request handler.');
  }
}
