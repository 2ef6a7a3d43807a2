import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import type { EmbeddingList } from '../../../lib/providers/google/embeddings.ts';
import { google } from '../../../lib/providers/google/index.ts';
import { answerMetaOf, embeddingsOf, errorOf, metaOf } from './support.ts';

const embeddings = embeddingsOf(google());
const MODEL = 'gemini-embedding-001';

const request = (input: JsonValue, more: JsonObject = {}): JsonObject => ({ model: MODEL, input, ...more });
const convert = (input: JsonValue, more: JsonObject = {}, model = MODEL): JsonObject =>
  JSON.parse(JSON.stringify(embeddings.toRequest(request(input, more), metaOf(model)))) as JsonObject;
const answer = (...vectors: number[][]): JsonObject => ({
  embeddings: vectors.map((values) => ({ values })),
});

function split(whole: JsonObject): JsonObject[] {
  const { batch } = embeddings;
  if (batch === undefined) throw new Error('embeddings have a batch limit');
  return batch.split(whole);
}

describe('requests', () => {
  test('a string is a batch of one', () => {
    expect(convert('a').body).toEqual({
      requests: [{ model: `models/${MODEL}`, content: { parts: [{ text: 'a' }] } }],
    });
  });

  test('the model is named as Google names it, whatever the client wrote', () => {
    const namesOf = (model: string): unknown =>
      (convert('a', {}, model).body as { requests: JsonObject[] }).requests[0]?.model;
    expect([`models/${MODEL}`, 'tunedModels/x'].map(namesOf)).toEqual([`models/${MODEL}`, 'tunedModels/x']);
  });

  test.each<[string, JsonValue, string, string]>([
    ['an empty string', '', 'invalid_value', 'input'],
    ['an empty list', [], 'invalid_value', 'input'],
    ['an empty string in a list', ['a', ''], 'invalid_value', 'input[1]'],
    ['a number', 7, 'invalid_value', 'input'],
    ['an object in a list', ['a', {}], 'invalid_value', 'input[1]'],
    ['token ids', [1, 2], 'unsupported_parameter', 'input'],
    ['lists of token ids', [[1], [2]], 'unsupported_parameter', 'input'],
  ])('%s is refused', (_name, input, code, param) => {
    for (const run of [() => convert(input), () => split(request(input))]) {
      const error = errorOf(run);
      expect([error.status, error.code, error.param]).toEqual([400, code, param]);
    }
  });

  test('an unknown encoding is refused', () => {
    const error = errorOf(() => convert('a', { encoding_format: 'hex' }));
    expect([error.status, error.code, error.param]).toEqual([400, 'invalid_value', 'encoding_format']);
  });

  test('fields that are mapped are not reported', () => {
    const fields = { dimensions: 2, encoding_format: 'base64', extra_body: { google: { title: 't' } } };
    expect(convert('a', fields)).toEqual({
      body: {
        requests: [
          {
            model: `models/${MODEL}`,
            content: { parts: [{ text: 'a' }] },
            outputDimensionality: 2,
            title: 't',
          },
        ],
      },
      dropped: [],
    });
  });

  test('the user is left out silently, other fields are reported, null is nothing', () => {
    expect(convert('a', { user: 'u', foo: 1, dimensions: null, encoding_format: null }).dropped).toEqual([
      'foo',
    ]);
  });
});

describe('answers', () => {
  test('numbers by default and by name, base64 by name', () => {
    const embeddingOf = (more: JsonObject): unknown => {
      const list = embeddings.toResponse(
        answer([1, -0.5]),
        answerMetaOf(request('a', more)),
      ) as EmbeddingList;
      return list.data[0]?.embedding;
    };
    expect([{}, { encoding_format: 'float' }, { encoding_format: 'base64' }].map(embeddingOf)).toEqual([
      [1, -0.5],
      [1, -0.5],
      'AACAPwAAAL8=',
    ]);
  });

  test('base64 is what a client decodes to the same float32 values', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (vector) => {
        const meta = answerMetaOf(request('a', { encoding_format: 'base64' }));
        const { data } = embeddings.toResponse(answer(vector), meta) as EmbeddingList;
        const bytes = Buffer.from(String(data[0]?.embedding), 'base64');
        const decoded = new Float32Array(new Uint8Array(bytes).buffer);
        expect([...decoded]).toEqual(vector);
      }),
    );
  });

  test('without usage the tokens are zero', () => {
    const { usage } = embeddings.toResponse(answer([1]), answerMetaOf(request('a'))) as EmbeddingList;
    expect(usage).toEqual({ prompt_tokens: 0, total_tokens: 0 });
  });

  test.each<[string, unknown]>([
    ['fewer vectors than texts', answer([1])],
    ['more vectors than texts', answer([1], [2], [3])],
    ['a vector without values', { embeddings: [{ values: [1] }, {}] }],
    ['an empty vector', answer([1], [])],
    ['a vector with a word in it', { embeddings: [{ values: [1] }, { values: ['x'] }] }],
    ['nothing', null],
  ])('%s is a failure that must not be tried again', (_name, body) => {
    const error = errorOf(() => embeddings.toResponse(body, answerMetaOf(request(['a', 'b']))));
    expect([error.status, error.code, error.headers]).toEqual([
      502,
      'provider_error',
      { 'x-should-retry': 'false' },
    ]);
  });

  test('an error under HTTP 200 is an error', () => {
    const body = { error: { code: 503, message: 'm', status: 'UNAVAILABLE' } };
    expect(errorOf(() => embeddings.toResponse(body, answerMetaOf(request('a')))).code).toBe(
      'provider_overloaded',
    );
  });
});

describe('batches', () => {
  const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

  test.each([
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])('%i texts are sent in batches of %j', (count, sizes) => {
    const parts = split(request(texts(count), { dimensions: 2 }));
    expect(parts.map(({ input }) => (input as string[]).length)).toEqual(sizes);
    expect(parts.flatMap(({ input }) => input)).toEqual(texts(count));
    expect(parts.map(({ model, dimensions }) => [model, dimensions])).toEqual(sizes.map(() => [MODEL, 2]));
  });

  test('one bad text in the last batch stops the first', () => {
    const error = errorOf(() => split(request([...texts(150), ''])));
    expect(error.param).toBe('input[150]');
  });

  test('the answers become one, in order, with all their tokens', () => {
    const lists = split(request(texts(150))).map((part, place) => {
      const vectors = (part.input as string[]).map((text) => [Number(text.slice(5))]);
      return embeddings.toResponse(
        { ...answer(...vectors), usageMetadata: { promptTokenCount: 10 + place } },
        answerMetaOf(part),
      );
    });
    const whole = embeddings.batch?.join(lists) as EmbeddingList;
    expect(whole.data).toEqual(
      texts(150).map((_text, index) => ({ object: 'embedding', index, embedding: [index] })),
    );
    expect([whole.object, whole.model, whole.usage]).toEqual([
      'list',
      MODEL,
      { prompt_tokens: 21, total_tokens: 21 },
    ]);
  });
});
