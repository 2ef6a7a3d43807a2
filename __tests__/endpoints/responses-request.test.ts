import { responsesCarrier } from '../../lib/endpoints/responses/index.ts';
import { toConversation } from '../../lib/endpoints/responses/items.ts';
import type { ChatRequest, JsonObject, JsonValue } from '../../lib/openai/types.ts';
import { errorOf } from './support.ts';

const toChat = (request: JsonObject): ChatRequest => responsesCarrier.toChat(request);
const toParam = (param: string, request: JsonObject): string => responsesCarrier.toParam(param, request);
const model = 'claude-x';

const messagesOf = (input: JsonValue): unknown => toChat({ model, input }).messages;
const pack = (carried: object): string => Buffer.from(JSON.stringify(carried)).toString('base64url');
const call = (call_id: string, more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  id: `fc_${call_id}`,
  status: 'completed',
  call_id,
  name: 'weather',
  arguments: '{"city":"Oslo"}',
  ...more,
});
const chatCall = (id: string, more: JsonObject = {}): JsonObject => ({
  ...more,
  id,
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Oslo"}' },
});
const output = (call_id: string, text = 'sun'): JsonObject => ({
  type: 'function_call_output',
  call_id,
  output: text,
});

describe('input', () => {
  test('a string is what the user says, behind the instructions', () => {
    expect(toChat({ model, instructions: 'Be brief.', input: 'Hi' })).toEqual({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  test('messages keep their roles, in the long form and the short one', () => {
    const input = [
      { role: 'developer', content: 'A' },
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'B' }] },
      { role: 'user', content: 'C' },
      { role: 'assistant', content: 'D' },
      { type: 'message', id: 'm', status: 'completed', role: 'assistant', phase: null, content: [] },
      { role: 'user', content: 'E' },
    ];
    expect(messagesOf(input)).toEqual([
      { role: 'developer', content: 'A' },
      { role: 'system', content: [{ type: 'text', text: 'B' }] },
      { role: 'user', content: 'C' },
      { role: 'assistant', content: [{ type: 'text', text: 'D' }] },
      { role: 'user', content: 'E' },
    ]);
  });

  test('parts become the parts of chat, one for one', () => {
    const content = [
      { type: 'input_text', text: 'Look', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
      { type: 'input_image', image_url: 'https://x/y.png', file_id: null },
      { type: 'input_image', file_id: 'file_1' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' },
      { type: 'input_file', file_url: 'https://x/a.pdf', file_id: null },
      { type: 'input_file', file_id: 'file_2' },
      { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
    ];
    expect(messagesOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look', prompt_cache_breakpoint: { mode: 'explicit' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'https://x/y.png' } },
          { type: 'file', file: { file_id: 'file_1', is_image: true } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
          { type: 'file', file: { file_id: 'https://x/a.pdf' } },
          { type: 'file', file: { file_id: 'file_2' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ]);
  });

  test('items of the assistant that follow each other are one message; results are messages of their own', () => {
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'Hm' }] },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Wait', annotations: [] }],
      },
      call('a'),
      call('b'),
      output('a'),
      { ...output('b'), output: [{ type: 'input_text', text: 'rain' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ];
    expect(messagesOf(input)).toEqual([
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'Wait' }],
        tool_calls: [chatCall('a'), chatCall('b')],
      },
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'rain' }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
  });

  test('a call without text has no content, and a thought alone is no message', () => {
    const thought = {
      type: 'reasoning',
      summary: [],
      encrypted_content: pack({ thinking_blocks: [{ type: 't' }] }),
    };
    expect(messagesOf([{ role: 'user', content: 'Hi' }, call('a'), output('a'), thought])).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [chatCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
    ]);
  });

  test.each([
    ['AA==', 'png'],
    ['iVBORw0KGgo=', 'png'],
    ['/9j/4AAQ', 'jpeg'],
    ['UklGRiQA', 'webp'],
    ['R0lGODlh', 'gif'],
  ])('an image that was made before goes back as one of the assistant: %s is %s', (result, type) => {
    const item = { type: 'image_generation_call', id: 'ig', status: 'completed', result };
    expect(messagesOf([item])).toEqual([
      {
        role: 'assistant',
        content: null,
        images: [{ type: 'image_url', image_url: { url: `data:image/${type};base64,${result}` } }],
      },
    ]);
  });
});

describe('what a cloud wants back', () => {
  const thought = { type: 'thinking', thinking: 'Hm', signature: 's' };
  const blocks = [thought, { type: 'tool_use', id: 'a' }];

  test('comes out of reasoning items, wherever they stand in the turn', () => {
    const input = [
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content: pack({ thinking_blocks: [thought] }) },
      call('a'),
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content: pack({ content_blocks: blocks }) },
      output('a'),
    ];
    expect(messagesOf(input)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [chatCall('a')],
        thinking_blocks: [thought],
        content_blocks: blocks,
      },
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
    ]);
  });

  test('is put together where it came in pieces', () => {
    const reasoning = (extra_content: object): JsonObject => ({
      type: 'reasoning',
      summary: [],
      encrypted_content: pack({ extra_content }),
    });
    const input = [
      reasoning({ google: { parts: [{ index: 0, a: 1 }, 'x'], thought_signature: 's' }, other: { b: 1 } }),
      call('a'),
      reasoning({ google: { parts: [{ index: 1, a: 2 }], thought_signature: 't', list: 1 }, none: null }),
      reasoning({ google: { list: [1] } }),
    ];
    expect(messagesOf(input)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [chatCall('a')],
        extra_content: {
          google: { parts: [{ a: 1 }, 'x', { a: 2 }], thought_signature: 't', list: [1] },
          other: { b: 1 },
        },
      },
    ]);
  });

  describe('joins the turns of one answer where results stand directly behind their calls', () => {
    const second = { type: 'thinking', thinking: 'So', signature: 't' };
    const whole = [thought, { type: 'tool_use', id: 'a' }, second, { type: 'tool_use', id: 'b' }];
    const reasoning = (carried: object): JsonObject => ({
      type: 'reasoning',
      summary: [],
      encrypted_content: pack(carried),
    });
    const said = (text: string): JsonObject => ({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text }],
    });
    const results = [
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
      { role: 'tool', tool_call_id: 'b', content: 'rain' },
    ];
    const joined = {
      role: 'assistant',
      content: null,
      tool_calls: [chatCall('a'), chatCall('b')],
      thinking_blocks: [thought, second],
      content_blocks: whole,
    };

    test('and the answer in one piece begins with what carries it', () => {
      const input = [
        reasoning({ thinking_blocks: [thought, second], content_blocks: whole }),
        call('a'),
        output('a'),
        call('b'),
        output('b', 'rain'),
      ];
      expect(messagesOf(input)).toEqual([joined, ...results]);
    });

    const streamed = [
      reasoning({ thinking_blocks: [thought] }),
      call('a'),
      output('a'),
      reasoning({ thinking_blocks: [second] }),
      call('b'),
      output('b', 'rain'),
      reasoning({ content_blocks: whole }),
    ];

    test('and the streamed answer ends with it', () => {
      expect(messagesOf(streamed)).toEqual([joined, ...results]);
    });

    test('and the next answer follows at once', () => {
      const next = [reasoning({ thinking_blocks: [thought] }), said('Next.'), call('c')];
      expect(messagesOf([...streamed, ...next])).toEqual([
        joined,
        ...results,
        {
          role: 'assistant',
          content: [{ type: 'text', text: 'Next.' }],
          tool_calls: [chatCall('c')],
          thinking_blocks: [thought],
        },
      ]);
    });

    test('but not across what somebody said', () => {
      const input = [call('a'), { role: 'user', content: 'Wait' }, reasoning({ content_blocks: whole })];
      expect(messagesOf([...input, call('b')])).toEqual([
        { role: 'assistant', content: null, tool_calls: [chatCall('a')] },
        { role: 'user', content: 'Wait' },
        { role: 'assistant', content: null, tool_calls: [chatCall('b')], content_blocks: whole },
      ]);
    });

    test('and each place is named as the client knows it', () => {
      const input = [...streamed.slice(0, 3), call('b', { name: 7 }), ...streamed.slice(5)];
      expect(toParam('messages[0].tool_calls[1].function', { model, input })).toBe('input[3]');
    });
  });

  test('says nothing that the client has taken out of the answer', () => {
    const spoken = [thought, { type: 'text', text: 'My card is 4111' }];
    const input = [
      { type: 'reasoning', summary: [], encrypted_content: pack({ content_blocks: spoken }) },
      call('a'),
    ];
    expect(messagesOf(input)).toEqual([
      { role: 'assistant', content: '', tool_calls: [chatCall('a')], content_blocks: spoken },
    ]);
  });

  test('comes back on the call, or in a reasoning item for it; what stands on the call wins', () => {
    const signature = (word: string): JsonObject => ({ google: { thought_signature: word } });
    const encrypted_content = pack({
      calls: [
        ['a', signature('lost')],
        ['b', signature('kept')],
      ],
    });
    const input = [
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content },
      call('a', { extra_content: signature('own') }),
      call('b'),
      call('c', { toolset_name: 'set' }),
    ];
    expect(messagesOf(input)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          chatCall('a', { extra_content: signature('own') }),
          chatCall('b', { extra_content: signature('kept') }),
          chatCall('c', { toolset_name: 'set' }),
        ],
      },
    ]);
  });

  test.each([
    ["OpenAI's own", 'gAAAAABk'],
    ['no JSON', pack({}).slice(1)],
    ['null', null],
    ['a number', Buffer.from('1').toString('base64url')],
    ['odd lists', pack({ thinking_blocks: 'x', content_blocks: [1], calls: [1, ['a'], [1, {}], ['a', 1]] })],
  ])('%s in encrypted_content is a lost thought, not an error', (_name, encrypted_content) => {
    expect(messagesOf([{ type: 'reasoning', summary: [], encrypted_content }, call('a')])).toEqual([
      { role: 'assistant', content: null, tool_calls: [chatCall('a')] },
    ]);
  });
});

