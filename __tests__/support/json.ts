import fc from 'fast-check';

/**
 * Whether a reader gives and refuses just what `JSON.parse` does, for texts as they are, cut anywhere, or with one
 * character exchanged.
 */
export function agreesWithJsonParse(
  read: (text: string) => unknown,
  texts: fc.Arbitrary<string>,
): fc.IProperty<[string, 'whole' | 'cut' | 'changed', number, string]> {
  return fc.property(
    texts,
    fc.constantFrom('whole', 'cut', 'changed'),
    fc.nat(),
    fc.constantFrom('"', '\\', '}', '{', ',', ':', ' ', '0', 'x', '\n'),
    (text, fate, place, character) => {
      const at = place % (text.length + 1);
      const data =
        fate === 'whole' ? text : text.slice(0, at) + (fate === 'cut' ? '' : character + text.slice(at + 1));
      expect(outcomeOf(read, data)).toEqual(outcomeOf(JSON.parse, data));
    },
  );
}

function outcomeOf(read: (text: string) => unknown, text: string): { value: unknown } | 'refused' {
  try {
    return { value: read(text) };
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return 'refused';
  }
}
