import fc from 'fast-check';
import { parseExact, restoreNumbers } from '../../lib/openai/exact-json.ts';

const LOST = [
  '9007199254740993',
  '-1740000000000000123',
  '1e400',
  '-1E+999',
  '123456789012345678901234567890',
];
const KEPT = [
  '0',
  '-1',
  '9007199254740991',
  '0.1',
  '1234567890123456.5',
  '"9007199254740993"',
  '"\\\\"',
  '"1e400"',
];

/** JSON as `JSON.stringify` would write it, but for the numbers of `LOST`. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...LOST, ...KEPT),
    fc.oneof(fc.string(), fc.boolean(), fc.constant(null)).map((value) => JSON.stringify(value)),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
    fc
      .dictionary(
        fc.string().map((key) => `k${key}`),
        tie('json'),
        { maxKeys: 4 },
      )
      .map((members) => Object.entries(members).map(([key, value]) => `${JSON.stringify(key)}:${value}`))
      .map((members) => `{${members.join()}}`),
  ),
}));

test('what JavaScript cannot hold comes out as it was read, and all else as ever', () => {
  fc.assert(
    fc.property(json, (text) => {
      expect(restoreNumbers(JSON.stringify(parseExact(text)))).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test('also out of JSON that stands in a string of JSON, at any depth', () => {
  fc.assert(
    fc.property(json, fc.nat(3), (text, depth) => {
      const nest = (inner: string): string => JSON.stringify({ arguments: inner });
      let expected = text;
      let written = JSON.stringify(parseExact(text));
      for (let level = 0; level < depth; level += 1) {
        expected = nest(expected);
        written = nest(written);
      }
      expect(restoreNumbers(written)).toBe(expected);
    }),
  );
});

test('what all numbers are exact in is what JSON.parse gives', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseExact(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['{"a":01740000000000000123}', '[1740000000000000123', '1740000000000000123x', '[1e400 1]', ''])(
  '%p is no JSON',
  (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  },
);

test('a run of backslashes as long as a request costs no more than its length', () => {
  const text = JSON.stringify({ text: '\\'.repeat(2_000_000), id: parseExact('9007199254740993') });
  expect(restoreNumbers(text)).toBe(`{"text":"${'\\'.repeat(4_000_000)}","id":9007199254740993}`);
});
