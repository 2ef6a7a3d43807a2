import { jest } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { requireApiKey } from '../../lib/auth.ts';
import { createPrefixRouter } from '../../lib/index.ts';
import { serveDashboard } from '../../lib/dashboard/app.ts';
import type { DashboardOptions } from '../../lib/dashboard/options.ts';
import { startHost } from '../support/http.ts';
import {
  below,
  createHost,
  createOptions,
  HOSTS,
  logIn,
  LOGIN,
  openSession,
  PAGE,
  cookieOf,
} from './support/app.ts';
import { createFakeRouter } from './support/fake-router.ts';

const QUESTION = { model: 'openai:gpt-4.1', messages: [{ role: 'user', content: 'Hello' }] };

const ROUTER = createFakeRouter({ days: 1 });

describe.each(HOSTS)('the API in %s', (_, create, mount) => {
  const get = async (path: string, playground?: RequestHandler): Promise<request.Response> => {
    const app = createHost({
      create,
      mount,
      changes: { router: ROUTER, ...(playground && { playground }) },
    });
    return request(app)
      .get(below(mount, path))
      .set('cookie', await openSession(app, mount));
  };

  test("api/status is the router's status", async () => {
    const answer = await get('/api/status');
    expect([answer.status, answer.body]).toEqual([200, ROUTER.status()]);
  });

  test.each([
    ['/api/usage', 'hour', 60_000],
    ['/api/usage?window=hour', 'hour', 60_000],
    ['/api/usage?window=day', 'day', 900_000],
    ['/api/usage?window=month', 'month', 86_400_000],
  ])('%s is the usage of the window %s', async (path, window, stepMs) => {
    const answer = await get(path);
    const report = answer.body as { recent: unknown[]; points: unknown[] };
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ window, stepMs })]);
    expect([report.recent.length, report.points.length > 0]).toEqual([200, true]);
  });

  test.each(['year', '', 'constructor', 'hour,day'])('api/usage refuses the window %j', async (window) => {
    const answer = await get(`/api/usage?window=${window}`);
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        error: {
          message: 'Expected hour, day or month.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_window',
        },
      },
    ]);
  });

  test("api/models is the host's list with the clouds' models, each once", async () => {
    const host = create();
    host.get('/v1/models', (_req, res) => {
      res
        .set('etag', '"x"')
        .json({ object: 'list', data: [{ id: 'llama' }, { id: 'openai:gpt-4.1', owned_by: 'host' }] });
    });
    const answer = await get('/api/models', host);
    const ids = (answer.body as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(ids).toEqual(['llama', 'openai:gpt-4.1', ...CLOUD_IDS.filter((id) => id !== 'openai:gpt-4.1')]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test.each<[string, RequestHandler]>([
    ['has no such list', (_req, _res, next) => next()],
    ['fails', (_req, _res, next) => next(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['answers 500', (_req, res) => void res.status(500).json({ data: [{ id: 'x' }] })],
    [
      'breaks off',
      (_req, res) => {
        res.status(200).write('{"data":[{"id":"x"}]}');
        res.destroy(new Error('broken'));
      },
    ],
    ['answers a page', (_req, res) => void res.send('<!doctype html>')],
    ['answers something else', (_req, res) => void res.json({ data: { id: 'x' } })],
    ['lists nonsense', (_req, res) => void res.json({ data: [null, 1, 'a', { name: 'b' }, { id: 1 }] })],
  ])("api/models is the clouds' models where the host %s", async (_case, playground) => {
    const answer = await get('/api/models', playground);
    const ids = (answer.body as { data: { id: string }[] }).data.map(({ id }) => id);
    expect([answer.status, ids]).toEqual([200, CLOUD_IDS]);
  });

  // As express-session, morgan and all of on-headers hook themselves in.
  test.each<[string, RequestHandler]>([
    ['answers', (_req, res) => void res.json({ data: [] })],
    ['hooks in too', (_req, res) => void Object.assign(res, { end: res.end.bind(res) }).json([])],
    ['has no such list', (_req, _res, next) => next()],
  ])(
    'api/models leaves the hooks on the response as they were where the host %s',
    async (_case, playground) => {
      const calls: string[] = [];
      let own: PropertyDescriptorMap = {};
      let left: PropertyDescriptorMap = {};
      const hookIn: RequestHandler = (_req, res, next) => {
        for (const name of ['writeHead', 'write', 'end'] as const) {
          const hooked = res[name] as (...args: never) => unknown;
          const value = (...args: unknown[]): unknown => {
            calls.push(name);
            return Reflect.apply(hooked, res, args);
          };
          Object.defineProperty(res, name, { value, writable: true, configurable: true });
        }
        own = hooksOf(res);
        res.on('finish', () => (left = hooksOf(res)));
        next();
      };
      const app = createHost({ create, mount, before: [hookIn], changes: { playground } });
      const cookie = await openSession(app, mount);
      calls.length = 0;
      const answer = await request(app).get(below(mount, '/api/models')).set('cookie', cookie);
      expect([answer.status, calls]).toEqual([200, ['end', 'writeHead']]);
      expect(left).toEqual(own);
    },
  );

  test('api/models is a request to the dashboard again when it is over, for who writes it down', async () => {
    const seen: unknown[] = [];
    const write: RequestHandler = (req, res, next) => {
      const before = [req.method, req.url, req.originalUrl, req.baseUrl, Object.getPrototypeOf(req)];
      res.on('finish', () => {
        const after = [req.method, req.originalUrl, Object.getPrototypeOf(req)];
        seen.push(after[0] === before[0], after[1] === before[2], after[2] === before[4]);
      });
      next();
    };
    const playground: RequestHandler = (_req, res) => void res.json({ data: [] });
    const app = createHost({ create, mount, before: [write], changes: { playground } });
    const cookie = await openSession(app, mount);
    seen.length = 0;
    await request(app).get(below(mount, '/api/models')).set('cookie', cookie);
    expect(seen).toEqual([true, true, true]);
  });

  test('api/models reads a list that is written piece by piece', async () => {
    const answer = await get('/api/models', (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': '33' });
      res.write('{"data":[{"id":"lla', () => {
        res.write(Buffer.from('ma"},'));
        res.end('{"id":"b"}]}');
      });
    });
    const ids = (answer.body as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(ids).toEqual(['llama', 'b', ...CLOUD_IDS]);
  });
});

describe('api/models where the host', () => {
  const list = async (changes: Partial<DashboardOptions>): Promise<[number, string[]]> => {
    const app = createHost({ changes });
    const cookie = await openSession(app);
    const answer = await request(app).get('/api/models').set('cookie', cookie);
    return [answer.status, (answer.body as { data: { id: string }[] }).data.map(({ id }) => id)];
  };

  afterEach(() => void jest.restoreAllMocks());

  test('hangs comes without its list, and what it says too late is heard by nobody', async () => {
    const patience = new AbortController();
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
    const told: unknown[] = [];
    let late: () => void = () => undefined;
    const playground: RequestHandler = (_req, res) => {
      res.once('close', () => told.push(['close', res.writableFinished]));
      late = () => {
        res.set('x-late', '1').json({ data: [{ id: 'late' }] });
        told.push('late');
      };
      // Its time is over as soon as it has begun.
      setImmediate(() => patience.abort());
    };
    expect(await list({ playground })).toEqual([200, CLOUD_IDS]);
    late();
    expect(told).toEqual([['close', false], 'late']);
    expect(timeout.mock.calls).toEqual([[12_000]]);
  });

  test('waits asks the clouds at the same time', async () => {
    let asked: () => void = () => undefined;
    const cloudsAsked = new Promise<void>((resolve) => (asked = resolve));
    const router = createFakeRouter();
    const models = (): ReturnType<typeof router.models> => {
      asked();
      return Promise.resolve(router.listed);
    };
    const playground: RequestHandler = async (_req, res) => {
      await cloudsAsked;
      res.json({ data: [{ id: 'llama' }] });
    };
    const answer = await list({ router: { ...router, models }, playground });
    expect(answer).toEqual([200, ['llama', ...CLOUD_IDS]]);
  });

  test('answers and passes on has its list, and sees its answer end', async () => {
    const told: unknown[] = [];
    const playground: RequestHandler = (_req, res, next) => {
      for (const event of ['finish', 'close']) res.once(event, () => told.push(event));
      res.json({ data: [{ id: 'llama' }] });
      next();
    };
    expect(await list({ playground })).toEqual([200, ['llama', ...CLOUD_IDS]]);
    expect(told).toEqual(['finish', 'close']);
  });

  test('still waits when the browser leaves tells it so', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    let came: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (came = resolve));
    const playground: RequestHandler = (_req, res) => {
      closed = once(res, 'close');
      came();
    };
    const app = createHost({ changes: { playground } });
    const host = await startHost(app);
    try {
      const headers = { cookie: await openSession(app) };
      const asked = httpRequest(`${host.url}/api/models`, { headers, agent: false });
      asked.on('error', () => undefined).end();
      await arrived;
      asked.destroy();
      expect(await closed).toEqual([]);
    } finally {
      await host.close();
    }
  });
});

/** All of its own that can hook into an answer. */
function hooksOf(res: object): PropertyDescriptorMap {
  const names = new Set(['writeHead', 'flushHeaders', 'write', 'end']);
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(res)).filter(([name]) => names.has(name)),
  );
}

const CLOUD_IDS = createFakeRouter().listed.map(({ id }) => id);

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as const)('api/chat with a playground of %s', (_, create) => {
  test("is POST /v1/chat/completions for the host's handler, without the session's cookie", async () => {
    const seen: unknown[] = [];
    const playground = create();
    playground.use(express.json());
    playground.post('/v1/chat/completions', (req, res) => {
      const { cookie, authorization, origin } = req.headers;
      const raw = req.rawHeaders.join(' ').includes('llm_prefix_router_session');
      seen.push([req.originalUrl, req.body, cookie, authorization, origin, raw]);
      res.json({ answer: 42 });
    });
    const app = createHost({ create, mount: '/admin', changes: { playground } });
    const answer = await request(app)
      .post('/admin/api/chat')
      .set({
        cookie: await openSession(app, '/admin'),
        authorization: 'Bearer stray',
        'sec-fetch-site': 'same-origin',
      })
      .send(QUESTION);
    expect([answer.status, answer.body]).toEqual([200, { answer: 42 }]);
    expect(seen).toEqual([['/v1/chat/completions', QUESTION, undefined, undefined, undefined, false]]);
  });

  test('works with the host behind its own key, as the session is the authority', async () => {
    const api = create();
    api.post('/v1/chat/completions', (_req, res) => res.json({ answer: 42 }));
    const app = create();
    app.use('/admin', serveDashboard(PAGE, createOptions({ playground: api })));
    app.use(requireApiKey('sk-clients'));
    app.use(api);
    const cookie = await openSession(app, '/admin');
    const statuses = [
      (await request(app).post('/v1/chat/completions').send(QUESTION)).status,
      (await request(app).post('/v1/chat/completions').set('cookie', cookie).send(QUESTION)).status,
      (await request(app).post('/admin/api/chat').set('cookie', cookie).send(QUESTION)).status,
    ];
    expect(statuses).toEqual([401, 401, 200]);
  });

  test('hands over a body that a parser of the host has read already', async () => {
    const playground: RequestHandler = (req, res) => void res.json(req.body);
    const app = createHost({ create, before: [express.json()], changes: { playground } });
    const answer = await request(app)
      .post('/api/chat')
      .set('cookie', await openSession(app))
      .send(QUESTION);
    expect(answer.body).toEqual(QUESTION);
  });

  test('is 404 where the host answers no chat', async () => {
    const app = createHost({ create, changes: { playground: create() } });
    const answer = await request(app)
      .post('/api/chat')
      .set('cookie', await openSession(app))
      .send(QUESTION);
    expect([answer.status, answer.body]).toEqual([
      404,
      {
        error: {
          message: 'No handler of this server answers chat completions.',
          type: 'invalid_request_error',
          param: null,
          code: 'playground_unavailable',
        },
      },
    ]);
  });

  test.each<[string, RequestHandler]>([
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
    ],
    [
      'rejects',
      async () => {
        await Promise.reject(new Error('a bug'));
      },
    ],
    ['calls next with an error', (_req, _res, next) => next(new Error('a bug'))],
  ])("leaves a handler that %s to the host's error handler", async (_case, playground) => {
    const app = create();
    app.use('/admin', serveDashboard(PAGE, createOptions({ playground })));
    app.use(((error: Error, req, res, _next) => {
      res.status(500).json({ error: error.message, url: req.originalUrl });
    }) satisfies express.ErrorRequestHandler);
    const cookie = cookieOf(await logIn(app, '/admin', LOGIN));
    const answer = await request(app).post('/admin/api/chat').set('cookie', cookie).send(QUESTION);
    expect([answer.status, answer.body]).toEqual([500, { error: 'a bug', url: '/admin/api/chat' }]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded'])('takes no %s', async (type) => {
    const app = createHost({ create });
    const answer = await request(app)
      .post('/api/chat')
      .set({ cookie: await openSession(app), 'content-type': type })
      .send(JSON.stringify(QUESTION));
    expect(answer.status).toBe(415);
  });

  test('streams each piece as it comes, and tells the handler when the browser leaves', async () => {
    let say: (text: string) => void = () => undefined;
    let closed: Promise<unknown> = Promise.resolve();
    let whole = true;
    const playground: RequestHandler = (_req, res) => {
      res.set('content-type', 'text/event-stream').flushHeaders();
      say = (text) => res.write(text);
      closed = once(res, 'close').then(() => (whole = res.writableFinished));
    };
    const app = createHost({ create, changes: { playground } });
    const host = await startHost(app);
    try {
      const answer = await openStream(`${host.url}/api/chat`, await openSession(app));
      say('data: one\n\n');
      expect(String((await once(answer, 'data'))[0])).toBe('data: one\n\n');
      say('data: two\n\n');
      expect(String((await once(answer, 'data'))[0])).toBe('data: two\n\n');
      answer.destroy();
      await closed;
      expect(whole).toBe(false);
    } finally {
      await host.close();
    }
  });
});

