/** JSON with numbers that JavaScript cannot hold: an id of nineteen digits must not change on its way through. */
import { randomBytes } from 'node:crypto';
import { inexactNumbers } from './exact-numbers.ts';

/** Nobody outside knows it, so nobody else can write it: a string that begins with it is one of these numbers. */
const MARK = `number-${randomBytes(12).toString('hex')}-`;

/**
 * Also in JSON that stands in a string of other JSON, as the arguments of a tool call do: there its quotes are escaped.
 * Looked for from the first backslash only: a run of them would be walked from each.
 */
const MARKED = new RegExp(`(?<!\\\\)\\\\*"${MARK}([-+.0-9eE]+)\\\\*"`, 'g');

/** There was such a number here once: until then, nearly for ever, no text need be looked through for them. */
let isInUse = false;

/**
 * As `JSON.parse`, but numbers it would change are strings that only `restoreNumbers` understands.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseExact(json: string): unknown {
  const value: unknown = JSON.parse(json);
  let marked = '';
  let from = 0;
  for (const [start, end] of inexactNumbers(json)) {
    marked += `${json.slice(from, start)}"${MARK}${json.slice(start, end)}"`;
    from = end;
    isInUse = true;
  }
  return from === 0 ? value : JSON.parse(marked + json.slice(from));
}

/** @param json What `JSON.stringify` made of values that hold parts of what `parseExact` has read. */
export function restoreNumbers(json: string): string {
  return isInUse && json.includes(MARK) ? json.replaceAll(MARKED, '$1') : json;
}
