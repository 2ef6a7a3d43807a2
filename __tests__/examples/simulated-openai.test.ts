import OpenAI, { toFile } from 'openai';
import { CREATED, MODELS, PICTURE, SOUND, vectorOf } from '../../examples/simulated-clouds/openai-answers.ts';
import { startSimulatedOpenAI, type SimulatedOpenAI } from '../../examples/simulated-clouds/openai.ts';

let cloud: SimulatedOpenAI;
let client: OpenAI;

beforeEach(async () => {
  cloud = await startSimulatedOpenAI({ apiKey: 'sk-simulated-key' });
  client = new OpenAI({ baseURL: cloud.baseUrl, apiKey: 'sk-simulated-key', maxRetries: 0 });
});

afterEach(() => cloud.close());

const HELLO = [
  { role: 'system' as const, content: 'Be brief.' },
  { role: 'user' as const, content: 'Hello, how are you?' },
];

const TOOLS = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string' },
          days: { type: 'integer' },
          unit: { type: 'string', enum: ['C', 'F'] },
          exact: { type: 'boolean' },
          tags: { type: 'array' },
          at: { type: 'object', properties: { hour: { type: 'number' } } },
        },
      },
    },
  },
  { type: 'function' as const, function: { name: 'time' } },
];

const CALLS = [
  {
    id: 'call_simulated1',
    type: 'function',
    function: {
      name: 'weather',
      arguments: '{"city":"Hello, how are you?","days":1,"unit":"C","exact":true,"tags":[],"at":{"hour":1}}',
    },
  },
  { id: 'call_simulated2', type: 'function', function: { name: 'time', arguments: '{}' } },
];

function usage(prompt: number, completion: number): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

