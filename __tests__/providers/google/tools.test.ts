import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { ask, bodyOf, convert, errorOf } from './support.ts';

const tool = (fields: JsonObject): JsonObject => ({ type: 'function', function: { name: 'f', ...fields } });
const named = (name: string): JsonObject => ({ type: 'function', function: { name } });

function refusalOf(fields: JsonObject): unknown[] {
  const { status, code, param } = errorOf(() => convert(ask(fields)));
  return [status, code, param];
}

describe('declarations', () => {
  const schemaOf = (parameters: JsonValue): unknown => {
    const [tools] = bodyOf(ask({ tools: [tool({ parameters })] })).tools as {
      functionDeclarations: JsonObject[];
    }[];
    return tools?.functionDeclarations[0]?.parametersJsonSchema;
  };

  test.each([
    ['null', null],
    ['an empty object', {}],
    ['an object without properties', { type: 'object' }],
    ['an object of no properties', { type: 'object', properties: {} }],
    ['no properties and no type', { properties: {} }],
  ])('parameters that are %s are left out', (_name, parameters) => {
    expect(schemaOf(parameters)).toBeUndefined();
  });

  test.each([
    ['with another keyword', { type: 'object', properties: {}, additionalProperties: false }],
    ['of another type', { type: 'string' }],
    ['that is none', 'x'],
    ['with a reference', { $ref: '#/$defs/a', $defs: { a: { type: 'object' } } }],
    [
      'with keywords the old form does not know',
      { anyOf: [{ const: 1 }], type: ['object', 'null'], uniqueItems: true },
    ],
  ])('a schema %s is sent as it is', (_name, parameters) => {
    expect(schemaOf(parameters)).toEqual(parameters);
  });

  test('a schema is not touched by the conversion', () => {
    const parameters = { type: 'object', properties: { a: { const: 1 } } };
    const before = structuredClone(parameters);
    expect(schemaOf(parameters)).toEqual(before);
    expect(parameters).toEqual(before);
  });

  test('tools and legacy functions become one list, with their descriptions', () => {
    const request = ask({
      tools: [tool({ description: 'd' })],
      functions: [{ name: 'old', description: 'o' }],
    });
    expect(bodyOf(request).tools).toEqual([
      {
        functionDeclarations: [
          { name: 'f', description: 'd' },
          { name: 'old', description: 'o' },
        ],
      },
    ]);
  });

  test('a function that a client in transition sends in both forms is declared once', () => {
    const request = ask({
      tools: [tool({ description: 'new' })],
      functions: [{ name: 'f', description: 'old' }, { name: 'g' }],
    });
    expect(bodyOf(request).tools).toEqual([
      { functionDeclarations: [{ name: 'f', description: 'new' }, { name: 'g' }] },
    ]);
  });

  test('an empty list of tools is no list at all', () => {
    expect(bodyOf(ask({ tools: [], tool_choice: 'required' }))).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Q' }] }],
    });
  });

  test.each([
    [
      'a custom tool',
      { tools: [{ type: 'custom', custom: { name: 'f' } }] },
      'unsupported_parameter',
      'tools[0]',
    ],
    [
      'a tool of another vendor',
      { tools: [tool({}), { type: 'web_search' }] },
      'unsupported_parameter',
      'tools[1]',
    ],
    [
      'a tool without a name',
      { tools: [{ type: 'function', function: {} }] },
      'invalid_value',
      'tools[0].function.name',
    ],
    ['functions that are no list', { functions: {} }, 'invalid_value', 'functions'],
    ['a function without a name', { functions: [{}] }, 'invalid_value', 'functions[0].name'],
    ['a tool that is no object', { tools: ['f'] }, 'invalid_value', 'tools[0]'],
    ['tools that are no list', { tools: {} }, 'invalid_value', 'tools'],
  ])('%s is refused', (_name, fields, code, param) => {
    expect(refusalOf(fields)).toEqual([400, code, param]);
  });
});

