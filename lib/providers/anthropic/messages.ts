/** A conversation in OpenAI's form as Anthropic's `system` and `messages`. */
import { RouterError } from '../../errors.ts';
import type { ChatMessage } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { toAssistantBlocks } from './assistant.ts';
import { toBlocks } from './content.ts';
import { cacheControl, isBlank, textOf, trimEnd } from './json.ts';
import { isThought } from './thoughts.ts';
import { ToolIds } from './tool-ids.ts';
import { isFilled, toTurns, type Piece } from './turns.ts';
import type { Block, TextBlock, ToolResultBlock, Turn } from './types.ts';

export interface Conversation {
  readonly system: TextBlock[];
  readonly turns: Turn[];
  readonly dropped: readonly string[];
}

/**
 * Stable in its prefix: what a history becomes does not depend on what is said after the next turn of the assistant.
 * @param inlineSystem Whether the model takes system messages among the others.
 * @throws RouterError for what Claude cannot read, and where there is nothing to answer.
 */
export function toConversation(messages: readonly ChatMessage[], inlineSystem: boolean): Conversation {
  const dropped: string[] = [];
  const ids = new ToolIds();
  const firstOther = messages.findIndex((message) => !isSystem(message));
  const leading = firstOther < 0 ? messages.length : firstOther;
  const system: TextBlock[] = [];
  const pieces: Piece[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    if (index >= leading) pieces.push(toPiece(message, path, ids, dropped));
    else for (const block of toSystem(message, path, dropped)) system.push(block);
  }
  const turns = toTurns(withoutLastThoughts(pieces.filter(isFilled)), inlineSystem);
  // Without the blank that the user said last, Claude would go on with its own last words.
  if (turns.length === 0 || (turns.at(-1)?.role === 'assistant' && endsInBlank(pieces)))
    throw nothingToAnswer();
  return { system, turns: withoutLastSpace(turns), dropped };
}

function endsInBlank(pieces: readonly Piece[]): boolean {
  return pieces.slice(pieces.findLastIndex(isFilled) + 1).some(({ role }) => role === 'user');
}

/** OpenAI answers to a system message alone. Claude does not, and no word that we could add would be the client's. */
function nothingToAnswer(): RouterError {
  return new RouterError('invalid_value', {
    message:
      "'messages' holds nothing that Claude could answer: add a user message with more than white space in it.",
    param: 'messages',
  });
}

/** A turn of the assistant must not end in thinking, as one does that a token limit has cut off. */
function withoutLastThoughts(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = [];
  for (const piece of pieces.toReversed()) {
    const goesOn = piece.role !== 'assistant' || kept.at(-1)?.role === 'assistant';
    const end = piece.blocks.findLastIndex((block) => !isThought(block)) + 1;
    if (goesOn) kept.push(piece);
    else if (end > 0) kept.push({ ...piece, blocks: piece.blocks.slice(0, end) });
  }
  return kept.reverse();
}

function isSystem(message: ChatMessage): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function toPiece(message: ChatMessage, path: string, ids: ToolIds, dropped: string[]): Piece {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', blocks: toSystem(message, path, dropped) };
    case 'assistant':
      return { role: 'assistant', blocks: toAssistant(message, path, ids, dropped) };
    case 'tool':
      return { role: 'user', blocks: [toResult(message, path, ids.forResult(toolCallId(message)), dropped)] };
    case 'function':
      return { role: 'user', blocks: [toResult(message, path, ids.forFunctionResult(), dropped)] };
    default:
      return { role: 'user', blocks: toSpoken(message, `${path}.content`, dropped) };
  }
}

/** Content of null says nothing; a message without any was meant otherwise. */
function toSpoken(message: ChatMessage, path: string, dropped: string[]): Block[] {
  const { content } = message;
  if (content === undefined) {
    throw new RouterError('invalid_value', { message: `'${path}' is missing.`, param: path });
  }
  return markLast(toBlocks(content, path, dropped), message);
}

function toAssistant(message: ChatMessage, path: string, ids: ToolIds, dropped: string[]): Block[] {
  return markLast(toAssistantBlocks(message, path, ids, dropped), message);
}

function toSystem(message: ChatMessage, path: string, dropped: string[]): TextBlock[] {
  const blocks = toBlocks(message['content'], `${path}.content`, dropped);
  return markLast(blocks, message).map((block) => {
    if (block.type === 'text') return block;
    throw unsupported(`${path}.content`, 'Anthropic takes text alone in a system message');
  });
}

function toolCallId(message: ChatMessage): string {
  return textOf(message['tool_call_id']) ?? '';
}

type ResultContent = NonNullable<ToolResultBlock['content']>;

function toResult(message: ChatMessage, path: string, id: string, dropped: string[]): ToolResultBlock {
  const isError = message['is_error'] === true;
  const content = (isError ? toErrorContent : toResultContent)(message, path, dropped);
  const toolset = textOf(message['toolset_name']);
  return {
    type: 'tool_result',
    tool_use_id: id,
    ...(content.length > 0 && { content }),
    ...(isError && { is_error: true }),
    ...(toolset !== undefined && { toolset_name: toolset }),
    ...cacheControl(message),
  };
}

/** Of no length where there is nothing to read: Anthropic takes a result without content, not with blank text. */
function toResultContent(message: ChatMessage, path: string, dropped: string[]): ResultContent {
  const content = message['content'];
  if (typeof content === 'string') return isBlank(content) ? '' : content;
  return toBlocks(content, `${path}.content`, dropped) as TextBlock[];
}

/** A call that failed must say so in text, and in nothing but text: anything else is a 400 at every later turn. */
function toErrorContent(message: ChatMessage, path: string, dropped: string[]): ResultContent {
  const content = toResultContent(message, path, dropped);
  const isText = (block: Block): boolean => block.type === 'text';
  const texts = typeof content === 'string' ? content : content.filter(isText);
  if (texts.length < content.length) dropped.push(`${path}.content`);
  // The words of Anthropic's own SDK.
  return texts.length > 0 ? texts : 'The tool call failed with an empty error message.';
}

/** A breakpoint on a whole message is one on its last block that can carry it; thinking cannot. */
function markLast<B extends Block>(blocks: B[], message: ChatMessage): B[] {
  const mark = cacheControl(message);
  if (mark.cache_control === undefined) return blocks;
  const last = blocks.findLastIndex((block) => !isThought(block));
  return blocks.map((block, index) => (index === last ? { ...mark, ...block } : block));
}

/** Text that the assistant is to go on from must not end in white space. */
function withoutLastSpace(turns: Turn[]): Turn[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return turns;
  const content = [...last.content.slice(0, -1), { ...block, text: trimEnd(block.text) }];
  return [...turns.slice(0, -1), { ...last, content }];
}
