/** Clients on bare sockets: they know to the microsecond when a byte came, and read as slowly as they are told. */
import { connect } from 'node:net';

/** @typedef {{ port: number, path: string, headers: Record<string, string>, body: string }} Ask */

/** The bytes of a request. */
function requestOf({ path, headers, body }) {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': Buffer.byteLength(body) });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function connectTo(port, options = {}) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options });
  socket.on('error', () => undefined);
  return socket;
}

/** Waits until what came holds a text. @returns {Promise<string>} All that came. */
function receive(socket, text) {
  return new Promise((resolve, reject) => {
    let received = '';
    const settle = (then, value) => {
      socket.off('data', onData).off('close', onClose);
      then(value);
    };
    const onData = (chunk) => {
      received += chunk.latin1Slice();
      if (received.includes(text)) settle(resolve, received);
    };
    const onClose = () => settle(reject, new Error(`closed before '${text}': ${received.slice(0, 300)}`));
    socket.on('data', onData).on('close', onClose);
  });
}

/** One request on a connection of its own. @returns {Promise<{ status: number, body: string }>} */
export async function askOnce(ask) {
  const socket = connectTo(ask.port);
  socket.write(requestOf({ ...ask, headers: { ...ask.headers, connection: 'close' } }));
  let received = '';
  for await (const chunk of socket) received += chunk.latin1Slice();
  return { status: Number(received.slice(9, 12)), body: received.slice(received.indexOf('\r\n\r\n') + 4) };
}

/**
 * One request at a time, to one system after the other, so that all of them share the machine's moods.
 * @param {Record<string, Ask>} asks By system.
 * @returns {Promise<Record<string, number[]>>} Milliseconds to the first event, by system.
 */
export async function timeFirstBytes(asks, count) {
  const names = Object.keys(asks);
  const sockets = new Map(names.map((name) => [name, connectTo(asks[name].port)]));
  const requests = new Map(names.map((name) => [name, requestOf(asks[name])]));
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const name of names) times[name].push(await timeFirst(sockets.get(name), requests.get(name)));
  }
  for (const socket of sockets.values()) socket.destroy();
  return times;
}

function timeFirst(socket, request) {
  return new Promise((resolve, reject) => {
    let received = '';
    let first;
    const onClose = () => reject(new Error('a stream broke off'));
    const onData = (chunk) => {
      received += chunk.latin1Slice();
      if (first === undefined && received.includes('data: ')) first = performance.now();
      if (!received.endsWith('\r\n0\r\n\r\n')) return;
      socket.off('data', onData).off('close', onClose);
      resolve(first - started);
    };
    socket.on('data', onData).on('close', onClose);
    const started = performance.now();
    socket.write(request);
  });
}

/** Connections that are kept open, by the name they were opened under. */
const kept = new Map();

/** Opens streams and leaves them open. Resolves when each of them has had its first event. */
export async function openMany(name, ask, count) {
  const request = requestOf(ask);
  const sockets = kept.get(name) ?? [];
  kept.set(name, sockets);
  // In small groups: a burst of connections is not what this is about.
  for (let opened = 0; opened < count; opened += 50) {
    const group = Array.from({ length: Math.min(50, count - opened) }, () => connectTo(ask.port));
    sockets.push(...group);
    await Promise.all(
      group.map((socket) => {
        socket.write(request);
        return receive(socket, 'data: ');
      }),
    );
  }
}

export function closeMany(name) {
  for (const socket of kept.get(name) ?? []) socket.destroy();
  kept.delete(name);
}

/** Asks and then reads so many bytes a second, for so long. @returns {Promise<number>} Bytes read. */
export function readSlowly(ask, bytesPerSecond, seconds) {
  const socket = connectTo(ask.port, { readableHighWaterMark: 4_096 });
  socket.pause();
  socket.write(requestOf(ask));
  const piece = Math.round(bytesPerSecond / 20);
  let total = 0;
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      total += socket.read(piece)?.length ?? 0;
    }, 50);
    const stop = (then, value) => {
      clearInterval(timer);
      clearTimeout(end);
      socket.destroy();
      then(value);
    };
    socket.on('end', () => stop(reject, new Error('the answer ended before the client had read it')));
    // Bytes come in pieces of the size asked for, or not at all.
    socket.on('readable', () => undefined);
    const end = setTimeout(() => stop(resolve, total), seconds * 1_000);
  });
}

let leaver;

/**
 * Goes as far as a phase and stays there until `leave`.
 * @param {'uploading' | 'waiting' | 'streaming' | 'held back'} phase
 */
export async function startLeaver(ask, phase) {
  const socket = connectTo(ask.port);
  leaver = socket;
  const request = requestOf(ask);
  if (phase === 'held back') socket.pause();
  socket.write(phase === 'uploading' ? request.slice(0, request.length / 2) : request);
  if (phase === 'streaming') await receive(socket, 'data: ');
}

/** Leaves. @returns {number} When, `process.hrtime` in milliseconds: a clock that all processes share. */
export function leave() {
  leaver.resetAndDestroy();
  return Number(process.hrtime.bigint()) / 1e6;
}
