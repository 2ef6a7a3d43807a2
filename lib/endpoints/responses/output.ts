/**
 * A chat answer as items of output, in the order in which its parts come. A streamed answer and one in one piece are
 * put together by the same steps, so that they cannot differ.
 */
import { isObject, type JsonObject, type JsonValue, type ToolCallDelta } from '../../openai/types.ts';
import { createCall, type CallStream } from './call.ts';
import { withoutIndex } from './carry.ts';
import type { Emit, ItemPlace, ItemStream } from './events.ts';
import { objectsOf, wordOf } from './json.ts';
import { createMessage, logprobsOf, type MessageStream } from './message.ts';
import { createReasoning, type ReasoningStream } from './reasoning.ts';
import type { ImageItem, OutputItem } from './types.ts';

/** What a chunk's delta and a whole message have in common. */
export interface AnswerPart {
  readonly content?: string | null;
  readonly refusal?: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly (Omit<ToolCallDelta, 'index'> & { index?: number })[];
  readonly [extension: string]: unknown;
}

export interface Output {
  readonly items: readonly OutputItem[];
  /** @returns the events for one part of the answer. */
  add(part: AnswerPart, logprobs: JsonValue | undefined): string;
  /** @param isWhole False for an answer that was cut by a limit or a filter: its last item is incomplete. */
  end(isWhole: boolean): string;
}

