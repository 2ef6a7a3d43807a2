/**
 * The request body, once: far enough to know its `model`, and then on to a cloud or back to the host. A body that is
 * not for a cloud is put back, and the host's handler finds it as if nobody had looked.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { readCompressed } from './body-compressed.ts';
import { RawReader } from './body-raw.ts';
import { RouterError } from './errors.ts';
import { createJsonScanner, type JsonScanner, type ModelToken } from './json-scanner.ts';
import { createMultipartScanner } from './multipart.ts';
import { isObject, type JsonObject } from './openai/types.ts';

/** What a body is sent with. */
export interface Upload {
  readonly body: Buffer | Readable;
  /** Bytes; undefined where the client did not announce them either. */
  readonly length: number | undefined;
  readonly contentType: string;
}

/** The body of a request that goes to a cloud. It is taken once, in one way or the other, and then let go of. */
export interface CloudBody {
  /** The body as it came, with only the model exchanged: byte for byte where it was not parsed before us. */
  toUpload(model: string): Upload;
  /** The body as data, with the model exchanged. Not for one that flows. */
  toJson(model: string): JsonObject;
  /** The body as data, to be looked at before it is taken. Not for one that flows. */
  peek(): JsonObject;
}

/**
 * What became of a body.
 * - `host`: nothing was taken; the host's handler reads it.
 * - `cloud`: it is whole and checked, or it flows and is checked on its way.
 * - `refused`: it was for a cloud and cannot be sent.
 */
export type BodyOutcome =
  | { readonly kind: 'host' }
  | { readonly kind: 'cloud'; readonly body: CloudBody }
  | { readonly kind: 'refused'; readonly error: RouterError };

/** `host` leaves a body to the host; `whole` waits until all of it is there; `flow` takes it as it comes. */
export type Taking = 'host' | 'whole' | 'flow';

/** What a request says of its body. */
export type BodyHeaders = Pick<
  IncomingHttpHeaders,
  'content-length' | 'content-type' | 'content-encoding' | 'transfer-encoding'
>;

/** A request whose body is to be read, and who asks for it. */
export interface BodyTaker {
  readonly req: HostRequest;
  readonly headers: BodyHeaders;
  /** Largest body for a cloud, in bytes, also after inflating. */
  readonly limit: number;
  /** This endpoint takes `multipart/form-data` too. */
  readonly forms: boolean;
  /** Asked once, in the tick in which the model is known; never if there is none. */
  takes(model: unknown): Taking;
  /** Called once, in the same tick for a local request; never if the client leaves while it sends. */
  settle(outcome: BodyOutcome): void;
}

/** An Express request: a stream, and `body` where a parser ran before us. */
export type HostRequest = IncomingMessage & { body?: unknown };

/** What finds the model in a body: the scanner for JSON, or the one for forms. */
export type BodyScanner = Omit<JsonScanner, 'model'> & {
  readonly model: FoundModel | undefined;
  /** Set by the scanner for forms. */
  readonly isForm?: true;
};

/** Where the model stands in the body, so that its prefix can be cut out. */
export type FoundModel = ModelToken & {
  /** Set by a scanner whose values have no quotes. */
  readonly bare?: true;
};

export const HOST: BodyOutcome = { kind: 'host' };

const JSON_TYPE = 'application/json';

export const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Read once, and into an object that always looks the same: V8 compiles what reads the headers for the clients it has seen,
 * and throws that away for the next one.
 */
export function bodyHeadersOf(headers: IncomingHttpHeaders): BodyHeaders {
  return {
    'content-length': valueOf(headers, 'content-length'),
    'content-type': valueOf(headers, 'content-type'),
    // Named in any letters; empty says that there is none, to Express's parsers too.
    'content-encoding': valueOf(headers, 'content-encoding')?.toLowerCase() || undefined,
    'transfer-encoding': valueOf(headers, 'transfer-encoding'),
  };
}

/** One place for all names: what is read by any name is compiled for none. */
function valueOf(headers: IncomingHttpHeaders, name: keyof BodyHeaders): string | undefined {
  return headers[name];
}

/** Finds the model of a request and takes the body if the taker says so. */
export function readBody(taker: BodyTaker): void {
  const { req, headers } = taker;
  if (hasNoBody(req, headers)) return taker.settle(HOST);
  const type = headers['content-type'] ?? '';
  const formType = taker.forms && /^multipart\/form-data\b/i.test(type) ? type : undefined;
  // Read before us by a parser, or by somebody who kept it. Who only looks, and puts the bytes back, leaves no `body`.
  if (req.readableDidRead && (req.body !== undefined || req.readableEnded))
    return taker.settle(readParsed(req.body, formType, taker));
  if (headers['content-length'] === undefined && isEmpty(req)) return taker.settle(HOST);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    return formType === undefined ? readCompressed(encoding, taker) : taker.settle(HOST);
  new RawReader(scannerFor(formType), formType ?? JSON_TYPE, taker).start();
}

