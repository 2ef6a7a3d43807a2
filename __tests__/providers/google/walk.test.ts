/** Whole walks: stock clients, an Express app with the router, and the strict simulated cloud behind it. */
import { jest } from '@jest/globals';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool, type LanguageModel } from 'ai';
import express from 'express';
import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';
import { startSimulatedGoogle, type SimulatedGoogle } from '../../../examples/simulated-clouds/google.ts';
import { createPrefixRouter, type CallRecord, type PrefixRouter } from '../../../lib/index.ts';
import type { JsonObject } from '../../../lib/openai/types.ts';
import { run } from '../../support/documents.ts';
import { askJson, eventsOf, startHost, type Answer, type RunningHost } from '../../support/http.ts';
import { findPython } from '../../support/python.ts';

// A busy machine is no failure.
jest.setTimeout(60_000);

const KEY = 'AQ.canary-google-0123456789';
const MODEL = 'google:gemini-3.8-flash';
const STAND_IN = 'skip_thought_signature_validator';

const python = await findPython();

interface App {
  readonly router: PrefixRouter;
  readonly host: RunningHost;
  readonly client: OpenAI;
}

let cloud: SimulatedGoogle;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  cloud = await startSimulatedGoogle({ apiKey: KEY });
  closers.push(() => cloud.close());
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Another app is another process: it remembers nothing of the first one. */
async function startApp(apiKey = KEY, onCall: (record: CallRecord) => void = () => undefined): Promise<App> {
  const env = { GOOGLE_API_KEY: apiKey, GOOGLE_API_BASE_URL: cloud.url };
  const router = createPrefixRouter({ env, onCall });
  const host = await startHost(express().use(router));
  closers.push(
    () => router.close(),
    () => host.close(),
  );
  const client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'sk-of-the-client', maxRetries: 0 });
  return { router, host, client };
}

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOLS: ChatCompletionTool[] = [
  { type: 'function', function: { name: 'weather', parameters: CITY } },
  { type: 'function', function: { name: 'now', strict: true } },
];

/** The signatures of all calls that the cloud was sent with its last request. */
function sentSignatures(): unknown[] {
  const { contents } = (cloud.requests.at(-1)?.json ?? {}) as { contents: { parts: JsonObject[] }[] };
  return contents
    .flatMap(({ parts }) => parts)
    .filter((part) => 'functionCall' in part)
    .map(({ thoughtSignature }) => thoughtSignature);
}

/** The same, as they were made by the cloud: each turn's first call has one, the second has none. */
function expectGenuine(turns: number): void {
  const signatures = sentSignatures();
  expect(signatures.map((signature) => typeof signature)).toEqual(
    Array.from({ length: turns }, () => ['string', 'undefined']).flat(),
  );
  expect(signatures).not.toContain(STAND_IN);
  expect(new Set(signatures.filter(Boolean)).size).toBe(turns);
}