/** @param key Makes the ids of the items, together with their places: the response's own, without its prefix. */
export function createOutput(key: () => string, emit: Emit): Output {
  const items: OutputItem[] = [];
  const open = new Set<ItemStream<OutputItem>>();
  const calls = new Map<number, CallStream>();
  let reasoning: ReasoningStream | undefined;
  let message: MessageStream | undefined;
  let textLength = 0;

  function placeFor(prefix: string): ItemPlace {
    const output_index = items.length;
    return { item_id: `${prefix}_${key()}_${output_index}`, output_index };
  }

  function begin(stream: ItemStream<OutputItem>): string {
    items.push(stream.item);
    open.add(stream);
    return stream.start();
  }

  function finish(
    stream: ItemStream<OutputItem> | undefined,
    status: 'completed' | 'incomplete' = 'completed',
  ): string {
    return stream !== undefined && open.delete(stream) ? stream.end(status) : '';
  }

  function openReasoning(): [ReasoningStream, string] {
    if (reasoning !== undefined && open.has(reasoning)) return [reasoning, ''];
    // The message stays open: its text can go on behind the thought.
    const before = finishWholeCalls();
    reasoning = createReasoning(placeFor('rs'), emit);
    return [reasoning, before + begin(reasoning)];
  }

  function openMessage(): [MessageStream, string] {
    const before = finish(reasoning);
    if (message !== undefined && open.has(message)) return [message, before];
    message = createMessage(placeFor('msg'), textLength, emit);
    return [message, before + begin(message)];
  }

  function openCall(call: ToolCallDelta): [CallStream, string] {
    const known = calls.get(call.index);
    if (known !== undefined) return [known, ''];
    const before = finish(message) + finishWholeCalls() + carryExtra(call) + finish(reasoning);
    const opened = createCall(placeFor('fc'), call, emit);
    calls.set(call.index, opened);
    return [opened, before + begin(opened)];
  }

  /** Calls that run side by side have their deltas mixed: one ends before the end only if nothing can follow. */
  function finishWholeCalls(): string {
    return [...calls.values()]
      .filter((call) => open.has(call) && call.isWhole())
      .map((call) => finish(call))
      .join('');
  }

  /** For clients that send back reasoning items, but of a call no more than OpenAI's own fields. */
  function carryExtra({ id = '', extra_content: extra }: ToolCallDelta): string {
    if (!isObject(extra)) return '';
    const [stream, opened] = openReasoning();
    stream.carry.calls.push([id, extra]);
    return opened;
  }

  function addReasoning(part: AnswerPart): string {
    const thoughts = objectsOf(part.thinking_blocks).map(withoutIndex);
    const blocks = objectsOf(part.content_blocks).map(withoutIndex);
    const extras = objectsOf([part.extra_content]);
    const summary = part.reasoning_content ?? '';
    if (summary === '' && thoughts.length + blocks.length + extras.length === 0) return '';
    const [stream, opened] = openReasoning();
    const events = opened + stream.addSummary(summary);
    for (const block of thoughts) stream.carry.thoughts.push(block);
    for (const block of blocks) stream.carry.blocks.push(block);
    stream.carry.extras.push(...extras);
    return events;
  }

  function addText(content: string, logprobs: JsonValue | undefined): string {
    const tokens = logprobsOf(logprobs);
    if (content === '' && tokens.length === 0) return '';
    const [stream, opened] = openMessage();
    textLength += content.length;
    return opened + stream.addText(content, tokens);
  }

  function addRefusal(refusal: string): string {
    if (refusal === '') return '';
    const [stream, opened] = openMessage();
    return opened + stream.addRefusal(refusal);
  }

  /** Citations can come when their message has ended: they belong to it all the same. */
  function addToMessage(isThere: boolean, add: (stream: MessageStream) => string): string {
    if (!isThere) return '';
    const [stream, opened] = message === undefined ? openMessage() : [message, ''];
    return opened + add(stream);
  }

  function addAround({ annotations, citations, audio }: AnswerPart): string {
    const web = objectsOf(annotations);
    const others = objectsOf(citations);
    const [sound] = objectsOf([audio]);
    return (
      addToMessage(web.length > 0, (stream) => stream.addAnnotations(web)) +
      addToMessage(others.length > 0, (stream) => stream.addCitations(others)) +
      addToMessage(sound !== undefined, (stream) => stream.addAudio(sound ?? {}))
    );
  }

  /** The items OpenAI's own image tool leaves. */
  function addImage(image: JsonObject): string {
    const url = isObject(image.image_url) ? wordOf(image.image_url.url) : '';
    const result = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1];
    if (result === undefined) return '';
    const before = finish(reasoning);
    const place = placeFor('ig');
    const { item_id: id, output_index } = place;
    const item: ImageItem = { id, type: 'image_generation_call', status: 'completed', result };
    items.push(item);
    const started: ImageItem = { ...item, status: 'in_progress', result: null };
    return (
      before +
      emit('response.output_item.added', { output_index, item: started }) +
      emit('response.image_generation_call.completed', place) +
      emit('response.output_item.done', { output_index, item })
    );
  }

  function addCall(call: ToolCallDelta): string {
    const [stream, opened] = openCall(call);
    return opened + stream.addArguments(call.function.arguments ?? '');
  }

  /** An agent that finds no text and no call would take it for a turn that is not over, and pay for another. */
  function addEmptyText(): string {
    if (message !== undefined || calls.size > 0) return '';
    const [stream, opened] = openMessage();
    return opened + stream.addText('', []);
  }

  return {
    items,
    add(part, logprobs) {
      return [
        addReasoning(part),
        addText(part.content ?? '', logprobs),
        addAround(part),
        addRefusal(part.refusal ?? ''),
        ...objectsOf(part.images).map(addImage),
        // A whole answer has no indexes: the places count.
        ...(part.tool_calls ?? []).map((call, place) => addCall({ ...call, index: call.index ?? place })),
      ].join('');
    },
    end(isWhole) {
      const opened = addEmptyText();
      // What carries the whole answer comes behind the item in which it was cut.
      const last = items.findLast(({ type }) => type !== 'reasoning') ?? items.at(-1);
      const ends = [...open].map((stream) =>
        finish(stream, !isWhole && stream.item === last ? 'incomplete' : 'completed'),
      );
      return opened + ends.join('');
    },
  };
}
