import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { createLocalBalancer } from '../../lib/local/index.ts';
import { closeAll, HOSTS, listen, open, readAll, send, startHost, type TestServer } from './support.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const BODY = '{"model":"llama","stream":true}';

const IDLE_MS = 300_000;

/** Faked are the timers alone; what Node itself needs to run stays real. */
const NOT_TIMERS = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
] as const;

afterEach(async () => {
  jest.useRealTimers();
  await closeAll();
  await Promise.all(rawServers.splice(0).map((close) => close()));
});

interface Arrival {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Settles when the connection of this request has gone. */
  readonly closed: Promise<unknown>;
}

/** A node that answers nothing by itself: the test takes each request and writes. */
async function startSilentNode(): Promise<TestServer & { next(): Promise<Arrival> }> {
  const arrivals: Arrival[] = [];
  const events = new EventTarget();
  const server = await listen((req, res) => {
    arrivals.push({ req, res, closed: once(res, 'close') });
    events.dispatchEvent(new Event('arrival'));
  });
  return {
    ...server,
    async next() {
      if (arrivals.length === 0) await once(events, 'arrival');
      return arrivals.shift() as Arrival;
    },
  };
}

async function startBalanced(
  createHost: (typeof HOSTS)[number][1] = HOSTS[0][1],
): Promise<{ node: Awaited<ReturnType<typeof startSilentNode>>; url: string }> {
  const node = await startSilentNode();
  const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })], createHost);
  return { node, url };
}

async function nextChunk(stream: IncomingMessage): Promise<string> {
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return chunk.toString('utf8');
}

describe.each(HOSTS)('streaming in %s', (_, createHost) => {
  test('every event reaches the client before the next is written', async () => {
    const { node, url } = await startBalanced(createHost);
    const opened = open(url, { headers: JSON_TYPE, body: BODY });
    const { res } = await node.next();
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const answer = await opened;
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    for (const event of ['data: {"n":1}\n\n', 'data: {"n":', '2}\n\n', ': ping\n\n', 'data: [DONE]\n\n']) {
      res.write(event);
      expect(await nextChunk(answer)).toBe(event);
    }
    res.end();
    await readAll(answer);
    expect(answer.complete).toBe(true);
  });

  test('the request reaches the node while the client is still sending it', async () => {
    const { node, url } = await startBalanced(createHost);
    const request = httpRequest(url, { method: 'POST', headers: JSON_TYPE, agent: false });
    request.write('{"model":');
    const { req, res } = await node.next();
    expect(await nextChunk(req)).toBe('{"model":');
    request.write('"llama"');
    expect(await nextChunk(req)).toBe('"llama"');
    request.end('}');
    expect((await readAll(req)).toString()).toBe('}');
    res.end('done');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect((await readAll(answer)).toString()).toBe('done');
  });

  test("a client that leaves before the node has answered closes the node's request", async () => {
    const { node, url } = await startBalanced(createHost);
    const request = httpRequest(url, { method: 'POST', headers: JSON_TYPE, agent: false }).on(
      'error',
      () => {},
    );
    request.end(BODY);
    const { req, closed } = await node.next();
    await readAll(req);
    request.destroy();
    await closed;
    expect(req.complete).toBe(true);
  });

  test("a client that leaves while it sends closes the node's request", async () => {
    const { node, url } = await startBalanced(createHost);
    const request = httpRequest(url, { method: 'POST', headers: JSON_TYPE, agent: false }).on(
      'error',
      () => {},
    );
    request.write('{"model":');
    const { req, closed } = await node.next();
    req.on('error', () => {});
    await nextChunk(req);
    request.destroy();
    await closed;
    expect(req.complete).toBe(false);
  });

  test("a client that leaves in mid-stream closes the node's request, though the node is silent", async () => {
    const { node, url } = await startBalanced(createHost);
    const opened = open(url, { headers: JSON_TYPE, body: BODY });
    const { res, closed } = await node.next();
    res.write('data: 1\n\n');
    const answer = await opened;
    expect(await nextChunk(answer)).toBe('data: 1\n\n');
    answer.on('error', () => {}).destroy();
    await closed;
    expect(res.writableFinished).toBe(false);
  });

  test.each([
    ['in chunks', {}],
    ['with a length', { 'content-length': '1000' }],
  ])('a node that breaks off in mid-body (%s) is seen as broken by the client', async (_case, headers) => {
    const { node, url } = await startBalanced(createHost);
    const opened = open(url, { headers: JSON_TYPE, body: BODY });
    const { res } = await node.next();
    res.writeHead(200, { 'content-type': 'text/event-stream', ...headers }).write('data: {"half":');
    const answer = await opened;
    expect(await nextChunk(answer)).toBe('data: {"half":');
    const rest = readAll(answer);
    res.destroy();
    expect((await rest).toString()).toBe('');
    expect(answer.complete).toBe(false);
  });
});

