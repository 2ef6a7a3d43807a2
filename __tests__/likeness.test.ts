/** An event that is recognised by its likeness to the one before must come to the same as one that is parsed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { anthropic, google } from '../lib/index.ts';
import type { RouterError } from '../lib/errors.ts';
import type { ChatConversion, Provider, StreamPart } from '../lib/providers/provider.ts';
import { readEvents } from '../lib/transport/read.ts';
import type { Upstream } from '../lib/transport/send.ts';

interface Outcome {
  readonly parts: StreamPart[];
  readonly usage: unknown;
  readonly tier: unknown;
  readonly model: string;
  readonly error: unknown;
}

interface Reading extends Outcome {
  /** The data of the events that were parsed. */
  readonly parsed: string[];
  /** The texts of those that were recognised. */
  readonly recognised: string[];
}

/** @param breaksOff The connection ends behind the reads, and not the answer. */
function upstreamOf(reads: readonly string[], breaksOff = false): Upstream {
  let isAborted = false;
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    read(sink) {
      for (const bytes of reads) if (!isAborted) sink.write(Buffer.from(bytes, 'latin1'));
      if (isAborted) return;
      if (breaksOff) sink.fail(new Error('broken off'));
      else sink.end();
    },
    resume() {},
    abort: () => void (isAborted = true),
  };
}

/** @param compares False: all events are parsed. */
function read(provider: Provider, reads: readonly string[], compares = true, breaksOff = false): Reading {
  const chat = provider.endpoints['chat/completions'] as ChatConversion;
  const meta = { model: 'asked', baseUrl: 'http://cloud', created: 1, stream: true };
  const stream = chat.createStream({ ...meta, request: { messages: [] }, headers: {} });
  const parts: StreamPart[] = [];
  const parsed: string[] = [];
  const recognised: string[] = [];
  let error: unknown;
  readEvents(upstreamOf(reads, breaksOff), {
    event(data) {
      parsed.push(data);
      parts.push(...stream.push(JSON.parse(data)));
      return compares ? stream.textPlace : undefined;
    },
    text(text) {
      recognised.push(text);
      parts.push(stream.pushText!(text));
    },
    flush: () => true,
    end: (rest) => parts.push(...stream.end(rest)),
    fail: (cause) => (error = cause),
  });
  const { usage, model, serviceTier } = stream;
  return { parts, usage, model, tier: serviceTier, error: shown(error), parsed, recognised };
}

/** What a parser says of broken JSON names the text, which is another one where it was cut otherwise. */
function shown(error: unknown): unknown {
  if (error instanceof SyntaxError) return 'no JSON';
  const { code, message } = (error ?? {}) as Partial<RouterError>;
  return error === undefined ? undefined : [code, message];
}

function outcomeOf({ parts, usage, tier, model, error }: Reading): Outcome {
  return { parts, usage, tier, model, error };
}

/** UTF-8, a character of text for each byte, so that it can be cut anywhere. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

const candidate = (literal: string, { thought = '', index = ',"index":0', more = '' } = {}): string =>
  `{"content":{"parts":[{"text":${literal}${thought}}],"role":"model"}${index}${more}}`;

const counted = (candidates: number | string, { total = '9', details = '', more = '' } = {}): string =>
  `"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":${candidates},"totalTokenCount":${total}${details}}${more}`;

const event = (inner: string, usage = counted(1)): string =>
  `{"candidates":[${inner}],${usage},"modelVersion":"gemini-3.8-flash","responseId":"r1"}`;

const delta = (literal: string, type = 'text', { index = '0', padding = '', more = '' } = {}): string =>
  `{"type":"content_block_delta","index":${index},"delta":{"type":"${type}_delta","${type}":${literal}${more}}${padding}}`;

const START =
  '{"type":"message_start","message":{"id":"msg_1","model":"claude-sonnet-5","usage":{"input_tokens":3}}}';

const block = (type: string, index = 0): string =>
  `{"type":"content_block_start","index":${index},"content_block":{"type":"${type}","${type}":""}}`;

const unnamed = (events: readonly string[], ending = '\r\n\r\n'): string =>
  events.map((data) => `data: ${data}${ending}`).join('');

/** As Anthropic writes them, with their names. */
const named = (events: readonly string[]): string =>
  events.map((data) => `event: ${/"type": ?"(\w+)"/.exec(data)?.[1]}\ndata: ${data}\n\n`).join('');

