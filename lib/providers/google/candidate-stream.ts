/** One candidate of a stream: what has been seen of it decides how the next piece is told. */
import {
  isObject,
  type ChunkChoice,
  type Delta,
  type JsonObject,
  type ToolCall,
} from '../../openai/types.ts';
import { toExtraContent, toFinishReason, toRefusal } from './finish.ts';
import { toAnnotations } from './grounding.ts';
import { objectsOf, textOf } from './json.ts';
import { toLogprobs } from './logprobs.ts';
import { readPart, type AnswerPart } from './parts.ts';
import type { Signatures } from './signatures.ts';

export interface CandidateStream {
  /** A reason to end was given. More content can follow it all the same. */
  readonly isFinished: boolean;
  add(candidate: JsonObject): ChunkChoice[];
  /** What is only known at the end: citations, the refusal, the reason. */
  finish(): ChunkChoice[];
}

export interface CandidateContext {
  readonly responseId: string;
  readonly isLegacy: boolean;
  readonly signatures: Signatures;
}

export function createCandidateStream(index: number, context: CandidateContext): CandidateStream {
  let isNew = true;
  let text = '';
  let callCount = 0;
  let imageCount = 0;
  let otherCount = 0;
  let hasAudio = false;
  /** Bytes that do not fill three: base64 can be joined at multiples of three only. */
  let audioRest: Buffer = Buffer.alloc(0);
  /** The fields beside the content, each as it came last. */
  let around: JsonObject = {};

  const chunk = (delta: Delta): ChunkChoice => ({ index, delta });

  function add(candidate: JsonObject): ChunkChoice[] {
    const { content, logprobsResult, ...others } = candidate;
    remember(others);
    const parts = isObject(content) ? objectsOf(content.parts) : [];
    const deltas = parts.map((part) => addPart(readPart(part, context.signatures)));
    const chunks = withLogprobs(
      deltas.filter((delta) => delta !== undefined).map(chunk),
      toLogprobs(logprobsResult),
    );
    if (!isNew) return chunks;
    isNew = false;
    return [chunk({ role: 'assistant', content: '' }), ...chunks];
  }

  function remember({ groundingMetadata, ...others }: JsonObject): void {
    // Comes in several pieces now and then.
    const grounding = isObject(groundingMetadata) && {
      groundingMetadata: {
        ...(isObject(around.groundingMetadata) && around.groundingMetadata),
        ...groundingMetadata,
      },
    };
    around = { ...around, ...others, ...grounding };
  }

  function addPart(part: AnswerPart | undefined): Delta | undefined {
    switch (part?.kind) {
      case undefined:
        return undefined;
      case 'text':
        text += part.text;
        return { content: part.text };
      case 'thought':
        return { reasoning_content: part.text };
      case 'call':
        return addCall(part.call);
      case 'image':
        return { images: [{ index: imageCount++, ...part.image }] };
      case 'audio':
        return addAudio(part.bytes);
      case 'other':
        return { extra_content: { google: { parts: [{ ...part.raw, index: otherCount++ }] } } };
    }
  }

  /** Parallel calls come one per event, each as its only part: the place is counted here. */
  function addCall(call: ToolCall): Delta | undefined {
    const place = callCount++;
    if (!context.isLegacy) return { tool_calls: [{ index: place, ...call }] };
    return place === 0 ? { function_call: call.function } : undefined;
  }

  function addAudio(bytes: Buffer): Delta {
    const all = Buffer.concat([audioRest, bytes]);
    const whole = all.length - (all.length % 3);
    audioRest = all.subarray(whole);
    const data = all.toString('base64', 0, whole);
    // Accumulators of the SDKs join strings: an id that comes twice would be doubled.
    const id = hasAudio ? undefined : `audio_${context.responseId}`;
    hasAudio = true;
    return { audio: { ...(id !== undefined && { id }), data } };
  }

  function finish(): ChunkChoice[] {
    const native = textOf(around.finishReason);
    const annotations = toAnnotations(around.groundingMetadata, [text]);
    const refusal = toRefusal(native, textOf(around.finishMessage));
    const extra = toExtraContent(around);
    return [
      ...(audioRest.length > 0 ? [chunk({ audio: { data: audioRest.toString('base64') } })] : []),
      ...(annotations.length > 0
        ? [chunk({ annotations: annotations.map((annotation, place) => ({ index: place, ...annotation })) })]
        : []),
      ...(refusal === null ? [] : [chunk({ refusal })]),
      {
        index,
        delta: {},
        finish_reason: toFinishReason(
          native,
          callCount === 0 ? 'none' : context.isLegacy ? 'legacy' : 'tools',
        ),
        ...(native !== undefined && { native_finish_reason: native }),
        ...(extra !== undefined && { extra_content: extra }),
      },
    ];
  }

  /** Probabilities stand on the chunk of their text. */
  function withLogprobs(chunks: ChunkChoice[], logprobs: JsonObject | null): ChunkChoice[] {
    if (logprobs === null) return chunks;
    const place = chunks.findIndex(({ delta }) => delta.content !== undefined);
    if (place === -1) return [...chunks, { ...chunk({}), logprobs }];
    return chunks.map((one, at) => (at === place ? { ...one, logprobs } : one));
  }

  return {
    get isFinished() {
      return textOf(around.finishReason) !== undefined;
    },
    add,
    finish,
  };
}
