/** R8: the local handler gets a request as it came, however it came; a cloud gets it with the prefix cut out. */
import { createHash } from 'node:crypto';
import http, { type RequestListener } from 'node:http';
import zlib, { gzipSync, deflateSync, brotliCompressSync } from 'node:zlib';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { createPrefixRouter } from '../lib/index.ts';
import { startCloud, sendJson, type SimulatedCloud } from '../examples/simulated-clouds/cloud.ts';
import { writesAnyDepth } from './support/depth.ts';
import { ask, askJson, startHost, type RunningHost } from './support/http.ts';

const CHAT = '/v1/chat/completions';
const KEY = 'sk-test-openai-key';
/** Since Node 22.15. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };

/** A host whose local handler tells what it received. */
const localHandler: RequestListener = (req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const bytes = Buffer.concat(chunks);
    sendJson(res, 200, { local: true, sha: sha(bytes), length: bytes.length, headers: req.headers });
  });
};

function sha(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

let cloud: SimulatedCloud;
const hosts: RunningHost[] = [];

beforeAll(async () => {
  cloud = await startCloud((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== `Bearer ${KEY}`) return sendJson(response, 401, { error: { message: 'no key' } });
    sendJson(response, 200, { cloud: true, sha: sha(request.bytes), body: request.bytes.toString('latin1') });
  });
});

