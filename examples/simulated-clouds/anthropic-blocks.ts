/** The simulated Claude's check of each content block by itself: known keys, legal values, nothing blank. */
import {
  asList,
  asObject,
  asString,
  isBlank,
  isJson,
  onlyKeys,
  Refusal,
  type Json,
} from './anthropic-refusal.ts';

const BLOCK_KEYS: Readonly<Record<string, string>> = {
  text: 'type text cache_control citations',
  image: 'type source cache_control transformations',
  document: 'type source cache_control citations context title',
  search_result: 'type content source title cache_control citations',
  thinking: 'type thinking signature',
  redacted_thinking: 'type data',
  tool_use: 'type id name input cache_control caller toolset_name',
  tool_result: 'type tool_use_id content is_error cache_control toolset_name',
  server_tool_use: 'type id name input cache_control caller',
  web_search_tool_result: 'type tool_use_id content cache_control caller',
  web_fetch_tool_result: 'type tool_use_id content cache_control caller',
  code_execution_tool_result: 'type tool_use_id content cache_control',
  bash_code_execution_tool_result: 'type tool_use_id content cache_control',
  text_editor_code_execution_tool_result: 'type tool_use_id content cache_control',
  tool_search_tool_result: 'type tool_use_id content cache_control',
  container_upload: 'type file_id cache_control',
  tool_reference: 'type tool_name cache_control',
};

const SOURCE_KEYS: Readonly<Record<string, string>> = {
  base64: 'type media_type data',
  url: 'type url',
  file: 'type file_id',
  text: 'type media_type data',
  content: 'type content',
};

const USER_BLOCKS = 'text image document search_result tool_result container_upload';
const ASSISTANT_BLOCKS =
  'text document thinking redacted_thinking tool_use server_tool_use web_search_tool_result web_fetch_tool_result ' +
  'code_execution_tool_result bash_code_execution_tool_result text_editor_code_execution_tool_result ' +
  'tool_search_tool_result container_upload';
const RESULT_BLOCKS = 'text image document search_result tool_reference';

export const BLOCKS_OF_ROLE: Readonly<Record<string, string>> = {
  user: USER_BLOCKS,
  assistant: ASSISTANT_BLOCKS,
  system: 'text',
};

const TOOL_ID = '^[a-zA-Z0-9_-]+$';

/** @param allowed Types that may stand here, with spaces between. */
export function checkBlocks(content: unknown, path: string, allowed: string): Json[] {
  return asList(content, path).map((value, index) => checkBlock(value, `${path}.${index}`, allowed));
}

function checkBlock(value: unknown, path: string, allowed: string): Json {
  const block = asObject(value, path);
  const type = asString(block['type'], `${path}.type`);
  if (!allowed.split(' ').includes(type)) {
    const tags = allowed.split(' ').map((name) => `'${name}'`);
    throw new Refusal(
      `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags: ${tags.join(', ')}`,
    );
  }
  onlyKeys(block, `${path}.${type}`, BLOCK_KEYS[type] ?? 'type');
  checkCacheControl(block, `${path}.${type}`);
  CHECKS[type]?.(block, `${path}.${type}`);
  return block;
}

const CHECKS: Readonly<Record<string, (block: Json, path: string) => void>> = {
  text: (block, path) => checkText(asString(block['text'], `${path}.text`), block['cache_control']),
  image: (block, path) => checkImage(asObject(block['source'], `${path}.source`), `${path}.source`),
  document: (block, path) => checkDocument(asObject(block['source'], `${path}.source`), `${path}.source`),
  search_result: (block, path) => void checkBlocks(block['content'], `${path}.content`, 'text'),
  thinking(block, path) {
    asString(block['thinking'], `${path}.thinking`);
    if (asString(block['signature'], `${path}.signature`) === '') {
      throw new Refusal(`${path}: Invalid \`signature\` in \`thinking\` block`);
    }
  },
  redacted_thinking: (block, path) => void asString(block['data'], `${path}.data`),
  tool_use(block, path) {
    checkToolId(block['id'], `${path}.id`);
    asString(block['name'], `${path}.name`);
    if (!isJson(block['input'])) throw new Refusal(`${path}.input: Input should be a valid dictionary`);
  },
  tool_result(block, path) {
    checkToolId(block['tool_use_id'], `${path}.tool_use_id`);
    checkResultContent(block['content'], `${path}.content`);
    if (block['is_error'] === true) checkErrorContent(block['content'], path);
  },
};

