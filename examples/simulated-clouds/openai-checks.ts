/** What the simulated OpenAI refuses, in the words of the real one. */
import type { IncomingHttpHeaders } from 'node:http';

/** A refusal as OpenAI sends it. */
export interface Refusal {
  readonly status: number;
  readonly body: {
    readonly error: { message: string; type: string; param: string | null; code: string | null };
  };
}

export type JsonBody = { readonly [key: string]: unknown };

export function refusal(
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = null,
): Refusal {
  return { status, body: { error: { message, type: 'invalid_request_error', param, code } } };
}

/** Headers that no gateway has any business sending to OpenAI. */
const LEAKS = ['x-api-key', 'x-goog-api-key', 'cookie', 'anthropic-version', 'forwarded', 'x-forwarded-for'];

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Top-level keys of each JSON endpoint, as the `openai` npm package 6.49 types them. */
const FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'chat/completions',
    words(
      `messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens
       max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
       prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed
       service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
       web_search_options`,
    ),
  ],
  [
    'completions',
    words(
      `best_of echo frequency_penalty logit_bias logprobs max_tokens model n presence_penalty prompt seed stop stream
       stream_options suffix temperature top_p user`,
    ),
  ],
  ['embeddings', words('dimensions encoding_format input model user')],
  [
    'responses',
    words(
      `background context_management conversation include input instructions max_output_tokens metadata model
       moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options
       prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text
       tool_choice tools top_logprobs top_p truncation user`,
    ),
  ],
  ['moderations', words('input model')],
  [
    'images/generations',
    words(
      `background model moderation n output_compression output_format partial_images prompt quality response_format
       size stream style user`,
    ),
  ],
  ['audio/speech', words('input instructions model response_format speed stream_format voice')],
]);

/** What a request cannot do without, beside the model. */
const REQUIRED: ReadonlyMap<string, string> = new Map([
  ['chat/completions', 'messages'],
  ['completions', 'prompt'],
  ['embeddings', 'input'],
  ['moderations', 'input'],
  ['images/generations', 'prompt'],
  ['audio/speech', 'input'],
]);

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer'];

