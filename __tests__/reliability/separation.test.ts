/** R36, R37, R3: what leaves for a cloud, and under which name. Ten thousand names and bodies, on every path. */
import http from 'node:http';
import fc from 'fast-check';
import { createModelRule, type CloudModel } from '../../lib/model.ts';
import { ask } from '../support/http.ts';
import {
  CHATS,
  CLOUDS,
  ENDPOINTS,
  goodHttp,
  STREAMS,
  type CloudName,
  type EndpointCase,
} from './endpoints.ts';
import { expectNoBugs, expectWhole, mark, setUp, type Setup } from './setup.ts';

let setup: Setup;
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

beforeAll(async () => {
  setup = await setUp({
    answer: ({ socket, head }, cloud) => {
      const path = head.includes(':batchEmbedContents ') ? '/v1/embeddings' : '/v1/chat/completions';
      const isOf = (row: EndpointCase): boolean => row.cloud === cloud && row.path === path && !row.stream;
      const endpoint = ENDPOINTS.find(isOf) as EndpointCase;
      // The mark of the request decides for which endpoint this is the answer.
      const wanted = /x-client-request-id: endpoint-(\d+)/.exec(head)?.[1];
      socket.write(goodHttp(wanted === undefined ? endpoint : (ENDPOINTS[Number(wanted)] as EndpointCase)));
    },
  });
});

afterAll(async () => {
  agent.destroy();
  expectNoBugs(setup);
  await setup.close();
});

interface Sent {
  readonly path: string;
  readonly type: string;
  readonly body: string;
  /** The cloud that may get it. */
  readonly wanted: CloudName | undefined;
}

const PATHS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/images/generations',
  '/v1/audio/speech',
];
const FORMS = [
  '/v1/images/edits',
  '/v1/images/variations',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
];

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...CLOUDS) },
  fc.constantFrom(
    ...CLOUDS,
    'OpenAI',
    ' openai',
    'opena1',
    'openai\u0000',
    'openai\u200b',
    'ｏｐｅｎａｉ',
    'оpenai',
    'unknown',
    'gpt-oss',
    'hf.co/x',
    'constructor',
    '__proto__',
    'toString',
    'azure',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const separator = fc.constantFrom(
  ...Array.from({ length: 20 }, () => ':'),
  ':',
  ':',
  ':',
  '：',
  '::',
  '',
  '/',
  ': ',
  ' :',
  '%3A',
  '\\u003a',
);
const rest = fc.oneof(
  fc.constantFrom(
    'gpt-5.4',
    'gemini-3.8-flash',
    '7b',
    'latest',
    '',
    '../x',
    'a/b',
    '%2e%2e',
    'a?b',
    'a#b',
    'openai:x',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const name = fc.tuple(word, separator, rest).map((parts) => parts.join(''));

/** A text as JSON, some of its characters as escapes. */
const written = fc.tuple(name, fc.integer({ min: 0, max: 15 })).map(([text, mask]) =>
  JSON.stringify(text)
    .split('')
    .map((char, index) =>
      /[a-z:]/.test(char) && (mask >> (index % 4)) & 1 && !JSON.stringify(text).includes('\\')
        ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
        : char,
    )
    .join(''),
);
const PAD = '"messages":[{"role":"user","content":"x"}],"input":"x","prompt":"x","voice":"v"';

const jsonBody = fc.oneof(
  { weight: 5, arbitrary: written.map((model) => `{"model":${model},${PAD}}`) },
  { weight: 2, arbitrary: written.map((model) => `{${PAD},"model":${model}}`) },
  fc.jsonValue().map((value) => `{"model":${JSON.stringify(value)},${PAD}}`),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.tuple(written, written).map(([a, b]) => `{"model":${a},"model":${b},${PAD}}`),
  fc.tuple(written, written).map(([a, b]) => `{"x":{"model":${a}},"model":${b},${PAD}}`),
  written.map((model) => `{"Model":${model},"model ":${model},${PAD}}`),
  written.map((model) => `[{"model":${model}}]`),
  fc.tuple(written, fc.string()).map(([model, junk]) => `{"model":${model}${junk}`),
);

/** What JSON.parse makes of the top-level `model`. */
function modelOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'model')
      ? (value as { model: unknown }).model
      : undefined;
  } catch {
    return undefined;
  }
}

