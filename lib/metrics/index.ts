/** The figures of `onCall` for Prometheus. Imports prom-client, an optional peer: only who asks for this needs it. */
import { Counter, Gauge, Histogram, register as defaultRegister, type Registry } from 'prom-client';
import type { CallRecord } from '../status/record.ts';
import type { UsageReport } from '../status/report.ts';
import { createModelNames, type ModelBound } from './models.ts';
import { firstTokenSeconds, tokensByType } from './timing.ts';

export type { ModelBound } from './models.ts';

export interface PrometheusOptions {
  /** Default: prom-client's own. */
  readonly register?: Registry;
  /**
   * Adds the label `model` to requests and tokens: for these names, written as clients write them
   * (`openai:gpt-4.1`), or for the first so many that a cloud has answered; the rest is `other`. Default: no label.
   */
  readonly models?: ModelBound;
}

/** Give it to `createPrefixRouter` as `onCall`; one may serve several routers. */
export interface PrometheusMetrics {
  (record: CallRecord): void;
  /** Adds the calls of this router that are open to `llm_prefix_router_requests_in_flight`. */
  watch(router: { usage(): UsageReport }): void;
}

const DURATION_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280];
const FIRST_TOKEN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];

/** @throws Error from prom-client where the registry has these metrics already, TypeError for `models` that are none. */
export function prometheusMetrics(options: PrometheusOptions = {}): PrometheusMetrics {
  const { models, register = defaultRegister } = options;
  const nameOf = models === undefined ? undefined : createModelNames(models, 'other');
  const { watch, ...metrics } = createMetrics(register, models === undefined ? [] : ['model']);

  function onCall(record: CallRecord): void {
    const { provider, endpoint, status } = record;
    const model = nameOf && { model: nameOf(record) };
    metrics.requests.inc({ provider, endpoint, status, ...model });
    metrics.duration.observe({ provider, endpoint }, record.totalMs / 1000);
    const firstToken = firstTokenSeconds(record);
    if (firstToken !== undefined) metrics.firstToken.observe({ provider, endpoint }, firstToken);
    for (const [type, count] of record.usage === undefined ? [] : tokensByType(record.usage))
      if (count > 0) metrics.tokens.inc({ provider, type, ...model }, count);
    if (record.clientLeft) metrics.disconnects.inc({ provider });
    else if (record.stream && status < 400 && !record.complete) metrics.interrupted.inc({ provider });
    if (record.dropped.length > 0) metrics.dropped.inc({ provider }, record.dropped.length);
  }
  return Object.assign(onCall, { watch });
}

// The types follow from prom-client's own, label names included.
function createMetrics(register: Registry, modelLabel: readonly 'model'[]) {
  const registers = [register];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `llm_prefix_router_${name}_total`, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]): Histogram<'provider' | 'endpoint'> =>
    new Histogram({
      name: `llm_prefix_router_${name}_seconds`,
      help,
      labelNames: ['provider', 'endpoint'],
      buckets,
      registers,
    });
  return {
    requests: counter('requests', 'Calls to a cloud that have ended, by the HTTP status the client got.', [
      'provider',
      'endpoint',
      'status',
      ...modelLabel,
    ]),
    duration: histogram('request_duration', 'From the arrival of a call to its end.', DURATION_SECONDS),
    firstToken: histogram(
      'time_to_first_token',
      'From the arrival of a streamed call to the beginning of its answer.',
      FIRST_TOKEN_SECONDS,
    ),
    tokens: counter(
      'tokens',
      'Tokens by type: input, cached_input, cache_write, output, reasoning. No token is in two types.',
      ['provider', 'type', ...modelLabel],
    ),
    disconnects: counter('client_disconnects', 'Calls whose client left before their end.', ['provider']),
    interrupted: counter('interrupted_streams', 'Streams that broke off before their end.', ['provider']),
    dropped: counter('dropped_fields', 'Request fields left out because the cloud has no word for them.', [
      'provider',
    ]),
    watch: watchInFlight(registers),
  };
}

/** A gauge that is read when it is asked for. */
function watchInFlight(registers: Registry[]): PrometheusMetrics['watch'] {
  const routers: { usage(): UsageReport }[] = [];
  // A cloud that was seen once stays, with 0: a series that vanishes cannot be told from a dead scrape.
  const seen = new Set<string>();
  const gauge: Gauge<'provider'> = new Gauge({
    name: 'llm_prefix_router_requests_in_flight',
    help: 'Calls to a cloud that are open.',
    labelNames: ['provider'],
    registers,
    collect() {
      const reports = routers.map((router) => router.usage());
      for (const { inFlight, totals } of reports)
        for (const provider of Object.keys({ ...totals, ...inFlight })) seen.add(provider);
      for (const provider of seen)
        gauge.set(
          { provider },
          reports.reduce((sum, { inFlight }) => sum + (inFlight[provider] ?? 0), 0),
        );
    },
  });
  return (router) => void routers.push(router);
}
