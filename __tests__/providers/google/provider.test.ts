import { google } from '../../../lib/providers/google/index.ts';
import { errorOf } from './support.ts';

const provider = google();

test('the key is in one header and in no path', () => {
  expect(provider.authorize('AQ.secret')).toEqual({ 'x-goog-api-key': 'AQ.secret' });
  expect(provider.target('chat/completions', { model: 'gemini-3.8-flash', stream: true })).toEqual({
    path: '/models/gemini-3.8-flash:streamGenerateContent?alt=sse',
    headers: {},
  });
});

test('embeddings go to their own method, streamed or not', () => {
  const pathOf = (model: string): string => provider.target('embeddings', { model, stream: true }).path;
  expect([pathOf('gemini-embedding-001'), pathOf('models/gemini-embedding-001')]).toEqual([
    '/models/gemini-embedding-001:batchEmbedContents',
    '/models/gemini-embedding-001:batchEmbedContents',
  ]);
});

test.each([
  ['/v1beta/openai', '/v1beta'],
  ['/v1beta/openai/', '/v1beta'],
  ['/openai', ''],
  ['/v1beta', '/v1beta'],
  ['/openai/v1', '/openai/v1'],
  ['', ''],
])('the base path %p is meant as %p', (path, cleaned) => {
  expect(provider.cleanBasePath?.(path)).toBe(cleaned);
});

test.each(['gemini-3.8-flash', 'models/gemini-3.8-flash', 'tunedModels/a_b.c-1', 'A', `g${'x'.repeat(127)}`])(
  '%s can be a model',
  (model) => {
    expect(() => provider.checkModel?.(model)).not.toThrow();
  },
);

test.each([
  'a..b',
  '-a',
  'a/b/c',
  'tunedModels/',
  'files/x',
  'a\n',
  'a?b',
  'a#b',
  'ä',
  `g${'x'.repeat(128)}`,
])('%j cannot be a model', (model) => {
  const { status, type, code, param, message } = errorOf(() => provider.checkModel?.(model));
  expect([status, type, code, param]).toEqual([400, 'invalid_request_error', 'invalid_model', 'model']);
  // The name is the client's: it is not repeated.
  expect(message).not.toContain(model);
});

test('it is configured by two variables', () => {
  const { prefix, name, environment, defaultBaseUrl, versionPath, options } = google({
    baseUrl: 'https://g.example',
  });
  expect({ prefix, name, environment, defaultBaseUrl, versionPath, options }).toEqual({
    prefix: 'google',
    name: 'Google',
    environment: { apiKey: 'GOOGLE_API_KEY', baseUrl: 'GOOGLE_API_BASE_URL' },
    defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    versionPath: '/v1beta',
    options: { baseUrl: 'https://g.example' },
  });
});

test('it serves chat and embeddings, and nothing else', () => {
  expect(Object.keys(provider.endpoints)).toEqual(['chat/completions', 'embeddings']);
});

describe('the list of models', () => {
  const { modelList } = provider;

  test('is asked for in the largest pages', () => {
    expect([modelList.path(undefined), modelList.path('a b&c')]).toEqual([
      '/models?pageSize=1000',
      '/models?pageSize=1000&pageToken=a%20b%26c',
    ]);
  });

  test('holds what can be asked by this package; where nothing is said, that is assumed', () => {
    const entry = (name: string, supportedGenerationMethods?: string[]): object => ({
      name,
      ...(supportedGenerationMethods && { supportedGenerationMethods }),
    });
    const { models } = modelList.toModels({
      models: [
        entry('models/chat', ['countTokens', 'generateContent']),
        entry('models/embed', ['embedContent']),
        entry('models/batch', ['batchEmbedContents']),
        entry('models/unknown'),
        entry('models/video', ['predictLongRunning']),
        entry('models/nothing', []),
        entry('tunedModels/t', ['generateContent']),
        null,
      ],
    });
    expect(models.map(({ id }) => id)).toEqual(['chat', 'embed', 'batch', 'unknown', 'tunedModels/t']);
  });

  test.each([[null], [[]], [{}], [{ models: 'x', nextPageToken: '' }]])(
    '%j is an empty last page',
    (body) => {
      expect(modelList.toModels(body)).toEqual({ models: [], next: undefined });
    },
  );
});
