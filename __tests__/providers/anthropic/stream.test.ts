import type { ChunkChoice, JsonObject } from '../../../lib/openai/types.ts';
import { PING, type StreamPart } from '../../../lib/providers/provider.ts';
import { chat, CREATED, errorOf, metaFor, streamOf } from './support.ts';

const message = (more: object = {}): object => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'm', content: [], ...more },
});
const start = (index: number, content_block: object): object => ({
  type: 'content_block_start',
  index,
  content_block,
});
const add = (index: number, type: string, more: object): object => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...more },
});
const stop = (index: number): object => ({ type: 'content_block_stop', index });
const end = (stop_reason: string | null = 'end_turn', more: object = {}): object => ({
  type: 'message_delta',
  delta: { stop_reason, ...more },
});
const last = { type: 'message_stop' };
const TEXT = { type: 'text', text: '' };
const say = (index: number, text: string): object => add(index, 'text_delta', { text });
const json = (index: number, partial_json: string): object =>
  add(index, 'input_json_delta', { partial_json });
const ROLE = { role: 'assistant', content: '' };

function isChoice(part: StreamPart): part is ChunkChoice {
  return typeof part !== 'symbol';
}

const deltasOf = (events: object[], request: JsonObject = {}): unknown[] =>
  streamOf(events, request)
    .parts.filter(isChoice)
    .map(({ delta }) => delta);
/** The deltas between the first and the last. */
const between = (...events: object[]): unknown[] =>
  deltasOf([message(), ...events, end(), last]).slice(1, -1);

test('a stream is its role, its text, its end', () => {
  const { parts, stream } = streamOf([message(), start(0, TEXT), say(0, 'Hi'), stop(0), end(), last]);
  expect(parts).toEqual([
    { index: 0, delta: ROLE },
    { index: 0, delta: { content: 'Hi' } },
    { index: 0, delta: {}, finish_reason: 'stop', native_finish_reason: 'end_turn' },
  ]);
  expect([stream.id, stream.model, stream.serviceTier]).toEqual(['chatcmpl-msg_1', 'm', undefined]);
});

test('a stream that does not name itself has a name all the same', () => {
  const { stream } = streamOf([{ type: 'message_start' }, end(), last]);
  expect([stream.id, stream.model, stream.usage]).toEqual([
    `chatcmpl-${CREATED}`,
    'claude-opus-5-5',
    undefined,
  ]);
});

describe('events', () => {
  test('a ping is passed on, wherever it comes', () => {
    expect(
      streamOf([{ type: 'ping' }, message(), { type: 'ping' }, end(), last]).parts.filter(
        (part) => part === PING,
      ),
    ).toHaveLength(2);
  });

  test('of unknown types are skipped, and so are deltas of unknown types', () => {
    expect(
      between(
        { type: 'something_new' },
        start(0, TEXT),
        add(0, 'something_delta', { text: 'x' }),
        say(0, 'a'),
        stop(0),
      ),
    ).toEqual([{ content: 'a' }]);
  });

  test('behind the end are skipped', () => {
    const stream = chat().createStream(metaFor());
    for (const event of [message(), end(), last]) stream.push(event);
    expect([stream.push(message()), stream.push(last), stream.end('')]).toEqual([[], [], []]);
  });

  test('that begin the same message again are skipped', () => {
    expect(deltasOf([message(), message({ usage: { input_tokens: 5 } }), end(), last])).toEqual([ROLE, {}]);
  });

  test.each<[string, unknown[]]>([
    ['of another message', [message(), message({ id: 'msg_2' })]],
    ['before the message', [start(0, TEXT)]],
    ['that end what never began', [last]],
    ['that end what never began, with a reason', [end(), last]],
    ['for a block that never began', [message(), say(0, 'lost')]],
    ['for a block that has ended', [message(), start(0, TEXT), stop(0), say(0, 'lost')]],
    ['without a block', [message(), { type: 'content_block_start', index: 0 }]],
    ['without a delta', [message(), start(0, TEXT), { type: 'content_block_delta', index: 0 }]],
    ['that are no objects', ['text']],
    ['that are lists', [[]]],
  ])('%s break the stream', (_name, events) => {
    const { status, code } = errorOf(() => streamOf(events));
    expect([status, code]).toEqual([502, 'provider_error']);
  });
});

