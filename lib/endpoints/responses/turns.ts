/**
 * Turns of the assistant. Many clients put the result of a call directly behind it, which cuts an answer of several
 * calls into several turns: to chat, one answer behind the other, with thoughts that were thought elsewhere. Where an
 * item of the answer carries all of it, its calls say which turns are one.
 */
import type { ChatMessage, JsonObject, JsonValue } from '../../openai/types.ts';
import { createCarry, type Carry } from './carry.ts';

/** Where a message comes from, for the names of fields in errors. */
export interface Origin {
  /** `input[2]` */
  readonly path: string;
  /** `content`, or `output` for the result of a call. */
  readonly content: string;
  /** Of the assistant, whose message is made of several items: the place of each content part and of each call. */
  readonly parts?: readonly string[];
  readonly calls?: readonly string[];
}

/** Anything but the assistant's: a message in chat by itself. */
export interface Said {
  readonly message: ChatMessage;
  readonly origin: Origin;
}

/** Items of the assistant that follow each other: one message in chat. */
export interface Turn {
  readonly path: string;
  readonly content: JsonObject[];
  readonly parts: string[];
  readonly calls: JsonObject[];
  readonly callPaths: string[];
  readonly images: JsonObject[];
  readonly carry: Carry;
  /** The answer is whole with it: what follows is another one. */
  readonly isEnd?: true;
}

export type Entry = Turn | Said;

export function isTurn(entry: Entry): entry is Turn {
  return 'carry' in entry;
}

export function createTurn(path: string, carry: Carry = createCarry()): Turn {
  return { path, content: [], parts: [], calls: [], callPaths: [], images: [], carry };
}

/** The turns of one answer become one, where the first of them stood; the results between them follow it. */
export function joinAnswers(entries: readonly Entry[]): Entry[] {
  const places = new Map<Entry, number>();
  // By call id: the turn that calls it, and the one that carries the answer in which it is called.
  const callers = new Map<JsonValue | undefined, Turn>();
  const carriers = new Map<JsonValue | undefined, Turn>();
  entries.forEach((entry, place) => {
    places.set(entry, place);
    if (!isTurn(entry)) {
      // Nobody but tools speaks in the middle of an answer.
      if (entry.message.role !== 'tool') for (const turns of [callers, carriers]) turns.clear();
      return;
    }
    const parts = new Set([
      ...carriedCalls(entry.carry).flatMap((id) => callers.get(id) ?? []),
      ...entry.calls.flatMap(({ id }) => carriers.get(id) ?? []),
      entry,
    ]);
    const [whole = entry, ...others] = [...parts].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    for (const part of new Set([entry, ...others])) {
      for (const { id } of part.calls) callers.set(id, whole);
      for (const id of carriedCalls(part.carry)) carriers.set(id, whole);
    }
    for (const other of others) {
      append(whole, other);
      places.delete(other);
    }
  });
  return [...places.keys()];
}

/** Ids of the calls in an answer that is carried as a whole. */
export function carriedCalls({ blocks }: Carry): (JsonValue | undefined)[] {
  return blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
}

function append(turn: Turn, more: Turn): void {
  addAll(turn.content, more.content);
  addAll(turn.parts, more.parts);
  addAll(turn.calls, more.calls);
  addAll(turn.callPaths, more.callPaths);
  addAll(turn.images, more.images);
  addCarry(turn.carry, more.carry);
}

export function addCarry(carry: Carry, more: Carry): void {
  addAll(carry.thoughts, more.thoughts);
  addAll(carry.blocks, more.blocks);
  addAll(carry.extras, more.extras);
  addAll(carry.calls, more.calls);
}

/** One by one: as arguments, the parts of a hostile request would not fit on the stack. */
function addAll<Part>(list: Part[], more: readonly Part[]): void {
  for (const part of more) list.push(part);
}
