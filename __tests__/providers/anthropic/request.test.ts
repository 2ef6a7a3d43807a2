import { ANTHROPIC_FIELDS, NATIVE_FIELDS } from '../../../lib/providers/anthropic/fields.ts';
import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { added, ask, chat, convert, metaFor, refusalOf } from './support.ts';

const droppedOf = (fields: JsonObject): string[] => convert(ask(fields)).dropped;

describe('max_tokens', () => {
  const limitOf = (fields: JsonObject): number =>
    convert({ ...ask(fields), ...fields } as ReturnType<typeof ask>).body.max_tokens;

  test.each<[string, JsonObject, number]>([
    ['is the limit of the client', { max_tokens: 7 }, 7],
    ['prefers max_completion_tokens', { max_tokens: 7, max_completion_tokens: 8 }, 8],
    ['takes null for absent', { max_tokens: 7, max_completion_tokens: null }, 7],
    ['is 16,000 where nobody says', { max_tokens: null }, 16_000],
    ['is 64,000 for a stream where nobody says', { max_tokens: null, stream: true }, 64_000],
    [
      'leaves as much for the answer where Claude thinks before it',
      { max_tokens: null, model: 'claude-haiku-4-5', reasoning_effort: 'max' },
      16_000 + 16_384,
    ],
    [
      'leaves as much beside a budget of the client',
      { max_tokens: null, model: 'claude-haiku-4-5', thinking: { type: 'enabled', budget_tokens: 20_000 } },
      36_000,
    ],
    [
      'never passes the ceiling of the model for the sake of thinking',
      { max_tokens: null, stream: true, model: 'claude-haiku-4-5', reasoning_effort: 'max' },
      64_000,
    ],
    [
      'stays as the client says, however much Claude thinks',
      { max_tokens: 5_000, model: 'claude-haiku-4-5', reasoning_effort: 'max' },
      5_000,
    ],
    [
      'never passes the ceiling of the model by itself',
      { max_tokens: null, stream: true, model: 'claude-opus-4-1-20250805' },
      32_000,
    ],
    ['passes a limit over the ceiling on, for Anthropic to refuse', { max_tokens: 999_999 }, 999_999],
  ])('%s', (_name, fields, limit) => {
    expect(limitOf(fields)).toBe(limit);
  });
});

test('the model is the one without the prefix', () => {
  const { body } = chat().toRequest(ask({ model: 'anthropic:x' }), { ...metaFor(), model: 'claude-opus-5' });
  expect(body).toHaveProperty('model', 'claude-opus-5');
});

test('stream is sent only when it is true', () => {
  expect(added({ stream: true, stream_options: { include_usage: true } })).toEqual({ stream: true });
  expect(added({ stream: false })).toEqual({});
});

describe('sampling', () => {
  const NEW = 'claude-opus-4-7';
  const MIDDLE = 'claude-opus-4-6';
  const OLD = 'claude-haiku-4-5';
  const ADAPTIVE = { type: 'adaptive' };
  const OFF = { type: 'disabled' };
  const THINKING = { type: 'enabled', budget_tokens: 1024 };

  test.each<[string, JsonObject, JsonObject, string[]]>([
    [NEW, { temperature: 1 }, {}, []],
    [NEW, { temperature: 0.5 }, {}, ['temperature']],
    [NEW, { top_p: 0.99 }, {}, []],
    [NEW, { top_p: 0.98 }, {}, ['top_p']],
    [NEW, { top_k: 5 }, {}, ['top_k']],
    [NEW, { temperature: null, top_p: null, top_k: null }, {}, []],
    ['some-other-model', { temperature: 0.5 }, {}, ['temperature']],
    [MIDDLE, { temperature: 0.5, top_p: 0.4, top_k: 5 }, { temperature: 0.5, top_p: 0.4, top_k: 5 }, []],
    [MIDDLE, { temperature: 2 }, { temperature: 1 }, ['temperature']],
    [MIDDLE, { temperature: 1 }, { temperature: 1 }, []],
    [OLD, { top_p: 0.4 }, { top_p: 0.4 }, []],
    [OLD, { temperature: 0.5, top_p: 0.4 }, { temperature: 0.5 }, ['top_p']],
    [OLD, { top_p: 1, temperature: 0.5 }, { temperature: 0.5 }, []],
    [OLD, { temperature: 0.5, thinking: THINKING }, { thinking: THINKING }, ['temperature']],
    [OLD, { temperature: 1, thinking: THINKING }, { thinking: THINKING }, []],
    [OLD, { top_p: 0.95, thinking: THINKING }, { thinking: THINKING, top_p: 0.95 }, []],
    [OLD, { top_p: 0.9, thinking: THINKING }, { thinking: THINKING }, ['top_p']],
    [
      OLD,
      { temperature: 0, top_p: 0.97, thinking: THINKING },
      { thinking: THINKING, top_p: 0.97 },
      ['temperature'],
    ],
    [OLD, { top_k: 5, thinking: THINKING }, { thinking: THINKING }, ['top_k']],
    [
      MIDDLE,
      { temperature: 0.5, top_p: 0.9, top_k: 5, thinking: ADAPTIVE },
      { thinking: ADAPTIVE },
      ['temperature', 'top_p', 'top_k'],
    ],
    [MIDDLE, { temperature: 0.5, thinking: OFF }, { temperature: 0.5, thinking: OFF }, []],
  ])('%s: %j', (model, fields, out, dropped) => {
    expect(added({ model, ...fields })).toEqual(out);
    expect(droppedOf({ model, ...fields })).toEqual(dropped);
  });
});

