import fc from 'fast-check';
import { createUsageTail } from '../../lib/openai/usage-tail.ts';
import type { Usage } from '../../lib/openai/types.ts';

type Kind = 'json' | 'sse';
interface Reading {
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
  readonly errorCode?: string | undefined;
}

/** The answer passed in pieces of that many bytes. */
function read(kind: Kind, text: string, pieceBytes = Infinity): Reading {
  const tail = createUsageTail(kind);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    tail.add(bytes.subarray(at, Math.min(at + pieceBytes, bytes.length)));
  return tail.read();
}

const json = (value: unknown): string => JSON.stringify(value);
const event = (value: unknown): string => `data: ${json(value)}\n\n`;
const named = (value: { type: string; [field: string]: unknown }): string =>
  `event: ${value.type}\n${event(value)}`;

const NOTHING: Reading = { usage: undefined, model: undefined };
const USAGE = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 };
const HEAD = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'gpt-4.1-2025-04-14',
};
const CHUNK = { ...HEAD, object: 'chat.completion.chunk' };
const chat = (content: string, rest: object = { usage: USAGE, service_tier: 'default' }): string =>
  json({ ...HEAD, choices: [{ index: 0, message: { role: 'assistant', content } }], ...rest });
const chunk = (content: string, rest: object = {}): string =>
  event({ ...CHUNK, choices: [{ index: 0, delta: { content }, finish_reason: null }], ...rest });
const DONE = 'data: [DONE]\n\n';

/** A response as the Responses API lists its fields. */
const response = (rest: object = {}): Record<string, unknown> => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  status: 'completed',
  error: null,
  instructions: null,
  model: 'gpt-5.4-2026-03-05',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] }],
  tools: [{ type: 'function', name: 'report', parameters: { properties: { usage: { input_tokens: 666 } } } }],
  usage: {
    input_tokens: 36,
    input_tokens_details: { cached_tokens: 12 },
    output_tokens: 87,
    output_tokens_details: { reasoning_tokens: 64 },
    total_tokens: 123,
  },
  user: null,
  metadata: {},
  ...rest,
});
const RESPONSE_USAGE: Usage = {
  prompt_tokens: 36,
  completion_tokens: 87,
  total_tokens: 123,
  prompt_tokens_details: { cached_tokens: 12 },
  completion_tokens_details: { reasoning_tokens: 64 },
};

describe('a JSON answer', () => {
  test('of chat completions gives its usage with all details, and the model', () => {
    const usage = {
      ...USAGE,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
    expect(read('json', chat('Hi', { usage }))).toEqual({ usage, model: HEAD.model });
  });

  test('printed over many lines gives the same', () => {
    const text = JSON.stringify(JSON.parse(chat('Hi')), null, 2);
    expect(read('json', text)).toEqual({ usage: USAGE, model: HEAD.model });
  });

  test('of embeddings gives the prompt, and the model behind all the numbers', () => {
    const embedding = Array.from({ length: 3072 }, (_, index) => index / 7);
    const text = json({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding }],
      model: 'text-embedding-3-large',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    });
    expect(read('json', text, 1448)).toEqual({
      usage: { prompt_tokens: 8, completion_tokens: 0, total_tokens: 8 },
      model: 'text-embedding-3-large',
    });
  });

  test('that counts nothing at all has not counted: no request is without tokens', () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(read('json', chat('Hi', { usage }))).toEqual({ usage: undefined, model: HEAD.model });
  });

  test('of the Responses API is counted in our words; a tool with a field of that name is no usage', () => {
    expect(read('json', json(response()))).toEqual({ usage: RESPONSE_USAGE, model: 'gpt-5.4-2026-03-05' });
    expect(read('json', json(response({ usage: null })))).toEqual({
      usage: undefined,
      model: 'gpt-5.4-2026-03-05',
    });
  });

  test('with the largest metadata behind its usage is read all the same', () => {
    const pairs = Array.from({ length: 16 }, (_, index) => [`${index}`.padEnd(64, '鍵'), '値'.repeat(512)]);
    const text = json(response({ instructions: 'x'.repeat(50_000), metadata: Object.fromEntries(pairs) }));
    expect(read('json', text).usage).toEqual(RESPONSE_USAGE);
  });

  test('of images gives the tokens of text and image', () => {
    const usage = {
      input_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
      output_tokens: 4160,
      total_tokens: 4210,
    };
    const text = json({ created: 1, data: [{ b64_json: 'A'.repeat(3_000_000) }], size: '1024x1024', usage });
    expect(read('json', text, 65_536)).toEqual({
      usage: {
        prompt_tokens: 50,
        completion_tokens: 4160,
        total_tokens: 4210,
        prompt_tokens_details: { text_tokens: 10, image_tokens: 40 },
      },
      model: undefined,
    });
  });

  test('of a transcription gives its tokens, and nothing where it is billed by the second', () => {
    const usage = { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 };
    expect(read('json', json({ text: 'So far', usage })).usage).toEqual({
      prompt_tokens: 14,
      completion_tokens: 45,
      total_tokens: 59,
    });
    expect(read('json', json({ text: 'So far', usage: { type: 'duration', seconds: 9 } }))).toEqual(NOTHING);
  });

  test.each([
    ['an empty answer', ''],
    ['no JSON', '<html>"usage":{"prompt_tokens":1}</html>'],
    ['numbers that are none', json({ usage: { prompt_tokens: '19', completion_tokens: -1 } })],
    ['a usage that is a string', json({ usage: json(USAGE) })],
    ['a usage in a part of the answer', json({ data: [{ usage: USAGE }], step: { usage: USAGE } })],
    ['an answer cut in its usage', '{"usage":{"prompt_tokens":1'],
    ['an answer cut behind its usage', '{"usage":{"prompt_tokens":1},"service_tier":"def'],
  ])('%s says nothing', (_name, text) => {
    expect(read('json', text)).toEqual(NOTHING);
  });

  test('an answer that says it twice, in its text and for good, is believed the second time', () => {
    const lie = `{"a":1},"usage":{"prompt_tokens":666,"completion_tokens":666},"model":"lie"}\\`;
    expect(read('json', chat(lie))).toEqual({ usage: USAGE, model: HEAD.model });
    expect(read('json', chat(lie, {}))).toEqual({ usage: undefined, model: HEAD.model });
    expect(read('json', json({ note: lie }))).toEqual(NOTHING);
  });
});

