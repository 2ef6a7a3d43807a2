/** Pieces of an answer's body as one: a stream's events often come in dozens with one read of the socket. */
import { channel } from 'node:diagnostics_channel';

const listeners = channel('undici:request:bodyChunkReceived');

/** Whether a piece that comes now is also given to a listener of undici's, who may keep it. */
export function isListenedTo(): boolean {
  return listeners.hasSubscribers;
}

/**
 * Pieces of one read lie in one memory, with nothing but the framing of HTTP's chunks between them: they are moved together
 * over it. A copy would be of memory outside of V8's heap, and V8 collects its whole heap the more often the more of that
 * is taken: a stream cost half as much again. Pieces that lie elsewhere are copied.
 * @param pieces In the order they came, at least one. Their memory is the result's from here on.
 * @param areKept Somebody else may have kept them: they are copied.
 */
export function joinPieces(pieces: readonly Buffer[], areKept: boolean): Buffer {
  const [first] = pieces as [Buffer];
  if (areKept) return Buffer.concat(pieces);
  const memory = new Uint8Array(first.buffer);
  const start = first.byteOffset;
  /** Behind what is joined, and behind where its last piece lay. */
  let end = start;
  let behind = start;
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index] as Buffer;
    const from = piece.byteOffset;
    if (piece.buffer !== first.buffer || (from !== behind && !isFraming(memory, behind, from)))
      return Buffer.concat([Buffer.from(first.buffer, start, end - start), ...pieces.slice(index)]);
    behind = from + piece.length;
    if (from !== end) memory.copyWithin(end, from, behind);
    end += piece.length;
  }
  return Buffer.from(first.buffer, start, end - start);
}

/** Whether there is a line end, the size of a chunk, and a line end: memory of nobody else's. */
function isFraming(memory: Uint8Array, from: number, to: number): boolean {
  if (
    to - from < 5 ||
    to - from > MAX_FRAMING_BYTES ||
    !isLineEnd(memory, from) ||
    !isLineEnd(memory, to - 2)
  )
    return false;
  for (let at = from + 2; at < to - 2; at += 1) if (!isHexDigit(memory[at] as number)) return false;
  return true;
}

/** Two line ends, and a size of up to 8 digits. */
const MAX_FRAMING_BYTES = 12;

function isLineEnd(memory: Uint8Array, at: number): boolean {
  return memory[at] === 0x0d && memory[at + 1] === 0x0a;
}

function isHexDigit(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}
