import { anthropic } from '../../../lib/providers/anthropic/index.ts';
import { metaFor, provider } from './support.ts';

test('the provider is what the documentation says', () => {
  const { prefix, name, environment, defaultBaseUrl, versionPath, options } = provider;
  expect({ prefix, name, environment, defaultBaseUrl, versionPath, options }).toEqual({
    prefix: 'anthropic',
    name: 'Anthropic',
    environment: { apiKey: 'ANTHROPIC_API_KEY', baseUrl: 'ANTHROPIC_API_BASE_URL' },
    defaultBaseUrl: 'https://api.anthropic.com/v1',
    versionPath: '/v1',
    options: {},
  });
  expect(Object.keys(provider.endpoints)).toEqual(['chat/completions']);
});

test('options are kept for the corridor', () => {
  const options = { apiKey: 'k', headers: { 'anthropic-version': '2026-10-21' } };
  expect(anthropic(options).options).toBe(options);
});

test('a call goes to /messages with the key and the version, and no other header of ours', () => {
  expect(provider.target('chat/completions', metaFor())).toEqual({ path: '/messages', headers: {} });
  expect(provider.authorize('k')).toEqual({ 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
});

describe('the list of models', () => {
  const list = provider.modelList;

  test('is asked for in the largest pages, one behind the other', () => {
    expect(list.path(undefined)).toBe('/models?limit=1000');
    expect(list.path('a&b=c')).toBe('/models?limit=1000&after_id=a%26b%3Dc');
  });

  test('goes on while there is more', () => {
    expect(list.toModels({ data: [], has_more: true, last_id: 'b' }).next).toBe('b');
    expect(list.toModels({ data: [], has_more: false, last_id: 'b' }).next).toBeUndefined();
    expect(list.toModels({ data: [], has_more: true, last_id: null }).next).toBeUndefined();
  });

  test('leaves out what is no model, and shows what is known of one', () => {
    const data = [
      null,
      { display_name: 'nameless' },
      {
        id: 'a',
        created_at: '1970-01-01T00:00:00Z',
        retires_at: '2026-11-30T00:00:00Z',
        type: 'model',
        other: 1,
      },
      { id: 'b', created_at: 'some day', max_tokens: 5, display_name: 'B' },
    ];
    const common = { object: 'model', owned_by: 'anthropic', created: 0 };
    expect(list.toModels({ data }).models).toEqual([
      { ...common, id: 'a', shutdown_date: '2026-11-30T00:00:00Z' },
      { ...common, id: 'b', shutdown_date: null, max_tokens: 5, display_name: 'B' },
    ]);
  });

  test.each<[unknown]>([[null], ['x'], [{}], [{ data: 'x' }]])('of %j is empty', (body) => {
    expect(list.toModels(body)).toEqual({ models: [], next: undefined });
  });
});
