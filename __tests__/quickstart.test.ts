/**
 * The user's own page, run as it stands, on the port it names. Everything that needs port 8080 is in this one file,
 * so that nothing else can be in its way.
 */
import { readFileSync } from 'node:fs';
import { startServer, type RunningServer } from '../examples/server.ts';
import { startSimulatedAnthropic } from '../examples/simulated-clouds/anthropic.ts';
import type { SimulatedCloud } from '../examples/simulated-clouds/cloud.ts';
import { startSimulatedGoogle } from '../examples/simulated-clouds/google.ts';
import { startSimulatedOpenAI } from '../examples/simulated-clouds/openai.ts';
import { startCloud, sendJson } from '../examples/simulated-clouds/cloud.ts';
import { readBlocks, run, runShell, type Block } from './support/documents.ts';
import { eventsOf } from './support/http.ts';
import { findPython } from './support/python.ts';

const PAGE = '__tests__/fixtures/quickstart.ja.md';
const blocks = readBlocks(PAGE);
const QUIET = { log: () => undefined, warn: () => undefined };
const python = await findPython();

function block(heading: string, language: string): Block {
  const found = blocks.find((one) => one.heading === heading && one.language === language);
  if (found === undefined) throw new Error(`The page has no ${language} block below '${heading}'.`);
  return found;
}

describe('with keys for all clouds', () => {
  let clouds: { openai: SimulatedCloud; google: SimulatedCloud; anthropic: SimulatedCloud };
  let server: RunningServer;

  beforeAll(async () => {
    clouds = {
      openai: await startSimulatedOpenAI({ apiKey: 'sk-quick-openai' }),
      google: await startSimulatedGoogle({ apiKey: 'quick-google' }),
      anthropic: await startSimulatedAnthropic({ apiKey: 'sk-ant-quick' }),
    };
    server = await startServer(
      {
        OPENAI_API_KEY: 'sk-quick-openai',
        OPENAI_BASE_URL: clouds.openai.url,
        GOOGLE_API_KEY: 'quick-google',
        GOOGLE_API_BASE_URL: clouds.google.url,
        ANTHROPIC_API_KEY: 'sk-ant-quick',
        ANTHROPIC_API_BASE_URL: clouds.anthropic.url,
      },
      QUIET,
    );
  });

  afterEach(() => {
    for (const cloud of Object.values(clouds)) cloud.requests.length = 0;
  });

  afterAll(async () => {
    await server.shutDown(0);
    await Promise.all(Object.values(clouds).map((cloud) => cloud.close()));
  });

  test('the server listens where the page says', () => {
    expect(server.url).toBe('http://127.0.0.1:8080');
  });

  test.each([
    ['OpenAI モデルの使用', 'openai', 'gpt-4.1', 'Hello, how are you?', '/v1/chat/completions'],
    [
      'Google AI モデルの使用',
      'google',
      'gemini-1.5-pro',
      'Explain quantum computing briefly.',
      '/v1beta/models/gemini-1.5-pro:generateContent',
    ],
    [
      'Anthropic モデルの使用',
      'anthropic',
      'claude-3-opus',
      'Write a haiku about programming.',
      '/v1/messages',
    ],
  ] as const)('%s', async (heading, cloud, model, question, path) => {
    const { out, err, code } = await runShell(block(heading, 'bash').text);
    expect([code, err]).toEqual([0, '']);
    const answer = JSON.parse(out) as Record<string, unknown>;
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant' } }],
    });
    expect(JSON.stringify(answer)).toContain(question);
    expect(clouds[cloud].requests.map((request) => request.path)).toEqual([path]);
  });

  test('ストリーミングレスポンス', async () => {
    const { out, code } = await runShell(block('ストリーミングレスポンス', 'bash').text);
    expect(code).toBe(0);
    const events = eventsOf(out);
    expect(events.at(-1)).toBe('[DONE]');
    const text = events
      .slice(0, -1)
      .map(
        (event) =>
          (JSON.parse(event) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ??
          '',
      )
      .join('');
    expect(text).toContain('Tell me a story.');
    expect(events.length).toBeGreaterThan(3);
  });

  test('the commands of README.ja.md answer too', async () => {
    const commands = readBlocks('README.ja.md').filter((one) => one.language === 'bash');
    const answers: string[] = [];
    for (const { text } of commands) {
      const { out, code, err } = await runShell(text);
      expect([code, err]).toEqual([0, '']);
      answers.push(out);
    }
    const [cloud = '', stream = '', local = '', status = ''] = answers;
    expect(JSON.parse(cloud)).toMatchObject({ object: 'chat.completion', model: 'claude-opus-5-5' });
    expect(eventsOf(stream).at(-1)).toBe('[DONE]');
    expect(JSON.parse(local)).toMatchObject({ object: 'chat.completion', model: 'llama-3.2-1b' });
    expect(JSON.parse(status)).toMatchObject({
      status: 'ok',
      cloud_providers: { google: { configured: true } },
    });
    expect([clouds.openai, clouds.google, clouds.anthropic].map(({ requests }) => requests.length)).toEqual([
      0, 1, 1,
    ]);
  });

  if (python !== undefined) {
    test('every Python block of the page runs, in page order, and prints what was asked for', async () => {
      const page = blocks.filter((one) => one.language === 'python').map((one) => one.text);
      expect(page).toHaveLength(3);
      const probe =
        'print("\\nLOCAL", local_response.json()["model"], "CLOUD", cloud_response.json()["model"])';
      const { out, err, code } = await run(python, ['-c', [...page, probe].join('\nprint()\n')]);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('Hello!');
      expect(out).toContain('Tell me a joke.');
      expect(out).toContain('LOCAL llama-3.2-1b CLOUD gpt-4.1');
      expect(clouds.openai.requests).toHaveLength(3);
      expect(clouds.anthropic.requests).toHaveLength(1);
    }, 60_000);
  }
});

