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

  const IMAGE = { model: 'gpt-image-1', prompt: 'a cat' };
  const DALLE = { model: 'dall-e-2', prompt: 'a cat' };
  const TEXT = { model: 'gpt-3.5-turbo-instruct', prompt: 'x' };
  const SPEECH = { model: 'tts-1', voice: 'alloy', input: 'x' };
  const namedTool = (name: string): object => ({ tools: [{ type: 'function', function: { name } }] });
  const unknown = (name: string): unknown[] => [
    400,
    `Unknown parameter: '${name}'.`,
    name,
    'unknown_parameter',
  ];
  const tooLong = (param: string, most: number): unknown[] => [
    400,
    `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${most + 1} instead.`,
    param,
    'string_above_max_length',
  ];
  const outOfRange = (param: string, what: string, code: string): unknown[] => [
    400,
    `Invalid '${param}': ${what} instead.`,
    param,
    code,
  ];

  // After the comments of the `openai` package, one of each kind.
  test.each<[string, string, object, unknown[]]>([
    [
      'a form of answer for a GPT image model',
      '/images/generations',
      { ...IMAGE, response_format: 'b64_json' },
      unknown('response_format'),
    ],
    ['a style for a GPT image model', '/images/generations', { ...IMAGE, style: 'vivid' }, unknown('style')],
    [
      'a background for an older one',
      '/images/generations',
      { ...DALLE, background: 'opaque' },
      unknown('background'),
    ],
    ['a style for the oldest', '/images/generations', { ...DALLE, style: 'vivid' }, unknown('style')],
    [
      'two pictures of dall-e-3',
      '/images/generations',
      { ...DALLE, model: 'dall-e-3', n: 2 },
      outOfRange(
        'n',
        'integer above maximum value. Expected a value <= 1, but got 2',
        'integer_above_max_value',
      ),
    ],
    [
      'a background that the model cannot leave out',
      '/images/generations',
      { ...IMAGE, model: 'gpt-image-2', background: 'transparent' },
      [400, 'Transparent background is not supported for this model.', 'background', 'invalid_value'],
    ],
    [
      'encrypted content of another cloud',
      '/responses',
      { model: 'gpt-5.4', input: [{ type: 'reasoning', summary: [], encrypted_content: 'gAAAAforeign' }] },
      [
        400,
        'The encrypted content gAAA...eign could not be verified. Reason: Encrypted content could not be decrypted or parsed.',
        null,
        'invalid_encrypted_content',
      ],
    ],
    [
      'two memories',
      '/responses',
      { model: 'gpt-5.4', input: 'x', previous_response_id: 'resp_1', conversation: 'conv_1' },
      [
        400,
        "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
        null,
        'mutually_exclusive_parameters',
      ],
    ],
    [
      'a text model for a chat',
      '/chat/completions',
      { ...CHAT, model: TEXT.model },
      [
        404,
        'This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?',
        'model',
        null,
      ],
    ],
    [
      'a chat model for a text',
      '/completions',
      { ...TEXT, model: 'gpt-4.1' },
      [
        404,
        'This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?',
        'model',
        null,
      ],
    ],
    [
      'a message of nothing',
      '/chat/completions',
      { ...CHAT, messages: [CHAT.messages[0], { role: 'assistant', content: null }] },
      [400, "Invalid value for 'content': expected a string, got null.", 'messages.[1].content', null],
    ],
    [
      'a result that no call asked for',
      '/chat/completions',
      { ...CHAT, messages: [...CHAT.messages, { role: 'tool', tool_call_id: 'c1', content: 'x' }] },
      [
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        'messages.[1].role',
        null,
      ],
    ],
    [
      'a temperature above 2',
      '/chat/completions',
      { ...CHAT, temperature: 2.5 },
      outOfRange(
        'temperature',
        'decimal above maximum value. Expected a value <= 2, but got 2.5',
        'decimal_above_max_value',
      ),
    ],
    [
      'a penalty below -2',
      '/completions',
      { ...TEXT, presence_penalty: -3 },
      outOfRange(
        'presence_penalty',
        'integer below minimum value. Expected a value >= -2, but got -3',
        'integer_below_min_value',
      ),
    ],
    [
      'five stops',
      '/chat/completions',
      { ...CHAT, stop: ['a', 'b', 'c', 'd', 'e'] },
      outOfRange(
        'stop',
        'array too long. Expected an array with maximum length 4, but got an array with length 5',
        'array_above_max_length',
      ),
    ],
    [
      'a stop for o3',
      '/chat/completions',
      { ...CHAT, model: 'o3', stop: 'a' },
      [
        400,
        "Unsupported parameter: 'stop' is not supported with this model.",
        'stop',
        'unsupported_parameter',
      ],
    ],
    [
      'the likeliest tokens without probabilities',
      '/chat/completions',
      { ...CHAT, top_logprobs: 1 },
      [
        400,
        "Invalid 'top_logprobs': 'logprobs' must be true where this parameter is used.",
        'top_logprobs',
        null,
      ],
    ],
    [
      'a dot in the name of a function',
      '/chat/completions',
      { ...CHAT, ...namedTool('a.b') },
      [
        400,
        "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        'tools[0].function.name',
        'invalid_value',
      ],
    ],
    [
      'a long name of a function',
      '/chat/completions',
      { ...CHAT, ...namedTool('a'.repeat(65)) },
      tooLong('tools[0].function.name', 64),
    ],
    [
      'a schema without a name',
      '/chat/completions',
      { ...CHAT, response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      [
        400,
        "Missing required parameter: 'response_format.json_schema.name'.",
        'response_format.json_schema.name',
        'missing_required_parameter',
      ],
    ],
    [
      'a long identifier',
      '/responses',
      { model: 'gpt-5.4', safety_identifier: 'a'.repeat(65) },
      tooLong('safety_identifier', 64),
    ],
    [
      'much metadata',
      '/chat/completions',
      { ...CHAT, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) },
      [
        400,
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
        'metadata',
        'object_above_max_properties',
      ],
    ],
    [
      'a long value in the metadata',
      '/responses',
      { model: 'gpt-5.4', metadata: { k: 'v'.repeat(513) } },
      tooLong('metadata.k', 512),
    ],
    [
      'nothing to embed',
      '/embeddings',
      { model: 'text-embedding-3-small', input: ['a', ''] },
      [400, "Invalid 'input': input cannot be an empty string.", 'input', null],
    ],
    [
      'dimensions of an old embedding model',
      '/embeddings',
      { model: 'text-embedding-ada-002', input: 'a', dimensions: 8 },
      [400, 'This model does not support specifying dimensions.', null, null],
    ],
    [
      'speech without a voice',
      '/audio/speech',
      { model: 'tts-1', input: 'x' },
      [400, "Missing required parameter: 'voice'.", 'voice', 'missing_required_parameter'],
    ],
    ['a long speech', '/audio/speech', { ...SPEECH, input: 'x'.repeat(4097) }, tooLong('input', 4096)],
    [
      'events of an old voice',
      '/audio/speech',
      { ...SPEECH, stream_format: 'sse' },
      [
        400,
        "Unsupported value: 'stream_format' does not support 'sse' with this model.",
        'stream_format',
        'unsupported_value',
      ],
    ],
  ])('%s', async (_case, path, body, expected) => {
    expect(await post(path, body)).toEqual(expected);
  });

  test('what a model cannot do with a file', async () => {
    const file = await toFile(SOUND, 'a.mp3');
    const refused = (param: string, code: string): object => ({ status: 400, param, code });
    const { audio, images } = client;
    await expect(images.createVariation({ model: 'gpt-image-1', image: file })).rejects.toMatchObject(
      refused('model', 'invalid_value'),
    );
    await expect(
      images.edit({ model: 'gpt-image-1', prompt: 'x', image: file, response_format: 'b64_json' }),
    ).rejects.toMatchObject(refused('response_format', 'unknown_parameter'));
    await expect(audio.translations.create({ model: 'gpt-4o-transcribe', file })).rejects.toMatchObject(
      refused('model', 'invalid_value'),
    );
    await expect(
      audio.transcriptions.create({ model: 'gpt-4o-transcribe', file, response_format: 'srt' }),
    ).rejects.toMatchObject(refused('response_format', 'unsupported_value'));
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
