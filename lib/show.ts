import { inspect } from 'node:util';

/** What was given, fit for a sentence. Not for what may be a secret. */
export function show(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 80 });
}
