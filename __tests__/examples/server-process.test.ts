import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { chunk, httpAnswer, startRawCloud, STREAM_HEAD } from '../support/raw-cloud.ts';
import { compileExample, run, start, type Program, type Running } from './support.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

let program: Program;
let node: Server;
let nodeUrl: string;

beforeAll(async () => {
  program = await compileExample('server');
  node = createServer();
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  nodeUrl = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
});

afterAll(async () => {
  node.closeAllConnections();
  node.close();
  await program.remove();
});

describe('the example server as a process', () => {
  test('--help names all variables and exits with 0', async () => {
    const { code, stdout, stderr } = await run(program.file, ['--help']);
    expect([code, stderr]).toEqual([0, '']);
    const named = [
      'PORT HOST LB_API_KEYS ADMIN_USERNAME ADMIN_PASSWORD SESSION_SECRET LOCAL_NODES SHUTDOWN_GRACE_SECONDS NODE_ENV',
      'OPENAI_API_KEY OPENAI_BASE_URL OPENAI_API_KEY_FILE GOOGLE_API_KEY GOOGLE_API_BASE_URL GOOGLE_API_KEY_FILE',
      'ANTHROPIC_API_KEY ANTHROPIC_API_BASE_URL ANTHROPIC_API_KEY_FILE DEBUG',
    ].flatMap((line) => line.split(' '));
    expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(stdout))).toEqual([]);
  });

  test.each([
    [
      'any default in production',
      [],
      { NODE_ENV: 'production' },
      'NODE_ENV=production does not start on defaults: set LB_API_KEYS, ADMIN_USERNAME, ADMIN_PASSWORD, SESSION_SECRET and LOCAL_NODES.',
    ],
    ['a port that is none', [], { PORT: 'http' }, "PORT must be a whole number from 0 to 65535, not 'http'."],
    ['an unknown argument', ['--port=1'], {}, "Unknown argument '--port=1'. Try --help."],
    [
      'a node that is no URL',
      [],
      { PORT: '0', LOCAL_NODES: 'http://127.0.0.1:9,localhost' },
      'LOCAL_NODES: node 2 of 2 is no URL. Expected something like http://127.0.0.1:11434.',
    ],
    [
      'a base URL with a password',
      [],
      { PORT: '0', GOOGLE_API_BASE_URL: 'http://me:secret@host' },
      'GOOGLE_API_BASE_URL must not hold a user name or password. The key has a variable of its own.',
    ],
    [
      'a key that no client could send',
      [],
      { PORT: '0', LB_API_KEYS: 'sk-a b' },
      'LB_API_KEYS: key 1 of 1 is empty or has characters other than visible ASCII, so no client could send it.',
    ],
  ])(
    'says in one sentence that it does not start on %s, and exits with 1',
    async (_case, args, env, sentence) => {
      expect(await run(program.file, args, env)).toEqual({ code: 1, stdout: '', stderr: `${sentence}\n` });
    },
  );
});

describe('a signal', () => {
  const ENV = {
    PORT: '0',
    LB_API_KEYS: 'sk-client',
    ADMIN_USERNAME: 'root',
    ADMIN_PASSWORD: 'long and good',
    SESSION_SECRET: 'a secret of thirty-two characters',
    HOST: '127.0.0.1',
    NODE_ENV: 'production',
  };

  /** Starts the server and one stream through it, whose first event has arrived. */
  async function startWithStream(): Promise<{
    server: Running;
    url: string;
    held: ServerResponse;
    stream: ReadableStreamDefaultReader<string>;
  }> {
    const server = start(program.file, { ...ENV, LOCAL_NODES: nodeUrl });
    const url = await server.line(/^Listening on (.+)$/);
    const arrived = once(node, 'request');
    const opened = chat(url);
    const [, held] = (await arrived) as [unknown, ServerResponse];
    held.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    const stream = (await opened).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect(await stream.read()).toEqual({ done: false, value: 'data: 1\n\n' });
    return { server, url, held, stream };
  }

  function chat(url: string, model = 'llama'): Promise<Response> {
    return fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-client', 'content-type': 'application/json' },
      body: JSON.stringify({ model }),
    });
  }

  test('SIGTERM with nothing open ends the process with 0', async () => {
    const server = start(program.file, { ...ENV, LOCAL_NODES: nodeUrl });
    const url = await server.line(/^Listening on (.+)$/);
    // A connection that is kept alive is nothing open.
    expect((await fetch(url)).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  test('SIGTERM refuses new requests, lets the open stream end, then exits with 0', async () => {
    const { server, url, held, stream } = await startWithStream();
    server.child.kill('SIGTERM');
    await server.line(/^SIGTERM: /);
    const refused = await chat(url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    held.end('data: [DONE]\n\n');
    expect(await stream.read()).toEqual({ done: false, value: 'data: [DONE]\n\n' });
    expect(await stream.read()).toEqual({ done: true, value: undefined });
    expect(await server.exited).toBe(0);
  });

  test('R38: after SIGKILL client and cloud see the cut, and a new process serves on the same port', async () => {
    const cloud = await startRawCloud();
    const env = { ...ENV, LOCAL_NODES: nodeUrl, OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: cloud.url };
    const server = start(program.file, env);
    const url = await server.line(/^Listening on (.+)$/);
    const asked = chat(url, 'openai:gpt-5.4');
    const call = await cloud.next();
    call.socket.write(STREAM_HEAD + chunk('data: {}\n\n'));
    const stream = (await asked).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect(await stream.read()).toEqual({ done: false, value: 'data: {}\n\n' });
    server.child.kill('SIGKILL');
    await expect(stream.read()).rejects.toThrow('terminated');
    await call.closed;
    const next = start(program.file, { ...env, PORT: new URL(url).port });
    expect(await next.line(/^Listening on (.+)$/)).toBe(url);
    const again = chat(url, 'openai:gpt-5.4');
    (await cloud.next()).socket.write(httpAnswer(200, {}, '{"ok":true}'));
    expect(await (await again).json()).toEqual({ ok: true });
    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(0);
    await cloud.close();
  });

  test('a second signal ends the process at once', async () => {
    const { server, stream } = await startWithStream();
    server.child.kill('SIGINT');
    await server.line(/^SIGINT: /);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(1);
    await expect(stream.read()).rejects.toThrow('terminated');
  });
});
