/** A provider's `headers`, checked at start-up: one that cannot be sent would fail every call. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { show } from './show.ts';

/** They speak of the connection or of the bytes of the body, and the router makes both. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * @param option Where they stand, e.g. `openai(options).headers`.
 * @returns the same with lower-case names.
 * @throws TypeError that names the header and not its value, which may be a secret.
 */
export function readHeaders(
  headers: Readonly<Record<string, string>>,
  option: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const fault = faultIn(name, value);
      if (fault !== undefined) throw new TypeError(`${option}: ${fault}`);
      return [name.toLowerCase(), value];
    }),
  );
}

function faultIn(name: string, value: string): string | undefined {
  if (!passes(() => validateHeaderName(name)))
    return `${show(name)} is no name of a header. A name is made of letters, digits and hyphens.`;
  if (OWN.has(name.toLowerCase())) return `${show(name)} is for the router alone to set. Leave it out.`;
  if (!passes(() => validateHeaderValue(name, value)))
    return `the value of ${show(name)} holds characters that no header can carry: line breaks, control characters or what is not Latin-1.`;
  return undefined;
}

/** Node's own errors speak of a token or of "content", and not of the option. */
function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
