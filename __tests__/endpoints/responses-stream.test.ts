import { responsesCarrier } from '../../lib/endpoints/responses/index.ts';
import type { ChunkChoice, JsonObject } from '../../lib/openai/types.ts';
import { chunks, completion, HEAD, META, parseEvents, streamText } from './support.ts';

const eventsOf = (parts: readonly ChunkChoice[], request: JsonObject = {}): JsonObject[] =>
  parseEvents(streamText(responsesCarrier, request, parts));

/** The types of the events, with the place of the item they are about. */
const outline = (events: readonly JsonObject[]): string[] =>
  events.map(({ type, output_index: place }) =>
    [wordOf(type).replace('response.', ''), ...(typeof place === 'number' ? [place] : [])].join(' '),
  );

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const bare = (event: JsonObject): JsonObject => {
  const { response: _response, ...rest } = event;
  return rest;
};

const start = (index: number, id: string, args = ''): ChunkChoice['delta'] => ({
  tool_calls: [{ index, id, type: 'function', function: { name: 'f', arguments: args } }],
});
const more = (index: number, args: string): ChunkChoice['delta'] => ({
  tool_calls: [{ index, function: { arguments: args } }],
});

test('a text, event by event', () => {
  const text = streamText(responsesCarrier, {}, chunks([{ content: 'Hel' }, { content: 'lo' }]));
  const item = { id: 'msg_1_0', type: 'message', status: 'in_progress', role: 'assistant', content: [] };
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  const place = { item_id: 'msg_1_0', output_index: 0 };
  const inText = { ...place, content_index: 0 };
  const whole = { ...part, text: 'Hello' };
  const events = parseEvents(text);
  expect(events.map(bare)).toEqual([
    { type: 'response.created', sequence_number: 0 },
    { type: 'response.in_progress', sequence_number: 1 },
    { type: 'response.output_item.added', sequence_number: 2, output_index: 0, item },
    { type: 'response.content_part.added', sequence_number: 3, ...inText, part },
    { type: 'response.output_text.delta', sequence_number: 4, ...inText, delta: 'Hel', logprobs: [] },
    { type: 'response.output_text.delta', sequence_number: 5, ...inText, delta: 'lo', logprobs: [] },
    { type: 'response.output_text.done', sequence_number: 6, ...inText, text: 'Hello', logprobs: [] },
    { type: 'response.content_part.done', sequence_number: 7, ...inText, part: whole },
    {
      type: 'response.output_item.done',
      sequence_number: 8,
      output_index: 0,
      item: { ...item, status: 'completed', content: [whole] },
    },
    { type: 'response.completed', sequence_number: 9 },
  ]);
  // Each event has its type in the SSE field as well, and no [DONE] follows.
  const fields = text.split('\n\n').filter((frame) => frame !== '');
  expect(fields.map((frame) => frame.split('\n')[0])).toEqual(
    events.map(({ type }) => `event: ${wordOf(type)}`),
  );
});

test('the response at the beginning is empty, and at the end it is the answer in one piece', () => {
  const request = { model: 'm', instructions: 'Be brief.', metadata: { a: 'b' } };
  const answer = {
    reasoning_content: 'Hm',
    thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }],
    content: 'Hi',
    tool_calls: [{ id: 'a', type: 'function' as const, function: { name: 'f', arguments: '{}' } }],
    extra_content: { google: { parts: [{ executableCode: { code: '1' } }, { codeExecutionResult: {} }] } },
  };
  const deltas = [
    { reasoning_content: 'Hm' },
    { extra_content: { google: { parts: [{ index: 0, executableCode: { code: '1' } }] } } },
    { extra_content: { google: { parts: [{ index: 1, codeExecutionResult: {} }] } } },
    { thinking_blocks: answer.thinking_blocks.map((block, index) => ({ index, ...block })) },
    { content: 'Hi' },
    start(0, 'a'),
    more(0, '{}'),
  ];
  const events = eventsOf(chunks(deltas, 'tool_calls'), request);
  const whole = responsesCarrier.toAnswer(completion(answer, { finish_reason: 'tool_calls' }), request, META);
  const begun = { ...whole, status: 'in_progress', output: [], usage: null };
  expect(events[0]).toEqual({ type: 'response.created', sequence_number: 0, response: begun });
  expect(events[1]).toEqual({ type: 'response.in_progress', sequence_number: 1, response: begun });
  expect(events.at(-1)?.['response']).toEqual(whole);
});

