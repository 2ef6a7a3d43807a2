/** Milliseconds by size, in bins that grow by the fourth root of two: percentiles to within a fifth at worst, in 340 bytes. */
import type { Percentiles } from './report.ts';

/** From under 1 ms to over half an hour: 2^21 ms. */
const BINS = 21 * 4 + 1;

export class Histogram {
  count = 0;
  readonly #bins = new Uint32Array(BINS);
  #min = Infinity;
  #max = 0;

  add(ms: number): void {
    const bin = binOf(ms);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.count += 1;
    if (ms < this.#min) this.#min = ms;
    if (ms > this.#max) this.#max = ms;
  }

  merge(other: Histogram): void {
    if (other.count === 0) return;
    for (let bin = 0; bin < BINS; bin += 1)
      this.#bins[bin] = (this.#bins[bin] ?? 0) + (other.#bins[bin] ?? 0);
    this.count += other.count;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  clear(): void {
    this.#bins.fill(0);
    this.count = 0;
    this.#min = Infinity;
    this.#max = 0;
  }

  /** Undefined where nothing was added. Whole milliseconds. */
  percentiles(): Percentiles | undefined {
    return this.count === 0 ? undefined : { p50: this.#at(0.5), p95: this.#at(0.95) };
  }

  #at(share: number): number {
    const rank = Math.ceil(this.count * share);
    let below = 0;
    let bin = 0;
    for (; bin < BINS; bin += 1) {
      const inBin = this.#bins[bin] ?? 0;
      if (below + inBin >= rank) break;
      below += inBin;
    }
    const within = (rank - below - 0.5) / (this.#bins[bin] ?? 1);
    // The bin's own middle can lie beyond all that was measured: of one call, its time is known to the millisecond.
    return Math.round(Math.min(this.#max, Math.max(this.#min, 2 ** ((bin - 1 + within) / 4))));
  }
}

/** Bin 0 is all below 1 ms. */
function binOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BINS - 1, 1 + Math.floor(Math.log2(ms) * 4));
}
