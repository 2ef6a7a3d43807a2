/**
 * Where the server's keys come from: the environment, a mounted secret file, a string or a function of the host's.
 * A key leaves this file only towards `authorize`.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Provider } from './providers/provider.ts';
import { quotesAround } from './quotes.ts';

export interface KeySource {
  /** Whether a call would find a key. A function counts as configured. */
  readonly isConfigured: () => boolean;
  /** Asked at every call. Undefined: there is none. */
  readonly read: () => string | undefined | Promise<string | undefined>;
  /** Where there is none: what to do, for whoever runs this server. */
  readonly hint: string;
  /** What is allowed but may surprise: for the host's log at start-up. */
  readonly warning?: string;
}

/** What a header may carry: printable ASCII without blanks. */
const KEY_FORM = /^[\x21-\x7e]+$/;

/** Why a text is no key, as the end of a sentence; undefined: it can be one. The text itself is not repeated. */
function faultIn(key: string): string | undefined {
  const quotes = quotesAround(key);
  if (quotes !== undefined) return quotes;
  if (/^\w*KEY=[^=]/i.test(key)) return "begins with a name and '='. Give the key alone.";
  if (!KEY_FORM.test(key)) return 'holds characters that no API key has (blanks, line breaks or non-ASCII).';
  return undefined;
}

/**
 * The provider's `apiKey` option stands over the variable, e.g. `OPENAI_API_KEY`; `OPENAI_API_KEY_FILE` names a file.
 * @throws TypeError for a key that cannot be sent, and when both variables are set. No message repeats a value.
 */
export function createKeySource(provider: Provider, env: NodeJS.ProcessEnv): KeySource {
  const { apiKey: option } = provider.options;
  if (typeof option === 'function') return fromFunction(option);
  if (option !== undefined)
    return fixed(
      option,
      `${provider.prefix}(options).apiKey`,
      "The host's apiKey option is blank. Give it a key, and start this server again.",
    );
  const { apiKey: variable } = provider.environment;
  const file = env[`${variable}_FILE`]?.trim();
  const key = env[variable];
  if (!file) return fixed(key ?? '', variable, `Set ${variable} where this server runs, and start it again.`);
  if (key?.trim())
    throw new TypeError(`Both ${variable} and ${variable}_FILE are set. Set only one of them.`);
  const quotes = quotesAround(file);
  if (quotes !== undefined) throw new TypeError(`${variable}_FILE ${quotes}`);
  return fromFile(file, `${variable}_FILE`);
}

function fixed(text: string, where: string, hint: string): KeySource {
  const key = text.trim();
  const fault = key === '' ? undefined : faultIn(key);
  if (fault !== undefined) throw new TypeError(`${where} ${fault}`);
  return { isConfigured: () => key !== '', read: () => key || undefined, hint };
}

function fromFunction(source: () => string | undefined | Promise<string | undefined>): KeySource {
  return {
    isConfigured: () => true,
    read: async () => {
      // A host in JavaScript can give anything.
      const given: unknown = await source();
      const key = typeof given === 'string' ? given.trim() : '';
      return faultIn(key) === undefined ? key : undefined;
    },
    hint: "The host's apiKey function gave no key for this call: it failed, or gave nothing that can be one.",
  };
}

/**
 * Looks at the file at every call and reads it again when it has changed: a rotated secret is used at once. A file
 * that is then missing, empty or holds what no key can hold leaves the last good key in place. One that is empty at
 * start may be filled later.
 * @throws TypeError if it cannot be read at start, or holds what can be no key.
 */
function fromFile(file: string, variable: string): KeySource {
  // Before it is read: what is written in between is seen at the next call.
  let seen = stateOf(file);
  // Anything but an absolute path may be a key that was put into the wrong variable.
  const named = `The file ${isAbsolute(file) ? `${file} ` : ''}that ${variable} names`;
  let key = readAtStart(file, named);
  const read = (): string | undefined => {
    const state = stateOf(file);
    if (state === seen || state === undefined) return key;
    const content = readQuietly(file);
    if (content === undefined || faultIn(content) !== undefined) return key;
    seen = state;
    key = content;
    return key;
  };
  return {
    isConfigured: () => read() !== undefined,
    read,
    hint: `Write the key into the file that ${variable} names.`,
    ...(key === undefined && {
      warning: `${named} is empty: until a key is written into it, its cloud is not configured.`,
    }),
  };
}

/** What usually stands behind an error of the file system, and what to do. */
const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist (ENOENT). Mount it, or unset the variable.',
  EACCES: 'may not be read by this process (EACCES). Give the user it runs as the right to read it.',
  EISDIR: 'is a directory (EISDIR). Name the file in it that holds the key.',
};

/** @returns undefined for an empty file. @throws TypeError that says why there is no key. It repeats no content. */
function readAtStart(file: string, named: string): string | undefined {
  let content;
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new TypeError(`${named} ${READ_FAULTS[code] ?? `cannot be read (${code}).`}`);
  }
  if (content === '') return undefined;
  const fault = faultIn(content);
  if (fault !== undefined) throw new TypeError(`${named} ${fault}`);
  return content;
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