const spaced = (data: string): string => data.replaceAll('":', '": ');

/** Reads the events of a stream, all at once, and says which of them were parsed and which recognised. */
const google1 = (events: readonly string[]): Reading => read(google(), [bytesOf(unnamed(events))]);
const anthropic1 = (events: readonly string[]): Reading => read(anthropic(), [bytesOf(named(events))]);

describe('of a stream of Google’s', () => {
  const END = event(candidate('"."', { more: ',"finishReason":"STOP"' }), counted(9, { total: '17' }));

  test('all events but the first and the last are recognised, and their last counts taken', () => {
    const words = ['a', 'b', 'c'].map((word, count) =>
      event(candidate(`"${word}"`), counted(count, { total: `${8 + count}` })),
    );
    const { parsed, recognised, parts } = google1([...words, END]);
    expect(recognised).toEqual(['b', 'c']);
    expect(parsed).toEqual([words[0], `${words[2]?.replace('"c"', '""')}\r\n\r\n`, END]);
    expect(parts.slice(0, 4)).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' } },
      { index: 0, delta: { content: 'a' } },
      { index: 0, delta: { content: 'b' } },
      { index: 0, delta: { content: 'c' } },
    ]);
  });

  test.each([
    ['text', {}],
    ['thoughts', { thought: ',"thought":true' }],
    ['no index', { index: '' }],
    ['another index', { index: ',"index":3' }],
    ['a signature', { thought: ',"thoughtSignature":"c2ln"' }],
    ['fields to come', { more: ',"new":{"a":[1]}' }],
  ])('what tells nothing but its text is recognised: %s', (_, form) => {
    const events = ['"a"', '"b"'].map((text) => event(candidate(text, form)));
    expect(google1(events).recognised).toEqual(['b']);
    expect(google1(events.map(spaced)).recognised).toEqual(['b']);
  });

  test.each([
    ['two parts', event(candidate('"a"},{"text":"b"'))],
    ['two candidates', event(`${candidate('"a"')},${candidate('"a"', { index: ',"index":1' })}`)],
    ['probabilities', event(candidate('"a"', { more: ',"logprobsResult":{"chosenCandidates":[]}' }))],
    ['an empty text', event(candidate('""'))],
    ['the name of the text in escapes', event(candidate('"a"')).replace('"text"', String.raw`"te\u0078t"`)],
    [
      'the same, and another text',
      event(candidate('"a"', { more: ',"citationMetadata":{"text":"b"}' })).replace(
        '"text"',
        String.raw`"te\u0078t"`,
      ),
    ],
    ['a name that ends like that of the text', event(candidate(String.raw`"a","\"text":"b"`))],
    [
      'the same the other way round',
      event(
        candidate('"a"')
          .replace('{', '{"citationMetadata":{"text":"b"},')
          .replace('"text":"a"', String.raw`"te\u0078t":"a"`),
      ),
    ],
    ['a blank behind the name', event(candidate('"a"')).replace('"text":', '"text" :')],
    [
      'the same, and another text',
      event(candidate('"a"', { more: ',"citationMetadata":{"text":"b"}' })).replace('"text":', '"text" :'),
    ],
    ['a count that JavaScript cannot hold', event(candidate('"a"'), counted('99999999999999999999'))],
    ['two texts', event(candidate('"a"', { more: ',"groundingMetadata":{"text":"b"}' }))],
    ['a list of events', `[${event(candidate('"a"'))}]`],
    ['a call', event('{"content":{"parts":[{"functionCall":{"name":"f"},"text":"a"}]}}')],
  ])('what tells more is parsed, each time: %s', (_, twice) => {
    expect(google1([twice, twice]).recognised).toEqual([]);
    expect(google1([twice, twice]).parsed).toEqual([twice, twice]);
    expect(read(google(), [bytesOf(`data:${twice}\n\n`.repeat(2))]).recognised).toEqual([]);
  });

  test.each([
    ['another text with escapes', candidate(String.raw`"\n\"\\\u00e9\ud83d"`), counted(1), '\n"\\é\ud83d'],
    [
      'another text beyond ASCII',
      candidate('"世界 \u{1f600}\u2028\u007f"'),
      counted(1),
      '世界 \u{1f600}\u2028\u007f',
    ],
    ['a long text', candidate(`"${'long '.repeat(50)}"`), counted(1), 'long '.repeat(50)],
    ['a count of zero', candidate('"b"'), counted(0), 'b'],
    ['a long count', candidate('"b"'), counted('9007199254740991'), 'b'],
    ['no text', candidate('""'), counted(1), undefined],
    ['a wrong escape', candidate(String.raw`"\x"`), counted(1), undefined],
    ['a control character', candidate('"a\tb"'), counted(1), undefined],
    ['another count', candidate('"b"'), counted('1.5'), undefined],
    ['a count that is none', candidate('"b"'), counted('null'), undefined],
    ['a count with a zero before it', candidate('"b"'), counted('01'), undefined],
    ['a count that JavaScript cannot hold', candidate('"b"'), counted('90071992547409910'), undefined],
    ['a negative count', candidate('"b"'), counted('-1'), undefined],
    ['one count more', candidate('"b"'), counted(1, { details: ',"thoughtsTokenCount":5' }), undefined],
    ['another index', candidate('"b"', { index: ',"index":1' }), counted(1), undefined],
    ['a thought', candidate('"b"', { thought: ',"thought":true' }), counted(1), undefined],
    ['a reason to end', candidate('"b"', { more: ',"finishReason":"STOP"' }), counted(1), undefined],
    [
      'a blocked prompt',
      candidate('"b"'),
      counted(1, { more: ',"promptFeedback":{"blockReason":"SAFETY"}' }),
      undefined,
    ],
  ])('of events like the one before, which of them is: %s', (_, next, counts, recognised) => {
    const { recognised: texts } = google1([event(candidate('"a"')), event(next, counts)]);
    expect(texts).toEqual(recognised === undefined ? [] : [recognised]);
  });

  test('counts that are told at the end, or not at all, are those of the last event', () => {
    const events = ['"a"', '"b"', '"c"'].map((text, count) =>
      event(candidate(text), counted(count, { total: `${count + 8}` })),
    );
    const bytes = bytesOf(unnamed(events));
    const whole = read(google(), [bytes]);
    const broken = read(google(), [bytes], true, true);
    expect(whole.error).toEqual([
      'stream_interrupted',
      'Google ended the stream before the answer was complete.',
    ]);
    expect(broken.error).toEqual([undefined, 'broken off']);
    expect([whole.recognised, broken.recognised]).toEqual([
      ['b', 'c'],
      ['b', 'c'],
    ]);
    expect([whole.usage, broken.usage]).toEqual([
      expect.objectContaining({ prompt_tokens: 8, completion_tokens: 2, total_tokens: 10 }),
      whole.usage,
    ]);
  });

  test('all numbers of the usage are counted, those in its lists too', () => {
    const of = (text: number): string =>
      `,"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":${text}}]`;
    const events = [1, 2].map((count) =>
      event(candidate(`"${count}"`), counted(count, { total: `${count + 8}`, details: of(count) })),
    );
    const { recognised, usage } = google1(events);
    expect(recognised).toEqual(['2']);
    expect(usage).toMatchObject({ completion_tokens_details: { text_tokens: 2 } });
  });
});

