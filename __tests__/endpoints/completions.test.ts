import OpenAI from 'openai';
import { completionsCarrier } from '../../lib/endpoints/completions.ts';
import type { ChatCompletion, ChunkChoice, JsonObject } from '../../lib/openai/types.ts';
import {
  chunks,
  completion,
  errorOf,
  HEAD,
  META,
  parseEvents,
  startPlayer,
  streamText,
  USAGE,
} from './support.ts';

const toChat = (request: JsonObject): object => completionsCarrier.toChat(request);
const toAnswer = (answered: ChatCompletion): object => completionsCarrier.toAnswer(answered, {}, META);
const MODEL = 'claude-x';

/** Two tokens with their probabilities, as chat gives them. */
const LOGPROBS = {
  content: [
    {
      token: 'Hi',
      logprob: -0.1,
      bytes: [72, 105],
      top_logprobs: [{ token: 'Ho', logprob: -2, bytes: [72, 111] }],
    },
    { token: '__proto__', logprob: -0.5, bytes: null, top_logprobs: [] },
  ],
  refusal: null,
};

describe('the request', () => {
  test.each([
    ['text', 'Say hi'],
    ['a list of one text', ['Say hi']],
  ])('%s is what the user says', (_name, prompt) => {
    expect(toChat({ model: MODEL, prompt })).toEqual({
      model: MODEL,
      messages: [{ role: 'user', content: 'Say hi' }],
    });
  });

  test('everything chat knows too goes on as it is, for the cloud to judge', () => {
    const rest = {
      max_tokens: 5,
      n: 2,
      stop: ['x'],
      seed: 1,
      user: 'u',
      stream: true,
      top_k: 3,
      temperature: 0,
    };
    expect(toChat({ model: MODEL, prompt: 'a', ...rest })).toEqual({
      ...rest,
      model: MODEL,
      messages: [{ role: 'user', content: 'a' }],
    });
  });

  test('what asks for nothing is left out', () => {
    const noops = { suffix: '', echo: false, best_of: 1, logprobs: null };
    expect(toChat({ model: MODEL, prompt: 'a', ...noops })).toEqual({
      model: MODEL,
      messages: [{ role: 'user', content: 'a' }],
    });
  });

  test.each([
    [3, { logprobs: true, top_logprobs: 3 }],
    [0, { logprobs: true }],
  ])('logprobs: %p asks for probabilities', (logprobs, expected) => {
    expect(toChat({ model: MODEL, prompt: 'a', logprobs })).toEqual({
      ...expected,
      model: MODEL,
      messages: [{ role: 'user', content: 'a' }],
    });
  });

  test.each([
    ['no prompt', {}, 'prompt', 'invalid_value'],
    ['null', { prompt: null }, 'prompt', 'invalid_value'],
    ['an empty list', { prompt: [] }, 'prompt', 'invalid_value'],
    ['two prompts', { prompt: ['a', 'b'] }, 'prompt', 'unsupported_parameter'],
    ['tokens', { prompt: [1, 2] }, 'prompt', 'unsupported_parameter'],
    ['a list of tokens', { prompt: [[1, 2]] }, 'prompt', 'unsupported_parameter'],
    ['echo', { prompt: 'a', echo: true }, 'echo', 'unsupported_parameter'],
    ['suffix', { prompt: 'a', suffix: 'z' }, 'suffix', 'unsupported_parameter'],
    ['best_of', { prompt: 'a', best_of: 2 }, 'best_of', 'unsupported_parameter'],
    ['messages', { messages: [] }, 'messages', 'unsupported_parameter'],
    ['tools', { prompt: 'a', tools: [{}] }, 'tools', 'unsupported_parameter'],
    ['audio', { prompt: 'a', modalities: ['text', 'audio'] }, 'modalities', 'unsupported_parameter'],
  ])('%s is refused by name', (_name, request, param, code) => {
    const error = errorOf(() => toChat({ model: MODEL, ...request }));
    expect({ param: error.param, code: error.code }).toEqual({ param, code });
    expect(error.message).toContain(`'${param}'`);
  });

  test("the conversation is called 'prompt' again where the cloud's conversion complains", () => {
    const params = ['messages[0].content', 'messages', 'temperature'];
    expect(params.map((param) => completionsCarrier.toParam(param, {}))).toEqual([
      'prompt',
      'prompt',
      'temperature',
    ]);
  });
});