describe('settings', () => {
  const chatOf = (settings: JsonObject): JsonObject => {
    const { model: _model, messages: _messages, ...rest } = toChat({ model, input: 'Hi', ...settings });
    return rest;
  };

  test('go under the names of chat', () => {
    const schema = { type: 'object', properties: {} };
    expect(
      chatOf({
        max_output_tokens: 9,
        reasoning: { effort: 'low', summary: 'auto' },
        text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema, strict: true } },
        tools: [{ type: 'function', name: 'f', description: 'd', parameters: schema, strict: null }],
        tool_choice: { type: 'function', name: 'f' },
        include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
        top_logprobs: 2,
      }),
    ).toEqual({
      max_completion_tokens: 9,
      reasoning_effort: 'low',
      reasoning_summary: 'auto',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
      tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: schema } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      logprobs: true,
      top_logprobs: 2,
    });
  });

  test('keep their names where chat has the same, and unknown ones are left to the cloud', () => {
    const same = {
      temperature: 0,
      top_p: 1,
      parallel_tool_calls: false,
      metadata: { a: 'b' },
      user: 'u',
      safety_identifier: 's',
      service_tier: 'flex',
      prompt_cache_key: 'k',
      stream: true,
      top_k: 4,
      stop: 'x',
    };
    expect(chatOf(same)).toEqual(same);
  });

  test('that ask for nothing here are left out', () => {
    expect(
      chatOf({
        store: false,
        background: false,
        context_management: [],
        conversation: null,
        n: 1,
        truncation: 'disabled',
        max_tool_calls: 3,
        stream_options: { include_obfuscation: false },
        include: ['reasoning.encrypted_content'],
        top_logprobs: 0,
        text: { format: { type: 'text' } },
        reasoning: null,
      }),
    ).toEqual({ response_format: { type: 'text' } });
  });

  test('without a counterpart go by their paths, so that they are reported under them', () => {
    expect(chatOf({ truncation: 'auto', reasoning: { mode: 'pro' }, text: { tone: 'warm' } })).toEqual({
      truncation: 'auto',
      'reasoning.mode': 'pro',
      'text.tone': 'warm',
    });
  });

  test('top_logprobs alone asks for probabilities as well', () => {
    expect(chatOf({ top_logprobs: 1 })).toEqual({ logprobs: true, top_logprobs: 1 });
  });

  test.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
    ],
  ])('tool_choice %j', (choice, expected) => {
    expect(chatOf({ tool_choice: choice })).toEqual({ tool_choice: expected });
  });
});

