/**
 * Whole walks over the endpoints that are carried over chat: stock clients, the router, and the strict simulated
 * clouds behind it. Each request meets a router of its own, so that nothing is remembered which the client did not send.
 */
import { createOpenAI } from '@ai-sdk/openai';
import { Agent, OpenAIProvider, Runner, tool as agentTool } from '@openai/agents';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import express from 'express';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import {
  startSimulatedAnthropic,
  type SimulatedAnthropic,
} from '../../examples/simulated-clouds/anthropic.ts';
import { startSimulatedGoogle, type SimulatedGoogle } from '../../examples/simulated-clouds/google.ts';
import { createPrefixRouter, type CallRecord } from '../../lib/index.ts';
import type { JsonObject } from '../../lib/openai/types.ts';
import { run } from '../support/documents.ts';
import { askJson, startHost, type RunningHost } from '../support/http.ts';
import { findPython } from '../support/python.ts';
import { parseEvents } from './support.ts';

const CLAUDE = 'anthropic:claude-opus-5-5';
const GEMINI = 'google:gemini-3.8-flash';

/** A stream of Claude's that ends in an error. */
const BROKEN = [
  { type: 'message_start', message: { id: 'msg_9', model: 'claude-opus-5-5', content: [], usage: {} } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
  { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
];

const python = await findPython();

let clouds: { anthropic: SimulatedAnthropic; google: SimulatedGoogle };
let host: RunningHost;
let client: OpenAI;
const records: CallRecord[] = [];

beforeAll(async () => {
  clouds = {
    anthropic: await startSimulatedAnthropic({ apiKey: 'sk-ant' }),
    google: await startSimulatedGoogle({ apiKey: 'google' }),
  };
  const env = {
    ANTHROPIC_API_KEY: 'sk-ant',
    ANTHROPIC_API_BASE_URL: clouds.anthropic.url,
    GOOGLE_API_KEY: 'google',
    GOOGLE_API_BASE_URL: clouds.google.url,
  };
  const app = express();
  app.use((req, res, next) => {
    const router = createPrefixRouter({ env, onCall: (record) => void records.push(record) });
    res.once('close', () => void router.close());
    router(req, res, next);
  });
  host = await startHost(app);
  client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'x', maxRetries: 0 });
});

beforeEach(() => {
  for (const cloud of Object.values(clouds)) cloud.requests.length = 0;
  records.length = 0;
});

afterAll(async () => {
  await host.close();
  await Promise.all(Object.values(clouds).map((cloud) => cloud.close()));
});

interface Sent {
  readonly messages: { readonly content: readonly JsonObject[] }[];
  readonly contents: { readonly parts: readonly JsonObject[] }[];
}

/** What the model was given back of its own in the last request. */
function broughtBack(model: string): string[] {
  const cloud = model === CLAUDE ? clouds.anthropic : clouds.google;
  const { messages = [], contents = [] } = (cloud.requests.at(-1)?.json ?? {}) as Partial<Sent>;
  return [
    ...messages.flatMap(({ content }) => content).flatMap(({ signature }) => wordsOf(signature)),
    ...contents.flatMap(({ parts }) => parts).flatMap(({ thoughtSignature }) => wordsOf(thoughtSignature)),
  ];
}

function wordsOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : [];
}

/** One signature, made by the cloud and not stood in for. */
function expectSigned(model: string): void {
  const signatures = broughtBack(model);
  expect(signatures).toHaveLength(1);
  expect(signatures).not.toContain('skip_thought_signature_validator');
}

const CITY = z.object({ city: z.string() });
const weather: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};

