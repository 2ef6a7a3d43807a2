/** Pieces of an answer's body that came with one read of the socket. */
import diagnostics from 'node:diagnostics_channel';
import fc from 'fast-check';
import { createModelRule, type CloudDecision } from '../lib/model.ts';
import { Cancellation } from '../lib/transport/cancellation.ts';
import { joinPieces } from '../lib/transport/join.ts';
import { readBody } from '../lib/transport/read.ts';
import { createTransport } from '../lib/transport/send.ts';
import { chunk, startRawCloud, STREAM_HEAD } from './support/raw-cloud.ts';

const MODEL = createModelRule({ prefixes: ['openai'] }).decide('openai:gpt-5.4') as CloudDecision;

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
      const joined = joinPieces(pieces, false);
      expect(joined.toString()).toBe(list.join(''));
      expect(joined.buffer).toBe(memory.buffer);
      expect(memory.toString()).toMatch(/^HEAD[^]*TAIL$/);
    }),
  );
});

test('pieces that touch each other are joined in their own memory', () => {
  const { memory, pieces } = readOf(words, () => '');
  const joined = joinPieces(pieces, false);
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
  expect(joinPieces(pieces, false).toString()).toBe(words.join(''));
  expect(memory.toString()).toBe(before);
});

test('pieces of several reads are joined', () => {
  const reads = [readOf(words, framing), readOf(words, framing), readOf(words, framing)];
  const joined = joinPieces(
    reads.flatMap(({ pieces }) => pieces),
    false,
  );
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
  expect(joinPieces([first, other], false).toString()).toBe(`${words[0]}other`);
  expect(memory.toString()).toBe(before);
});

test('a size may have 8 digits in any letters', () => {
  const { memory, pieces } = readOf(words, () => '\r\n09afAF42\r\n');
  const joined = joinPieces(pieces, false);
  expect(joined.toString()).toBe(words.join(''));
  expect(joined.buffer).toBe(memory.buffer);
});

test('pieces that lie in another order are joined in the order they came', () => {
  const { memory, pieces } = readOf(words, framing);
  const before = memory.toString();
  expect(joinPieces(pieces.toReversed(), false).toString()).toBe(words.toReversed().join(''));
  expect(memory.toString()).toBe(before);
});

test('a single piece is its own', () => {
  const { memory, pieces } = readOf(['data: one\n\n'], framing);
  expect(joinPieces(pieces, false)).toEqual(memory.subarray(4, -4));
});

test('pieces that somebody else has kept are left as they are', () => {
  const { memory, pieces } = readOf(words, framing);
  const before = memory.toString();
  expect(joinPieces(pieces, true).toString()).toBe(words.join(''));
  expect(memory.toString()).toBe(before);
});

test("undici's pieces are left as they are for whoever listened when they came", async () => {
  const kept: Buffer[] = [];
  const keep = (message: unknown): void => void kept.push((message as { chunk: Buffer }).chunk);
  // It records one answer, and goes at its end: that is before the last pieces are handed on.
  const leave = (): void => {
    diagnostics.unsubscribe('undici:request:bodyChunkReceived', keep);
    diagnostics.unsubscribe('undici:request:trailers', leave);
  };
  diagnostics.subscribe('undici:request:bodyChunkReceived', keep);
  diagnostics.subscribe('undici:request:trailers', leave);
  const cloud = await startRawCloud(({ socket }) =>
    socket.write(`${STREAM_HEAD}${words.map(chunk).join('')}0\r\n\r\n`),
  );
  const transport = createTransport('OpenAI', cloud.url, { connectMs: 1e4, firstByteMs: 1e4, idleMs: 1e4 });
  const call = { path: '/', headers: {}, body: Buffer.from('{}'), cancellation: new Cancellation() };
  const answer = await readBody(await transport.send(MODEL, call));
  expect(answer.toString()).toBe(words.join(''));
  expect(kept.map(String)).toEqual(words);
  await transport.close();
  await cloud.close();
});