describe('of a stream of Anthropic’s', () => {
  test.each([
    ['text', delta('"b"'), delta('"c"')],
    ['thinking', delta('"b"', 'thinking'), delta('"c"', 'thinking')],
    [
      'blanks before the last brace',
      delta('"b"', 'text', { padding: '  ' }),
      delta('"c"', 'text', { padding: '     ' }),
    ],
    ['no more blanks', delta('"b"', 'text', { padding: '  ' }), delta('"c"')],
    [
      'fields to come',
      delta('"b"', 'text', { more: ',"new":1' }),
      delta('"c"', 'text', { more: ',"new":1' }),
    ],
  ])('pieces of text are recognised: %s', (_, first, second) => {
    const { parsed, recognised } = anthropic1([
      START,
      block(first.includes('thinking') ? 'thinking' : 'text'),
      first,
      second,
    ]);
    expect(recognised).toEqual(['c']);
    expect(parsed.slice(2)).toEqual([first]);
  });

  test.each([
    ['the text of another block', [block('text', 1), delta('"c"', 'text', { index: '1' })]],
    ['what follows something else', ['{"type":"ping"}', delta('"c"')]],
    ['a thought', [delta('"c"', 'thinking')]],
    ['another field', [delta('"c"', 'text', { more: ',"new":1' })]],
    ['a number in place of blanks', [delta('"c"', 'text', { padding: '5' })]],
    ['text of a block that has ended', ['{"type":"content_block_stop","index":0}', delta('"c"')]],
  ])('the rest is parsed: %s', (_, then) => {
    const { parsed, recognised } = anthropic1([START, block('text'), delta('"b"'), ...then]);
    expect(recognised).toEqual([]);
    expect(parsed).toEqual([START, block('text'), delta('"b"'), ...then]);
  });

  test('pieces of JSON are parsed', () => {
    const call =
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"f"}}';
    const piece =
      '{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}';
    expect(anthropic1([START, call, piece, piece]).parsed).toEqual([START, call, piece, piece]);
  });
});

