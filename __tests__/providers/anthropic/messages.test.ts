import type { JsonObject } from '../../../lib/openai/types.ts';
import { added, ask, convert, errorOf, turnsOf } from './support.ts';

const text = (words: string, more: object = {}): object => ({ type: 'text', text: words, ...more });
const user = (content: unknown, more: object = {}): JsonObject =>
  ({ role: 'user', content, ...more }) as JsonObject;
const system = (content: unknown, more: object = {}): JsonObject =>
  ({ role: 'system', content, ...more }) as JsonObject;
const assistant = (content: unknown, more: object = {}): JsonObject =>
  ({ role: 'assistant', content, ...more }) as JsonObject;
const tool = (id: string, content: unknown, more: object = {}): JsonObject =>
  ({ role: 'tool', tool_call_id: id, content, ...more }) as JsonObject;
const call = (id: string, name = 'f', args: unknown = '{}', more: object = {}): object => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
});
const calls = (...ids: string[]): JsonObject => assistant(null, { tool_calls: ids.map((id) => call(id)) });
const use = (id: string, name = 'f', input: object = {}): object => ({ type: 'tool_use', id, name, input });
const result = (id: string, content: unknown): object => ({ type: 'tool_result', tool_use_id: id, content });
const turn = (role: string, ...content: object[]): object => ({ role, content });
const reminder = (words: string): object => text(`<system-reminder>\n${words}\n</system-reminder>`);

/** A model that takes system messages in the middle, and one that does not. */
const INLINE = { model: 'claude-opus-5-5' };
const REMINDED = { model: 'claude-sonnet-5' };

describe('system messages at the beginning', () => {
  test('are the system prompt: one block per message or part, in order, with their breakpoints', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const messages = [
      system('A'),
      { role: 'developer', content: [text('B', mark), text(' '), text('C')] } as JsonObject,
      system('D', mark),
      user('Q'),
    ];
    expect(added({ messages })).toEqual({ system: [text('A'), text('B', mark), text('C'), text('D', mark)] });
  });

  test('leave no system prompt where there is nothing to read in them', () => {
    expect(added({ messages: [system(' \n'), system(''), system(null), user('Q')] })).toEqual({});
  });

  test('hold text alone', () => {
    const image = { type: 'image_url', image_url: { url: 'https://e.org/a.png' } };
    const { code, param } = errorOf(() => turnsOf([system([image]), user('Q')]));
    expect([code, param]).toEqual(['unsupported_parameter', 'messages[0].content']);
  });
});

describe('system messages in the middle', () => {
  test.each<[string, JsonObject[], object[]]>([
    [
      'behind a user, before the assistant',
      [user('Q'), system('S'), assistant('A'), user('R')],
      [
        turn('user', text('Q')),
        turn('system', text('S')),
        turn('assistant', text('A')),
        turn('user', text('R')),
      ],
    ],
    [
      'several in a row',
      [user('Q'), system('S'), system('T')],
      [turn('user', text('Q')), turn('system', text('S')), turn('system', text('T'))],
    ],
    [
      'behind results',
      [user('Q'), calls('a'), tool('a', 'r'), system('S')],
      [
        turn('user', text('Q')),
        turn('assistant', use('a')),
        turn('user', result('a', 'r')),
        turn('system', text('S')),
      ],
    ],
    [
      'between calls and results: behind the results',
      [user('Q'), calls('a', 'b'), tool('a', 'r'), system('S'), tool('b', 's')],
      [
        turn('user', text('Q')),
        turn('assistant', use('a'), use('b')),
        turn('user', result('a', 'r'), result('b', 's')),
        turn('system', text('S')),
      ],
    ],
    [
      'before the user speaks: in its turn',
      [user('Q'), assistant('A'), system('S'), user('R')],
      [turn('user', text('Q')), turn('assistant', text('A')), turn('user', reminder('S'), text('R'))],
    ],
    [
      'between two words of the user: in its turn',
      [user('Q'), system('S'), user('R'), system('T')],
      [turn('user', text('Q'), reminder('S'), text('R')), turn('system', text('T'))],
    ],
    [
      'behind the assistant: a turn of the user is made for it',
      [user('Q'), assistant('A'), system('S'), system('T')],
      [turn('user', text('Q')), turn('assistant', text('A')), turn('user', reminder('S'), reminder('T'))],
    ],
    [
      'behind a user who said nothing',
      [system('S'), user(' '), system('T'), user('Q')],
      [turn('user', reminder('T'), text('Q'))],
    ],
  ])('%s', (_name, messages, out) => {
    expect(turnsOf(messages, INLINE)).toEqual(out);
  });

  test('stay one behind the result of a server tool', () => {
    const blocks = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
    ];
    const messages = [user('Q'), assistant('', { content_blocks: blocks }), system('S')];
    expect(turnsOf(messages, INLINE)).toEqual([
      turn('user', text('Q')),
      turn('assistant', ...blocks),
      turn('system', text('S')),
    ]);
  });

  test('are in the turn of the user, where they were said, for a model that takes none', () => {
    const messages = [
      user('Q'),
      system([text('S', { cache_control: { type: 'ephemeral' } }), text('T')]),
      calls('a'),
      system('U'),
      tool('a', 'r'),
      system('V'),
    ];
    expect(turnsOf(messages, REMINDED)).toEqual([
      turn('user', text('Q'), { ...reminder('S'), cache_control: { type: 'ephemeral' } }, reminder('T')),
      turn('assistant', use('a')),
      turn('user', result('a', 'r'), reminder('U'), reminder('V')),
    ]);
  });
});

