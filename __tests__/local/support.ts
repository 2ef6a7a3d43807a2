/** Real nodes and hosts on loopback for the tests of the local balancer. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import express4 from 'express4';

export const HOSTS = [
  ['Express 5', express],
  ['Express 4', express4],
] as const;

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly bytes: Buffer;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface TestNode extends TestServer {
  /** All requests but `GET /v1/models` that arrived whole. */
  readonly received: Received[];
  /** How often the node was asked for its models. */
  readonly listings: () => number;
}

const opened: TestServer[] = [];

/** Closes all servers of a test; for `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((server) => server.close()));
}

export async function listen(listener: RequestListener, port = 0): Promise<TestServer> {
  const server = createServer(listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const started: TestServer = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  opened.push(started);
  return started;
}

/** A node that lists `models` and answers everything else by `answer`, once it has arrived whole. */
export async function startNode(
  models: readonly string[],
  answer: (received: Received, res: ServerResponse) => void = answerDigest,
  port = 0,
): Promise<TestNode> {
  const received: Received[] = [];
  let listings = 0;
  const server = await listen((req, res) => {
    if (req.url === '/v1/models') {
      listings += 1;
      return sendJson(res, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) });
    }
    void readAll(req).then((bytes) => {
      const { method = '', url = '', headers, rawHeaders } = req;
      const whole = { method, url, headers, rawHeaders, bytes };
      received.push(whole);
      answer(whole, res);
    });
  }, port);
  return { ...server, received, listings: () => listings };
}

/** What arrived, as a test can compare it. */
export function answerDigest({ bytes }: Received, res: ServerResponse): void {
  sendJson(res, { sha256: sha256(bytes), length: bytes.length });
}

export function sendJson(res: ServerResponse, body: unknown): void {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify(body));
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An address at which nothing listens. */
export async function refusingUrl(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** A host with these handlers. */
export async function startHost(
  handlers: readonly RequestHandler[],
  createHost: (typeof HOSTS)[number][1] = express,
): Promise<TestServer> {
  const app = createHost();
  for (const handler of handlers) app.use(handler);
  return listen(app);
}

export interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Several parts are sent chunked unless a length is given. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** False: the connection broke before the answer was whole. */
  readonly complete: boolean;
}

/** Sends a request and waits for its headers. */
export async function open(target: string | RequestOptions, call: Call = {}): Promise<IncomingMessage> {
  const options = { method: call.method ?? 'POST', headers: call.headers ?? {}, agent: false as const };
  const request =
    typeof target === 'string' ? httpRequest(target, options) : httpRequest({ ...target, ...options });
  const answer = once(request, 'response');
  if (call.headers?.['expect'] !== undefined) await once(request, 'continue');
  for (const part of Array.isArray(call.body) ? call.body : []) request.write(part);
  request.end(Array.isArray(call.body) ? undefined : call.body);
  return ((await answer) as [IncomingMessage])[0];
}

/** The same, and reads the answer to its end, be it good or bad. */
export async function send(target: string | RequestOptions, call: Call = {}): Promise<Answer> {
  const answer = await open(target, call);
  const bytes = await readAll(answer);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text: bytes.toString('utf8'),
    complete: answer.complete,
  };
}

export function sendChat(url: string, body: unknown, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  return send(`${url}/v1/chat/completions`, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Everything up to the end or the break. */
export async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  return Buffer.concat(chunks);
}
