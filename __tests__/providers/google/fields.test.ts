import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { GOOGLE_EMBEDDING_FIELDS, GOOGLE_FIELDS } from '../../../lib/providers/google/fields.ts';
import { ask, bodyOf, convert, embeddingsOf, errorOf, metaOf } from './support.ts';
import { google } from '../../../lib/providers/google/index.ts';

const BARE = { contents: [{ role: 'user', parts: [{ text: 'Q' }] }] };

/** Something to ask for, in each field that is left out. */
const VALUES: Readonly<Record<string, JsonValue>> = {
  stream: true,
  stream_options: { include_usage: true },
  user: 'u',
  safety_identifier: 's',
  metadata: { a: 'b' },
  moderation: { model: 'm' },
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  prompt_cache_options: { mode: 'auto' },
  parallel_tool_calls: false,
  presence_penalty: 0.5,
  frequency_penalty: -0.5,
  logit_bias: { 1: 5 },
  prediction: { type: 'content', content: 'x' },
  verbosity: 'low',
  store: true,
};

const NOOPS: Readonly<Record<string, JsonValue>> = {
  parallel_tool_calls: true,
  presence_penalty: 0,
  frequency_penalty: 0,
  logit_bias: {},
  store: false,
};

const namesOf = (wanted: string): string[] =>
  [...GOOGLE_FIELDS].flatMap(([name, rule]) => (rule.class === wanted ? [name] : []));

test('every field that is left out has a value to be left out in the tests below', () => {
  expect([...namesOf('ignored'), ...namesOf('hint')].toSorted()).toEqual(Object.keys(VALUES).toSorted());
  expect(namesOf('refused')).toEqual([]);
});

test.each(namesOf('ignored'))('%s is left out silently', (name) => {
  const request = ask({ [name]: VALUES[name] });
  expect(bodyOf(request)).toEqual(BARE);
  expect(convert(request).dropped).toEqual([]);
});

test.each(namesOf('hint'))('%s is left out and reported', (name) => {
  const request = ask({ [name]: VALUES[name] });
  expect(bodyOf(request)).toEqual(BARE);
  expect(convert(request).dropped).toEqual([name]);
});

test.each(Object.entries(NOOPS))('%s asks for nothing with %j', (name, value) => {
  expect(convert(ask({ [name]: value })).dropped).toEqual([]);
});

test('fields that are mapped are not reported', () => {
  const values: Readonly<Record<string, JsonValue>> = {
    max_completion_tokens: 1,
    max_tokens: 1,
    temperature: 0,
    top_p: 0.5,
    top_k: 1,
    stop: 'a',
    n: 2,
    seed: 1,
    logprobs: true,
    top_logprobs: 1,
    response_format: { type: 'json_object' },
    tools: [{ type: 'function', function: { name: 'f' } }],
    tool_choice: 'required',
    functions: [{ name: 'g' }],
    function_call: 'auto',
    reasoning_effort: 'low',
    modalities: ['audio'],
    audio: { voice: 'Kore', format: 'pcm16' },
    service_tier: 'flex',
    extra_body: { google: { top_k: 1 } },
    google: null,
    web_search_options: null,
  };
  const request = ask(values, 'gemini-2.5-flash-lite');
  expect(Object.keys(request).toSorted()).toEqual(namesOf('mapped').toSorted());
  expect(convert(request).dropped).toEqual([]);
  expect(
    convert(ask({ google: { top_k: 1 }, web_search_options: {} }, 'gemini-2.5-flash-lite')).dropped,
  ).toEqual([]);
});

test('null asks for nothing in any field', () => {
  const nulls = Object.fromEntries([...GOOGLE_FIELDS.keys(), 'foo'].map((name) => [name, null]));
  const request = { ...nulls, ...ask({}) };
  expect(bodyOf(request)).toEqual(BARE);
  expect(convert(request).dropped).toEqual([]);
});

test('unknown fields are left out and reported, whatever their names', () => {
  const request = {
    ...ask({}),
    foo: 1,
    safetySettings: [],
    ...(JSON.parse('{"__proto__":{"a":1}}') as JsonObject),
  };
  expect(bodyOf(request)).toEqual(BARE);
  expect(convert(request).dropped.toSorted()).toEqual(['__proto__', 'foo', 'safetySettings']);
});

test('what is left out is reported in the order of the request', () => {
  const request = {
    verbosity: 'low',
    reasoning_effort: 'max',
    messages: [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: 'a', audio: { id: 'x' } },
      { role: 'user', content: 'Q' },
    ],
    foo: 1,
    web_search_options: { search_context_size: 'low' },
    temperature: 0,
    extra_body: { bar: 1 },
    model: 'gemini-3.8-flash',
    seed: 1,
    logit_bias: { 1: 1 },
  };
  expect(convert(request).dropped).toEqual([
    'verbosity',
    'reasoning_effort',
    'messages[1].audio',
    'foo',
    'web_search_options.search_context_size',
    'temperature',
    'extra_body.bar',
    'logit_bias',
  ]);
});

