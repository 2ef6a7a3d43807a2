import express from 'express';
import http from 'node:http';
import {
  createPrefixRouter,
  openai,
  type CallRecord,
  type PrefixRouter,
  type ProviderOptions,
  type RouterOptions,
} from '../lib/index.ts';
import { ask, askJson, startHost, type Answer, type RunningHost } from './support/http.ts';
import {
  chunk,
  httpAnswer,
  LAST_CHUNK,
  startRawCloud,
  STREAM_HEAD,
  type RawCall,
  type RawCloud,
} from './support/raw-cloud.ts';

const KEY = 'sk-canary-openai-0123456789';
const CHAT = '/v1/chat/completions';
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Walk {
  readonly cloud: RawCloud;
  readonly host: RunningHost;
  readonly router: PrefixRouter;
  readonly records: CallRecord[];
  /** Settles with the next record. */
  readonly record: () => Promise<CallRecord>;
  readonly chat: (body?: object) => Promise<Answer>;
}

async function walk(answer?: (call: RawCall) => void, options: RouterOptions = {}): Promise<Walk> {
  const cloud = await startRawCloud(answer);
  const records: CallRecord[] = [];
  const waiting: ((record: CallRecord) => void)[] = [];
  const router = createPrefixRouter({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: cloud.url },
    onCall: (record) => {
      records.push(record);
      waiting.shift()?.(record);
    },
    ...options,
  });
  const app = express().use(router);
  const host = await startHost(app);
  closers.push(
    () => cloud.close(),
    () => router.close(),
    () => host.close(),
  );
  return {
    cloud,
    host,
    router,
    records,
    record: () => {
      const last = records.at(-1);
      return last !== undefined ? Promise.resolve(last) : new Promise((resolve) => waiting.push(resolve));
    },
    chat: (body = {}) => askJson(host.url + CHAT, { model: 'openai:gpt-5.4', messages: [], ...body }),
  };
}

function errorOf(answer: Answer): Record<string, unknown> {
  return (JSON.parse(answer.text) as { error: Record<string, unknown> }).error;
}

test('the cloud gets our key and the listed headers, nothing else of the client', async () => {
  const { host, cloud } = await walk(({ socket }) => socket.end(httpAnswer(200, {}, '{}')));
  await askJson(
    `${host.url}${CHAT}?key=1`,
    { model: 'openai:gpt-5.4' },
    {
      authorization: 'Bearer client-secret',
      'x-api-key': 'client-secret',
      cookie: 'session=client-secret',
      'x-forwarded-for': '10.0.0.1',
      'user-agent': 'client-secret',
      'openai-organization': 'client-org',
      'openai-beta': 'assistants=v2',
      'idempotency-key': 'idem-1',
      'x-client-request-id': 'mine-1',
      accept: 'application/json',
    },
  );
  const [call] = cloud.calls;
  const [requestLine, ...lines] = (call?.head ?? '').split('\r\n');
  expect(requestLine).toBe('POST /v1/chat/completions HTTP/1.1');
  expect(lines.toSorted()).toEqual(
    [
      `host: ${new URL(cloud.url).host}`,
      'connection: keep-alive',
      'content-type: application/json',
      'accept-encoding: identity',
      'user-agent: llm-prefix-router/0.1.0',
      'accept: application/json',
      'openai-beta: assistants=v2',
      'idempotency-key: idem-1',
      'x-client-request-id: mine-1',
      `authorization: Bearer ${KEY}`,
      'content-length: 19',
    ].toSorted(),
  );
  expect(call?.body).toBe('{"model":"gpt-5.4"}');
});

