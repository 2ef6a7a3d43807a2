/**
 * What Gemini has and OpenAI does not, through one door: `extra_body.google`, as Google's own OpenAI layer documents
 * it as a literal key, or `google`. Only keys of a list pass: Google refuses a whole request for one unknown key.
 */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { isPresent } from './json.ts';
import { invalid } from './media.ts';

/** Where a key of the namespace goes in Google's request. */
export type Place = 'request' | 'generationConfig' | 'thinkingConfig' | 'toolConfig' | 'tools';

/** Keys in snake case; camel case is read as well. */
export const CHAT_KEYS: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['cached_content', 'request'],
  ['safety_settings', 'request'],
  ['service_tier', 'request'],
  ['store', 'request'],
  ['labels', 'request'],
  ['continuation_token', 'request'],
  ['thinking_config', 'thinkingConfig'],
  ['top_k', 'generationConfig'],
  ['response_modalities', 'generationConfig'],
  ['media_resolution', 'generationConfig'],
  ['speech_config', 'generationConfig'],
  ['image_config', 'generationConfig'],
  ['tools', 'tools'],
  ['retrieval_config', 'toolConfig'],
  ['include_server_side_tool_invocations', 'toolConfig'],
]);

export const EMBEDDING_KEYS: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['task_type', 'request'],
  ['title', 'request'],
]);

export interface Namespace {
  readonly request: JsonObject;
  readonly generationConfig: JsonObject;
  /** Keys in camel case; undefined: the client sets nothing of it. */
  readonly thinkingConfig: JsonObject | undefined;
  readonly toolConfig: JsonObject;
  readonly tools: readonly JsonValue[];
  readonly dropped: readonly string[];
}

/** A new one each time: whoever gets it may write to it. */
function noSettings(): Namespace {
  return {
    request: {},
    generationConfig: {},
    thinkingConfig: undefined,
    toolConfig: {},
    tools: [],
    dropped: [],
  };
}

/** @throws RouterError for a key that is not on the list. */
export function readNamespace(request: JsonObject, keys: ReadonlyMap<string, Place>): Namespace {
  if (!isPresent(request.extra_body) && !isPresent(request.google)) return noSettings();
  const { source, path, dropped } = findNamespace(request);
  const entries = Object.keys(source).flatMap((key) => {
    const place = keys.get(toSnake(key));
    if (place === undefined) throw unsupported(`${path}.${key}`, `Google takes no '${key}' in '${path}'`);
    const value = source[key];
    return isPresent(value) ? [{ place, name: toCamel(key), value, param: `${path}.${key}` }] : [];
  });
  const settings = (place: Place): JsonObject =>
    Object.fromEntries(
      entries.filter((entry) => entry.place === place).map(({ name, value }) => [name, value]),
    );
  const thinking = entries.find(({ place }) => place === 'thinkingConfig');
  return {
    request: settings('request'),
    generationConfig: settings('generationConfig'),
    thinkingConfig: thinking && camelKeys(objectAt(thinking.value, thinking.param)),
    toolConfig: settings('toolConfig'),
    tools: entries
      .filter(({ place }) => place === 'tools')
      .flatMap(({ value, param }) => toolsAt(value, param)),
    dropped,
  };
}

interface Found {
  readonly source: JsonObject;
  readonly path: string;
  readonly dropped: string[];
}

/** `extra_body.google` counts, or else `google`; what stands beside the one that counts is dropped. */
function findNamespace(request: JsonObject): Found {
  const extra = request.extra_body;
  if (isPresent(extra) && !isObject(extra)) throw invalid({ param: 'extra_body' }, 'is not an object');
  const others = Object.keys(extra ?? {}).filter((key) => key !== 'google' && isPresent(extra?.[key]));
  const dropped = others.map((key) => `extra_body.${key}`);
  if (!isPresent(extra?.google))
    return { source: objectAt(request.google, 'google'), path: 'google', dropped };
  if (isPresent(request.google)) dropped.push('google');
  return { source: objectAt(extra.google, 'extra_body.google'), path: 'extra_body.google', dropped };
}

function objectAt(value: JsonValue | undefined, param: string): JsonObject {
  if (!isPresent(value)) return {};
  if (!isObject(value)) throw invalid({ param }, 'is not an object');
  return value;
}

function toolsAt(value: JsonValue, param: string): JsonValue[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw invalid({ param }, 'is not a list of tools');
  return value;
}

/** The API reads both spellings: ours is needed only where these are merged with our own. */
function camelKeys(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [toCamel(key), value]));
}

function toSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(key: string): string {
  return key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