describe('a stream of three pieces of text comes to the same in every form', () => {
  const STREAM = unnamed(['"a"', '"b"', '"c"'].map((word) => event(candidate(word))));

  test.each<[string, string[], string[]]>([
    ['a byte order mark', [bytesOf(`\ufeff${STREAM}`)], ['b', 'c']],
    ['a byte order mark that comes by itself', [bytesOf('\ufeff'), STREAM], ['b', 'c']],
    ['line feeds', [STREAM.replaceAll('\r', '')], ['b', 'c']],
    ['no blank line at the end', [STREAM.trimEnd()], ['b']],
    ['names of the events', [STREAM.replaceAll('data: ', 'event: message\r\ndata:')], ['b', 'c']],
    ['a first read that ends in the first event', [STREAM.slice(0, 50), STREAM.slice(50)], ['c']],
    ['an event in two reads', [STREAM.slice(0, -50), STREAM.slice(-50)], ['b']],
    ['a comment of a proxy', [': ok\n\n', STREAM], ['b', 'c']],
    ['the same with its stream', [`: ok\n\n${STREAM}`], ['b', 'c']],
    ['another comment', [': ok\r\n\r\n', STREAM.replaceAll('\r', '')], ['b', 'c']],
    ['carriage returns alone', [STREAM.replaceAll('\n', '')], []],
    ['several lines of data', [STREAM.replaceAll('"candidates"', '\r\ndata: "candidates"')], []],
    ['comments in events', [STREAM.replaceAll('data: ', ': comment\r\ndata: ')], []],
    ['ids', [STREAM.replaceAll('data: ', 'id: 1\r\ndata: ')], []],
  ])('%s', (_, reads, expected) => {
    const { recognised, parts } = read(google(), reads);
    expect(recognised).toEqual(expected);
    expect(parts).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' } },
      ...['a', 'b', 'c'].map((content) => ({ index: 0, delta: { content } })),
    ]);
  });
});

test('the character of a byte order mark is text where a later read begins with it', () => {
  const text = bytesOf(unnamed([event(candidate('"a\ufeffb"'))]));
  const at = text.indexOf(bytesOf('\ufeff'));
  expect(read(google(), [text.slice(0, at), text.slice(at)]).parts.at(-1)).toEqual({
    index: 0,
    delta: { content: 'a\ufeffb' },
  });
});

