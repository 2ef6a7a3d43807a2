/** Everything a cloud, or the way to it, can do wrong: each fault is applied to every endpoint of every cloud. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Answer } from '../support/http.ts';
import { chunk, httpAnswer, LAST_CHUNK, STREAM_HEAD, type RawCall } from '../support/raw-cloud.ts';
import { CHATS, ENDPOINTS, goodHttp, looksWhole, STREAMS, TITLES, WHOLE_ANSWERS } from './endpoints.ts';
import type { EndpointCase } from './endpoints.ts';
import {
  errorOf,
  closeConnections,
  expectGoodAnswer,
  expectNoBugs,
  expectWhole,
  lastErrorOf,
  mark,
  setUp,
  type Mark,
  type Setup,
} from './setup.ts';

const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';

let setup: Setup;
let since: Readonly<Record<EndpointCase['cloud'], Mark>>;

beforeAll(async () => {
  setup = await setUp();
});

beforeEach(() => {
  since = {
    openai: mark(setup, 'openai'),
    google: mark(setup, 'google'),
    anthropic: mark(setup, 'anthropic'),
  };
});

afterEach(async () => {
  expectNoBugs(setup);
  await closeConnections(setup);
});

afterAll(() => setup.close());

/** Asks, lets the fault happen, and checks what every fault has in common. */
async function meet(endpoint: EndpointCase, fault: (call: RawCall) => void): ReturnType<Setup['ask']> {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  fault(call);
  const answer = await asked;
  expect(looksWhole(endpoint, answer)).toBe(false);
  expect(await since[endpoint.cloud].record()).toMatchObject({
    provider: endpoint.cloud,
    clientLeft: false,
  });
  return answer;
}

/** One request in, one request out: nothing was tried again, and the next one meets no leftovers. */
async function expectNoHarm(endpoint: EndpointCase): Promise<void> {
  const { calls, records } = since[endpoint.cloud];
  expect(calls()).toHaveLength(1);
  await calls()[0]?.closed;
  expect(setup.clouds[endpoint.cloud].open.size).toBe(0);
  await expectGoodAnswer(setup, endpoint);
  expect(calls()).toHaveLength(2);
  await setup.ended(setup.records.length - records().length + 2);
}

const BEFORE_THE_ANSWER: readonly [string, (call: RawCall) => void][] = [
  ['closed without a word', ({ socket }) => socket.end()],
  ['reset', ({ socket }) => socket.resetAndDestroy()],
  ['not HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n')],
  ['half a head', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
  ['a head that is no head', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}')],
  ['a header with a line break', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n{}')],
  ['two lengths', ({ socket }) => socket.end(`${JSON_HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`)],
  ['a length that is no number', ({ socket }) => socket.end(`${JSON_HEAD}content-length: 2x\r\n\r\n{}`)],
  [
    'a length beside chunks',
    ({ socket }) => socket.end(`${JSON_HEAD}content-length: 2\r\n${CHUNKED}${chunk('{}')}${LAST_CHUNK}`),
  ],
  ['a head without its body', ({ socket }) => socket.end(`${JSON_HEAD}content-length: 10\r\n\r\n`)],
  ['chunks whose first size is garbage', ({ socket }) => socket.end(`${JSON_HEAD}${CHUNKED}zz\r\n`)],
  ['an empty answer', ({ socket }) => socket.write(httpAnswer(200, {}, ''))],
  ['204', ({ socket }) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')],
  [
    'a page of HTML',
    ({ socket }) => socket.write(httpAnswer(200, { 'content-type': 'text/html' }, '<html>Welcome</html>')),
  ],
  ['a stream that ends before it began', ({ socket }) => socket.write(STREAM_HEAD + LAST_CHUNK)],
  [
    'an encoding nobody knows',
    ({ socket }) => socket.write(httpAnswer(200, { 'content-encoding': 'zstd' }, '(/')),
  ],
  [
    'a chain of encodings',
    ({ socket }) => socket.write(httpAnswer(200, { 'content-encoding': 'gzip, gzip' }, 'xx')),
  ],
  [
    'gzip that is none',
    ({ socket }) => socket.write(httpAnswer(200, { 'content-encoding': 'gzip' }, 'no gzip')),
  ],
];

describe.each(BEFORE_THE_ANSWER)('R9: %s is 502 in OpenAI’s form and is not tried again', (_what, fault) => {
  test.each(ENDPOINTS)('$name', async (endpoint) => {
    const answer = await meet(endpoint, fault);
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'application/json; charset=utf-8']);
    const { message, ...rest } = errorOf(answer);
    expect(rest).toEqual({
      type: 'server_error',
      param: null,
      code: 'provider_error',
      provider: endpoint.cloud,
    });
    expect(message).toMatch(/\S \S.*\.$/);
    expect(message).not.toMatch(/127\.0\.0\.1|UND_ERR|ECONN|\bat \S+:\d+/);
    expect(answer.headers['x-should-retry']).toBe('false');
    since[endpoint.cloud].calls()[0]?.socket.destroy();
    await expectNoHarm(endpoint);
  });
});

