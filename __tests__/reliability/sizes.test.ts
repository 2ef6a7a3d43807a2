/** R18, R23: what a cloud sends, and how slowly a client reads it, costs a bounded amount of memory. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { chunk, LAST_CHUNK, STREAM_HEAD, type RawCall } from '../support/raw-cloud.ts';
import { CHATS, ENDPOINTS, STREAMS, textOf, WHOLE_ANSWERS, type EndpointCase } from './endpoints.ts';
import { untilStill, watchBuffers } from './memory.ts';
import { errorOf, expectNoBugs, expectGoodAnswer, lastErrorOf, setUp, type Setup } from './setup.ts';

const MB = 1024 * 1024;
const QUALITY = constants.BROTLI_PARAM_QUALITY;

let setup: Setup;

beforeAll(async () => {
  setup = await setUp();
});

afterEach(() => expectNoBugs(setup));

afterAll(() => setup.close());

/** Sends a piece as often as it is asked for, no faster than it is taken. @returns how many bytes were taken. */
function pump({ socket }: RawCall, piece: Buffer, times: number, end: string): () => number {
  let sent = 0;
  const more = (): void => {
    while (sent < piece.length * times && !socket.destroyed) {
      sent += piece.length;
      if (!socket.write(piece)) return void socket.once('drain', more);
    }
    if (!socket.destroyed) socket.write(end);
  };
  more();
  return () => sent;
}

const converted = STREAMS.filter(({ relayed }) => !relayed);
/** What does not depend on the endpoint is shown on one of them: megabytes take their time. */
const isChat = ({ path, relayed }: EndpointCase): boolean => !relayed && path === '/v1/chat/completions';

test.each(STREAMS.filter(isChat))('R18: an event of 120 MB is given up early, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  const peak = watchBuffers();
  call.socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? '') + chunk('data: {"x":"'));
  const piece = Buffer.from(chunk('x'.repeat(256 * 1024)));
  const sent = pump(call, piece, 480, chunk('"}\n\n') + LAST_CHUNK);
  const answer = await asked;
  await call.closed;
  expect(lastErrorOf(answer)?.message ?? errorOf(answer).message).toMatch(
    /^The cloud sent an event of more than 32 MB\.$/,
  );
  expect(sent()).toBeLessThan(80 * MB);
  expect(await peak()).toBeLessThan(150 * MB);
  await expectGoodAnswer(setup, endpoint);
});

test.each(converted)('R18: an event of 8 MB passes whole, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  const text = 'y'.repeat(8 * MB);
  call.socket.write(
    STREAM_HEAD + endpoint.good.map((event) => chunk(event.replace('Grüße 🦊', text))).join('') + LAST_CHUNK,
  );
  expect(textOf(endpoint, await asked)).toBe(text);
});

test.each(WHOLE_ANSWERS.filter(isChat))('R18: JSON of 120 MB is given up early, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
  const sent = pump(call, Buffer.from(chunk('x'.repeat(256 * 1024))), 480, LAST_CHUNK);
  const answer = await asked;
  await call.closed;
  expect([answer.status, errorOf(answer).message]).toEqual([
    502,
    'The cloud sent an answer of more than 64 MB.',
  ]);
  expect(answer.headers['x-should-retry']).toBe('false');
  expect(sent()).toBeLessThan(110 * MB);
});

