/** Tool calls and their results in a conversation's history. */
import { RouterError } from '../../errors.ts';
import { holdsInexactNumber } from '../../openai/exact-numbers.ts';
import { isObject, type ChatMessage, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { hasKey, isPresent, isTooDeep, textOf } from './json.ts';
import { invalid } from './media.ts';
import { signatureOf, withoutSignature, type Signatures } from './signatures.ts';
import type { FunctionCallPart } from './types.ts';

/**
 * The calls of an assistant message, `tool_calls` and the legacy `function_call`.
 * @param path `messages[2]`
 * @param legacyId The id of a legacy call, which has none of its own.
 */
export function toCallParts(
  message: ChatMessage,
  path: string,
  legacyId: string,
  signatures: Signatures,
): FunctionCallPart[] {
  const calls = message.tool_calls;
  if (isPresent(calls) && !Array.isArray(calls))
    throw invalid({ param: `${path}.tool_calls` }, 'is not a list');
  const parts = (calls ?? []).map((call, index) =>
    toCallPart(call, `${path}.tool_calls[${index}]`, signatures),
  );
  if (!isPresent(message.function_call)) return parts;
  const legacy = { id: legacyId, function: message.function_call };
  return [...parts, toCallPart(legacy, `${path}.function_call`, signatures)];
}

function toCallPart(call: JsonValue, param: string, signatures: Signatures): FunctionCallPart {
  if (!isObject(call)) throw invalid({ param }, 'is not an object');
  if (isPresent(call.type) && call.type !== 'function') {
    throw unsupported(param, "Google has no counterpart for tool calls that are not of type 'function'");
  }
  const name = isObject(call.function) ? textOf(call.function.name) : undefined;
  if (!isObject(call.function) || name === undefined) throw invalid({ param }, 'names no function');
  const id = textOf(call.id);
  const signature = signatureOf(call, signatures);
  return {
    functionCall: {
      ...(id !== undefined && { id: withoutSignature(id) }),
      name,
      args: toArgs(call.function.arguments),
    },
    ...(signature !== undefined && { thoughtSignature: signature }),
  };
}

/**
 * The model's arguments as the object that Google demands. Text that is no JSON is kept all the same: without its
 * call the result would be an orphan, which Gemini answers with silence (su-kaka/gcli2api#406).
 */
function toArgs(text: JsonValue | undefined): JsonObject {
  if (isObject(text)) return text;
  if (typeof text !== 'string' || text.trim() === '') return {};
  const value = parse(text);
  if (value === undefined || isTooDeep(value)) return { raw_arguments: text };
  // No arguments, as some models and servers write it.
  if (value === null) return {};
  return isObject(value) ? value : { value };
}

/**
 * The text of a tool result as the object that Google demands; `output` is the key its models are told about.
 * A `$ref` would be read as a reference to the result's media parts.
 */
export function toResponse(text: string): JsonObject {
  const value = parse(text);
  if (value === undefined || isTooDeep(value) || hasKey(value, '$ref') || isChanged(value, text))
    return { output: text };
  return isObject(value) && isReadWhole(value) ? value : { output: value };
}

/**
 * Without `output` and `error` a result is read whole, with one of them perhaps only that. And an `error` of null, by
 * which a tool says that all went well, must not be taken for one. https://ai.google.dev/api/caching#FunctionResponse
 */
function isReadWhole(result: JsonObject): boolean {
  if (!Object.hasOwn(result, 'output') && !Object.hasOwn(result, 'error')) return true;
  return Object.keys(result).length === 1 && result.error !== null;
}

/** True for a price of `3.10` or an id of 64 bits: as JSON the model would read `3.1`, and the id of something else. */
function isChanged(value: JsonValue, text: string): boolean {
  if (typeof value === 'object' && value !== null) return holdsInexactNumber(text);
  return JSON.stringify(value) !== text.trim();
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

export interface AnsweredCall {
  readonly id: string | undefined;
  readonly name: string;
  /** Place among the calls of the turn before; behind them all for a call that is not among them. */
  readonly order: number;
}

interface OpenCall extends AnsweredCall {
  isAnswered: boolean;
}

/** Calls of a turn that share an id or a name, the oldest first. */
interface Queue {
  readonly calls: OpenCall[];
  /** All before this one are answered: they are passed once, since a client may send any number of results. */
  next: number;
}

/** Which calls were made, so that a result finds the name and the place of its own. */
export interface CallBook {
  /** The model speaks anew: earlier calls keep their names, but their results no longer have a place. */
  startTurn(): void;
  add(part: FunctionCallPart): void;
  /** @throws RouterError `invalid_value` for a result of a call that nobody made. */
  answer(message: ChatMessage, path: string): AnsweredCall;
}

export function createCallBook(): CallBook {
  const names = new Map<string, string>();
  const byId = new Map<string | undefined, Queue>();
  const byName = new Map<string, Queue>();
  let count = 0;

  function startTurn(): void {
    byId.clear();
    byName.clear();
    count = 0;
  }

  function add({ functionCall: { id, name } }: FunctionCallPart): void {
    const call = { id, name, order: count++, isAnswered: false };
    addTo(byId, id, call);
    addTo(byName, name, call);
    if (id !== undefined) names.set(id, name);
  }

  function answer(message: ChatMessage, path: string): AnsweredCall {
    const longId = textOf(message.tool_call_id);
    const id = longId === undefined ? undefined : withoutSignature(longId);
    const ownName = textOf(message.name);
    // A legacy result has only the function's name. Some local servers leave all ids empty: what is left is the order,
    // and a result too few or too many is refused by Google, which counts them.
    const call = id === undefined && ownName !== undefined ? takeFrom(byName, ownName) : takeFrom(byId, id);
    if (call !== undefined) return call;
    const name = (id === undefined ? undefined : names.get(id)) ?? ownName;
    if (name === undefined) throw noCall(path);
    return { id, name, order: Number.MAX_SAFE_INTEGER };
  }

  return { startTurn, add, answer };
}

function addTo<Key>(queues: Map<Key, Queue>, key: Key, call: OpenCall): void {
  const queue = queues.get(key);
  if (queue === undefined) queues.set(key, { calls: [call], next: 0 });
  else queue.calls.push(call);
}

/** The oldest call that has no result yet. */
function takeFrom<Key>(queues: Map<Key, Queue>, key: Key): OpenCall | undefined {
  const queue = queues.get(key);
  if (queue === undefined) return undefined;
  // A call stands in two queues, and may have been answered by the other.
  while (queue.calls[queue.next]?.isAnswered) queue.next += 1;
  const call = queue.calls[queue.next];
  if (call !== undefined) call.isAnswered = true;
  return call;
}

function noCall(path: string): RouterError {
  const param = `${path}.tool_call_id`;
  return new RouterError('invalid_value', {
    message: `'${param}' names no tool call of an earlier assistant message.`,
    param,
  });
}