test('every rule has a note for the README', () => {
  const notes = [...GOOGLE_FIELDS.values(), ...GOOGLE_EMBEDDING_FIELDS.values()].map(({ note }) => note);
  expect(notes.filter((note) => note === '')).toEqual([]);
});

describe('the namespace', () => {
  test('every key goes to its place, in either spelling', () => {
    const snake = {
      cached_content: 'cachedContents/x',
      safety_settings: [{ category: 'C', threshold: 'T' }],
      service_tier: 'priority',
      store: true,
      labels: { a: 'b' },
      continuation_token: 'tok',
      thinking_config: { include_thoughts: true, thinking_level: 'high' },
      top_k: 4,
      response_modalities: ['IMAGE'],
      media_resolution: 'MEDIA_RESOLUTION_LOW',
      speech_config: { language_code: 'de-DE' },
      image_config: { aspectRatio: '1:1' },
      tools: [{ url_context: {} }],
      retrieval_config: { languageCode: 'de' },
      include_server_side_tool_invocations: true,
    };
    const toCamel = (key: string): string =>
      key.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    const camel = Object.fromEntries(Object.entries(snake).map(([key, value]) => [toCamel(key), value]));
    const out = {
      ...BARE,
      cachedContent: 'cachedContents/x',
      safetySettings: [{ category: 'C', threshold: 'T' }],
      serviceTier: 'priority',
      store: true,
      labels: { a: 'b' },
      continuationToken: 'tok',
      tools: [{ url_context: {} }],
      toolConfig: { retrievalConfig: { languageCode: 'de' }, includeServerSideToolInvocations: true },
      generationConfig: {
        thinkingConfig: { includeThoughts: true, thinkingLevel: 'high' },
        topK: 4,
        responseModalities: ['IMAGE'],
        mediaResolution: 'MEDIA_RESOLUTION_LOW',
        speechConfig: { language_code: 'de-DE' },
        imageConfig: { aspectRatio: '1:1' },
      },
    };
    expect(bodyOf(ask({ google: snake }))).toEqual(out);
    expect(bodyOf(ask({ extra_body: { google: camel } }))).toEqual(out);
  });

  test('it wins over what stands beside it', () => {
    const fields = { service_tier: 'flex', top_k: 1, modalities: ['text', 'audio'] };
    const body = bodyOf(
      ask(
        { ...fields, google: { service_tier: 'standard', top_k: 2, response_modalities: ['TEXT'] } },
        'gemini-2.5-flash-lite',
      ),
    );
    expect(body.serviceTier).toBe('standard');
    expect(body.generationConfig).toEqual({ topK: 2, responseModalities: ['TEXT'] });
  });

  test('extra_body.google counts; google beside it and other keys are reported', () => {
    const request = ask(
      { extra_body: { google: { top_k: 1 }, other: 1, none: null }, google: { top_k: 2 } },
      'gemini-3-pro',
    );
    expect(bodyOf(request).generationConfig).toEqual({ topK: 1 });
    expect(convert(request).dropped).toEqual(['extra_body.other', 'google']);
  });

  test.each<[JsonObject, string, string]>([
    [{ google: { foo: 1 } }, 'unsupported_parameter', 'google.foo'],
    [{ google: JSON.parse('{"__proto__":1}') as JsonObject }, 'unsupported_parameter', 'google.__proto__'],
    [{ google: { constructor: 1 } }, 'unsupported_parameter', 'google.constructor'],
    [
      { extra_body: { google: { CachedContent: 'x' } } },
      'unsupported_parameter',
      'extra_body.google.CachedContent',
    ],
    [{ google: 7 }, 'invalid_value', 'google'],
    [{ extra_body: [] }, 'invalid_value', 'extra_body'],
    [{ extra_body: { google: 'x' } }, 'invalid_value', 'extra_body.google'],
    [{ google: { tools: {} } }, 'invalid_value', 'google.tools'],
    [{ google: { tools: ['x'] } }, 'invalid_value', 'google.tools'],
    [{ google: { thinking_config: 'high' } }, 'invalid_value', 'google.thinking_config'],
  ])('%j is refused', (fields, code, param) => {
    const error = errorOf(() => convert(ask(fields)));
    expect([error.status, error.code, error.param]).toEqual([400, code, param]);
  });

  test('embeddings have keys of their own', () => {
    const embeddings = embeddingsOf(google());
    const request = {
      model: 'm',
      input: 'a',
      google: { task_type: 'RETRIEVAL_DOCUMENT', title: 't' },
      foo: 1,
    };
    expect(embeddings.toRequest(request, metaOf('m'))).toEqual({
      body: {
        requests: [
          {
            model: 'models/m',
            content: { parts: [{ text: 'a' }] },
            taskType: 'RETRIEVAL_DOCUMENT',
            title: 't',
          },
        ],
      },
      dropped: ['foo'],
    });
    const refused = errorOf(() => embeddings.toRequest({ ...request, google: { top_k: 1 } }, metaOf('m')));
    expect([refused.code, refused.param]).toEqual(['unsupported_parameter', 'google.top_k']);
  });
});
