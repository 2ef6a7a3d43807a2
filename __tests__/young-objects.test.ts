/**
 * What a call is made of is young when the call ends, and collected for next to nothing. V8 puts a function that is written
 * straight into a property, and a getter of an object literal, among the old objects: whatever they reach then stays until
 * the whole heap is collected, some thousand calls later.
 */
import { once } from 'node:events';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGunzip, gzipSync } from 'node:zlib';
import { anthropic, google } from '../lib/index.ts';
import { createModelRule, type CloudDecision } from '../lib/model.ts';
import type { ChatConversion } from '../lib/providers/provider.ts';
import { Cancellation } from '../lib/transport/cancellation.ts';
import { createTransport } from '../lib/transport/send.ts';
import { readPlain } from '../lib/transport/read.ts';
import { startRawCloud } from './support/raw-cloud.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (how?: { type: 'minor' }) => void;

/** Bytes among the old objects. What outlives two collections of the young ones moves there. */
function oldObjects(): number {
  collectGarbage({ type: 'minor' });
  collectGarbage({ type: 'minor' });
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

const CALLS = 100;
/** Each call holds so many bytes while it lasts. */
const HELD = 40_000;

/** How many bytes each of many calls leaves behind. */
async function leftBy(call: () => unknown): Promise<number> {
  for (let count = 0; count < 20; count += 1) await call();
  collectGarbage();
  const before = oldObjects();
  for (let count = 0; count < CALLS; count += 1) await call();
  return (oldObjects() - before) / CALLS;
}

/** Memory of V8's own, as a text that was put together is. */
function ballast(): number[] {
  return Array.from({ length: HELD / 8 }, (_, index) => index + 0.5);
}

const REQUEST = { messages: [{ role: 'user', content: 'hello' }] };

function chatOf(provider: ReturnType<typeof google>): ChatConversion {
  return provider.endpoints['chat/completions'] as ChatConversion;
}

test.each([
  [
    'google',
    chatOf(google()),
    [],
    { content: { role: 'model', parts: [{ text: 'text' }] } },
    { candidates: [{ finishReason: 'STOP' }] },
  ],
  [
    'anthropic',
    chatOf(anthropic()),
    [
      { type: 'message_start', message: { id: 'msg_1', model: 'claude' } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    undefined,
    { type: 'message_stop' },
  ],
])('of a stream of %s', async (_, chat, head, candidate, tail) => {
  const left = await leftBy(() => {
    const stream = chat.createStream({
      model: 'm',
      baseUrl: '',
      created: 1,
      stream: true,
      request: REQUEST,
      headers: {},
    });
    for (const event of head) stream.push(event);
    const kept = ballast();
    stream.push(
      candidate === undefined
        ? { type: 'content_block_start', index: 1, content_block: { type: 'kept', kept } }
        : { candidates: [{ ...candidate, kept }] },
    );
    expect(stream.push(tail)).toEqual(expect.any(Array));
    expect(stream.end('')).toEqual(expect.any(Array));
  });
  expect(left).toBeLessThan(HELD / 2);
});

const MODEL = createModelRule({ prefixes: ['openai'] }).decide('openai:gpt-5.4') as CloudDecision;

test.each([
  ['an answer', 'identity', Buffer.from('{"ok":true}')],
  ['a packed answer', 'gzip', gzipSync('{"ok":true}')],
])('of a call and %s', async (_, encoding, body) => {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`;
  const cloud = await startRawCloud(({ socket }) => socket.write(Buffer.concat([Buffer.from(head), body])));
  const transport = createTransport('OpenAI', cloud.url, { connectMs: 1e4, firstByteMs: 1e4, idleMs: 1e4 });
  const left = await leftBy(async () => {
    cloud.calls.length = 0;
    const call = { path: '/', headers: {}, body: Buffer.from('{}'), cancellation: new Cancellation() };
    const upstream = await transport.send(MODEL, call);
    const kept = ballast();
    await new Promise<void>((resolve, reject) =>
      readPlain(upstream, { write: () => kept.length > 0, end: resolve, fail: reject }),
    );
  });
  // Node 24's own inflater puts what listens to it among the old objects.
  const byNode = encoding === 'gzip' ? await leftBy(() => inflateAlone(body)) : 0;
  expect(left).toBeLessThan(byNode + HELD / 2);
  await transport.close();
  await cloud.close();
});

async function inflateAlone(packed: Buffer): Promise<void> {
  const kept = ballast();
  const inflater = createGunzip().on('data', () => kept.length);
  inflater.end(packed);
  await once(inflater, 'end');
}