test.each(ENDPOINTS)('R9: nobody listens: 502 provider_unreachable, $name', async (endpoint) => {
  const deserted = await setUp();
  await deserted.clouds[endpoint.cloud].close();
  const answer = await deserted.ask(endpoint);
  await deserted.close();
  expect(answer.status).toBe(502);
  expect(errorOf(answer)).toEqual({
    message: `${TITLES[endpoint.cloud]} could not be reached.`,
    type: 'server_error',
    param: null,
    code: 'provider_unreachable',
    provider: endpoint.cloud,
  });
  // Nothing was sent, so that an SDK may try again.
  expect(answer.headers['x-should-retry']).toBeUndefined();
});

const CUT_JSON: readonly [string, (text: string) => string][] = [
  ['by length', (text) => `${JSON_HEAD}content-length: 9999\r\n\r\n${text}`],
  ['by chunks', (text) => `${JSON_HEAD}${CHUNKED}${chunk(text)}`],
  ['by a garbage chunk size', (text) => `${JSON_HEAD}${CHUNKED}${chunk(text)}-5\r\nxx`],
  ['by the end of the connection', (text) => `${JSON_HEAD}\r\n${text}`],
];

describe.each(CUT_JSON)('R11: JSON that breaks off, framed %s, never looks whole', (_what, frame) => {
  test.each(WHOLE_ANSWERS)('$name', async (endpoint) => {
    const half = endpoint.good.join('').slice(0, 25);
    const answer = await meet(endpoint, ({ socket }) => socket.end(frame(half)));
    // What was relayed cannot be called back; what was converted has not been sent.
    const { 'x-should-retry': shouldRetry } = answer.headers;
    expect(
      endpoint.relayed
        ? [answer.status, answer.text, answer.cut]
        : [answer.status, errorOf(answer).code, shouldRetry],
    ).toEqual(endpoint.relayed ? [200, half, true] : [502, 'provider_error', 'false']);
    expect(since[endpoint.cloud].records()[0]).toMatchObject({ complete: !endpoint.relayed });
    await expectNoHarm(endpoint);
  });
});

test.each(ENDPOINTS)('R11: a packed answer that is cut never looks whole, $name', async (endpoint) => {
  const packed = gzipSync(endpoint.good.join(''));
  const half = packed.subarray(0, packed.length / 2);
  const type = endpoint.stream ? 'text/event-stream' : 'application/json';
  await meet(endpoint, ({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: gzip\r\n`);
    socket.write(`content-length: ${half.length}\r\n\r\n`);
    socket.end(half);
  });
  await expectNoHarm(endpoint);
});

test.each(ENDPOINTS)('R18: a chain of encodings is not undone, $name', async (endpoint) => {
  const packed = gzipSync(endpoint.good.join(''));
  const type = endpoint.stream ? 'text/event-stream' : 'application/json';
  const answer = await meet(endpoint, ({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: deflate, gzip\r\n`);
    socket.write(`content-length: ${packed.length}\r\n\r\n`);
    socket.end(packed);
  });
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'provider_error']);
});

const NOT_THE_FORM = ['{"id":', 'null', '[]', '"text"', '42', '{}', '{"error":null}', '\u0000\u0001', '<p>'];