describe('turns', () => {
  test('of the same role are one turn', () => {
    const messages = [user('a'), user([text('b')]), assistant('c'), assistant('d'), user('e')];
    expect(turnsOf(messages)).toEqual([
      turn('user', text('a'), text('b')),
      turn('assistant', text('c'), text('d')),
      turn('user', text('e')),
    ]);
  });

  test('of nothing are left out', () => {
    expect(turnsOf([user('a'), assistant(null), assistant(' '), assistant([]), user('b')])).toEqual([
      turn('user', text('a'), text('b')),
    ]);
  });

  test('that begin with the assistant are passed on: no user is invented', () => {
    expect(turnsOf([assistant('A'), user('Q')])).toEqual([
      turn('assistant', text('A')),
      turn('user', text('Q')),
    ]);
  });

  test('that end with the assistant lose the white space at the end, and no other', () => {
    expect(
      turnsOf([user(' Q '), assistant(' A \n'), user('R'), assistant([text('x '), text('y \t')])]),
    ).toEqual([
      turn('user', text(' Q ')),
      turn('assistant', text(' A \n')),
      turn('user', text('R')),
      turn('assistant', text('x '), text('y')),
    ]);
  });

  test('of a hostile length do not use up the stack', () => {
    const many = Array.from({ length: 150_000 }, () => text('x'));
    const messages = [user('Q'), assistant(many), assistant(many), user(many), system('S')];
    expect(turnsOf(messages).map(({ content }) => content.length)).toEqual([1, 300_000, 150_000, 1]);
  });

  test('keep no name, and nothing else that only OpenAI knows', () => {
    const messages = [
      user('Q', { name: 'jo' }),
      assistant('A', { name: 'bot', annotations: [], reasoning_content: 'hm' }),
      user('R'),
    ];
    expect(turnsOf(messages)).toEqual([
      turn('user', text('Q')),
      turn('assistant', text('A')),
      turn('user', text('R')),
    ]);
  });
});

describe('a conversation with nothing to answer is refused, before it is paid for', () => {
  test.each<[string, JsonObject[]]>([
    ['no messages', []],
    ['the system alone', [system('A')]],
    ['blank users', [system('A'), user(' '), user(null), user([]), user([text('\n')])]],
    ['an assistant that only thought', [assistant('', { thinking_blocks: [{ type: 'thinking' }] })]],
  ])('%s', (_name, messages) => {
    const { status, code, param, message } = errorOf(() => turnsOf(messages));
    expect({ status, code, param, message }).toEqual({
      status: 400,
      code: 'invalid_value',
      param: 'messages',
      message:
        "'messages' holds nothing that Claude could answer: add a user message with more than white space in it.",
    });
  });

  test('and so is a user without content', () => {
    const { status, code, param, message } = errorOf(() => turnsOf([user('Q'), { role: 'user' }]));
    expect({ status, code, param, message }).toEqual({
      status: 400,
      code: 'invalid_value',
      param: 'messages[1].content',
      message: "'messages[1].content' is missing.",
    });
  });
});

