import fc from 'fast-check';
import { replaceHalfCharacters } from '../../lib/openai/half-characters.ts';

test.each([
  ['the first half', 'cut \ud83d', 'cut \ufffd'],
  ['the second half', '\ude00 cut', '\ufffd cut'],
  ['halves in the wrong order', '\ude00\ud83d', '\ufffd\ufffd'],
  ['a whole character', '\ud83d\ude00', '\ud83d\ude00'],
  ['text that looks like an escape', '\\ud83d \\\\ud83d', '\\ud83d \\\\ud83d'],
  ['a half behind a backslash', '\\\ud83d', '\\\ufffd'],
  ['control characters', '\u001f\n"\ud83d', '\u001f\n"\ufffd'],
])('%s', (_case, text, clean) => {
  expect(JSON.parse(replaceHalfCharacters(JSON.stringify({ [text]: text })))).toEqual({ [clean]: clean });
});

test('any text comes out as UTF-8 would have it', () => {
  const units = fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"'), fc.string());
  fc.assert(
    fc.property(fc.array(units), (parts) => {
      const text = parts.join('');
      expect(JSON.parse(replaceHalfCharacters(JSON.stringify(text)))).toBe(Buffer.from(text).toString());
    }),
  );
});
