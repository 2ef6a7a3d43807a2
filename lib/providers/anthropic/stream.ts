/**
 * Anthropic's stream as chunks, one short function per event. Events and deltas of unknown types are skipped, as
 * Anthropic asks. https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import {
  isObject,
  type ChunkChoice,
  type Delta,
  type JsonObject,
  type JsonValue,
  type Usage,
} from '../../openai/types.ts';
import { PING, type AnswerMeta, type ChunkStream, type StreamPart, type TextPlace } from '../provider.ts';
import { extrasIn, needsBlocks, toFinishReason, toRefusal } from './answer.ts';
import { brokenOff, notAMessage, toEventError } from './error.ts';
import { isSet, objectsOf, textOf, wordOf } from './json.ts';
import { callsFinish } from './response.ts';
import { createAnswerState, createBlock, type AnswerState, type BlockStream } from './stream-blocks.ts';
import { isUnsigned } from './thoughts.ts';
import { usesFunctions } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

/** Blanks before the last brace: Anthropic adds them so that the size of an event does not give its text away. */
const PADDING = /\}(?= *\}\s*$)/g;

const TEXT: TextPlace = { key: 'text', varying: PADDING };
const THINKING: TextPlace = { key: 'thinking', varying: PADDING };

export function createStream(meta: AnswerMeta): ChunkStream {
  return new MessageStream(meta);
}

/** A class for its getters: V8 keeps those of an object literal, and all they reach, until it collects its whole heap. */
class MessageStream implements ChunkStream {
  readonly #created: number;
  readonly #modelAsked: string;
  readonly #answer: AnswerState;
  readonly #blocks: BlockStream[] = [];
  readonly #open = new Map<JsonValue | undefined, BlockStream>();
  #message: JsonObject | undefined;
  #fallback: string | undefined;
  #usage: JsonObject | undefined;
  #stopReason: string | undefined;
  #stopDetails: JsonValue | undefined;
  #extras: JsonObject | undefined;
  /** The first event held the whole answer, its stop reason included. */
  #cameWhole = false;
  #finished = false;
  textPlace: TextPlace | undefined;
  /** Of the event pushed last: the block it was added to, and what was added. */
  #lastBlock: BlockStream | undefined;
  #lastDelta: JsonObject = {};

  constructor({ request, created, model }: AnswerMeta) {
    this.#created = created;
    this.#modelAsked = model;
    this.#answer = createAnswerState(usesFunctions(request));
  }

  get id(): string {
    return `chatcmpl-${textOf(this.#message?.['id']) ?? this.#created}`;
  }

  get model(): string {
    return this.#fallback ?? textOf(this.#message?.['model']) ?? this.#modelAsked;
  }

