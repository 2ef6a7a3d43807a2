import type { ServerResponse } from 'node:http';
import express from 'express';
import { createLocalBalancer } from '../../lib/local/index.ts';
import { closeAll, HOSTS, listen, send, startHost, startNode, type Received } from './support.ts';

afterEach(closeAll);

describe('what a node gets to see', () => {
  test("is the client's headers without its credentials and what speaks of the connection", async () => {
    const node = await startNode([]);
    const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })]);
    await send(`${url}/v1/chat/completions`, {
      headers: {
        host: 'public.example',
        authorization: 'Bearer sk-secret',
        cookie: 'session=secret',
        'proxy-authorization': 'Basic secret',
        connection: 'close, X-Hop',
        'x-hop': 'this connection only',
        te: 'trailers',
        trailer: 'x-end',
        'keep-alive': 'timeout=5',
        'proxy-connection': 'keep-alive',
        'user-agent': 'test/1',
        accept: 'text/event-stream',
        'accept-encoding': 'gzip',
        'content-type': 'application/json',
        'x-forwarded-for': '10.0.0.1',
        'x-request-id': 'abc',
        'x-twice': ['one', 'two'],
      },
      body: '{}',
    });
    expect(node.received.map(({ headers }) => headers)).toEqual([
      {
        host: `127.0.0.1:${node.port}`,
        connection: 'close',
        'user-agent': 'test/1',
        accept: 'text/event-stream',
        'accept-encoding': 'gzip',
        'content-type': 'application/json',
        // The client announced a trailer, which only a chunked body can have.
        'transfer-encoding': 'chunked',
        'x-forwarded-for': '10.0.0.1',
        'x-request-id': 'abc',
        'x-twice': 'one, two',
      },
    ]);
  });

  test.each(['GET', 'DELETE', 'OPTIONS', 'POST'])(
    'holds the length of a body whatever the client says of it in Connection: %s',
    async (method) => {
      const body = 'POST /api/delete HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';
      const node = await startNode([]);
      const { url } = await startHost([createLocalBalancer({ nodes: [node.url] })]);
      const headers = { connection: 'close, Content-Length', 'content-length': String(body.length) };
      await send(`${url}/v1/x`, { method, headers, body });
      expect(node.received.map((one) => [one.method, one.url, one.bytes.toString()])).toEqual([
        [method, '/v1/x', body],
      ]);
      expect(node.received[0]?.headers).toMatchObject({ 'content-length': String(body.length) });
    },
  );

  test('holds what the host has set, whatever the client says of it in Connection', async () => {
    const node = await startNode([]);
    const { url } = await startHost([
      (req, _res, next) => {
        Object.assign(req.headers, { 'x-user': 'ann', 'x-tenant': 'a' });
        next();
      },
      createLocalBalancer({ nodes: [node.url] }),
    ]);
    const headers = { connection: 'close, x-user, x-tenant, x-own', 'x-user': 'eve', 'x-own': '1' };
    await send(`${url}/v1/x`, { headers, body: '{}' });
    expect(node.received.map(({ headers: got }) => [got['x-user'], got['x-tenant'], got['x-own']])).toEqual([
      ['ann', 'a', undefined],
    ]);
  });

  test('leaves the request of the host as it was', async () => {
    const node = await startNode([]);
    const seen: object[] = [];
    const { url } = await startHost([
      (req, res, next) => {
        res.on('finish', () =>
          seen.push({ url: req.url, key: req.headers.authorization, cookie: req.headers.cookie }),
        );
        next();
      },
      createLocalBalancer({ nodes: [`${node.url}/below`] }),
    ]);
    await send(`${url}/v1/x`, { headers: { authorization: 'Bearer k', cookie: 'a=b' }, body: '{}' });
    expect(seen).toEqual([{ url: '/v1/x', key: 'Bearer k', cookie: 'a=b' }]);
  });

  test('a header that a middleware broke is an error of the host', async () => {
    const node = await startNode([]);
    const errors: unknown[] = [];
    const app = express();
    app.use((req, _res, next) => {
      req.headers['x-broken'] = 'two\nlines';
      next();
    });
    app.use(createLocalBalancer({ nodes: [node.url] }), ((error, _req, res, _next) => {
      errors.push(error);
      res.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    const { url } = await listen(app);
    expect((await send(url, { body: '{}' })).status).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CHAR' })]);
    expect(node.received).toEqual([]);
  });
});

describe('what the client gets to see', () => {
  test("is the node's headers without cookies and what speaks of the connection", async () => {
    const node = await startNode([], (_: Received, res: ServerResponse) => {
      res.writeHead(200, 'Fine', {
        'content-type': 'application/json',
        'content-length': '2',
        'set-cookie': ['session=stolen', 'b=2'],
        'keep-alive': 'timeout=99',
        connection: 'close, x-hop',
        'x-hop': 'this connection only',
        'x-twice': ['one', 'two'],
        'x-ratelimit-remaining': '9',
        date: 'Sun, 22 Nov 2026 00:00:00 GMT',
      });
      res.end('{}');
    });
    const app = express()
      .disable('x-powered-by')
      .use(createLocalBalancer({ nodes: [node.url] }));
    const { url } = await listen(app);
    const answer = await send(url, { headers: { connection: 'keep-alive' }, body: '{}' });
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'content-length': '2',
      'x-twice': 'one, two',
      'x-ratelimit-remaining': '9',
      date: 'Sun, 22 Nov 2026 00:00:00 GMT',
      connection: 'keep-alive',
      'keep-alive': 'timeout=5',
    });
  });
});

