/** The names of a chat request's fields in a request of the Responses API, for errors and for what is reported as dropped. */
import type { JsonObject } from '../../openai/types.ts';
import { toConversation } from './items.ts';
import type { Origin } from './turns.ts';

/** By what a chat field's path begins with; the first that fits counts. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^max_completion_tokens\b/, 'max_output_tokens'],
  [/^response_format\.json_schema\b/, 'text.format'],
  [/^response_format\b/, 'text.format'],
  [/^verbosity\b/, 'text.verbosity'],
  [/^reasoning_effort\b/, 'reasoning.effort'],
  [/^reasoning_summary\b/, 'reasoning.summary'],
  [/^(tools\[\d+\])\.function\b/, '$1'],
  [/^tool_choice\.allowed_tools\b/, 'tool_choice'],
  [/^tool_choice\.function\b/, 'tool_choice'],
];

/** A cloud can complain of many fields of one request. */
const known = new WeakMap<JsonObject, readonly Origin[]>();

function originsOf(request: JsonObject): readonly Origin[] {
  const origins = known.get(request) ?? toConversation(request).origins;
  known.set(request, origins);
  return origins;
}

/** @param param A path in the chat request that `toChat` made of the request: `messages[1].content[0]`. */
export function toParam(param: string, request: JsonObject): string {
  const [, index, rest = ''] = /^messages(?:\[(\d+)\])?(.*)$/s.exec(param) ?? [];
  if (index !== undefined) {
    const origin = originsOf(request)[Number(index)];
    return origin === undefined ? 'input' : inMessage(origin, rest);
  }
  if (param === 'messages') return 'input';
  if (param === 'logprobs') return nameOfLogprobs(request);
  const name = NAMES.find(([pattern]) => pattern.test(param));
  return name === undefined ? param : param.replace(name[0], name[1]);
}

/** Two fields ask for probabilities. A client must not read the name of the one that it has not sent. */
function nameOfLogprobs({ include }: JsonObject): string {
  const isIncluded = Array.isArray(include) && include.includes('message.output_text.logprobs');
  return isIncluded ? 'include' : 'top_logprobs';
}

/** @param rest What follows the message: `.content[0].image_url`. */
function inMessage(origin: Origin, rest: string): string {
  const { path, content, parts, calls } = origin;
  const [, list, index, tail = ''] = /^\.(content|tool_calls)\[(\d+)\](.*)$/s.exec(rest) ?? [];
  if (list === 'tool_calls') return `${calls?.[Number(index)] ?? path}${tail.replace(/^\.function\b/, '')}`;
  // Here an image's URL and a file's data stand on the part itself.
  const field = tail.replace(/^\.image_url\.url\b/, '.image_url').replace(/^\.file\b/, '');
  if (list === 'content' && parts !== undefined) return `${parts[Number(index)] ?? path}${field}`;
  if (list === 'content') return `${path}.${content}[${index}]${field}`;
  if (content === '') return path;
  return path + rest.replace(/^\.content\b/, `.${content}`).replace(/^\.tool_call_id\b/, '.call_id');
}
