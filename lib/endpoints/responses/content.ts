/** Content parts of input items as those of chat messages, one for one. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { isSet, nameOf, wordOf } from './json.ts';
import { invalid, unsupported } from './refusals.ts';

/** @param path Where the content stands in the request: `input[2].content`. */
export function toContent(content: JsonValue | undefined, path: string): string | JsonObject[] {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(path, 'must be a string or an array');
  return content.map((part, index) => toPart(part, `${path}[${index}]`));
}

function toPart(part: JsonValue, path: string): JsonObject {
  if (!isObject(part)) throw invalid(path, 'must be an object');
  const type = wordOf(part.type);
  switch (type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: wordAt(part, 'text', path), ...breakpoint(part) };
    case 'refusal':
      return { type: 'refusal', refusal: wordAt(part, 'refusal', path) };
    case 'input_image':
      return toImage(part, path);
    case 'input_file':
      return toFile(part, path);
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio };
    case '':
      throw invalid(`${path}.type`, 'is missing');
    default:
      throw unsupported(path, `Content of type '${nameOf(type)}' cannot be carried over chat completions`);
  }
}

function toImage(part: JsonObject, path: string): JsonObject {
  const { image_url: url, file_id, detail } = part;
  if (typeof url === 'string') {
    const image = { url, ...(typeof detail === 'string' && { detail }) };
    return { type: 'image_url', image_url: image, ...breakpoint(part) };
  }
  // In chat all files look alike, and some clouds read a picture only where they are told that it is one.
  if (typeof file_id === 'string')
    return { type: 'file', file: { file_id, is_image: true }, ...breakpoint(part) };
  throw invalid(`${path}.image_url`, 'is missing');
}

/** Chat knows no URLs of files; in a file's id they are what clouds with files by URL take. */
function toFile(part: JsonObject, path: string): JsonObject {
  const { file_data, file_url, filename } = part;
  // Refused here: a cloud would complain of an id that the client never wrote.
  if (typeof file_url === 'string' && !/^https?:\/\//i.test(file_url)) {
    throw invalid(`${path}.file_url`, 'must be an http(s) URL');
  }
  const file_id = part.file_id ?? file_url;
  const file = {
    ...(isSet(file_data) && { file_data }),
    ...(isSet(file_id) && { file_id }),
    ...(isSet(filename) && { filename }),
  };
  return { type: 'file', file, ...breakpoint(part) };
}

/** Each cloud says itself what it makes of OpenAI's cache breakpoints. */
function breakpoint({ prompt_cache_breakpoint: value }: JsonObject): JsonObject {
  return isSet(value) ? { prompt_cache_breakpoint: value } : {};
}

function wordAt(part: JsonObject, key: 'text' | 'refusal', path: string): string {
  const value = part[key];
  if (typeof value !== 'string') throw invalid(`${path}.${key}`, 'must be string');
  return value;
}
