import { jest } from '@jest/globals';
import fc from 'fast-check';
import { parseEvent } from '../../../lib/providers/google/event.ts';
import { agreesWithJsonParse } from '../../support/json.ts';

const REST = '"usageMetadata":{"promptTokenCount":8,"totalTokenCount":9},"modelVersion":"gemini-3.8-flash"}';

const event = (literal: string, { thought = '', index = ',"index":0', rest = `,${REST}` } = {}): string =>
  `{"candidates":[{"content":{"parts":[{"text":${literal}${thought}}],"role":"model"}${index}}]${rest}`;

/** As Google writes it: a blank behind each colon, none behind most commas. */
const spaced = (data: string): string => data.replaceAll('":', '": ');

test.each([
  ['text', event('"Hello"')],
  ['text with blanks behind the colons', spaced(event('"Hello"'))],
  ['an empty text', event('""')],
  ['text beyond ASCII', event('"héllo 世界 \u{1f600} \u2028 \u007f"')],
  ['thoughts', event('"Hm"', { thought: ',"thought":true' })],
  ['thoughts, spaced', spaced(event('"Hm"', { thought: ',"thought":true' }))],
  ['no index', event('"a"', { index: '' })],
  ['another index', event('"a"', { index: ',"index":1' })],
  ['a reason to end', event('"a"', { index: ',"finishReason":"STOP","index":0' })],
  ['a signature', event('"a"', { thought: ',"thoughtSignature":"c2ln"' })],
  ['escapes', event(String.raw`"\n\"\\ \u00e9 \ud83d"`)],
  ['text that looks like the end of the candidates', event(String.raw`"a\"}],\"role\":\"model\"}}],"`)],
  ['nothing but candidates', event('"a"', { rest: '}' })],
  ['candidates twice: the last ones count', event('"a"', { rest: `,"candidates":[],${REST}` })],
  ['a name of JavaScript', event('"a"', { rest: `,"__proto__":{"a":1},${REST}` })],
  ['other events', `{${REST}`],
  ['a list of events', `[${event('"a"')}]`],
])('an event is what JSON.parse says: %s', (_name, data) => {
  expect(parseEvent(data)).toEqual(JSON.parse(data));
});

test.each([
  ['a control character in the text', event('"a\tb"')],
  ['a wrong escape', event(String.raw`"\x"`)],
  ['a string that never ends', event('"a')],
  ['a comma and nothing behind it', event('"a"', { rest: ',}' })],
  ['a second document', event('"a"', { rest: `,${REST}{}` })],
  ['a rest that is cut', event('"a"').slice(0, -1)],
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
      literal,
      fc.record({
        thought: fc.constantFrom('', ',"thought":true', ',"thought":false', ',"text":"b"'),
        index: fc.constantFrom('', ',"index":0', ',"index":01', ',"role":"model"'),
        rest: fc.oneof(
          fc.constantFrom('}', ',}', ']', `,${REST}`),
          fc.json().map((json) => `,"usageMetadata":${json}}`),
          fc.dictionary(fc.string(), fc.jsonValue()).map((fields) => `,${JSON.stringify(fields).slice(1)}`),
        ),
      }),
      fc.boolean(),
    )
    .map(([text, around, blanks]) => (blanks ? spaced(event(text, around)) : event(text, around)));
  fc.assert(agreesWithJsonParse(parseEvent, events), { numRuns: 3_000 });
});

test.each([
  ['text', event('"Hello"')],
  ['text with blanks behind the colons', spaced(event('"Hello"'))],
  ['thoughts', event('"Hm"', { thought: ',"thought":true' })],
  ['thoughts with blanks', spaced(event('"Hm"', { thought: ',"thought":true' }))],
  ['no index', event('"é 世\u{1f600}"', { index: '' })],
])('of the usual event only what stands behind the candidates is parsed: %s', (_name, data) => {
  const value: unknown = JSON.parse(data);
  const parse = jest.spyOn(JSON, 'parse');
  expect(parseEvent(data)).toEqual(value);
  expect(parse.mock.calls).toEqual([[`{${data.slice(data.indexOf('"usageMetadata"'))}`]]);
  parse.mockRestore();
});