describe('an answer', () => {
  test('that ends with the connection is whole', async () => {
    const node = await startRawNode((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end')),
    );
    const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })]);
    expect(await send(url, { headers: JSON_TYPE, body: BODY })).toMatchObject({
      status: 200,
      text: 'to the end',
      complete: true,
    });
  });

  test.each([200, 201, 204, 304, 400, 401, 404, 429, 500, 503])(
    '%d keeps its status and body',
    async (status) => {
      const { node, url } = await startBalanced();
      const sent = send(url, { headers: JSON_TYPE, body: BODY });
      const { res } = await node.next();
      const text = status === 204 || status === 304 ? '' : '{"error":"the words of the node"}';
      res.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' }).end(text);
      const answer = await sent;
      expect([answer.status, answer.text, answer.complete]).toEqual([status, text, true]);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'retry-after': '7' });
    },
  );

  test('to HEAD has the length and no body', async () => {
    const { node, url } = await startBalanced();
    const sent = send(url, { method: 'HEAD' });
    const { req, res } = await node.next();
    expect(req.method).toBe('HEAD');
    res.writeHead(200, { 'content-length': '1234' }).end();
    const answer = await sent;
    expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([200, '1234', '']);
  });

  test('to an HTTP/1.0 client comes without chunks, and the connection closes', async () => {
    const { node, url } = await startBalanced();
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    client.write('GET /v1/models/x HTTP/1.0\r\n\r\n');
    const { res } = await node.next();
    res.write('one ');
    res.end('two');
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(client, 'close');
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1\.1 200 OK\r\n(?!.*chunked).*\r\n\r\none two$/s,
    );
  });

  test('that comes before the request is whole leaves the connection usable', async () => {
    const { node, url } = await startBalanced();
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    client.write('POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\nfirst');
    const { req, res } = await node.next();
    expect(await nextChunk(req)).toBe('first');
    req.on('error', () => {});
    res.writeHead(413).end('too large');
    expect(await readUntil(client, 'too large')).toMatch(/^HTTP\/1\.1 413 /);

    client.write('x'.repeat(300_000 - 'first'.length));
    client.write('GET /v1/second HTTP/1.1\r\nhost: x\r\n\r\n');
    const second = await node.next();
    expect(second.req.url).toBe('/v1/second');
    second.res.end('second answer');
    expect(await readUntil(client, 'second answer')).toMatch(/^HTTP\/1\.1 200 /);
    client.destroy();
  });

  test('that the client does not read holds the node back, for as long as it likes, and is whole in the end', async () => {
    const { node, url } = await startBalanced();
    jest.useFakeTimers({ doNotFake: [...NOT_TIMERS] });
    const opened = open(url, { headers: JSON_TYPE, body: BODY });
    const { res } = await node.next();
    const total = 64 * 1024 * 1024;
    Readable.from(zeros(total)).pipe(res);
    const answer = await opened;
    await settled(() => res.socket?.bytesWritten ?? 0);
    expect(res.writableFinished).toBe(false);
    jest.advanceTimersByTime(IDLE_MS * 2);
    let size = 0;
    answer.on('data', (chunk: Buffer) => (size += chunk.length));
    await once(answer, 'close');
    expect([size, answer.complete]).toEqual([total, true]);
  });
});

