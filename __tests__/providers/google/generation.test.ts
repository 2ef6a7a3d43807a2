import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { ask, bodyOf, convert, errorOf } from './support.ts';

const configOf = (fields: JsonObject, model?: string): unknown => bodyOf(ask(fields, model)).generationConfig;
const droppedOf = (fields: JsonObject, model?: string): string[] => convert(ask(fields, model)).dropped;

function refusalOf(fields: JsonObject, model?: string): unknown[] {
  const { status, code, param } = errorOf(() => convert(ask(fields, model)));
  return [status, code, param];
}

describe('limits and sampling', () => {
  test.each<[string, JsonObject, JsonObject | undefined]>([
    ['max_tokens alone', { max_tokens: 5 }, { maxOutputTokens: 5 }],
    ['the newer limit', { max_tokens: 5, max_completion_tokens: 9 }, { maxOutputTokens: 9 }],
    ['no limit by default', {}, undefined],
    ['a stop as a string', { stop: 'a' }, { stopSequences: ['a'] }],
    ['stops without the empty ones', { stop: ['', 'a', ''] }, { stopSequences: ['a'] }],
    ['nothing but empty stops', { stop: [''] }, undefined],
    [
      'more stops than Google takes: it says so itself',
      { stop: ['1', '2', '3', '4', '5', '6'] },
      { stopSequences: ['1', '2', '3', '4', '5', '6'] },
    ],
    ['a seed that fits', { seed: -5 }, { seed: -5 }],
    ['a seed that does not', { seed: 2 ** 31 }, { seed: -(2 ** 31) }],
    ['one answer', { n: 1 }, undefined],
    [
      'nulls',
      { temperature: null, top_p: null, stop: null, seed: null, n: null, logprobs: null, max_tokens: null },
      undefined,
    ],
  ])('%s', (_name, fields, config) => {
    expect(configOf(fields)).toEqual(config);
  });

  const SAMPLING = { temperature: 0, top_p: 0.5, top_k: 3 };

  test.each([
    'gemini-3.6-flash',
    'gemini-3.10-pro',
    'gemini-3.5-flash-lite',
    'gemini-4-argon',
    'gemini-flash-latest',
  ])('%s has no sampling: what was asked is reported', (model) => {
    expect(configOf(SAMPLING, model)).toBeUndefined();
    expect(droppedOf(SAMPLING, model)).toEqual(['temperature', 'top_p', 'top_k']);
    expect(droppedOf({ temperature: 1, top_p: 1 }, model)).toEqual([]);
  });

  test.each(['gemini-3.5-flash', 'gemini-3-pro', 'gemini-2.5-pro', 'gemma-3-27b-it'])(
    '%s is sampled as asked',
    (model) => {
      expect(configOf(SAMPLING, model)).toEqual({ temperature: 0, topP: 0.5, topK: 3 });
      expect(droppedOf(SAMPLING, model)).toEqual([]);
    },
  );

  test('probabilities are asked for only where they are wanted', () => {
    const model = 'gemini-2.0-flash';
    expect(configOf({ logprobs: true }, model)).toEqual({ responseLogprobs: true });
    expect(configOf({ logprobs: true, top_logprobs: 0 }, model)).toEqual({ responseLogprobs: true });
    expect(configOf({ logprobs: false, top_logprobs: 2 }, model)).toBeUndefined();
  });

  test('several answers at a time are for models before Gemini 3', () => {
    expect(configOf({ n: 3 }, 'gemini-2.5-flash-lite')).toEqual({ candidateCount: 3 });
    expect(refusalOf({ n: 3 }, 'gemini-3-flash')).toEqual([400, 'unsupported_parameter', 'n']);
  });
});

