/** Pieces of an answer's body that came with one read of the socket. */
import diagnostics from 'node:diagnostics_channel';
import fc from 'fast-check';
import { joinPieces } from '../lib/transport/join.ts';

/** A read of a socket, and the pieces of it that an HTTP parser makes of it. */
interface Read {
  readonly memory: Buffer;
  readonly pieces: Buffer[];
}

/** @param between What stands before each piece but the first. @param before What the read begins with. */
function readOf(texts: readonly string[], between: (text: string) => string, before = 'HEAD'): Read {
  const parts = texts.flatMap((text, index) => [index === 0 ? before : between(text), text]);
  const bytes = Buffer.from([...parts, 'TAIL'].join(''));
  const memory = Buffer.from(new ArrayBuffer(bytes.length));
  bytes.copy(memory);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const length = Buffer.byteLength(part);
    if (index % 2 === 1) pieces.push(memory.subarray(at, at + length));
    at += length;
  }
  return { memory, pieces };
}

const framing = (text: string): string => `\r\n${Buffer.byteLength(text).toString(16)}\r\n`;
const words = ['data: one\n\n', 'data: zwölf\n\n', 'data: three\n\n'];

const texts = fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 40 });

test('pieces of one read are joined in their own memory', () => {
  fc.assert(
    fc.property(texts, (list) => {
      const { memory, pieces } = readOf(list, framing);
      const joined = joinPieces(pieces);
      expect(joined.toString()).toBe(list.join(''));
      expect(joined.buffer).toBe(memory.buffer);
      expect(memory.toString()).toMatch(/^HEAD[^]*TAIL$/);
    }),
  );
});

test('pieces that touch each other are joined in their own memory', () => {
  const { memory, pieces } = readOf(words, () => '');
  const joined = joinPieces(pieces);
  expect(joined.toString()).toBe(words.join(''));
  expect(joined.buffer).toBe(memory.buffer);
});

test.each([
  ['memory of somebody else', () => 'not ours'],
  ['no return before the size', () => 'x\n2a\r\n'],
  ['no line feed before the size', () => '\rx2a\r\n'],
  ['no return behind the size', () => '\r\n2ax\n'],
  ['no line feed behind the size', () => '\r\n2a\rx'],
  ['no size', () => '\r\n\r\n'],
  ['a chunk extension', () => '\r\n2a;x=1\r\n'],
  ['a size of more digits than any', () => '\r\n000000000\r\n'],
  ...Array.from('/:@`gG').map((character): [string, () => string] => [
    character,
    () => `\r\n${character}\r\n`,
  ]),
])('%s between pieces is not overwritten', (_, between) => {
  const { memory, pieces } = readOf(words, between);
  const before = memory.toString();
  expect(joinPieces(pieces).toString()).toBe(words.join(''));
  expect(memory.toString()).toBe(before);
});

test('pieces of several reads are joined', () => {
  const reads = [readOf(words, framing), readOf(words, framing), readOf(words, framing)];
  const joined = joinPieces(reads.flatMap(({ pieces }) => pieces));
  expect(joined.toString()).toBe(words.join('').repeat(3));
});

test('memory of another read is not taken for that of the first', () => {
  const { memory, pieces } = readOf(words, framing);
  const before = memory.toString();
  const [first, second] = pieces as [Buffer, Buffer];
  // As far behind the first piece as the second lies, but elsewhere.
  const other = Buffer.from(new ArrayBuffer(memory.length)).subarray(
    second.byteOffset,
    second.byteOffset + 5,
  );
  other.write('other');
  expect(joinPieces([first, other]).toString()).toBe(`${words[0]}other`);
  expect(memory.toString()).toBe(before);
});

test('a size may have 8 digits in any letters', () => {
  const { memory, pieces } = readOf(words, () => '\r\n09afAF42\r\n');
  const joined = joinPieces(pieces);
  expect(joined.toString()).toBe(words.join(''));
  expect(joined.buffer).toBe(memory.buffer);
});

test('pieces that lie in another order are joined in the order they came', () => {
  const { memory, pieces } = readOf(words, framing);
  const before = memory.toString();
  expect(joinPieces(pieces.toReversed()).toString()).toBe(words.toReversed().join(''));
  expect(memory.toString()).toBe(before);
});

test('a single piece is its own', () => {
  const { memory, pieces } = readOf(['data: one\n\n'], framing);
  expect(joinPieces(pieces)).toEqual(memory.subarray(4, -4));
});

test("undici's pieces are left as they are where somebody listens to them", () => {
  const kept: unknown[] = [];
  const listener = (message: unknown): void => void kept.push(message);
  diagnostics.subscribe('undici:request:bodyChunkReceived', listener);
  try {
    const { memory, pieces } = readOf(words, framing);
    const before = memory.toString();
    expect(joinPieces(pieces).toString()).toBe(words.join(''));
    expect(memory.toString()).toBe(before);
  } finally {
    diagnostics.unsubscribe('undici:request:bodyChunkReceived', listener);
  }
});
