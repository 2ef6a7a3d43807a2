/** R9, R13, R21: a large request goes out as a stream, and what holds for small ones holds for it too. */
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { httpAnswer } from '../support/raw-cloud.ts';
import { CHATS, ENDPOINTS, TITLES } from './endpoints.ts';
import { errorOf, expectGoodAnswer, expectNoBugs, mark, setUp, type Setup } from './setup.ts';

const LARGE = 'Grüße '.repeat(200_000);

let setup: Setup;

beforeAll(async () => {
  setup = await setUp();
});

afterEach(() => expectNoBugs(setup));

afterAll(() => setup.close());

/** The body of an endpoint with a megabyte in it. */
const large = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(body).replace('hello', LARGE)) as Record<string, unknown>;

test.each(ENDPOINTS)('R13: it arrives whole, once and with its length, $name', async (endpoint) => {
  const since = mark(setup, endpoint.cloud);
  const asked = setup.ask(endpoint, large(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(httpAnswer(429, {}, '{}'));
  expect((await asked).status).toBe(429);
  expect(call.head).toMatch(new RegExp(`^content-length: ${Buffer.byteLength(call.body)}$`, 'im'));
  expect(call.head).not.toMatch(/transfer-encoding/i);
  expect(JSON.stringify(JSON.parse(call.body))).toContain(LARGE);
  expect(since.calls()).toHaveLength(1);
  await expectGoodAnswer(setup, endpoint);
});

test.each(CHATS)('R9: nobody listens for it: 502 provider_unreachable, $name', async (endpoint) => {
  const deserted = await setUp();
  await deserted.clouds[endpoint.cloud].close();
  const answer = await deserted.ask(endpoint, large(endpoint.body));
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'provider_unreachable']);
  expect(deserted.bugs).toEqual([]);
  await deserted.close();
});

/** A cloud that takes a connection and reads nothing from it but the first bytes. */
async function startDeafCloud(): Promise<{ url: string; connection: Promise<Socket>; close(): void }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = once(server, 'connection').then(async (args) => {
    const [socket] = args as [Socket];
    socket.on('error', () => undefined);
    await once(socket, 'data');
    socket.pause();
    return socket;
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connection, close: () => void server.close() };
}

test.each(CHATS)('R9: a cloud that resets in the middle of it: 502, $name', async (endpoint) => {
  const deaf = await startDeafCloud();
  const host = await setUp({ urls: { [endpoint.cloud]: deaf.url } });
  const asked = host.ask(endpoint, large(endpoint.body));
  (await deaf.connection).resetAndDestroy();
  const answer = await asked;
  expect([answer.status, errorOf(answer)]).toEqual([
    502,
    {
      message: `${TITLES[endpoint.cloud]} closed the connection without a valid answer.`,
      type: 'server_error',
      param: null,
      code: 'provider_error',
      provider: endpoint.cloud,
    },
  ]);
  expect(answer.headers['x-should-retry']).toBe('false');
  expect(host.bugs).toEqual([]);
  deaf.close();
  await host.close();
});

test.each(CHATS)(
  'a client that leaves in the middle of it closes the connection, $name',
  async (endpoint) => {
    const deaf = await startDeafCloud();
    const host = await setUp({ urls: { [endpoint.cloud]: deaf.url } });
    const request = http.request(host.host.url + endpoint.path, { method: 'POST', agent: false });
    request.on('error', () => undefined);
    // Larger than all buffers on the way, so that it cannot have been sent whole.
    request.end(
      JSON.stringify({ ...endpoint.body, messages: [{ role: 'user', content: LARGE.repeat(16) }] }),
    );
    const connection = await deaf.connection;
    request.destroy();
    connection.resume();
    await once(connection, 'close');
    expect(await host.ended(1)).toMatchObject({ status: 499, clientLeft: true, complete: false });
    expect(host.bugs).toEqual([]);
    deaf.close();
    await host.close();
  },
);
