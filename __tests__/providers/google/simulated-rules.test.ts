/** The strictness of the simulated cloud, rule by rule: what it lets pass proves nothing otherwise. */
import { embeddingRefusalOf, hasOrphan, refusalOf } from '../../../examples/simulated-clouds/google-rules.ts';
import type { JsonObject } from '../../../lib/openai/types.ts';

const QUESTION = { role: 'user', parts: [{ text: 'Q' }] };
const CALL = {
  role: 'model',
  parts: [{ functionCall: { id: 'c', name: 'f', args: {} }, thoughtSignature: 'U0lH' }],
};
const RESULT = { role: 'user', parts: [{ functionResponse: { id: 'c', name: 'f', response: { a: 1 } } }] };
const DECLARED = [{ functionDeclarations: [{ name: 'f' }] }];

const body = (fields: JsonObject): JsonObject => ({ contents: [QUESTION], ...fields });
const withParts = (...parts: JsonObject[]): JsonObject => ({ contents: [{ role: 'user', parts }] });
const configured = (generationConfig: JsonObject): JsonObject => body({ generationConfig });
const chosen = (functionCallingConfig: JsonObject, tools: JsonObject[] = DECLARED): JsonObject =>
  body({ tools, toolConfig: { functionCallingConfig } });

test('a good request is accepted, in either spelling', () => {
  expect(refusalOf(body({}), 'gemini-3.8-flash')).toBeUndefined();
  expect(
    refusalOf({ contents: [QUESTION, CALL, RESULT], tools: DECLARED }, 'gemini-3.8-flash'),
  ).toBeUndefined();
  const snake = { generation_config: { stop_sequences: ['a'], thinking_config: { thinking_level: 'LOW' } } };
  expect(refusalOf(body(snake), 'gemini-3.8-flash')).toBeUndefined();
});

describe('the parser', () => {
  test.each<[string, JsonObject, string]>([
    ['at the top', body({ foo: 1 }), 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'],
    [
      'in a part',
      withParts({ text: 'Q', foo: 1 }),
      'Invalid JSON payload received. Unknown name "foo" at \'contents[0].parts[0]\': Cannot find field.',
    ],
    [
      'in an inherited name',
      configured({ constructor: 1 }),
      'Invalid JSON payload received. Unknown name "constructor" at \'generation_config\': Cannot find field.',
    ],
    [
      'deep in the settings',
      configured({ speechConfig: { voiceConfig: { foo: 1 } } }),
      'Invalid JSON payload received. Unknown name "foo" at \'generation_config.speech_config.voice_config\': Cannot find field.',
    ],
    [
      'in a schema of the old form',
      body({
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: 'OBJECT', properties: { a: { const: 1 } } } },
            ],
          },
        ],
      }),
      'Invalid JSON payload received. Unknown name "const" at \'tools[0].function_declarations[0].parameters.properties["a"].value\': Cannot find field.',
    ],
    [
      'of the other platform',
      body({ tools: [{ googleSearch: { excludeDomains: ['e.org'] } }] }),
      'Invalid JSON payload received. Unknown name "excludeDomains" at \'tools[0].google_search\': Cannot find field.',
    ],
    [
      'twice',
      body({ foo: 1, bar: 1 }),
      'Invalid JSON payload received. Unknown name "foo": Cannot find field.\nInvalid JSON payload received. Unknown name "bar": Cannot find field.',
    ],
  ])('an unknown name %s is refused', (_name, request, refusal) => {
    expect(refusalOf(request, 'gemini-3.8-flash')).toBe(refusal);
  });

  test('unknown keys in JSON schemas, arguments and results are none of its business', () => {
    const functions = [{ name: 'f', parametersJsonSchema: { type: 'object', foo: { const: 1 } } }];
    const contents = [
      QUESTION,
      { role: 'model', parts: [{ functionCall: { name: 'f', args: { foo: 1 } }, thoughtSignature: 'U0lH' }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { foo: 1 } } }] },
    ];
    const generationConfig = { responseMimeType: 'application/json', responseJsonSchema: { foo: 1 } };
    const request = { contents, tools: [{ functionDeclarations: functions }], generationConfig };
    expect(refusalOf(request, 'gemini-3.8-flash')).toBeUndefined();
  });

  test.each<[string, JsonObject, string]>([
    [
      'a text that is a number',
      withParts({ text: 7 }),
      "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 7",
    ],
    [
      'a list that is none',
      { contents: {} },
      "Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta.Content), {}",
    ],
    [
      'a message that is a word',
      body({ toolConfig: 'x' }),
      'Invalid value at \'tool_config\' (type.googleapis.com/google.ai.generativelanguage.v1beta.ToolConfig), "x"',
    ],
    [
      'arguments that are a list',
      { contents: [{ role: 'model', parts: [{ functionCall: { name: 'f', args: [] } }] }] },
      "Invalid value at 'contents[0].parts[0].function_call.args' (type.googleapis.com/google.ai.generativelanguage.v1beta.struct), []",
    ],
    [
      'data that is no base64',
      withParts({ inlineData: { mimeType: 'image/png', data: 'a b' } }),
      'Invalid value at \'contents[0].parts[0].inline_data.data\' (TYPE_BYTES), Base64 decoding failed for "a b"',
    ],
    [
      'a seed beyond 32 bits',
      configured({ seed: 2 ** 40 }),
      "Invalid value at 'generation_config.seed' (TYPE_INT32), 1099511627776",
    ],
    [
      'an unknown mode',
      chosen({ mode: 'SOMETIMES' }),
      'Invalid value at \'tool_config.function_calling_config.mode\' (type.googleapis.com/google.ai.generativelanguage.v1beta.Mode), "SOMETIMES"',
    ],
    ['a flag that is a word', body({ store: 'x' }), 'Invalid value at \'store\' (TYPE_BOOL), "x"'],
    [
      'a map that is none',
      body({ tools: [{ functionDeclarations: [{ name: 'f', parameters: { properties: 7 } }] }] }),
      "Invalid value at 'tools[0].function_declarations[0].parameters.properties' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema), 7",
    ],
  ])('%s is refused', (_name, request, refusal) => {
    expect(refusalOf(request, 'gemini-3.8-flash')).toBe(refusal);
  });
});

