/** What the tests of the Google provider share: one provider, and the corridor's part in a few lines. */
import { readFileSync } from 'node:fs';
import { RouterError } from '../../../lib/errors.ts';
import type {
  ChatCompletion,
  ChatRequest,
  ChunkChoice,
  JsonObject,
  JsonValue,
  Usage,
} from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import {
  PING,
  RELAY,
  type AnswerMeta,
  type ChatConversion,
  type ChunkStream,
  type CloudRequest,
  type Conversion,
  type Meta,
  type Provider,
} from '../../../lib/providers/provider.ts';
import { readEvents } from '../../../lib/transport/read.ts';
import type { Upstream } from '../../../lib/transport/send.ts';

export const BASE_URL = 'https://generativelanguage.googleapis.com/v1beta';

/** Seconds; the same in all tests. */
export const CREATED = 1_800_000_000;

export function chatOf(provider: Provider): ChatConversion {
  const chat = provider.endpoints['chat/completions'];
  if (chat === undefined || chat === RELAY) throw new Error('the provider converts no chat');
  return chat;
}

export function embeddingsOf(provider: Provider): Conversion {
  const { embeddings } = provider.endpoints;
  if (embeddings === undefined || embeddings === RELAY)
    throw new Error('the provider converts no embeddings');
  return embeddings;
}

export function metaOf(model: string, stream = false): Meta {
  return { model, baseUrl: BASE_URL, created: CREATED, stream };
}

export function answerMetaOf(request: JsonObject, headers: AnswerMeta['headers'] = {}): AnswerMeta {
  return {
    ...metaOf(modelOf(request), request.stream === true),
    request,
    headers,
  };
}

function modelOf({ model = 'gemini-3.8-flash' }: JsonObject): string {
  if (typeof model !== 'string') throw new TypeError('the model of a test is a string');
  return model;
}

/** A conversion of one request by a provider without a memory. */
export function convert(request: JsonObject, provider: Provider = google()): CloudRequest {
  return chatOf(provider).toRequest(request as ChatRequest, metaOf(modelOf(request)));
}

/** The body as it leaves: only what survives serialisation counts. */
export function bodyOf(request: JsonObject, provider: Provider = google()): JsonObject {
  return JSON.parse(JSON.stringify(convert(request, provider).body)) as JsonObject;
}

/** A user's question with further fields, for tests of those. */
export function ask(fields: JsonObject, model = 'gemini-3.8-flash'): JsonObject {
  return { model, messages: [{ role: 'user', content: 'Q' }], ...fields };
}

export function respond(
  body: unknown,
  request: JsonObject = ask({}),
  provider: Provider = google(),
  headers: AnswerMeta['headers'] = {},
): ChatCompletion {
  return chatOf(provider).toResponse(body, answerMetaOf(request, headers));
}

/** The error that a call throws. */
export function errorOf(call: () => unknown): RouterError {
  try {
    call();
  } catch (error) {
    if (error instanceof RouterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export interface Streamed {
  readonly choices: ChunkChoice[];
  readonly usage: Usage | undefined;
  readonly error: RouterError | undefined;
  readonly stream: ChunkStream;
}

export interface StreamOptions {
  readonly request?: JsonObject;
  readonly provider?: Provider;
  readonly rest?: string;
  readonly headers?: AnswerMeta['headers'];
}

/** All events of a stream, one by one, and its end. */
export function streamEvents(events: readonly unknown[], options: StreamOptions = {}): Streamed {
  const { request = ask({ stream: true }), provider = google(), rest = '', headers = {} } = options;
  const stream = chatOf(provider).createStream(answerMetaOf(request, headers));
  const choices: ChunkChoice[] = [];
  let error: RouterError | undefined;
  try {
    for (const event of events) choices.push(...choicesOf(stream.push(event)));
    choices.push(...choicesOf(stream.end(rest)));
  } catch (thrown) {
    if (!(thrown instanceof RouterError)) throw thrown;
    error = thrown;
  }
  return { choices, usage: stream.usage, error, stream };
}

function choicesOf(parts: ReturnType<ChunkStream['push']>): ChunkChoice[] {
  return parts.filter((part): part is ChunkChoice => part !== PING);
}

/** The bytes of a stream as they were read, through the parser that the corridor uses. */
export function streamBytes(reads: readonly Buffer[], options: StreamOptions = {}): Streamed {
  const events: unknown[] = [];
  let rest = '';
  readEvents(upstreamOf(reads), {
    event(data) {
      events.push(JSON.parse(data));
      return undefined;
    },
    text(text) {
      throw new Error(`${text} was not parsed`);
    },
    flush: () => true,
    end: (text) => (rest = text),
    fail(error) {
      throw error;
    },
  });
  return streamEvents(events, { ...options, rest });
}

function upstreamOf(reads: readonly Buffer[]): Upstream {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    read(sink) {
      for (const bytes of reads) sink.write(bytes);
      sink.end();
    },
    resume() {},
    abort() {},
  };
}

export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly note?: string;
  readonly adapted?: string;
  readonly [field: string]: unknown;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/google-vectors.json', import.meta.url), 'utf8'),
) as { readonly vectors: readonly Vector[] };

export const VECTORS: readonly Vector[] = fixture.vectors;

/** The vectors of a kind, as rows for `test.each`. */
export function vectorsOf<Fields>(kind: string): [name: string, vector: Vector & Fields][] {
  return VECTORS.filter((vector) => vector.kind === kind).map((vector) => [
    vector.note === undefined ? vector.id : `${vector.id}: ${vector.note}`,
    vector as Vector & Fields,
  ]);
}

/** Replaces ids that are made at random by `<call>`, after a look at their form and that none comes twice. */
export function withoutRandomIds(value: unknown): unknown {
  const seen = new Set<string>();
  return JSON.parse(
    JSON.stringify(value, (key, inner: JsonValue) => {
      if (key !== 'id' || typeof inner !== 'string' || !/^call_[0-9a-f]{24}$/.test(inner)) return inner;
      if (seen.has(inner)) throw new Error(`the id ${inner} was made twice`);
      seen.add(inner);
      return '<call>';
    }),
  );
}
