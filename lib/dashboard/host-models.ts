/** What the host lists at `GET /v1/models`, read from its own handler without a detour over the network. */
import type { Request, RequestHandler, Response } from 'express';
import { handOver } from './playground.ts';

export interface ModelEntry {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** @returns none where the host has no such list, or answers it with an error. */
export function readHostModels(
  host: RequestHandler,
  req: Request,
  res: Response,
): Promise<readonly ModelEntry[]> {
  // Plain JSON, whole: it is to be read here.
  for (const name of ['accept-encoding', 'if-none-match', 'if-modified-since', 'range'])
    delete req.headers[name];
  return new Promise((resolve) => {
    const release = capture(res, (text) => {
      const { statusCode } = res;
      release();
      resolve(statusCode === 200 ? entriesOf(text) : []);
    });
    handOver(host, ['GET', '/v1/models'], req, res, () => {
      release();
      resolve([]);
    });
  });
}

/**
 * Keeps what is written to `res` from the client.
 * @param onEnd Gets the body.
 * @returns gives `res` back as it was.
 */
function capture(res: Response, onEnd: (text: string) => void): () => void {
  const headers = res.getHeaders();
  const { statusCode } = res;
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown, rest: readonly unknown[]): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
    for (const done of [chunk, ...rest]) if (typeof done === 'function') process.nextTick(done as () => void);
  };
  const caught = {
    writeHead(status: number): Response {
      res.statusCode = status;
      return res;
    },
    flushHeaders(): void {},
    write(chunk: unknown, ...rest: unknown[]): boolean {
      keep(chunk, rest);
      return true;
    },
    end(chunk: unknown, ...rest: unknown[]): Response {
      keep(chunk, rest);
      onEnd(Buffer.concat(chunks).toString('utf8'));
      return res;
    },
  };
  // Others have hooked themselves in before us, as express-session and all of on-headers do.
  const hooks = Object.keys(caught).map(
    (name) => [name, Object.getOwnPropertyDescriptor(res, name)] as const,
  );
  Object.assign(res, caught);
  return () => {
    for (const [name, hook] of hooks) {
      if (hook === undefined) Reflect.deleteProperty(res, name);
      else Object.defineProperty(res, name, hook);
    }
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) res.setHeader(name, value);
    res.statusCode = statusCode;
  };
}

function entriesOf(text: string): readonly ModelEntry[] {
  try {
    const body: unknown = JSON.parse(text);
    const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
    return Array.isArray(data) ? data.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is ModelEntry {
  return typeof entry === 'object' && entry !== null && 'id' in entry && typeof entry.id === 'string';
}