const COUNT =
  'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
const AFTER_CALL = 'Please ensure that function response turn comes immediately after a function call turn.';
const AFTER_USER =
  'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
const ROLE = 'Please use a valid role: user, model.';
const ONEOF =
  "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one initialized field";

describe('contents', () => {
  test.each<[string, JsonObject, string]>([
    ['no contents', { contents: [] }, '* GenerateContentRequest.contents: contents is not specified'],
    [
      'no parts',
      { contents: [{ role: 'user', parts: [] }] },
      '* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.',
    ],
    ['a role of the other language', { contents: [{ role: 'assistant', parts: [{ text: 'a' }] }] }, ROLE],
    ['a system role', { contents: [{ role: 'system', parts: [{ text: 'a' }] }] }, ROLE],
    ['no role in a longer history', { contents: [QUESTION, { parts: [{ text: 'a' }] }] }, ROLE],
    ['a part without data', withParts({ thought: true }), ONEOF],
    ['an empty text', withParts({ text: '' }), ONEOF],
    ['two kinds of data', withParts({ text: 'a', fileData: { fileUri: 'https://e.org' } }), ONEOF],
    [
      'data without a type',
      withParts({ inlineData: { data: 'AAAA' } }),
      '* GenerateContentRequest.contents[0].parts[0].inline_data: mime_type and data must not be empty.',
    ],
    [
      'a file of another cloud',
      withParts({ fileData: { fileUri: 'gs://x' } }),
      '* GenerateContentRequest.contents[0].parts[0].file_data.file_uri: Unsupported file uri: "gs://x"',
    ],
    ['a call by the user', { contents: [{ ...CALL, role: 'user' }] }, ROLE],
    ['a call at the beginning', { contents: [CALL, RESULT] }, AFTER_USER],
    [
      'a call after an answer',
      { contents: [QUESTION, { role: 'model', parts: [{ text: 'a' }] }, CALL, RESULT] },
      AFTER_USER,
    ],
    ['a result without a call', { contents: [QUESTION, RESULT] }, AFTER_CALL],
    ['a result away from its call', { contents: [QUESTION, CALL, QUESTION, RESULT] }, COUNT],
    [
      'too few results',
      { contents: [QUESTION, { role: 'model', parts: [...CALL.parts, ...CALL.parts] }, RESULT] },
      COUNT,
    ],
    [
      'too many results',
      { contents: [QUESTION, CALL, { role: 'user', parts: [...RESULT.parts, ...RESULT.parts] }] },
      COUNT,
    ],
    [
      'results in two contents',
      { contents: [QUESTION, { role: 'model', parts: [...CALL.parts, ...CALL.parts] }, RESULT, RESULT] },
      COUNT,
    ],
    [
      'a result among texts',
      { contents: [QUESTION, CALL, { role: 'user', parts: [...RESULT.parts, { text: 'a' }] }] },
      COUNT,
    ],
    [
      'a result without a name',
      { contents: [QUESTION, CALL, { role: 'user', parts: [{ functionResponse: { response: {} } }] }] },
      '* GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty.',
    ],
    [
      'a result without a response',
      { contents: [QUESTION, CALL, { role: 'user', parts: [{ functionResponse: { name: 'f' } }] }] },
      '* GenerateContentRequest.contents[2].parts[0].function_response.response: response is not specified',
    ],
    [
      'a result with a reference',
      {
        contents: [
          QUESTION,
          CALL,
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: { a: [{ $ref: 'x' }] } } }] },
        ],
      },
      '* GenerateContentRequest.contents[2].parts[0].function_response.response: $ref does not name any of the parts',
    ],
    [
      'a call without a name',
      { contents: [QUESTION, { role: 'model', parts: [{ functionCall: { name: '' } }] }] },
      '* GenerateContentRequest.contents[1].parts[0].function_call.name: Name cannot be empty.',
    ],
  ])('%s is refused', (_name, request, refusal) => {
    expect(refusalOf(request, 'gemini-3.5-flash')).toBe(refusal);
  });

  test('media in results are for Gemini 3', () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    const result = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {}, parts } }] };
    const request = { contents: [QUESTION, CALL, result] };
    expect(refusalOf(request, 'gemini-3-flash')).toBeUndefined();
    expect(refusalOf(request, 'gemini-2.5-flash-lite')).toBe(
      '* GenerateContentRequest.contents[2].parts[0].function_response.parts: not supported by this model',
    );
  });

  test('an answer cannot be begun for the newest models', () => {
    const request = { contents: [QUESTION, { role: 'model', parts: [{ text: 'a' }] }] };
    expect(refusalOf(request, 'gemini-3.5-flash')).toBeUndefined();
    expect(refusalOf(request, 'gemini-3.6-flash')).toBe(
      'The last content must not have the role model for models/gemini-3.6-flash.',
    );
  });

  test('a result of no call is no error, but an orphan', () => {
    const orphans = [
      { id: 'other', name: 'f' },
      { id: 'c', name: 'g' },
    ].map((fields) => ({
      contents: [
        QUESTION,
        CALL,
        { role: 'user', parts: [{ functionResponse: { ...fields, response: {} } }] },
      ],
    }));
    expect(orphans.map((request) => [refusalOf(request, 'gemini-3-flash'), hasOrphan(request)])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
    expect(hasOrphan({ contents: [QUESTION, CALL, RESULT] })).toBe(false);
  });
});

