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
} from '../../openai/types.ts';
import { PING, type AnswerMeta, type ChunkStream, type StreamPart } from '../provider.ts';
import { needsBlocks, toFinishReason, toRefusal } from './answer.ts';
import { brokenOff, notAMessage, toEventError } from './error.ts';
import { isSet, objectsOf, textOf, wordOf } from './json.ts';
import { callsFinish } from './response.ts';
import { createAnswerState, createBlock, type BlockStream } from './stream-blocks.ts';
import { usesFunctions } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

export function createStream({ request, created, model }: AnswerMeta): ChunkStream {
  const answer = createAnswerState(usesFunctions(request));
  const blocks: BlockStream[] = [];
  const open = new Map<JsonValue | undefined, BlockStream>();
  let message: JsonObject | undefined;
  let usage: JsonObject | undefined;
  let stopReason: string | undefined;
  let stopDetails: JsonValue | undefined;
  /** The first event held the whole answer, its stop reason included. */
  let cameWhole = false;
  let finished = false;

  function startMessage(event: JsonObject): Delta[] {
    const started = isObject(event['message']) ? event['message'] : {};
    // Seen live: the same first event twice. Another message in the same stream is no stream we know.
    if (message !== undefined && textOf(started['id']) !== textOf(message['id'])) throw notAMessage();
    if (message !== undefined) return [];
    message = started;
    readEnd(started, started['usage']);
    cameWhole = stopReason !== undefined;
    return [{ role: 'assistant', content: '' }, ...objectsOf(started['content']).flatMap(wholeBlock)];
  }

  /** Programmatic tool calling sends a whole answer with the first event. */
  function wholeBlock(first: JsonObject): Delta[] {
    const block = createBlock(first, answer);
    blocks.push(block);
    return [...block.start(), ...block.stop()];
  }

  function startBlock(event: JsonObject): Delta[] {
    if (message === undefined || !isObject(event['content_block'])) throw notAMessage();
    const before = stopBlock(event);
    const block = createBlock(event['content_block'], answer);
    blocks.push(block);
    open.set(event['index'], block);
    return [...before, ...block.start()];
  }

  function addToBlock(event: JsonObject): Delta[] {
    const block = open.get(event['index']);
    // Text whose block we never saw would be lost without a word.
    if (block === undefined || !isObject(event['delta'])) throw notAMessage();
    return block.add(event['delta']);
  }

  function stopBlock(event: JsonObject): Delta[] {
    const block = open.get(event['index']);
    open.delete(event['index']);
    return block?.stop() ?? [];
  }

  function changeMessage(event: JsonObject): Delta[] {
    readEnd(isObject(event['delta']) ? event['delta'] : {}, event['usage']);
    return [];
  }

  /** Counts are running totals, and a later event may correct an earlier one; null means no news. */
  function readEnd(end: JsonObject, counts: JsonValue | undefined): void {
    stopReason = textOf(end['stop_reason']) ?? stopReason;
    stopDetails = end['stop_details'] ?? stopDetails;
    if (!isObject(counts)) return;
    usage = { ...usage, ...Object.fromEntries(Object.entries(counts).filter(([, count]) => isSet(count))) };
  }

  function wholeMessage(body: JsonObject): ChunkChoice[] {
    return [...startMessage({ message: body }).map(toChoice), ...finish()];
  }

  function finish(): ChunkChoice[] {
    if (message === undefined) throw notAMessage();
    finished = true;
    const last = [...open.values()].flatMap((block) => block.stop());
    const refusal = toRefusal({ reason: stopReason, details: stopDetails });
    const calls = answer.calls > 0 ? callsFinish(answer.legacy) : undefined;
    return [
      ...[...last, ...wholeAnswer(), ...(refusal === null ? [] : [{ refusal }])].map(toChoice),
      {
        ...toChoice({}),
        finish_reason: toFinishReason(stopReason, calls),
        ...(stopReason !== undefined && { native_finish_reason: stopReason }),
      },
    ];
  }

  /**
   * The answer as it is, where OpenAI's fields cannot hold it. Also where there are several blocks of thinking: the
   * stream helper of OpenAI's JavaScript SDK keeps only the last delta of a field it does not know.
   */
  function wholeAnswer(): Delta[] {
    const whole = blocks.map((block) => block.whole());
    if (!needsBlocks(whole) && answer.thoughts < 2) return [];
    return [{ content_blocks: whole.map((block, index) => ({ index, ...block })) }];
  }

  function deltasOf(event: JsonObject): Delta[] {
    switch (wordOf(event['type'])) {
      case 'message_start':
        return startMessage(event);
      case 'content_block_start':
        return startBlock(event);
      case 'content_block_delta':
        return addToBlock(event);
      case 'content_block_stop':
        return stopBlock(event);
      case 'message_delta':
        return changeMessage(event);
      case 'error':
        throw toEventError(event);
      default:
        return [];
    }
  }

  // A cut answer must not look like a short one: only `message_stop`, or a message that came whole, ends it well.
  return {
    get id() {
      return `chatcmpl-${textOf(message?.['id']) ?? created}`;
    },
    get model() {
      return textOf(message?.['model']) ?? model;
    },
    get usage() {
      return toUsage(usage);
    },
    get serviceTier() {
      return toServiceTier(usage);
    },
    push(event): StreamPart[] {
      if (!isObject(event)) throw notAMessage();
      if (finished) return [];
      if (event['type'] === 'ping') return [PING];
      if (event['type'] === 'message_stop') return finish();
      return deltasOf(event).map(toChoice);
    },
    end(rest) {
      if (finished) return [];
      const body = message === undefined ? parseObject(rest) : undefined;
      if (body?.['type'] === 'error') throw toEventError(body);
      if (Array.isArray(body?.['content'])) return wholeMessage(body);
      // Without `message_stop` an answer is cut, though it may have named a reason: only one that came whole is not.
      if (cameWhole) return finish();
      throw brokenOff();
    },
  };
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
