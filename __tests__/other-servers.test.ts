/** Servers that are not Node's for HTTP/1: their requests and responses tell less of what they do. */
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type ClientHttp2Session, type Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { NextFunction, Request, Response } from 'express';
import { createPrefixRouter, type CallRecord, type PrefixRouter } from '../lib/index.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const PATH = '/v1/chat/completions';
const BODY = '{"model":"openai:gpt-5.4","messages":[]}';
const LOCAL_BODY = '{"model":"gpt-oss:20b","messages":[]}';

let cloud: RawCloud;
let router: PrefixRouter;
let records: CallRecord[];

beforeEach(async () => {
  cloud = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, '{"from":"cloud"}')));
  records = [];
  router = createPrefixRouter({
    env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: cloud.url },
    onCall: (record) => void records.push(record),
  });
});

afterEach(async () => {
  await router.close();
  await cloud.close();
});

/** The router with a local handler behind it that repeats the body. */
function handle(req: IncomingMessage, res: ServerResponse): void {
  const local = async (): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of req) pieces.push(Buffer.from(piece as Buffer));
    res.end(`local ${Buffer.concat(pieces).toString()}`);
  };
  router(req as Request, res as Response, (() => void local()) as NextFunction);
}

describe('HTTP/2, where no body needs to say that it comes', () => {
  let server: Http2Server;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    server = http2.createServer((req, res) =>
      handle(req as unknown as IncomingMessage, res as unknown as ServerResponse),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    session.destroy();
    server.close();
    await once(server, 'close');
  });

  test.each([
    ['a cloud', [BODY], '{"from":"cloud"}'],
    ['a cloud, in pieces', BODY.split(''), '{"from":"cloud"}'],
    ['the host', [LOCAL_BODY], `local ${LOCAL_BODY}`],
    ['the host, in pieces', LOCAL_BODY.split(''), `local ${LOCAL_BODY}`],
    ['the host, without a body', [], 'local '],
  ])('a request for %s', async (_, pieces, expected) => {
    const stream = session.request(
      { ':method': 'POST', ':path': PATH, 'content-type': 'application/json' },
      { endStream: pieces.length === 0 },
    );
    for (const piece of pieces) stream.write(piece);
    stream.end();
    let text = '';
    for await (const piece of stream) text += String(piece);
    expect(text).toBe(expected);
  });
});

/** A response as adapters for functions as a service have it: no connection, and of its end only `finish`. */
class AdapterResponse extends ServerResponse {
  text = '';

  override end(piece?: unknown): this {
    this.text = piece as string;
    this.emit('finish');
    return this;
  }
}

const HEAD = { method: 'POST', url: PATH, httpVersionMajor: 1 };

/** A request that adapters made with Node's class say to be complete, and others not. */
const REQUESTS: [string, () => IncomingMessage][] = [
  [
    'complete from the beginning',
    () => {
      const req = new IncomingMessage(new Readable({ read: () => undefined }) as Socket);
      req.push(BODY);
      req.push(null);
      return Object.assign(req, HEAD, { complete: true, headers: { 'content-length': String(BODY.length) } });
    },
  ],
  ['any readable', () => anyReadable([BODY])],
  ['any readable, in pieces', () => anyReadable(BODY.split(','))],
];

function anyReadable(pieces: readonly string[]): IncomingMessage {
  const commas = pieces.map((piece, index) => Buffer.from(index === 0 ? piece : `,${piece}`));
  const req = Readable.from(commas, { objectMode: false });
  const more = { ...HEAD, headers: { 'transfer-encoding': 'chunked' }, socket: new Readable() };
  return Object.assign(req, more) as unknown as IncomingMessage;
}

test.each(REQUESTS)('an adapter without connections, its request %s', async (_, make) => {
  const req = make();
  const res = new AdapterResponse(req);
  const finished = once(res, 'finish');
  handle(req, res);
  await finished;
  expect(res.text).toBe('{"from":"cloud"}');
  await router.close();
  expect(records.map(({ status, complete, clientLeft }) => [status, complete, clientLeft])).toEqual([
    [200, true, false],
  ]);
});
