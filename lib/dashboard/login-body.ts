/** The body of a log-in: small JSON, or an error that says what is wrong with it. */
import type { Request } from 'express';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A log-in that is none. */
export class BadLogin extends Error {
  override readonly name = 'BadLogin';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BYTES = 4096;

/** @throws BadLogin */
export async function readLogin(req: Request): Promise<Login> {
  // Not `req.body === undefined`: Express 4's parsers leave an empty object where they have read nothing.
  const body: unknown = req.readableDidRead ? parsed(req.body) : parse(await readBytes(req));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw noLogin();
  const { username, password } = body as Record<string, unknown>;
  if (typeof username !== 'string' || typeof password !== 'string') throw noLogin();
  return { username, password };
}

/** What a parser of the host has made of the body. */
function parsed(body: unknown): unknown {
  return typeof body === 'string' || Buffer.isBuffer(body) ? parse(Buffer.from(body)) : body;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new BadLogin(400, 'The body is not JSON.');
  }
}

async function readBytes(req: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > MAX_BYTES) break;
      chunks.push(chunk as Buffer);
    }
  } catch {
    throw new BadLogin(400, 'The body did not arrive.');
  }
  if (length > MAX_BYTES) throw new BadLogin(413, `The body is larger than ${MAX_BYTES} bytes.`);
  return Buffer.concat(chunks);
}

function noLogin(): BadLogin {
  return new BadLogin(400, 'Expected {"username": "...", "password": "..."}.');
}
