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
  return loop === undefined ? from : skip(loop.memory, loop.skip, bytes, from, to);
}

/** Over what base64 is made of, from the beginning: all of it is ASCII, and plain. */
export function skipBase64(bytes: Uint8Array): number {
  return loop === undefined ? 0 : skip(loop.memory, loop.skipBase64, bytes, 0, bytes.length);
}

function skip(memory: Uint8Array, find: () => number, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  let length = FIRST_PIECE;
  while (at < to) {
    const piece = bytes.subarray(at, Math.min(at + length, to));
    memory.set(piece);
    memory[piece.length] = QUOTE;
    const plain = find();
    at += plain;
    if (plain < piece.length) break;
    length = Math.min(length * 4, LONGEST_PIECE);
  }
  return at;
}
