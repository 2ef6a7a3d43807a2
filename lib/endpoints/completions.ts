/** `POST /v1/completions` for clouds that know chat only: the prompt is what a user says, the text what the assistant answers. */
import { RouterError } from '../errors.ts';
import { DONE, errorEvent, wantsUsage } from '../openai/sse.ts';
import {
  isObject,
  type ChatCompletion,
  type ChatRequest,
  type ChunkChoice,
  type FinishReason,
  type JsonObject,
  type JsonValue,
  type Usage,
} from '../openai/types.ts';
import type { ChatCarrier } from './carrier.ts';

/** The types that `completionsCarrier` and the chat conversions lean on. */
export const COMPLETIONS_SCHEMA: object = {
  type: 'object',
  properties: {
    prompt: { type: ['string', 'array', 'null'] },
    max_tokens: { type: ['integer', 'null'], minimum: 1 },
    n: { type: ['integer', 'null'], minimum: 1 },
    best_of: { type: ['integer', 'null'], minimum: 1 },
    logprobs: { type: ['integer', 'null'], minimum: 0 },
    echo: { type: ['boolean', 'null'] },
    suffix: { type: ['string', 'null'] },
    stop: { type: ['string', 'array', 'null'], items: { type: 'string' } },
    stream: { type: ['boolean', 'null'] },
    stream_options: { type: ['object', 'null'] },
    temperature: { type: ['number', 'null'] },
    top_p: { type: ['number', 'null'] },
    seed: { type: ['integer', 'null'] },
    reasoning_effort: { type: ['string', 'null'] },
  },
};

export const completionsCarrier: Required<ChatCarrier> = {
  toChat,
  toAnswer: (completion) => toTextCompletion(completion),
  createWriter(stream, request, meta) {
    const includeUsage = wantsUsage(request);
    const offsets = new Map<number, number>();
    let isOpen = false;
    const chunk = (choices: readonly TextChoice[], usage: Usage | null): string => {
      const { created } = meta;
      const head = { id: toId(stream.id), object: 'text_completion', created, model: stream.model };
      return `data: ${JSON.stringify({ ...head, choices, ...(includeUsage && { usage }) })}\n\n`;
    };
    return {
      write(part) {
        // The first part opens the stream, so that heartbeats can keep it alive while the model thinks.
        if (isOpen && !hasNews(part)) return '';
        isOpen = true;
        const { index, delta, logprobs } = part;
        const offset = offsets.get(index) ?? 0;
        const legacy = toLegacyLogprobs(logprobs, offset);
        offsets.set(index, offset + lengthOf(legacy));
        return chunk([toChoice(index, delta.content, legacy, part)], null);
      },
      end: () => (includeUsage && stream.usage !== undefined ? chunk([], stream.usage) : '') + DONE,
      fail: errorEvent,
    };
  },
  toParam: (param) => param.replace(/^messages\b.*/, 'prompt'),
};

interface Refusal {
  readonly because: string;
  /** A value that asks for nothing. Null always is. */
  readonly isNoop?: (value: JsonValue) => boolean;
}

const TEXT_ALONE: Refusal = { because: 'this endpoint answers in text alone', isNoop: isTextAlone };

/** What would change the shape, the meaning or the price of the answer. */
const REFUSED: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  [
    'suffix',
    { because: 'a chat model cannot write what stands before a text', isNoop: (value) => value === '' },
  ],
  ['echo', { because: 'a chat model does not repeat its prompt', isNoop: (value) => value === false }],
  ['best_of', { because: 'it would be billed for answers nobody sees', isNoop: (value) => value === 1 }],
  ['messages', { because: "this endpoint takes a 'prompt'" }],
  ['tools', TEXT_ALONE],
  ['functions', TEXT_ALONE],
  ['modalities', TEXT_ALONE],
  ['audio', TEXT_ALONE],
]);

function isTextAlone(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((entry) => entry === 'text');
}

/**
 * OpenAI's default of 16 tokens is not set where `max_tokens` is absent: the models behind this endpoint think within
 * their limit, and would come to no answer.
 * @throws RouterError for what a chat cannot carry.
 */