test('only where an event begins is it compared with the one before', () => {
  const [first = '', second = ''] = ['"a"', '"b"'].map((word) => event(candidate(word)));
  const { recognised, parsed, error } = read(google(), [unnamed([first]), 'data: [\r\n', unnamed([second])]);
  expect(recognised).toEqual([]);
  expect(parsed).toEqual([first, `[\n${second}`]);
  expect(error).toBe('no JSON');
});

test('what belongs to the name of an event is none, though it looks like one', () => {
  const [first = '', second = ''] = [0, 1].map((index) =>
    event(candidate('"a"', { index: `,"index":${index}` })),
  );
  const lines = unnamed([second]);
  const { recognised, parsed } = read(google(), [unnamed([first]), 'event: x', lines, lines]);
  expect(recognised).toEqual([]);
  expect(parsed).toEqual([first, second]);
});

test('what stands behind an event belongs to the next line', () => {
  const [first = '', second = ''] = ['"a"', '"b"'].map((word) => event(candidate(word)));
  const { recognised, parsed } = read(google(), [`data: ${first}\n\r\n `, `data: ${second}\n\r\n `]);
  expect(recognised).toEqual([]);
  expect(parsed).toEqual([first]);
});

test('an event of several lines is parsed behind one whose count JavaScript cannot hold', () => {
  const of = (text: string, count: string): string =>
    `data: {"candidates":[{"content":{"parts":[{"text":"${text}"}]}}],"usageMetadata":{"candidatesTokenCount":${count}}}\n\n`;
  const second = of('b', '5\ndata: ');
  const { recognised, parsed, parts } = read(google(), [of('a', '99999999999999999999') + second]);
  expect(recognised).toEqual([]);
  expect(parsed[1]).toBe(second.replaceAll('data: ', '').trim());
  expect(parts.at(-1)).toEqual({ index: 0, delta: { content: 'b' } });
});

test('what looks like an event and is the end of one is none', () => {
  const beginning = 'data: {"candidates":[{"content":{"parts":[{"x":"';
  const [first = '', second = ''] = ['a', 'b'].map((text) => `data: {","text":"${text}"}]}}]}`);
  const { recognised, parsed, error } = read(google(), [beginning, `${first}\n\n${second}\n\n`]);
  expect(recognised).toEqual([]);
  expect(parsed).toEqual([`${beginning}${first}`, second].map((line) => line.slice('data: '.length)));
  expect(error).toBe('no JSON');
});

