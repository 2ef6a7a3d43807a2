/** What the host lists at `GET /v1/models`, read from its own handler without a detour over the network. */
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import { handOver } from './playground.ts';

export interface ModelEntry {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** How long the host's list may take. More than the router's own in it does where a cloud hangs, which is ten seconds. */
const PATIENCE_MS = 12_000;

/** @returns none where the host has no such list, answers it with an error, breaks it off or takes too long. */
export function readHostModels(
  host: RequestHandler,
  req: Request,
  res: Response,
): Promise<readonly ModelEntry[]> {
  // Plain JSON, whole: it is to be read here.
  for (const name of ['accept-encoding', 'if-none-match', 'if-modified-since', 'range'])
    delete req.headers[name];
  return new Promise((resolve) => {
    const answer = createAnswer(req, res, (text) => {
      // It is a request to the dashboard again, also for who writes it down when it is over.
      takeBack();
      resolve(text === undefined ? [] : entriesOf(text));
    });
    const giveUp = (): void => void answer.destroy();
    AbortSignal.timeout(PATIENCE_MS).addEventListener('abort', giveUp, { once: true });
    res.once('close', giveUp);
    const takeBack = handOver(host, ['GET', '/v1/models'], req, answer, () => {
      if (!answer.writableEnded) giveUp();
    });
  });
}

/**
 * A response for the host alone, on a connection that leads nowhere. The browser's own stays free for our answer,
 * whatever the host does with this one, and however late.
 * @param onClose Gets the body; undefined unless it is whole and the status is 200.
 */
function createAnswer(req: Request, res: Response, onClose: (text: string | undefined) => void): Response {
  const connection = new Writable({ write: (_chunk, _encoding, done) => done() });
  // What a host may destroy it with is told by its close.
  connection.on('error', () => {});
  Object.assign(connection, { setTimeout: () => connection });
  const answer = new ServerResponse(req);
  answer.assignSocket(connection as Socket);
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  const write = answer.write.bind(answer) as (...args: unknown[]) => boolean;
  const end = answer.end.bind(answer) as (...args: unknown[]) => Response;
  let whole = false;
  answer
    .once('finish', () => {
      whole = answer.statusCode === 200;
      connection.destroy();
    })
    .once('close', () => onClose(whole ? Buffer.concat(chunks).toString('utf8') : undefined));
  // What Express gives a response, and what the host's middlewares in front of us have left for its handlers.
  Object.setPrototypeOf(answer, Object.getPrototypeOf(res) as object);
  return Object.assign(answer as Response, {
    locals: res.locals,
    write(...args: unknown[]): boolean {
      keep(args[0]);
      return write(...args);
    },
    end(...args: unknown[]): Response {
      keep(args[0]);
      return end(...args);
    },
  });
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
