/** Conversations that are valid at OpenAI, as odd as they come. */
import fc from 'fast-check';
import type { ChatRequest, JsonObject } from '../../../lib/openai/types.ts';

export const MODELS = [
  'claude-opus-5-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-fable-5',
  'claude-sonnet-5',
  'claude-opus-4-8',
  'claude-opus-4-7',
  'claude-opus-4-6',
  'claude-opus-4-5',
  'claude-haiku-4-5-20251001',
  'claude-tomorrow',
];

const blank = fc.constantFrom('', ' ', '\n\t ', '\u00a0', '\u001c\u0085');
const words = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => `x${text}`),
  fc.constantFrom('Hello', ' padded ', 'ends in space ', 'ends in \u001f', '\n\nlines\n'),
);
const anyText = fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: blank });

const textPart = anyText.map((text) => ({ type: 'text', text }));
const userPart = fc.oneof(
  { weight: 4, arbitrary: textPart },
  {
    weight: 1,
    arbitrary: fc.constant({ type: 'image_url', image_url: { url: 'https://e.org/a.png', detail: 'low' } }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ type: 'image_url', image_url: { url: 'data:image/jpg;base64,_9j_\n4A' } }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: 'file',
      file: { filename: 'x.txt', file_data: 'data:text/plain;base64,YQ==' },
    }),
  },
);
const textContent = fc.oneof(anyText, fc.array(textPart, { maxLength: 3 }));

const system: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.constantFrom('system', 'developer'), textContent)
  .map(([role, content]) => ({ role, content }));
const someone: fc.Arbitrary<JsonObject> = fc
  .oneof(anyText, fc.array(userPart, { maxLength: 3 }))
  .map((content) => ({ role: 'user', name: 'jo', content }));
/** Somebody who says something: begins and ends a conversation. */
export const speaker: fc.Arbitrary<JsonObject> = words.map((content) => ({ role: 'user', content }));
const between = fc.array(fc.oneof(system, someone), { maxLength: 3 });

const args = fc.oneof(
  fc.constantFrom('', '{}', ' ', '{"a":', '[1]', '"x"', 'null', '{"__proto__":{"a":1}}'),
  fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
);
const callId = fc.oneof(
  fc.constantFrom('call_0', 'functions.f:0', 'a:b', 'a.b', 'a_b', 'call_fn_0'),
  fc.string(),
);
const toolName = fc.constantFrom('f', 'g', 'get_weather');

/** As it is left where a token limit has cut it off. */
const cutThought = fc.constant<JsonObject>({ type: 'thinking', thinking: 'hm', signature: '' });

const assistant: fc.Arbitrary<JsonObject> = fc
  .tuple(
    fc.oneof(anyText, fc.constant(null), fc.array(textPart, { maxLength: 2 })),
    fc.option(anyText),
    fc.array(cutThought, { maxLength: 1 }),
  )
  .map(([content, refusal, thinking_blocks]) => ({ role: 'assistant', content, refusal, thinking_blocks }));

/** Calls, and their results in any order with anything between them. */
const toolRound: fc.Arbitrary<JsonObject[]> = fc
  .record({
    content: fc.oneof(anyText, fc.constant(null)),
    calls: fc.array(fc.tuple(callId, toolName, args), { minLength: 1, maxLength: 3 }),
    order: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    interludes: fc.array(fc.oneof(system, someone), { maxLength: 2 }),
    result: textContent,
    isError: fc.boolean(),
  })
  .map(({ content, calls, order, interludes, result, isError }) => {
    const tool_calls = calls.map(([id, name, given]) => ({
      id,
      type: 'function',
      function: { name, arguments: given },
    }));
    const results = calls.map(([id]) => ({
      role: 'tool',
      tool_call_id: id,
      content: result,
      ...(isError && { is_error: true }),
    }));
    const keyed = [...results, ...interludes].map((message, index) => [order[index] ?? 0, message] as const);
    const shuffled = keyed.sort(([a], [b]) => a - b).map(([, message]) => message);
    return [{ role: 'assistant', content, tool_calls }, ...shuffled] as JsonObject[];
  });

