/** Whole walks: stock clients, an Express app with the router, and the strict simulated Claude behind it. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool, type LanguageModel } from 'ai';
import express from 'express';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import type {
  ChatCompletionMessage,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import { z } from 'zod';
import {
  startSimulatedAnthropic,
  type ScriptedAnswer,
  type SimulatedAnthropic,
  type SimulatedAnthropicOptions,
} from '../../../examples/simulated-clouds/anthropic.ts';
import type { ErrorBody } from '../../../lib/errors.ts';
import { anthropic, createPrefixRouter, type RouterOptions } from '../../../lib/index.ts';
import { run } from '../../support/documents.ts';
import { askJson, eventsOf, startHost, type Answer, type RunningHost } from '../../support/http.ts';
import { findPython } from '../../support/python.ts';
import { vectors } from './support.ts';

const KEY = 'sk-ant-canary-0123456789';
const MODEL = 'anthropic:claude-opus-5-5';
const CHAT = '/v1/chat/completions';

/** Milliseconds for a test that starts Python, which is slow to begin with. */
const PATIENCE = 60_000;

const python = await findPython();

interface Walk {
  readonly cloud: SimulatedAnthropic;
  readonly host: RunningHost;
  readonly client: OpenAI;
  readonly ask: (fields?: object, headers?: Record<string, string>) => Promise<Answer>;
}

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function walk(
  claude: Partial<SimulatedAnthropicOptions> = {},
  options: RouterOptions = {},
  key = KEY,
): Promise<Walk> {
  const cloud = await startSimulatedAnthropic({ apiKey: KEY, ...claude });
  const router = createPrefixRouter({
    env: { ANTHROPIC_API_KEY: key, ANTHROPIC_API_BASE_URL: cloud.url },
    ...options,
  });
  const host = await startHost(express().use(router));
  closers.push(
    () => cloud.close(),
    () => router.close(),
    () => host.close(),
  );
  const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'sk-of-the-client', maxRetries: 0 });
  const ask = (fields: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    askJson(
      `${host.url}${CHAT}`,
      { model: MODEL, messages: [{ role: 'user', content: 'Q' }], ...fields },
      headers,
    );
  return { cloud, host, client, ask };
}

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOLS: ChatCompletionTool[] = [
  { type: 'function', function: { name: 'weather', parameters: CITY } },
  { type: 'function', function: { name: 'now', strict: true } },
];

/** What the cloud was sent with its last request. */
function lastSent({
  cloud,
}: Walk): { messages: { role: string; content: { type: string }[] }[] } & Record<string, unknown> {
  return cloud.requests.at(-1)?.json as ReturnType<typeof lastSent>;
}