describe('response_format', () => {
  const schema = (value: JsonValue): JsonObject => ({
    response_format: { type: 'json_schema', json_schema: { name: 'r', schema: value } },
  });
  const schemaSent = (value: JsonValue): unknown =>
    (configOf(schema(value)) as JsonObject).responseJsonSchema;

  test('text is the default', () => {
    expect(configOf({ response_format: { type: 'text' } })).toBeUndefined();
  });

  test('json_object is a media type, and the schema some clients add to it is reported', () => {
    const withSchema = (value?: JsonValue): JsonObject => ({
      response_format: { type: 'json_object', ...(value !== undefined && { schema: value }) },
    });
    for (const fields of [withSchema(), withSchema(null), withSchema({ type: 'object' })])
      expect(configOf(fields)).toEqual({ responseMimeType: 'application/json' });
    expect(droppedOf(withSchema())).toEqual([]);
    expect(droppedOf(withSchema(null))).toEqual([]);
    expect(droppedOf(withSchema({ type: 'object' }))).toEqual(['response_format.schema']);
  });

  test('const becomes an enum at every place of a schema, and nowhere else', () => {
    const given = {
      type: 'object',
      properties: {
        const: { const: 1 },
        properties: { type: 'object', properties: { enum: { const: 'x' } } },
        defaulted: { type: 'object', default: { const: 2 }, examples: [{ const: 3 }], enum: [{ const: 4 }] },
      },
      patternProperties: { '^x': { const: 5 } },
      additionalProperties: { const: 6 },
      prefixItems: [{ const: 7 }],
      oneOf: [{ not: { const: 8 } }],
      allOf: [true, { if: { const: 9 }, then: { const: 10 }, else: { const: 11 } }],
      definitions: { a: { const: 12, enum: [12, 13] } },
      items: [{ const: 13 }],
      additionalItems: { const: 14 },
      unevaluatedItems: { const: 15 },
      contains: { const: 16 },
      unevaluatedProperties: { const: 17 },
      propertyNames: { const: 18 },
      dependentSchemas: { a: { const: 19 } },
      $defs: null,
    };
    expect(schemaSent(given)).toEqual({
      type: 'object',
      properties: {
        const: { enum: [1] },
        properties: { type: 'object', properties: { enum: { enum: ['x'] } } },
        defaulted: { type: 'object', default: { const: 2 }, examples: [{ const: 3 }], enum: [{ const: 4 }] },
      },
      patternProperties: { '^x': { enum: [5] } },
      additionalProperties: { enum: [6] },
      prefixItems: [{ enum: [7] }],
      oneOf: [{ not: { enum: [8] } }],
      allOf: [true, { if: { enum: [9] }, then: { enum: [10] }, else: { enum: [11] } }],
      definitions: { a: { enum: [12] } },
      items: [{ enum: [13] }],
      additionalItems: { enum: [14] },
      unevaluatedItems: { enum: [15] },
      contains: { enum: [16] },
      unevaluatedProperties: { enum: [17] },
      propertyNames: { enum: [18] },
      dependentSchemas: { a: { enum: [19] } },
      $defs: null,
    });
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['true', { const: true }, { type: 'boolean' }],
    ['false among types', { type: ['boolean', 'null'], const: false }, { type: 'boolean' }],
    ['null', { title: 't', const: null }, { title: 't', type: 'null' }],
    ['null, given twice', { enum: [null], const: null }, { type: 'null' }],
    ['an object', { const: { a: 1 } }, { type: 'object' }],
    ['a list', { const: [1] }, { type: 'array' }],
  ])('a const of %s becomes its type: enum is for strings and numbers', (_name, given, sent) => {
    expect(schemaSent({ type: 'object', properties: { a: given } })).toEqual({
      type: 'object',
      properties: { a: sent },
    });
  });

  test.each<[string, JsonObject, JsonObject]>([
    [
      'null among texts',
      { type: ['string', 'null'], enum: ['c', 'f', null] },
      { type: ['string', 'null'], anyOf: [{ enum: ['c', 'f'] }, { type: 'null' }] },
    ],
    ['both booleans', { type: 'boolean', enum: [true, false] }, { type: 'boolean' }],
    ['one boolean', { title: 't', enum: [true] }, { title: 't', type: 'boolean' }],
    ['null alone', { enum: [null], description: 'd' }, { type: 'null', description: 'd' }],
    ['null and booleans', { enum: [null, true] }, { anyOf: [{ type: 'null' }, { type: 'boolean' }] }],
    ['texts and numbers', { enum: ['a', 1] }, { enum: ['a', 1] }],
    ['nothing', { enum: [] }, { enum: [] }],
    [
      'null beside other choices',
      { enum: ['a', null], anyOf: [{ enum: ['a', true] }, { type: 'null' }] },
      { anyOf: [{ anyOf: [{ enum: ['a'] }, { type: 'boolean' }] }, { type: 'null' }] },
    ],
  ])('an enum with %s holds strings and numbers alone', (_name, given, sent) => {
    expect(schemaSent({ type: 'object', properties: { a: given } })).toEqual({
      type: 'object',
      properties: { a: sent },
    });
  });

  test('beside a reference stands nothing but what begins with $', () => {
    const given = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { T: { type: 'object', properties: { next: { $ref: '#/$defs/T', default: null } } } },
      type: 'object',
      properties: {
        a: { $ref: '#/$defs/T', $comment: 'c', description: 'the a', default: 1, const: 1 },
        $ref: { type: 'string', description: 'a property of that name' },
        list: { type: 'array', items: { title: 'I', $ref: '#/$defs/T' } },
      },
    };
    expect(schemaSent(given)).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { T: { type: 'object', properties: { next: { $ref: '#/$defs/T' } } } },
      type: 'object',
      properties: {
        a: { $ref: '#/$defs/T', $comment: 'c' },
        $ref: { type: 'string', description: 'a property of that name' },
        list: { type: 'array', items: { $ref: '#/$defs/T' } },
      },
    });
  });

  test('a schema that is a reference itself keeps what it points to', () => {
    const definitions = { T: { type: 'object', properties: { a: { const: 1 } } } };
    expect(schemaSent({ $ref: '#/definitions/T', title: 'T', definitions })).toEqual({
      $ref: '#/$defs/T',
      $defs: { T: { type: 'object', properties: { a: { enum: [1] } } } },
    });
  });

  test('definitions are $defs, the one name Google knows, and so are they in references; a property is not', () => {
    const inner = { definitions: { definitions: { type: 'string' } } };
    const given = {
      type: 'object',
      properties: {
        definitions: { type: 'object', properties: { definitions: { $ref: '#/definitions/T' } } },
        $ref: { $ref: '#/properties/definitions/properties/definitions' },
        list: { type: 'array', items: { anyOf: [{ $ref: '#/definitions/T/definitions/definitions' }] } },
        data: { type: 'object', enum: [{ definitions: {}, $ref: '#/definitions/T' }], default: inner },
        elsewhere: { $ref: 'https://e.org/schema.json#/definitions/T' },
        notText: { $ref: 1 },
      },
      definitions: { T: { type: 'object', ...inner }, definitions: { $ref: '#/definitions/definitions' } },
    };
    expect(schemaSent(given)).toEqual({
      type: 'object',
      properties: {
        definitions: { type: 'object', properties: { definitions: { $ref: '#/$defs/T' } } },
        $ref: { $ref: '#/properties/definitions/properties/definitions' },
        list: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/T/$defs/definitions' }] } },
        data: { type: 'object', enum: [{ definitions: {}, $ref: '#/definitions/T' }], default: inner },
        elsewhere: { $ref: 'https://e.org/schema.json#/definitions/T' },
        notText: { $ref: 1 },
      },
      $defs: {
        T: { type: 'object', $defs: { definitions: { type: 'string' } } },
        definitions: { $ref: '#/$defs/definitions' },
      },
    });
  });

  test('a schema with both names for them stays as it is: one could hide the other', () => {
    const given = {
      type: 'object',
      properties: { a: { $ref: '#/definitions/T' }, b: { $ref: '#/$defs/T' } },
      definitions: { T: { type: 'string' } },
      $defs: { T: { type: 'number' } },
    };
    expect(schemaSent(given)).toEqual(given);
  });

  test('a property named __proto__ stays a property', () => {
    const given = JSON.parse('{"type":"object","properties":{"__proto__":{"const":1}}}') as JsonObject;
    expect(JSON.stringify(schemaSent(given))).toBe(
      '{"type":"object","properties":{"__proto__":{"enum":[1]}}}',
    );
  });

  const deep = JSON.parse(`${'{"items":'.repeat(300)}{}${'}'.repeat(300)}`) as JsonObject;

  test.each<[string, JsonObject, string, string]>([
    [
      'no schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'r' } } },
      'invalid_value',
      'response_format.json_schema.schema',
    ],
    [
      'no json_schema',
      { response_format: { type: 'json_schema' } },
      'invalid_value',
      'response_format.json_schema.schema',
    ],
    ['a schema nested beyond measure', schema(deep), 'invalid_value', 'response_format.json_schema.schema'],
    [
      'a grammar',
      { response_format: { type: 'grammar', grammar: 'x' } },
      'unsupported_parameter',
      'response_format',
    ],
    ['a word', { response_format: 'json' }, 'unsupported_parameter', 'response_format'],
  ])('%s is refused', (_name, fields, code, param) => {
    expect(refusalOf(fields)).toEqual([400, code, param]);
  });

  test('a schema and functions are both sent: newer models take them together', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const body = bodyOf(ask({ tools, response_format: { type: 'json_object' } }));
    expect(body.generationConfig).toEqual({ responseMimeType: 'application/json' });
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'f' }] }]);
  });
});