describe('thought signatures', () => {
  const unsigned = { role: 'model', parts: [{ functionCall: { name: 'f' } }] };
  const isKnownSignature = (signature: string): boolean => signature === 'U0lH';

  test('one is missing on the first call of a step of this turn', () => {
    const steps = { contents: [QUESTION, CALL, RESULT, unsigned, RESULT] };
    expect(refusalOf(steps, 'gemini-3-flash')).toMatch(
      /^Function call is missing a thought_signature in functionCall parts\..* function call `default_api:f` , position 1\./,
    );
    expect(refusalOf(steps, 'gemini-2.5-pro')).toMatch(/^Function call is missing a thought_signature/);
    expect(refusalOf(steps, 'gemini-2.5-flash-lite')).toBeUndefined();
  });

  test('none is missing on the later calls of a step, and in the turns before', () => {
    const parallel = { role: 'model', parts: [...CALL.parts, ...unsigned.parts] };
    const results = { role: 'user', parts: [...RESULT.parts, ...RESULT.parts] };
    expect(refusalOf({ contents: [QUESTION, parallel, results] }, 'gemini-3-flash')).toBeUndefined();
    expect(refusalOf({ contents: [QUESTION, unsigned, RESULT, QUESTION] }, 'gemini-3-flash')).toBeUndefined();
  });

  test('one that the cloud did not make is refused, the documented stand-ins are not', () => {
    const signed = (thoughtSignature: string): JsonObject => ({
      contents: [
        QUESTION,
        { role: 'model', parts: [{ functionCall: { name: 'f' }, thoughtSignature }] },
        RESULT,
      ],
    });
    const refusals = [
      'U0lH',
      'skip_thought_signature_validator',
      'context_engineering_is_the_way_to_go',
      'QUJD',
    ].map((signature) => refusalOf(signed(signature), 'gemini-3-flash', { isKnownSignature }));
    expect(refusals).toEqual([undefined, undefined, undefined, 'Thought signature is not valid.']);
  });
});

