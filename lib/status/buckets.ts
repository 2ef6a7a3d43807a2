/** Sums by time: a ring of steps whose memory is taken once and used again. */
import type { CallRecord } from './record.ts';
import { Tally } from './tally.ts';

/** One step's sums by prefix. */
interface Bucket {
  /** Unix milliseconds. */
  start: number;
  readonly tallies: Map<string, Tally>;
}

export class Buckets {
  readonly #stepMs: number;
  readonly #count: number;
  readonly #ring: (Bucket | undefined)[] = [];

  /** @param count How many steps are kept, the running one included. */
  constructor(stepMs: number, count: number) {
    this.#stepMs = stepMs;
    this.#count = count;
  }

  /** @param now Unix milliseconds. */
  add(now: number, record: CallRecord, costUsd: number | undefined): void {
    const step = Math.floor(now / this.#stepMs);
    const start = step * this.#stepMs;
    const bucket = (this.#ring[step % this.#count] ??= { start, tallies: new Map() });
    if (bucket.start !== start) {
      bucket.start = start;
      for (const tally of bucket.tallies.values()) tally.clear();
    }
    let tally = bucket.tallies.get(record.provider);
    if (tally === undefined) bucket.tallies.set(record.provider, (tally = new Tally()));
    tally.add(record, costUsd);
  }

  /**
   * Sums from one moment to another, in steps that may be longer than those kept. Oldest first, steps without calls
   * left out.
   * @param from Start of a step. Unix milliseconds, as `to`, which is the last that counts.
   */
  read(from: number, to: number, stepMs: number): Map<number, Map<string, Tally>> {
    const kept = this.#ring
      .filter(
        (bucket): bucket is Bucket => bucket !== undefined && bucket.start >= from && bucket.start <= to,
      )
      .toSorted((a, b) => a.start - b.start);
    const steps = new Map<number, Map<string, Tally>>();
    for (const { start, tallies } of kept) {
      const step = start - ((start - from) % stepMs);
      for (const [prefix, tally] of tallies) {
        if (tally.isEmpty) continue;
        let sums = steps.get(step);
        if (sums === undefined) steps.set(step, (sums = new Map<string, Tally>()));
        mergeInto(sums, prefix, tally);
      }
    }
    return steps;
  }
}

export function mergeInto(sums: Map<string, Tally>, prefix: string, tally: Tally): void {
  let sum = sums.get(prefix);
  if (sum === undefined) sums.set(prefix, (sum = new Tally()));
  sum.merge(tally);
}
