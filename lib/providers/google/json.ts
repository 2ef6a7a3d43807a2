/** Reading JSON of which nothing is certain. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

/** Deeper than this, Google's own parser gives up; and recursion over it would be an attack on the stack. */
export const MAX_DEPTH = 100;

export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter((item: unknown) => isObject(item)) : [];
}

/** A string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The string, or the empty one: for a `switch` over words. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Null counts as absent everywhere in OpenAI's requests. */
export function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

export function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

/** Without recursion, since the depth is the client's. */
export function isTooDeep(value: JsonValue | undefined): boolean {
  let layer = [value];
  for (let depth = 0; layer.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    layer = layer.flatMap(childrenOf);
  }
  return false;
}

/** Whether any object in the value has that key. For values that are not too deep. */
export function hasKey(value: JsonValue | undefined, key: string): boolean {
  if (isObject(value) && Object.hasOwn(value, key)) return true;
  return childrenOf(value).some((child) => hasKey(child, key));
}

function childrenOf(value: JsonValue | undefined): (JsonValue | undefined)[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
