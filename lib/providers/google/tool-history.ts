/** Tool calls and their results in a conversation's history. */
import { RouterError } from '../../errors.ts';
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
  return isObject(value) ? value : { value };
}

/**
 * The text of a tool result as the object that Google demands; `output` is the key its models are told about.
 * A `$ref` would be read as a reference to the result's media parts.
 */
export function toResponse(text: string): JsonObject {
  const value = parse(text);
  if (value === undefined || isTooDeep(value) || hasKey(value, '$ref')) return { output: text };
  return isObject(value) ? value : { output: value };
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

interface OpenCall {
  readonly id: string | undefined;
  readonly name: string;
  isAnswered: boolean;
}

export interface AnsweredCall {
  readonly id: string | undefined;
  readonly name: string;
  /** Place among the calls of the turn before; behind them all for a call that is not among them. */
  readonly order: number;
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
  let open: OpenCall[] = [];

  function add({ functionCall: { id, name } }: FunctionCallPart): void {
    open.push({ id, name, isAnswered: false });
    if (id !== undefined) names.set(id, name);
  }

  function answer(message: ChatMessage, path: string): AnsweredCall {
    const id = textOf(message.tool_call_id);
    const shortId = id === undefined ? undefined : withoutSignature(id);
    // A legacy result has only the function's name.
    const isAnswer = (call: OpenCall): boolean =>
      !call.isAnswered && (shortId === undefined ? call.name === message.name : call.id === shortId);
    const order = open.findIndex(isAnswer);
    const call = open[order];
    if (call !== undefined) {
      call.isAnswered = true;
      return { id: call.id, name: call.name, order };
    }
    const name = (shortId === undefined ? undefined : names.get(shortId)) ?? textOf(message.name);
    if (name === undefined) throw noCall(path);
    return { id: shortId, name, order: Number.MAX_SAFE_INTEGER };
  }

  return {
    startTurn() {
      open = [];
    },
    add,
    answer,
  };
}

function noCall(path: string): RouterError {
  const param = `${path}.tool_call_id`;
  return new RouterError('invalid_value', {
    message: `'${param}' names no tool call of an earlier assistant message.`,
    param,
  });
}