function toChat(request: JsonObject): ChatRequest {
  for (const [param, { isNoop, because }] of REFUSED) {
    const value = Object.hasOwn(request, param) ? request[param] : undefined;
    if (value === undefined || value === null || isNoop?.(value) === true) continue;
    throw unsupported(param, `'${param}' is not supported here: ${because}.`);
  }
  const { model, prompt, suffix: _suffix, echo: _echo, best_of: _bestOf, logprobs, ...rest } = request;
  return {
    ...rest,
    model: typeof model === 'string' ? model : '',
    messages: [{ role: 'user', content: toText(prompt) }],
    // In this API 0 asks for the probabilities of the text itself, without alternatives.
    ...(typeof logprobs === 'number' && { logprobs: true, ...(logprobs > 0 && { top_logprobs: logprobs }) }),
  };
}

function toText(prompt: JsonValue | undefined): string {
  const [first, ...more] = Array.isArray(prompt) ? prompt : [prompt ?? undefined];
  if (first === undefined) {
    throw new RouterError('invalid_value', { message: "'prompt' is missing.", param: 'prompt' });
  }
  if (typeof first !== 'string') {
    throw unsupported('prompt', "'prompt' must be text here: this cloud does not know OpenAI's token ids.");
  }
  if (more.length > 0) {
    throw unsupported('prompt', "'prompt' must be one text here: this cloud answers one prompt at a time.");
  }
  return first;
}

function unsupported(param: string, message: string): RouterError {
  return new RouterError('unsupported_parameter', { message, param });
}

interface TextChoice {
  readonly text: string;
  readonly index: number;
  readonly logprobs: LegacyLogprobs | null;
  readonly finish_reason: 'stop' | 'length' | 'content_filter' | null;
  readonly native_finish_reason?: string;
}

interface LegacyLogprobs {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  readonly top_logprobs: Record<string, number>[];
  /** Where each token begins in the text, in characters. */
  readonly text_offset: number[];
}

function toTextCompletion({ id, created, model, choices, usage }: ChatCompletion): object {
  return {
    id: toId(id),
    object: 'text_completion',
    created,
    model,
    choices: choices.map((choice) =>
      toChoice(choice.index, choice.message.content, toLegacyLogprobs(choice.logprobs, 0), choice),
    ),
    ...(usage !== undefined && { usage }),
  };
}

/**
 * A refusal is not put into the text: it is the cloud's sentence and not the model's, and OpenAI answers the same case
 * with the text "omitted" and `finish_reason: "content_filter"`.
 */
function toChoice(
  index: number,
  content: string | null | undefined,
  logprobs: LegacyLogprobs | null,
  end: { finish_reason?: FinishReason; native_finish_reason?: string },
): TextChoice {
  return {
    text: content ?? '',
    index,
    logprobs,
    finish_reason: toFinishReason(end.finish_reason),
    ...(end.native_finish_reason !== undefined && { native_finish_reason: end.native_finish_reason }),
  };
}

function toFinishReason(reason: FinishReason | undefined): TextChoice['finish_reason'] {
  if (reason === undefined) return null;
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop';
}

function hasNews({ delta, logprobs, finish_reason }: ChunkChoice): boolean {
  const hasText = delta.content !== undefined && delta.content !== '';
  return hasText || finish_reason !== undefined || (logprobs !== undefined && logprobs !== null);
}

/** @param offset Characters before the first of these tokens. */
function toLegacyLogprobs(logprobs: JsonValue | undefined, offset: number): LegacyLogprobs | null {
  if (!isObject(logprobs) || !Array.isArray(logprobs.content)) return null;
  const legacy: LegacyLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
  let position = offset;
  for (const entry of logprobs.content.filter(isObject)) {
    const [token, logprob] = readToken(entry);
    const others = Array.isArray(entry.top_logprobs) ? entry.top_logprobs.filter(isObject) : [];
    legacy.tokens.push(token);
    legacy.token_logprobs.push(logprob);
    legacy.top_logprobs.push(Object.fromEntries([...others.map(readToken), [token, logprob]]));
    legacy.text_offset.push(position);
    position += token.length;
  }
  return legacy;
}

function readToken(entry: JsonObject): [token: string, logprob: number] {
  const { token, logprob } = entry;
  return [typeof token === 'string' ? token : '', typeof logprob === 'number' ? logprob : 0];
}

function lengthOf(logprobs: LegacyLogprobs | null): number {
  return logprobs?.tokens.reduce((sum, token) => sum + token.length, 0) ?? 0;
}

/** `chatcmpl-1` is `cmpl-1`. */
function toId(id: string): string {
  return id.replace(/^(?:chatcmpl-)?/, 'cmpl-');
}