describe('a tool loop of three turns, thinking on, two tools at a time', () => {
  type Turn = (messages: ChatCompletionMessageParam[], model: string) => Promise<ChatCompletionMessage>;
  const more = { tools: TOOLS, reasoning_effort: 'high' as const, max_tokens: 9000 };

  /** What a client that knows OpenAI's types alone puts into its history. */
  const stock = ({ role, content, tool_calls }: ChatCompletionMessage): ChatCompletionMessageParam => ({
    role,
    content,
    ...(tool_calls && { tool_calls }),
  });

  async function loop(
    turn: Turn,
    keep: (message: ChatCompletionMessage) => ChatCompletionMessageParam,
    model: string,
  ): Promise<unknown[]> {
    const messages: ChatCompletionMessageParam[] = [{ role: 'system', content: 'Be short.' }];
    const told: unknown[] = [];
    for (const city of ['Rome', 'Kyoto', 'Lima']) {
      messages.push({ role: 'user', content: city });
      const called = await turn(messages, model);
      messages.push(keep(called));
      const calls = called.tool_calls ?? [];
      for (const { id } of calls.toReversed())
        messages.push({ role: 'tool', tool_call_id: id, content: `${city} ok` });
      const answer = await turn(messages, model);
      messages.push(keep(answer));
      told.push([calls.length, answer.content]);
    }
    return told;
  }

  const TOLD = ['Rome', 'Kyoto', 'Lima'].map((city) => [2, `The tools say: ${city} ok, ${city} ok`]);

  const MODELS = ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-4-5', 'claude-opus-4-8'];
  const KEEPERS: [string, (message: ChatCompletionMessage) => ChatCompletionMessageParam][] = [
    ['echoes nothing it does not know', stock],
    ['echoes everything', (message) => message],
  ];
  const cases = MODELS.flatMap((model) => KEEPERS.map(([name, keep]) => [name, model, keep] as const));

  test.each(cases)('a client that %s, with %s', async (_name, model, keep) => {
    const one = await walk({ progressNotes: true });
    const turn: Turn = async (messages, id) => {
      const { choices } = await one.client.chat.completions.create({ model: id, messages, ...more });
      return choices[0]?.message as ChatCompletionMessage;
    };
    expect(await loop(turn, keep, `anthropic:${model}`)).toEqual(TOLD);
    expect(one.cloud.requests).toHaveLength(6);
  });

  test.each(cases)('a client with the stream helper that %s, with %s', async (_name, model, keep) => {
    const one = await walk({ progressNotes: true });
    const turn: Turn = async (messages, id) => {
      const stream = one.client.chat.completions.stream({ model: id, messages, ...more });
      return (await stream.finalChatCompletion()).choices[0]?.message as ChatCompletionMessage;
    };
    expect(await loop(turn, keep, `anthropic:${model}`)).toEqual(TOLD);
    expect(one.cloud.requests).toHaveLength(6);
  });

  test('thinking comes back with its signatures, before what it was for', async () => {
    const one = await walk({ progressNotes: true });
    const turn: Turn = async (messages, id) => {
      const { choices } = await one.client.chat.completions.create({ model: id, messages, ...more });
      return choices[0]?.message as ChatCompletionMessage;
    };
    await loop(turn, (message) => message, MODEL);
    const types = lastSent(one).messages.map(({ role, content }) =>
      [role, ...content.map(({ type }) => type)].join(' '),
    );
    const round = [
      'user text',
      'assistant thinking thinking tool_use thinking tool_use',
      'user tool_result tool_result',
    ];
    expect(types).toEqual([
      ...round,
      'assistant thinking thinking text',
      ...round,
      'assistant thinking thinking text',
      ...round,
    ]);
  });

  if (python !== undefined) {
    test(
      "the stream helper of OpenAI's Python SDK puts it together and sends it back",
      async () => {
        const one = await walk({ progressNotes: true });
        const script = `
import json, openai
client = openai.OpenAI(base_url='${one.host.url}/v1', api_key='x', max_retries=0)
tools, messages, told = json.loads('${JSON.stringify(TOOLS)}'), [], []
def turn():
    with client.chat.completions.stream(model='${MODEL}', messages=messages, tools=tools) as stream:
        for _ in stream: pass
        message = stream.get_final_completion().choices[0].message
    messages.append(message.model_dump(exclude_none=True))
    return message
for city in ['Rome', 'Kyoto', 'Lima']:
    messages.append({'role': 'user', 'content': city})
    calls = turn().tool_calls
    for call in reversed(calls):
        messages.append({'role': 'tool', 'tool_call_id': call.id, 'content': city + ' ok'})
    told.append([len(calls), turn().content])
print(json.dumps([told, [len(messages[1][key]) for key in ['thinking_blocks', 'content_blocks']]]))
`;
        const { out, err } = await run(python, ['-c', script]);
        expect(err).toBe('');
        expect(JSON.parse(out)).toEqual([TOLD, [3, 5]]);
        expect(one.cloud.requests).toHaveLength(6);
      },
      PATIENCE,
    );
  }
});