describe.each(HOSTS)('the path at the node, in %s', (_, createHost) => {
  test.each([
    ['', '/v1/chat/completions', '/v1/chat/completions'],
    ['/', '/v1/models/a%2Fb?x=1&y=%3F?', '/v1/models/a%2Fb?x=1&y=%3F?'],
    ['/v1', '/v1/chat/completions', '/v1/chat/completions'],
    ['/v1/', '/v1/chat/completions', '/v1/chat/completions'],
    ['/below/it', '/v1/chat/completions', '/below/it/v1/chat/completions'],
    ['/below/v1/', '/v1/chat/completions', '/below/v1/chat/completions'],
    ['/below', '/v1/..models/.../v1.5?from=/../admin', '/below/v1/..models/.../v1.5?from=/../admin'],
  ])('base path %j and %j: %j', async (basePath, path, expected) => {
    const node = await startNode([]);
    const { port } = await startHost([createLocalBalancer({ nodes: [node.url + basePath] })], createHost);
    // `path` as it stands: a URL would resolve the dots before they are sent.
    await sendPath(port, path);
    expect(node.received.map(({ url }) => url)).toEqual([expected]);
  });

  test.each([
    ['/', '/v1/chat/completions'],
    ['/v1', '/v1/chat/completions'],
    ['/v1', '/V1/chat/completions'],
    ['/llm', '/llm/v1/chat/completions'],
    ['/llm/v1', '/llm/v1/chat/completions'],
    ['/v1/chat', '/v1/chat/completions'],
    ['/llm/V1/chat', '/llm/V1/chat/completions'],
  ])('mounted at %j, %j is /v1/chat/completions', async (mount, path) => {
    const node = await startNode([]);
    const app = createHost();
    app.use(mount, createLocalBalancer({ nodes: [node.url] }));
    const { port } = await listen(app);
    await sendPath(port, path);
    expect(node.received.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  });

  test.each([
    ['/', 'http://public.example/v1/chat/completions?x=1'],
    ['/v1', 'HTTPS://public.example:8080/v1/chat/completions?x=1'],
    ['/llm', 'http://[::1]:8080/llm/v1/chat/completions?x=1'],
    ['/llm/v1', 'http://127.0.0.1/llm/v1/chat/completions?x=1'],
  ])('mounted at %j, the whole URL %j is asked of the node by its path', async (mount, target) => {
    for (const basePath of ['', '/v1', '/below/v1']) {
      const node = await startNode([]);
      const app = createHost();
      app.use(mount, createLocalBalancer({ nodes: [node.url + basePath] }));
      const { port } = await listen(app);
      await sendPath(port, target);
      const below = basePath.replace(/\/v1$/, '');
      expect(node.received.map(({ url, headers }) => [url, headers.host])).toEqual([
        [`${below}/v1/chat/completions?x=1`, `127.0.0.1:${node.port}`],
      ]);
    }
  });

  test.each([
    'http://a:b/v1/x',
    'http://a*b/v1/x',
    'http://a@b/v1/x',
    'http://:80/v1/x',
    'http:///v1/x',
    'ftp://a/v1/x',
  ])('the odd URL %j passes by no check of keys at /v1', async (target) => {
    const node = await startNode([]);
    const app = createHost();
    app.use('/v1', (_req, res) => void res.status(401).end());
    app.use(createLocalBalancer({ nodes: [node.url] }));
    const { port } = await listen(app);
    await sendPath(port, target);
    expect(node.received.filter(({ url }) => url.startsWith('/v1'))).toEqual([]);
  });

  test.each([
    ['http://public.example', '/'],
    ['http://public.example?x=/../y', '/?x=/../y'],
  ])('%j without a path is %j', async (target, expected) => {
    const node = await startNode([]);
    const { port } = await startHost([createLocalBalancer({ nodes: [node.url] })], createHost);
    await sendPath(port, target);
    expect(node.received.map(({ url }) => url)).toEqual([expected]);
  });
});

function sendPath(port: number, path: string): Promise<unknown> {
  return send({ port, host: '127.0.0.1', path }, { method: 'GET' });
}
