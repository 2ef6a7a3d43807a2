/**
 * The one seam between the corridor and a cloud: plain data in, plain data out. A provider knows its own wire and
 * OpenAI's types; never HTTP, Express, the environment or another provider. It reads no clock and opens no socket.
 */
import type { RouterError } from '../errors.ts';
import type { ChatCompletion, ChatRequest, ChunkChoice, JsonObject, Model, Usage } from '../openai/types.ts';

/** The paths this package serves, as they stand behind `/v1/`. */
export type Endpoint =
  | 'chat/completions'
  | 'completions'
  | 'embeddings'
  | 'responses'
  | 'moderations'
  | 'images/generations'
  | 'images/edits'
  | 'images/variations'
  | 'audio/speech'
  | 'audio/transcriptions'
  | 'audio/translations';

/** Limits of one cloud call, in milliseconds. There is no limit on the whole of a stream. */
export interface Timeouts {
  /** Until the connection stands, TLS included; and before that, until a function has given the key. Default 10,000. */
  readonly connectMs: number;
  /** From the request being sent to the answer's headers. Default 1,200,000: thinking models are silent for minutes. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer. Default 300,000. */
  readonly idleMs: number;
}

/** The server's key for a cloud, or a function that is asked for it at every call. It has `connectMs` to answer. */
export type ApiKeySource = string | (() => string | undefined | Promise<string | undefined>);

