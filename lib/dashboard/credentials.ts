/** Who may log in. Every check takes the same time, whichever part of it is wrong. */
import { createHash, scrypt, timingSafeEqual } from 'node:crypto';

export type CheckCredentials = (username: string, password: string) => Promise<boolean>;

/** @throws TypeError for a password that begins like a hash and is none. */
export function createCredentials(username: string, password: string): CheckCredentials {
  const expectedName = digest(username);
  const isPassword = password.startsWith('scrypt:') ? hashedPassword(password) : plainPassword(password);
  return async (name, word) => {
    const rightName = timingSafeEqual(digest(name), expectedName);
    // Asked for a wrong name too: the time must not tell which names exist.
    const rightPassword = await isPassword(word);
    return rightName && rightPassword;
  };
}

function plainPassword(password: string): (given: string) => Promise<boolean> {
  const expected = digest(password);
  return (given) => Promise.resolve(timingSafeEqual(digest(given), expected));
}

function hashedPassword(text: string): (given: string) => Promise<boolean> {
  const [, salt64, hash64] = /^scrypt:([\w+/-]+=*):([\w+/-]+=*)$/.exec(text) ?? [];
  const salt = Buffer.from(salt64 ?? '', 'base64');
  const expected = Buffer.from(hash64 ?? '', 'base64');
  if (salt.length < 8 || expected.length < 16) {
    throw new TypeError(
      'createDashboard: password begins with "scrypt:" but is not scrypt:<salt>:<hash> in base64 (salt of 8 bytes or more, hash of 16 or more).',
    );
  }
  return (given) =>
    new Promise((resolve, reject) => {
      scrypt(given, salt, expected.length, (error, hash) =>
        error === null ? resolve(timingSafeEqual(hash, expected)) : reject(error),
      );
    });
}

/** Equal lengths for `timingSafeEqual`, whatever is given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