describe('the assistant', () => {
  test('thinks, speaks, declines and calls, in this order', () => {
    const thought = { type: 'thinking', thinking: '', signature: 'S', more: 1 };
    const message = assistant([text('A'), { type: 'refusal', refusal: 'no' }], {
      refusal: 'never',
      tool_calls: [call('a')],
      thinking_blocks: [
        { index: 0, ...thought },
        { index: 1, type: 'redacted_thinking', data: 'D' },
      ],
      reasoning_content: 'x',
    });
    expect(turnsOf([user('Q'), message, tool('a', 'r')])[1]).toEqual(
      turn(
        'assistant',
        thought,
        { type: 'redacted_thinking', data: 'D' },
        text('A'),
        text('no'),
        text('never'),
        use('a'),
      ),
    );
  });

  test('does not draw: pictures of a conversation with another cloud are left out and reported', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const messages = [
      user('Draw'),
      assistant('Here', { images: [image] }),
      user('And?'),
      assistant('No', { images: [] }),
      user('Well'),
    ];
    expect(convert(ask({ messages })).dropped).toEqual(['messages[1].images']);
  });

  test('does not speak: its audio is left out and reported', () => {
    const messages = [
      user('Q'),
      assistant('A', { audio: { id: 'x' } }),
      user('R'),
      assistant('B', { audio: null }),
      user('S'),
    ];
    expect(convert(ask({ messages })).dropped).toEqual(['messages[1].audio']);
  });

  test.each<[unknown, object]>([
    ['', {}],
    [' \n', {}],
    ['{"a":1}', { a: 1 }],
    ['{"a":', { raw_arguments: '{"a":' }],
    ['[1]', { raw_arguments: '[1]' }],
    ['null', {}],
    [' null\n', {}],
    ['"x"', { raw_arguments: '"x"' }],
    [undefined, {}],
    [{ a: 1 }, { a: 1 }],
  ])('calls with %j', (args, input) => {
    const messages = [user('Q'), assistant(null, { tool_calls: [call('a', 'f', args)] }), tool('a', 'r')];
    expect(turnsOf(messages)[1]).toEqual(turn('assistant', use('a', 'f', input)));
  });

  test('keeps the keys of Anthropic on its calls', () => {
    const extras = {
      caller: { type: 'direct' },
      toolset_name: 'browser',
      cache_control: { type: 'ephemeral' },
    };
    const messages = [
      user('Q'),
      assistant(null, { tool_calls: [call('a', 'f', '{}', { ...extras, extra_content: {} })] }),
      tool('a', 'r', { toolset_name: 'browser' }),
    ];
    const [, called, answered] = turnsOf(messages);
    expect(called).toEqual(turn('assistant', { ...use('a'), ...extras }));
    expect(answered).toEqual(turn('user', { ...result('a', 'r'), toolset_name: 'browser' }));
  });

  test.each([
    [{ id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }],
    [{ id: 'a', type: 'custom', function: { name: 'f' } }],
  ])('makes no custom call: %j', (custom) => {
    const { code, param } = errorOf(() =>
      turnsOf([user('Q'), assistant(null, { tool_calls: [call('b'), custom] })]),
    );
    expect([code, param]).toEqual(['unsupported_parameter', 'messages[1].tool_calls[1]']);
  });
});

describe('thinking in a history', () => {
  const signed = { type: 'thinking', thinking: 'a', signature: 'S' };
  const unsigned = { type: 'thinking', thinking: 'b', signature: '' };
  const redacted = { type: 'redacted_thinking', data: 'D' };
  const thoughts = (...blocks: object[]): object => ({ thinking_blocks: blocks });
  const whole = (...blocks: object[]): object => ({ content_blocks: blocks });

  test.each<[string, JsonObject]>([
    ['in its own field', assistant('A', thoughts(unsigned, signed, { type: 'thinking', thinking: '' }))],
    ['in the blocks of the whole answer', assistant('A', whole(unsigned, signed, text('A')))],
    ['in the content', assistant([unsigned, signed, text('A')])],
  ])('that was cut off has no signature, and is left out: %s', (_name, message) => {
    expect(turnsOf([user('Q'), message, user('R')])).toEqual([
      turn('user', text('Q')),
      turn('assistant', signed, text('A')),
      turn('user', text('R')),
    ]);
  });

  test.each<[string, JsonObject]>([
    ['unsigned', assistant('', thoughts(unsigned))],
    ['signed', assistant(null, thoughts(signed, redacted))],
    ['as a whole answer', assistant('', whole(signed, unsigned, redacted))],
  ])('is no turn by itself: %s', (_name, message) => {
    expect(turnsOf([user('Q'), message, user('R')])).toEqual([turn('user', text('Q'), text('R'))]);
    expect(turnsOf([user('Q'), message])).toEqual([turn('user', text('Q'))]);
    expect(turnsOf([user('Q'), calls('a'), tool('a', 'r'), message, user('R')])).toEqual([
      turn('user', text('Q')),
      turn('assistant', use('a')),
      turn('user', result('a', 'r'), text('R')),
    ]);
  });

  test('ends no turn, but may stand before more of the same turn', () => {
    const cut = whole(signed, use('a'), redacted, signed);
    const called = assistant('', { ...cut, tool_calls: [call('a')] });
    expect(turnsOf([user('Q'), called, tool('a', 'r')])[1]).toEqual(turn('assistant', signed, use('a')));
    const before = assistant('', thoughts(signed));
    const empty = assistant('', thoughts(redacted));
    expect(turnsOf([user('Q'), before, assistant('A'), empty, user('R')])[1]).toEqual(
      turn('assistant', signed, text('A')),
    );
  });
});

