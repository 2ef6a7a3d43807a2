/**
 * Checks the bodies that are converted, as far as the conversions lean on them. Everything else is left to the cloud:
 * what it refuses, it refuses with a clearer sentence than we could write.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { RouterError } from '../errors.ts';
import type { JsonObject } from './types.ts';

/** @throws RouterError `invalid_value` naming the first field at fault and what was expected there. */
export type BodyCheck = (request: JsonObject) => void;

const orNull = (...types: string[]): object => ({ type: [...types, 'null'] });
const whenType = (type: string, then: object): object => ({
  if: { properties: { type: { const: type } }, required: ['type'] },
  then,
});
const objectWith = (properties: Record<string, object>): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});

const contentPart = {
  ...objectWith({ type: { type: 'string' } }),
  allOf: [
    whenType('text', objectWith({ text: { type: 'string' } })),
    whenType('image_url', objectWith({ image_url: objectWith({ url: { type: 'string' } }) })),
    whenType('file', objectWith({ file: { type: 'object' } })),
    whenType(
      'input_audio',
      objectWith({ input_audio: objectWith({ data: { type: 'string' }, format: { type: 'string' } }) }),
    ),
  ],
};

const functionCall = objectWith({ name: { type: 'string' } });

const toolCall = {
  ...objectWith({ id: { type: 'string' } }),
  allOf: [whenType('function', objectWith({ function: functionCall }))],
};

const message = {
  ...objectWith({ role: { enum: ['system', 'developer', 'user', 'assistant', 'tool', 'function'] } }),
  properties: {
    role: { enum: ['system', 'developer', 'user', 'assistant', 'tool', 'function'] },
    content: { ...orNull('string', 'array'), items: contentPart },
    tool_calls: { ...orNull('array'), items: toolCall },
    function_call: { ...orNull('object'), required: ['name'] },
    tool_call_id: orNull('string'),
    name: orNull('string'),
    refusal: orNull('string'),
  },
  allOf: [
    {
      if: { properties: { role: { const: 'tool' } }, required: ['role'] },
      then: objectWith({ tool_call_id: { type: 'string' } }),
    },
  ],
};

const tool = {
  type: 'object',
  allOf: [whenType('function', objectWith({ function: functionCall }))],
};

const limit = { ...orNull('integer'), minimum: 1 };

const CHAT = {
  ...objectWith({ messages: { type: 'array' } }),
  properties: {
    messages: { type: 'array', minItems: 1, items: message },
    stream: orNull('boolean'),
    stream_options: orNull('object'),
    max_tokens: limit,
    max_completion_tokens: limit,
    n: limit,
    temperature: orNull('number'),
    top_p: orNull('number'),
    seed: orNull('integer'),
    stop: { ...orNull('string', 'array'), items: { type: 'string' } },
    tools: { ...orNull('array'), items: tool },
    functions: { ...orNull('array'), items: functionCall },
    tool_choice: orNull('string', 'object'),
    parallel_tool_calls: orNull('boolean'),
    response_format: { ...orNull('object'), required: ['type'] },
    reasoning_effort: orNull('string'),
  },
};

const EMBEDDINGS = {
  ...objectWith({ input: { type: ['string', 'array'] } }),
  properties: {
    input: { type: ['string', 'array'], minItems: 1 },
    dimensions: limit,
    encoding_format: { enum: ['float', 'base64', null] },
  },
};

export interface BodyChecks {
  readonly chat: BodyCheck;
  readonly completions: BodyCheck;
  readonly responses: BodyCheck;
  readonly embeddings: BodyCheck;
}

/**
 * Compiles the checks: some 100 ms, once per router.
 * @param own The schemas of the endpoints that are carried over chat, which stand beside their conversions.
 */
export function compileChecks(own: { readonly completions: object; readonly responses: object }): BodyChecks {
  // One error is enough, and all of them could be many: a hostile body must not make us write a long list.
  const ajv = new Ajv({ allErrors: false, allowUnionTypes: true, strictTypes: false, strictRequired: false });
  return {
    chat: check(ajv.compile(CHAT)),
    completions: check(ajv.compile(own.completions)),
    responses: check(ajv.compile(own.responses)),
    embeddings: check(ajv.compile(EMBEDDINGS)),
  };
}

function check(validate: ValidateFunction): BodyCheck {
  return (request) => {
    if (validate(request)) return;
    const error = firstError(validate.errors ?? []);
    const param = fieldOf(error);
    throw new RouterError('invalid_value', { message: `'${param}' ${expectation(error)}.`, param });
  };
}

/** A failed `then` reports itself beside what failed in it. */
function firstError(errors: readonly ErrorObject[]): ErrorObject | undefined {
  return errors.find((error) => error.keyword !== 'if') ?? errors[0];
}

/** `/messages/0/content` is `messages[0].content`. */
function fieldOf(error: ErrorObject | undefined): string {
  const steps = (error?.instancePath ?? '').split('/').slice(1);
  if (error?.keyword === 'required') steps.push(String(error.params['missingProperty']));
  return steps.reduce(
    (path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`),
    '',
  );
}

function expectation(error: ErrorObject | undefined): string {
  const params: Record<string, unknown> = error?.params ?? {};
  const keyword = error?.keyword ?? '';
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'type':
      return `must be ${words(params['type'])}`;
    case 'enum':
      return `must be one of ${words(params['allowedValues'])}`;
    case 'minItems':
      return 'must not be empty';
    case 'minimum':
      return `must be at least ${String(params['limit'])}`;
    default:
      return error?.message ?? 'is not valid';
  }
}

function words(value: unknown): string {
  const list = Array.isArray(value) ? value.map(String) : String(value).split(',');
  return list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`;
}
