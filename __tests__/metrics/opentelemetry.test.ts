import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type HistogramMetricData,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from '../../lib/metrics/opentelemetry/index.ts';
import type { CallRecord } from '../../lib/status/record.ts';
import { VERSION } from '../../lib/version.ts';
import { callRecord, NOW } from '../status/support.ts';

const spans = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 3_600_000 });
const meters = new MeterProvider({ readers: [reader] });

/** What the SDK for Node brings along: the active context follows asynchronous calls. */
function asyncContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, self, ...args) => storage.run(active, () => fn.apply(self, args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

beforeAll(() => context.setGlobalContextManager(asyncContexts()));
afterEach(async () => {
  spans.reset();
  await reader.forceFlush();
  points.reset();
});
afterAll(async () => {
  context.disable();
  trace.disable();
  metrics.disable();
  await Promise.all([tracers.shutdown(), meters.shutdown()]);
});

const record = (...changes: Partial<CallRecord>[]): void => {
  const onCall = openTelemetry({ tracer: tracers.getTracer('test'), meter: meters.getMeter('test') });
  for (const change of changes) onCall(callRecord(change));
};
const spanOf = (changes: Partial<CallRecord> = {}): ReadableSpan => {
  record(changes);
  return spans.getFinishedSpans().at(-1) as ReadableSpan;
};

async function histograms(): Promise<Map<string, HistogramMetricData>> {
  await reader.forceFlush();
  const found = points
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return new Map(found.map((metric) => [metric.descriptor.name, metric as HistogramMetricData]));
}

const COMMON = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'anthropic',
  'gen_ai.request.model': 'claude-opus-4-8',
};
const RESPONSE = { 'gen_ai.response.model': 'claude-opus-4-8' };
const SPAN = {
  ...COMMON,
  ...RESPONSE,
  'gen_ai.request.stream': false,
  'gen_ai.usage.input_tokens': 100,
  'gen_ai.usage.output_tokens': 20,
};

describe('a span', () => {
  test('is a client span from the beginning of the call to its end', () => {
    const { name, kind, startTime, endTime, attributes, status, events, links } = spanOf({
      totalMs: 1500.25,
    });
    expect({ name, kind, startTime, endTime, attributes, status, events, links }).toEqual({
      name: 'chat claude-opus-4-8',
      kind: SpanKind.CLIENT,
      startTime: [NOW / 1000, 0],
      endTime: [NOW / 1000 + 1, 500_250_000],
      attributes: SPAN,
      status: { code: SpanStatusCode.UNSET },
      events: [],
      links: [],
    });
  });

  test('of a stream tells when it began, and all kinds of tokens', () => {
    const { attributes } = spanOf({
      stream: true,
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 300,
        total_tokens: 1300,
        prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 100 },
        completion_tokens_details: { reasoning_tokens: 250 },
      },
    });
    expect(attributes).toEqual({
      ...COMMON,
      ...RESPONSE,
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': 0.4,
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 300,
      'gen_ai.usage.cache_read.input_tokens': 400,
      'gen_ai.usage.cache_creation.input_tokens': 100,
      'gen_ai.usage.reasoning.output_tokens': 250,
    });
  });

  test.each<[string, Partial<CallRecord>, string]>([
    ['our code', { status: 429, errorCode: 'rate_limited' }, 'rate_limited'],
    ['the code that ended a stream', { stream: true, errorCode: 'stream_interrupted' }, 'stream_interrupted'],
    ["the status, where the cloud's own bytes passed", { status: 404 }, '404'],
  ])('of a failure has %s as its error type', (_name, changes, type) => {
    const { attributes, status } = spanOf({ ...changes, billedModel: undefined, usage: undefined });
    expect([attributes['error.type'], status]).toEqual([type, { code: SpanStatusCode.ERROR }]);
  });

  test('of a client that left is no error', () => {
    const { attributes, status } = spanOf({
      clientLeft: true,
      status: 499,
      complete: false,
      usage: undefined,
      billedModel: undefined,
    });
    expect([attributes, status]).toEqual([
      { ...COMMON, 'gen_ai.request.stream': false },
      { code: SpanStatusCode.UNSET },
    ]);
  });

  test('has that of the request as its parent, and none where there is none', () => {
    const request = tracers.getTracer('host').startSpan('POST /v1/chat/completions');
    const inside = context.with(trace.setSpan(context.active(), request), () => spanOf());
    expect([inside.parentSpanContext?.spanId, inside.spanContext().traceId]).toEqual([
      request.spanContext().spanId,
      request.spanContext().traceId,
    ]);
    expect(spanOf().parentSpanContext).toBeUndefined();
  });

  test.each<[CallRecord['endpoint'], string]>([
    ['chat/completions', 'chat'],
    ['responses', 'chat'],
    ['completions', 'text_completion'],
    ['embeddings', 'embeddings'],
    ['images/generations', 'generate_content'],
    ['images/edits', 'generate_content'],
    ['images/variations', 'generate_content'],
    ['audio/speech', 'speech'],
    ['audio/transcriptions', 'transcription'],
    ['audio/translations', 'translation'],
    ['moderations', 'moderation'],
  ])('of %s is called %s', (endpoint, operation) => {
    const { name, attributes } = spanOf({ endpoint });
    expect([name, attributes['gen_ai.operation.name']]).toEqual([`${operation} claude-opus-4-8`, operation]);
  });

  test('names the provider as the conventions do, and one they do not know by its prefix', () => {
    const providers = ['openai', 'google', 'anthropic', 'mistral', 'constructor'];
    expect(providers.map((provider) => spanOf({ provider }).attributes['gen_ai.provider.name'])).toEqual([
      'openai',
      'gcp.gemini',
      'anthropic',
      'mistral',
      'constructor',
    ]);
  });
});