test.each([[[user(' ')]], [[user(null), user('\n')]], [[tool('a', 'r'), assistant('A'), user('')]]])(
  'a user who says nothing behind the assistant is not the assistant going on: %j',
  (messages) => {
    const before = [user('Q'), calls('a'), tool('a', 'r'), assistant('A')];
    expect(errorOf(() => turnsOf([...before, ...messages]))).toMatchObject({
      code: 'invalid_value',
      param: 'messages',
    });
  },
);

test('blanks further up are left out, and so is a blank behind what a user said', () => {
  expect(turnsOf([user('Q'), assistant('A'), user(' '), assistant('B'), user('R'), user(' ')])).toEqual([
    turn('user', text('Q')),
    turn('assistant', text('A'), text('B')),
    turn('user', text('R')),
  ]);
});

describe('an answer that came with its blocks', () => {
  const blocks = [
    { type: 'thinking', thinking: '', signature: 'S' },
    use('a'),
    { type: 'thinking', thinking: '', signature: 'T' },
    text(' \n'),
    use('b'),
  ];
  const indexed = blocks.map((block, index) => ({ index, ...block }));
  const message = (...ids: string[]): JsonObject =>
    assistant('else', { content_blocks: indexed, tool_calls: ids.map((id) => call(id)) });

  test.each([[' \n'], [''], [null], [undefined], [[{ type: 'text', text: '' }]]])(
    'comes back as it was, without what Anthropic would refuse, where its text is still %j',
    (content) => {
      const whole = { ...message('a', 'b'), content };
      const [, turnOfAssistant] = turnsOf([user('Q'), whole, tool('a', 'r'), tool('b', 's')]);
      expect(turnOfAssistant).toEqual(turn('assistant', ...blocks.filter((_block, index) => index !== 3)));
    },
  );

  describe('of which the client has changed the text', () => {
    const [first, , second] = blocks as [JsonObject, JsonObject, JsonObject];
    const secret = [first, text('My card '), second, text('is 4111.'), use('a')];
    const given = (content: unknown): JsonObject =>
      assistant(content, {
        content_blocks: secret,
        thinking_blocks: [first, second],
        tool_calls: [call('a')],
      });
    const asked = (content: unknown): unknown => turnsOf([user('Q'), given(content), tool('a', 'r')])[1];

    test('says what the client says, with the thoughts that are still where they were', () => {
      expect(asked('[redacted]')).toEqual(turn('assistant', first, text('[redacted]'), use('a')));
      expect(asked('')).toEqual(turn('assistant', first, use('a')));
    });

    test('is not changed by a trim or by being cut into parts', () => {
      const whole = turn('assistant', ...secret);
      expect(asked(' My card is 4111.\n')).toEqual(whole);
      expect(asked([text('My card is'), text(' 4111.')])).toEqual(whole);
    });

    test('has no thoughts where it began with none', () => {
      const found = [use('a'), first];
      const changed = assistant('B', { content_blocks: found, thinking_blocks: [first], tool_calls: [] });
      expect(turnsOf([user('Q'), changed, user('R')])[1]).toEqual(turn('assistant', text('B')));
    });
  });

  test.each([[['a']], [['b', 'a']], [['a', 'c']], [[]]])(
    'is put together anew where the calls are others: %j',
    (ids) => {
      expect(turnsOf([user('Q'), message(...ids)])[1]).toEqual(
        turn('assistant', text('else'), ...ids.map((id) => use(id))),
      );
    },
  );

  test('needs no calls', () => {
    const found = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      text('found', { citations: null }),
    ];
    expect(turnsOf([user('Q'), assistant('found', { content_blocks: found }), user('R')])[1]).toEqual(
      turn('assistant', ...found),
    );
  });
});

