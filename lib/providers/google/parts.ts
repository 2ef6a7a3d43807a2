/** One part of a candidate's content, sorted by what a client gets to see of it. */
import { randomBytes } from 'node:crypto';
import { isObject, type JsonObject, type ToolCall } from '../../openai/types.ts';
import { isEmpty, textOf } from './json.ts';
import type { Signatures } from './signatures.ts';

export interface Image {
  readonly type: 'image_url';
  readonly image_url: { readonly url: string };
  readonly extra_content?: JsonObject;
}

export interface Sound {
  readonly bytes: Buffer;
  readonly transcript: string;
}

export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thought'; readonly text: string }
  | { readonly kind: 'call'; readonly call: ToolCall }
  | { readonly kind: 'image'; readonly image: Image }
  | ({ readonly kind: 'audio' } & Sound)
  /** Code execution, server-side tools and whatever comes next: shown as it is, never as content. */
  | { readonly kind: 'other'; readonly raw: JsonObject };

/** Undefined for a part without anything to show, e.g. a signature at the end of a text. */
export function readPart(part: JsonObject, signatures: Signatures): AnswerPart | undefined {
  if (isObject(part.functionCall))
    return { kind: 'call', call: toToolCall(part.functionCall, part, signatures) };
  if (typeof part.text === 'string') {
    if (part.text === '') return undefined;
    return { kind: part.thought === true ? 'thought' : 'text', text: part.text };
  }
  if (isObject(part.inlineData)) return readMedia(part.inlineData, part);
  const { thought: _thought, thoughtSignature: _signature, ...content } = part;
  return isEmpty(content) ? undefined : { kind: 'other', raw: part };
}

function readMedia(blob: JsonObject, part: JsonObject): AnswerPart | undefined {
  // Drafts of an image model's thinking.
  if (part.thought === true) return undefined;
  const mimeType = textOf(blob.mimeType) ?? '';
  const data = textOf(blob.data) ?? '';
  if (mimeType.startsWith('image/')) {
    const url = `data:${mimeType};base64,${data}`;
    const signature = textOf(part.thoughtSignature);
    return {
      kind: 'image',
      image: {
        type: 'image_url',
        image_url: { url },
        ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
      },
    };
  }
  if (mimeType.startsWith('audio/')) {
    const said = isObject(part.audioTranscription) ? textOf(part.audioTranscription.text) : undefined;
    return { kind: 'audio', bytes: Buffer.from(data, 'base64'), transcript: said ?? '' };
  }
  return { kind: 'other', raw: part };
}

/** The signature travels in `extra_content`, as in Google's own OpenAI layer, and is remembered for who drops it. */
function toToolCall(call: JsonObject, part: JsonObject, signatures: Signatures): ToolCall {
  const id = textOf(call.id) ?? `call_${randomBytes(12).toString('hex')}`;
  const signature = textOf(part.thoughtSignature);
  if (signature !== undefined) signatures.set(id, signature);
  return {
    id,
    type: 'function',
    // Google leaves out `args` of a call without arguments.
    function: { name: textOf(call.name) ?? '', arguments: JSON.stringify(call.args ?? {}) },
    ...(signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
  };
}

export function randomId(): string {
  return randomBytes(12).toString('hex');
}
