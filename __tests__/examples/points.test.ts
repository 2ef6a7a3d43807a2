import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { jest } from '@jest/globals';
import { build } from 'esbuild';
import { main as agents } from '../../examples/agents.ts';
import { main as aiSdk } from '../../examples/ai-sdk.ts';
import { main as langchain } from '../../examples/langchain.ts';
import { main as metrics } from '../../examples/metrics.ts';
import { main as minimal } from '../../examples/minimal.ts';
import { main as ownAuth } from '../../examples/own-auth.ts';
import { openStage, startClouds, type Clouds, type Host, type Print } from '../../examples/stage.ts';
import { run as runProgram, type Ran } from '../support/documents.ts';
import { eventsOf } from '../support/http.ts';
import { run } from './support.ts';

// Clouds, a server and an SDK start slowly on a busy machine.
jest.setTimeout(120_000);

const EXAMPLES = resolve(import.meta.dirname, '../../examples');

interface Played {
  readonly said: string[];
  /** Which cloud got which requests. */
  readonly requests: ReturnType<Clouds['requests']>;
}

async function playClient(main: (host: Host, print: Print) => Promise<void>): Promise<Played> {
  const stage = await openStage();
  const said: string[] = [];
  try {
    await main(stage, (line) => void said.push(line));
    return { said, requests: stage.requests() };
  } finally {
    await stage.close();
  }
}

async function playHost(main: (env: NodeJS.ProcessEnv, print: Print) => Promise<void>): Promise<Played> {
  const clouds = await startClouds();
  const said: string[] = [];
  try {
    await main(clouds.env, (line) => void said.push(line));
    return { said, requests: clouds.requests() };
  } finally {
    await clouds.close();
  }
}

const OPENAI_CHAT = 'POST /v1/chat/completions';
const CLAUDE = 'POST /v1/messages';
const GEMINI = 'POST /v1beta/models/gemini-3.8-flash:generateContent';
const GEMINI_STREAM = 'POST /v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse';

const MINIMAL_SAYS = [
  'llama-3.2-1b > llama-3.2-1b lives on this machine.',
  'openai:gpt-5.4 > gpt-5.4 echoes: Hello!',
  'google:gemini-3.8-flash > gemini-3.8-flash echoes: Hello!',
];

const LANGCHAIN_SAYS = [
  'openai:gpt-5.4',
  '  calls weather({"city":"Kyoto"})',
  '  says gpt-5.4 echoes: sunny in Kyoto',
  '  streams gpt-5.4 |echoes: |Hello |there!',
  'google:gemini-3.8-flash',
  '  calls weather({"city":"Kyoto"})',
  '  says gemini-3.8-flash echoes: weather said {"output":"sunny in Kyoto"}',
  '  streams gemini-3.8-flash| echoes:| Hello| there!',
  'anthropic:claude-opus-5-5',
  '  calls weather({"city":"Kyoto"})',
  '  says The tools say: sunny in Kyoto',
  '  streams You sai|d: Hell|o there|!',
];

test('minimal: the local model is answered by the host, the others by their clouds', async () => {
  expect(await playHost(minimal)).toEqual({
    said: MINIMAL_SAYS,
    requests: { openai: [OPENAI_CHAT], google: [GEMINI], anthropic: [] },
  });
});

test('own-auth: only who may spend money reaches a cloud', async () => {
  expect(await playHost(ownAuth)).toEqual({
    said: [
      'token-of-ada asks llama-3.2-1b: 200 Hello.',
      'token-of-ada asks anthropic:claude-opus-5-5: 200 You said: Hello!',
      'token-of-bob asks llama-3.2-1b: 200 Hello.',
      "token-of-bob asks anthropic:claude-opus-5-5: 404 There is no model 'anthropic:claude-opus-5-5' here.",
      'token-of-eve asks llama-3.2-1b: 401 Please log in.',
      'token-of-eve asks anthropic:claude-opus-5-5: 401 Please log in.',
    ],
    requests: { openai: [], google: [], anthropic: [CLAUDE] },
  });
});

