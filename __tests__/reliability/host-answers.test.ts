/** R21: a host that answers in our place, as its own time-out does, has the last word, and frees the cloud. */
import http, { type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { Response } from 'express';
import { chunk, STREAM_HEAD } from '../support/raw-cloud.ts';
import { ENDPOINTS, goodHttp, STREAMS } from './endpoints.ts';
import { expectNoBugs, setUp, type Setup } from './setup.ts';

let setup: Setup;
/** The host's response to the newest request. */
let res: Response;

beforeEach(async () => {
  setup = await setUp({
    before: (_req, response, next) => {
      res = response;
      next();
    },
  });
});

afterEach(async () => {
  expectNoBugs(setup);
  await setup.close();
});

test.each(ENDPOINTS)('before the cloud has answered, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  res.status(503).json({ late: true });
  expect(await asked).toMatchObject({ status: 503, text: '{"late":true}', cut: false });
  await call.closed;
  expect(await setup.ended(1)).toMatchObject({ status: 503, clientLeft: true, complete: false, bytes: 0 });
});

test.each(ENDPOINTS)('slowly, so that the cloud answers in between, $name', async (endpoint) => {
  const asked = setup.ask(endpoint);
  const call = await setup.clouds[endpoint.cloud].next();
  res.writeHead(504, { 'content-type': 'text/plain' });
  res.write('too ');
  call.socket.write(goodHttp(endpoint));
  // The cloud's answer has been read when the next one to it is there.
  const next = setup.ask({ ...endpoint, stream: endpoint.stream });
  const slow = res;
  const other = await setup.clouds[endpoint.cloud].next();
  slow.end('late');
  expect(await asked).toMatchObject({ status: 504, text: 'too late', cut: false });
  other.socket.write(goodHttp(endpoint));
  expect((await next).status).toBe(200);
  expect(await setup.ended(1)).toMatchObject({ status: 504, complete: false });
});

test.each(STREAMS)('by ending a stream of ours whose client reads slowly, $name', async (endpoint) => {
  const request = http.request(setup.host.url + endpoint.path, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  request.end(JSON.stringify(endpoint.body));
  const call = await setup.clouds[endpoint.cloud].next();
  call.socket.write(STREAM_HEAD + chunk(endpoint.good[0] ?? ''));
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  answer.pause();
  // More than fits into the buffers on the way, so that the response is ended, but not finished.
  res.write(Buffer.alloc(32 * 1024 * 1024));
  res.end();
  for (const event of endpoint.good.slice(1)) call.socket.write(chunk(event));
  await setup.ask({ ...endpoint, path: '/v1/elsewhere' });
  answer.destroy();
  await call.closed;
  expect(await setup.ended(1)).toMatchObject({ status: 200, clientLeft: true, complete: false });
});