const legacyRound: fc.Arbitrary<JsonObject[]> = fc
  .tuple(toolName, args, anyText, fc.array(system, { maxLength: 1 }))
  .map(([name, given, content, more]) => [
    { role: 'assistant', content: null, function_call: { name, arguments: given } },
    ...more,
    { role: 'function', name, content },
  ]);

const exchange = fc.oneof(
  { weight: 3, arbitrary: assistant.map((message) => [message]) },
  { weight: 3, arbitrary: toolRound },
  { weight: 1, arbitrary: legacyRound },
);

/** Begins and ends with a user who speaks; in between, anything in any order. */
export const conversation: fc.Arbitrary<JsonObject[]> = fc
  .record({
    leading: fc.array(system, { maxLength: 2 }),
    first: speaker,
    rounds: fc.array(fc.tuple(between, exchange), { maxLength: 5 }),
    tail: between,
    last: speaker,
    closing: fc.array(system, { maxLength: 2 }),
  })
  .map(({ leading, first, rounds, tail, last, closing }) => [
    ...leading,
    first,
    ...rounds.flatMap(([before, turns]) => [...before, ...turns]),
    ...tail,
    last,
    ...closing,
  ]);

const schema = fc
  .letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<JsonObject>(
        { type: 'integer', minimum: 0, description: 'd' },
        { type: 'string', maxLength: 5, format: 'ipv8' },
        { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 2 },
        { enum: ['a', 'b'] },
        { enum: ['a', { b: 1 }] },
        { $ref: '#/$defs/d', description: 'd', default: 1 },
        { type: 'string', pattern: '^(?!a)', examples: ['b'], contentEncoding: 'base64', nullable: true },
        { type: 'array', prefixItems: [{ type: 'string' }], items: false, contains: { type: 'string' } },
        { type: 'object', propertyNames: { pattern: '^a' }, additionalProperties: { type: 'string' } },
      ),
      fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc
        .dictionary(fc.constantFrom('a', 'minimum', 'not', '__proto__'), tie('schema'), { maxKeys: 3 })
        .map((properties): JsonObject => ({ type: 'object', properties, minProperties: 1 })),
    ),
  }))
  .schema.map((inner): JsonObject => ({ type: 'object', properties: { inner }, required: ['inner'] }));

const tools = fc
  .uniqueArray(fc.tuple(toolName, fc.option(schema), fc.boolean()), {
    selector: ([name]) => name,
    maxLength: 3,
  })
  .map((list) =>
    list.map(
      ([name, parameters, strict]) =>
        ({ type: 'function', function: { name, parameters, strict } }) as JsonObject,
    ),
  );

/** Fields that a client may set for every model, and that Anthropic takes in one form or another. */
const fields = fc.record(
  {
    stream: fc.boolean(),
    max_tokens: fc.integer({ min: 1, max: 64_000 }),
    max_completion_tokens: fc.option(fc.integer({ min: 1, max: 64_000 })),
    temperature: fc.constantFrom(null, 0, 0.3, 1, 1.7),
    top_p: fc.constantFrom(null, 0, 0.5, 0.96, 1),
    top_k: fc.constantFrom(5, 40),
    stop: fc.constantFrom<JsonObject[string][]>(null, 'END', ['a', 'b'], []),
    seed: fc.integer(),
    n: fc.constantFrom(1, null),
    user: fc.oneof(fc.string(), fc.emailAddress()),
    reasoning_effort: fc.constantFrom(null, 'minimal', 'low', 'medium', 'high'),
    response_format: fc.oneof(
      fc.constantFrom<JsonObject>({ type: 'text' }, { type: 'json_object' }),
      schema.map((inner): JsonObject => ({ type: 'json_schema', json_schema: { name: 'n', schema: inner } })),
    ),
    tools,
    tool_choice: fc.constantFrom('auto', 'none'),
    parallel_tool_calls: fc.boolean(),
    service_tier: fc.constantFrom('auto', 'default', 'priority'),
    a_field_of_tomorrow: fc.constant(1),
  },
  { requiredKeys: [] },
);

export const chatRequest: fc.Arbitrary<ChatRequest> = fc
  .record({ model: fc.constantFrom(...MODELS), messages: conversation, fields })
  .map(({ model, messages, fields: more }) => ({ model, messages, ...more }) as ChatRequest);
