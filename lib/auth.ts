/** `requireApiKey`: for hosts that have no log-in of their own. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { RouterError } from './errors.ts';

/** What an Authorization header can carry as one word: visible ASCII. */
const SENDABLE = /^[\x21-\x7e]+$/;

/**
 * Lets a request pass if it brings one of the keys as `Authorization: Bearer <key>`; any other gets 401 in OpenAI's
 * form. The comparison takes the same time for a right key, a nearly right one and a wrong one.
 * @param keys The keys of the host's own clients. They have nothing to do with the clouds' keys.
 * @throws TypeError where there is no key, or an empty list, and for a key that no client could send: empty, blank, with spaces.
 */
export function requireApiKey(keys: readonly string[] | string): RequestHandler {
  const digests = checkedKeys(keys).map(digest);
  return (req, res, next) => {
    if (isKnown(bearerToken(req.headers.authorization), digests)) return next();
    const error = new RouterError('invalid_api_key', { message: 'Missing or invalid API key' });
    res
      .status(error.status)
      .set({ 'www-authenticate': 'Bearer', 'cache-control': 'no-store' })
      .json(error.toBody());
  };
}

function checkedKeys(keys: readonly string[] | string): readonly string[] {
  const list: unknown = typeof keys === 'string' ? [keys] : keys;
  if (!isList(list))
    throw new TypeError("requireApiKey needs your clients' keys: a text, or a list of texts.");
  if (list.length === 0) throw new TypeError('requireApiKey needs at least one key: the list is empty.');
  for (const [index, key] of list.entries()) {
    if (typeof key !== 'string' || !SENDABLE.test(key)) {
      // The key itself is not repeated: start-up errors end up in logs.
      throw new TypeError(
        `requireApiKey: key ${index + 1} of ${list.length} is empty or has characters other than visible ASCII, so no client could send it.`,
      );
    }
  }
  return list;
}

/** A host in JavaScript can give anything. What is in the list is looked at one by one. */
function isList(keys: unknown): keys is readonly string[] {
  return Array.isArray(keys);
}

function bearerToken(authorization: string | undefined): string {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
}

/** Equal lengths for `timingSafeEqual`, whatever the client sends. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function isKnown(token: string, digests: readonly Buffer[]): boolean {
  const given = digest(token);
  let known = false;
  // No early exit: the time must not tell which key of the list was near.
  for (const expected of digests) known = timingSafeEqual(given, expected) || known;
  return known;
}
