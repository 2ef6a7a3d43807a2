/** The limits of a request to a node, checked at start. */
import { isObject } from '../openai/types.ts';
import { show } from '../show.ts';
import type { LocalTimeouts } from './exchange.ts';

const DEFAULTS: LocalTimeouts = { connectMs: 10_000, firstByteMs: 1_200_000, idleMs: 300_000 };

/** Node's timers take a longer time for one millisecond. Milliseconds. */
const LONGEST = 2_147_483_647;

/** @throws TypeError for what would break every request: a limit that no timer can keep, a name that there is not. */
export function checkedTimeouts(given: unknown = {}): LocalTimeouts {
  if (!isObject(given) || Array.isArray(given))
    throw invalid(`timeouts must be an object, e.g. { idleMs: 60_000 }; got ${show(given)}.`);
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name))
      throw invalid(`Unknown option '${name}' in timeouts. Known are ${Object.keys(DEFAULTS).join(', ')}.`);
    if (value !== undefined && !isLimit(value))
      throw invalid(
        `timeouts.${name} must be a whole number of milliseconds from 1 to ${LONGEST}; got ${show(value)}.`,
      );
  }
  return { ...DEFAULTS, ...Object.fromEntries(set) };
}

function isLimit(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST;
}

function invalid(what: string): TypeError {
  return new TypeError(`createLocalBalancer: ${what}`);
}
