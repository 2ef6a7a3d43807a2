/** Numbers of a JSON text that `JSON.parse` reads as others, such as ids of 64 bits: a double holds 53 bits of them. */
import { stringEnd } from './find-field.ts';

/** What an inexact number has at the least; most texts have neither, and are not looked at any further. */
const SUSPECT = /[0-9]{16}|[0-9][eE]/;

const INTEGER = /^-?[0-9]+$/;

/**
 * Whether an integer of the text is not a safe one, or any number becomes infinite. Fractions are not looked at: their
 * last digits are lost everywhere.
 * @param json A text that `JSON.parse` takes.
 */
export function holdsInexactNumber(json: string): boolean {
  if (!SUSPECT.test(json)) return false;
  // Digits in strings are text: of a string only the beginning is a token.
  const tokens = /"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    if (token[0] !== '"') {
      if (isInexact(token[0])) return true;
      continue;
    }
    const end = stringEnd(json, token.index);
    if (end === -1) return false;
    tokens.lastIndex = end;
  }
  return false;
}

function isInexact(token: string): boolean {
  const value = Number(token);
  return !Number.isFinite(value) || (INTEGER.test(token) && !Number.isSafeInteger(value));
}
