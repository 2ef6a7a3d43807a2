/**
 * All three clouds in one process: fixed answers on their wire formats, chosen by a scenario that is the same for
 * all. HTTP is read by hand and answers are whole buffers made beforehand, so that this end costs next to nothing.
 */
import { createServer } from 'node:net';
import { answerParent } from './child.mjs';
import { CLOUDS, cloudOf, FRAME_EVENTS, streamEvents, wholeAnswer, proseOf } from './wire.mjs';

/** Events of one stream, those around the text included. */
const STREAM_EVENTS = 200;
/** Milliseconds between two events of a paced stream. */
const PACE_MS = 2;
const HUGE_BYTES = 50_000_000;

const STREAM_HEAD = head({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' });
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

let scenario = 'json';
/** Calls whose answer is not complete, or whose request is not. */
const open = new Set();
/** When calls were closed before their answer was complete, `process.hrtime` in milliseconds. */
let brokenOff = [];
let calls = 0;
const paced = new Set();

const server = createServer({ noDelay: true }, (socket) => {
  let call;
  const begin = () => {
    call = { socket };
    open.add(call);
  };
  const finish = () => open.delete(call);
  socket.on(
    'data',
    createReader(begin, (path) => answer(call, cloudOf(path), finish)),
  );
  socket.on('error', () => undefined);
  socket.on('close', () => {
    paced.delete(call);
    if (open.delete(call)) brokenOff.push(nowMs());
  });
});

/** Finds the requests in what a connection sends. Bodies are counted, not kept. */
function createReader(onBegin, onRequest) {
  let pending = Buffer.alloc(0);
  let path;
  /** Bytes of the body still to come; -1: it comes in chunks. */
  let missing = 0;
  return (received) => {
    let bytes = pending.length === 0 ? received : Buffer.concat([pending, received]);
    pending = Buffer.alloc(0);
    while (bytes.length > 0) {
      if (path === undefined) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end === -1) return void (pending = bytes);
        const text = bytes.latin1Slice(0, end);
        path = text.slice(text.indexOf(' ') + 1, text.indexOf(' HTTP/'));
        const length = /\r\ncontent-length: *(\d+)/i.exec(text);
        missing =
          length === null ? (/\r\ntransfer-encoding: *chunked/i.test(text) ? -1 : 0) : Number(length[1]);
        bytes = bytes.subarray(end + 4);
        onBegin();
      }
      if (missing === -1) {
        const end = bytes.indexOf('0\r\n\r\n');
        if (end === -1) return void (pending = bytes.subarray(Math.max(0, bytes.length - 4)));
        bytes = bytes.subarray(end + 5);
      } else {
        const taken = Math.min(missing, bytes.length);
        missing -= taken;
        bytes = bytes.subarray(taken);
        if (missing > 0) return;
      }
      const complete = path;
      path = undefined;
      onRequest(complete);
    }
  };
}

/** How a call is answered. `finish` is called when the whole answer has been handed to the socket. */
const scenarios = {
  json: whole(prepare((cloud) => jsonAnswer(cloud, 700))),
  stream: whole(prepare((cloud) => Buffer.concat([STREAM_HEAD, ...chunksOf(cloud), LAST_CHUNK]))),
  short: whole(prepare((cloud) => Buffer.concat([STREAM_HEAD, ...chunksOf(cloud, 8), LAST_CHUNK]))),
  paced: pacedAnswer(prepare((cloud) => chunksOf(cloud))),
  /** Events without end. */
  endless(call, cloud) {
    const [first, second] = opening(cloud);
    call.socket.write(first);
    call.next = () => call.socket.write(second);
    paced.add(call);
  },
  /** One event, then silence. */
  silent: (call, cloud) => call.socket.write(opening(cloud)[0]),
  /** No answer at all. */
  hanging: () => undefined,
  /** Made when asked for: most rows need no 150 MB. */
  huge: (call, cloud, finish) =>
    call.socket.write(hugeAnswer(cloud), () => {
      // Node also reports a write as done when the socket was closed under it.
      if (!call.socket.destroyed) finish();
    }),
};

function answer(call, cloud, finish) {
  calls += 1;
  scenarios[scenario](call, cloud, finish);
}

function whole(answers) {
  return (call, cloud, finish) => {
    call.socket.write(answers[cloud]);
    finish();
  };
}

function pacedAnswer(pieces) {
  return (call, cloud, finish) => {
    let index = 0;
    call.socket.write(STREAM_HEAD);
    call.next = () => {
      call.socket.write(pieces[cloud][index]);
      index += 1;
      if (index < pieces[cloud].length) return;
      call.socket.write(LAST_CHUNK);
      paced.delete(call);
      finish();
    };
    paced.add(call);
  };
}

// One clock for all: a timer for every stream would be most of what this process does.
setInterval(() => {
  for (const call of paced) call.next();
}, PACE_MS);

function prepare(make) {
  return Object.fromEntries(CLOUDS.map((cloud) => [cloud, make(cloud)]));
}

function head(headers) {
  const lines = Object.entries({
    date: new Date(0).toUTCString(),
    'x-request-id': 'req_0123456789',
    ...headers,
  });
  return Buffer.from(
    `HTTP/1.1 200 OK\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
}

function jsonAnswer(cloud, textLength) {
  const body = Buffer.from(JSON.stringify(wholeAnswer(cloud, proseOf(textLength))));
  return Buffer.concat([head({ 'content-type': 'application/json', 'content-length': body.length }), body]);
}

/** The events of a stream, a chunk of HTTP each, as the clouds send them. */
function chunksOf(cloud, count = STREAM_EVENTS) {
  const texts = Array.from({ length: count - FRAME_EVENTS[cloud] }, (_, index) => ` word${index}`);
  const { head: first, body, tail } = streamEvents(cloud, texts);
  return [...first, ...body, ...tail].map(chunk);
}

/** The first bytes of a stream, the next ones again and again. */
function opening(cloud) {
  const { head: first, body } = streamEvents(cloud, ['once', ' more', '']);
  return [Buffer.concat([STREAM_HEAD, ...[...first, body[0]].map(chunk)]), chunk(body[1])];
}

const hugeAnswers = {};

function hugeAnswer(cloud) {
  return (hugeAnswers[cloud] ??=
    cloud === 'openai'
      ? jsonAnswer(cloud, HUGE_BYTES)
      : Buffer.concat([STREAM_HEAD, ...hugeEvents(cloud).map(chunk), LAST_CHUNK]));
}

function hugeEvents(cloud) {
  const texts = Array.from({ length: HUGE_BYTES / 4_000 }, () => proseOf(4_000));
  const { head: first, body, tail } = streamEvents(cloud, texts);
  return [...first, ...body, ...tail];
}

function chunk(text) {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

answerParent({
  listen: () =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', 2_048, () => resolve(server.address().port))),
  play(name) {
    if (!Object.hasOwn(scenarios, name)) throw new Error(`there is no scenario '${name}'`);
    scenario = name;
    if (name === 'huge') CLOUDS.forEach(hugeAnswer);
  },
  state: () => ({ calls, open: open.size, brokenOff }),
  forget() {
    calls = 0;
    brokenOff = [];
  },
});
