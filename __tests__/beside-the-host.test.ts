/** What a host does around the router: it reads bodies in its own ways, logs, keeps things per request, and closes. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import {
  anthropic,
  createPrefixRouter,
  google,
  openai,
  type CallRecord,
  type PrefixRouter,
  type ProviderOptions,
  type RouterOptions,
} from '../lib/index.ts';
import { createLocalBalancer } from '../lib/local/index.ts';
import { ask, startHost, type RunningHost } from './support/http.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const PATH = '/v1/chat/completions';

let cloud: RawCloud;
let router: PrefixRouter;
let host: RunningHost | undefined;

/** A silent cloud unless told otherwise. */
beforeEach(async () => {
  cloud = await startRawCloud();
});

afterEach(async () => {
  await host?.close();
  host = undefined;
  await router.close();
  await cloud.close();
});

function routerWith(options: RouterOptions = {}): PrefixRouter {
  const to = { apiKey: 'sk-test-0123456789', baseUrl: cloud.url };
  router = createPrefixRouter({ env: {}, providers: [openai(to), google(to), anthropic(to)], ...options });
  return router;
}

async function serve(...handlers: RequestHandler[]): Promise<RunningHost> {
  host = await startHost(express().use(...handlers));
  return host;
}

function requestFor(model: string, more: object = {}): string {
  return JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], ...more });
}

