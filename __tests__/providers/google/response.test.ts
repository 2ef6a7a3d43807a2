import type { JsonObject } from '../../../lib/openai/types.ts';
import { CREATED, ask, errorOf, respond } from './support.ts';

const SIMPLE = { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] };

const choiceOf = (candidate: JsonObject, request?: JsonObject): JsonObject | undefined =>
  respond({ candidates: [candidate] }, request).choices[0] as JsonObject | undefined;

describe('the head', () => {
  test('the model is the one that answered, else the one that was asked', () => {
    expect(respond({ ...SIMPLE, modelVersion: 'gemini-3.5-flash-lite' }).model).toBe('gemini-3.5-flash-lite');
    expect(respond(SIMPLE, ask({}, 'models/gemini-3.8-flash')).model).toBe('gemini-3.8-flash');
    expect(respond(SIMPLE, ask({}, 'tunedModels/x')).model).toBe('tunedModels/x');
  });

  test('the id is random where Google gives none', () => {
    const ids = [respond(SIMPLE).id, respond(SIMPLE).id];
    expect(ids.filter((id) => /^chatcmpl-[0-9a-f]{24}$/.test(id))).toEqual(ids);
    expect(new Set(ids).size).toBe(2);
  });

  test('the time is the one of the answer, else the one of the request', () => {
    expect(respond({ ...SIMPLE, createTime: '2026-11-22T10:00:00.900123Z' }).created).toBe(1_795_341_600);
    expect(respond({ ...SIMPLE, createTime: 'soon' }).created).toBe(CREATED);
  });

  test.each([
    ['standard', 'default'],
    ['PRIORITY', 'priority'],
    ['flex', 'flex'],
  ])('the tier %s is %s', (tier, name) => {
    expect(respond(SIMPLE, ask({}), undefined, { 'x-gemini-service-tier': tier }).service_tier).toBe(name);
    expect(respond({ ...SIMPLE, usageMetadata: { serviceTier: tier } }).service_tier).toBe(name);
  });

  test('without a tier and without usage the answer has neither', () => {
    expect(Object.keys(respond(SIMPLE))).toEqual(['id', 'object', 'created', 'model', 'choices']);
  });
});

