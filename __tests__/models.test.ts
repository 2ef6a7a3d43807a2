import { jest } from '@jest/globals';
import express from 'express';
import {
  anthropic,
  createPrefixRouter,
  openai,
  type Model,
  type PrefixRouter,
  type RouterOptions,
} from '../lib/index.ts';
import {
  sendJson,
  startCloud,
  type CloudHandler,
  type SimulatedCloud,
} from '../examples/simulated-clouds/cloud.ts';
import { startSimulatedAnthropic } from '../examples/simulated-clouds/anthropic.ts';
import { startSimulatedGoogle } from '../examples/simulated-clouds/google.ts';
import { startSimulatedOpenAI } from '../examples/simulated-clouds/openai.ts';
import { ask, startHost } from './support/http.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function cloudOf(handle: CloudHandler): Promise<SimulatedCloud> {
  const cloud = await startCloud(handle);
  closers.push(() => cloud.close());
  return cloud;
}

function routerOf(env: NodeJS.ProcessEnv, options: RouterOptions = {}): PrefixRouter {
  const router = createPrefixRouter({ env, ...options });
  closers.push(() => router.close());
  return router;
}

const LOCAL: Model[] = [{ id: 'llama-3.2-1b', object: 'model', created: 5, owned_by: 'me' }];

async function get(router: PrefixRouter, path: string): Promise<{ status: number; body: unknown }> {
  const app = express().use(router);
  app.use((_req, res) => sendJson(res, 200, { host: true }));
  const host = await startHost(app);
  closers.push(() => host.close());
  const { status, text } = await ask(host.url + path, { method: 'GET' });
  return { status, body: JSON.parse(text) };
}

test('each simulated cloud lists its models, under its prefix', async () => {
  const clouds = await Promise.all([
    startSimulatedOpenAI({ apiKey: 'sk-o' }),
    startSimulatedGoogle({ apiKey: 'g' }),
    startSimulatedAnthropic({ apiKey: 'sk-a' }),
  ]);
  const [openaiCloud, google, anthropicCloud] = clouds;
  closers.push(...clouds.map((cloud) => () => cloud.close()));
  const router = routerOf({
    OPENAI_API_KEY: 'sk-o',
    OPENAI_BASE_URL: openaiCloud.url,
    GOOGLE_API_KEY: 'g',
    GOOGLE_API_BASE_URL: google.url,
    ANTHROPIC_API_KEY: 'sk-a',
    ANTHROPIC_API_BASE_URL: anthropicCloud.url,
  });
  const models = await router.models();
  const owners = new Map<string, number>();
  for (const { id, object, owned_by: owner, created } of models) {
    expect([id.startsWith(`${owner}:`), object, Number.isInteger(created)]).toEqual([true, 'model', true]);
    owners.set(owner, (owners.get(owner) ?? 0) + 1);
  }
  expect([...owners.keys()]).toEqual(['openai', 'google', 'anthropic']);
  expect(google.requests.length).toBeGreaterThan(1);
});

test('without listLocalModels the paths stay the host’s', async () => {
  const router = routerOf({});
  expect((await get(router, '/v1/models')).body).toEqual({ host: true });
  expect((await get(router, '/v1/models/openai:x')).body).toEqual({ host: true });
});

test('with it: one list, the host’s models first, and each model by its id', async () => {
  const cloud = await cloudOf((_request, response) =>
    sendJson(response, 200, { data: [{ id: 'gpt-5.4', object: 'model', created: 7, owned_by: 'system' }] }),
  );
  const env = { OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: `${cloud.url}/gateway/v1` };
  const router = routerOf(env, { listLocalModels: () => Promise.resolve(LOCAL) });
  const entry = { id: 'openai:gpt-5.4', object: 'model', created: 7, owned_by: 'openai' };
  expect(await get(router, '/v1/models')).toEqual({
    status: 200,
    body: { object: 'list', data: [...LOCAL, entry] },
  });
  expect(await get(router, '/v1/models/openai:gpt-5.4')).toEqual({ status: 200, body: entry });
  expect(await get(router, '/v1/models/openai%3Agpt-5.4')).toEqual({ status: 200, body: entry });
  expect(await get(router, '/v1/models/llama-3.2-1b')).toEqual({ status: 200, body: LOCAL[0] });
  expect(await get(router, '/v1/models/nothing')).toEqual({
    status: 404,
    body: {
      error: {
        message: "The model 'nothing' does not exist here. GET /v1/models lists those that do.",
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    },
  });
  // One question for all of them, at the configured address, with the key.
  expect(cloud.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
    ['GET', '/gateway/v1/models', 'Bearer sk-o'],
  ]);
});

