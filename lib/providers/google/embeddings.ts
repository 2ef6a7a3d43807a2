/** `POST /v1/embeddings` over `batchEmbedContents`. */
import { RouterError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { leaveOut, unsupported } from '../fields.ts';
import type { AnswerMeta, CloudRequest, Conversion, Meta } from '../provider.ts';
import { readError } from './error.ts';
import { GOOGLE_EMBEDDING_FIELDS } from './fields.ts';
import { isPresent, objectsOf } from './json.ts';
import { invalid } from './media.ts';
import { resourceName, shortName } from './models.ts';
import { EMBEDDING_KEYS, readNamespace } from './namespace.ts';
import type { EmbedContentRequest } from './types.ts';

/** https://ai.google.dev/api/embeddings#method:-models.batchembedcontents */
const MAX_BATCH = 100;

export interface EmbeddingList {
  object: 'list';
  model: string;
  data: { object: 'embedding'; index: number; embedding: number[] | string }[];
  usage: { prompt_tokens: number; total_tokens: number };
}

export const embeddings: Conversion = {
  toRequest,
  toResponse,
  batch: { split, join: (answers) => join(answers as EmbeddingList[]) },
};

function toRequest(request: JsonObject, meta: Meta): CloudRequest {
  const leftOut = leaveOut(request, GOOGLE_EMBEDDING_FIELDS, 'Google');
  const native = readNamespace(request, EMBEDDING_KEYS);
  const texts = readInput(request.input);
  readEncoding(request.encoding_format);
  const { dimensions } = request;
  const requests = texts.map((text): EmbedContentRequest => ({
    model: resourceName(meta.model),
    content: { parts: [{ text }] },
    ...(isPresent(dimensions) && { outputDimensionality: dimensions }),
    ...native.request,
  }));
  return { body: { requests }, dropped: [...leftOut, ...native.dropped] };
}

/** @throws RouterError for what is no text: Google has no tokenizer in common with anybody. */
function readInput(input: JsonValue | undefined): string[] {
  if (typeof input === 'string') return [readText(input, 'input')];
  if (!Array.isArray(input)) throw invalid({ param: 'input' }, 'is neither a string nor a list of strings');
  if (input.length === 0) throw invalid({ param: 'input' }, 'is empty');
  return input.map((text, index) => {
    if (typeof text === 'number' || Array.isArray(text)) {
      throw unsupported('input', 'Google embeds texts, not tokens of another tokenizer');
    }
    return readText(text, `input[${index}]`);
  });
}

function readText(text: JsonValue, param: string): string {
  if (typeof text !== 'string') throw invalid({ param }, 'is not a string');
  if (text === '') throw invalid({ param }, 'is empty');
  return text;
}

function readEncoding(format: JsonValue | undefined): 'float' | 'base64' {
  if (!isPresent(format) || format === 'float') return 'float';
  if (format === 'base64') return 'base64';
  throw invalid({ param: 'encoding_format' }, 'is neither float nor base64');
}

/** The whole input is checked before the first part of it is sent and paid for. */
function split(request: JsonObject): JsonObject[] {
  const texts = readInput(request.input);
  if (texts.length <= MAX_BATCH) return [request];
  const starts = Array.from({ length: Math.ceil(texts.length / MAX_BATCH) }, (_, batch) => batch * MAX_BATCH);
  return starts.map((start) => ({ ...request, input: texts.slice(start, start + MAX_BATCH) }));
}

function toResponse(body: unknown, meta: AnswerMeta): EmbeddingList {
  const error = readError(body);
  if (error !== undefined) throw error;
  const answer = isObject(body) ? body : {};
  const vectors = objectsOf(answer.embeddings).map(({ values }) => readVector(values));
  if (vectors.length !== readInput(meta.request.input).length) throw nonsense();
  const encoding = readEncoding(meta.request.encoding_format);
  const tokens = promptTokens(answer.usageMetadata);
  return {
    object: 'list',
    model: shortName(meta.model),
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? toBase64(vector) : vector,
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function readVector(values: JsonValue | undefined): number[] {
  if (!Array.isArray(values) || values.length === 0) throw nonsense();
  return values.map((value) => {
    if (typeof value !== 'number') throw nonsense();
    return value;
  });
}

function nonsense(): RouterError {
  return new RouterError('provider_error', {
    message: 'Google did not send one embedding for each input.',
    // Asking again would be paid again.
    headers: { 'x-should-retry': 'false' },
  });
}

function promptTokens(usage: JsonValue | undefined): number {
  return isObject(usage) && typeof usage.promptTokenCount === 'number' ? usage.promptTokenCount : 0;
}

/** Float32, little-endian, as OpenAI's SDKs ask for by default. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}

function join(answers: readonly EmbeddingList[]): EmbeddingList {
  const data = answers.flatMap((answer) => answer.data).map((item, index) => ({ ...item, index }));
  const tokens = answers.reduce((sum, { usage }) => sum + usage.prompt_tokens, 0);
  return {
    object: 'list',
    model: answers[0]?.model ?? '',
    data,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