function hasNoBody(req: HostRequest, headers: BodyHeaders): boolean {
  const length = headers['content-length'];
  if (length !== undefined) return Number(length) === 0;
  // Only HTTP/1 says in the head whether a body follows.
  return headers['transfer-encoding'] === undefined && req.httpVersionMajor < 2;
}

/** All of the body is there and read. To be asked before `read`, which at the end would take `end` from the host. */
export function isEmpty(req: HostRequest): boolean {
  return req.readableLength === 0 && hasArrived(req);
}

/**
 * Listens. Node reads a tick later unless it was asked before, and of a body that turns out to be empty (an announced
 * one never does) that leaves the host no `end`.
 */
export function onReadable({ req, headers }: BodyTaker, listener: () => void): void {
  if (headers['content-length'] === undefined) req.read(0);
  req.on('readable', listener);
}

/**
 * Ends that. Node finds out a tick later that nobody listens any more; a host that listens for the same in this tick
 * would never be told of what is there already.
 */
export function offReadable(req: HostRequest, listener: () => void): void {
  req.removeListener('readable', listener);
  const state = (req as ReadMarks)._readableState;
  if (state !== undefined && req.listenerCount('readable') === 0) state.readableListening = false;
}

/** All of the body has arrived, read or not. Node says `complete` in time for HTTP/1 alone. */
export function hasArrived(req: HostRequest): boolean {
  return req.complete || (req as ReadMarks)._readableState?.ended === true;
}

/** @param formType The content type of a form; undefined: the body is JSON. */
function scannerFor(formType: string | undefined): BodyScanner {
  return formType === undefined ? createJsonScanner() : createMultipartScanner(formType);
}

/** What a parser before us made of the body: an object, a string or bytes. */
function readParsed(body: unknown, formType: string | undefined, taker: BodyTaker): BodyOutcome {
  // The host's own buffer is copied, since the prefix is cut out in place.
  if (Buffer.isBuffer(body)) return scanWhole(Buffer.from(body), formType, taker);
  if (typeof body === 'string') {
    const outcome = scanWhole(Buffer.from(body), formType, taker);
    // Files do not survive being made into text.
    return formType !== undefined && outcome.kind === 'cloud' ? refused(formWasRead()) : outcome;
  }
  if (!isObject(body) || !Object.hasOwn(body, 'model') || taker.takes(body.model) === 'host') return HOST;
  if (formType !== undefined) return refused(formWasRead());
  return { kind: 'cloud', body: parsedBody(body, taker) };
}

function formWasRead(): RouterError {
  const message =
    'This form was read before the router. Mount the router in front of the parser for multipart forms.';
  return new RouterError('invalid_value', { message });
}

/** As it was sent, where that is known; else as it would be written. */
function sizeOf(body: JsonObject, { headers }: BodyTaker): number {
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = headers;
  if (length !== undefined && encoding === 'identity') return Number(length);
  return Buffer.byteLength(stringify(body));
}

function scanWhole(bytes: Buffer, formType: string | undefined, taker: BodyTaker): BodyOutcome {
  const { limit } = taker;
  const scanner = scannerFor(formType);
  scanner.push(bytes);
  if (scanner.model === undefined || scanner.model.end > limit) return HOST;
  if (taker.takes(scanner.model.value) === 'host') return HOST;
  return bytes.length > limit ? refused(tooLarge(limit)) : finish(bytes, scanner, formType ?? JSON_TYPE);
}

/** What Node and `fetch` look at to find out whether a body was ever read, or has ended. */
interface ReadMarks {
  readonly _readableState?: {
    readonly encoding?: BufferEncoding | null;
    readonly ended?: boolean;
    dataEmitted?: boolean;
    reading?: boolean;
    readingMore?: boolean;
    readableListening?: boolean;
  };
  _consuming?: boolean;
}

/** After this nobody can tell that the body was looked at. In the tick in which it was read. */
export function putBack(req: HostRequest, bytes: Buffer): void {
  const marks = req as ReadMarks;
  const state = marks._readableState;
  const encoding = state?.encoding;
  // Where the host has set an encoding, the others get text, and what is put back must be text as well.
  if (bytes.length > 0) {
    if (encoding) req.unshift(bytes.toString(encoding), encoding);
    else req.unshift(bytes);
  }
  // Without this `fetch` refuses it as a body, and Node leaves the rest of it on the connection if nobody reads it.
  if (state?.dataEmitted === true) state.dataEmitted = false;
  forgetReading(marks);
  // Node reads ahead of whom it takes for a reader, a tick later, and again with each piece that comes.
  if (marks._consuming !== undefined && state?.ended === false) process.nextTick(forgetReadAhead, req);
}