test('reasoning has a summary, which ends when the answer begins', () => {
  const events = eventsOf(
    chunks([{ reasoning_content: 'H' }, { reasoning_content: 'm' }, { content: 'Hi' }]),
  );
  const place = { item_id: 'rs_1_0', output_index: 0, summary_index: 0 };
  const item = { id: 'rs_1_0', type: 'reasoning', summary: [] };
  const part = { type: 'summary_text', text: 'Hm' };
  expect(events.slice(2, 9).map(({ sequence_number: _number, ...event }) => event)).toEqual([
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } },
    { type: 'response.reasoning_summary_text.delta', ...place, delta: 'H' },
    { type: 'response.reasoning_summary_text.delta', ...place, delta: 'm' },
    { type: 'response.reasoning_summary_text.done', ...place, text: 'Hm' },
    { type: 'response.reasoning_summary_part.done', ...place, part },
    { type: 'response.output_item.done', output_index: 0, item: { ...item, summary: [part] } },
  ]);
});

test('calls one after the other: each ends when the next one begins', () => {
  const deltas = [start(0, 'a'), more(0, '{"x"'), more(0, ':1}'), start(1, 'b', '{}')];
  const events = eventsOf(chunks(deltas, 'tool_calls'));
  expect(outline(events).slice(2, -1)).toEqual([
    'output_item.added 0',
    'function_call_arguments.delta 0',
    'function_call_arguments.delta 0',
    'function_call_arguments.done 0',
    'output_item.done 0',
    'output_item.added 1',
    'function_call_arguments.delta 1',
    'function_call_arguments.done 1',
    'output_item.done 1',
  ]);
  expect(events[5]).toEqual({
    type: 'response.function_call_arguments.done',
    sequence_number: 5,
    item_id: 'fc_1_0',
    output_index: 0,
    name: 'f',
    arguments: '{"x":1}',
  });
});

test('calls side by side keep their deltas apart', () => {
  const deltas = [
    start(0, 'a'),
    start(1, 'b'),
    more(1, '{"y"'),
    more(0, '{"x"'),
    more(1, ':2}'),
    more(0, ':1}'),
  ];
  const events = eventsOf(chunks(deltas, 'tool_calls'));
  expect(outline(events).slice(2, -1)).toEqual([
    'output_item.added 0',
    'output_item.added 1',
    'function_call_arguments.delta 1',
    'function_call_arguments.delta 0',
    'function_call_arguments.delta 1',
    'function_call_arguments.delta 0',
    'function_call_arguments.done 0',
    'output_item.done 0',
    'function_call_arguments.done 1',
    'output_item.done 1',
  ]);
  expect(events.at(-1)).toMatchObject({
    type: 'response.completed',
    response: {
      output: [
        { call_id: 'a', arguments: '{"x":1}' },
        { call_id: 'b', arguments: '{"y":2}' },
      ],
    },
  });
});

test('a thought between texts is an item of its own, and the text goes on', () => {
  const deltas = [
    { content: 'One' },
    { reasoning_content: '\n\nHm' },
    { content: ' two' },
    {
      annotations: [
        {
          index: 0,
          type: 'url_citation',
          url_citation: { url: 'u', title: 't', start_index: 3, end_index: 7 },
        },
      ],
    },
  ];
  const events = eventsOf(chunks(deltas));
  expect(outline(events).slice(2, -1)).toEqual([
    'output_item.added 0',
    'content_part.added 0',
    'output_text.delta 0',
    'output_item.added 1',
    'reasoning_summary_part.added 1',
    'reasoning_summary_text.delta 1',
    'reasoning_summary_text.done 1',
    'reasoning_summary_part.done 1',
    'output_item.done 1',
    'output_text.delta 0',
    'output_text.annotation.added 0',
    'output_text.done 0',
    'content_part.done 0',
    'output_item.done 0',
  ]);
  const annotation = { type: 'url_citation', url: 'u', title: 't', start_index: 3, end_index: 7 };
  expect(events.at(-1)).toMatchObject({
    response: {
      output: [
        { type: 'message', content: [{ text: 'One two', annotations: [annotation] }] },
        { type: 'reasoning', summary: [{ text: 'Hm' }] },
      ],
    },
  });
});

