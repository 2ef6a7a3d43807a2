/** One content block of a streamed answer: what each of its events adds to the chunks, and what it is in the end. */
import type { Delta, JsonObject, JsonValue } from '../../openai/types.ts';
import { toArguments, toCitations, toToolCall } from './answer.ts';
import { toInput } from './assistant.ts';
import { objectsOf, textOf, wordOf } from './json.ts';
import { isUnsigned } from './thoughts.ts';

/** Counters that run through all blocks of one answer. */
export interface AnswerState {
  /** The client speaks of `functions`: one call, in `function_call`. */
  readonly legacy: boolean;
  /** Characters of content so far. */
  contentLength: number;
  /** Thinking was shown: a later block of it is set off by an empty line. */
  hasReasoning: boolean;
  /** Tool calls so far. Not the index of the block: clients number calls from 0. */
  calls: number;
  /** Entries so far in lists of ours. Each carries its `index`: OpenAI's Python SDK puts list deltas together by it. */
  thoughts: number;
  annotations: number;
  citations: number;
}

export function createAnswerState(legacy: boolean): AnswerState {
  return {
    legacy,
    contentLength: 0,
    hasReasoning: false,
    calls: 0,
    thoughts: 0,
    annotations: 0,
    citations: 0,
  };
}

export interface BlockStream {
  /** What the block began with. */
  start(): Delta[];
  /** Nearly every event of a stream comes by here: one delta, and no list of them. */
  add(delta: JsonObject): Delta | undefined;
  stop(): Delta[];
  /** The block as it stands, in Anthropic's form. */
  whole(): JsonObject;
}

/** @param first The block as its first event gave it: empty as a rule, but it may be whole. */
export function createBlock(first: JsonObject, answer: AnswerState): BlockStream {
  switch (wordOf(first['type'])) {
    case 'text':
      return textBlock(first, answer);
    case 'thinking':
    case 'redacted_thinking':
      return thoughtBlock(first, answer);
    case 'tool_use':
      return callBlock(first, answer);
    default:
      return otherBlock(first);
  }
}

function textBlock(first: JsonObject, answer: AnswerState): BlockStream {
  const from = answer.contentLength;
  const citations = objectsOf(first['citations']);
  let text = '';

  function addText(more: JsonValue | undefined): Delta | undefined {
    const content = textOf(more);
    if (content === undefined) return undefined;
    text += content;
    answer.contentLength += content.length;
    return { content };
  }

  function whole(): JsonObject {
    return { ...first, text, ...(citations.length > 0 && { citations }) };
  }

  return {
    start: () => listOf(addText(first['text'])),
    add(delta) {
      if (delta['type'] === 'citations_delta') citations.push(...objectsOf([delta['citation']]));
      return delta['type'] === 'text_delta' ? addText(delta['text']) : undefined;
    },
    stop: () => citationDeltas(whole(), from, answer),
    whole,
  };
}

function citationDeltas(block: JsonObject, from: number, answer: AnswerState): Delta[] {
  const found = toCitations(block, from, answer.contentLength);
  const annotations = found.annotations.map((entry) => ({ index: answer.annotations++, ...entry }));
  const citations = found.citations.map((entry) => ({ index: answer.citations++, ...entry }));
  if (annotations.length + citations.length === 0) return [];
  return [{ ...(annotations.length > 0 && { annotations }), ...(citations.length > 0 && { citations }) }];
}

function thoughtBlock(first: JsonObject, answer: AnswerState): BlockStream {
  let text = '';
  let signature = first['signature'];

  function addText(more: JsonValue | undefined): Delta | undefined {
    const thinking = textOf(more);
    if (thinking === undefined) return undefined;
    const gap = text === '' && answer.hasReasoning ? '\n\n' : '';
    answer.hasReasoning = true;
    text += thinking;
    return { reasoning_content: gap + thinking };
  }

  function whole(): JsonObject {
    return first['type'] === 'thinking' ? { ...first, thinking: text, signature } : first;
  }

  return {
    start: () => listOf(addText(first['thinking'])),
    add(delta) {
      if (delta['type'] === 'signature_delta') signature = delta['signature'];
      return delta['type'] === 'thinking_delta' ? addText(delta['thinking']) : undefined;
    },
    stop() {
      const block = whole();
      return isUnsigned(block) ? [] : [{ thinking_blocks: [{ index: answer.thoughts++, ...block }] }];
    },
    whole,
  };
}

function callBlock(first: JsonObject, answer: AnswerState): BlockStream {
  const index = answer.calls++;
  let json = '';

  function addArguments(args: string): Delta | undefined {
    if (answer.legacy) return index === 0 ? { function_call: { arguments: args } } : undefined;
    return { tool_calls: [{ index, function: { arguments: args } }] };
  }

  return {
    start() {
      const call = toToolCall(first, '');
      if (answer.legacy) return index === 0 ? [{ function_call: call.function }] : [];
      return [{ tool_calls: [{ index, ...call }] }];
    },
    add(delta) {
      const fragment = textOf(delta['partial_json']);
      if (delta['type'] !== 'input_json_delta' || fragment === undefined) return undefined;
      json += fragment;
      return addArguments(fragment);
    },
    // A call without arguments streams no fragment, or an empty one: clients parse the result, so it must be JSON.
    stop: () => (json === '' ? listOf(addArguments(toArguments(first['input']))) : []),
    whole: () => (json === '' ? first : { ...first, input: toShownInput(json) }),
  };
}

/** Server tools, their results, and types that do not exist yet: shown whole at the end, never as calls. */
function otherBlock(first: JsonObject): BlockStream {
  let json = '';
  let changed: JsonObject = {};
  return {
    start: () => [],
    add(delta) {
      const { type, ...rest } = delta;
      if (type === 'input_json_delta') json += textOf(rest['partial_json']) ?? '';
      if (type === 'compaction_delta') changed = rest;
      return undefined;
    },
    stop: () => [],
    whole: () => ({ ...first, ...changed, ...(json !== '' && { input: toShownInput(json) }) }),
  };
}

/** In a stream the arguments have passed as text. What is shown once more at the end need not be exact. */
function toShownInput(json: string): JsonObject {
  return toInput(json, JSON.parse);
}

function listOf(delta: Delta | undefined): Delta[] {
  return delta === undefined ? [] : [delta];
}