test.each(WHOLE_ANSWERS.filter(({ relayed }) => !relayed))(
  'R9: JSON of another form is 502, $name',
  async (endpoint) => {
    for (const [index, body] of NOT_THE_FORM.entries()) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      call.socket.write(httpAnswer(200, { 'content-type': 'application/json' }, body));
      const answer = await asked;
      expect([body, answer.status, errorOf(answer).code]).toEqual([body, 502, 'provider_error']);
      expect(since[endpoint.cloud].calls()).toHaveLength(index + 1);
    }
  },
);

const BROKEN_STREAMS: readonly [string, (endpoint: EndpointCase, call: RawCall) => void][] = [
  ['closed between events', ({ good }, { socket }) => socket.end(STREAM_HEAD + chunk(good[0] ?? ''))],
  [
    'reset between events',
    ({ good }, { socket }) =>
      socket.write(STREAM_HEAD + chunk(good[0] ?? ''), () => socket.resetAndDestroy()),
  ],
  [
    'a garbage chunk size',
    ({ good }, { socket }) => socket.end(`${STREAM_HEAD}${chunk(good[0] ?? '')}zz\r\ndata: {}\r\n`),
  ],
  [
    'closed inside an event',
    ({ good }, { socket }) => socket.end(STREAM_HEAD + chunk(`${good[0]}data: {"unfinished`)),
  ],
];

function expectBroken({ relayed }: EndpointCase, what: string, answer: Answer): void {
  const { status, cut, text } = answer;
  const told = { status, cut, code: cut ? undefined : (lastErrorOf(answer) ?? errorOf(answer)).code };
  const interrupted = { status: 200, cut: false, code: 'stream_interrupted' };
  // A reset can overtake the bytes before it.
  const failed = { status: 502, cut: false, code: 'provider_error' };
  const halfAnEvent = { status: 200, cut: true, code: undefined };
  const expected = new Map([
    ['closed inside an event', relayed ? [halfAnEvent] : [interrupted]],
    ['reset between events', [interrupted, failed]],
  ]);
  expect(expected.get(what) ?? [interrupted]).toContainEqual(told);
  expect(text).not.toMatch(/"finish_reason":"stop"|"status":"completed"/);
}

describe.each(BROKEN_STREAMS)('R11, R17: a stream that breaks off never looks whole: %s', (what, fault) => {
  test.each(STREAMS)('$name', async (endpoint) => {
    const answer = await meet(endpoint, (call) => fault(endpoint, call));
    expectBroken(endpoint, what, answer);
    await expectNoHarm(endpoint);
  });
});

test.each(STREAMS)(
  'R17: a stream that ends in order but too early ends in an error, $name',
  async (endpoint) => {
    const answer = await meet(endpoint, ({ socket }) =>
      socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? '') + LAST_CHUNK),
    );
    expect([answer.status, answer.cut]).toEqual([200, false]);
    expect(lastErrorOf(answer)).toMatchObject({ code: 'stream_interrupted', type: 'server_error' });
    expect(since[endpoint.cloud].records()[0]).toMatchObject({
      errorCode: 'stream_interrupted',
      complete: false,
      status: 200,
    });
  },
);

