import type { JsonObject, JsonValue } from '../../../lib/openai/types.ts';
import { ask, bodyOf, convert, errorOf } from './support.ts';

const withPart = (part: JsonObject): JsonObject => ask({ messages: [{ role: 'user', content: [part] }] });

function partOf(part: JsonObject): JsonValue | undefined {
  const [content] = bodyOf(withPart(part)).contents as { parts: JsonObject[] }[];
  return content?.parts[0];
}

function refusalOf(part: JsonObject): unknown[] {
  const { status, code, param } = errorOf(() => convert(withPart(part)));
  return [status, code, param];
}

const image = (url: string, more: JsonObject = {}): JsonObject => ({
  type: 'image_url',
  image_url: { url, ...more },
});
const file = (fields: JsonObject): JsonObject => ({ type: 'file', file: fields });
const audio = (data: string, format: JsonValue = 'wav'): JsonObject => ({
  type: 'input_audio',
  input_audio: { data, format },
});
const inline = (mimeType: string, data: string): JsonObject => ({ inlineData: { mimeType, data } });
const linked = (fileUri: string, mimeType?: string): JsonObject => ({
  fileData: { fileUri, ...(mimeType !== undefined && { mimeType }) },
});

describe('data URLs', () => {
  test.each([
    ['the flag in capitals', 'DATA:image/PNG;BASE64,iVBO', inline('image/png', 'iVBO')],
    ['parameters before the flag', 'data:text/plain;charset=utf-8;base64,aGk=', inline('text/plain', 'aGk=')],
    ['base64url', 'data:image/png;base64,_-8', inline('image/png', '/+8=')],
    ['white space and no padding', 'data:image/png;base64,iV BO\nRw', inline('image/png', 'iVBORw==')],
    ['too much padding', 'data:image/png;base64,iVBO=', inline('image/png', 'iVBO')],
    [
      'percent-encoded text',
      'data:text/csv,a%2Cb',
      inline('text/csv', Buffer.from('a,b').toString('base64')),
    ],
  ])('%s', (_name, url, part) => {
    expect(partOf(image(url))).toEqual(part);
  });

  test.each([
    ['no comma', 'data:image/png;base64'],
    ['no media type', 'data:;base64,iVBO'],
    ['no media type at all', 'data:,hello'],
    ['no data', 'data:image/png;base64,'],
    ['nothing but white space', 'data:image/png;base64, '],
    ['broken percent-encoding', 'data:text/plain,%E3%82'],
  ])('a data URL with %s is refused before it is sent', (_name, url) => {
    expect(refusalOf(image(url))).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });
});

describe('URLs', () => {
  test.each([
    ['https://e.org/a.jpg', linked('https://e.org/a.jpg', 'image/jpeg')],
    ['https://e.org/A.PDF#page=2', linked('https://e.org/A.PDF#page=2', 'application/pdf')],
    ['https://e.org/clip.mov?sig=a.b', linked('https://e.org/clip.mov?sig=a.b', 'video/quicktime')],
    ['https://e.org/no-extension', linked('https://e.org/no-extension')],
    ['https://e.org/x.unknown', linked('https://e.org/x.unknown')],
    ['http://10.0.0.1/a.png', linked('http://10.0.0.1/a.png', 'image/png')],
    ['https://www.youtube.com/watch?v=abc', linked('https://www.youtube.com/watch?v=abc')],
    ['gs://bucket/a.png', linked('gs://bucket/a.png', 'image/png')],
    ['https://[broken/a.png', linked('https://[broken/a.png')],
    ['files/abc', linked('https://generativelanguage.googleapis.com/v1beta/files/abc')],
    [
      'https://generativelanguage.googleapis.com/v1beta/files/abc',
      linked('https://generativelanguage.googleapis.com/v1beta/files/abc'),
    ],
  ])('%s goes by reference', (url, part) => {
    expect(partOf(image(url))).toEqual(part);
  });

  test.each([
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
  ])('.%s is %s', (extension, mimeType) => {
    expect(partOf(image(`https://e.org/a.${extension}`))).toEqual(
      linked(`https://e.org/a.${extension}`, mimeType),
    );
  });

  test('the client can name the media type itself', () => {
    expect(partOf(image('https://e.org/x', { format: 'image/webp' }))).toEqual(
      linked('https://e.org/x', 'image/webp'),
    );
  });

  test.each(['ftp://e.org/a.png', 'a.png', '', 'javascript:alert(1)'])('%p is no URL of a medium', (url) => {
    expect(refusalOf(image(url))).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });

  test.each([
    ['an image without a URL', { type: 'image_url', image_url: {} }],
    ['an image without anything', { type: 'image_url' }],
    ['a video without a URL', { type: 'video_url', video_url: { url: 7 } }],
  ])('%s is refused', (_name, part) => {
    expect(refusalOf(part)).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });
});

