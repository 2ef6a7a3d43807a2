import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECHO_MODELS } from '../../examples/echo-node.ts';
import { startServer, type RunningServer } from '../../examples/server.ts';
import { startSimulatedOpenAI, type SimulatedOpenAI } from '../../examples/simulated-clouds/openai.ts';

const KEY = { authorization: 'Bearer sk-your-api-key' };
const UNAUTHORIZED = {
  error: {
    message: 'Missing or invalid API key',
    type: 'authentication_error',
    param: null,
    code: 'invalid_api_key',
  },
};

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const quiet = { log: () => {}, warn: () => {} };

async function server(env: NodeJS.ProcessEnv = {}): Promise<RunningServer> {
  const started = await startServer({ PORT: '0', ...env }, quiet);
  closing.push(() => started.shutDown(0));
  return started;
}

async function openai(): Promise<SimulatedOpenAI> {
  const cloud = await startSimulatedOpenAI({ apiKey: 'sk-cloud' });
  closing.push(() => cloud.close());
  return cloud;
}

function chat(url: string, body: object, headers: Record<string, string> = KEY): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function says(model: string, content: string): object {
  return { model, messages: [{ role: 'user', content }] };
}

describe('the example server', () => {
  test('lets nobody in without a key, whatever the path looks like, but to the dashboard’s log-in', async () => {
    const { url } = await server();
    const paths = [
      '/v1/models',
      '/V1/models',
      '//v1/models',
      '/v1/chat/completions',
      '/v0/status',
      '/v0/x',
      '/x',
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST']) {
        const answer = await fetch(url + path, { method, headers: { authorization: 'Bearer wrong' } });
        expect([path, answer.status, answer.headers.get('www-authenticate'), await answer.json()]).toEqual([
          path,
          401,
          'Bearer',
          UNAUTHORIZED,
        ]);
      }
    }
    const front = await fetch(url, { redirect: 'manual' });
    expect([front.status, front.headers.get('location')]).toEqual([302, './login']);
    const logIn = await fetch(`${url}/login`);
    expect([logIn.status, logIn.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await fetch(`${url}/api/status`)).status).toBe(401);
  });

  test('takes each of LB_API_KEYS and no longer the default key', async () => {
    const { url } = await server({ LB_API_KEYS: 'sk-one,sk-two' });
    const statuses = ['sk-one', 'sk-two', 'sk-your-api-key'].map(
      async (key) =>
        (await fetch(`${url}/v0/status`, { headers: { authorization: `Bearer ${key}` } })).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 401]);
  });

  test.each(['llama-3.2-1b', 'gpt-oss:20b', 'gpt-4o'])(
    'sends %s, which has no prefix, to the local node',
    async (model) => {
      const cloud = await openai();
      const { url } = await server({ OPENAI_API_KEY: 'sk-cloud', OPENAI_BASE_URL: cloud.baseUrl });
      const answer = await chat(url, says(model, 'Hello!'));
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          id: expect.stringMatching(/^chatcmpl-echo\d+$/),
          object: 'chat.completion',
          created: expect.any(Number),
          model,
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: 'Hello!', refusal: null },
              logprobs: null,
              finish_reason: 'stop',
            },
          ],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        },
      ]);
      expect(cloud.requests).toEqual([]);
    },
  );

  test('sends openai:gpt-4.1 to OpenAI with the server’s key in place of the client’s', async () => {
    const cloud = await openai();
    const { url } = await server({ OPENAI_API_KEY: 'sk-cloud', OPENAI_BASE_URL: cloud.baseUrl });
    const answer = await chat(url, says('openai:gpt-4.1', 'Hello, how are you?'));
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { model: 'gpt-4.1', choices: [{ message: { content: 'gpt-4.1 echoes: Hello, how are you?' } }] },
    ]);
    expect(cloud.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: 'Bearer sk-cloud' },
        json: says('gpt-4.1', 'Hello, how are you?'),
      },
    ]);
  });

  test('sends local models to LOCAL_NODES', async () => {
    const node = createServer((req, res) => res.end(`${req.method} ${req.url} ${req.headers.authorization}`));
    node.listen(0, '127.0.0.1');
    await once(node, 'listening');
    closing.push(async () => void node.close());
    const { url } = await server({
      LOCAL_NODES: `http://127.0.0.1:${(node.address() as AddressInfo).port}/v1`,
    });
    expect(await (await chat(url, says('llama', 'Hi'))).text()).toBe('POST /v1/chat/completions undefined');
  });

  test('answers the status as the quick start shows it', async () => {
    const { url } = await server({ OPENAI_API_KEY: 'sk-x', ANTHROPIC_API_KEY: 'sk-ant-x' });
    const answer = await fetch(`${url}/v0/status`, { headers: KEY });
    expect(await answer.json()).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      cloud_providers: {
        openai: { configured: true, base_url: 'https://api.openai.com/v1' },
        google: { configured: false },
        anthropic: { configured: true, base_url: 'https://api.anthropic.com/v1' },
      },
    });
  });

  test('lists the models of the nodes and of the clouds', async () => {
    const cloud = await openai();
    const { url } = await server({ OPENAI_API_KEY: 'sk-cloud', OPENAI_BASE_URL: cloud.baseUrl });
    const answer = (await (await fetch(`${url}/v1/models`, { headers: KEY })).json()) as {
      data: { id: string }[];
    };
    const ids = answer.data.map(({ id }) => id);
    expect(ids.slice(0, ECHO_MODELS.length)).toEqual(ECHO_MODELS);
    expect(ids).toContain('openai:gpt-4.1');
  });

  test("answers an unknown path in OpenAI's form", async () => {
    const { url } = await server();
    const answer = await fetch(`${url}/v2/x?y`, { headers: KEY });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        error: {
          message: 'Unknown request URL: GET /v2/x.',
          type: 'invalid_request_error',
          param: null,
          code: 'unknown_url',
        },
      },
    ]);
  });

  test('writes where it listens and warns of every default', async () => {
    const lines: string[] = [];
    const add = (line: string): void => void lines.push(line);
    const started = await startServer({ PORT: '0', LB_API_KEYS: 'sk-own' }, { log: add, warn: add });
    closing.push(() => started.shutDown(0));
    expect(lines.map((line) => line.replace(/ is the default.*/, ''))).toEqual([
      'Warning: ADMIN_USERNAME',
      'Warning: ADMIN_PASSWORD',
      'Warning: SESSION_SECRET',
      'Warning: LOCAL_NODES',
      `Listening on http://127.0.0.1:${started.port}`,
    ]);
  });

  test('does not start on a port that is taken, and says how to choose another', async () => {
    const { port } = await server();
    await expect(startServer({ PORT: String(port) }, quiet)).rejects.toMatchObject({
      name: 'StartError',
      message: `Port ${port} on 127.0.0.1 is taken: choose another, e.g. PORT=${port + 1}.`,
    });
  });

  test('names a port that there is where the last of them is taken', async () => {
    const blocker = createServer().listen(65_535, '127.0.0.1');
    await once(blocker, 'listening');
    closing.push(async () => void blocker.close());
    await expect(startServer({ PORT: '65535' }, quiet)).rejects.toMatchObject({
      name: 'StartError',
      message: 'Port 65535 on 127.0.0.1 is taken: choose another, e.g. PORT=65534.',
    });
  });

  test('does not start with a base URL that is none, and does not repeat it', async () => {
    await expect(startServer({ PORT: '0', OPENAI_BASE_URL: 'sk-pasted' }, quiet)).rejects.toThrow(
      new TypeError('OPENAI_BASE_URL is no URL. Expected e.g. https://api.example.com/v1.'),
    );
  });
});

