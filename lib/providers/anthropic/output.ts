/** The form of the answer: `response_format`, and Anthropic's own `output_config` where the client sends that. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChatRequest, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { isSet, wordOf } from './json.ts';
import { toStrictSchema } from './schema.ts';
import type { OutputConfig, RequestPart } from './types.ts';

/** Anthropic has no word for "any JSON object": its schemas must name every property. */
export const JSON_OBJECT_LINE =
  'Respond with a single valid JSON object and nothing else, without code fences.';

/** `system` of the result is to be added behind the client's own. */
export function toOutput(request: ChatRequest): RequestPart {
  const format = request['response_format'];
  if (!isObject(format)) return { fields: {}, dropped: [] };
  switch (wordOf(format['type'])) {
    case 'text':
      return { fields: {}, dropped: [] };
    case 'json_object':
      return {
        fields: { system: [{ type: 'text', text: JSON_OBJECT_LINE }] },
        // A schema beside the type is no field of OpenAI's: llama.cpp and its clients know it.
        dropped: ['response_format', ...(isSet(format['schema']) ? ['response_format.schema'] : [])],
      };
    case 'json_schema':
      return ownFormat(request) === undefined
        ? toFormat(format['json_schema'])
        : { fields: {}, dropped: ['response_format'] };
    default:
      throw unsupported('response_format', 'Anthropic answers in text or by a JSON schema');
  }
}

function ownFormat(request: ChatRequest): JsonValue | undefined {
  const config = request['output_config'];
  return isObject(config) && isSet(config['format']) ? config['format'] : undefined;
}

function toFormat(given: JsonValue | undefined): RequestPart {
  const schema = isObject(given) ? given['schema'] : undefined;
  const param = 'response_format.json_schema.schema';
  if (!isObject(schema)) throw new RouterError('invalid_value', { message: `'${param}' is missing.`, param });
  const dropped: string[] = [];
  const strict = toStrictSchema(schema, param, dropped);
  return { fields: { output_config: { format: { type: 'json_schema', schema: strict } } }, dropped };
}

/** The client's own keys win over what OpenAI's fields became. */
export function mergeOutputConfig(
  own: JsonValue | undefined,
  reasoning: RequestPart,
  output: RequestPart,
): { output_config?: OutputConfig } {
  const merged: OutputConfig = {
    ...reasoning.fields.output_config,
    ...output.fields.output_config,
    ...(isObject(own) ? own : undefined),
  };
  return Object.keys(merged).length > 0 ? { output_config: merged } : {};
}
