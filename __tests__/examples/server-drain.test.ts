import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import express, { type Request, type Response } from 'express';
import { createDrain, type Drain } from '../../examples/server-drain.ts';
import { startHost, type RunningHost } from '../support/http.ts';

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

let drain: Drain;
let host: RunningHost;
let arrived: [Request, Response][];
let onArrival: () => void;

beforeEach(async () => {
  drain = createDrain();
  arrived = [];
  onArrival = () => undefined;
  const app = express().use(drain.gate, (req, res) => {
    arrived.push([req, res]);
    onArrival();
  });
  host = await startHost(app);
});

afterEach(async () => host.close());

/** Waits until so many requests are open. */
async function arrivals(count: number): Promise<void> {
  while (arrived.length < count) await new Promise<void>((resolve) => (onArrival = resolve));
}

test('requests that wait behind others on a connection are over when their client leaves, each once', async () => {
  const other = httpRequest(host.url, { agent: false }).on('error', () => undefined);
  other.end();
  await arrivals(1);
  const client = connect(host.port, '127.0.0.1');
  // More than the listeners Node warns of.
  client.write(GET.repeat(12));
  await arrivals(13);
  const { socket } = arrived[1]![0];
  const left = once(socket, 'close');
  client.destroy();
  await left;
  expect(await drain.drain(0)).toBe(1);
  // No limit, so no warning of one.
  expect(socket.getMaxListeners()).toBe(0);
});

test('requests that have had their turn are not counted again when their connection closes', async () => {
  const client = connect(host.port, '127.0.0.1');
  const answerNext = async (): Promise<void> => {
    const [, res] = arrived.shift()!;
    const over = once(res, 'close');
    res.end();
    await over;
  };
  client.write(GET);
  await arrivals(1);
  const { socket } = arrived[0]![0];
  const listeners = socket.listenerCount('close');
  await answerNext();
  client.write(GET.repeat(3));
  await arrivals(3);
  await answerNext();
  await answerNext();
  expect([await drain.drain(0), socket.listenerCount('close')]).toEqual([1, listeners + 1]);
  const left = once(socket, 'close');
  client.destroy();
  await left;
  expect(await drain.drain(0)).toBe(0);
});
