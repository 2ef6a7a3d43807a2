/**
 * Structured output and strict tools take a part of JSON Schema only; the rest is a 400. What cannot be said in it is
 * told to the model in words instead, as Anthropic's own SDKs do.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
import { RouterError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

const REMOVED: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'not',
  'if',
  'then',
  'else',
]);

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
const SCHEMA_LISTS: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'prefixItems']);

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
  const removed: string[] = [];
  const kept: [string, JsonValue | undefined][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue;
    if (mustGo(schema, key, value)) removed.push(`${key} ${inWords(value)}`);
    else if (key !== 'additionalProperties') kept.push([key === 'oneOf' ? 'anyOf' : key, inner(key, value)]);
  }
  if (isObjectSchema(schema)) kept.push(['additionalProperties', false]);
  if (removed.length > 0) kept.push(['description', describe(schema['description'], removed)]);
  // Not `result[key] = ...`: a property named `__proto__` has to stay a property.
  return Object.fromEntries(kept);
}

function next(value: JsonValue | undefined): JsonValue {
  return isObject(value) ? clean(value) : (value ?? null);
}

function mustGo(schema: JsonObject, key: string, value: JsonValue): boolean {
  if (REMOVED.has(key)) return true;
  if (key === 'minItems') return typeof value === 'number' && value > 1;
  if (key === 'format') return !FORMATS.has(value);
  if (key === 'oneOf') return Object.hasOwn(schema, 'anyOf');
  return key === 'additionalProperties' && isObject(value) && Object.keys(value).length > 0;
}

/** The value of a keyword with the schemas in it cleaned; data such as `enum` and `default` stays untouched. */
function inner(key: string, value: JsonValue): JsonValue {
  if (SCHEMA_MAPS.has(key) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, next(schema)]));
  }
  if ((SCHEMA_LISTS.has(key) || key === 'oneOf') && Array.isArray(value)) return value.map(next);
  if (key === 'items') return Array.isArray(value) ? value.map(next) : next(value);
  return value;
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