describe('the simulated OpenAI, seen by the openai package', () => {
  test('echoes what it heard', async () => {
    expect(await client.chat.completions.create({ model: 'gpt-4.1', messages: HELLO })).toEqual({
      id: 'chatcmpl-sim1',
      object: 'chat.completion',
      created: CREATED,
      model: 'gpt-4.1',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'gpt-4.1 echoes: Hello, how are you?',
            refusal: null,
            annotations: [],
          },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: usage(6, 6),
      service_tier: 'default',
      system_fingerprint: 'fp_simulated',
    });
  });

  test('streams the same, the usage at the end where it is asked for', async () => {
    const stream = client.chat.completions.stream({
      model: 'gpt-4.1',
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0]?.message.content).toBe('gpt-4.1 echoes: Hello, how are you?');
    expect(answer.usage).toEqual(usage(6, 6));
  });

  test('sends no usage that nobody asked for', async () => {
    const stream = await client.chat.completions.create({ model: 'gpt-4.1', messages: HELLO, stream: true });
    const usages = new Set<unknown>();
    for await (const chunk of stream) usages.add(Object.hasOwn(chunk, 'usage'));
    expect([...usages]).toEqual([false]);
  });

  test('calls all tools, with arguments that fit, and the same when it streams', async () => {
    const request = { model: 'gpt-4.1', messages: HELLO, tools: TOOLS };
    const { choices } = await client.chat.completions.create(request);
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: CALLS },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ]);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.finish_reason).toBe('tool_calls');
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject(CALLS);
  });

  test('calls the one tool that was chosen, one of several if they may not be parallel, none if it shall not', async () => {
    const names = async (choice: object): Promise<unknown> => {
      const answer = await client.chat.completions.create({
        model: 'gpt-4.1',
        messages: HELLO,
        tools: TOOLS,
        ...choice,
      });
      return answer.choices[0]?.message.tool_calls?.map(
        (call) => call.type === 'function' && call.function.name,
      );
    };
    expect(await names({ tool_choice: { type: 'function', function: { name: 'time' } } })).toEqual(['time']);
    expect(await names({ parallel_tool_calls: false })).toEqual(['weather']);
    expect(await names({ tool_choice: 'none' })).toBeUndefined();
  });

  test('speaks of what a tool has answered', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'gpt-4.1',
      tools: TOOLS,
      messages: [
        ...HELLO,
        { role: 'assistant', tool_calls: [{ ...CALLS[0]!, type: 'function' }] },
        { role: 'tool', tool_call_id: 'call_simulated1', content: 'sunny' },
      ],
    });
    expect(choices[0]?.message.content).toBe('gpt-4.1 echoes: sunny');
  });

  test('stops at the limit of tokens, answers n times, and in JSON where it is told to', async () => {
    const cut = await client.chat.completions.create({
      model: 'gpt-5.4',
      messages: HELLO,
      max_completion_tokens: 3,
      n: 2,
    });
    expect(cut.choices.map(({ message, finish_reason: reason }) => [message.content, reason])).toEqual([
      ['gpt-5.4 echoes: Hello, ', 'length'],
      ['gpt-5.4 echoes: Hello, ', 'length'],
    ]);
    const json = await client.chat.completions.create({
      model: 'gpt-4.1',
      messages: HELLO,
      response_format: { type: 'json_object' },
    });
    expect(json.choices[0]?.message.content).toBe('{"echo":"Hello, how are you?"}');
  });

  test('completes a prompt, at once or streamed', async () => {
    const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon' };
    const whole = await client.completions.create(request);
    expect(whole.choices).toEqual([
      { text: 'gpt-3.5-turbo-instruct echoes: Once upon', index: 0, logprobs: null, finish_reason: 'stop' },
    ]);
    let text = '';
    for await (const { choices } of await client.completions.create({ ...request, stream: true })) {
      text += choices[0]?.text ?? '';
    }
    expect(text).toBe('gpt-3.5-turbo-instruct echoes: Once upon');
  });

  test('embeds texts, the same in both encodings', async () => {
    const request = { model: 'text-embedding-3-small', input: ['one', 'twenty two'], dimensions: 4 };
    const floats = await client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(floats).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: vectorOf('one', 4) },
        { object: 'embedding', index: 1, embedding: vectorOf('twenty two', 4) },
      ],
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    // Without a word about it the package asks for base64 and decodes it.
    expect((await client.embeddings.create(request)).data).toEqual(floats.data);
  });

  test('gives a response, at once or as events', async () => {
    const whole = await client.responses.create({ model: 'gpt-4.1', input: 'Hello you' });
    expect(whole.output_text).toBe('gpt-4.1 echoes: Hello you');
    const messages = [
      { role: 'user' as const, content: [{ type: 'input_text' as const, text: 'Hello you' }] },
    ];
    const events = [];
    const stream = await client.responses.create({ model: 'gpt-4.1', input: messages, stream: true });
    for await (const event of stream) events.push(event);
    expect(events.map(({ type, sequence_number: number }) => [number, type])).toEqual(
      [
        'response.created',
        'response.in_progress',
        'response.output_item.added',
        'response.content_part.added',
        ...Array<string>(4).fill('response.output_text.delta'),
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.completed',
      ].map((type, index) => [index, type]),
    );
    expect(events.map((event) => ('delta' in event ? event.delta : '')).join('')).toBe(
      'gpt-4.1 echoes: Hello you',
    );
  });

  test('moderates, paints, speaks and listens', async () => {
    expect(
      (await client.moderations.create({ input: ['a', 'b'] })).results.map(({ flagged }) => flagged),
    ).toEqual([false, false]);
    const painted = await client.images.generate({ model: 'gpt-image-1', prompt: 'a cat' });
    expect(painted.data).toEqual([{ b64_json: PICTURE.toString('base64') }]);
    const spoken = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' });
    expect(Buffer.from(await spoken.arrayBuffer())).toEqual(SOUND);
    const file = await toFile(SOUND, 'a.mp3');
    const heard = await client.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(heard.text).toMatch(/^heard \d+ bytes$/);
    const edited = await client.images.edit({ model: 'gpt-image-1', prompt: 'x', image: file });
    expect(edited.data).toEqual([{ b64_json: PICTURE.toString('base64') }]);
  });

  test('lists its models and shows one', async () => {
    const entry = (id: string): object => ({ id, object: 'model', created: CREATED, owned_by: 'system' });
    expect((await client.models.list()).data).toEqual(MODELS.map(entry));
    expect(await client.models.retrieve('gpt-4.1')).toEqual(entry('gpt-4.1'));
    await expect(client.models.retrieve('gpt-none')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('the simulated OpenAI refuses', () => {
  const CHAT = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hi' }] };
  const KEY = { authorization: 'Bearer sk-simulated-key', 'content-type': 'application/json' };

  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = KEY,
  ): Promise<unknown[]> {
    const answer = await fetch(cloud.baseUrl + path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const { error } = (await answer.json()) as { error: { message: string; param: unknown; code: unknown } };
    return [answer.status, error.message, error.param, error.code];
  }

  test('a call without a key', async () => {
    expect(await post('/chat/completions', CHAT, { 'content-type': 'application/json' })).toEqual([
      401,
      expect.stringMatching(/^You didn't provide an API key\. /),
      null,
      null,
    ]);
  });

  test('a wrong key, of which it shows a part', async () => {
    const headers = { ...KEY, authorization: 'Bearer sk-wrong-and-secret' };
    expect(await post('/chat/completions', CHAT, headers)).toEqual([
      401,
      'Incorrect API key provided: sk-wrong*******cret. You can find your API key at https://platform.openai.com/account/api-keys.',
      null,
      'invalid_api_key',
    ]);
  });

  test.each(['x-api-key', 'x-goog-api-key', 'cookie', 'anthropic-version', 'x-forwarded-for'])(
    'the header %s',
    async (name) => {
      expect(await post('/chat/completions', CHAT, { ...KEY, [name]: 'x' })).toEqual([
        400,
        `The simulated OpenAI was sent the header '${name}', which is none of its business.`,
        null,
        null,
      ]);
    },
  );

  test.each<[string, string, unknown, unknown[]]>([
    [
      'an unknown key',
      '/chat/completions',
      { ...CHAT, foo: 1 },
      [400, 'Unrecognized request argument supplied: foo', null, null],
    ],
    [
      'no model',
      '/chat/completions',
      { messages: CHAT.messages },
      [400, 'you must provide a model parameter', null, null],
    ],
    [
      'a prefix',
      '/chat/completions',
      { ...CHAT, model: 'openai:gpt-4.1' },
      [
        404,
        'The model `openai:gpt-4.1` does not exist or you do not have access to it.',
        null,
        'model_not_found',
      ],
    ],
    [
      "another cloud's model",
      '/embeddings',
      { model: 'gemini-embedding-001', input: 'x' },
      [
        404,
        'The model `gemini-embedding-001` does not exist or you do not have access to it.',
        null,
        'model_not_found',
      ],
    ],
    [
      'no messages',
      '/chat/completions',
      { model: 'gpt-4.1' },
      [400, "Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter'],
    ],
    [
      'messages that are no list',
      '/chat/completions',
      { ...CHAT, messages: 'Hi' },
      [
        400,
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
        'messages',
        'invalid_type',
      ],
    ],
    [
      'a message that is none',
      '/chat/completions',
      { ...CHAT, messages: [null] },
      [
        400,
        "Invalid type for 'messages[0]': expected an object, but got null instead.",
        'messages[0]',
        'invalid_type',
      ],
    ],
    [
      'an empty list of messages',
      '/chat/completions',
      { ...CHAT, messages: [] },
      [
        400,
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        'messages',
        'empty_array',
      ],
    ],
    [
      'an unknown role',
      '/chat/completions',
      { ...CHAT, messages: [CHAT.messages[0], { role: 'model', content: 'x' }] },
      [
        400,
        "Invalid value: 'model'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
        'messages[1].role',
        'invalid_value',
      ],
    ],
    [
      'a tool message without its call',
      '/chat/completions',
      { ...CHAT, messages: [{ role: 'tool', content: 'x' }] },
      [
        400,
        "Missing required parameter: 'messages[0].tool_call_id'.",
        'messages[0].tool_call_id',
        'missing_required_parameter',
      ],
    ],
    [
      'a tool call without its answer',
      '/chat/completions',
      { ...CHAT, messages: [{ role: 'assistant', tool_calls: [{ id: 'c1' }] }, CHAT.messages[0]] },
      [
        400,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: c1",
        'messages.[1].role',
        null,
      ],
    ],
    [
      'stream_options without stream',
      '/chat/completions',
      { ...CHAT, stream_options: { include_usage: true } },
      [
        400,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        'stream_options',
        null,
      ],
    ],
    [
      'the old limit on a reasoning model',
      '/chat/completions',
      { ...CHAT, model: 'gpt-5.4', max_tokens: 5 },
      [
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'max_tokens',
        'unsupported_parameter',
      ],
    ],
    [
      'what is no JSON',
      '/chat/completions',
      '{"model":',
      [400, expect.stringMatching(/^We could not parse the JSON body of your request\. /), null, null],
    ],
    ['a path that is none', '/chat', CHAT, [404, 'Invalid URL (POST /v1/chat)', null, null]],
    [
      'messages for an embedding',
      '/embeddings',
      { ...CHAT, input: 'x' },
      [400, 'Unrecognized request argument supplied: messages', null, null],
    ],
  ])('%s', async (_case, path, body, expected) => {
    expect(await post(path, body)).toEqual(expected);
  });

  test('a form where JSON belongs, and JSON where a form belongs', async () => {
    const headers = { ...KEY, 'content-type': 'text/plain' };
    expect(await post('/chat/completions', CHAT, headers)).toEqual([
      400,
      expect.stringMatching(/^Unsupported content type: 'text\/plain'\. /),
      null,
      'unsupported_content_type',
    ]);
    expect(await post('/audio/transcriptions', { model: 'whisper-1' })).toEqual([
      400,
      'Could not parse multipart form',
      null,
      null,
    ]);
  });

  test('a prefix in a form', async () => {
    const call = client.audio.transcriptions.create({
      model: 'openai:whisper-1',
      file: await toFile(SOUND, 'a.mp3'),
    });
    await expect(call).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });
});

describe('a scripted answer of the simulated OpenAI', () => {
  const ask = () =>
    fetch(`${cloud.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-simulated-key', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4.1', messages: HELLO }),
    });

  test('has its status, headers and body, once, beside the usual headers', async () => {
    const body = {
      error: { message: 'Slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    };
    cloud.answerNext({ status: 429, headers: { 'retry-after': '60' }, body });
    const scripted = await ask();
    expect([scripted.status, await scripted.json()]).toEqual([429, body]);
    expect(Object.fromEntries(scripted.headers)).toMatchObject({
      'retry-after': '60',
      'content-type': 'application/json',
      'x-request-id': 'req_simulated1',
      'openai-organization': 'org-simulated',
      'openai-processing-ms': '17',
    });
    expect(scripted.headers.getSetCookie().length).toBe(2);
    expect((await ask()).status).toBe(200);
  });

  test('can be raw bytes', async () => {
    cloud.answerNext({ body: Buffer.from([0xff, 0x00]), headers: { 'content-type': 'text/html' } });
    const answer = await ask();
    expect([answer.headers.get('content-type'), Buffer.from(await answer.arrayBuffer())]).toEqual([
      'text/html',
      Buffer.from([0xff, 0x00]),
    ]);
  });

  test('waits before each slice for the test', async () => {
    const gates = Array.from({ length: 3 }, () => {
      let open = (): void => {};
      const passed = new Promise<void>((resolve) => (open = resolve));
      return { open: () => open(), passed };
    });
    cloud.answerNext({
      slices: ['data: é'.slice(0, 6), 'é\n\n'],
      beforeSlice: (index) => gates[index]?.passed,
    });
    const answer = await ask();
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    gates[0]?.open();
    expect(await reader.read()).toEqual({ done: false, value: 'data: ' });
    gates[1]?.open();
    expect(await reader.read()).toEqual({ done: false, value: 'é\n\n' });
    gates[2]?.open();
    expect((await reader.read()).done).toBe(true);
  });

  test('can break off', async () => {
    cloud.answerNext({ slices: ['data: {"half":'], ending: 'reset' });
    await expect(ask().then((answer) => answer.text())).rejects.toThrow('terminated');
  });

  test('can be a function of the request', async () => {
    cloud.answerNext((request, response) => void response.end(`${request.method} ${request.path}`));
    expect(await (await ask()).text()).toBe('POST /v1/chat/completions');
  });

  test('is not used up by a request that is refused', async () => {
    cloud.answerNext({ body: 'scripted' });
    expect((await fetch(`${cloud.baseUrl}/models`)).status).toBe(401);
    expect(await (await ask()).text()).toBe('scripted');
  });
});
