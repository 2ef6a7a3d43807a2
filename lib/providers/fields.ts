/**
 * What becomes of each field of a request at a cloud that has its own wire: one mechanism for all of them, and the
 * source of the tables in the README.
 */
import { RouterError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../openai/types.ts';

/**
 * - `mapped`: has a counterpart; the conversion reads it.
 * - `ignored`: means nothing there; left out without a word.
 * - `hint`: steers the answer a little; left out and named in `x-prefix-router-dropped`.
 * - `refused`: changes the shape, the meaning or the price of the answer; 400 `unsupported_parameter`.
 */
export type FieldClass = 'mapped' | 'ignored' | 'hint' | 'refused';

export interface FieldRule {
  readonly class: FieldClass;
  /** For the README: where a mapped field goes, or why it is refused (ends the sentence "... , because ..."). */
  readonly note: string;
  /** A value that asks for nothing: left out without a word whatever the class. Null and undefined always are. */
  isNoop?(value: JsonValue): boolean;
}

export type FieldTable = ReadonlyMap<string, FieldRule>;

/**
 * Sorts the top-level fields of a request by the table. Fields it does not know are hints: the cloud would refuse
 * the whole request for one unknown key.
 * @returns the names of what is left out and must be reported, in the order of the request.
 * @throws RouterError `unsupported_parameter` for the first refused field.
 */
export function leaveOut(request: JsonObject, table: FieldTable, cloud: string): string[] {
  const dropped: string[] = [];
  for (const key of Object.keys(request)) {
    const value = request[key];
    if (value === null || value === undefined) continue;
    const rule = table.get(key);
    if (rule?.class === 'mapped' || rule?.class === 'ignored' || rule?.isNoop?.(value)) continue;
    if (rule?.class === 'refused') throw unsupported(key, `${cloud} does not support '${key}': ${rule.note}`);
    dropped.push(key);
  }
  return dropped;
}

/** A 400 for something the cloud has no word for. @param message A full sentence without the final full stop. */
export function unsupported(param: string, message: string): RouterError {
  return new RouterError('unsupported_parameter', { message: `${message}.`, param });
}