function cloudOf(model: unknown): CloudName | undefined {
  return typeof model === 'string' ? CLOUDS.find((cloud) => model.startsWith(`${cloud}:`)) : undefined;
}

const json: fc.Arbitrary<Sent> = fc
  .record({
    path: fc.constantFrom(...PATHS, ...FORMS),
    body: jsonBody,
    type: fc.constantFrom('application/json', 'text/plain', ''),
  })
  .map((sent) => ({ ...sent, wanted: cloudOf(modelOf(sent.body)) }));

const BOUNDARY = 'xYzBoundary';
const fieldName = fc.constantFrom('model', 'models', 'Model ', 'prompt', 'model[]');
const formPart = fc.record({ field: fieldName, value: name, file: fc.boolean() });
const form: fc.Arbitrary<Sent> = fc
  .record({ path: fc.constantFrom(...FORMS), parts: fc.array(formPart, { maxLength: 4 }) })
  .map(({ path, parts }) => {
    const texts = parts.map(
      ({ field, value, file }) =>
        `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${field}"${file ? '; filename="model"' : ''}\r\n\r\n${value}\r\n`,
    );
    const model = parts.find(({ field, file }) => field === 'model' && !file)?.value;
    return {
      path,
      type: `multipart/form-data; boundary=${BOUNDARY}`,
      body: `${texts.join('')}--${BOUNDARY}--\r\n`,
      wanted: cloudOf(model) === 'openai' ? ('openai' as const) : undefined,
    };
  });

function post({ path, type, body }: Sent, id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-client-request-id': id, ...(type !== '' && { 'content-type': type }) };
    const request = http.request(setup.host.url + path, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}

test('R36: of ten thousand names and bodies none reaches a cloud that its model does not name, and none comes twice', async () => {
  const batch = fc.array(fc.oneof({ weight: 4, arbitrary: json }, form), {
    minLength: 40,
    maxLength: 40,
    size: 'max',
  });
  let turn = 0;
  let reached = 0;
  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      turn += 1;
      const since = CLOUDS.map((cloud) => mark(setup, cloud));
      const statuses = await Promise.all(requests.map((sent, index) => post(sent, `fuzz-${turn}-${index}`)));
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
      const calls = since.flatMap((marked, index) =>
        marked.calls().map(({ head }) => ({
          cloud: CLOUDS[index],
          index: Number(/x-client-request-id: fuzz-\d+-(\d+)/.exec(head)?.[1]),
        })),
      );
      reached += calls.length;
      expect(calls.filter(({ cloud, index }) => requests[index]?.wanted !== cloud)).toEqual([]);
      expect(new Set(calls.map(({ index }) => index)).size).toBe(calls.length);
    }),
    { numRuns: 250, endOnFailure: true },
  );
  // The fuzz is no good if nothing gets through.
  expect(reached).toBeGreaterThan(500);
}, 240_000);

test.each(ENDPOINTS)('R37: a prefixed request goes to its cloud only, once, $name', async (endpoint) => {
  const since = CLOUDS.map((cloud) => mark(setup, cloud));
  const answer = await ask(setup.host.url + endpoint.path, {
    headers: { 'x-client-request-id': `endpoint-${ENDPOINTS.indexOf(endpoint)}` },
    body: JSON.stringify(endpoint.body),
  });
  expectWhole(endpoint, answer);
  expect(since.map((marked) => marked.calls().length)).toEqual(
    CLOUDS.map((cloud) => (cloud === endpoint.cloud ? 1 : 0)),
  );
});

test.each([
  'openai:gpt-5.4',
  'openai:openai:gpt-5.4',
  'openai:google:x',
  'openai: x'.replace(' ', ''),
  'openai:a:b:c',
])('R37: one prefix is cut from %s, and the rest keeps its bytes', async (model) => {
  const since = mark(setup, 'openai');
  const body = `{ "seed":1.0, "model" : "${model}" ,"x":"\\u00e9é"}\n`;
  await ask(setup.host.url + '/v1/chat/completions', { body });
  expect(since.calls().map((call) => call.body)).toEqual([body.replace('openai:', '')]);
});

