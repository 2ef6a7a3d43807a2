import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import { createLocalBalancer, type LocalBalancer } from '../../lib/local/index.ts';
import {
  closeAll,
  listen,
  refusingUrl,
  send,
  sendChat,
  sendJson,
  sha256,
  startHost,
  startNode,
  type TestServer,
} from './support.ts';

const CHAT = { model: 'llama', messages: [{ role: 'user', content: 'Hi' }] };

const NO_NODE = {
  error: {
    message: 'No local node that could serve this request accepts connections at the moment.',
    type: 'server_error',
    param: null,
    code: 'no_local_node',
  },
};

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

/** The responses of the hosts of this test, oldest first. */
const hostResponses: ServerResponse[] = [];

async function host(nodes: string[], timeouts = {}): Promise<TestServer & { balancer: LocalBalancer }> {
  const balancer = createLocalBalancer({ nodes, timeouts });
  const remember: RequestHandler = (_req, res, next) => {
    hostResponses.push(res);
    next();
  };
  return { ...(await startHost([remember, balancer])), balancer };
}

/** Lets time pass for the balancer. Whole milliseconds, so that sums of them are exact. */
function advance(milliseconds: number): void {
  const later = Math.ceil(performance.now()) + milliseconds;
  jest.spyOn(performance, 'now').mockImplementation(() => later);
}

/** Sets the clock on the wall, as NTP does; no time passes. */
function setClock(milliseconds: number): void {
  const { now } = Date;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
}

const HOUR_MS = 3_600_000;

function named(name: string) {
  return (_: unknown, res: ServerResponse): void => sendJson(res, { node: name });
}

describe('which node gets a request', () => {
  test('the one with the fewest open requests', async () => {
    const waiting: ServerResponse[] = [];
    const arrived = new EventTarget();
    const a = await startNode(['llama'], (_, res) => {
      waiting.push(res);
      arrived.dispatchEvent(new Event('a'));
    });
    const b = await startNode(['llama'], named('b'));
    const { url } = await host([a.url, b.url]);

    const atA = new Promise((resolve) => arrived.addEventListener('a', resolve, { once: true }));
    const first = sendChat(url, CHAT);
    await atA;
    const second = await sendChat(url, CHAT);
    expect(JSON.parse(second.text)).toEqual({ node: 'b' });

    sendJson(waiting[0] as ServerResponse, { node: 'a' });
    expect(JSON.parse((await first).text)).toEqual({ node: 'a' });
  });

  test('the first of those that are equally busy', async () => {
    const a = await startNode(['llama'], named('a'));
    const b = await startNode(['llama'], named('b'));
    const { url } = await host([a.url, b.url]);
    await sendChat(url, CHAT);
    await sendChat(url, CHAT);
    expect([a.received.length, b.received.length]).toEqual([2, 0]);
  });

  test('one that lists the model', async () => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode(['llama', 'more'], named('b'));
    const { url } = await host([a.url, b.url]);
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'b' });
    expect(a.received).toEqual([]);
  });

  test('any, if none lists the model', async () => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode([], named('b'));
    const { url } = await host([a.url, b.url]);
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'a' });
  });

  test('any, if the model cannot be read', async () => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode(['llama'], named('b'));
    const { url } = await host([a.url, b.url]);
    expect(JSON.parse((await sendChat(url, ['no', 'model'])).text)).toEqual({ node: 'a' });
  });

  test('one that lists the name with :latest behind it, as Ollama does', async () => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode(['llama:latest'], named('b'));
    const { url } = await host([a.url, b.url]);
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'b' });
  });

  test('the model is found behind the messages, too, and in a body that a parser has read', async () => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode(['llama'], named('b'));
    const reversed = { messages: [{ role: 'user', content: '"model":"other"' }], model: 'llama' };
    const balancer = createLocalBalancer({ nodes: [a.url, b.url] });
    for (const parsers of [
      [],
      [express.json()],
      [express.raw({ type: '*/*' })],
      [express.text({ type: '*/*' })],
    ]) {
      const { url } = await startHost([...parsers, balancer]);
      expect(JSON.parse((await sendChat(url, reversed)).text)).toEqual({ node: 'b' });
    }
  });

  const file = `--xYz\r\ncontent-disposition: form-data; name="file"; filename="model"\r\n\r\n${'{"model":"other"}\r\n--x'.repeat(9000)}\r\n`;
  const model = '--xYz\r\nContent-Disposition: form-data; name="model"\r\n\r\nllama\r\n';
  const type = 'multipart/form-data; boundary=xYz';
  test.each([
    ['model in front', [], type, model + file],
    ['model behind the file', [], type, file + model],
    ['model behind the file', [], 'Multipart/Form-Data; charset=utf-8; Boundary="xYz"', file + model],
    ['model and a parser before', [express.raw({ type: '*/*', limit: '1mb' })], type, file + model],
  ])('one that lists the model of a form: %s', async (_case, parsers, contentType, parts) => {
    const a = await startNode(['other'], named('a'));
    const b = await startNode(['llama']);
    const { url } = await startHost([...parsers, createLocalBalancer({ nodes: [a.url, b.url] })]);
    const bytes = Buffer.from(`${parts}--xYz--\r\n`);
    const headers = { 'content-type': contentType };
    for (const body of [bytes, [bytes.subarray(0, 70), bytes.subarray(70, 99_000), bytes.subarray(99_000)]]) {
      const answer = await send(`${url}/v1/audio/transcriptions`, { headers, body });
      expect(JSON.parse(answer.text)).toEqual({ sha256: sha256(bytes), length: bytes.length });
    }
    expect([a.received, b.received.map((received) => received.headers['content-type'])]).toEqual([
      [],
      [contentType, contentType],
    ]);
  });

  test.each([
    ['without a model', type, `${file}--xYz--\r\n`],
    ['that is broken', type, `${file}${model.slice(0, -4)}`],
    ['without a boundary', 'multipart/form-data', `${model}--xYz--\r\n`],
    ['that is compressed', type, gzipSync(`${model}--xYz--\r\n`)],
  ])('any for a form %s, which gets it byte for byte', async (_case, contentType, body) => {
    const a = await startNode(['other']);
    const b = await startNode(['llama']);
    const { url } = await host([a.url, b.url]);
    const encoding = Buffer.isBuffer(body) ? { 'content-encoding': 'gzip' } : {};
    const answer = await send(`${url}/v1/audio/transcriptions`, {
      headers: { 'content-type': contentType, ...encoding },
      body,
    });
    expect(JSON.parse(answer.text)).toEqual({ sha256: sha256(body), length: body.length });
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
  });
});

