/** Server-sent events in OpenAI's form: choices in, text out. */
import type { ErrorBody } from '../errors.ts';
import type { ChunkChoice, Usage } from './types.ts';

/** Turns the parts of one stream into the text a client reads. Each endpoint that streams has its own. */
export interface StreamWriter {
  /** The text for one part; empty where this endpoint has nothing to say for it. */
  write(part: ChunkChoice): string;
  /** The text behind the last part: usage where it was asked for, and the terminal event. */
  end(): string;
  /** The text that ends a broken stream. No terminal event follows. */
  fail(error: ErrorBody): string;
}

/** What stays the same all through a stream. `id` and `model` are known once the first part is there. */
export interface StreamHead {
  readonly id: string;
  readonly model: string;
  readonly usage: Usage | undefined;
  readonly serviceTier?: string | undefined;
}

/** A comment: clients skip it, proxies take it for a sign of life. */
export const HEARTBEAT = ': ping\n\n';

export const DONE = 'data: [DONE]\n\n';

export function errorEvent(error: ErrorBody): string {
  return `data: ${JSON.stringify(error)}\n\n`;
}

/**
 * Chunks of a chat completion. What does not change is serialised once.
 * @param created Unix seconds.
 * @param includeUsage The client sent `stream_options.include_usage`.
 */
export function createChatWriter(stream: StreamHead, created: number, includeUsage: boolean): StreamWriter {
  let head = '';
  let textHead = '';
  const open = (): string =>
    `data: {"id":${JSON.stringify(stream.id)},"object":"chat.completion.chunk","created":${created},` +
    `"model":${JSON.stringify(stream.model)},` +
    (stream.serviceTier === undefined ? '' : `"service_tier":${JSON.stringify(stream.serviceTier)},`);
  const tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  const textTail = `"},"logprobs":null,"finish_reason":null}]${tail}`;
  return {
    write(part) {
      if (head === '') {
        head = open();
        textHead = `${head}"choices":[{"index":0,"delta":{"content":"`;
      }
      const text = plainTextOf(part);
      return text === undefined
        ? `${head}"choices":[${choiceText(part)}]${tail}`
        : textHead + (PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1)) + textTail;
    },
    end() {
      if (!includeUsage || stream.usage === undefined) return DONE;
      return `${head === '' ? open() : head}"choices":[],"usage":${JSON.stringify(stream.usage)}}\n\n${DONE}`;
    },
    fail: errorEvent,
  };
}

/** Text that is the same in JSON: the half of a character would be escaped. */
const PLAIN = /^[ !#-[\]-\ud7ff]*$/;

/** Nearly every chunk of a stream is a piece of the first choice's text, and nothing else. */
function plainTextOf(part: ChunkChoice): string | undefined {
  if (part.index !== 0) return undefined;
  for (const name in part) if (name !== 'index' && name !== 'delta') return undefined;
  const { delta } = part;
  for (const name in delta) if (name !== 'content') return undefined;
  return typeof delta.content === 'string' ? delta.content : undefined;
}

function choiceText(part: ChunkChoice): string {
  const { index, delta, logprobs, finish_reason, native_finish_reason, extra_content } = part;
  let text = `{"index":${index},"delta":${JSON.stringify(delta)},"logprobs":`;
  text += logprobs === undefined || logprobs === null ? 'null' : JSON.stringify(logprobs);
  text += finish_reason === undefined ? ',"finish_reason":null' : `,"finish_reason":"${finish_reason}"`;
  if (native_finish_reason !== undefined)
    text += `,"native_finish_reason":${JSON.stringify(native_finish_reason)}`;
  if (extra_content !== undefined) text += `,"extra_content":${JSON.stringify(extra_content)}`;
  return `${text}}`;
}

/** Whether the client asked for a usage chunk. */
export function wantsUsage(request: { readonly [key: string]: unknown }): boolean {
  const options = request['stream_options'];
  return (
    typeof options === 'object' &&
    options !== null &&
    'include_usage' in options &&
    options.include_usage === true
  );
}
