import { responsesCarrier } from '../../lib/endpoints/responses/index.ts';
import type { AssistantMessage, ChatChoice, JsonObject } from '../../lib/openai/types.ts';
import { completion, META, USAGE } from './support.ts';

const answerTo = (
  message: Partial<AssistantMessage>,
  choice: Partial<ChatChoice> = {},
  request: JsonObject = {},
): unknown => responsesCarrier.toAnswer(completion(message, choice), request, META);

const outputOf = (message: Partial<AssistantMessage>, choice: Partial<ChatChoice> = {}): unknown =>
  (answerTo(message, choice) as { output: unknown }).output;

const unpack = (packed: unknown): unknown =>
  JSON.parse(Buffer.from(String(packed), 'base64url').toString('utf8'));

const text = (words: string, more: object = {}): object => ({
  type: 'output_text',
  text: words,
  annotations: [],
  logprobs: [],
  ...more,
});
const message = (place: number, content: object[], more: object = {}): object => ({
  id: `msg_1_${place}`,
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content,
  ...more,
});
const call = { id: 'a', type: 'function' as const, function: { name: 'f', arguments: '{"x":1}' } };
const callItem = (place: number, more: object = {}): object => ({
  id: `fc_1_${place}`,
  type: 'function_call',
  status: 'completed',
  call_id: 'a',
  name: 'f',
  arguments: '{"x":1}',
  ...more,
});

test('a text is a completed response, with the settings of the request given back', () => {
  const request = {
    model: 'anthropic:claude-x',
    instructions: 'Be brief.',
    input: 'Hi',
    max_output_tokens: 5,
    metadata: { a: 'b' },
    parallel_tool_calls: false,
    prompt_cache_key: 'k',
    reasoning: { effort: 'low' },
    safety_identifier: 's',
    temperature: 0,
    text: { verbosity: 'low' },
    tool_choice: 'required',
    tools: [{ type: 'function', name: 'f' }],
    top_logprobs: 2,
    top_p: 1,
    truncation: 'auto',
    user: 'u',
  };
  expect(answerTo({ content: 'Hello' }, {}, request)).toEqual({
    id: 'resp_1',
    object: 'response',
    created_at: 1000,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: 'Be brief.',
    max_output_tokens: 5,
    max_tool_calls: null,
    metadata: { a: 'b' },
    model: 'claude-x',
    output: [message(0, [text('Hello')])],
    parallel_tool_calls: false,
    previous_response_id: null,
    prompt_cache_key: 'k',
    reasoning: { effort: 'low', summary: null },
    safety_identifier: 's',
    service_tier: 'default',
    store: false,
    temperature: 0,
    text: { format: { type: 'text' }, verbosity: 'low' },
    tool_choice: 'required',
    tools: [{ type: 'function', name: 'f' }],
    top_logprobs: 2,
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 17,
    },
    user: 'u',
  });
});

test('without settings the defaults are said, and what the cloud does not count is null', () => {
  const { usage: _usage, service_tier: _tier, ...bare } = completion({ content: 'Hello' });
  expect(responsesCarrier.toAnswer(bare, { model: 'm', input: 'Hi' }, META)).toMatchObject({
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    parallel_tool_calls: true,
    reasoning: { effort: null, summary: null },
    service_tier: null,
    store: false,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    usage: null,
  });
});

