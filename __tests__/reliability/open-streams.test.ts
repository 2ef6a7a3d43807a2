/** R24: streams are open for minutes, thousands of them at once: what they no longer need is let go of. */
import { once } from 'node:events';
import http, { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express from 'express';
import { anthropic, createPrefixRouter, google, openai, type PrefixRouter } from '../../lib/index.ts';
import { startHost } from '../support/http.ts';
import { STREAMS, TEXT, type EndpointCase } from './endpoints.ts';
import { KEYS } from './setup.ts';

const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A cloud that keeps nothing of a request, and sends the first event of its answer. */
async function startSilentCloud(
  event: string,
  answers: ServerResponse[] = [],
): Promise<{ url: string; server: Server }> {
  const server = createServer((req, res) => {
    req.resume().once('end', () => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(event);
      answers.push(res);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Asks, and waits for the first bytes of the answer. */
async function open(url: string, body: string): Promise<http.ClientRequest> {
  const { request, answer } = await ask(url, body);
  await once(answer, 'data');
  return request;
}

interface Asked {
  readonly request: http.ClientRequest;
  readonly answer: IncomingMessage;
}

async function ask(url: string, body: string): Promise<Asked> {
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  const request = http.request(url, { method: 'POST', headers, agent: false }).end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { request, answer };
}

function routerFor(url: string): PrefixRouter {
  return createPrefixRouter({
    env: {},
    providers: [
      openai({ apiKey: KEYS.openai, baseUrl: url }),
      google({ apiKey: KEYS.google, baseUrl: url }),
      anthropic({ apiKey: KEYS.anthropic, baseUrl: url }),
    ],
  });
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
  const router = routerFor(cloud.url);
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

/** One more piece of the answer, as each cloud writes it. */
function pieceOf({ cloud }: EndpointCase, text: string): string {
  return cloud === 'google'
    ? `{"candidates":[{"content":{"parts":[{"text":"${text}"}],"role":"model"},"index":0}],"modelVersion":"m"}`
    : `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}`;
}

/** In a read of its own, with much around it that nobody needs later. */
function sendPiece(res: ServerResponse | undefined, piece: string): void {
  res?.write(`: ${'x'.repeat(20_000)}\n\ndata: ${piece}\n\n`);
}

test.each(STREAMS.filter(({ relayed }) => !relayed))(
  'an open stream keeps of its answer no more than its text, $name',
  async (endpoint) => {
    const answers: ServerResponse[] = [];
    const head = endpoint.good.slice(0, endpoint.good.findIndex((one) => one.includes(TEXT)) + 1).join('');
    const cloud = await startSilentCloud(head, answers);
    const router = routerFor(cloud.url);
    const host = await startHost(express().use(router));
    const { request, answer } = await ask(host.url + endpoint.path, JSON.stringify(endpoint.body));
    let received = '';
    const until = async (text: string): Promise<void> => {
      while (!received.includes(text))
        received = (received + String((await once(answer, 'data'))[0])).slice(-500);
    };
    await until(TEXT);
    const before = await usedMemory();
    for (let count = 0; count < 500; count += 1) {
      sendPiece(answers[0], pieceOf(endpoint, `a longer piece ${count}`));
      await until(`a longer piece ${count}`);
    }
    // 500 reads of 20 KB are 10 MB.
    expect((await usedMemory()) - before).toBeLessThan(2 * MB);
    request.destroy();
    await router.close();
    await host.close();
    cloud.server.close();
  },
);