describe("R17: OpenAI's own Responses stream", () => {
  const endpoint = STREAMS.find(({ relayed, path }) => relayed && path === '/v1/responses') as EndpointCase;
  const [delta = '', completed = ''] = endpoint.good;
  const send =
    (...events: readonly string[]) =>
    ({ socket }: RawCall): void =>
      void socket.write(STREAM_HEAD + events.map(chunk).join('') + LAST_CHUNK);

  /** The text that reaches the client, of a stream without fault. */
  async function pass(play: (call: RawCall) => void, errorCode: string | null = null): Promise<string> {
    const asked = setup.ask(endpoint);
    play(await setup.clouds.openai.next());
    const { text } = await asked;
    expect(await since.openai.record()).toMatchObject({ errorCode, complete: true });
    return text;
  }

  test('ends in an error if it ends in order without a terminal event', async () => {
    const answer = await meet(endpoint, send(delta, delta));
    expect([answer.status, answer.cut]).toEqual([200, false]);
    expect(answer.text.startsWith(delta + delta)).toBe(true);
    expect(lastErrorOf(answer)).toMatchObject({ code: 'stream_interrupted', type: 'server_error' });
    expect(since.openai.records()[0]).toMatchObject({ errorCode: 'stream_interrupted', complete: false });
  });

  test.each(['completed', 'incomplete', 'failed'])(
    'passes byte for byte if it ends with response.%s',
    async (end) => {
      const last = completed.replaceAll('response.completed', `response.${end}`);
      expect(await pass(send(delta, last))).toBe(delta + last);
    },
  );

  test('that failed is recorded with the name OpenAI gave the fault', async () => {
    const response = { status: 'failed', error: { code: 'server_error', message: 'm' }, output: [] };
    const last = `data: ${JSON.stringify({ type: 'response.failed', response })}\n\n`;
    expect(await pass(send(delta, last), 'server_error')).toBe(delta + last);
  });

  test('passes where the terminal event is longer than what is remembered of a stream', async () => {
    const long = completed.replace('}}', `},"padding":"${'x'.repeat(100_000)}"}`);
    expect(await pass(send(delta, long))).toBe(delta + long);
  });

  test.each([1, 10, 24, 30, 36, 44, 48, 52, 100])(
    'passes where a packet ends %d characters into its terminal event',
    async (at) => {
      const text = await pass(({ socket }) => {
        socket.write(STREAM_HEAD + chunk(delta) + chunk(completed.slice(0, at)), () =>
          setImmediate(() => socket.write(chunk(completed.slice(at)) + LAST_CHUNK)),
        );
      });
      expect(text).toBe(delta + completed);
    },
  );

  test.each([
    [
      'behind all else',
      'data: {"response":{"metadata":{}},"sequence_number":9,"type":"response.completed"}\n\n',
      null,
    ],
    ['without a blank', 'data:{"type":"response.failed","response":{}}\n\n', null],
    ['as an error', 'data: {"type":"error","code":"server_error","message":"m"}\n\n', 'server_error'],
    [
      'as an error whose type is not first',
      'data: {"sequence_number": 9, "type": "error"}\n\n',
      'provider_error',
    ],
    ['as an error of a gateway', 'data: {"error":{"message":"m"}}\n\n', 'provider_error'],
  ])('passes with a terminal event that is written in another way: %s', async (_how, last, errorCode) => {
    expect(await pass(send(delta, last), errorCode)).toBe(delta + last);
  });

  test('is not ended by what the request said of itself, which the first event repeats', async () => {
    const response = { tools: [{ parameters: { default: { type: 'error' } } }], metadata: { type: 'error' } };
    const created = `data: ${JSON.stringify({ type: 'response.created', response })}\n\n`;
    const answer = await meet(endpoint, send(created, delta));
    expect(lastErrorOf(answer)).toMatchObject({ code: 'stream_interrupted' });
    expect(since.openai.records()[0]).toMatchObject({ errorCode: 'stream_interrupted', complete: false });
  });

  test('is not ended by a text that speaks of the terminal event', async () => {
    const spoken = delta.replace('Grüße', JSON.stringify('"type":"response.completed"').slice(1, -1));
    const answer = await meet(endpoint, send(spoken));
    expect(lastErrorOf(answer)).toMatchObject({ code: 'stream_interrupted' });
  });
});

