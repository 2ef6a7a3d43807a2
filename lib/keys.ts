/**
 * Where the server's keys come from: the environment, a mounted secret file, a string or a function of the host's.
 * A key leaves this file only towards `authorize`.
 */
import { readFileSync, statSync } from 'node:fs';
import type { ApiKeySource } from './providers/provider.ts';

export interface KeySource {
  /** Whether a call would find a key. A function counts as configured. */
  readonly isConfigured: () => boolean;
  /** Asked at every call. Undefined: there is none. */
  readonly read: () => string | undefined | Promise<string | undefined>;
}

/** What a header may carry: printable ASCII without blanks. */
const KEY_FORM = /^[\x21-\x7e]+$/;

/**
 * @param option What the host passed; stands over the environment.
 * @param variable E.g. `OPENAI_API_KEY`; `OPENAI_API_KEY_FILE` names a file.
 * @throws Error for a key that cannot be sent, and when both variables are set. No message repeats a value.
 */
export function createKeySource(
  option: ApiKeySource | undefined,
  variable: string,
  env: NodeJS.ProcessEnv,
): KeySource {
  if (typeof option === 'function') return fromFunction(option);
  if (option !== undefined) return fixed(option, `The apiKey option for ${variable}`);
  const file = env[`${variable}_FILE`]?.trim();
  const key = env[variable];
  if (!file) return fixed(key ?? '', variable);
  if (key?.trim()) throw new Error(`Both ${variable} and ${variable}_FILE are set. Set only one of them.`);
  return fromFile(file, `${variable}_FILE`);
}

function fixed(text: string, where: string): KeySource {
  const key = text.trim();
  if (key !== '' && !KEY_FORM.test(key))
    throw new Error(`${where} holds characters that no API key has (blanks, line breaks or non-ASCII).`);
  return { isConfigured: () => key !== '', read: () => key || undefined };
}

function fromFunction(source: () => string | undefined | Promise<string | undefined>): KeySource {
  return {
    isConfigured: () => true,
    read: async () => {
      const key = (await source())?.trim();
      return key !== undefined && KEY_FORM.test(key) ? key : undefined;
    },
  };
}

/**
 * Looks at the file at every call and reads it again when it has changed: a rotated secret is used at once. A file
 * that is missing, empty or holds what no key can hold leaves the last good key in place.
 */
function fromFile(file: string, variable: string): KeySource {
  let key: string | undefined;
  let seen: string | undefined;
  const read = (): string | undefined => {
    const state = stateOf(file);
    if (state === seen || state === undefined) return key;
    const content = readQuietly(file);
    if (content === undefined || !KEY_FORM.test(content)) return key;
    seen = state;
    key = content;
    return key;
  };
  checkFile(file, variable);
  read();
  return { isConfigured: () => read() !== undefined, read };
}

/** @throws Error that names the variable and not the path. */
function checkFile(file: string, variable: string): void {
  try {
    statSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new Error(`The file that ${variable} names ${why}.`);
  }
}

/** What changes with the file; undefined: it is not there, or not for us. */
function stateOf(file: string): string | undefined {
  try {
    const { ino, size, mtimeNs } = statSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return undefined;
  }
}

function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
