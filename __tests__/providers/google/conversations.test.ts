import { jest } from '@jest/globals';
import fc from 'fast-check';
import { hasOrphan, refusalOf } from '../../../examples/simulated-clouds/google-rules.ts';
import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import type { Provider } from '../../../lib/providers/provider.ts';
import { bodyOf, respond } from './support.ts';

// A busy machine is no failure.
jest.setTimeout(60_000);

/** Models of every kind that can hold a conversation with tools. */
const MODELS = [
  'gemini-2.0-flash',
  'gemini-2.5-flash-lite',
  'gemini-2.5-flash',
  'gemini-2.5-pro',
  'gemini-3-flash-preview',
  'gemini-3.1-pro-preview',
  'gemini-3.5-flash-lite',
  'gemini-3.8-flash',
  'gemini-4-hydrogen',
  'gemini-flash-latest',
  'tunedModels/mine',
];

const text = fc.oneof(
  fc.constantFrom('', ' ', '{}', '[1]', 'null', '{"$ref":"x"}', '{"a":{"$ref":1}}', '"s"', '{"a"'),
  fc.string({ unit: 'grapheme' }),
);
const textPart = text.map((value): JsonObject => ({ type: 'text', text: value }));
const mediaPart = fc.constantFrom<JsonObject>(
  { type: 'image_url', image_url: { url: 'https://e.org/a.png', detail: 'high' } },
  { type: 'image_url', image_url: { url: 'data:image/jpg;base64,_-8' } },
  { type: 'image_url', image_url: { url: 'data:text/plain,a%20b' } },
  { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
  { type: 'file', file: { filename: 'a.pdf', file_data: 'JVBE Rg' } },
  { type: 'file', file: { file_id: 'files/abc' } },
);
const texts = fc.oneof(text, fc.constant(null), fc.array(textPart, { maxLength: 3 }));
const anything = fc.oneof(texts, fc.array(fc.oneof(textPart, mediaPart), { maxLength: 3 }));

const system = fc.record({ role: fc.constantFrom('system', 'developer'), content: texts });
const user = fc.record(
  { role: fc.constant('user'), content: anything, name: fc.constant('ann') },
  { requiredKeys: ['role', 'content'] },
);
const plainAssistant = fc.record({
  role: fc.constant('assistant'),
  content: texts,
  refusal: fc.constantFrom(null, 'no'),
  reasoning_content: fc.constant('hm'),
});

/** An assistant message with calls and all of its results, in any order, with system messages in between. */
const exchange = fc
  .record({
    content: texts,
    calls: fc.array(
      fc.record({ name: fc.constantFrom('f', 'g', 'h'), arguments: text, signed: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    results: fc.array(anything, { minLength: 4, maxLength: 4 }),
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
    between: fc.option(system, { nil: undefined }),
    ids: fc.constantFrom('unique', 'again', 'empty'),
  })
  .map(({ content, calls, results, order, between, ids }) => (turn: number): JsonObject[] => {
    const idOf = (place: number): string =>
      ({ unique: `call_${turn}_${place}`, again: `call_${place}`, empty: '' })[ids];
    const tool_calls = calls.map((call, place): JsonObject => ({
      index: place,
      id: idOf(place),
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
      ...(call.signed && { extra_content: { google: { thought_signature: 'U0lH' } } }),
    }));
    const answered = order
      .filter((place) => place < calls.length)
      .map((place): JsonObject => ({
        role: 'tool',
        tool_call_id: idOf(place),
        content: results[place] as JsonValue,
      }));
    return [
      { role: 'assistant', content: content as JsonValue, tool_calls },
      ...(between === undefined ? [] : [between as JsonObject]),
      ...answered,
    ];
  });

const legacyExchange = fc
  .record({ arguments: text, content: text })
  .map(({ arguments: args, content }) => (): JsonObject[] => [
    { role: 'assistant', content: null, function_call: { name: 'f', arguments: args } },
    { role: 'function', name: 'f', content },
  ]);

const single = fc
  .oneof(system, user, plainAssistant)
  .map((message) => (): JsonObject[] => [message as JsonObject]);

const question = fc.constant((): JsonObject[] => [{ role: 'user', content: 'and?' }]);

/** What a client of OpenAI may send: the user begins, every call has its result, and an answer is waited for. */
const conversation = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 2, arbitrary: single },
        { weight: 2, arbitrary: exchange },
        { weight: 1, arbitrary: legacyExchange },
      ),
      { maxLength: 6 },
    ),
    fc.oneof(question, exchange),
  )
  .map(([turns, last]): JsonObject[] => [
    { role: 'user', content: 'go' },
    ...turns.flatMap((turn, index) => turn(index)),
    ...last(turns.length),
  ]);