describe('R17: an error event', () => {
  test.each(STREAMS.filter(({ relayed }) => !relayed))(
    'before the answer is an HTTP error, $name',
    async (endpoint) => {
      const answer = await meet(endpoint, ({ socket }) =>
        socket.write(STREAM_HEAD + chunk(endpoint.errorEvent) + LAST_CHUNK),
      );
      expect([answer.status, errorOf(answer).code, errorOf(answer).message]).toEqual([
        503,
        'provider_overloaded',
        'The model fell over.',
      ]);
      since[endpoint.cloud].calls()[0]?.socket.destroy();
      await expectNoHarm(endpoint);
    },
  );

  test.each(STREAMS.filter(({ relayed }) => !relayed))(
    'before the answer is the end of it, whatever follows in the same packet, $name',
    async (endpoint) => {
      const answer = await meet(endpoint, ({ socket }) =>
        socket.write(STREAM_HEAD + [endpoint.errorEvent, ...endpoint.good].map(chunk).join('') + LAST_CHUNK),
      );
      expect([answer.status, errorOf(answer).code]).toEqual([503, 'provider_overloaded']);
    },
  );

  test.each(STREAMS)('in mid-stream reaches the client, and no end follows it, $name', async (endpoint) => {
    const [first = ''] = endpoint.good;
    const answer = await meet(endpoint, ({ socket }) =>
      socket.write(STREAM_HEAD + chunk(first) + chunk(endpoint.errorEvent) + LAST_CHUNK),
    );
    expect([answer.status, answer.cut]).toEqual([200, false]);
    expect(answer.text).toContain('The model fell over.');
    expect(answer.text).not.toMatch(/"finish_reason":"stop"|"status":"completed"/);
  });

  test.each(STREAMS.filter(({ relayed }) => !relayed))(
    'in mid-stream is the end of it, whatever follows in the same packet, $name',
    async (endpoint) => {
      const answer = await meet(endpoint, ({ socket }) =>
        socket.write(
          STREAM_HEAD +
            [endpoint.good[0] ?? '', endpoint.errorEvent, ...endpoint.good].map(chunk).join('') +
            LAST_CHUNK,
        ),
      );
      expect([answer.status, answer.cut]).toEqual([200, false]);
      expect(lastErrorOf(answer)).toMatchObject({ message: 'The model fell over.' });
      expect(answer.text).not.toMatch(/"finish_reason":"stop"|"status":"completed"/);
    },
  );

  test.each(STREAMS.filter(({ relayed }) => !relayed))(
    'in mid-stream is the end of it, also where more is still to be inflated, $name',
    async (endpoint) => {
      const pad = `: ${'-'.repeat(40_000)}\n\n`;
      const packed = gzipSync([endpoint.good[0], endpoint.errorEvent, pad, ...endpoint.good].join(''));
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n';
      const answer = await meet(endpoint, ({ socket }) => {
        socket.write(`${head}content-length: ${packed.length}\r\n\r\n`);
        socket.write(packed);
      });
      expect([answer.status, answer.cut]).toEqual([200, false]);
      expect(lastErrorOf(answer)).toMatchObject({ message: 'The model fell over.' });
      expect(answer.text).not.toMatch(/"finish_reason":"stop"|"status":"completed"/);
    },
  );

  test.each(STREAMS.filter(({ relayed }) => !relayed))(
    'that is no JSON breaks the answer off, $name',
    async (endpoint) => {
      const answer = await meet(endpoint, ({ socket }) =>
        socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? '') + chunk('data: {"broken\n\n') + LAST_CHUNK),
      );
      expect([answer.status, answer.cut]).toEqual([200, false]);
      expect(lastErrorOf(answer)).toMatchObject({
        code: 'stream_interrupted',
        message: `${TITLES[endpoint.cloud]} sent an event that is no JSON.`,
      });
    },
  );
});

describe('R14: a redirect is not followed', () => {
  test.each(ENDPOINTS)('$name', async (endpoint) => {
    const elsewhere = await setUp();
    const { cloud } = endpoint;
    const location = `${elsewhere.clouds[cloud].url}/stolen`;
    for (const [index, status] of [301, 302, 303, 307, 308, 300, 304].entries()) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[cloud].next();
      call.socket.end(
        `HTTP/1.1 ${status} X\r\nlocation: ${location}\r\nrefresh: 0; url=${location}\r\ncontent-length: 0\r\n\r\n`,
      );
      const answer = await asked;
      expect([answer.status, errorOf(answer).code, errorOf(answer).provider]).toEqual([
        502,
        'provider_error',
        cloud,
      ]);
      expect([answer.headers.location, answer.headers['refresh']]).toEqual([undefined, undefined]);
      expect(answer.text).not.toContain(location);
      expect(since[cloud].calls()).toHaveLength(index + 1);
      await call.closed;
    }
    expect(elsewhere.clouds[cloud].calls).toEqual([]);
    expect(elsewhere.clouds[cloud].open.size).toBe(0);
    await elsewhere.close();
  });
});

test.each(ENDPOINTS)('R14: nor is the body of a redirect an answer, $name', async (endpoint) => {
  const answer = await meet(endpoint, ({ socket }) =>
    socket.end(goodHttp(endpoint).replace('200 OK', '302 Found').replace('200 X', '302 Found')),
  );
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'provider_error']);
});

