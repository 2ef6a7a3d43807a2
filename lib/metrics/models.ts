/** Model names as a label: clients make names up, and every new one would be a time series for ever. */
import { show } from '../show.ts';
import type { CallRecord } from '../status/record.ts';

/** Names as clients write them (`openai:gpt-4.1`), or how many are told apart: the first that a cloud answered. */
export type ModelBound = readonly string[] | number;

/**
 * @param rest What all other names are called.
 * @throws TypeError for a bound that is none, as NaN: every name would be a time series.
 */
export function createModelNames(bound: ModelBound, rest: string): (record: CallRecord) => string {
  if (!isBound(bound))
    throw new TypeError(
      `models must be a list of names such as openai:gpt-4.1, or a number of them from 0 on; got ${show(bound)}.`,
    );
  const known = new Set(typeof bound === 'number' ? [] : bound);
  const limit = typeof bound === 'number' ? bound : known.size;
  return (record) => {
    const name = `${record.provider}:${record.model}`;
    if (known.has(name)) return record.model;
    // An answer is proof that the model exists.
    if (known.size >= limit || record.status >= 400 || !record.complete) return rest;
    known.add(name);
    return record.model;
  };
}

function isBound(bound: unknown): bound is ModelBound {
  if (Array.isArray(bound)) return bound.every((name) => typeof name === 'string');
  return typeof bound === 'number' && bound >= 0;
}
