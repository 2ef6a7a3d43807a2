import type { ChatChoice, JsonObject } from '../../../lib/openai/types.ts';
import { answerTo, chat, CREATED, errorOf, metaFor } from './support.ts';

const text = (words: string, more: object = {}): object => ({ type: 'text', text: words, ...more });
const use = (id: string, more: object = {}): object => ({
  type: 'tool_use',
  id,
  name: 'f',
  input: { a: 1 },
  ...more,
});
const thought = (thinking: string): object => ({ type: 'thinking', thinking, signature: 'S' });

function choiceOf(content: object[], more: object = {}, request: JsonObject = {}): ChatChoice | undefined {
  return answerTo({ id: 'msg_1', model: 'm', content, stop_reason: 'end_turn', ...more }, request).choices[0];
}
const messageOf = (...content: object[]): unknown => choiceOf(content)?.message;

test('an answer of which everything is missing is still an answer', () => {
  expect(answerTo({ content: [] })).toEqual({
    id: `chatcmpl-${CREATED}`,
    object: 'chat.completion',
    created: CREATED,
    model: 'claude-opus-5-5',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: '', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
  });
});

test.each<[unknown]>([[undefined], [null], ['<html>'], [[]], [{}], [{ content: 'text' }]])(
  '%j is no answer',
  (body) => {
    const { status, code, provider } = errorOf(() => chat().toResponse(body, metaFor()));
    expect({ status, code, provider }).toEqual({
      status: 502,
      code: 'provider_error',
      provider: 'anthropic',
    });
  },
);

test('an error under status 200 is an error', () => {
  const body = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  const { status, code } = errorOf(() => chat().toResponse(body, metaFor()));
  expect([status, code]).toEqual([503, 'provider_overloaded']);
});

test('the model is the one that answered, also where it is another', () => {
  expect(answerTo({ model: 'claude-fallback', content: [] }).model).toBe('claude-fallback');
});

describe('the stop reason', () => {
  test.each<[string | null, string]>([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'stop'],
    ['refusal', 'content_filter'],
    ['compaction', 'stop'],
    ['something_new', 'stop'],
    [null, 'stop'],
  ])('%s is %s', (stop_reason, finish_reason) => {
    const { message: _message, ...rest } = choiceOf([use('a')], { stop_reason }) ?? {};
    expect(rest).toEqual({
      index: 0,
      logprobs: null,
      finish_reason,
      ...(stop_reason !== null && { native_finish_reason: stop_reason }),
    });
  });

  test('tool_use is stop where there is nothing for the client to do', () => {
    expect(choiceOf([text('a')], { stop_reason: 'tool_use' })?.finish_reason).toBe('stop');
  });
});

test('the choice says what a later request is to name: the container in which code ran, and what was asked for beside', () => {
  const container = { id: 'container_1', expires_at: '2026-12-01T00:00:00Z' };
  expect(choiceOf([text('a')], { container, context_management: null, diagnostics: null })).toMatchObject({
    extra_content: { anthropic: { container } },
  });
  const asked = { context_management: { applied_edits: [] }, diagnostics: { cache_miss_reason: null } };
  expect(choiceOf([text('a')], asked)).toMatchObject({ extra_content: { anthropic: asked } });
  expect(choiceOf([text('a')], { container: null })).not.toHaveProperty('extra_content');
});