describe('settings', () => {
  test.each<[string, string, JsonObject, string]>([
    [
      'a system instruction',
      'gemma-3-27b-it',
      body({ systemInstruction: { parts: [{ text: 'a' }] } }),
      'Developer instruction is not enabled for models/gemma-3-27b-it',
    ],
    [
      'an image as a system instruction',
      'gemini-3-flash',
      body({ systemInstruction: { parts: [{ fileData: { fileUri: 'x' } }] } }),
      '* GenerateContentRequest.system_instruction.parts: only text is allowed',
    ],
    [
      'functions',
      'gemma-3-27b-it',
      body({ tools: DECLARED }),
      'Function calling is not enabled for models/gemma-3-27b-it',
    ],
    [
      'too many functions',
      'gemini-3-flash',
      body({
        tools: [{ functionDeclarations: Array.from({ length: 513 }, (_, index) => ({ name: `f${index}` })) }],
      }),
      'At most 512 function declarations can be specified.',
    ],
    [
      'functions and search',
      'gemini-2.5-flash-lite',
      body({ tools: [...DECLARED, { googleSearch: {} }] }),
      'Tool use with function calling is unsupported',
    ],
    [
      'functions and search without the switch',
      'gemini-3-flash',
      body({ tools: [...DECLARED, { googleSearch: {} }] }),
      'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.',
    ],
    [
      'tools beside a cache',
      'gemini-3-flash',
      body({ cachedContent: 'x', tools: DECLARED }),
      'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.',
    ],
    [
      'one name twice',
      'gemini-3-flash',
      body({ tools: [{ functionDeclarations: [{ name: 'f' }, { name: 'f' }] }] }),
      'Duplicate function declaration found: f',
    ],
    [
      'both kinds of schema',
      'gemini-3-flash',
      body({
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: 'OBJECT', properties: { a: {} } }, parametersJsonSchema: {} },
            ],
          },
        ],
      }),
      '* GenerateContentRequest.tools[0].function_declarations[0]: only one of parameters and parameters_json_schema can be set',
    ],
    [
      'an empty schema',
      'gemini-3-flash',
      body({ tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: {} }] }] }),
      '* GenerateContentRequest.tools[0].function_declarations[0].parameters_json_schema: functionDeclaration parameters schema should be of type OBJECT.',
    ],
    [
      'an empty schema of the old form',
      'gemini-3-flash',
      body({ tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT' } }] }] }),
      '* GenerateContentRequest.tools[0].function_declarations[0].parameters.properties: should be non-empty for OBJECT type',
    ],
    [
      'a choice without functions',
      'gemini-3-flash',
      chosen({ mode: 'ANY' }, []),
      'Function calling config is set without function_declarations.',
    ],
    [
      'names with AUTO',
      'gemini-3-flash',
      chosen({ mode: 'AUTO', allowedFunctionNames: ['f'] }),
      'Allowed function names should be set only when function calling mode is ANY or VALIDATED.',
    ],
    [
      'a name that is not declared',
      'gemini-3-flash',
      chosen({ mode: 'ANY', allowedFunctionNames: ['g'] }),
      'allowed_function_names contains a name that is not declared: "g"',
    ],
    [
      'six stops',
      'gemini-3-flash',
      configured({ stopSequences: ['1', '2', '3', '4', '5', '6'] }),
      '* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences can be specified',
    ],
    [
      'an empty stop',
      'gemini-3-flash',
      configured({ stopSequences: [''] }),
      '* GenerateContentRequest.generation_config.stop_sequences: stop sequences must not be empty',
    ],
    [
      'a high temperature',
      'gemini-3-flash',
      configured({ temperature: 2.5 }),
      '* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].',
    ],
    [
      'a high top_p',
      'gemini-3-flash',
      configured({ topP: 1.5 }),
      '* GenerateContentRequest.generation_config.top_p: top_p must be in the range [0.0, 1.0].',
    ],
    [
      'no tokens',
      'gemini-3-flash',
      configured({ maxOutputTokens: 0 }),
      '* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.',
    ],
    [
      'a penalty',
      'gemini-2.0-flash',
      configured({ presencePenalty: 0 }),
      'Penalty is not enabled for models/gemini-2.0-flash',
    ],
    [
      'probabilities',
      'gemini-2.5-flash',
      configured({ responseLogprobs: true }),
      'Logprobs is not enabled for models/gemini-2.5-flash',
    ],
    [
      'one candidate',
      'gemini-3-flash',
      configured({ candidateCount: 1 }),
      'Multiple candidates is not enabled for models/gemini-3-flash',
    ],
    [
      'a schema without JSON',
      'gemini-3-flash',
      configured({ responseJsonSchema: {} }),
      "* GenerateContentRequest.generation_config.response_schema: only allowed when response mime type is 'application/json'",
    ],
    [
      'JSON',
      'gemma-3-27b-it',
      configured({ responseMimeType: 'application/json' }),
      'JSON mode is not enabled for models/gemma-3-27b-it',
    ],
    [
      'JSON with functions',
      'gemini-2.5-flash-lite',
      { ...configured({ responseMimeType: 'application/json' }), tools: DECLARED },
      "Function calling with a response mime type: 'application/json' is unsupported",
    ],
    [
      'a speech model for text',
      'gemini-2.5-flash-preview-tts',
      body({}),
      'The requested combination of response modalities (TEXT) is not supported by the model. models/gemini-2.5-flash-preview-tts',
    ],
    [
      'speech by a text model',
      'gemini-3-flash',
      configured({ responseModalities: ['AUDIO'] }),
      'The requested combination of response modalities (AUDIO) is not supported by the model. models/gemini-3-flash',
    ],
  ])('%s: refused by %s', (_name, model, request, refusal) => {
    expect(refusalOf(request, model)).toBe(refusal);
  });

  const answering = (responseJsonSchema: JsonObject): JsonObject =>
    configured({ responseMimeType: 'application/json', responseJsonSchema });
  const SCHEMA_AT = '* GenerateContentRequest.generation_config.response_json_schema';

  test.each<[string, JsonObject, string]>([
    [
      'a description beside a reference',
      { properties: { a: { $ref: '#/$defs/T', description: 'd' } } },
      `${SCHEMA_AT}.properties["a"]: description is set beside $ref, where only properties starting with $ may be`,
    ],
    [
      'a default beside a reference in a definition',
      { $defs: { T: { items: { default: 1, $ref: '#/$defs/T' } } } },
      `${SCHEMA_AT}.$defs["T"].items: default is set beside $ref, where only properties starting with $ may be`,
    ],
    [
      'an enum with a boolean',
      { anyOf: [{ type: 'null' }, { enum: ['a', true] }] },
      `${SCHEMA_AT}.anyOf[1].enum: only strings and numbers are supported, not true`,
    ],
    [
      'an enum of null',
      { enum: [null] },
      `${SCHEMA_AT}.enum: only strings and numbers are supported, not null`,
    ],
  ])('a schema of the answer with %s is refused', (_name, schema, refusal) => {
    expect(refusalOf(answering(schema), 'gemini-3-flash')).toBe(refusal);
  });

  test('a schema of the answer may be a reference, name definitions and list strings and numbers', () => {
    const schema = {
      $ref: '#/$defs/T',
      $defs: {
        T: {
          type: 'object',
          properties: { $ref: { description: 'd' }, enum: { enum: ['a', 1] } },
          prefixItems: [{ $ref: '#/$defs/T', $comment: 'c' }],
          additionalProperties: false,
        },
      },
    };
    expect(refusalOf(answering(schema), 'gemini-3-flash')).toBeUndefined();
  });

  test('a bad name of a function is refused in the words of Google', () => {
    const request = body({ tools: [{ functionDeclarations: [{ name: '1 f' }] }] });
    expect(refusalOf(request, 'gemini-3-flash')).toMatch(
      /function_declarations\[0\]\.name: Invalid function name\. Must start with a letter or an underscore\./,
    );
  });

  test.each<[string, JsonObject, string]>([
    [
      'gemini-3-flash',
      { thinkingBudget: 1, thinkingLevel: 'low' },
      'You can only set only one of thinking budget and thinking level.',
    ],
    ['gemini-2.5-flash', { thinkingLevel: 'low' }, 'Thinking level is not supported for this model.'],
    ['gemini-2.5-pro', { thinkingBudget: 0 }, 'Budget 0 is invalid. This model only works in thinking mode.'],
    [
      'gemini-2.5-flash',
      { thinkingBudget: 30_000 },
      'The thinking budget 30000 is invalid. Please choose a value between 0 and 24576.',
    ],
    [
      'gemini-2.5-flash-lite',
      { thinkingBudget: 511 },
      'The thinking budget 511 is invalid. Please choose a value between 512 and 24576.',
    ],
    ['gemini-4-argon', { thinkingBudget: 1024 }, 'Thinking budget is not supported for this model.'],
    [
      'gemini-3.1-pro-preview',
      { thinkingLevel: 'minimal' },
      'Thinking level MINIMAL is not supported for this model.',
    ],
    ['gemini-4-argon', { thinkingLevel: 'XHIGH' }, 'Thinking level XHIGH is not supported for this model.'],
    ['gemini-2.0-flash', { includeThoughts: true }, 'Thinking is not enabled for models/gemini-2.0-flash'],
    ['gemini-2.5-flash-image', {}, 'Thinking is not enabled for models/gemini-2.5-flash-image'],
  ])('%s does not think like %j', (model, thinkingConfig, refusal) => {
    expect(refusalOf(configured({ thinkingConfig }), model)).toBe(refusal);
  });

  test.each<[string, JsonObject]>([
    ['gemini-2.5-pro', { thinkingBudget: 128 }],
    ['gemini-2.5-flash', { thinkingBudget: -1 }],
    ['gemini-3-flash', { thinkingLevel: 'minimal', includeThoughts: true }],
    ['gemini-4-hydrogen', { thinkingLevel: 'xhigh' }],
  ])('%s thinks like %j', (model, thinkingConfig) => {
    expect(refusalOf(configured({ thinkingConfig }), model)).toBeUndefined();
  });
});