const schema = fc.constantFrom<JsonValue>(
  null,
  {},
  { type: 'object', properties: {} },
  {
    type: 'object',
    properties: { a: { const: 1 }, const: { type: ['string', 'null'] } },
    required: ['a'],
    additionalProperties: false,
  },
  { $ref: '#/$defs/x', $defs: { x: { type: 'object', propertyNames: { pattern: '^a' } } } },
);
const tools = fc.uniqueArray(fc.constantFrom('f', 'g', 'h'), { minLength: 1 }).chain((names) =>
  fc.record({
    tools: fc.tuple(
      ...names.map((name) =>
        fc
          .record(
            { parameters: schema, strict: fc.boolean(), description: fc.constant('d') },
            { requiredKeys: [] },
          )
          .map((fields): JsonObject => ({ type: 'function', function: { name, ...fields } })),
      ),
    ),
    tool_choice: fc.constantFrom<JsonValue>(
      'auto',
      'none',
      'required',
      null,
      { type: 'function', function: { name: names[0] ?? 'f' } },
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: names[0] ?? 'f' } }] },
      },
    ),
    parallel_tool_calls: fc.boolean(),
  }),
);

const settings = fc.record(
  {
    temperature: fc.constantFrom(0, 0.7, 1, null),
    top_p: fc.constantFrom(0.5, 1),
    max_tokens: fc.constantFrom(1, 100),
    max_completion_tokens: fc.constantFrom(1, 100),
    stop: fc.constantFrom<JsonValue>('END', ['a', ''], ['1', '2', '3', '4', '5'], null),
    seed: fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    n: fc.constant(1),
    presence_penalty: fc.constantFrom(0, 1),
    frequency_penalty: fc.constantFrom(0, -1),
    logit_bias: fc.constant({ 1: 1 }),
    logprobs: fc.constant(false),
    reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', null),
    verbosity: fc.constant('low'),
    service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
    store: fc.boolean(),
    metadata: fc.constant({ a: 'b' }),
    stream: fc.boolean(),
    stream_options: fc.constant({ include_usage: true }),
    modalities: fc.constant(['text']),
    user: fc.string(),
    unheard_of: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

const format = fc.constantFrom<JsonObject>(
  {},
  { response_format: { type: 'text' } },
  { response_format: { type: 'json_object' } },
  {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'r',
        strict: true,
        schema: {
          type: 'object',
          properties: { a: { const: 1 } },
          required: ['a'],
          additionalProperties: false,
        },
      },
    },
  },
  {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'r',
        schema: {
          type: 'object',
          properties: {
            ok: { const: true },
            none: { anyOf: [{ const: null }, { $ref: '#/$defs/T', description: 'd' }] },
          },
          $defs: { T: { type: 'array', prefixItems: [{ $ref: '#/$defs/T', default: [] }] } },
        },
      },
    },
  },
);

const request = fc
  .record({
    model: fc.constantFrom(...MODELS),
    messages: conversation,
    settings,
    extras: fc.oneof(tools as fc.Arbitrary<object>, format as fc.Arbitrary<object>),
  })
  .map(
    ({ model, messages, settings: fields, extras }) =>
      ({ ...fields, ...extras, model, messages }) as JsonObject & {
        model: string;
        messages: JsonObject[];
      },
  );

