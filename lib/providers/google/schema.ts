/**
 * JSON Schema for `responseJsonSchema`, which knows `enum` (of strings and numbers) but not `const`, `$defs` but not `definitions`, and takes nothing
 * beside a `$ref`. Everything else passes as it is; tools' schemas, of which Google says no such thing, are not touched at all.
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
export function toAnswerSchema(given: JsonValue): JsonValue {
  const isRenamed = !usesBothNames(given);

  function convert(schema: JsonValue): JsonValue {
    if (Array.isArray(schema)) return schema.map(convert);
    if (!isObject(schema)) return schema;
    const constant = schema.const === undefined ? undefined : toKeyword(schema.const);
    const choice = toChoice(schema);
    return mapObject(schema, (key, value) => {
      if (schema.$ref !== undefined && !mayStandBesideRef(key)) return undefined;
      if (key === 'const') return constant;
      if (constant !== undefined && (key === 'enum' || key === constant[0])) return undefined;
      if (key === 'enum') return choice;
      if (key === choice?.[0]) return undefined;
      if (SCHEMAS.has(key)) return [key, convert(value)];
      if (SCHEMA_MAPS.has(key) && isObject(value)) {
        return [isRenamed ? newName(key) : key, mapObject(value, (name, inner) => [name, convert(inner)])];
      }
      return [key, isRenamed && key === '$ref' ? toReference(value) : value];
    });
  }

  return convert(given);
}

/** Google knows `$defs` alone, and zod and others still write `definitions`, its older name. */
function newName(keyword: string): string {
  return keyword === 'definitions' ? '$defs' : keyword;
}

/** In one map, entries of the same name would hide each other: such a schema keeps both. */
function usesBothNames(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, 'definitions') && Object.hasOwn(value, '$defs')) return true;
  return Object.values(value).some((inner) => inner !== undefined && usesBothNames(inner));
}

/** `#/definitions/T` is `#/$defs/T`. A step behind a map's keyword is a name and stays, whatever it is. */
function toReference(reference: JsonValue): JsonValue {
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return reference;
  let isName = false;
  const steps = reference.split('/').map((step) => {
    const wasName = isName;
    isName = !wasName && SCHEMA_MAPS.has(step);
    return wasName ? step : newName(step);
  });
  return steps.join('/');
}

/** `definitions` is kept for what the reference points to. */
function mayStandBesideRef(key: string): boolean {
  return key.startsWith('$') || key === 'definitions';
}

/** What says the most of a constant: `enum` is for strings and numbers, of other values there is only the type. */
function toKeyword(constant: JsonValue): Entry {
  if (typeof constant === 'string' || typeof constant === 'number') return ['enum', [constant]];
  if (constant === null) return ['type', 'null'];
  return ['type', Array.isArray(constant) ? 'array' : typeof constant];
}

/**
 * An `enum` as Google takes it: of null and of booleans the type stands beside the other values, as in what zod makes of
 * a literal that may be null. Beside an `anyOf` of the client's there is no place for that.
 */
function toChoice({ enum: values, anyOf }: JsonObject): Entry | undefined {
  if (!Array.isArray(values) || !values.every(isPlain))
    return values === undefined ? undefined : ['enum', values];
  const listed = values.filter(isListed);
  const [type, ...others] = new Set(
    values.flatMap((value) => (isListed(value) ? [] : [toKeyword(value)[1]])),
  );
  if (type === undefined) return ['enum', listed];
  if (listed.length + others.length === 0) return ['type', type];
  if (anyOf !== undefined) return undefined;
  const types = [type, ...others].map((one) => ({ type: one }));
  return ['anyOf', listed.length > 0 ? [{ enum: listed }, ...types] : types];
}

function isPlain(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null;
}

function isListed(value: JsonValue): boolean {
  return typeof value === 'string' || typeof value === 'number';
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
