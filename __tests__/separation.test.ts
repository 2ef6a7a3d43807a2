/** The promise that matters most: nothing leaves for a cloud that does not say so in its first word. */
import http from 'node:http';
import express from 'express';
import fc from 'fast-check';
import { createPrefixRouter } from '../lib/index.ts';
import { sendJson } from '../examples/simulated-clouds/cloud.ts';
import { startHost, type RunningHost } from './support/http.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const PREFIXES = ['openai', 'google', 'anthropic'];

let clouds: RawCloud[];
let host: RunningHost;
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

beforeAll(async () => {
  clouds = await Promise.all(
    PREFIXES.map(() => startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{}')))),
  );
  const [openai, google, anthropic] = clouds.map((cloud) => cloud.url);
  const app = express();
  app.use(
    createPrefixRouter({
      env: {
        OPENAI_API_KEY: 'sk-openai',
        OPENAI_BASE_URL: openai,
        GOOGLE_API_KEY: 'google',
        GOOGLE_API_BASE_URL: google,
        ANTHROPIC_API_KEY: 'sk-ant',
        ANTHROPIC_API_BASE_URL: anthropic,
      },
    }),
  );
  app.use((_req, res) => sendJson(res, 200, { local: true }));
  host = await startHost(app);
});

afterAll(async () => {
  agent.destroy();
  await host.close();
  await Promise.all(clouds.map((cloud) => cloud.close()));
});

function post(path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(host.url + path, { method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What JSON.parse makes of the top-level `model`; undefined where there is none. */
function modelOf(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'model')
      ? (value as { model: unknown }).model
      : undefined;
  } catch {
    return undefined;
  }
}

const prefixOf = (model: unknown): string | undefined =>
  typeof model === 'string' ? PREFIXES.find((prefix) => model.startsWith(`${prefix}:`)) : undefined;

const word = fc.oneof(
  fc.constantFrom(
    ...PREFIXES,
    'OpenAI',
    ' openai',
    'opena1',
    'openai\u0000',
    'ｏｐｅｎａｉ',
    'unknown',
    'gpt-oss',
    'hf.co/x',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const separator = fc.constantFrom(':', '：', '::', '', '/', ': ', ' :');
const rest = fc.oneof(
  fc.constantFrom('gpt-5.4', 'gemini-3.8-flash', '7b', 'latest', '', '../x', 'a/b', '%2e%2e'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const name = fc.tuple(word, separator, rest).map((parts) => parts.join(''));

const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ model: name, messages: fc.constant([]) }).map((value) => JSON.stringify(value)),
  },
  fc
    .record({ model: fc.oneof(fc.jsonValue(), name), pad: fc.jsonValue() })
    .map((value) => JSON.stringify(value)),
  fc.tuple(name, name).map(([a, b]) => `{"model":${JSON.stringify(a)},"model":${JSON.stringify(b)}}`),
  fc.record({ inner: fc.record({ model: name }) }).map((value) => JSON.stringify(value)),
  fc.tuple(name, fc.string()).map(([model, junk]) => `{"model":${JSON.stringify(model)}${junk}`),
  name.map((model) => `[${JSON.stringify({ model })}]`),
);

test('no generated body reaches a cloud whose prefix its model does not begin with', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      for (const cloud of clouds) cloud.calls.length = 0;
      const status = await post('/v1/chat/completions', text);
      const wanted = prefixOf(modelOf(text));
      const reached = PREFIXES.filter((_prefix, index) => (clouds[index]?.calls.length ?? 0) > 0);
      expect(reached.filter((prefix) => prefix !== wanted)).toEqual([]);
      expect(clouds.reduce((sum, cloud) => sum + cloud.calls.length, 0)).toBeLessThanOrEqual(1);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 3000 },
  );
}, 120_000);