describe('stop', () => {
  test.each<[JsonValue, JsonObject]>([
    ['END', { stop_sequences: ['END'] }],
    [['a', ' b'], { stop_sequences: ['a', ' b'] }],
    [null, {}],
    [[], {}],
  ])('%j', (stop, out) => {
    expect(added({ stop })).toEqual(out);
  });

  test.each<[JsonValue, string]>([
    [' \n', 'unsupported_parameter'],
    ['', 'unsupported_parameter'],
    [['a', '\t'], 'unsupported_parameter'],
    [['a', 1], 'invalid_value'],
  ])('%j is refused, since leaving it out would lengthen the answer', (stop, code) => {
    const error = refusalOf({ stop });
    expect({ status: error.status, code: error.code, param: error.param }).toEqual({
      status: 400,
      code,
      param: 'stop',
    });
  });
});

describe('the id of the user', () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{ user: 'u1' }, { metadata: { user_id: 'u1' } }, []],
    [{ user: 'u1', safety_identifier: 's1' }, { metadata: { user_id: 's1' } }, []],
    [{ user: 'u1', safety_identifier: null }, { metadata: { user_id: 'u1' } }, []],
    [{ user: 'u1', safety_identifier: 'a@b.org' }, {}, ['safety_identifier']],
    [{ user: 'mail to jo@e.org now' }, {}, ['user']],
    [{ user: 'jo@example.org' }, {}, ['user']],
    [{ user: '+49 (30) 123-456' }, {}, ['user']],
    [{ user: '0301234567' }, {}, ['user']],
    [{ user: 'user-1234567' }, { metadata: { user_id: 'user-1234567' } }, []],
    [{ user: '1234567-user' }, { metadata: { user_id: '1234567-user' } }, []],
    [{ user: '123456' }, { metadata: { user_id: '123456' } }, []],
    [{ user: 'x@y' }, { metadata: { user_id: 'x@y' } }, []],
    [{ metadata: { user_id: 'm1' } }, { metadata: { user_id: 'm1' } }, []],
    [{ metadata: { user_id: 'm@e.org' } }, {}, ['metadata']],
    [{ metadata: { user_id: 'm1', job: '2' } }, {}, []],
    [{ metadata: { job: '2' } }, {}, []],
    [{ metadata: { user_id: 'm1' }, user: 'u1' }, { metadata: { user_id: 'u1' } }, []],
  ])('%j', (fields, out, dropped) => {
    expect(added(fields)).toEqual(out);
    expect(droppedOf(fields)).toEqual(dropped);
  });
});

describe('service_tier', () => {
  test.each<[JsonValue, JsonObject]>([
    [null, {}],
    ['auto', {}],
    ['default', { service_tier: 'standard_only' }],
    ['standard_only', { service_tier: 'standard_only' }],
    ['priority', { service_tier: 'auto' }],
  ])('%j', (service_tier, out) => {
    expect(added({ service_tier })).toEqual(out);
  });

  test.each(['flex', 'scale', 'fast', 'another'])(
    '%s is refused, since it has another price',
    (service_tier) => {
      const error = refusalOf({ service_tier });
      expect([error.code, error.param]).toEqual(['unsupported_parameter', 'service_tier']);
    },
  );
});