describe('modalities', () => {
  test.each<[string, JsonObject, string, JsonObject | undefined]>([
    ['text alone is the default', { modalities: ['text'] }, 'gemini-3.8-flash', undefined],
    [
      'pictures',
      { modalities: ['image', 'text'] },
      'gemini-3-pro-image',
      { responseModalities: ['IMAGE', 'TEXT'] },
    ],
    [
      'a speech model answers in audio whatever is asked',
      {},
      'gemini-2.5-flash-preview-tts',
      { responseModalities: ['AUDIO'] },
    ],
    [
      'a voice by its id',
      { audio: { voice: { id: 'Puck' }, format: 'pcm16' } },
      'gemini-2.5-pro-preview-tts',
      {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } } },
      },
    ],
    [
      'no voice',
      { audio: { format: 'pcm16' } },
      'gemini-2.5-pro-preview-tts',
      { responseModalities: ['AUDIO'] },
    ],
  ])('%s', (_name, fields, model, config) => {
    expect(configOf(fields, model)).toEqual(config);
  });

  test('a voice without speech is left out and reported', () => {
    expect(configOf({ audio: { voice: 'alloy', format: 'mp3' } })).toBeUndefined();
    expect(droppedOf({ audio: { voice: 'alloy', format: 'mp3' } })).toEqual(['audio']);
  });

  test.each<[string, JsonObject, string, string]>([
    [
      'another format',
      { modalities: ['audio'], audio: { voice: 'Kore', format: 'mp3' } },
      'unsupported_parameter',
      'audio.format',
    ],
    [
      'no format',
      { modalities: ['audio'], audio: { voice: 'Kore' } },
      'unsupported_parameter',
      'audio.format',
    ],
    ['modalities that are no list', { modalities: 'audio' }, 'invalid_value', 'modalities'],
    ['a modality that is no word', { modalities: ['text', 7] }, 'invalid_value', 'modalities[1]'],
  ])('%s is refused', (_name, fields, code, param) => {
    expect(refusalOf(fields)).toEqual([400, code, param]);
  });
});

