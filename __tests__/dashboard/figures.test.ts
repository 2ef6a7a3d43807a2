import { addUp, costOf, stack, toChartData, tokensOf } from '../../lib/dashboard/page/figures.ts';
import type { UsageReport, UsageSums } from '../../lib/status/report.ts';

function sums(changes: Partial<UsageSums>): UsageSums {
  return {
    requests: 0,
    errors: 0,
    clientLeft: 0,
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    unknownUsage: 0,
    costUsd: 0,
    unknownCost: 0,
    latencyMs: undefined,
    firstByteMs: undefined,
    ...changes,
  };
}

describe('tokens and cost of several calls', () => {
  test.each([
    ['without calls are nothing', {}, 0, 0],
    ['are added up', { requests: 2, promptTokens: 10, completionTokens: 5, costUsd: 0.5 }, 15, 0.5],
    [
      'leave out the calls that did not tell',
      { requests: 3, promptTokens: 10, unknownUsage: 1, costUsd: 0.5, unknownCost: 2 },
      10,
      0.5,
    ],
    ['are unknown where no call told', { requests: 2, unknownUsage: 2, unknownCost: 2 }, null, null],
    [
      'may be known as tokens and unknown as money',
      { requests: 1, promptTokens: 7, unknownCost: 1 },
      7,
      null,
    ],
    ['may truly be none', { requests: 1 }, 0, 0],
    [
      'are known in part where every stream broke off',
      {
        requests: 1,
        promptTokens: 1000,
        completionTokens: 1,
        unknownUsage: 1,
        costUsd: 0.005,
        unknownCost: 1,
      },
      1001,
      0.005,
    ],
  ])('%s', (_, changes, tokens, cost) => {
    expect([tokensOf(sums(changes)), costOf(sums(changes))]).toEqual([tokens, cost]);
  });
});

test('the clouds of a window add up, but for their percentiles', () => {
  const one = sums({ requests: 1, errors: 1, promptTokens: 3, costUsd: 0.25, latencyMs: { p50: 1, p95: 2 } });
  const other = sums({
    requests: 2,
    clientLeft: 1,
    completionTokens: 4,
    unknownUsage: 1,
    unknownCost: 1,
    costUsd: 0.5,
  });
  expect(addUp([one, other])).toEqual({
    requests: 3,
    errors: 1,
    clientLeft: 1,
    promptTokens: 3,
    completionTokens: 4,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    unknownUsage: 1,
    costUsd: 0.75,
    unknownCost: 1,
  });
});

describe('a chart', () => {
  const report: UsageReport = {
    window: 'hour',
    from: 1000,
    to: 1350,
    stepMs: 100,
    points: [
      { start: 1100, clouds: { openai: sums({ requests: 2 }) } },
      {
        start: 1300,
        clouds: { openai: sums({ requests: 1, unknownUsage: 1 }), google: sums({ requests: 4 }) },
      },
    ],
    totals: {},
    inFlight: {},
    recent: [],
    prices: { source: '', asOf: '' },
  };

  test('has every step of the window, also those without calls', () => {
    expect(toChartData(report, ['openai', 'google', 'constructor'], (step) => step.requests, 0)).toEqual({
      starts: [1000, 1100, 1200, 1300],
      values: [
        [0, 2, 0, 1],
        [0, 0, 0, 4],
        [0, 0, 0, 0],
      ],
      idle: 0,
    });
  });

  test('keeps what is unknown apart from what is nothing', () => {
    expect(toChartData(report, ['openai'], tokensOf, 0).values).toEqual([[0, 0, 0, null]]);
    expect(toChartData(report, ['openai'], () => 5, null).values).toEqual([[null, 5, null, 5]]);
  });

  test('puts each cloud on top of those before it', () => {
    expect(
      stack([
        [1, null, 3],
        [null, 2, 1],
        [4, 1, 0],
      ]),
    ).toEqual([
      [1, 0, 3],
      [1, 2, 4],
      [5, 3, 4],
    ]);
    expect(stack([])).toEqual([]);
  });
});