describe('a stream', () => {
  const stream = (...events: string[]): string => [...events, DONE].join('');

  test('of chat gives the usage of its last chunk', () => {
    const text = stream(
      chunk('Hel', { usage: null }),
      chunk('lo', { usage: null }),
      event({ ...CHUNK, choices: [], usage: USAGE }),
    );
    expect(read('sse', text)).toEqual({ usage: USAGE, model: HEAD.model });
  });

  test('without usage, because the client did not ask for it, says only the model', () => {
    expect(read('sse', stream(chunk('Hello'), chunk('"usage":{"prompt_tokens":1}')))).toEqual({
      usage: undefined,
      model: HEAD.model,
    });
    expect(read('sse', stream(chunk('Hello', { usage: null }))).usage).toBeUndefined();
  });

  test('gives the last usage that is one, whatever comes behind it', () => {
    const text = stream(
      chunk('a', { usage: { ...USAGE, prompt_tokens: 1 } }),
      chunk('b', { usage: USAGE }),
      chunk('c', { usage: null }),
    );
    expect(read('sse', text).usage).toEqual(USAGE);
  });

  test('of the Responses API gives the usage of the response in its last event', () => {
    const started = response({ status: 'in_progress', output: [], usage: null });
    const text = [
      named({ type: 'response.created', sequence_number: 0, response: started }),
      named({ type: 'response.output_text.delta', sequence_number: 1, delta: 'x'.repeat(200_000) }),
      named({ type: 'response.completed', sequence_number: 2, response: response() }),
    ].join('');
    expect(read('sse', text, 1000)).toEqual({ usage: RESPONSE_USAGE, model: 'gpt-5.4-2026-03-05' });
  });

  test('names its model also where the instructions before it are long', () => {
    const long = response({ instructions: 'Be brief. '.repeat(2000) });
    const text = named({ type: 'response.completed', response: long });
    expect(read('sse', text).model).toBe('gpt-5.4-2026-03-05');
  });

  test('skips a first chunk that names no model', () => {
    const first = event({ choices: [], model: '', prompt_filter_results: [] });
    expect(read('sse', stream(first, chunk('Hi'))).model).toBe(HEAD.model);
  });

  test('of a transcription gives its usage', () => {
    const usage = { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 };
    const text = event({ type: 'transcript.text.done', text: 'So "far"', usage });
    expect(read('sse', text)).toEqual({
      usage: { prompt_tokens: 14, completion_tokens: 45, total_tokens: 59 },
      model: undefined,
    });
  });

  test('with line feeds in either style gives the same', () => {
    const text = stream(chunk('Hi'), event({ ...CHUNK, choices: [], usage: USAGE }));
    expect(read('sse', text.replaceAll('\n', '\r\n'))).toEqual({ usage: USAGE, model: HEAD.model });
  });
});

