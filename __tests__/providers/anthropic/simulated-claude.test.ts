/** The simulated Claude is as strict as the real one: each of its refusals, in words of the real one, and its answers. */
import { request as httpRequest } from 'node:http';
import {
  startSimulatedAnthropic,
  validateMessagesRequest,
  type ScriptedAnswer,
  type SimulatedAnthropic,
  type SimulatedAnthropicOptions,
} from '../../../examples/simulated-clouds/anthropic.ts';

type Fields = Record<string, unknown>;

const OPUS = 'claude-opus-5-5';
const HAIKU = 'claude-haiku-4-5';
const text = (words: string): Fields => ({ type: 'text', text: words });
const turn = (role: string, ...content: Fields[]): Fields => ({ role, content });
const user = (...content: Fields[]): Fields => turn('user', ...(content.length > 0 ? content : [text('Q')]));
const use = (id: string): Fields => ({ type: 'tool_use', id, name: 'f', input: {} });
const result = (id: string): Fields => ({ type: 'tool_result', tool_use_id: id, content: 'r' });
const tools = [{ name: 'f', input_schema: { type: 'object' } }];
const body = (fields: Fields = {}): Fields => ({ model: OPUS, max_tokens: 9, messages: [user()], ...fields });
const messages = (...list: Fields[]): Fields => ({ messages: list });
const block = (fields: Fields): Fields => messages(user(fields));
const tool = (fields: Fields): Fields => ({ tools: [{ ...tools[0], ...fields }] });
const failed = (content: unknown): Fields => ({
  tools,
  messages: [user(), turn('assistant', use('a')), user({ ...result('a'), content, is_error: true })],
});
const schema = (fields: Fields): Fields => ({
  output_config: { format: { type: 'json_schema', schema: fields } },
});
/** A list that names itself, by way of another. */
const LOOP = {
  $ref: '#/$defs/a',
  $defs: {
    a: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/b' }] },
    b: { type: 'array', items: { $ref: '#/$defs/a' } },
  },
};
const manual = { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 };
const SAMPLE = (name: string): string => `\`${name}\` is deprecated for this model.`;
const PAIR = 'must have a corresponding';

const wordsOf = (fields: Fields): string | undefined => validateMessagesRequest(body(fields))?.message;