test('text behind a call is a message of its own, and its citations count from its beginning', () => {
  const citation = {
    type: 'url_citation',
    url_citation: { url: 'u', title: 't', start_index: 4, end_index: 7 },
  };
  const deltas = [{ content: 'One' }, start(0, 'a', '{}'), { content: ' two' }, { annotations: [citation] }];
  expect(eventsOf(chunks(deltas)).at(-1)).toMatchObject({
    response: {
      output: [
        { type: 'message', content: [{ text: 'One' }] },
        { type: 'function_call', status: 'completed' },
        { type: 'message', content: [{ text: ' two', annotations: [{ start_index: 1, end_index: 4 }] }] },
      ],
    },
  });
});

test('citations that come behind a call belong to the message before it', () => {
  const deltas = [
    { content: 'One' },
    start(0, 'a', '{}'),
    { citations: [{ index: 0, type: 'page_location' }] },
  ];
  expect(eventsOf(chunks(deltas)).at(-1)).toMatchObject({
    response: {
      output: [
        { type: 'message', content: [{ text: 'One', citations: [{ type: 'page_location' }] }] },
        { type: 'function_call' },
      ],
    },
  });
});

test('what a cloud wants back comes with the reasoning item, or with one at the end', () => {
  const thought = { type: 'thinking', thinking: 'Hm', signature: 's' };
  const blocks = [thought, { type: 'server_tool_use' }];
  const deltas = [
    { reasoning_content: 'Hm' },
    { thinking_blocks: [{ index: 0, ...thought }] },
    { content: 'Hi' },
    { content_blocks: blocks.map((block, index) => ({ index, ...block })) },
  ];
  const last = eventsOf(chunks(deltas)).at(-1) as { response: { output: { encrypted_content?: string }[] } };
  const { output } = last.response;
  expect(output).toMatchObject([
    { type: 'reasoning' },
    { type: 'message' },
    { type: 'reasoning', summary: [] },
  ]);
  const carried = output.map(({ encrypted_content: packed }) =>
    packed === undefined ? undefined : (JSON.parse(Buffer.from(packed, 'base64url').toString()) as unknown),
  );
  expect(carried).toEqual([{ thinking_blocks: [thought] }, undefined, { content_blocks: blocks }]);
});

test('what is cut is incomplete, whatever comes behind it', () => {
  const deltas = [
    { content: 'Hi' },
    {
      tool_calls: [
        { index: 0, id: 'a', type: 'function' as const, function: { name: 'f', arguments: '{"a":' } },
      ],
    },
    { content_blocks: [{ index: 0, type: 'text', text: 'Hi' }] },
  ];
  const last = eventsOf(chunks(deltas, 'length')).at(-1);
  expect(last).toMatchObject({
    type: 'response.incomplete',
    response: {
      output: [
        { type: 'message', status: 'completed' },
        { type: 'function_call', status: 'incomplete' },
        { type: 'reasoning' },
      ],
    },
  });
});

test('a signed call comes behind a reasoning item that holds its signature too', () => {
  const extra_content = { google: { thought_signature: 's' } };
  const signed = {
    tool_calls: [
      {
        index: 0,
        id: 'a',
        type: 'function' as const,
        function: { name: 'f', arguments: '{}' },
        extra_content,
      },
    ],
  };
  const events = eventsOf(chunks([{ content: 'Wait' }, signed], 'tool_calls'));
  expect(outline(events).slice(5, -1)).toEqual([
    'output_text.done 0',
    'content_part.done 0',
    'output_item.done 0',
    'output_item.added 1',
    'output_item.done 1',
    'output_item.added 2',
    'function_call_arguments.delta 2',
    'function_call_arguments.done 2',
    'output_item.done 2',
  ]);
  expect(events.at(-1)).toMatchObject({
    response: {
      output: [
        { type: 'message' },
        {
          type: 'reasoning',
          encrypted_content: Buffer.from(JSON.stringify({ calls: [['a', extra_content]] })).toString(
            'base64url',
          ),
        },
        { type: 'function_call', extra_content },
      ],
    },
  });
});

