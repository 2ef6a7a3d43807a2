import type { JsonObject } from '../../../lib/openai/types.ts';
import { bodyOf, convert, errorOf } from './support.ts';

const MODEL = 'gemini-3.8-flash';
const user = (content: JsonObject[] | string | null): JsonObject => ({ role: 'user', content });
const call = (id: string, name = 'f', args = '{}'): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const calls = (...tool_calls: JsonObject[]): JsonObject => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: string, content: JsonObject[] | string | null = 'ok'): JsonObject => ({
  role: 'tool',
  tool_call_id,
  content,
});

function contentsOf(messages: JsonObject[], model = MODEL): JsonObject[] {
  return bodyOf({ model, messages }).contents as JsonObject[];
}

function refusalOf(messages: JsonObject[]): unknown[] {
  const { status, type, code, param } = errorOf(() => convert({ model: MODEL, messages }));
  return [status, type, code, param];
}

describe('system messages', () => {
  test('an empty system text is left out, and with it the whole instruction', () => {
    expect(bodyOf({ model: MODEL, messages: [{ role: 'system', content: '' }, user('Q')] })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Q' }] }],
    });
  });

  test('a system message holds text alone', () => {
    const image = { type: 'image_url', image_url: { url: 'https://e.org/a.png' } };
    expect(refusalOf([user('Q'), { role: 'developer', content: [image] }])).toEqual([
      400,
      'invalid_request_error',
      'unsupported_parameter',
      'messages[1].content[0]',
    ]);
  });

  test('system text between a call and its result does not come between them', () => {
    const contents = contentsOf([
      user('Q'),
      calls(call('c1')),
      { role: 'system', content: 'S' },
      result('c1'),
    ]);
    expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
  });

  test('Gemma reads its system text in front of the first thing the user says, not in front of a tool result', () => {
    const contents = contentsOf(
      [{ role: 'system', content: 'A' }, { role: 'assistant', content: 'hi' }, user('Q')],
      'gemma-3-27b-it',
    );
    expect(contents).toEqual([
      { role: 'model', parts: [{ text: 'hi' }] },
      { role: 'user', parts: [{ text: 'A\n\n' }, { text: 'Q' }] },
    ]);
  });

  test('Gemma without a user message gets one for the system text', () => {
    expect(
      contentsOf(
        [
          { role: 'system', content: 'A' },
          { role: 'assistant', content: 'hi' },
        ],
        'gemma-3-27b-it',
      ),
    ).toEqual([
      { role: 'user', parts: [{ text: 'A\n\n' }] },
      { role: 'model', parts: [{ text: 'hi' }] },
    ]);
    expect(contentsOf([{ role: 'system', content: 'A' }], 'gemma-3-27b-it')).toEqual([
      { role: 'user', parts: [{ text: 'A\n\n' }, { text: ' ' }] },
    ]);
  });
});

