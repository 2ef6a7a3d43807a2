/** What the assistant said and called, as one list of blocks. */
import { parseExact } from '../../openai/exact-json.ts';
import { isObject, type ChatMessage, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { toBlocks, toText } from './content.ts';
import { isBlank, isSet, objectsOf, pick, without, wordOf } from './json.ts';
import { isThought, isUnsigned } from './thoughts.ts';
import type { ToolIds } from './tool-ids.ts';
import type { Block, ToolUseBlock } from './types.ts';

/** Keys of Anthropic's own that an answer showed on a tool call and that belong to it. */
export const CALL_EXTRAS: readonly string[] = ['caller', 'toolset_name'];

/** @param path `messages[i]` */
export function toAssistantBlocks(
  message: ChatMessage,
  path: string,
  ids: ToolIds,
  dropped: string[],
): Block[] {
  if (isSet(message['audio'])) dropped.push(`${path}.audio`);
  if (objectsOf(message['images']).length > 0) dropped.push(`${path}.images`);
  const blocks = wholeAnswer(message, ids) ?? [
    // Bound to everything before them, so they come first: an edited or moved one is a 400.
    ...thoughtsOf(message).map(asGiven),
    ...toBlocks(message['content'], `${path}.content`, dropped),
    ...toText(wordOf(message['refusal'])),
    ...toToolUses(message, path, ids),
    ...toFunctionUse(message, ids),
  ];
  return blocks.filter((block) => !isUnsigned(block));
}

/**
 * Of an answer whose blocks are here too, and are not as they were, only those that it began with are where they belong.
 * Read from the blocks: of the thoughts that a stream brings one by one, the openai SDK for Node keeps the last.
 */
function thoughtsOf(message: ChatMessage): JsonObject[] {
  const thoughts = objectsOf(message['thinking_blocks']);
  const blocks = objectsOf(message['content_blocks']);
  if (thoughts.length === 0 || blocks.length === 0) return thoughts;
  const end = blocks.findIndex((block) => !isThought(block));
  return end === -1 ? blocks : blocks.slice(0, end);
}

/**
 * The blocks of an earlier answer, for those answers that OpenAI's fields cannot hold. They stand for the message only
 * if they say the same and call the same tools: a client that has changed something means what it changed.
 */
function wholeAnswer(message: ChatMessage, ids: ToolIds): Block[] | undefined {
  const blocks = objectsOf(message['content_blocks']);
  if (blocks.length === 0) return undefined;
  const uses = blocks.filter((block) => block['type'] === 'tool_use');
  const calls = objectsOf(message['tool_calls']);
  if (uses.length !== calls.length || uses.some(({ id }, index) => id !== calls[index]?.['id']))
    return undefined;
  if (!saysTheSame(message['content'], blocks)) return undefined;
  const inputs = new Map(uses.map((block, index) => [block, inputOf(calls[index], block)]));
  for (const { id } of uses) if (typeof id === 'string') ids.keep(id);
  return blocks
    .filter((block) => !isBlankText(block))
    .map((block) => asGiven({ ...block, ...(inputs.has(block) && { input: inputs.get(block) }) }));
}

/** White space at the ends does not count: some clients trim. Content of null says nothing against the blocks. */
function saysTheSame(content: JsonValue | undefined, blocks: readonly JsonObject[]): boolean {
  if (!isSet(content)) return true;
  const said = typeof content === 'string' ? content : textIn(objectsOf(content));
  return said.trim() === textIn(blocks).trim();
}

function textIn(blocks: readonly JsonObject[]): string {
  return blocks.map(({ type, text }) => (type === 'text' ? wordOf(text) : '')).join('');
}

/** Arguments are text, in which every number is as Claude wrote it. */
function inputOf(call: JsonObject | undefined, block: JsonObject): JsonValue | undefined {
  const called = call?.['function'];
  const args = isObject(called) ? called['arguments'] : undefined;
  return isSet(args) ? toInput(args) : block['input'];
}

/** An answer may hold blank text; a request must not. */
function isBlankText(block: JsonObject): boolean {
  return block['type'] === 'text' && isBlank(wordOf(block['text']));
}

/** The block as Anthropic gave it. `index` is ours: lists in stream deltas carry it. */
function asGiven(block: JsonObject): Block {
  return without(block, 'index') as unknown as Block;
}

function toToolUses(message: ChatMessage, path: string, ids: ToolIds): ToolUseBlock[] {
  return objectsOf(message['tool_calls']).map((call, index) => {
    const called = call['function'];
    if (call['type'] === 'custom' || !isObject(called)) {
      throw unsupported(`${path}.tool_calls[${index}]`, 'Anthropic knows tool calls of type function only');
    }
    return {
      type: 'tool_use',
      id: ids.forCall(wordOf(call['id'])),
      name: wordOf(called['name']),
      input: toInput(called['arguments']),
      ...pick(call, ['cache_control', ...CALL_EXTRAS]),
    };
  });
}

function toFunctionUse(message: ChatMessage, ids: ToolIds): ToolUseBlock[] {
  const called = message['function_call'];
  if (!isObject(called)) return [];
  const name = wordOf(called['name']);
  return [{ type: 'tool_use', id: ids.forFunctionCall(), name, input: toInput(called['arguments']) }];
}

/**
 * Arguments as the object Anthropic wants. Those cut off by a token limit are no JSON: they are wrapped, because one
 * such call must not make the whole history unusable.
 */
export function toInput(
  args: JsonValue | undefined,
  parse: (json: string) => unknown = parseExact,
): JsonObject {
  if (isObject(args)) return args;
  if (typeof args !== 'string' || isBlank(args)) return {};
  try {
    const parsed = parse(args);
    if (isObject(parsed)) return parsed;
    // How some programs write that there are none.
    if (parsed === null) return {};
  } catch {
    // Not JSON: wrapped below, like JSON that is no object.
  }
  return { raw_arguments: args };
}
