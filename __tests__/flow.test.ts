/** Bodies that go on to OpenAI while they still arrive. */
import http from 'node:http';
import express from 'express';
import { createPrefixRouter } from '../lib/index.ts';
import { ask, startHost, type Answer, type RunningHost } from './support/http.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const CHAT = '/v1/chat/completions';
let cloud: RawCloud;
let host: RunningHost;

beforeEach(async () => {
  cloud = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{"ok":true}')));
  const env = { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: cloud.url };
  host = await startHost(express().use(createPrefixRouter({ env, bodyLimit: 1024 * 1024 })));
});

afterEach(async () => {
  await host.close();
  await cloud.close();
});

interface Sending {
  write(piece: string | Buffer): Promise<void>;
  end(piece?: string): void;
  destroy(): void;
  readonly answer: Promise<Answer>;
}

/** A request whose pieces the test sends one by one. */
function send(headers: Record<string, string | number> = {}): Sending {
  const request = http.request(host.url + CHAT, { method: 'POST', agent: false, headers });
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, bytes, text: bytes.toString(), cut: false });
      });
    });
  });
  answer.catch(() => undefined);
  return {
    write: (piece) => new Promise((resolve) => request.write(piece, () => resolve())),
    end: (piece) => void request.end(piece),
    destroy: () => void request.destroy(),
    answer,
  };
}

/** What a cloud has received so far on its newest connection. */
function watch(): { until(text: string): Promise<string> } {
  let received = '';
  let wake: () => void = () => undefined;
  const net = new Promise<void>((resolve) => {
    const poll = (): void => {
      const [socket] = cloud.open;
      if (socket === undefined) return void setImmediate(poll);
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
        wake();
      });
      resolve();
    };
    poll();
  });
  return {
    until: async (text) => {
      await net;
      while (!received.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
      return received;
    },
  };
}

function codeOf(answer: Answer): unknown {
  return (JSON.parse(answer.text) as { error: { code: unknown } }).error.code;
}

test('the cloud receives the beginning before the client has sent the end', async () => {
  const tail = '"b"]}';
  const body = `{"model":"openai:gpt-5.4","messages":["${'a'.repeat(100_000)}",${tail}`;
  const sending = send({ 'content-length': body.length });
  const seen = watch();
  await sending.write(body.slice(0, 60_000));
  await sending.write(body.slice(60_000, -tail.length));
  const early = await seen.until('{"model":"gpt-5.4","messages":["aaaa');
  expect(early).toContain(`content-length: ${body.length - 'openai:'.length}`);
  expect(cloud.calls).toHaveLength(0);
  sending.end(tail);
  expect((await sending.answer).status).toBe(200);
  expect(cloud.calls.map((call) => call.body)).toEqual([body.replace('openai:', '')]);
});

test.each<[string, string, number, string]>([
  ['a second model', ',"model":"llama"}', 400, 'invalid_value'],
  ['a second model at the very end', ',"x":1,"mod\\u0065l":1}', 400, 'invalid_value'],
  ['broken JSON', ',}', 400, 'invalid_json'],
  ['a body that stops too early', '', 400, 'invalid_json'],
  ['text behind the body', '} x', 400, 'invalid_json'],
  ['bytes that are no UTF-8', ',"a":"\u00ff"}', 400, 'invalid_json'],
  ['more than the limit', `,"a":"${'x'.repeat(1024 * 1024)}"}`, 413, 'request_too_large'],
])('%s in a body that flows: no complete request reaches the cloud', async (_what, rest, status, code) => {
  const sending = send();
  const seen = watch();
  await sending.write('{"model":"openai:gpt-5.4","messages":[]');
  await sending.write(',"pad":"'.concat('y'.repeat(50_000), '"'));
  await seen.until('{"model":"gpt-5.4"');
  const [socket] = cloud.open;
  const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()));
  if (rest !== '') await sending.write(Buffer.from(rest, 'latin1'));
  sending.end();
  const answer = await sending.answer;
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  await closed;
  expect(cloud.calls).toHaveLength(0);
});

test.each<[string, string, string]>([
  ['a second model at the very end', ',"x":1,"model":1}', 'invalid_value'],
  ['broken JSON', ',}', 'invalid_json'],
  ['a body that stops too early', ',"x":1', 'invalid_json'],
  ['text behind the body', '} x', 'invalid_json'],
])('%s in a body of announced length: its last piece is not sent', async (_what, rest, code) => {
  const begin = '{"model":"openai:gpt-5.4","messages":[]';
  const pad = `,"pad":"${'y'.repeat(50_000)}"`;
  const sending = send({ 'content-length': begin.length + pad.length + rest.length });
  const seen = watch();
  await sending.write(begin);
  await sending.write(pad);
  await seen.until('yyy"');
  const [socket] = cloud.open;
  const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()));
  sending.end(rest);
  const answer = await sending.answer;
  expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  await closed;
  expect(cloud.calls).toHaveLength(0);
});

test('a client that leaves while it sends takes the call to the cloud with it', async () => {
  const sending = send();
  const seen = watch();
  await sending.write('{"model":"openai:gpt-5.4","messages":["'.concat('y'.repeat(50_000)));
  await sending.write('z'.repeat(50_000));
  await seen.until('{"model":"gpt-5.4"');
  const [socket] = cloud.open;
  const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()));
  sending.destroy();
  await closed;
  expect(cloud.calls).toHaveLength(0);
});

test('an announced length over the limit is refused before anything is sent', async () => {
  const sending = send({ 'content-length': 2 * 1024 * 1024 });
  await sending.write('{"model":"openai:gpt-5.4","pad":"');
  const answer = await sending.answer;
  expect([answer.status, codeOf(answer), cloud.open.size]).toEqual([413, 'request_too_large', 0]);
  sending.destroy();
});

test('wherever a body is cut into two, the cloud gets the same bytes', async () => {
  const body = Buffer.from('{"a":{"model":1},"model":"openai:gpt-5.4","messages":["ü"],"z":0}');
  for (let cut = 1; cut < body.length; cut += 3) {
    const sending = send();
    await sending.write(body.subarray(0, cut));
    await sending.write(body.subarray(cut));
    sending.end();
    expect((await sending.answer).text).toBe('{"ok":true}');
  }
  const expected = body.toString().replace('openai:', '');
  expect(new Set(cloud.calls.map((call) => call.body))).toEqual(new Set([expected]));
});

test('a key that is missing is told although the body still flows', async () => {
  const bare = await startHost(express().use(createPrefixRouter({ env: { OPENAI_BASE_URL: cloud.url } })));
  const answer = await ask(bare.url + CHAT, {
    body: [Buffer.from('{"model":"openai:gpt-5.4","pad":"'), Buffer.alloc(200_000, 'x'), Buffer.from('"}')],
  });
  expect([answer.status, codeOf(answer), cloud.open.size]).toEqual([401, 'api_key_missing', 0]);
  await bare.close();
});