describe('the lists of models', () => {
  test('are fetched once for requests that come together, and kept for 60 seconds', async () => {
    const a = await startNode(['other']);
    const b = await startNode(['llama']);
    const { url } = await host([a.url, b.url]);
    await Promise.all([sendChat(url, CHAT), sendChat(url, CHAT), sendChat(url, CHAT)]);
    advance(59_000);
    await sendChat(url, CHAT);
    expect([a.listings(), b.listings()]).toEqual([1, 1]);
    advance(2_000);
    await sendChat(url, CHAT);
    expect([a.listings(), b.listings()]).toEqual([2, 2]);
    expect(b.received.length).toBe(5);
  });

  test('are not asked for with a single node', async () => {
    const a = await startNode(['other']);
    const { url } = await host([a.url]);
    expect((await sendChat(url, CHAT)).status).toBe(200);
    expect(a.listings()).toBe(0);
  });

  test('stay as they were known while a node does not answer, and are asked for again after 10 seconds', async () => {
    const a = await startNode(['other']);
    const lists = [{ data: [{ id: 'llama' }] }, { error: 'loading' }, { data: [{ id: 'qwen' }] }];
    const b = await startNode([], (_, res) => sendJson(res, lists.shift()));
    const { balancer } = await host([a.url, `${b.url}/sub`]);
    const ids = async () => (await balancer.listModels()).map(({ id }) => id);
    expect(await ids()).toEqual(['other', 'llama']);
    advance(60_000);
    expect(await ids()).toEqual(['other', 'llama']);
    advance(9_999);
    expect(await ids()).toEqual(['other', 'llama']);
    advance(1);
    expect(await ids()).toEqual(['other', 'qwen']);
    expect(b.received.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill('GET /sub/v1/models'),
    );
  });

  test('are left out when their node has not answered for 10 minutes, and are back when it does', async () => {
    const a = await startNode(['other']);
    const b = await startNode(['llama']);
    const { balancer } = await host([a.url, b.url]);
    const ids = async () => (await balancer.listModels()).map(({ id }) => id);
    advance(0);
    expect(await ids()).toEqual(['other', 'llama']);
    await b.close();
    advance(599_999);
    expect(await ids()).toEqual(['other', 'llama']);
    advance(10_000);
    expect(await ids()).toEqual(['other']);
    await startNode(['llama', 'new'], undefined, b.port);
    advance(10_000);
    expect(await ids()).toEqual(['other', 'llama', 'new']);
  });

  test('are used for a request however old they are, where nothing newer is known of a node', async () => {
    const a = await startNode(['other']);
    const b = await startNode(['llama'], named('b'));
    const { url } = await host([a.url, b.url]);
    await sendChat(url, CHAT);
    advance(24 * HOUR_MS);
    expect((await sendChat(url, CHAT)).text).toBe('{"node":"b"}');
    expect(a.received).toEqual([]);
  });

  test.each([-HOUR_MS, HOUR_MS])('are kept as long where the clock is set by %d ms', async (jump) => {
    const a = await startNode(['other']);
    const b = await startNode(['llama']);
    const { url } = await host([a.url, b.url]);
    await sendChat(url, CHAT);
    setClock(jump);
    await sendChat(url, CHAT);
    expect([a.listings(), b.listings()]).toEqual([1, 1]);
    advance(60_000);
    await sendChat(url, CHAT);
    expect([a.listings(), b.listings()]).toEqual([2, 2]);
  });

  test('are waited for, and a client that leaves meanwhile costs the node nothing', async () => {
    const waiting: ServerResponse[] = [];
    const events = new EventTarget();
    const slow = await listen((_req, res) => {
      waiting.push(res);
      events.dispatchEvent(new Event('asked'));
    });
    const b = await startNode(['llama']);
    const { url } = await host([slow.url, b.url]);
    const asked = once(events, 'asked');
    const left = new AbortController();
    const call = fetch(`${url}/v1/x`, { method: 'POST', body: JSON.stringify(CHAT), signal: left.signal });
    await asked;
    const closed = once(hostResponses.at(-1) as ServerResponse, 'close');
    left.abort();
    await expect(call).rejects.toThrow('aborted');
    await closed;
    for (const res of waiting) sendJson(res, { data: [] });
    await sendChat(url, { ...CHAT, second: true });
    expect(b.received.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown)).toEqual([
      { ...CHAT, second: true },
    ]);
  });

  test.each([
    ['has listed its models before', true],
    ['has never listed any', false],
  ])('hold up no request while a node hangs that %s', async (_case, listed) => {
    const a = await startNode(['llama'], named('a'));
    const answers = listed ? [{ data: [] }] : [];
    const hanging = await listen((_req, res) => {
      const answer = answers.shift();
      if (answer !== undefined) sendJson(res, answer);
    });
    const never = new AbortController().signal;
    const limit = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(never);
    // The healthy node is asked first. For one that hangs from the beginning the time is over at once, the first time.
    if (!listed) limit.mockReturnValueOnce(never).mockReturnValueOnce(AbortSignal.abort());
    const { url } = await host([a.url, hanging.url]);
    await sendChat(url, CHAT);
    advance(60_000);
    for (let i = 0; i < 2; i++) {
      const answer = await sendChat(url, CHAT);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { node: 'a' }]);
    }
    expect(a.received.length).toBe(3);
  });

  test('are fetched anew behind a request that goes on with what is known', async () => {
    const a = await startNode(['other'], named('a'));
    const lists = [{ data: [{ id: 'other' }] }, { data: [{ id: 'llama' }] }];
    const b = await startNode([], ({ method }, res) =>
      sendJson(res, method === 'GET' ? lists.shift() : { node: 'b' }),
    );
    const { url, balancer } = await host([a.url, `${b.url}/sub`]);
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'a' });
    advance(60_000);
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'a' });
    await balancer.listModels();
    expect(JSON.parse((await sendChat(url, CHAT)).text)).toEqual({ node: 'b' });
    expect(lists).toEqual([]);
  });

  test("become one list in OpenAI's form, each id once, without what is no model", async () => {
    const a = await startNode([], (_, res) =>
      sendJson(res, {
        object: 'list',
        data: [
          { id: 'one', object: 'model', created: 17, owned_by: 'me', max_model_len: 4096 },
          { id: 'two' },
        ],
      }),
    );
    const b = await startNode([], (_, res) =>
      sendJson(res, {
        data: [{ id: 'two', owned_by: 'b' }, { id: 3 }, null, 'four', { id: 'five', created: 'now' }],
      }),
    );
    const { balancer } = await host([`${a.url}/x`, `${b.url}/x`, await refusingUrl()]);
    expect(await balancer.listModels()).toEqual([
      { id: 'one', object: 'model', created: 17, owned_by: 'me', max_model_len: 4096 },
      { id: 'two', object: 'model', created: 0, owned_by: 'local' },
      { id: 'five', object: 'model', created: 0, owned_by: 'local' },
    ]);
  });
});