test.each([
  ['fails', () => Promise.reject(new Error('down'))],
  ['is no list', () => ({ object: 'list', data: [] }) as unknown as []],
])('a host’s list that %s does not hide the clouds', async (_, listLocalModels) => {
  const cloud = await cloudOf((_request, response) => sendJson(response, 200, { data: [{ id: 'a' }] }));
  const router = routerOf({ OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: cloud.url }, { listLocalModels });
  expect((await get(router, '/v1/models')).body).toEqual({
    object: 'list',
    data: [{ id: 'openai:a', object: 'model', created: 0, owned_by: 'openai' }],
  });
});

test('several who ask at once share one question', async () => {
  const cloud = await cloudOf((_request, response) => sendJson(response, 200, { data: [{ id: 'a' }] }));
  const router = routerOf({ OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: cloud.url });
  const lists = await Promise.all([router.models(), router.models(), router.models()]);
  expect(lists.map((list) => list.map((model) => model.id))).toEqual([
    ['openai:a'],
    ['openai:a'],
    ['openai:a'],
  ]);
  await router.models();
  expect(cloud.requests).toHaveLength(1);
});

test.each<[string, CloudHandler]>([
  ['an error', (_request, response) => sendJson(response, 500, { error: {} })],
  ['no JSON', (_request, response) => void response.end('<html>')],
  ['a cut connection', (_request, response) => void response.destroy()],
  ['an empty list', (_request, response) => sendJson(response, 200, { data: [] })],
])('%s is not kept as the truth, and hides no other cloud', async (_what, fault) => {
  let broken = true;
  const faulty = await cloudOf((request, response) =>
    broken ? fault(request, response) : sendJson(response, 200, { data: [{ id: 'a' }] }),
  );
  const sound = await cloudOf((_request, response) =>
    sendJson(response, 200, {
      data: [{ id: 'claude-x', created_at: '2026-01-01T00:00:00Z' }],
      has_more: false,
    }),
  );
  const router = routerOf({
    OPENAI_API_KEY: 'sk-o',
    OPENAI_BASE_URL: faulty.url,
    ANTHROPIC_API_KEY: 'sk-a',
    ANTHROPIC_API_BASE_URL: sound.url,
  });
  let now = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const ids = async (): Promise<string[]> => (await router.models()).map((model) => model.id);
  expect(await ids()).toEqual(['anthropic:claude-x']);
  broken = false;
  now += 60_000;
  expect(await ids()).toEqual(['openai:a', 'anthropic:claude-x']);
  expect([faulty.requests.length, sound.requests.length]).toEqual([2, 1]);
});

test('a cloud that does not answer is given up after ten seconds', async () => {
  const silent = await cloudOf(() => undefined);
  const quick = await cloudOf((_request, response) => sendJson(response, 200, { data: [{ id: 'a' }] }));
  const router = routerOf({
    OPENAI_API_KEY: 'sk-o',
    OPENAI_BASE_URL: quick.url,
    ANTHROPIC_API_KEY: 'sk-a',
    ANTHROPIC_API_BASE_URL: silent.url,
  });
  const limits: number[] = [];
  const realTimeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => {
    limits.push(ms);
    return realTimeout(50);
  };
  try {
    expect((await router.models()).map((model) => model.id)).toEqual(['openai:a']);
    expect(limits).toEqual([10_000, 10_000]);
  } finally {
    AbortSignal.timeout = realTimeout;
  }
});

