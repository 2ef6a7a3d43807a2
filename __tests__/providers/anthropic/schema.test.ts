import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { toStrictSchema } from '../../../lib/providers/anthropic/schema.ts';
import { checkStrictSchema } from '../../../examples/simulated-clouds/anthropic-tools.ts';
import { errorOf } from './support.ts';

/** The schema of one property, cleaned. */
function cleaned(schema: JsonValue): unknown {
  const whole = toStrictSchema({ type: 'object', properties: { p: schema } }, 'schema', []);
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
  ['minItems', '1'],
  ['format', 'ipv8'],
  ['pattern', '^(?!a)'],
  ['enum', [{ a: 1 }]],
  ['enum', []],
  ['const', { a: 1 }],
  ['items', true],
  ['items', [{ type: 'string' }]],
  ['prefixItems', [{ type: 'string' }]],
  ['contains', { type: 'string' }],
  ['propertyNames', { type: 'string' }],
  ['dependentRequired', { a: ['b'] }],
  ['dependentSchemas', { a: { type: 'object' } }],
  ['unevaluatedProperties', false],
  ['examples', ['x']],
  ['contentEncoding', 'base64'],
  ['readOnly', true],
  ['deprecated', true],
  ['nullable', true],
  ['of_tomorrow', { a: 1 }],
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
  [{ anyOf: 'not a list' }],
  [{ const: null }],
  [{ type: 'string', title: 't', default: { not: 1 } }],
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
      nullable: { type: ['object', 'null'] },
      implied: { properties: {} },
    },
    anyOf: [open, true],
    allOf: [open],
    $defs: { d: open },
    definitions: { e: open },
    additionalProperties: true,
  };
  expect(toStrictSchema(schema, 's', [])).toEqual({
    ...closed,
    properties: {
      open: closed,
      list: { type: 'array', items: closed },
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

test.each<[JsonValue, string[]]>([
  [{ type: 'object', additionalProperties: { type: 'string' } }, ['.additionalProperties']],
  [{ type: 'object', properties: {}, additionalProperties: true }, ['.additionalProperties']],
  [{ properties: {}, additionalProperties: {} }, ['.additionalProperties']],
  [{ type: ['object', 'null'] }, ['']],
  [{ type: 'object', additionalProperties: null }, ['']],
  [{ type: 'object', propertyNames: { type: 'string' } }, ['']],
  [{ type: 'object', patternProperties: { '^a': {} }, additionalProperties: false }, ['.patternProperties']],
  [{ type: 'array', items: { type: 'object' } }, ['.items']],
  [{ oneOf: [{ type: 'string' }, { type: 'object' }] }, ['.oneOf[1]']],
  [{ anyOf: [{ type: 'object', properties: { a: { type: 'object' } } }] }, ['.anyOf[0].properties.a']],
  [{ $ref: '#/$defs/a', $defs: { a: { type: 'object' } }, type: 'object' }, ['.$defs.a']],
  [{ type: 'object', properties: { a: { type: 'string' } } }, []],
  [{ type: 'object', properties: {}, patternProperties: {} }, []],
  [{ type: 'object', additionalProperties: false }, []],
  [{ type: 'string', additionalProperties: true }, []],
  [{ not: { type: 'object' }, default: { type: 'object' } }, []],
])('%j is open at %j', (schema, places) => {
  const dropped: string[] = [];
  toStrictSchema({ type: 'object', properties: { p: schema } }, 'the.place', dropped);
  expect(dropped).toEqual(places.map((place) => `the.place.properties.p${place}`));
});

test('no more than a hundred open places are named, and no name in them at any length', () => {
  const open = Array.from({ length: 1000 }, (_, index) => [`${'x'.repeat(500)}${index}`, { type: 'object' }]);
  const dropped: string[] = [];
  toStrictSchema({ type: 'object', properties: Object.fromEntries(open) as JsonObject }, 's', dropped);
  expect(dropped).toEqual(Array(100).fill(`s.properties.${'x'.repeat(60)}`));
});

test('a map of values cannot be said, and is told in words', () => {
  expect(cleaned({ type: 'object', additionalProperties: { type: 'string' } })).toEqual({
    type: 'object',
    additionalProperties: false,
    description: 'Constraints: additionalProperties {"type":"string"}.',
  });
});

test('a reference stands alone, beside what it can refer to', () => {
  const defs = { T: { type: 'string', minLength: 1 } };
  const cleanDefs = { T: { type: 'string', description: 'Constraints: minLength 1.' } };
  const schema = { $ref: '#/$defs/T', description: 'd', default: 'x', minLength: 2, type: 'string' };
  expect(cleaned(schema)).toEqual({ $ref: '#/$defs/T' });
  expect(toStrictSchema({ ...schema, $defs: defs, definitions: defs, properties: {} }, 's', [])).toEqual({
    $ref: '#/$defs/T',
    $defs: cleanDefs,
    definitions: cleanDefs,
  });
});

test('what is said of the schema itself is left out without a word', () => {
  expect(cleaned({ $schema: 'https://json-schema.org/draft-07/schema#', $id: 'i', $comment: 'c' })).toEqual(
    {},
  );
});

/** The schemas of a program: what zod and pydantic write, and what their authors add. */
const written = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      {
        type: fc.constant('string'),
        description: fc.constant('d'),
        title: fc.constant('t'),
        pattern: fc.constant('^a'),
        format: fc.constantFrom('uri', 'ipv8'),
        minLength: fc.nat(),
        nullable: fc.boolean(),
        examples: fc.constant<JsonValue>(['x']),
        contentMediaType: fc.constant('text/plain'),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('integer'), minimum: fc.integer(), deprecated: fc.boolean() }),
    fc.record({ $ref: fc.constant('#/$defs/x'), description: fc.constant('d') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), readOnly: fc.boolean() }),
    fc.record(
      {
        type: fc.constant('array'),
        items: fc.oneof(tie('schema'), fc.boolean()),
        prefixItems: fc.array(tie('schema')),
        contains: tie('schema'),
        minItems: fc.nat({ max: 3 }),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'contains', 'enum'), tie('schema')),
        required: fc.constant<JsonValue>(['a']),
        additionalProperties: fc.oneof(tie('schema'), fc.boolean()),
        propertyNames: tie('schema'),
        patternProperties: fc.dictionary(fc.constant('^a'), tie('schema')),
        $defs: fc.dictionary(fc.constant('x'), tie('schema')),
        dependentSchemas: fc.dictionary(fc.constant('a'), tie('schema')),
      },
      { requiredKeys: ['type', 'properties'] },
    ),
  ),
})).schema;

