import { jest } from '@jest/globals';
import { difference, normalise } from '../../examples/demo-check.ts';
import { outputTo, Screen } from '../../examples/demo-screen.ts';
import { STEPS } from '../../examples/demo-steps.ts';
import { playDemo, type PlayedDemo } from '../../examples/demo.ts';
import { StartError } from '../../examples/server-config.ts';
import { startSimulatedAnthropic } from '../../examples/simulated-clouds/anthropic.ts';
import { startSimulatedGoogle } from '../../examples/simulated-clouds/google.ts';
import { startSimulatedOpenAI } from '../../examples/simulated-clouds/openai.ts';

// Three clouds and two servers start slowly on a busy machine.
jest.setTimeout(60_000);

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function play(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  steps = STEPS,
): Promise<PlayedDemo & { text: string }> {
  let text = '';
  const output = { write: (piece: string) => void (text += piece), colour: false };
  const played = await playDemo(args, { PORT: '0', ...env }, output, steps);
  closing.push(() => played.close());
  return { ...played, text };
}

describe('the demo', () => {
  test('gets every answer of the quick start exactly right, and shows question, way and answer', async () => {
    const { exitCode, server, text } = await play(['--once']);
    expect(text).toContain(`✓ ${STEPS.length} of ${STEPS.length} answers are exactly right.`);
    expect([exitCode, server, text.match(/✗/g)]).toEqual([0, undefined, null]);
    expect(text).toContain(`
 2  A Google model
    asked   POST /v1/chat/completions  google:gemini-1.5-pro
            "Explain quantum computing briefly."
    went to Google  POST /v1beta/models/gemini-1.5-pro:generateContent  with the server's own key
            {"contents":[{"role":"user","parts":[{"text":"Explain quantum computing briefly."}]}]}
    answer  200  gemini-1.5-pro echoes: Explain quantum computing briefly.
    ✓ exactly as it should be
`);
    expect(text).toContain('answer  200  |gpt-4.1 |echoes: |Tell |me |a |story.\n');
    expect(text).toContain(`
 8  A local model: no prefix
    asked   POST /v1/chat/completions  llama-3.2-1b
            "Hello!"
    went to no cloud: the answer comes from this machine
    answer  200  Hello!
`);
  });

  test('makes every call that the quick start shows', () => {
    expect(STEPS.map(({ asked }) => asked.replaceAll('\n', ' '))).toEqual([
      'POST /v1/chat/completions  openai:gpt-4.1 "Hello, how are you?"',
      'POST /v1/chat/completions  google:gemini-1.5-pro "Explain quantum computing briefly."',
      'POST /v1/chat/completions  anthropic:claude-3-opus "Write a haiku about programming."',
      'POST /v1/chat/completions  openai:gpt-4.1  "stream": true "Tell me a story."',
      'POST /v1/chat/completions  openai:gpt-4.1 "Hello!"',
      'POST /v1/chat/completions  anthropic:claude-3-opus  "stream": true "Tell me a joke."',
      'client.chat.completions.create  openai:gpt-4.1 "Hello!"',
      'POST /v1/chat/completions  llama-3.2-1b "Hello!"',
      'POST /v1/chat/completions  gpt-4o "Hello!"',
      'GET /v0/status',
      'POST /v1/chat/completions  anthropic:claude-3-opus "Hello"',
      'POST /v1/chat/completions  unknown:some-model "Hello"',
      'POST /v1/chat/completions  openai:gpt-4.1 "Hello!"',
    ]);
  });

  test('shows what is wrong, goes on, and exits with 1', async () => {
    const [first, second] = STEPS;
    const wrong = { ...first!, expected: { status: 200, answer: 'something else', sent: [] } };
    const failing = { ...first!, call: () => Promise.reject(new Error('nobody there')) };
    const { exitCode, text } = await play(['--once'], {}, [wrong, failing, second!]);
    expect(exitCode).toBe(1);
    expect(text).toMatch(/✗ not what it should be\n {6}expected \{.*'something else'.*\n {6}received \{/);
    expect(text).toContain('✗ no answer: Error: nobody there\n');
    expect(text).toContain('✗ Only 1 of 3 answers are right.');
  });

  test('keeps serving without --once, and says how to use it', async () => {
    const { exitCode, server, text } = await play([], {}, STEPS.slice(0, 1));
    expect([exitCode, server?.port]).toEqual([0, expect.any(Number)]);
    expect(text).toContain(`curl http://localhost:${server?.port}/v1/chat/completions`);
    const answer = await fetch(`${server?.url}/v1/models`, {
      headers: { authorization: 'Bearer sk-your-api-key' },
    });
    expect(answer.status).toBe(200);
  });

  test('does not touch what is set for the real clouds', async () => {
    const env = {
      OPENAI_API_KEY: 'sk-real',
      OPENAI_BASE_URL: 'http://127.0.0.1:9',
      ANTHROPIC_API_KEY_FILE: '/nowhere',
      LB_API_KEYS: 'sk-real-client',
      NODE_ENV: 'production',
    };
    expect((await play(['--once'], env)).exitCode).toBe(0);
  });

  test('says which port is taken and how to choose another', async () => {
    const { server } = await play([], {}, []);
    const port = server?.port ?? 0;
    await expect(play(['--once'], { PORT: String(port) })).rejects.toMatchObject({
      name: 'StartError',
      message: `Port ${port} on 127.0.0.1 is taken: choose another, e.g. PORT=${port + 1}.`,
    });
  });

  test('explains itself', async () => {
    const { exitCode, server, text } = await play(['--help']);
    expect([exitCode, server]).toEqual([0, undefined]);
    expect(text).toMatch(/--once.*--real.*--help.*PORT=.*NO_COLOR/s);
  });

  test('refuses an argument that it does not know', async () => {
    await expect(play(['--twice'])).rejects.toThrow(
      new StartError("Unknown argument '--twice'. Try --help."),
    );
  });
});

describe('the demo with --real', () => {
  test('asks each cloud whose key is set, at once and streamed, and leaves out the others with a sentence', async () => {
    const openai = await startSimulatedOpenAI({ apiKey: 'sk-real' });
    const anthropic = await startSimulatedAnthropic({ apiKey: 'sk-ant-real' });
    closing.push(
      () => openai.close(),
      () => anthropic.close(),
    );
    const { exitCode, text } = await play(['--real', '--once'], {
      OPENAI_API_KEY: 'sk-real',
      OPENAI_BASE_URL: openai.baseUrl,
      ANTHROPIC_API_KEY: 'sk-ant-real',
      ANTHROPIC_API_BASE_URL: anthropic.url,
      LB_API_KEYS: 'of no interest',
      NODE_ENV: 'production',
    });
    expect(text).toContain('Google is left out: GOOGLE_API_KEY is not set.\n');
    expect(text).toContain('✓ 4 of 4 calls were answered.\n');
    expect(exitCode).toBe(0);
    expect(openai.requests.map(({ json }) => json)).toMatchObject([
      { model: 'gpt-5.4-mini' },
      { model: 'gpt-5.4-mini', stream: true },
    ]);
    expect(anthropic.requests.map(({ json }) => json)).toMatchObject([
      { model: 'claude-haiku-5-5' },
      { model: 'claude-haiku-5-5', stream: true },
    ]);
  });

  test('exits with 1 and shows the error when a cloud refuses', async () => {
    const google = await startSimulatedGoogle({ apiKey: 'right-key' });
    closing.push(() => google.close());
    const { exitCode, text } = await play(['--real', '--once'], {
      GOOGLE_API_KEY: 'wrong-key',
      GOOGLE_API_BASE_URL: google.baseUrl,
    });
    expect(text).toMatch(/✗ status 401: \{"error":\{.*"code":"provider_key_invalid"/);
    expect(text).toContain('✗ Only 0 of 2 calls were answered.');
    expect(exitCode).toBe(1);
  });

  test('exits with 1 when no key is set', async () => {
    const { exitCode, text } = await play(['--real', '--once']);
    expect(text).toContain('✗ No cloud was asked: set at least one key.');
    expect(exitCode).toBe(1);
  });
});

describe('how answers are compared', () => {
  test('ids, times and what is for people are left out, nothing else', () => {
    expect(
      normalise({
        id: 'chatcmpl-1',
        created: 17,
        object: 'chat.completion',
        head: { id: 'chatcmpl-echo2' },
        x: null,
      }),
    ).toEqual({
      id: '<id>',
      created: '<time>',
      object: 'chat.completion',
      head: { id: '<id of the local node>' },
      x: null,
    });
    expect(
      normalise({ error: { message: 'm', type: 't', param: null, code: 'c', hint: 'h', provider: 'p' } }),
    ).toEqual({
      error: { message: 'm', type: 't', param: null, code: 'c' },
    });
    expect(
      normalise({ cloud_providers: { a: { configured: true, base_url: 'u', health: {} }, b: null } }),
    ).toEqual({
      cloud_providers: { a: { configured: true, base_url: 'u' }, b: null },
    });
    expect(normalise({ id: 'other', created: 'soon' })).toEqual({ id: 'other', created: 'soon' });
    expect(normalise('text')).toBe('text');
  });

  test('a difference anywhere is found and shown', () => {
    expect(difference({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBeUndefined();
    expect(difference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toBe(
      'not what it should be\nexpected { a: [ 1, { b: 3 } ] }\nreceived { a: [ 1, { b: 2 } ] }',
    );
  });
});

describe('the screen of the demo', () => {
  function stream(isTTY: boolean): NodeJS.WriteStream {
    return { isTTY, write: () => true } as unknown as NodeJS.WriteStream;
  }

  test('has colour in a terminal only, and not with NO_COLOR', () => {
    expect(outputTo(stream(true), {}).colour).toBe(true);
    expect(outputTo(stream(true), { NO_COLOR: '' }).colour).toBe(true);
    expect(outputTo(stream(true), { NO_COLOR: '1' }).colour).toBe(false);
    expect(outputTo(stream(false), {}).colour).toBe(false);
  });

  test.each([
    [false, '    ✓ right\n'],
    [true, '    \u001B[32m✓ right\u001B[0m\n'],
  ])('colour %s', (colour, expected) => {
    let text = '';
    new Screen({ colour, write: (piece) => void (text += piece) }).good('right');
    expect(text).toBe(expected);
  });
});