/** Also for text that stands alone, as `content` or `system`. */
export function checkText(text: string, cacheControl?: unknown): void {
  if (text === '' && cacheControl !== undefined) {
    throw new Refusal('messages: cache_control cannot be set for empty text blocks');
  }
  if (text === '') throw new Refusal('messages: text content blocks must be non-empty');
  if (isBlank(text)) throw new Refusal('messages: text content blocks must contain non-whitespace text');
}

function checkToolId(id: unknown, path: string): void {
  if (!new RegExp(TOOL_ID).test(asString(id, path))) {
    throw new Refusal(`${path}: String should match pattern '${TOOL_ID}'`);
  }
}

function checkResultContent(content: unknown, path: string): void {
  if (content === undefined || content === '') return;
  if (typeof content === 'string') checkText(content);
  else checkBlocks(content, path, RESULT_BLOCKS);
}

/** What `errorTextContent` in `@anthropic-ai/sdk` says of a call that failed: text, and some. */
function checkErrorContent(content: unknown, path: string): void {
  if (content === undefined || content === '' || (Array.isArray(content) && content.length === 0)) {
    throw new Refusal(`${path}: content cannot be empty if \`is_error\` is true`);
  }
  if (Array.isArray(content) && content.some((block) => !isJson(block) || block['type'] !== 'text')) {
    throw new Refusal(`${path}: all content must be type \`text\` if \`is_error\` is true`);
  }
}

function checkSource(source: Json, path: string, allowed: readonly string[]): string {
  const type = asString(source['type'], `${path}.type`);
  if (!allowed.includes(type)) {
    throw new Refusal(
      `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags`,
    );
  }
  onlyKeys(source, `${path}.${type}`, SOURCE_KEYS[type] ?? 'type');
  if (type === 'url' && !/^https?:\/\//i.test(asString(source['url'], `${path}.url.url`))) {
    throw new Refusal(`${path}.url.url: Input should be an http(s) URL`);
  }
  return type;
}

function checkImage(source: Json, path: string): void {
  if (checkSource(source, path, ['base64', 'url', 'file']) !== 'base64') return;
  const types = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];
  if (!types.includes(asString(source['media_type'], `${path}.base64.media_type`))) {
    throw new Refusal(
      `${path}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    );
  }
  checkBase64(source['data'], `${path}.base64.data`);
}

function checkBase64(value: unknown, path: string): void {
  const data = asString(value, path);
  if (data.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) {
    throw new Refusal(`${path}: Invalid base64 data`);
  }
}

function checkDocument(source: Json, path: string): void {
  const type = checkSource(source, path, ['base64', 'text', 'content', 'url', 'file']);
  const expected = { base64: 'application/pdf', text: 'text/plain' }[type];
  if (expected !== undefined && source['media_type'] !== expected) {
    throw new Refusal(`${path}.${type}.media_type: Input should be '${expected}'`);
  }
  if (type === 'base64') checkBase64(source['data'], `${path}.base64.data`);
  if (type === 'file' && !asString(source['file_id'], `${path}.file.file_id`).startsWith('file_')) {
    throw new Refusal(`${path}.file.file_id: Invalid file id`);
  }
}

export function checkCacheControl(holder: Json, path: string): void {
  const value = holder['cache_control'];
  if (value === undefined || value === null) return;
  const control = asObject(value, `${path}.cache_control`);
  onlyKeys(control, `${path}.cache_control.ephemeral`, 'type ttl');
  if (control['type'] !== 'ephemeral') {
    throw new Refusal(
      `${path}.cache_control: Input tag found using 'type' does not match any of the expected tags: 'ephemeral'`,
    );
  }
  if (!['5m', '1h', undefined].includes(control['ttl'] as string | undefined)) {
    throw new Refusal(`${path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'`);
  }
}