export function checkHeaders(headers: IncomingHttpHeaders, apiKey: string): Refusal | undefined {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (given === undefined) {
    return refusal(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from https://platform.openai.com/account/api-keys.",
    );
  }
  if (given !== apiKey) {
    // The real one shows a part of the key, which must not travel on.
    const shown = `${given.slice(0, 8)}${'*'.repeat(Math.max(0, given.length - 12))}${given.slice(-4)}`;
    return refusal(
      401,
      `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      null,
      'invalid_api_key',
    );
  }
  const leak = LEAKS.find((name) => headers[name] !== undefined);
  return leak === undefined
    ? undefined
    : refusal(400, `The simulated OpenAI was sent the header '${leak}', which is none of its business.`);
}

/** Checks a model id. Only OpenAI's own names exist, and no prefix of a gateway. */
export function checkModel(model: unknown): Refusal | undefined {
  if (typeof model !== 'string' || model === '') return refusal(400, 'you must provide a model parameter');
  if (/^(gpt-|chatgpt-|o\d|ft:|text-|omni-|tts-|whisper-|dall-e-|davinci-|babbage-)/.test(model))
    return undefined;
  return refusal(
    404,
    `The model \`${model}\` does not exist or you do not have access to it.`,
    null,
    'model_not_found',
  );
}

/** Checks the body of a JSON endpoint. @param endpoint The path behind `/v1/`. */
export function checkBody(
  endpoint: string,
  body: JsonBody,
  contentType: string | undefined,
): Refusal | undefined {
  return (
    checkContentType(contentType) ??
    checkFields(endpoint, body) ??
    // Moderations have a default model.
    (endpoint === 'moderations' && body.model === undefined ? undefined : checkModel(body.model)) ??
    checkRequired(endpoint, body) ??
    checkStreamOptions(body) ??
    (endpoint === 'chat/completions' ? checkChat(body) : undefined)
  );
}

function checkContentType(contentType = ''): Refusal | undefined {
  if (/^application\/json\b/i.test(contentType)) return undefined;
  return refusal(
    400,
    `Unsupported content type: '${contentType}'. This API method only accepts 'application/json' requests, but you specified the header 'Content-Type: ${contentType}'. Please try again by specifying a supported content type.`,
    null,
    'unsupported_content_type',
  );
}

function checkFields(endpoint: string, body: JsonBody): Refusal | undefined {
  const unknown = Object.keys(body).find((key) => FIELDS.get(endpoint)?.has(key) === false);
  return unknown === undefined
    ? undefined
    : refusal(400, `Unrecognized request argument supplied: ${unknown}`);
}

function checkRequired(endpoint: string, body: JsonBody): Refusal | undefined {
  const field = REQUIRED.get(endpoint);
  if (field === undefined || (body[field] !== undefined && body[field] !== null)) return undefined;
  return refusal(400, `Missing required parameter: '${field}'.`, field, 'missing_required_parameter');
}

function checkStreamOptions(body: JsonBody): Refusal | undefined {
  if (body.stream === true || body.stream_options === undefined || body.stream_options === null)
    return undefined;
  return refusal(
    400,
    "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    'stream_options',
  );
}

function checkChat(body: JsonBody): Refusal | undefined {
  const { messages } = body;
  if (!Array.isArray(messages)) {
    return refusal(
      400,
      `Invalid type for 'messages': expected an array of objects, but got ${nameOf(messages)} instead.`,
      'messages',
      'invalid_type',
    );
  }
  if (messages.length === 0) {
    return refusal(
      400,
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
      'empty_array',
    );
  }
  for (const [index, message] of messages.entries()) {
    const found = checkMessage(message, index, messages);
    if (found !== undefined) return found;
  }
  return checkTokenLimit(body);
}

function checkMessage(message: unknown, index: number, all: readonly unknown[]): Refusal | undefined {
  const param = `messages[${index}]`;
  if (!isJsonBody(message)) {
    return refusal(
      400,
      `Invalid type for '${param}': expected an object, but got ${nameOf(message)} instead.`,
      param,
      'invalid_type',
    );
  }
  if (typeof message.role !== 'string' || !ROLES.includes(message.role)) {
    return refusal(
      400,
      `Invalid value: '${String(message.role)}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
      `${param}.role`,
      'invalid_value',
    );
  }
  if (message.role === 'tool' && typeof message.tool_call_id !== 'string') {
    return refusal(
      400,
      `Missing required parameter: '${param}.tool_call_id'.`,
      `${param}.tool_call_id`,
      'missing_required_parameter',
    );
  }
  return (
    checkContent(message, index) ??
    checkToolOrder(message, index, all) ??
    checkToolAnswers(message, index, all)
  );
}

/** Only calls can do without it. */
function checkContent(message: JsonBody, index: number): Refusal | undefined {
  const isGiven = (field: string): boolean => message[field] !== undefined && message[field] !== null;
  const fields =
    message.role === 'assistant'
      ? ['content', 'tool_calls', 'function_call', 'refusal', 'audio']
      : ['content'];
  if (fields.some(isGiven)) return undefined;
  return refusal(
    400,
    "Invalid value for 'content': expected a string, got null.",
    `messages.[${index}].content`,
  );
}

/** A result stands behind its call, or behind other results of that turn. The misspelling is OpenAI's. */
function checkToolOrder(message: JsonBody, index: number, all: readonly unknown[]): Refusal | undefined {
  if (message.role !== 'tool') return undefined;
  const before = all.slice(0, index).findLast((entry) => isJsonBody(entry) && entry.role !== 'tool');
  if (isJsonBody(before) && Array.isArray(before.tool_calls)) return undefined;
  return refusal(
    400,
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    `messages.[${index}].role`,
  );
}

/** Every call of an assistant must be answered at once. */
function checkToolAnswers(message: JsonBody, index: number, all: readonly unknown[]): Refusal | undefined {
  if (!Array.isArray(message.tool_calls)) return undefined;
  const answered = new Set<unknown>();
  for (const next of all.slice(index + 1)) {
    if (!isJsonBody(next) || next.role !== 'tool') break;
    answered.add(next.tool_call_id);
  }
  const missing = message.tool_calls.filter(isJsonBody).filter((call) => !answered.has(call.id));
  if (missing.length === 0) return undefined;
  return refusal(
    400,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${missing.map(({ id }) => String(id)).join(', ')}`,
    `messages.[${index + 1}].role`,
  );
}

/** Reasoning models take only the new name of the limit. */
function checkTokenLimit(body: JsonBody): Refusal | undefined {
  if (body.max_tokens === undefined || body.max_tokens === null) return undefined;
  if (!/^(o\d|gpt-5)/.test(String(body.model))) return undefined;
  return refusal(
    400,
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    'max_tokens',
    'unsupported_parameter',
  );
}

export function isJsonBody(value: unknown): value is JsonBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return (
    { string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof value as string] ?? 'an object'
  );
}
