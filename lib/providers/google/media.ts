/** URLs, data URLs and base64 of a message as Google's `inlineData` and `fileData`. Nothing is ever fetched here. */
import { RouterError } from '../../errors.ts';
import { toPlainBase64 } from '../base64.ts';
import type { MediaPart } from './types.ts';

/** What Google reads, by file name extension. https://ai.google.dev/gemini-api/docs/file-input-methods */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['html', 'text/html'],
  ['htm', 'text/html'],
  ['css', 'text/css'],
  ['xml', 'text/xml'],
  ['csv', 'text/csv'],
  ['rtf', 'text/rtf'],
  ['js', 'text/javascript'],
  ['json', 'application/json'],
  ['pdf', 'application/pdf'],
  ['bmp', 'image/bmp'],
  ['gif', 'image/gif'],
  ['heic', 'image/heic'],
  ['heif', 'image/heif'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['webp', 'image/webp'],
  ['mp4', 'video/mp4'],
  ['mpeg', 'video/mpeg'],
  ['mov', 'video/quicktime'],
  ['avi', 'video/avi'],
  ['flv', 'video/x-flv'],
  ['mpg', 'video/mpg'],
  ['webm', 'video/webm'],
  ['wmv', 'video/wmv'],
  ['3gp', 'video/3gpp'],
  ['3gpp', 'video/3gpp'],
  ['aac', 'audio/aac'],
  ['aiff', 'audio/aiff'],
  ['flac', 'audio/flac'],
  ['mp3', 'audio/mp3'],
  ['ogg', 'audio/ogg'],
  ['wav', 'audio/wav'],
]);

/** Where a medium stands in the request, for error messages, and what is needed to read it. */
export interface MediaContext {
  /** `messages[0].content[1]` */
  readonly param: string;
  /** For ids of Google's Files API, which become URLs below it. */
  readonly baseUrl: string;
}

/**
 * @param format The client's own word for the media type, as LiteLLM reads it.
 * @throws RouterError `invalid_value`
 */
export function fromUrl(url: string, format: string | undefined, context: MediaContext): MediaPart {
  if (/^data:/i.test(url)) return fromDataUrl(url, context);
  if (url.startsWith('files/')) return { fileData: { fileUri: `${context.baseUrl}/${url}` } };
  // gs:// is for Vertex AI alone: Google says so better than we could.
  if (!/^(?:https?|gs):\/\//i.test(url)) {
    throw invalid(context, 'needs a data: URL, an http(s) URL or the id of a file at Google (files/...)');
  }
  const mimeType = format ?? typeOfName(pathOf(url));
  return { fileData: { fileUri: url, ...(mimeType !== undefined && { mimeType }) } };
}

/** @throws RouterError `invalid_value` */
export function fromDataUrl(url: string, context: MediaContext): MediaPart {
  const comma = url.indexOf(',');
  if (comma === -1) throw invalid(context, 'holds a data: URL without a comma');
  const [type = '', ...flags] = url.slice('data:'.length, comma).split(';');
  if (type.trim() === '') throw invalid(context, 'holds a data: URL without a media type');
  const payload = url.slice(comma + 1);
  const isBase64 = flags.some((flag) => flag.trim().toLowerCase() === 'base64');
  return fromBase64(isBase64 ? payload : encodePlain(payload, context), type.trim(), context);
}

/** @throws RouterError `invalid_value` for no data at all. */
export function fromBase64(data: string, mimeType: string, context: MediaContext): MediaPart {
  const normal = toPlainBase64(data);
  if (normal === '') throw invalid(context, 'holds no data');
  return { inlineData: { mimeType: normalType(mimeType), data: normal } };
}

/** The media type that a file name suggests. */
export function typeOfName(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  return dot === -1 ? undefined : MEDIA_TYPES.get(name.slice(dot + 1).toLowerCase());
}

export function invalid(context: Pick<MediaContext, 'param'>, problem: string): RouterError {
  return new RouterError('invalid_value', {
    message: `'${context.param}' ${problem}.`,
    param: context.param,
  });
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : '';
}

function normalType(mimeType: string): string {
  const type = mimeType.toLowerCase();
  return type === 'image/jpg' ? 'image/jpeg' : type;
}

function encodePlain(payload: string, context: MediaContext): string {
  try {
    return Buffer.from(decodeURIComponent(payload), 'utf8').toString('base64');
  } catch {
    throw invalid(context, 'holds a data: URL that is not percent-encoded UTF-8');
  }
}
