/** Google's stream of answers as chunks. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChunkChoice, type JsonObject } from '../../openai/types.ts';
import type { AnswerMeta, ChunkStream } from '../provider.ts';
import { createCandidateStream, type CandidateStream } from './candidate-stream.ts';
import { readError } from './error.ts';
import { blockReasonOf, toBlockRefusal } from './finish.ts';
import { textOf } from './json.ts';
import { shortName } from './models.ts';
import { randomId } from './parts.ts';
import type { Signatures } from './signatures.ts';
import { isLegacy } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

/** There is no terminal event: an answer is whole when each candidate has named a reason to end. */
export function createStream(meta: AnswerMeta, signatures: Signatures): ChunkStream {
  const legacy = isLegacy(meta.request);
  const { 'x-gemini-service-tier': tier } = meta.headers;
  const candidates = new Map<number, CandidateStream>();
  /** Id and model are those of the first event, all through the stream. */
  let responseId = '';
  let model = shortName(meta.model);
  let promptFeedback: JsonObject = {};
  /** Cumulative, in most events: each field as it came last. */
  const usageMetadata = Object.create(null) as JsonObject;
  let hasUsage = false;

  function push(event: unknown): ChunkChoice[] {
    // A proxy that takes `alt=sse` away sends lists.
    if (Array.isArray(event)) return event.flatMap(push);
    const error = readError(event);
    if (error !== undefined) throw error;
    const chunks: ChunkChoice[] = [];
    if (isObject(event)) addAnswer(event, chunks);
    return chunks;
  }

  function open(answer: JsonObject): void {
    if (responseId !== '') return;
    responseId = textOf(answer.responseId) ?? randomId();
    model = textOf(answer.modelVersion) ?? model;
  }

  function addAnswer(answer: JsonObject, chunks: ChunkChoice[]): void {
    open(answer);
    if (isObject(answer.usageMetadata)) addUsage(answer.usageMetadata);
    if (isObject(answer.promptFeedback)) promptFeedback = answer.promptFeedback;
    if (!Array.isArray(answer.candidates)) return;
    for (const candidate of answer.candidates)
      if (isObject(candidate)) candidateOf(candidate).add(candidate, chunks);
  }

  function addUsage(counts: JsonObject): void {
    hasUsage = true;
    for (const name in counts) usageMetadata[name] = counts[name];
  }

  function candidateOf(candidate: JsonObject): CandidateStream {
    // Zero is left out on Google's wire.
    const index = typeof candidate.index === 'number' ? candidate.index : 0;
    const known = candidates.get(index);
    if (known !== undefined) return known;
    const created = createCandidateStream(index, {
      responseId,
      isLegacy: legacy,
      signatures,
    });
    candidates.set(index, created);
    return created;
  }

  function end(rest: string): ChunkChoice[] {
    const late = parseRest(rest).flatMap(push);
    if (candidates.size === 0) return [...late, ...blocked()];
    const inOrder = [...candidates].toSorted(([a], [b]) => a - b).map(([, candidate]) => candidate);
    if (!inOrder.every(({ isFinished }) => isFinished)) throw interrupted();
    return [...late, ...inOrder.flatMap((candidate) => candidate.finish())];
  }

  function blocked(): ChunkChoice[] {
    const blockReason = blockReasonOf(promptFeedback);
    if (blockReason === undefined) throw interrupted();
    return [
      { index: 0, delta: { role: 'assistant', content: '' } },
      { index: 0, delta: { refusal: toBlockRefusal(blockReason) } },
      {
        index: 0,
        delta: {},
        finish_reason: 'content_filter',
        native_finish_reason: `PROMPT_${blockReason}`,
      },
    ];
  }

  return {
    get id() {
      return `chatcmpl-${responseId}`;
    },
    get model() {
      return model;
    },
    get usage() {
      return hasUsage ? toUsage(usageMetadata) : undefined;
    },
    get serviceTier() {
      return toServiceTier(tier, usageMetadata);
    },
    push,
    end,
  };
}

/** An error after the 200 comes as bare JSON now and then (vercel/ai#5217), and so do whole answers by some proxies. */
function parseRest(rest: string): unknown[] {
  if (rest.trim() === '') return [];
  try {
    return [JSON.parse(rest)];
  } catch {
    return [];
  }
}

function interrupted(): RouterError {
  return new RouterError('stream_interrupted', {
    message: 'Google ended the stream before the answer was complete.',
    // The tokens so far are billed: the SDKs must not pay twice without being asked.
    headers: { 'x-should-retry': 'false' },
  });
}
