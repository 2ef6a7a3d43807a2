/** Checks that bytes which arrive in chunks are UTF-8. */
import { isUtf8 } from 'node:buffer';

export interface Utf8Check {
  /**
   * Where the first bad sequence of the next chunk begins: negative when that was in the chunk before, the chunk's
   * length when all is well. A character that the end of the chunk cuts is judged with the next one.
   * @param asciiLength How much at the beginning is known to be ASCII.
   */
  findBad(chunk: Uint8Array, asciiLength?: number): number;
}

export function createUtf8Check(): Utf8Check {
  return new Check();
}

class Check implements Utf8Check {
  /** The bytes of the cut character; undefined in nearly all cases. */
  private cut: number[] | undefined = undefined;

  findBad(chunk: Uint8Array, asciiLength = 0): number {
    const from = this.cut === undefined ? asciiLength : this.completeCut(this.cut, chunk);
    if (from < 0) return from;
    const to = chunk.length - cutLength(chunk, from, chunk.length);
    const whole = to - from === chunk.length ? chunk : chunk.subarray(from, to);
    if (!isUtf8(whole)) return from + findBadSequence(whole);
    if (to < chunk.length) this.cut = [...chunk.subarray(to)];
    return chunk.length;
  }

  /** @returns where the next character begins, or minus the number of cut bytes when they do not make one. */
  private completeCut(cut: number[], chunk: Uint8Array): number {
    const cutBytes = cut.length;
    const needed = sequenceLength(cut[0]!);
    let at = 0;
    while (at < chunk.length && cut.length < needed && isContinuation(chunk[at]!)) cut.push(chunk[at++]!);
    if (cut.length < needed) return at < chunk.length ? -cutBytes : at;
    this.cut = undefined;
    return isUtf8(Uint8Array.from(cut)) ? at : -cutBytes;
  }
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** As the first byte promises. */
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** How many bytes at the end of the range are the beginning of a character that needs more. */
function cutLength(bytes: Uint8Array, from: number, to: number): number {
  let first = to - 1;
  while (first > from && first > to - 4 && isContinuation(bytes[first]!)) first--;
  return first >= from && sequenceLength(bytes[first]!) > to - first ? to - first : 0;
}

/** By halving: a body of megabytes is checked some twenty times and not byte by byte. */
function findBadSequence(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isUtf8(bytes.subarray(0, middle - cutLength(bytes, 0, middle)))) good = middle;
    else bad = middle;
  }
  return good - cutLength(bytes, 0, good);
}