test("Anthropic's own transform finds nothing left to remove", () => {
  fc.assert(
    fc.property(written, (schema) => {
      const strict = toStrictSchema(schema, 's', []);
      expect(transformJSONSchema(strict)).toEqual(strict);
    }),
  );
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
  expect(JSON.stringify(toStrictSchema(JSON.parse(names) as JsonObject, 's', []))).toBe(
    '{"type":"object","properties":{"minimum":{"type":"integer"},"not":{},' +
      '"__proto__":{"type":"string","description":"Constraints: minLength 2."}},"additionalProperties":false}',
  );
});

test("the client's schema is not changed", () => {
  const schema = { type: 'object', properties: { a: { type: 'string', minLength: 1 } } };
  const before = JSON.stringify(schema);
  toStrictSchema(schema, 's', []);
  expect(JSON.stringify(schema)).toBe(before);
});

test('a bottomless schema is refused before it can use up the stack', () => {
  const deep = JSON.parse('{"not":'.repeat(20_000) + '{}' + '}'.repeat(20_000)) as JsonObject;
  const { status, code, param } = errorOf(() => toStrictSchema(deep, 'the.place', []));
  expect({ status, code, param }).toEqual({ status: 400, code: 'invalid_value', param: 'the.place' });
  const fits = JSON.parse('{"items":'.repeat(200) + '{}' + '}'.repeat(200)) as JsonObject;
  expect(toStrictSchema(fits, 's', [])).toEqual(fits);
});
