/** Reading JSON that somebody else wrote. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import type { CacheControl } from './types.ts';

/** A string with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A string as it is; empty for anything that is none. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** White space to Anthropic's server, which is written in Python, but not to JavaScript. */
const MORE_SPACE = '\u001c\u001d\u001e\u001f\u0085';
const VISIBLE = new RegExp(`[^\\s${MORE_SPACE}]`);

/** Anthropic refuses a text block in which there is nothing to read. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** The text without the white space at its end. */
export function trimEnd(text: string): string {
  let rest = text.trimEnd();
  while (rest !== '' && isBlank(rest.slice(-1))) rest = rest.slice(0, -1).trimEnd();
  return rest;
}

export function isSet(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null;
}

/** The objects of a list; anything else in it, or instead of it, is left out. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Those of the keys that are set. */
export function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => isSet(own(source, key))).map((key) => [key, source[key]]));
}

/** @returns undefined for what the object only inherits. */
export function own(source: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

/** A copy without one key. */
export function without(source: JsonObject, key: string): JsonObject {
  const { [key]: _left, ...rest } = source;
  return rest;
}

/** The cache breakpoint of a part, a tool or a message, to be spread. Its value is for Anthropic to check. */
export function cacheControl(source: JsonObject): { cache_control?: CacheControl } {
  const value = source['cache_control'];
  return isSet(value) ? { cache_control: value as unknown as CacheControl } : {};
}