test.each<[string, Fields]>([
  ['a question', {}],
  [
    'all plain fields',
    {
      stream: true,
      stop_sequences: ['x'],
      metadata: { user_id: 'u' },
      service_tier: 'auto',
      system: 'S',
      cache_control: { type: 'ephemeral' },
    },
  ],
  [
    'a tool loop',
    {
      tools,
      messages: [user(), turn('assistant', use('a'), use('b')), user(result('b'), result('a'), text('and'))],
    },
  ],
  [
    'a system message behind results',
    { tools, messages: [user(), turn('assistant', use('a')), user(result('a')), turn('system', text('S'))] },
  ],
  ['both samplings on 4.6', { model: 'claude-opus-4-6', temperature: 0.5, top_p: 0.5, top_k: 1 }],
  ['one sampling on 4.5', { model: HAIKU, temperature: 0.5 }],
  ['a prefill on 4.5', { model: HAIKU, messages: [user(), turn('assistant', text('A'))] }],
  ['manual thinking on 4.5', { model: HAIKU, ...manual }],
  ['forced tools on Opus 5', { model: 'claude-opus-5', tools, tool_choice: { type: 'tool', name: 'f' } }],
  ['a ready-made tool', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  [
    'strict output',
    schema({
      type: 'object',
      properties: {
        a: { type: 'string', format: 'date' },
        b: { type: 'string', pattern: '^a+$', default: 'a' },
      },
      additionalProperties: false,
    }),
  ],
  ['strict output by reference', schema({ $ref: '#/$defs/a', $defs: { a: { enum: [1, null] } } })],
  ['a retired model', { model: 'claude-3-opus' }],
  [
    'a turn that paused behind a server tool',
    {
      messages: [
        user(),
        turn(
          'assistant',
          { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
        ),
      ],
    },
  ],
])('%s is taken', (_name, fields) => {
  expect(wordsOf(fields)).toBeUndefined();
});

test.each<[string, Fields]>([
  ['max_tokens: Field required', { max_tokens: undefined }],
  ['messages: Field required', { messages: undefined }],
  ['model: Field required', { model: undefined }],
  ['max_tokens: Input should be a valid integer', { max_tokens: '9' }],
  [
    'max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-opus-5-5',
    { max_tokens: 128_001 },
  ],
  ['max_tokens: 64001 > 64000', { model: HAIKU, max_tokens: 64_001 }],
  ['seed: Extra inputs are not permitted', { seed: 1 }],
  ['context_management: Extra inputs are not permitted', { context_management: {} }],
  ['messages.0.name: Extra inputs are not permitted', messages({ ...user(), name: 'jo' })],
  ['messages.0.content.0.text.index: Extra inputs are not permitted', block({ ...text('a'), index: 0 })],
  [
    'messages.0.content.0.text.cache_control.ephemeral.x: Extra inputs are not permitted',
    block({ ...text('a'), cache_control: { type: 'ephemeral', x: 1 } }),
  ],
  [
    "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    block({ ...text('a'), cache_control: { type: 'ephemeral', ttl: '2h' } }),
  ],
  [
    'messages.0.content.0.image.source.url.detail: Extra inputs are not permitted',
    block({ type: 'image', source: { type: 'url', url: 'https://e.org/a.png', detail: 'low' } }),
  ],
  [
    'document.source.url.url: Input should be an http(s) URL',
    block({ type: 'document', source: { type: 'url', url: 'gs://b/a.pdf' } }),
  ],
  [
    'image.source.base64.media_type: Input should be',
    block({ type: 'image', source: { type: 'base64', media_type: 'image/jpg', data: '' } }),
  ],
  ...['', 'AA', 'AA\nAA===', 'AA-_'].map((data): [string, Fields] => [
    'source.base64.data: Invalid base64 data',
    block({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }),
  ]),
  [
    'document.source.base64.data: Invalid base64 data',
    block({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'A' } }),
  ],
  [
    "document.source.base64.media_type: Input should be 'application/pdf'",
    block({ type: 'document', source: { type: 'base64', media_type: 'text/plain', data: '' } }),
  ],
  [
    "Input tag 'image_url' found using 'type' does not match any of the expected tags: 'text', 'image'",
    block({ type: 'image_url' }),
  ],
  ["Input tag 'tool_use' found", messages(user(use('a')))],
  ["Input tag 'tool_result' found", messages(user(), turn('assistant', result('a')))],
  ['tools.0.custom.parameters: Extra inputs are not permitted', tool({ parameters: {} })],
  [
    'tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted',
    { tools, tool_choice: { type: 'none', disable_parallel_tool_use: true } },
  ],
  [
    'thinking.adaptive.budget_tokens: Extra inputs are not permitted',
    { thinking: { type: 'adaptive', budget_tokens: 1 } },
  ],
  ['output_config.verbosity: Extra inputs are not permitted', { output_config: { verbosity: 1 } }],
  [
    'output_config.format.name: Extra inputs are not permitted',
    { output_config: { format: { type: 'json_schema', name: 'n', schema: {} } } },
  ],
  ['metadata.job: Extra inputs are not permitted', { metadata: { job: '1' } }],
  ['user_id appears to contain an email address', { metadata: { user_id: 'jo@e.org' } }],
  ["service_tier: Input should be 'auto' or 'standard_only'", { service_tier: 'default' }],
  ['each stop sequence must contain non-whitespace', { stop_sequences: ['a', ' '] }],
  ["messages.0.role: Input should be 'user', 'assistant' or 'system'", messages(turn('tool', text('a')))],
  ["messages.0.role: Input should be 'user'", messages(turn('constructor', text('a')))],
  ['messages: at least one message is required', messages()],
  ['messages: first message must use the "user" role', messages(turn('assistant', text('A')), user())],
  ['text content blocks must be non-empty', block(text(''))],
  ['text content blocks must contain non-whitespace text', block(text(' \n'))],
  ['text content blocks must contain non-whitespace text', { system: [text(' ')] }],
  ['text content blocks must contain non-whitespace text', block(text('\u001c\u0085\u3000'))],
  [
    'cache_control cannot be set for empty text blocks',
    block({ ...text(''), cache_control: { type: 'ephemeral' } }),
  ],
  ['all messages must have non-empty content', messages(turn('user'))],
  [
    "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    { tools, messages: [user(), turn('assistant', use('f:0')), user(result('f:0'))] },
  ],
  [
    '`tool_use` ids must be unique',
    {
      tools,
      messages: [
        user(),
        turn('assistant', use('a')),
        user(result('a')),
        turn('assistant', use('a')),
        user(result('a')),
      ],
    },
  ],
  [
    '`tool_use` ids were found without `tool_result` blocks immediately after: a',
    { tools, messages: [user(), turn('assistant', use('a')), user()] },
  ],
  [
    'without `tool_result` blocks immediately after: b',
    { tools, messages: [user(), turn('assistant', use('a'), use('b')), user(result('a'))] },
  ],
  [
    'without `tool_result` blocks immediately after: a',
    { tools, messages: [user(), turn('assistant', use('a')), user(text('first'), result('a'))] },
  ],
  [PAIR, { tools, messages: [user(), turn('assistant', use('a'))] }],
  ['unexpected `tool_use_id` found in `tool_result` blocks: x', { tools, messages: [user(result('x'))] }],
  [
    'each tool_use must have a single result',
    { tools, messages: [user(), turn('assistant', use('a')), user(result('a'), result('a'))] },
  ],
  ...['', [], undefined].map((content): [string, Fields] => [
    'messages.2.content.0.tool_result: content cannot be empty if `is_error` is true',
    failed(content),
  ]),
  [
    'messages.2.content.0.tool_result: all content must be type `text` if `is_error` is true',
    failed([text('r'), { type: 'image', source: { type: 'url', url: 'https://e.org/a.png' } }]),
  ],
  ['must define tools', { messages: [user(), turn('assistant', use('a')), user(result('a'))] }],
  ["messages.0: use the top-level 'system' parameter", messages(turn('system', text('S')), user())],
  [
    "role 'system' must follow a 'user' message",
    messages(user(), turn('assistant', text('A')), turn('system', text('S'))),
  ],
  [
    "role 'system' must precede an 'assistant' message or end the array",
    messages(user(), turn('system', text('S')), user()),
  ],
  [
    "role 'system' is not supported on this model",
    { model: 'claude-sonnet-5', messages: [user(), turn('system', text('S'))] },
  ],
  ['This model does not support assistant message prefill', messages(user(), turn('assistant', text('A')))],
  [
    'final assistant content cannot end with trailing whitespace',
    { model: HAIKU, messages: [user(), turn('assistant', text('A '))] },
  ],
  [
    'final assistant content cannot end with trailing whitespace',
    { model: HAIKU, messages: [user(), turn('assistant', text('A\u001f'))] },
  ],
  ['tools.0.custom.input_schema: Field required', { tools: [{ name: 'f' }] }],
  ['tools.0.custom.input_schema.type: Field required', tool({ input_schema: {} })],
  ["tools.0.custom.input_schema.type: Input should be 'object'", tool({ input_schema: { type: 'string' } })],
  ["tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", tool({ name: 'a.b' })],
  ['Tool names must be unique', { tools: [...tools, ...tools] }],
  ["'additionalProperties' must be explicitly set to false", tool({ strict: true })],
  [
    "For 'integer' type, properties minimum, maximum are not supported",
    schema({
      type: 'object',
      additionalProperties: false,
      properties: { a: { type: 'integer', minimum: 1, maximum: 2 } },
    }),
  ],
  ['properties propertyNames, of_tomorrow are not supported', schema({ propertyNames: {}, of_tomorrow: 1 })],
  ['Beside $ref, properties description are not supported', schema({ $ref: '#/$defs/a', description: 'd' })],
  ["external $ref 'https://e.org/a.json' is not supported", schema({ $ref: 'https://e.org/a.json' })],
  ['format.schema: recursive schemas are not supported', schema(LOOP)],
  [
    'tools.0.custom.input_schema: recursive schemas are not supported',
    tool({ strict: true, input_schema: { type: 'object', ...LOOP } }),
  ],
  [
    'output_config.format: cannot be used with assistant message prefill',
    { model: HAIKU, ...schema({ type: 'null' }), messages: [user(), turn('assistant', text('A'))] },
  ],
  [
    'output_config.format: cannot be used with citations',
    {
      ...schema({ type: 'null' }),
      messages: [
        user({
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'D' },
          citations: { enabled: true },
        }),
      ],
    },
  ],
  [
    "output_config.format.type: Input should be 'json_schema'",
    { output_config: { format: { type: 'json_object', schema: {} } } },
  ],
  [
    "thinking.adaptive.display: Input should be 'summarized' or 'omitted'",
    { thinking: { type: 'adaptive', display: 'full' } },
  ],
  ["complex types in 'enum' and 'const' are not supported", schema({ enum: [1, {}] })],
  ["complex types in 'enum' and 'const' are not supported", schema({ const: [] })],
  ['format.schema.items: Input should be a valid dictionary', schema({ type: 'array', items: [] })],
  ["pattern '^(?!a)' is not supported", schema({ type: 'string', pattern: '^(?!a)' })],
  ["format 'ipv8' is not supported", schema({ type: 'string', format: 'ipv8' })],
  [
    "'minItems' values other than 0 or 1 are not supported",
    schema({ type: 'array', items: { type: 'null' }, minItems: 2 }),
  ],
  ['tool_choice: may only be specified while providing tools', { tool_choice: { type: 'auto' } }],
  [
    'tool_choice: type "tool" and "any" are not supported for this model.',
    { tools, tool_choice: { type: 'any' } },
  ],
  [
    "Tool 'g' not found in provided tools",
    { model: 'claude-opus-5', tools, tool_choice: { type: 'tool', name: 'g' } },
  ],
  ["Input tag 'required' found", { tools, tool_choice: { type: 'required' } }],
  [SAMPLE('temperature'), { temperature: 1 }],
  [SAMPLE('top_p'), { top_p: 1 }],
  [SAMPLE('top_k'), { model: 'claude-opus-4-7', top_k: 1 }],
  [
    '`temperature` and `top_p` cannot both be specified for this model',
    { model: HAIKU, temperature: 1, top_p: 1 },
  ],
  ['temperature: Input should be less than or equal to 1', { model: HAIKU, temperature: 1.1 }],
  [
    '`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.',
    { model: HAIKU, ...manual, temperature: 0 },
  ],
  ['`top_p` must be greater than or equal to 0.95', { model: HAIKU, ...manual, top_p: 0.9 }],
  ['`top_k` must be unset when thinking is enabled', { model: HAIKU, ...manual, top_k: 1 }],
  ['"thinking.type.disabled" is not supported for this model', { thinking: { type: 'disabled' } }],
  [
    '"thinking.type.adaptive" is not supported for this model',
    { model: HAIKU, thinking: { type: 'adaptive' } },
  ],
  ['"thinking.type.enabled" is not supported for this model', { model: 'claude-opus-4-7', ...manual }],
  [
    "not supported at effort 'max'",
    { model: 'claude-opus-5', thinking: { type: 'disabled' }, output_config: { effort: 'max' } },
  ],
  [
    'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024',
    { model: HAIKU, thinking: { type: 'enabled', budget_tokens: 1023 } },
  ],
  [
    '`max_tokens` must be greater than `thinking.budget_tokens`',
    { model: HAIKU, ...manual, max_tokens: 1024 },
  ],
  [
    'Thinking may not be enabled when tool_choice forces tool use',
    { model: HAIKU, ...manual, tools, tool_choice: { type: 'any' } },
  ],
  [
    'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`',
    { model: HAIKU, ...manual, tools, messages: [user(), turn('assistant', use('a')), user(result('a'))] },
  ],
  [
    'messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`',
    {
      model: HAIKU,
      ...manual,
      tools,
      messages: [
        user(),
        turn('assistant', use('a')),
        user(result('a')),
        turn('assistant', { type: 'redacted_thinking', data: 'D' }, use('b')),
        user(result('b')),
      ],
    },
  ],
  [
    "does not support effort level 'xhigh'. Supported levels: low, medium, high, max",
    { model: 'claude-opus-4-6', output_config: { effort: 'xhigh' } },
  ],
  ['does not support the effort parameter', { model: HAIKU, output_config: { effort: 'low' } }],
  [
    'The final block in an assistant message cannot be `thinking`.',
    messages(user(), turn('assistant', text('A'), { type: 'redacted_thinking', data: 'D' }), user()),
  ],
  [
    'messages.1.content.0: Invalid `signature` in `thinking` block',
    messages(
      user(),
      turn('assistant', { type: 'thinking', thinking: 'a', signature: 'S' }, text('A')),
      user(),
    ),
  ],
  [
    'A maximum of 4 blocks with cache_control may be provided. Found 5.',
    messages(
      user(...Array.from({ length: 5 }, () => ({ ...text('a'), cache_control: { type: 'ephemeral' } }))),
    ),
  ],
])('%s', (words, fields) => {
  expect(wordsOf(fields)).toContain(words);
});

