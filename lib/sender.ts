/** One call's cloud: how it is asked, and how its answers and troubles are told to the client. */
import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { stringify, type CloudBody, type Upload } from './body.ts';
import { SHORTEST_SECRET, type CloudSettings } from './config.ts';
import type { EndpointSpec } from './endpoints/index.ts';
import { RouterError, type Failure } from './errors.ts';
import type { CloudModel } from './model.ts';
import { errorCodeOf } from './openai/error-code.ts';
import { restoreNumbers } from './openai/exact-json.ts';
import { replaceHalfCharacters } from './openai/half-characters.ts';
import { isObject } from './openai/types.ts';
import type { OpenRecord } from './status/record.ts';
import type { Cancellation } from './transport/cancellation.ts';
import { addCloudHeaders, toClientHeaders } from './transport/headers.ts';
import { readBody } from './transport/read.ts';
import type { Transport, Upstream } from './transport/send.ts';
import { VERSION } from './version.ts';

/** What the client asked, understood. */
export interface Call {
  readonly spec: EndpointSpec;
  readonly model: CloudModel;
  readonly body: CloudBody;
  readonly headers: IncomingHttpHeaders;
  /** Of the body; undefined where the client does not say. */
  readonly announcedBytes: number | undefined;
  /** Used when nobody waits for the answer any more. */
  readonly cancellation: Cancellation;
  /** Milliseconds of `performance.now()` at which the request came in. */
  readonly arrivedMs: number;
  /** The same clock, when it was known which cloud it is for. */
  readonly routedMs: number;
  /** Unix seconds. */
  readonly created: number;
}

export interface Cloud {
  readonly settings: CloudSettings;
  readonly transport: Transport;
}

const JSON_TYPE = 'application/json';
const USER_AGENT = `llm-prefix-router/${VERSION}`;

/** What less than this costs is not noticed. */
const LARGE_BYTES = 1024 * 1024;

/** How much of an error answer is read: enough for every real one. Bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

/** What can only be the cloud's doing, or that of the way to it. */
const CLOUD_FAILURES: ReadonlySet<Failure> = new Set<Failure>([
  'provider_error',
  'provider_overloaded',
  'provider_unreachable',
  'stream_interrupted',
  'timeout',
  'rate_limited',
  'quota_used_up',
  'credit_used_up',
  'request_refused',
  'permission_denied',
]);

/** Everything about this call's cloud: where it is, how it is asked, how its troubles are told. */
export class Sender {
  readonly call: Call;
  readonly record: OpenRecord;
  readonly #cloud: Cloud;
  readonly #apiKey: string;
  /** What is cut out of whatever the cloud says. */
  readonly #secrets: readonly string[];

  constructor(call: Call, cloud: Cloud, apiKey: string, record: OpenRecord) {
    this.call = call;
    this.record = record;
    this.#cloud = cloud;
    this.#apiKey = apiKey;
    const { secrets } = cloud.settings;
    this.#secrets = apiKey.length < SHORTEST_SECRET ? secrets : [apiKey, ...secrets];
  }

  get name(): string {
    return this.#cloud.settings.provider.name;
  }

  /**
   * Whether others must get a turn between two steps of this request: parsing, converting, writing and encoding ten
   * megabytes take some 15 ms each, and together they would hold up every open stream. Unknown lengths count as large.
   */
  get isLarge(): boolean {
    const { announcedBytes } = this.call;
    return announcedBytes === undefined || announcedBytes >= LARGE_BYTES;
  }

  /** Sends a body and waits for the headers of the answer, whatever its status. */
  async send(upload: Upload, stream: boolean): Promise<Upstream> {
    const { provider, basePath, headers } = this.#cloud.settings;
    const { call, record } = this;
    const target = provider.target(call.spec.endpoint, { model: call.model.model, stream });
    const sent: Record<string, string> = {
      'content-type': upload.contentType,
      'accept-encoding': 'identity',
      'user-agent': USER_AGENT,
    };
    if (upload.length !== undefined) sent['content-length'] = String(upload.length);
    addCloudHeaders(sent, call.headers);
    // The operator's own headers stand over all: `anthropic-version`, for one.
    Object.assign(sent, target.headers, provider.authorize(this.#apiKey), headers);
    const upstream = await this.#cloud.transport.send(call.model, {
      path: basePath + target.path,
      headers: sent,
      body: upload.body,
      cancellation: call.cancellation,
    });
    record.firstByteMs ??= performance.now() - call.arrivedMs;
    upstream.headers = this.#withoutKeyIn(upstream.headers);
    const requestId = upstream.headers['x-request-id'] ?? upstream.headers['request-id'];
    if (typeof requestId === 'string') record.requestId = requestId;
    return upstream;
  }

