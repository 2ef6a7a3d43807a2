/** A request that the simulated Claude refuses, and the small words its checks are made of. */

export type Json = Record<string, unknown>;

/** What goes out as `{"type":"error","error":{"type","message"}}`. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;

  constructor(message: string, status = 400, type = 'invalid_request_error') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** White space as Python's `str.isspace` has it: more than JavaScript's, and without the byte order mark. */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

const SPACE_IN_PYTHON_ALONE = '\u001c\u001d\u001e\u001f\u0085';
const VISIBLE = new RegExp(`[^\\s${SPACE_IN_PYTHON_ALONE}]|\ufeff`);

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

export function asObject(value: unknown, path: string): Json {
  if (!isJson(value)) throw new Refusal(`${path}: Input should be a valid dictionary`);
  return value;
}

export function asList(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new Refusal(`${path}: Input should be a valid list`);
  return value;
}

export function asString(value: unknown, path: string): string {
  if (value === undefined) throw new Refusal(`${path}: Field required`);
  if (typeof value !== 'string') throw new Refusal(`${path}: Input should be a valid string`);
  return value;
}

/** @param allowed Names, with spaces between. */
export function onlyKeys(value: Json, path: string, allowed: string): void {
  const names = new Set(allowed.split(' '));
  const extra = Object.keys(value).find((key) => !names.has(key));
  if (extra !== undefined) {
    throw new Refusal(`${path === '' ? '' : `${path}.`}${extra}: Extra inputs are not permitted`);
  }
}