test('calls of a model that another one took over from are not for the client', () => {
  const handover = { type: 'fallback', from: { model: 'a' }, to: { model: 'b' } };
  const kept = [text('a'), handover, text('b'), use('t2')];
  expect(
    choiceOf([text('a'), use('t1'), handover, text('b'), use('t2')], { stop_reason: 'tool_use' }),
  ).toEqual({
    index: 0,
    message: {
      role: 'assistant',
      content: 'ab',
      refusal: null,
      tool_calls: [{ id: 't2', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      content_blocks: kept,
    },
    logprobs: null,
    finish_reason: 'tool_calls',
    native_finish_reason: 'tool_use',
  });
  expect(choiceOf([use('t1'), handover, text('b')])?.message).not.toHaveProperty('tool_calls');
});

describe('the message', () => {
  test('is all text, and null only where there are calls in its place', () => {
    expect(messageOf(text('a'), text('b'), text(' c'))).toEqual({
      role: 'assistant',
      content: 'ab c',
      refusal: null,
    });
    expect(messageOf(use('a'))).toMatchObject({ content: null });
    expect(messageOf(text('a'), use('a'))).toMatchObject({ content: 'a' });
    expect(messageOf()).toMatchObject({ content: '' });
  });

  // The Agents SDK, over chat, takes any content that is not null for the answer.
  test('of a refusal has null for its text, unless there is some', () => {
    const end = { stop_reason: 'refusal', stop_details: { explanation: 'No.' } };
    expect(choiceOf([], end)?.message).toEqual({ role: 'assistant', content: null, refusal: 'No.' });
    expect(choiceOf([text('')], end)?.message).toEqual({ role: 'assistant', content: null, refusal: 'No.' });
    expect(choiceOf([text('a')], end)?.message).toEqual({ role: 'assistant', content: 'a', refusal: 'No.' });
  });

  test('has calls with their arguments as JSON, and the keys of Anthropic beside', () => {
    const extras = { caller: { type: 'code_execution_20260120', tool_id: 's' }, toolset_name: 'browser' };
    expect(messageOf(use('a', { ...extras, unknown: 1 }), use('b', { input: null }))).toMatchObject({
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":1}' }, ...extras },
        { id: 'b', type: 'function', function: { name: 'f', arguments: '{}' } },
      ],
    });
  });

  test('has calls without a caller where that is Claude itself', () => {
    expect(messageOf(use('a', { caller: { type: 'direct' }, toolset_name: 'browser' }))).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [
        {
          id: 'a',
          type: 'function',
          function: { name: 'f', arguments: '{"a":1}' },
          toolset_name: 'browser',
        },
      ],
    });
  });

  test('shows thinking that was cut off as text alone: without its signature it cannot come back', () => {
    const cut = { type: 'thinking', thinking: 'hm', signature: '' };
    expect(messageOf(cut)).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
      reasoning_content: 'hm',
    });
    const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };
    expect(messageOf(thought('a'), server, cut)).toEqual({
      role: 'assistant',
      content: '',
      refusal: null,
      reasoning_content: 'a\n\nhm',
      thinking_blocks: [thought('a')],
      content_blocks: [thought('a'), server],
    });
    expect(messageOf(text('a'), cut)).not.toHaveProperty('content_blocks');
  });

  test('shows thinking that can be read, and all of it as blocks', () => {
    const blocks = [thought('a'), thought(''), { type: 'redacted_thinking', data: 'D' }, thought('b')];
    expect(messageOf(...blocks, text('c'))).toEqual({
      role: 'assistant',
      content: 'c',
      refusal: null,
      reasoning_content: 'a\n\nb',
      thinking_blocks: blocks,
    });
    expect(messageOf(thought(''))).not.toHaveProperty('reasoning_content');
  });

  test('declines in the words of Anthropic, or in ours where there are none', () => {
    const refusal = (stop_details?: object): unknown =>
      choiceOf([text('a')], { stop_reason: 'refusal', stop_details })?.message;
    expect(refusal({ explanation: 'No.' })).toEqual({ role: 'assistant', content: 'a', refusal: 'No.' });
    expect(refusal({ explanation: null })).toMatchObject({ refusal: 'The model declined to answer.' });
    expect(refusal()).toMatchObject({ refusal: 'The model declined to answer.' });
  });

  test('has web citations as annotations of the text they belong to, others as they are', () => {
    const web = (url: string, title: string | null): object => ({
      type: 'web_search_result_location',
      url,
      title,
      cited_text: 'x',
    });
    const page = { type: 'page_location', start_page_number: 1 };
    expect(
      messageOf(
        text('ab'),
        text('cde', { citations: [web('u', 'T'), page] }),
        text('f', { citations: [web('v', null)] }),
      ),
    ).toEqual({
      role: 'assistant',
      content: 'abcdef',
      refusal: null,
      annotations: [
        { type: 'url_citation', url_citation: { url: 'u', title: 'T', start_index: 2, end_index: 5 } },
        { type: 'url_citation', url_citation: { url: 'v', title: '', start_index: 5, end_index: 6 } },
      ],
      citations: [page],
    });
  });
});

