import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { added, ask, convert, refusalOf } from './support.ts';

const fn = (fields: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: { name: 'f', ...fields },
  ...more,
});
const toolsOf = (...tools: JsonObject[]): unknown => added({ tools }).tools;
const EMPTY = { type: 'object', properties: {} };

describe('a function', () => {
  test.each<[string, JsonObject, object]>([
    ['without parameters', {}, { name: 'f', input_schema: EMPTY }],
    ['with null for parameters', { parameters: null }, { name: 'f', input_schema: EMPTY }],
    [
      'without a type',
      { parameters: { properties: { a: {} } } },
      { name: 'f', input_schema: { type: 'object', properties: { a: {} } } },
    ],
    ['with a description', { description: 'd' }, { name: 'f', description: 'd', input_schema: EMPTY }],
    ['with an empty description', { description: '' }, { name: 'f', input_schema: EMPTY }],
    [
      'that is strict',
      { strict: true },
      { name: 'f', strict: true, input_schema: { ...EMPTY, additionalProperties: false } },
    ],
    ['that is not strict', { strict: false }, { name: 'f', input_schema: EMPTY }],
    ['with null for strict', { strict: null }, { name: 'f', input_schema: EMPTY }],
  ])('%s', (_name, fields, tool) => {
    expect(toolsOf(fn(fields))).toEqual([tool]);
  });

  test('keeps every word of a schema that is not strict', () => {
    const parameters = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { a: { oneOf: [{ type: 'string', minLength: 1 }, { $ref: '#/$defs/d' }] } },
      patternProperties: {},
      additionalProperties: true,
      $defs: { d: { type: 'integer', minimum: 1 } },
    };
    expect(toolsOf(fn({ parameters }))).toEqual([{ name: 'f', input_schema: parameters }]);
  });

  test('that is strict says that it takes an object, also where a reference says the rest', () => {
    const parameters = { $ref: '#/$defs/d', $defs: { d: { type: 'integer', minimum: 1 } } };
    const $defs = { d: { type: 'integer', description: 'Constraints: minimum 1.' } };
    expect(toolsOf(fn({ strict: true, parameters }))).toEqual([
      { name: 'f', strict: true, input_schema: { type: 'object', $ref: '#/$defs/d', $defs } },
    ]);
  });

  test('that is strict and takes what it does not list is closed, and that is reported', () => {
    const parameters = { type: 'object', properties: { m: { type: 'object', additionalProperties: true } } };
    const tools = [fn({ parameters }), fn({ strict: true, parameters }), fn({ strict: true })];
    expect(convert(ask({ tools })).dropped).toEqual([
      'tools[1].function.parameters.properties.m.additionalProperties',
    ]);
  });

  test('keeps the keys of Anthropic, on itself or inside', () => {
    const inside = { defer_loading: true, input_examples: [{}], eager_input_streaming: true };
    const outside = { cache_control: { type: 'ephemeral', ttl: '1h' }, allowed_callers: ['direct'] };
    expect(toolsOf(fn({ ...inside, unknown: 1 }, { ...outside, unknown: 2 }))).toEqual([
      { name: 'f', input_schema: EMPTY, ...inside, ...outside },
    ]);
  });

  test('with parameters of another kind is the mistake of the client', () => {
    const error = refusalOf({ tools: [fn({}), fn({ parameters: 'x' })] });
    expect([error.code, error.param]).toEqual(['invalid_value', 'tools[1].function.parameters']);
  });

  test('that is strict and bottomless is refused by its place', () => {
    const deep = JSON.parse('{"not":'.repeat(300) + '{}' + '}'.repeat(300)) as JsonObject;
    const error = refusalOf({ tools: [fn({ strict: true, parameters: deep })] });
    expect([error.code, error.param]).toEqual(['invalid_value', 'tools[0].function.parameters']);
  });

  test('stays where it was: tools are never put in another order', () => {
    const names = ['z', 'a', 'm'];
    expect(
      (toolsOf(...names.map((name) => fn({ name }))) as { name: string }[]).map(({ name }) => name),
    ).toEqual(names);
  });
});

test.each<[JsonObject]>([
  [{ name: 'f', input_schema: { type: 'object' }, strict: true, description: '' }],
  [{ type: 'custom', name: 'f', input_schema: { type: 'object' } }],
  [{ type: 'web_search_20250305', name: 'web_search', max_uses: 1 }],
  [{ type: 'browser_toolset_20260801', configs: null }],
  [{ type: 'mcp_toolset', mcp_server_name: 'm' }],
])('%j is in the form of Anthropic and passes as it is', (tool) => {
  expect(toolsOf(tool)).toEqual([tool]);
});

test.each<[JsonObject]>([[{ type: 'custom', custom: { name: 'f' } }], [{ name: 'f' }]])(
  '%j is refused',
  (tool) => {
    const error = refusalOf({ tools: [tool] });
    expect([error.code, error.param]).toEqual(['unsupported_parameter', 'tools[0]']);
  },
);

