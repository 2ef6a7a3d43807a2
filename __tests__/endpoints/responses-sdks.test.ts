/** The SDKs that speak the Responses API, against chat answers played through the carrier over HTTP. */
import { createOpenAI } from '@ai-sdk/openai';
import { Agent, OpenAIProvider, Runner, tool as agentTool } from '@openai/agents';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { responsesCarrier } from '../../lib/endpoints/responses/index.ts';
import type { AssistantMessage, ChatRequest, ChunkChoice } from '../../lib/openai/types.ts';
import { chunks, completion, startPlayer, type Player, type Script } from './support.ts';

const MODEL = 'claude-x';
const THOUGHT = { type: 'thinking', thinking: 'Hm', signature: 's' };
const SIGNATURE = { google: { thought_signature: 't' } };
const CALLS = ['a', 'b'].map((id) => ({
  id,
  type: 'function' as const,
  function: { name: 'weather', arguments: '{"city":"Oslo"}' },
  ...(id === 'a' && { extra_content: SIGNATURE }),
}));

/** First it thinks, speaks and calls twice; with the results it speaks. */
function loop(chat: ChatRequest): Script {
  const isSecond = chat.messages.some(({ role }) => role === 'tool');
  const message: Partial<AssistantMessage> = isSecond
    ? { content: 'It is sunny.' }
    : { reasoning_content: 'Hm', thinking_blocks: [THOUGHT], content: 'Let me look.', tool_calls: CALLS };
  const finish_reason = isSecond ? 'stop' : 'tool_calls';
  return {
    completion: completion(message, { finish_reason }),
    parts: chunks(deltasOf(message), finish_reason),
  };
}

function deltasOf(message: Partial<AssistantMessage>): ChunkChoice['delta'][] {
  const { reasoning_content, content, tool_calls = [] } = message;
  return [
    ...(reasoning_content === undefined
      ? []
      : [{ reasoning_content }, { thinking_blocks: [{ index: 0, ...THOUGHT }] }]),
    ...(content ?? '').split(/(?<= )/).map((word) => ({ content: word })),
    ...tool_calls.flatMap(({ function: called, ...call }, index) => [
      { tool_calls: [{ index, ...call, function: { name: called.name, arguments: '' } }] },
      { tool_calls: [{ index, function: { arguments: called.arguments } }] },
    ]),
  ];
}

/** What the second request must have become in chat. */
const SECOND_TURN = [
  {
    role: 'assistant',
    content: [{ type: 'text', text: 'Let me look.' }],
    tool_calls: CALLS,
    thinking_blocks: [THOUGHT],
  },
  { role: 'tool', tool_call_id: 'a', content: 'sun in Oslo' },
  { role: 'tool', tool_call_id: 'b', content: 'sun in Oslo' },
];

let player: Player;
let client: OpenAI;

async function play(answer: (chat: ChatRequest, turn: number) => Script): Promise<void> {
  player = await startPlayer(responsesCarrier, answer);
  client = new OpenAI({ baseURL: `${player.url}/v1`, apiKey: 'x', maxRetries: 0 });
}

afterEach(() => player.close());

const secondTurn = (): unknown => player.chats[1]?.messages.slice(-3);

describe('the openai SDK', () => {
  const weather = { type: 'function' as const, name: 'weather', parameters: {}, strict: false };

  test('its accumulated stream is the answer in one piece', async () => {
    await play(loop);
    const ask = { model: MODEL, input: 'Weather?', tools: [weather] };
    const whole = await client.responses.create(ask);
    const streamed = await client.responses.stream(ask).finalResponse();
    expect(whole.output_text).toBe('Let me look.');
    expect(streamed.output_text).toBe('Let me look.');
    expect(streamed.output_parsed).toBeNull();
    expect(streamed.output).toMatchObject(whole.output);
    expect({ ...streamed, output: [], output_parsed: null }).toEqual({
      ...whole,
      output: [],
      output_parsed: null,
    });
  });

  test('its events add up to what the last one says', async () => {
    await play(loop);
    let text = '';
    let summary = '';
    const args: Record<string, string> = {};
    let final: OpenAI.Responses.Response | undefined;
    const numbers: number[] = [];
    for await (const event of await client.responses.create({
      model: MODEL,
      input: 'Weather?',
      stream: true,
    })) {
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.reasoning_summary_text.delta') summary += event.delta;
      if (event.type === 'response.function_call_arguments.delta')
        args[event.item_id] = (args[event.item_id] ?? '') + event.delta;
      if (event.type === 'response.completed') final = event.response;
    }
    expect(numbers).toEqual(numbers.map((_number, index) => index));
    expect({ text, summary }).toEqual({ text: 'Let me look.', summary: 'Hm' });
    const calls = final?.output.filter((item) => item.type === 'function_call') ?? [];
    expect(calls.map(({ id, arguments: whole }) => [args[id ?? ''], whole])).toEqual([
      ['{"city":"Oslo"}', '{"city":"Oslo"}'],
      ['{"city":"Oslo"}', '{"city":"Oslo"}'],
    ]);
  });

  test('the output, put behind the input with the results, goes back whole', async () => {
    await play(loop);
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Weather?' }];
    const first = await client.responses.create({ model: MODEL, input, tools: [weather], store: false });
    const results = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'sun in Oslo' }]
        : [],
    );
    const second = await client.responses.create({
      model: MODEL,
      input: [...input, ...(first.output as OpenAI.Responses.ResponseInput), ...results],
      tools: [weather],
      store: false,
    });
    expect(secondTurn()).toEqual(SECOND_TURN);
    expect(second.output_text).toBe('It is sunny.');
  });

  test('responses.parse reads what a schema asked for', async () => {
    await play(() => ({ completion: completion({ content: '{"city":"Oslo"}' }) }));
    const City = z.object({ city: z.string() });
    const parsed = await client.responses.parse({
      model: MODEL,
      input: 'Where?',
      text: { format: zodTextFormat(City, 'city') },
    });
    expect(parsed.output_parsed).toEqual({ city: 'Oslo' });
    expect(player.chats[0]?.['response_format']).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'city', strict: true, schema: { type: 'object' } },
    });
  });

  test('raises an error in mid-stream, and a refused field', async () => {
    const error = { message: 'Cut.', type: 'server_error', param: null, code: 'stream_interrupted' };
    await play(() => ({ parts: chunks([{ content: 'Hel' }]).slice(0, 2), failure: { error } }));
    const stream = client.responses.stream({ model: MODEL, input: 'Hi' });
    await expect(stream.finalResponse()).rejects.toMatchObject({
      code: 'stream_interrupted',
      message: 'Cut.',
    });
    const stored = client.responses.create({ model: MODEL, input: 'Hi', store: true });
    await expect(stored).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'store',
    });
  });
});

