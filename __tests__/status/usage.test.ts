import type { CallRecord } from '../../lib/status/record.ts';
import type { UsageReport, UsageSums, UsageWindow } from '../../lib/status/report.ts';
import { createPrices } from '../../lib/status/prices.ts';
import { createUsageHistory, type UsageHistory } from '../../lib/status/usage.ts';
import { callRecord, NOW } from './support.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Clock {
  readonly history: UsageHistory;
  /** A call that ends at this moment. */
  call(at: number, changes?: Partial<CallRecord>): void;
  report(at: number, window?: UsageWindow): UsageReport;
}

function startClock(): Clock {
  let now = NOW;
  const history = createUsageHistory({ prices: createPrices(), now: () => now });
  return {
    history,
    call(at, changes = {}) {
      now = at;
      const record = callRecord({ startedAt: at, ...changes });
      history.opened(record.provider);
      history.add(record);
    },
    report(at, window) {
      now = at;
      return history.report(window);
    },
  };
}

const NO_SUMS: UsageSums = {
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
};
/** 100 tokens at 5 dollars and 20 at 25. */
const COST = 0.001;
const ONE_CALL: UsageSums = {
  ...NO_SUMS,
  requests: 1,
  promptTokens: 100,
  completionTokens: 20,
  costUsd: COST,
  latencyMs: { p50: 1500, p95: 1500 },
  firstByteMs: { p50: 400, p95: 400 },
};
const requestsOf = ({ points }: UsageReport): [number, number | undefined][] =>
  points.map(({ start, clouds }) => [start, clouds['anthropic']?.requests]);
const sumsOf = (...changes: Partial<CallRecord>[]): UsageSums | undefined => {
  const clock = startClock();
  for (const change of changes) clock.call(NOW, change);
  return clock.report(NOW).totals['anthropic'];
};

test('without calls the report is empty, and says of when the prices are', () => {
  expect(startClock().report(NOW)).toEqual({
    window: 'hour',
    from: Date.UTC(2026, 10, 22, 11, 35),
    to: NOW,
    stepMs: MINUTE,
    points: [],
    totals: {},
    inFlight: {},
    recent: [],
    prices: { source: '@pydantic/genai-prices 0.1.8', asOf: '2026-09-23' },
  });
});

test('one call is in its step, in the total and in the list', () => {
  const clock = startClock();
  clock.call(NOW);
  expect(clock.report(NOW)).toEqual({
    ...startClock().report(NOW),
    points: [{ start: Date.UTC(2026, 10, 22, 12, 34), clouds: { anthropic: ONE_CALL } }],
    totals: { anthropic: ONE_CALL },
    recent: [{ ...callRecord(), number: 1, costUsd: COST }],
  });
});

test('clouds are counted apart, whatever their prefix is called', () => {
  const clock = startClock();
  for (const provider of ['openai', '__proto__', 'constructor']) clock.call(NOW, { provider });
  const { totals } = clock.report(NOW);
  expect(Object.entries(totals).map(([prefix, { requests }]) => [prefix, requests])).toEqual([
    ['openai', 1],
    ['__proto__', 1],
    ['constructor', 1],
  ]);
});

describe('windows', () => {
  test.each([
    ['hour', MINUTE, 60],
    ['day', 15 * MINUTE, 96],
    ['month', DAY, 30],
  ] as const)('the %s has steps of %d ms, %d of them with the running one', (window, stepMs, steps) => {
    const clock = startClock();
    const running = NOW - (NOW % stepMs);
    const first = running - (steps - 1) * stepMs;
    clock.call(first - 1);
    clock.call(first);
    clock.call(first + stepMs - 1);
    clock.call(running - 1);
    clock.call(running);
    const report = clock.report(NOW, window);
    expect([report.window, report.from, report.to, report.stepMs]).toEqual([window, first, NOW, stepMs]);
    expect(requestsOf(report)).toEqual([
      [first, 2],
      [running - stepMs, 1],
      [running, 1],
    ]);
    expect(report.totals['anthropic']?.requests).toBe(4);
  });

  test.each([
    ['week', "'week'"],
    ['', "''"],
    ['__proto__', "'__proto__'"],
    [null, 'null'],
  ])('%j is none: the error names those there are', (window, shown) => {
    const clock = startClock();
    expect(() => clock.report(NOW, window as UsageWindow)).toThrow(
      new TypeError(`router.usage() takes 'hour', 'day' or 'month'; got ${shown}.`),
    );
  });

  test('a step that comes round again begins at nothing', () => {
    const clock = startClock();
    for (const day of [0, 1, 30, 60]) clock.call(NOW + day * DAY, { totalMs: 1000 + day });
    const today = clock.report(NOW + 60 * DAY, 'hour');
    expect(today.totals).toEqual({ anthropic: { ...ONE_CALL, latencyMs: { p50: 1060, p95: 1060 } } });
    expect(clock.report(NOW + 60 * DAY, 'month').totals['anthropic']?.requests).toBe(1);
    expect(clock.report(NOW + 89 * DAY, 'month').totals['anthropic']?.requests).toBe(1);
    expect(clock.report(NOW + 90 * DAY, 'month').totals).toEqual({});
  });

  test('a clock that is set back loses nothing that was counted since', () => {
    const clock = startClock();
    clock.call(NOW);
    clock.call(NOW - 5 * MINUTE);
    expect(clock.report(NOW).totals['anthropic']?.requests).toBe(2);
  });

  test('percentiles are those of all calls, not of the steps', () => {
    const clock = startClock();
    for (let minute = 0; minute < 20; minute += 1)
      clock.call(NOW - minute * MINUTE, { totalMs: minute === 0 ? 60_000 : 100, firstByteMs: undefined });
    const { latencyMs, firstByteMs } = clock.report(NOW).totals['anthropic'] ?? {};
    expect([latencyMs, firstByteMs]).toEqual([
      { p50: expect.any(Number), p95: expect.any(Number) },
      undefined,
    ]);
    expect(latencyMs?.p50).toBeLessThan(120);
    expect(latencyMs?.p95).toBeLessThan(120);
  });
});