describe('an answer is also shown as it is', () => {
  const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };

  test.each<[string, object[]]>([
    ['with a server tool', [server, text('a')]],
    [
      'with the result of one',
      [{ type: 'code_execution_tool_result', tool_use_id: 's', content: {} }, text('a')],
    ],
    [
      'with a tool of an MCP server',
      [
        { type: 'mcp_tool_use', id: 'm', name: 'f', input: {} },
        { type: 'mcp_tool_result', tool_use_id: 'm', content: [] },
      ],
    ],
    ['with an uploaded file', [{ type: 'container_upload', file_id: 'file_1' }]],
    ['with a summary of what was before', [{ type: 'compaction', content: 'c' }]],
    ['by two models', [{ type: 'fallback', from: { model: 'a' }, to: { model: 'b' } }, text('a')]],
    ['with a block of tomorrow', [text('a'), { type: 'something_new', x: 1 }]],
    ['with thinking behind a call', [thought(''), use('a'), thought(''), use('b')]],
    ['with thinking behind text', [thought(''), text('a'), thought(''), text('b')]],
    ['with text behind a call', [use('a'), text('b')]],
    ['with a call by a program', [use('a', { caller: { type: 'code_execution_20260120', tool_id: 's' } })]],
  ])('%s', (_name, blocks) => {
    expect(messageOf(...blocks)).toMatchObject({ content_blocks: blocks });
  });

  test.each<[string, object[]]>([
    ['text', [text('a'), text('b')]],
    [
      'thinking, text, calls',
      [thought('a'), { type: 'redacted_thinking', data: 'D' }, text('b'), use('a'), use('b')],
    ],
    ['a call by Claude itself', [use('a', { caller: { type: 'direct' } })]],
    ['nothing', []],
  ])('but not %s', (_name, blocks) => {
    expect(messageOf(...blocks)).not.toHaveProperty('content_blocks');
  });

  test('without words that are no text of the answer', () => {
    const block = { type: 'something_new', text: 'not for the content' };
    expect(messageOf(block, text('a'))).toMatchObject({ content: 'a', content_blocks: [block, text('a')] });
  });

  test('without its server tools among the calls', () => {
    expect(messageOf(server, use('a'))).toMatchObject({ tool_calls: [{ id: 'a' }] });
    expect(messageOf(server)).not.toHaveProperty('tool_calls');
  });
});

test('to functions is in the legacy form, with one call', () => {
  const request = { functions: [{ name: 'f' }] };
  const choice = choiceOf([thought('hm'), use('a'), use('b')], { stop_reason: 'tool_use' }, request);
  expect(choice).toEqual({
    index: 0,
    logprobs: null,
    finish_reason: 'function_call',
    native_finish_reason: 'tool_use',
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      reasoning_content: 'hm',
      thinking_blocks: [thought('hm')],
      function_call: { name: 'f', arguments: '{"a":1}' },
    },
  });
  expect(
    choiceOf([use('a')], { stop_reason: 'tool_use' }, { ...request, tools: [{ type: 'function' }] })
      ?.finish_reason,
  ).toBe('tool_calls');
});

test.each([
  ['standard', 'default'],
  ['priority', 'priority'],
  ['batch', undefined],
  [null, undefined],
])('service tier %s is %s', (service_tier, ours) => {
  expect(answerTo({ content: [], usage: { service_tier } }).service_tier).toBe(ours);
});