test('the client gets the bytes of the answer, its listed headers and ours, nothing else of the cloud', async () => {
  const body = '{"id":"x", "model":"gpt-5.4-2026-01-01","choices":[ ]}\n';
  const { chat } = await walk(({ socket }) =>
    socket.end(
      httpAnswer(
        200,
        {
          'content-type': 'application/json',
          'x-request-id': 'req_1',
          'openai-processing-ms': '7',
          'openai-version': '2020-10-01',
          'x-ratelimit-remaining-requests': '9',
          'openai-organization': 'operator-org',
          'set-cookie': 'upstream=1',
          authorization: `Bearer ${KEY}`,
          server: 'cloudflare',
        },
        body,
      ),
    ),
  );
  const answer = await chat();
  expect([answer.status, answer.text]).toEqual([200, body]);
  const { 'server-timing': timing, date, 'x-powered-by': _express, ...headers } = answer.headers;
  expect(headers).toEqual({
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-request-id': 'req_1',
    'openai-processing-ms': '7',
    'openai-version': '2020-10-01',
    'x-ratelimit-remaining-requests': '9',
    'x-prefix-router-provider': 'openai',
    connection: 'close',
  });
  expect(date).toBeDefined();
  expect(timing).toMatch(/^route;dur=\d+\.\d, upstream;dur=\d+\.\d$/);
});

test('a stream passes byte for byte, each piece before the next is sent', async () => {
  const { cloud, host, record } = await walk();
  const pieces = [
    'data: {"a":"Gr',
    Buffer.from('ü').subarray(0, 1),
    Buffer.from('ü').subarray(1),
    'ße"}\n',
    '\ndata: [DONE]\n\n',
  ];
  const received: Buffer[] = [];
  let wake: () => void = () => undefined;
  const done = new Promise<http.IncomingMessage>((resolve) => {
    const request = http.request(host.url + CHAT, { method: 'POST', agent: false }, (response) => {
      response.on('data', (piece: Buffer) => {
        received.push(piece);
        wake();
      });
      response.on('end', () => resolve(response));
    });
    request.end('{"model":"openai:gpt-5.4","stream":true}');
  });
  const call = await cloud.next();
  call.socket.write(STREAM_HEAD);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string);
    const arrived = new Promise<void>((resolve) => (wake = resolve));
    call.socket.write(`${bytes.length.toString(16)}\r\n`);
    call.socket.write(bytes);
    call.socket.write('\r\n');
    await arrived;
    expect(received.at(-1)).toEqual(bytes);
  }
  call.socket.write(LAST_CHUNK);
  const response = await done;
  expect(response.headers['cache-control']).toBe('no-cache, no-transform');
  expect(response.headers['x-accel-buffering']).toBe('no');
  expect(Buffer.concat(received).toString()).toBe('data: {"a":"Grüße"}\n\ndata: [DONE]\n\n');
  expect(await record()).toMatchObject({
    stream: true,
    complete: true,
    errorCode: null,
    status: 200,
    clientLeft: false,
  });
});