/** One request as it stands on the wire, so that several can be sent on one connection. */
function wire(body: string, headers = ''): string {
  return (
    `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Reads until the text is there, so many times. */
async function until(socket: net.Socket, text: string, times = 1): Promise<string> {
  let received = '';
  while (received.split(text).length <= times) received += String((await once(socket, 'data'))[0]);
  return received;
}

const local: RequestHandler = (_req, res) => void res.end('LOCAL');

describe('a body that is the host’s', () => {
  test.each([
    ['Express 5', express, false],
    ['Express 5, packed', express, true],
    ['Express 4', express4 as unknown as typeof express, false],
  ])('can be given to fetch as if nobody had looked, %s', async (_, make, packed) => {
    const node = await startRawCloud(({ socket, body }) => socket.write(httpAnswer(200, {}, `got ${body}`)));
    const forward: RequestHandler = (req, res, next) => {
      fetch(node.url, {
        method: 'POST',
        body: req as unknown as ReadableStream,
        duplex: 'half',
      } as RequestInit)
        .then((answer) => answer.text())
        .then((text) => res.end(text), next);
    };
    host = await startHost((make() as Express).use(routerWith(), forward));
    const text = requestFor('gpt-oss:20b');
    const headers = packed ? { ...JSON_HEADERS, 'content-encoding': 'gzip' } : JSON_HEADERS;
    const { text: answer } = await ask(host.url + PATH, { headers, body: packed ? gzipSync(text) : text });
    expect(answer).toBe(packed ? `got ${gzipSync(text).toString('utf8')}` : `got ${text}`);
    await node.close();
  });

  const wait: RequestHandler = (_req, _res, next) => void setImmediate(next);
  test.each([
    ['', [wait, 'router']],
    ['', ['router', wait]],
    ['content-encoding: gzip\r\n', [wait, 'router']],
    ['content-encoding: gzip\r\n', ['router', wait]],
  ] as const)('is found empty, and found to end, %j', async (header, order) => {
    routerWith();
    const count: RequestHandler = (req, res) => {
      let size = 0;
      req.on('data', (piece: Buffer) => (size += piece.length)).on('end', () => res.end(`LOCAL ${size}`));
    };
    const { port } = await serve(...order.map((handler) => (handler === 'router' ? router : handler)), count);
    const socket = await connect(port);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\n${header}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(await until(socket, 'LOCAL 0')).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  test.each(['utf8', 'latin1', 'hex', 'base64', 'utf16le', 'ascii'] as const)(
    'comes in the encoding that the host has set, %s',
    async (encoding) => {
      const decode: RequestHandler = (req, _res, next) => {
        req.setEncoding(encoding);
        next();
      };
      const repeat: RequestHandler = (req, res) => {
        let text = '';
        req.on('data', (piece: string) => (text += piece)).on('end', () => res.end(text));
      };
      const body = Buffer.from(requestFor('gpt-oss:20b', { padding: 'é日本'.repeat(60_000) }));
      const { url } = await serve(decode, routerWith(), repeat);
      const { text } = await ask(url + PATH, { headers: JSON_HEADERS, body });
      expect(text).toBe(body.toString(encoding));
    },
  );

  const readsByHand: RequestHandler = (req, res) => {
    let size = 0;
    req.on('readable', () => {
      for (let piece = req.read() as Buffer | null; piece !== null; piece = req.read() as Buffer | null)
        size += piece.length;
    });
    req.on('end', () => res.end(`LOCAL ${size}`));
  };

  test.each([
    ['plain', '', false, false],
    ['that is there already', '', true, false],
    ['packed', 'content-encoding: gzip\r\n', false, false],
    ['that is empty', '', false, true],
    ['that is empty and there already', '', true, true],
  ])('can be read by `readable`, one %s', async (_, header, isLate, empty) => {
    const { port } = await serve(...(isLate ? [wait] : []), routerWith(), readsByHand);
    const text = requestFor('gpt-oss:20b');
    const body = empty ? '' : header === '' ? text : gzipSync(text);
    const socket = await connect(port);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\n${header}transfer-encoding: chunked\r\n\r\n`);
    if (body.length > 0) socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write(body.length > 0 ? '\r\n0\r\n\r\n' : '0\r\n\r\n');
    expect(await until(socket, `LOCAL ${body.length}`)).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  describe.each([10, 300_000])('of %d bytes', (length) => {
    test.each([
      ['knows at once', () => Promise.resolve(true)],
      ['asks somebody', () => new Promise<boolean>((resolve) => setImmediate(resolve, true))],
    ])('can be read by `readable` behind a function for names that %s', async (_, localModels) => {
      const { url } = await serve(routerWith({ localModels }), readsByHand);
      const body = requestFor('my-bot:prod', { padding: 'x'.repeat(length) });
      const { text } = await ask(url + PATH, { headers: JSON_HEADERS, body });
      expect(text).toBe(`LOCAL ${body.length}`);
    });
  });

  test('bears no marks: nobody has read it, and who reads it is known to Node as its reader', async () => {
    const marksOf = async (...before: RequestHandler[]): Promise<unknown[]> => {
      const marks: unknown[] = [];
      let closed: Promise<unknown> | undefined;
      const reads: RequestHandler = (req, res) => {
        closed = once(req, 'close');
        marks.push(req.readableFlowing, req.readableDidRead, req.listenerCount('readable'));
        // A request that Node does not know as read is drained once more when it has been answered.
        res.on('close', () => marks.push((req as { _dumped?: boolean })._dumped));
        req.on('data', () => undefined).on('end', () => res.end('LOCAL'));
      };
      const server = await startHost(express().use(...before, reads));
      const socket = await connect(server.port);
      // Head and body in one piece, as small requests come.
      socket.write(wire(requestFor('gpt-oss:20b')));
      await until(socket, 'LOCAL');
      await closed;
      socket.destroy();
      await server.close();
      return marks;
    };
    expect(await marksOf()).toEqual([null, false, 0, false]);
    expect(await marksOf(routerWith())).toEqual([null, false, 0, false]);
  });

  test('does not stay on the connection where the host answers without reading it', async () => {
    const { port } = await serve(routerWith(), local);
    const socket = await connect(port);
    const body = requestFor('gpt-oss:20b', { padding: 'x'.repeat(300_000) });
    socket.write(wire(body) + wire(requestFor('qwen3:8b')));
    expect((await until(socket, 'LOCAL', 2)).match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    socket.destroy();
  });

  test.each<[string, RequestHandler]>([
    ['at once', local],
    ['later', (_req, res) => void setImmediate(() => res.end('LOCAL'))],
  ])(
    'does not stay on the connection where the rest of it comes behind the answer, given %s',
    async (_, answer) => {
      const { port } = await serve(routerWith(), answer);
      const socket = await connect(port);
      const whole = wire(requestFor('gpt-oss:20b', { padding: 'x'.repeat(300_000) }));
      const cut = whole.indexOf('padding');
      socket.write(whole.slice(0, cut));
      await until(socket, 'LOCAL');
      socket.write(whole.slice(cut) + wire(requestFor('qwen3:8b')));
      expect(await until(socket, 'LOCAL')).toMatch(/^HTTP\/1.1 200 OK/);
      socket.destroy();
    },
  );

  test.each([
    ['packed', true, undefined],
    ['that waits for the host’s own function', false, () => Promise.resolve(true)],
  ])(
    'is whole for a parser behind us where a listener before us counts bytes, %s',
    async (_, packed, localModels) => {
      const count: RequestHandler = (req, _res, next) => {
        req.on('data', () => undefined);
        next();
      };
      const echo: RequestHandler = (req, res) => void res.json(req.body);
      const options = localModels === undefined ? {} : { localModels };
      const { url } = await serve(count, routerWith(options), express.json({ limit: '1mb' }), echo);
      const body = requestFor(packed ? 'gpt-oss:20b' : 'my:bot', { padding: 'x'.repeat(200_000) });
      const headers = packed ? { ...JSON_HEADERS, 'content-encoding': 'gzip' } : JSON_HEADERS;
      const answer = await ask(url + PATH, { headers, body: packed ? gzipSync(body) : body });
      expect(answer.text).toBe(body);
    },
  );

  test('is left alone where it is packed and the host has it decoded to text', async () => {
    const decode: RequestHandler = (req, _res, next) => {
      req.setEncoding('utf8');
      next();
    };
    const { url } = await serve(decode, routerWith(), local);
    const headers = { ...JSON_HEADERS, 'content-encoding': 'gzip' };
    const answer = await ask(url + PATH, { headers, body: gzipSync(requestFor('openai:gpt-5.4')) });
    expect([answer.status, answer.text, cloud.calls]).toEqual([200, 'LOCAL', []]);
  });
});