/** Lists in lists. */
function deepList(depth: number): JsonValue {
  let list: JsonValue = [];
  for (let level = 0; level < depth; level += 1) list = [list];
  return list;
}

describe('what cannot be carried is 400', () => {
  const refusals: [string, JsonObject, string, string][] = [
    ['store', { store: true }, 'store', 'unsupported_parameter'],
    [
      'previous_response_id',
      { previous_response_id: 'resp_1' },
      'previous_response_id',
      'unsupported_parameter',
    ],
    ['conversation', { conversation: 'conv_1' }, 'conversation', 'unsupported_parameter'],
    ['a prompt template', { prompt: { id: 'p' }, input: null }, 'prompt', 'unsupported_parameter'],
    ['background', { background: true }, 'background', 'unsupported_parameter'],
    [
      'compaction',
      { context_management: [{ type: 'compaction' }] },
      'context_management',
      'unsupported_parameter',
    ],
    ['several answers', { n: 2 }, 'n', 'unsupported_parameter'],
    ["chat's messages", { messages: [] }, 'messages', 'unsupported_parameter'],
    ["chat's max_tokens", { max_tokens: 5 }, 'max_tokens', 'unsupported_parameter'],
    ["chat's response_format", { response_format: {} }, 'response_format', 'unsupported_parameter'],
    [
      'what is too deep to be given back',
      { reasoning: { deep: deepList(100_000) } },
      'reasoning',
      'invalid_value',
    ],
    ['no input', { input: null }, 'input', 'invalid_value'],
    ['a number as input', { input: 1 }, 'input', 'invalid_value'],
    ['an item that is none', { input: ['Hi'] }, 'input[0]', 'invalid_value'],
    ['an item without a type', { input: [{}] }, 'input[0].type', 'invalid_value'],
    ['a role that is none', { input: [{ role: 'tool', content: 'x' }] }, 'input[0].role', 'invalid_value'],
    [
      'a reference',
      { input: [{ type: 'item_reference', id: 'msg_1' }] },
      'input[0]',
      'unsupported_parameter',
    ],
    [
      'a call of a built-in tool',
      { input: [{ type: 'web_search_call' }] },
      'input[0]',
      'unsupported_parameter',
    ],
    ['content that is none', { input: [{ role: 'user' }] }, 'input[0].content', 'invalid_value'],
    [
      'a part that is none',
      { input: [{ role: 'user', content: [1] }] },
      'input[0].content[0]',
      'invalid_value',
    ],
    [
      'an unknown part',
      { input: [{ role: 'user', content: [{ type: 'video' }] }] },
      'input[0].content[0]',
      'unsupported_parameter',
    ],
    [
      'an image without one',
      { input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
      'input[0].content[0].image_url',
      'invalid_value',
    ],
    [
      'a file by no URL of the web',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'gs://b/a.pdf' }] }] },
      'input[0].content[0].file_url',
      'invalid_value',
    ],
    ['a built-in tool', { tools: [{ type: 'web_search' }] }, 'tools[0]', 'unsupported_parameter'],
    ['a custom tool', { tools: [{ type: 'custom', name: 'x' }] }, 'tools[0]', 'unsupported_parameter'],
    ['a tool without a type', { tools: [{}] }, 'tools[0].type', 'invalid_value'],
    [
      'the choice of a built-in tool',
      { tool_choice: { type: 'mcp' } },
      'tool_choice',
      'unsupported_parameter',
    ],
    [
      'a built-in tool among those allowed',
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'mcp' }] } },
      'tool_choice.tools[0]',
      'unsupported_parameter',
    ],
    [
      'results of built-in tools',
      { include: ['file_search_call.results'] },
      'include[0]',
      'unsupported_parameter',
    ],
  ];

  test.each(refusals)('%s', (_name, request, param, code) => {
    const error = errorOf(() => toChat({ model, input: 'Hi', ...request }));
    expect({ param: error.param, code: error.code, type: error.type }).toEqual({
      param,
      code,
      type: 'invalid_request_error',
    });
  });

  test('by a name that is cut where it is endless', () => {
    const { message } = errorOf(() => toChat({ model, input: [{ type: 'x'.repeat(1000) }] }));
    expect(message).toBe(`Items of type '${'x'.repeat(60)}' cannot be carried over chat completions.`);
  });

  test('with a sentence that says why, and how to go on', () => {
    const stored = errorOf(() => toChat({ model, input: 'Hi', previous_response_id: 'resp_1' }));
    expect(stored).toEqual({
      message: "'previous_response_id' is not supported here: responses of this cloud are not stored.",
      type: 'invalid_request_error',
      param: 'previous_response_id',
      code: 'unsupported_parameter',
      hint: 'Send the whole conversation, output items included, as `input`, with `store: false`.',
    });
    const tool = errorOf(() => toChat({ model, input: 'Hi', tools: [{ type: 'web_search_preview' }] }));
    expect(tool.message).toBe(
      "Tools of type 'web_search_preview' are built into OpenAI: this cloud can call functions only.",
    );
  });

  const ONLY =
    "/v1/responses takes tools of type 'function'; a cloud's own can be given on /v1/chat/completions.";

  test.each<[string, JsonObject, string, string, string]>([
    [
      "a cloud's own tool",
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      'tools[0]',
      'unsupported_parameter',
      `Tools of type 'web_search_20250305' are not known here: ${ONLY}`,
    ],
    [
      "a function in a cloud's own form",
      { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
      'tools[0].type',
      'invalid_value',
      `'tools[0].type' is missing: ${ONLY}`,
    ],
    [
      "a choice in a cloud's own form",
      { tool_choice: { type: 'any' } },
      'tool_choice',
      'unsupported_parameter',
      `Tools of type 'any' are not known here: ${ONLY}`,
    ],
  ])('with another sentence for %s', (_name, fields, param, code, message) => {
    const error = errorOf(() => toChat({ model, input: 'Hi', ...fields }));
    expect(error).toEqual({ message, type: 'invalid_request_error', param, code });
  });
});

