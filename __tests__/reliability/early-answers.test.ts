/**
 * R7: an answer that is there before the request has arrived whole does not stop the rest of it: many clients read
 * nothing before they have sent all, and the next request stands behind it on the connection.
 */
import net from 'node:net';
import { google, openai } from '../../lib/index.ts';
import { goodHttp, CHATS } from './endpoints.ts';
import { errorOf, expectNoBugs, setUp, type Setup } from './setup.ts';

const MB = 1024 * 1024;
/** Larger than all buffers on the way together. */
const REST = 24 * MB;

let setup: Setup;

beforeAll(async () => {
  const [good] = CHATS;
  setup = await setUp({
    options: {
      env: {},
      bodyLimit: 64 * MB,
      providers: [openai({ apiKey: 'k', baseUrl: 'http://127.0.0.1:9/v1' }), google()],
    },
    answer: ({ socket }) => socket.write(goodHttp(good as (typeof CHATS)[number])),
  });
});

afterEach(() => expectNoBugs(setup));

afterAll(() => setup.close());

/** Sends a request piece by piece as the host takes it, then a second one, and reads both answers. */
function sendBoth(beginning: string, length: number): Promise<string[]> {
  const second = '{"model":"llama"}';
  return new Promise((resolve, reject) => {
    const socket = net.connect(setup.host.port, '127.0.0.1');
    let received = '';
    let sent = beginning.length;
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${beginning}`,
    );
    const piece = Buffer.alloc(64 * 1024, 'x');
    const more = (): void => {
      while (sent < length - 2) {
        const next = piece.subarray(0, Math.min(piece.length, length - 2 - sent));
        sent += next.length;
        if (!socket.write(next)) return void socket.once('drain', more);
      }
      socket.write('"}');
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${second.length}\r\n\r\n${second}`,
      );
    };
    socket.on('data', (data) => (received += data.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(received.split(/(?=HTTP\/1\.1 \d{3} )/)));
    more();
  });
}

test.each([
  ['an unknown prefix', '{"model":"unknown:x","user":"', REST, [400, 'unknown_prefix']],
  ['a key that is not set', '{"model":"google:gemini-3.8-flash","user":"', REST, [401, 'api_key_missing']],
  ['a second model', '{"model":"openai:a","model":"openai:b","user":"', REST, [400, 'invalid_value']],
  ['a cloud that is not there', '{"model":"openai:gpt-5.4","user":"', REST, [502, 'provider_unreachable']],
  ['a body over the limit', '{"model":"openai:gpt-5.4","user":"', 65 * MB, [413, 'request_too_large']],
])('%s', async (_what, beginning, length, expected) => {
  const [first = '', second = ''] = await sendBoth(beginning, length);
  const text = first.slice(first.indexOf('\r\n\r\n') + 4);
  expect([Number(first.slice(9, 12)), errorOf({ text } as Parameters<typeof errorOf>[0]).code]).toEqual(
    expected,
  );
  expect(second.slice(second.indexOf('\r\n\r\n') + 4)).toBe('{"local":true}');
});
