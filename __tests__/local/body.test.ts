import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createLocalBalancer } from '../../lib/local/index.ts';
import {
  closeAll,
  HOSTS,
  listen,
  send,
  sha256,
  startHost,
  startNode,
  type Call,
  type TestNode,
} from './support.ts';
import { writesAnyDepth } from '../support/depth.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT = '{ "messages": [{"role":"user","content":"日本 \\u0000 é"}],\n "model": "llama", "seed": 1e2 }';
const BIG = Buffer.from(
  `{"messages":[{"role":"user","content":"${'日本'.repeat(400_000)}"}],"model":"llama","last":true}`,
);

afterEach(closeAll);

function parts(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

const UNPARSED: [string, Call][] = [
  ['with a length', { headers: JSON_TYPE, body: TEXT }],
  ['in chunks', { headers: JSON_TYPE, body: parts(Buffer.from(TEXT), 7) }],
  [
    'of 2.4 MB with a length',
    { headers: { ...JSON_TYPE, 'content-length': BIG.length }, body: parts(BIG, 65_536) },
  ],
  ['of 2.4 MB in chunks', { headers: JSON_TYPE, body: parts(BIG, 100_000) }],
  ['that is compressed', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync(TEXT) }],
  [
    'that waits for 100 Continue',
    {
      headers: { ...JSON_TYPE, expect: '100-continue', 'content-length': Buffer.byteLength(TEXT) },
      body: TEXT,
    },
  ],
  ['that is no JSON', { headers: { 'content-type': 'text/plain' }, body: 'model: llama' }],
  ['that is broken JSON', { headers: JSON_TYPE, body: '{"model":"lla' }],
  [
    'of random bytes',
    { headers: { 'content-type': 'application/octet-stream' }, body: randomBytes(200_000) },
  ],
  ['that is empty', { headers: JSON_TYPE }],
  [
    'of a DELETE in chunks',
    {
      method: 'DELETE',
      headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' },
      body: parts(Buffer.from(TEXT), 7),
    },
  ],
  [
    'of a GET in chunks',
    { method: 'GET', headers: { 'transfer-encoding': 'chunked' }, body: parts(BIG, 100_000) },
  ],
  ['of a GET with a length', { method: 'GET', headers: { 'content-length': 4 }, body: 'body' }],
];

function bytesOf({ body }: Call): Buffer {
  return Buffer.concat([body ?? ''].flat().map((part) => Buffer.from(part as string)));
}

describe.each(HOSTS)('a body that nobody has read, in %s', (_, createHost) => {
  describe.each([1, 2])('with %d node(s)', (count) => {
    test.each(UNPARSED)('%s reaches the node byte for byte', async (_case, call) => {
      const nodes = await Promise.all(Array.from({ length: count }, () => startNode(['llama'])));
      const balancer = createLocalBalancer({ nodes: nodes.map((node) => node.url) });
      const { url } = await startHost([balancer], createHost);
      const bytes = bytesOf(call);

      const answer = await send(`${url}/v1/chat/completions`, call);
      expect(JSON.parse(answer.text)).toEqual({ sha256: sha256(bytes), length: bytes.length });

      const [received] = (nodes[0] as TestNode).received;
      expect(received?.method).toBe(call.method ?? 'POST');
      const {
        'content-type': type,
        'content-encoding': encoding,
        'content-length': length,
      } = received?.headers ?? {};
      expect([type, encoding]).toEqual([call.headers?.['content-type'], call.headers?.['content-encoding']]);
      const chunked = Array.isArray(call.body) && call.headers?.['content-length'] === undefined;
      expect([length, received?.headers['transfer-encoding']]).toEqual(
        chunked ? [undefined, 'chunked'] : [call.body === undefined ? '0' : String(bytes.length), undefined],
      );
      expect(received?.headers.expect).toBeUndefined();
    });
  });

  const lookAndPutBack: RequestHandler = (req, _res, next) => {
    const onReadable = (): void => {
      const chunk = req.read() as Buffer | null;
      if (chunk === null) return;
      req.off('readable', onReadable);
      req.unshift(chunk);
      next();
    };
    req.on('readable', onReadable);
  };

  const pause: RequestHandler = (req, _res, next) => {
    req.pause();
    next();
  };

  test.each([
    ['has looked into it and put it back', 1, lookAndPutBack],
    ['has looked into it and put it back', 2, lookAndPutBack],
    ['has paused it', 1, pause],
    ['has paused it', 2, pause],
  ])('that a middleware %s reaches one of %d node(s) byte for byte', async (_case, count, before) => {
    const nodes = await Promise.all(Array.from({ length: count }, () => startNode(['llama'])));
    const balancer = createLocalBalancer({ nodes: nodes.map((node) => node.url) });
    const { url } = await startHost([before, balancer], createHost);
    for (const bytes of [Buffer.from(TEXT), BIG]) {
      const answer = await send(`${url}/v1/x`, { headers: JSON_TYPE, body: parts(bytes, 100_000) });
      expect(JSON.parse(answer.text)).toEqual({ sha256: sha256(bytes), length: bytes.length });
    }
  });

  test('reaches the next node byte for byte after a refused connection, although the first part has been read', async () => {
    const down = await startNode([]);
    await down.close();
    const node = await startNode([]);
    const { url } = await startHost([createLocalBalancer({ nodes: [down.url, node.url] })], createHost);
    const answer = await send(`${url}/v1/chat/completions`, {
      headers: JSON_TYPE,
      body: parts(BIG, 100_000),
    });
    expect(JSON.parse(answer.text)).toEqual({ sha256: sha256(BIG), length: BIG.length });
  });
});