describe('content', () => {
  test('what has no place in a message is shown raw, in order', () => {
    const parts = [
      { toolCall: { toolType: 'GOOGLE_SEARCH' } },
      { toolResponse: { id: '1' } },
      { somethingNew: 1 },
      { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } },
      { fileData: { fileUri: 'https://e.org/a' } },
    ];
    expect(choiceOf({ content: { parts }, finishReason: 'STOP' })?.message).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
      extra_content: { google: { parts } },
    });
  });

  test('parts without anything to show are left out', () => {
    const parts = [
      {},
      { thought: true },
      { thoughtSignature: 'S' },
      { text: '', thoughtSignature: 'S' },
      null,
      7,
    ];
    const draft = { inlineData: { mimeType: 'audio/L16', data: 'AAAA' }, thought: true };
    expect(choiceOf({ content: { parts: [...parts, draft] }, finishReason: 'STOP' })?.message).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
    });
  });

  test('a picture carries the signature that the model wants back with it', () => {
    const part = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const image_url = { url: 'data:image/png;base64,AAAA' };
    const parts = [part, { ...part, thoughtSignature: 'S' }];
    expect(choiceOf({ content: { parts }, finishReason: 'STOP' })?.message).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
      images: [
        { type: 'image_url', image_url },
        { type: 'image_url', image_url, extra_content: { google: { thought_signature: 'S' } } },
      ],
    });
  });

  test('pieces of audio become one, joined by their bytes', () => {
    const piece = (text: string): JsonObject => ({
      inlineData: { mimeType: 'audio/L16;rate=24000', data: Buffer.from(text).toString('base64') },
    });
    const answer = respond({
      candidates: [{ content: { parts: [piece('ab'), piece('cd')] }, finishReason: 'STOP' }],
      responseId: 'r',
    });
    expect(answer.choices[0]?.message).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
      audio: {
        id: 'audio_r',
        data: Buffer.from('abcd').toString('base64'),
        expires_at: CREATED,
        transcript: '',
      },
    });
  });

  test('audio comes with what is said in it, where Google writes that down', () => {
    const piece = (text: string): JsonObject => ({
      inlineData: { mimeType: 'audio/L16', data: 'AAAA' },
      audioTranscription: { text },
    });
    const answer = respond({
      candidates: [{ content: { parts: [piece('Hello'), piece(' you')] }, finishReason: 'STOP' }],
      responseId: 'r',
    });
    expect(answer.choices[0]?.message).toMatchObject({
      audio: { data: 'AAAAAAAA', transcript: 'Hello you' },
    });
  });

  test('what is said before a picture carries its signature too, and only then', () => {
    const said = { text: 'Here', thoughtSignature: 'T' };
    const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'P' };
    const extraOf = (...parts: JsonObject[]): unknown =>
      choiceOf({ content: { parts }, finishReason: 'STOP' })?.message?.['extra_content' as never];
    expect(extraOf(said, picture)).toEqual({ google: { thought_signature: 'T' } });
    expect(extraOf(said)).toBeUndefined();
    expect(extraOf(picture, said)).toBeUndefined();
    const code = { executableCode: { code: '1' } };
    expect(extraOf(said, code, picture)).toEqual({ google: { thought_signature: 'T', parts: [code] } });
  });

  test('one piece of audio and one raw part are told as well as several', () => {
    const parts = [
      { inlineData: { mimeType: 'audio/L16', data: 'AAAA' } },
      { executableCode: { code: '1' } },
    ];
    const answer = respond({ candidates: [{ content: { parts }, finishReason: 'STOP' }], responseId: 'r' });
    expect(answer.choices[0]?.message).toMatchObject({
      audio: { id: 'audio_r', data: 'AAAA' },
      extra_content: { google: { parts: [{ executableCode: { code: '1' } }] } },
    });
  });

  test('media without a type or without data do not make it fail', () => {
    const parts = [
      { inlineData: { data: 'AAAA' } },
      { inlineData: { mimeType: 'image/png' } },
      { functionCall: {} },
    ];
    expect(choiceOf({ content: { parts }, finishReason: 'STOP' })?.message).toMatchObject({
      images: [{ image_url: { url: 'data:image/png;base64,' } }],
      tool_calls: [{ function: { name: '', arguments: '{}' } }],
      extra_content: { google: { parts: [{ inlineData: { data: 'AAAA' } }] } },
    });
  });

  test('probabilities that are cut short do not make it fail', () => {
    const logprobsResult = {
      chosenCandidates: [{}, { token: 'a' }],
      topCandidates: [{ candidates: [{ logProbability: -1 }] }],
    };
    expect(choiceOf({ logprobsResult, finishReason: 'STOP' })?.logprobs).toEqual({
      content: [
        { token: '', logprob: 0, bytes: [], top_logprobs: [{ token: '', logprob: -1, bytes: [] }] },
        { token: 'a', logprob: 0, bytes: [97], top_logprobs: [] },
      ],
      refusal: null,
    });
  });

  test('an id that is empty is no id', () => {
    const call = { functionCall: { id: '', name: 'f', args: { a: 1 } } };
    const { message } = choiceOf({ content: { parts: [call] }, finishReason: 'STOP' }) as {
      message: { tool_calls: JsonObject[] };
    };
    expect(message.tool_calls[0]?.id).toMatch(/^call_[0-9a-f]{24}$/);
  });

  test.each([[undefined], [null], [[]]])(
    'a client of the legacy functions gets its one call in the legacy form, beside tools %j',
    (tools) => {
      const parts = [
        { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 'S' },
        { functionCall: { name: 'g' } },
      ];
      const request = ask({ functions: [{ name: 'f' }], ...(tools !== undefined && { tools }) });
      expect(choiceOf({ content: { parts }, finishReason: 'STOP' }, request)).toEqual({
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          refusal: null,
          function_call: { name: 'f', arguments: '{"a":1}' },
        },
        logprobs: null,
        finish_reason: 'function_call',
        native_finish_reason: 'STOP',
      });
    },
  );
});