describe.each([CLAUDE, GEMINI])('responses of %s', (model) => {
  test('the openai SDK runs a tool loop with nothing but the items it got', async () => {
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather?' }];
    const ask = { model, tools: [weather], instructions: 'Be brief.', store: false };
    const first = await client.responses.create({ ...ask, input });
    for (const item of first.output) {
      input.push(item as OpenAI.Responses.ResponseInputItem);
      if (item.type !== 'function_call') continue;
      expect(JSON.parse(item.arguments)).toEqual({ city: expect.any(String) as string });
      input.push({ type: 'function_call_output', call_id: item.call_id, output: 'sun' });
    }
    expect(first.status).toBe('completed');
    const second = await client.responses.create({ ...ask, input });
    expect(second.output_text).toContain('sun');
    expectSigned(model);
  });

  test('without the reasoning items it goes on too', async () => {
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather?' }];
    const first = await client.responses.create({ model, tools: [weather], input });
    for (const item of first.output) {
      if (item.type !== 'function_call') continue;
      const { call_id, name, arguments: args } = item;
      input.push({ type: 'function_call', call_id, name, arguments: args });
      input.push({ type: 'function_call_output', call_id, output: 'sun' });
    }
    const second = await client.responses.create({ model, tools: [weather], input });
    expect(second.output_text).toContain('sun');
  });

  test("the SDK's accumulated stream has the text and the counts of the last event", async () => {
    const stream = client.responses.stream({ model, input: 'Hello there' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => (text += delta));
    const final = await stream.finalResponse();
    expect(final.status).toBe('completed');
    expect(final.output_text).toContain('Hello there');
    expect(text).toBe(final.output_text);
    const { input_tokens: input = 0, output_tokens: output = 0, total_tokens: total } = final.usage ?? {};
    expect(input).toBeGreaterThan(0);
    expect(output).toBeGreaterThan(0);
    expect(total).toBe(input + output);
    expect(records).toMatchObject([{ endpoint: 'responses', status: 200, stream: true, complete: true }]);
  });

  test('responses.parse gets what its schema asks for, and so does the stream', async () => {
    const ask = { model, input: 'Where?', text: { format: zodTextFormat(CITY, 'city') } };
    const whole = await client.responses.parse(ask);
    expect(whole.output_parsed).toEqual({ city: expect.any(String) as string });
    const streamed = await client.responses.stream(ask).finalResponse();
    expect(streamed.output_parsed).toEqual(whole.output_parsed);
  });

  test('an answer that is cut by its limit is incomplete', async () => {
    const cut = await client.responses.create({
      model,
      input: 'Hello there, how are you?',
      max_output_tokens: 1,
    });
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
  });

  describe('the AI SDK', () => {
    const tools = { weather: tool({ inputSchema: CITY, execute: ({ city }) => `sun in ${city}` }) };
    const settings = {
      prompt: 'Weather?',
      tools,
      stopWhen: stepCountIs(4),
      maxRetries: 0,
      providerOptions: { openai: { store: false } },
    };
    const provide = (): ReturnType<ReturnType<typeof createOpenAI>['responses']> =>
      createOpenAI({ baseURL: `${host.url}/v1`, apiKey: 'x' }).responses(model);

    test('runs a tool loop with generateText', async () => {
      const { text, steps } = await generateText({ ...settings, model: provide() });
      expect(text).toContain('sun in');
      expect(steps).toHaveLength(2);
      expectSigned(model);
    });

    test('runs a tool loop with streamText', async () => {
      const result = streamText({ ...settings, model: provide() });
      let text = '';
      for await (const word of result.textStream) text += word;
      expect(text).toContain('sun in');
      expect(await result.finishReason).toBe('stop');
      expectSigned(model);
    });
  });

  describe('the Agents SDK', () => {
    const agent = new Agent({
      name: 'Weather',
      instructions: 'Be brief.',
      model,
      tools: [
        agentTool({
          name: 'weather',
          description: 'Weather of a city',
          parameters: CITY,
          execute: ({ city }) => `sun in ${city}`,
        }),
      ],
    });
    const runner = (): Runner =>
      new Runner({
        tracingDisabled: true,
        modelProvider: new OpenAIProvider({ baseURL: `${host.url}/v1`, apiKey: 'x', useResponses: true }),
      });

    test('runs a tool loop', async () => {
      const result = await runner().run(agent, 'Weather?');
      expect(result.finalOutput).toContain('sun in');
      expectSigned(model);
    });

    test('runs a tool loop over streams', async () => {
      const result = await runner().run(agent, 'Weather?', { stream: true });
      let text = '';
      for await (const chunk of result.toTextStream()) text += chunk;
      await result.completed;
      expect(text).toContain('sun in');
      expect(result.finalOutput).toBe(text);
      expectSigned(model);
    });
  });
});

test('thinking that Claude shows is a summary, in one piece and as it comes', async () => {
  const ask = { model: 'anthropic:claude-opus-4-6', input: 'Hello', reasoning: { effort: 'high' as const } };
  const whole = await client.responses.create(ask);
  const [reasoning] = whole.output;
  expect(reasoning).toMatchObject({ type: 'reasoning', summary: [{ type: 'summary_text' }] });
  let summary = '';
  const stream = client.responses.stream(ask);
  stream.on('response.reasoning_summary_text.delta', ({ delta }) => (summary += delta));
  const final = await stream.finalResponse();
  expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
  expect(reasoning).toMatchObject({ summary: [{ text: summary }] });
});

test('what is left out is named as the client knows it', async () => {
  const body = {
    model: GEMINI,
    input: 'Hi',
    text: { verbosity: 'low' },
    truncation: 'auto',
    reasoning: { mode: 'pro' },
  };
  const answer = await askJson(`${host.url}/v1/responses`, body);
  expect(answer.status).toBe(200);
  expect(answer.headers['x-prefix-router-dropped']).toBe('text.verbosity,truncation,reasoning.mode');
});

test('a place of a schema that Claude cannot leave open is named as the client knows it', async () => {
  const schema = { type: 'object', properties: { map: { type: 'object', additionalProperties: true } } };
  const answer = await askJson(`${host.url}/v1/responses`, {
    model: CLAUDE,
    input: 'Hi',
    text: { format: { type: 'json_schema', name: 'n', schema } },
    tools: [{ ...weather, parameters: schema, strict: true }],
  });
  expect(answer.status).toBe(200);
  expect(answer.headers['x-prefix-router-dropped']).toBe(
    'text.format.schema.properties.map.additionalProperties,' +
      'tools.0.parameters.properties.map.additionalProperties',
  );
});

test('Claude reads a PDF by its URL', async () => {
  const input_file = { type: 'input_file', file_url: 'https://e.org/a.pdf', filename: 'a.pdf' };
  const input = [{ role: 'user', content: [input_file, { type: 'input_text', text: 'Sum up' }] }];
  const answer = await askJson(`${host.url}/v1/responses`, { model: CLAUDE, input });
  expect(answer.status).toBe(200);
  const document = { type: 'document', source: { type: 'url', url: 'https://e.org/a.pdf' }, title: 'a.pdf' };
  expect(clouds.anthropic.requests.at(-1)?.json).toMatchObject({
    messages: [{ role: 'user', content: [document, { type: 'text', text: 'Sum up' }] }],
  });
});

test.each([
  [{ store: true }, 'store'],
  [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
  [{ input: [{ role: 'user' }] }, 'input[0].content'],
  [{ max_output_tokens: 0 }, 'max_output_tokens'],
  [{ input: ' ' }, 'input'],
  [{ top_logprobs: 2 }, 'top_logprobs'],
  [{ include: ['message.output_text.logprobs'] }, 'include'],
  [
    {
      tools: [weather],
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] },
    },
    'tool_choice.tools',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
    'input[0].content[0].image_url',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file', file_data: 'x', filename: 'a.zip' }] }] },
    'input[0].content[0].file_data',
  ],
])('%j is refused by name, and nothing is sent', async (body, param) => {
  const answer = await askJson(`${host.url}/v1/responses`, {
    model: CLAUDE,
    input: 'Hi',
    instructions: 'A',
    ...body,
  });
  expect(answer.status).toBe(400);
  const { error } = JSON.parse(answer.text) as { error: { param: string; message: string; type: string } };
  expect(error).toMatchObject({ type: 'invalid_request_error', param });
  expect(clouds.anthropic.requests).toEqual([]);
});

