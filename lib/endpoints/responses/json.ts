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

/** A string as it is; empty for anything that is none. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