describe('finish reasons', () => {
  const parts = [{ text: 'x' }, { functionCall: { id: 'c', name: 'f' } }];
  const finishOf = (finishReason: string): unknown =>
    choiceOf({ content: { parts }, finishReason })?.finish_reason;

  test.each(['MAX_TOKENS', 'CONTINUATION'])('%s is length, also with calls', (reason) => {
    expect(finishOf(reason)).toBe('length');
  });

  test.each([
    'SAFETY',
    'RECITATION',
    'LANGUAGE',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'IMAGE_RECITATION',
    'MODEL_ARMOR',
  ])('%s is content_filter with a refusal', (reason) => {
    const choice = choiceOf({ content: { parts }, finishReason: reason, safetyRatings: [{ blocked: true }] });
    expect(choice).toMatchObject({
      finish_reason: 'content_filter',
      native_finish_reason: reason,
      message: { content: 'x', refusal: `Google stopped the answer: ${reason}.` },
      extra_content: { google: { safety_ratings: [{ blocked: true }] } },
    });
  });

  test.each([
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MALFORMED_RESPONSE',
    'MISSING_THOUGHT_SIGNATURE',
    'NO_IMAGE',
    'IMAGE_OTHER',
    'OTHER',
    'ESCALATION',
    'FINISH_REASON_UNSPECIFIED',
    'toString',
  ])('%s is stop, with the calls so far and the word itself', (reason) => {
    expect(choiceOf({ content: { parts }, finishReason: reason })).toMatchObject({
      finish_reason: 'stop',
      native_finish_reason: reason,
      message: { refusal: null, tool_calls: [{ id: 'c' }] },
    });
  });

  test('no reason at all is stop, and there is no word of Google', () => {
    expect(choiceOf({ content: { parts: [{ text: 'x' }] } })).toEqual({
      index: 0,
      message: { role: 'assistant', content: 'x', refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    });
  });

  test('what Google says around an answer stands beside it', () => {
    const around = {
      finishMessage: 'm',
      continuationToken: 'T',
      groundingMetadata: { webSearchQueries: ['q'] },
      citationMetadata: { citationSources: [] },
      urlContextMetadata: { urlMetadata: [] },
      safetyRatings: [],
    };
    const google = (finishReason: string): unknown => choiceOf({ finishReason, ...around })?.extra_content;
    const always = {
      finish_message: 'm',
      grounding_metadata: { webSearchQueries: ['q'] },
      citation_metadata: { citationSources: [] },
      url_context_metadata: { urlMetadata: [] },
    };
    expect(google('STOP')).toEqual({ google: always });
    expect(google('MAX_TOKENS')).toEqual({ google: { ...always, continuation_token: 'T' } });
    expect(google('SAFETY')).toEqual({ google: { ...always, safety_ratings: [] } });
  });
});

describe('annotations', () => {
  const CHUNKS = [
    { web: { uri: 'https://a.example/', title: 'a' } },
    { web: { uri: 'https://b.example/' } },
    { retrievedContext: { uri: 'gs://x' } },
  ];

  function rangesOf(texts: (string | JsonObject)[], segment: JsonObject, indices: unknown = [0]): unknown[] {
    const parts = texts.map((text) => (typeof text === 'string' ? { text } : text));
    const support = { segment, groundingChunkIndices: indices } as JsonObject;
    const choice = choiceOf({
      content: { parts },
      finishReason: 'STOP',
      groundingMetadata: { groundingChunks: CHUNKS, groundingSupports: [support] },
    });
    const { annotations = [] } = (choice?.message ?? {}) as { annotations?: { url_citation: JsonObject }[] };
    return annotations.map(({ url_citation: { url, title, start_index, end_index } }) => [
      url,
      title,
      start_index,
      end_index,
    ]);
  }

  test('one for each source on the web', () => {
    expect(rangesOf(['abc'], { endIndex: 3, text: 'abc' }, [0, 1, 2, 9, 'x'])).toEqual([
      ['https://a.example/', 'a', 0, 3],
      ['https://b.example/', '', 0, 3],
    ]);
  });

  test('offsets are counted in the part they belong to, behind thoughts and calls', () => {
    expect(rangesOf(['日本', '語'], { partIndex: 1, endIndex: 3, text: '語' })).toEqual([
      ['https://a.example/', 'a', 2, 3],
    ]);
    const texts = [{ text: 'hm', thought: true }, '日本', { functionCall: { name: 'f' } }, '語と🎌!'];
    const segment = { partIndex: 3, startIndex: 3, endIndex: 10, text: 'と🎌' };
    expect(rangesOf(texts, segment)).toEqual([['https://a.example/', 'a', 3, 6]]);
  });

  test('a passage that is not where the offsets say is searched', () => {
    expect(rangesOf(['one two'], { startIndex: 0, endIndex: 3, text: 'two' })).toEqual([
      ['https://a.example/', 'a', 4, 7],
    ]);
    expect(rangesOf(['one two'], { startIndex: 90, endIndex: 93, text: 'two' })).toEqual([
      ['https://a.example/', 'a', 4, 7],
    ]);
    expect(rangesOf(['one two'], { partIndex: 7, text: 'two' })).toEqual([['https://a.example/', 'a', 4, 7]]);
  });

  test('a passage that is nowhere is left out', () => {
    expect(rangesOf(['one two'], { endIndex: 3, text: 'three' })).toEqual([]);
    expect(rangesOf(['one two'], { startIndex: 5, endIndex: 2 })).toEqual([]);
    expect(rangesOf(['one two'], { startIndex: 5, endIndex: 5 })).toEqual([]);
    expect(rangesOf(['one two'], { startIndex: 5, endIndex: 8 })).toEqual([]);
    expect(rangesOf(['one two'], { endIndex: 3, text: 'one' }, 'none')).toEqual([]);
  });

  test('without its text the offsets of a passage are believed', () => {
    expect(rangesOf(['one two'], { startIndex: 4, endIndex: 7 })).toEqual([
      ['https://a.example/', 'a', 4, 7],
    ]);
  });
});

describe('answers that are none', () => {
  test.each([
    ['nothing', {}],
    ['no candidates', { candidates: [] }],
    ['an unspecified block', { promptFeedback: { blockReason: 'BLOCKED_REASON_UNSPECIFIED' } }],
    ['a list', []],
    ['a string', 'hello'],
    ['null', null],
  ])('%s is a failure that must not be tried again', (_name, body) => {
    const { status, code, message, headers } = errorOf(() => respond(body));
    expect([status, code, message, headers]).toEqual([
      502,
      'provider_error',
      'Google sent an empty answer.',
      { 'x-should-retry': 'false' },
    ]);
  });

  test.each([
    'SAFETY',
    'OTHER',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'IMAGE_SAFETY',
    'MODEL_ARMOR',
    'JAILBREAK',
  ])('a prompt blocked for %s is a filtered choice', (blockReason) => {
    expect(respond({ promptFeedback: { blockReason } }).choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: null, refusal: `Google blocked the prompt: ${blockReason}.` },
        logprobs: null,
        finish_reason: 'content_filter',
        native_finish_reason: `PROMPT_${blockReason}`,
      },
    ]);
  });

  // The Agents SDK, over chat, takes any content that is not null for the answer.
  test('a filtered answer without text has null in its place', () => {
    expect(choiceOf({ content: { parts: [{ text: '' }] }, finishReason: 'SAFETY' })).toEqual({
      index: 0,
      message: { role: 'assistant', content: null, refusal: 'Google stopped the answer: SAFETY.' },
      logprobs: null,
      finish_reason: 'content_filter',
      native_finish_reason: 'SAFETY',
    });
  });

  test('a prompt that is blocked when its answer has begun ends it as a filter does', () => {
    const candidates = [
      { content: { parts: [{ text: 'a' }] }, index: 0 },
      { content: { parts: [{ text: 'b' }] }, index: 1, finishReason: 'MAX_TOKENS' },
    ];
    expect(respond({ candidates, promptFeedback: { blockReason: 'SAFETY' } }).choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'a', refusal: 'Google blocked the prompt: SAFETY.' },
        logprobs: null,
        finish_reason: 'content_filter',
        native_finish_reason: 'PROMPT_SAFETY',
      },
      {
        index: 1,
        message: { role: 'assistant', content: 'b', refusal: null },
        logprobs: null,
        finish_reason: 'length',
        native_finish_reason: 'MAX_TOKENS',
      },
    ]);
  });

  test('an error under HTTP 200 is an error', () => {
    const error = errorOf(() => respond({ error: { code: 503, message: 'm', status: 'UNAVAILABLE' } }));
    expect([error.status, error.code]).toEqual([503, 'provider_overloaded']);
  });
});
