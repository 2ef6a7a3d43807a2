/** R21, R22: a client that leaves takes the call to the cloud with it, in whatever phase, for every endpoint. */
import { once } from 'node:events';
import http, { type ClientRequest } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { ask } from '../support/http.ts';
import { chunk, STREAM_HEAD, type RawCall } from '../support/raw-cloud.ts';
import { CHATS, ENDPOINTS, goodHttp, STREAMS, WHOLE_ANSWERS, type EndpointCase } from './endpoints.ts';
import { expectNoBugs, expectGoodAnswer, expectWhole, mark, setUp, type Mark, type Setup } from './setup.ts';

const CONVERTED = CHATS.filter(({ relayed }) => !relayed);

let setup: Setup;

beforeAll(async () => {
  setup = await setUp();
});

afterEach(() => expectNoBugs(setup));

afterAll(() => setup.close());

interface Visit {
  readonly request: ClientRequest;
  readonly since: Mark;
  /** Settles with the first bytes of the answer's body. */
  readonly firstBytes: Promise<void>;
}

function visit({ path, cloud }: EndpointCase, body: string, length?: number): Visit {
  const since = mark(setup, cloud);
  const headers = {
    'content-type': 'application/json',
    ...(length !== undefined && { 'content-length': length }),
  };
  const request = http.request(setup.host.url + path, { method: 'POST', agent: false, headers });
  request.on('error', () => undefined);
  const firstBytes = new Promise<void>((resolve) => {
    request.on('response', (response) => {
      response.on('error', () => undefined);
      response.once('data', () => resolve());
    });
  });
  if (length === undefined) request.end(body);
  else request.write(body);
  return { request, since, firstBytes };
}

async function expectFreed({ since }: Visit, endpoint: EndpointCase, call: RawCall): Promise<void> {
  await call.closed;
  expect(setup.clouds[endpoint.cloud].open.size).toBe(0);
  expect(await since.record()).toMatchObject({ clientLeft: true, complete: false, errorCode: null });
  expect(since.calls()).toHaveLength(1);
}

test.each(ENDPOINTS)('R21: before the head of the answer, $name', async (endpoint) => {
  const visitor = visit(endpoint, JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  visitor.request.destroy();
  await expectFreed(visitor, endpoint, call);
  expect(visitor.since.records()[0]).toMatchObject({ status: 499, firstByteMs: undefined });
});

test.each(ENDPOINTS)('R21: between the head and the first byte, $name', async (endpoint) => {
  const visitor = visit(endpoint, JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  const head = endpoint.stream ? STREAM_HEAD : 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n';
  await new Promise<void>((resolve) => call.socket.write(head, () => resolve()));
  visitor.request.destroy();
  await expectFreed(visitor, endpoint, call);
});

test.each(STREAMS)('R22: in mid-stream, while the cloud is silent, $name', async (endpoint) => {
  const visitor = visit(endpoint, JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? ''));
  await visitor.firstBytes;
  visitor.request.destroy();
  await expectFreed(visitor, endpoint, call);
  expect(visitor.since.records()[0]).toMatchObject({ status: 200, stream: true });
});

test.each(STREAMS)('R22: in mid-stream, while the cloud goes on sending, $name', async (endpoint) => {
  const visitor = visit(endpoint, JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? ''));
  await visitor.firstBytes;
  const more = (): void => {
    if (!call.socket.destroyed) call.socket.write(chunk(': more\n\n'), () => setImmediate(more));
  };
  more();
  visitor.request.destroy();
  await expectFreed(visitor, endpoint, call);
});

test.each(WHOLE_ANSWERS)('R22: in the middle of a JSON answer, $name', async (endpoint) => {
  const visitor = visit(endpoint, JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  const half = `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${endpoint.good.join('').slice(0, 20)}`;
  await new Promise<void>((resolve) => call.socket.write(half, () => resolve()));
  if (endpoint.relayed) await visitor.firstBytes;
  visitor.request.destroy();
  await expectFreed(visitor, endpoint, call);
});

test.each(ENDPOINTS)(
  'R21: while it still sends: no complete request reaches the cloud, $name',
  async (endpoint) => {
    const text = JSON.stringify(endpoint.body);
    const arrived = new Promise<http.IncomingMessage>((resolve) =>
      setup.host.server.once('request', resolve),
    );
    const visitor = visit(endpoint, text.slice(0, -5), text.length);
    const request = await arrived;
    const closed = new Promise<void>((resolve) => request.socket.once('close', () => resolve()));
    visitor.request.destroy();
    await closed;
    expect(visitor.since.calls()).toEqual([]);
    await expectGoodAnswer(setup, endpoint);
  },
);

test.each(CONVERTED)('R21: while its compressed body is inflated, $name', async (endpoint) => {
  const since = mark(setup, endpoint.cloud);
  const packed = gzipSync(JSON.stringify(endpoint.body) + ' '.repeat(20_000_000));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const arrived = once(setup.host.server, 'request') as Promise<[http.IncomingMessage]>;
  const request = http.request(setup.host.url + endpoint.path, { method: 'POST', agent: false, headers });
  request.on('error', () => undefined);
  request.end(packed);
  const [{ socket }] = await arrived;
  const closed = once(socket, 'close');
  request.destroy();
  await closed;
  // The same again takes as long: when it is through, so is the one before it.
  const asked = ask(setup.host.url + endpoint.path, { headers, body: packed });
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(goodHttp(endpoint));
  expectWhole(endpoint, await asked);
  expect(since.calls()).toEqual([call]);
});

test.each(ENDPOINTS)(
  'R21: half a connection is no connection: its call is closed, $name',
  async (endpoint) => {
    const since = mark(setup, endpoint.cloud);
    const text = JSON.stringify(endpoint.body);
    const socket = net.connect(setup.host.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(
      `POST ${endpoint.path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
    const call = await setup.clouds[endpoint.cloud].next();
    socket.end();
    await call.closed;
    expect(since.calls()).toHaveLength(1);
    expect(await since.record()).toMatchObject({ clientLeft: true, complete: false });
    socket.destroy();
  },
);
