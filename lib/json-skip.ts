/** The fast way through long JSON strings: a picture is megabytes of base64. */
import { createLoop, LONGEST_PIECE, QUOTE } from './json-skip-loop.ts';

/** In bytes: how much is copied for the loop at first; then four times as much each time, so that nothing is copied often. */
const FIRST_PIECE = 1_024;

/** One for all bodies: nothing is kept in it from one call to the next. */
const loop = createLoop();

/**
 * Over plain characters, to the first quote, backslash or control character.
 * @returns at most `to`; `from` where there is no such loop, and the scanner goes on byte by byte.
 */
export function skipLong(bytes: Uint8Array, from: number, to: number): number {
  if (loop === undefined) return from;
  const { memory, skip } = loop;
  let at = from;
  let length = FIRST_PIECE;
  while (at < to) {
    const piece = bytes.subarray(at, Math.min(at + length, to));
    memory.set(piece);
    memory[piece.length] = QUOTE;
    const plain = skip();
    at += plain;
    if (plain < piece.length) break;
    length = Math.min(length * 4, LONGEST_PIECE);
  }
  return at;
}
