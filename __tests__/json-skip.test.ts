import { createLoop } from '../lib/json-skip-loop.ts';
import { forgetChunk, skipBase64, skipPlain } from '../lib/json-skip.ts';

/** By the definition of a string in RFC 8259, for bytes that are UTF-8. */
const isPlain = (byte: number): boolean => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c;

/** More than these are in base64, and nothing that is not plain ASCII. */
const mayBeBase64 = (byte: number): boolean => byte > 0x22 && byte < 0x80 && byte !== 0x5c;

const QUOTE = 0x22;

describe('the loops', () => {
  test.each([
    ['skip', 0x80, isPlain],
    ['skipBase64', 0x41, mayBeBase64],
  ] as const)('%s sees every byte for what it is, wherever it stands', (name, plain, isSkipped) => {
    const loop = createLoop();
    const wrong: number[][] = [];
    for (let at = 0; at < 200; at++) {
      for (let byte = 0; byte < 256; byte++) {
        loop?.memory.fill(plain, 0, 201);
        loop?.memory.set([byte], at);
        loop?.memory.set([QUOTE], 200);
        if (loop?.[name]() !== (isSkipped(byte) ? 200 : at)) wrong.push([at, byte]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('it finds the end behind the longest piece, and what stands beyond is no matter', () => {
    const loop = createLoop();
    loop?.memory.fill(0x41);
    loop?.memory.fill(QUOTE, 65_536);
    expect(loop?.skip()).toBe(65_536);
  });
});

/** About the ends of the pieces that are copied, 64 KB each, and far behind. */
const ENDS = [1_024, 65_536, 131_072, 300_000];
const NEAR_ENDS = ENDS.flatMap((end) => [end - 65, end - 1, end, end + 1, end + 15, end + 64]);

describe('long runs', () => {
  beforeEach(forgetChunk);

  test('it stops at the first byte that is no plain character, in whichever piece it is', () => {
    const found = NEAR_ENDS.map((at) => {
      const bytes = Buffer.alloc(at + 100, 'x');
      bytes[at + 7] = 0x0a;
      bytes[at + 8] = QUOTE;
      forgetChunk();
      return skipPlain(bytes, 7, bytes.length) - 7;
    });
    expect(found).toEqual(NEAR_ENDS);
  });

  test('it goes no further than it is told, and takes nothing from the run before', () => {
    const bytes = Buffer.alloc(400_000, '"');
    skipPlain(bytes, 0, bytes.length);
    const found = NEAR_ENDS.map((to) => {
      bytes.fill('x', 3, to);
      forgetChunk();
      return skipPlain(bytes, 3, to);
    });
    expect(found).toEqual(NEAR_ENDS);
  });

  test('base64 is gone through from the beginning to what is none, or to the end', () => {
    const found = NEAR_ENDS.map((at) => {
      const bytes = Buffer.alloc(at + 100, '/');
      forgetChunk();
      const whole = skipBase64(bytes);
      bytes[at] = 0x20;
      forgetChunk();
      return [whole - 100, skipBase64(bytes)];
    });
    expect(found).toEqual(NEAR_ENDS.map((at) => [at, at]));
    expect(skipBase64(Buffer.alloc(0))).toBe(0);
  });

  test('a window of a larger buffer is read where it stands', () => {
    const bytes = new Uint8Array(6_000).fill(0x78);
    bytes[3_001] = QUOTE;
    expect(skipPlain(new Uint8Array(bytes.buffer, 1, 4_000), 500, 4_000)).toBe(3_000);
  });
});