describe('a request for a cloud', () => {
  const answering = async (): Promise<RawCloud> => {
    await cloud.close();
    cloud = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{}')));
    return cloud;
  };

  test.each(['Identity', 'IDENTITY', ''])('goes there where it says it is packed as %j', async (encoding) => {
    const { calls } = await answering();
    const { port } = await serve(routerWith(), local);
    const socket = await connect(port);
    socket.write(wire(requestFor('openai:gpt-5.4'), `content-encoding: ${encoding}\r\n`));
    expect(await until(socket, '{}')).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
    expect(calls.map(({ body }) => body)).toEqual([requestFor('gpt-5.4')]);
  });

  test('is seen as it was sent by who listens to its bytes', async () => {
    await answering();
    let seen = '';
    const listen: RequestHandler = (req, _res, next) => {
      const pieces: Buffer[] = [];
      req.on('data', (piece: Buffer) => pieces.push(piece));
      req.on('end', () => (seen = Buffer.concat(pieces).toString()));
      next();
    };
    const { url } = await serve(listen, routerWith());
    const body = requestFor('openai:gpt-5.4');
    expect((await ask(url + PATH, { headers: JSON_HEADERS, body })).text).toBe('{}');
    expect(seen).toBe(body);
  });

  test.each<[string, NonNullable<ProviderOptions['apiKey']>]>([
    ['at once', 'sk-test-0123456789'],
    ['later', () => new Promise((resolve) => setImmediate(resolve, 'sk-test-0123456789'))],
  ])('is whole where a listener before us counts bytes, and the key is known %s', async (_, apiKey) => {
    const { calls, url: baseUrl } = await answering();
    let seen = 0;
    const count: RequestHandler = (req, _res, next) => {
      req.on('data', (piece: Buffer) => (seen += piece.length));
      next();
    };
    const { url } = await serve(
      count,
      createPrefixRouter({ env: {}, providers: [openai({ apiKey, baseUrl })] }),
    );
    const body = requestFor('openai:gpt-5.4', { padding: 'x'.repeat(500_000) });
    expect((await ask(url + PATH, { headers: JSON_HEADERS, body })).text).toBe('{}');
    expect(calls.map((call) => call.body)).toEqual([requestFor('gpt-5.4', { padding: 'x'.repeat(500_000) })]);
    expect(seen).toBe(body.length);
  });

  test('keeps what the host has measured in `Server-Timing`, in front of what the router has', async () => {
    await answering();
    const { url } = await serve((_req, res, next) => {
      res.setHeader('Server-Timing', ['db;dur=5', 'cache;dur=1']);
      next();
    }, routerWith());
    const { headers } = await ask(url + PATH, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
    expect(headers['server-timing']).toMatch(
      /^db;dur=5, cache;dur=1, route;dur=[\d.]+, upstream;dur=[\d.]+$/,
    );
  });
});

test.each([
  ['openai:gpt-5.4', 'anthropic:claude-opus-5-5'],
  ['anthropic:claude-opus-5-5', 'openai:gpt-5.4'],
])('two routers in a row each take what is theirs: %s, %s', async (first, second) => {
  const to = { apiKey: 'sk-test-0123456789', baseUrl: cloud.url };
  const of = { openai: openai(to), anthropic: anthropic(to) };
  const [mine, other] = [first, second].map((model) => model.split(':')[0] as 'openai' | 'anthropic');
  const front = createPrefixRouter({
    env: {},
    providers: [of[mine as 'openai']],
    localModels: new RegExp(`^${other}:`),
  });
  router = createPrefixRouter({ env: {}, providers: [of[other as 'openai']] });
  const { url } = await serve(front, router, local);
  const asked = ask(url + PATH, { headers: JSON_HEADERS, body: requestFor(second) });
  const { head, socket } = await cloud.next();
  expect(head).toContain(other === 'openai' ? '/chat/completions' : '/messages');
  socket.write(httpAnswer(500, JSON_HEADERS, '{}'));
  expect((await asked).status).toBe(502);
  await front.close();
});

describe('behind a parser', () => {
  const large = { padding: 'x'.repeat(9_000) };

  test.each(['openai:gpt-5.4', 'google:gemini-3.8-flash', 'anthropic:claude-opus-5-5'])(
    'the limit holds for %s',
    async (model) => {
      const { url } = await serve(express.json({ limit: '1mb' }), routerWith({ bodyLimit: 2_000 }), local);
      const body = requestFor(model, large);
      const packed = { headers: { ...JSON_HEADERS, 'content-encoding': 'gzip' }, body: gzipSync(body) };
      const chunked = { headers: JSON_HEADERS, body: [Buffer.from(body)] };
      const asks = [{ headers: JSON_HEADERS, body }, packed, chunked];
      const answers = await Promise.all(asks.map((one) => ask(url + PATH, one)));
      expect(answers.map(({ status }) => status)).toEqual([413, 413, 413]);
      expect(cloud.calls).toEqual([]);
    },
  );

  const form =
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nopenai:whisper-1\r\n' +
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--b--\r\n';
  const formHeaders = { 'content-type': 'multipart/form-data; boundary=b' };

  test('a form that was kept as bytes goes to the cloud', async () => {
    const { url } = await serve(express.raw({ type: '*/*' }), routerWith(), local);
    const asked = ask(`${url}/v1/audio/transcriptions`, { headers: formHeaders, body: form });
    const { body, socket } = await cloud.next();
    expect(body).toBe(form.replace('openai:', ''));
    socket.write(httpAnswer(200, JSON_HEADERS, '{"text":"hi"}'));
    expect((await asked).text).toBe('{"text":"hi"}');
  });

  test('a form that was made into text is refused, and not given to a local model', async () => {
    const { url } = await serve(express.text({ type: '*/*' }), routerWith(), local);
    const answer = await ask(`${url}/v1/audio/transcriptions`, { headers: formHeaders, body: form });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      400,
      {
        error: expect.objectContaining({
          message:
            'This form was read before the router. Mount the router in front of the parser for multipart forms.',
        }),
      },
    ]);
  });
});

