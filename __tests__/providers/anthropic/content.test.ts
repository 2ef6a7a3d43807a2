import type { JsonObject } from '../../../lib/openai/types.ts';
import { convert, ask, errorOf, turnsOf } from './support.ts';

const blockOf = (part: JsonObject): unknown => turnsOf([{ role: 'user', content: [part] }])[0]?.content[0];
const text = (words: string): JsonObject => ({ type: 'text', text: words });
const image = (url: string, more: object = {}): JsonObject => ({
  type: 'image_url',
  image_url: { url, ...more },
});
const file = (fields: JsonObject): JsonObject => ({ type: 'file', file: fields });
const base64 = (media_type: string, data: string): object => ({ type: 'base64', media_type, data });
const mark = { cache_control: { type: 'ephemeral' } };

test.each<[JsonObject, object]>([
  [
    { type: 'text', text: 'a', ...mark },
    { type: 'text', text: 'a', ...mark },
  ],
  [
    { type: 'text', text: 'a', extra: 1 },
    { type: 'text', text: 'a' },
  ],
  [
    image('https://e.org/a.png', { detail: 'low' }),
    { type: 'image', source: { type: 'url', url: 'https://e.org/a.png' } },
  ],
  [image('HTTP://e.org/a'), { type: 'image', source: { type: 'url', url: 'HTTP://e.org/a' } }],
  [
    { ...image('data:image/png;base64,iVBO'), ...mark },
    { type: 'image', source: base64('image/png', 'iVBO'), ...mark },
  ],
  [image('data:image/jpeg;base64,/9j/'), { type: 'image', source: base64('image/jpeg', '/9j/') }],
  [image('data:image/jpg;base64,/9j/'), { type: 'image', source: base64('image/jpeg', '/9j/') }],
  [image('data:image/gif;base64,R0'), { type: 'image', source: base64('image/gif', 'R0==') }],
  [image('data:image/webp;base64,R0'), { type: 'image', source: base64('image/webp', 'R0==') }],
  [image('data:image/png;base64,-_8 AA\r\nBB'), { type: 'image', source: base64('image/png', '+/8AABB=') }],
  [
    file({ filename: 'x.pdf', file_data: 'JVBE\nRi-_' }),
    { type: 'document', source: base64('application/pdf', 'JVBERi+/'), title: 'x.pdf' },
  ],
  [image('DATA:Image/PNG;name=a.png;BASE64,iVBO'), { type: 'image', source: base64('image/png', 'iVBO') }],
  [
    file({ file_data: 'data:application/pdf;base64,JVBE' }),
    { type: 'document', source: base64('application/pdf', 'JVBE') },
  ],
  [
    { ...file({ filename: 'x.pdf', file_data: 'data:application/pdf;base64,JVBE' }), ...mark },
    { type: 'document', source: base64('application/pdf', 'JVBE'), title: 'x.pdf', ...mark },
  ],
  [
    file({
      filename: 'x.csv',
      file_data: `data:text/csv;charset=utf-8;base64,${Buffer.from('ä,1').toString('base64')}`,
    }),
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä,1' }, title: 'x.csv' },
  ],
  [
    file({ file_data: 'data:text/plain,a%20b%C3%A4' }),
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a bä' } },
  ],
  [
    file({ filename: 'x.PDF', file_data: 'JVBE' }),
    { type: 'document', source: base64('application/pdf', 'JVBE'), title: 'x.PDF' },
  ],
  [
    file({ file_id: 'https://e.org/a.pdf' }),
    { type: 'document', source: { type: 'url', url: 'https://e.org/a.pdf' } },
  ],
  [file({ file_id: 'file_011' }), { type: 'document', source: { type: 'file', file_id: 'file_011' } }],
  [
    file({ file_id: 'file_011', is_image: true }),
    { type: 'image', source: { type: 'file', file_id: 'file_011' } },
  ],
])('%j', (part, block) => {
  expect(blockOf(part)).toEqual(block);
});

test.each<[JsonObject]>([
  [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }],
  [{ type: 'document', source: { type: 'url', url: 'https://e.org/a.pdf' }, citations: { enabled: true } }],
  [{ type: 'search_result', source: 's', title: 't', content: [] }],
  [{ type: 'tool_result', tool_use_id: 'x', content: 'r' }],
  [{ type: 'container_upload', file_id: 'file_1' }],
  [{ type: 'bash_code_execution_tool_result', tool_use_id: 'x', content: {} }],
])('%j is in the form of Anthropic and passes as it is', (block) => {
  expect(blockOf(block)).toEqual(block);
});

