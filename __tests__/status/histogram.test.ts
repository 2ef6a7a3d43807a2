import fc from 'fast-check';
import { Histogram } from '../../lib/status/histogram.ts';

const histogramOf = (...values: number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};

test('nothing added has no percentiles', () => {
  expect(new Histogram().percentiles()).toBeUndefined();
});

test('of one call its time is known exactly, from nothing to hours', () => {
  expect([0, 0.4, 1, 337, 60_000, 9_000_000].map((ms) => histogramOf(ms).percentiles())).toEqual(
    [0, 0, 1, 337, 60_000, 9_000_000].map((ms) => ({ p50: ms, p95: ms })),
  );
});

const BIN = 2 ** 0.25;
/** Percentiles are told in whole milliseconds. */
const WHOLE_MS = 0.5 + 1e-9;

test('percentiles are within a bin, a fourth root of two, of the true ones, also merged out of several', () => {
  const times = fc.array(fc.double({ min: 1, max: 2_000_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(times, times, (left, right) => {
      const merged = histogramOf(...left);
      merged.merge(histogramOf(...right));
      const sorted = [...left, ...right].toSorted((a, b) => a - b);
      const trueAt = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
      const { p50 = 0, p95 = 0 } = merged.percentiles() ?? {};
      for (const [told, real] of [
        [p50, trueAt(0.5)],
        [p95, trueAt(0.95)],
      ] as const) {
        expect(told).toBeLessThanOrEqual(real * BIN + WHOLE_MS);
        expect(told).toBeGreaterThanOrEqual(real / BIN - WHOLE_MS);
      }
      expect(merged.percentiles()).toEqual(histogramOf(...left, ...right).percentiles());
    }),
  );
});

test('cleared, it is as new', () => {
  const histogram = histogramOf(5, 500, 50_000);
  histogram.clear();
  histogram.add(42);
  expect([histogram.count, histogram.percentiles()]).toEqual([1, { p50: 42, p95: 42 }]);
});
