/**
 * Puts the deltas of a stream together by the rules of the stream helper in OpenAI's Python SDK: strings are joined,
 * objects merged, and entries of lists found by their `index`, without which it raises.
 */
import type { JsonObject } from '../../../lib/openai/types.ts';
import type { StreamPart } from '../../../lib/providers/provider.ts';

export interface AccumulatedChoice {
  readonly message: JsonObject;
  readonly finish_reason: unknown;
}

/** @param keepIndex Leave the `index` of list entries where it is, as the helper does. */
export function accumulate(parts: readonly StreamPart[], keepIndex = false): AccumulatedChoice {
  let message: JsonObject = {};
  let finish_reason: unknown = null;
  for (const part of parts) {
    if (typeof part === 'symbol') continue;
    message = merge(message, part.delta as JsonObject);
    finish_reason = part.finish_reason ?? finish_reason;
  }
  const hasOther = ['tool_calls', 'function_call', 'refusal'].some((key) => message[key] !== undefined);
  const content = message['content'] === '' && hasOther ? null : message['content'];
  const whole = { ...message, content, refusal: message['refusal'] ?? null } as JsonObject;
  return { message: keepIndex ? whole : withoutIndexes(whole), finish_reason };
}

/** The message as the stream helper of OpenAI's JavaScript SDK has it: of a field it does not know, the last delta. */
export function keepLast(parts: readonly StreamPart[]): JsonObject {
  const { message } = accumulate(parts, true);
  const known = new Set(['role', 'content', 'refusal', 'tool_calls', 'function_call']);
  for (const part of parts) {
    if (typeof part === 'symbol') continue;
    const unknown = Object.entries(part.delta).filter(([key]) => !known.has(key));
    for (const [key, value] of unknown) message[key] = value as JsonObject[string];
  }
  return message;
}

function merge(whole: JsonObject, delta: JsonObject): JsonObject {
  const merged: JsonObject = { ...whole };
  for (const [key, value] of Object.entries(delta)) merged[key] = mergeValue(whole[key], value, key);
  return merged;
}

function mergeValue(whole: JsonObject[string], value: JsonObject[string], key: string): JsonObject[string] {
  if (whole === undefined || key === 'index' || key === 'type') return value;
  if (typeof whole === 'string' && typeof value === 'string') return whole + value;
  if (Array.isArray(whole) && Array.isArray(value))
    return mergeList(whole as JsonObject[], value as JsonObject[]);
  return merge(whole as JsonObject, value as JsonObject);
}

function mergeList(whole: readonly JsonObject[], entries: readonly JsonObject[]): JsonObject[] {
  const list = [...whole];
  for (const entry of entries) {
    const { index } = entry;
    if (typeof index !== 'number')
      throw new Error(`Expected list delta entry to have an \`index\` key; ${JSON.stringify(entry)}`);
    const known = list[index];
    if (known === undefined) list.splice(index, 0, entry);
    else list[index] = merge(known, entry);
  }
  return list;
}

function withoutIndexes(message: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(withoutIndex) : value,
    ]),
  );
}

function withoutIndex(entry: unknown): JsonObject {
  const { index: _index, ...rest } = entry as JsonObject;
  return rest;
}
