/** What the transport promises to whoever reads an answer from it. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createModelRule, type CloudDecision } from '../lib/model.ts';
import { Cancellation } from '../lib/transport/cancellation.ts';
import { readBody } from '../lib/transport/read.ts';
import { createTransport, type BodySink, type Transport } from '../lib/transport/send.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const MODEL = createModelRule({ prefixes: ['openai'] }).decide('openai:gpt-5.4') as CloudDecision;
const TIMEOUTS = { connectMs: 10_000, firstByteMs: 10_000, idleMs: 10_000 };

let cloud: RawCloud;
let transport: Transport;

beforeEach(async () => {
  cloud = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{"ok":true}')));
  transport = createTransport('OpenAI', cloud.url, TIMEOUTS);
});

afterEach(async () => {
  await transport.close();
  await cloud.close();
});

function call(body: Buffer | Readable, cancellation = new Cancellation()): Parameters<Transport['send']> {
  return [MODEL, { path: '/', headers: {}, body, cancellation }];
}

function failureOf(sink: Partial<BodySink>): Promise<unknown> {
  return new Promise((resolve) => {
    void transport.send(...call(Buffer.from('{}'))).then((upstream) =>
      upstream.read({
        write: () => true,
        end: () => resolve('ended'),
        fail: (error) => resolve(error),
        ...sink,
      }),
    );
  });
}

test('a bug of the reader, wherever it is, comes back to the reader and ends no process', async () => {
  const bug = new TypeError('a bug');
  const broken = (): never => {
    throw bug;
  };
  expect(await failureOf({})).toBe('ended');
  expect(await failureOf({ end: broken })).toBe(bug);
  expect(await failureOf({ write: broken })).toBe(bug);
});

test('a request that was given up before it began leaves no upload behind', async () => {
  const upload = new Readable({ read: () => undefined });
  const cancellation = new Cancellation();
  cancellation.cancel(new Error('left'));
  await expect(transport.send(...call(upload, cancellation))).rejects.toThrow('left');
  expect([upload.destroyed, cloud.calls.length]).toEqual([true, 0]);
});

test('a call that is given up while the connection is being made is never sent', async () => {
  const cancellation = new Cancellation();
  const sending = transport.send(...call(Buffer.from('{"given":"up"}'), cancellation));
  cancellation.cancel(new Error('left'));
  await expect(sending).rejects.toThrow('left');
  // By the time the cloud has answered two more, it would have come.
  for (const body of ['{"n":1}', '{"n":2}']) {
    const upstream = await transport.send(...call(Buffer.from(body)));
    await readBody(upstream);
  }
  expect(cloud.calls.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}']);
});

// Less than the 4 s after which undici lets go of an idle connection by itself.
test('closing ends the connections, and the calls that are open', async () => {
  const silent = await startRawCloud();
  const closing = createTransport('OpenAI', silent.url, TIMEOUTS);
  const failure = closing.send(...call(Buffer.from('{}'))).catch((error: unknown) => error);
  const { closed } = await silent.next();
  await Promise.all([closing.close(), closed]);
  expect(await failure).toMatchObject({ code: 'provider_error' });
  await silent.close();

  await readBody(await transport.send(...call(Buffer.from('{}'))));
  const [idle] = cloud.calls;
  await Promise.all([transport.close(), idle?.closed]);
  expect(cloud.open.size).toBe(0);
}, 3_000);

test('nor does one whose cloud is not there', async () => {
  await cloud.close();
  const upload = new Readable({ read: () => undefined });
  const closed = once(upload, 'close');
  await expect(transport.send(...call(upload))).rejects.toMatchObject({ code: 'provider_unreachable' });
  await closed;
});
