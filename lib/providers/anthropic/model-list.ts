/** `GET /v1/models`, a page at a time. https://platform.claude.com/docs/en/api/models/list */
import { isObject, type JsonObject, type Model } from '../../openai/types.ts';
import type { ModelList } from '../provider.ts';
import { objectsOf, textOf } from './json.ts';

/** What Anthropic tells beyond OpenAI's fields. */
const EXTRAS = ['display_name', 'lifecycle', 'max_input_tokens', 'max_tokens', 'capabilities'] as const;

export const modelList: ModelList = {
  // 20 is the default page, 1000 the largest.
  path: (cursor) =>
    `/models?limit=1000${cursor === undefined ? '' : `&after_id=${encodeURIComponent(cursor)}`}`,
  toModels(body) {
    if (!isObject(body)) return { models: [], next: undefined };
    const next = body['has_more'] === true ? textOf(body['last_id']) : undefined;
    return { models: objectsOf(body['data']).flatMap(toModel), next };
  },
};

function toModel(entry: JsonObject): Model[] {
  const id = textOf(entry['id']);
  if (id === undefined) return [];
  const seconds = Math.floor(Date.parse(textOf(entry['created_at']) ?? '') / 1000);
  const extras = EXTRAS.filter((key) => Object.hasOwn(entry, key)).map((key) => [key, entry[key]]);
  return [
    {
      id,
      object: 'model',
      created: Number.isFinite(seconds) ? seconds : 0,
      owned_by: 'anthropic',
      shutdown_date: entry['retires_at'] ?? null,
      ...Object.fromEntries(extras),
    },
  ];
}
