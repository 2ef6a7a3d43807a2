/**
 * What the three simulated clouds share: an HTTP server on loopback that records what it was sent. Each cloud file
 * adds the wire and the strictness of the real one.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as a cloud received it, whole. */
export interface RecordedRequest {
  readonly method: string;
  /** Path with query, as it stood on the wire. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The parsed body; undefined where it is no JSON. */
  readonly json: unknown;
}

export type CloudHandler = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

export interface SimulatedCloud {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  /** All requests that arrived whole, oldest first. */
  readonly requests: RecordedRequest[];
  close(): Promise<void>;
}

/** Starts a cloud on 127.0.0.1. @param port 0 (default): any free one. */
export async function startCloud(handle: CloudHandler, port = 0): Promise<SimulatedCloud> {
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    void readRequest(request).then(async (recorded) => {
      if (recorded === undefined) return;
      requests.push(recorded);
      await handle(recorded, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actualPort}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The whole request; undefined if the client broke off while sending. */
async function readRequest(request: IncomingMessage): Promise<RecordedRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const bytes = Buffer.concat(chunks);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    bytes,
    json: parseJson(bytes),
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Answers with JSON, as every cloud does outside of streams. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