describe('the AI SDK', () => {
  const tools = {
    weather: tool({
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => `sun in ${city}`,
    }),
  };
  const settings = { prompt: 'Weather?', tools, stopWhen: stepCountIs(3), maxRetries: 0 } as const;
  const providerOptions = { openai: { store: false } };
  const model = (): ReturnType<ReturnType<typeof createOpenAI>['responses']> =>
    createOpenAI({ baseURL: `${player.url}/v1`, apiKey: 'x' }).responses(MODEL);

  test('generateText runs a tool loop, thoughts and signatures included', async () => {
    await play(loop);
    const { text, steps, totalUsage } = await generateText({ ...settings, model: model(), providerOptions });
    expect(text).toBe('It is sunny.');
    expect(steps[0]?.reasoningText).toContain('Hm');
    expect(totalUsage).toMatchObject({ inputTokens: 20, outputTokens: 14, cachedInputTokens: 8 });
    expect(secondTurn()).toEqual(SECOND_TURN);
  });

  test('streamText runs it too, and sees the text grow', async () => {
    await play(loop);
    const result = streamText({ ...settings, model: model(), providerOptions });
    const words: string[] = [];
    for await (const word of result.textStream) words.push(word);
    expect(words).toEqual(['Let ', 'me ', 'look.', 'It ', 'is ', 'sunny.']);
    expect(await result.finishReason).toBe('stop');
    expect(secondTurn()).toEqual(SECOND_TURN);
  });

  test('told nothing about storing, it is told that it must', async () => {
    await play(loop);
    await expect(generateText({ ...settings, model: model() })).rejects.toMatchObject({
      statusCode: 400,
      message: 'An item_reference points to a stored item, and responses of this cloud are not stored.',
    });
  });

  test('an error in mid-stream is one error', async () => {
    const error = { message: 'Cut.', type: 'server_error', param: null, code: 'stream_interrupted' };
    await play(() => ({ parts: chunks([{ content: 'Hel' }]).slice(0, 2), failure: { error } }));
    const errors: unknown[] = [];
    const result = streamText({
      model: model(),
      prompt: 'Hi',
      maxRetries: 0,
      onError: ({ error: raised }) => void errors.push(raised),
    });
    await result.consumeStream();
    expect(errors).toMatchObject([{ message: 'Cut.', code: 'stream_interrupted' }]);
  });
});

describe('the Agents SDK', () => {
  const weather = agentTool({
    name: 'weather',
    description: 'Weather of a city',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => `sun in ${city}`,
  });
  const agent = new Agent({ name: 'A', instructions: 'Be brief.', tools: [weather], model: MODEL });
  const runner = (): Runner =>
    new Runner({
      tracingDisabled: true,
      modelProvider: new OpenAIProvider({ baseURL: `${player.url}/v1`, apiKey: 'x', useResponses: true }),
    });

  test('runs a tool loop, thoughts and signatures included', async () => {
    await play(loop);
    const result = await runner().run(agent, 'Weather?');
    expect(result.finalOutput).toBe('It is sunny.');
    expect(player.chats[1]?.messages[0]).toEqual({ role: 'system', content: 'Be brief.' });
    expect(secondTurn()).toEqual(SECOND_TURN);
  });

  test('runs it over streams', async () => {
    await play(loop);
    const result = await runner().run(agent, 'Weather?', { stream: true });
    let text = '';
    for await (const chunk of result.toTextStream()) text += chunk;
    await result.completed;
    expect(text).toBe('Let me look.It is sunny.');
    expect(result.finalOutput).toBe('It is sunny.');
    expect(secondTurn()).toEqual(SECOND_TURN);
  });

  test('takes an empty answer for the end of its run, and pays for no further one', async () => {
    await play(() => ({
      completion: completion({ content: '', reasoning_content: 'Hm' }, { finish_reason: 'length' }),
    }));
    const result = await runner().run(agent, 'Weather?');
    expect(result.finalOutput).toBe('');
    expect(player.chats).toHaveLength(1);
  });
});
