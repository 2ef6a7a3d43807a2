/**
 * The three clouds of the soak test: they do what the prompt tells them, and put the request's mark into everything
 * they say. What they see that they should not is counted.
 */
import { createServer } from 'node:http';
import { answerParent } from './child.mjs';
import { cloudOf, streamEvents, wholeAnswer } from './wire.mjs';

/** `mk0123456789ab do=stream n=20 gap=5` anywhere in a prompt. */
const ORDER = /(mk[0-9a-f]{12}) do=(\w+) n=(\d+) gap=(\d+)/;
/** The mark of a request that is for the host's own handler. */
const LOCAL_MARK = /lo[0-9a-f]{12}/;

const seen = new Set();
const waiting = new Map();
const held = [];
const open = new Set();
/** Requests without an order, sent twice, or meant for nobody's cloud. */
const strays = { nameless: 0, twice: 0, local: 0 };

const server = createServer((req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('error', () => undefined);
  req.on('end', () => {
    const order = readOrder(Buffer.concat(chunks).toString());
    if (order === undefined) return res.writeHead(400).end();
    open.add(res);
    res.on('close', () => open.delete(res));
    actions[order.action]({ ...order, res, cloud: cloudOf(req.url) });
    waiting.get(order.mark)?.();
  });
});
server.keepAliveTimeout = 600_000;

function readOrder(body) {
  if (LOCAL_MARK.test(body)) strays.local += 1;
  const order = ORDER.exec(body);
  if (order === null) {
    strays.nameless += 1;
    return undefined;
  }
  const [, mark, action, count, gap] = order;
  if (seen.has(mark)) strays.twice += 1;
  seen.add(mark);
  return { mark, action, count: Number(count), gapMs: Number(gap) };
}

/** What a cloud can be told to do. */
const actions = {
  json: ({ res, cloud, mark }) => sendJson(res, 200, wholeAnswer(cloud, `${mark} was heard`)),
  stream: (order) => sendStream(order, textsOf(order, '')),
  /** The same in large pieces. */
  big: (order) => sendStream(order, textsOf(order, 'x'.repeat(4_000))),
  /** A stream whose end waits for the word to go on. */
  held: (order) => sendStream(order, textsOf(order, ''), new Promise((resolve) => held.push(resolve))),
  /** A stream that breaks off. */
  cut: (order) => sendStream(order, textsOf(order, ''), undefined, true),
  hang: () => undefined,
  reset: ({ res }) => res.socket.destroy(),
  nonsense: ({ res, mark }) => res.writeHead(200, { 'content-type': 'application/json' }).end(`{"${mark}`),
  fail: ({ res, cloud, mark }) => sendJson(res, 500, failure(cloud, 500, `${mark} broke something`)),
  limit: ({ res, cloud, mark }) =>
    sendJson(
      res,
      429,
      failure(cloud, 429, `${mark} came too often`),
      cloud === 'google' ? {} : { 'retry-after': '2' },
    ),
};

function textsOf({ mark, count }, filler) {
  return Array.from({ length: count }, (_, index) => `${mark}#${index}${filler} `);
}

async function sendStream({ res, cloud, gapMs }, texts, go, breaksOff = false) {
  const { head, body, tail } = streamEvents(cloud, texts);
  const events = [...head, ...body];
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write(events.shift());
  await go;
  for (const event of events) {
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
    if (res.destroyed) return;
    if (!res.write(event)) await drained(res);
  }
  if (breaksOff) res.socket?.destroy();
  else res.end(tail.join(''));
}

/** Until there is room again, or nobody left to write to. */
function drained(res) {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle).off('close', settle);
      resolve();
    };
    res.on('drain', settle).on('close', settle);
  });
}

function sendJson(res, status, body, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function failure(cloud, status, message) {
  const isLimit = status === 429;
  if (cloud === 'google') {
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' };
    const error = { code: status, message, status: isLimit ? 'RESOURCE_EXHAUSTED' : 'INTERNAL' };
    return { error: { ...error, ...(isLimit && { details: [retry] }) } };
  }
  if (cloud === 'anthropic')
    return { type: 'error', error: { type: isLimit ? 'rate_limit_error' : 'api_error', message } };
  const code = isLimit ? 'rate_limit_exceeded' : null;
  return { error: { message, type: isLimit ? 'requests' : 'server_error', param: null, code } };
}

answerParent({
  listen: () =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', 2_048, () => resolve(server.address().port))),
  /** Waits until a request has arrived whole. */
  arrival: (mark) =>
    new Promise((resolve) => {
      const arrived = () => waiting.delete(mark) && resolve();
      waiting.set(mark, arrived);
      if (seen.has(mark)) arrived();
    }),
  /** Lets the held streams go on. @returns How many were waiting at this moment. */
  release: () => held.splice(0).map((resolve) => resolve()).length,
  state: () => ({ calls: seen.size, open: open.size, held: held.length, strays }),
});