describe('a tool loop with a stock client that echoes nothing it does not know', () => {
  /** One turn of a user: the calls, their results, the text. */
  async function takeTurn(
    client: OpenAI,
    messages: ChatCompletionMessageParam[],
    question: string,
  ): Promise<string> {
    messages.push({ role: 'user', content: question });
    const { choices } = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
    const calls = choices[0]?.message.tool_calls ?? [];
    expect([choices[0]?.finish_reason, calls.length]).toEqual(['tool_calls', 2]);
    const stock = calls.flatMap((call) =>
      call.type === 'function' ? [{ id: call.id, type: call.type, function: { ...call.function } }] : [],
    );
    messages.push({ role: 'assistant', content: choices[0]?.message.content ?? null, tool_calls: stock });
    // Results arrive as they are ready, the last one first.
    for (const { id, function: called } of stock.toReversed()) {
      messages.push({ role: 'tool', tool_call_id: id, content: `${called.name}: ${called.arguments}` });
    }
    const answer = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
    const text = answer.choices[0]?.message.content ?? '';
    messages.push({ role: 'assistant', content: text });
    return text;
  }

  test('three turns of two parallel tools keep their signatures', async () => {
    const { client } = await startApp();
    const messages: ChatCompletionMessageParam[] = [{ role: 'system', content: 'Be short.' }];
    const answers: string[] = [];
    for (const city of ['Rome', 'Kyoto', 'Lima']) answers.push(await takeTurn(client, messages, city));
    expect(answers).toEqual(
      ['Rome', 'Kyoto', 'Lima'].map(
        (city) =>
          `gemini-3.8-flash echoes: weather said {"output":"weather: {\\"city\\":\\"${city}\\"}"}; now said {"output":"now: {}"}`,
      ),
    );
    expect(cloud.requests).toHaveLength(6);
    expectGenuine(3);
  });

  test('in another process, which never saw the calls, the documented stand-in takes over', async () => {
    const [first, second] = [await startApp(), await startApp()];
    const messages: ChatCompletionMessageParam[] = [];
    await takeTurn(first.client, messages, 'Rome');
    await takeTurn(second.client, messages, 'Kyoto');
    expect(sentSignatures()).toEqual([STAND_IN, undefined, expect.not.stringMatching(STAND_IN), undefined]);
  });

  test('several steps in one turn keep theirs', async () => {
    const { client } = await startApp();
    const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'go' }];
    const signatures: string[] = [];
    for (const step of [1, 2, 3]) {
      const thoughtSignature = cloud.mintSignature();
      signatures.push(thoughtSignature);
      const parts = [{ functionCall: { id: `fc${step}`, name: 'now' }, thoughtSignature }];
      cloud.answerNext({
        body: { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] },
      });
      const { choices } = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
      const calls = choices[0]?.message.tool_calls ?? [];
      expect(calls.map(({ id }) => id)).toEqual([`fc${step}`]);
      messages.push(
        {
          role: 'assistant',
          tool_calls: [{ id: `fc${step}`, type: 'function', function: { name: 'now', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: `fc${step}`, content: 'noon' },
      );
    }
    const { choices } = await client.chat.completions.create({ model: MODEL, messages, tools: TOOLS });
    expect(choices[0]?.message.content).toContain('now said');
    expect(sentSignatures()).toEqual(signatures);
  });

  test("the SDK's own tool runner, streamed, comes to its end", async () => {
    const { client } = await startApp();
    const asked: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'Rome' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'The weather in a city',
            parameters: CITY,
            parse: JSON.parse as (text: string) => { city: string },
            function: (args: { city: string }) => {
              asked.push(args);
              return { sky: 'blue' };
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('gemini-3.8-flash echoes: weather said {"sky":"blue"}');
    expect(asked).toEqual([{ city: 'Rome' }]);
    expect(sentSignatures()).toEqual([expect.not.stringMatching(STAND_IN)]);
  });
});

describe('streams', () => {
  test('the stream helper of the SDK puts parallel calls together', async () => {
    const { client } = await startApp();
    const stream = client.chat.completions.stream({
      model: MODEL,
      messages: [{ role: 'user', content: 'Rome' }],
      tools: TOOLS,
      stream_options: { include_usage: true },
    });
    const { choices, usage, model } = await stream.finalChatCompletion();
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => (call.type === 'function' ? call.function : null))).toMatchObject([
      { name: 'weather', arguments: '{"city":"Rome"}' },
      { name: 'now', arguments: '{}' },
    ]);
    expect([choices[0]?.finish_reason, model]).toEqual(['tool_calls', 'gemini-3.8-flash']);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(20);
  });

  const streamed = async (host: RunningHost, more: object = {}): Promise<Answer> =>
    askJson(`${host.url}/v1/chat/completions`, {
      model: MODEL,
      messages: [{ role: 'user', content: 'Q' }],
      stream: true,
      ...more,
    });

  test('every chunk has the same head, and the end is [DONE] once', async () => {
    const { host } = await startApp();
    const { text, headers } = await streamed(host, { verbosity: 'low' });
    const events = eventsOf(text);
    expect(headers['x-prefix-router-dropped']).toBe('verbosity');
    expect(events.filter((event) => event === '[DONE]')).toEqual(['[DONE]']);
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event) as JsonObject);
    const heads = chunks.map(({ id, model, created, object }) => ({ id, model, created, object }));
    expect(heads).toEqual(heads.map(() => heads[0]));
    expect(heads[0]).toMatchObject({ model: 'gemini-3.8-flash', object: 'chat.completion.chunk' });
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    const content = chunks.flatMap(({ choices }) =>
      (choices as { delta: { content?: string } }[]).map(({ delta }) => delta.content ?? ''),
    );
    expect(content.join('')).toBe('gemini-3.8-flash echoes: Q');
  });

  test('an answer that a proxy sends as one list is streamed all the same', async () => {
    const { host } = await startApp();
    const part = (text: string, more: JsonObject = {}): JsonObject => ({
      candidates: [{ content: { parts: [{ text }] }, ...more }],
    });
    cloud.answerNext({ body: JSON.stringify([part('a'), part('b', { finishReason: 'STOP' })], null, 2) });
    const events = eventsOf((await streamed(host)).text);
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events
      .slice(0, -1)
      .map((event) => (JSON.parse(event) as { choices: { delta: { content?: string } }[] }).choices[0]);
    expect(chunks.map((choice) => choice?.delta.content)).toEqual(['', 'a', 'b', undefined]);
  });

  const half = { candidates: [{ content: { parts: [{ text: 'a' }] } }] };
  const overloaded = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };

  test.each<[string, Parameters<SimulatedGoogle['answerNext']>[0], string]>([
    ['an error event', { events: [half, overloaded] }, 'The model is overloaded.'],
    [
      'a bare error',
      { slices: [`data: ${JSON.stringify(half)}\r\n\r\n`, JSON.stringify(overloaded, null, 2)] },
      'The model is overloaded.',
    ],
    ['no reason to end', { events: [half] }, 'Google ended the stream before the answer was complete.'],
    ['a reset', { events: [half], ending: 'reset' }, 'Google broke off before the answer was complete.'],
  ])('%s in mid-stream is raised by the SDK, and nothing is DONE', async (_name, answer, message) => {
    const { client, host } = await startApp();
    cloud.answerNext(answer);
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'Q' }],
      stream: true,
    });
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { choices } of stream) seen.push(choices[0]?.delta.content ?? '');
    };
    await expect(read()).rejects.toThrow(message);
    expect(seen.join('')).toBe('a');
    cloud.answerNext(answer);
    expect((await streamed(host)).text).not.toContain('[DONE]');
  });

  test('an error in place of the first event is a real HTTP error', async () => {
    const { host } = await startApp();
    for (const answer of [{ events: [overloaded] }, { body: JSON.stringify([overloaded], null, 2) }]) {
      cloud.answerNext(answer);
      const { status, text } = await streamed(host);
      expect([status, (JSON.parse(text) as { error: JsonObject }).error]).toMatchObject([
        503,
        {
          code: 'provider_overloaded',
          provider: 'google',
          provider_error: { status: 503, code: 'UNAVAILABLE' },
        },
      ]);
    }
  });

  if (python !== undefined) {
    test('the accumulator of the Python SDK joins the lists that are ours', async () => {
      const { host } = await startApp();
      const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
      const code = { executableCode: { language: 'PYTHON', code: '1' } };
      const event = (...parts: JsonObject[]): JsonObject => ({
        candidates: [{ content: { parts } }],
        responseId: 'r',
      });
      const groundingMetadata = {
        groundingChunks: [{ web: { uri: 'https://e.org/', title: 'e' } }],
        groundingSupports: [
          { segment: { endIndex: 1, text: 'a' }, groundingChunkIndices: [0] },
          { segment: { endIndex: 2, text: 'ab' }, groundingChunkIndices: [0] },
        ],
      };
      cloud.answerNext({
        events: [
          event({ text: 'a' }, image),
          event(code, { text: 'b' }),
          event(image),
          event(code, { functionCall: { name: 'f' }, thoughtSignature: cloud.mintSignature() }),
          event({ functionCall: { name: 'g' } }),
          { candidates: [{ finishReason: 'STOP', groundingMetadata }] },
        ],
      });
      const script = `
import json, openai
client = openai.OpenAI(base_url='${host.url}/v1', api_key='x', max_retries=0)
with client.chat.completions.stream(model='${MODEL}', messages=[{'role': 'user', 'content': 'Q'}]) as stream:
    for _ in stream: pass
    message = stream.get_final_completion().choices[0].message.model_dump()
print(json.dumps([len(message['images']), len(message['extra_content']['google']['parts']),
    len(message['annotations']), [call['function']['name'] for call in message['tool_calls']], message['content']]))
`;
      const { out, err } = await run(python, ['-c', script]);
      expect(err).toBe('');
      expect(JSON.parse(out)).toEqual([2, 2, 2, ['f', 'g'], 'ab']);
    });
  }
});