describe('the metrics', () => {
  test('have the names, units and buckets of the conventions', async () => {
    record({ stream: true });
    const found = [...(await histograms())].map(([name, { descriptor, dataPoints }]) => [
      name,
      descriptor.unit,
      dataPoints[0]?.value.buckets.boundaries,
    ]);
    const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    const tokens = [
      1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    ];
    expect(found).toEqual([
      ['gen_ai.client.operation.duration', 's', seconds],
      ['gen_ai.client.operation.time_to_first_chunk', 's', seconds],
      ['gen_ai.client.token.usage', '{token}', tokens],
    ]);
  });

  const read = async (name: string): Promise<[object, number | undefined, number][]> =>
    ((await histograms()).get(name)?.dataPoints ?? []).map(({ attributes, value }) => [
      attributes,
      value.sum,
      value.count,
    ]);

  test('measure the duration of all calls, failures with their type', async () => {
    record(
      { totalMs: 1500 },
      { totalMs: 500 },
      { totalMs: 250, status: 429, errorCode: 'rate_limited', billedModel: undefined },
    );
    expect(await read('gen_ai.client.operation.duration')).toEqual([
      [{ ...COMMON, ...RESPONSE }, 2, 2],
      [{ ...COMMON, 'error.type': 'rate_limited' }, 0.25, 1],
    ]);
  });

  test('measure the first chunk of streams alone', async () => {
    record({ stream: true, firstTokenMs: 400 }, { firstTokenMs: 200 }, { stream: true, status: 503 });
    expect(await read('gen_ai.client.operation.time_to_first_chunk')).toEqual([
      [{ ...COMMON, ...RESPONSE }, 0.4, 1],
    ]);
  });

  test('measure tokens by type, and none where they are unknown', async () => {
    record({}, { usage: undefined });
    expect(await read('gen_ai.client.token.usage')).toEqual([
      [{ ...COMMON, ...RESPONSE, 'gen_ai.token.type': 'input' }, 100, 1],
      [{ ...COMMON, ...RESPONSE, 'gen_ai.token.type': 'output' }, 20, 1],
    ]);
  });

  test('know no more model names than the clouds do', async () => {
    const invented = Array.from({ length: 300 }, (_, index) => ({
      model: `x${index}`,
      billedModel: undefined,
      status: 404,
      complete: false,
      totalMs: 0,
    }));
    record(...invented);
    expect(await read('gen_ai.client.operation.duration')).toEqual([
      [{ ...COMMON, 'gen_ai.request.model': '_OTHER', 'error.type': '404' }, 0, 300],
    ]);
  });
});

test('the global providers are asked for at the first call, so that they may be set up after the router', async () => {
  const onCall = openTelemetry();
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  onCall(callRecord());
  expect(
    spans
      .getFinishedSpans()
      .map(({ name, instrumentationScope: { name: scope, version } }) => [name, scope, version]),
  ).toEqual([['chat claude-opus-4-8', 'llm-prefix-router', VERSION]]);
  expect([...(await histograms()).keys()]).toEqual([
    'gen_ai.client.operation.duration',
    'gen_ai.client.token.usage',
  ]);
});
