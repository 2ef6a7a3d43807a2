/** A router with a past: calls of the last weeks as a small team makes them, the same in every run but for the clock. */
import type { DashboardRouter } from '../../../lib/dashboard/options.ts';
import type { CallRecord } from '../../../lib/status/record.ts';
import type {
  Percentiles,
  RecentCall,
  UsagePoint,
  UsageReport,
  UsageSums,
  UsageWindow,
} from '../../../lib/status/report.ts';
import type { RouterStatus } from '../../../lib/status/status.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const WINDOWS: Readonly<Record<UsageWindow, { stepMs: number; steps: number }>> = {
  hour: { stepMs: MINUTE, steps: 60 },
  day: { stepMs: 15 * MINUTE, steps: 96 },
  month: { stepMs: DAY, steps: 30 },
};

interface CloudHabits {
  readonly provider: string;
  readonly models: readonly string[];
  /** Calls a minute at the busiest time. */
  readonly pace: number;
  readonly latencyMs: number;
  /** US dollars per million tokens. */
  readonly price: number;
}

const HABITS: readonly CloudHabits[] = [
  { provider: 'openai', models: ['gpt-4.1', 'gpt-4.1-mini', 'o4-mini'], pace: 3, latencyMs: 1400, price: 6 },
  { provider: 'google', models: ['gemini-2.5-flash', 'gemini-2.5-pro'], pace: 2, latencyMs: 900, price: 2 },
  {
    provider: 'anthropic',
    models: ['claude-sonnet-4-5', 'claude-opus-4-1'],
    pace: 1.4,
    latencyMs: 2300,
    price: 14,
  },
];

const FAILURES: readonly (readonly [status: number, code: string])[] = [
  [429, 'rate_limited'],
  [503, 'provider_overloaded'],
  [400, 'context_length_exceeded'],
  [504, 'timeout'],
];

export interface FakeRouter extends DashboardRouter {
  /** What `status()` answers; tests may replace it. */
  state: RouterStatus;
  listed: { id: string; object: 'model'; created: number; owned_by: string }[];
  /** A call begins; the returned function ends it. */
  begin(provider: string): (record: Partial<CallRecord>) => void;
}

/** @param days How far its past goes back; 0: nothing has happened yet. */
export function createFakeRouter({ days = 0, now = Date.now() } = {}): FakeRouter {
  const calls: RecentCall[] = createHistory(now, days);
  const inFlight = new Map<string, number>();
  return {
    state: STATE,
    listed: HABITS.flatMap(({ provider, models }) =>
      models.map((model) => ({
        id: `${provider}:${model}`,
        object: 'model' as const,
        created: 0,
        owned_by: provider,
      })),
    ),
    status() {
      return this.state;
    },
    models() {
      return Promise.resolve(this.listed);
    },
    usage: (window = 'hour') => createReport(window, calls, inFlight),
    begin(provider) {
      const startedAt = Date.now();
      inFlight.set(provider, (inFlight.get(provider) ?? 0) + 1);
      return (record) => {
        inFlight.set(provider, (inFlight.get(provider) ?? 1) - 1);
        if (inFlight.get(provider) === 0) inFlight.delete(provider);
        calls.push({
          ...createCall(provider, startedAt),
          totalMs: Date.now() - startedAt,
          ...record,
          number: calls.length + 1,
        });
      };
    },
  };
}

const STATE: RouterStatus = {
  status: 'ok',
  version: '0.1.0',
  cloud_providers: {
    openai: { configured: true, base_url: 'https://api.openai.com/v1' },
    google: { configured: false },
    anthropic: { configured: true, base_url: 'https://api.anthropic.com/v1' },
  },
};

function createCall(provider: string, startedAt: number): RecentCall {
  return {
    number: 0,
    provider,
    endpoint: 'chat/completions',
    model: 'a-model',
    billedModel: undefined,
    status: 200,
    errorCode: null,
    stream: false,
    startedAt,
    firstByteMs: undefined,
    totalMs: 0,
    usage: undefined,
    bytes: 0,
    clientLeft: false,
    complete: true,
    dropped: [],
    firstTokenMs: undefined,
    retryAfterMs: undefined,
    requestId: undefined,
    costUsd: undefined,
  };
}

/** Days with quieter nights and weekends; now is always the busiest time of a day. */
function createHistory(now: number, days: number): RecentCall[] {
  const random = createRandom(20261122);
  const calls: RecentCall[] = [];
  for (let at = now - days * DAY; at < now; at += at < now - DAY ? 5 * MINUTE : MINUTE) {
    const today = at >= now - DAY;
    const hours = 0.55 + 0.45 * Math.cos(((now - at) / DAY) * 2 * Math.PI);
    const weekend = Math.floor((now - at) / DAY + 1) % 7 < 2 ? 0.4 : 1;
    const busy = today ? hours : 2.6 * hours * weekend;
    for (const habits of HABITS) {
      const count = Math.floor(random() * 2 * habits.pace * busy);
      for (let call = 0; call < count; call += 1)
        calls.push(pastCall(habits, at + random() * MINUTE, random));
    }
  }
  return calls
    .filter(({ startedAt, totalMs }) => startedAt + totalMs < now)
    .sort((one, other) => one.startedAt - other.startedAt)
    .map((call, index) => ({ ...call, number: index + 1 }));
}

