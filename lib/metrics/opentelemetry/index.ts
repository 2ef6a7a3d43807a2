/** The figures of `onCall` for OpenTelemetry. Imports @opentelemetry/api, an optional peer. */
import {
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Histogram,
  type HrTime,
  type Meter,
  type Tracer,
} from '@opentelemetry/api';
import type { CallRecord } from '../../status/record.ts';
import { isError } from '../../status/tally.ts';
import { VERSION } from '../../version.ts';
import * as genAI from '../conventions.ts';
import { createModelNames, type ModelBound } from '../models.ts';
import { firstTokenSeconds } from '../timing.ts';

export interface OpenTelemetryOptions {
  /** Default: the global provider's, asked for at the first call. */
  readonly tracer?: Tracer;
  /** Default: the global provider's, asked for at the first call. */
  readonly meter?: Meter;
  /**
   * Model names that the metrics tell apart, written as clients write them (`openai:gpt-4.1`), or how many: the first
   * that a cloud answered; the rest is `_OTHER`. Default: 200. Spans always hold the name.
   */
  readonly models?: ModelBound;
}

/**
 * A span of a call that has ended, its parent being that of the request, and its metrics.
 * @throws TypeError for `models` that are neither a list nor a number.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): (record: CallRecord) => void {
  const nameOf = createModelNames(options.models ?? 200, genAI.OTHER);
  let tracer = options.tracer;
  let instruments: Instruments | undefined;
  return (record) => {
    // Not before: a meter that was asked for before the SDK was set up measures nothing for ever.
    tracer ??= trace.getTracer('llm-prefix-router', VERSION);
    instruments ??= createInstruments(options.meter ?? metrics.getMeter('llm-prefix-router', VERSION));
    addSpan(tracer, record);
    measure(instruments, record, nameOf(record));
  };
}

/** The conventions' own words, the same on spans and metrics. */
function commonAttributes(record: CallRecord, model: string): Attributes {
  return {
    [genAI.OPERATION_NAME]: genAI.operationOf(record.endpoint),
    [genAI.PROVIDER_NAME]: genAI.providerOf(record.provider),
    [genAI.REQUEST_MODEL]: model,
    ...(isError(record) && { [genAI.ERROR_TYPE]: record.errorCode ?? String(record.status) }),
  };
}

function addSpan(tracer: Tracer, record: CallRecord): void {
  const { endpoint, model, startedAt, totalMs } = record;
  const span = tracer.startSpan(`${genAI.operationOf(endpoint)} ${model}`, {
    kind: SpanKind.CLIENT,
    startTime: toHrTime(startedAt),
    attributes: { ...commonAttributes(record, model), ...answerAttributes(record) },
  });
  // Of a client that left nothing is known to have failed: the status stays unset.
  if (isError(record)) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(toHrTime(startedAt + totalMs));
}

function answerAttributes(record: CallRecord): Attributes {
  const { usage, billedModel, stream } = record;
  const { cached_tokens: cached, cache_write_tokens: written } = usage?.prompt_tokens_details ?? {};
  // An attribute that is undefined is left out by the SDK.
  return {
    [genAI.REQUEST_STREAM]: stream,
    [genAI.RESPONSE_MODEL]: billedModel,
    [genAI.TIME_TO_FIRST_CHUNK]: firstTokenSeconds(record),
    [genAI.INPUT_TOKENS]: usage?.prompt_tokens,
    [genAI.OUTPUT_TOKENS]: usage?.completion_tokens,
    [genAI.CACHE_READ_TOKENS]: cached,
    [genAI.CACHE_CREATION_TOKENS]: written,
    [genAI.REASONING_TOKENS]: usage?.completion_tokens_details?.reasoning_tokens,
  };
}

interface Instruments {
  readonly duration: Histogram;
  readonly firstChunk: Histogram;
  readonly tokens: Histogram;
}

function createInstruments(meter: Meter): Instruments {
  const create = ({ name, options }: typeof genAI.TOKEN_USAGE): Histogram =>
    meter.createHistogram(name, options);
  return {
    duration: create(genAI.OPERATION_DURATION),
    firstChunk: create(genAI.OPERATION_FIRST_CHUNK),
    tokens: create(genAI.TOKEN_USAGE),
  };
}

function measure(instruments: Instruments, record: CallRecord, model: string): void {
  const attributes = commonAttributes(record, model);
  if (record.billedModel !== undefined && model !== genAI.OTHER)
    attributes[genAI.RESPONSE_MODEL] = record.billedModel;
  instruments.duration.record(record.totalMs / 1000, attributes);
  const firstChunk = firstTokenSeconds(record);
  if (firstChunk !== undefined) instruments.firstChunk.record(firstChunk, attributes);
  if (record.usage === undefined) return;
  const { prompt_tokens: input, completion_tokens: output } = record.usage;
  instruments.tokens.record(input, { ...attributes, [genAI.TOKEN_TYPE]: 'input' });
  instruments.tokens.record(output, { ...attributes, [genAI.TOKEN_TYPE]: 'output' });
}

/** As a pair: a bare number is taken for the milliseconds of another clock where it is small. */
function toHrTime(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1000);
  return [seconds, Math.trunc((unixMs - seconds * 1000) * 1e6)];
}