describe('reasoning_effort', () => {
  const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

  /** What each effort becomes; `!` marks what is reported. */
  function rowOf(model: string): string {
    return EFFORTS.map((reasoning_effort) => {
      const config = configOf({ reasoning_effort }, model) as { thinkingConfig?: JsonObject } | undefined;
      const { thinkingBudget, thinkingLevel } = config?.thinkingConfig ?? {};
      const mark = droppedOf({ reasoning_effort }, model).length > 0 ? '!' : '';
      return `${JSON.stringify(thinkingBudget ?? thinkingLevel ?? null).replaceAll('"', '')}${mark}`;
    }).join(' ');
  }

  test.each([
    ['gemini-2.5-flash-lite', '0 1024 1024 8192 24576 24576! 24576!'],
    ['gemini-2.5-flash', '0 1024 1024 8192 24576 24576! 24576!'],
    ['gemini-2.5-flash-preview-09-2025', '0 1024 1024 8192 24576 24576! 24576!'],
    ['gemini-2.5-pro', '128! 1024 1024 8192 24576 32768 32768'],
    ['gemini-3-pro-image-preview', '128! 1024 1024 8192 24576 32768 32768'],
    ['gemini-3-flash-preview', 'minimal! minimal low medium high high! high!'],
    ['gemini-3.1-flash-lite', 'minimal! minimal low medium high high! high!'],
    ['gemini-3.5-flash', 'minimal! minimal low medium high high! high!'],
    ['gemini-3.6-flash', 'minimal! minimal low medium high high! high!'],
    ['gemini-3.9-flash-lite', 'minimal! minimal low medium high high! high!'],
    ['gemini-flash-lite-latest', 'minimal! minimal low medium high high! high!'],
    ['gemini-3.1-pro-preview', 'low! low! low medium high high! high!'],
    ['gemini-3.7-flash', 'low! low! low medium high high! high!'],
    ['gemini-3.10-flash', 'low! low! low medium high high! high!'],
    ['gemini-4-argon', 'low! low! low medium high high! high!'],
    ['gemini-4-hydrogen', 'low! low! low medium high xhigh xhigh!'],
    ['gemini-pro-latest', 'low! low! low medium high high! high!'],
    ['a-model-of-tomorrow', 'low! low! low medium high high! high!'],
    ['gemini-2.0-flash', 'null null! null! null! null! null! null!'],
    ['gemma-3-27b-it', 'null null! null! null! null! null! null!'],
    ['gemini-2.5-flash-preview-tts', 'null null! null! null! null! null! null!'],
    ['gemini-2.5-flash-image', 'null null! null! null! null! null! null!'],
    ['gemini-3.1-flash-image', 'null null! null! null! null! null! null!'],
    ['nano-banana-2', 'null null! null! null! null! null! null!'],
    ['gemini-2.5-flash-native-audio', 'null null! null! null! null! null! null!'],
  ])('%s', (model, row) => {
    expect(rowOf(model)).toBe(row);
  });

  test.each(['ultra', 'toString', 7])('%p is no effort', (reasoning_effort) => {
    expect(refusalOf({ reasoning_effort })).toEqual([400, 'invalid_value', 'reasoning_effort']);
  });

  test('the words that are are named', () => {
    expect(errorOf(() => convert(ask({ reasoning_effort: 'ultra' }))).message).toBe(
      "'reasoning_effort' is one of none, minimal, low, medium, high, xhigh, max.",
    );
  });

  test("the client's own level or budget replaces the effort, other settings join it", () => {
    const thinking = (thinking_config: JsonObject): unknown =>
      configOf({ reasoning_effort: 'low', google: { thinking_config } });
    expect(thinking({ thinkingLevel: 'high' })).toEqual({ thinkingConfig: { thinkingLevel: 'high' } });
    expect(thinking({ includeThoughts: true })).toEqual({
      thinkingConfig: { thinkingLevel: 'low', includeThoughts: true },
    });
    expect(droppedOf({ google: { thinking_config: { thinking_budget: 1 } } })).toEqual([]);
  });
});

describe('service_tier', () => {
  test.each([
    ['auto', undefined],
    [null, undefined],
    ['default', 'standard'],
    ['flex', 'flex'],
    ['priority', 'priority'],
  ])('%p becomes %p', (service_tier, sent) => {
    expect(bodyOf(ask({ service_tier })).serviceTier).toBe(sent);
  });

  test.each(['scale', 'fast', 'anything', 7])('%p is refused', (service_tier) => {
    expect(refusalOf({ service_tier })).toEqual([400, 'unsupported_parameter', 'service_tier']);
  });
});
