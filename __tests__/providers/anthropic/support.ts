/** The provider with the door's part played by the test: meta made here, wrapper fields left out. */
import { readFileSync } from 'node:fs';
import { RouterError } from '../../../lib/errors.ts';
import type { ChatCompletion, ChatRequest, JsonObject, Usage } from '../../../lib/openai/types.ts';
import { anthropic } from '../../../lib/providers/anthropic/index.ts';
import type { MessagesRequest } from '../../../lib/providers/anthropic/types.ts';
import {
  RELAY,
  type AnswerMeta,
  type ChatConversion,
  type ChunkStream,
  type StreamPart,
} from '../../../lib/providers/provider.ts';

export const provider = anthropic();

/** The moment of every call in these tests: 2026-11-22T12:00:00Z, Unix seconds. */
export const CREATED = 1_795_348_800;

export function chat(): ChatConversion {
  const conversion = provider.endpoints['chat/completions'];
  if (conversion === undefined || conversion === RELAY) throw new Error('chat is not converted');
  return conversion;
}

export function metaFor(request: JsonObject = {}): AnswerMeta {
  return {
    model: typeof request['model'] === 'string' ? request['model'] : 'claude-opus-5-5',
    baseUrl: 'https://api.anthropic.com/v1',
    created: CREATED,
    stream: request['stream'] === true,
    request,
    headers: {},
  };
}

export interface Converted {
  /** As it stands on the wire. */
  readonly body: MessagesRequest;
  readonly dropped: string[];
}

export function convert(request: ChatRequest): Converted {
  const { body, dropped } = chat().toRequest(request, metaFor(request));
  return { body: JSON.parse(JSON.stringify(body)) as MessagesRequest, dropped };
}

/** One user message and some fields, on a current model. */
export function ask(fields: JsonObject = {}): ChatRequest {
  return { model: 'claude-opus-5-5', max_tokens: 9, messages: [{ role: 'user', content: 'Q' }], ...fields };
}

/** What the conversion of `ask(fields)` has beside the parts that are always there. */
export function added(fields: JsonObject): Omit<MessagesRequest, 'messages' | 'max_tokens' | 'model'> {
  const { model: _model, max_tokens: _max, messages: _messages, ...rest } = convert(ask(fields)).body;
  return rest;
}

/** Only the messages of a conversation. */
export function turnsOf(messages: JsonObject[], fields: JsonObject = {}): MessagesRequest['messages'] {
  return convert(ask({ messages, ...fields })).body.messages;
}

/** The error that a request is refused with. */
export function refusalOf(fields: JsonObject): RouterError {
  return errorOf(() => convert(ask(fields)));
}

export function errorOf(run: () => unknown): RouterError {
  try {
    run();
  } catch (error) {
    if (error instanceof RouterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function answerTo(body: unknown, request: JsonObject = {}): ChatCompletion {
  const completion = chat().toResponse(body, metaFor(request));
  expectIdentities(completion.usage);
  return completion;
}

export interface Streamed {
  readonly parts: StreamPart[];
  readonly stream: ChunkStream;
}

export function streamOf(events: readonly unknown[], request: JsonObject = {}): Streamed {
  const stream = chat().createStream(metaFor(request));
  const parts = events.flatMap((event) => {
    const pushed = stream.push(event);
    expectIdentities(stream.usage);
    return pushed;
  });
  parts.push(...stream.end(''));
  expectIdentities(stream.usage);
  return { parts, stream };
}

/** What holds for every usage object that leaves the router. */
export function expectIdentities(usage: Usage | undefined): void {
  if (usage === undefined) return;
  const { cached_tokens = 0, cache_write_tokens = 0 } = usage.prompt_tokens_details ?? {};
  const { reasoning_tokens = 0 } = usage.completion_tokens_details ?? {};
  expect(usage.prompt_tokens + usage.completion_tokens).toBe(usage.total_tokens);
  expect(cached_tokens + cache_write_tokens).toBeLessThanOrEqual(usage.prompt_tokens);
  expect(reasoning_tokens).toBeLessThanOrEqual(usage.completion_tokens);
}

export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly in: unknown;
  readonly out: unknown;
  readonly dropped?: string[];
  readonly include_usage?: boolean;
  /** Why it is not as it stood in the reference. */
  readonly adapted?: string;
}

const VECTORS = new URL('../../fixtures/anthropic-vectors.json', import.meta.url);

export function vectors(...kinds: string[]): Vector[] {
  const all = JSON.parse(readFileSync(VECTORS, 'utf8')) as Vector[];
  return all.filter(({ kind }) => kinds.includes(kind));
}
