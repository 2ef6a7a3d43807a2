/**
 * The request body, once: far enough to know its `model`, and whole where a cloud gets it. A body that is not for a
 * cloud is put back and the host's handler finds it as if nobody had looked.
 */
import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { RouterError } from './errors.ts';
import { createJsonScanner, type JsonScanner, type ModelToken } from './json-scanner.ts';
import { isObject, type JsonObject } from './openai/types.ts';

/** The whole body of a request that goes to a cloud. */
export interface CloudBody {
  /** The body as it came, with only the model exchanged: byte for byte where it was not parsed before us. */
  toBytes(model: string): Buffer;
  /** The body as data, with the model exchanged. */
  toJson(model: string): JsonObject;
}

/**
 * What became of a body.
 * - `host`: nothing was taken; the host's handler reads it.
 * - `cloud`: it is whole and checked.
 * - `refused`: it was for a cloud and cannot be sent.
 */
export type BodyOutcome =
  | { readonly kind: 'host' }
  | { readonly kind: 'cloud'; readonly body: CloudBody }
  | { readonly kind: 'refused'; readonly error: RouterError };

/**
 * Asked once, in the tick in which the model is known; never if there is none.
 * @returns true to take the body, false to leave it to the host.
 */
export type TakesBody = (model: unknown) => boolean;

/** An Express request: a stream, and `body` where a parser ran before us. */
export type HostRequest = IncomingMessage & { body?: unknown };

const HOST: BodyOutcome = { kind: 'host' };

/**
 * Finds the model of a request and reads the whole body if `takes` says so. `done` is called once, in the same tick
 * for a local request; never if the client leaves while it sends.
 * @param limit Largest body for a cloud, in bytes, also after inflating.
 */
export function readBody(
  req: HostRequest,
  limit: number,
  takes: TakesBody,
  done: (outcome: BodyOutcome) => void,
): void {
  if (hasNoBody(req)) return done(HOST);
  if (req.readableDidRead) return done(readParsed(req.body, limit, takes));
  const encoding = req.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') new RawReader(req, limit, takes, done).start();
  else readCompressed(req, encoding, limit, takes, done);
}

function hasNoBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return length === undefined ? req.headers['transfer-encoding'] === undefined : Number(length) === 0;
}

/** What a parser before us made of the body: an object, a string or bytes. */
function readParsed(body: unknown, limit: number, takes: TakesBody): BodyOutcome {
  if (typeof body === 'string') return scanWhole(Buffer.from(body), limit, takes);
  // The host's own buffer is copied, since the prefix is cut out in place.
  if (Buffer.isBuffer(body)) return scanWhole(Buffer.from(body), limit, takes);
  if (!isObject(body) || !Object.hasOwn(body, 'model') || !takes(body.model)) return HOST;
  return { kind: 'cloud', body: parsedBody(body, limit) };
}

function scanWhole(bytes: Buffer, limit: number, takes: TakesBody): BodyOutcome {
  const scanner = createJsonScanner();
  scanner.push(bytes);
  if (scanner.model === undefined || scanner.model.end > limit || !takes(scanner.model.value)) return HOST;
  return bytes.length > limit ? refused(tooLarge(limit)) : finish(bytes, scanner);
}

/**
 * Reads an unparsed body. Bytes go back by `unshift` in the tick in which they were read: the one recipe after which
 * streams, parsers mounted later and http-proxy-middleware all see the body whole.
 */
class RawReader {
  readonly #req: HostRequest;
  readonly #limit: number;
  readonly #takes: TakesBody;
  readonly #done: (outcome: BodyOutcome) => void;
  readonly #scanner = createJsonScanner();
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #taken = false;
  #over = false;
  readonly #onReadable = (): void => this.#read();

  constructor(req: HostRequest, limit: number, takes: TakesBody, done: (outcome: BodyOutcome) => void) {
    this.#req = req;
    this.#limit = limit;
    this.#takes = takes;
    this.#done = done;
  }

  start(): void {
    this.#req.on('readable', this.#onReadable);
  }

