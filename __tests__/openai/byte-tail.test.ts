/** The first and the last bytes of a stream, in whatever pieces it comes. */
import fc from 'fast-check';
import { ByteTail, HEAD_BYTES } from '../../lib/openai/byte-tail.ts';

const LIMIT = 2 * HEAD_BYTES;

/** Sizes on both sides of what is kept, so that the bytes lie in every way they can. */
const sizes = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: HEAD_BYTES - 2, max: HEAD_BYTES + 2 }),
    fc.integer({ min: LIMIT - 2, max: LIMIT + 2 }),
    fc.integer({ min: 1, max: 3 * LIMIT }),
  ),
  { maxLength: 12 },
);

/** No two places near each other are alike. */
function bytesOf(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8) * 31) & 0xff));
}

/** A character for each byte: compared and shown faster than bytes are. */
function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

test('it is the same whatever the pieces, and whenever it is read', () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 1, max: 300 }),
      (list, readAt, count) => {
        const all = bytesOf(list.reduce((sum, size) => sum + size, 0));
        const tail = new ByteTail(LIMIT);
        let at = 0;
        let before = Buffer.alloc(0);
        for (const [index, size] of list.entries()) {
          const piece = Buffer.from(all.subarray(at, at + size));
          tail.add(piece);
          // The owner of the bytes does with them what it likes once the next ones come.
          before.fill(0);
          before = piece;
          at += size;
          if (index !== readAt) continue;
          expect(textOf(tail.tail)).toBe(textOf(all.subarray(Math.max(0, at - LIMIT), at)));
          expect(textOf(tail.head)).toBe(textOf(all.subarray(0, Math.min(at, HEAD_BYTES))));
        }
        expect(textOf(tail.last(count))).toBe(textOf(all.subarray(Math.max(0, at - count))));
        expect(textOf(tail.tail)).toBe(textOf(all.subarray(Math.max(0, at - LIMIT))));
        expect(textOf(tail.head)).toBe(textOf(all.subarray(0, HEAD_BYTES)));
      },
    ),
    { numRuns: 300 },
  );
});

test('a piece is copied once the next one comes', () => {
  const tail = new ByteTail(LIMIT);
  const piece = Buffer.from('first');
  tail.add(piece);
  tail.add(Buffer.from(' second'));
  piece.fill('x');
  expect(tail.tail.toString()).toBe('first second');
});

test('an answer in one piece is not copied', () => {
  const piece = bytesOf(LIMIT / 2);
  const tail = new ByteTail(LIMIT);
  tail.add(piece);
  expect(tail.head.buffer).toBe(piece.buffer);
  expect(tail.tail.buffer).toBe(piece.buffer);
  expect(textOf(tail.tail)).toBe(textOf(piece));
});

test.each([0, 1, LIMIT])('a last piece of the limit and %d bytes is not copied', (more) => {
  const piece = bytesOf(LIMIT + more);
  const tail = new ByteTail(LIMIT);
  tail.add(bytesOf(10));
  tail.add(piece);
  expect(tail.tail.buffer).toBe(piece.buffer);
  expect(textOf(tail.tail)).toBe(textOf(piece.subarray(-LIMIT)));
});

test('a few last bytes are copied only where the last piece is shorter', () => {
  const tail = new ByteTail(LIMIT);
  tail.add(Buffer.from('first'));
  // In memory of its own: small buffers of Node's share one.
  const piece = Buffer.from(Uint8Array.from(bytesOf(20)).buffer);
  tail.add(piece);
  expect(tail.last(20).buffer).toBe(piece.buffer);
  expect(textOf(tail.last(21))).toBe(`t${textOf(piece)}`);
});

test('a look at a few of the last bytes copies none of them', () => {
  const tail = new ByteTail(LIMIT);
  const all = bytesOf(LIMIT + 100);
  tail.add(all);
  // Shorter than what is asked for, as comments between events are.
  tail.add(Buffer.from('short'));
  const [last, again] = [tail.last(48), tail.last(48)];
  expect(textOf(last)).toBe(`${textOf(all.subarray(-43))}short`);
  expect(again.buffer).toBe(last.buffer);
  expect(tail.last(0)).toHaveLength(0);
});