describe.each<[string, () => Buffer]>([
  ['gzip', () => gzipSync(Buffer.alloc(300 * MB, 'x'), { level: 1 })],
  // A few hundred bytes, all of them in the inflater before it has given anything.
  ['br', () => brotliCompressSync(Buffer.alloc(300 * MB, 'x'), { params: { [QUALITY]: 3 } })],
])('R18: %s that grows to 300 MB is given up early', (encoding, makeBomb) => {
  let bomb: Buffer;

  beforeAll(() => void (bomb = makeBomb()));

  test.each(ENDPOINTS.filter(isChat))('$name', async (endpoint) => {
    const asked = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    const peak = watchBuffers();
    const type = endpoint.stream ? 'text/event-stream' : 'application/json';
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: ${encoding}\r\n`;
    call.socket.write(`${head}content-length: ${bomb.length}\r\n\r\n`);
    call.socket.write(bomb);
    const answer = await asked;
    expect([answer.status, errorOf(answer).message]).toEqual([
      502,
      `The cloud sent an ${endpoint.stream ? 'event of more than 32' : 'answer of more than 64'} MB.`,
    ]);
    expect(await peak()).toBeLessThan(200 * MB);
  });
});

test.each(CHATS)('R18: an error page of 50 MB is read as far as it is of use, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write('HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n');
  const sent = pump(call, Buffer.from(chunk('<p>oops</p>'.repeat(6000))), 800, LAST_CHUNK);
  const answer = await asked;
  await call.closed;
  expect([answer.status, errorOf(answer).code]).toEqual([502, 'provider_error']);
  expect(answer.text.length).toBeLessThan(2000);
  expect(sent()).toBeLessThan(16 * MB);
});

test.each(STREAMS)(
  'R23: a client that stops reading holds the cloud back, and then gets every byte, $name',
  async (endpoint) => {
    const split = endpoint.cloud === 'anthropic' ? 3 : 1;
    const event = endpoint.good[split - 1] ?? '';
    const filler = Buffer.from(chunk(event.replace('Grüße 🦊', 'z'.repeat(64 * 1024))));
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request(setup.host.url + endpoint.path, { method: 'POST', agent: false }, resolve);
      request.on('error', reject);
      request.end(JSON.stringify(endpoint.body));
      void setup.clouds[endpoint.cloud].next().then((call) => {
        call.socket.write(
          STREAM_HEAD +
            endpoint.good
              .slice(0, split - 1)
              .map(chunk)
              .join(''),
        );
        sent = pump(
          call,
          filler,
          800,
          endpoint.good
            .slice(split - 1)
            .map(chunk)
            .join('') + LAST_CHUNK,
        );
      });
    });
    const stalled = await untilStill(() => sent());
    // Of some 50. Most of it lies in the kernel's buffers, which grow as they please.
    expect(stalled).toBeLessThan(32 * MB);
    let count = 0;
    let tail = '';
    let ended = false;
    for await (const piece of response) {
      const text = (piece as Buffer).toString('latin1');
      count += text.split('z').length - 1;
      tail = tail.slice(-40) + text;
      ended ||= /\[DONE\]|event: response\.completed/.test(tail);
    }
    // Responses repeat the whole text at their end.
    expect(count).toBeGreaterThanOrEqual(400 * 64 * 1024);
    expect(ended).toBe(true);
    sent = () => 0;
  },
  60_000,
);

let sent: () => number = () => 0;

test('R23: a packed stream holds the cloud back as well, and then comes whole', async () => {
  const [endpoint] = STREAMS.filter(({ relayed }) => relayed) as [EndpointCase];
  const events = Array.from({ length: 800 }, () => {
    const content = randomBytes(48 * 1024).toString('base64');
    return `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`;
  });
  const text = `${events.join('')}data: [DONE]\n\n`;
  const packed = gzipSync(text, { level: 1 });
  const [response, call] = await Promise.all([
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request(setup.host.url + endpoint.path, { method: 'POST', agent: false }, resolve);
      request.on('error', reject).end(JSON.stringify(endpoint.body));
    }),
    setup.clouds[endpoint.cloud].next().then((arrived) => {
      const type = 'content-type: text/event-stream\r\ncontent-encoding: gzip';
      arrived.socket.write(`HTTP/1.1 200 OK\r\n${type}\r\ncontent-length: ${packed.length}\r\n\r\n`);
      const pieces = Math.ceil(packed.length / PIECE);
      let next = 0;
      const more = (): void => {
        while (next < pieces && arrived.socket.write(packed.subarray(next * PIECE, (next += 1) * PIECE)));
        if (next < pieces) arrived.socket.once('drain', more);
      };
      more();
      return { taken: () => next * PIECE };
    }),
  ]);
  expect(await untilStill(call.taken)).toBeLessThan(packed.length - 8 * MB);
  const hash = createHash('sha256');
  for await (const piece of response) hash.update(piece as Buffer);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(text).digest('hex'));
});

const PIECE = 64 * 1024;
