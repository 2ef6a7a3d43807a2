/** R1 to R7: nothing that a client sends crashes the host, hangs it or reaches a cloud as something else. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { anthropic, google, openai, type ProviderOptions } from '../../lib/index.ts';
import { ask, startHost, type RunningHost } from '../support/http.ts';
import { CHATS, CLOUDS, ENDPOINTS, goodHttp, type EndpointCase } from './endpoints.ts';
import { watchBuffers } from './memory.ts';
import { errorOf, expectNoBugs, expectWhole, setUp, type Setup } from './setup.ts';

const MB = 1024 * 1024;

let setup: Setup;
/** What the clouds answer; by the path of the request where it is not said otherwise. */
let answering: EndpointCase | undefined;

beforeAll(async () => {
  setup = await setUp({
    answer: ({ socket }, cloud) => {
      const endpoint = answering ?? CHATS.find((chat) => chat.cloud === cloud);
      if (endpoint !== undefined) socket.write(goodHttp(endpoint));
    },
  });
});

afterEach(() => expectNoBugs(setup));

afterAll(() => setup.close());

function callsOfAll(): number {
  return CLOUDS.reduce((sum, cloud) => sum + setup.clouds[cloud].calls.length, 0);
}

async function expectNoCall(act: () => Promise<void>): Promise<void> {
  const before = callsOfAll();
  await act();
  expect(callsOfAll()).toBe(before);
}

/** Deeper than V8 can write, and deeper than a parser that calls itself can read. */
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

const MALFORMED: readonly [string, (model: string) => string | Buffer][] = [
  ['cut off', (model) => `{"model":"${model}","messages":[`],
  ['with text behind it', (model) => `{"model":"${model}"}x`],
  ['with two values', (model) => `{"model":"${model}"}{"model":"${model}"}`],
  ['with a stray comma', (model) => `{"model":"${model}",}`],
  ['with a raw line break in a text', (model) => `{"model":"${model}","a":"\n"}`],
  ['with NaN', (model) => `{"model":"${model}","temperature":NaN}`],
  ['with a lone escape', (model) => `{"model":"${model}","a":"\\u12"}`],
  [
    'with bytes that are no UTF-8',
    (model) => Buffer.from(`{"model":"${model}","a":"\u00ff\u00fe"}`, 'latin1'),
  ],
  ['with a byte order mark inside', (model) => `{"model":"${model}"\ufeff}`],
  ['with two models', (model) => `{"model":"${model}","model":"llama"}`],
  ['with a second model in escapes', (model) => `{"model":"${model}","\\u006dodel":"llama"}`],
];

describe.each(MALFORMED)('R1: a body %s is 400 and reaches no cloud', (_what, make) => {
  test.each(ENDPOINTS)('$name', async ({ path, body }) => {
    await expectNoCall(async () => {
      const answer = await ask(setup.host.url + path, { body: make(String(body['model'])) });
      expect([answer.status, errorOf(answer).type]).toEqual([400, 'invalid_request_error']);
    });
  });
});

test.each(ENDPOINTS)('R1: a hundred thousand levels are answered below 500, $name', async (endpoint) => {
  answering = endpoint;
  const { model } = endpoint.body;
  for (const field of ['messages', 'input', 'unknown']) {
    const body = `{"model":"${String(model)}","${field}":${DEEP}}`;
    const answer = await ask(setup.host.url + endpoint.path, { body });
    expect([field, answer.status < 500]).toEqual([field, true]);
  }
  answering = undefined;
});

test('R1: ten thousand random bytes never reach a cloud', async () => {
  await expectNoCall(async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      const { path } = ENDPOINTS[turn % ENDPOINTS.length] as EndpointCase;
      const answer = await ask(setup.host.url + path, { body: randomBytes(1 + turn * 170) });
      expect(answer.text).toBe('{"local":true}');
    }
  });
});

test('R2: a model of any other type or shape is local or 400', async () => {
  const shapes = [
    null,
    true,
    0,
    -1,
    1e300,
    '',
    [],
    {},
    ['openai:gpt-5.4'],
    { id: 'openai:gpt-5.4' },
    [['openai:x']],
  ];
  const names = [
    'openai',
    'openai:',
    'openai: ',
    ' openai:x',
    'OpenAI:x',
    'openai\u0000:x',
    'ｏpenai:x',
    'openai：x',
    'constructor:x',
    '__proto__:x',
  ];
  await expectNoCall(async () => {
    for (const { path } of ENDPOINTS) {
      for (const model of [...shapes, ...names]) {
        const answer = await ask(setup.host.url + path, {
          body: JSON.stringify({ model, messages: [], input: 'x', prompt: 'x' }),
        });
        expect([model, answer.status === 400 || answer.text === '{"local":true}']).toEqual([model, true]);
      }
    }
  });
});

