import { readConfig } from '../../../lib/config.ts';
import type { ChunkChoice, JsonObject } from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import {
  VECTORS,
  answerMetaOf,
  ask,
  bodyOf,
  convert,
  embeddingsOf,
  errorOf,
  metaOf,
  respond,
  streamBytes,
  streamEvents,
  vectorsOf,
  withoutRandomIds,
  type Streamed,
} from './support.ts';

test('every vector is run by one of the tests below', () => {
  const kinds = [
    'annotations',
    'base',
    'choice',
    'choice-list',
    'embeddings',
    'error-list',
    'logprobs',
    'message',
    'models',
    'path',
    'reasoning_effort',
    'request',
    'request-error',
    'response',
    'stream',
    'stream-raw',
    'tool_choice',
    'usage',
  ];
  expect([...new Set(VECTORS.map(({ kind }) => kind))].toSorted()).toEqual(kinds);
  expect(VECTORS).toHaveLength(47);
});

describe('paths and base URLs', () => {
  interface PathCase {
    readonly model: string;
    readonly stream?: boolean;
    readonly path?: string;
    readonly status?: number;
  }

  test.each(vectorsOf<{ readonly cases: readonly PathCase[] }>('path'))('%s', (_name, { cases }) => {
    const provider = google();
    const pathOf = ({ model, stream = false }: PathCase): string => {
      provider.checkModel?.(model);
      return `/v1beta${provider.target('chat/completions', { model, stream }).path}`;
    };
    const good = cases.filter(({ path }) => path !== undefined);
    expect(good.map(pathOf)).toEqual(good.map(({ path }) => path));
    const refusals = cases.filter(({ status }) => status === 400).map((one) => errorOf(() => pathOf(one)));
    expect(refusals.map(({ status, code, param }) => [status, code, param])).toEqual(
      refusals.map(() => [400, 'invalid_model', 'model']),
    );
    expect(good.length + refusals.length).toBe(cases.length);
  });

  interface BaseCase {
    readonly in: string | null;
    readonly out?: string;
    readonly error?: boolean;
  }

  test.each(vectorsOf<{ readonly cases: readonly BaseCase[] }>('base'))('%s', (_name, { cases }) => {
    const baseUrlOf = (base: string | null): string | undefined => {
      const env = { GOOGLE_API_KEY: 'k', ...(base !== null && { GOOGLE_API_BASE_URL: base }) };
      return readConfig({ env, providers: [google()] }).clouds.get('google')?.baseUrl;
    };
    const good = cases.filter(({ error }) => error !== true);
    expect(good.map((one) => baseUrlOf(one.in))).toEqual(good.map(({ out }) => out));
    const [refused] = cases.filter(({ error }) => error === true);
    expect(() => baseUrlOf(refused?.in ?? null)).toThrow('GOOGLE_API_BASE_URL');
  });
});

describe('requests', () => {
  interface RequestVector {
    readonly in: JsonObject;
    readonly out: JsonObject;
    readonly dropped?: string[];
  }

  test.each(vectorsOf<RequestVector>('request'))('%s', (_name, vector) => {
    expect(bodyOf(vector.in)).toEqual(vector.out);
    expect(convert(vector.in).dropped).toEqual(vector.dropped ?? []);
  });

  interface RefusedCase {
    readonly in: JsonObject;
    readonly out: { readonly status: number; readonly code: string; readonly param: string };
  }

  test.each(vectorsOf<{ readonly cases: readonly RefusedCase[] }>('request-error'))(
    '%s',
    (_name, { cases }) => {
      const refusals = cases.map((one) => errorOf(() => convert(one.in)));
      expect(refusals.map(({ status, code, param }) => ({ status, code, param }))).toEqual(
        cases.map(({ out }) => out),
      );
      expect(new Set(refusals.map(({ type }) => type))).toEqual(new Set(['invalid_request_error']));
    },
  );

  interface ChoiceCase {
    readonly in: JsonObject | string | null;
    readonly out?: JsonObject | null;
    readonly status?: number;
  }

  test.each(vectorsOf<{ readonly cases: readonly ChoiceCase[] }>('tool_choice'))('%s', (_name, { cases }) => {
    const tools = ['f', 'g'].map((name) => ({ type: 'function', function: { name } }));
    const requestOf = (one: ChoiceCase): JsonObject => ask({ tools, tool_choice: one.in });
    const good = cases.filter(({ status }) => status === undefined);
    expect(good.map((one) => bodyOf(requestOf(one)).toolConfig ?? null)).toEqual(good.map(({ out }) => out));
    const refused = cases.filter(({ status }) => status !== undefined);
    const refusals = refused.map((one) => errorOf(() => convert(requestOf(one))));
    expect(refusals.map(({ code, param }) => [code, param])).toEqual([
      ['unsupported_parameter', 'tool_choice'],
    ]);
  });

  interface EffortCase {
    readonly model: string;
    readonly in: string | null;
    readonly out: JsonObject | null;
    readonly r?: boolean;
  }

  test.each(vectorsOf<{ readonly cases: readonly EffortCase[] }>('reasoning_effort'))(
    '%s',
    (_name, { cases }) => {
      const results = cases.map((one) => {
        const request = ask({ reasoning_effort: one.in }, one.model);
        const { generationConfig } = bodyOf(request) as { generationConfig?: { thinkingConfig: JsonObject } };
        const isReported = convert(request).dropped.includes('reasoning_effort');
        return { model: one.model, in: one.in, out: generationConfig?.thinkingConfig ?? null, r: isReported };
      });
      expect(results).toEqual(cases.map((one) => ({ r: false, ...one })));
    },
  );
});