describe('an error that the answer ends in is named', () => {
  const failed = (error: unknown): Record<string, unknown> =>
    response({ status: 'failed', error, usage: null });
  const codeOf = (kind: Kind, text: string): string | undefined => read(kind, text).errorCode;

  test.each<[string, Kind, string, string]>([
    ['a failed response', 'json', json(failed({ code: 'server_error', message: 'm' })), 'server_error'],
    [
      'a failed response at the end of its stream',
      'sse',
      chunk('Hel') + named({ type: 'response.failed', response: failed({ code: 'rate_limit_exceeded' }) }),
      'rate_limit_exceeded',
    ],
    [
      'one with much of an answer behind it',
      'sse',
      named({ type: 'response.failed', response: { ...failed({ code: 'a' }), output: ['x'.repeat(9000)] } }),
      'a',
    ],
    ['an event of type error', 'sse', event({ type: 'error', code: 'server_error' }), 'server_error'],
    [
      'one with line feeds of another style',
      'sse',
      `event: error\r\n${event({ type: 'error', code: 'b' })}`,
      'b',
    ],
    ['one with an id behind it', 'sse', `data: ${json({ type: 'error', code: 'd' })}\nid: 7\n\n`, 'd'],
    [
      'an error of chat',
      'sse',
      chunk('Hel') + event({ error: { type: 'server_error', code: null } }),
      'server_error',
    ],
    ['an error before the end of chat', 'sse', chunk('Hel') + event({ error: { code: 'c' } }) + DONE, 'c'],
    ['an error without a name', 'sse', event({ error: { message: 'm' } }), 'provider_error'],
    ['an event of type error without a code', 'sse', event({ type: 'error', code: null }), 'provider_error'],
    ['a name that is a sentence', 'sse', event({ error: { code: 'My key is sk-1' } }), 'provider_error'],
  ])('%s', (_name, kind, text, code) => {
    expect(codeOf(kind, text)).toBe(code);
  });

  test.each<[string, Kind, string]>([
    ['a good answer', 'json', chat('"error":{"code":"x"}')],
    ['a good response', 'json', json(response())],
    ['a good stream', 'sse', chunk('"error":{"code":"x"}') + DONE],
    ['a response that ended well', 'sse', named({ type: 'response.completed', response: response() })],
    [
      'a call of a tool that failed on the way',
      'sse',
      named({ type: 'response.output_item.done', item: { type: 'mcp_call', error: { code: 'x' } } }) +
        named({
          type: 'response.completed',
          response: response({ output: [{ type: 'mcp_call', error: { code: 'x' } }] }),
        }),
    ],
    [
      'a request that speaks of errors',
      'sse',
      named({ type: 'response.completed', response: response({ metadata: { type: 'error', error: '{}' } }) }),
    ],
  ])('but none is seen in %s', (_name, kind, text) => {
    expect(codeOf(kind, text)).toBeUndefined();
  });
});

test('what is read does not depend on how the bytes were cut', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('"usage":{"prompt_tokens":7}', ',"usage":', '\\', '{"', '}}', '"model":"x"', '\n\n'),
  );
  fc.assert(
    fc.property(
      fc.array(hostile, { maxLength: 20 }),
      fc.constantFrom(1, 100, 3000),
      fc.nat({ max: 100_000 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 }),
      (words, repeat, prompt, isStream, sizes) => {
        const content = words.join('').repeat(repeat).slice(0, 60_000);
        const usage = { prompt_tokens: prompt, completion_tokens: 1, total_tokens: prompt + 1 };
        const text = isStream
          ? chunk(content, { usage: null }) + chunk('', { usage }) + DONE
          : chat(content, { usage });
        const tail = createUsageTail(isStream ? 'sse' : 'json');
        const bytes = Buffer.from(text);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          tail.add(bytes.subarray(at, at + size));
          at += size;
        }
        expect(tail.read()).toEqual({ usage, model: HEAD.model });
      },
    ),
    { numRuns: 300 },
  );
});

test('the bytes are copied: a buffer that is used again changes nothing', () => {
  const tail = createUsageTail('json');
  const socket = Buffer.alloc(64);
  const bytes = Buffer.from(chat('x'.repeat(40_000)));
  for (let at = 0; at < bytes.length; at += socket.length) {
    const length = bytes.copy(socket, 0, at);
    tail.add(socket.subarray(0, length));
    socket.fill(0);
  }
  expect(tail.read()).toEqual({ usage: USAGE, model: HEAD.model });
});

test('a megabyte of open braces, quotes or keys says nothing', () => {
  for (const word of ['{', '"', '\\', ',"usage":{', ',"usage":{"prompt_tokens":1}', '"model"  :  ', ' ']) {
    const reading = read('json', word.repeat(1_000_000 / word.length), 65_536);
    expect(reading).toEqual(NOTHING);
  }
});