describe('text', () => {
  test('may begin with its block', () => {
    expect(between(start(0, { type: 'text', text: 'a' }), say(0, ''), say(0, 'b'), stop(0))).toEqual([
      { content: 'a' },
      { content: 'b' },
    ]);
  });

  test('of several blocks is one, and its citations stand behind their block', () => {
    const web = { type: 'web_search_result_location', url: 'u', title: 'T' };
    const page = { type: 'page_location', start_page_number: 1 };
    const cite = (index: number, citation: object): object => add(index, 'citations_delta', { citation });
    expect(
      between(
        start(0, TEXT),
        say(0, 'ab'),
        stop(0),
        start(1, { ...TEXT, citations: [] }),
        cite(1, web),
        say(1, 'cde'),
        cite(1, page),
        stop(1),
        start(2, TEXT),
        say(2, 'f'),
        cite(2, web),
        cite(2, page),
        cite(2, page),
        stop(2),
      ),
    ).toEqual([
      { content: 'ab' },
      { content: 'cde' },
      {
        annotations: [
          {
            index: 0,
            type: 'url_citation',
            url_citation: { url: 'u', title: 'T', start_index: 2, end_index: 5 },
          },
        ],
        citations: [{ index: 0, ...page }],
      },
      { content: 'f' },
      {
        annotations: [
          {
            index: 1,
            type: 'url_citation',
            url_citation: { url: 'u', title: 'T', start_index: 5, end_index: 6 },
          },
        ],
        citations: [
          { index: 1, ...page },
          { index: 2, ...page },
        ],
      },
    ]);
  });

  test('cited in one way brings no empty list of the other', () => {
    const of = (citation: object): unknown =>
      between(start(0, TEXT), say(0, 'a'), add(0, 'citations_delta', { citation }), stop(0))[1];
    expect(of({ type: 'page_location' })).toEqual({ citations: [{ index: 0, type: 'page_location' }] });
    expect(of({ type: 'web_search_result_location', url: 'u', title: 'T' })).toEqual({
      annotations: [
        {
          index: 0,
          type: 'url_citation',
          url_citation: { url: 'u', title: 'T', start_index: 0, end_index: 1 },
        },
      ],
    });
  });

  test('at the same index again is a new block: some proxies count no further', () => {
    expect(
      between(
        start(0, TEXT),
        say(0, 'a'),
        start(0, { type: 'tool_use', id: 't', name: 'f', input: {} }),
        stop(0),
      ),
    ).toEqual([
      { content: 'a' },
      { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
    ]);
  });
});

describe('thinking', () => {
  const THINKING = { type: 'thinking', thinking: '', signature: '' };
  const think = (index: number, thinking: string): object => add(index, 'thinking_delta', { thinking });
  const sign = (index: number, signature: string): object => add(index, 'signature_delta', { signature });
  const block = (index: number, thinking: string, signature: string): object => ({
    index,
    type: 'thinking',
    thinking,
    signature,
  });

  test('that was cut off is shown as text alone: without its signature it cannot come back', () => {
    const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };
    const cut = [start(1, THINKING), think(1, 'hm'), stop(1)];
    expect(between(...cut)).toEqual([{ reasoning_content: 'hm' }]);
    expect(between(start(0, server), stop(0), ...cut)).toEqual([
      { reasoning_content: 'hm' },
      { content_blocks: [{ index: 0, ...server }] },
    ]);
    expect(between(start(0, TEXT), say(0, 'a'), stop(0), ...cut)).toEqual([
      { content: 'a' },
      { reasoning_content: 'hm' },
    ]);
  });

  test('streams its text and ends with its block', () => {
    expect(
      between(start(0, THINKING), think(0, ''), think(0, 'a'), think(0, 'b'), sign(0, 'S'), stop(0)),
    ).toEqual([
      { reasoning_content: 'a' },
      { reasoning_content: 'b' },
      { thinking_blocks: [block(0, 'ab', 'S')] },
    ]);
  });

  test('of a later block is set off by an empty line, once something was shown', () => {
    const events = [
      start(0, THINKING),
      sign(0, 'S'),
      stop(0),
      start(1, { ...THINKING, thinking: 'a' }),
      think(1, 'b'),
      sign(1, 'T'),
      stop(1),
      start(2, THINKING),
      think(2, 'c'),
      think(2, 'd'),
      sign(2, 'U'),
      stop(2),
    ];
    expect(between(...events).slice(0, -1)).toEqual([
      { thinking_blocks: [block(0, '', 'S')] },
      { reasoning_content: 'a' },
      { reasoning_content: 'b' },
      { thinking_blocks: [block(1, 'ab', 'T')] },
      { reasoning_content: '\n\nc' },
      { reasoning_content: 'd' },
      { thinking_blocks: [block(2, 'cd', 'U')] },
    ]);
  });

  test('of several blocks is shown whole at the end: a helper that keeps the last delta has it all', () => {
    const redacted = { type: 'redacted_thinking', data: 'D' };
    expect(
      between(
        start(0, THINKING),
        sign(0, 'S'),
        stop(0),
        start(1, redacted),
        stop(1),
        start(2, TEXT),
        say(2, 'a'),
        stop(2),
      ),
    ).toEqual([
      { thinking_blocks: [block(0, '', 'S')] },
      { thinking_blocks: [{ index: 1, ...redacted }] },
      { content: 'a' },
      {
        content_blocks: [block(0, '', 'S'), { index: 1, ...redacted }, { index: 2, type: 'text', text: 'a' }],
      },
    ]);
  });

  test('behind a call is shown whole at the end, with the arguments that were streamed', () => {
    const call = { type: 'tool_use', id: 't', name: 'f', input: {} };
    expect(
      between(
        start(0, call),
        json(0, '{"a":'),
        json(0, '1}'),
        stop(0),
        start(1, THINKING),
        sign(1, 'S'),
        stop(1),
      ).at(-1),
    ).toEqual({
      content_blocks: [{ index: 0, ...call, input: { a: 1 } }, block(1, '', 'S')],
    });
  });
});