describe('the AI SDK as a reader', () => {
  const modelOf = ({ host }: App): LanguageModel =>
    createOpenAICompatible({ name: 'router', baseURL: `${host.url}/v1`, includeUsage: true })(MODEL);
  const tools = {
    weather: tool({
      description: 'The weather in a city',
      inputSchema: jsonSchema<{ city: string }>({
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
      }),
      execute: ({ city }) => Promise.resolve({ city, sky: 'blue' }),
    }),
    now: tool({
      description: 'The time',
      inputSchema: jsonSchema<object>({ type: 'object', properties: {} }),
      execute: () => Promise.resolve('noon'),
    }),
  };
  const ANSWER =
    'gemini-3.8-flash echoes: weather said {"city":"Rome","sky":"blue"}; now said {"output":"noon"}';

  test('it ends a tool loop, and its signatures come back', async () => {
    const model = modelOf(await startApp());
    const { text, steps, totalUsage } = await generateText({
      model,
      tools,
      prompt: 'Rome',
      stopWhen: stepCountIs(5),
    });
    expect([text, steps.length]).toEqual([ANSWER, 2]);
    expect(totalUsage.totalTokens).toBe((totalUsage.inputTokens ?? 0) + (totalUsage.outputTokens ?? 0));
    expectGenuine(1);
  });

  test('streamed, too', async () => {
    const model = modelOf(await startApp());
    const { text, finishReason, usage } = streamText({
      model,
      tools,
      prompt: 'Rome',
      stopWhen: stepCountIs(5),
    });
    expect([await text, await finishReason]).toEqual([ANSWER, 'stop']);
    expect((await usage).reasoningTokens).toBe(20);
    expectGenuine(1);
  });

  test('it shows the thoughts apart', async () => {
    const model = modelOf(await startApp());
    cloud.answerNext({
      events: [
        { candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] },
        { candidates: [{ content: { parts: [{ text: 'yes' }] }, finishReason: 'STOP' }] },
      ],
    });
    const { text, reasoningText } = streamText({ model, prompt: 'Q' });
    expect([await text, await reasoningText]).toEqual(['yes', 'hm']);
  });
});

