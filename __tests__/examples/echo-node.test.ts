import OpenAI from 'openai';
import { ECHO_MODELS, startEchoNode, type EchoNode } from '../../examples/echo-node.ts';

let node: EchoNode;
let client: OpenAI;

beforeAll(async () => {
  node = await startEchoNode();
  client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(() => node.close());

const MESSAGES = [
  { role: 'system' as const, content: 'Be kind.' },
  { role: 'user' as const, content: 'First' },
  { role: 'assistant' as const, content: 'First' },
  { role: 'user' as const, content: 'こんにちは, how are you?' },
];

describe('the echo node, seen by the openai package', () => {
  test('answers with the last thing the user said', async () => {
    const answer = await client.chat.completions.create({ model: 'llama-3.2-1b', messages: MESSAGES });
    expect(answer).toEqual({
      id: expect.stringMatching(/^chatcmpl-echo\d+$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'llama-3.2-1b',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'こんにちは, how are you?', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 },
    });
  });

  test('streams the same, with the usage where it is asked for', async () => {
    const stream = client.chat.completions.stream({
      model: 'any name',
      messages: MESSAGES,
      stream_options: { include_usage: true },
    });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0]?.message.content).toBe('こんにちは, how are you?');
    expect(answer.usage).toEqual({ prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 });
  });

  test('streams one word an event and ends with [DONE]', async () => {
    const answer = await fetch(`${node.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'one two' }] }),
    });
    const events = (await answer.text()).split('\n\n');
    const deltas = events.slice(0, -2).map((event) => {
      const { choices } = JSON.parse(event.slice('data: '.length)) as { choices: object[] };
      return choices;
    });
    const choice = (delta: object, finishReason: string | null = null): object[] => [
      { index: 0, delta, logprobs: null, finish_reason: finishReason },
    ];
    expect(deltas).toEqual([
      choice({ role: 'assistant', content: '' }),
      choice({ content: 'one ' }),
      choice({ content: 'two' }),
      choice({}, 'stop'),
    ]);
    expect(events.slice(-2)).toEqual(['data: [DONE]', '']);
  });

  test('reads a message in parts', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'm',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is ' },
            { type: 'image_url', image_url: { url: 'data:,' } },
            { type: 'text', text: 'this?' },
          ],
        },
      ],
    });
    expect(choices[0]?.message.content).toBe('What is this?');
  });

  test('completes a prompt with itself, at once or streamed', async () => {
    const whole = await client.completions.create({ model: 'm', prompt: 'Once upon a time' });
    expect(whole.choices).toEqual([
      { text: 'Once upon a time', index: 0, logprobs: null, finish_reason: 'stop' },
    ]);
    let text = '';
    const stream = await client.completions.create({ model: 'm', prompt: 'Once upon a time', stream: true });
    for await (const { choices } of stream) text += choices[0]?.text ?? '';
    expect(text).toBe('Once upon a time');
  });

  test('embeds texts, the same in both encodings', async () => {
    const input = ['ab', 'éé', ''];
    const expected = [
      [0, 1, 0, 0],
      [0, 0, 0.5, 0.5],
      [0, 0, 0, 0],
    ];
    for (const format of ['float', 'base64'] as const) {
      const { data } = await client.embeddings.create({ model: 'm', input, encoding_format: format });
      const vectors = data.map(({ embedding }) => decode(embedding));
      expect(vectors).toEqual(expected);
    }
  });

  test('lists its models', async () => {
    const { data } = await client.models.list();
    expect(data).toEqual(
      ECHO_MODELS.map((id) => ({ id, object: 'model', created: expect.any(Number), owned_by: 'echo-node' })),
    );
    expect(ECHO_MODELS).toContain('llama-3.2-1b');
  });
});

/** The package hands base64 on as it comes when it was asked for by name. */
function decode(embedding: number[] | string): number[] {
  if (typeof embedding !== 'string') return embedding;
  const bytes = Buffer.from(embedding, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

describe('the echo node', () => {
  test.each([
    ['no messages', { body: '{"model":"m"}' }, 400, "'messages' must be an array."],
    ['a list for a body', { body: '[]' }, 400, "'messages' must be an array."],
    ['broken JSON', { body: '{"model":' }, 400, expect.stringMatching(/JSON/)],
    ['no body', {}, 400, "'messages' must be an array."],
  ])('answers 400 to %s', async (_case, init, status, message) => {
    const answer = await fetch(`${node.url}/v1/chat/completions`, { method: 'POST', ...init });
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { error: { message, type: 'invalid_request_error', param: null, code: null } },
    ]);
  });

  test('answers 404 to what it does not have', async () => {
    const answer = await fetch(`${node.url}/v1/images/generations`, { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        error: {
          message: 'The echo node has no POST /v1/images/generations.',
          type: 'invalid_request_error',
          param: null,
          code: null,
        },
      },
    ]);
  });

  test('does not start on a port that is taken', async () => {
    await expect(startEchoNode(Number(new URL(node.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
