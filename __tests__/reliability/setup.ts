/** A host with the router in it, and three clouds behind it that do what the test says. */
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import {
  anthropic,
  createPrefixRouter,
  google,
  openai,
  type CallRecord,
  type PrefixRouter,
  type RouterOptions,
  type Timeouts,
} from '../../lib/index.ts';
import { ask, startHost, type Answer, type RunningHost } from '../support/http.ts';
import { startRawCloud, type RawCall, type RawCloud } from '../support/raw-cloud.ts';
import { CLOUDS, goodHttp, looksWhole, textOf, type CloudName, type EndpointCase } from './endpoints.ts';

export const KEYS: Readonly<Record<CloudName, string>> = {
  openai: 'sk-canary-openai-0123456789',
  google: 'AQ.canary-google-0123456789',
  anthropic: 'sk-ant-canary-anthropic-0123456789',
};

export interface Setup {
  readonly clouds: Readonly<Record<CloudName, RawCloud>>;
  readonly host: RunningHost;
  readonly router: PrefixRouter;
  readonly records: CallRecord[];
  /** Settles when so many calls have ended. */
  ended(count: number): Promise<CallRecord>;
  /** What reached the host's error handler: a bug. */
  readonly bugs: unknown[];
  ask(endpoint: EndpointCase, body?: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
}

export interface SetupOptions {
  readonly timeouts?: Partial<Timeouts>;
  readonly options?: RouterOptions;
  /** Other clouds in the place of ours. */
  readonly urls?: Partial<Record<CloudName, string>>;
  /** What the host does before the router. */
  readonly before?: RequestHandler;
  /** What a cloud does with a call; without it the test takes the calls with `next()`. */
  readonly answer?: (call: RawCall, cloud: CloudName) => void;
}

export async function setUp({ timeouts, options, urls, before, answer }: SetupOptions = {}): Promise<Setup> {
  const start = (cloud: CloudName): Promise<RawCloud> =>
    startRawCloud(answer && ((call) => answer(call, cloud)));
  const clouds = {
    openai: await start('openai'),
    google: await start('google'),
    anthropic: await start('anthropic'),
  };
  const records: CallRecord[] = [];
  const bugs: unknown[] = [];
  let wake: () => void = () => undefined;
  const router = createPrefixRouter({
    env: {},
    providers: [
      openai({ apiKey: KEYS.openai, baseUrl: urls?.openai ?? clouds.openai.url }),
      google({ apiKey: KEYS.google, baseUrl: urls?.google ?? clouds.google.url }),
      anthropic({ apiKey: KEYS.anthropic, baseUrl: urls?.anthropic ?? clouds.anthropic.url }),
    ],
    onCall: (record) => {
      records.push(record);
      wake();
    },
    ...(timeouts && { timeouts }),
    ...options,
  });
  const app = express();
  if (before !== undefined) app.use(before);
  app.use(router);
  app.use((_req, res) => void res.json({ local: true }));
  app.use(((error: unknown, _req, res, _next) => {
    bugs.push(error);
    res.status(500).json({ bug: String(error) });
  }) as ErrorRequestHandler);
  const host = await startHost(app);
  return {
    clouds,
    host,
    router,
    records,
    bugs,
    ended: async (count) => {
      while (records.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return records[count - 1] as CallRecord;
    },
    ask: ({ path, body: own }, body = {}) =>
      ask(host.url + path, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...own, ...body }),
      }),
    close: async () => {
      await host.close();
      await Promise.all(CLOUDS.map((cloud) => clouds[cloud].close()));
      await router.close();
    },
  };
}

/** What has happened since the test began, where several tests share a setup. */
export interface Mark {
  /** Calls to this cloud since then. */
  readonly calls: () => readonly RawCall[];
  /** Settles with the record of the first call that has ended since then. */
  readonly record: () => Promise<CallRecord>;
  readonly records: () => readonly CallRecord[];
}

export function mark(setup: Setup, cloud: CloudName): Mark {
  const calls = setup.clouds[cloud].calls.length;
  const records = setup.records.length;
  return {
    calls: () => setup.clouds[cloud].calls.slice(calls),
    record: () => setup.ended(records + 1),
    records: () => setup.records.slice(records),
  };
}

/** Answers one call well, and checks that the client gets all of it: nothing of what was before has done harm. */
export async function expectGoodAnswer(setup: Setup, endpoint: EndpointCase): Promise<void> {
  const answer = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(goodHttp(endpoint));
  expectWhole(endpoint, await answer);
}

/** Nothing has come to the host's error handler. */
export function expectNoBugs({ bugs }: Setup): void {
  expect(bugs).toEqual([]);
}

/** No connection of one test is there for the next one. */
export async function closeConnections({ clouds }: Setup): Promise<void> {
  for (const cloud of CLOUDS) {
    const { open, calls } = clouds[cloud];
    const last = calls.slice(-5).map((call) => call.closed);
    for (const socket of open) socket.destroy();
    if (open.size > 0) await Promise.all(last);
    expect([cloud, open.size]).toEqual([cloud, 0]);
  }
}

export function expectWhole(endpoint: EndpointCase, answer: Answer): void {
  expect([answer.status, answer.cut, looksWhole(endpoint, answer)]).toEqual([200, false, true]);
  expect(textOf(endpoint, answer)).toBe('Grüße 🦊');
}

export interface ClientError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly provider?: string;
  readonly provider_error?: Readonly<Record<string, unknown>>;
}

export function errorOf({ text }: Answer): ClientError {
  return (JSON.parse(text) as { error: ClientError }).error;
}

/** The error at the end of a stream, in the form of its endpoint. */
export function lastErrorOf({ text }: Answer): ClientError | undefined {
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as { error?: ClientError | null; type?: string });
  return (
    events.findLast(({ error, type }) => error !== undefined && type !== 'response.failed')?.error ??
    undefined
  );
}