describe('a node that falls silent', () => {
  test('before its answer: 504 after 20 minutes, and its request is closed', async () => {
    const { node, url } = await startBalanced();
    jest.useFakeTimers({ doNotFake: [...NOT_TIMERS] });
    const sent = send(url, { headers: JSON_TYPE, body: BODY });
    const { req, closed } = await node.next();
    await readAll(req);
    jest.advanceTimersByTime(1_199_999);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    await closed;
    const answer = await sent;
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      504,
      problem('timeout', 'did not answer in time'),
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("in its answer: the client's connection breaks after 5 minutes, and its request is closed", async () => {
    const { node, url } = await startBalanced();
    jest.useFakeTimers({ doNotFake: [...NOT_TIMERS] });
    const opened = open(url, { headers: JSON_TYPE, body: BODY });
    const { res, closed } = await node.next();
    res.write('data: 1\n\n');
    const answer = await opened;
    expect(await nextChunk(answer)).toBe('data: 1\n\n');
    jest.advanceTimersByTime(IDLE_MS - 1);
    res.write('data: 2\n\n');
    expect(await nextChunk(answer)).toBe('data: 2\n\n');
    jest.advanceTimersByTime(IDLE_MS - 1);
    res.write('data: 3\n\n');
    expect(await nextChunk(answer)).toBe('data: 3\n\n');
    jest.advanceTimersByTime(IDLE_MS - 1);
    const rest = readAll(answer);
    jest.advanceTimersByTime(1);
    await closed;
    expect((await rest).toString()).toBe('');
    expect(answer.complete).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('while the connection is made: the next one gets the request after 10 seconds', async () => {
    const silent = await startRawNode(() => {});
    const connected = once(silent.events, 'connection');
    const node = await startSilentNode();
    const nodes = [`https://127.0.0.1:${silent.port}`, node.url];
    const { url } = await startHost([createLocalBalancer({ nodes })]);
    jest.useFakeTimers({ doNotFake: [...NOT_TIMERS] });
    const sent = send(url, { headers: JSON_TYPE, body: '{}' });
    await connected;
    jest.advanceTimersByTime(10_000);
    (await node.next()).res.end('from the next');
    expect((await sent).text).toBe('from the next');
  });
});

describe('a node that fails before its answer', () => {
  test.each([
    ['closes the connection', (socket: Socket) => void socket.destroy(), 'broke off before it answered'],
    [
      'resets the connection',
      (socket: Socket) => void socket.resetAndDestroy(),
      'broke off before it answered',
    ],
    [
      'does not speak HTTP',
      (socket: Socket) => void socket.end('220 smtp ready\r\n'),
      'broke off before it answered',
    ],
    [
      'breaks off in the headers',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nx'),
      'broke off before it answered',
    ],
    [
      'switches the protocol',
      (socket: Socket) =>
        void socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      'broke off before it answered',
    ],
    [
      'answers with a status below 100',
      (socket: Socket) => void socket.end('HTTP/1.1 099 Strange\r\ncontent-length: 0\r\n\r\n'),
      'sent an answer that is no valid HTTP',
    ],
  ])('because it %s: 502', async (_case, answer, what) => {
    const node = await startRawNode((socket) => socket.once('data', () => answer(socket)));
    const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })]);
    const { status, text } = await send(url, { headers: JSON_TYPE, body: BODY });
    expect([status, JSON.parse(text)]).toEqual([502, problem('provider_error', what)]);
  });
});

function problem(code: string, what: string): object {
  return { error: { message: `The local node ${what}.`, type: 'server_error', param: null, code } };
}

function* zeros(total: number): Generator<Buffer> {
  const piece = Buffer.alloc(256 * 1024);
  for (let sent = 0; sent < total; sent += piece.length) yield piece;
}

/** Waits until a count has stopped: on loopback within one process every turn of the event loop moves bytes that can move. */
async function settled(count: () => number): Promise<void> {
  let last = -1;
  for (let quiet = 0; quiet < 200; quiet++) {
    if (count() !== last) quiet = 0;
    last = count();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads a socket up to and including `end`. */
async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = '';
  while (!text.includes(end)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

const rawServers: (() => Promise<void>)[] = [];

/** A TCP server on which a test writes what it likes. */
async function startRawNode(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; port: number; events: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rawServers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, events: server };
}
