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
  '$defs',
  'definitions',
]);

/** All that may stand beside a `$ref`. */
const REFERENCE: ReadonlySet<string> = new Set(['$ref', '$defs', 'definitions']);

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

/**
 * A copy of a schema that Anthropic's structured output takes.
 * @param param Where the schema stands in the request, for the error.
 * @throws RouterError `invalid_value` if it is nested deeper than 200 levels.
 */
export function toStrictSchema(schema: JsonObject, param: string): JsonObject {
  if (isDeeper(schema, MAX_DEPTH)) {
    throw new RouterError('invalid_value', { message: `'${param}' is nested too deeply.`, param });
  }
  return clean(schema);
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

function clean(schema: JsonObject): JsonObject {
  const isReference = typeof schema['$ref'] === 'string';
  const removed: string[] = [];
  const kept: [string, JsonValue | undefined][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || SAYS_NOTHING.has(key)) continue;
    if (isReference ? REFERENCE.has(key) : isTaken(schema, key, value)) {
      kept.push([key === 'oneOf' ? 'anyOf' : key, inner(key, value)]);
    } else if (!isReference && !isAnyValue(key, value)) removed.push(`${key} ${inWords(value)}`);
  }
  if (!isReference && isObjectSchema(schema)) kept.push(['additionalProperties', false]);
  if (removed.length > 0) kept.push(['description', describe(schema['description'], removed)]);
  // Not `result[key] = ...`: a property named `__proto__` has to stay a property.
  return Object.fromEntries(kept);
}

function next(value: JsonValue | undefined): JsonValue {
  return isObject(value) ? clean(value) : (value ?? null);
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

/** What an object is open to, or that it is not: there is nothing to tell of it. */
function isAnyValue(key: string, value: JsonValue): boolean {
  return key === 'additionalProperties' && !(isObject(value) && Object.keys(value).length > 0);
}

/** The value of a keyword with the schemas in it cleaned; data such as `enum` and `default` stays untouched. */
function inner(key: string, value: JsonValue): JsonValue {
  if (SCHEMA_MAPS.has(key) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, next(schema)]));
  }
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) return value.map(next);
  return key === 'items' ? next(value) : value;
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
