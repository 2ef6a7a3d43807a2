/** The host of the soak test: Express, the router, and a local handler that says what it was given. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import express from 'express';
import { answerParent } from './child.mjs';

let router;
let server;
const records = { total: 0, complete: 0, clientLeft: 0 };
const faults = [];
const delay = monitorEventLoopDelay({ resolution: 5 });

for (const event of ['unhandledRejection', 'uncaughtException', 'warning'])
  process.on(event, (fault) => faults.push(`${event}: ${fault?.stack ?? String(fault)}`));

function count(record) {
  records.total += 1;
  if (record.complete) records.complete += 1;
  if (record.clientLeft) records.clientLeft += 1;
}

function answerLocally(req, res) {
  const hash = createHash('sha256');
  req.on('data', (chunk) => hash.update(chunk));
  req.on('end', () => res.json({ local: true, sha256: hash.digest('hex') }));
}

answerParent({
  async listen(upstream, dist) {
    const { createPrefixRouter } = await import(pathToFileURL(join(dist, 'index.js')).href);
    const origin = `http://127.0.0.1:${upstream}`;
    const env = {
      OPENAI_API_KEY: 'sk-soak-openai',
      OPENAI_BASE_URL: `${origin}/v1`,
      GOOGLE_API_KEY: 'soak-google',
      GOOGLE_API_BASE_URL: `${origin}/v1beta`,
      ANTHROPIC_API_KEY: 'sk-ant-soak',
      ANTHROPIC_API_BASE_URL: `${origin}/v1`,
    };
    router = createPrefixRouter({ env, onCall: count });
    const app = express();
    app.use(router);
    app.post('/v1/chat/completions', answerLocally);
    server = http.createServer(app);
    // A connection that is closed in the moment it is used again would look like a lost request.
    server.keepAliveTimeout = 600_000;
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 2_048, resolve));
    delay.enable();
    return server.address().port;
  },
  /** Bytes, with the garbage gone. */
  async memory() {
    for (let round = 0; round < 3; round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heap: heapUsed, resident: rss };
  },
  resident: () => process.memoryUsage.rss(),
  /** Event loop delay since it was last asked for, in milliseconds. */
  delay() {
    const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
    delay.reset();
    return { p50, p99, max };
  },
  state: () => ({ records, faults, sockets: openSockets() }),
  /** Closes everything that a host would close. @returns The sockets that are left, whoever opened them. */
  async close() {
    await router.close();
    server.closeIdleConnections();
    await new Promise((resolve) => server.close(resolve));
    // Sockets are gone one turn after their close event.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return openSockets();
  },
});

function openSockets() {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