async function openStream(url: string, cookie: string): Promise<IncomingMessage> {
  const headers = { cookie, 'content-type': 'application/json' };
  const asked = httpRequest(url, { method: 'POST', headers, agent: false });
  asked.end(JSON.stringify(QUESTION));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

test('a router that fails is left to the error handler of the host', async () => {
  const router = {
    ...createFakeRouter(),
    models: () => Promise.reject(new Error('a bug')),
  };
  const app = express4();
  app.use(serveDashboard(PAGE, createOptions({ router })));
  app.use(((error: Error, _req, res, _next) => {
    res.status(500).json({ error: error.message });
  }) satisfies express.ErrorRequestHandler);
  const answer = await request(app)
    .get('/api/models')
    .set('cookie', await openSession(app));
  expect([answer.status, answer.body]).toEqual([500, { error: 'a bug' }]);
});

test('the real router fits: its clouds, its usage and its models come out', async () => {
  const router = createPrefixRouter({ env: { ANTHROPIC_API_KEY: 'sk-ant-secret' } });
  const app = createHost({ changes: { router: { ...router, models: () => Promise.resolve([]) } } });
  const cookie = await openSession(app);
  const get = async (path: string): Promise<request.Response> => request(app).get(path).set('cookie', cookie);
  const status = await get('/api/status');
  expect([status.body, status.text.includes('secret')]).toEqual([router.status(), false]);
  expect((await get('/api/usage?window=day')).body).toMatchObject({ window: 'day', totals: {}, recent: [] });
  expect((await get('/api/models')).body).toEqual({ object: 'list', data: [] });
  await router.close();
});