describe("the names of a cloud's complaints", () => {
  const request = {
    model,
    instructions: 'Be brief.',
    input: [
      { role: 'user', content: [{ type: 'input_image', image_url: 'x' }] },
      { role: 'assistant', content: 'A' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'B' }] },
      call('a'),
      output('a'),
    ],
  };

  test('are those of the request', () => {
    expect(toConversation(request).messages).toHaveLength(4);
    expect(
      [
        'messages[0].content',
        'messages[1].content[0].image_url',
        'messages[1].content[0].file.file_data',
        'messages[2].content[0]',
        'messages[2].content[1]',
        'messages[2].tool_calls[0].function.name',
        'messages[3].content[0]',
        'messages[3].tool_call_id',
        'messages[9]',
        'messages',
        'max_completion_tokens',
        'response_format.json_schema.schema',
        'response_format',
        'reasoning_effort',
        'reasoning_summary',
        'verbosity',
        'logprobs',
        'tools[0].function.parameters',
        'tool_choice.allowed_tools.tools[0]',
        'temperature',
      ].map((param) => toParam(param, request)),
    ).toEqual([
      'instructions',
      'input[0].content[0].image_url',
      'input[0].content[0].file_data',
      'input[1].content',
      'input[2].content[0]',
      'input[3].name',
      'input[4].output[0]',
      'input[4].call_id',
      'input',
      'input',
      'max_output_tokens',
      'text.format.schema',
      'text.format',
      'reasoning.effort',
      'reasoning.summary',
      'text.verbosity',
      'top_logprobs',
      'tools[0].parameters',
      'tool_choice.tools[0]',
      'temperature',
    ]);
  });

  test.each([
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ top_logprobs: 2, include: ['reasoning.encrypted_content'] }, 'top_logprobs'],
    [{ include: ['message.output_text.logprobs'] }, 'include'],
    [{ top_logprobs: 2, include: ['message.output_text.logprobs'] }, 'include'],
  ])('name what has asked for probabilities: %j', (fields, param) => {
    expect(toParam('logprobs', { model, input: 'Hi', ...fields })).toBe(param);
  });

  test('are found quickly, however many they are', () => {
    const part = { type: 'input_text', text: 'a' };
    const long = { model, input: Array.from({ length: 20_000 }, () => ({ role: 'user', content: [part] })) };
    const params = long.input.map((_item, index) => toParam(`messages[${index}].content[0].x`, long));
    expect(params.at(-1)).toBe('input[19999].content[0].x');
  });

  test('are plain where the input is a string', () => {
    expect(toParam('messages[0].content', { model, input: 'Hi' })).toBe('input');
  });
});