test('thinking without a signature is refused, also where signatures are trusted', () => {
  const cut = { type: 'thinking', thinking: 'a', signature: '' };
  const refusal = validateMessagesRequest(body(messages(user(), turn('assistant', cut, text('A')), user())), {
    trustSignatures: true,
  });
  expect(refusal?.message).toBe('messages.1.content.0.thinking: Invalid `signature` in `thinking` block');
});

test.each<[string, Fields[]]>([
  [
    "messages.1.content.0: Input tag 'document' found using 'type'",
    [
      user(),
      turn('assistant', { type: 'document', source: { type: 'url', url: 'https://e.org/a.pdf' } }),
      user(),
    ],
  ],
  [
    'messages.0.content.0.text.citations: Extra inputs are not permitted',
    [user({ ...text('Q'), citations: [{ type: 'char_location' }] })],
  ],
])('with the newer version alone: %s', (words, list) => {
  const versions = ['2023-06-01', '2026-10-21'];
  const refusals = versions.map((version) => validateMessagesRequest(body(messages(...list)), { version }));
  expect(refusals.map((refusal) => refusal?.message)).toEqual([undefined, words]);
});

test('half a character is no JSON', async () => {
  const cloud = await startSimulatedAnthropic({ apiKey: 'k' });
  const answer = await fetch(`${cloud.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body(block(text('\ud83d')))),
  });
  expect(await answer.json()).toMatchObject({
    error: {
      type: 'invalid_request_error',
      message: expect.stringMatching(
        /^The request body is not valid JSON: no low surrogate in string: line 1 column \d+ \(char \d+\)$/,
      ) as string,
    },
  });
  await cloud.close();
});

test('fields in beta are known with a beta header, and no sampling with the newer version', () => {
  expect(
    validateMessagesRequest(body({ context_management: {} }), { beta: 'context-management-2025-06-27' }),
  ).toBeUndefined();
  const newer = validateMessagesRequest(body({ model: HAIKU, temperature: 1 }), { version: '2026-10-21' });
  expect(newer?.message).toBe(SAMPLE('temperature'));
});

describe('over the wire', () => {
  let cloud: SimulatedAnthropic;
  const start = async (options: Partial<SimulatedAnthropicOptions> = {}): Promise<void> => {
    cloud = await startSimulatedAnthropic({ apiKey: 'k', ...options });
  };
  afterEach(() => cloud.close());

  const HEADERS = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' };
  interface Reply {
    readonly status: number | undefined;
    readonly headers: Record<string, unknown>;
    readonly text: string;
  }

  /** fetch would add headers of its own. */
  function send(path: string, payload?: unknown, headers: Record<string, string> = HEADERS): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const method = payload === undefined ? 'GET' : 'POST';
      const call = httpRequest(`${cloud.url}${path}`, { method, headers }, (response) => {
        let all = '';
        const settle = (): void =>
          resolve({ status: response.statusCode, headers: response.headers, text: all });
        response.setEncoding('utf8').on('data', (part: string) => (all += part));
        response.on('end', settle).on('error', settle);
      });
      call.on('error', reject).end(payload === undefined ? undefined : JSON.stringify(payload));
    });
  }

  const ask = async (fields: Fields = {}): Promise<Fields> =>
    JSON.parse((await send('/v1/messages', body(fields))).text) as Fields;
  const contentOf = async (fields: Fields): Promise<unknown> => (await ask(fields))['content'];
  const eventsIn = ({ text: all }: Reply): Fields[] =>
    all
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as Fields);

  test.each<[string, Record<string, string>, number, string, string]>([
    [
      'without a key',
      { 'anthropic-version': '2023-06-01' },
      401,
      'authentication_error',
      'x-api-key header is required',
    ],
    ['with another key', { ...HEADERS, 'x-api-key': 'x' }, 401, 'authentication_error', 'invalid x-api-key'],
    [
      'with an Authorization beside',
      { ...HEADERS, authorization: 'Bearer k' },
      400,
      'invalid_request_error',
      'authorization: may not be sent together with x-api-key',
    ],
    [
      'without a version',
      { 'x-api-key': 'k' },
      400,
      'invalid_request_error',
      'anthropic-version: header is required',
    ],
    [
      'with an unknown version',
      { ...HEADERS, 'anthropic-version': '1' },
      400,
      'invalid_request_error',
      'anthropic-version: "1" is not a valid version',
    ],
  ])('a call %s is refused', async (_name, headers, status, type, message) => {
    await start();
    const reply = await send('/v1/messages', body(), headers);
    expect([reply.status, JSON.parse(reply.text)]).toEqual([
      status,
      { type: 'error', error: { type, message }, request_id: 'req_1' },
    ]);
    expect(reply.headers['request-id']).toBe('req_1');
  });

  test.each<[string, unknown, number, string]>([
    ['/v1/messages', 'no object', 400, 'body: Input should be a valid dictionary'],
    ['/v1/v1/messages', body(), 404, 'Not found'],
    ['/v1/messages', body({ model: 'gpt-4o' }), 404, 'model: gpt-4o'],
    ['/v1/messages', body({ system: 'x'.repeat(33 * 1024 * 1024) }), 413, 'Request exceeds the maximum size'],
  ])('%s', async (path, payload, status, message) => {
    await start();
    const reply = await send(path, payload);
    expect([reply.status, (JSON.parse(reply.text) as { error: Fields }).error['message']]).toEqual([
      status,
      message,
    ]);
  });

  test('only the models it is told are served', async () => {
    await start({ models: [OPUS] });
    expect((await send('/v1/messages', body())).status).toBe(200);
    expect((await send('/v1/messages', body({ model: HAIKU }))).status).toBe(404);
    const list = JSON.parse((await send('/v1/models')).text) as { data: Fields[] };
    expect(list.data.map(({ id }) => id)).toEqual([OPUS]);
  });

  test('models are listed in pages', async () => {
    await start();
    const first = JSON.parse((await send('/v1/models?limit=10')).text) as Fields & { data: Fields[] };
    const second = JSON.parse(
      (await send(`/v1/models?limit=10&after_id=${String(first['last_id'])}`)).text,
    ) as Fields & { data: Fields[] };
    expect([first['has_more'], second['has_more'], first.data.length, second.data.length]).toEqual([
      true,
      false,
      10,
      8,
    ]);
  });

  test('it repeats the last words, the same each time', async () => {
    await start();
    const answer = await ask({ model: 'claude-sonnet-4-6' });
    expect(answer).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-6',
      content: [text('You said: Q')],
      container: null,
      diagnostics: null,
      stop_details: null,
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: expect.objectContaining({ input_tokens: expect.any(Number) }) as unknown,
    });
    expect(await contentOf({ model: 'claude-sonnet-4-6' })).toEqual(answer['content']);
  });

  test('it stops where it is told', async () => {
    await start();
    const model = HAIKU;
    expect(await ask({ model, max_tokens: 2 })).toMatchObject({
      content: [text('You said:')],
      stop_reason: 'max_tokens',
    });
    expect(await ask({ model, stop_sequences: ['zzz', 'sa'] })).toMatchObject({
      content: [text('You ')],
      stop_reason: 'stop_sequence',
      stop_sequence: 'sa',
    });
  });

  test('it answers by a schema', async () => {
    await start();
    const properties = {
      a: { type: 'string' },
      b: { enum: [3] },
      c: { type: 'array', items: { type: 'boolean' } },
      d: { anyOf: [{ type: 'null' }] },
      e: { const: 'x' },
      f: { type: ['integer', 'null'] },
    };
    const fields = schema({ type: 'object', properties, additionalProperties: false });
    expect(await contentOf({ model: HAIKU, ...fields })).toEqual([
      text('{"a":"a","b":3,"c":[true],"d":null,"e":"x","f":1}'),
    ]);
  });

  test('it calls up to two tools, as far as it may, and then speaks of the results', async () => {
    await start();
    const list = ['f', 'g', 'h'].map((name) => ({
      name,
      input_schema: { type: 'object', properties: { n: { type: 'number' } } },
    }));
    const namesOf = async (tool_choice: Fields): Promise<unknown[]> =>
      (
        (await ask({ model: 'claude-opus-5', thinking: { type: 'disabled' }, tools: list, tool_choice }))[
          'content'
        ] as Fields[]
      ).map(({ name }) => name);
    expect(await namesOf({ type: 'auto' })).toEqual(['f', 'g']);
    expect(await namesOf({ type: 'auto', disable_parallel_tool_use: true })).toEqual(['f']);
    expect(await namesOf({ type: 'tool', name: 'h' })).toEqual(['h']);
    expect(await namesOf({ type: 'none' })).toEqual([undefined]);
    const loop = [user(), turn('assistant', use('a')), user(result('a'))];
    expect(await ask({ model: HAIKU, tools: list, messages: loop })).toMatchObject({
      content: [text('The tools say: r')],
      stop_reason: 'end_turn',
    });
  });

  test('it thinks, and takes its own thinking back behind the same prefix only', async () => {
    await start({ progressNotes: true });
    const list = [...tools, { name: 'g', input_schema: { type: 'object' } }];
    const first = body({ tools: list, system: 'S' });
    const content = (await ask(first))['content'] as Fields[];
    expect(content.map(({ type }) => type)).toEqual([
      'thinking',
      'thinking',
      'tool_use',
      'thinking',
      'tool_use',
    ]);
    const ids = content.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
    const followUp = (fields: Fields = {}, blocks = content): Fields => ({
      ...first,
      messages: [user(), turn('assistant', ...blocks), user(...ids.map(result))],
      ...fields,
    });
    const words = (fields: Fields): string | undefined => validateMessagesRequest(fields)?.message;
    const [z, a, b, c, d] = content as [Fields, Fields, Fields, Fields, Fields];
    const BOUND = 'The block is bound to a different conversation';
    expect(words(followUp())).toBeUndefined();
    expect(words(followUp({ cache_control: { type: 'ephemeral' } }))).toBeUndefined();
    expect(words(followUp({}, [b, d]))).toBeUndefined();
    expect(words(followUp({ system: 'T' }))).toContain(BOUND);
    expect(words(followUp({ tools: [...list].reverse() }))).toContain(BOUND);
    expect(words(followUp({}, [z, a, c, b, d]))).toContain(BOUND);
    expect(words(followUp({}, [b, c, d]))).toContain(BOUND);
    expect(words(followUp({ model: 'claude-opus-4-8', system: 'T' }))).toBeUndefined();
    expect(
      words(followUp({ model: 'claude-opus-4-8' }, [z, { ...a, thinking: 'edited' }, b, c, d])),
    ).toContain('Invalid `signature`');
  });

  test('it counts what is cached', async () => {
    await start();
    const system = [{ ...text('S'), cache_control: { type: 'ephemeral' } }];
    const usage = async (): Promise<Fields> => (await ask({ system }))['usage'] as Fields;
    const [written, read] = [await usage(), await usage()];
    expect(written).toMatchObject({
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: expect.any(Number) as unknown,
    });
    expect(read).toMatchObject({
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: written['cache_creation_input_tokens'],
    });
  });

  test('a stream holds every kind of event, and no more than the whole answer', async () => {
    await start();
    const properties = { words: { type: 'string' } };
    const fields = {
      stream: true,
      thinking: { type: 'adaptive', display: 'summarized' },
      tools: [{ name: 'f', input_schema: { type: 'object', properties } }],
    };
    const calling = await send('/v1/messages', body(fields));
    expect(calling.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const search = await send(
      '/v1/messages',
      body({ stream: true, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
    );
    const seen = [...eventsIn(calling), ...eventsIn(search)].map(({ type, delta, content_block }) =>
      [type, (delta as Fields | undefined)?.['type'], (content_block as Fields | undefined)?.['type']]
        .filter(Boolean)
        .join(' '),
    );
    expect([...new Set(seen)].sort()).toEqual([
      'content_block_delta citations_delta',
      'content_block_delta input_json_delta',
      'content_block_delta signature_delta',
      'content_block_delta text_delta',
      'content_block_delta thinking_delta',
      'content_block_start server_tool_use',
      'content_block_start text',
      'content_block_start thinking',
      'content_block_start tool_use',
      'content_block_start web_search_tool_result',
      'content_block_stop',
      'message_delta',
      'message_start',
      'message_stop',
      'ping',
    ]);
  });

  test('it cites documents for which that is asked', async () => {
    await start();
    const document = {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'Once upon a time' },
      title: 'T',
      citations: { enabled: true },
    };
    expect(await contentOf({ model: HAIKU, messages: [user(document, text('Q'))] })).toMatchObject([
      { citations: [{ type: 'char_location', cited_text: 'Once upon a time', document_title: 'T' }] },
    ]);
  });

  describe('plays what a test writes', () => {
    const played = async (script: ScriptedAnswer): Promise<Reply> => {
      await start();
      cloud.answerNext(script);
      return send('/v1/messages', body());
    };

    test.each<[string, ScriptedAnswer, Partial<Reply>]>([
      [
        'JSON',
        { status: 529, json: { a: 1 }, headers: { 'retry-after': '7' } },
        { status: 529, text: '{"a":1}' },
      ],
      ['text', { status: 502, text: '<html>' }, { status: 502, text: '<html>' }],
      [
        'events',
        { events: [{ type: 'ping' }] },
        { status: 200, text: 'event: ping\ndata: {"type":"ping"}\n\n' },
      ],
      ['bytes', { bytes: ['data: ', Buffer.from('{}'), '\n\n'] }, { status: 200, text: 'data: {}\n\n' }],
      [
        'a cut',
        { events: [{ type: 'ping' }], ending: 'cut' },
        { status: 200, text: 'event: ping\ndata: {"type":"ping"}\n\n' },
      ],
    ])('%s', async (_name, script, reply) => {
      expect(await played(script)).toMatchObject(reply);
    });

    test('for one request each, and only for one that is valid', async () => {
      await start();
      cloud.answerNext({ json: { a: 1 } });
      expect((await send('/v1/messages', {})).status).toBe(400);
      expect((await send('/v1/messages', body())).text).toBe('{"a":1}');
      expect(await ask()).toHaveProperty('id', 'msg_3');
      expect(cloud.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
        Array(3).fill('POST /v1/messages'),
      );
    });
  });
});
