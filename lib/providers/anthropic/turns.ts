/**
 * Puts messages into Anthropic's order: user and assistant take turns, results come first in the user's turn, and a
 * system message stays where it was said. Moving it to the top would change the prefix of the whole conversation: every
 * cached token would be billed again, and the signatures of thinking blocks would no longer hold.
 */
import { wordOf } from './json.ts';
import type { Block, TextBlock, Turn } from './types.ts';

/** One message, converted, with something in it. */
export type Piece =
  | { readonly role: 'user' | 'assistant'; readonly blocks: readonly Block[] }
  | { readonly role: 'system'; readonly blocks: readonly TextBlock[] };

type SystemPiece = Extract<Piece, { role: 'system' }>;

/** @param inlineSystem Whether the model takes system messages among the others. */
export function toTurns(pieces: readonly Piece[], inlineSystem: boolean): Turn[] {
  const turns: Turn[] = [];
  let waiting: Piece[] = [];
  for (const piece of pieces) {
    if (piece.role !== 'assistant') {
      waiting.push(piece);
      continue;
    }
    for (const turn of toUserSide(waiting, turns.at(-1), inlineSystem)) turns.push(turn);
    waiting = [];
    addAssistant(turns, piece.blocks);
  }
  for (const turn of toUserSide(waiting, turns.at(-1), inlineSystem)) turns.push(turn);
  return turns;
}

function addAssistant(turns: Turn[], blocks: readonly Block[]): void {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') turns.push({ role: 'assistant', content: [...blocks] });
  // One by one: as arguments, the blocks of a hostile message would not fit on the stack.
  else for (const block of blocks) last.content.push(block);
}

/** Everything between two turns of the assistant: at most one user turn, and behind it what may stay a system message. */
function toUserSide(pieces: readonly Piece[], before: Turn | undefined, inlineSystem: boolean): Turn[] {
  const content: Block[] = [];
  for (const { blocks } of pieces) for (const block of blocks) if (isResult(block)) content.push(block);
  const hasResults = content.length > 0;
  const others = hasResults ? pieces.map(withoutResults).filter(isFilled) : pieces;
  const inline = inlineSystem ? systemAtTheEnd(others, hasResults || endsInServerResult(before)) : [];
  for (const piece of others.slice(0, others.length - inline.length))
    for (const block of toUserBlocks(piece)) content.push(block);
  const turns: Turn[] = content.length > 0 ? [{ role: 'user', content }] : [];
  for (const { blocks } of inline) turns.push({ role: 'system', content: [...blocks] });
  return turns;
}

export function isFilled({ blocks }: Piece): boolean {
  return blocks.length > 0;
}

function isResult(block: Block): boolean {
  return block.type === 'tool_result';
}

function withoutResults(piece: Piece): Piece {
  if (piece.role === 'system') return piece;
  return { role: piece.role, blocks: piece.blocks.filter((block) => !isResult(block)) };
}

/**
 * A system message is legal directly behind a user turn (or a result of a server tool) and directly before the
 * assistant or the end: so only the last ones, and only if something stands before them.
 * https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
function systemAtTheEnd(pieces: readonly Piece[], hasGround: boolean): SystemPiece[] {
  const start = pieces.findLastIndex((piece) => piece.role !== 'system') + 1;
  return start > 0 || hasGround
    ? pieces.slice(start).filter((piece): piece is SystemPiece => piece.role === 'system')
    : [];
}

function endsInServerResult(turn: Turn | undefined): boolean {
  return turn?.role === 'assistant' && wordOf(turn.content.at(-1)?.type).endsWith('_tool_result');
}

/** Where a system message is not legal, its text goes into the user's turn, marked. */
function toUserBlocks(piece: Piece): readonly Block[] {
  if (piece.role !== 'system') return piece.blocks;
  return piece.blocks.map((block) => ({
    ...block,
    text: `<system-reminder>\n${block.text}\n</system-reminder>`,
  }));
}