describe('the AI SDK as a client', () => {
  const modelOf = ({ host }: Walk): LanguageModel =>
    createOpenAICompatible({ name: 'router', baseURL: `${host.url}/v1`, includeUsage: true })(MODEL);
  const tools = {
    weather: tool({
      inputSchema: jsonSchema<{ city: string }>(CITY as object),
      execute: ({ city }) => Promise.resolve(`${city}: blue`),
    }),
    now: tool({
      inputSchema: jsonSchema<object>({ type: 'object', properties: {} }),
      execute: () => Promise.resolve('noon'),
    }),
  };
  const ANSWER = 'The tools say: city: blue, noon';

  test('ends a tool loop, whole and streamed', async () => {
    const model = modelOf(await walk({ progressNotes: true }));
    const whole = await generateText({ model, tools, prompt: 'Rome', stopWhen: stepCountIs(5) });
    expect([whole.text, whole.steps.length]).toEqual([ANSWER, 2]);
    const streamed = streamText({ model, tools, prompt: 'Rome', stopWhen: stepCountIs(5) });
    expect([await streamed.text, await streamed.finishReason]).toEqual([ANSWER, 'stop']);
    const { inputTokens = 0, outputTokens = 0, totalTokens } = await streamed.usage;
    expect(totalTokens).toBe(inputTokens + outputTokens);
  });
});

test('structured output is parsed by the SDK', async () => {
  const { client } = await walk();
  const Point = z.object({
    x: z.number().min(0),
    label: z.string().max(5),
    next: z.array(z.boolean()).nullable(),
  });
  const { choices } = await client.chat.completions.parse({
    model: MODEL,
    messages: [{ role: 'user', content: 'Q' }],
    response_format: zodResponseFormat(Point, 'point'),
  });
  expect(choices[0]?.message.parsed).toEqual({ x: 1.5, label: 'label', next: [true] });
});

test('legacy functions are answered in the legacy form', async () => {
  const { client } = await walk();
  const { choices } = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Q' }],
    functions: [{ name: 'f', parameters: CITY }],
  });
  expect([choices[0]?.finish_reason, choices[0]?.message.function_call]).toEqual([
    'function_call',
    { name: 'f', arguments: '{"city":"city"}' },
  ]);
});

test('half an emoji, where a client cut a text, does not make Claude refuse the conversation', async () => {
  const started = await walk();
  const messages = [
    { role: 'user', content: 'Q' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'now', arguments: '' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'cut \ud83d' },
  ];
  const { status } = await started.ask({ messages, tools: TOOLS });
  expect([status, lastSent(started).messages[2]?.content]).toEqual([
    200,
    [{ type: 'tool_result', tool_use_id: 'a', content: 'cut \ufffd' }],
  ]);
});

describe('headers', () => {
  test('go to the cloud only where they belong there', async () => {
    const { cloud, ask } = await walk();
    await ask(
      { context_management: {} },
      {
        authorization: 'Bearer sk-of-the-client',
        'x-api-key': 'x',
        cookie: 'a=b',
        'anthropic-beta': 'one,two',
        'anthropic-version': '2020-01-01',
      },
    );
    const { headers, path } = cloud.requests[0] ?? {};
    expect(path).toBe('/v1/messages');
    expect(headers).toMatchObject({
      'x-api-key': KEY,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'one,two',
      'content-type': 'application/json',
    });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
  });

  test("the operator's own stand over ours", async () => {
    const { cloud, ask } = await walk(
      {},
      { providers: [anthropic({ headers: { 'anthropic-version': '2026-10-21' } })] },
    );
    expect((await ask()).status).toBe(200);
    expect(cloud.requests[0]?.headers['anthropic-version']).toBe('2026-10-21');
  });

  test("come back under the names that clients know, without what is the operator's", async () => {
    const { ask } = await walk();
    for (const stream of [false, true]) {
      const { headers } = await ask({ stream });
      expect(headers).toMatchObject({
        'x-request-id': expect.stringMatching(/^req_/) as unknown,
        'request-id': headers['x-request-id'],
        'x-ratelimit-limit-requests': '1000',
        'x-ratelimit-remaining-requests': '999',
        'anthropic-ratelimit-requests-limit': '1000',
      });
      expect(headers).not.toHaveProperty('anthropic-organization-id');
    }
  });

  test('name what was left out, or it is refused where the host wants that', async () => {
    const schema = { type: 'object', properties: { map: { type: 'object', additionalProperties: CITY } } };
    const response_format = { type: 'json_schema', json_schema: { name: 'n', schema } };
    const fields = { seed: 1, temperature: 0.5, top_p: 1, response_format };
    const { ask } = await walk();
    expect((await ask(fields)).headers['x-prefix-router-dropped']).toBe(
      'seed,temperature,response_format.json_schema.schema.properties.map.additionalProperties',
    );
    const strict = await walk({}, { unsupportedParams: 'error' });
    const answer = await strict.ask(fields);
    expect([answer.status, (JSON.parse(answer.text) as ErrorBody).error.param]).toEqual([400, 'seed']);
    expect(strict.cloud.requests).toEqual([]);
  });
});

