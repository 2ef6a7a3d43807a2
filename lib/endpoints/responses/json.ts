/** Reading JSON that somebody else wrote. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

/** The objects of a list; anything else in it, or instead of it, is left out. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Null counts as absent everywhere in OpenAI's requests. */
export function isSet(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null;
}

/** Deeper than any schema that means something; and JSON.stringify breaks on what is deep enough. */
const MAX_DEPTH = 200;

/** Without recursion, since the depth is the client's. */
export function isTooDeep(value: JsonValue | undefined): boolean {
  let layer: unknown[] = [value];
  for (let depth = 0; layer.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    layer = layer.flatMap((entry) =>
      typeof entry === 'object' && entry !== null ? Object.values(entry) : [],
    );
  }
  return false;
}

/** A word of the client's for a sentence of ours: it must not make us write a long one. */
export function nameOf(value: unknown): string {
  return wordOf(value).slice(0, 60);
}

/** A string as it is; empty for anything that is none. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
