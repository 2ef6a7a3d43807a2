/** Hosts for tests that need no browser: a page of three small files, and a host that answers whatever is left to it. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import request, { type Response } from 'supertest';
import { serveDashboard } from '../../../lib/dashboard/app.ts';
import type { DashboardOptions } from '../../../lib/dashboard/options.ts';
import { createFakeRouter } from './fake-router.ts';

export const PAGE = {
  'index.html': '<!doctype html><title>the page</title>',
  'login.html': '<!doctype html><title>the log-in</title>',
  'app-ABCD1234.js': 'console.log("the bundle")',
} as const;

/** Every host the dashboard is tried in. */
export const HOSTS = [
  ['Express 5, at /', express, '/'],
  ['Express 5, below /admin', express, '/admin'],
  ['Express 4, at /', express4, '/'],
  ['Express 4, below /admin', express4, '/admin'],
] as const;

export const LOGIN = { username: 'operator', password: 'correct horse' } as const;

export function createOptions(changes: Partial<DashboardOptions> = {}): DashboardOptions {
  const playground: RequestHandler = (_req, _res, next) => next();
  return {
    router: createFakeRouter(),
    ...LOGIN,
    sessionSecret: 'one secret for all replicas',
    playground,
    ...changes,
  };
}

export interface HostOptions {
  readonly create?: () => Express;
  readonly mount?: string;
  readonly changes?: Partial<DashboardOptions>;
  /** Mounted in front of the dashboard. */
  readonly before?: readonly RequestHandler[];
}

export function createHost({
  create = express,
  mount = '/',
  changes = {},
  before = [],
}: HostOptions = {}): Express {
  const app = create();
  for (const handler of before) app.use(handler);
  app.use(mount, serveDashboard(PAGE, createOptions(changes)));
  app.use((req, res) => res.status(418).json({ host: req.originalUrl }));
  return app;
}

/** The mount with what is below it. */
export function below(mount: string, path: string): string {
  return mount === '/' ? path : `${mount}${path}`;
}

export async function logIn(app: Express, mount = '/', login: object = LOGIN): Promise<Response> {
  return request(app).post(below(mount, '/login')).send(login);
}

/** The session cookie of a fresh log-in, as a browser would send it back. */
export async function openSession(app: Express, mount = '/'): Promise<string> {
  return cookieOf(await logIn(app, mount));
}

export function cookieOf(response: Response): string {
  return setCookies(response)[0]?.split(';')[0] ?? '';
}

export function setCookies(response: Response): readonly string[] {
  const header: unknown = response.headers['set-cookie'];
  return Array.isArray(header) ? header : [];
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a path exactly as it is given: clients resolve dots and double slashes before they ask. */
export async function askRaw(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const asked = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}