test('R36: what a connection to a cloud needs can be made by the rule for names alone', () => {
  const rule = createModelRule({ prefixes: ['openai'] });
  // @ts-expect-error -- the mark that only the rule gives is missing
  const forged: CloudModel = { prefix: 'openai', model: 'gpt-5.4' };
  // @ts-expect-error -- a decision may also be 'local' or 'refused'
  const unproven: CloudModel = rule.explain('gpt-5.4');
  expect(unproven).toEqual({ kind: 'local', reason: 'no_colon' });
  expect(rule.explain('openai:gpt-5.4')).toEqual({ kind: 'cloud', ...forged });
});

const HOSTILE_NAMES = [
  '..',
  '../..',
  '../../files',
  '%2e%2e',
  '%2e%2e%2f%2e%2e',
  '..%2f',
  '..%252f',
  '..\\..',
  'a/../../b',
  'a/b',
  '/a',
  '//evil.test/x',
  'a#b',
  'a?key=1',
  'a?alt=sse',
  'a&b',
  'a;b',
  'a@evil.test',
  'http://evil.test/',
  'a:streamGenerateContent',
  'a%0d%0ax: 1',
  'models/..',
  'models/../x',
  'models/a/b',
  'tunedModels/..',
  'tunedModels/../../x',
  'files/x',
  'a..b',
  '.',
  '…',
  '．．／',
  'モデル',
  '😀',
  '$(id)',
  "'",
  '"',
  '`',
  '<x>',
  '{x}',
  'a|b',
  '~',
  '^',
  'a%',
  '%',
  '%00',
  'x'.repeat(256),
];
const REFUSED_NAMES = [
  'a b',
  'a\r\nx-injected: 1',
  'a\u0000b',
  'a\u2028b',
  '\ud800',
  'a\u200bb',
  ' ',
  'x'.repeat(257),
  'a\tb',
];

describe.each([...CHATS, ...STREAMS.filter(({ path }) => path.endsWith('/chat/completions'))])(
  'R3: a model name cannot leave its path: $name',
  (endpoint) => {
    const line: Readonly<Record<CloudName, RegExp>> = {
      openai: /^POST \/v1\/chat\/completions HTTP\/1\.1$/,
      google:
        /^POST \/v1beta\/(?:models|tunedModels)\/[\w-]+(?:\.[\w-]+)*\.?:(?:generateContent|streamGenerateContent\?alt=sse) HTTP\/1\.1$/,
      anthropic: /^POST \/v1\/messages HTTP\/1\.1$/,
    };

    test.each(HOSTILE_NAMES)('%s', async (model) => {
      const since = mark(setup, endpoint.cloud);
      const body = JSON.stringify({ ...endpoint.body, model: `${endpoint.cloud}:${model}` });
      const headers = { 'x-client-request-id': `endpoint-${ENDPOINTS.indexOf(endpoint)}` };
      const answer = await ask(setup.host.url + endpoint.path, { headers, body });
      expect([200, 400]).toContain(answer.status);
      expect(since.calls()).toHaveLength(answer.status === 200 ? 1 : 0);
      for (const { head, body: sent } of since.calls()) {
        const [requestLine, ...lines] = head.split('\r\n');
        expect(requestLine).toMatch(line[endpoint.cloud]);
        expect(lines).toContain(`host: ${new URL(setup.clouds[endpoint.cloud].url).host}`);
        expect(modelOf(sent)).toBe(endpoint.cloud === 'google' ? undefined : model);
      }
    });

    test.each(REFUSED_NAMES)('%j is refused', async (model) => {
      const since = mark(setup, endpoint.cloud);
      const body = JSON.stringify({ ...endpoint.body, model: `${endpoint.cloud}:${model}` });
      const answer = await ask(setup.host.url + endpoint.path, { body });
      expect([answer.status, since.calls().length]).toEqual([400, 0]);
    });
  },
);