test('counts are told also where what becomes of a text throws', () => {
  const told: string[] = [];
  const events = ['"a"', '"b"'].map((text, count) => event(candidate(text), counted(count)));
  const failed: unknown[] = [];
  readEvents(upstreamOf([unnamed(events)]), {
    event(data) {
      told.push(data);
      return { key: 'text', varying: /okenCount":(?=[0-9])/g };
    },
    text() {
      throw new Error('a bug');
    },
    flush: () => true,
    end: () => failed.push('ended'),
    fail: (error) => failed.push(error),
  });
  expect(told.map((data) => JSON.parse(data) as unknown)).toEqual(
    [events[0], event(candidate('""'), counted(1))].map((data) => JSON.parse(data as string) as unknown),
  );
  expect(failed).toEqual([new Error('a bug')]);
});

describe('the outcome is that of parsing', () => {
  /** What ends a stream comes last and seldom: the more there is before it, the more can be recognised. */
  const mostly = (usual: string, ...others: string[]): fc.Arbitrary<string> =>
    fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

  const literal = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('"a"', '" word"', '""', String.raw`"\n"`, '"thirteen and more"'),
    },
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.string().map((text) => `"${text}"`),
  );

  const count = fc.oneof(
    { weight: 20, arbitrary: fc.nat() },
    fc.constantFrom('1.5', '-1', '01', 'null', '"7"', '1e3'),
  );

  /** What changes from one event to the next. */
  const pieces = fc.array(fc.tuple(literal, count), { minLength: 1, maxLength: 4 });

  const googleForm = fc.record({
    around: fc.record({
      thought: mostly('', ',"thought":true', ',"thoughtSignature":"c2ln"', ',"text":"b"'),
      index: mostly('', ',"index":0', ',"index":0', ',"index":1', ',"index":01'),
      more: fc.constantFrom(
        '',
        '',
        '',
        ',"finishReason":"STOP"',
        ',"logprobsResult":{"chosenCandidates":[]}',
      ),
    }),
    usage: fc.record({
      details: fc.constantFrom(
        '',
        ',"thoughtsTokenCount":2',
        ',"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":4}]',
      ),
      more: mostly('', ',"promptFeedback":{"blockReason":"SAFETY"}', ',"candidates":[]'),
    }),
    write: fc.constantFrom(spaced, (data: string) => data),
  });

  const googleEvents = fc
    .tuple(googleForm, pieces)
    .map(([{ around, usage, write }, changing]) =>
      changing.map(([text, candidates]) => write(event(candidate(text, around), counted(candidates, usage)))),
    );

  const anthropicForm = fc.tuple(
    mostly('text', 'thinking', 'signature'),
    fc.record({
      index: mostly('0', '1', '00'),
      more: mostly('', ',"text":"b"', ',"new":1'),
    }),
  );

  const padding = mostly('', ' ', '    ', '\t', '5', ',"more":null');

  const anthropicEvents = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(anthropicForm, fc.array(fc.tuple(literal, padding), { minLength: 1, maxLength: 4 }))
        .map(([[type, form], changing]) =>
          changing.map(([text, blanks]) => delta(text, type, { ...form, padding: blanks })),
        ),
    },
    fc
      .constantFrom(
        block('thinking', 1),
        block('text', 1),
        '{"type":"content_block_stop","index":0}',
        '{"type":"ping"}',
        '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}',
        '{"type":"message_stop"}',
        '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      )
      .map((one) => [one]),
  );

  const several = (events: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> =>
    fc.array(events, { minLength: 1, maxLength: 5 }).map((all) => all.flat());

  const changes = fc.record({
    fate: fc.constantFrom('whole', 'whole', 'cut', 'changed', 'broken off'),
    place: fc.nat(),
    character: fc.constantFrom('"', '\\', '}', '{', ',', ':', ' ', '0', 'x', '\n', '\r'),
    sizes: fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 5 }),
  });

  /** @param tell Is told how many events were recognised. */
  function agreement(
    provider: Provider,
    streams: fc.Arbitrary<string>,
    tell: (recognised: number) => void,
  ): fc.IProperty<unknown[]> {
    return fc.property(streams, changes, (text, { fate, place, character, sizes }) => {
      const bytes = bytesOf(text);
      const at = place % (bytes.length + 1);
      const rest = fate === 'changed' ? character + bytes.slice(at + 1) : '';
      const all = fate === 'cut' || fate === 'changed' ? bytes.slice(0, at) + rest : bytes;
      const reads: string[] = [];
      let from = 0;
      for (const size of [...sizes, all.length]) reads.push(all.slice(from, (from += size)));
      const pieces = reads.filter((piece) => piece !== '');
      const compared = read(provider, pieces, true, fate === 'broken off');
      expect(outcomeOf(compared)).toEqual(outcomeOf(read(provider, pieces, false, fate === 'broken off')));
      tell(compared.recognised.length);
    }) as fc.IProperty<unknown[]>;
  }

  const RUNS = { numRuns: 3_000 };
  /** Were it seldom, the agreement would say little. */
  const OFTEN = 500;

  test('Google', () => {
    const streams = fc
      .tuple(several(googleEvents), fc.constantFrom('\n\n', '\r\n\r\n', '\r\n\r\n', '\r\r'))
      .map((stream) => unnamed(...stream));
    let recognised = 0;
    fc.assert(
      agreement(google(), streams, (count) => (recognised += count)),
      RUNS,
    );
    expect(recognised).toBeGreaterThan(OFTEN);
  });

  test('Anthropic', () => {
    const streams = several(anthropicEvents).map((events) => named([START, block('text'), ...events]));
    let recognised = 0;
    fc.assert(
      agreement(anthropic(), streams, (count) => (recognised += count)),
      RUNS,
    );
    expect(recognised).toBeGreaterThan(OFTEN);
  });
});