test('a key that never comes is given up after ten seconds, and asked for again', async () => {
  const cloud = await cloudOf((_request, response) => sendJson(response, 200, { data: [{ id: 'a' }] }));
  const { url: baseUrl } = cloud;
  const keys = [new Promise<string>(() => undefined), 'sk-o'];
  const router = routerOf(
    {},
    {
      providers: [
        openai({ apiKey: () => keys.shift(), baseUrl }),
        anthropic({ apiKey: () => Promise.resolve('sk-a'), baseUrl }),
      ],
    },
  );
  const patience = new AbortController();
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(patience.signal);
  const asked = router.models();
  patience.abort(new Error('over'));
  const other = {
    id: 'anthropic:a',
    object: 'model',
    created: 0,
    owned_by: 'anthropic',
    shutdown_date: null,
  };
  expect(await asked).toEqual([other]);
  jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  expect(await router.models()).toEqual([
    { id: 'openai:a', object: 'model', created: 0, owned_by: 'openai' },
    other,
  ]);
  expect(timeout.mock.calls).toEqual([[10_000], [10_000], [10_000]]);
});

test('a cloud that hangs is asked again after a minute; until then nobody waits for it', async () => {
  let now = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const patience = new AbortController();
  jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(patience.signal);
  const cloud = await cloudOf((_request, response) => {
    // The first question is never answered: its time is over as soon as it has come.
    if (cloud.requests.length === 1) patience.abort(new Error('over'));
    else sendJson(response, 200, { data: [{ id: 'a' }] });
  });
  const router = routerOf({ OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: cloud.url });
  const asked = async (): Promise<[string[], number]> => [
    (await router.models()).map((model) => model.id),
    cloud.requests.length,
  ];
  expect(await asked()).toEqual([[], 1]);
  now += 59_999;
  expect(await asked()).toEqual([[], 1]);
  now += 1;
  expect(await asked()).toEqual([['openai:a'], 2]);
});

test('the pages of a cloud are read to the end, and a list that never ends is cut', async () => {
  const pages = await cloudOf((request, response) => {
    const after = new URL(request.path, 'http://x').searchParams.get('after_id');
    const next = after === null ? 'm1' : after === 'm1' ? 'm2' : 'm3';
    sendJson(response, 200, { data: [{ id: next }], has_more: next !== 'm3', last_id: next });
  });
  const first = routerOf({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_API_BASE_URL: pages.url });
  expect((await first.models()).map((model) => model.id)).toEqual([
    'anthropic:m1',
    'anthropic:m2',
    'anthropic:m3',
  ]);
  const endless = await cloudOf((_request, response) =>
    sendJson(response, 200, { data: [{ id: 'again' }], has_more: true, last_id: 'again' }),
  );
  const second = routerOf({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_API_BASE_URL: endless.url });
  await second.models();
  expect(endless.requests).toHaveLength(2);
});

test('after a day a list is asked for again; if that fails, the old one stays, and is given without asking for a minute', async () => {
  let now = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  // What the clock on the wall says does not matter.
  jest.spyOn(Date, 'now').mockImplementation(() => 1_000_000_000_000 - 1000 * now);
  let answer: object = { data: [{ id: 'a' }] };
  let status = 200;
  const cloud = await cloudOf((_request, response) => sendJson(response, status, answer));
  const router = routerOf({ OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: cloud.url });
  const ids = async (): Promise<string[]> => (await router.models()).map((model) => model.id);
  expect(await ids()).toEqual(['openai:a']);
  now += 23 * 60 * 60 * 1000;
  answer = { data: [{ id: 'b' }] };
  expect(await ids()).toEqual(['openai:a']);
  now += 61 * 60 * 1000;
  status = 503;
  expect(await ids()).toEqual(['openai:a']);
  status = 200;
  now += 59_999;
  expect(await ids()).toEqual(['openai:a']);
  now += 1;
  expect(await ids()).toEqual(['openai:b']);
  expect(cloud.requests).toHaveLength(3);
});