  #read(): void {
    while (!this.#over) {
      const chunk = this.#req.read() as Buffer | string | null;
      if (chunk === null) break;
      this.#add(typeof chunk === 'string' ? Buffer.from(chunk, this.#req.readableEncoding ?? 'utf8') : chunk);
    }
    if (!this.#over && this.#req.complete) this.#atEnd();
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const scanner = this.#scanner;
    scanner.push(chunk);
    if (!this.#taken) {
      if (scanner.model !== undefined && scanner.model.end <= this.#limit) {
        if (!this.#takes(scanner.model.value)) return this.#putBack();
        this.#taken = true;
      } else if (scanner.isObject === false || scanner.malformed !== undefined || this.#size > this.#limit) {
        return this.#putBack();
      }
    }
    if (this.#taken) this.#checkTaken(scanner);
  }

  /** A body for a cloud is given up at the first byte that makes it impossible. */
  #checkTaken(scanner: JsonScanner): void {
    const announced = Number(this.#req.headers['content-length'] ?? 0);
    if (Math.max(this.#size, announced) > this.#limit) this.#finish(refused(tooLarge(this.#limit)));
    else if (scanner.malformed !== undefined || scanner.modelCount > 1)
      this.#finish(refused(faultOf(scanner)));
  }

  #atEnd(): void {
    if (!this.#taken) return this.#putBack();
    this.#finish(finish(this.#concat(), this.#scanner));
  }

  #putBack(): void {
    if (this.#size > 0) this.#req.unshift(this.#concat());
    this.#finish(HOST);
  }

  #concat(): Buffer {
    const [first] = this.#chunks;
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#size);
  }

  #finish(outcome: BodyOutcome): void {
    this.#over = true;
    this.#req.removeListener('readable', this.#onReadable);
    this.#done(outcome);
  }
}

/**
 * A compressed body is held and put back as it came; a copy is inflated to find the model. Compressed requests are
 * rare, and inflating cannot be done in the tick in which bytes must go back.
 */
function readCompressed(
  req: HostRequest,
  encoding: string,
  limit: number,
  takes: TakesBody,
  done: (outcome: BodyOutcome) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const onReadable = (): void => {
    for (let chunk = req.read() as Buffer | null; chunk !== null; chunk = req.read() as Buffer | null) {
      chunks.push(chunk);
      size += chunk.length;
    }
    if (!req.complete && size <= limit) return;
    req.removeListener('readable', onReadable);
    const held = Buffer.concat(chunks, size);
    if (size > 0) req.unshift(held);
    const inflate = inflaterOf(encoding);
    if (inflate === undefined || size === 0) done(HOST);
    else scanInflated(inflate, held, size > limit, limit, takes, done);
  };
  req.on('readable', onReadable);
}

type Inflater = ReturnType<typeof createGunzip>;

/** The encodings that body parsers know; anything else is the host's. */
function inflaterOf(encoding: string): Inflater | undefined {
  switch (encoding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

function scanInflated(
  inflate: Inflater,
  compressed: Buffer,
  incomplete: boolean,
  limit: number,
  takes: TakesBody,
  done: (outcome: BodyOutcome) => void,
): void {
  const scanner = createJsonScanner();
  const chunks: Buffer[] = [];
  let size = 0;
  let taken = false;
  let over = false;
  const settle = (outcome: BodyOutcome): void => {
    if (over) return;
    over = true;
    inflate.destroy();
    done(outcome);
  };
  inflate.on('data', (chunk: Buffer) => {
    if (over) return;
    chunks.push(chunk);
    size += chunk.length;
    scanner.push(chunk);
    if (!taken && scanner.model !== undefined && scanner.model.end <= limit) {
      if (!takes(scanner.model.value)) return settle(HOST);
      taken = true;
      if (incomplete) return settle(refused(tooLarge(limit)));
    }
    if (taken && scanner.malformed !== undefined) settle(refused(faultOf(scanner)));
    else if (size > limit) settle(taken ? refused(tooLarge(limit)) : HOST);
  });
  inflate.on('end', () => settle(taken ? finish(Buffer.concat(chunks, size), scanner) : HOST));
  inflate.on('error', (cause) =>
    settle(taken ? refused(invalidJson('the compressed body cannot be inflated', cause)) : HOST),
  );
  inflate.end(compressed);
}

function finish(bytes: Buffer, scanner: JsonScanner): BodyOutcome {
  scanner.end();
  if (scanner.malformed !== undefined || scanner.modelCount > 1) return refused(faultOf(scanner));
  return { kind: 'cloud', body: rawBody(bytes, scanner.model as ModelToken) };
}

function refused(error: RouterError): BodyOutcome {
  return { kind: 'refused', error };
}

function faultOf(scanner: JsonScanner): RouterError {
  if (scanner.malformed !== undefined) return invalidJson(scanner.malformed);
  return new RouterError('invalid_value', {
    message:
      "The body has more than one top-level 'model'. Send exactly one, so that it is clear who is paid.",
    param: 'model',
  });
}

function invalidJson(what: string, cause?: unknown): RouterError {
  return new RouterError('invalid_json', { message: `The request body is not valid JSON: ${what}.`, cause });
}

function tooLarge(limit: number): RouterError {
  return new RouterError('request_too_large', {
    message: `The request body is larger than ${limit} bytes, the limit for cloud models on this server.`,
  });
}

/** A body whose bytes we have: only the model token is touched. The bytes are ours to change. */
function rawBody(bytes: Buffer, token: ModelToken): CloudBody {
  return {
    toBytes: (model) => (token.escaped ? replaceToken(bytes, token, model) : cutPrefix(bytes, token, model)),
    toJson: (model) => ({ ...(JSON.parse(bytes.toString('utf8')) as JsonObject), model }),
  };
}

function replaceToken(bytes: Buffer, token: ModelToken, model: string): Buffer {
  const head = bytes.subarray(0, token.start);
  return Buffer.concat([head, Buffer.from(JSON.stringify(model)), bytes.subarray(token.end)]);
}

/** Moves the few bytes before the prefix forward over it: megabytes behind it stay where they are. */
function cutPrefix(bytes: Buffer, token: ModelToken, model: string): Buffer {
  const kept = Buffer.byteLength(model) + 2;
  const cut = token.end - token.start - kept;
  bytes.copyWithin(cut, 0, token.start + 1);
  return bytes.subarray(cut);
}

function parsedBody(body: JsonObject, limit: number): CloudBody {
  return {
    toBytes(model) {
      const bytes = Buffer.from(stringify({ ...body, model }));
      if (bytes.length > limit) throw tooLarge(limit);
      return bytes;
    },
    toJson: (model) => ({ ...body, model }),
  };
}

/** @throws RouterError `invalid_json` for what can be parsed but not be written again: V8 parses deeper than it writes. */
export function stringify(body: object): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw invalidJson('it is nested too deeply', cause);
  }
}
