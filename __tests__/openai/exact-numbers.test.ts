import { holdsInexactNumber } from '../../lib/openai/exact-numbers.ts';

describe('numbers that would come out as others', () => {
  test.each([
    ['an id of 64 bits', '{"id":1740000000000000123}'],
    ['a negative one', '[-9007199254740993]'],
    ['the first integer that has a neighbour', '{"a":9007199254740992}'],
    ['a number beyond all', '{"a":[1e400]}'],
    ['a negative one beyond all', '[-2.5E+999]'],
    ['as many digits as no exponent is needed for', `[${'9'.repeat(400)}.5]`],
    [
      'one behind strings with quotes and backslashes',
      String.raw`{"a\"":"\\","b":"\\\"1","c":12345678901234567890}`,
    ],
    ['a bare one', '12345678901234567890'],
  ])('%s', (_name, json) => {
    expect(holdsInexactNumber(json)).toBe(true);
  });
});

describe('numbers that stay what they are', () => {
  test.each([
    ['no numbers at all', '{"a":"b","c":[true,null]}'],
    ['the greatest safe integers', '[9007199254740991,-9007199254740991]'],
    ['an id in a string', '{"id":"1740000000000000123"}'],
    ['an id in a key', '{"1740000000000000123":1}'],
    ['an id in a string with quotes', String.raw`{"a":"\"1740000000000000123","b":"\\\\","c":"1e400"}`],
    ['a large number with an exponent', '[1e21,1.5E+300]'],
    ['another spelling of the same number', '{"a":1.0,"b":1e3,"c":-0}'],
    ['a fraction of many digits', '[0.1234567890123456789]'],
    ['white space', ' \n{ "a" : 1 }\t'],
  ])('%s', (_name, json) => {
    expect(holdsInexactNumber(json)).toBe(false);
  });

  test('text that is no JSON comes to an end', () => {
    expect(holdsInexactNumber('{"a":1e2,"b')).toBe(false);
  });
});