const RATE_LIMITS: Readonly<Record<EndpointCase['cloud'], readonly [Record<string, string>, object]>> = {
  openai: [
    { 'retry-after': '7' },
    { error: { message: 'Slow down.', type: 'requests', code: 'rate_limit_exceeded' } },
  ],
  google: [
    {},
    {
      error: {
        code: 429,
        message: 'Quota exceeded.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '6.2s' }],
      },
    },
  ],
  anthropic: [
    { 'retry-after': '7' },
    { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } },
  ],
};

test.each(ENDPOINTS)(
  'R12: a rate limit is 429 with its delay and is not tried again, $name',
  async (endpoint) => {
    const [headers, body] = RATE_LIMITS[endpoint.cloud];
    const answer = await meet(endpoint, ({ socket }) =>
      socket.end(httpAnswer(429, { 'content-type': 'application/json', ...headers }, JSON.stringify(body))),
    );
    expect([
      answer.status,
      answer.headers['retry-after'],
      errorOf(answer).code,
      errorOf(answer).message,
    ]).toEqual([429, '7', 'rate_limited', 'Rate limit exceeded. Please retry after 7 seconds.']);
    await expectNoHarm(endpoint);
  },
);

test.each(CHATS)('R12: a delay that is a date is handed on as it was sent, $name', async (endpoint) => {
  const [, body] = RATE_LIMITS[endpoint.cloud];
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  const headers = { 'content-type': 'application/json', 'retry-after': date };
  const answer = await meet(endpoint, ({ socket }) =>
    socket.end(httpAnswer(429, headers, JSON.stringify(endpoint.cloud === 'google' ? {} : body))),
  );
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, date]);
});

/** Without a code: the references give each cloud its own. */
const MEANINGS: readonly [status: number, ours: number, code: string | undefined][] = [
  [400, 400, undefined],
  [401, 401, 'provider_key_invalid'],
  [402, 402, 'insufficient_quota'],
  [403, 403, 'permission_denied'],
  [404, 404, undefined],
  [408, 408, undefined],
  [409, 409, undefined],
  [413, 413, 'request_too_large'],
  [422, 422, undefined],
  [429, 429, 'rate_limited'],
  [500, 502, 'provider_error'],
  [501, 502, 'provider_error'],
  [502, 502, 'provider_error'],
  [503, 503, 'provider_overloaded'],
  [504, 504, 'timeout'],
  [520, 502, 'provider_error'],
  [529, 503, 'provider_overloaded'],
];

const BODIES: readonly [string, Record<string, string>, string | Buffer][] = [
  [
    'a page of HTML',
    { 'content-type': 'text/html' },
    '<html><script>steal()</script><p>Bad Gateway</p></html>',
  ],
  ['nothing', {}, ''],
  ['a list', { 'content-type': 'application/json' }, '[[],null,{"error":"x"}]'],
  ['an error that is a text', { 'content-type': 'application/json' }, '{"error":"broken","message":5}'],
  ['JSON that breaks off', { 'content-type': 'application/json' }, '{"error":{"message":"half'],
  ['a stack trace', { 'content-type': 'text/plain' }, 'Error: x\n    at /srv/app/secret.js:1:2'],
];

describe.each(BODIES)(
  'R15: an error status keeps its meaning although its body is %s',
  (_what, headers, body) => {
    test.each(CHATS)('$name', async (endpoint) => {
      for (const [status, ours, code] of MEANINGS) {
        const asked = setup.ask(endpoint);
        const call = await setup.clouds[endpoint.cloud].next();
        call.socket.end(httpAnswer(status, headers, String(body)));
        const answer = await asked;
        const error = errorOf(answer);
        expect([status, answer.status, answer.headers['content-type']]).toEqual([
          status,
          ours,
          'application/json; charset=utf-8',
        ]);
        expect([status, error.code]).toEqual([status, code ?? error.code]);
        expect(Object.keys(error).toSorted()).toEqual(
          expect.arrayContaining(['code', 'message', 'param', 'type']),
        );
        expect(error.message).not.toMatch(/<script|<html|node_modules|\.ts:\d/);
      }
    });
  },
);

