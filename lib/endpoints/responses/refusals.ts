/** What a response over chat cannot be, with the reason; and the two ways to say no. */
import { RouterError } from '../../errors.ts';
import type { JsonObject, JsonValue } from '../../openai/types.ts';
import { isTooDeep } from './json.ts';

/** @param what Ends the sentence that begins with the field: `must be a string`. */
export function invalid(param: string, what: string): RouterError {
  return new RouterError('invalid_value', { message: `'${param}' ${what}.`, param });
}

/** @param message A full sentence without the final full stop. */
export function unsupported(param: string, message: string, hint?: string): RouterError {
  return new RouterError('unsupported_parameter', {
    message: `${message}.`,
    param,
    ...(hint !== undefined && { hint }),
  });
}

interface Refusal {
  /** Ends the sentence `'<field>' is not supported here: ...`. */
  readonly because: string;
  readonly hint?: string;
  /** A value that asks for nothing. Null and undefined always are. */
  readonly isNoop?: (value: JsonValue) => boolean;
}

const SEND_ALL = 'Send the whole conversation, output items included, as `input`, with `store: false`.';
const isFalse = (value: JsonValue): boolean => value === false;

const STATE: [string, Refusal][] = [
  ['store', { because: 'responses of this cloud are not stored', hint: SEND_ALL, isNoop: isFalse }],
  ['previous_response_id', { because: 'responses of this cloud are not stored', hint: SEND_ALL }],
  ['conversation', { because: 'conversations are stored at OpenAI alone', hint: SEND_ALL }],
  ['prompt', { because: 'prompt templates are stored at OpenAI alone' }],
  ['background', { because: 'a response that is not stored cannot be fetched later', isNoop: isFalse }],
  [
    'context_management',
    {
      because: 'this cloud cannot compact a conversation for OpenAI',
      // An object is a cloud's own field of that name.
      isNoop: (value) => !Array.isArray(value) || value.length === 0,
    },
  ],
  ['n', { because: 'a response is one answer', isNoop: (value) => value === 1 }],
];

/** Fields of chat completions that this endpoint has under another name. Passed on, they would win over it. */
const MOVED: [string, Refusal][] = (
  [
    ['messages', 'input'],
    ['max_tokens', 'max_output_tokens'],
    ['max_completion_tokens', 'max_output_tokens'],
    ['response_format', 'text.format'],
    ['verbosity', 'text.verbosity'],
    ['reasoning_effort', 'reasoning.effort'],
    ['functions', 'tools'],
    ['function_call', 'tool_choice'],
    ['logprobs', 'include'],
  ] as const
).map(([chat, here]) => [chat, { because: `in the Responses API it is '${here}'` }]);

const REFUSALS: ReadonlyMap<string, Refusal> = new Map([...STATE, ...MOVED]);

/** Given back with the answer: one that could not be written would be noticed when the cloud has been paid. */
const GIVEN_BACK = ['metadata', 'reasoning', 'text', 'tool_choice', 'tools'];

/** @throws RouterError for the first field that is refused. */
export function refuseFields(request: JsonObject): void {
  for (const [param, { because, hint, isNoop }] of REFUSALS) {
    const value = Object.hasOwn(request, param) ? request[param] : undefined;
    if (value === undefined || value === null || isNoop?.(value) === true) continue;
    throw unsupported(param, `'${param}' is not supported here: ${because}`, hint);
  }
  for (const param of GIVEN_BACK) if (isTooDeep(request[param])) throw invalid(param, 'is nested too deeply');
}