describe('results', () => {
  test('open the turn of the user, before anything else that was said', () => {
    const messages = [user('Q'), calls('a', 'b'), tool('a', 'r'), user('and'), tool('b', 's'), user('now')];
    expect(turnsOf(messages)[2]).toEqual(
      turn('user', result('a', 'r'), result('b', 's'), text('and'), text('now')),
    );
  });

  test.each<[unknown, object]>([
    ['ok', { content: 'ok' }],
    ['', {}],
    [' ', {}],
    [null, {}],
    [[], {}],
    [[{ type: 'text', text: '  ' }], {}],
    [
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      { content: [text('a'), text('b')] },
    ],
    [
      [{ type: 'image_url', image_url: { url: 'https://e.org/a.png' } }],
      { content: [{ type: 'image', source: { type: 'url', url: 'https://e.org/a.png' } }] },
    ],
    [
      [{ type: 'search_result', source: 's', title: 't', content: [] }],
      { content: [{ type: 'search_result', source: 's', title: 't', content: [] }] },
    ],
  ])('hold %j', (content, out) => {
    expect(turnsOf([user('Q'), calls('a'), tool('a', content)])[2]).toEqual(
      turn('user', { type: 'tool_result', tool_use_id: 'a', ...out }),
    );
  });

  test('say that they are errors, and where to cache', () => {
    const more = { is_error: true, cache_control: { type: 'ephemeral' } };
    expect(turnsOf([user('Q'), calls('a'), tool('a', 'r', more)])[2]).toEqual(
      turn('user', { ...result('a', 'r'), ...more }),
    );
    expect(turnsOf([user('Q'), calls('a'), tool('a', 'r', { is_error: false })])[2]).toEqual(
      turn('user', result('a', 'r')),
    );
  });

  const image = { type: 'image_url', image_url: { url: 'https://e.org/a.png' } };
  const silent = 'The tool call failed with an empty error message.';

  // https://github.com/anthropics/anthropic-sdk-typescript: `errorTextContent` and `toolsetResultBlock`
  test.each<[string, unknown, unknown, string[]]>([
    ['no text', ' ', silent, []],
    ['no content', null, silent, []],
    ['an image alone', [image], silent, ['messages[2].content']],
    ['an image beside text', [text('r'), image], [text('r')], ['messages[2].content']],
  ])('that are errors hold text and nothing else: %s', (_case, content, out, dropped) => {
    const messages = [user('Q'), calls('a'), tool('a', content, { is_error: true }), user('R')];
    const converted = convert(ask({ messages }));
    expect([converted.body.messages[2], converted.dropped]).toEqual([
      turn('user', { ...result('a', out), is_error: true }, text('R')),
      dropped,
    ]);
  });

  test('of nothing that was called are passed on, for Anthropic to refuse', () => {
    expect(turnsOf([user('Q'), tool('x:1', 'r')])).toEqual([turn('user', result('x_1', 'r'), text('Q'))]);
  });
});