describe('errors', () => {
  /** The command of an error block, and the status and body it promises. */
  function promise(heading: string): { command: string; status: number; body: object } {
    const { text } = block(heading, 'bash');
    const at = text.search(/^# HTTP \d+/m);
    const [line = '', ...json] = text.slice(at).split('\n');
    return {
      command: text.slice(0, at),
      status: Number(/\d+/.exec(line)?.[0]),
      body: JSON.parse(json.join('\n')) as object,
    };
  }

  const withStatus = (command: string): string =>
    command.replace('curl -X POST', "curl -w '\\n%{http_code}' -X POST");

  async function answerOf(command: string): Promise<{ status: number; body: unknown }> {
    const { out } = await runShell(withStatus(command));
    const at = out.lastIndexOf('\n');
    return { status: Number(out.slice(at)), body: JSON.parse(out.slice(0, at)) };
  }

  test.each(['APIキー未設定', '不明なプレフィックス'])('%s', async (heading) => {
    const server = await startServer({ OPENAI_API_KEY: 'sk-quick' }, QUIET);
    const { command, status, body } = promise(heading);
    const answer = await answerOf(command);
    await server.shutDown(0);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(body);
  });

  test('レート制限', async () => {
    const limited = await startCloud((_request, response) =>
      sendJson(
        response,
        429,
        { error: { message: 'slow', code: 'rate_limit_exceeded' } },
        { 'retry-after': '60' },
      ),
    );
    const server = await startServer({ OPENAI_API_KEY: 'sk-quick', OPENAI_BASE_URL: limited.url }, QUIET);
    const { status, body } = promise('レート制限');
    const answer = await answerOf(block('OpenAI モデルの使用', 'bash').text);
    await server.shutDown(0);
    await limited.close();
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(body);
    expect(limited.requests).toHaveLength(1);
  });
});

test('プロバイダー状態の確認: the answer is the page’s, key for key', async () => {
  const server = await startServer({ OPENAI_API_KEY: 'sk-quick', ANTHROPIC_API_KEY: 'sk-ant-quick' }, QUIET);
  const { out } = await runShell(block('プロバイダー状態の確認', 'bash').text);
  await server.shutDown(0);
  expect(JSON.parse(out)).toEqual(JSON.parse(block('レスポンス例', 'json').text));
});

test('環境変数の設定: the variables of the page configure the clouds it names', async () => {
  const { out } = await run('bash', ['-c', `${block('環境変数の設定', 'bash').text}\nenv -0`]);
  const env = Object.fromEntries(
    out.split('\0').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const server = await startServer({ ...env, PORT: '0' }, QUIET);
  const status = server.router.status();
  await server.shutDown(0);
  expect(status.cloud_providers).toEqual({
    openai: { configured: true, base_url: 'https://api.openai.com/v1' },
    google: { configured: true, base_url: 'https://generativelanguage.googleapis.com/v1beta' },
    anthropic: { configured: true, base_url: 'https://api.anthropic.com/v1' },
  });
});

test('ダッシュボードでの確認: admin / test logs in and sees which cloud is set up', async () => {
  const server = await startServer({ OPENAI_API_KEY: 'sk-quick', ANTHROPIC_API_KEY: 'sk-ant-quick' }, QUIET);
  const address = /`(http:[^`]+)` にアクセス/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
  const [username, password] = /(\w+) \/ (\w+) でログイン/.exec(readFileSync(PAGE, 'utf8'))?.slice(1) ?? [];
  const logIn = await fetch(`${address}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  const cookie = logIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const status = await fetch(`${address}/api/status`, { headers: { cookie } });
  const body: unknown = await status.json();
  await server.shutDown(0);
  expect([logIn.status, status.status]).toEqual([200, 200]);
  expect(body).toEqual(JSON.parse(block('レスポンス例', 'json').text));
});
