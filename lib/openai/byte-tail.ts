/** The first and the last bytes of a stream, copied: a slice would keep a whole socket read in memory. */

export const HEAD_BYTES: number = 4 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class ByteTail {
  /** How many bytes came by. */
  total = 0;
  /** A ring once it has its full size; until then the bytes lie in order. */
  #ring: Buffer = NO_BYTES;
  #head: Buffer | undefined;
  readonly #limit: number;

  /** @param limit How many of the last bytes are kept. Not less than `HEAD_BYTES`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    let rest = chunk;
    if (this.total < this.#limit) {
      rest = chunk.subarray(this.#fill(chunk));
      if (rest.length === 0) return;
    }
    this.#head ??= Buffer.from(this.#ring.subarray(0, HEAD_BYTES));
    this.#turn(rest);
  }

  /** The first bytes; all of them while they are few. */
  get head(): Buffer {
    return this.#head ?? this.#ring.subarray(0, Math.min(this.total, HEAD_BYTES));
  }

  /** The last bytes; all of them while they are few. */
  get tail(): Buffer {
    if (this.total <= this.#limit) return this.#ring.subarray(0, this.total);
    const seam = this.total % this.#limit;
    return Buffer.concat([this.#ring.subarray(seam), this.#ring.subarray(0, seam)]);
  }

  /** A few of the last bytes. @param count Of them, at most. */
  last(count: number): Buffer {
    const end = this.total > this.#limit ? this.total % this.#limit : this.total;
    return end >= count ? this.#ring.subarray(end - count, end) : this.tail.subarray(-count);
  }

  /** @returns how many bytes of the chunk found room. */
  #fill(chunk: Buffer): number {
    const wanted = Math.min(this.total + chunk.length, this.#limit);
    if (wanted > this.#ring.length) this.#grow(wanted);
    const copied = chunk.copy(this.#ring, this.total, 0, wanted - this.total);
    this.total += copied;
    return copied;
  }

  #grow(wanted: number): void {
    // No more than asked for at first: thousands of streams can be open, and many are silent for long.
    const larger = Buffer.allocUnsafe(Math.min(Math.max(wanted, this.#ring.length * 2), this.#limit));
    this.#ring.copy(larger, 0, 0, this.total);
    this.#ring = larger;
  }

  #turn(bytes: Buffer): void {
    // Of a chunk larger than the ring only its end is worth copying.
    const skipped = Math.max(0, bytes.length - this.#limit);
    this.total += skipped;
    const at = this.total % this.#limit;
    const copied = bytes.copy(this.#ring, at, skipped);
    if (skipped + copied < bytes.length) bytes.copy(this.#ring, 0, skipped + copied);
    this.total += bytes.length - skipped;
  }
}