describe('streams', () => {
  const EVENTS = [
    {
      type: 'message_start',
      message: { id: 'msg_1', model: 'm', content: [], usage: { input_tokens: 1, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
  ];
  const END = [
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ];
  const OVERLOADED = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

  async function streamed(script: ScriptedAnswer, fields: object = {}): Promise<Answer> {
    const { cloud, ask } = await walk();
    cloud.answerNext(script);
    return ask({ stream: true, ...fields });
  }

  /** The changing part of each event. */
  const shown = (answer: Answer): unknown[] =>
    eventsOf(answer.text).map((data) => {
      if (data === '[DONE]') return data;
      const event = JSON.parse(data) as { choices?: Record<string, unknown>[]; usage?: unknown };
      const [choice] = event.choices ?? [];
      if (choice === undefined)
        return event.choices === undefined ? event : { choices: [], usage: event.usage };
      const { index: _index, logprobs: _logprobs, finish_reason, ...rest } = choice;
      return finish_reason === null ? rest : { ...rest, finish_reason };
    });

  test.each(vectors('stream').map((vector) => [vector.id, vector] as const))(
    '%s over the wire',
    async (_id, vector) => {
      const answer = await streamed(
        { events: vector.in as unknown[] },
        { stream_options: { include_usage: vector.include_usage === true } },
      );
      expect([answer.status, shown(answer)]).toEqual([200, vector.out]);
    },
  );

  test('are the same in every slicing of their bytes', async () => {
    const text = [...EVENTS, ...END]
      .map(
        (event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event).replace('"a"', '"ä🙂"')}\r\n\r\n`,
      )
      .join('');
    const bytes = Buffer.from(text);
    const sliced = (size: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
    const answers = [];
    for (const size of [bytes.length, 1, 7, 64]) answers.push(shown(await streamed({ bytes: sliced(size) })));
    expect(answers[0]).toEqual([
      { delta: { role: 'assistant', content: '' } },
      { delta: { content: 'ä🙂' } },
      { delta: {}, native_finish_reason: 'end_turn', finish_reason: 'stop' },
      '[DONE]',
    ]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  test('that begin with an error are HTTP errors', async () => {
    for (const events of [[OVERLOADED], [{ type: 'ping' }, OVERLOADED]]) {
      const answer = await streamed({ events });
      expect([answer.status, answer.headers['content-type']]).toEqual([
        503,
        'application/json; charset=utf-8',
      ]);
      expect(JSON.parse(answer.text)).toMatchObject({
        error: { type: 'server_error', code: 'provider_overloaded', message: 'Overloaded' },
      });
    }
  });

  test.each<[string, ScriptedAnswer, string]>([
    ['an error in the middle', { events: [...EVENTS, OVERLOADED] }, 'provider_overloaded'],
    ['an end without a reason', { events: EVENTS }, 'stream_interrupted'],
    ['a cut connection', { events: EVENTS, ending: 'cut' }, 'stream_interrupted'],
  ])('%s is the last event, and no [DONE] follows', async (_name, script, code) => {
    const last = shown(await streamed(script)).slice(1);
    expect(last).toEqual([
      { delta: { content: 'a' } },
      { error: expect.objectContaining({ type: 'server_error', code, param: null }) as unknown },
    ]);
  });

  test('that break raise an error in a stock client', async () => {
    const { cloud, client } = await walk();
    cloud.answerNext({ events: [...EVENTS, OVERLOADED] });
    const stream = await client.chat.completions.create({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'Q' }],
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content);
    })();
    await expect(reading).rejects.toThrow('Overloaded');
    expect(seen).toEqual(['', 'a']);
  });

  test('that come as one message are streams all the same', async () => {
    const json = {
      id: 'msg_1',
      type: 'message',
      content: [{ type: 'text', text: 'a' }],
      stop_reason: 'end_turn',
    };
    expect(shown(await streamed({ json }))).toEqual([
      { delta: { role: 'assistant', content: '' } },
      { delta: { content: 'a' } },
      { delta: {}, native_finish_reason: 'end_turn', finish_reason: 'stop' },
      '[DONE]',
    ]);
  });
});

describe('errors', () => {
  const shape = ({ status, headers, text }: Answer): unknown => ({
    status,
    retry: headers['retry-after'],
    shouldRetry: headers['x-should-retry'],
    error: (JSON.parse(text) as ErrorBody).error,
  });

  test.each(vectors('error').map((vector) => [vector.id, vector] as const))(
    '%s over the wire',
    async (_id, vector) => {
      const { cloud, ask } = await walk();
      const {
        status,
        headers,
        body: json,
      } = vector.in as { status: number; headers: Record<string, string>; body: unknown };
      // The vectors name an id or have none; the simulated cloud would add its own.
      cloud.answerNext({ status, headers: { 'request-id': '', ...headers }, json });
      const answer = await ask();
      const out = vector.out as { status: number; headers: object; body: ErrorBody };
      expect([answer.status, JSON.parse(answer.text)]).toEqual([out.status, out.body]);
      expect(answer.headers).toMatchObject(out.headers);
    },
  );

  test("what Claude refuses, the client reads in Claude's words", async () => {
    const { ask } = await walk({ models: ['claude-opus-5-5'] });
    expect(shape(await ask({ max_tokens: 128_001 }))).toMatchObject({
      status: 400,
      error: { code: null, param: 'max_tokens' },
    });
    expect(shape(await ask({ model: 'anthropic:claude-3-opus' }))).toMatchObject({
      status: 404,
      error: { code: 'model_not_found', param: 'model' },
    });
    const tool_choice = 'required';
    expect(shape(await ask({ tools: TOOLS, tool_choice }))).toMatchObject({
      status: 400,
      error: { param: 'tool_choice' },
    });
    const prefill = [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: 'A' },
    ];
    expect(shape(await ask({ messages: prefill }))).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining('prefill') as unknown },
    });
  });

  test('a key that Anthropic refuses is not shown', async () => {
    const { ask } = await walk({}, {}, 'sk-ant-another-key');
    const answer = await ask();
    expect(shape(answer)).toMatchObject({
      status: 401,
      error: { code: 'provider_key_invalid', provider_error: { request_id: 'req_1' } },
    });
    expect(answer.text).not.toContain('sk-ant');
  });

  test('what is no JSON is told by its status', async () => {
    const { cloud, ask } = await walk();
    cloud.answerNext({ status: 520, text: '<html>oops</html>' }, { status: 200, text: '<html>' });
    expect(shape(await ask())).toMatchObject({
      status: 502,
      error: { code: 'provider_error', message: 'Anthropic answered HTTP 520.' },
    });
    expect(shape(await ask())).toMatchObject({
      status: 502,
      shouldRetry: 'false',
      error: { code: 'provider_error' },
    });
  });

  test('what cannot be done is refused before anything is sent', async () => {
    const { cloud, ask } = await walk();
    expect(shape(await ask({ n: 2 }))).toMatchObject({
      status: 400,
      error: { code: 'unsupported_parameter', param: 'n' },
    });
    expect(cloud.requests).toEqual([]);
  });
});