describe('errors of the cloud', () => {
  test.each([400, 403, 404])('%d in OpenAI’s form keeps its bytes', async (status) => {
    const body = '{ "error": {"message":"bad","type":"invalid_request_error","param":"x","code":null} }';
    const { chat } = await walk(({ socket }) =>
      socket.end(httpAnswer(status, { 'x-request-id': 'r' }, body)),
    );
    const answer = await chat();
    expect([answer.status, answer.text, answer.headers['x-request-id']]).toEqual([status, body, 'r']);
  });

  test.each([
    ['{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}', 'model_not_found'],
    ['{"error":{"message":"no","type":"invalid_request_error","code":null}}', 'invalid_request_error'],
    ['{"error":{"message":"no"}}', 'request_refused'],
    [`{"error":{"message":"no","type":"x y","code":"${'x'.repeat(65)}"}}`, 'request_refused'],
    [`{"error":{"message":"no","type":"t","code":"${KEY}"}}`, 't'],
  ])('what passes has a code in the record, %s', async (body, errorCode) => {
    const { chat, record } = await walk(({ socket }) => socket.end(httpAnswer(404, {}, body)));
    await chat();
    expect(await record()).toMatchObject({ status: 404, errorCode, complete: true });
  });

  test('a refused key is told without a word of the cloud', async () => {
    const body = `{"error":{"message":"Incorrect API key provided: ${KEY}.","type":"invalid_request_error","code":"invalid_api_key"}}`;
    const { chat } = await walk(({ socket }) => socket.end(httpAnswer(401, {}, body)));
    const answer = await chat();
    expect(answer.status).toBe(401);
    expect(errorOf(answer)).toEqual({
      message: 'OpenAI refused the API key of this server. Check OPENAI_API_KEY.',
      type: 'authentication_error',
      param: null,
      code: 'provider_key_invalid',
      provider: 'openai',
      provider_error: { status: 401 },
    });
  });

  test('an answer that repeats the key reaches the client without it', async () => {
    const body = `{"error":{"message":"no model for ${KEY}","type":"x","code":null}}`;
    const { chat } = await walk(({ socket }) => socket.end(httpAnswer(404, {}, body)));
    expect((await chat()).text).toBe('{"error":{"message":"no model for ***","type":"x","code":null}}');
  });

  test.each<[string, Record<string, string>, string, string, string | undefined]>([
    [
      'seconds',
      { 'retry-after': '60' },
      'slow down',
      'Rate limit exceeded. Please retry after 60 seconds.',
      '60',
    ],
    [
      'milliseconds',
      { 'retry-after-ms': '1500' },
      'slow',
      'Rate limit exceeded. Please retry after 2 seconds.',
      '2',
    ],
    ['words', {}, 'Please try again in 1m2.5s.', 'Rate limit exceeded. Please retry after 63 seconds.', '63'],
    ['no delay', {}, 'slow down', 'Rate limit exceeded. Please retry later.', undefined],
  ])('a rate limit with %s', async (_what, headers, message, sentence, retryAfter) => {
    const body = JSON.stringify({ error: { message, type: 'tokens', code: 'rate_limit_exceeded' } });
    const { chat, cloud } = await walk(({ socket }) => socket.end(httpAnswer(429, headers, body)));
    const answer = await chat();
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, retryAfter]);
    expect(errorOf(answer)).toEqual({
      message: sentence,
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limited',
      provider: 'openai',
      provider_error: { status: 429, type: 'tokens', code: 'rate_limit_exceeded', message },
    });
    expect(cloud.calls).toHaveLength(1);
  });

  test('a used-up quota is told so that no SDK tries again', async () => {
    const body =
      '{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}';
    const { chat } = await walk(({ socket }) => socket.end(httpAnswer(429, {}, body)));
    const answer = await chat();
    expect([answer.status, answer.headers['x-should-retry'], errorOf(answer)['code']]).toEqual([
      429,
      'false',
      'insufficient_quota',
    ]);
  });

  test.each([
    [500, 502, 'provider_error'],
    [502, 502, 'provider_error'],
    [503, 503, 'provider_overloaded'],
    [529, 503, 'provider_overloaded'],
    [504, 504, 'timeout'],
    [402, 402, 'insufficient_quota'],
    [413, 413, 'request_too_large'],
    [403, 403, 'permission_denied'],
    [409, 409, null],
    [422, 422, null],
    [301, 502, 'provider_error'],
    [302, 502, 'provider_error'],
    [308, 502, 'provider_error'],
  ])('HTTP %d with a page of HTML is %d %s', async (status, ours, code) => {
    const { chat, cloud } = await walk(({ socket }) =>
      socket.end(
        httpAnswer(
          status,
          { 'content-type': 'text/html', location: 'http://127.0.0.1:9/' },
          '<html>Oops</html>',
        ),
      ),
    );
    const answer = await chat();
    expect([answer.status, errorOf(answer)['code'], answer.headers['location']]).toEqual([
      ours,
      code,
      undefined,
    ]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(cloud.calls).toHaveLength(1);
  });
});

