/** What V8 knows requests and responses by behind the router, and that nothing else of them has changed. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express, { type Request, type Response } from 'express';
import express4 from 'express4';
import { createPrefixRouter, type PrefixRouter } from '../lib/index.ts';
import { askJson, startHost, type RunningHost } from './support/http.ts';

const PATH = '/v1/chat/completions';
const LOCAL = { model: 'gpt-oss:20b', messages: [] };

setFlagsFromString('--allow-natives-syntax');
const hasSameClass = runInNewContext('(one, other) => %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean;

interface Seen {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

type Own = [name: string, descriptor: PropertyDescriptor];

/** All that an object has of its own, in the order it has it in. */
function ownOf(object: object): Own[] {
  return Reflect.ownKeys(object).map((key) => [
    String(key),
    Reflect.getOwnPropertyDescriptor(object, key) as PropertyDescriptor,
  ]);
}

function sorted(own: Own[]): Own[] {
  return own.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

let router: PrefixRouter;
let host: RunningHost | undefined;

beforeEach(() => {
  router = createPrefixRouter({ env: {} });
});

afterEach(async () => {
  await host?.close();
  host = undefined;
  await router.close();
});

async function serve(app: RequestListener, requests = 1): Promise<void> {
  host = await startHost(app);
  for (let count = 0; count < requests; count += 1)
    expect((await askJson(host.url + PATH, LOCAL)).text).toBe('local');
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_name, create) => {
  test('all requests have one hidden class, and so have all responses', async () => {
    const seen: Seen[] = [];
    const app = create();
    app.use(router, (req, res) => {
      seen.push({ req, res });
      res.end('local');
    });

    await serve(app, 4);

    const [first, ...others] = seen as [Seen, ...Seen[]];
    expect(
      others.map(({ req, res }) => [hasSameClass(req, first.req), hasSameClass(res, first.res)]),
    ).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  test('what the host finds at them is what Express gave', async () => {
    const app = create();
    let before: Own[][] = [];
    let after: Own[][] = [];
    app.use(
      (req, res, next) => {
        before = [ownOf(req), ownOf(res)];
        router(req, res, next);
        after = [ownOf(req), ownOf(res)];
      },
      (_req, res) => void res.end('local'),
    );

    await serve(app);

    // Reading has begun: these are what that changes.
    const isReading = ([name]: Own): boolean => ['_events', '_eventsCount'].includes(name);
    const still = (own: Own[]): Own[] => sorted(own).filter((one) => !isReading(one));
    expect(after.map(still)).toEqual(before.map(still));
    expect(after.map((own) => own.length > 20)).toEqual([true, true]);
  });

  test('a host may have made the property its own', async () => {
    const app = create();
    let found: Own[] = [];
    app.use(
      (req, res, next) => {
        Object.defineProperty(res, 'sendDate', { value: false });
        Object.defineProperty(res, 'sendDate', { configurable: false });
        router(req, res, next);
      },
      (_req, res) => {
        found = ownOf(res).filter(([name]) => name === 'sendDate');
        res.end('local');
      },
    );

    await serve(app);

    expect(found).toEqual([
      ['sendDate', { value: false, writable: true, enumerable: true, configurable: false }],
    ]);
  });
});

test.each<[string, (req: IncomingMessage, res: ServerResponse) => void]>([
  ['watches it', (req) => Object.defineProperty(req, 'statusMessage', { get: () => 'seen', set: () => {} })],
  ['hides it', (req) => Object.defineProperty(req, 'statusMessage', { enumerable: false })],
])('a host that %s finds it as it was', async (_, change) => {
  const app = express();
  let before: Own[] = [];
  let after: Own[] = [];
  const statusOf = (req: IncomingMessage): Own[] => ownOf(req).filter(([name]) => name === 'statusMessage');
  app.use(
    (req, res, next) => {
      change(req, res);
      before = statusOf(req);
      router(req, res, next);
      after = statusOf(req);
    },
    (_req, res) => void res.end('local'),
  );

  await serve(app);

  expect(after).toEqual(before);
  expect(after).toHaveLength(1);
});

test('without Express, which loses it, nothing is touched', async () => {
  let before: string[][] = [];
  let after: string[][] = [];
  const names = (req: object, res: object): string[][] =>
    [req, res].map((object) => ownOf(object).map(([name]) => name));

  await serve((req, res) => {
    before = names(req, res);
    router(req as Request, res as Response, () => res.end('local'));
    after = names(req, res);
  });

  expect(after).toEqual(before);
});