describe('responses', () => {
  interface ResponseVector {
    readonly in: JsonObject;
    readonly out: JsonObject;
  }

  /** A candidate in an answer around it. */
  const choiceOf = (candidate: JsonObject): JsonObject =>
    withoutRandomIds(respond({ candidates: [candidate] }).choices[0]) as JsonObject;

  test.each(vectorsOf<ResponseVector>('response'))('%s', (_name, vector) => {
    const { created, ...answer } = respond(vector.in);
    expect(created).toBe(metaOf('m').created);
    expect(answer).toEqual(vector.out);
  });

  test.each(vectorsOf<{ readonly cases: readonly ResponseVector[] }>('usage'))('%s', (_name, { cases }) => {
    const usages = cases.map((one) => respond({ candidates: [{}], usageMetadata: one.in }).usage);
    expect(usages).toEqual(cases.map(({ out }) => out));
  });

  test.each(vectorsOf<ResponseVector>('choice'))('%s', (_name, vector) => {
    expect(choiceOf(vector.in)).toEqual(vector.out);
  });

  type ChoiceRow = [
    candidate: JsonObject,
    content: string | null,
    finishReason: string,
    refusal: string | null,
  ];

  test.each(vectorsOf<{ readonly cases: readonly ChoiceRow[] }>('choice-list'))('%s', (_name, { cases }) => {
    const rows = cases.map(([candidate]) => {
      const [choice] = respond({ candidates: [candidate] }).choices;
      return [candidate, choice?.message.content, choice?.finish_reason, choice?.message.refusal];
    });
    expect(rows).toEqual(cases);
  });

  test.each(vectorsOf<ResponseVector>('message'))('%s', (_name, vector) => {
    expect(choiceOf({ content: vector.in, finishReason: 'STOP' }).message).toEqual(vector.out);
  });

  test.each(vectorsOf<ResponseVector>('annotations'))('%s', (_name, vector) => {
    expect(choiceOf(vector.in).message).toHaveProperty('annotations', vector.out);
  });

  test.each(vectorsOf<ResponseVector>('logprobs'))('%s', (_name, vector) => {
    expect(choiceOf({ logprobsResult: vector.in, finishReason: 'STOP' }).logprobs).toEqual(vector.out);
  });
});

describe('streams', () => {
  /** As the vectors write a stream; the corridor names the cloud in an error and adds usage and `[DONE]`. */
  function rowsOf({ choices, usage, error }: Streamed, includeUsage: boolean): unknown {
    const end = [...(includeUsage ? [{ usage }] : []), '[DONE]'];
    const rows = [
      ...choices.map(rowOf),
      ...(error === undefined ? end : [error.with({ provider: 'google' }).toBody()]),
    ];
    return withoutRandomIds(rows);
  }

  function rowOf({ index, delta, finish_reason, native_finish_reason }: ChunkChoice): unknown[] {
    return finish_reason === undefined ? [index, delta] : [index, delta, finish_reason, native_finish_reason];
  }

  interface StreamVector {
    readonly in: readonly unknown[];
    readonly out: readonly unknown[];
    readonly include_usage?: boolean;
  }

  test.each(vectorsOf<StreamVector>('stream'))('%s', (_name, vector) => {
    expect(rowsOf(streamEvents(vector.in), vector.include_usage === true)).toEqual(vector.out);
  });

  interface RawVector {
    readonly raw: readonly string[];
    readonly out: readonly unknown[];
  }

  test.each(vectorsOf<RawVector>('stream-raw'))('%s', (_name, vector) => {
    const reads = vector.raw.map((bytes) => Buffer.from(bytes, 'base64'));
    expect(rowsOf(streamBytes(reads), false)).toEqual(vector.out);
  });
});

describe('errors', () => {
  type ErrorRow = [
    upstream: number,
    body: unknown,
    status: number,
    type: string,
    code: string | null,
    headers: Record<string, string>,
  ];

  test.each(vectorsOf<{ readonly cases: readonly ErrorRow[] }>('error-list'))('%s', (_name, { cases }) => {
    const rows = cases.map(([status, body]) => {
      const error = google().toError({ status, headers: {}, body });
      return [status, body, error?.status, error?.type, error?.code, error?.headers];
    });
    expect(rows).toEqual(cases);
  });
});

describe('embeddings and models', () => {
  interface EmbeddingsVector {
    readonly in: JsonObject & { readonly model: string };
    readonly request: { readonly path: string; readonly body: JsonObject };
    readonly response: JsonObject;
    readonly out: JsonObject;
  }

  test.each(vectorsOf<EmbeddingsVector>('embeddings'))('%s', (_name, vector) => {
    const provider = google();
    const model = vector.in.model;
    const { path } = provider.target('embeddings', { model, stream: false });
    const { body } = embeddingsOf(provider).toRequest(vector.in, metaOf(model));
    expect({ path: `/v1beta${path}`, body }).toEqual(vector.request);
    expect(embeddingsOf(provider).toResponse(vector.response, answerMetaOf(vector.in))).toEqual(vector.out);
  });

  interface ModelsVector {
    readonly pages: readonly JsonObject[];
    readonly out: readonly JsonObject[];
  }

  test.each(vectorsOf<ModelsVector>('models'))('%s', (_name, vector) => {
    const pages = vector.pages.map((page) => google().modelList.toModels(page));
    // The corridor puts the prefix in front.
    const models = pages.flatMap((page) =>
      page.models.map((model) => ({ ...model, id: `google:${model.id}` })),
    );
    expect(models).toEqual(vector.out);
    expect(pages.map(({ next }) => next)).toEqual(vector.pages.map(({ nextPageToken }) => nextPageToken));
  });
});