describe('calls', () => {
  const call = (id: string, more: object = {}): object => ({
    type: 'tool_use',
    id,
    name: 'f',
    input: {},
    ...more,
  });
  const opened = (index: number, id: string): object => ({
    tool_calls: [{ index, id, type: 'function', function: { name: 'f', arguments: '' } }],
  });
  const args = (index: number, text: string): object => ({
    tool_calls: [{ index, function: { arguments: text } }],
  });

  test('are numbered by themselves, whatever stands between', () => {
    expect(
      between(
        start(0, TEXT),
        stop(0),
        start(1, call('a')),
        json(1, '{}'),
        stop(1),
        start(2, TEXT),
        stop(2),
        start(5, call('b')),
        json(5, '{"x":1}'),
        stop(5),
      ).slice(0, 4),
    ).toEqual([opened(0, 'a'), args(0, '{}'), opened(1, 'b'), args(1, '{"x":1}')]);
  });

  test.each<[string, object[], object]>([
    ['no fragment', [], {}],
    ['an empty fragment', [json(0, '')], {}],
    ['no fragment but a whole input', [], { a: 1 }],
  ])('with %s have arguments that are JSON', (_name, fragments, input) => {
    expect(between(start(0, call('a', { input })), ...fragments, stop(0))).toEqual([
      opened(0, 'a'),
      args(0, JSON.stringify(input)),
    ]);
  });

  test('keep the keys of Anthropic, but no caller that is Claude itself', () => {
    const caller = { type: 'code_execution_20260120', tool_id: 's' };
    const opening = (more: object): unknown => between(start(0, call('a', more)), stop(0))[0];
    expect(opening({ caller, toolset_name: 't' })).toMatchObject({
      tool_calls: [{ id: 'a', caller, toolset_name: 't' }],
    });
    expect(opening({ caller: { type: 'direct' } })).toEqual(opened(0, 'a'));
  });

  test('that are cut off are passed on as they are', () => {
    const { parts } = streamOf([
      message(),
      start(0, call('a')),
      json(0, '{"a":"b'),
      stop(0),
      end('max_tokens'),
      last,
    ]);
    expect(parts.filter(isChoice).slice(2)).toEqual([
      { index: 0, delta: args(0, '{"a":"b') },
      { index: 0, delta: {}, finish_reason: 'length', native_finish_reason: 'max_tokens' },
    ]);
  });

  test('whose block never ended are ended with the stream', () => {
    expect(deltasOf([message(), start(0, call('a')), end('tool_use'), last]).slice(2)).toEqual([
      args(0, '{}'),
      {},
    ]);
  });

  test('to functions are in the legacy form, and only the first', () => {
    const events = [
      message(),
      start(0, call('a')),
      json(0, '{"x":'),
      json(0, '1}'),
      stop(0),
      start(1, call('b')),
      json(1, '{}'),
      stop(1),
      end('tool_use'),
      last,
    ];
    const { parts } = streamOf(events, { functions: [{ name: 'f' }] });
    expect(parts).toEqual([
      { index: 0, delta: ROLE },
      { index: 0, delta: { function_call: { name: 'f', arguments: '' } } },
      { index: 0, delta: { function_call: { arguments: '{"x":' } } },
      { index: 0, delta: { function_call: { arguments: '1}' } } },
      { index: 0, delta: {}, finish_reason: 'function_call', native_finish_reason: 'tool_use' },
    ]);
  });
});

