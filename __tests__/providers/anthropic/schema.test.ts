import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { toStrictSchema } from '../../../lib/providers/anthropic/schema.ts';
import { checkStrictSchema } from '../../../examples/simulated-clouds/anthropic-tools.ts';
import { errorOf } from './support.ts';

/** The schema of one property, cleaned. */
function cleaned(schema: JsonValue): unknown {
  const whole = toStrictSchema({ type: 'object', properties: { p: schema } }, 'schema');
  checkStrictSchema(whole, 'schema');
  return (whole['properties'] as JsonObject)['p'];
}

test.each<[string, JsonValue]>([
  ['minimum', 1],
  ['maximum', 1],
  ['exclusiveMinimum', 1],
  ['exclusiveMaximum', 1],
  ['multipleOf', 1],
  ['minLength', 1],
  ['maxLength', 1],
  ['maxItems', 1],
  ['uniqueItems', true],
  ['minProperties', 1],
  ['maxProperties', 1],
  ['patternProperties', { '^a': { type: 'string' } }],
  ['not', { type: 'null' }],
  ['if', { type: 'null' }],
  ['then', { type: 'null' }],
  ['else', { type: 'null' }],
  ['minItems', 2],
  ['format', 'ipv8'],
])('%s goes into the description', (keyword, value) => {
  const words = typeof value === 'string' ? value : JSON.stringify(value);
  expect(cleaned({ type: 'x', [keyword]: value })).toEqual({
    type: 'x',
    description: `Constraints: ${keyword} ${words}.`,
  });
});

test('what was removed stands behind the description, in the order of the schema', () => {
  expect(cleaned({ type: 'integer', minimum: 0, description: 'Age', maximum: 10 })).toEqual({
    type: 'integer',
    description: 'Age\nConstraints: minimum 0, maximum 10.',
  });
});

test.each<[JsonObject]>([
  [{ enum: ['a', 1, null] }],
  [{ enum: [{ type: 'object', minLength: 1 }] }],
  [{ anyOf: 'not a list' }],
  [{ const: { minimum: 1 } }],
  [{ type: 'string', default: { not: 1 } }],
  [{ type: 'string', pattern: '^a+$' }],
  [{ type: 'array', items: { type: 'string' }, minItems: 1 }],
  [{ $ref: '#/$defs/x' }],
  [{ type: 'string', format: 'date-time' }],
  [{ type: ['string', 'null'], description: 'd' }],
])('%j stays as it is', (schema) => {
  expect(cleaned(schema)).toEqual(schema);
});

test.each(['time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])(
  'format %s stays',
  (format) => {
    expect(cleaned({ type: 'string', format })).toEqual({ type: 'string', format });
  },
);

test('every object is closed, however deep', () => {
  const open = { type: 'object', properties: { a: { type: 'string' } } };
  const closed = { ...open, additionalProperties: false };
  const schema = {
    ...open,
    properties: {
      open,
      list: { type: 'array', items: open },
      tuple: { prefixItems: [open], items: [open] },
      nullable: { type: ['object', 'null'] },
      implied: { properties: {} },
    },
    anyOf: [open, true],
    allOf: [open],
    $defs: { d: open },
    definitions: { e: open },
    additionalProperties: true,
  };
  expect(toStrictSchema(schema, 's')).toEqual({
    ...closed,
    properties: {
      open: closed,
      list: { type: 'array', items: closed },
      tuple: { prefixItems: [closed], items: [closed] },
      nullable: { type: ['object', 'null'], additionalProperties: false },
      implied: { properties: {}, additionalProperties: false },
    },
    anyOf: [closed, true],
    allOf: [closed],
    $defs: { d: closed },
    definitions: { e: closed },
  });
});

test('an object open to anything is closed without a word', () => {
  for (const additionalProperties of [true, {}]) {
    expect(cleaned({ type: 'object', additionalProperties })).toEqual({
      type: 'object',
      additionalProperties: false,
    });
  }
});

test('a map of values cannot be said, and is told in words', () => {
  expect(cleaned({ type: 'object', additionalProperties: { type: 'string' } })).toEqual({
    type: 'object',
    additionalProperties: false,
    description: 'Constraints: additionalProperties {"type":"string"}.',
  });
});

test('oneOf becomes anyOf, or words where there is an anyOf already', () => {
  const list = [{ type: 'string', minLength: 1 }, { type: 'null' }];
  const out = [{ type: 'string', description: 'Constraints: minLength 1.' }, { type: 'null' }];
  expect(cleaned({ oneOf: list })).toEqual({ anyOf: out });
  expect(cleaned({ anyOf: list, oneOf: [true] })).toEqual({
    anyOf: out,
    description: 'Constraints: oneOf [true].',
  });
});

test('properties may be called like keywords, and like the prototype', () => {
  const names =
    '{"type":"object","properties":{"minimum":{"type":"integer"},"not":{},"__proto__":{"type":"string","minLength":2}}}';
  expect(JSON.stringify(toStrictSchema(JSON.parse(names) as JsonObject, 's'))).toBe(
    '{"type":"object","properties":{"minimum":{"type":"integer"},"not":{},' +
      '"__proto__":{"type":"string","description":"Constraints: minLength 2."}},"additionalProperties":false}',
  );
});

test("the client's schema is not changed", () => {
  const schema = { type: 'object', properties: { a: { type: 'string', minLength: 1 } } };
  const before = JSON.stringify(schema);
  toStrictSchema(schema, 's');
  expect(JSON.stringify(schema)).toBe(before);
});

test('a bottomless schema is refused before it can use up the stack', () => {
  const deep = JSON.parse('{"not":'.repeat(20_000) + '{}' + '}'.repeat(20_000)) as JsonObject;
  const { status, code, param } = errorOf(() => toStrictSchema(deep, 'the.place'));
  expect({ status, code, param }).toEqual({ status: 400, code: 'invalid_value', param: 'the.place' });
  const fits = JSON.parse('{"items":'.repeat(200) + '{}' + '}'.repeat(200)) as JsonObject;
  expect(toStrictSchema(fits, 's')).toEqual(fits);
});
