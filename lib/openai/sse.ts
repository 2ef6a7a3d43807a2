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
  return new ChatWriter(stream, created, includeUsage);
}

class ChatWriter implements StreamWriter {
  readonly #stream: StreamHead;
  readonly #created: number;
  readonly #includeUsage: boolean;
  readonly #tail: string;
  readonly #textTail: string;
  #head = '';
  #textHead = '';

  constructor(stream: StreamHead, created: number, includeUsage: boolean) {
    this.#stream = stream;
    this.#created = created;
    this.#includeUsage = includeUsage;
    this.#tail = includeUsage ? TAIL_BEFORE_USAGE : TAIL;
    this.#textTail = includeUsage ? TEXT_TAIL_BEFORE_USAGE : TEXT_TAIL;
  }

  write(part: ChunkChoice): string {
    if (this.#head === '') this.#open();
    const text = plainTextOf(part);
    return text === undefined
      ? `${this.#head}"choices":[${choiceText(part)}]${this.#tail}`
      : this.#textHead + (PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1)) + this.#textTail;
  }

  end(): string {
    const { usage } = this.#stream;
    if (!this.#includeUsage || usage === undefined) return DONE;
    if (this.#head === '') this.#open();
    return `${this.#head}"choices":[],"usage":${JSON.stringify(usage)}}\n\n${DONE}`;
  }

  fail(error: ErrorBody): string {
    return errorEvent(error);
  }

  #open(): void {
    const { id, model, serviceTier } = this.#stream;
    const pieces = [
      `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${this.#created},`,
      `"model":${JSON.stringify(model)},`,
      serviceTier === undefined ? '' : `"service_tier":${JSON.stringify(serviceTier)},`,
    ];
    // Joined and not added: V8 would keep a sum as its pieces, and walk through them for each chunk.
    this.#head = pieces.join('');
    this.#textHead = [...pieces, '"choices":[{"index":0,"delta":{"content":"'].join('');
  }
}

const TAIL = '}\n\n';
const TAIL_BEFORE_USAGE = `,"usage":null${TAIL}`;
const TEXT_TAIL = `"},"logprobs":null,"finish_reason":null}]${TAIL}`;
const TEXT_TAIL_BEFORE_USAGE = `"},"logprobs":null,"finish_reason":null}]${TAIL_BEFORE_USAGE}`;

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
