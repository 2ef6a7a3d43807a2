/** A cloud that can do everything wrong: it reads one HTTP request and hands its bare socket to the test. */
import net, { type AddressInfo, type Socket } from 'node:net';

export interface RawCall {
  /** Head of the request, as it stood on the wire. */
  readonly head: string;
  readonly body: string;
  readonly socket: Socket;
  /** Settles when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
}

export interface RawCloud {
  readonly url: string;
  readonly calls: RawCall[];
  /** Connections that are still open. */
  readonly open: ReadonlySet<Socket>;
  /** The next call that arrives whole. */
  next(): Promise<RawCall>;
  close(): Promise<void>;
}

/** @param answer What to do with each call; without it the test takes them with `next()`. */
export async function startRawCloud(answer?: (call: RawCall) => void): Promise<RawCloud> {
  const open = new Set<Socket>();
  const calls: RawCall[] = [];
  const waiting: ((call: RawCall) => void)[] = [];
  let taken = 0;
  const server = net.createServer((socket) => {
    open.add(socket);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    void closed.then(() => open.delete(socket));
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let request = cutRequest(received); request !== undefined; request = cutRequest(received)) {
        received = request.rest;
        const call = { head: request.head, body: request.body, socket, closed };
        calls.push(call);
        const waiter = waiting.shift();
        if (waiter !== undefined) {
          taken += 1;
          waiter(call);
        }
        answer?.(call);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    open,
    next: () => {
      const call = calls[taken];
      if (call === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      return Promise.resolve(call);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

interface CutRequest {
  readonly head: string;
  readonly body: string;
  readonly rest: Buffer<ArrayBuffer>;
}

/** The first request, if it has arrived whole. */
function cutRequest(received: Buffer): CutRequest | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = received.subarray(0, end).toString('latin1');
  const content = received.subarray(end + 4);
  if (/transfer-encoding: chunked/i.test(head)) return cutChunked(head, content);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (content.length < length) return undefined;
  return { head, body: content.toString('utf8', 0, length), rest: Buffer.from(content.subarray(length)) };
}

function cutChunked(head: string, content: Buffer): CutRequest | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = content.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(content.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (content.length < next) return undefined;
    if (size === 0) {
      const body = Buffer.concat(chunks).toString('utf8');
      return { head, body, rest: Buffer.from(content.subarray(next)) };
    }
    chunks.push(content.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

/** A whole HTTP answer as text. */
export function httpAnswer(status: number, headers: Record<string, string>, body: string): string {
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers });
  return `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** Head of a chunked event stream. */
export const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

/** One chunk of a chunked body. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** The end of a chunked body. */
export const LAST_CHUNK = '0\r\n\r\n';