describe('sums', () => {
  test('tokens are added up by kind', () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 300,
      total_tokens: 1300,
      prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 250 },
    };
    expect(sumsOf({ usage }, {})).toEqual({
      ...ONE_CALL,
      requests: 2,
      promptTokens: 1100,
      completionTokens: 320,
      cachedTokens: 400,
      cacheWriteTokens: 100,
      reasoningTokens: 250,
      costUsd: expect.closeTo(COST + (500 * 5 + 400 * 0.5 + 100 * 6.25 + 300 * 25) / 1e6, 10),
    });
  });

  const unknown = {
    ...ONE_CALL,
    promptTokens: 0,
    completionTokens: 0,
    costUsd: 0,
    unknownUsage: 1,
    unknownCost: 1,
  };
  const refused = { ...unknown, errors: 1, unknownUsage: 0, unknownCost: 0 };

  test.each<[string, Partial<CallRecord>, UsageSums]>([
    ['tokens the cloud did not tell are unknown, not 0', { usage: undefined }, unknown],
    [
      'a price nobody knows is unknown, not 0',
      { model: 'x', billedModel: 'x' },
      { ...ONE_CALL, costUsd: 0, unknownCost: 1 },
    ],
    [
      'a refusal is an error and costs nothing',
      { status: 429, errorCode: 'rate_limited', usage: undefined },
      refused,
    ],
    ['a refusal in the bytes of the cloud is an error too', { status: 404, usage: undefined }, refused],
    [
      'a cloud that was never reached costs nothing',
      { status: 502, errorCode: 'provider_unreachable', usage: undefined },
      refused,
    ],
    [
      'a call whose fate is unknown may have cost something',
      { status: 504, errorCode: 'timeout', usage: undefined },
      { ...unknown, errors: 1 },
    ],
    [
      'a stream that broke off is an error',
      { errorCode: 'stream_interrupted', complete: false },
      { ...ONE_CALL, errors: 1 },
    ],
    [
      'a client that left is no error',
      { status: 499, clientLeft: true, complete: false, usage: undefined },
      { ...unknown, clientLeft: 1 },
    ],
    [
      'a cloud that sent no headers is in no first byte',
      { firstByteMs: undefined },
      { ...ONE_CALL, firstByteMs: undefined },
    ],
  ])('%s', (_name, record, sums) => {
    expect(sumsOf(record)).toEqual(sums);
  });
});

test('open calls are counted until they end', () => {
  const { history } = startClock();
  history.opened('openai');
  history.opened('openai');
  history.opened('anthropic');
  expect(history.report().inFlight).toEqual({ openai: 2, anthropic: 1 });
  history.add(callRecord());
  history.add(callRecord({ provider: 'openai' }));
  expect(history.report().inFlight).toEqual({ openai: 1 });
});

describe('the last calls', () => {
  test('are at most 200, the newest first', () => {
    const clock = startClock();
    for (let number = 1; number <= 450; number += 1) clock.call(NOW, { requestId: `req_${number}` });
    const { recent } = clock.report(NOW);
    expect(recent.map(({ number }) => number)).toEqual(
      Array.from({ length: 200 }, (_, index) => 450 - index),
    );
    expect(recent.every(({ number, requestId }) => requestId === `req_${number}`)).toBe(true);
  });

  test('say undefined where the cost is unknown', () => {
    const clock = startClock();
    clock.call(NOW, { usage: undefined });
    expect(clock.report(NOW).recent).toEqual([
      { ...callRecord({ usage: undefined }), number: 1, costUsd: undefined },
    ]);
  });

  test('hold no more of the fields left out than can be looked at', () => {
    const clock = startClock();
    const dropped = Array.from({ length: 5000 }, (_, index) => `${index}`.padEnd(10_000, 'x'));
    clock.call(NOW, { dropped });
    const kept = clock.report(NOW).recent[0]?.dropped;
    expect(kept).toEqual([...dropped.slice(0, 20).map((name) => name.slice(0, 200)), '+4980']);
  });
});

test('a report is plain data', () => {
  const clock = startClock();
  clock.call(NOW);
  const report = clock.report(NOW, 'month');
  expect(JSON.parse(JSON.stringify(report))).toEqual(JSON.parse(JSON.stringify(structuredClone(report))));
  expect(structuredClone(report)).toEqual(report);
});

test('two histories in one process know nothing of each other', () => {
  const [one, other] = [startClock(), startClock()];
  one.call(NOW);
  expect([one.report(NOW).recent.length, other.report(NOW).recent.length]).toEqual([1, 0]);
});
