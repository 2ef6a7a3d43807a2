/**
 * R10: silence has an end, in whatever phase it begins, and the cloud's connection is closed. undici's clock is coarse
 * (about a second), so that one test waits for all endpoints at once.
 */
import type { Socket } from 'node:net';
import { anthropic, google, openai } from '../../lib/index.ts';
import type { Answer } from '../support/http.ts';
import { chunk, LAST_CHUNK, startRawCloud, STREAM_HEAD } from '../support/raw-cloud.ts';
import { CHATS, CLOUDS, ENDPOINTS, looksWhole, STREAMS, TITLES, WHOLE_ANSWERS } from './endpoints.ts';
import type { EndpointCase } from './endpoints.ts';
import { errorOf, expectWhole, KEYS, lastErrorOf, setUp, type Setup } from './setup.ts';

let setup: Setup;

beforeAll(async () => {
  setup = await setUp({ timeouts: { firstByteMs: 120, idleMs: 110 } });
});

afterAll(() => setup.close());

/** Lets the cloud fall silent behind a text, for each endpoint, and waits until all its connections are closed. */
async function silence(
  endpoints: readonly EndpointCase[],
  textOf: (endpoint: EndpointCase) => string,
): Promise<[EndpointCase, Answer][]> {
  const asked: Promise<[EndpointCase, Answer]>[] = [];
  for (const endpoint of endpoints) {
    const answer = setup.ask(endpoint);
    const call = await setup.clouds[endpoint.cloud].next();
    if (textOf(endpoint) !== '') call.socket.write(textOf(endpoint));
    asked.push(Promise.all([answer, call.closed]).then(([got]) => [endpoint, got]));
  }
  const answers = await Promise.all(asked);
  expect(answers.filter(([endpoint, answer]) => looksWhole(endpoint, answer))).toEqual([]);
  expect(CLOUDS.map((cloud) => setup.clouds[cloud].open.size)).toEqual([0, 0, 0]);
  expect(setup.bugs).toEqual([]);
  return answers;
}

const tooLate = (endpoint: EndpointCase, message: string): object => ({
  message: `${TITLES[endpoint.cloud]} ${message}`,
  type: 'server_error',
  param: null,
  code: 'timeout',
  provider: endpoint.cloud,
});

function expectTooLate(answers: readonly [EndpointCase, Answer][], message: string): void {
  expect(
    answers.map(([{ name }, answer]) => [
      name,
      answer.status,
      answer.headers['x-should-retry'],
      errorOf(answer),
    ]),
  ).toEqual(answers.map(([endpoint]) => [endpoint.name, 504, 'false', tooLate(endpoint, message)]));
}

const STOPPED = 'stopped sending in the middle of its answer for 110 ms.';

test('R10: no answer at all is 504', async () => {
  expectTooLate(await silence(ENDPOINTS, () => ''), 'sent no answer within 120 ms.');
});

test('R10: half a head is 504', async () => {
  expectTooLate(await silence(ENDPOINTS, () => 'HTTP/1.1 200 OK\r\ncont'), 'sent no answer within 120 ms.');
});

test('R10: a head without a first byte is 504', async () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n';
  expectTooLate(await silence(ENDPOINTS, ({ stream }) => (stream ? STREAM_HEAD : head)), STOPPED);
});

test('R10: JSON that stops is cut where it was relayed, and 504 where nothing was sent', async () => {
  const half = ({ good }: EndpointCase): string => good.join('').slice(0, 20);
  const answers = await silence(
    WHOLE_ANSWERS,
    (endpoint) => `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${half(endpoint)}`,
  );
  const relayed = answers.filter(([endpoint]) => endpoint.relayed);
  expect(relayed.map(([, { status, cut, text }]) => [status, cut, text])).toEqual(
    relayed.map(([endpoint]) => [200, true, half(endpoint)]),
  );
  expectTooLate(
    answers.filter(([endpoint]) => !endpoint.relayed),
    STOPPED,
  );
});

test('R10: a stream that stops ends in an error event', async () => {
  const answers = await silence(STREAMS, ({ good }) => STREAM_HEAD + chunk(good[0] ?? ''));
  expect(answers.map(([{ name }, answer]) => [name, answer.status, answer.cut, lastErrorOf(answer)])).toEqual(
    answers.map(([endpoint]) => [endpoint.name, 200, false, tooLate(endpoint, STOPPED)]),
  );
});

/** A stream in 20 pieces, a fifth of a second apart: 4 s at least, in all. */
function drip(socket: Socket, text: string): void {
  const size = Math.ceil(text.length / 20);
  let at = 0;
  socket.write(STREAM_HEAD);
  const timer = setInterval(() => {
    if (at < text.length) socket.write(chunk(text.slice(at, (at += size))));
    else {
      clearInterval(timer);
      socket.write(LAST_CHUNK);
    }
  }, 200);
}

test('R10: a stream that drips for longer than the limit, but never stops for so long, ends whole', async () => {
  const patient = await setUp({ timeouts: { firstByteMs: 2_500, idleMs: 2_500 } });
  const dripping: Promise<void>[] = [];
  for (const endpoint of STREAMS) {
    const asked = patient.ask(endpoint);
    const { socket } = await patient.clouds[endpoint.cloud].next();
    drip(socket, endpoint.good.join(''));
    dripping.push(asked.then((answer) => expectWhole(endpoint, answer)));
  }
  await Promise.all(dripping);
  expect(patient.bugs).toEqual([]);
  await patient.close();
});

test('R10: an error status whose body never comes is 504', async () => {
  const head = 'HTTP/1.1 500 X\r\ncontent-length: 99\r\n\r\n{"error"';
  expectTooLate(await silence(CHATS, () => head), STOPPED);
});

test.each(CHATS)(
  'R10: a connection that never stands is 504, and may be tried again, $name',
  async (endpoint) => {
    const silent = await startRawCloud();
    // A TLS handshake that nobody answers.
    const baseUrl = silent.url.replace('http:', 'https:');
    const make = { openai, google, anthropic }[endpoint.cloud];
    const providers = [make({ apiKey: KEYS[endpoint.cloud], baseUrl })];
    const own = await setUp({ options: { providers, timeouts: { connectMs: 100 } } });
    const answer = await own.ask(endpoint);
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([504, undefined]);
    expect(errorOf(answer)).toEqual(tooLate(endpoint, 'accepted no connection within 100 ms.'));
    await own.close();
    await silent.close();
  },
  // Less than undici's own limit of 10 s, which would come in the same words.
  8_000,
);