function bareModel(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

test('any conversation in OpenAI form becomes one that the strict cloud takes, with a call for every result', () => {
  fc.assert(
    fc.property(request, (one) => {
      const body = bodyOf(one);
      expect(refusalOf(body, bareModel(one.model))).toBeUndefined();
      expect(hasOrphan(body)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('Gemma too, without what it does not have', () => {
  fc.assert(
    fc.property(
      request,
      ({
        tools: _tools,
        tool_choice: _choice,
        parallel_tool_calls: _parallel,
        response_format: _format,
        ...one
      }) => {
        const gemma = { ...one, model: 'gemma-3-27b-it' } as JsonObject;
        expect(refusalOf(bodyOf(gemma), 'gemma-3-27b-it')).toBeUndefined();
      },
    ),
  );
});

test('a conversation is not changed by its conversion', () => {
  fc.assert(
    fc.property(request, (one) => {
      const before = structuredClone(one);
      bodyOf(one);
      expect(one).toEqual(before);
    }),
  );
});

test('a longer history begins as the shorter one did: the cached prefix stays', () => {
  const prefixOf = (messages: JsonObject[], provider: Provider): JsonValue[] => {
    const { contents } = bodyOf({ model: 'gemini-3.8-flash', messages }, provider);
    return contents as JsonValue[];
  };
  fc.assert(
    fc.property(conversation, conversation, (first, second) => {
      const provider = google();
      const shorter = prefixOf(first, provider);
      const longer = prefixOf([...first, { role: 'assistant', content: 'done' }, ...second], provider);
      expect(longer.slice(0, shorter.length)).toEqual(shorter);
    }),
  );
});

test('system texts arrive all and in order, wherever they stand', () => {
  fc.assert(
    fc.property(conversation, (messages) => {
      const said = messages
        .filter(({ role }) => role === 'system' || role === 'developer')
        .flatMap(({ content }) =>
          Array.isArray(content) ? content.map((part) => (part as JsonObject).text) : [content],
        )
        .filter((one) => typeof one === 'string' && one !== '');
      const { systemInstruction } = bodyOf({ model: 'gemini-3.8-flash', messages });
      const { parts = [] } = (systemInstruction ?? {}) as { parts?: JsonObject[] };
      expect(parts.map((part) => part.text)).toEqual(said);
    }),
  );
});

test('what an answer gives, its client sends back, with or without the fields it does not know', () => {
  const part = fc.oneof(
    fc.record({ text: fc.string() }),
    fc.record({
      functionCall: fc.record({
        name: fc.constantFrom('f', 'g'),
        args: fc.dictionary(fc.string(), fc.jsonValue()),
      }),
      thoughtSignature: fc.constantFrom('QQ==', 'Qg=='),
    }),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.boolean(), (parts, isStock) => {
      const provider = google();
      const whole = { candidates: [{ content: { parts }, finishReason: 'STOP' }] };
      const [choice] = respond(whole, undefined, provider).choices;
      const { tool_calls = [], content } = choice?.message ?? {};
      const echoed = tool_calls.map(({ extra_content, ...call }) =>
        isStock ? call : { ...call, extra_content },
      );
      const messages = [
        { role: 'user', content: 'go' },
        { role: 'assistant', content, tool_calls: echoed },
        ...tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
        { role: 'user', content: 'and?' },
      ] as JsonObject[];
      const body = bodyOf({ model: 'gemini-3.8-flash', messages }, provider);
      const sent = (body.contents as unknown as { parts: JsonObject[] }[]).flatMap((one) => one.parts);
      const given = JSON.parse(JSON.stringify(parts)) as JsonObject[];
      const signed = (list: JsonObject[]): unknown[] =>
        list.flatMap((one) => ('functionCall' in one ? [one.thoughtSignature] : []));
      expect(signed(sent)).toEqual(signed(given));
      expect(refusalOf(body, 'gemini-3.8-flash')).toBeUndefined();
    }),
  );
});