describe('embeddings', () => {
  const one = (fields: JsonObject = {}): JsonObject => ({
    model: 'models/m',
    content: { parts: [{ text: 'a' }] },
    ...fields,
  });

  test.each<[string, unknown, string | undefined]>([
    [
      'a good batch',
      { requests: [one(), one({ outputDimensionality: 2, taskType: 'X', title: 't' })] },
      undefined,
    ],
    [
      'an unknown name',
      { requests: [one({ foo: 1 })] },
      'Invalid JSON payload received. Unknown name "foo" at \'requests[0]\': Cannot find field.',
    ],
    [
      'no requests',
      { requests: [] },
      '* BatchEmbedContentsRequest.requests: at least one request is required',
    ],
    [
      'a batch of 101',
      { requests: Array.from({ length: 101 }, () => one()) },
      '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch',
    ],
    [
      'a request without a model',
      { requests: [{ content: { parts: [{ text: 'a' }] } }] },
      '* BatchEmbedContentsRequest.requests[0].model: model is not specified',
    ],
    [
      'another model',
      { requests: [one({ model: 'models/x' })] },
      '* BatchEmbedContentsRequest.requests[0].model: model must match the model in BatchEmbedContentsRequest.model',
    ],
    [
      'no text',
      { requests: [one({ content: { parts: [{ text: '' }] } })] },
      '* BatchEmbedContentsRequest.requests[0].content: content is empty',
    ],
  ])('%s', (_name, request, refusal) => {
    expect(embeddingRefusalOf(request, 'm')).toBe(refusal);
  });
});
