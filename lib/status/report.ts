/** What `router.usage()` answers: how often, how fast and how dear each cloud was. Plain data, fit for JSON. */
import type { CallRecord } from './record.ts';

/** `hour`: the last 60 minutes by the minute; `day`: 24 hours by 15 minutes; `month`: 30 days by the day (UTC). */
export type UsageWindow = 'hour' | 'day' | 'month';

/** Sums over the calls of one cloud. */
export interface UsageSums {
  readonly requests: number;
  /** Calls with an error code or a status of 400 and above, unless nobody waited for the answer any more. */
  readonly errors: number;
  /** Calls whose client went away, or whose host answered in our place. */
  readonly clientLeft: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** Calls whose tokens the cloud did not tell, or not to the end: of a stream that broke off the sums hold a part. */
  readonly unknownUsage: number;
  /** US dollars, an estimate; the sum over what is known. */
  readonly costUsd: number;
  /** Calls whose cost is unknown: no price, or not all tokens. `costUsd` holds what is known of them. */
  readonly unknownCost: number;
  /** Milliseconds from the call's arrival to its end; undefined without calls. */
  readonly latencyMs: Percentiles | undefined;
  /** Milliseconds to the cloud's headers; undefined without calls. */
  readonly firstByteMs: Percentiles | undefined;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

export interface UsagePoint {
  /** Start of the step, Unix milliseconds. */
  readonly start: number;
  /** By prefix; a cloud without calls in this step is absent. */
  readonly clouds: { readonly [prefix: string]: UsageSums };
}

/** One of the last calls, as the table of the dashboard shows it. */
export interface RecentCall extends CallRecord {
  /** Counts up from 1 since the start of the process. */
  readonly number: number;
  /** US dollars, an estimate; undefined where it is unknown. */
  readonly costUsd: number | undefined;
}

export interface UsageReport {
  readonly window: UsageWindow;
  /** Unix milliseconds of the first step's start and of now. */
  readonly from: number;
  readonly to: number;
  /** Length of a step, milliseconds. */
  readonly stepMs: number;
  /** Steps with calls, oldest first. A step without is absent. */
  readonly points: readonly UsagePoint[];
  /** Over the whole window, by prefix. */
  readonly totals: { readonly [prefix: string]: UsageSums };
  /** Open calls right now, by prefix; absent where there is none. */
  readonly inFlight: { readonly [prefix: string]: number };
  /** At most 200, newest first. */
  readonly recent: readonly RecentCall[];
  readonly prices: {
    /** Where the prices come from, e.g. `@pydantic/genai-prices 0.1.8`. */
    readonly source: string;
    /** Of which day they are, `YYYY-MM-DD`. */
    readonly asOf: string;
  };
}
