/** What is measured, a process each: hosts with and without the router, and bare pipes to compare them with. */
import http from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import express from 'express';
import { Pool } from 'undici';
import { answerParent } from './child.mjs';
import { proseOf, wholeAnswer } from './wire.mjs';

const ANSWER = JSON.stringify(wholeAnswer('openai', proseOf(700)));

/** By name: what makes the request listener of a system. @type {Record<string, (setting: Setting) => unknown>} */
const systems = {
  /** An Express host that does the least a host can do: it reads and parses the body and answers a fixed kilobyte. */
  handler: () => host(undefined, readsByHand),

  /** The same with Express's own body parser, which is what most hosts have. */
  parser: () => host(undefined, express.json({ limit: '64mb' })),

  /** The empty handler with the router in front. */
  router: async (setting) => host(await createRouter(setting), readsByHand),

  'router-parser': async (setting) => host(await createRouter(setting), express.json({ limit: '64mb' })),

  /** The least a router can do for a local request: look at the first bytes and put them back. */
  peek: () => host(peek, readsByHand),

  'peek-parser': () => host(peek, express.json({ limit: '64mb' })),

  /** Node's own client and server, both ways piped. */
  'node-pipe'({ upstream }) {
    const agent = new http.Agent({ keepAlive: true });
    return (req, res) => {
      const { host: _host, connection: _connection, ...headers } = req.headers;
      const request = http.request(
        { agent, host: '127.0.0.1', port: upstream, path: req.url, method: req.method, headers },
        (answer) => {
          res.writeHead(answer.statusCode, answer.headers);
          answer.pipe(res);
        },
      );
      request.on('error', () => res.destroy());
      res.on('close', () => {
        if (!res.writableFinished) request.destroy();
      });
      req.pipe(request);
    };
  },

  /** undici's dispatch straight to the response, without Express; the body is collected first, as for a rewrite. */
  'undici-pipe'({ upstream }) {
    return collectAndDispatch(new Pool(`http://127.0.0.1:${upstream}`));
  },

  /** The same inside an Express app: what a middleware can cost at the least. */
  'express-pipe': ({ upstream }) =>
    express().use(collectAndDispatch(new Pool(`http://127.0.0.1:${upstream}`))),

  /** The same with the JSON of both ways parsed and written again, and nothing changed: the least for another form. */
  'express-json': ({ upstream }) => express().use(parseAndDispatch(new Pool(`http://127.0.0.1:${upstream}`))),

  /** The bare pipe with a body that flows through as it arrives. */
  'undici-relay': ({ upstream }) => flowAndDispatch(new Pool(`http://127.0.0.1:${upstream}`)),

  /** The same inside an Express app. */
  'express-relay': ({ upstream }) => express().use(flowAndDispatch(new Pool(`http://127.0.0.1:${upstream}`))),
};

async function createRouter({ upstream, dist }) {
  const { createPrefixRouter } = await import(pathToFileURL(join(dist, 'index.js')).href);
  const origin = `http://127.0.0.1:${upstream}`;
  const env = {
    OPENAI_API_KEY: 'sk-bench-openai',
    OPENAI_BASE_URL: `${origin}/v1`,
    GOOGLE_API_KEY: 'bench-google',
    GOOGLE_API_BASE_URL: `${origin}/v1beta`,
    ANTHROPIC_API_KEY: 'sk-ant-bench',
    ANTHROPIC_API_BASE_URL: `${origin}/v1`,
  };
  return createPrefixRouter({ env });
}

function peek(req, _res, next) {
  const onReadable = () => {
    const chunk = req.read();
    if (chunk === null) return;
    req.removeListener('readable', onReadable);
    if (chunk.indexOf('"model":"openai:') !== -1) throw new Error('the peek is for local requests only');
    req.unshift(chunk);
    next();
  };
  req.on('readable', onReadable);
}

function flowAndDispatch(pool) {
  return (req, res) => dispatch(pool, req, res, req);
}

function collectAndDispatch(pool) {
  return (req, res) => {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      dispatch(pool, req, res, body);
    });
  };
}

function parseAndDispatch(pool) {
  return (req, res) => {
    readsByHand(req, res, () => {
      const body = Buffer.from(JSON.stringify(req.body));
      const chunks = [];
      let controller;
      let status;
      res.on('close', () => {
        if (!res.writableFinished) controller?.abort(new Error('the client left'));
      });
      const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
      pool.dispatch(
        { method: 'POST', path: req.url, headers, body },
        {
          onRequestStart(started) {
            controller = started;
          },
          onResponseStart(_controller, given) {
            status = given;
          },
          onResponseData(_controller, chunk) {
            chunks.push(chunk);
          },
          onResponseEnd() {
            const answer = Buffer.from(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString())));
            res.writeHead(status, { 'content-type': 'application/json', 'content-length': answer.length });
            res.end(answer);
          },
          onResponseError: () => res.destroy(),
        },
      );
    });
  };
}

function dispatch(pool, req, res, body) {
  const headers = {
    'content-type': req.headers['content-type'],
    'content-length': req.headers['content-length'],
  };
  let controller;
  res.on('drain', () => controller?.resume());
  res.on('close', () => {
    if (!res.writableFinished) controller?.abort(new Error('the client left'));
  });
  pool.dispatch(
    { method: 'POST', path: req.url, headers, body },
    {
      onRequestStart(started) {
        controller = started;
      },
      onResponseStart(_controller, status, { 'content-type': type, 'content-length': length }) {
        res.writeHead(
          status,
          length === undefined
            ? { 'content-type': type }
            : { 'content-type': type, 'content-length': length },
        );
      },
      onResponseData(_controller, chunk) {
        if (!res.write(chunk)) controller.pause();
      },
      onResponseEnd: () => res.end(),
      onResponseError: () => res.destroy(),
    },
  );
}

/** @param middleware In front. @param parser What reads and parses the body. */
function host(middleware, parser) {
  const app = express();
  if (middleware !== undefined) app.use(middleware);
  app.post('/v1/chat/completions', parser, (_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(ANSWER);
  });
  return app;
}

function readsByHand(req, _res, next) {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    req.body = JSON.parse(Buffer.concat(chunks).toString());
    next();
  });
}

let delay;

answerParent({
  /** @param {{ upstream: number, dist: string }} setting */
  async listen(name, setting) {
    const server = http.createServer(await systems[name](setting));
    // A peer keeps connections longer than the pauses of a run, and so does this.
    server.keepAliveTimeout = 120_000;
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 2_048, resolve));
    return server.address().port;
  },
  /** Microseconds of CPU this process has used. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Resident bytes, with the garbage gone and the heap given back: both take V8 a few rounds. */
  async memory() {
    let before = Infinity;
    for (let round = 0; round < 10; round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = process.memoryUsage.rss();
      if (round > 1 && Math.abs(now - before) < 200_000) return now;
      before = now;
    }
    return before;
  },
  resident: () => process.memoryUsage.rss(),
  watchDelay() {
    delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
  },
  /** The longest time the event loop stood still since `watchDelay`, in milliseconds. */
  longestDelay() {
    delay.disable();
    return delay.max / 1e6;
  },
});
