/** R13, R25, R38, R39, R40: connections over time, a host that ends, and a cloud that comes back. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { anthropic, createPrefixRouter, google, openai } from '../../lib/index.ts';
import { ask, startHost } from '../support/http.ts';
import { chunk, httpAnswer, LAST_CHUNK, startRawCloud, STREAM_HEAD } from '../support/raw-cloud.ts';
import { CHATS, CLOUDS, ENDPOINTS, goodHttp, STREAMS, type EndpointCase } from './endpoints.ts';
import {
  errorOf,
  expectGoodAnswer,
  expectNoBugs,
  expectWhole,
  KEYS,
  mark,
  setUp,
  type Setup,
} from './setup.ts';

/** What has come to keep this process alive since then. */
function newResources(before: readonly string[]): string[] {
  const left = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const at = left.indexOf(name);
    if (at !== -1) left.splice(at, 1);
    return at === -1 && /TCP|Timeout|Zlib|TLS|FSReq/.test(name);
  });
}

const make = { openai, google, anthropic };
let setup: Setup;

beforeEach(async () => {
  setup = await setUp();
});

afterEach(async () => {
  expectNoBugs(setup);
  await setup.close();
});

test.each(CHATS)(
  'R13, R39: an idle connection that the cloud has closed is not used again, $name',
  async (endpoint) => {
    const { calls } = setup.clouds[endpoint.cloud];
    for (let turn = 1; turn <= 3; turn += 1) {
      await expectGoodAnswer(setup, endpoint);
      calls.at(-1)?.socket.end();
      await calls.at(-1)?.closed;
      expect(calls).toHaveLength(turn);
    }
  },
);

test.each(CHATS)(
  'R13: a kept connection that breaks under a request: one 502, nothing is sent twice, the next is good, $name',
  async (endpoint) => {
    const { calls } = setup.clouds[endpoint.cloud];
    await expectGoodAnswer(setup, endpoint);
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    expect(call.socket).toBe(calls[0]?.socket);
    call.socket.resetAndDestroy();
    const answer = await asked;
    expect([answer.status, errorOf(answer).code, answer.headers['x-should-retry']]).toEqual([
      502,
      'provider_error',
      'false',
    ]);
    expect(calls).toHaveLength(2);
    await expectGoodAnswer(setup, endpoint);
    expect(calls).toHaveLength(3);
  },
);

test.each(CHATS)('R13: a connection is kept and used again for the next call, $name', async (endpoint) => {
  for (let turn = 0; turn < 5; turn += 1) await expectGoodAnswer(setup, endpoint);
  const { calls, open } = setup.clouds[endpoint.cloud];
  expect([new Set(calls.map(({ socket }) => socket)).size, open.size]).toEqual([1, 1]);
});

test.each(CHATS)('R39: a cloud that comes back is used at once, $name', async (endpoint) => {
  const { cloud } = endpoint;
  const first = await startRawCloud(({ socket }) => socket.write(goodHttp(endpoint)));
  const own = await setUp({
    options: { providers: [make[cloud]({ apiKey: KEYS[cloud], baseUrl: first.url })] },
  });
  expectWhole(endpoint, await own.ask(endpoint));
  await first.close();
  for (let turn = 0; turn < 12; turn += 1) expect((await own.ask(endpoint)).status).toBe(502);
  const second = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(goodHttp(endpoint)));
  });
  const port = Number(new URL(first.url).port);
  await new Promise<void>((resolve) => second.listen(port, '127.0.0.1', resolve));
  expectWhole(endpoint, await own.ask(endpoint));
  await own.close();
  await new Promise((resolve) => second.close(resolve));
});

test('R25: a cloud that hangs slows neither local models nor the other clouds', async () => {
  const hung = CHATS.find(({ cloud }) => cloud === 'anthropic') as EndpointCase;
  const waiting = Array.from({ length: 60 }, () => setup.ask(hung));
  for (let turn = 0; turn < waiting.length; turn += 1) await setup.clouds.anthropic.next();
  for (const endpoint of ENDPOINTS.filter(({ cloud }) => cloud !== 'anthropic'))
    await expectGoodAnswer(setup, endpoint);
  const local = await ask(`${setup.host.url}/v1/chat/completions`, { body: '{"model":"llama"}' });
  expect(local.text).toBe('{"local":true}');
  for (const { socket } of setup.clouds.anthropic.calls) socket.write(goodHttp(hung));
  for (const answer of await Promise.all(waiting)) expectWhole(hung, answer);
});

