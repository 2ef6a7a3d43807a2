/** Small tools for tests that speak HTTP for real: hosts on loopback, and a client that controls every byte it sends. */
import http, { type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningHost {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  close(): Promise<void>;
}

/** Serves an app on 127.0.0.1, on any free port. */
export async function startHost(app: RequestListener): Promise<RunningHost> {
  const server = http.createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  /** The connection ended before the answer did. */
  readonly cut: boolean;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Several pieces: sent one write after another, chunked unless a length is given. */
  readonly body?: string | Buffer | readonly Buffer[];
}

/** Sends one request on a connection of its own and reads the answer whole. */
export function ask(url: string, { method = 'POST', headers = {}, body = '' }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const finish = (cut: boolean): void => {
        const bytes = Buffer.concat(chunks);
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text: bytes.toString('utf8'), bytes, cut });
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => finish(false));
      response.on('error', () => finish(true));
    });
    request.on('error', reject);
    if (Array.isArray(body)) {
      for (const piece of body as readonly Buffer[]) request.write(piece);
      request.end();
    } else {
      request.end(body as string | Buffer);
    }
  });
}

/** Sends JSON. */
export function askJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(url, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** The `data:` payloads of a stream, in order. */
export function eventsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6));
}