test('R4: names that JavaScript gives a meaning to change nothing', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
  const evil =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":1}';
  const fields = [
    'messages',
    'input',
    'prompt',
    'tools',
    'metadata',
    'response_format',
    'extra_body',
    'stop',
  ];
  for (const endpoint of ENDPOINTS) {
    answering = endpoint;
    for (const field of [...fields, '__proto__', 'constructor', 'prototype']) {
      for (const value of [evil, `[${evil}]`, `[{"role":"user","content":[${evil}]}]`]) {
        const rest = JSON.stringify(endpoint.body).slice(1, -1);
        const answer = await ask(`${setup.host.url}${endpoint.path}?__proto__[polluted]=1`, {
          body: `{"${field}":${value},${rest}}`,
        });
        expect([endpoint.name, field, answer.status < 500]).toEqual([endpoint.name, field, true]);
      }
    }
  }
  answering = undefined;
  expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(before);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

const FIELDS = [
  'messages',
  'input',
  'prompt',
  'instructions',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'response_format',
  'text',
  'reasoning',
  'reasoning_effort',
  'stop',
  'n',
  'logprobs',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'temperature',
  'top_p',
  'stream_options',
  'modalities',
  'dimensions',
  'encoding_format',
  'parallel_tool_calls',
  'metadata',
  'thinking',
  'extra_body',
  'user',
  'seed',
  'service_tier',
  'include',
] as const;

const part = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record(
    {
      type: fc.constantFrom(
        'text',
        'image_url',
        'input_text',
        'input_image',
        'file',
        'input_audio',
        'function',
        'refusal',
        'x',
      ),
      text: fc.jsonValue({ maxDepth: 1 }),
      image_url: fc.jsonValue({ maxDepth: 2 }),
      file: fc.jsonValue({ maxDepth: 2 }),
      input_audio: fc.jsonValue({ maxDepth: 2 }),
      function: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: [] },
  ),
);
const message = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.record(
    {
      role: fc.oneof(
        fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function'),
        fc.jsonValue({ maxDepth: 0 }),
      ),
      type: fc.constantFrom(
        'message',
        'function_call',
        'function_call_output',
        'reasoning',
        'item_reference',
        5,
      ),
      content: fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
      tool_calls: fc.oneof(fc.array(part, { maxLength: 2 }), fc.jsonValue({ maxDepth: 1 })),
      tool_call_id: fc.jsonValue({ maxDepth: 0 }),
      name: fc.jsonValue({ maxDepth: 0 }),
      output: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: [] },
  ),
);
const field = fc.constantFrom(...FIELDS);
const request = fc.dictionary(
  field,
  fc.oneof(part, fc.array(part, { maxLength: 3 }), fc.array(message, { maxLength: 4 })),
  {
    maxKeys: 5,
  },
);

test.each(ENDPOINTS)(
  'R5: wrong fields are 400 in OpenAI’s form or passed on, $name',
  async (endpoint) => {
    answering = endpoint;
    await fc.assert(
      fc.asyncProperty(request, async (fields) => {
        const body = { ...endpoint.body, ...fields, stream: endpoint.stream, model: endpoint.body['model'] };
        const answer = await ask(setup.host.url + endpoint.path, { body: JSON.stringify(body) });
        if (answer.status === 200) return;
        expect([answer.status, typeof errorOf(answer).message]).toEqual([400, 'string']);
      }),
      { numRuns: 40 },
    );
    answering = undefined;
  },
  60_000,
);

