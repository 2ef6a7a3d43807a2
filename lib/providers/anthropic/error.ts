/**
 * Anthropic's errors as ours. Error types can grow and the wording of messages can change, so the status decides first,
 * and the tests on words are best effort. https://platform.claude.com/docs/en/api/errors
 */
import {
  rateLimitMessage,
  RouterError,
  type ErrorDetails,
  type Failure,
  type ProviderError,
} from '../../errors.ts';
import { isObject, type JsonObject } from '../../openai/types.ts';
import type { ErrorAnswer, ResponseHeaders } from '../provider.ts';
import { textOf } from './json.ts';

/** What Anthropic said, from whatever form it came in. */
interface Said {
  readonly message: string;
  readonly type: string | undefined;
  readonly errorCode: string | undefined;
  readonly providerError: ProviderError;
}

/** An error event in a stream has a type and no status. */
const STATUS_OF_TYPE: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

const SPENT: ReadonlySet<string> = new Set(['enforced_spend_limit_reached', 'contract_spend_limit_reached']);

const OUT_OF_CREDIT =
  /^(?:your credit balance is too low|you have reached your specified .{0,60}api usage limits)/i;

const KEEP_THINKING =
  "Keep system and earlier messages, tools, tool_choice's allowed tools and response_format as they were, or send the " +
  'conversation without its thinking (`thinking_blocks` and `content_blocks`, or `reasoning` items).';