describe('user and assistant messages', () => {
  test.each([
    ['an empty string', ''],
    ['null', null],
    ['empty text parts', [{ type: 'text', text: '' }]],
    ['no parts', []],
  ])('a user message of %s becomes a blank', (_name, content) => {
    expect(contentsOf([user(content)])).toEqual([{ role: 'user', parts: [{ text: ' ' }] }]);
  });

  test('a user message without content is refused: it says nothing, not even that it is empty', () => {
    const { status, type, code, param, message } = errorOf(() =>
      convert({ model: MODEL, messages: [{ role: 'user' }] }),
    );
    expect([status, type, code, param, message]).toEqual([
      400,
      'invalid_request_error',
      'invalid_value',
      'messages[0].content',
      "'messages[0].content' is missing.",
    ]);
  });

  test('a conversation of nothing but empty assistant messages becomes a blank', () => {
    expect(contentsOf([{ role: 'assistant', content: null }])).toEqual([
      { role: 'user', parts: [{ text: ' ' }] },
    ]);
  });

  test('names of users mean nothing to Google and are left out silently', () => {
    const request = { model: MODEL, messages: [{ ...user('Q'), name: 'ann' }] };
    expect(bodyOf(request).contents).toEqual([{ role: 'user', parts: [{ text: 'Q' }] }]);
    expect(convert(request).dropped).toEqual([]);
  });

  test('a refusal, as a field or as a part, is text of the model; its thinking is not', () => {
    const messages = [
      user('Q'),
      { role: 'assistant', content: 'a', refusal: 'no', reasoning_content: 'hm' },
      user('Q'),
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'never' }] },
    ];
    expect(contentsOf(messages).filter(({ role }) => role === 'model')).toEqual([
      { role: 'model', parts: [{ text: 'a' }, { text: 'no' }] },
      { role: 'model', parts: [{ text: 'never' }] },
    ]);
  });

  test('text stands in front of calls, also of calls in the legacy form', () => {
    const message = { role: 'assistant', content: 't', function_call: { name: 'f', arguments: '{}' } };
    expect(contentsOf([user('Q'), message])[1]).toEqual({
      role: 'model',
      parts: [
        { text: 't' },
        {
          functionCall: { id: 'call_fc_1', name: 'f', args: {} },
          thoughtSignature: 'skip_thought_signature_validator',
        },
      ],
    });
  });

  test('audio and images of earlier answers are left out and reported', () => {
    const spoken = { role: 'assistant', content: 'a', audio: { id: 'audio_1' }, images: [] };
    const request = { model: MODEL, messages: [user('Q'), spoken, user('Q')] };
    expect(convert(request).dropped).toEqual(['messages[1].audio', 'messages[1].images']);
  });

  describe('pictures of earlier answers', () => {
    const picture = (more: JsonObject = {}): JsonObject => ({
      type: 'image_url',
      image_url: { url: 'data:image/jpeg;base64,/9j/' },
      ...more,
    });
    const drawn = (content: string | null, ...images: JsonObject[]): JsonObject[] => [
      user('Draw a cat'),
      { role: 'assistant', content, images },
      user('Make it blue'),
    ];
    const inlineData = { mimeType: 'image/jpeg', data: '/9j/' };

    test('go back to a model that draws, behind the words', () => {
      const request = { model: 'gemini-2.5-flash-image', messages: drawn('Here', picture(), picture()) };
      expect(bodyOf(request).contents).toEqual([
        { role: 'user', parts: [{ text: 'Draw a cat' }] },
        { role: 'model', parts: [{ text: 'Here' }, { inlineData }, { inlineData }] },
        { role: 'user', parts: [{ text: 'Make it blue' }] },
      ]);
      expect(convert(request).dropped).toEqual([]);
    });

    test('go back to Gemini 3 with the signature they came with, or with the stand-in', () => {
      const signed = picture({ extra_content: { google: { thought_signature: 'S' } } });
      const request = { model: 'gemini-3-pro-image', messages: drawn(null, signed, picture()) };
      expect((bodyOf(request).contents as JsonObject[])[1]).toEqual({
        role: 'model',
        parts: [
          { inlineData, thoughtSignature: 'S' },
          { inlineData, thoughtSignature: 'skip_thought_signature_validator' },
        ],
      });
    });

    test('stand behind what Gemini 3 said, with its own signature or the stand-in', () => {
      const textOf = (more: JsonObject): unknown => {
        const [question, answer, next] = drawn('Here', picture());
        const messages = [question, { ...answer, ...more }, next] as JsonObject[];
        const contents = bodyOf({ model: 'gemini-3-pro-image', messages }).contents as JsonObject[];
        return (contents[1]?.parts as JsonObject[] | undefined)?.[0];
      };
      const extra_content = { google: { thought_signature: 'T' } };
      expect(textOf({ extra_content })).toEqual({ text: 'Here', thoughtSignature: 'T' });
      expect(textOf({})).toEqual({ text: 'Here', thoughtSignature: 'skip_thought_signature_validator' });
    });

    test('are left out and reported for a model that does not draw, and where they are none', () => {
      expect(convert({ model: MODEL, messages: drawn('Here', picture()) }).dropped).toEqual([
        'messages[1].images',
      ]);
      expect(
        convert({ model: 'gemini-2.5-flash-image', messages: drawn('Here', { type: 'image_url' }) }).dropped,
      ).toEqual(['messages[1].images']);
    });
  });

  describe("parts of Google's own tools", () => {
    const code = { executableCode: { language: 'PYTHON', code: '1+1' }, thoughtSignature: 'C' };
    const printed = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } };
    const search = { toolCall: { id: 's', toolType: 'GOOGLE_SEARCH_WEB' }, thoughtSignature: 'S' };
    const found = { toolResponse: { id: 's', toolType: 'GOOGLE_SEARCH_WEB' } };
    const answered = (more: JsonObject, ...parts: JsonObject[]): JsonObject[] => [
      user('Q'),
      { role: 'assistant', content: 'A', extra_content: { google: { parts } }, ...more },
    ];
    const outcome = (model: string, messages: JsonObject[]): unknown => {
      const contents = bodyOf({ model, messages }).contents as JsonObject[];
      return [contents[1]?.parts, convert({ model, messages }).dropped];
    };

    test('go back as they came, before what was said and called', () => {
      const called = {
        tool_calls: [{ ...call('c1'), extra_content: { google: { thought_signature: 'F' } } }],
      };
      expect(outcome(MODEL, answered(called, code, printed, search, found))).toEqual([
        [
          code,
          printed,
          search,
          found,
          { text: 'A' },
          { functionCall: { id: 'c1', name: 'f', args: {} }, thoughtSignature: 'F' },
        ],
        [],
      ]);
    });

    test('lose the index that a stream has given them', () => {
      expect(outcome(MODEL, answered({}, { ...code, index: 0 }, { index: 1, ...printed }))).toEqual([
        [code, printed, { text: 'A' }],
        [],
      ]);
    });

    test('are left out and reported where the model does not know them', () => {
      const dropped = ['messages[1].extra_content'];
      expect(outcome('gemini-2.0-flash', answered({}, code, search))).toEqual([
        [code, { text: 'A' }],
        dropped,
      ]);
      expect(outcome('gemma-3-27b-it', answered({}, code))).toEqual([[{ text: 'A' }], dropped]);
      expect(outcome(MODEL, answered({}, { somethingNew: {} }, { executableCode: 'x' }))).toEqual([
        [{ text: 'A' }],
        dropped,
      ]);
    });

    test('what is no such list says nothing', () => {
      for (const extra_content of [null, 'x', { google: null }, { google: { parts: 'x' } }, { other: {} }])
        expect(outcome(MODEL, answered({ extra_content }))).toEqual([[{ text: 'A' }], []]);
    });
  });

  test('an image in an assistant message has no counterpart', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://e.org/a.png' } }];
    expect(refusalOf([user('Q'), { role: 'assistant', content }])).toEqual([
      400,
      'invalid_request_error',
      'unsupported_parameter',
      'messages[1].content[0]',
    ]);
  });

  test('an unknown role is refused', () => {
    expect(refusalOf([{ role: 'critic', content: 'Q' }]).slice(2)).toEqual([
      'unsupported_parameter',
      'messages[0].role',
    ]);
  });

  test('a first assistant message with calls is relayed: Google says better what is missing', () => {
    expect(contentsOf([calls(call('c1')), result('c1')]).map(({ role }) => role)).toEqual(['model', 'user']);
  });

  test('the index that accumulators leave in tool calls is not sent', () => {
    const [, model] = contentsOf([user('Q'), calls({ ...call('c1'), index: 0 }), result('c1')]);
    expect(model).toEqual({
      role: 'model',
      parts: [
        {
          functionCall: { id: 'c1', name: 'f', args: {} },
          thoughtSignature: 'skip_thought_signature_validator',
        },
      ],
    });
  });
});

