import fc from 'fast-check';
import type { ChunkChoice, JsonObject } from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import { ask, respond, streamBytes, streamEvents, withoutRandomIds, type Streamed } from './support.ts';

const event = (candidate: JsonObject, more: JsonObject = {}): JsonObject => ({
  candidates: [candidate],
  ...more,
});
const parts = (...list: JsonObject[]): JsonObject => ({ content: { parts: list, role: 'model' } });
const text = (value: string): JsonObject => event(parts({ text: value }));
const STOP = event({ finishReason: 'STOP' });
const ROLE = { index: 0, delta: { role: 'assistant', content: '' } };
const END = { index: 0, delta: {}, finish_reason: 'stop', native_finish_reason: 'STOP' };

const choicesOf = (events: unknown[], request?: JsonObject): unknown =>
  withoutRandomIds(streamEvents(events, request && { request }).choices);

describe('the head', () => {
  test('id and model are those of the first event, all through the stream', () => {
    const { stream } = streamEvents([
      { ...text('a'), responseId: 'r1', modelVersion: 'gemini-3.8-flash' },
      { ...STOP, responseId: 'r2', modelVersion: 'other' },
    ]);
    expect([stream.id, stream.model]).toEqual(['chatcmpl-r1', 'gemini-3.8-flash']);
  });

  test('what the first event does not say is made up or taken from the request', () => {
    const request = ask({ stream: true }, 'models/gemini-3-flash');
    const { stream } = streamEvents([text('a'), { ...STOP, responseId: 'r2', modelVersion: 'late' }], {
      request,
    });
    expect(stream.id).toMatch(/^chatcmpl-[0-9a-f]{24}$/);
    expect(stream.model).toBe('gemini-3-flash');
  });

  test('the tier is known from the header or the usage', () => {
    const byHeader = streamEvents([STOP], { headers: { 'x-gemini-service-tier': 'standard' } });
    const byUsage = streamEvents([{ ...STOP, usageMetadata: { serviceTier: 'FLEX' } }]);
    expect([byHeader.stream.serviceTier, byUsage.stream.serviceTier]).toEqual(['default', 'flex']);
    expect(streamEvents([STOP]).stream.serviceTier).toBeUndefined();
  });

  test('usage is what came last, field by field', () => {
    const { usage } = streamEvents([
      { ...text('a'), usageMetadata: { promptTokenCount: 4, thoughtsTokenCount: 6, totalTokenCount: 10 } },
      { ...STOP, usageMetadata: { candidatesTokenCount: 2, totalTokenCount: 12 } },
    ]);
    expect(usage).toEqual({
      prompt_tokens: 4,
      completion_tokens: 8,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 6 },
    });
    expect(streamEvents([text('a'), STOP]).usage).toBeUndefined();
  });
});