test('an answer that breaks off is raised by the SDK, and ends with the failed response', async () => {
  clouds.anthropic.answerNext({ events: BROKEN }, { events: BROKEN });
  const answer = await askJson(`${host.url}/v1/responses`, { model: CLAUDE, input: 'Hi', stream: true });
  const last = parseEvents(answer.text).slice(-2);
  expect(last).toMatchObject([
    { type: 'error', error: { code: 'provider_overloaded' } },
    { type: 'response.failed', response: { status: 'failed', error: { code: 'provider_overloaded' } } },
  ]);
  const stream = client.responses.stream({ model: CLAUDE, input: 'Hi' });
  await expect(stream.finalResponse()).rejects.toMatchObject({ code: 'provider_overloaded' });
});

describe.each([CLAUDE, GEMINI])('completions of %s', (model) => {
  test('the openai SDK gets text, whole and streamed', async () => {
    const whole = await client.completions.create({ model, prompt: ['Hello there'], max_tokens: 500 });
    expect(whole).toMatchObject({
      object: 'text_completion',
      choices: [{ finish_reason: 'stop', index: 0 }],
    });
    expect(whole.choices[0]?.text).toContain('Hello there');
    let text = '';
    let usage: OpenAI.CompletionUsage | undefined;
    const stream_options = { include_usage: true };
    const stream = await client.completions.create({
      model,
      prompt: 'Hello there',
      stream: true,
      stream_options,
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.text);
    expect(usage?.completion_tokens).toBeGreaterThan(0);
    expect(records.map(({ endpoint, complete }) => [endpoint, complete])).toEqual([
      ['completions', true],
      ['completions', true],
    ]);
  });

  test('refuses what a chat model cannot do, by name', async () => {
    const refused = client.completions.create({ model, prompt: 'a', suffix: 'z' });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      param: 'suffix',
      code: 'unsupported_parameter',
    });
    expect(records.map(({ status }) => status)).toEqual([400]);
  });
});