describe('ids of calls', () => {
  const idsOf = (...messages: JsonObject[]): string[] =>
    turnsOf([user('Q'), ...messages]).flatMap(({ content }) =>
      content.flatMap((block) =>
        block.type === 'tool_use' ? block.id : block.type === 'tool_result' ? `<${block.tool_use_id}` : [],
      ),
    );

  test('of other clouds are made legal, in the call and in its result', () => {
    expect(idsOf(calls('functions.f:0'), tool('functions.f:0', 'r'))).toEqual([
      'functions_f_0',
      '<functions_f_0',
    ]);
  });

  test('that become the same stay two', () => {
    expect(idsOf(calls('a.b', 'a:b', 'a_b'), tool('a:b', 'r'), tool('a_b', 's'), tool('a.b', 't'))).toEqual([
      'a_b',
      'a_b_2',
      'a_b_3',
      '<a_b_2',
      '<a_b_3',
      '<a_b',
    ]);
  });

  test('that every turn uses anew are told apart, and each result goes to its own turn', () => {
    expect(
      idsOf(calls('c'), tool('c', 'r'), calls('c'), tool('c', 's'), calls('c_2'), tool('c_2', 't')),
    ).toEqual(['c', '<c', 'c_2', '<c_2', 'c_2_2', '<c_2_2']);
  });

  test('that one message uses twice are two, and the results go to them in order', () => {
    expect(idsOf(calls('c', 'd', 'c'), tool('c', 'r'), tool('c', 's'), tool('d', 't'))).toEqual([
      'c',
      'd',
      'c_2',
      '<c',
      '<c_2',
      '<d',
    ]);
  });

  test('of nothing, as some local servers write them, get a name, and are paired in order', () => {
    expect(
      idsOf(calls('', ''), tool('', 'r'), tool('', 's'), calls('call', ''), tool('', 't'), tool('call', 'u')),
    ).toEqual(['call', 'call_2', '<call', '<call_2', 'call_3', 'call_4', '<call_4', '<call_3']);
  });

  test('in blocks that come back as they were stay, and others make room', () => {
    const whole = assistant('', { content_blocks: [use('c')], tool_calls: [call('c')] });
    expect(idsOf(whole, tool('c', 'r'), calls('c'), tool('c', 's'))).toEqual(['c', '<c', 'c_2', '<c_2']);
  });
});

describe('legacy functions', () => {
  const fn = (name: string): JsonObject => assistant(null, { function_call: { name, arguments: '{"a":1}' } });
  const answer = (content: string): JsonObject => ({ role: 'function', name: 'f', content });
  const shape = (messages: JsonObject[]): unknown[] =>
    turnsOf(messages).flatMap(({ content }) =>
      content.map((block) =>
        block.type === 'tool_use'
          ? block.id
          : block.type === 'tool_result'
            ? `<${block.tool_use_id}`
            : block.type,
      ),
    );

  test('are numbered, and a result belongs to the nearest earlier call without one', () => {
    expect(turnsOf([user('Q'), fn('f'), answer('r')])).toEqual([
      turn('user', text('Q')),
      turn('assistant', use('call_fn_0', 'f', { a: 1 })),
      turn('user', result('call_fn_0', 'r')),
    ]);
    expect(shape([user('Q'), fn('f'), answer('r'), fn('g'), answer('s')])).toEqual([
      'text',
      'call_fn_0',
      '<call_fn_0',
      'call_fn_1',
      '<call_fn_1',
    ]);
  });

  test('leave the result of a call with such an id to that call', () => {
    expect(shape([user('Q'), fn('f'), answer('r'), calls('call_fn_0'), tool('call_fn_0', 's')])).toEqual([
      'text',
      'call_fn_0',
      '<call_fn_0',
      'call_fn_0_2',
      '<call_fn_0_2',
    ]);
  });

  test('make room for a call that has such an id', () => {
    expect(shape([user('Q'), calls('call_fn_0'), tool('call_fn_0', 'r'), fn('f'), answer('s')])).toEqual([
      'text',
      'call_fn_0',
      '<call_fn_0',
      'call_fn_0_2',
      '<call_fn_0_2',
    ]);
  });

  test('without a call pass on, for Anthropic to refuse', () => {
    expect(shape([user('Q'), answer('r')])).toEqual(['<call_fn_0', 'text']);
  });
});

describe('a cache breakpoint on a whole message', () => {
  const mark = { cache_control: { type: 'ephemeral', ttl: '5m' } };

  test('is one on its last block', () => {
    expect(turnsOf([user([text('a'), text('b')], mark)])).toEqual([turn('user', text('a'), text('b', mark))]);
  });

  test("leaves the block's own alone", () => {
    const own = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    expect(turnsOf([user([text('a', own)], mark)])).toEqual([turn('user', text('a', own))]);
  });

  test('is never on thinking, nor on nothing', () => {
    const thought = { type: 'thinking', thinking: '', signature: 'S' };
    const messages = [
      user('Q'),
      assistant('A', { ...mark, thinking_blocks: [thought] }),
      user(' ', mark),
      user('R'),
      assistant('', { ...mark, thinking_blocks: [thought] }),
      user('S'),
    ];
    expect(turnsOf(messages)).toEqual([
      turn('user', text('Q')),
      turn('assistant', thought, text('A', mark)),
      turn('user', text('R'), text('S')),
    ]);
  });
});