describe('the answer', () => {
  test('is a text_completion', () => {
    expect(toAnswer(completion({ content: 'Hi' }))).toEqual({
      id: 'cmpl-1',
      object: 'text_completion',
      created: 1000,
      model: MODEL,
      choices: [{ text: 'Hi', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: USAGE,
    });
  });

  test('probabilities are in the legacy form, whatever a token is called', () => {
    const answer = toAnswer(completion({ content: 'Hi__proto__' }, { logprobs: LOGPROBS }));
    expect(JSON.parse(JSON.stringify(answer))).toMatchObject({
      choices: [
        {
          text: 'Hi__proto__',
          logprobs: {
            tokens: ['Hi', '__proto__'],
            token_logprobs: [-0.1, -0.5],
            top_logprobs: [{ Ho: -2, Hi: -0.1 }, JSON.parse('{"__proto__":-0.5}')],
            text_offset: [0, 2],
          },
        },
      ],
    });
  });

  test.each([
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['stop', 'stop'],
    ['tool_calls', 'stop'],
  ] as const)('finish_reason %s is %s', (finish_reason, expected) => {
    const answer = toAnswer(completion({ content: 'a' }, { finish_reason }));
    expect(answer).toMatchObject({ choices: [{ finish_reason: expected }] });
  });

  test('a refusal is told by the reason and not put into the text', () => {
    const refused = completion(
      { content: null, refusal: 'No.' },
      { finish_reason: 'content_filter', native_finish_reason: 'refusal' },
    );
    expect(toAnswer(refused)).toMatchObject({
      choices: [
        {
          text: '',
          index: 0,
          logprobs: null,
          finish_reason: 'content_filter',
          native_finish_reason: 'refusal',
        },
      ],
    });
  });
});

describe('the stream', () => {
  const head = { id: 'cmpl-1', object: 'text_completion', created: 1000, model: MODEL };
  const choice = (text: string, finish_reason: string | null = null): object => ({
    ...head,
    choices: [{ text, index: 0, logprobs: null, finish_reason }],
  });

  test('begins with an empty chunk, skips what is no text, and ends with [DONE]', () => {
    const text = streamText(
      completionsCarrier,
      {},
      chunks([{ reasoning_content: 'Hm' }, { content: 'Hi' }, { content: '' }]),
    );
    expect(parseEvents(text)).toEqual([choice(''), choice('Hi'), choice('', 'stop')]);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  });

  test('with include_usage each chunk has a usage, and the last one has it all', () => {
    const request = { stream_options: { include_usage: true } };
    const events = parseEvents(streamText(completionsCarrier, request, chunks([{ content: 'Hi' }])));
    expect(events).toEqual([
      { ...choice(''), usage: null },
      { ...choice('Hi'), usage: null },
      { ...choice('', 'stop'), usage: null },
      { ...head, choices: [], usage: USAGE },
    ]);
  });

  test('offsets of tokens go on from chunk to chunk, for each choice by itself', () => {
    const part = (index: number, token: string): ChunkChoice => ({
      index,
      delta: { content: token },
      logprobs: { content: [{ token, logprob: -1, bytes: null, top_logprobs: [] }], refusal: null },
    });
    const parts = [part(0, 'One'), part(1, 'A'), part(0, ' two'), part(1, ' B'), part(0, '!')];
    const events = parseEvents(streamText(completionsCarrier, {}, parts));
    const offsets = events.map((event) => {
      const [first] = event['choices'] as { index: number; logprobs: { text_offset: number[] } }[];
      return [first?.index, first?.logprobs.text_offset];
    });
    expect(offsets).toEqual([
      [0, [0]],
      [1, [0]],
      [0, [3]],
      [1, [1]],
      [0, [7]],
    ]);
  });

  test('a broken one ends with the error', () => {
    const writer = completionsCarrier.createWriter(HEAD, {}, { ...META, stream: true });
    writer.write({ index: 0, delta: { content: 'Hi' } });
    const body = {
      error: { message: 'Cut.', type: 'server_error', param: null, code: 'stream_interrupted' },
    };
    expect(writer.fail(body)).toBe(`data: ${JSON.stringify(body)}\n\n`);
  });

  test('the openai SDK reads both forms, and an error in mid-stream as one', async () => {
    const parts = chunks([{ content: 'Hel' }, { content: 'lo' }]);
    const body = {
      error: { message: 'Cut.', type: 'server_error', param: null, code: 'stream_interrupted' },
    };
    const player = await startPlayer(completionsCarrier, (_chat, turn) =>
      turn === 2
        ? { parts: parts.slice(0, 2), failure: body }
        : { completion: completion({ content: 'Hello' }), parts },
    );
    try {
      const client = new OpenAI({ baseURL: `${player.url}/v1`, apiKey: 'x', maxRetries: 0 });
      const ask = { model: MODEL, prompt: 'Hi' };
      const whole = await client.completions.create(ask);
      expect(whole.choices[0]?.text).toBe('Hello');
      let text = '';
      for await (const chunk of await client.completions.create({ ...ask, stream: true }))
        text += chunk.choices[0]?.text ?? '';
      expect(text).toBe('Hello');
      const broken = await client.completions.create({ ...ask, stream: true });
      await expect(async () => {
        for await (const chunk of broken) expect(chunk.object).toBe('text_completion');
      }).rejects.toMatchObject({ code: 'stream_interrupted' });
    } finally {
      await player.close();
    }
  });
});
