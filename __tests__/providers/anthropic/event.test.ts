import { jest } from '@jest/globals';
import fc from 'fast-check';
import { parseEvent } from '../../../lib/providers/anthropic/event.ts';
import { agreesWithJsonParse } from '../../support/json.ts';

const delta = (type: string, field: string, literal: string, index = '0', padding = ''): string =>
  `{"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${field}":${literal}}${padding}}`;

test.each([
  ['text', delta('text_delta', 'text', '"Hello"')],
  ['thinking', delta('thinking_delta', 'thinking', '"Hm"', '12')],
  ['an empty text', delta('text_delta', 'text', '""')],
  ['text beyond ASCII', delta('text_delta', 'text', '"héllo 世界 \u{1f600} \u2028 \u007f"')],
  ['the padding that Anthropic adds', delta('text_delta', 'text', '"a"', '0', '      ')],
  ['escapes', delta('text_delta', 'text', String.raw`"\n\"\\ \u00e9 \ud83d"`)],
  ['text that ends in an escaped backslash', delta('text_delta', 'text', String.raw`"a\\"`)],
  ['text that looks like the end of the event', delta('text_delta', 'text', String.raw`"a\"}}"`)],
  ['another field behind the text', delta('text_delta', 'text', '"a","more":1')],
  ['another field behind the delta', delta('text_delta', 'text', '"a"', '0', ',"more":1')],
  ['the same field twice', delta('text_delta', 'text', '"a","text":"b"')],
  ['the type of one and the field of the other', delta('text_delta', 'thinking', '"a"')],
  ['pieces of JSON', delta('input_json_delta', 'partial_json', String.raw`"{\"a\":"`)],
  ['a text that is none', delta('text_delta', 'text', '5')],
  ['other events', '{"type":"message_stop"}'],
  ['other JSON', '["content_block_delta"]'],
])('an event is what JSON.parse says: %s', (_name, data) => {
  expect(parseEvent(data)).toEqual(JSON.parse(data));
});

test.each([
  ['a number with a zero before it', delta('text_delta', 'text', '"a"', '01')],
  ['a control character in the text', delta('text_delta', 'text', '"a\tb"')],
  ['a wrong escape', delta('text_delta', 'text', String.raw`"\x"`)],
  ['a string that never ends', delta('text_delta', 'text', '"a')],
  ['one brace too many', `${delta('text_delta', 'text', '"a"')}}`],
  ['one brace too few', delta('text_delta', 'text', '"a"').slice(0, -1)],
  ['nothing at all', ''],
])('what JSON.parse refuses is refused: %s', (_name, data) => {
  expect(() => parseEvent(data)).toThrow(SyntaxError);
});

test('the same for any text, cut and changed anywhere', () => {
  const literal = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.string().map((text) => `"${text}"`),
  );
  const events = fc
    .tuple(
      fc.constantFrom('text_delta', 'thinking_delta', 'signature_delta'),
      fc.constantFrom('text', 'thinking', 'signature'),
      literal,
      fc.constantFrom('0', '7', '-1', '10', '00', '1.5', '1e3'),
      fc.constantFrom('', ' ', '\t', ',"more":null'),
    )
    .map((pieces) => delta(...pieces));
  fc.assert(agreesWithJsonParse(parseEvent, events), { numRuns: 3_000 });
});

test.each([
  ['text', delta('text_delta', 'text', '"Hello"', '0')],
  ['thinking', delta('thinking_delta', 'thinking', '"Hm"', '12')],
  ['nothing', delta('text_delta', 'text', '""', '123456789')],
  ['characters of any kind', delta('text_delta', 'text', '"é 世\u{1f600}"', '7', '    ')],
])('the usual event is not parsed: %s', (_name, data) => {
  const value: unknown = JSON.parse(data);
  const parse = jest.spyOn(JSON, 'parse');
  expect(parseEvent(data)).toEqual(value);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
});