afterEach(async () => {
  cloud.requests.length = 0;
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

afterAll(() => cloud.close());

function router(options: { bodyLimit?: number } = {}): RequestHandler {
  return createPrefixRouter({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${cloud.url}/v1` },
    ...options,
  });
}

async function host(build: (app: Express) => void, make: () => Express = express): Promise<string> {
  const app = make();
  build(app);
  const running = await startHost(app);
  hosts.push(running);
  return running.url;
}

const makers: [string, () => Express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];

describe.each(makers)('%s', (_name, make) => {
  const plain = (limit?: number): Promise<string> =>
    host((app) => {
      app.use(router(limit === undefined ? {} : { bodyLimit: limit }));
      app.use(localHandler);
    }, make);

  test('a local request reaches the handler byte for byte', async () => {
    const body = ' {"messages":[{"role":"user","content":"Grüße 🦊"}] ,"model" : "llama-3.2-1b"}\n';
    const answer = await ask((await plain()) + CHAT, { headers: { 'x-mark': '1' }, body });
    expect(JSON.parse(answer.text)).toMatchObject({
      local: true,
      sha: sha(body),
      headers: { 'x-mark': '1' },
    });
    expect(cloud.requests).toHaveLength(0);
  });

  test('a chunked local request reaches the handler byte for byte, wherever it is cut', async () => {
    const body = Buffer.from('{"stream":false,"model":"gpt-oss:20b","messages":[]}');
    const url = (await plain()) + CHAT;
    for (let cut = 1; cut < body.length; cut += 7) {
      const answer = await ask(url, { body: [body.subarray(0, cut), body.subarray(cut)] });
      expect(JSON.parse(answer.text)).toMatchObject({ local: true, sha: sha(body), length: body.length });
    }
  });

  test('a cloud request keeps its bytes; only the prefix is cut out', async () => {
    const body =
      ' {"messages":[{"role":"user","content":"Grüße 🦊 \\u00e9"}] ,"model" : "openai:gpt-5.4", "x":1.50}\n';
    const answer = await ask((await plain()) + CHAT, { body });
    expect(answer.status).toBe(200);
    expect(cloud.requests.map((request) => request.bytes.toString())).toEqual([body.replace('openai:', '')]);
    expect(cloud.requests[0]?.headers['content-length']).toBe(
      String(Buffer.byteLength(body) - 'openai:'.length),
    );
  });

  test('a model written with escapes is exchanged whole', async () => {
    const answer = await ask((await plain()) + CHAT, { body: '{"mod\\u0065l":"openai\\u003agpt-\\u0035"}' });
    expect(answer.status).toBe(200);
    expect(cloud.requests.map((request) => request.bytes.toString())).toEqual(['{"mod\\u0065l":"gpt-5"}']);
  });

  test('a cloud request is put together from its chunks, wherever it is cut', async () => {
    const body = Buffer.from('{"model":"openai:gpt-5.4","messages":[{"role":"user","content":"é"}]}');
    const url = (await plain()) + CHAT;
    for (let cut = 1; cut < body.length; cut += 5) {
      await ask(url, { body: [body.subarray(0, cut), body.subarray(cut)] });
      expect(cloud.requests.at(-1)?.bytes.toString()).toBe(body.toString().replace('openai:', ''));
    }
  });

  test.each([
    ['no body at all', { body: '' }],
    ['an empty chunked body', { headers: { 'transfer-encoding': 'chunked' }, body: '' }],
    ['a body that is no JSON', { body: 'hello' }],
    [
      'a form',
      { body: 'model=openai%3Agpt-5', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    ['JSON without a model', { body: '{"messages":[]}' }],
    ['a model that is no string', { body: '{"model":7}' }],
    ['a nested model alone', { body: '{"a":{"model":"openai:gpt-5"}}' }],
    ['an array', { body: '[{"model":"openai:gpt-5"}]' }],
    ['JSON that is cut off before a model', { body: '{"messages":[' }],
  ])('%s is the host’s', async (_what, request) => {
    const answer = await ask((await plain()) + CHAT, request);
    expect(JSON.parse(answer.text)).toMatchObject({ local: true, sha: sha(request.body) });
    expect(cloud.requests).toHaveLength(0);
  });

  test.each([
    ['broken JSON', '{"model":"openai:gpt-5","messages":[}', 'invalid_json', null],
    ['JSON that is cut off', '{"model":"openai:gpt-5","messages":[', 'invalid_json', null],
    ['text behind the body', '{"model":"openai:gpt-5"} x', 'invalid_json', null],
    ['two models', '{"model":"openai:gpt-5","model":"llama"}', 'invalid_value', 'model'],
    [
      'two prefixed models',
      '{"model":"openai:gpt-5","messages":[],"model":"openai:gpt-4"}',
      'invalid_value',
      'model',
    ],
    [
      'two models, one written with escapes',
      '{"model":"openai:a","mod\\u0065l":"b"}',
      'invalid_value',
      'model',
    ],
    ['an empty model', '{"model":"openai:"}', 'invalid_model', 'model'],
    ['a model with a line break', '{"model":"openai:a\\r\\nx-evil: 1"}', 'invalid_model', 'model'],
    ['a model with a zero byte', '{"model":"openai:a\\u0000"}', 'invalid_model', 'model'],
    ['a model with a blank', '{"model":"openai:a b"}', 'invalid_model', 'model'],
  ])('%s behind a prefix is refused and nothing is sent', async (_what, body, code, param) => {
    const answer = await ask((await plain()) + CHAT, { body });
    const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> };
    expect([answer.status, error['code'], error['param']]).toEqual([400, code, param]);
    expect(cloud.requests).toHaveLength(0);
  });

  test('bytes that are no UTF-8 behind a prefix are refused', async () => {
    const body = Buffer.concat([
      Buffer.from('{"model":"openai:gpt-5","a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    const answer = await ask((await plain()) + CHAT, { body });
    expect([answer.status, (JSON.parse(answer.text) as { error: { code: string } }).error.code]).toEqual([
      400,
      'invalid_json',
    ]);
    expect(cloud.requests).toHaveLength(0);
  });

  test('10,000 levels and __proto__ do no harm', async () => {
    const deep = `{"model":"openai:gpt-5","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const url = (await plain()) + CHAT;
    expect((await ask(url, { body: deep })).status).toBe(200);
    const proto =
      '{"__proto__":{"model":"openai:gpt-5"},"constructor":{"prototype":{"x":1}},"model":"llama"}';
    expect(JSON.parse((await ask(url, { body: proto })).text)).toMatchObject({
      local: true,
      sha: sha(proto),
    });
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  test('a cloud request over the limit is 413, whether the length is announced or not; a local one passes', async () => {
    const url = (await plain(1000)) + CHAT;
    const large = (model: string): string => JSON.stringify({ model, pad: 'x'.repeat(2000) });
    const announced = await ask(url, { body: large('openai:gpt-5') });
    const chunked = await ask(url, { body: [Buffer.from(large('openai:gpt-5')), Buffer.from(' ')] });
    for (const answer of [announced, chunked]) {
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.text)).toEqual({
        error: {
          message: 'The request body is larger than 1000 bytes, the limit for cloud models on this server.',
          type: 'invalid_request_error',
          param: null,
          code: 'request_too_large',
        },
      });
    }
    const local = await ask(url, { body: large('llama') });
    expect(JSON.parse(local.text)).toMatchObject({ local: true, sha: sha(large('llama')) });
    expect(cloud.requests).toHaveLength(0);
  });

  test('a body in which no model is found within the limit is the host’s', async () => {
    const body = JSON.stringify({ pad: 'x'.repeat(5000), model: 'openai:gpt-5' });
    const answer = await ask((await plain(1000)) + CHAT, { body });
    expect(JSON.parse(answer.text)).toMatchObject({ local: true, sha: sha(body) });
    expect(cloud.requests).toHaveLength(0);
  });

  test('50 MB pass to the local handler', async () => {
    const body = JSON.stringify({ pad: 'x'.repeat(50 * 1024 * 1024), model: 'llama' });
    const answer = await ask((await plain()) + CHAT, { body });
    expect(JSON.parse(answer.text)).toMatchObject({ local: true, sha: sha(body), length: body.length });
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ...(zstdCompressSync === undefined ? [] : [['zstd', zstdCompressSync] as const]),
  ] as const)(
    'a %s body is inflated for a cloud and left compressed for the host',
    async (encoding, compress) => {
      const url = (await plain()) + CHAT;
      const headers = { 'content-encoding': encoding, 'content-type': 'application/json' };
      const cloudBody = '{"model":"openai:gpt-5","messages":[]}';
      await ask(url, { headers, body: compress(cloudBody) });
      expect(cloud.requests.map((request) => request.bytes.toString())).toEqual([
        '{"model":"gpt-5","messages":[]}',
      ]);
      expect(cloud.requests[0]?.headers['content-encoding']).toBeUndefined();
      const localBody = compress('{"model":"llama"}');
      const answer = await ask(url, { headers, body: localBody });
      expect(JSON.parse(answer.text)).toMatchObject({
        local: true,
        sha: sha(localBody),
        headers: { 'content-encoding': encoding },
      });
    },
  );

  test('a small compressed body that grows beyond the limit is 413', async () => {
    const bomb = gzipSync(`{"model":"openai:gpt-5","pad":"${'x'.repeat(500_000)}"}`);
    const answer = await ask((await plain(100_000)) + CHAT, {
      headers: { 'content-encoding': 'gzip' },
      body: bomb,
    });
    expect(answer.status).toBe(413);
    expect(cloud.requests).toHaveLength(0);
  });

  test('a compressed body that is broken behind the model is refused', async () => {
    const whole = gzipSync(`{"model":"openai:gpt-5","pad":"${'x'.repeat(100_000)}"}`);
    const answer = await ask((await plain()) + CHAT, {
      headers: { 'content-encoding': 'gzip' },
      body: whole.subarray(0, whole.length - 20),
    });
    expect([answer.status, cloud.requests.length]).toEqual([400, 0]);
  });

  test('Expect: 100-continue works for both', async () => {
    const url = (await plain()) + CHAT;
    for (const [body, own] of [
      ['{"model":"llama"}', { local: true }],
      ['{"model":"openai:gpt-5"}', { cloud: true }],
    ] as const) {
      const text = await askExpecting(url, body);
      expect(JSON.parse(text)).toMatchObject(own);
    }
  });

  test('express.json() mounted later reads a local body', async () => {
    const url = await host((app) => {
      app.use(router());
      app.use(express.json());
      app.use((req, res) => void res.json(req.body));
    }, make);
    const body = { model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'ö' }] };
    expect(JSON.parse((await askJson(url + CHAT, body)).text)).toEqual(body);
  });

  test('http-proxy-middleware mounted later passes a local body on', async () => {
    const node = await startHost(localHandler);
    hosts.push(node);
    const url = await host((app) => {
      app.use(router());
      app.use(createProxyMiddleware({ target: node.url }));
    }, make);
    const body = JSON.stringify({ model: 'llama', pad: 'y'.repeat(300_000) });
    expect(JSON.parse((await ask(url + CHAT, { body })).text)).toMatchObject({ local: true, sha: sha(body) });
  });

  test.each([
    ['express.json()', () => express.json()],
    ['express.raw()', () => express.raw({ type: '*/*' })],
    ['express.text()', () => express.text({ type: '*/*' })],
  ])('%s before us: local bodies are not changed, cloud bodies are equal in value', async (_what, parser) => {
    const url = await host((app) => {
      app.use(parser());
      app.use(router());
      app.use((req, res) => void res.json({ local: true, body: String(JSON.stringify(req.body)) }));
    }, make);
    const local = { model: 'llama', messages: [{ role: 'user', content: 'ö' }] };
    const answer = JSON.parse((await askJson(url + CHAT, local)).text) as { body: string };
    const received: unknown = JSON.parse(answer.body);
    const text = Buffer.isBuffer(received) ? '' : receivedText(received);
    expect(JSON.parse(text)).toEqual(local);
    await askJson(url + CHAT, { model: 'openai:gpt-5', messages: [{ role: 'user', content: 'ö' }] });
    expect(cloud.requests.map((request) => request.json)).toEqual([
      { model: 'gpt-5', messages: [{ role: 'user', content: 'ö' }] },
    ]);
  });

  test('a bare `curl -d`, which calls JSON a form, works behind express.json()', async () => {
    const url = await host((app) => {
      app.use(express.json());
      app.use(router());
    }, make);
    const answer = await ask(url + CHAT, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"model":"openai:gpt-5"}',
    });
    expect(JSON.parse(answer.text)).toMatchObject({ cloud: true });
    expect(cloud.requests[0]?.headers['content-type']).toBe('application/json');
  });

  test('a body that a parser read and that is too deep to be written again is refused', async () => {
    const url = await host((app) => {
      app.use(express.json({ limit: '10mb' }));
      app.use(router());
    }, make);
    const body = `{"model":"openai:gpt-5","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const answer = await ask(url + CHAT, { headers: { 'content-type': 'application/json' }, body });
    expect([answer.status, cloud.requests.length]).toEqual(writesAnyDepth ? [200, 1] : [400, 0]);
  });

  test('the router works below a path', async () => {
    const url = await host((app) => {
      app.use('/llm', router());
      app.use(localHandler);
    }, make);
    expect(
      JSON.parse((await askJson(`${url}/llm${CHAT}?x=1`, { model: 'openai:gpt-5' })).text),
    ).toMatchObject({
      cloud: true,
    });
    expect(JSON.parse((await askJson(url + CHAT, { model: 'openai:gpt-5' })).text)).toMatchObject({
      local: true,
    });
  });

  test('other methods and paths are the host’s', async () => {
    const url = await plain();
    for (const [method, path] of [
      ['GET', CHAT],
      ['PUT', CHAT],
      ['POST', '/v1/chat/completions/x'],
      ['POST', '/v1//chat/completions'],
      ['POST', '/v1/files'],
      ['GET', '/v1/models'],
      ['GET', '/'],
    ] as const) {
      const body = method === 'GET' ? '' : '{"model":"openai:gpt-5"}';
      const answer = await ask(url + path, { method, body });
      expect(JSON.parse(answer.text)).toMatchObject({ local: true, sha: sha(body) });
    }
    expect(cloud.requests).toHaveLength(0);
  });

  test('a host that asks an asynchronous localModels function still gets its body whole', async () => {
    const url = await host((app) => {
      app.use(
        createPrefixRouter({
          env: {},
          localModels: (model) =>
            new Promise((resolve) => setImmediate(() => resolve(model === 'my-bot:prod'))),
        }),
      );
      app.use(localHandler);
    }, make);
    const body = '{"model":"my-bot:prod"}';
    expect(JSON.parse((await ask(url + CHAT, { body })).text)).toMatchObject({ local: true, sha: sha(body) });
    const refused = await ask(url + CHAT, { body: '{"model":"my-bot:other"}' });
    expect((JSON.parse(refused.text) as { error: { message: string } }).error.message).toBe(
      'Unknown cloud provider prefix: my-bot:',
    );
  });
});

function receivedText(body: unknown): string {
  if (typeof body === 'string') return body;
  const { type, data } = body as { type?: string; data?: number[] };
  return type === 'Buffer' && data !== undefined ? Buffer.from(data).toString('utf8') : JSON.stringify(body);
}

function askExpecting(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { expect: '100-continue', 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('continue', () => request.end(body));
    request.on('error', reject);
    request.flushHeaders();
  });
}
