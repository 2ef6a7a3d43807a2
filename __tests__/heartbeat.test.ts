/** A converted stream that is silent says so every 15 s, so that no proxy in front of the host gives it up. */
import { jest } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import { STREAMS, type EndpointCase } from './reliability/endpoints.ts';
import { setUp, type Setup } from './reliability/setup.ts';
import { chunk, LAST_CHUNK, STREAM_HEAD } from './support/raw-cloud.ts';

const PING = ': ping\n\n';
const CONVERTED = STREAMS.filter(({ relayed, path }) => !relayed && path === '/v1/chat/completions');

let setup: Setup;

beforeEach(async () => {
  setup = await setUp();
  // Its own clock stands still, the rest of the process goes on.
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
  });
});

afterEach(async () => {
  jest.useRealTimers();
  await setup.close();
});

interface Reading {
  /** Settles with all that has come, once it ends in this. */
  until(end: string): Promise<string>;
}

async function open({ path, body }: EndpointCase): Promise<Reading> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request(setup.host.url + path, { method: 'POST', agent: false }, resolve);
    request.on('error', reject).end(JSON.stringify(body));
  });
  let text = '';
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return {
    until: async (end) => {
      while (!text.endsWith(end)) await once(response, 'data');
      return text;
    },
  };
}

test.each(CONVERTED)('15 s after the last piece, and every 15 s after that, $name', async (endpoint) => {
  const opening = open(endpoint);
  const { socket } = await setup.clouds[endpoint.cloud].next();
  const last = endpoint.good.length - 1;
  // Before there is a head there is nothing to keep alive, and an error would still be an HTTP error.
  jest.advanceTimersByTime(15_000);
  socket.write(STREAM_HEAD + chunk(endpoint.good.slice(0, last).join('')));
  const answer = await opening;
  const first = await answer.until('}\n\n');
  expect(first).toMatch(/^data: /);
  jest.advanceTimersByTime(15_000);
  expect(await answer.until(PING)).toBe(first + PING);
  jest.advanceTimersByTime(30_000);
  expect(await answer.until(PING + PING + PING)).toBe(first + PING + PING + PING);
  jest.advanceTimersByTime(14_999);
  socket.write(chunk(endpoint.good.slice(last).join('')) + LAST_CHUNK);
  const rest = (await answer.until('data: [DONE]\n\n')).slice(first.length);
  expect(rest.split(PING)).toEqual(['', '', '', expect.stringMatching(/^data: [^]*\[DONE\]\n\n$/)]);
});

test.each(CONVERTED)('a hook of the host that fails at it costs that one answer, $name', async (endpoint) => {
  const opening = open(endpoint);
  const { socket, closed } = await setup.clouds[endpoint.cloud].next();
  socket.write(STREAM_HEAD + chunk(endpoint.good.slice(0, -1).join('')));
  const answer = await opening;
  await answer.until('}\n\n');
  const { write: real } = http.ServerResponse.prototype as { write: (...args: unknown[]) => boolean };
  const hook = jest.spyOn(http.ServerResponse.prototype, 'write').mockImplementation(function (
    this: http.ServerResponse,
    ...args: unknown[]
  ) {
    if (args[0] === PING) throw new Error('a hook');
    return real.apply(this, args);
  });
  jest.advanceTimersByTime(15_000);
  await closed;
  await expect(answer.until(PING)).rejects.toThrow('aborted');
  hook.mockRestore();
});
