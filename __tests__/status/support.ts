import { openRecord, type CallRecord } from '../../lib/status/record.ts';

export const NOW: number = Date.UTC(2026, 10, 22, 12, 34, 56);

/** A good call to `anthropic:claude-opus-4-8`, but for what the test says. */
export function callRecord(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    ...openRecord('anthropic', 'chat/completions', 'claude-opus-4-8', NOW),
    billedModel: 'claude-opus-4-8',
    status: 200,
    firstByteMs: 400,
    firstTokenMs: 400,
    totalMs: 1500,
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    bytes: 900,
    complete: true,
    requestId: 'req_1',
    ...changes,
  };
}
