/** The fast way through JSON strings: a picture is megabytes of base64. */
import { createLoop, LONGEST_PIECE, QUOTE, type Loop } from './json-skip-loop.ts';

/** One for all bodies. */
const loop = createLoop();

/** What of a chunk is there for the loop to look at: from where to where in the chunk. */
let loadedFrom = 0;
let loadedTo = 0;

/** To be called before another chunk, or one that may have changed. */
export function forgetChunk(): void {
  loadedFrom = 0;
  loadedTo = 0;
}

/**
 * Over plain characters, to the first quote, backslash or control character.
 * @returns at most `to`; `from` where there is no such loop, and the scanner goes on byte by byte.
 */
export function skipPlain(bytes: Uint8Array, from: number, to: number): number {
  return loop === undefined ? from : skip(loop.skip, bytes, from, to);
}

/** Over what base64 is made of, from the beginning: all of it is ASCII, and plain. */
export function skipBase64(bytes: Uint8Array): number {
  return loop === undefined ? 0 : skip(loop.skipBase64, bytes, 0, bytes.length);
}

function skip(find: Loop['skip'], bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (at < loadedFrom || at >= loadedTo) load(bytes, at, to);
    at = loadedFrom + find(at - loadedFrom);
    if (at < loadedTo) break;
  }
  return Math.min(at, to);
}

function load(bytes: Uint8Array, from: number, to: number): void {
  const { memory } = loop as Loop;
  loadedFrom = from;
  loadedTo = Math.min(from + LONGEST_PIECE, to);
  memory.set(bytes.subarray(from, loadedTo));
  memory[loadedTo - from] = QUOTE;
}
