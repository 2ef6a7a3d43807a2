import { inspect } from 'node:util';
import { Registry, register as defaultRegister } from 'prom-client';
import { prometheusMetrics, type PrometheusOptions } from '../../lib/metrics/index.ts';
import type { CallRecord } from '../../lib/status/record.ts';
import { createPrices } from '../../lib/status/prices.ts';
import { createUsageHistory } from '../../lib/status/usage.ts';
import { callRecord } from '../status/support.ts';
import { parseExposition, type Family } from './exposition.ts';

/** A scrape after these calls, without the prefix that all names share. */
async function scrape(
  records: Partial<CallRecord>[],
  options: PrometheusOptions = {},
): Promise<Map<string, Family>> {
  const register = new Registry();
  const onCall = prometheusMetrics({ register, ...options });
  for (const record of records) onCall(callRecord(record));
  return read(register);
}

async function read(register: Registry): Promise<Map<string, Family>> {
  const families = [...parseExposition(await register.metrics())];
  return new Map(families.map(([name, family]) => [name.replace(/^llm_prefix_router_/, ''), family]));
}

type Series = [labels: Record<string, string>, value: number];
const seriesOf = (families: Map<string, Family>, name: string): Series[] =>
  (families.get(name)?.samples ?? [])
    .filter((sample) => !sample.name.endsWith('_bucket'))
    .map(({ labels, value }) => [labels, value]);
const bucketsOf = (families: Map<string, Family>, name: string): [string | undefined, number][] =>
  (families.get(name)?.samples ?? [])
    .filter((sample) => sample.name.endsWith('_bucket'))
    .map(({ labels, value }) => [labels['le'], value]);

const CHAT = { provider: 'anthropic', endpoint: 'chat/completions' };
const STREAM = { stream: true, firstTokenMs: 300 };
const ANTHROPIC = { provider: 'anthropic' };

test('the names, kinds and explanations of all metrics', async () => {
  const register = new Registry();
  prometheusMetrics({ register });
  const families = parseExposition(await register.metrics());
  expect([...families].map(([name, { type, help }]) => [name, type, help])).toEqual([
    [
      'llm_prefix_router_requests_total',
      'counter',
      'Calls to a cloud that have ended, by the HTTP status the client got.',
    ],
    ['llm_prefix_router_request_duration_seconds', 'histogram', 'From the arrival of a call to its end.'],
    [
      'llm_prefix_router_time_to_first_token_seconds',
      'histogram',
      'From the arrival of a streamed call to the beginning of its answer.',
    ],
    [
      'llm_prefix_router_tokens_total',
      'counter',
      'Tokens by type: input, cached_input, cache_write, output, reasoning. No token is in two types.',
    ],
    ['llm_prefix_router_client_disconnects_total', 'counter', 'Calls whose client left before their end.'],
    ['llm_prefix_router_interrupted_streams_total', 'counter', 'Streams that broke off before their end.'],
    [
      'llm_prefix_router_dropped_fields_total',
      'counter',
      'Request fields left out because the cloud has no word for them.',
    ],
    ['llm_prefix_router_requests_in_flight', 'gauge', 'Calls to a cloud that are open.'],
  ]);
});

test('requests are counted by provider, endpoint and status', async () => {
  const families = await scrape([{}, {}, { status: 429 }, { provider: 'openai', endpoint: 'embeddings' }]);
  expect(seriesOf(families, 'requests_total')).toEqual([
    [{ ...CHAT, status: '200' }, 2],
    [{ ...CHAT, status: '429' }, 1],
    [{ provider: 'openai', endpoint: 'embeddings', status: '200' }, 1],
  ]);
});

test('durations are seconds, in buckets up to the longest time-out', async () => {
  const families = await scrape([{ totalMs: 90 }, { totalMs: 1200 }, { totalMs: 1_000_000 }]);
  expect(seriesOf(families, 'request_duration_seconds')).toEqual([
    [CHAT, 1001.29],
    [CHAT, 3],
  ]);
  expect(bucketsOf(families, 'request_duration_seconds')).toEqual(
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, '+Inf'].map((le, index) => [
      `${le}`,
      index < 4 ? 1 : index < 13 ? 2 : 3,
    ]),
  );
});

test('the time to the first token is that of streams which began', async () => {
  const register = new Registry();
  const onCall = prometheusMetrics({ register });
  onCall(callRecord({ ...STREAM, firstTokenMs: 450 }));
  onCall(callRecord({ ...STREAM }));
  onCall(callRecord({ ...STREAM, status: 429 }));
  onCall(callRecord({ stream: true, firstTokenMs: undefined }));
  onCall(callRecord());
  expect(seriesOf(await read(register), 'time_to_first_token_seconds')).toEqual([
    [CHAT, 0.75],
    [CHAT, 2],
  ]);
});