describe('messages of two hundred thousand parts, more than the stack holds arguments', () => {
  const many = <Item>(item: Item): Item[] => Array.from({ length: 200_000 }, () => item);
  const text = many({ type: 'text', text: 'x' });

  test.each<[string, JsonObject]>([
    ['the user says', { role: 'user', content: text }],
    ['the model said', { role: 'assistant', content: text }],
  ])('what %s', (_name, message) => {
    expect(contentsOf([message])[0]?.parts).toEqual(many({ text: 'x' }));
  });

  test('what the model called', () => {
    const [content] = contentsOf(
      [{ role: 'assistant', tool_calls: many(call('c1')) }],
      'gemini-2.5-flash-lite',
    );
    expect(content?.parts).toEqual(many({ functionCall: { id: 'c1', name: 'f', args: {} } }));
  });

  test('what the system says', () => {
    const { systemInstruction } = bodyOf({ model: MODEL, messages: [{ role: 'system', content: text }] });
    expect(systemInstruction).toEqual({ parts: many({ text: 'x' }) });
  });

  test('what a tool gave to a model that takes no images', () => {
    const image = { type: 'image_url', image_url: { url: 'https://e.org/a.png' } };
    const messages = [user('Q'), calls(call('c1')), result('c1', many(image))];
    expect(convert({ model: 'gemini-2.5-flash-lite', messages }).dropped).toEqual(
      Array.from({ length: 200_000 }, (_, index) => `messages[2].content[${index}]`),
    );
  });
});