describe('pieces', () => {
  test('a call that shares an event with text keeps its place and decides the end', () => {
    const mixed = parts({ text: 'a' }, { functionCall: { id: 'c', name: 'f' } }, { text: 'b' });
    expect(choicesOf([event({ ...mixed, finishReason: 'STOP' })])).toEqual([
      ROLE,
      { index: 0, delta: { content: 'a' } },
      {
        index: 0,
        delta: {
          tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
      },
      { index: 0, delta: { content: 'b' } },
      { index: 0, delta: {}, finish_reason: 'tool_calls', native_finish_reason: 'STOP' },
    ]);
  });

  test('a client of the legacy functions gets one call in the legacy form', () => {
    const request = ask({ stream: true, functions: [{ name: 'f' }] });
    const call = (name: string): JsonObject => event(parts({ functionCall: { name, args: { a: 1 } } }));
    expect(choicesOf([call('f'), call('g'), STOP], request)).toEqual([
      ROLE,
      { index: 0, delta: { function_call: { name: 'f', arguments: '{"a":1}' } } },
      { index: 0, delta: {}, finish_reason: 'function_call', native_finish_reason: 'STOP' },
    ]);
  });

  test('images and raw parts carry an index of their own, so that accumulators can join them', () => {
    const image = parts({ inlineData: { mimeType: 'image/png', data: 'AAAA' } });
    const code = parts({ executableCode: { code: '1' } });
    expect(choicesOf([event(image), event(code), event(image), event(code), STOP])).toEqual([
      ROLE,
      {
        index: 0,
        delta: {
          images: [{ index: 0, type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
        },
      },
      {
        index: 0,
        delta: { extra_content: { google: { parts: [{ index: 0, executableCode: { code: '1' } }] } } },
      },
      {
        index: 0,
        delta: {
          images: [{ index: 1, type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
        },
      },
      {
        index: 0,
        delta: { extra_content: { google: { parts: [{ index: 1, executableCode: { code: '1' } }] } } },
      },
      END,
    ]);
  });

  test('pieces of audio can be joined as text: the id once, base64 cut at multiples of three bytes', () => {
    const piece = (value: string): JsonObject =>
      event(parts({ inlineData: { mimeType: 'audio/L16', data: Buffer.from(value).toString('base64') } }));
    const { choices } = streamEvents([{ ...piece('abcd'), responseId: 'r' }, piece('e'), piece('fgh'), STOP]);
    const audio = choices.flatMap(({ delta }) => (delta.audio === undefined ? [] : [delta.audio])) as {
      id?: string;
      data: string;
    }[];
    expect(audio.map(({ id }) => id)).toEqual(['audio_r', undefined, undefined, undefined]);
    expect(Buffer.from(audio.map(({ data }) => data).join(''), 'base64').toString()).toBe('abcdefgh');
  });

  test('audio brings what is said in it', () => {
    const piece = (text: string): JsonObject =>
      event(parts({ inlineData: { mimeType: 'audio/L16', data: 'AAAA' }, audioTranscription: { text } }));
    const { choices } = streamEvents([{ ...piece('Hello'), responseId: 'r' }, piece(' you'), STOP]);
    expect(choices.flatMap(({ delta }) => (delta.audio === undefined ? [] : [delta.audio]))).toEqual([
      { id: 'audio_r', data: 'AAAA', transcript: 'Hello' },
      { data: 'AAAA', transcript: ' you' },
    ]);
  });

  test('the first picture brings the signature of what was said before it', () => {
    const image = event(parts({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }));
    const said = event(parts({ text: 'Here', thoughtSignature: 'T' }));
    const { choices } = streamEvents([text('a'), said, image, image, STOP]);
    expect(choices.map(({ delta }) => delta.extra_content)).toEqual([
      undefined,
      undefined,
      undefined,
      { google: { thought_signature: 'T' } },
      undefined,
      undefined,
    ]);
  });

  test('a last byte of audio and a single citation are told too', () => {
    const piece = parts({ text: 'a' }, { inlineData: { mimeType: 'audio/L16', data: 'AAAAAA==' } });
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://e.org/' } }],
      groundingSupports: [{ segment: { endIndex: 1, text: 'a' }, groundingChunkIndices: [0] }],
    };
    const { choices } = streamEvents([
      { ...event({ ...piece, groundingMetadata, finishReason: 'STOP' }), responseId: 'r' },
    ]);
    const citation = { url: 'https://e.org/', title: '', start_index: 0, end_index: 1 };
    expect(choices.slice(2).map(({ delta }) => delta)).toEqual([
      { audio: { id: 'audio_r', data: 'AAAA' } },
      { audio: { data: 'AA==' } },
      { annotations: [{ index: 0, type: 'url_citation', url_citation: citation }] },
      {},
    ]);
  });

  test('probabilities stand on the chunk of their text', () => {
    const logprobsResult = { chosenCandidates: [{ token: 'a', logProbability: -1 }] };
    const logprobs = {
      content: [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }],
      refusal: null,
    };
    const thought = { text: 'hm', thought: true };
    expect(
      choicesOf([
        event({ ...parts(thought, { text: 'a' }, { text: 'b' }), logprobsResult }),
        event({ ...parts({ text: '' }), logprobsResult, finishReason: 'STOP' }),
      ]),
    ).toEqual([
      ROLE,
      { index: 0, delta: { reasoning_content: 'hm' } },
      { index: 0, delta: { content: 'a' }, logprobs },
      { index: 0, delta: { content: 'b' } },
      { index: 0, delta: {}, logprobs },
      END,
    ]);
  });

  test('citations come at the end, by the whole text, also when grounding comes in pieces', () => {
    const groundingChunks = [{ web: { uri: 'https://e.org/', title: 'e' } }];
    const groundingSupports = [
      { segment: { endIndex: 4, text: 'Größe'.slice(0, 3) }, groundingChunkIndices: [0] },
      { segment: { partIndex: 5, endIndex: 2, text: '5 m' }, groundingChunkIndices: [0] },
    ];
    const { choices } = streamEvents([
      text('Grö'),
      event({ ...parts({ text: 'ße: 5 m' }), groundingMetadata: { groundingChunks } }),
      event({ finishReason: 'STOP', groundingMetadata: { groundingSupports } }),
    ]);
    const citation = (index: number, start_index: number, end_index: number): object => ({
      index,
      type: 'url_citation',
      url_citation: { url: 'https://e.org/', title: 'e', start_index, end_index },
    });
    expect(choices.slice(-2)).toEqual([
      { index: 0, delta: { annotations: [citation(0, 0, 3), citation(1, 7, 10)] } },
      { ...END, extra_content: { google: { grounding_metadata: { groundingChunks, groundingSupports } } } },
    ]);
  });

  test('a filtered answer ends with its refusal', () => {
    expect(choicesOf([text('a'), event({ finishReason: 'SAFETY', safetyRatings: [] })])).toEqual([
      ROLE,
      { index: 0, delta: { content: 'a' } },
      { index: 0, delta: { refusal: 'Google stopped the answer: SAFETY.' } },
      {
        index: 0,
        delta: {},
        finish_reason: 'content_filter',
        native_finish_reason: 'SAFETY',
        extra_content: { google: { safety_ratings: [] } },
      },
    ]);
  });

  test('of the checkpoints of a long answer only the last one is told, and only where it was cut', () => {
    const checkpoint = (continuationToken: string): JsonObject =>
      event({ ...parts({ text: 'a' }), continuationToken });
    const lastOf = (reason: string): unknown =>
      streamEvents([checkpoint('1'), checkpoint('2'), event({ finishReason: reason })]).choices.at(-1)
        ?.extra_content;
    expect([lastOf('CONTINUATION'), lastOf('MAX_TOKENS'), lastOf('STOP')]).toEqual([
      { google: { continuation_token: '2' } },
      { google: { continuation_token: '2' } },
      undefined,
    ]);
  });

  test('content behind the finish reason is still told, and the last reason counts', () => {
    expect(
      choicesOf([
        event({ ...parts({ text: 'a' }), finishReason: 'STOP' }),
        text('b'),
        event({ finishReason: 'MAX_TOKENS' }),
      ]),
    ).toEqual([
      ROLE,
      { index: 0, delta: { content: 'a' } },
      { index: 0, delta: { content: 'b' } },
      { index: 0, delta: {}, finish_reason: 'length', native_finish_reason: 'MAX_TOKENS' },
    ]);
  });

  test('candidates end in their order, whichever came first', () => {
    const rows = streamEvents([
      event({ ...parts({ text: 'b' }), index: 1, finishReason: 'STOP' }),
      text('a'),
      STOP,
    ]).choices;
    expect(rows.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [1, undefined],
      [1, undefined],
      [0, undefined],
      [0, undefined],
      [0, 'stop'],
      [1, 'stop'],
    ]);
  });

  test('events that say nothing are passed over', () => {
    expect(
      choicesOf([null, 7, 'x', {}, { candidates: 'x' }, text('a'), { usageMetadata: {} }, STOP]),
    ).toEqual([ROLE, { index: 0, delta: { content: 'a' } }, END]);
  });
});

describe('endings', () => {
  const codeOf = ({ error }: Streamed): unknown => [error?.code, error?.headers];
  const INTERRUPTED = ['stream_interrupted', { 'x-should-retry': 'false' }];

  test.each<[string, unknown[], string]>([
    ['no event', [], ''],
    ['usage alone', [{ usageMetadata: { promptTokenCount: 1 } }], ''],
    ['an unspecified block', [{ promptFeedback: { blockReason: 'BLOCKED_REASON_UNSPECIFIED' } }], ''],
    ['one of two candidates without a reason', [text('a'), event({ finishReason: 'STOP', index: 1 })], ''],
    ['garbage behind half an answer', [text('a')], '<html>bad gateway</html>'],
    ['half a list', [], '[{"candidates":[{"content"'],
  ])('%s is an interruption, not a stop', (_name, events, rest) => {
    expect(codeOf(streamEvents(events, { rest }))).toEqual(INTERRUPTED);
  });

  test('garbage behind a whole answer changes nothing', () => {
    const { choices, error } = streamEvents([text('a'), STOP], { rest: '<!-- served by proxy -->' });
    expect([choices, error]).toEqual([[ROLE, { index: 0, delta: { content: 'a' } }, END], undefined]);
  });

  test('a list of answers or a single one, in place of a stream, is the answer', () => {
    const whole = [ROLE, { index: 0, delta: { content: 'a' } }, END];
    expect(streamEvents([], { rest: JSON.stringify([text('a'), STOP], null, 2) }).choices).toEqual(whole);
    const single = JSON.stringify(event({ ...parts({ text: 'a' }), finishReason: 'STOP' }));
    expect(streamEvents([], { rest: single }).choices).toEqual(whole);
    expect(streamEvents([[text('a')], [STOP]]).choices).toEqual(whole);
  });

  test('an error in a list, behind the stream or inside of it, is the error', () => {
    const error = { error: { code: 503, message: 'm', status: 'UNAVAILABLE' } };
    const codes = [
      streamEvents([[error]]),
      streamEvents([text('a'), [text('b'), error]]),
      streamEvents([text('a'), STOP], { rest: JSON.stringify([error], null, 2) }),
      streamEvents([error]),
    ].map((streamed) => streamed.error?.code);
    expect(codes).toEqual(Array.from({ length: 4 }, () => 'provider_overloaded'));
  });

  test('a prompt blocked with usage has its usage', () => {
    const { choices, usage } = streamEvents([
      { promptFeedback: { blockReason: 'OTHER' }, usageMetadata: { promptTokenCount: 7 }, responseId: 'r' },
    ]);
    expect(choices.map(({ delta, finish_reason }) => finish_reason ?? delta)).toEqual([
      { role: 'assistant', content: '' },
      { refusal: 'Google blocked the prompt: OTHER.' },
      'content_filter',
    ]);
    expect(usage?.total_tokens).toBe(7);
  });
});

describe('a prompt that is blocked when its answer has begun', () => {
  const BLOCK = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } };
  const blocked = (index: number): object[] => [
    { index, delta: { refusal: 'Google blocked the prompt: PROHIBITED_CONTENT.' } },
    {
      index,
      delta: {},
      finish_reason: 'content_filter',
      native_finish_reason: 'PROMPT_PROHIBITED_CONTENT',
    },
  ];

  test('ends it as a filter does', () => {
    const { choices, error } = streamEvents([text('a'), BLOCK]);
    expect(choices).toEqual([ROLE, { index: 0, delta: { content: 'a' } }, ...blocked(0)]);
    expect(error).toBeUndefined();
  });

  test('leaves a candidate that has ended as it is', () => {
    const { choices } = streamEvents([
      event({ ...parts({ text: 'a' }), finishReason: 'STOP' }),
      event({ ...parts({ text: 'b' }), index: 1 }),
      BLOCK,
    ]);
    expect(choices.slice(4)).toEqual([END, ...blocked(1)]);
  });

  test('ends it also where the block stands behind the stream', () => {
    const { choices } = streamEvents([text('a')], { rest: JSON.stringify(BLOCK, null, 2) });
    expect(choices.slice(2)).toEqual(blocked(0));
  });
});