describe('a node that refuses connections', () => {
  test('is passed over: the next node gets the whole request', async () => {
    const b = await startNode([]);
    const { url } = await host([await refusingUrl(), b.url]);
    const answer = await sendChat(url, CHAT);
    expect(answer.status).toBe(200);
    expect(b.received.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as unknown)).toEqual([CHAT]);
  });

  test('gets no request for 10 seconds, and is tried again then', async () => {
    const down = await startNode(['llama']);
    const b = await startNode(['llama'], named('b'));
    const { url } = await host([down.url, b.url]);
    await sendChat(url, CHAT);
    await down.close();
    await sendChat(url, CHAT);

    await startNode(['llama'], named('back'), down.port);
    expect((await sendChat(url, CHAT)).text).toBe('{"node":"b"}');
    advance(10_000);
    expect((await sendChat(url, CHAT)).text).toBe('{"node":"back"}');
  });

  test.each([-HOUR_MS, HOUR_MS])('is left out as long where the clock is set by %d ms', async (jump) => {
    const url = await refusingUrl();
    const { url: at } = await host([url]);
    await sendChat(at, CHAT);
    setClock(jump);
    await startNode([], named('back'), Number(new URL(url).port));
    expect((await sendChat(at, CHAT)).status).toBe(503);
    advance(10_000);
    const answer = await sendChat(at, CHAT);
    expect([answer.status, answer.text]).toEqual([200, '{"node":"back"}']);
  });

  test('leaves 503 with Retry-After when it was the last one', async () => {
    const { url } = await host([await refusingUrl(), await refusingUrl()]);
    for (let i = 0; i < 2; i++) {
      const answer = await sendChat(url, CHAT);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([503, NO_NODE]);
      expect(Number(answer.headers['retry-after'])).toBe(10);
    }
    advance(7_500);
    expect((await sendChat(url, CHAT)).headers['retry-after']).toBe('3');
  });

  test('leaves 503 when no other node lists the model', async () => {
    const a = await startNode(['llama']);
    const b = await startNode(['other']);
    const { url } = await host([a.url, b.url]);
    expect((await sendChat(url, CHAT)).status).toBe(200);
    await a.close();
    const answer = await sendChat(url, CHAT);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([503, NO_NODE]);
    expect(b.received).toEqual([]);
  });

  test('is also one that accepts a connection and never finishes the TLS handshake', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const b = await startNode([], named('b'));
    const { url } = await host([`https://127.0.0.1:${port}`, b.url], { connectMs: 50 });
    // Without a model there is no list to wait for.
    expect((await sendChat(url, {})).text).toBe('{"node":"b"}');
    silent.close();
  });
});

