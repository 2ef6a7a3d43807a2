/** Parts of a message as Anthropic's content blocks. */
import { RouterError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { toPlainBase64 } from '../base64.ts';
import { unsupported } from '../fields.ts';
import { cacheControl, isBlank, isSet, textOf, wordOf } from './json.ts';
import type { Block, DocumentBlock, ImageBlock, ImageType, TextBlock } from './types.ts';

const IMAGE_TYPES: ReadonlyMap<string, ImageType> = new Map([
  ['image/jpeg', 'image/jpeg'],
  // Not a registered type, but what many programs write.
  ['image/jpg', 'image/jpeg'],
  ['image/png', 'image/png'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
]);

const PDF = 'application/pdf';

/** A part with one of these types is in Anthropic's own form, and so is every `..._tool_result`. */
const NATIVE_TYPES: ReadonlySet<string> = new Set([
  'image',
  'document',
  'search_result',
  'tool_result',
  'tool_use',
  'thinking',
  'redacted_thinking',
  'server_tool_use',
  'mcp_tool_use',
  'mcp_tool_listing',
  'container_upload',
  'tool_reference',
  'browser_state',
  'compaction',
  'fallback',
]);

/**
 * @param path Where the content stands in the request, e.g. `messages[3].content`.
 * @param dropped Gets the paths of what is left out.
 * @throws RouterError `unsupported_parameter` for a part that Claude cannot read.
 */
export function toBlocks(content: JsonValue | undefined, path: string, dropped: string[]): Block[] {
  if (!isSet(content)) return [];
  if (typeof content === 'string') return toText(content);
  if (!Array.isArray(content)) {
    throw new RouterError('invalid_value', {
      message: `'${path}' must be a string or an array.`,
      param: path,
    });
  }
  return content.flatMap((part, index) => toPart(part, `${path}[${index}]`, dropped));
}

/** Blank text is refused by Anthropic, wherever it stands. */
export function toText(text: string, source: JsonObject = {}): TextBlock[] {
  return isBlank(text) ? [] : [{ type: 'text', text, ...cacheControl(source) }];
}

function toPart(part: JsonValue, path: string, dropped: string[]): Block[] {
  if (!isObject(part)) {
    throw new RouterError('invalid_value', { message: `'${path}' must be an object.`, param: path });
  }
  // OpenAI's cache breakpoints live for other times at other prices.
  if (isSet(part['prompt_cache_breakpoint'])) dropped.push(`${path}.prompt_cache_breakpoint`);
  switch (wordOf(part['type'])) {
    case 'text':
      return toText(wordOf(part['text']), part);
    case 'refusal':
      return toText(wordOf(part['refusal']), part);
    case 'image_url':
      return [toImage(part, path)];
    case 'file':
      return [toFile(part, path)];
    default:
      return [toNative(part, path)];
  }
}

function toNative(part: JsonObject, path: string): Block {
  const type = wordOf(part['type']);
  if (!NATIVE_TYPES.has(type) && !type.endsWith('_tool_result')) {
    throw unsupported(path, `Anthropic cannot read content of type '${type}'`);
  }
  return part as unknown as Block;
}

function toImage(part: JsonObject, path: string): ImageBlock {
  const image = part['image_url'];
  const url = (isObject(image) ? textOf(image['url']) : textOf(image)) ?? '';
  const param = `${path}.image_url`;
  return { type: 'image', source: imageSource(url, param), ...cacheControl(part) };
}

function imageSource(url: string, param: string): ImageBlock['source'] {
  if (isWebUrl(url)) return { type: 'url', url };
  const data = readDataUrl(url);
  const mediaType = IMAGE_TYPES.get(data?.mediaType ?? '');
  if (data === undefined || !data.isBase64 || mediaType === undefined) {
    throw unsupported(
      param,
      'Anthropic takes images by http(s) URL, or JPEG, PNG, GIF and WebP as a base64 data URL',
    );
  }
  return { type: 'base64', media_type: mediaType, data: toPlainBase64(data.data) };
}

function isWebUrl(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

function toFile(part: JsonObject, path: string): ImageBlock | DocumentBlock {
  const file = isObject(part['file']) ? part['file'] : {};
  const id = wordOf(file['file_id']);
  if (file['is_image'] === true && isFileId(id))
    return { type: 'image', source: { type: 'file', file_id: id }, ...cacheControl(part) };
  const title = textOf(file['filename']);
  return {
    type: 'document',
    source: documentSource(file, `${path}.file`),
    ...(title !== undefined && { title }),
    ...cacheControl(part),
  };
}

function documentSource(file: JsonObject, param: string): DocumentBlock['source'] {
  const id = textOf(file['file_id']);
  if (id !== undefined) return storedDocument(id, `${param}.file_id`);
  const given = textOf(file['file_data']);
  if (given === undefined) throw unsupported(param, 'Anthropic reads a file by its data or its id');
  return documentInData(given, wordOf(file['filename']), `${param}.file_data`);
}

function isFileId(id: string): boolean {
  return id.startsWith('file_');
}

function storedDocument(id: string, param: string): DocumentBlock['source'] {
  if (isFileId(id)) return { type: 'file', file_id: id };
  if (isWebUrl(id)) return { type: 'url', url: id };
  throw unsupported(
    param,
    `'${id.slice(0, 60)}' is not a file of Anthropic's: their ids begin with 'file_', and a PDF may have an http(s) URL in place of one`,
  );
}

/** @param name Tells that plain base64, which is what OpenAI's reference asks for, is a PDF. */
function documentInData(given: string, name: string, param: string): DocumentBlock['source'] {
  const data = readDataUrl(given) ?? namedPdf(given, name);
  if (data?.mediaType === PDF && data.isBase64) {
    return { type: 'base64', media_type: PDF, data: toPlainBase64(data.data) };
  }
  if (data?.mediaType.startsWith('text/')) {
    return { type: 'text', media_type: 'text/plain', data: decode(data, param) };
  }
  throw unsupported(param, 'Anthropic reads PDF and text files, each as a data URL');
}

function namedPdf(data: string, name: string): DataUrl | undefined {
  return /\.pdf$/i.test(name) ? { mediaType: PDF, isBase64: true, data } : undefined;
}

interface DataUrl {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  readonly isBase64: boolean;
  readonly data: string;
}

/** `data:<type>[;<parameter>...][;base64],<data>` */
function readDataUrl(url: string): DataUrl | undefined {
  const comma = url.indexOf(',');
  if (comma < 0 || url.slice(0, 5).toLowerCase() !== 'data:') return undefined;
  const [mediaType = '', ...parameters] = url.slice(5, comma).toLowerCase().split(';');
  return {
    mediaType: mediaType.trim(),
    isBase64: parameters.some((parameter) => parameter.trim() === 'base64'),
    data: url.slice(comma + 1),
  };
}

function decode({ isBase64, data }: DataUrl, param: string): string {
  if (isBase64) return Buffer.from(data, 'base64').toString('utf8');
  try {
    return decodeURIComponent(data);
  } catch (cause) {
    throw new RouterError('invalid_value', { message: `'${param}' holds no valid data URL.`, param, cause });
  }
}
