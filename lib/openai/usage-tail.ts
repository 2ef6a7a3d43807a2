/**
 * Reads usage and model out of an answer in OpenAI's form while its bytes pass: nothing is changed, held back or parsed
 * whole. Usage stands near the end of every answer, the model near the beginning or the end.
 */
import { ByteTail, HEAD_BYTES } from './byte-tail.ts';
import { errorCodeOf } from './error-code.ts';
import { findFirst, findLast, tryParse, type TextKind } from './find-field.ts';
import { isObject, type JsonObject, type Usage } from './types.ts';

/** What an answer says of its cost; undefined where it does not, or was cut before. */
export type { UsageTail };

export interface Account {
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
  /** What the error calls itself that the answer ends in; undefined where it ends well. */
  readonly errorCode: string | undefined;
}

/** Behind the usage of a response stand at most its metadata: 16 pairs of 64 and 512 characters, of 3 bytes each. */
const TAIL_BYTES = 32 * 1024;

/** An event that repeats nothing of the answer, with room for what servers of the same form add to it. */
export const LAST_EVENT_BYTES: number = 8 * 1024;

/** @param tailBytes How far from the end the usage may stand. */
export function createUsageTail(kind: TextKind, tailBytes: number = TAIL_BYTES): UsageTail {
  return new UsageTail(kind, tailBytes);
}

class UsageTail {
  readonly #kind: TextKind;
  readonly #bytes: ByteTail;

  constructor(kind: TextKind, tailBytes: number) {
    this.#kind = kind;
    this.#bytes = new ByteTail(tailBytes);
  }

  add(chunk: Buffer): void {
    this.#bytes.add(chunk);
  }

  read(): Account {
    const { head, tail } = this.#bytes;
    return readAccount(head.toString('utf8'), tail.toString('utf8'), this.#kind);
  }

  /** The last bytes so far, as Latin-1. @param count Of them, at most. */
  last(count: number): string {
    return this.#bytes.last(count).toString('latin1');
  }
}

/** The same for a document that is there as a whole. */
export function accountOf(document: Buffer | string): Account {
  if (typeof document === 'string') return readAccount(document.slice(0, HEAD_BYTES), document, 'json');
  const head = document.subarray(0, HEAD_BYTES);
  const tail = document.subarray(-TAIL_BYTES);
  return readAccount(head.toString('utf8'), tail.toString('utf8'), 'json');
}

/** @param head The first bytes, as text. @param tail The last ones. They may overlap. */
function readAccount(head: string, tail: string, kind: TextKind): Account {
  return {
    usage: findLast(tail, 'usage', kind, toUsage),
    model: findFirst(head, 'model', kind, toModel) ?? findLast(tail, 'model', kind, toModel),
    errorCode: kind === 'json' ? findLast(tail, 'error', kind, toErrorCode) : errorCodeIn(lastEventOf(tail)),
  };
}

/** The line of data of a stream's last event before `[DONE]`, or what is there of it. */
function lastEventOf(tail: string): string {
  const done = tail.lastIndexOf('\ndata: [DONE]');
  const events = done === -1 ? tail : tail.slice(0, done);
  // Inside of JSON a line break would be escaped.
  const start = events.lastIndexOf('\ndata:') + 1;
  const end = events.indexOf('\n', start);
  return end === -1 ? events.slice(start) : events.slice(start, end);
}

/** Below this an event is parsed as a whole: one of type `error` holds nothing but a sentence. */
const ERROR_EVENT_LENGTH = 4 * 1024;

/** https://platform.openai.com/docs/api-reference/responses-streaming/error */
function errorCodeIn(event: string): string | undefined {
  const code = findLast(event, 'error', 'sse', toErrorCode);
  if (code !== undefined || event.length > ERROR_EVENT_LENGTH || !event.includes('"error"')) return code;
  const data = tryParse(event.slice('data:'.length));
  return isObject(data) && data['type'] === 'error' ? toErrorCode({ code: data['code'] }) : undefined;
}

/** An error without a name is one all the same. */
function toErrorCode(error: unknown): string | undefined {
  return isObject(error) ? (errorCodeOf(error) ?? 'provider_error') : undefined;
}

/** Longer than any name that goes to a cloud. */
const MAX_MODEL_LENGTH = 256;

function toModel(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_MODEL_LENGTH ? value : undefined;
}

/** Chat, completions and embeddings count prompt and completion; responses, images and transcriptions input and output. */
export function toUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const prompt = countOf(value['prompt_tokens']) ?? countOf(value['input_tokens']);
  const completion = countOf(value['completion_tokens']) ?? countOf(value['output_tokens']);
  // A transcription can be billed by its seconds. And no request is without tokens: where there are none they were not
  // counted, as Google's of embeddings.
  if ((prompt ?? 0) + (completion ?? 0) === 0) return undefined;
  const promptDetails = countsIn(value['prompt_tokens_details'] ?? value['input_tokens_details']);
  const completionDetails = countsIn(value['completion_tokens_details'] ?? value['output_tokens_details']);
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    total_tokens: countOf(value['total_tokens']) ?? (prompt ?? 0) + (completion ?? 0),
    ...(promptDetails && { prompt_tokens_details: promptDetails }),
    ...(completionDetails && { completion_tokens_details: completionDetails }),
  };
}

function countsIn(details: JsonObject[string]): Record<string, number> | undefined {
  if (!isObject(details)) return undefined;
  let counts: Record<string, number> | undefined;
  for (const name in details) {
    const count = countOf(details[name]);
    if (count === undefined || name === '__proto__') continue;
    counts ??= {};
    counts[name] = count;
  }
  return counts;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
