/** A bug, ours or the host's, costs at most the answer it is in. */
import express from 'express';
import { anthropic, createPrefixRouter, type CallRecord, type Provider } from '../lib/index.ts';
import type { ChatConversion, ChunkStream } from '../lib/providers/provider.ts';
import { askJson, eventsOf, startHost } from './support/http.ts';
import { chunk, LAST_CHUNK, startRawCloud, STREAM_HEAD, type RawCloud } from './support/raw-cloud.ts';

const FIRST = 'data: {"type":"first"}\n\n';
const REQUEST = {
  model: 'anthropic:claude-sonnet-5',
  stream: true,
  messages: [{ role: 'user', content: 'Hello' }],
};

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A provider whose conversion of streams breaks with the second event. */
function brokenStream(baseUrl: string): Provider {
  const provider = anthropic({ apiKey: 'sk-ant-canary-0123456789', baseUrl });
  const chat = provider.endpoints['chat/completions'] as ChatConversion;
  const createStream = (): ChunkStream => ({
    id: 'chatcmpl-1',
    model: 'claude',
    usage: undefined,
    push: (event) => {
      if ((event as { type: string }).type !== 'first') throw new TypeError('a bug');
      return [{ index: 0, delta: { content: 'Hi' } }];
    },
    end: () => [],
  });
  return { ...provider, endpoints: { 'chat/completions': { ...chat, createStream } } };
}

async function setUp(onCall: (record: CallRecord) => void): Promise<{ url: string; cloud: RawCloud }> {
  const cloud = await startRawCloud();
  const router = createPrefixRouter({ env: {}, providers: [brokenStream(cloud.url)], onCall });
  const host = await startHost(express().use(router));
  closers.push(
    () => router.close(),
    () => host.close(),
    () => cloud.close(),
  );
  return { url: `${host.url}/v1/chat/completions`, cloud };
}

test('one in the middle of a stream breaks the answer off', async () => {
  let onCall: (record: CallRecord) => void = () => undefined;
  const ended = new Promise<CallRecord>((resolve) => (onCall = resolve));
  const { url, cloud } = await setUp(onCall);
  const headers = { 'content-type': 'application/json' };
  const asked = fetch(url, { method: 'POST', headers, body: JSON.stringify(REQUEST) });
  const { socket, closed } = await cloud.next();
  socket.write(STREAM_HEAD + chunk(FIRST));
  const answer = await asked;
  socket.write(chunk('data: {"type":"second"}\n\n'));
  await Promise.all([closed, expect(answer.text()).rejects.toThrow('terminated')]);
  expect(await ended).toMatchObject({ status: 200, errorCode: null, complete: false, clientLeft: false });
});

test('one in the host’s onCall harms nobody', async () => {
  const { url, cloud } = await setUp(() => {
    throw new TypeError('a bug of the host');
  });
  for (let turn = 0; turn < 2; turn += 1) {
    const asked = askJson(url, REQUEST);
    const { socket } = await cloud.next();
    socket.write(STREAM_HEAD + chunk(FIRST) + LAST_CHUNK);
    const answer = await asked;
    expect([answer.status, answer.cut, eventsOf(answer.text).at(-1)]).toEqual([200, false, '[DONE]']);
  }
});
