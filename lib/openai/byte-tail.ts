/**
 * The first and the last bytes of a stream. They are copied, because a slice would keep a whole socket read in memory; only
 * the newest piece is not before the next one comes, so that an answer in one or two pieces is hardly copied at all.
 */

export const HEAD_BYTES: number = 4 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class ByteTail {
  #newest: Buffer = NO_BYTES;
  /** How many bytes came by before the newest. */
  #copied = 0;
  /** A ring once it has its full size; until then the bytes lie in order. */
  #ring: Buffer = NO_BYTES;
  #head: Buffer | undefined;
  readonly #limit: number;

  /** @param limit How many of the last bytes are kept. Not less than `HEAD_BYTES`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#settle();
    this.#newest = chunk;
  }

  /** The first bytes; all of them while they are few. */
  get head(): Buffer {
    if (this.#copied === 0) return this.#newest.subarray(0, HEAD_BYTES);
    this.#settle();
    return this.#head ?? this.#ring.subarray(0, Math.min(this.#copied, HEAD_BYTES));
  }

  /** The last bytes; all of them while they are few. */
  get tail(): Buffer {
    if (this.#copied === 0 || this.#newest.length >= this.#limit) return this.#newest.subarray(-this.#limit);
    this.#settle();
    if (this.#copied <= this.#limit) return this.#ring.subarray(0, this.#copied);
    const seam = this.#copied % this.#limit;
    return Buffer.concat([this.#ring.subarray(seam), this.#ring.subarray(0, seam)]);
  }

  /** A few of the last bytes. @param count Of them, at most. */
  last(count: number): Buffer {
    const { length } = this.#newest;
    if (length >= count) return this.#newest.subarray(length - count);
    this.#settle();
    // Behind the newest byte in the ring. What goes over its seam is copied, once in a round.
    const end = ((this.#copied - 1) % this.#limit) + 1;
    return end < count ? this.tail.subarray(-count) : this.#ring.subarray(end - count, end);
  }

  /** Copies the newest piece. */
  #settle(): void {
    const piece = this.#newest;
    this.#newest = NO_BYTES;
    const rest = this.#copied < this.#limit ? piece.subarray(this.#fill(piece)) : piece;
    if (rest.length === 0) return;
    this.#head ??= Buffer.from(this.#ring.subarray(0, HEAD_BYTES));
    this.#turn(rest);
  }

  /** @returns how many bytes of the chunk found room. */
  #fill(chunk: Buffer): number {
    const wanted = Math.min(this.#copied + chunk.length, this.#limit);
    if (wanted > this.#ring.length) this.#grow(wanted);
    const copied = chunk.copy(this.#ring, this.#copied, 0, wanted - this.#copied);
    this.#copied += copied;
    return copied;
  }

  #grow(wanted: number): void {
    // No more than asked for at first: thousands of streams can be open, and many are silent for long.
    const larger = Buffer.allocUnsafe(Math.min(Math.max(wanted, this.#ring.length * 2), this.#limit));
    this.#ring.copy(larger, 0, 0, this.#copied);
    this.#ring = larger;
  }

  #turn(bytes: Buffer): void {
    // Of a chunk larger than the ring only its end is worth copying.
    const skipped = Math.max(0, bytes.length - this.#limit);
    this.#copied += skipped;
    const at = this.#copied % this.#limit;
    const copied = bytes.copy(this.#ring, at, skipped);
    bytes.copy(this.#ring, 0, skipped + copied);
    this.#copied += bytes.length - skipped;
  }
}