test('metrics: calls, tokens and what is open, by cloud and model', async () => {
  const claude = 'provider="anthropic",type';
  expect(await playHost(metrics)).toEqual({
    said: [
      'llm_prefix_router_requests_total{provider="openai",endpoint="chat/completions",status="200",model="gpt-5.4"} 1',
      'llm_prefix_router_requests_total{provider="anthropic",endpoint="chat/completions",status="200",model="claude-opus-5-5"} 1',
      'llm_prefix_router_requests_total{provider="google",endpoint="chat/completions",status="404",model="other"} 1',
      'llm_prefix_router_tokens_total{provider="openai",type="input",model="gpt-5.4"} 2',
      'llm_prefix_router_tokens_total{provider="openai",type="output",model="gpt-5.4"} 4',
      `llm_prefix_router_tokens_total{${claude}="input",model="claude-opus-5-5"} 19`,
      `llm_prefix_router_tokens_total{${claude}="output",model="claude-opus-5-5"} 12`,
      `llm_prefix_router_tokens_total{${claude}="reasoning",model="claude-opus-5-5"} 25`,
      'llm_prefix_router_requests_in_flight{provider="openai"} 0',
      'llm_prefix_router_requests_in_flight{provider="anthropic"} 0',
      'llm_prefix_router_requests_in_flight{provider="google"} 0',
    ],
    requests: {
      openai: [OPENAI_CHAT],
      google: ['POST /v1beta/models/no-such-model:generateContent'],
      anthropic: [CLAUDE],
    },
  });
});

test('agents: the tool is called on both clouds, whole and streamed', async () => {
  expect(await playClient(agents)).toEqual({
    said: [
      'anthropic:claude-opus-5-5, whole',
      '  calls weather(Kyoto)',
      '  says The tools say: sunny in Kyoto',
      'anthropic:claude-opus-5-5, streamed',
      '  calls weather(Kyoto)',
      '  says The too|ls say:| sunny |in Kyot|o',
      'google:gemini-3.8-flash, whole',
      '  calls weather(Kyoto)',
      '  says gemini-3.8-flash echoes: weather said {"output":"sunny in Kyoto"}',
      'google:gemini-3.8-flash, streamed',
      '  calls weather(Kyoto)',
      '  says gemini-3.8-flash| echoes:| weather| said| {"output":"sunny| in| Kyoto"}',
    ],
    requests: {
      openai: [],
      google: [GEMINI, GEMINI, GEMINI_STREAM, GEMINI_STREAM],
      anthropic: [CLAUDE, CLAUDE, CLAUDE, CLAUDE],
    },
  });
});

test('ai-sdk: chat whole and streamed, responses with a tool', async () => {
  expect(await playClient(aiSdk)).toEqual({
    said: [
      'chat, whole: gemini-3.8-flash echoes: Hello there!',
      'chat, streamed: You sai|d: Hell|o there|! (37 tokens)',
      'responses, anthropic:claude-opus-5-5',
      '  calls weather(Kyoto)',
      '  says The tools say: sunny in Kyoto',
      'responses, google:gemini-3.8-flash',
      '  calls weather(Kyoto)',
      '  says gemini-3.8-flash echoes: weather said {"output":"sunny in Kyoto"}',
    ],
    requests: { openai: [], google: [GEMINI, GEMINI, GEMINI], anthropic: [CLAUDE, CLAUDE, CLAUDE] },
  });
});

test('langchain: the tool is called on every cloud, and the texts come in pieces', async () => {
  expect(await playClient(langchain)).toEqual({
    said: LANGCHAIN_SAYS,
    requests: {
      openai: [OPENAI_CHAT, OPENAI_CHAT, OPENAI_CHAT],
      google: [GEMINI, GEMINI, GEMINI_STREAM],
      anthropic: [CLAUDE, CLAUDE, CLAUDE],
    },
  });
});