describe('R6: big bodies', () => {
  const big = (endpoint: EndpointCase, size: number): Buffer =>
    Buffer.from(
      JSON.stringify({ ...endpoint.body, messages: [{ role: 'user', content: 'x'.repeat(size) }] }),
    );
  let roomy: Setup;
  let sink: RunningHost;
  /** Bytes of the bodies that reached a cloud whole. */
  const taken: number[] = [];

  beforeAll(async () => {
    sink = await startHost((req, res) => {
      let size = 0;
      req.on('data', (piece: Buffer) => (size += piece.length));
      req.on('error', () => undefined);
      req.on('end', () => {
        taken.push(size);
        const [good = ''] = CHATS.find(({ cloud }) => req.headers['x-cloud'] === cloud)?.good ?? [];
        res.end(good);
      });
    });
    const at = (cloud: string): ProviderOptions => ({
      apiKey: 'k',
      baseUrl: sink.url,
      headers: { 'x-cloud': cloud },
    });
    const providers = [openai(at('openai')), google(at('google')), anthropic(at('anthropic'))];
    roomy = await setUp({ options: { providers } });
  });

  beforeEach(() => void taken.splice(0));

  afterAll(async () => {
    await roomy.close();
    await sink.close();
  });

  test.each(CHATS)('20 MB pass, $name', async (endpoint) => {
    expectWhole(endpoint, await ask(roomy.host.url + endpoint.path, { body: big(endpoint, 20 * MB) }));
    expect(taken).toEqual([expect.any(Number)]);
    expect(taken[0]).toBeGreaterThan(20 * MB);
  });

  test.each(CHATS)(
    '40 MB are 413, with a length or without, and a local one passes, $name',
    async (endpoint) => {
      const bytes = big(endpoint, 40 * MB);
      for (const body of [bytes, [bytes.subarray(0, MB), bytes.subarray(MB)]]) {
        const answer = await ask(roomy.host.url + endpoint.path, { body });
        expect([answer.status, errorOf(answer).code]).toEqual([413, 'request_too_large']);
      }
      const local = big({ ...endpoint, body: { model: 'llama' } }, 40 * MB);
      expect((await ask(roomy.host.url + endpoint.path, { body: local })).text).toBe('{"local":true}');
      expect(taken).toEqual([]);
    },
  );

  test.each(CHATS)(
    'a small body that inflates to 300 MB is 413 in bounded memory, $name',
    async (endpoint) => {
      const pad = gzipSync(Buffer.alloc(50 * MB, 'x'));
      const start = gzipSync(JSON.stringify({ ...endpoint.body, pad: 'x' }).slice(0, -2));
      const bomb = Buffer.concat([start, pad, pad, pad, pad, pad, pad, gzipSync('"}')]);
      const peak = watchBuffers();
      const headers = { 'content-encoding': 'gzip' };
      const answer = await ask(roomy.host.url + endpoint.path, { headers, body: bomb });
      expect([answer.status, errorOf(answer).code]).toEqual([413, 'request_too_large']);
      expect(await peak()).toBeLessThan(200 * MB);
      expect(taken).toEqual([]);
    },
  );
});

describe('R7: framing that two servers could read differently', () => {
  /** Sends bytes, and gives all that comes back until the connection is closed. */
  function sendRaw(text: string): Promise<string> {
    return new Promise((resolve) => {
      let received = '';
      const socket = net.connect(setup.host.port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('utf8');
      socket.on('data', (piece: string) => (received += piece));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(received));
    });
  }

  const [chat] = CHATS as [EndpointCase];
  const json = JSON.stringify(chat.body);
  const post = (headers: string, body: string): string =>
    `POST ${chat.path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`;
  const chunked = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;
  const smuggled = `POST ${chat.path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${json.length}\r\n\r\n${json}`;

  test.each<[string, string]>([
    [
      'a length beside chunks',
      post(`content-length: ${json.length}\r\ntransfer-encoding: chunked\r\n`, chunked + smuggled),
    ],
    ['two lengths', post(`content-length: ${json.length}\r\ncontent-length: 5\r\n`, json + smuggled)],
    ['a length that is no number', post('content-length: 0x10\r\n', json + smuggled)],
    ['a negative length', post('content-length: -1\r\n', json + smuggled)],
    ['an unknown transfer encoding', post('transfer-encoding: chunked, identity\r\n', chunked + smuggled)],
    [
      'chunks of a wrong size',
      post('transfer-encoding: chunked\r\n', `zz\r\n${json}\r\n0\r\n\r\n${smuggled}`),
    ],
    ['a blank before the colon', post(`content-length : ${json.length}\r\n`, json + smuggled)],
  ])('%s is 400 or the end, and no request behind it reaches a cloud', async (_what, text) => {
    await expectNoCall(async () => {
      const received = await sendRaw(text);
      expect(received).toMatch(/^(?:HTTP\/1\.1 400 .*|)$/ms);
    });
  });

  test('a length that is too long is never completed', async () => {
    await expectNoCall(async () => {
      const arrived = new Promise<void>((resolve) => setup.host.server.once('request', () => resolve()));
      const socket = net.connect(setup.host.port, '127.0.0.1', () =>
        socket.write(post(`content-length: ${json.length + 5}\r\n`, json)),
      );
      socket.on('error', () => undefined);
      await arrived;
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.destroy();
      await closed;
    });
  });

  test('a length that is too short: the rest is no request', async () => {
    const before = callsOfAll();
    const received = await sendRaw(post(`content-length: ${json.length}\r\n`, `${json}garbage\r\n\r\n`));
    expect(received).toMatch(/HTTP\/1\.1 400 /);
    expect(callsOfAll() - before).toBeLessThanOrEqual(1);
  });

  test('requests on one connection are answered one after the other, each once', async () => {
    const before = callsOfAll();
    const texts = CHATS.map(({ path, body }) => {
      const own = JSON.stringify(body);
      return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${own.length}\r\n\r\n${own}`;
    });
    const local =
      'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 17\r\n\r\n{"model":"llama"}';
    const received = await sendRaw(texts.join('') + local);
    const order = [...received.matchAll(/x-prefix-router-provider: (\w+)|"local":true/g)].map(
      ([, name]) => name,
    );
    expect(order).toEqual(['openai', 'google', 'anthropic', undefined]);
    expect(callsOfAll()).toBe(before + 3);
  });
});