/** What an accumulator of a client makes of the chunks of one choice. */
function accumulate(choices: readonly ChunkChoice[]): JsonObject {
  const whole: Record<string, string> = {};
  const calls: unknown[] = [];
  for (const { delta } of choices) {
    for (const key of ['content', 'reasoning_content', 'refusal'] as const) {
      if (typeof delta[key] === 'string') whole[key] = (whole[key] ?? '') + delta[key];
    }
    for (const call of delta.tool_calls ?? []) calls[call.index] = call.function;
  }
  return { ...whole, ...(calls.length > 0 && { calls: calls as JsonObject[] }) };
}

describe('properties', () => {
  const part = fc.oneof(
    fc.record({ text: fc.string({ unit: 'grapheme' }) }),
    fc.record({ text: fc.string(), thought: fc.constant(true) }),
    fc.record({
      functionCall: fc.record({
        name: fc.constantFrom('f', 'g'),
        args: fc.dictionary(fc.string(), fc.jsonValue()),
      }),
    }),
  );
  const answer = fc.record({
    list: fc.array(part, { minLength: 1, maxLength: 8 }),
    reason: fc.constantFrom('STOP', 'MAX_TOKENS', 'SAFETY', 'OTHER'),
  });

  test('however the parts are grouped into events, the client reads the same', () => {
    fc.assert(
      fc.property(
        answer,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        ({ list, reason }, cuts) => {
          const groups: JsonObject[][] = [[]];
          for (const [index, one] of (list as JsonObject[]).entries()) {
            if (cuts[index] === true) groups.push([]);
            groups.at(-1)?.push(one);
          }
          const grouped = streamEvents([
            ...groups.map((group) => event(parts(...group))),
            event({ finishReason: reason }),
          ]);
          const single = streamEvents([event({ ...parts(...(list as JsonObject[])), finishReason: reason })]);
          expect(accumulate(grouped.choices)).toEqual(accumulate(single.choices));
          expect(grouped.choices.at(-1)).toEqual(single.choices.at(-1));
        },
      ),
    );
  });

  test('a stream says what the whole answer says', () => {
    fc.assert(
      fc.property(answer, ({ list, reason }) => {
        const whole = event({ ...parts(...(list as JsonObject[])), finishReason: reason });
        const [choice] = respond(whole).choices;
        const streamed = streamEvents([whole]).choices;
        const { content, reasoning_content = '', refusal, tool_calls = [] } = choice?.message ?? {};
        const { content: streamedContent, ...told } = accumulate(streamed);
        expect(streamedContent).toBe(content ?? '');
        expect({ reasoning_content: '', refusal: null, calls: [], ...told }).toEqual({
          reasoning_content,
          refusal,
          calls: (tool_calls as { function: object }[]).map((call) => call.function),
        });
        expect(streamed.at(-1)?.finish_reason).toBe(choice?.finish_reason);
      }),
    );
  });

  test('however the bytes are cut, the client reads the same', () => {
    const bytes = Buffer.from(
      [
        event(parts({ text: 'hm 思考', thought: true }), { responseId: 'r', modelVersion: 'm' }),
        event(parts({ text: '🎌 Größe ' })),
        event(parts({ functionCall: { id: 'a', name: 'f', args: { x: '\r\n' } }, thoughtSignature: 'S' })),
        event(parts({ functionCall: { id: 'b', name: 'g' } })),
        event({ ...parts({ text: '' }), finishReason: 'STOP' }),
      ]
        .map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`)
        .join(''),
    );
    const expected = streamBytes([bytes]).choices;
    expect(expected).toHaveLength(6);
    const byteByByte = Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1));
    expect(streamBytes(byteByByte).choices).toEqual(expected);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const slices = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(streamBytes(slices).choices).toEqual(expected);
      }),
    );
  });

  test('frames may end in LF, CR or CRLF, with comments and several data lines', () => {
    const whole = JSON.stringify(event({ ...parts({ text: 'a' }), finishReason: 'STOP' }), null, 1);
    const frame = whole.split('\n').map((line) => `data: ${line}`);
    for (const lineEnd of ['\n', '\r', '\r\n']) {
      const bytes = Buffer.from([': hello', ...frame, '', ''].join(lineEnd));
      expect(streamBytes([bytes]).choices).toEqual([ROLE, { index: 0, delta: { content: 'a' } }, END]);
    }
  });

  test('no event, however odd, makes it fail otherwise than with an error of the table', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.record({
        candidates: fc.jsonValue(),
        usageMetadata: fc.jsonValue(),
        promptFeedback: fc.jsonValue(),
      }),
      fc.record({
        candidates: fc.array(
          fc.record(
            {
              content: fc.record({ parts: fc.array(fc.jsonValue()) }),
              finishReason: fc.jsonValue(),
              groundingMetadata: fc.record({
                groundingChunks: fc.jsonValue(),
                groundingSupports: fc.array(fc.jsonValue()),
              }),
              logprobsResult: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
      }),
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 5 }), fc.string(), (events, rest) => {
        const { choices } = streamEvents(events, { rest, provider: google() });
        expect(choices.filter(({ index }) => typeof index !== 'number')).toEqual([]);
      }),
    );
  });
});