describe('curl.sh', () => {
  function runCurl(stage: Host, apiKey = stage.apiKey): Promise<Ran> {
    const env = { ...process.env, BASE_URL: stage.url, API_KEY: apiKey };
    return runProgram('bash', [resolve(EXAMPLES, 'curl.sh')], env);
  }

  /** Each request with its answer: JSON, the events of a stream, or text. */
  function answersIn(out: string): [request: string, answer: unknown][] {
    const [, ...sections] = out.split('\n== ');
    return sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), readAnswer(section.slice(end).trim())];
    });
  }

  function readAnswer(text: string): unknown {
    if (text.startsWith('data: ')) return eventsOf(text);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  test('gets an answer from every endpoint', async () => {
    const stage = await openStage();
    const { code, out, err } = await runCurl(stage);
    const requests = stage.requests();
    await stage.close();
    expect([code, err]).toEqual([0, '']);
    const usage = { total_tokens: expect.any(Number) as number };
    expect(answersIn(out)).toMatchObject([
      ['GET /v0/status', { status: 'ok', cloud_providers: { anthropic: { configured: true } } }],
      ['GET /v1/models', { object: 'list' }],
      ['GET /v1/models/anthropic:claude-opus-5-5', { id: 'anthropic:claude-opus-5-5', object: 'model' }],
      [
        'POST /v1/chat/completions',
        { choices: [{ message: { content: 'You said: Hello there!' }, finish_reason: 'stop' }], usage },
      ],
      [
        'POST /v1/chat/completions',
        [
          expect.stringContaining('"role":"assistant"'),
          expect.stringContaining('"content":"gemini-3.8-flash"'),
          expect.stringContaining('"content":" echoes:"'),
          expect.stringContaining('"content":" Hello"'),
          expect.stringContaining('"content":" there!"'),
          expect.stringContaining('"finish_reason":"stop"'),
          '[DONE]',
        ],
      ],
      ['POST /v1/completions', { choices: [{ text: 'You said: Once upon a time' }], usage }],
      [
        'POST /v1/responses',
        { status: 'completed', output: [{ content: [{ text: 'gemini-3.8-flash echoes: Hello there!' }] }] },
      ],
      ['POST /v1/embeddings', { object: 'list', data: [{ object: 'embedding', index: 0 }] }],
      ['POST /v1/moderations', { results: [{ flagged: false }] }],
      ['POST /v1/images/generations', '63 bytes'],
      ['POST /v1/images/edits', '63 bytes'],
      ['POST /v1/images/variations', '63 bytes'],
      ['POST /v1/audio/speech', '12 bytes'],
      ['POST /v1/audio/transcriptions', { text: expect.stringMatching(/^heard \d+ bytes$/) as string }],
      ['POST /v1/audio/translations', { text: expect.stringMatching(/^heard \d+ bytes$/) as string }],
    ]);
    expect(requests).toEqual({
      openai: [
        'GET /v1/models',
        'POST /v1/moderations',
        'POST /v1/images/generations',
        'POST /v1/images/edits',
        'POST /v1/images/variations',
        'POST /v1/audio/speech',
        'POST /v1/audio/transcriptions',
        'POST /v1/audio/translations',
      ],
      google: [
        'GET /v1beta/models?pageSize=1000',
        'GET /v1beta/models?pageSize=1000&pageToken=4',
        GEMINI_STREAM,
        GEMINI,
        'POST /v1beta/models/gemini-embedding-001:batchEmbedContents',
      ],
      anthropic: ['GET /v1/models?limit=1000', CLAUDE, CLAUDE],
    });
  });

  test('shows the errors and exits with 1 where the key is wrong, and no cloud is asked', async () => {
    const stage = await openStage();
    const { code, out } = await runCurl(stage, 'wrong');
    const requests = stage.requests();
    await stage.close();
    expect(code).toBe(1);
    const refused = { error: { code: 'invalid_api_key' } };
    expect(answersIn(out).slice(0, 3)).toMatchObject([
      ['GET /v0/status', refused],
      ['GET /v1/models', refused],
      ['GET /v1/models/anthropic:claude-opus-5-5', refused],
    ]);
    expect(requests).toEqual({ openai: [], google: [], anthropic: [] });
  });
});

describe('started as a program', () => {
  const directory = resolve(EXAMPLES, `../node_modules/.cache/llm-prefix-router/points-${process.pid}`);
  const fileOf = (name: string): string => resolve(directory, `${name}.mjs`);

  // Straight from the sources. Splitting keeps each file a file: every one asks whether it is the one that was started.
  beforeAll(async () => {
    await mkdir(directory, { recursive: true });
    await build({
      entryPoints: ['minimal', 'langchain', 'server'].map((name) => resolve(EXAMPLES, `${name}.ts`)),
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      tsconfig: resolve(EXAMPLES, '../config/tsconfig.test.json'),
      logLevel: 'error',
    });
  });

  afterAll(() => rm(directory, { recursive: true }));

  test.each([
    ['minimal', MINIMAL_SAYS],
    ['langchain', LANGCHAIN_SAYS],
  ])('%s needs no key and comes to its end', async (name, says) => {
    expect(await run(fileOf(name), [])).toEqual({ code: 0, stdout: `${says.join('\n')}\n`, stderr: '' });
  });

  test('a client goes to the host that is named', async () => {
    const stage = await openStage();
    const { code } = await run(fileOf('langchain'), [], { BASE_URL: stage.url, API_KEY: stage.apiKey });
    const { openai, google, anthropic } = stage.requests();
    await stage.close();
    expect([code, openai.length, google.length, anthropic.length]).toEqual([0, 3, 3, 3]);
  });
});

test('the page of the examples names each that can be started, and no other', () => {
  const textOf = (name: string): string => readFileSync(resolve(EXAMPLES, name), 'utf8');
  const startable = readdirSync(EXAMPLES).filter(
    (name) => name.endsWith('.sh') || (name.endsWith('.ts') && textOf(name).includes('if (isMain(')),
  );
  const named = [...textOf('README.md').matchAll(/^\| \[`([^`]+)`\]\(\1\) \|/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(startable.toSorted());
});
