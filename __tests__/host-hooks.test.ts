/** What hosts hang on a response, and what they keep per request: it must be the right one's, and may fail. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { gzipSync } from 'node:zlib';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createPrefixRouter, type CallRecord, type PrefixRouter } from '../lib/index.ts';
import { sendJson, startCloud, type SimulatedCloud } from '../examples/simulated-clouds/cloud.ts';
import { askJson, startHost, type RunningHost } from './support/http.ts';

const PATH = '/v1/chat/completions';

const OPENAI = [{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [] }, '[DONE]'];
const GOOGLE = [
  { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] } }] },
  { candidates: [{ content: { role: 'model', parts: [{ text: '!' }] }, finishReason: 'STOP' }] },
];
const ANTHROPIC = [
  { type: 'message_start', message: { id: 'm', model: 'm', role: 'assistant', content: [], usage: {} } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
];

let cloud: SimulatedCloud;
let router: PrefixRouter;
let host: RunningHost;
let records: CallRecord[];

beforeAll(async () => {
  cloud = await startCloud(async (request, response) => {
    const { path } = request;
    if (request.method === 'GET') return sendJson(response, 200, { data: [], models: [] });
    const body = request.bytes.toString();
    if (body.includes('"fails"')) return sendJson(response, 500, { error: { message: 'no' } });
    const events = path.includes('gemini') ? GOOGLE : path.endsWith('/messages') ? ANTHROPIC : OPENAI;
    const isStream = path.includes('stream') || body.includes('"stream":true');
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
    if (body.includes('packed')) response.setHeader('content-encoding', 'gzip');
    response.flushHeaders();
    // In pieces: each comes with a read of its own.
    const pieces = isStream
      ? events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      : ['{"object":', '"chat.completion"}'];
    if (body.includes('packed')) return void response.end(gzipSync(pieces.join('')));
    for (const piece of pieces) {
      await new Promise((resolve) => setImmediate(resolve));
      response.write(piece);
    }
    response.end();
  });
});

afterAll(() => cloud.close());

afterEach(async () => {
  await host.close();
  await router.close();
});

async function serve(...before: RequestHandler[]): Promise<void> {
  records = [];
  router = createPrefixRouter({
    env: {
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: cloud.url,
      GOOGLE_API_KEY: 'test',
      GOOGLE_API_BASE_URL: cloud.url,
      ANTHROPIC_API_KEY: 'sk-ant-test',
      ANTHROPIC_API_BASE_URL: cloud.url,
    },
    onCall: (record) => void records.push(record),
  });
  const toHost: ErrorRequestHandler = (error: Error, _req, res, next) => {
    if (res.headersSent) next(error);
    else res.writeHead(500).end(`HOST: ${error.message}`);
  };
  host = await startHost(express().use(...before, router, toHost));
}

const requestFor = (model: string, stream: boolean): object => ({
  model,
  stream,
  messages: [{ role: 'user', content: 'hello' }],
});

const CALLS = [
  ['openai:gpt-5.4', true],
  ['openai:gpt-5.4', false],
  ['google:gemini-3.8-flash', true],
  ['anthropic:claude-opus-5-5', true],
] as const;

test.each(CALLS)(
  '%s, stream %p, is answered in what the host keeps of this request',
  async (model, stream) => {
    const kept = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    await serve((req, res, next) => {
      for (const method of ['writeHead', 'write', 'end'] as const) {
        const real = res[method] as (...args: unknown[]) => unknown;
        Object.assign(res, {
          [method](...args: unknown[]) {
            seen.push(`${method}: ${kept.getStore()}`);
            return real.apply(res, args);
          },
        });
      }
      kept.run(String(req.headers['x-user']), next);
    });
    // The connections to the clouds are made by somebody else.
    await router.models();
    for (const user of ['alice', 'bob']) {
      seen.length = 0;
      const answer = await askJson(host.url + PATH, requestFor(model, stream), { 'x-user': user });
      expect([answer.status, answer.cut]).toEqual([200, false]);
      expect(new Set(seen)).toEqual(new Set(['writeHead', 'write', 'end'].map((name) => `${name}: ${user}`)));
    }
  },
);

/** A hook that fails once. */
function failing(method: 'setHeader' | 'writeHead' | 'write' | 'end'): RequestHandler {
  return (_req, res, next) => {
    const real = res[method] as (...args: unknown[]) => unknown;
    Object.assign(res, {
      [method]() {
        Object.assign(res, { [method]: real });
        throw new Error('a hook');
      },
    });
    next();
  };
}

type Row = [what: string, model: string, stream: boolean];
const PLAIN: Row[] = [
  ['a name that is refused', 'opneai:gpt', false],
  ['an error of the cloud', 'openai:fails', false],
  ['an answer', 'openai:gpt-5.4', false],
  ['a packed answer', 'openai:packed', false],
];
const STREAMS: Row[] = [
  ['a stream', 'openai:gpt-5.4', true],
  ['a packed stream', 'openai:packed', true],
  ['a packed stream that is converted', 'anthropic:claude-packed', true],
  ['a stream that is converted', 'anthropic:claude-opus-5-5', true],
  ['a stream that is converted', 'google:gemini-3.8-flash', true],
];

describe.each(['setHeader', 'writeHead'] as const)('a hook on %s that fails', (method) => {
  test.each([...PLAIN, ...STREAMS])(
    'leaves the answer to the host, %s of %s',
    async (_what, model, stream) => {
      await serve(failing(method));
      const answer = await askJson(host.url + PATH, requestFor(model, stream));
      expect([answer.status, answer.text]).toEqual([500, 'HOST: a hook']);
      await router.close();
      expect(records.map(({ status, complete }) => [status, complete])).toEqual(
        model.startsWith('opneai') ? [] : [[500, false]],
      );
    },
  );
});

const LATE = [...PLAIN, ...STREAMS].map((row) => ['end' as const, ...row] as const);
const EARLY = STREAMS.map((row) => ['write' as const, ...row] as const);

test.each([...LATE, ...EARLY])(
  'one on %s breaks off what has begun, %s of %s',
  async (method, _what, model, stream) => {
    await serve(failing(method));
    const isCut = await askJson(host.url + PATH, requestFor(model, stream)).then(
      ({ cut }) => cut,
      (error: Error) => error.message === 'socket hang up',
    );
    expect(isCut).toBe(true);
    await router.close();
    expect(records.map(({ complete }) => complete)).toEqual(model.startsWith('opneai') ? [] : [false]);
  },
);
