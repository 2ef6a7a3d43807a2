/**
 * JSON Schema for `responseJsonSchema`, which knows `enum` but not `const`, and takes nothing beside a `$ref`. Everything
 * else passes as it is; tools' schemas, of which Google says no such thing, are not touched at all.
 * https://ai.google.dev/api/generate-content#GenerationConfig
 */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

/** Keywords whose value is a schema or a list of them. A property may have any of these names: position decides. */
const SCHEMAS = new Set([
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
]);
/** Keywords whose value maps names to schemas. */
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);

/** A copy of a schema that Google takes. The given one stays as it is. */
export function toAnswerSchema(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(toAnswerSchema);
  if (!isObject(schema)) return schema;
  const constant = schema.const === undefined ? undefined : toKeyword(schema.const);
  return mapObject(schema, (key, value) => {
    if (schema.$ref !== undefined && !mayStandBesideRef(key)) return undefined;
    if (key === 'const') return constant;
    if (constant !== undefined && (key === 'enum' || key === constant[0])) return undefined;
    if (SCHEMAS.has(key)) return [key, toAnswerSchema(value)];
    if (SCHEMA_MAPS.has(key) && isObject(value)) {
      return [key, mapObject(value, (name, property) => [name, toAnswerSchema(property)])];
    }
    return [key, value];
  });
}

/** `definitions` is the older name of `$defs`: without it the reference would point to nothing. */
function mayStandBesideRef(key: string): boolean {
  return key.startsWith('$') || key === 'definitions';
}

/** What says the most of a constant: `enum` is for strings and numbers, of other values there is only the type. */
function toKeyword(constant: JsonValue): Entry {
  if (typeof constant === 'string' || typeof constant === 'number') return ['enum', [constant]];
  if (constant === null) return ['type', 'null'];
  return ['type', Array.isArray(constant) ? 'array' : typeof constant];
}

type Entry = [key: string, value: JsonValue];

/** `fromEntries` defines its keys: a `__proto__` of the client's stays a key. */
function mapObject(
  object: JsonObject,
  change: (key: string, value: JsonValue) => Entry | undefined,
): JsonObject {
  const entries = Object.entries(object).flatMap(([key, value]) => {
    const entry = value === undefined ? undefined : change(key, value);
    return entry === undefined ? [] : [entry];
  });
  return Object.fromEntries(entries);
}