describe('createLocalBalancer at start-up', () => {
  test('refuses an empty list', () => {
    expect(() => createLocalBalancer({ nodes: [] })).toThrow(
      new TypeError('createLocalBalancer needs at least one node: `nodes` is empty.'),
    );
  });

  test.each([
    ['localhost', 'is no URL'],
    ['', 'is no URL'],
    ['localhost:11434', 'is no http or https URL'],
    ['ftp://localhost', 'is no http or https URL'],
    ['http://user:secret@localhost', 'has credentials in it'],
    ['http://localhost/?key=secret', 'has a query or a fragment'],
    ['http://localhost/#x', 'has a query or a fragment'],
  ])('refuses %j: it %s', (node, what) => {
    expect(() => createLocalBalancer({ nodes: ['http://127.0.0.1:9', node] })).toThrow(
      new TypeError(
        `createLocalBalancer: node 2 of 2 ${what}. Expected something like http://127.0.0.1:11434.`,
      ),
    );
  });

  test.each([
    ['no options', [], 'undefined'],
    ['no nodes', [{}], 'undefined'],
    ['one node without a list', [{ nodes: 'http://user:secret@localhost' }], 'string'],
  ])('refuses %s, and says what a list looks like', (_case, args, kind) => {
    expect(() => Reflect.apply(createLocalBalancer, undefined, args)).toThrow(
      new TypeError(
        `createLocalBalancer: nodes must be a list of base URLs, e.g. ['http://127.0.0.1:11434']; got ${kind}.`,
      ),
    );
  });

  const RANGE = 'must be a whole number of milliseconds from 1 to 2147483647';
  test.each([
    [{ idleMs: Infinity }, `createLocalBalancer: timeouts.idleMs ${RANGE}; got Infinity.`],
    [{ idleMs: 2 ** 31 }, `createLocalBalancer: timeouts.idleMs ${RANGE}; got 2147483648.`],
    [{ connectMs: NaN }, `createLocalBalancer: timeouts.connectMs ${RANGE}; got NaN.`],
    [{ firstByteMs: 0 }, `createLocalBalancer: timeouts.firstByteMs ${RANGE}; got 0.`],
    [{ firstByteMs: -5 }, `createLocalBalancer: timeouts.firstByteMs ${RANGE}; got -5.`],
    [{ firstByteMs: 1.5 }, `createLocalBalancer: timeouts.firstByteMs ${RANGE}; got 1.5.`],
    [{ idleMs: '60000' }, `createLocalBalancer: timeouts.idleMs ${RANGE}; got '60000'.`],
    [{ idleMs: null }, `createLocalBalancer: timeouts.idleMs ${RANGE}; got null.`],
    [
      { idelMs: 5 },
      "createLocalBalancer: Unknown option 'idelMs' in timeouts. Known are connectMs, firstByteMs, idleMs.",
    ],
    [5, 'createLocalBalancer: timeouts must be an object, e.g. { idleMs: 60_000 }; got 5.'],
    [null, 'createLocalBalancer: timeouts must be an object, e.g. { idleMs: 60_000 }; got null.'],
    [[1], 'createLocalBalancer: timeouts must be an object, e.g. { idleMs: 60_000 }; got [ 1 ].'],
  ])('refuses the timeouts %p, and says what is wrong', (timeouts, message) => {
    const options = { nodes: ['http://127.0.0.1:9'], timeouts };
    expect(() => Reflect.apply(createLocalBalancer, undefined, [options])).toThrow(new TypeError(message));
  });

  const DEFAULTS = [10_000, 1_200_000, 300_000];
  test.each([
    [undefined, DEFAULTS],
    [{}, DEFAULTS],
    [{ connectMs: undefined, firstByteMs: undefined, idleMs: undefined }, DEFAULTS],
    [{ connectMs: 2_147_483_647, idleMs: undefined }, [2_147_483_647, 1_200_000, 300_000]],
    [{ firstByteMs: 1_000_000, idleMs: 200_000 }, [10_000, 1_000_000, 200_000]],
  ])('of the timeouts %p, those not given are the defaults', async (timeouts, expected) => {
    const node = await startNode([], named('a'));
    const options = { nodes: [node.url], timeouts };
    const balancer = Reflect.apply(createLocalBalancer, undefined, [options]) as LocalBalancer;
    const { url } = await startHost([balancer]);
    const timer = jest.spyOn(globalThis, 'setTimeout');
    expect((await sendChat(url, CHAT)).text).toBe('{"node":"a"}');
    expect(timer.mock.calls.map(([, milliseconds]) => milliseconds).filter((limit) => limit! > 9000)).toEqual(
      expected,
    );
  });
});