describe('embeddings', () => {
  test('the SDK reads the base64 that it asks for by default', async () => {
    const { client } = await startApp();
    const { data, usage, model } = await client.embeddings.create({
      model: 'google:gemini-embedding-001',
      input: ['a', 'bcd'],
      dimensions: 4,
    });
    expect([data.map(({ embedding }) => [...embedding]), usage.total_tokens, model]).toEqual([
      [
        [1, 97 / 1024, 0, 0],
        [3, 98 / 1024, 0, 0],
      ],
      2,
      'gemini-embedding-001',
    ]);
  });

  test('250 texts are three calls and one answer, in order', async () => {
    const { client } = await startApp();
    const input = Array.from({ length: 250 }, (_, index) => 'x'.repeat(index + 1));
    const { data, usage } = await client.embeddings.create({
      model: 'google:gemini-embedding-001',
      input,
      dimensions: 1,
    });
    expect(data.map(({ index, embedding }) => [index, embedding[0]])).toEqual(
      input.map((text, index) => [index, text.length]),
    );
    expect([cloud.requests.length, usage.prompt_tokens]).toEqual([3, 250]);
  });

  test('an error of the second call is the error of the whole, and what was paid is not paid again', async () => {
    const records: CallRecord[] = [];
    const { client } = await startApp(KEY, (record) => void records.push(record));
    cloud.answerNext((request, response) => {
      const { requests } = request.json as { requests: unknown[] };
      const embeddings = requests.map(() => ({ values: [1] }));
      const body = { embeddings, usageMetadata: { promptTokenCount: 100 } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    cloud.answerNext({
      status: 429,
      body: { error: { code: 429, message: 'm', status: 'RESOURCE_EXHAUSTED' } },
    });
    const input = Array.from({ length: 101 }, () => 'a');
    const asked = client.embeddings.create(
      { model: 'google:gemini-embedding-001', input },
      { maxRetries: 2 },
    );
    await expect(asked).rejects.toThrow(OpenAI.RateLimitError);
    expect(cloud.requests).toHaveLength(2);
    expect(records).toMatchObject([
      {
        status: 429,
        errorCode: 'rate_limited',
        usage: { prompt_tokens: 100, completion_tokens: 0, total_tokens: 100 },
      },
    ]);
  });

  test('an error of the first call may be tried again, as any other', async () => {
    const { client } = await startApp();
    cloud.answerNext({
      status: 503,
      body: { error: { code: 503, message: 'm', status: 'UNAVAILABLE' } },
    });
    const input = Array.from({ length: 101 }, () => 'a');
    const ask = { model: 'google:gemini-embedding-001', input, dimensions: 1 };
    const { data } = await client.embeddings.create(ask, { maxRetries: 1 });
    expect([data.length, cloud.requests.length]).toEqual([101, 3]);
  });
});

describe('the door to the cloud', () => {
  const chat = ({ host }: App, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    askJson(
      `${host.url}/v1/chat/completions`,
      { model: MODEL, messages: [{ role: 'user', content: 'Q' }], ...more },
      headers,
    );

  test('the key goes in its one header, and nothing of the client goes along', async () => {
    const answer = await chat(
      await startApp(),
      {},
      {
        authorization: 'Bearer sk-of-the-client',
        'x-goog-api-key': 'client',
        'x-api-key': 'client',
        'api-key': 'client',
        cookie: 'a=b',
        'openai-organization': 'org',
      },
    );
    expect(answer.status).toBe(200);
    const [request] = cloud.requests;
    expect(request?.path).toBe('/v1beta/models/gemini-3.8-flash:generateContent');
    expect(request?.headers).toMatchObject({ 'x-goog-api-key': KEY, 'content-type': 'application/json' });
    expect(JSON.stringify(request?.headers)).not.toMatch(/client|cookie|authorization|openai-organization/);
  });

  test('a key that Google refuses is the trouble of this server, and is not repeated', async () => {
    const { status, text } = await chat(await startApp('AQ.wrong-0123456789'));
    expect([status, JSON.parse(text)]).toEqual([
      401,
      {
        error: {
          message: 'Google refused the API key of this server. Check GOOGLE_API_KEY.',
          type: 'authentication_error',
          param: null,
          code: 'provider_key_invalid',
          provider: 'google',
          provider_error: { status: 400, code: 'INVALID_ARGUMENT' },
        },
      },
    ]);
  });

  test('a rate limit says how long to wait, in the sentence and in the headers', async () => {
    const app = await startApp();
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
    cloud.answerNext({
      status: 429,
      body: { error: { code: 429, message: 'q', status: 'RESOURCE_EXHAUSTED', details } },
    });
    const { status, text, headers } = await chat(app);
    expect([status, headers['retry-after'], headers['retry-after-ms']]).toEqual([429, '35', '34400']);
    expect((JSON.parse(text) as { error: JsonObject }).error.message).toBe(
      'Rate limit exceeded. Please retry after 35 seconds.',
    );
  });

  test.each([
    ['google:../secret', 'invalid_model'],
    ['google:gemini-3.8-flash:generateContent?key=', 'invalid_model'],
  ])('the model %s never reaches the cloud', async (model, code) => {
    const { status, text } = await chat(await startApp(), { model });
    expect([status, (JSON.parse(text) as { error: JsonObject }).error.code]).toEqual([400, code]);
    expect(cloud.requests).toEqual([]);
  });

  test('a retired model is not found, in the words of Google', async () => {
    const app = await startApp();
    const { status, text } = await chat(app, { model: 'google:llama-3' });
    expect([status, (JSON.parse(text) as { error: JsonObject }).error]).toMatchObject([
      404,
      { code: 'model_not_found', message: expect.stringContaining('models/llama-3 is not found') as string },
    ]);
  });

  test('what is left out is named in a header', async () => {
    const { headers } = await chat(await startApp(), {
      temperature: 0,
      foo: 1,
      reasoning_effort: 'max',
      user: 'u',
    });
    expect(headers['x-prefix-router-dropped']).toBe('temperature,foo,reasoning_effort');
  });

  test('the list of models is read over all its pages', async () => {
    const { router } = await startApp();
    const models = await router.models();
    expect(models.map(({ id }) => id)).toEqual([
      'google:gemini-3.8-flash',
      'google:gemini-3.1-pro-preview',
      'google:gemini-2.5-flash-lite',
      'google:gemma-3-27b-it',
      'google:gemini-embedding-001',
    ]);
  });
});
