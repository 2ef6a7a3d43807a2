/** Whether an answer is exactly the right one. */
import { inspect, isDeepStrictEqual } from 'node:util';

interface Fields {
  readonly [key: string]: unknown;
}

/**
 * The same value with the unforeseeable taken out: ids and times are replaced by their kind, and of an error and of a
 * cloud's status only what the quick start promises is kept (not `hint`, `provider_error`, `health`).
 */
export function normalise(value: unknown): unknown {
  // Once through JSON, so that only what is on the wire is compared.
  return withoutChance(JSON.parse(JSON.stringify(value)) as unknown);
}

function withoutChance(value: unknown): unknown {
  if (!isFields(value)) return value;
  const { head, error, cloud_providers: clouds } = value;
  return {
    ...value,
    ...(typeof value.id === 'string' && { id: kindOf(value.id) }),
    ...(Number.isInteger(value.created) && { created: '<time>' }),
    ...(isFields(head) && { head: withoutChance(head) }),
    ...(isFields(error) && { error: only(ERROR_FIELDS, error) }),
    ...(isFields(clouds) && { cloud_providers: withoutHealth(clouds) }),
  };
}

/** The ids tell who has answered. */
function kindOf(id: string): string {
  if (/^chatcmpl-echo\d+$/.test(id)) return '<id of the local node>';
  return /^chatcmpl-[\w-]+$/.test(id) ? '<id>' : id;
}

const ERROR_FIELDS = ['message', 'type', 'param', 'code'];
const CLOUD_FIELDS = ['configured', 'base_url'];

function withoutHealth(clouds: Fields): Fields {
  return Object.fromEntries(
    Object.entries(clouds).map(([prefix, cloud]) => [
      prefix,
      isFields(cloud) ? only(CLOUD_FIELDS, cloud) : cloud,
    ]),
  );
}

function only(names: readonly string[], fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns undefined if both are equal in every detail, else what to show to a person. */
export function difference(actual: unknown, expected: unknown): string | undefined {
  if (isDeepStrictEqual(actual, expected)) return undefined;
  const show = (value: unknown): string => inspect(value, { depth: null, breakLength: 100, sorted: true });
  return `not what it should be\nexpected ${show(expected)}\nreceived ${show(actual)}`;
}
