/** What the overview shows, worked out from the report. Null stands for unknown: it is never shown as 0. */
import type { UsageReport, UsageSums } from './types.ts';

/** Tokens in and out; null where the cloud told none for any call. */
export function tokensOf(sums: UsageSums): number | null {
  return known(sums.promptTokens + sums.completionTokens, sums.requests, sums.unknownUsage);
}

/** US dollars; null where nothing is known of any call's cost. */
export function costOf(sums: UsageSums): number | null {
  return known(sums.costUsd, sums.requests, sums.unknownCost);
}

/** Of calls whose streams broke off a part can be known. */
function known(sum: number, requests: number, unknown: number): number | null {
  return sum === 0 && requests > 0 && unknown >= requests ? null : sum;
}

const SUMMED = [
  'requests',
  'errors',
  'clientLeft',
  'promptTokens',
  'completionTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'unknownUsage',
  'costUsd',
  'unknownCost',
] as const;

/** Everything that can be added up; percentiles cannot. */
export type Totals = Pick<UsageSums, (typeof SUMMED)[number]>;

export function addUp(all: readonly UsageSums[]): Totals {
  const total = (field: (typeof SUMMED)[number]): number => all.reduce((sum, sums) => sum + sums[field], 0);
  return Object.fromEntries(SUMMED.map((field) => [field, total(field)])) as Totals;
}

/** One chart's numbers. */
export interface ChartData {
  /** Start of every step of the window, Unix milliseconds. */
  readonly starts: readonly number[];
  /** By cloud, one value per step; null: unknown, or nothing to measure. */
  readonly values: readonly (readonly (number | null)[])[];
  /** What stands for a step without calls. */
  readonly idle: 0 | null;
}

/**
 * @param valueOf What the chart shows of a cloud's step.
 * @param idle What it shows of a step without calls.
 */
export function toChartData(
  report: UsageReport,
  prefixes: readonly string[],
  valueOf: (sums: UsageSums) => number | null,
  idle: 0 | null,
): ChartData {
  const points = new Map(report.points.map((point) => [point.start, new Map(Object.entries(point.clouds))]));
  const starts: number[] = [];
  for (let start = report.from; start < report.to; start += report.stepMs) starts.push(start);
  const values = prefixes.map((prefix) =>
    starts.map((start) => {
      const sums = points.get(start)?.get(prefix);
      return sums === undefined ? idle : valueOf(sums);
    }),
  );
  return { starts, values, idle };
}

/** Each cloud on top of those before it. */
export function stack(values: ChartData['values']): number[][] {
  const heights: number[] = [];
  return values.map((row) =>
    row.map((value, index) => {
      const height = (heights[index] ?? 0) + (value ?? 0);
      heights[index] = height;
      return height;
    }),
  );
}
