/** The body of a request on its way to a node: the client's own bytes, or what a parser left of them. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { BodyScanner } from '../body.ts';
import { RouterError } from '../errors.ts';
import { createJsonScanner } from '../json-scanner.ts';
import { createMultipartScanner } from '../multipart.ts';
import { isObject } from '../openai/types.ts';

/** An Express request: a stream, and `body` where a parser has read it. */
export type HostRequest = IncomingMessage & { body?: unknown };

/** The node's model is looked for in this much of a body; behind it any node will do. Bytes. */
const READ_AHEAD_LIMIT = 32 * 1024 * 1024;

export interface NodeBody {
  /** The top-level `model`, where there is one and it was looked for. */
  readonly model: string | undefined;
  /** Replaces the client's own headers: the length and type of a body that was written again. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Writes the body and ends the request. Called once a connection stands, so that a refused node costs no byte. */
  send(outgoing: ClientRequest): void;
}

/**
 * @param findModel Whether to read ahead for the model: not needed with a single node.
 * @throws RouterError `invalid_json` for a parsed body that is too deep to be written, Error for one that is lost.
 */
export async function openBody(req: HostRequest, findModel: boolean): Promise<NodeBody> {
  // Express 4 sets `body` to {} without having read anything, so only the end of the stream tells that a parser ran.
  if (req.readableEnded) return parsedBody(req);
  const readable = hasBody(req) && req.headers['content-encoding'] === undefined;
  const { held, model } = findModel && readable ? await readAhead(req) : NOTHING_READ;
  return {
    model,
    headers: {},
    send(outgoing) {
      if (req.headers['transfer-encoding'] !== undefined) announceChunks(outgoing);
      for (const chunk of held) outgoing.write(chunk);
      if (req.readableEnded || !hasBody(req)) outgoing.end();
      else req.pipe(outgoing);
    },
  };
}

const NOTHING_READ: { readonly held: readonly Buffer[]; readonly model: undefined } = {
  held: [],
  model: undefined,
};

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/**
 * Node frames no body of GET or DELETE by itself, and http-proxy announces an empty one for DELETE: without this the
 * bytes of the body would reach the node as its next request.
 */
function announceChunks(outgoing: ClientRequest): void {
  outgoing.removeHeader('content-length');
  outgoing.setHeader('transfer-encoding', 'chunked');
}

/** Reads until the model is known. What was read is held and sent first. */
function readAhead(req: IncomingMessage): Promise<{ held: Buffer[]; model: string | undefined }> {
  return new Promise((resolve) => {
    const held: Buffer[] = [];
    const scanner = scannerFor(req);
    let size = 0;
    const stop = (): void => {
      req.off('data', look).off('end', stop).off('close', stop).off('error', stop);
      req.pause();
      resolve({ held, model: scanner.model?.value });
    };
    const look = (chunk: Buffer): void => {
      held.push(chunk);
      size += chunk.length;
      scanner.push(chunk);
      if (isSettled(scanner) || size > READ_AHEAD_LIMIT) stop();
    };
    req.on('data', look).on('end', stop).on('close', stop).on('error', stop);
    // Somebody before us may have paused the stream.
    req.resume();
  });
}

function parsedBody(req: HostRequest): NodeBody {
  if (!hasBody(req)) return { model: undefined, headers: {}, send: (outgoing) => void outgoing.end() };
  const type = req.headers['content-type'] ?? '';
  const bytes = toBytes(req.body, type);
  return {
    model: bytes === req.body || typeof req.body === 'string' ? findModelIn(bytes, req) : modelOf(req.body),
    headers: {
      'content-length': String(bytes.length),
      // Express's parsers inflate, decode to Unicode and take chunks; what goes on is none of that any more.
      'content-encoding': undefined,
      ...(/;\s*charset=/i.test(type) &&
        !Buffer.isBuffer(req.body) && { 'content-type': type.replace(/(;\s*charset=)[^;]*/i, '$1utf-8') }),
    },
    send(outgoing) {
      outgoing.end(bytes);
    },
  };
}

function modelOf(body: unknown): string | undefined {
  const model = isObject(body) && Object.hasOwn(body, 'model') ? body.model : undefined;
  return typeof model === 'string' ? model : undefined;
}

function findModelIn(bytes: Buffer, req: IncomingMessage): string | undefined {
  const scanner = scannerFor(req);
  scanner.push(bytes);
  return scanner.model?.value;
}

/** A form has its model among its fields, anything else is looked at as JSON. */
function scannerFor({ headers }: IncomingMessage): BodyScanner {
  const type = headers['content-type'] ?? '';
  return /^multipart\/form-data\b/i.test(type) ? createMultipartScanner(type) : createJsonScanner();
}

/** Nothing more can be found: a body that is no JSON has no model here, and the node says what is wrong with it. */
function isSettled(scanner: BodyScanner): boolean {
  return scanner.model !== undefined || scanner.malformed !== undefined || scanner.isObject === false;
}

function toBytes(body: unknown, contentType: string): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  if (body === undefined || /^multipart\//i.test(contentType)) {
    // Not the client's fault: the host mounted something in front that keeps the body for itself.
    throw new Error(
      'The request body was read before createLocalBalancer and cannot be written again: mount it before whatever reads it.',
    );
  }
  if (isObject(body) && /^application\/x-www-form-urlencoded/i.test(contentType)) {
    return Buffer.from(new URLSearchParams(formFields(body)).toString());
  }
  return Buffer.from(stringify(body));
}

/** `{a: {b: ['c']}}` as `a[b][0]=c`, the form that express.urlencoded() reads. */
function formFields(value: object, prefix?: string): [string, string][] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, string][] => {
    const name = prefix === undefined ? key : `${prefix}[${key}]`;
    return typeof item === 'object' && item !== null ? formFields(item, name) : [[name, String(item)]];
  });
}

function stringify(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    // V8 parses deeper than it writes.
    throw new RouterError('invalid_json', {
      message: 'The request body is not valid JSON: it is nested too deeply.',
      cause,
    });
  }
}
