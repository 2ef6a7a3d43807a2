/** What a relayed answer says of itself reaches record, usage, status and tracer; and answers that are no JSON pass too. */
import { AsyncLocalStorage } from 'node:async_hooks';
import express from 'express';
import { createPrefixRouter, type CallRecord, type PrefixRouter } from '../lib/index.ts';
import {
  sendJson,
  startCloud,
  type CloudHandler,
  type SimulatedCloud,
} from '../examples/simulated-clouds/cloud.ts';
import { ask, askJson, startHost, type RunningHost } from './support/http.ts';

const USAGE = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

const SOUND = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 31) % 256));

const requestOf = new AsyncLocalStorage<string>();
let answer: CloudHandler;
let cloud: SimulatedCloud;
let host: RunningHost;
let router: PrefixRouter;
let records: [CallRecord, string | undefined][];
let ended: Promise<void>;

beforeEach(async () => {
  cloud = await startCloud((request, response) => answer(request, response));
  records = [];
  let wake: () => void = () => undefined;
  ended = new Promise((resolve) => (wake = resolve));
  router = createPrefixRouter({
    env: {
      OPENAI_API_KEY: 'sk-x',
      OPENAI_BASE_URL: cloud.url,
      GOOGLE_API_KEY: 'g',
      GOOGLE_API_BASE_URL: cloud.url,
      ANTHROPIC_API_KEY: 'a',
      ANTHROPIC_API_BASE_URL: cloud.url,
    },
    onCall: (record) => {
      records.push([record, requestOf.getStore()]);
      wake();
    },
  });
  const app = express();
  app.use((req, _res, next) => requestOf.run(String(req.headers['x-mark']), next));
  host = await startHost(app.use(router));
});

afterEach(async () => {
  await host.close();
  await router.close();
  await cloud.close();
});

test('usage and model of a relayed JSON answer are in the record, which ends in the request’s own context', async () => {
  answer = (_request, response) =>
    sendJson(response, 200, { id: 'x', model: 'gpt-5.4-2026-03-05', choices: [], usage: USAGE });
  await askJson(`${host.url}/v1/chat/completions`, { model: 'openai:gpt-5.4' }, { 'x-mark': 'mine' });
  await ended;
  const [record, mark] = records[0] ?? [];
  expect(record).toMatchObject({
    billedModel: 'gpt-5.4-2026-03-05',
    usage: USAGE,
    stream: false,
    complete: true,
  });
  expect(mark).toBe('mine');
  const { totals, inFlight, recent } = router.usage();
  expect(totals['openai']).toMatchObject({
    requests: 1,
    errors: 0,
    promptTokens: 12,
    completionTokens: 5,
    cachedTokens: 4,
  });
  expect([inFlight, recent.map((call) => [call.number, call.model])]).toEqual([{}, [[1, 'gpt-5.4']]]);
  const { openai, google } = router.status().cloud_providers;
  expect(openai).toMatchObject({ health: { last_error: null, retry_after_until: null } });
  expect(google).not.toHaveProperty('health');
});

test('the host’s handler for local models runs in the request’s own context too', async () => {
  const app = express();
  app.use((req, _res, next) => requestOf.run(String(req.headers['x-mark']), next));
  app.use(router);
  app.use((_req, res) => sendJson(res, 200, { mark: requestOf.getStore() }));
  const local = await startHost(app);
  const reply = await askJson(`${local.url}/v1/chat/completions`, { model: 'llama' }, { 'x-mark': 'mine' });
  await local.close();
  expect(JSON.parse(reply.text)).toEqual({ mark: 'mine' });
});

test('a relayed stream tells its usage where the client asked for it', async () => {
  const chunk = (more: object): string => `data: ${JSON.stringify({ model: 'gpt-5.4', ...more })}\n\n`;
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      chunk({ choices: [{ delta: { content: 'a' } }], usage: null }) +
        chunk({ choices: [], usage: USAGE }) +
        'data: [DONE]\n\n',
    );
  };
  await askJson(`${host.url}/v1/chat/completions`, { model: 'openai:gpt-5.4', stream: true });
  await ended;
  expect(records[0]?.[0]).toMatchObject({
    billedModel: 'gpt-5.4',
    usage: USAGE,
    stream: true,
    complete: true,
  });
});

test('a stream of pictures, whose last event holds one, tells its usage wherever it stands in it', async () => {
  const usage = { input_tokens: 50, output_tokens: 200, total_tokens: 250 };
  const done = {
    type: 'image_generation.completed',
    b64_json: 'x'.repeat(60_000),
    usage,
    more: 'y'.repeat(20_000),
  };
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`event: ${done.type}\ndata: ${JSON.stringify(done)}\n\n`);
  };
  await askJson(`${host.url}/v1/images/generations`, { model: 'openai:gpt-image-1', stream: true });
  await ended;
  expect(records[0]?.[0]).toMatchObject({
    usage: { prompt_tokens: 50, completion_tokens: 200, total_tokens: 250 },
    complete: true,
  });
});