describe('choice', () => {
  const modeOf = (fields: JsonObject): unknown => {
    const toolConfig = bodyOf(ask({ tools: [tool({})], ...fields })).toolConfig as JsonObject | undefined;
    return toolConfig?.functionCallingConfig;
  };
  const strict = { tools: [tool({ strict: true })] };

  test('a strict tool asks for valid calls, unless the choice says otherwise', () => {
    expect(modeOf(strict)).toEqual({ mode: 'VALIDATED' });
    expect(modeOf({ ...strict, tool_choice: 'auto' })).toEqual({ mode: 'VALIDATED' });
    expect(modeOf({ ...strict, tool_choice: 'required' })).toEqual({ mode: 'ANY' });
    expect(modeOf({ ...strict, tool_choice: 'none' })).toEqual({ mode: 'NONE' });
  });

  test.each([
    ['auto', undefined],
    ['none', { mode: 'NONE' }],
    [{ name: 'f' }, { mode: 'ANY', allowedFunctionNames: ['f'] }],
  ])('the legacy choice %j', (function_call, mode) => {
    expect(modeOf({ function_call })).toEqual(mode);
  });

  const allowed = (mode: JsonValue, tools: JsonValue): JsonObject => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools },
  });

  test.each([
    ['an unknown word', 'sometimes', 'invalid_value', 'tool_choice'],
    ['a number', 7, 'invalid_value', 'tool_choice'],
    ['a function without a name', { type: 'function' }, 'invalid_value', 'tool_choice'],
    ['a custom tool', { type: 'custom', custom: { name: 'f' } }, 'unsupported_parameter', 'tool_choice'],
    ['an unknown mode', allowed('any', [named('f')]), 'invalid_value', 'tool_choice.allowed_tools.mode'],
    ['no allowed tools', { type: 'allowed_tools' }, 'invalid_value', 'tool_choice.allowed_tools.mode'],
    [
      'an empty list, which would allow all',
      allowed('auto', []),
      'invalid_value',
      'tool_choice.allowed_tools.tools',
    ],
    [
      'an allowed custom tool',
      allowed('auto', [{ type: 'custom' }]),
      'unsupported_parameter',
      'tool_choice.allowed_tools.tools[0]',
    ],
  ])('%s is refused', (_name, tool_choice, code, param) => {
    expect(refusalOf({ tools: [tool({})], tool_choice })).toEqual([400, code, param]);
  });
});

describe("Google's own tools", () => {
  test('web search cannot stand beside functions', () => {
    expect(refusalOf({ tools: [tool({})], web_search_options: {} })).toEqual([
      400,
      'unsupported_parameter',
      'web_search_options',
    ]);
    const { message, hint } = errorOf(() => convert(ask({ tools: [tool({})], web_search_options: {} })));
    expect([message, hint]).toEqual([
      'Google cannot search the web and call functions in one request.',
      "Leave out either 'web_search_options' or the functions.",
    ]);
    expect(refusalOf({ web_search_options: true })).toEqual([400, 'invalid_value', 'web_search_options']);
  });

  test('details of a search are reported, those that are null are not', () => {
    const request = ask({
      web_search_options: { search_context_size: null, user_location: { type: 'approximate' } },
    });
    expect(bodyOf(request).tools).toEqual([{ googleSearch: {} }]);
    expect(convert(request).dropped).toEqual(['web_search_options.user_location']);
  });

  test('they are appended from the namespace, and left at home when no tool may be used', () => {
    const fields = {
      tools: [tool({})],
      google: { tools: [{ codeExecution: {} }], include_server_side_tool_invocations: true },
    };
    expect(bodyOf(ask(fields))).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f' }] }, { codeExecution: {} }],
      toolConfig: { includeServerSideToolInvocations: true },
    });
    expect(bodyOf(ask({ ...fields, tool_choice: 'none' })).tools).toEqual([
      { functionDeclarations: [{ name: 'f' }] },
    ]);
    expect(bodyOf(ask({ web_search_options: {}, tool_choice: 'none' })).tools).toBeUndefined();
  });

  test('a choice among functions is not sent without functions', () => {
    const body = bodyOf(ask({ google: { tools: [{ urlContext: {} }] }, tool_choice: 'required' }));
    expect(body.toolConfig).toBeUndefined();
    expect(body.tools).toEqual([{ urlContext: {} }]);
  });
});