describe('calls and results', () => {
  const argsOf = (args: string | undefined): unknown => {
    const one = {
      id: 'c1',
      type: 'function',
      function: { name: 'f', ...(args !== undefined && { arguments: args }) },
    };
    const [, model] = contentsOf([user('Q'), calls(one)], 'gemini-2.5-flash-lite') as {
      parts: { functionCall: JsonObject }[];
    }[];
    return model?.parts[0]?.functionCall.args;
  };

  test.each([
    ['an object', '{"a":1}', { a: 1 }],
    ['nothing', undefined, {}],
    ['blanks', ' \n', {}],
    ['an empty text', '', {}],
    ['null', ' null ', {}],
    ['a string', '"s"', { value: 's' }],
    ['a number', '0', { value: 0 }],
    ['half an object', '{"a":', { raw_arguments: '{"a":' }],
  ])('arguments that are %s stay with their call', (_name, text, args) => {
    expect(argsOf(text)).toEqual(args);
  });

  test('arguments nested beyond what Google reads are sent as text', () => {
    const text = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    expect(argsOf(text)).toEqual({ raw_arguments: text });
  });

  const responseOf = (content: JsonObject[] | string | null): unknown => {
    const contents = contentsOf([user('Q'), calls(call('c1')), result('c1', content)]) as {
      parts: { functionResponse: JsonObject }[];
    }[];
    return contents[2]?.parts[0]?.functionResponse.response;
  };

  test.each([
    ['an object', '{"a":1}', { a: 1 }],
    ['a number', '7', { output: 7 }],
    ['a string in quotes', '"s"', { output: 's' }],
    ['plain text', 'fine', { output: 'fine' }],
    ['nothing', null, { output: '' }],
    ['a deep reference', '[{"a":[{"$ref":"x"}]}]', { output: '[{"a":[{"$ref":"x"}]}]' }],
    ['an escaped reference', String.raw`{"\u0024ref":"x"}`, { output: String.raw`{"\u0024ref":"x"}` }],
    [
      'texts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: '' },
        { type: 'text', text: 'b' },
      ],
      { output: 'a\nb' },
    ],
  ])('a result that is %s becomes an object', (_name, content, response) => {
    expect(responseOf(content)).toEqual(response);
  });

  test.each([
    ['a price', '3.10'],
    ['a fraction of zero', '1.0'],
    ['an exponent', '1e5'],
    ['a negative zero', '-0'],
    ['a number beyond all', '1e400'],
    ['an integer of 64 bits', '12345678901234567890'],
    ['an escape', String.raw`"\u00e9"`],
    ['an object with an id of 64 bits', '{"id":1740000000000000123,"name":"a"}'],
    ['a list with a number beyond all', '[1,[1e400]]'],
  ])('a result with %s stays text: as JSON it would come out as something else', (_name, text) => {
    expect(responseOf(text)).toEqual({ output: text });
  });

  test.each([
    ['a number between blanks', ' -1.5\n', { output: -1.5 }],
    ['true', 'true', { output: true }],
    ['null', 'null', { output: null }],
    ['an id of 64 bits in a string', '{"id":"1740000000000000123"}', { id: '1740000000000000123' }],
    ['a list of the greatest safe integer', '[9007199254740991]', { output: [9007199254740991] }],
  ])('a result that is %s comes out as it was', (_name, text, response) => {
    expect(responseOf(text)).toEqual(response);
  });

  test.each([
    ['an output beside something else', { output: 'total 4', metadata: { exit_code: 1 } }],
    ['an error beside something else', { error: 'none', results: [1] }],
    ['an error that is null', { error: null }],
    ['an error that is null beside the answer', { error: null, data: { temp: 3 } }],
    ['an output and an error', { output: 'half', error: 'cut' }],
  ])(
    'a result with %s is the output as a whole: Gemini would not read what stands beside its keys',
    (_name, value) => {
      expect(responseOf(JSON.stringify(value))).toEqual({ output: value });
    },
  );

  test.each([
    ['an output alone', { output: { a: 1 } }],
    ['an output that is null', { output: null }],
    ['an error alone', { error: 'no such city' }],
    ['an error further down', { weather: { error: null, output: 3 } }],
  ])('a result with %s is sent as it is', (_name, value) => {
    expect(responseOf(JSON.stringify(value))).toEqual(value);
  });

  test('a result nested beyond what Google reads is sent as text', () => {
    const text = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`;
    expect(responseOf(text)).toEqual({ output: text });
  });

  test('a key named __proto__ in arguments and results stays a key', () => {
    const text = '{"__proto__":{"x":1}}';
    expect(JSON.stringify(argsOf(text))).toBe(text);
    expect(JSON.stringify(responseOf(text))).toBe(text);
  });

  const IMAGE = { type: 'image_url', image_url: { url: 'https://e.org/a.png' } };

  test('images in a result go along with Gemini 3, and are reported as left out for older models', () => {
    const messages = [user('Q'), calls(call('c1')), result('c1', [{ type: 'text', text: 'x' }, IMAGE])];
    const parts = [{ fileData: { fileUri: 'https://e.org/a.png', mimeType: 'image/png' } }];
    expect(contentsOf(messages)[2]).toEqual({
      role: 'user',
      parts: [{ functionResponse: { id: 'c1', name: 'f', response: { output: 'x' }, parts } }],
    });
    const old = { model: 'gemini-2.5-flash-lite', messages };
    expect(convert(old).dropped).toEqual(['messages[2].content[1]']);
    expect((bodyOf(old).contents as JsonObject[])[2]).toEqual({
      role: 'user',
      parts: [{ functionResponse: { id: 'c1', name: 'f', response: { output: 'x' } } }],
    });
  });

  test('names are found in every earlier turn, and the last call of an id counts', () => {
    const contents = contentsOf([
      user('Q'),
      calls(call('call_0', 'f')),
      result('call_0'),
      user('Q'),
      calls(call('call_0', 'g')),
      result('call_0'),
    ]) as { parts: { functionResponse?: JsonObject }[] }[];
    const names = contents.flatMap(({ parts }) => parts.flatMap((part) => part.functionResponse?.name ?? []));
    expect(names).toEqual(['f', 'g']);
  });

  test('two parallel calls with one id get one result each, by their order', () => {
    const [, , results] = contentsOf([
      user('Q'),
      calls(call('same', 'f'), call('same', 'g')),
      result('same', 'first'),
      result('same', 'second'),
    ]);
    expect(results?.parts).toEqual([
      { functionResponse: { id: 'same', name: 'f', response: { output: 'first' } } },
      { functionResponse: { id: 'same', name: 'g', response: { output: 'second' } } },
    ]);
  });

  test('calls of two messages in a row are one turn, and so are their results', () => {
    const [, model, results] = contentsOf([
      user('Q'),
      calls(call('c1')),
      calls(call('c2', 'g')),
      result('c2'),
      { role: 'system', content: 'S' },
      result('c1'),
    ]) as { parts: JsonObject[] }[];
    expect(model?.parts.map(({ functionCall }) => (functionCall as JsonObject).id)).toEqual(['c1', 'c2']);
    expect(results?.parts.map(({ functionResponse }) => (functionResponse as JsonObject).id)).toEqual([
      'c1',
      'c2',
    ]);
  });

  test('a late result of an earlier turn keeps its name and stands behind the others', () => {
    const [, , , , results] = contentsOf([
      user('Q'),
      calls(call('a', 'early')),
      user('Q'),
      calls(call('b', 'late')),
      result('a'),
      result('b'),
    ]);
    expect(results?.parts).toEqual([
      { functionResponse: { id: 'b', name: 'late', response: { output: 'ok' } } },
      { functionResponse: { id: 'a', name: 'early', response: { output: 'ok' } } },
    ]);
  });

  test('a result of a call that nobody made is refused by name', () => {
    const error = errorOf(() => convert({ model: MODEL, messages: [user('Q'), result('c9')] }));
    expect([error.code, error.param, error.message]).toEqual([
      'invalid_value',
      'messages[1].tool_call_id',
      "'messages[1].tool_call_id' names no tool call of an earlier assistant message.",
    ]);
  });

  test('a result of an unknown call is sent under the name that the message itself gives', () => {
    const contents = contentsOf([user('Q'), { ...result('x1'), name: 'f' }]);
    expect(contents[1]).toEqual({
      role: 'user',
      parts: [{ functionResponse: { id: 'x1', name: 'f', response: { output: 'ok' } } }],
    });
  });

  test('a legacy result finds its call by the name, and one without a call has no id', () => {
    const contents = contentsOf([
      user('Q'),
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: '1' },
      { role: 'function', name: 'g', content: '2' },
    ]);
    expect(contents[2]?.parts).toEqual([
      { functionResponse: { id: 'call_fc_1', name: 'f', response: { output: 1 } } },
      { functionResponse: { name: 'g', response: { output: 2 } } },
    ]);
  });

  test('calls and results with empty ids, as some local servers write them, are paired in their order', () => {
    const messages = [
      user('Q'),
      calls(call('', 'f'), call('c2', 'g'), call('', 'h')),
      result('c2', '2'),
      result('', '1'),
      result('', '3'),
    ];
    expect(contentsOf(messages, 'gemini-2.5-flash-lite').slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'f', args: {} } },
          { functionCall: { id: 'c2', name: 'g', args: {} } },
          { functionCall: { name: 'h', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { output: 1 } } },
          { functionResponse: { id: 'c2', name: 'g', response: { output: 2 } } },
          { functionResponse: { name: 'h', response: { output: 3 } } },
        ],
      },
    ]);
  });

  test('of results with empty ids, one that names its function belongs to a call of that function', () => {
    const [, , results] = contentsOf([
      user('Q'),
      calls(call('', 'f'), call('', 'g')),
      { ...result('', 'of g'), name: 'g' },
      result('', 'of f'),
    ]);
    expect(results?.parts).toEqual([
      { functionResponse: { name: 'f', response: { output: 'of f' } } },
      { functionResponse: { name: 'g', response: { output: 'of g' } } },
    ]);
  });

  test.each([
    ['the calls all have ids', [calls(call('c1')), result('')]],
    ['the call without one has its result already', [calls(call('')), result(''), result('')]],
    [
      'the call without one is of an earlier turn',
      [calls(call('')), user('Q'), calls(call('c1')), result('')],
    ],
  ])('a result with an empty id is refused where %s', (_name, messages) => {
    expect(refusalOf([user('Q'), ...messages])).toEqual([
      400,
      'invalid_request_error',
      'invalid_value',
      `messages[${messages.length}].tool_call_id`,
    ]);
  });

  test('results and what the user says next stay two contents', () => {
    const contents = contentsOf([user('Q'), calls(call('c1')), result('c1'), user('and?')]);
    expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user', 'user']);
  });

  test.each([
    [
      'a custom call',
      [{ id: 'c', type: 'custom', custom: { name: 'f', input: '' } }],
      'unsupported_parameter',
    ],
    ['a call without a function', [{ id: 'c', type: 'function' }], 'invalid_value'],
    ['a call of a function without a name', [{ id: 'c', function: {} }], 'invalid_value'],
    ['a call that is no object', ['c'], 'invalid_value'],
  ])('%s in the history is refused', (_name, tool_calls, code) => {
    expect(refusalOf([user('Q'), { role: 'assistant', tool_calls }]).slice(2)).toEqual([
      code,
      'messages[1].tool_calls[0]',
    ]);
  });

  test.each([
    ['calls that are no list', { role: 'assistant', tool_calls: 'f' }, 'messages[1].tool_calls'],
    ['content that is a number', { role: 'user', content: 7 }, 'messages[1].content'],
    ['a result that is an object', { role: 'tool', name: 'f', content: { a: 1 } }, 'messages[1].content'],
    ['a part that is a string', { role: 'user', content: ['Q'] }, 'messages[1].content[0]'],
    ['a text part without text', { role: 'user', content: [{ type: 'text' }] }, 'messages[1].content[0]'],
  ])('%s is refused', (_name, message, param) => {
    expect(refusalOf([user('Q'), message])).toEqual([400, 'invalid_request_error', 'invalid_value', param]);
  });
});