test('tokens are counted by type, none of them twice', async () => {
  const usage = {
    prompt_tokens: 1000,
    completion_tokens: 300,
    total_tokens: 1300,
    prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 100 },
    completion_tokens_details: { reasoning_tokens: 250 },
  };
  const series = seriesOf(await scrape([{ usage }, { usage: undefined }, {}]), 'tokens_total');
  expect(series).toEqual([
    [{ ...ANTHROPIC, type: 'input' }, 600],
    [{ ...ANTHROPIC, type: 'cached_input' }, 400],
    [{ ...ANTHROPIC, type: 'cache_write' }, 100],
    [{ ...ANTHROPIC, type: 'output' }, 70],
    [{ ...ANTHROPIC, type: 'reasoning' }, 250],
  ]);
  expect(series.reduce((sum, [, value]) => sum + value, 0)).toBe(1300 + 120);
});

test('a client that leaves is no interrupted stream, and a refusal is neither', async () => {
  const cut = { ...STREAM, complete: false };
  const families = await scrape([
    { ...cut, clientLeft: true },
    { clientLeft: true, complete: false, status: 499 },
    { ...cut, errorCode: 'stream_interrupted' },
    { ...cut, status: 429 },
    { ...STREAM },
    { complete: false },
  ]);
  expect(seriesOf(families, 'client_disconnects_total')).toEqual([[ANTHROPIC, 2]]);
  expect(seriesOf(families, 'interrupted_streams_total')).toEqual([[ANTHROPIC, 1]]);
});

test('fields left out are counted, not named', async () => {
  const families = await scrape([{ dropped: ['seed', '"} 1\n'] }, { dropped: ['n'] }, {}]);
  expect(seriesOf(families, 'dropped_fields_total')).toEqual([[ANTHROPIC, 3]]);
});

describe('the model as a label', () => {
  const models = (families: Map<string, Family>, name: string): Series[] =>
    seriesOf(families, name).map(([{ model = 'none' }, value]) => [{ model }, value]);

  test('is not there unless asked for', async () => {
    expect(models(await scrape([{}]), 'requests_total')).toEqual([[{ model: 'none' }, 1]]);
  });

  test('has the names of a list, written with their prefix, and `other`', async () => {
    const families = await scrape([{}, { model: 'claude-x' }, { provider: 'openai' }], {
      models: ['anthropic:claude-opus-4-8'],
    });
    expect(models(families, 'requests_total')).toEqual([
      [{ model: 'claude-opus-4-8' }, 1],
      [{ model: 'other' }, 1],
      [{ model: 'other' }, 1],
    ]);
    expect(seriesOf(families, 'tokens_total').map(([{ model }]) => model)).toEqual([
      'claude-opus-4-8',
      'claude-opus-4-8',
      'other',
      'other',
      'other',
      'other',
    ]);
  });

  test('has at most so many names, and none that no cloud has answered', async () => {
    const invented = Array.from({ length: 500 }, (_, index) => ({
      model: `x${index}"\n\\`,
      status: 404,
      complete: false,
    }));
    const families = await scrape(
      [
        ...invented,
        { model: 'a"\n\\' },
        { model: 'b' },
        { model: 'c' },
        { model: 'b', status: 500, complete: false },
      ],
      { models: 2 },
    );
    expect(seriesOf(families, 'requests_total')).toEqual([
      [{ ...CHAT, status: '404', model: 'other' }, 500],
      [{ ...CHAT, status: '200', model: 'a"\n\\' }, 1],
      [{ ...CHAT, status: '200', model: 'b' }, 1],
      [{ ...CHAT, status: '200', model: 'other' }, 1],
      [{ ...CHAT, status: '500', model: 'b' }, 1],
    ]);
  });

  test.each([[NaN], [-1], ['openai:gpt-4.1'], [null], [[1]]])(
    'is refused at start where it is %j',
    (models) => {
      const register = new Registry();
      expect(() => prometheusMetrics({ register, models: models as unknown as number })).toThrow(
        new TypeError(
          'models must be a list of names such as openai:gpt-4.1, or a number of them from 0 on; ' +
            `got ${inspect(models)}.`,
        ),
      );
      expect(register.getMetricsAsArray()).toEqual([]);
    },
  );
});

test('calls in flight are those of all routers watched, at the moment of the scrape', async () => {
  const register = new Registry();
  const metrics = prometheusMetrics({ register });
  const [one, other] = [0, 1].map(() => createUsageHistory({ prices: createPrices() }));
  metrics.watch({ usage: () => (one as NonNullable<typeof one>).report() });
  metrics.watch({ usage: () => (other as NonNullable<typeof other>).report() });
  const inFlight = async (): Promise<Series[]> => seriesOf(await read(register), 'requests_in_flight');
  expect(await inFlight()).toEqual([]);
  one?.opened('anthropic');
  other?.opened('anthropic');
  other?.opened('openai');
  expect(await inFlight()).toEqual([
    [ANTHROPIC, 2],
    [{ provider: 'openai' }, 1],
  ]);
  for (const history of [one, other]) history?.add(callRecord());
  expect(await inFlight()).toEqual([
    [ANTHROPIC, 0],
    [{ provider: 'openai' }, 1],
  ]);
});

test("without a registry it is prom-client's own, which takes the metrics once", async () => {
  prometheusMetrics()(callRecord());
  expect(seriesOf(await read(defaultRegister), 'requests_total')).toEqual([[{ ...CHAT, status: '200' }, 1]]);
  expect(() => prometheusMetrics()).toThrow('llm_prefix_router_requests_total');
  defaultRegister.clear();
});
