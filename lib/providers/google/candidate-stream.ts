/** One candidate of a stream: what has been seen of it decides how the next piece is told. */
import {
  isObject,
  type ChunkChoice,
  type Delta,
  type JsonObject,
  type JsonValue,
  type ToolCall,
} from '../../openai/types.ts';
import { toExtraContent, toFinishReason, toRefusal } from './finish.ts';
import { toAnnotations } from './grounding.ts';
import { textOf } from './json.ts';
import { toLogprobs } from './logprobs.ts';
import { readPart, type AnswerPart } from './parts.ts';
import type { Signatures } from './signatures.ts';

export interface CandidateStream {
  /** A reason to end was given. More content can follow it all the same. */
  isFinished(): boolean;
  /**
   * @param chunks Here is added what the next event says of this candidate.
   * @returns whether to add it once more would tell its text again and nothing else.
   */
  add(candidate: JsonObject, chunks: ChunkChoice[]): boolean;
  /** The same piece of text once more, with another text. */
  addText(text: string): ChunkChoice;
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
  let lastKind: AnswerPart['kind'] | undefined;
  let callCount = 0;
  let imageCount = 0;
  let otherCount = 0;
  let hasAudio = false;
  /** Bytes that do not fill three: base64 can be joined at multiples of three only. */
  let audioRest: Buffer = Buffer.alloc(0);
  /** The fields beside the content, each as it came last. */
  const around: JsonObject = Object.create(null) as JsonObject;

  const chunk = (delta: Delta): ChunkChoice => ({ index, delta });

  function add(candidate: JsonObject, chunks: ChunkChoice[]): boolean {
    if (isNew) chunks.push(chunk({ role: 'assistant', content: '' }));
    isNew = false;
    const first = chunks.length;
    remember(candidate);
    const { content, logprobsResult } = candidate;
    const parts = isObject(content) && Array.isArray(content.parts) ? content.parts : [];
    for (const raw of parts) {
      const part = isObject(raw) ? readPart(raw, context.signatures) : undefined;
      lastKind = part?.kind;
      const delta = addPart(part);
      if (delta !== undefined) chunks.push(chunk(delta));
    }
    if (logprobsResult !== undefined) addLogprobs(chunks, first, toLogprobs(logprobsResult));
    else if (parts.length === 1) return lastKind === 'text' || lastKind === 'thought';
    return false;
  }

  function addText(text: string): ChunkChoice {
    return chunk(addPart({ kind: lastKind === 'thought' ? lastKind : 'text', text })!);
  }

  /** A loop, since every event of a stream comes by here: copies of objects were a third of its cost. */
  function remember(candidate: JsonObject): void {
    for (const name in candidate) {
      if (name === 'content' || name === 'logprobsResult' || name === 'index') continue;
      if (name === 'groundingMetadata') addGrounding(candidate[name]);
      else around[name] = candidate[name] as JsonValue;
    }
  }

  /** Comes in several pieces now and then. */
  function addGrounding(more: JsonValue | undefined): void {
    const known = around['groundingMetadata'];
    if (isObject(more)) around['groundingMetadata'] = isObject(known) ? { ...known, ...more } : more;
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
  function addLogprobs(chunks: ChunkChoice[], from: number, logprobs: JsonObject | null): void {
    if (logprobs === null) return;
    const place = chunks.findIndex(({ delta }, at) => at >= from && delta.content !== undefined);
    if (place === -1) chunks.push({ ...chunk({}), logprobs });
    else chunks[place] = { ...(chunks[place] as ChunkChoice), logprobs };
  }

  return {
    isFinished: () => textOf(around.finishReason) !== undefined,
    add,
    addText,
    finish,
  };
}