describe('blocks that are no calls of the client', () => {
  test.each<[string, object[], object]>([
    [
      'a server tool',
      [
        start(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
        json(0, '{"q"'),
        json(0, ':1}'),
        stop(0),
      ],
      { type: 'server_tool_use', id: 's', name: 'web_search', input: { q: 1 } },
    ],
    [
      'a server tool cut off',
      [
        start(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
        json(0, '{"q"'),
        stop(0),
      ],
      { type: 'server_tool_use', id: 's', name: 'web_search', input: { raw_arguments: '{"q"' } },
    ],
    [
      'its result',
      [start(0, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }), stop(0)],
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
    ],
    [
      'a summary of what was before',
      [
        start(0, { type: 'compaction', content: null }),
        add(0, 'compaction_delta', { content: 'c', encrypted_content: 'e' }),
        stop(0),
      ],
      { type: 'compaction', content: 'c', encrypted_content: 'e' },
    ],
    [
      'a block of tomorrow',
      [start(0, { type: 'something_new', x: 1 }), say(0, 'not for the content'), stop(0)],
      { type: 'something_new', x: 1 },
    ],
  ])('%s is shown whole at the end, and never before', (_name, events, block) => {
    expect(between(...events)).toEqual([{ content_blocks: [{ index: 0, ...block }] }]);
  });
});

test('behind a fallback it is the other model that answers, and is paid', () => {
  const handover = (index: number, to: unknown): object =>
    start(index, { type: 'fallback', from: { model: 'm' }, to });
  const modelBehind = (...events: object[]): string =>
    streamOf([message(), ...events, end(), last]).stream.model;
  expect(modelBehind(handover(0, { model: 'claude-haiku-5-5' }))).toBe('claude-haiku-5-5');
  expect(modelBehind(handover(0, { model: 'one' }), stop(0), handover(1, { model: 'other' }))).toBe('other');
  expect(modelBehind(handover(0, { model: 'one' }), stop(0), handover(1, null))).toBe('one');
  expect(modelBehind(handover(0, {}))).toBe('m');
});

describe('the end', () => {
  const finishOf = (...events: object[]): unknown =>
    streamOf([message(), ...events])
      .parts.filter(isChoice)
      .at(-1);

  test.each<[string | null, string]>([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'stop'],
    ['pause_turn', 'stop'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
    [null, 'stop'],
  ])('%s is %s', (reason, finish_reason) => {
    expect(finishOf(end(reason), last)).toEqual({
      index: 0,
      delta: {},
      finish_reason,
      ...(reason !== null && { native_finish_reason: reason }),
    });
  });

  test('keeps the reason when a later event has none', () => {
    expect(finishOf(end('max_tokens'), end(null), last)).toMatchObject({ finish_reason: 'length' });
  });

  test('says what a later request is to name: the container in which code ran, and what was asked for beside', () => {
    const container = { id: 'container_1', expires_at: '2026-12-01T00:00:00Z' };
    const context_management = { applied_edits: [] };
    const diagnostics = { cache_miss_reason: null };
    const extra = (...events: object[]): unknown => (finishOf(...events, last) as ChunkChoice).extra_content;
    expect(extra({ ...end('end_turn', { container }), context_management })).toEqual({
      anthropic: { container, context_management },
    });
    expect(extra(end('end_turn', { container: null }))).toBeUndefined();
    const first = message({ container, diagnostics, context_management: null });
    const renewed = { ...container, expires_at: '2026-12-02T00:00:00Z' };
    const { parts } = streamOf([first, end('end_turn', { container: renewed }), last]);
    expect(parts.filter(isChoice).at(-1)?.extra_content).toEqual({
      anthropic: { container: renewed, diagnostics },
    });
  });

  test('of a refusal shows the words of Anthropic before it', () => {
    expect(deltasOf([message(), end('refusal', { stop_details: { explanation: 'No.' } }), last])).toEqual([
      ROLE,
      { refusal: 'No.' },
      {},
    ]);
    expect(deltasOf([message(), end('refusal'), last])).toEqual([
      ROLE,
      { refusal: 'The model declined to answer.' },
      {},
    ]);
  });

  test.each<[string, object[]]>([
    ['before anything', []],
    ['behind the first event', [message()]],
    ['in the middle of a block', [message(), start(0, TEXT), say(0, 'a')]],
    ['between blocks', [message(), start(0, TEXT), say(0, 'a'), stop(0)]],
    ['behind the reason', [message(), start(0, TEXT), say(0, 'a'), stop(0), end('end_turn')]],
  ])('that comes %s is an error: a cut answer must not look like a short one', (_name, events) => {
    const { code, message: words } = errorOf(() => streamOf(events));
    expect([code, words]).toEqual([
      'stream_interrupted',
      'The answer of Anthropic broke off before its end.',
    ]);
  });

  test('that says why in JSON instead of an event is that error', () => {
    const of = (rest: string): unknown => errorOf(() => chat().createStream(metaFor()).end(rest)).code;
    expect(of('{"type":"error","error":{"type":"overloaded_error","message":"M"}}')).toBe(
      'provider_overloaded',
    );
    expect(of('{"type":"message"}')).toBe('stream_interrupted');
    expect(of('<html>')).toBe('stream_interrupted');
    expect(of('null')).toBe('stream_interrupted');
  });

  test('that is a whole message in JSON instead of events is that message', () => {
    const stream = chat().createStream(metaFor());
    const body = {
      id: 'msg_1',
      content: [{ type: 'text', text: 'a' }],
      stop_reason: 'max_tokens',
      usage: { input_tokens: 1, output_tokens: 2 },
    };
    expect(stream.end(JSON.stringify(body))).toEqual([
      { index: 0, delta: ROLE },
      { index: 0, delta: { content: 'a' } },
      { index: 0, delta: {}, finish_reason: 'length', native_finish_reason: 'max_tokens' },
    ]);
    expect([stream.id, stream.usage?.total_tokens]).toEqual(['chatcmpl-msg_1', 3]);
  });

  test('says that a second try could be paid twice', () => {
    expect(errorOf(() => streamOf([message()])).headers).toEqual({ 'x-should-retry': 'false' });
    expect(errorOf(() => streamOf([message(), 'nonsense'])).headers).toEqual({ 'x-should-retry': 'false' });
  });
});

describe('an error event', () => {
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

  test('ends the stream, first or in the middle', () => {
    for (const events of [[overloaded], [message(), start(0, TEXT), say(0, 'a'), overloaded]]) {
      const { status, code, message: words } = errorOf(() => streamOf(events));
      expect([status, code, words]).toEqual([503, 'provider_overloaded', 'Overloaded']);
    }
  });
});

describe('a whole answer in the first event', () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 'S' },
    { type: 'text', text: 'a' },
    { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
  ];
  const whole = message({
    content,
    stop_reason: 'tool_use',
    usage: { input_tokens: 3, output_tokens: 4, service_tier: 'standard' },
  });
  const deltas = [
    ROLE,
    { reasoning_content: 'hm' },
    { thinking_blocks: [{ index: 0, ...content[0] }] },
    { content: 'a' },
    { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
    {},
  ];

  test('is read, stop reason and usage included', () => {
    for (const events of [[whole], [whole, last], [whole, end(null), last]]) {
      const { parts, stream } = streamOf(events);
      expect(parts.filter(isChoice).map(({ delta }) => delta)).toEqual(deltas);
      expect(parts.at(-1)).toMatchObject({ finish_reason: 'tool_calls', native_finish_reason: 'tool_use' });
      expect([stream.usage?.total_tokens, stream.serviceTier]).toEqual([7, 'default']);
    }
  });

  test('may be followed by more of it', () => {
    expect(deltasOf([whole, start(3, TEXT), say(3, 'b'), stop(3), end('end_turn'), last]).slice(6)).toEqual([
      { content: 'b' },
      {
        content_blocks: [...content, { type: 'text', text: 'b' }].map((block, index) => ({
          index,
          ...block,
        })),
      },
      {},
    ]);
  });
});

describe('usage', () => {
  test('is the last word on each count, and null is no word', () => {
    const { stream } = streamOf([
      message({
        usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1, service_tier: 'priority' },
      }),
      {
        type: 'message_delta',
        delta: {},
        usage: { input_tokens: null, output_tokens: 7, output_tokens_details: { thinking_tokens: 3 } },
      },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: {
          input_tokens: 12,
          output_tokens: 9,
          output_tokens_details: null,
          cache_read_input_tokens: null,
        },
      },
      last,
    ]);
    expect(stream.usage).toEqual({
      prompt_tokens: 17,
      completion_tokens: 9,
      total_tokens: 26,
      prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 3 },
    });
    expect(stream.serviceTier).toBe('priority');
  });

  test('is known as far as it goes while the stream goes on', () => {
    const stream = chat().createStream(metaFor());
    expect(stream.usage).toBeUndefined();
    stream.push(message({ usage: { input_tokens: 10, output_tokens: 1 } }));
    expect(stream.usage?.total_tokens).toBe(11);
  });
});