test('Gemini gives the probabilities of its tokens in the legacy form; Claude has none', async () => {
  const chosenCandidates = [
    { token: 'He', logProbability: -0.1 },
    { token: 'y', logProbability: -0.5 },
  ];
  const topCandidates = [{ candidates: [{ token: 'Ho', logProbability: -3 }] }];
  clouds.google.answerNext({
    body: {
      responseId: 'r',
      candidates: [
        {
          content: { parts: [{ text: 'Hey' }] },
          finishReason: 'STOP',
          logprobsResult: { chosenCandidates, topCandidates },
        },
      ],
    },
  });
  const ask = { prompt: 'Hi', logprobs: 1 };
  const { choices } = await client.completions.create({ ...ask, model: 'google:gemini-2.0-flash' });
  expect(choices[0]?.text).toBe('Hey');
  expect(choices[0]?.logprobs).toEqual({
    tokens: ['He', 'y'],
    token_logprobs: [-0.1, -0.5],
    top_logprobs: [{ Ho: -3, He: -0.1 }, { y: -0.5 }],
    text_offset: [0, 2],
  });
  const refused = client.completions.create({ ...ask, model: CLAUDE });
  await expect(refused).rejects.toMatchObject({ status: 400, param: 'logprobs' });
});

if (python !== undefined) {
  test('the Python SDK accumulates streams and runs a tool loop', async () => {
    const script = `
import json, openai
client = openai.OpenAI(base_url='${host.url}/v1', api_key='x', max_retries=0)
tool = {'type': 'function', 'name': 'weather', 'strict': False,
        'parameters': {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}}
for model in ['${CLAUDE}', '${GEMINI}']:
    items = [{'role': 'user', 'content': 'Weather?'}]
    with client.responses.stream(model=model, input=items, tools=[tool]) as stream:
        for _ in stream: pass
        first = stream.get_final_response()
    items += first.output
    for item in first.output:
        if item.type == 'function_call':
            items.append({'type': 'function_call_output', 'call_id': item.call_id, 'output': 'sun'})
    second = client.responses.create(model=model, input=items, tools=[tool])
    print(json.dumps([first.status, 'sun' in second.output_text, second.usage.total_tokens > 0]))
print(json.dumps(client.completions.create(model='${CLAUDE}', prompt='Hello').choices[0].text))
`;
    const { out, err } = await run(python, ['-c', script]);
    expect(err).toBe('');
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([['completed', true, true], ['completed', true, true], 'You said: Hello']);
  });

  test('the Python SDK raises an error in mid-stream', async () => {
    clouds.anthropic.answerNext({ events: BROKEN });
    const script = `
import openai
client = openai.OpenAI(base_url='${host.url}/v1', api_key='x', max_retries=0)
try:
    for _ in client.responses.create(model='${CLAUDE}', input='Hi', stream=True): pass
except openai.APIError as error:
    print(error.code, error.message)
`;
    expect(await run(python, ['-c', script])).toEqual({
      code: 0,
      out: 'provider_overloaded Overloaded\n',
      err: '',
    });
  });
}
