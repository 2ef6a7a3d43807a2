/** R24: what a stream was asked with is let go of: streams are open for minutes, thousands of them at once. */
import { once } from 'node:events';
import http, { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { anthropic, createPrefixRouter, google, openai } from '../../lib/index.ts';
import { startHost } from '../support/http.ts';
import { STREAMS } from './endpoints.ts';
import { KEYS } from './setup.ts';

const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A cloud that keeps nothing of a request, and sends the first event of its answer. */
async function startSilentCloud(event: string): Promise<{ url: string; server: Server }> {
  const server = createServer((req, res) => {
    req.resume().once('end', () => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(event);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Asks, and waits for the first bytes of the answer. */
async function open(url: string, body: string): Promise<http.ClientRequest> {
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  const request = http.request(url, { method: 'POST', headers, agent: false }).end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  return request;
}

/** The least of several looks: V8 gives the memory of buffers back on a thread of its own. */
async function usedMemory(): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 10; look += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}

test.each(STREAMS)('an open stream keeps nothing of a request of 8 MB, $name', async (endpoint) => {
  const cloud = await startSilentCloud(endpoint.good[0] ?? '');
  const router = createPrefixRouter({
    env: {},
    providers: [
      openai({ apiKey: KEYS.openai, baseUrl: cloud.url }),
      google({ apiKey: KEYS.google, baseUrl: cloud.url }),
      anthropic({ apiKey: KEYS.anthropic, baseUrl: cloud.url }),
    ],
  });
  const host = await startHost(express().use(router));
  const url = host.url + endpoint.path;
  const requests = [await open(url, JSON.stringify(endpoint.body))];
  const before = await usedMemory();
  for (let count = 0; count < 4; count += 1) {
    const text = `${count}`.padEnd(8 * MB, 'x');
    requests.push(await open(url, JSON.stringify(endpoint.body).replace('hello', text)));
  }
  expect((await usedMemory()) - before).toBeLessThan(16 * MB);
  for (const request of requests) request.destroy();
  await router.close();
  await host.close();
  cloud.server.close();
});