test.each<[string, JsonObject, string, string]>([
  ['audio', { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }, 'unsupported_parameter', ''],
  ['a part of tomorrow', { type: 'smell' }, 'unsupported_parameter', ''],
  ['an image of another type', image('data:image/tiff;base64,AA'), 'unsupported_parameter', '.image_url'],
  ['an image that is not base64', image('data:image/png,AA'), 'unsupported_parameter', '.image_url'],
  ['an image by another scheme', image('file:///etc/passwd'), 'unsupported_parameter', '.image_url'],
  ['no data URL', image('data:image/png'), 'unsupported_parameter', '.image_url'],
  ['what only looks like one', image('blob:image/png;base64,AA'), 'unsupported_parameter', '.image_url'],
  [
    'a file of another type',
    file({ file_data: 'data:application/zip;base64,AA' }),
    'unsupported_parameter',
    '.file.file_data',
  ],
  [
    'a PDF that is not base64',
    file({ file_data: 'data:application/pdf,AA' }),
    'unsupported_parameter',
    '.file.file_data',
  ],
  ['a file of no known type', file({ file_data: 'JVBE' }), 'unsupported_parameter', '.file.file_data'],
  [
    'a file of a type that only its name tells',
    file({ filename: 'x.zip', file_data: 'UEs' }),
    'unsupported_parameter',
    '.file.file_data',
  ],
  ['a file by another scheme', file({ file_id: 'gs://b/a.pdf' }), 'unsupported_parameter', '.file.file_id'],
  ['a file without data', file({ filename: 'x' }), 'unsupported_parameter', '.file'],
  ['a file at OpenAI', file({ file_id: 'file-abc' }), 'unsupported_parameter', '.file.file_id'],
  [
    'text that is no data URL',
    file({ file_data: 'data:text/plain,%E0%A4%A' }),
    'invalid_value',
    '.file.file_data',
  ],
])('%s is refused, naming the part', (_name, part, code, place) => {
  const error = errorOf(() => turnsOf([{ role: 'user', content: [{ type: 'text', text: 'a' }, part] }]));
  expect({ status: error.status, code: error.code, param: error.param }).toEqual({
    status: 400,
    code,
    param: `messages[0].content[1]${place}`,
  });
});

test('the id of a file is not repeated at any length', () => {
  const part = file({ file_id: 'x'.repeat(500) });
  const { message } = errorOf(() => turnsOf([{ role: 'user', content: [part] }]));
  expect(message).toBe(
    `'${'x'.repeat(60)}' is not a file of Anthropic's: their ids begin with 'file_', and a PDF may have an http(s) URL in place of one.`,
  );
});

test.each<[unknown, string]>([
  [5, 'messages[0].content'],
  [{ type: 'text', text: 'a' }, 'messages[0].content'],
  [['a'], 'messages[0].content[0]'],
])('content of another kind is the mistake of the client: %j', (content, param) => {
  const error = errorOf(() => turnsOf([{ role: 'user', content } as JsonObject]));
  expect([error.code, error.param]).toEqual(['invalid_value', param]);
});

test('blank text is left out, the rest of the message stays', () => {
  const content = [
    { type: 'text', text: '' },
    image('https://e.org/a.png'),
    { type: 'text', text: ' \n\t' },
    { type: 'text', text: ' a ' },
  ];
  expect(turnsOf([{ role: 'user', content }])[0]?.content.map(({ type }) => type)).toEqual(['image', 'text']);
});

test('what is white space to Python alone is blank, too', () => {
  const content = [text('\u001c\u001d\u001e\u001f\u0085'), text('\u0085a\u001c')];
  expect(turnsOf([{ role: 'user', content }])).toEqual([{ role: 'user', content: [content[1]] }]);
  expect(
    turnsOf([
      { role: 'user', content: 'Q' },
      { role: 'assistant', content },
    ])[1],
  ).toEqual({
    role: 'assistant',
    content: [text('\u0085a')],
  });
});

test("OpenAI's cache breakpoints are left out and reported, wherever they are", () => {
  const part = { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } };
  const messages = [
    { role: 'system', content: [part] },
    { role: 'user', content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: null }, part] },
  ];
  expect(convert(ask({ messages })).dropped).toEqual([
    'messages[0].content[0].prompt_cache_breakpoint',
    'messages[1].content[1].prompt_cache_breakpoint',
  ]);
});
