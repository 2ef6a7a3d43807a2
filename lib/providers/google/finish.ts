/** Why a candidate ended, and what Google says around it. */
import { isObject, type FinishReason, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { isPresent, textOf } from './json.ts';

/** https://ai.google.dev/api/generate-content#FinishReason; MODEL_ARMOR is Vertex AI's. */
const FILTERED = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
]);

/** Ours, in front of the reason for which a prompt was blocked: so it is told apart from a candidate's own. */
const BLOCKED = 'PROMPT_';

/** CONTINUATION: the end of one hop of a long answer. We do not go on by ourselves, since each hop is billed. */
const CUT = new Set(['MAX_TOKENS', 'CONTINUATION']);

/**
 * Odd reasons (a malformed call, OTHER, unknown ones) are an ordinary stop, told apart by `native_finish_reason`: an
 * error status would make OpenAI's SDKs ask again, and pay again.
 */
export function toFinishReason(native: string | undefined, calls: 'none' | 'tools' | 'legacy'): FinishReason {
  if (native === undefined) return 'stop';
  if (isFiltered(native)) return 'content_filter';
  if (CUT.has(native)) return 'length';
  if (native !== 'STOP' || calls === 'none') return 'stop';
  return calls === 'legacy' ? 'function_call' : 'tool_calls';
}

function isFiltered(native: string): boolean {
  return FILTERED.has(native) || native.startsWith(BLOCKED);
}

/** What a client is told instead of the answer, or of its rest. */
export function toRefusal(native: string | undefined, message: string | undefined): string | null {
  if (native === undefined || !isFiltered(native)) return null;
  if (native.startsWith(BLOCKED)) return `Google blocked the prompt: ${native.slice(BLOCKED.length)}.`;
  return message ?? `Google stopped the answer: ${native}.`;
}

/**
 * Why candidates without a reason of their own ended, if the prompt was blocked: HTTP 200, without any candidate or
 * behind the beginning of an answer. Undefined: it was not blocked.
 */
export function blockOf(promptFeedback: unknown): string | undefined {
  const reason = isObject(promptFeedback) ? textOf(promptFeedback.blockReason) : undefined;
  return reason === undefined || reason === 'BLOCKED_REASON_UNSPECIFIED' ? undefined : BLOCKED + reason;
}

/** What has no place in OpenAI's choice, under `extra_content.google`. Undefined: nothing of the kind. */
export function toExtraContent(candidate: JsonObject): JsonObject | undefined {
  const native = textOf(candidate.finishReason) ?? '';
  const extras: [string, JsonValue | undefined][] = [
    ['finish_message', candidate.finishMessage],
    // Checkpoints come all along a long answer; only the one at its end continues it.
    ['continuation_token', CUT.has(native) ? candidate.continuationToken : undefined],
    ['grounding_metadata', candidate.groundingMetadata],
    ['citation_metadata', candidate.citationMetadata],
    ['url_context_metadata', candidate.urlContextMetadata],
    ['safety_ratings', isFiltered(native) ? candidate.safetyRatings : undefined],
  ];
  const present = extras.filter(([, value]) => isPresent(value));
  return present.length === 0 ? undefined : { google: Object.fromEntries(present) };
}