  get usage(): Usage | undefined {
    return toUsage(this.#usage);
  }

  get serviceTier(): string | undefined {
    return toServiceTier(this.#usage);
  }

  push(event: unknown): StreamPart[] {
    this.textPlace = undefined;
    if (!isObject(event)) throw notAMessage();
    if (this.#finished) return [];
    switch (wordOf(event['type'])) {
      case 'content_block_delta': {
        const delta = this.#addToBlock(event);
        return delta === undefined ? [] : [toChoice(delta)];
      }
      case 'ping':
        return [PING];
      case 'message_stop':
        return this.#finish();
      default:
        return this.#deltasOf(event).map(toChoice);
    }
  }

  pushText(text: string): StreamPart {
    this.#lastDelta[this.textPlace!.key] = text;
    return toChoice(this.#lastBlock!.add(this.#lastDelta)!);
  }

  // A cut answer must not look like a short one: only `message_stop`, or a message that came whole, ends it well.
  end(rest: string): StreamPart[] {
    if (this.#finished) return [];
    const body = this.#message === undefined ? parseObject(rest) : undefined;
    if (body?.['type'] === 'error') throw toEventError(body);
    if (Array.isArray(body?.['content'])) return this.#wholeMessage(body);
    // Without `message_stop` an answer is cut, though it may have named a reason: only one that came whole is not.
    if (this.#cameWhole) return this.#finish();
    throw brokenOff();
  }

  #deltasOf(event: JsonObject): Delta[] {
    switch (wordOf(event['type'])) {
      case 'message_start':
        return this.#startMessage(event);
      case 'content_block_start':
        return this.#startBlock(event);
      case 'content_block_stop':
        return this.#stopBlock(event);
      case 'message_delta':
        return this.#changeMessage(event);
      case 'error':
        throw toEventError(event);
      default:
        return [];
    }
  }

  #startMessage(event: JsonObject): Delta[] {
    const started = isObject(event['message']) ? event['message'] : {};
    const known = this.#message;
    // Seen live: the same first event twice. Another message in the same stream is no stream we know.
    if (known !== undefined && textOf(started['id']) !== textOf(known['id'])) throw notAMessage();
    if (known !== undefined) return [];
    this.#message = started;
    this.#readEnd(started, started['usage']);
    this.#cameWhole = this.#stopReason !== undefined;
    const whole = objectsOf(started['content']).flatMap((block) => this.#wholeBlock(block));
    return [{ role: 'assistant', content: '' }, ...whole];
  }

  /** Programmatic tool calling sends a whole answer with the first event. */
  #wholeBlock(first: JsonObject): Delta[] {
    const block = createBlock(first, this.#answer);
    this.#blocks.push(block);
    return [...block.start(), ...block.stop()];
  }

  #startBlock(event: JsonObject): Delta[] {
    if (this.#message === undefined || !isObject(event['content_block'])) throw notAMessage();
    const before = this.#stopBlock(event);
    const first = event['content_block'];
    // From here on another model answers, at its own price.
    if (first['type'] === 'fallback' && isObject(first['to']))
      this.#fallback = textOf(first['to']['model']) ?? this.#fallback;
    const block = createBlock(first, this.#answer);
    this.#blocks.push(block);
    this.#open.set(event['index'], block);
    return [...before, ...block.start()];
  }

  #addToBlock(event: JsonObject): Delta | undefined {
    const block = this.#open.get(event['index']);
    // Text whose block we never saw would be lost without a word.
    if (block === undefined || !isObject(event['delta'])) throw notAMessage();
    const { delta } = event;
    const added = block.add(delta);
    this.#lastBlock = block;
    this.#lastDelta = delta;
    if (added?.content !== undefined) this.textPlace = TEXT;
    if (added?.reasoning_content !== undefined) this.textPlace = THINKING;
    return added;
  }

  #stopBlock(event: JsonObject): Delta[] {
    const block = this.#open.get(event['index']);
    this.#open.delete(event['index']);
    return block?.stop() ?? [];
  }

  #changeMessage(event: JsonObject): Delta[] {
    this.#readEnd(isObject(event['delta']) ? event['delta'] : {}, event['usage']);
    this.#addExtras(event);
    return [];
  }

  /** Counts are running totals, and a later event may correct an earlier one; null means no news. */
  #readEnd(end: JsonObject, counts: JsonValue | undefined): void {
    this.#stopReason = textOf(end['stop_reason']) ?? this.#stopReason;
    this.#stopDetails = end['stop_details'] ?? this.#stopDetails;
    this.#addExtras(end);
    if (!isObject(counts)) return;
    this.#usage ??= Object.create(null) as JsonObject;
    for (const name in counts) if (isSet(counts[name])) this.#usage[name] = counts[name];
  }

  #addExtras(holder: JsonObject): void {
    const more = extrasIn(holder);
    if (more !== undefined) this.#extras = { ...this.#extras, ...more };
  }

  #wholeMessage(body: JsonObject): ChunkChoice[] {
    return [...this.#startMessage({ message: body }).map(toChoice), ...this.#finish()];
  }

  #finish(): ChunkChoice[] {
    if (this.#message === undefined) throw notAMessage();
    this.#finished = true;
    const reason = this.#stopReason;
    const last = [...this.#open.values()].flatMap((block) => block.stop());
    const refusal = toRefusal({ reason, details: this.#stopDetails });
    const calls = this.#answer.calls > 0 ? callsFinish(this.#answer.legacy) : undefined;
    return [
      ...[...last, ...this.#wholeAnswer(), ...(refusal === null ? [] : [{ refusal }])].map(toChoice),
      {
        ...toChoice({}),
        finish_reason: toFinishReason(reason, calls),
        ...(reason !== undefined && { native_finish_reason: reason }),
        ...(this.#extras !== undefined && { extra_content: { anthropic: this.#extras } }),
      },
    ];
  }

  /**
   * The answer as it is, where OpenAI's fields cannot hold it. Also where there are several blocks of thinking: the
   * stream helper of OpenAI's JavaScript SDK keeps only the last delta of a field it does not know.
   */
  #wholeAnswer(): Delta[] {
    const whole = this.#blocks.map((block) => block.whole()).filter((block) => !isUnsigned(block));
    if (!needsBlocks(whole) && this.#answer.thoughts < 2) return [];
    return [{ content_blocks: whole.map((block, index) => ({ index, ...block })) }];
  }
}

function toChoice(delta: Delta): ChunkChoice {
  return { index: 0, delta };
}

/** Text that was no event: proxies answer with a whole message or an error in JSON, whatever was asked for. */
function parseObject(rest: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(rest);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
