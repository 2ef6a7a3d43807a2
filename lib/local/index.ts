/**
 * `createLocalBalancer`: a ready-made local handler over http-proxy-middleware. It sends a request to one of several
 * OpenAI-compatible nodes and knows no cloud.
 */
import createDebug from 'debug';
import type { Request, RequestHandler, Response } from 'express';
import { RouterError } from '../errors.ts';
import { isGone } from '../on-close.ts';
import type { Model } from '../openai/types.ts';
import { withoutOrigin } from '../request-target.ts';
import { openBody } from './body.ts';
import type { LocalTimeouts } from './exchange.ts';
import { createLocalNode, type LocalNode, type LocalRequest } from './node.ts';
import { withoutNamed } from './headers.ts';
import { serves } from './models.ts';
import { checkedTimeouts } from './timeouts.ts';
import { parseBaseUrl } from './url.ts';

export type { LocalTimeouts } from './exchange.ts';
export type { Model } from '../openai/types.ts';

export interface LocalBalancerOptions {
  /** Base URLs of OpenAI-compatible servers, with or without `/v1`. At least one. */
  readonly nodes: readonly string[];
  /** Limits of one request to a node: whole milliseconds, at most 2,147,483,647. */
  readonly timeouts?: Partial<LocalTimeouts>;
}

export interface LocalBalancer extends RequestHandler {
  /**
   * What the nodes list at `GET /v1/models`, each id once. Of a node that does not answer it is what it listed last, and
   * 10 minutes after its last list the node is left out. Never rejects.
   */
  listModels(): Promise<Model[]>;
  /** Takes no new request (503), waits for the open ones, closes the connections. */
  close(): Promise<void>;
}

const debug = createDebug('llm-prefix-router:local');

/**
 * A request goes to the node with the fewest open ones among those that list its model (to any, if none lists it;
 * to the first of several that are equally busy). A node that refuses a connection is left out for ten seconds, and
 * the request goes to the next one. When none is left the client gets 503 `no_local_node`.
 *
 * The model of a form is found as well as that of JSON, in the first 32 MiB. A compressed body is not looked into: any
 * node will do for it.
 *
 * Mount it behind the router, at the root or under a path. Not sent to nodes: `Authorization` and `Cookie`.
 * @throws TypeError for an empty list, or none, for a base URL that cannot be meant and for wrong timeouts.
 */
export function createLocalBalancer(options: LocalBalancerOptions): LocalBalancer {
  const urls = checkedUrls(options);
  const timeouts = checkedTimeouts(options.timeouts);
  const nodes = urls.map((base) => createLocalNode(base, timeouts));
  const running = new Set<Promise<void>>();
  let closing = false;

  const handler: RequestHandler = (req, res, next) => {
    if (closing) return sendError(res, shuttingDown());
    const done = serve(nodes, req, res).catch((error: unknown) => {
      if (error instanceof RouterError) sendError(res, error);
      else next(error);
    });
    running.add(done);
    void done.finally(() => running.delete(done));
  };

  return Object.assign(handler, {
    async listModels() {
      const lists = await Promise.all(nodes.map((node) => node.models.get()));
      return [
        ...new Map(
          lists
            .flat()
            .reverse()
            .map((model) => [model.id, model]),
        ).values(),
      ].reverse();
    },
    async close() {
      closing = true;
      await Promise.all(running);
      for (const node of nodes) node.close();
    },
  });
}

function checkedUrls({ nodes }: Partial<LocalBalancerOptions> = {}): URL[] {
  // The value is not repeated: a URL can hold a password.
  if (!Array.isArray(nodes))
    throw new TypeError(
      `createLocalBalancer: nodes must be a list of base URLs, e.g. ['http://127.0.0.1:11434']; got ${typeof nodes}.`,
    );
  if (nodes.length === 0)
    throw new TypeError('createLocalBalancer needs at least one node: `nodes` is empty.');
  return nodes.map((baseUrl: string, index) => parseBaseUrl(baseUrl, `node ${index + 1} of ${nodes.length}`));
}

async function serve(nodes: readonly LocalNode[], req: Request, res: Response): Promise<void> {
  const startedMs = performance.now();
  const body = await openBody(req, nodes.length > 1);
  const request: LocalRequest = { method: req.method, path: pathOf(req), headers: withoutNamed(req), body };
  const able = await nodesFor(nodes, body.model);
  try {
    for (;;) {
      if (isGone(res)) return;
      const node = leastBusy(able);
      const end = await node.send(request, res);
      const tookMs = Math.round(performance.now() - startedMs);
      debug('%s %s at %s: %s, %d ms', req.method, request.path, node.origin, end, tookMs);
      if (end !== 'refused') return;
    }
  } finally {
    // A node can answer before it has read the whole request; what is left must not block the client's connection.
    req.unpipe();
    req.resume();
  }
}

/** Mounted at `/v1` or below, Express has cut that from the URL; the nodes have it. */
function pathOf(req: Request): string {
  const url = withoutOrigin(req.url);
  const cut = /\/v1(\/.*)?$/i.exec(req.baseUrl ?? '');
  const path = url.startsWith('/') ? url : `/${url}`;
  return cut === null ? path : `/v1${cut[1] ?? ''}${path}`;
}

async function nodesFor(
  nodes: readonly LocalNode[],
  model: string | undefined,
): Promise<readonly LocalNode[]> {
  if (model === undefined || nodes.length === 1) return nodes;
  const lists = await Promise.all(nodes.map((node) => node.models.known()));
  const able = nodes.filter((_, index) => serves(lists[index] ?? [], model));
  return able.length > 0 ? able : nodes;
}

/** @throws RouterError `no_local_node` */
function leastBusy(nodes: readonly LocalNode[]): LocalNode {
  const now = performance.now();
  const [first, ...others] = nodes.filter((node) => node.leftOutUntil <= now);
  if (first === undefined) throw noNode(Math.min(...nodes.map((node) => node.leftOutUntil)) - now);
  return others.reduce((best, node) => (node.open < best.open ? node : best), first);
}

function noNode(waitMs: number): RouterError {
  return new RouterError('no_local_node', {
    message: 'No local node that could serve this request accepts connections at the moment.',
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) },
  });
}

function shuttingDown(): RouterError {
  return new RouterError('shutting_down', {
    message: 'This server is shutting down. Please send the request again.',
    headers: { 'retry-after': '1' },
  });
}

function sendError(res: Response, error: RouterError): void {
  if (res.headersSent || res.destroyed) return;
  res.status(error.status).set(error.headers).set('cache-control', 'no-store').json(error.toBody());
}
