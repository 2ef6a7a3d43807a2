/**
 * An id of nineteen digits is no number of JavaScript's, and must be the same on both sides all the same. (Google's
 * numbers are doubles themselves.)
 */
import express from 'express';
import { createPrefixRouter, type PrefixRouter } from '../lib/index.ts';
import { askJson, startHost, type RunningHost } from './support/http.ts';
import { httpAnswer, startRawCloud, type RawCloud } from './support/raw-cloud.ts';

const INPUT = '{"id":1740000000000000123,"list":[-9007199254740993,1e400,0.5],"text":"9007199254740993"}';
const ARGUMENTS = JSON.stringify(INPUT);

const CLAUDE = (content: string): string =>
  `{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":${content},` +
  '"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}';
const TOOL_USE = `{"type":"tool_use","id":"toolu_1","name":"f","input":${INPUT}}`;
const SERVER_USE = `{"type":"server_tool_use","id":"srv_1","name":"g","input":${INPUT}}`;

let cloud: RawCloud;
let router: PrefixRouter;
let host: RunningHost;
let answer: string;

beforeAll(async () => {
  cloud = await startRawCloud(({ socket }) =>
    socket.write(httpAnswer(200, { 'content-type': 'application/json' }, answer)),
  );
  router = createPrefixRouter({
    env: { ANTHROPIC_API_KEY: 'sk-ant', ANTHROPIC_API_BASE_URL: cloud.url },
  });
  host = await startHost(express().use(router));
});

afterAll(async () => {
  await host.close();
  await router.close();
  await cloud.close();
});

const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
const model = 'anthropic:claude-opus-5-5';

test('the arguments of a call that is answered whole', async () => {
  answer = CLAUDE(`[${TOOL_USE}]`);
  const body = { model, messages: [{ role: 'user', content: 'hi' }], tools: TOOLS };
  const { text } = await askJson(`${host.url}/v1/chat/completions`, body);
  expect(text).toContain(`"function":{"name":"f","arguments":${ARGUMENTS}}`);
  JSON.parse(text);
});

test('the same in a response', async () => {
  answer = CLAUDE(`[${TOOL_USE}]`);
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' } }];
  const { text } = await askJson(`${host.url}/v1/responses`, { model, input: 'hi', tools });
  expect(text).toContain(`"arguments":${ARGUMENTS}`);
  JSON.parse(text);
});

test('blocks of Claude that a response carries for the next request', async () => {
  answer = CLAUDE(`[${TOOL_USE},${SERVER_USE}]`);
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' } }];
  const include = ['reasoning.encrypted_content'];
  const { text } = await askJson(`${host.url}/v1/responses`, {
    model,
    input: 'hi',
    tools,
    include,
  });
  const packed = /"encrypted_content":"([^"]+)"/.exec(text)?.[1] ?? '';
  expect(Buffer.from(packed, 'base64url').toString()).toBe(`{"content_blocks":[${TOOL_USE},${SERVER_USE}]}`);
});

test('the arguments of an earlier call', async () => {
  answer = CLAUDE(`[${TOOL_USE}]`);
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: INPUT } };
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
  ];
  await askJson(`${host.url}/v1/chat/completions`, { model, messages, tools: TOOLS });
  expect(cloud.calls.at(-1)?.body).toContain(`"input":${INPUT}`);
});

test('blocks that stand for a whole answer of Claude, there and back', async () => {
  answer = CLAUDE(`[${TOOL_USE},${SERVER_USE}]`);
  const body = { model, messages: [{ role: 'user', content: 'hi' }], tools: TOOLS };
  const { text } = await askJson(`${host.url}/v1/chat/completions`, body);
  expect(text).toContain(`"content_blocks":[${TOOL_USE},${SERVER_USE}]`);
  const call = { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: INPUT } };
  const asked = `{"model":"${model}","messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[${JSON.stringify(call)}],"content_blocks":[${TOOL_USE}]},{"role":"tool","tool_call_id":"toolu_1","content":"done"}]}`;
  await fetch(`${host.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: asked,
  });
  expect(cloud.calls.at(-1)?.body).toContain(TOOL_USE);
});

test('a number in place of a text is not shown as we keep it', async () => {
  answer = CLAUDE(`[${TOOL_USE}]`)
    .replace('"msg_1"', '1740000000000000123')
    .replace('"claude-opus-5-5"', '1740000000000000123');
  const body = { model, messages: [{ role: 'user', content: 'hi' }], tools: TOOLS };
  const { text } = await askJson(`${host.url}/v1/chat/completions`, body);
  expect(text).not.toContain('number-');
  expect(text).toContain(ARGUMENTS);
});

test('blocks whose calls have no arguments keep their own input', async () => {
  answer = CLAUDE(`[${TOOL_USE}]`);
  const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } };
  const call = { id: 'toolu_1', type: 'function', function: { name: 'f' } };
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', tool_calls: [call], content_blocks: [use] },
    { role: 'tool', tool_call_id: 'toolu_1', content: 'done' },
  ];
  await askJson(`${host.url}/v1/chat/completions`, { model, messages });
  expect(cloud.calls.at(-1)?.body).toContain(JSON.stringify(use));
});
