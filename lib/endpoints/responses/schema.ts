/** The types that the conversion to chat, and the chat conversions behind it, lean on. */

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const objectOrNull = { type: ['object', 'null'] };
const limit = { type: ['integer', 'null'], minimum: 1 };

/** @param required Fields of that type of item, tool or part. */
const whenType = (type: string, required: Record<string, object>): object => ({
  if: { properties: { type: { const: type } }, required: ['type'] },
  then: { properties: required, required: Object.keys(required) },
});

const part = {
  type: 'object',
  required: ['type'],
  properties: {
    type: text,
    image_url: textOrNull,
    file_id: textOrNull,
    file_url: textOrNull,
    file_data: textOrNull,
    filename: textOrNull,
  },
  allOf: [
    whenType('input_text', { text }),
    whenType('output_text', { text }),
    whenType('refusal', { refusal: text }),
    whenType('input_audio', {
      input_audio: { type: 'object', properties: { data: text, format: text }, required: ['data', 'format'] },
    }),
  ],
};

const content = { type: ['string', 'array'], items: part };

const item = {
  type: 'object',
  properties: { type: textOrNull, role: textOrNull },
  allOf: [
    whenType('message', { role: { enum: ['user', 'assistant', 'system', 'developer'] }, content }),
    {
      if: { required: ['role'], not: { required: ['type'] } },
      then: { properties: { content }, required: ['content'] },
    },
    whenType('function_call', { call_id: text, name: text, arguments: text }),
    whenType('function_call_output', { call_id: text, output: content }),
  ],
};

/** Without a type it is likely in a cloud's own form: the conversion says more of that than "is missing". */
const tool = {
  type: 'object',
  properties: { type: text },
  allOf: [whenType('function', { name: text })],
};

export const RESPONSES_SCHEMA: object = {
  type: 'object',
  properties: {
    // Whether it is there is asked after the fields that would stand in for it have been refused.
    input: { type: ['string', 'array', 'null'], minItems: 1, items: item },
    instructions: textOrNull,
    include: { type: ['array', 'null'], items: text },
    max_output_tokens: limit,
    max_tool_calls: limit,
    metadata: { ...objectOrNull, additionalProperties: text },
    parallel_tool_calls: { type: ['boolean', 'null'] },
    prompt_cache_key: textOrNull,
    reasoning: { ...objectOrNull, properties: { effort: textOrNull } },
    safety_identifier: textOrNull,
    seed: { type: ['integer', 'null'] },
    stop: { type: ['string', 'array', 'null'], items: text },
    stream: { type: ['boolean', 'null'] },
    temperature: { type: ['number', 'null'] },
    text: {
      ...objectOrNull,
      properties: { format: { ...objectOrNull, properties: { type: text }, required: ['type'] } },
    },
    tool_choice: { type: ['string', 'object', 'null'] },
    tools: { type: ['array', 'null'], items: tool },
    top_logprobs: { type: ['integer', 'null'], minimum: 0 },
    top_p: { type: ['number', 'null'] },
    user: textOrNull,
  },
};
