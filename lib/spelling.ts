/** Slips in writing a prefix. A slip must neither cost money nor vanish among the local models. */

/** What Unicode's NFKC turns into a colon, full-width colon first: Japanese and Chinese keyboards write it. */
const OTHER_COLONS = /[\uff1a\ufe55\ufe13\u2a74]/;
const ANY_COLON = /[:\uff1a\ufe55\ufe13\u2a74]/;

/** A prefix that is there but not written as it is registered. */
export interface Slip {
  readonly prefix: string;
  readonly reason: 'case' | 'fullwidth' | 'space';
}

export function hasOtherColon(name: string): boolean {
  return OTHER_COLONS.test(name);
}

const MAX_WORD_LENGTH = 64;
/** No word is longer that is looked at: a hostile name can have megabytes that cannot be shown. */
const MAX_LOOKED_AT = 1024;
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** What stands before the first ASCII colon, or before another one where only that is there, fit for a message. */
export function showWord(name: string): string {
  const ascii = name.indexOf(':');
  const colon = ascii === -1 ? name.search(OTHER_COLONS) : ascii;
  let word = '';
  let length = 0;
  for (const char of name.slice(0, Math.min(colon, MAX_LOOKED_AT)).trim()) {
    if (UNSHOWABLE.test(char)) continue;
    if (length++ === MAX_WORD_LENGTH) break;
    word += char;
  }
  return word.trim();
}

/** Whether trimming, lower case or NFKC would turn the word before the first colon of any kind into a prefix. */
export function findSlip(name: string, prefixes: ReadonlySet<string>): Slip | undefined {
  const colon = name.search(ANY_COLON);
  if (colon === -1) return undefined;
  const word = name.slice(0, colon).trim();
  // NFKC makes one ASCII letter of two UTF-16 units at most; a longer word need not be converted.
  if (word.length > 2 * longest(prefixes)) return undefined;
  const plain = word.normalize('NFKC');
  const prefix = plain.toLowerCase();
  if (!prefixes.has(prefix)) return undefined;
  if (name[colon] !== ':' || plain !== word) return { prefix, reason: 'fullwidth' };
  return { prefix, reason: plain === prefix ? 'space' : 'case' };
}

/** The prefix that a word misses by two letters at most; by one for a short prefix, by none for a very short one. */
export function nearestPrefix(word: string, prefixes: ReadonlySet<string>): string | undefined {
  let nearest: string | undefined;
  let fewest = Infinity;
  for (const prefix of prefixes) {
    const limit = prefix.length >= 6 ? 2 : prefix.length >= 4 ? 1 : 0;
    if (Math.abs(word.length - prefix.length) > limit) continue;
    const edits = editDistance(word.toLowerCase(), prefix);
    if (edits > limit || edits >= fewest) continue;
    nearest = prefix;
    fewest = edits;
  }
  return nearest;
}

/** Levenshtein's: how many letters must be added, removed or exchanged. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const exchange = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

function longest(words: ReadonlySet<string>): number {
  let length = 0;
  for (const word of words) length = Math.max(length, word.length);
  return length;
}
