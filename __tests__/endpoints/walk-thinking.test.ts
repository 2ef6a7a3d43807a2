/** Claude that thinks between its calls, over `/v1/responses`: each thought must come back where it was thought. */
import express from 'express';
import OpenAI from 'openai';
import {
  startSimulatedAnthropic,
  type SimulatedAnthropic,
} from '../../examples/simulated-clouds/anthropic.ts';
import { createPrefixRouter } from '../../lib/index.ts';
import { startHost, type RunningHost } from '../support/http.ts';

type Input = OpenAI.Responses.ResponseInputItem[];
type Answer = OpenAI.Responses.Response;

const MODEL = 'anthropic:claude-opus-5-5';

const tools = ['weather', 'time'].map((name): OpenAI.Responses.FunctionTool => ({
  type: 'function',
  name,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
}));

let cloud: SimulatedAnthropic;
let host: RunningHost;
let client: OpenAI;

beforeAll(async () => {
  cloud = await startSimulatedAnthropic({ apiKey: 'sk-ant', progressNotes: true, toolRounds: 2 });
  const env = { ANTHROPIC_API_KEY: 'sk-ant', ANTHROPIC_API_BASE_URL: cloud.url };
  host = await startHost(express().use(createPrefixRouter({ env })));
  client = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'x', maxRetries: 0 });
});

afterAll(async () => {
  await host.close();
  await cloud.close();
});

const given = (answer: Answer): Input => answer.output as Input;
const sun = (call_id: string): Input[number] => ({ type: 'function_call_output', call_id, output: 'sun' });

/** What a client sends back of an answer: its items, and the results of its calls. */
const HABITS: Record<string, (answer: Answer) => Input> = {
  'directly behind its call': (answer) =>
    given(answer).flatMap((item) => (item.type === 'function_call' ? [item, sun(item.call_id)] : [item])),
  'behind the answer': (answer) => [
    ...given(answer),
    ...given(answer).flatMap((item) => (item.type === 'function_call' ? [sun(item.call_id)] : [])),
  ],
};

const WAYS: Record<string, (input: Input) => Promise<Answer>> = {
  streamed: (input) => client.responses.stream({ model: MODEL, tools, input }).finalResponse(),
  'in one piece': (input) => client.responses.create({ model: MODEL, tools, input }),
};

interface Block {
  readonly type: string;
}

/** What was said in each turn of the last request. */
function turnsSent(): Block[][] {
  const { messages } = (cloud.requests.at(-1)?.json ?? { messages: [] }) as {
    messages: { content: Block[] }[];
  };
  return messages.map(({ content }) => content);
}

const CALLS = ['thinking', 'thinking', 'tool_use', 'thinking', 'tool_use'];
const RESULTS = ['tool_result', 'tool_result'];

describe.each(Object.keys(WAYS))('%s', (way) => {
  const ask = WAYS[way] as (typeof WAYS)[string];

  test.each(Object.keys(HABITS))('two rounds of two calls, each result %s', async (habit) => {
    const sendBack = HABITS[habit] as (typeof HABITS)[string];
    const input: Input = [{ role: 'user', content: 'Weather and time?' }];
    let answer = await ask(input);
    for (let round = 0; round < 2; round += 1) {
      input.push(...sendBack(answer));
      answer = await ask(input);
    }
    expect(answer.output_text).toBe('The tools say: sun, sun');
    expect(turnsSent().map((blocks) => blocks.map(({ type }) => type))).toEqual([
      ['text'],
      CALLS,
      RESULTS,
      CALLS,
      RESULTS,
    ]);
  });

  test('an answer whose text the client has changed says what it says now', async () => {
    const question: Input = [{ role: 'user', content: 'My card is 4111' }];
    const answer =
      way === 'streamed'
        ? await client.responses.stream({ model: MODEL, input: question }).finalResponse()
        : await client.responses.create({ model: MODEL, input: question });
    const changed = given(answer).map((item) =>
      item.type === 'message' ? { ...item, content: [{ type: 'output_text', text: '[redacted]' }] } : item,
    ) as Input;
    const next: Input = [
      ...question,
      ...changed,
      { role: 'assistant', content: 'Noted.' },
      { role: 'user', content: 'Go on' },
    ];
    await client.responses.create({ model: MODEL, input: next });
    expect(turnsSent()[1]?.filter(({ type }) => type !== 'thinking')).toEqual([
      { type: 'text', text: '[redacted]' },
      { type: 'text', text: 'Noted.' },
    ]);
  });
});