describe.each(HOSTS)('a body that a parser has read, in %s', (_, createHost) => {
  const PARSED: [string, RequestHandler, Call, Buffer | string, string][] = [
    [
      'express.json()',
      createHost.json(),
      { headers: JSON_TYPE, body: parts(Buffer.from(TEXT), 7) },
      JSON.stringify(JSON.parse(TEXT)),
      'application/json',
    ],
    [
      'express.json(), compressed',
      createHost.json(),
      { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync(TEXT) },
      JSON.stringify(JSON.parse(TEXT)),
      'application/json',
    ],
    [
      'express.json(), in UTF-16',
      createHost.json(),
      {
        headers: { 'content-type': 'application/json; charset=utf-16le; x=1' },
        body: Buffer.from(TEXT, 'utf16le'),
      },
      JSON.stringify(JSON.parse(TEXT)),
      'application/json; charset=utf-8; x=1',
    ],
    [
      'express.raw()',
      createHost.raw({ type: '*/*' }),
      { headers: JSON_TYPE, body: TEXT },
      TEXT,
      'application/json',
    ],
    [
      'express.text()',
      createHost.text({ type: '*/*' }),
      { headers: { 'content-type': 'text/plain; charset=iso-8859-1' }, body: Buffer.from('héllo', 'latin1') },
      'héllo',
      'text/plain; charset=utf-8',
    ],
    [
      'express.urlencoded()',
      createHost.urlencoded({ extended: true }),
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'model=llama&list[]=a&list[]=%26&deep[er][est]=1+2',
      },
      'model=llama&list%5B0%5D=a&list%5B1%5D=%26&deep%5Ber%5D%5Best%5D=1+2',
      'application/x-www-form-urlencoded',
    ],
  ];

  test.each(PARSED)(
    '%s: the same value is written again with its own length',
    async (_case, parser, call, text, type) => {
      const node = await startNode([]);
      const { url } = await startHost([parser, createLocalBalancer({ nodes: [node.url] })], createHost);
      await send(`${url}/v1/chat/completions`, call);
      expect(node.received).toMatchObject([
        {
          bytes: Buffer.from(text),
          headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) },
        },
      ]);
      expect(node.received[0]?.headers).not.toHaveProperty('content-encoding');
      expect(node.received[0]?.headers).not.toHaveProperty('transfer-encoding');
    },
  );

  test('a parser that does not care for the type leaves the stream, which is sent as it is', async () => {
    const node = await startNode([]);
    const { url } = await startHost(
      [createHost.json(), createLocalBalancer({ nodes: [node.url] })],
      createHost,
    );
    await send(url, { headers: { 'content-type': 'text/plain' }, body: 'as it is' });
    expect(node.received.map(({ bytes }) => bytes.toString())).toEqual(['as it is']);
  });

  test('a request without a body stays without one', async () => {
    const node = await startNode([]);
    const { url } = await startHost(
      [createHost.json(), createLocalBalancer({ nodes: [node.url] })],
      createHost,
    );
    await send(`${url}/v1/models/llama`, { method: 'GET' });
    expect(node.received.map(({ method, bytes }) => [method, bytes.length])).toEqual([['GET', 0]]);
  });

  test('nested too deeply to be written again: 400', async () => {
    const node = await startNode([]);
    const { url } = await startHost(
      [createHost.json({ limit: '1mb' }), createLocalBalancer({ nodes: [node.url] })],
      createHost,
    );
    const deep = `{"model":"llama","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const answer = await send(url, { headers: JSON_TYPE, body: deep });
    const error = {
      message: 'The request body is not valid JSON: it is nested too deeply.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_json',
    };
    const refusal = [400, JSON.stringify({ error }), []];
    const received = node.received.map(({ bytes }) => bytes.toString());
    expect([answer.status, answer.text, received]).toEqual(
      writesAnyDepth ? [200, answer.text, [deep]] : refusal,
    );
  });
});

describe('a body that is lost', () => {
  const drain: RequestHandler = (req, _res, next) => void req.resume().on('end', () => next());

  test.each([
    ['read without leaving a body', [drain], JSON_TYPE],
    [
      'multipart, read into fields',
      [drain, ((req, _res, next) => ((req.body = { model: 'llama' }), next())) satisfies RequestHandler],
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
  ])("%s: the host's own error handler is told", async (_case, before, headers) => {
    const node = await startNode([]);
    const errors: unknown[] = [];
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      errors.push(error);
      res.status(500).end();
    };
    const app = express();
    app.use(...before, createLocalBalancer({ nodes: [node.url] }), onError);
    const { url } = await listen(app);
    expect((await send(url, { headers, body: 'x' })).status).toBe(500);
    expect(errors).toEqual([
      new Error(
        'The request body was read before createLocalBalancer and cannot be written again: mount it before whatever reads it.',
      ),
    ]);
    expect(node.received).toEqual([]);
  });
});

test('what a node inflates is what the client had compressed', async () => {
  const node = await startNode([]);
  const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })]);
  await send(url, {
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    body: parts(gzipSync(BIG), 1000),
  });
  expect(sha256(gunzipSync(node.received[0]?.bytes ?? ''))).toBe(sha256(BIG));
});
