/** What is known of one cloud call when it has ended. Never content, never a key. */
import type { Usage } from '../openai/types.ts';
import type { Endpoint } from '../providers/provider.ts';

/** One call to a cloud, given to `onCall` when it has ended. */
export interface CallRecord {
  /** The prefix, e.g. `anthropic`. */
  readonly provider: string;
  readonly endpoint: Endpoint;
  /** The model the client asked for, without the prefix. */
  readonly model: string;
  /** The model the cloud says it used and bills; undefined where it did not say. */
  readonly billedModel: string | undefined;
  /** HTTP status the client got; 499 where it left before there was one. */
  readonly status: number;
  /**
   * Null where all went well. The error's `code`, or where that is null its `type`; of an error that passed as OpenAI
   * wrote it, OpenAI's own. Also for an error in mid-stream, whose status is 200.
   */
  readonly errorCode: string | null;
  readonly stream: boolean;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Milliseconds from the call's arrival to the cloud's headers; undefined where none came. */
  readonly firstByteMs: number | undefined;
  /** Milliseconds from the call's arrival to the first piece of the answer given to the client; undefined where none was. */
  readonly firstTokenMs: number | undefined;
  /** Milliseconds from the call's arrival to its end. */
  readonly totalMs: number;
  /** Undefined: the cloud did not say, or was not asked to (a relayed stream without `include_usage`). */
  readonly usage: Usage | undefined;
  /** Bytes written to the client, headers not counted. */
  readonly bytes: number;
  /** Nobody waited for the answer any more: the client went away, or the host answered in our place. */
  readonly clientLeft: boolean;
  /** Our answer reached its end. False: cut, by whomever, or the host has answered instead. */
  readonly complete: boolean;
  /** What was left out of the request because the cloud has no word for it. */
  readonly dropped: readonly string[];
  /** How long the cloud asked to be left alone, milliseconds; undefined where it did not. */
  readonly retryAfterMs: number | undefined;
  /** The cloud's id of the request, for its support. */
  readonly requestId: string | undefined;
}

/** The record while the call is open. */
export type OpenRecord = { -readonly [Field in keyof CallRecord]: CallRecord[Field] };

export function openRecord(
  provider: string,
  endpoint: Endpoint,
  model: string,
  startedAt: number,
): OpenRecord {
  return {
    provider,
    endpoint,
    model,
    billedModel: undefined,
    status: 0,
    errorCode: null,
    stream: false,
    startedAt,
    firstByteMs: undefined,
    firstTokenMs: undefined,
    totalMs: 0,
    usage: undefined,
    bytes: 0,
    clientLeft: false,
    complete: false,
    dropped: [],
    retryAfterMs: undefined,
    requestId: undefined,
  };
}
