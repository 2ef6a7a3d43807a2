/** The content of a message, part by part. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { wordOf } from './json.ts';
import { fromBase64, fromDataUrl, fromUrl, invalid, typeOfName, type MediaContext } from './media.ts';
import type { MediaPart, TextPart } from './types.ts';

/** Whose message it is: images and files exist for the user and, in newer models, in tool results. */
export type PartsAllowed = 'text' | 'all';

/**
 * The parts of a message's `content`, a string or a list; null for a part without anything in it.
 * @param path `messages[0].content`
 * @throws RouterError for a part that Google has no word for.
 */
export function toParts(
  content: JsonValue | undefined,
  path: string,
  baseUrl: string,
  allowed: PartsAllowed,
): (TextPart | MediaPart | null)[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [content === '' ? null : { text: content }];
  if (!Array.isArray(content)) throw invalid({ param: path }, 'is neither a string nor a list of parts');
  return content.map((part, index) => toPart(part, { param: `${path}[${index}]`, baseUrl }, allowed));
}

function toPart(part: JsonValue, context: MediaContext, allowed: PartsAllowed): TextPart | MediaPart | null {
  if (!isObject(part)) throw invalid(context, 'is not an object');
  if (part.type === 'text') return toText(part.text, context);
  if (part.type === 'refusal') return toText(part.refusal, context);
  if (allowed === 'text') throw notSupported(part, context);
  switch (wordOf(part.type)) {
    case 'image_url':
      return fromUrlField(part.image_url, context);
    // An extension in use among gateways: https://openrouter.ai/docs/features/multimodal/videos
    case 'video_url':
      return fromUrlField(part.video_url, context);
    case 'input_audio':
      return fromAudio(part.input_audio, context);
    case 'file':
      return fromFile(part.file, context);
    default:
      throw notSupported(part, context);
  }
}

function notSupported(part: JsonObject, context: MediaContext): Error {
  const type = typeof part.type === 'string' ? `'${part.type}'` : 'without a type';
  return unsupported(context.param, `Google has no counterpart here for a content part ${type}`);
}

function toText(text: JsonValue | undefined, context: MediaContext): TextPart | null {
  if (typeof text !== 'string') throw invalid(context, 'has no text');
  return text === '' ? null : { text };
}

function fromUrlField(field: JsonValue | undefined, context: MediaContext): MediaPart {
  if (!isObject(field) || typeof field.url !== 'string') throw invalid(context, 'has no URL');
  return fromUrl(field.url, textField(field, 'format'), context);
}

function fromAudio(audio: JsonValue | undefined, context: MediaContext): MediaPart {
  if (!isObject(audio) || typeof audio.data !== 'string') throw invalid(context, 'has no audio data');
  if (/^data:/i.test(audio.data)) return fromDataUrl(audio.data, context);
  const format = textField(audio, 'format');
  if (format === undefined) throw invalid(context, 'does not name the format of its audio');
  return fromBase64(audio.data, `audio/${format}`, context);
}

function fromFile(file: JsonValue | undefined, context: MediaContext): MediaPart {
  if (!isObject(file)) throw invalid(context, 'has no file');
  if (typeof file.file_data === 'string') return fromFileData(file.file_data, file, context);
  const id = textField(file, 'file_id');
  if (id === undefined) throw invalid(context, 'has neither file data nor a file id');
  if (!/^files\/|^[a-z]+:\/\//i.test(id)) {
    throw unsupported(context.param, `The file '${id}' is not one of Google's: it takes files/... or a URL`);
  }
  return fromUrl(id, textField(file, 'format'), context);
}

function fromFileData(data: string, file: JsonObject, context: MediaContext): MediaPart {
  if (/^data:/i.test(data)) return fromDataUrl(data, context);
  const type = textField(file, 'format') ?? typeOfName(textField(file, 'filename') ?? '');
  if (type === undefined)
    throw invalid(context, 'has a file whose type its name does not tell; a data: URL would');
  return fromBase64(data, type, context);
}

function textField(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