describe('R16: a stream in every legal form says the same', () => {
  const respell: readonly [string, (event: string) => string][] = [
    ['line ends of Windows', (event) => event.replaceAll('\n', '\r\n')],
    ['line ends of old Macs', (event) => event.replaceAll('\n', '\r')],
    ['no blank behind the colon', (event) => event.replaceAll('data: ', 'data:')],
    ['comments and unknown fields', (event) => `: ping\nretry: 5\nid: 1\nfoo: bar\n${event}`],
    ['unknown events', (event) => `${event}event: later\ndata: {"type":"later","value":1}\n\n`],
    ['JSON over many lines', (event) => event.replaceAll(/([{,])"/g, '$1\ndata: "')],
  ];
  test.each(respell)('%s', async (_what, form) => {
    for (const endpoint of STREAMS.filter(({ relayed }) => !relayed)) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      call.socket.write(STREAM_HEAD + chunk(endpoint.good.map(form).join('')) + LAST_CHUNK);
      expectWhole(endpoint, await asked);
    }
  });

  test('a byte order mark', async () => {
    for (const endpoint of STREAMS.filter(({ relayed }) => !relayed)) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      call.socket.write(STREAM_HEAD + chunk(`\ufeff${endpoint.good.join('')}`) + LAST_CHUNK);
      expectWhole(endpoint, await asked);
    }
  });

  test.each(STREAMS)('cut behind each byte, characters of several bytes too, $name', async (endpoint) => {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    const bytes = [...Buffer.from(endpoint.good.join(''))];
    const pieces = bytes.map((byte) =>
      Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]),
    );
    call.socket.write(Buffer.concat([Buffer.from(STREAM_HEAD), ...pieces, Buffer.from(LAST_CHUNK)]));
    const answer = await asked;
    expectWhole(endpoint, answer);
    expect(!endpoint.relayed || answer.text === endpoint.good.join('')).toBe(true);
  });

  test.each(STREAMS)('each byte in a packet of its own, $name', async (endpoint) => {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    call.socket.setNoDelay(true).write(STREAM_HEAD);
    for (const byte of Buffer.from(endpoint.good.join(''))) {
      call.socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    call.socket.write(LAST_CHUNK);
    expectWhole(endpoint, await asked);
  });

  test.each(STREAMS.filter(({ relayed, path }) => relayed && path !== '/v1/responses'))(
    'a relayed stream may end in every legal form, $name',
    async (endpoint) => {
      const body = endpoint.good.slice(0, -1).join('');
      for (const end of [
        'data:[DONE]\n\n',
        'data: [DONE]\n\n: bye\n\n',
        'data: [DONE]\nid: 5\n\n',
        'id: 5\r\ndata: [DONE]\r\n\r\n',
        'data: [DONE]',
      ]) {
        const answer = await stream(endpoint, body + end);
        expect([answer.status, answer.cut, answer.text]).toEqual([200, false, body + end]);
      }
    },
  );

  test.each(STREAMS.filter(({ relayed, path }) => relayed && path !== '/v1/responses'))(
    'one that says data: [DONE] where it is no end is interrupted, $name',
    async (endpoint) => {
      for (const end of [
        'data: {"choices":[{"index":0,"text":"data: [DONE]"}]}\n\n',
        'data: [DONE]\n\ndata: {}\n\n',
        // An expression that tries every way to part blank lines would still be at it.
        `data: [DONE]${'\n'.repeat(30)}data: {}\n\n`,
      ])
        for (const type of ['text/event-stream', 'Text/Event-Stream; charset=utf-8']) {
          const answer = await stream(endpoint, end, STREAM_HEAD.replace('text/event-stream', type));
          expect(lastErrorOf(answer)?.code).toBe('stream_interrupted');
        }
    },
  );

  async function stream(endpoint: EndpointCase, text: string, head = STREAM_HEAD): ReturnType<Setup['ask']> {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    call.socket.write(head + chunk(text) + LAST_CHUNK);
    return asked;
  }

  test.each(ENDPOINTS)('close-delimited, without length or chunks, $name', async (endpoint) => {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    const type = endpoint.stream ? 'text/event-stream' : 'application/json';
    call.socket.end(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n\r\n${endpoint.good.join('')}`);
    expectWhole(endpoint, await asked);
  });

  test.each(ENDPOINTS)('compressed although nobody asked for it, $name', async (endpoint) => {
    for (const [encoding, packed] of [
      ['gzip', gzipSync(endpoint.good.join(''))],
      ['br', brotliCompressSync(endpoint.good.join(''))],
    ] as const) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      const type = endpoint.stream ? 'text/event-stream' : 'application/json';
      call.socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${packed.length}\r\n\r\n`,
      );
      call.socket.write(packed);
      const answer = await asked;
      expectWhole(endpoint, answer);
      expect(answer.headers['content-encoding']).toBeUndefined();
    }
  });
});

