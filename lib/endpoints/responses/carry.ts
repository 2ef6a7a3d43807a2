/**
 * What a cloud wants back unchanged in a tool loop, and OpenAI's items have no place for: blocks of thinking with
 * their signatures, vendor data of tool calls. OpenAI has the same need without storage, and its clients know the
 * answer: a reasoning item's `encrypted_content`, which they send back as it came. Here it holds JSON in base64url.
 */
import { parseExact, restoreNumbers } from '../../openai/exact-json.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { objectsOf } from './json.ts';

export interface Carry {
  /** `thinking_blocks` of a chat message. */
  readonly thoughts: JsonObject[];
  /** `content_blocks` of a chat message: the whole answer, where the message's fields cannot hold it. */
  readonly blocks: JsonObject[];
  /** `extra_content` of a chat message, in pieces. */
  readonly extras: JsonObject[];
  /** `extra_content` of tool calls, by call id. */
  readonly calls: [callId: string, extraContent: JsonObject][];
}

export function createCarry(): Carry {
  return { thoughts: [], blocks: [], extras: [], calls: [] };
}

/** @returns undefined where there is nothing to carry. */
export function packCarry({ thoughts, blocks, extras, calls }: Carry): string | undefined {
  if (thoughts.length + blocks.length + extras.length + calls.length === 0) return undefined;
  const carried = {
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(blocks.length > 0 && { content_blocks: blocks }),
    ...(extras.length > 0 && { extra_content: joinExtras(extras) }),
    ...(calls.length > 0 && { calls }),
  };
  return Buffer.from(restoreNumbers(JSON.stringify(carried))).toString('base64url');
}

/** What a reasoning item brought back. One of OpenAI's own, or a damaged one, brings nothing: its thoughts are lost. */
export function unpackCarry(packed: JsonValue | undefined): Carry {
  const carried = typeof packed === 'string' ? parse(packed) : undefined;
  if (!isObject(carried)) return createCarry();
  return {
    thoughts: objectsOf(carried.thinking_blocks),
    blocks: objectsOf(carried.content_blocks),
    extras: objectsOf([carried.extra_content]),
    calls: callsOf(carried.calls),
  };
}

/** Of a stream each piece brings some entries of a vendor's lists; whatever else it brings is as it came last. */
export function joinExtras(pieces: readonly JsonObject[]): JsonObject {
  const joined = Object.create(null) as Record<string, JsonObject>;
  for (const piece of pieces) {
    for (const [vendor, fields] of Object.entries(piece)) {
      if (isObject(fields)) addFields((joined[vendor] ??= Object.create(null) as JsonObject), fields);
    }
  }
  return joined;
}

function addFields(known: JsonObject, more: JsonObject): void {
  for (const [name, value] of Object.entries(more)) {
    if (!Array.isArray(value)) known[name] = value;
    else {
      const list: JsonValue[] = Array.isArray(known[name]) ? known[name] : [];
      for (const entry of value) list.push(isObject(entry) ? withoutIndex(entry) : entry);
      known[name] = list;
    }
  }
}

function parse(packed: string): JsonValue | undefined {
  try {
    return parseExact(Buffer.from(packed, 'base64url').toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
}

function callsOf(value: JsonValue | undefined): Carry['calls'] {
  return (Array.isArray(value) ? value : []).flatMap((entry): Carry['calls'] => {
    if (!Array.isArray(entry)) return [];
    const [id, extra] = entry;
    return typeof id === 'string' && isObject(extra) ? [[id, extra]] : [];
  });
}

/** `index` is ours: lists in the deltas of a stream carry it, whole answers do not. */
export function withoutIndex(entry: JsonObject): JsonObject {
  const { index: _index, ...rest } = entry;
  return rest;
}