describe('R38: the end of a host', () => {
  test.each(STREAMS)(
    'a stream in flight ends whole after server.close() and router.close(), $name',
    async (endpoint) => {
      const own = await setUp();
      const asked = own.ask(endpoint);
      const call = await own.clouds[endpoint.cloud].next();
      call.socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? ''));
      const serverClosed = new Promise<void>((resolve) => own.host.server.close(() => resolve()));
      const routerClosed = own.router.close();
      call.socket.write(endpoint.good.slice(1).map(chunk).join('') + LAST_CHUNK);
      expectWhole(endpoint, await asked);
      await routerClosed;
      await serverClosed;
      await call.closed;
      expect(own.clouds[endpoint.cloud].open.size).toBe(0);
      await own.close();
    },
  );

  test('close() leaves nothing that keeps a process alive', async () => {
    const before = process.getActiveResourcesInfo().toSorted();
    const own = await setUp();
    for (const endpoint of CHATS) await expectGoodAnswer(own, endpoint);
    const left = own.ask(CHATS[0] as EndpointCase);
    const call = await own.clouds.openai.next();
    call.socket.write(httpAnswer(500, {}, 'x'));
    expect((await left).status).toBe(502);
    await own.router.close();
    // It is the router that hangs up: the clouds would keep their connections.
    await Promise.all(CLOUDS.flatMap((cloud) => own.clouds[cloud].calls.map(({ closed }) => closed)));
    await own.close();
    // Handles are reported until they have closed: what is left behind stays for good, and this never ends.
    while (newResources(before).length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(newResources(before)).toEqual([]);
  });

  test('close() twice, and without a single call before it, ends', async () => {
    const router = createPrefixRouter({ env: {} });
    await router.close();
    await router.close();
    const host = await startHost(express().use(router));
    const since = CLOUDS.map((cloud) => mark(setup, cloud));
    const answer = await ask(`${host.url}/v1/chat/completions`, { body: '{"model":"openai:gpt-5.4"}' });
    expect([answer.status, errorOf(answer).code]).toEqual([503, 'shutting_down']);
    expect(since.map((marked) => marked.calls().length)).toEqual([0, 0, 0]);
    await host.close();
  });
});

test.each(CHATS)('R38: close() twice while a call is open: both wait for it, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  const closing = Promise.all([setup.router.close(), setup.router.close()]);
  call.socket.write(goodHttp(endpoint));
  expect((await asked).status).toBe(200);
  await closing;
});

test.each(CHATS)('TLS: a cloud whose certificate nobody signed is not reached, $name', async (endpoint) => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-prefix-router-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ]);
  expect(made.status).toBe(0);
  let requests = 0;
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) => {
    requests += 1;
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const provider = make[endpoint.cloud]({
    apiKey: KEYS[endpoint.cloud],
    baseUrl: `https://127.0.0.1:${port}`,
  });
  const own = await setUp({ options: { providers: [provider] } });
  const answer = await own.ask(endpoint);
  expect([answer.status, errorOf(answer).code, requests]).toEqual([502, 'provider_unreachable', 0]);
  await own.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test.each(CHATS)('R29: a key file that changes is used at the next call, $name', async (endpoint) => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-prefix-router-'));
  const file = join(folder, 'key');
  writeFileSync(file, 'sk-first-0123456789\n');
  const { cloud } = endpoint;
  const variable = { openai: 'OPENAI', google: 'GOOGLE', anthropic: 'ANTHROPIC' }[cloud];
  const env = { [`${variable}_API_KEY_FILE`]: file };
  const providers = [make[cloud]({ baseUrl: setup.clouds[cloud].url })];
  const own = await setUp({ options: { env, providers } });
  const heads: string[] = [];
  for (const content of [
    'sk-first-0123456789\n',
    'sk-second-0123456789',
    '',
    'half a key',
    'sk-third-01234567890\r\n',
  ]) {
    writeFileSync(file, content);
    const asked = own.ask(endpoint);
    const call = await setup.clouds[cloud].next();
    heads.push(/sk-\w+/.exec(call.head)?.[0] ?? /sk-[\w-]+/.exec(call.head)?.[0] ?? '');
    call.socket.end(goodHttp(endpoint));
    expectWhole(endpoint, await asked);
  }
  expect(heads).toEqual(['sk-first', 'sk-second', 'sk-second', 'sk-second', 'sk-third']);
  await own.close();
  rmSync(folder, { recursive: true });
});

test('R40: the package runs no script at install and stands on few packages', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
    dependencies: Record<string, string>;
  };
  const hooks = [
    'preinstall',
    'install',
    'postinstall',
    'prepublish',
    'preprepare',
    'prepare',
    'postprepare',
  ];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  const allowed = [
    'ajv',
    'cookie-signature',
    'debug',
    'eventsource-parser',
    'express-rate-limit',
    'helmet',
    'http-proxy-middleware',
    'undici',
  ];
  expect(Object.keys(manifest.dependencies).toSorted()).toEqual(allowed);
});