  /** A converted request. @throws RouterError for an answer that is not 2xx. */
  async sendConverted(body: object, stream: boolean): Promise<Upstream> {
    if (this.isLarge) await setImmediate();
    const text = replaceHalfCharacters(restoreNumbers(stringify(body)));
    if (this.isLarge) await setImmediate();
    const bytes = Buffer.from(text);
    const upstream = await this.send({ body: bytes, length: bytes.length, contentType: JSON_TYPE }, stream);
    if (upstream.status < 300) return upstream;
    const { error } = await this.readError(upstream);
    throw (
      error ??
      new RouterError('provider_error', { message: `${this.name} answered HTTP ${upstream.status}.` })
    );
  }

  /** The cloud's error as ours, and its bytes; `error` undefined: they are in OpenAI's form and may pass. */
  async readError(upstream: Upstream): Promise<{ error: RouterError | undefined; bytes: Buffer }> {
    const { provider } = this.#cloud.settings;
    const { status, headers } = upstream;
    if (status < 400) {
      upstream.abort();
      const message = `${provider.name} answered with a redirect (HTTP ${status}), which is never followed.`;
      return { error: this.#tell(new RouterError('provider_error', { message })), bytes: Buffer.alloc(0) };
    }
    const bytes = await readBody(upstream, MAX_ERROR_BYTES, true);
    const text = this.#withoutKey(bytes.toString('utf8'));
    const body = parseJson(text);
    const error = provider.toError({ status, headers, body: body ?? text });
    if (error === undefined) {
      this.record.errorCode = codeOf(body);
      return { error, bytes: Buffer.from(this.#withoutEscapedKey(text, body)) };
    }
    return { error: this.#tell(error, this.clientHeaders(upstream)), bytes };
  }

  /** Names the cloud in an error that came from it, and makes sure that no key is repeated. */
  #tell(error: RouterError, headers: Record<string, string> = {}): RouterError {
    const said = error.providerError;
    const { 'content-type': _type, ...passed } = headers;
    return error.with({
      provider: this.#cloud.settings.provider.prefix,
      message: this.#withoutKey(error.message),
      headers: { ...passed, ...error.headers },
      ...(said !== undefined && { providerError: this.#withoutKeyIn(said) }),
    });
  }

  /** The same for a failure on the way to the cloud or back. Faults of the request itself stay as they are. */
  describe(error: RouterError): RouterError {
    return CLOUD_FAILURES.has(error.failure) ? this.#tell(error) : error;
  }

  /** Headers of an answer for the client: those that may pass, the cloud's translated ones, and our own. A new object. */
  clientHeaders(upstream: Upstream): Record<string, string> {
    const { provider } = this.#cloud.settings;
    const { call, record } = this;
    const headers = toClientHeaders(upstream.headers);
    if (provider.toHeaders !== undefined)
      Object.assign(headers, provider.toHeaders(upstream.headers, call.created));
    headers['x-prefix-router-provider'] = provider.prefix;
    const routeMs = (call.routedMs - call.arrivedMs).toFixed(1);
    headers['server-timing'] = `route;dur=${routeMs}, upstream;dur=${(record.firstByteMs ?? 0).toFixed(1)}`;
    return headers;
  }

  #withoutKey(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '***');
    return clean;
  }

  /** JSON may be written in many ways: PHP escapes every slash. */
  #withoutEscapedKey(text: string, value: unknown): string {
    const plain = JSON.stringify(value) ?? '';
    return this.#holdsKey(plain) ? this.#withoutKey(plain) : text;
  }

  #holdsKey(text: string): boolean {
    for (const secret of this.#secrets) if (text.includes(secret)) return true;
    return false;
  }

  /** The same for fields: a cloud's request id, for one, that repeats what it was sent. */
  #withoutKeyIn<Fields extends object>(fields: Fields): Fields {
    let clean: Fields | undefined;
    for (const name in fields) {
      const value: unknown = fields[name];
      if (typeof value !== 'string' || !this.#holdsKey(value)) continue;
      clean = { ...(clean ?? fields), [name]: this.#withoutKey(value) };
    }
    return clean ?? fields;
  }
}

/** What OpenAI's error calls itself, for the record. */
function codeOf(body: unknown): string {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {};
  return errorCodeOf(error) ?? 'request_refused';
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