describe('R16: what may stand around an answer', () => {
  test.each(ENDPOINTS)(
    'interim answers, trailers and chunk extensions are skipped, $name',
    async (endpoint) => {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      const [first = '', ...rest] = endpoint.good;
      const type = endpoint.stream ? 'text/event-stream' : 'application/json';
      call.socket.write(
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n',
      );
      call.socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntrailer: x-late\r\n${CHUNKED}`);
      call.socket.write(chunk(first).replace('\r\n', ';ext="1"\r\n') + rest.map(chunk).join(''));
      call.socket.write('0\r\nx-late: 1\r\nset-cookie: late=1\r\n\r\n');
      const answer = await asked;
      expectWhole(endpoint, answer);
      expect([answer.headers['link'], answer.headers['x-late'], answer.headers['set-cookie']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    },
  );

  test.each(CHATS)('an interim answer that comes long before the answer, $name', async (endpoint) => {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    call.socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    call.socket.write(httpAnswer(429, {}, '{}'));
    expect((await asked).status).toBe(429);
  });

  test.each(ENDPOINTS)('R19: bytes behind the answer reach nobody, $name', async (endpoint) => {
    const forged = httpAnswer(200, { 'content-type': 'application/json' }, '{"forged":true}');
    for (let turn = 0; turn < 3; turn += 1) {
      const asked = setup.ask(endpoint);
      const call = await setup.clouds[endpoint.cloud].next();
      call.socket.write(goodHttp(endpoint) + forged);
      const answer = await asked;
      expectWhole(endpoint, answer);
      expect(answer.text).not.toContain('forged');
    }
    expect(since[endpoint.cloud].calls()).toHaveLength(3);
  });

  test.each(CHATS)('a protocol switch that nobody asked for is 502, $name', async (endpoint) => {
    const answer = await meet(endpoint, ({ socket }) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
    );
    expect([answer.status, errorOf(answer).code]).toEqual([502, 'provider_error']);
  });
});

describe('R20: a stream is passed on as it comes', () => {
  test.each(STREAMS)('$name', async (endpoint) => {
    const { received, until, done } = await openStream(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    // Anthropic's text is in its third event.
    const split = endpoint.cloud === 'anthropic' ? 3 : 1;
    call.socket.write(STREAM_HEAD + endpoint.good.slice(0, split).map(chunk).join(''));
    await until('Grüße 🦊');
    expect(received()).not.toMatch(/\[DONE\]|response\.completed/);
    call.socket.write(endpoint.good.slice(split).map(chunk).join('') + LAST_CHUNK);
    expectWhole(endpoint, await done);
  });
});

/** A stream whose bytes the test can wait for. */
async function openStream(endpoint: EndpointCase): Promise<{
  received: () => string;
  until: (text: string) => Promise<void>;
  done: ReturnType<Setup['ask']>;
}> {
  const { default: http } = await import('node:http');
  let text = '';
  let wake: () => void = () => undefined;
  const done = new Promise<Awaited<ReturnType<Setup['ask']>>>((resolve, reject) => {
    const request = http.request(
      setup.host.url + endpoint.path,
      { method: 'POST', agent: false },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          wake();
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            bytes: Buffer.from(text),
            cut: false,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(endpoint.body));
  });
  return {
    received: () => text,
    until: async (wanted) => {
      while (!text.includes(wanted)) await new Promise<void>((resolve) => (wake = resolve));
    },
    done,
  };
}
