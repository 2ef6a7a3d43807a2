/** `GET /models`. https://ai.google.dev/api/models */
import { isObject, type JsonObject, type Model } from '../../openai/types.ts';
import type { ModelList } from '../provider.ts';
import { objectsOf, textOf } from './json.ts';
import { shortName } from './models.ts';

/** The most that Google gives at a time; its default is 50. */
const PAGE_SIZE = 1000;

/** Methods by which this package can use a model. */
const METHODS = new Set(['generateContent', 'embedContent', 'batchEmbedContents']);

export const modelList: ModelList = {
  path(cursor) {
    const page = cursor === undefined ? '' : `&pageToken=${encodeURIComponent(cursor)}`;
    return `/models?pageSize=${PAGE_SIZE}${page}`;
  },
  toModels(body) {
    const page = isObject(body) ? body : {};
    return { models: objectsOf(page.models).flatMap(toModel), next: textOf(page.nextPageToken) };
  },
};

function toModel(entry: JsonObject): Model[] {
  const name = textOf(entry.name);
  if (name === undefined || !isUsable(entry)) return [];
  const { displayName, inputTokenLimit, outputTokenLimit } = entry;
  return [
    {
      id: shortName(name),
      object: 'model',
      created: 0,
      owned_by: 'google',
      ...(displayName !== undefined && { name: displayName }),
      ...(inputTokenLimit !== undefined && { context_length: inputTokenLimit }),
      ...(outputTokenLimit !== undefined && { max_output_tokens: outputTokenLimit }),
    },
  ];
}

function isUsable({ supportedGenerationMethods: methods }: JsonObject): boolean {
  return (
    !Array.isArray(methods) || methods.some((method) => typeof method === 'string' && METHODS.has(method))
  );
}