test('without it the tokens of a stream are unknown, not 0', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end('data: {"choices":[]}\n\ndata: [DONE]\n\n');
  };
  await askJson(`${host.url}/v1/chat/completions`, { model: 'openai:gpt-5.4', stream: true });
  await ended;
  expect(records[0]?.[0].usage).toBeUndefined();
  expect(router.usage().totals['openai']).toMatchObject({
    requests: 1,
    unknownUsage: 1,
    unknownCost: 1,
    costUsd: 0,
  });
});

test('of a stream that broke off what is known is counted, and that it is not all', async () => {
  const events = [
    {
      type: 'message_start',
      message: { id: 'msg_1', content: [], usage: { input_tokens: 1000, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'word '.repeat(2000) } },
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  ];
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  };
  const messages = [{ role: 'user', content: 'x' }];
  await askJson(`${host.url}/v1/chat/completions`, {
    model: 'anthropic:claude-opus-4-8',
    messages,
    stream: true,
  });
  await ended;
  expect(router.usage().totals).toEqual({
    anthropic: {
      requests: 1,
      errors: 1,
      clientLeft: 0,
      promptTokens: 1000,
      completionTokens: 1,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      unknownUsage: 1,
      costUsd: (1000 * 5 + 25) / 1e6,
      unknownCost: 1,
      latencyMs: { p50: expect.any(Number), p95: expect.any(Number) },
      firstByteMs: { p50: expect.any(Number), p95: expect.any(Number) },
    },
  });
});

test('embeddings that Google has not counted are unknown, though OpenAI’s form has a 0 for them', async () => {
  answer = (_request, response) => sendJson(response, 200, { embeddings: [{ values: [1] }] });
  const model = 'google:gemini-embedding-001';
  const reply = await askJson(`${host.url}/v1/embeddings`, { model, input: 'x' });
  await ended;
  expect(JSON.parse(reply.text)).toEqual({
    object: 'list',
    model: 'gemini-embedding-001',
    data: [{ object: 'embedding', index: 0, embedding: [1] }],
    usage: { prompt_tokens: 0, total_tokens: 0 },
  });
  const { unknownUsage, unknownCost, costUsd } = router.usage().totals['google'] ?? {};
  expect({ unknownUsage, unknownCost, costUsd }).toEqual({ unknownUsage: 1, unknownCost: 1, costUsd: 0 });
});

test('a rate limit shows in the status until it has passed', async () => {
  answer = (_request, response) =>
    sendJson(response, 429, { error: { message: 'slow' } }, { 'retry-after': '3600' });
  await askJson(`${host.url}/v1/chat/completions`, { model: 'openai:gpt-5.4' });
  await ended;
  const { openai } = router.status().cloud_providers;
  expect(openai).toMatchObject({
    health: { last_success: null, last_error: { code: 'rate_limited', status: 429 } },
  });
  const until = openai?.configured === true ? Date.parse(openai.health?.retry_after_until ?? '') : NaN;
  expect(until).toBeGreaterThan(Date.now() + 3_000_000);
});

test('sound passes byte for byte', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    response.end(SOUND);
  };
  const body = JSON.stringify({ model: 'openai:tts-1', input: 'Hello', voice: 'alloy' });
  const reply = await ask(`${host.url}/v1/audio/speech`, { body });
  expect([reply.status, reply.headers['content-type'], reply.bytes.equals(SOUND)]).toEqual([
    200,
    'audio/mpeg',
    true,
  ]);
  expect(cloud.requests[0]?.json).toEqual({ model: 'tts-1', input: 'Hello', voice: 'alloy' });
});

test('events of a picture that is being made pass byte for byte, and need no [DONE]', async () => {
  const events =
    'event: image_generation.partial_image\ndata: {"b64_json":"AA"}\n\nevent: image_generation.completed\ndata: {"b64_json":"AAA"}\n\n';
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.end(events);
  };
  const reply = await askJson(`${host.url}/v1/images/generations`, {
    model: 'openai:gpt-image-1',
    prompt: 'x',
    stream: true,
  });
  expect(reply.text).toBe(events);
});

test.each([
  'moderations',
  'images/generations',
  'images/edits',
  'images/variations',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
])('google: has no /v1/%s, and nothing is sent', async (endpoint) => {
  const reply = await askJson(`${host.url}/v1/${endpoint}`, { model: 'google:gemini-3.8-flash' });
  expect([reply.status, JSON.parse(reply.text)]).toEqual([
    400,
    {
      error: {
        message: `Google has no counterpart of /v1/${endpoint}.`,
        type: 'invalid_request_error',
        param: 'model',
        code: 'unsupported_endpoint',
      },
    },
  ]);
  expect(cloud.requests).toHaveLength(0);
});

test('a background response is refused: its polling path carries no prefix', async () => {
  const reply = await askJson(`${host.url}/v1/responses`, {
    model: 'openai:gpt-5.4',
    input: 'x',
    background: true,
  });
  const { error } = JSON.parse(reply.text) as { error: { code: string; param: string } };
  expect([reply.status, error.code, error.param, cloud.requests.length]).toEqual([
    400,
    'unsupported_parameter',
    'background',
    0,
  ]);
});
