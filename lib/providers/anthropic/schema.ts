/**
 * Structured output and strict tools take a part of JSON Schema only; the rest is a 400. What cannot be said in it is
 * told to the model in words instead, as Anthropic's own SDKs do.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
import { RouterError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

/** Keywords that are taken whatever they hold. `pattern` is none: lookarounds, as zod writes them, are refused. */
const TAKEN: ReadonlySet<string> = new Set([
  'type',
  'title',
  'description',
  'default',
  'anyOf',
  'allOf',
  'properties',
  'required',
  '$ref',
  '$defs',
  'definitions',
]);

/** Where there is a `$ref`, all else is refused. */
const BESIDE_REFERENCE: ReadonlySet<string> = new Set(['$ref', '$defs', 'definitions']);

/** These speak of the schema itself and ask nothing of a value: left out without a word. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['$schema', '$id', '$comment']);

const FORMATS: ReadonlySet<JsonValue> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/** Keywords whose value maps names to schemas: a property may well be called `minimum`. */
const SCHEMA_MAPS: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const SCHEMA_LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf']);

/** Deeper than anything a model is asked for, and shallow enough for every recursion that follows. */
const MAX_DEPTH = 200;

/** A hostile schema has more open places than fit into memory, each under a path as long as it is deep. */
const MAX_NAMED = 100;
const MAX_NAME_LENGTH = 60;

/**
 * A copy of a schema that Anthropic's structured output takes.
 * @param param Where the schema stands in the request.
 * @param dropped Gets the places of objects that may hold keys nobody listed: Anthropic wants every object closed, and
 * all that a map can be then is `{}`. At most 100 of them.
 * @throws RouterError `invalid_value` if it is nested deeper than 200 levels.
 */
export function toStrictSchema(schema: JsonObject, param: string, dropped: string[]): JsonObject {
  if (isDeeper(schema, MAX_DEPTH)) {
    throw new RouterError('invalid_value', { message: `'${param}' is nested too deeply.`, param });
  }
  return clean(schema, param, dropped);
}

/** Level by level and without recursion: a hostile schema must not be able to use up the stack. */
function isDeeper(value: JsonValue, limit: number): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values(item).map((child) => child ?? null) : [],
    );
  }
  return false;
}

function clean(schema: JsonObject, place: string, dropped: string[]): JsonObject {
  const isReference = schema['$ref'] !== undefined;
  const removed: string[] = [];
  const kept: [string, JsonValue | undefined][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || SAYS_NOTHING.has(key) || (isReference && !BESIDE_REFERENCE.has(key))) continue;
    if (isTaken(schema, key, value)) {
      kept.push([key === 'oneOf' ? 'anyOf' : key, inner(key, value, `${place}.${key}`, dropped)]);
    } else if (isWorthWords(key, value)) removed.push(`${key} ${inWords(value)}`);
  }
  if (!isReference && isObjectSchema(schema)) {
    kept.push(['additionalProperties', false]);
    const open = openKeyword(schema);
    if (open !== undefined && dropped.length < MAX_NAMED) dropped.push(place + open);
  }
  if (removed.length > 0) kept.push(['description', describe(schema['description'], removed)]);
  // Not `result[key] = ...`: a property named `__proto__` has to stay a property.
  return Object.fromEntries(kept);
}

function next(value: JsonValue | undefined, place: string, dropped: string[]): JsonValue {
  return isObject(value) ? clean(value, place, dropped) : (value ?? null);
}

function isTaken(schema: JsonObject, key: string, value: JsonValue): boolean {
  switch (key) {
    case 'enum':
      return Array.isArray(value) && value.length > 0 && value.every(isScalar);
    case 'const':
      return isScalar(value);
    case 'oneOf':
      return !Object.hasOwn(schema, 'anyOf');
    case 'items':
      return isObject(value);
    case 'minItems':
      return value === 0 || value === 1;
    case 'format':
      return FORMATS.has(value);
    default:
      return TAKEN.has(key);
  }
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null;
}

/** What an object is open to is told where it is more than `true`. */
function isWorthWords(key: string, value: JsonValue): boolean {
  return key !== 'additionalProperties' || (isObject(value) && Object.keys(value).length > 0);
}

/** The value of a keyword with the schemas in it cleaned; data such as `enum` and `default` stays untouched. */
function inner(key: string, value: JsonValue, place: string, dropped: string[]): JsonValue {
  if (SCHEMA_MAPS.has(key) && isObject(value)) {
    const named = Object.entries(value).map(([name, schema]): [string, JsonValue] => [
      name,
      next(schema, `${place}.${name.slice(0, MAX_NAME_LENGTH)}`, dropped),
    ]);
    return Object.fromEntries(named);
  }
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) {
    return value.map((schema, index) => next(schema, `${place}[${index}]`, dropped));
  }
  return key === 'items' ? next(value, place, dropped) : value;
}

/**
 * What opens an object to keys that it does not list: a keyword, or nothing at all where no properties are listed
 * either. Beside properties, that is how everybody writes who has not thought of others.
 */
function openKeyword(schema: JsonObject): string | undefined {
  const { additionalProperties: others, patternProperties: patterns } = schema;
  if (others === true || isObject(others)) return '.additionalProperties';
  if (isObject(patterns) && Object.keys(patterns).length > 0) return '.patternProperties';
  return schema['properties'] === undefined && others !== false ? '' : undefined;
}

function isObjectSchema(schema: JsonObject): boolean {
  const type = schema['type'];
  return (
    type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(schema['properties'])
  );
}

function inWords(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describe(description: JsonValue | undefined, removed: readonly string[]): string {
  const constraints = `Constraints: ${removed.join(', ')}.`;
  return typeof description === 'string' && description !== ''
    ? `${description}\n${constraints}`
    : constraints;
}