/** What a host may set for one cloud; everything else comes from the environment. */
export interface ProviderOptions {
  readonly apiKey?: ApiKeySource;
  /** With or without a trailing slash; without a path the cloud's version segment is added. */
  readonly baseUrl?: string;
  readonly timeouts?: Partial<Timeouts>;
  /**
   * Added to every call to this cloud, in place of a header of the same name. E.g. `anthropic-version`. What makes up
   * the connection or the body (`host`, `content-length`) is the router's own and refused at start.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Response headers as they came: lower-case names. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What a conversion may know of the call besides the body. Made at the door. */
export interface Meta {
  /** The cloud's model id, without the prefix. */
  readonly model: string;
  /** Base URL of the cloud, without a trailing slash. */
  readonly baseUrl: string;
  /** When the call came in, Unix seconds. */
  readonly created: number;
  readonly stream: boolean;
}

/** The same, when the answer is there. */
export interface AnswerMeta extends Meta {
  /** The client's request, as it was given to `toRequest`. */
  readonly request: JsonObject;
  readonly headers: ResponseHeaders;
}

/** A request in the cloud's own form. */
export interface CloudRequest {
  readonly body: object;
  /** Fields the cloud has no word for, as paths: `seed`, `messages[0].content[1]`. The client is told in a header. */
  readonly dropped: string[];
}

/** Where a call goes, relative to the base URL, and with which headers. */
export interface Target {
  /** Begins with `/`. Every part that a request can influence is encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A heartbeat of the cloud: it becomes an SSE comment, which clients skip and proxies take for a sign of life. */
export const PING: unique symbol = Symbol('ping');

/** What one event of a cloud's stream becomes. */
export type StreamPart = ChunkChoice | typeof PING;

/** Where an event holds the piece of text that it was made of, and what else differs from one such event to the next. */
export interface TextPlace {
  /** The name of the string. */
  readonly key: string;
  /** Matches, in what stands behind the string, up to where another whole number or more blanks may stand. Global. */
  readonly varying: RegExp;
}

/**
 * One converted stream. `push` and `end` throw a `RouterError` where the cloud reports one, and for a stream that
 * ends before the answer is whole: a cut answer must not look like a short one.
 */
export interface ChunkStream {
  /** `chatcmpl-...`; known once `push` has returned a choice. */
  readonly id: string;
  /** The model as the cloud names it; known once `push` has returned a choice. */
  readonly model: string;
  /** What is known so far; whole after `end`. Undefined where the cloud says nothing. */
  readonly usage: Usage | undefined;
  readonly serviceTier?: string | undefined;
  /** @param event The JSON of one SSE event. */
  push(event: unknown): StreamPart[];
  /**
   * Set where to push the event pushed last once more would tell its text again and nothing else, and would tell nothing
   * at all were its text empty: an event that differs only in the text and in what varies need not be parsed.
   */
  readonly textPlace?: TextPlace | undefined;
  /** The same as to push the event pushed last once more, with another text. Called only where `textPlace` is set. */
  pushText?(text: string): StreamPart;
  /** @param rest Text of the body that was no SSE at all; empty in a healthy stream, and at most 32 Mi characters of it. */
  end(rest: string): StreamPart[];
}

/** How one endpoint of OpenAI's is served by a cloud with another wire. */
export interface Conversion {
  /** @throws RouterError for what the cloud has no word for and that changes shape, meaning or price. */
  toRequest(request: JsonObject, meta: Meta): CloudRequest;
  /** @throws RouterError `provider_error` where the answer makes no sense. */
  toResponse(body: unknown, meta: AnswerMeta): object;
  /** The body of a whole answer. Default: `JSON.parse`. @throws SyntaxError as `JSON.parse` does. */
  parseAnswer?(text: string): unknown;
  createStream?(meta: AnswerMeta): ChunkStream;
  /** For a cloud that takes fewer inputs at a time: the only case in which one request becomes several. */
  readonly batch?: {
    /** Requests within the cloud's limit, in order. One of them: nothing to split. */
    split(request: JsonObject): JsonObject[];
    /** One answer out of several, in the same order. */
    join(answers: object[]): object;
  };
}

export interface ChatConversion extends Conversion {
  toRequest(request: ChatRequest, meta: Meta): CloudRequest;
  toResponse(body: unknown, meta: AnswerMeta): ChatCompletion;
  createStream(meta: AnswerMeta): ChunkStream;
}

/** The cloud speaks OpenAI's form here: the bytes pass, only the prefix leaves them. */
export const RELAY: unique symbol = Symbol('relay');

/** An error answer of the cloud, as it came. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Parsed where it is JSON, else the text, at most 64 KiB of it. */
  readonly body: unknown;
}

/** How a cloud lists its models, a page at a time. */
export interface ModelList {
  /** @param cursor What the page before gave as `next`; undefined for the first. */
  path(cursor: string | undefined): string;
  /** Models as OpenAI lists them, ids without the prefix. `next` undefined: that was the last page. */
  toModels(body: unknown): { readonly models: Model[]; readonly next: string | undefined };
}

/** All the corridor knows of a cloud. Made by `openai()`, `google()`, `anthropic()`. */
export interface Provider {
  /** The word before the colon, e.g. `anthropic`. */
  readonly prefix: string;
  /** The name in sentences, e.g. `Anthropic`. */
  readonly name: string;
  /** The variables that configure it. `<apiKey>_FILE` names a file that holds the key. */
  readonly environment: { readonly apiKey: string; readonly baseUrl: string };
  readonly defaultBaseUrl: string;
  /** Added to a base URL that has no path, e.g. `/v1`. */
  readonly versionPath: string;
  readonly options: ProviderOptions;
  readonly endpoints: {
    readonly 'chat/completions'?: ChatConversion | typeof RELAY;
  } & { readonly [E in Exclude<Endpoint, 'chat/completions'>]?: Conversion | typeof RELAY };
  /** Mends a base URL that is known to be meant otherwise, e.g. one that ends in `/openai`. Gets and gives a path. */
  cleanBasePath?(path: string): string;
  /**
   * Refuses a model id that this cloud cannot have.
   * @throws RouterError `invalid_model`
   */
  checkModel?(model: string): void;
  /** Where a call goes. */
  target(endpoint: Endpoint, meta: Pick<Meta, 'model' | 'stream'>): Target;
  /** The headers every call needs: the key, and what goes with it. The only function that sees the key. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /** Headers of an answer translated to OpenAI's names, beside those that pass under their own. */
  toHeaders?(headers: ResponseHeaders, created: number): Record<string, string>;
  /** The cloud's error as ours; undefined: it is in OpenAI's form already and its bytes pass. Never throws. */
  toError(answer: ErrorAnswer): RouterError | undefined;
  readonly modelList: ModelList;
}