function forgetReading(marks: ReadMarks): void {
  if (marks._consuming !== true) return;
  marks._consuming = false;
  const state = marks._readableState;
  // Asked for nothing yet: the next to read asks by himself, and by that is known to have read.
  if (state?.reading === true) state.reading = false;
}

/** Nobody but the router may have read. As in a new request, Node is then at no reading ahead until somebody reads. */
function forgetReadAhead(req: HostRequest): void {
  const marks = req as ReadMarks;
  const isHosts = req.readableDidRead || req.listenerCount('data') > 0 || req.listenerCount('readable') > 0;
  if (isHosts) return;
  forgetReading(marks);
  if (marks._readableState !== undefined) marks._readableState.readingMore = true;
}

/** The last look at a body that is whole. */
export function finish(bytes: Buffer, scanner: BodyScanner, contentType: string): BodyOutcome {
  scanner.end();
  const fault = faultOf(scanner);
  if (fault !== undefined) return refused(fault);
  return { kind: 'cloud', body: new RawBody(bytes, scanner.model as FoundModel, contentType) };
}

export function refused(error: RouterError): BodyOutcome {
  return { kind: 'refused', error };
}

/** Why a body cannot go to a cloud, as far as it has been seen. */
export function faultOf(scanner: BodyScanner): RouterError | undefined {
  if (scanner.malformed !== undefined)
    return scanner.isForm === true ? invalidForm(scanner.malformed) : invalidJson(scanner.malformed);
  if (scanner.modelCount < 2) return undefined;
  return new RouterError('invalid_value', {
    message:
      "The body has more than one top-level 'model'. Send exactly one, so that it is clear who is paid.",
    param: 'model',
  });
}

export function invalidJson(what: string, cause?: unknown): RouterError {
  return new RouterError('invalid_json', { message: `The request body is not valid JSON: ${what}.`, cause });
}

function invalidForm(what: string): RouterError {
  return new RouterError('invalid_value', {
    message: `The request body is not a valid multipart form: ${what}.`,
  });
}

export function tooLarge(limit: number): RouterError {
  return new RouterError('request_too_large', {
    message: `The request body is larger than ${limit} bytes, the limit for cloud models on this server.`,
  });
}

/** A body whose bytes we have: only the model is touched. The bytes are ours to change, and let go of once taken. */
class RawBody implements CloudBody {
  #bytes: Buffer;
  readonly #found: FoundModel;
  readonly #contentType: string;

  constructor(bytes: Buffer, found: FoundModel, contentType: string) {
    this.#bytes = bytes;
    this.#found = found;
    this.#contentType = contentType;
  }

  toUpload(model: string): Upload {
    const body = exchangeModel(this.#take(), this.#found, model);
    return { body, length: body.length, contentType: this.#contentType };
  }

  toJson(model: string): JsonObject {
    const body = this.peek();
    this.#bytes = NO_BYTES;
    checkFieldCount(body);
    body['model'] = model;
    return body;
  }

  peek(): JsonObject {
    return JSON.parse(this.#bytes.toString('utf8')) as JsonObject;
  }

  #take(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = NO_BYTES;
    return bytes;
  }
}

/**
 * Cuts the prefix out of the bytes, in place: what stands before it is moved over it, and the megabytes behind it stay
 * where they are. A name written with escapes is exchanged whole.
 */
export function exchangeModel(bytes: Buffer, found: FoundModel, model: string): Buffer {
  if (found.escaped) {
    const head = bytes.subarray(0, found.start);
    return Buffer.concat([head, Buffer.from(JSON.stringify(model)), bytes.subarray(found.end)]);
  }
  const quote = found.bare === true ? 0 : 1;
  const cut = found.end - found.start - 2 * quote - Buffer.byteLength(model);
  bytes.copyWithin(cut, 0, found.start + quote);
  return bytes.subarray(cut);
}

/** Far more than there are. Each is looked up, left out and named, which for a million takes seconds. */
const MAX_FIELDS = 1000;

/** @throws RouterError `invalid_value` */
function checkFieldCount(body: JsonObject): void {
  let count = 0;
  for (const _name in body) {
    if (++count > MAX_FIELDS)
      throw new RouterError('invalid_value', {
        message: `The request has more than ${MAX_FIELDS} fields beside each other, which is more than there are.`,
      });
  }
}

function parsedBody(body: JsonObject, taker: BodyTaker): CloudBody {
  const { limit } = taker;
  return {
    toUpload(model) {
      const bytes = Buffer.from(stringify({ ...body, model }));
      if (bytes.length > limit) throw tooLarge(limit);
      return { body: bytes, length: bytes.length, contentType: JSON_TYPE };
    },
    toJson(model) {
      if (sizeOf(body, taker) > limit) throw tooLarge(limit);
      checkFieldCount(body);
      // The host's own object stays as it is.
      return { ...body, model };
    },
    peek: () => body,
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
