/** What the whole answer and the streamed one have in common: how a block or a stop reason of Anthropic's reads in OpenAI's form. */
import {
  isObject,
  type FinishReason,
  type JsonObject,
  type JsonValue,
  type ToolCall,
} from '../../openai/types.ts';
import { CALL_EXTRAS } from './assistant.ts';
import { ANSWERED_FIELDS } from './fields.ts';
import { isSet, objectsOf, pick, textOf, without, wordOf } from './json.ts';

/** A call that the client is to carry out. Those of server tools have other types and never come here. */
export function toToolCall(block: JsonObject, args: string): ToolCall {
  return {
    id: textOf(block['id']) ?? '',
    type: 'function',
    function: { name: textOf(block['name']) ?? '', arguments: args },
    ...extrasOf(block),
  };
}

function extrasOf(block: JsonObject): JsonObject {
  const extras = pick(block, CALL_EXTRAS);
  return isCalledByProgram(block) ? extras : without(extras, 'caller');
}

/** Every call has a caller: as a rule Claude itself, which is not worth a word. */
function isCalledByProgram({ caller }: JsonObject): boolean {
  return isObject(caller) && caller['type'] !== 'direct';
}

export function toArguments(input: JsonValue | undefined): string {
  return isObject(input) ? JSON.stringify(input) : '{}';
}

export interface Citations {
  readonly annotations: JsonObject[];
  readonly citations: JsonObject[];
}

/**
 * Web citations have a form at OpenAI; the others are shown as they are.
 * @param start Where the cited text begins in the content; `end` is behind its last character.
 */
export function toCitations(block: JsonObject, start: number, end: number): Citations {
  const given = objectsOf(block['citations']);
  const isWeb = ({ type }: JsonObject): boolean => type === 'web_search_result_location';
  return {
    annotations: given.filter(isWeb).map((citation) => ({
      type: 'url_citation',
      url_citation: {
        url: textOf(citation['url']) ?? '',
        title: textOf(citation['title']) ?? '',
        start_index: start,
        end_index: end,
      },
    })),
    citations: given.filter((citation) => !isWeb(citation)),
  };
}

/** Where each type of block stands in a message that is put together again from OpenAI's fields. */
const PLACES: ReadonlyMap<JsonValue | undefined, number> = new Map([
  ['thinking', 0],
  ['redacted_thinking', 0],
  ['text', 1],
  ['tool_use', 2],
]);

/**
 * True for an answer that OpenAI's fields cannot hold: blocks of server tools, calls by programs, or another order than
 * thinking, text, calls. Thinking that is moved is refused when it comes back, so such an answer is also shown as it is.
 */
export function needsBlocks(blocks: readonly JsonObject[]): boolean {
  const places = blocks.map(({ type }) => PLACES.get(type));
  const isElsewhere = places.some((place, index) => place === undefined || place < (places[index - 1] ?? 0));
  return isElsewhere || blocks.some(isCalledByProgram);
}

/**
 * What has no place in OpenAI's choice, for `extra_content.anthropic`: code runs on only in the container that is named
 * here. Undefined: nothing of the kind.
 */
export function extrasIn(message: JsonObject): JsonObject | undefined {
  const present = ANSWERED_FIELDS.filter((name) => isSet(message[name]));
  return present.length === 0 ? undefined : pick(message, present);
}

export interface Stop {
  readonly reason: string | undefined;
  readonly details: JsonValue | undefined;
}

/** @param calls How the answer's calls are shown; undefined: it has none. */
export function toFinishReason(reason: string | undefined, calls: FinishReason | undefined): FinishReason {
  switch (wordOf(reason)) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'refusal':
      return 'content_filter';
    case 'tool_use':
      return calls ?? 'stop';
    default:
      return 'stop'; // end_turn, stop_sequence, pause_turn, and what Anthropic adds one day
  }
}

export function toRefusal({ reason, details }: Stop): string | null {
  if (reason !== 'refusal') return null;
  return (isObject(details) ? textOf(details['explanation']) : undefined) ?? 'The model declined to answer.';
}