describe('pipelined requests', () => {
  test('when the client leaves, those that waited for their turn end as well', async () => {
    const records: CallRecord[] = [];
    const { port } = await serve(routerWith({ onCall: (record) => void records.push(record) }));
    const socket = await connect(port);
    socket.write(wire(requestFor('openai:gpt-5.4')) + wire(requestFor('openai:gpt-5.4-mini')));
    const calls = [await cloud.next(), await cloud.next()];
    socket.destroy();
    await Promise.all(calls.map(({ closed }) => closed));
    await router.close();
    expect(records.map(({ clientLeft }) => clientLeft)).toEqual([true, true]);
  });

  test('the same at a local node', async () => {
    const balancer = createLocalBalancer({ nodes: [`${cloud.url}/v1`] });
    routerWith();
    host = await startHost(express().use('/v1', balancer));
    const socket = await connect(host.port);
    socket.write(wire(requestFor('gpt-oss:20b')) + wire(requestFor('gpt-oss:20b')));
    const calls = [await cloud.next(), await cloud.next()];
    socket.destroy();
    await Promise.all(calls.map(({ closed }) => closed));
    expect(await balancer.close()).toBeUndefined();
  });

  test.each(['openai:gpt-5.4', 'gpt-oss:20b'])(
    'one that comes to us only after its client has left is not sent, %s',
    async (model) => {
      const balancer = createLocalBalancer({ nodes: [`${cloud.url}/v1`] });
      let arrived: () => void = () => undefined;
      const second = new Promise<void>((resolve) => (arrived = resolve));
      let count = 0;
      // As a host does that asks a database who it is.
      const slow: RequestHandler = (req, _res, next) => {
        count += 1;
        if (count === 1) return next();
        req.socket.once('close', () => setImmediate(next));
        arrived();
      };
      const app = express().use(express.json(), slow, routerWith());
      host = await startHost(app.use('/v1', balancer));
      const socket = await connect(host.port);
      socket.write(wire(requestFor(model)) + wire(requestFor(model)));
      const { closed } = await cloud.next();
      await second;
      socket.destroy();
      await closed;
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([router.close(), balancer.close()]);
      expect(cloud.calls).toHaveLength(1);
    },
  );

  test.each([10, 0])(
    'any number of them waits without a warning, and is answered in order, %d',
    async (allowed) => {
      const warnings: unknown[] = [];
      const warned = jest
        .spyOn(process, 'emitWarning')
        .mockImplementation((warning) => void warnings.push(warning));
      const answering = await startRawCloud(({ socket, body }) =>
        socket.write(httpAnswer(200, JSON_HEADERS, `{"n":${(JSON.parse(body) as { n: number }).n}}`)),
      );
      router = createPrefixRouter({
        env: {},
        providers: [openai({ apiKey: 'sk-test-0123456789', baseUrl: answering.url })],
      });
      const sockets = new Set<net.Socket>();
      const allow: RequestHandler = (req, _res, next) => {
        if (!sockets.has(req.socket)) sockets.add(req.socket.setMaxListeners(allowed));
        next();
      };
      const { port } = await serve(allow, router);
      const socket = await connect(port);
      const count = 15;
      socket.write(
        Array.from({ length: count }, (_, n) => wire(requestFor('openai:gpt-5.4', { n }))).join(''),
      );
      const text = await until(socket, `{"n":${count - 1}}`);
      expect(text.match(/\{"n":\d+\}/g)).toEqual(Array.from({ length: count }, (_, n) => `{"n":${n}}`));
      expect(warnings).toEqual([]);
      expect([...sockets].map((used) => used.getMaxListeners())).toEqual([allowed]);
      warned.mockRestore();
      socket.destroy();
      await answering.close();
    },
  );
});

