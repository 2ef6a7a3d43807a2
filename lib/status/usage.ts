/** The history behind `router.usage()`: in memory, of a size that does not grow, lost with the process. */
import { show } from '../show.ts';
import { Buckets, mergeInto } from './buckets.ts';
import type { Prices } from './prices.ts';
import type { CallRecord } from './record.ts';
import type { RecentCall, UsagePoint, UsageReport, UsageSums, UsageWindow } from './report.ts';
import { Tally } from './tally.ts';

export interface UsageHistory {
  /** A call to that cloud has begun. */
  opened(prefix: string): void;
  /** A call has ended: each `opened` is followed by one of these. */
  add(record: CallRecord): void;
  /** Default: `hour`. @throws TypeError for a window that there is not. */
  report(window?: UsageWindow): UsageReport;
}

export interface UsageHistoryOptions {
  readonly prices: Prices;
  /** Unix milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Steps of a window, the running one included. */
const WINDOWS: Readonly<Record<UsageWindow, { readonly stepMs: number; readonly steps: number }>> = {
  hour: { stepMs: MINUTE_MS, steps: 60 },
  day: { stepMs: 15 * MINUTE_MS, steps: 96 },
  month: { stepMs: DAY_MS, steps: 30 },
};

/** State is kept in what this returns. A call counts for the moment at which it ends. */
export function createUsageHistory({ prices, now = Date.now }: UsageHistoryOptions): UsageHistory {
  const minutes = new Buckets(MINUTE_MS, 24 * 60);
  const days = new Buckets(DAY_MS, 30);
  const recent = new RecentCalls();
  const inFlight = new Map<string, number>();

  return {
    opened(prefix) {
      inFlight.set(prefix, (inFlight.get(prefix) ?? 0) + 1);
    },
    add(record) {
      const at = now();
      const costUsd = prices.costOf(record);
      minutes.add(at, record, costUsd);
      days.add(at, record, costUsd);
      recent.add(record, costUsd);
      const open = (inFlight.get(record.provider) ?? 0) - 1;
      if (open > 0) inFlight.set(record.provider, open);
      else inFlight.delete(record.provider);
    },
    report(window = 'hour') {
      if (!Object.hasOwn(WINDOWS, window))
        throw new TypeError(`router.usage() takes 'hour', 'day' or 'month'; got ${show(window)}.`);
      const { stepMs, steps } = WINDOWS[window];
      const to = now();
      const from = Math.floor(to / stepMs) * stepMs - (steps - 1) * stepMs;
      const sums = (window === 'month' ? days : minutes).read(from, to, stepMs);
      return {
        window,
        from,
        to,
        stepMs,
        points: [...sums].map(([start, clouds]): UsagePoint => ({ start, clouds: toSums(clouds) })),
        totals: toSums(total([...sums.values()])),
        inFlight: Object.fromEntries(inFlight),
        recent: recent.read(),
        prices: { source: prices.source, asOf: prices.asOf },
      };
    },
  };
}

function total(steps: readonly Map<string, Tally>[]): Map<string, Tally> {
  const totals = new Map<string, Tally>();
  for (const step of steps) {
    for (const [prefix, tally] of step) mergeInto(totals, prefix, tally);
  }
  return totals;
}

function toSums(tallies: Map<string, Tally>): { [prefix: string]: UsageSums } {
  return Object.fromEntries([...tallies].map(([prefix, tally]) => [prefix, tally.toSums()]));
}

const MAX_RECENT = 200;
/** Of the fields left out of a request, whose names a client makes up. */
const MAX_DROPPED = 20;
const MAX_NAME_LENGTH = 200;

/** The last calls, the newest in place of the oldest. */
class RecentCalls {
  readonly #calls: { readonly record: CallRecord; readonly costUsd: number | undefined }[] = [];
  #count = 0;

  add(record: CallRecord, costUsd: number | undefined): void {
    this.#calls[this.#count % MAX_RECENT] = { record: withinBounds(record), costUsd };
    this.#count += 1;
  }

  read(): RecentCall[] {
    const newest = this.#count % MAX_RECENT;
    const calls = [...this.#calls.slice(0, newest).toReversed(), ...this.#calls.slice(newest).toReversed()];
    // Only here are they joined: to copy a record costs as much as all the counting.
    return calls.map(({ record, costUsd }, index) => ({ ...record, number: this.#count - index, costUsd }));
  }
}

/** A request can name thousands of fields, of any length. */
function withinBounds(record: CallRecord): CallRecord {
  const { dropped } = record;
  if (dropped.length === 0) return record;
  const names = dropped.slice(0, MAX_DROPPED).map((name) => name.slice(0, MAX_NAME_LENGTH));
  if (dropped.length > MAX_DROPPED) names.push(`+${dropped.length - MAX_DROPPED}`);
  return { ...record, dropped: names };
}
