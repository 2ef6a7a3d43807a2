/** OpenAI's errors: most pass as they are; those that concern this server's key or a time to wait are ours. */
import { RouterError, rateLimitMessage, type ErrorDetails, type Failure } from '../../errors.ts';
import { isObject, type JsonObject } from '../../openai/types.ts';
import type { ErrorAnswer, ResponseHeaders } from '../provider.ts';

/** Statuses whose body is about the client's own request: OpenAI's words are the best ones. */
const PASSED = new Set([400, 403, 404]);

/** Codes with which OpenAI says that waiting does not help. */
const QUOTA_CODES = new Set(['insufficient_quota', 'billing_hard_limit_reached']);

export function toError(answer: ErrorAnswer): RouterError | undefined {
  const error = errorObject(answer.body);
  if (error !== undefined && PASSED.has(answer.status)) return undefined;
  const message = text(error?.['message']) ?? `OpenAI answered HTTP ${answer.status}.`;
  const type = text(error?.['type']);
  const code = text(error?.['code']);
  const said = {
    status: answer.status,
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
  };
  return build(answer, { message, providerError: { ...said, message } }, code ?? type);
}

function build(
  answer: ErrorAnswer,
  details: ErrorDetails & { readonly providerError: object },
  code: string | undefined,
): RouterError {
  const { status } = answer;
  switch (status) {
    case 401:
      // OpenAI repeats a part of the key in this message.
      return new RouterError('provider_key_invalid', {
        message: 'OpenAI refused the API key of this server. Check OPENAI_API_KEY.',
        providerError: { status },
      });
    case 402:
      return new RouterError('credit_used_up', details);
    case 429:
      return code !== undefined && QUOTA_CODES.has(code)
        ? new RouterError('quota_used_up', { ...details, headers: { 'x-should-retry': 'false' } })
        : rateLimited(answer, details);
    case 413:
      return new RouterError('request_too_large', details);
    case 403:
      return new RouterError('permission_denied', details);
    case 400:
    case 404:
    case 408:
    case 409:
    case 422:
      return new RouterError('request_refused', { ...details, status, code: code ?? null });
    default:
      return new RouterError(serverFailure(status), details);
  }
}

function serverFailure(status: number): Failure {
  if (status === 503 || status === 529) return 'provider_overloaded';
  return status === 504 ? 'timeout' : status < 500 ? 'request_refused' : 'provider_error';
}

function rateLimited(answer: ErrorAnswer, details: ErrorDetails): RouterError {
  const waitMs = waitOf(answer.headers) ?? waitInWords(details.message);
  return new RouterError('rate_limited', {
    ...details,
    message: rateLimitMessage(waitMs),
    ...(waitMs !== undefined && { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } }),
  });
}

/** Milliseconds from `retry-after-ms` or `retry-after` in seconds. */
function waitOf(headers: ResponseHeaders): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? NaN);
  if (ms >= 0) return ms;
  const seconds = Number(headers['retry-after'] ?? NaN);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

/** "Please try again in 1m2.5s": OpenAI does not always send the header. */
function waitInWords(message: string): number | undefined {
  const found = /try again in (?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:(\d+)ms)?/.exec(message);
  if (found === null || found[0] === 'try again in ') return undefined;
  const [, hours = 0, minutes = 0, seconds = 0, ms = 0] = found;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(ms);
}

function errorObject(body: unknown): JsonObject | undefined {
  return isObject(body) && isObject(body['error']) ? body['error'] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
