/** How each cloud was last seen, from real calls alone: nobody is asked just to find out. */
import type { CallRecord } from './record.ts';

export interface Health {
  /** When a call last reached its end. ISO 8601, as all times here. */
  readonly last_success: string | null;
  readonly last_error: {
    /** As in the call's record: our error code, or OpenAI's own. */
    readonly code: string;
    /** The status the client got: 200 where a stream broke. */
    readonly status: number;
    readonly at: string;
  } | null;
  /** Until then the cloud has asked to be left alone; null: it has not, or that has passed. */
  readonly retry_after_until: string | null;
}

export interface HealthBook {
  add(record: CallRecord): void;
  /** Undefined: no call has told anything yet. */
  read(prefix: string): Health | undefined;
}

interface Seen {
  successAt: number | undefined;
  error: Health['last_error'];
  retryAt: number;
}

/** @param now Unix milliseconds. Default: `Date.now`. */
export function createHealth(now: () => number = Date.now): HealthBook {
  const clouds = new Map<string, Seen>();
  return {
    add(record) {
      const failure = cloudFailureOf(record);
      const isWell = record.complete && record.status < 400 && record.errorCode === null;
      if (failure === undefined && !isWell) return;
      let seen = clouds.get(record.provider);
      if (seen === undefined)
        clouds.set(record.provider, (seen = { successAt: undefined, error: null, retryAt: 0 }));
      if (isWell) seen.successAt = now();
      if (failure !== undefined) {
        seen.error = { code: failure, status: record.status, at: toIso(now()) };
        seen.retryAt = Math.max(seen.retryAt, now() + delayOf(record));
      }
    },
    read(prefix) {
      const seen = clouds.get(prefix);
      return (
        seen && {
          last_success: seen.successAt === undefined ? null : toIso(seen.successAt),
          last_error: seen.error,
          retry_after_until: seen.retryAt > now() ? toIso(seen.retryAt) : null,
        }
      );
    },
  };
}

/** Statuses of a refusal that is not about this one request: the key, the money, the permission, the rate. */
const ILL_STATUSES: ReadonlySet<number> = new Set([401, 402, 403, 429]);

/** What can end a stream whose status was 200 and is the cloud's doing. */
const ILL_CODES: ReadonlySet<string> = new Set([
  'stream_interrupted',
  'timeout',
  'provider_error',
  'provider_overloaded',
  'provider_unreachable',
  'rate_limited',
  'insufficient_quota',
  'provider_key_invalid',
  'permission_denied',
  // OpenAI's own, at the end of a response that failed.
  'server_error',
  'rate_limit_exceeded',
]);

/**
 * What ails the cloud; undefined where a call does not tell. A request the client got wrong, or left, says nothing about
 * it, and neither does an answer of the host's, to a bug or a time-out of its own.
 */
function cloudFailureOf({ status, errorCode, clientLeft }: CallRecord): string | undefined {
  if (clientLeft || errorCode === null) return undefined;
  const isIll = status >= 500 || ILL_STATUSES.has(status) || ILL_CODES.has(errorCode);
  return isIll ? errorCode : undefined;
}

const MAX_DELAY_MS = 7 * 24 * 60 * 60 * 1000;

function delayOf({ retryAfterMs = 0 }: CallRecord): number {
  return retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_DELAY_MS) : 0;
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