test('counts that are missing are zero', () => {
  const { prompt_tokens_details: _in, completion_tokens_details: _out, ...usage } = USAGE;
  expect(responsesCarrier.toAnswer({ ...completion({}), usage }, {}, META)).toMatchObject({
    usage: {
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  });
});

test('thinking, text and calls are items in this order; the thought can be sent back', () => {
  const thinking_blocks = [{ type: 'thinking', thinking: 'Hm', signature: 's' }];
  const output = outputOf(
    { reasoning_content: 'Hm', thinking_blocks, content: 'Wait', tool_calls: [call, { ...call, id: 'b' }] },
    { finish_reason: 'tool_calls' },
  );
  expect(output).toEqual([
    {
      id: 'rs_1_0',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Hm' }],
      encrypted_content: expect.any(String) as string,
    },
    message(1, [text('Wait')]),
    callItem(2),
    callItem(3, { call_id: 'b' }),
  ]);
  const [reasoning] = output as { encrypted_content: string }[];
  expect(unpack(reasoning?.encrypted_content)).toEqual({ thinking_blocks });
});

test('thinking without text has an item without a summary', () => {
  const thinking_blocks = [{ type: 'redacted_thinking', data: 'x' }];
  const content_blocks = [...thinking_blocks, { type: 'server_tool_use' }];
  const output = outputOf({ thinking_blocks, content_blocks, content: 'Hi' }) as {
    encrypted_content?: string;
  }[];
  expect(output).toMatchObject([{ type: 'reasoning', summary: [] }, { type: 'message' }]);
  expect(unpack(output[0]?.encrypted_content)).toEqual({ thinking_blocks, content_blocks });
});

test('reasoning that nobody wants back has no encrypted content', () => {
  expect(outputOf({ reasoning_content: 'Hm', content: 'Hi' })).toEqual([
    { id: 'rs_1_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }] },
    message(1, [text('Hi')]),
  ]);
});

test('vendor data of a call stands on its item, and in a reasoning item for clients that know no such field', () => {
  const extra_content = { google: { thought_signature: 's' } };
  const output = outputOf({ tool_calls: [{ ...call, extra_content }] }, { finish_reason: 'tool_calls' });
  expect(output).toEqual([
    { id: 'rs_1_0', type: 'reasoning', summary: [], encrypted_content: expect.any(String) as string },
    callItem(1, { extra_content }),
  ]);
  const [reasoning] = output as { encrypted_content: string }[];
  expect(unpack(reasoning?.encrypted_content)).toEqual({ calls: [['a', extra_content]] });
});

test('vendor data of a message goes into a reasoning item: OpenAI has no place for it', () => {
  const extra_content = { google: { parts: [{ executableCode: { code: '1' } }], thought_signature: 's' } };
  const output = outputOf({ content: 'Hi', extra_content }) as { encrypted_content?: string }[];
  expect(output).toEqual([
    { id: 'rs_1_0', type: 'reasoning', summary: [], encrypted_content: expect.any(String) as string },
    message(1, [text('Hi')]),
  ]);
  expect(unpack(output[0]?.encrypted_content)).toEqual({ extra_content });
});

test("a cloud's own kind of caller is left out: OpenAI's list of them is closed", () => {
  const extras = { caller: { type: 'code_execution_20260120', tool_id: 's' }, toolset_name: 'set' };
  expect(outputOf({ tool_calls: [{ ...call, ...extras }] })).toEqual([callItem(0, { toolset_name: 'set' })]);
});

test('the items of an answer, sent back, are the message they came from', () => {
  const answered = {
    reasoning_content: 'Hm',
    thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }],
    content: 'Wait',
    tool_calls: [{ ...call, extra_content: { google: { thought_signature: 't' } }, toolset_name: 'set' }],
    extra_content: { google: { parts: [{ executableCode: { code: '1' } }] } },
  };
  const output = outputOf(answered, { finish_reason: 'tool_calls' }) as JsonObject[];
  const stripped = output.map(({ extra_content: _extra, ...item }) => item);
  const { reasoning_content: _summary, ...back } = answered;
  for (const input of [output, stripped]) {
    expect(responsesCarrier.toChat({ model: 'm', input }).messages).toEqual([
      { role: 'assistant', ...back, content: [{ type: 'text', text: 'Wait' }] },
    ]);
  }
});

test.each([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
] as const)('an answer that ends with %s is incomplete, and so is its last item', (finish_reason, reason) => {
  expect(answerTo({ content: 'Hel', reasoning_content: 'Hm' }, { finish_reason })).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason },
    output: [{ type: 'reasoning' }, { type: 'message', status: 'incomplete' }],
  });
});

test('a refusal is a part of its own, behind the text', () => {
  const refused = { content: 'Well', refusal: 'No.' };
  expect(outputOf(refused, { finish_reason: 'content_filter' })).toEqual([
    message(0, [text('Well'), { type: 'refusal', refusal: 'No.' }], { status: 'incomplete' }),
  ]);
  expect(outputOf({ content: null, refusal: 'No.' })).toEqual([
    message(0, [{ type: 'refusal', refusal: 'No.' }]),
  ]);
});

test('an answer with nothing in it has a message all the same', () => {
  expect(outputOf({ content: '' })).toEqual([message(0, [text('')])]);
});

test('citations of the web are annotations, others stand beside them', () => {
  const url_citation = { url: 'https://x', title: 'X', start_index: 0, end_index: 2 };
  const citations = [{ type: 'char_location', cited_text: 'y' }];
  expect(
    outputOf({ content: 'Hi', annotations: [{ type: 'url_citation', url_citation }], citations }),
  ).toEqual([
    message(0, [text('Hi', { annotations: [{ type: 'url_citation', ...url_citation }], citations })]),
  ]);
});

test('token probabilities stand on the text', () => {
  const content = [{ token: 'Hi', logprob: -1, bytes: [72, 105], top_logprobs: [] }];
  expect(outputOf({ content: 'Hi' }, { logprobs: { content, refusal: null } })).toEqual([
    message(0, [text('Hi', { logprobs: content })]),
  ]);
});

test('an image is an item as of the image tool, and sound stands on the message', () => {
  const images = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }];
  expect(outputOf({ content: 'See', images })).toEqual([
    message(0, [text('See')]),
    { id: 'ig_1_1', type: 'image_generation_call', status: 'completed', result: 'AA==' },
  ]);
  const audio = { id: 'audio_1', data: 'AAAA', transcript: '' };
  expect(outputOf({ content: '', audio })).toEqual([message(0, [], { audio })]);
});

test("the cloud's own words stay on the response", () => {
  const extra_content = { google: { finish_message: 'x' } };
  expect(answerTo({ content: 'Hi' }, { native_finish_reason: 'OTHER', extra_content })).toMatchObject({
    status: 'completed',
    native_finish_reason: 'OTHER',
    extra_content,
  });
});