describe('tool_choice', () => {
  const choiceOf = (tool_choice: JsonValue | undefined, more: JsonObject = {}): unknown =>
    added({ tools: [fn({}), fn({ name: 'g' })], ...(tool_choice !== undefined && { tool_choice }), ...more })
      .tool_choice;
  const ONE = { parallel_tool_calls: false };
  const SINGLE = { disable_parallel_tool_use: true };
  const named = { type: 'function', function: { name: 'g' } };

  test.each<[JsonValue | undefined, object | undefined, object]>([
    [undefined, undefined, { type: 'auto', ...SINGLE }],
    [null, undefined, { type: 'auto', ...SINGLE }],
    ['auto', { type: 'auto' }, { type: 'auto', ...SINGLE }],
    ['none', { type: 'none' }, { type: 'none' }],
    ['required', { type: 'any' }, { type: 'any', ...SINGLE }],
    [named, { type: 'tool', name: 'g' }, { type: 'tool', name: 'g', ...SINGLE }],
    [{ type: 'any' }, { type: 'any' }, { type: 'any', ...SINGLE }],
    [
      { type: 'tool', name: 'g' },
      { type: 'tool', name: 'g' },
      { type: 'tool', name: 'g', ...SINGLE },
    ],
  ])('%j, and one call at a time', (choice, out, outSingle) => {
    expect(choiceOf(choice)).toEqual(out);
    expect(choiceOf(choice, { parallel_tool_calls: true })).toEqual(out);
    expect(choiceOf(choice, ONE)).toEqual(outSingle);
  });

  test.each<[string, object]>([
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
  ])('allowed_tools with mode %s leaves the other tools out', (mode, out) => {
    const tool_choice = { type: 'allowed_tools', allowed_tools: { mode, tools: [named] } };
    expect(added({ tools: [fn({}), fn({ name: 'g' })], tool_choice })).toEqual({
      tools: [{ name: 'g', input_schema: EMPTY }],
      tool_choice: out,
    });
  });

  const flat = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'g' }] };
  const allowing = (...tools: JsonObject[]): JsonObject => ({
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools },
  });

  test.each<[JsonValue, string, string]>([
    [flat, 'tool_choice.allowed_tools', 'is missing'],
    [allowing(), 'tool_choice.allowed_tools.tools', "names none of the 'tools'"],
    [allowing(fn({ name: 'h' })), 'tool_choice.allowed_tools.tools', "names none of the 'tools'"],
  ])('that allows no tool there is would silence them all, and is refused: %j', (tool_choice, param, why) => {
    const error = refusalOf({ tools: [fn({}), fn({ name: 'g' })], tool_choice });
    expect([error.status, error.code, error.param, error.message]).toEqual([
      400,
      'invalid_value',
      param,
      `'${param}' ${why}.`,
    ]);
    expect(added({ tools: [], tool_choice })).toEqual({});
  });

  test.each<[JsonValue, string]>([
    ['often', 'invalid_value'],
    [{ type: 'custom', custom: { name: 'f' } }, 'unsupported_parameter'],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'often', tools: [named] } }, 'invalid_value'],
    [{ type: 'function' }, 'invalid_value'],
    [{ type: 'function', name: 'g' }, 'invalid_value'],
    [{ type: 'function', function: { name: '' } }, 'invalid_value'],
  ])('%j is refused', (tool_choice, code) => {
    const error = refusalOf({ tools: [fn({}), fn({ name: 'g' })], tool_choice });
    expect([error.code, error.param]).toEqual([code, 'tool_choice']);
  });

  test('is not sent without tools', () => {
    expect(added({ tools: [], tool_choice: 'required', parallel_tool_calls: false })).toEqual({});
    expect(added({ tools: null, tool_choice: 'auto' })).toEqual({});
  });
});

describe('functions', () => {
  const functions = [{ name: 'f', description: 'd', parameters: { type: 'object', properties: {} } }];
  const tools = [{ name: 'f', description: 'd', input_schema: EMPTY }];
  const SINGLE = { disable_parallel_tool_use: true };

  test.each<[JsonValue | undefined, object]>([
    [undefined, { type: 'auto', ...SINGLE }],
    ['auto', { type: 'auto', ...SINGLE }],
    ['none', { type: 'none' }],
    [{ name: 'f' }, { type: 'tool', name: 'f', ...SINGLE }],
  ])('are tools, called one at a time: %j', (function_call, tool_choice) => {
    expect(added({ functions, ...(function_call !== undefined && { function_call }) })).toEqual({
      tools,
      tool_choice,
    });
  });

  test('give way to tools, and are reported', () => {
    const { body, dropped } = convert(ask({ functions, tools: [fn({ name: 'g' })] }));
    expect(body.tools).toEqual([{ name: 'g', input_schema: EMPTY }]);
    expect(dropped).toEqual(['functions']);
  });

  test('of nothing are none', () => {
    expect(added({ functions: [] })).toEqual({});
  });
});

describe('a history with calls and a request without tools', () => {
  const call = (id: string, name: string): JsonObject => ({
    id,
    type: 'function',
    function: { name, arguments: '{}' },
  });
  const messages = [
    { role: 'user', content: 'Q' },
    { role: 'assistant', content: null, tool_calls: [call('a', 'f'), call('b', 'g'), call('c', 'f')] },
    ...['a', 'b', 'c'].map((tool_call_id) => ({ role: 'tool', tool_call_id, content: 'r' })),
  ];

  test('names each of its tools once, and lets none be called', () => {
    const stubs = {
      tools: [
        { name: 'f', input_schema: EMPTY },
        { name: 'g', input_schema: EMPTY },
      ],
      tool_choice: { type: 'none' },
    };
    expect(added({ messages })).toEqual(stubs);
    expect(added({ messages, tools: [], tool_choice: 'required' })).toEqual(stubs);
  });
});