describe('shutting down', () => {
  /** A node whose answers the test writes. */
  async function startHeldNode(): Promise<{ url: string; next(): Promise<ServerResponse> }> {
    const node = createServer();
    node.listen(0, '127.0.0.1');
    await once(node, 'listening');
    closing.push(async () => {
      node.closeAllConnections();
      node.close();
    });
    return {
      url: `http://127.0.0.1:${(node.address() as AddressInfo).port}`,
      async next() {
        const [, res] = (await once(node, 'request')) as [unknown, ServerResponse];
        return res;
      },
    };
  }

  test('answers new requests with 503, lets an open stream end, then closes', async () => {
    const node = await startHeldNode();
    const started = await startServer({ PORT: '0', LOCAL_NODES: node.url }, quiet);
    const atNode = node.next();
    const opened = chat(started.url, { ...says('llama', 'Hi'), stream: true });
    const held = await atNode;
    held.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    const stream = await opened;

    const shut = started.shutDown();
    const refused = await chat(started.url, says('llama', 'Hi'));
    expect([refused.status, await refused.json()]).toEqual([
      503,
      {
        error: {
          message: 'This server is shutting down. Please try again in a few seconds.',
          type: 'server_error',
          param: null,
          code: 'shutting_down',
        },
      },
    ]);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.headers.get('connection')).toBe('close');

    held.end('data: [DONE]\n\n');
    expect(await stream.text()).toBe('data: 1\n\ndata: [DONE]\n\n');
    expect(await shut).toBe(0);
    await expect(fetch(started.url)).rejects.toThrow('fetch failed');
  });

  test('cuts what is still open when the grace time is over', async () => {
    const node = await startHeldNode();
    const started = await startServer({ PORT: '0', LOCAL_NODES: node.url }, quiet);
    const atNode = node.next();
    const opened = chat(started.url, says('llama', 'Hi'));
    const held = await atNode;
    held.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    const stream = await opened;
    const cutAtNode = once(held, 'close');
    expect(await started.shutDown(0)).toBe(1);
    await cutAtNode;
    await expect(stream.text()).rejects.toThrow('terminated');
  });

  test('lets a call to a cloud end, too', async () => {
    const cloud = await openai();
    const started = await startServer(
      { PORT: '0', OPENAI_API_KEY: 'sk-cloud', OPENAI_BASE_URL: cloud.baseUrl },
      quiet,
    );
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    cloud.answerNext({
      slices: ['data: {"choices":[]}\n\n', 'data: [DONE]\n\n'],
      beforeSlice: (index) => (index === 1 ? held : undefined),
    });
    const stream = await chat(started.url, { ...says('openai:gpt-4.1', 'Hi'), stream: true });
    const shut = started.shutDown();
    letGo();
    expect(await stream.text()).toBe('data: {"choices":[]}\n\ndata: [DONE]\n\n');
    expect(await shut).toBe(0);
  });
});
