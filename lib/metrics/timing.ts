/** What both kinds of metrics read out of a record. */
import type { CallRecord } from '../status/record.ts';

/** Seconds until a stream began; undefined for other answers, and for a stream that never did. */
export function firstTokenSeconds({ stream, status, firstTokenMs }: CallRecord): number | undefined {
  return stream && status < 400 && firstTokenMs !== undefined ? firstTokenMs / 1000 : undefined;
}

/** Tokens by what is paid for them; added up they are the total. */
export function tokensByType(
  usage: NonNullable<CallRecord['usage']>,
): readonly [type: string, count: number][] {
  const { cached_tokens: cached = 0, cache_write_tokens: written = 0 } = usage.prompt_tokens_details ?? {};
  const { reasoning_tokens: reasoning = 0 } = usage.completion_tokens_details ?? {};
  return [
    ['input', Math.max(0, usage.prompt_tokens - cached - written)],
    ['cached_input', cached],
    ['cache_write', written],
    ['output', Math.max(0, usage.completion_tokens - reasoning)],
    ['reasoning', reasoning],
  ];
}
