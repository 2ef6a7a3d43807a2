/** Rate limits and the request id under the names that OpenAI's SDKs and users know. */
import type { ResponseHeaders } from '../provider.ts';
import { textOf } from './json.ts';

const RENAMED: readonly (readonly [string, string])[] = [
  ['anthropic-ratelimit-requests-limit', 'x-ratelimit-limit-requests'],
  ['anthropic-ratelimit-requests-remaining', 'x-ratelimit-remaining-requests'],
  ['anthropic-ratelimit-tokens-limit', 'x-ratelimit-limit-tokens'],
  ['anthropic-ratelimit-tokens-remaining', 'x-ratelimit-remaining-tokens'],
  ['request-id', 'x-request-id'],
];

/** Moments (RFC 3339) there, durations here. */
const RESETS: readonly (readonly [string, string])[] = [
  ['anthropic-ratelimit-requests-reset', 'x-ratelimit-reset-requests'],
  ['anthropic-ratelimit-tokens-reset', 'x-ratelimit-reset-tokens'],
];

/** @param created When the call came in, Unix seconds: durations count from here. */
export function toHeaders(headers: ResponseHeaders, created: number): Record<string, string> {
  const translated: Record<string, string> = {};
  for (const [theirs, ours] of RENAMED) {
    const value = textOf(headers[theirs]);
    if (value !== undefined) translated[ours] = value;
  }
  for (const [theirs, ours] of RESETS) {
    const seconds = Math.ceil(Date.parse(textOf(headers[theirs]) ?? '') / 1000 - created);
    if (Number.isFinite(seconds)) translated[ours] = toDuration(Math.max(seconds, 0));
  }
  return translated;
}

/** As OpenAI writes it: `59s`, `6m0s`, `1h0m0s`. */
function toDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
