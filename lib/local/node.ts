/** A local node: where it is, how busy it is, whether it can be reached. */
import { Agent as HttpAgent, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createProxyMiddleware, type RequestHandler } from 'http-proxy-middleware';
import type { NodeBody } from './body.ts';
import { Exchange, type ExchangeEnd, type LocalTimeouts } from './exchange.ts';
import { requestHeaders } from './headers.ts';
import { createModelList, type ModelList } from './models.ts';
import { pathAt } from './url.ts';

/** So long a node that refused a connection is left out. Milliseconds. */
const LEFT_OUT_MS = 10_000;

/** What of the client's request a node needs to know. */
export interface LocalRequest {
  readonly method: string;
  /** Path and query, beginning with `/v1/`. */
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: NodeBody;
}

export interface LocalNode {
  /** `http://host:port`, for log lines. */
  readonly origin: string;
  readonly models: ModelList;
  /** Requests that have not ended yet. */
  readonly open: number;
  /** When it may be tried again, in milliseconds of `performance.now()`; in the past for a node that can be reached. */
  readonly leftOutUntil: number;
  /** Settles when all is over. Rejects while the client has not been answered: a RouterError, or a bug. */
  send(request: LocalRequest, res: ServerResponse): Promise<ExchangeEnd>;
  close(): void;
}

/** @param base What `parseBaseUrl` gave. */
export function createLocalNode(base: URL, timeouts: LocalTimeouts): LocalNode {
  const secure = base.protocol === 'https:';
  // No connection is kept: a POST on one that the node is just closing would fail, and could not be sent again.
  const agent = secure ? new HttpsAgent() : new HttpAgent();
  const proxy = createProxy(base, agent);
  let open = 0;
  let leftOutUntil = 0;

  return {
    origin: base.origin,
    models: createModelList(new URL(pathAt(base, '/v1/models'), base), agent),
    get open() {
      return open;
    },
    get leftOutUntil() {
      return leftOutUntil;
    },
    async send({ method, path, headers, body }, res) {
      const exchange = new Exchange(
        {
          method,
          url: pathAt(base, path),
          headers: requestHeaders({ ...headers, ...body.headers }, base.host),
          body,
          secure,
        },
        res,
        timeouts,
      );
      open += 1;
      try {
        await proxy(exchange, res, (error) => exchange.crash(error));
        const end = await exchange.ended;
        if (end === 'refused') leftOutUntil = performance.now() + LEFT_OUT_MS;
        return end;
      } finally {
        open -= 1;
      }
    },
    close: () => agent.destroy(),
  };
}

function createProxy(base: URL, agent: HttpAgent): RequestHandler<Exchange, ServerResponse> {
  return createProxyMiddleware<Exchange, ServerResponse>({
    target: {
      protocol: base.protocol,
      host: base.host,
      // A URL writes an IPv6 address in brackets, a socket wants it without.
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
    },
    agent,
    // The answer is ours: the proxy's own way ends a broken one as if it were whole.
    selfHandleResponse: true,
    // Its default plugins write error texts into half-sent answers.
    ejectPlugins: true,
    plugins: [
      (server) => {
        server.on('error', (error, exchange) => exchange.fail(error));
        server.on('econnreset', (error, exchange) => exchange.fail(error));
      },
    ],
  });
}