test('a host that answers in our place while the model is still to come gets the rest of the request read', async () => {
  let answered = false;
  const timeOut: RequestHandler = (req, res, next) => {
    if (!answered) req.once('readable', () => setImmediate(() => void res.status(503).end('LATE')));
    answered = true;
    next();
  };
  const { port } = await serve(timeOut, routerWith(), local);
  const socket = await connect(port);
  const body = `{"padding":"${'x'.repeat(100_000)}","model":"openai:gpt-5.4","more":"${'x'.repeat(400_000)}"}`;
  const request = wire(body);
  socket.write(request.slice(0, 1_000));
  await until(socket, 'LATE');
  socket.write(request.slice(1_000) + wire(requestFor('gpt-oss:20b')));
  await until(socket, 'LOCAL');
  expect(cloud.calls).toEqual([]);
  socket.destroy();
});

test('a host that has sent headers gets an error, and no cloud is paid', async () => {
  const errors: unknown[] = [];
  const flush: RequestHandler = (_req, res, next) => {
    res.flushHeaders();
    next();
  };
  const onError: ErrorRequestHandler = (error, _req, res, _next) => {
    errors.push(error);
    res.end();
  };
  host = await startHost(express().use(flush, routerWith()).use(onError));
  await ask(host.url + PATH, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
  expect(errors.map(String)).toEqual(['Error: Headers were sent before the router: it cannot answer.']);
  expect(cloud.calls).toEqual([]);
});

test('the headers of an answer can be looked up when it is over', async () => {
  const seen: unknown[] = [];
  const log: RequestHandler = (_req, res, next) => {
    res.removeHeader('x-powered-by');
    res.on('finish', () => seen.push([res.getHeader('content-type'), res.getHeader('content-length')]));
    next();
  };
  const app = express().disable('x-powered-by').use(log, routerWith());
  host = await startHost(app);
  const asked = ask(host.url + PATH, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
  (await cloud.next()).socket.write(httpAnswer(200, JSON_HEADERS, '{"ok":true}'));
  await asked;
  expect(seen).toEqual([['application/json', '11']]);
});

test('a function for local models finds what the host keeps per request', async () => {
  const tenants = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const localModels = (): boolean => seen.push(tenants.getStore()) > 0;
  const { url } = await serve(
    (_req, _res, next) => tenants.run('tenant', next),
    routerWith({ localModels }),
    local,
  );
  await ask(url + PATH, { headers: JSON_HEADERS, body: requestFor('my:bot') });
  expect(seen).toEqual(['tenant']);
});

const CLOUD_REQUEST = requestFor('openai:gpt-5.4');
const CHUNKED = { ...JSON_HEADERS, 'transfer-encoding': 'chunked' };
test.each([
  ['small', 200, CLOUD_REQUEST, JSON_HEADERS],
  ['large', 200, requestFor('openai:gpt-5.4', { padding: 'x'.repeat(300_000) }), JSON_HEADERS],
  ['without its length', 200, CLOUD_REQUEST, CHUNKED],
  ['packed', 200, gzipSync(CLOUD_REQUEST), { ...JSON_HEADERS, 'content-encoding': 'gzip' }],
  ['refused', 400, requestFor('openai:'), JSON_HEADERS],
  ['refused, packed', 400, gzipSync(requestFor('openai:')), { ...JSON_HEADERS, 'content-encoding': 'gzip' }],
  ['with two models', 400, `${CLOUD_REQUEST.slice(0, -1)},"model":"x"}`, JSON_HEADERS],
])(
  'a request that a cloud gets comes to its end, and the host is told: one %s',
  async (_, status, body, headers) => {
    const answer = httpAnswer(200, JSON_HEADERS, '{"ok":true}');
    await cloud.close();
    cloud = await startRawCloud(({ socket }) => socket.write(answer));
    let closed: Promise<unknown> | undefined;
    const ends: string[] = [];
    const watch: RequestHandler = (req, _res, next) => {
      closed = once(req, 'close');
      req.on('end', () => ends.push('end'));
      next();
    };
    const { url } = await serve(watch, routerWith());
    expect((await ask(url + PATH, { headers, body })).status).toBe(status);
    await closed;
    expect(ends).toEqual(['end']);
  },
);

const DOWN = new Error('the database is down');
test.each([
  ['a promise', () => Promise.reject(DOWN)],
  ['another library’s promise', () => ({ then: (_: unknown, fail: (error: Error) => void) => fail(DOWN) })],
])('an async onCall may fail, %s', async (_, make) => {
  const told = make();
  const caught = jest.spyOn(told, 'then');
  const { url } = await serve(routerWith({ onCall: () => told as unknown as void }));
  const asked = ask(url + PATH, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
  (await cloud.next()).socket.write(httpAnswer(200, JSON_HEADERS, '{}'));
  await asked;
  await router.close();
  expect(caught).toHaveBeenCalledTimes(1);
});

describe('a path is the router’s in every form in which it is Express’s', () => {
  const post = (path: string): string => `POST ${path} HTTP/1.1\r\n`;

  test.each([
    ['/v1/chat/completions/', '/v1/chat/completions'],
    ['/V1/Chat/COMPLETIONS', '/v1/chat/completions'],
    ['/v1/chat/completions/?api-version=1', '/v1/chat/completions'],
    ['http://example.test/v1/embeddings', '/v1/embeddings'],
    ['http://example.test/V1/embeddings/?x', '/v1/embeddings'],
  ])('%s', async (path, asked) => {
    const answering = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{}')));
    router = createPrefixRouter({ env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: answering.url } });
    const { port } = await serve(router, local);
    const socket = await connect(port);
    socket.write(wire(requestFor('openai:gpt-5.4')).replace(post(PATH), post(path)));
    expect(await until(socket, '{}')).toMatch(/^HTTP\/1.1 200 OK/);
    expect(answering.calls.map(({ head }) => head.split(' ')[1])).toEqual([asked]);
    socket.destroy();
    await answering.close();
  });

  test.each(['/v1/chat//completions', '/v1/chat/completions/x', '/v1/chat/completions//', '*'])(
    '%s is not',
    async (path) => {
      const { port } = await serve(routerWith(), local);
      const socket = await connect(port);
      socket.write(wire(requestFor('openai:gpt-5.4')).replace(post(PATH), post(path)));
      expect(await until(socket, 'LOCAL')).toMatch(/^HTTP\/1.1 200 OK/);
      socket.destroy();
    },
  );

  test.each([
    'http://x/a/../v1/chat/completions',
    'http://x/./v1/chat/completions',
    'http://x/%2e/v1/chat/completions',
    'http://x/.%2E/v1/chat/completions',
    'http://x/.\\v1/chat/completions',
    'http:///x/v1/chat/completions',
    'http://x;y/v1/chat/completions',
    "http://a'b/v1/chat/completions",
    'http://x/a/../v0/status',
    'http://a:b/v1/chat/completions',
    'http://a:80b/v1/chat/completions',
    'http://a:b/v0/status',
    '/a/../v1/chat/completions',
    '/%761/chat/completions',
    '//v1/chat/completions',
  ])('nobody gets round a guard of the host by %s', async (path) => {
    const guard: RequestHandler = (_req, res) => void res.end('GUARD');
    const outer = express().use('/v1', guard).use('/v0', guard).use(routerWith(), local);
    host = await startHost(outer);
    const socket = await connect(host.port);
    socket.write(wire(requestFor('openai:gpt-5.4')).replace(post(PATH), post(path)));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    let text = '';
    for await (const piece of socket) text += String(piece);
    expect(text.match(/(GUARD|LOCAL|HTTP\/1.1 \d+)/g)).toEqual(
      // 404: what Node 26 does not read as a URL is nobody's for Express.
      expect.arrayContaining([expect.stringMatching(/GUARD|LOCAL|400|404/)]),
    );
    expect(text).not.toContain('"providers"');
    expect(cloud.calls).toEqual([]);
  });

  test.each([
    ['case sensitive routing', '/V1/chat/completions'],
    ['strict routing', '/v1/chat/completions/'],
  ])('with %s %s is another path', async (setting, path) => {
    const app = express()
      .enable(setting)
      .use(routerWith({ listLocalModels: () => [] }), local);
    host = await startHost(app);
    const answer = await ask(host.url + path, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
    expect(answer.text).toBe('LOCAL');
    for (const other of ['/v0/status', '/v1/models'])
      expect(
        await (
          await fetch(
            host.url +
              path
                .replace('/v1/chat/completions', other)
                .replace('/V1/chat/completions', other.toUpperCase()),
          )
        ).text(),
      ).toBe('LOCAL');
  });

  test('a status page at the root leaves all other paths to the host', async () => {
    const { url } = await serve(routerWith({ statusPath: '/' }), local);
    expect((await fetch(url)).headers.get('content-type')).toMatch(/json/);
    for (const path of ['/hello', '/v1/models', '/v0/status'])
      expect(await (await fetch(url + path)).text()).toBe('LOCAL');
  });

  test('a status page may be all there is at a mount', async () => {
    const { url } = await serve(express.Router().use('/health', routerWith({ statusPath: '/' })), local);
    for (const path of ['/health', '/health/'])
      expect((await fetch(url + path)).headers.get('content-type')).toMatch(/json/);
    expect(await (await fetch(`${url}/other`)).text()).toBe('LOCAL');
  });

  const mounts: [string, (app: Express, mounted: RequestHandler) => void][] = [
    ["use('/v1')", (app, mounted) => app.use('/v1', mounted)],
    ["use('/V1/')", (app, mounted) => app.use('/V1/', mounted)],
    ["use('/v1/chat')", (app, mounted) => app.use('/v1/chat', mounted)],
    ['use(its whole path)', (app, mounted) => app.use(PATH, mounted)],
    ['post(its whole path)', (app, mounted) => app.post(PATH, mounted)],
    ["use('/*all')", (app, mounted) => app.use('/*all', mounted)],
    ['use(a pattern)', (app, mounted) => app.use(/^\/v1/, mounted)],
    ['a Router', (app, mounted) => app.use('/v1', express.Router().use('/chat', mounted))],
  ];
  test.each(mounts)('mounted by %s', async (_, mount) => {
    const answering = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{}')));
    router = createPrefixRouter({ env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: answering.url } });
    for (const under of ['', '/llm', '/llm/v1']) {
      const app = express();
      const outer = express();
      mount(app, router);
      host = await startHost(outer.use(under === '' ? '/' : under, app.use(local)));
      const { text } = await ask(host.url + under + PATH, {
        headers: JSON_HEADERS,
        body: requestFor('openai:gpt-5.4'),
      });
      expect([under, text]).toEqual([under, '{}']);
      await host.close();
    }
    expect(answering.calls.map(({ head }) => head.split(' ')[1])).toEqual(Array(3).fill(PATH));
    await answering.close();
  });

  test.each([
    ['/v1', '/v1/v1/chat/completions'],
    ['/v1', '/v1/V1/chat/completions/'],
    ['/V1/', '/v1/v1/chat/completions'],
    ['/llm/v1', '/llm/v1/v1/chat/completions'],
    ['/v1/chat', '/v1/chat/v1/chat/completions'],
    ['/v1/chat/completions', '/v1/chat/completions/v1/chat/completions'],
    ['/v1', 'http://x/v1/v1/chat/completions'],
  ])('mounted at %s, nobody gets round a guard at the exact path by %s', async (at, path) => {
    const { port } = await serve(express.Router().use(at, routerWith({ listLocalModels: () => [] })), local);
    const socket = await connect(port);
    socket.write(wire(requestFor('openai:gpt-5.4')).replace(post(PATH), post(path)));
    expect(await until(socket, 'LOCAL')).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
    expect(cloud.calls).toEqual([]);
  });

  test.each(['/llm', '/llm/', '/v1x', '/v1/foo', '/V2'])(
    'mounted at %s, all paths are below it',
    async (at) => {
      const answering = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{}')));
      router = createPrefixRouter({
        env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: answering.url },
        listLocalModels: () => [],
      });
      const { url } = await serve(express.Router().use(at, router), local);
      const below = url + at.replace(/\/$/, '');
      const { text } = await ask(below + PATH, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
      const get = async (path: string): Promise<string> =>
        (await (await fetch(below + path)).text()).slice(0, 1);
      expect([text, await get('/v1/models'), await get('/v0/status')]).toEqual(['{}', '{', '{']);
      await answering.close();
    },
  );

  test('mounted at /v1, the lists are at their own paths alone', async () => {
    const { url } = await serve(
      express.Router().use('/v1', routerWith({ listLocalModels: () => [] })),
      local,
    );
    for (const path of ['/v1/v1/models', '/v1/v1/models/x', '/v1/V1/Models/'])
      expect([path, await (await fetch(url + path)).text()]).toEqual([path, 'LOCAL']);
  });

  test('under a mount, the rest of the path must be the router’s', async () => {
    const { url } = await serve(express.Router().use(['/v1', '/x/v1/chat'], routerWith()), local);
    const paths = ['/v1/foo/v1/chat/completions', '/v1/completions/chat', '/x/v1/chat/v0/x/completions'];
    for (const path of paths) {
      const { text } = await ask(url + path, { headers: JSON_HEADERS, body: requestFor('openai:gpt-5.4') });
      expect([path, text]).toEqual([path, 'LOCAL']);
    }
  });

  test.each(['/v1', '/*all'])('the lists too, mounted at %s', async (at) => {
    const entry = { id: 'llama', object: 'model', created: 1, owned_by: 'me' } as const;
    routerWith({ listLocalModels: () => [entry], providers: [openai()] });
    const { url } = await serve(express.Router().use(at, router), local);
    const get = async (path: string): Promise<string> => (await fetch(url + path)).text();
    expect(JSON.parse(await get('/v1/models'))).toEqual({ object: 'list', data: [entry] });
    expect(JSON.parse(await get('/v1/models/llama'))).toEqual(entry);
    expect((await get('/v0/status')).startsWith('{')).toBe(at === '/*all');
    expect(await get('/v1/modelsx')).toBe('LOCAL');
  });

  test.each(['/v0/status', '/V0/Status/', '/v1/models/', '/V1/Models', '/v1/MODELS/llama'])(
    'GET and HEAD of %s',
    async (path) => {
      const entry = { id: 'llama', object: 'model', created: 1, owned_by: 'me' } as const;
      const { url } = await serve(
        routerWith({ listLocalModels: () => [entry], providers: [openai()] }),
        local,
      );
      const [got, head] = [await fetch(url + path), await fetch(url + path, { method: 'HEAD' })];
      const text = await got.text();
      expect([got.status, text.startsWith('{'), head.status, await head.text()]).toEqual([
        200,
        true,
        200,
        '',
      ]);
      expect(head.headers.get('content-length')).toBe(String(text.length));
    },
  );
});

test.each([
  ['whole', (body: Buffer) => [body]],
  ['byte by byte', (body: Buffer) => Array.from(body, (byte) => Buffer.of(byte))],
])('a byte order mark is refused for a cloud and the host’s own otherwise, %s', async (_, cut) => {
  const seen: string[] = [];
  const keep: RequestHandler = (req, res) => {
    seen.push(String(req.body.model));
    res.end('LOCAL');
  };
  const { port } = await serve(routerWith(), express.json(), keep);
  const socket = await connect(port);
  const body = Buffer.from(`\ufeff${requestFor('gpt-oss:20b')}`);
  for (const piece of cut(Buffer.from(wire(body.toString())))) socket.write(piece);
  await until(socket, 'LOCAL');
  expect(seen).toEqual(['gpt-oss:20b']);
  for (const piece of cut(Buffer.from(wire(`\ufeff${requestFor('openai:gpt-5.4')}`)))) socket.write(piece);
  const answer = await until(socket, '}}');
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(answer).toContain('"message":"The request body is not valid JSON: byte order mark at byte 0."');
  socket.destroy();
  expect(cloud.calls).toEqual([]);
});