describe('audio', () => {
  test.each([
    ['wav', audio('AAAA'), inline('audio/wav', 'AAAA')],
    ['mp3', audio('AAAA', 'mp3'), inline('audio/mp3', 'AAAA')],
    ['flac', audio('AAAA', 'FLAC'), inline('audio/flac', 'AAAA')],
    [
      'a data URL, which names its own type',
      audio('data:audio/ogg;base64,AAAA'),
      inline('audio/ogg', 'AAAA'),
    ],
  ])('%s', (_name, part, expected) => {
    expect(partOf(part)).toEqual(expected);
  });

  test.each([
    ['no format', audio('AAAA', null)],
    ['no data', { type: 'input_audio', input_audio: { format: 'wav' } }],
    ['empty data', audio('')],
  ])('audio with %s is refused', (_name, part) => {
    expect(refusalOf(part)).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });
});

describe('files', () => {
  test.each([
    ['a name', { filename: 'Notes.TXT', file_data: 'aGk=' }, inline('text/plain', 'aGk=')],
    ['a format', { filename: 'x', format: 'text/html', file_data: 'aGk=' }, inline('text/html', 'aGk=')],
    ['a table', { filename: 'a.b.csv', file_data: 'aGk=' }, inline('text/csv', 'aGk=')],
    ['a URL as its id', { file_id: 'https://e.org/a.pdf' }, linked('https://e.org/a.pdf', 'application/pdf')],
    [
      'data and an id',
      { file_id: 'files/x', filename: 'a.md', file_data: 'aGk=' },
      inline('text/markdown', 'aGk='),
    ],
  ])('a file with %s', (_name, fields, part) => {
    expect(partOf(file(fields))).toEqual(part);
  });

  test.each([
    ['an unknown extension', { filename: 'a.xyz', file_data: 'aGk=' }],
    ['no name', { file_data: 'aGk=' }],
    ['neither data nor id', { filename: 'a.pdf' }],
  ])('a file with %s is refused', (_name, fields) => {
    expect(refusalOf(file(fields))).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });

  test.each(['file-abc', 'file_abc', 'abc'])('the id %s is of no file at Google', (file_id) => {
    expect(refusalOf(file({ file_id }))).toEqual([400, 'unsupported_parameter', 'messages[0].content[0]']);
  });

  test('a part without a file is refused', () => {
    expect(refusalOf({ type: 'file' })).toEqual([400, 'invalid_value', 'messages[0].content[0]']);
  });
});

test('a refusal says which part of the request is at fault, and why', () => {
  const messageOf = (part: JsonObject): string => errorOf(() => convert(withPart(part))).message;
  expect([messageOf(image('ftp://e.org')), messageOf({ type: 'hologram' }), messageOf({})]).toEqual([
    "'messages[0].content[0]' needs a data: URL, an http(s) URL or the id of a file at Google (files/...).",
    "Google has no counterpart here for a content part 'hologram'.",
    'Google has no counterpart here for a content part without a type.',
  ]);
});

test('a part without a type is refused', () => {
  expect(refusalOf({ text: 'Q' })).toEqual([400, 'unsupported_parameter', 'messages[0].content[0]']);
});
