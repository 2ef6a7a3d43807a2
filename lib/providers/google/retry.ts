/** How long to wait, and whether waiting helps at all. Google says so in the body, not in a header. */
import type { JsonObject } from '../../openai/types.ts';
import type { ResponseHeaders } from '../provider.ts';
import { objectsOf, textOf } from './json.ts';

/** Milliseconds; undefined: Google names no delay. */
export function retryAfterMs(
  headers: ResponseHeaders,
  error: JsonObject,
  message: string,
): number | undefined {
  return fromHeader(headers['retry-after']) ?? fromDetails(error) ?? fromWords(message);
}

/** The quota of the day is used up, or there never was any: a minute later it is the same. */
export function hasNoQuota(error: JsonObject): boolean {
  // A zero is left out of the details, as all defaults are; the sentence has it.
  if (/limit:\s*0(?!\d|\.\d)/i.test(textOf(error.message) ?? '')) return true;
  return detailsOf(error, 'google.rpc.QuotaFailure')
    .flatMap((detail) => objectsOf(detail.violations))
    .some(({ quotaId, quotaValue }) => /PerDay|Daily/.test(textOf(quotaId) ?? '') || quotaValue === '0');
}

function fromHeader(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? toMs(Number(value)) : undefined;
}

function fromDetails(error: JsonObject): number | undefined {
  for (const { retryDelay } of detailsOf(error, 'google.rpc.RetryInfo')) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(retryDelay) ?? '')?.[1];
    if (seconds !== undefined) return toMs(Number(seconds));
  }
  return undefined;
}

/** "Please retry in 58s", also in hours, minutes and milliseconds. */
function fromWords(message: string): number | undefined {
  const words = /retry in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)/i.exec(message)?.[1];
  if (words === undefined) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of words.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/gi)) {
    seconds += Number(amount) * (SECONDS.get(unit?.toLowerCase() ?? '') ?? 0);
  }
  return toMs(seconds);
}

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['h', 3600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
]);

/** Rounded up, but not for the sake of a digit that only floating point has put there. */
function toMs(seconds: number): number {
  return Math.ceil(Number((seconds * 1000).toFixed(3)));
}

function detailsOf(error: JsonObject, type: string): JsonObject[] {
  return objectsOf(error.details).filter((detail) => (textOf(detail['@type']) ?? '').endsWith(type));
}