describe('fields that Anthropic has no word for', () => {
  test.each<[string, JsonValue]>([
    ['n', 1],
    ['n', null],
    ['logprobs', false],
    ['top_logprobs', 0],
    ['logit_bias', {}],
    ['presence_penalty', 0],
    ['frequency_penalty', 0],
    ['modalities', ['text']],
    ['audio', null],
    ['store', false],
    ['prompt_cache_key', 'k'],
    ['prompt_cache_retention', '24h'],
    ['prompt_cache_options', { mode: 'x' }],
    ['web_search_options', null],
    ['response_format', { type: 'text' }],
    ['reasoning_effort', null],
  ])('%s: %j asks for nothing and leaves without a word', (name, value) => {
    expect(added({ [name]: value })).toEqual({});
    expect(droppedOf({ [name]: value })).toEqual([]);
  });

  test.each<[string, JsonValue]>([
    ['seed', 7],
    ['logit_bias', { 1: 2 }],
    ['presence_penalty', 0.5],
    ['frequency_penalty', -0.5],
    ['verbosity', 'low'],
    ['prediction', { type: 'content', content: 'x' }],
    ['store', true],
    ['moderation', { model: 'm' }],
    ['a_field_of_tomorrow', 1],
    ['__proto__', { polluted: true }],
    ['constructor', 1],
  ])('%s is a hint: left out and reported', (name, value) => {
    const request = JSON.parse(
      JSON.stringify(ask()).replace(/\}$/, `,"${name}":${JSON.stringify(value)}}`),
    ) as ReturnType<typeof ask>;
    const { body, dropped } = convert(request);
    expect(dropped).toEqual([name]);
    expect(Object.keys(body)).toEqual(['model', 'max_tokens', 'messages']);
  });

  test.each<[string, JsonValue]>([
    ['n', 2],
    ['logprobs', true],
    ['top_logprobs', 3],
    ['modalities', ['text', 'audio']],
    ['audio', { voice: 'v', format: 'wav' }],
    ['web_search_options', {}],
  ])('%s: %j is refused, naming the field', (name, value) => {
    const { status, type, code, param, message } = refusalOf({ [name]: value });
    expect({ status, type, code, param }).toEqual({
      status: 400,
      type: 'invalid_request_error',
      code: 'unsupported_parameter',
      param: name,
    });
    expect(message).toBe(`Anthropic does not support '${name}': ${ANTHROPIC_FIELDS.get(name)?.note}.`);
  });

  test('the search field names the tool to send instead', () => {
    expect(refusalOf({ web_search_options: {} }).message).toContain('web_search_20250305');
  });

  test('what is left out is named in the order of the request, each once', () => {
    const fields = {
      seed: 1,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Q', prompt_cache_breakpoint: {} }] }],
      temperature: 0,
      verbosity: 'low',
      response_format: { type: 'json_object' },
      'odd.name': 1,
    };
    const { dropped } = chat().toRequest({ model: 'm', ...fields } as ReturnType<typeof ask>, metaFor());
    expect(dropped).toEqual([
      'seed',
      'messages[0].content[0].prompt_cache_breakpoint',
      'temperature',
      'verbosity',
      'response_format',
      'odd.name',
    ]);
  });
});

test.each(NATIVE_FIELDS)('%s is a field of Anthropic and passes as it is', (name) => {
  const value = { some: ['thing'] };
  expect(added({ [name]: value })).toEqual({ [name]: value });
  expect(added({ [name]: null })).toEqual({});
  expect(droppedOf({ [name]: value })).toEqual([]);
});

describe('response_format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  const format = { type: 'json_schema', schema: { ...schema, additionalProperties: false } };
  const response_format = {
    type: 'json_schema',
    json_schema: { name: 'n', description: 'd', strict: true, schema },
  };
  const line = {
    type: 'text',
    text: 'Respond with a single valid JSON object and nothing else, without code fences.',
  };

  test('a schema is native structured output', () => {
    expect(added({ response_format })).toEqual({ output_config: { format } });
  });

  test('an object that takes any key is closed, and reported', () => {
    const open = { type: 'json_schema', json_schema: { schema: { ...schema, additionalProperties: true } } };
    expect(convert(ask({ response_format: open }))).toEqual({
      body: { ...ask(), output_config: { format }, messages: convert(ask()).body.messages },
      dropped: ['response_format.json_schema.schema.additionalProperties'],
    });
    expect(droppedOf({ response_format })).toEqual([]);
  });

  test("the client's own output_config is merged, and its keys win", () => {
    const own = { format: { type: 'json_schema', schema: {} } };
    expect(added({ response_format, output_config: { effort: 'low' } })).toEqual({
      output_config: { effort: 'low', format },
    });
    expect(added({ response_format, output_config: own })).toEqual({ output_config: own });
    expect(droppedOf({ response_format, output_config: own })).toEqual(['response_format']);
    expect(added({ reasoning_effort: 'low', output_config: { ...own, task_budget: 5 } })).toEqual({
      output_config: { effort: 'low', ...own, task_budget: 5 },
    });
  });

  test('json_object is a line behind the system prompt, and reported', () => {
    const messages = [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'Q' },
    ];
    expect(added({ messages, response_format: { type: 'json_object' } })).toEqual({
      system: [{ type: 'text', text: 'S' }, line],
    });
    expect(droppedOf({ response_format: { type: 'json_object' } })).toEqual(['response_format']);
  });

  test('the schema some clients add to json_object is reported by its own name', () => {
    const dropped = (schema: JsonValue): string[] =>
      droppedOf({ response_format: { type: 'json_object', schema } });
    expect(dropped({ type: 'object' })).toEqual(['response_format', 'response_format.schema']);
    expect(dropped(null)).toEqual(['response_format']);
  });

  test('a schema that is missing is the mistake of the client', () => {
    const error = refusalOf({ response_format: { type: 'json_schema', json_schema: { name: 'n' } } });
    expect([error.status, error.code, error.param]).toEqual([
      400,
      'invalid_value',
      'response_format.json_schema.schema',
    ]);
  });

  test('another format is refused', () => {
    const error = refusalOf({ response_format: { type: 'grammar' } });
    expect([error.status, error.code, error.param]).toEqual([
      400,
      'unsupported_parameter',
      'response_format',
    ]);
  });
});
