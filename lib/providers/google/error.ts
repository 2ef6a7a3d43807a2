/** Google's errors, a `google.rpc.Status` in most cases, as ours. https://ai.google.dev/gemini-api/docs/troubleshooting */
import {
  RouterError,
  rateLimitMessage,
  type ErrorDetails,
  type Failure,
  type ProviderError,
} from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import type { ErrorAnswer, ResponseHeaders } from '../provider.ts';
import { textOf } from './json.ts';
import { hasNoQuota, retryAfterMs } from './retry.ts';

/** An error answer. Never throws. */
export function toError({ status, headers, body }: ErrorAnswer): RouterError {
  return toFailure(status, errorObject(body) ?? {}, headers, plainMessage(status, body));
}

/** The error in a body or an event that came under HTTP 200; undefined: there is none. */
export function readError(body: unknown): RouterError | undefined {
  const error = errorObject(body);
  if (error === undefined) return undefined;
  const status = statusOf(error);
  return toFailure(status, error, {}, `Google reported an error (${status}).`);
}

/** Streams without `alt=sse`, the OpenAI layer and some proxies wrap the error into a list. */
function errorObject(body: unknown): JsonObject | undefined {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  if (!isObject(first)) return undefined;
  return isObject(first.error) ? first.error : undefined;
}

/** HTTP statuses by the names of google.rpc.Code. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['OUT_OF_RANGE', 400],
  ['UNAUTHENTICATED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['ABORTED', 409],
  ['ALREADY_EXISTS', 409],
  ['RESOURCE_EXHAUSTED', 429],
  ['CANCELLED', 499],
  ['INTERNAL', 500],
  ['UNKNOWN', 500],
  ['DATA_LOSS', 500],
  ['UNIMPLEMENTED', 501],
  ['UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
]);

/** For an error without an HTTP status of its own: the name counts, the number is the fallback. */
function statusOf(error: JsonObject): number {
  const code = typeof error.code === 'number' ? error.code : 500;
  // The one name with two meanings: prepaid credit used up is 402.
  return code === 402 ? code : (STATUSES.get(textOf(error.status) ?? '') ?? code);
}

function toFailure(
  status: number,
  error: JsonObject,
  headers: ResponseHeaders,
  fallback: string,
): RouterError {
  const message = withoutKeys(textOf(error.message) ?? fallback);
  const code = textOf(error.status);
  const providerError: ProviderError = { status, ...(code !== undefined && { code }), message };
  if (isAboutKey(status, error, message)) {
    const { message: _mayHoldThe, ...said } = providerError;
    return new RouterError('provider_key_invalid', {
      message: 'Google refused the API key of this server. Check GOOGLE_API_KEY.',
      providerError: said,
    });
  }
  const waitMs = retryAfterMs(headers, error, message);
  const details: ErrorDetails = { message, providerError, headers: retryHeaders(waitMs, false) };
  if (status === 429) return quotaFailure(details, waitMs, hasNoQuota(error));
  const { failure, ...finer } = rowOf(status, code, message);
  return new RouterError(failure, { ...details, ...finer });
}

function quotaFailure(details: ErrorDetails, waitMs: number | undefined, isUsedUp: boolean): RouterError {
  const headers = retryHeaders(waitMs, isUsedUp || (waitMs ?? 0) > MAX_SDK_WAIT_MS);
  if (isUsedUp) return new RouterError('quota_used_up', { ...details, headers });
  return new RouterError('rate_limited', { ...details, headers, message: rateLimitMessage(waitMs) });
}

/** OpenAI's SDKs ignore longer waits and come back at once. */
const MAX_SDK_WAIT_MS = 60_000;

function retryHeaders(waitMs: number | undefined, isFinal: boolean): Record<string, string> {
  return {
    ...(waitMs !== undefined && {
      'retry-after': String(Math.ceil(waitMs / 1000)),
      'retry-after-ms': String(waitMs),
    }),
    ...(isFinal && { 'x-should-retry': 'false' }),
  };
}

interface ErrorRow {
  readonly failure: Failure;
  readonly status?: number;
  readonly code?: string | null;
}

function rowOf(status: number, name: string | undefined, message: string): ErrorRow {
  switch (status) {
    case 402:
      return { failure: 'credit_used_up' };
    case 403:
      return { failure: 'permission_denied' };
    case 404:
      return { failure: 'request_refused', status, code: 'model_not_found' };
    case 409:
      return { failure: 'request_refused', status, code: name?.toLowerCase() ?? null };
    case 413:
      return { failure: 'request_too_large' };
    case 503:
    case 529:
      return { failure: 'provider_overloaded' };
    case 504:
      return { failure: 'timeout' };
    case 408:
    case 422:
      return { failure: 'request_refused', status };
    default:
      if (status < 400 || status >= 499) return { failure: 'provider_error' };
      return { failure: 'request_refused', code: refinedCode(name, message) };
  }
}

function refinedCode(name: string | undefined, message: string): string | null {
  if (/input token count/i.test(message) && /exceeds the maximum/i.test(message))
    return 'context_length_exceeded';
  return name === 'FAILED_PRECONDITION' || name === 'OUT_OF_RANGE' ? name.toLowerCase() : null;
}

/** A wrong key is HTTP 400 at Google, told apart by its reason or its words. */
function isAboutKey(status: number, error: JsonObject, message: string): boolean {
  if (status === 401) return true;
  if (status !== 400) return false;
  const details: JsonValue[] = Array.isArray(error.details) ? error.details : [];
  return (
    details.some((detail) => isObject(detail) && detail.reason === 'API_KEY_INVALID') ||
    // At the beginning: further on, Google's messages repeat what the client sent.
    /^(?:API key not valid|API key expired|Multiple authentication credentials)/i.test(message)
  );
}

function plainMessage(status: number, body: unknown): string {
  // Cut first: the pattern must not run over whatever a front end sends.
  const text = typeof body === 'string' ? body.slice(0, 2000) : '';
  const words = text
    .replace(/<(script|style)[^>]*>[^<]*<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
  return words === '' ? `Google answered HTTP ${status}.` : `Google answered HTTP ${status}: ${words}`;
}

/** URLs in Google's messages can hold the key that was sent. */
function withoutKeys(message: string): string {
  return message.replace(/key=[^&\s"'<>]+/gi, 'key=***');
}
