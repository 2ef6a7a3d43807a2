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
import { readPart, type AnswerPart, type Image, type Sound } from './parts.ts';
import type { Signatures } from './signatures.ts';

export interface CandidateContext {
  readonly responseId: string;
  readonly isLegacy: boolean;
  readonly signatures: Signatures;
}

/** A class: functions of its own would be most of what an open stream takes in memory. */
export class CandidateStream {
  readonly index: number;
  readonly #context: CandidateContext;
  #isNew = true;
  #text = '';
  #lastKind: AnswerPart['kind'] | undefined;
  #callCount = 0;
  #imageCount = 0;
  /** Of what was said before the first picture, which is told with that: without one nobody wants it back. */
  #textSignature: string | undefined;
  #otherCount = 0;
  #hasAudio = false;
  /** Bytes that do not fill three: base64 can be joined at multiples of three only. */
  #audioRest: Buffer = NO_BYTES;
  /** The fields beside the content, each as it came last. */
  readonly #around: JsonObject = Object.create(null) as JsonObject;

  constructor(index: number, context: CandidateContext) {
    this.index = index;
    this.#context = context;
  }

  /** A reason to end was given. More content can follow it all the same. */
  get isFinished(): boolean {
    return textOf(this.#around.finishReason) !== undefined;
  }

  /**
   * @param chunks Here is added what the next event says of this candidate.
   * @returns whether to add it once more would tell its text again and nothing else.
   */
  add(candidate: JsonObject, chunks: ChunkChoice[]): boolean {
    if (this.#isNew) chunks.push(this.#chunk({ role: 'assistant', content: '' }));
    this.#isNew = false;
    const first = chunks.length;
    this.#remember(candidate);
    const { content, logprobsResult } = candidate;
    const parts = isObject(content) && Array.isArray(content.parts) ? content.parts : [];
    for (const raw of parts) {
      const part = isObject(raw) ? readPart(raw, this.#context.signatures) : undefined;
      this.#lastKind = part?.kind;
      if (part?.kind === 'text') this.#textSignature ??= textOf((raw as JsonObject).thoughtSignature);
      const delta = this.#addPart(part);
      if (delta !== undefined) chunks.push(this.#chunk(delta));
    }
    if (logprobsResult !== undefined) this.#addLogprobs(chunks, first, toLogprobs(logprobsResult));
    else if (parts.length === 1) return this.#lastKind === 'text' || this.#lastKind === 'thought';
    return false;
  }

  /** The same piece of text once more, with another text. */
  addText(text: string): ChunkChoice {
    const kind = this.#lastKind === 'thought' ? this.#lastKind : 'text';
    return this.#chunk(this.#addPart({ kind, text })!);
  }

  /** What is only known at the end: citations, the refusal, the reason. */
  finish(): ChunkChoice[] {
    const native = textOf(this.#around.finishReason);
    const annotations = toAnnotations(this.#around.groundingMetadata, [this.#text]);
    const refusal = toRefusal(native, textOf(this.#around.finishMessage));
    const extra = toExtraContent(this.#around);
    const calls = this.#context.isLegacy ? 'legacy' : 'tools';
    const rest = this.#audioRest;
    return [
      ...(rest.length > 0 ? [this.#chunk({ audio: { data: rest.toString('base64') } })] : []),
      ...(annotations.length > 0
        ? [this.#chunk({ annotations: annotations.map((entry, place) => ({ index: place, ...entry })) })]
        : []),
      ...(refusal === null ? [] : [this.#chunk({ refusal })]),
      {
        ...this.#chunk({}),
        finish_reason: toFinishReason(native, this.#callCount === 0 ? 'none' : calls),
        ...(native !== undefined && { native_finish_reason: native }),
        ...(extra !== undefined && { extra_content: extra }),
      },
    ];
  }

  #chunk(delta: Delta): ChunkChoice {
    return { index: this.index, delta };
  }

  /** A loop, since every event of a stream comes by here: copies of objects were a third of its cost. */
  #remember(candidate: JsonObject): void {
    for (const name in candidate) {
      if (name === 'content' || name === 'logprobsResult' || name === 'index') continue;
      if (name === 'groundingMetadata') this.#addGrounding(candidate[name]);
      else this.#around[name] = candidate[name] as JsonValue;
    }
  }

  /** Comes in several pieces now and then. */
  #addGrounding(more: JsonValue | undefined): void {
    const known = this.#around.groundingMetadata;
    if (isObject(more)) this.#around.groundingMetadata = isObject(known) ? { ...known, ...more } : more;
  }

  #addPart(part: AnswerPart | undefined): Delta | undefined {
    switch (part?.kind) {
      case undefined:
        return undefined;
      case 'text':
        this.#text += part.text;
        return { content: part.text };
      case 'thought':
        return { reasoning_content: part.text };
      case 'call':
        return this.#addCall(part.call);
      case 'image':
        return this.#addImage(part.image);
      case 'audio':
        return this.#addAudio(part);
      case 'other':
        return { extra_content: { google: { parts: [{ ...part.raw, index: this.#otherCount++ }] } } };
    }
  }

  #addImage(image: Image): Delta {
    const index = this.#imageCount++;
    const signature = index === 0 ? this.#textSignature : undefined;
    return {
      images: [{ index, ...image }],
      ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
    };
  }

  /** Parallel calls come one per event, each as its only part: the place is counted here. */
  #addCall(call: ToolCall): Delta | undefined {
    const place = this.#callCount++;
    if (!this.#context.isLegacy) return { tool_calls: [{ index: place, ...call }] };
    return place === 0 ? { function_call: call.function } : undefined;
  }

  #addAudio({ bytes, transcript }: Sound): Delta {
    const all = Buffer.concat([this.#audioRest, bytes]);
    const whole = all.length - (all.length % 3);
    this.#audioRest = all.subarray(whole);
    const data = all.toString('base64', 0, whole);
    // Accumulators of the SDKs join strings: an id that comes twice would be doubled.
    const id = this.#hasAudio ? undefined : `audio_${this.#context.responseId}`;
    this.#hasAudio = true;
    return { audio: { ...(id !== undefined && { id }), data, ...(transcript !== '' && { transcript }) } };
  }

  /** Probabilities stand on the chunk of their text. */
  #addLogprobs(chunks: ChunkChoice[], from: number, logprobs: JsonObject | null): void {
    if (logprobs === null) return;
    const place = chunks.findIndex(({ delta }, at) => at >= from && delta.content !== undefined);
    if (place === -1) chunks.push({ ...this.#chunk({}), logprobs });
    else chunks[place] = { ...(chunks[place] as ChunkChoice), logprobs };
  }
}

const NO_BYTES = Buffer.alloc(0);
