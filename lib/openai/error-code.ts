/** How an error of OpenAI's form calls itself. */
import type { JsonObject } from './types.ts';

/** Its `code`, or where that is null its `type`; undefined where neither is a word: what is told must be no sentence. */
export function errorCodeOf(error: JsonObject): string | undefined {
  for (const word of [error['code'], error['type']]) {
    if (typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)) return word;
  }
  return undefined;
}
