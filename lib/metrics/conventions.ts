/**
 * The words of OpenTelemetry's conventions for generative AI, all of them `Development` still: they are renamed from
 * time to time, and then here alone. https://github.com/open-telemetry/semantic-conventions-genai
 * The package @opentelemetry/semantic-conventions is 10 MB and has none of them in its stable part.
 */
import type { Endpoint } from '../providers/provider.ts';

export const OPERATION_NAME = 'gen_ai.operation.name';
export const PROVIDER_NAME = 'gen_ai.provider.name';
export const REQUEST_MODEL = 'gen_ai.request.model';
export const REQUEST_STREAM = 'gen_ai.request.stream';
export const RESPONSE_MODEL = 'gen_ai.response.model';
export const TIME_TO_FIRST_CHUNK = 'gen_ai.response.time_to_first_chunk';
export const INPUT_TOKENS = 'gen_ai.usage.input_tokens';
export const OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
export const CACHE_READ_TOKENS = 'gen_ai.usage.cache_read.input_tokens';
export const CACHE_CREATION_TOKENS = 'gen_ai.usage.cache_creation.input_tokens';
export const REASONING_TOKENS = 'gen_ai.usage.reasoning.output_tokens';
export const TOKEN_TYPE = 'gen_ai.token.type';
export const ERROR_TYPE = 'error.type';
/** What a value is called that would be one too many. */
export const OTHER = '_OTHER';

interface Instrument {
  readonly name: string;
  readonly options: {
    readonly unit: string;
    readonly description: string;
    readonly advice: { readonly explicitBucketBoundaries: number[] };
  };
}

function histogram(name: string, unit: string, description: string, boundaries: number[]): Instrument {
  return { name, options: { unit, description, advice: { explicitBucketBoundaries: boundaries } } };
}

/** 10 ms to 82 s, each twice the one before. */
const SECONDS = Array.from({ length: 14 }, (_, power) => 2 ** power / 100);
/** 1 to 67 million, each four times the one before. */
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);

export const OPERATION_DURATION: Instrument = histogram(
  'gen_ai.client.operation.duration',
  's',
  'GenAI operation duration.',
  SECONDS,
);
export const OPERATION_FIRST_CHUNK: Instrument = histogram(
  'gen_ai.client.operation.time_to_first_chunk',
  's',
  'Time to receive the first chunk of a streamed GenAI response.',
  SECONDS,
);
export const TOKEN_USAGE: Instrument = histogram(
  'gen_ai.client.token.usage',
  '{token}',
  'Number of input and output tokens used.',
  TOKENS,
);

/** The conventions name the first four; where none fits, a word of one's own is asked for. */
const OPERATIONS: Readonly<Record<Endpoint, string>> = {
  'chat/completions': 'chat',
  responses: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  'images/generations': 'generate_content',
  'images/edits': 'generate_content',
  'images/variations': 'generate_content',
  'audio/speech': 'speech',
  'audio/transcriptions': 'transcription',
  'audio/translations': 'translation',
  moderations: 'moderation',
};

export function operationOf(endpoint: Endpoint): string {
  return OPERATIONS[endpoint];
}

/** Well-known names that differ from our prefixes. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([['google', 'gcp.gemini']]);

export function providerOf(prefix: string): string {
  return PROVIDERS.get(prefix) ?? prefix;
}