function pastCall(habits: CloudHabits, startedAt: number, random: () => number): RecentCall {
  const { provider, latencyMs, price } = habits;
  const model = habits.models[Math.floor(random() ** 1.6 * habits.models.length)] ?? 'a-model';
  const totalMs = latencyMs * (0.35 + 1.3 * random() + 3 * random() ** 9);
  const base = {
    ...createCall(provider, startedAt),
    model,
    requestId: `req_${Math.floor(random() * 1e12).toString(36)}`,
  };
  const chance = random();
  if (chance < 0.03) {
    const [status, errorCode] = FAILURES[Math.floor(random() * FAILURES.length)] ?? [502, 'provider_error'];
    return { ...base, status, errorCode, totalMs: totalMs / 4, firstByteMs: totalMs / 5, bytes: 240 };
  }
  const stream = random() < 0.6;
  const timed = { ...base, stream, totalMs, firstByteMs: totalMs * (stream ? 0.25 : 0.9), bytes: 4200 };
  if (chance < 0.045) return { ...timed, status: stream ? 200 : 499, clientLeft: true, complete: false };
  if (provider === 'openai' && stream && chance < 0.12)
    return { ...timed, billedModel: `${model}-2026-04-14` };
  const prompt = Math.round(200 + random() * 2600);
  const completion = Math.round(40 + random() * 900);
  return {
    ...timed,
    billedModel: model,
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: random() < 0.4 ? Math.floor(prompt / 2) : 0 },
      ...(model.startsWith('o') && {
        completion_tokens_details: { reasoning_tokens: Math.floor(completion * 0.6) },
      }),
    },
    dropped: provider === 'anthropic' && random() < 0.2 ? ['frequency_penalty', 'seed'] : [],
    costUsd: ((prompt + 4 * completion) * price) / 4e6,
  };
}

function createReport(
  window: UsageWindow,
  calls: readonly RecentCall[],
  inFlight: ReadonlyMap<string, number>,
): UsageReport {
  const { stepMs, steps } = WINDOWS[window];
  const to = Date.now();
  const from = Math.floor(to / stepMs) * stepMs - (steps - 1) * stepMs;
  const inside = calls.filter(({ startedAt }) => startedAt >= from);
  const byStep = groupBy(inside, ({ startedAt }) => from + Math.floor((startedAt - from) / stepMs) * stepMs);
  const points = [...byStep]
    .sort(([one], [other]) => one - other)
    .map(([start, group]): UsagePoint => ({ start, clouds: sumUp(group) }));
  return {
    window,
    from,
    to,
    stepMs,
    points,
    totals: sumUp(inside),
    inFlight: Object.fromEntries(inFlight),
    recent: calls.slice(-200).reverse(),
    prices: { source: '@pydantic/genai-prices 0.1.8', asOf: '2026-11-12' },
  };
}

function sumUp(calls: readonly RecentCall[]): Record<string, UsageSums> {
  const groups = groupBy(calls, ({ provider }) => provider);
  return Object.fromEntries([...groups].map(([provider, group]) => [provider, toSums(group)]));
}

function toSums(calls: readonly RecentCall[]): UsageSums {
  const total = (value: (call: RecentCall) => number | undefined): number =>
    calls.reduce((sum, call) => sum + (value(call) ?? 0), 0);
  return {
    requests: calls.length,
    errors: calls.filter(({ errorCode }) => errorCode !== null).length,
    clientLeft: calls.filter(({ clientLeft }) => clientLeft).length,
    promptTokens: total(({ usage }) => usage?.prompt_tokens),
    completionTokens: total(({ usage }) => usage?.completion_tokens),
    cachedTokens: total(({ usage }) => usage?.prompt_tokens_details?.cached_tokens),
    cacheWriteTokens: total(({ usage }) => usage?.prompt_tokens_details?.cache_write_tokens),
    reasoningTokens: total(({ usage }) => usage?.completion_tokens_details?.reasoning_tokens),
    unknownUsage: calls.filter(({ usage }) => usage === undefined).length,
    costUsd: total(({ costUsd }) => costUsd),
    unknownCost: calls.filter(({ costUsd }) => costUsd === undefined).length,
    latencyMs: percentiles(calls.map(({ totalMs }) => totalMs)),
    firstByteMs: percentiles(calls.flatMap(({ firstByteMs }) => firstByteMs ?? [])),
  };
}

function groupBy<Key>(
  calls: readonly RecentCall[],
  keyOf: (call: RecentCall) => Key,
): Map<Key, RecentCall[]> {
  const groups = new Map<Key, RecentCall[]>();
  for (const call of calls) {
    const group = groups.get(keyOf(call));
    if (group === undefined) groups.set(keyOf(call), [call]);
    else group.push(call);
  }
  return groups;
}

function percentiles(values: readonly number[]): Percentiles | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95) };
}

/** Mulberry32: small, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