/** What to do, where Anthropic's words say only what is wrong. All words of a row must be there, in any order. */
const ADVICE: readonly { readonly words: readonly RegExp[]; readonly sentence: string }[] = [
  { words: [/\binvalid\b/i, /signature/i, /thinking/i], sentence: KEEP_THINKING },
  { words: [/\bbound\s+to\s+(?:a\s+different|another)\s+conversation\b/i], sentence: KEEP_THINKING },
  {
    words: [/tool_choice/i, /\b(?:any|tool|forced)\b/i, /(?:\bnot|n't)\s+supported\b/i],
    sentence:
      "Ask with tool_choice 'auto', or for JSON with response_format 'json_schema' (on /v1/responses: text.format).",
  },
];

/** Longest piece of a body that is no JSON, in characters: it is for people, and may be a whole page of HTML. */
const MAX_TEXT = 200;

/** An HTTP error. Never throws. */
export function toError(answer: ErrorAnswer): RouterError {
  return build(answer.status, answer.headers, read(answer));
}

/** An `error` event, or an error body under a status that does not say so. */
export function toEventError(event: JsonObject): RouterError {
  const type = isObject(event['error']) ? textOf(event['error']['type']) : undefined;
  const status = STATUS_OF_TYPE.get(type ?? '') ?? 500;
  return build(status, {}, read({ status: undefined, headers: {}, body: event }));
}

function read(answer: Omit<ErrorAnswer, 'status'> & { readonly status: number | undefined }): Said {
  const { status, headers } = answer;
  const body = isObject(answer.body) ? answer.body : {};
  const error = isObject(body['error']) ? body['error'] : {};
  const details = isObject(error['details']) ? error['details'] : {};
  const type = textOf(error['type']);
  const code = textOf(details['error_code']);
  const message = textOf(error['message']) ?? textOf(body['message']);
  const text =
    message ?? (typeof answer.body === 'string' ? textOf(answer.body.slice(0, MAX_TEXT).trim()) : undefined);
  const id = textOf(body['request_id']) ?? textOf(headers['request-id']);
  return {
    message:
      message ??
      (status === undefined ? 'Anthropic reported an error.' : `Anthropic answered HTTP ${status}.`),
    type,
    errorCode: code,
    providerError: {
      ...(status !== undefined && { status }),
      ...(type !== undefined && { type }),
      ...(code !== undefined && { code }),
      ...(text !== undefined && { message: text }),
      ...(id !== undefined && { request_id: id }),
    },
  };
}

function build(status: number, headers: ResponseHeaders, said: Said): RouterError {
  const { message, providerError } = said;
  const fail = (failure: Failure, more: Partial<ErrorDetails> = {}): RouterError =>
    new RouterError(failure, {
      message,
      provider: 'anthropic',
      providerError,
      ...waitHeader(headers),
      ...more,
    });
  switch (status) {
    case 400:
      return refused(said, fail);
    case 401:
      return keyRefused(said, fail);
    case 402:
      return fail('credit_used_up');
    case 403:
      return fail('permission_denied');
    case 404:
      return fail('request_refused', {
        status,
        code: message.startsWith('model:') ? 'model_not_found' : 'not_found',
        param: pathIn(message),
      });
    case 413:
      return fail('request_too_large', {
        message: 'The request is larger than the 32 MB that Anthropic takes.',
      });
    case 429:
      return limited(said, headers, fail);
    case 503:
    case 529:
      return fail('provider_overloaded');
    case 504:
      return fail('timeout');
    default:
      return status > 404 && status < 500
        ? fail('request_refused', { status, code: said.type ?? null })
        : fail('provider_error');
  }
}

type Fail = (failure: Failure, more?: Partial<ErrorDetails>) => RouterError;

function refused({ message }: Said, fail: Fail): RouterError {
  if (OUT_OF_CREDIT.test(message)) return fail('credit_used_up');
  // What agents look for before they shorten the conversation.
  const isTooLong = /^prompt is too long/i.test(message);
  return fail('request_refused', {
    message: withAdvice(message),
    code: isTooLong ? 'context_length_exceeded' : null,
    param: pathIn(message),
  });
}

/** The words of the cloud come first: a client may look for them. */
function withAdvice(message: string): string {
  const advice = ADVICE.find(({ words }) => words.every((word) => word.test(message)));
  if (advice === undefined) return message;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${advice.sentence}`;
}

/** The cloud's own words stay here: they can hold a part of the key. */
function keyRefused({ providerError }: Said, fail: Fail): RouterError {
  const { message: _secret, ...rest } = providerError;
  return fail('provider_key_invalid', {
    message: 'Anthropic refused the API key of this server. Check ANTHROPIC_API_KEY.',
    providerError: rest,
  });
}

function limited({ errorCode }: Said, headers: ResponseHeaders, fail: Fail): RouterError {
  if (errorCode !== undefined && SPENT.has(errorCode)) {
    // The OpenAI SDKs obey this header; without it they would try a 429 again.
    return fail('quota_used_up', { headers: { 'x-should-retry': 'false' } });
  }
  const seconds = Number(textOf(headers['retry-after']) ?? NaN);
  return fail('rate_limited', { message: rateLimitMessage(seconds >= 0 ? seconds * 1000 : undefined) });
}

function waitHeader(headers: ResponseHeaders): Pick<ErrorDetails, 'headers'> {
  const wait = textOf(headers['retry-after']);
  return wait === undefined ? {} : { headers: { 'retry-after': wait } };
}

/** `max_tokens: 128001 > 128000, ...` names the field at fault. It is Anthropic's name and place. */
function pathIn(message: string): string | null {
  return /^([a-z_]\w*(?:\.\w+)*): /.exec(message)?.[1] ?? null;
}

/** What came so far is billed: the SDKs must not try again by themselves. */
const FATE_UNKNOWN: Readonly<Record<string, string>> = { 'x-should-retry': 'false' };

export function notAMessage(): RouterError {
  return new RouterError('provider_error', {
    message: 'Anthropic answered with something that is no message.',
    provider: 'anthropic',
    headers: FATE_UNKNOWN,
  });
}

export function brokenOff(): RouterError {
  return new RouterError('stream_interrupted', {
    message: 'The answer of Anthropic broke off before its end.',
    provider: 'anthropic',
    headers: FATE_UNKNOWN,
  });
}