describe('a broken answer never looks whole', () => {
  test('nobody listens: 502, and the host is not named', async () => {
    const { chat, cloud } = await walk();
    await cloud.close();
    const answer = await chat();
    expect(answer.status).toBe(502);
    expect(errorOf(answer)).toEqual({
      message: 'OpenAI could not be reached.',
      type: 'server_error',
      param: null,
      code: 'provider_unreachable',
      provider: 'openai',
    });
    expect(answer.headers['x-should-retry']).toBeUndefined();
  });

  test.each<[string, (call: RawCall) => void]>([
    ['closed without a word', ({ socket }) => socket.end()],
    ['reset', ({ socket }) => socket.resetAndDestroy()],
    ['not HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')],
    ['half a head', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['a head and no body', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n')],
    [
      'a wrong chunk size first',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
    ],
    [
      'two lengths',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'),
    ],
    ['a stream without an event', ({ socket }) => socket.end(STREAM_HEAD)],
  ])('%s is 502 provider_error, and no SDK may try again', async (_what, fault) => {
    const { chat, cloud } = await walk(fault);
    const answer = await chat();
    expect([answer.status, errorOf(answer)['code'], answer.headers['x-should-retry']]).toEqual([
      502,
      'provider_error',
      'false',
    ]);
    expect(cloud.calls).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['by length', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id":'],
    [
      'by chunks',
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk('{"id":')}`,
    ],
  ])('JSON that is cut in the middle, framed %s, is cut for the client too', async (_what, text) => {
    const { host, record } = await walk(({ socket }) => socket.end(text));
    const answer = await askJson(host.url + CHAT, { model: 'openai:gpt-5.4' });
    expect([answer.status, answer.text, answer.cut]).toEqual([200, '{"id":', true]);
    expect(await record()).toMatchObject({
      complete: false,
      clientLeft: false,
      errorCode: 'stream_interrupted',
    });
  });

  test('a stream that is cut between events ends in an error event', async () => {
    const { chat } = await walk(({ socket }) => socket.end(STREAM_HEAD + chunk('data: {"a":1}\n\n')));
    const answer = await chat();
    expect(answer.cut).toBe(false);
    expect(answer.text).toBe(
      'data: {"a":1}\n\ndata: {"error":{"message":"OpenAI broke off before the answer was complete.",' +
        '"type":"server_error","param":null,"code":"stream_interrupted","provider":"openai"}}\n\n',
    );
  });

  test('a stream that is cut inside an event is cut for the client', async () => {
    const { chat } = await walk(({ socket }) =>
      socket.end(STREAM_HEAD + chunk('data: {"a":1}\n\ndata: {"b')),
    );
    expect(await chat()).toMatchObject({ cut: true, text: 'data: {"a":1}\n\ndata: {"b' });
  });

  test('a stream that ends in order but without [DONE] ends in an error event', async () => {
    const { chat } = await walk(({ socket }) =>
      socket.end(STREAM_HEAD + chunk('data: {"a":1}\r\n\r\n') + LAST_CHUNK),
    );
    expect((await chat()).text).toBe(
      'data: {"a":1}\r\n\r\ndata: {"error":{"message":"OpenAI ended the stream before the answer was complete.",' +
        '"type":"server_error","param":null,"code":"stream_interrupted","provider":"openai"}}\n\n',
    );
  });

  test('bytes behind the announced length reach nobody', async () => {
    let call = 0;
    const { chat, cloud } = await walk(({ socket }) => {
      call += 1;
      socket.write(
        httpAnswer(200, {}, `{"n":${call}}`) + 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"n":9}',
      );
    });
    expect((await chat()).text).toBe('{"n":1}');
    expect((await chat()).text).toBe('{"n":2}');
    expect(cloud.calls).toHaveLength(2);
  });

  test('early hints before the answer are skipped', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';
    const { chat } = await walk(({ socket }) => socket.end(hints + httpAnswer(200, {}, '{"a":1}')));
    expect(await chat()).toMatchObject({ status: 200, text: '{"a":1}' });
  });
});

describe('limits of time', () => {
  test('no answer: 504, and the connection is closed', async () => {
    const { chat, cloud } = await walk(undefined, { timeouts: { firstByteMs: 50 } });
    const answer = chat();
    const call = await cloud.next();
    expect(errorOf(await answer)).toEqual({
      message: 'OpenAI sent no answer within 50 ms.',
      type: 'server_error',
      param: null,
      code: 'timeout',
      provider: 'openai',
    });
    expect((await answer).status).toBe(504);
    expect((await answer).headers['x-should-retry']).toBe('false');
    await call.closed;
  });

  test('a stream that falls silent ends in an error event', async () => {
    const { chat, cloud } = await walk(({ socket }) => socket.write(STREAM_HEAD + chunk('data: {}\n\n')), {
      timeouts: { idleMs: 50 },
    });
    const answer = await chat();
    expect(answer.text).toBe(
      'data: {}\n\ndata: {"error":{"message":"OpenAI stopped sending in the middle of its answer for 50 ms.",' +
        '"type":"server_error","param":null,"code":"timeout","provider":"openai"}}\n\n',
    );
    await cloud.calls[0]?.closed;
  });
});

describe('a client that leaves closes the call to the cloud', () => {
  function start(url: string): http.ClientRequest {
    const request = http.request(url + CHAT, { method: 'POST', agent: false });
    request.on('error', () => undefined);
    request.end('{"model":"openai:gpt-5.4","stream":true}');
    return request;
  }

  test('before the answer’s head', async () => {
    const { cloud, host, record } = await walk();
    const request = start(host.url);
    const call = await cloud.next();
    request.destroy();
    await call.closed;
    expect(await record()).toMatchObject({
      status: 499,
      clientLeft: true,
      complete: false,
      firstByteMs: undefined,
    });
  });

  test('after the head, before the first event', async () => {
    const { cloud, host, record } = await walk();
    const request = start(host.url);
    const call = await cloud.next();
    await new Promise<void>((resolve) => call.socket.write(STREAM_HEAD, () => resolve()));
    request.destroy();
    await call.closed;
    expect(await record()).toMatchObject({ clientLeft: true, complete: false });
  });

  test('in mid-stream, while the cloud is silent', async () => {
    const { cloud, host, record } = await walk();
    const request = start(host.url);
    const call = await cloud.next();
    const first = new Promise<void>((resolve) =>
      request.on('response', (response) => response.once('data', () => resolve())),
    );
    call.socket.write(STREAM_HEAD + chunk('data: {}\n\n'));
    await first;
    request.destroy();
    await call.closed;
    expect(await record()).toMatchObject({
      status: 200,
      stream: true,
      clientLeft: true,
      complete: false,
      bytes: 10,
    });
  });

  test('while the request is still being sent: no complete request reaches the cloud', async () => {
    const { cloud, host } = await walk();
    const request = http.request(host.url + CHAT, { method: 'POST', agent: false });
    request.on('error', () => undefined);
    const closed = new Promise<void>((resolve) =>
      host.server.once('connection', (socket) => socket.once('close', () => resolve())),
    );
    request.write('{"model":"openai:gpt-5.4","messages":[');
    await new Promise<void>((resolve) => host.server.once('request', () => resolve()));
    request.destroy();
    await closed;
    expect(cloud.calls).toHaveLength(0);
  });
});

test('a client that has left before its call begins costs nothing and holds up no shutdown', async () => {
  const cloud = await startRawCloud();
  const router = createPrefixRouter({ env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: cloud.url } });
  closers.push(() => cloud.close());
  const app = express();
  app.use(express.json());
  const handedOn = new Promise<void>((resolve) => {
    app.use((_req, res, next) => {
      res.once('close', () => {
        next();
        resolve();
      });
      res.destroy();
    });
  });
  app.use(router);
  const host = await startHost(app);
  closers.push(() => host.close());
  await expect(askJson(host.url + CHAT, { model: 'openai:gpt-5.4' })).rejects.toThrow('socket hang up');
  await handedOn;
  await router.close();
  expect(cloud.calls).toHaveLength(0);
});

test('a client that reads slowly holds the cloud back and gets every byte', async () => {
  const total = 48 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  const { cloud, host } = await walk();
  const response = await new Promise<http.IncomingMessage>((resolve) => {
    http
      .request(host.url + CHAT, { method: 'POST', agent: false }, resolve)
      .end('{"model":"openai:gpt-5.4"}');
    void cloud.next().then(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      const pump = (): void => {
        while (sent < total) {
          sent += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', pump);
        }
      };
      pump();
    });
  });
  // Nobody reads: what is under way fits into the buffers of two sockets, whatever their size on this system.
  const stalled = await untilStill(() => sent);
  expect(stalled).toBeLessThan(total / 2);
  let received = 0;
  for await (const bytes of response) received += (bytes as Buffer).length;
  expect([received, sent]).toEqual([total, total]);
});

/** Waits until a figure no longer changes over many turns of the event loop. */
async function untilStill(read: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 2000; still += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() !== last) still = 0;
    last = read();
  }
  return last;
}

test('close() lets no new call in, waits for the open one, then closes the connections', async () => {
  const { cloud, host, router, chat } = await walk();
  const open = chat();
  const call = await cloud.next();
  const closed = router.close();
  const late = await askJson(host.url + CHAT, { model: 'openai:gpt-5.4' });
  expect([late.status, late.headers['retry-after'], errorOf(late)['code']]).toEqual([
    503,
    '5',
    'shutting_down',
  ]);
  call.socket.write(httpAnswer(200, {}, '{"a":1}'));
  expect((await open).text).toBe('{"a":1}');
  await closed;
  await call.closed;
  expect(cloud.calls).toHaveLength(1);
});

const SET_VARIABLE = 'Set OPENAI_API_KEY where this server runs, and start it again.';
const GIVE_OPTION = "The host's apiKey option is blank. Give it a key, and start this server again.";
const MEND_FUNCTION =
  "The host's apiKey function gave no key for this call: it failed, or gave nothing that can be one.";

const keyMissing = (hint: string): object => ({
  message: 'OpenAI API key not configured',
  type: 'authentication_error',
  param: null,
  code: 'api_key_missing',
  hint,
});

test.each<[string, unknown, string]>([
  ['no variable', undefined, SET_VARIABLE],
  ['a blank option', ' ', GIVE_OPTION],
  ['a function that gives undefined', () => undefined, MEND_FUNCTION],
  ['a function that gives null', () => Promise.resolve(null), MEND_FUNCTION],
  ['a function that gives a blank', () => ' ', MEND_FUNCTION],
  ['a function that gives a number', () => 5, MEND_FUNCTION],
  ['a function that gives half a key', () => 'broken\nkey', MEND_FUNCTION],
  [
    'a function that throws',
    () => {
      throw new Error('vault down');
    },
    MEND_FUNCTION,
  ],
  ['a function that rejects', () => Promise.reject(new Error('vault down')), MEND_FUNCTION],
])(
  'no key, from %s: 401 in the quick start’s words with what to do, and nothing is sent',
  async (_source, apiKey, hint) => {
    const cloud = await startRawCloud();
    const router = createPrefixRouter({
      env: { OPENAI_BASE_URL: cloud.url },
      providers: [openai({ apiKey } as ProviderOptions)],
    });
    const host = await startHost(express().use(router));
    closers.push(
      () => cloud.close(),
      () => router.close(),
      () => host.close(),
    );
    const answer = await askJson(host.url + CHAT, { model: 'openai:gpt-5.4' });
    expect([answer.status, errorOf(answer)]).toEqual([401, keyMissing(hint)]);
    expect(cloud.calls).toHaveLength(0);
  },
);

describe('a function for the key that never settles', () => {
  const never = (): Promise<string> => new Promise(() => undefined);

  test('holds up a call no longer than a connection may take', async () => {
    const timeouts = { connectMs: 50 };
    const router = createPrefixRouter({ env: {}, providers: [openai({ apiKey: never, timeouts })] });
    const host = await startHost(express().use(router));
    closers.push(
      () => router.close(),
      () => host.close(),
    );
    const answer = await askJson(host.url + CHAT, { model: 'openai:gpt-5.4' });
    expect([answer.status, errorOf(answer)]).toEqual([401, keyMissing(MEND_FUNCTION)]);
  });

  test('ends with its client, and holds up no close', async () => {
    const records: CallRecord[] = [];
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const apiKey = (): Promise<string> => {
      asked();
      return never();
    };
    const router = createPrefixRouter({
      env: {},
      providers: [openai({ apiKey })],
      onCall: (record) => void records.push(record),
    });
    const host = await startHost(express().use(router));
    closers.push(() => host.close());
    const leaver = new AbortController();
    const left = fetch(host.url + CHAT, {
      method: 'POST',
      body: JSON.stringify({ model: 'openai:gpt-5.4' }),
      signal: leaver.signal,
    }).catch(({ name }: Error) => name);
    await isAsked;
    leaver.abort();
    expect(await left).toBe('AbortError');
    await router.close();
    expect(records.map(({ status, clientLeft, complete }) => [status, clientLeft, complete])).toEqual([
      [499, true, false],
    ]);
  });
});

test('gzip that nobody asked for is undone', async () => {
  const { gzipSync } = await import('node:zlib');
  const packed = gzipSync('{"a":1}');
  const { chat } = await walk(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
    socket.end(packed);
  });
  const answer = await chat();
  expect([answer.text, answer.headers['content-encoding']]).toEqual(['{"a":1}', undefined]);
});

test('a chain of encodings is refused', async () => {
  const { chat } = await walk(({ socket }) =>
    socket.end(httpAnswer(200, { 'content-encoding': 'gzip, gzip' }, 'xx')),
  );
  const answer = await chat();
  expect([answer.status, errorOf(answer)['code']]).toEqual([502, 'provider_error']);
});

test('a record tells how a call went, and holds no content', async () => {
  const { chat, record } = await walk(({ socket }) =>
    socket.end(httpAnswer(200, { 'x-request-id': 'req_9' }, '{"secret":"answer"}')),
  );
  await chat({ messages: [{ role: 'user', content: 'secret question' }] });
  const { startedAt, firstByteMs, firstTokenMs, totalMs, ...rest } = await record();
  expect([startedAt, firstByteMs, firstTokenMs, totalMs].every((value) => typeof value === 'number')).toBe(
    true,
  );
  expect(rest).toEqual({
    provider: 'openai',
    endpoint: 'chat/completions',
    model: 'gpt-5.4',
    billedModel: undefined,
    status: 200,
    errorCode: null,
    stream: false,
    usage: undefined,
    bytes: 19,
    clientLeft: false,
    complete: true,
    dropped: [],
    retryAfterMs: undefined,
    requestId: 'req_9',
  });
  expect(Object.isFrozen(await record())).toBe(true);
});

test('a bug goes to the host’s error handler, not to the client as an answer', async () => {
  const broken = {
    ...openai({ apiKey: KEY }),
    target: () => {
      throw new TypeError('a bug');
    },
  };
  const records: CallRecord[] = [];
  const router = createPrefixRouter({
    env: {},
    providers: [broken],
    onCall: (record) => records.push(record),
  });
  const app = express().use(router);
  app.use(
    ((error, _req, res, _next) =>
      void res.status(500).send(`host: ${(error as Error).message}`)) as express.ErrorRequestHandler,
  );
  const host = await startHost(app);
  closers.push(
    () => router.close(),
    () => host.close(),
  );
  const answer = await ask(host.url + CHAT, { body: '{"model":"openai:gpt-5"}' });
  expect([answer.status, answer.text]).toEqual([500, 'host: a bug']);
  await router.close();
  expect(records).toMatchObject([{ status: 500, errorCode: null, clientLeft: false, complete: false }]);
});
