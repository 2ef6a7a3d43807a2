/**
 * JSON Schema for `responseJsonSchema`, which knows `enum` but not `const`. Everything else passes as it is; tools'
 * schemas are not touched at all. https://ai.google.dev/gemini-api/docs/structured-output
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

/** `{ const: v }` as `{ enum: [v] }`, wherever a schema stands. The given one stays as it is. */
export function withoutConst(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(withoutConst);
  if (!isObject(schema)) return schema;
  return mapObject(schema, (key, value) => {
    if (key === 'const') return ['enum', [value]];
    if (key === 'enum' && Object.hasOwn(schema, 'const')) return undefined;
    if (SCHEMAS.has(key)) return [key, withoutConst(value)];
    if (SCHEMA_MAPS.has(key) && isObject(value)) {
      return [key, mapObject(value, (name, property) => [name, withoutConst(property)])];
    }
    return [key, value];
  });
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