test('a refusal behind text has its own part, and the response is incomplete', () => {
  const events = eventsOf(
    chunks([{ content: 'Well' }, { refusal: 'No' }, { refusal: '.' }], 'content_filter'),
  );
  expect(outline(events).slice(4)).toEqual([
    'output_text.delta 0',
    'output_text.done 0',
    'content_part.done 0',
    'content_part.added 0',
    'refusal.delta 0',
    'refusal.delta 0',
    'refusal.done 0',
    'content_part.done 0',
    'output_item.done 0',
    'incomplete',
  ]);
  expect(events.at(-1)).toMatchObject({
    response: {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [{ status: 'incomplete', content: [{ text: 'Well' }, { type: 'refusal', refusal: 'No.' }] }],
    },
  });
});

test('a call that is cut by the limit is incomplete, and what was whole before is not', () => {
  const events = eventsOf(chunks([start(0, 'a', '{}'), start(1, 'b', '{"x')], 'length'));
  expect(events.at(-1)).toMatchObject({
    type: 'response.incomplete',
    response: {
      incomplete_details: { reason: 'max_output_tokens' },
      output: [
        { call_id: 'a', status: 'completed' },
        { call_id: 'b', status: 'incomplete', arguments: '{"x' },
      ],
    },
  });
});

test('probabilities come with their text', () => {
  const content = [{ token: 'Hi', logprob: -1, bytes: [72, 105], top_logprobs: [] }];
  const parts = [{ index: 0, delta: { content: 'Hi' }, logprobs: { content, refusal: null } }, ...chunks([])];
  const events = eventsOf(parts);
  expect(events[4]).toMatchObject({ type: 'response.output_text.delta', delta: 'Hi', logprobs: content });
  expect(events.at(-1)).toMatchObject({ response: { output: [{ content: [{ logprobs: content }] }] } });
});

test('an image is an item that comes whole, and sound is put together on the message', () => {
  const images = [{ index: 0, type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }];
  const events = eventsOf(
    chunks([{ images }, { audio: { id: 'audio_1', data: 'AA' } }, { audio: { data: 'BB' } }]),
  );
  expect(outline(events).slice(2, 5)).toEqual([
    'output_item.added 0',
    'image_generation_call.completed 0',
    'output_item.done 0',
  ]);
  expect(events.at(-1)).toMatchObject({
    response: {
      output: [
        { type: 'image_generation_call', result: 'AA==' },
        { type: 'message', content: [], audio: { id: 'audio_1', data: 'AABB' } },
      ],
    },
  });
});

test('an answer with nothing in it has a message all the same, and further choices are not told', () => {
  const parts = [...chunks([]), { index: 1, delta: { content: 'Two' } }];
  const events = eventsOf(parts);
  expect(outline(events)).toEqual([
    'created',
    'in_progress',
    'output_item.added 0',
    'content_part.added 0',
    'output_text.done 0',
    'content_part.done 0',
    'output_item.done 0',
    'completed',
  ]);
});

test('the first part opens the stream, so that heartbeats can keep it alive', () => {
  const writer = responsesCarrier.createWriter(HEAD, {}, { ...META, stream: true });
  expect(outline(parseEvents(writer.write({ index: 0, delta: { role: 'assistant', content: '' } })))).toEqual(
    ['created', 'in_progress'],
  );
});

test('a broken stream ends with an error that SDKs raise, and with the failed response', () => {
  const writer = responsesCarrier.createWriter(HEAD, {}, { ...META, stream: true });
  writer.write({ index: 0, delta: { content: 'Hel' } });
  const error = {
    message: 'Cut.',
    type: 'server_error',
    param: null,
    code: 'stream_interrupted',
    provider: 'google',
  };
  const events = parseEvents(writer.fail({ error }));
  expect(events[0]).toEqual({
    type: 'error',
    sequence_number: 5,
    code: 'stream_interrupted',
    message: 'Cut.',
    param: null,
    error,
  });
  expect(events[1]).toMatchObject({
    type: 'response.failed',
    sequence_number: 6,
    response: {
      id: 'resp_1',
      status: 'failed',
      error: { code: 'stream_interrupted', message: 'Cut.' },
      output: [{ type: 'message', status: 'incomplete', content: [{ text: 'Hel' }] }],
    },
  });
  expect(events).toHaveLength(2);
});
