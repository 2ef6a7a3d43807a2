import { isObject, type Model } from '../../openai/types.ts';
import type { ModelList } from '../provider.ts';

/** `GET /models`: one page, in the form we answer with. https://platform.openai.com/docs/api-reference/models/list */
export const modelList: ModelList = {
  path: () => '/models',
  toModels(body) {
    const data = isObject(body) && Array.isArray(body['data']) ? body['data'] : [];
    return { models: data.flatMap(toModel), next: undefined };
  },
};

function toModel(entry: unknown): Model[] {
  if (!isObject(entry) || typeof entry['id'] !== 'string') return [];
  const created = typeof entry['created'] === 'number' ? entry['created'] : 0;
  return [{ ...entry, id: entry['id'], object: 'model', created, owned_by: 'openai' }];
}
