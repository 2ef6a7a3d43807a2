/** The simulated cloud over its socket: what it answers, and that it can be told what to answer. */
import { startSimulatedGoogle, type SimulatedGoogle } from '../../../examples/simulated-clouds/google.ts';
import type { JsonObject } from '../../../lib/openai/types.ts';

let cloud: SimulatedGoogle;

beforeAll(async () => {
  cloud = await startSimulatedGoogle({ apiKey: 'AQ.key' });
});

afterAll(() => cloud.close());

const HEADERS = { 'x-goog-api-key': 'AQ.key', 'content-type': 'application/json' };
const ASK = { contents: [{ role: 'user', parts: [{ text: 'how are you?' }] }] };
const TOOLS = {
  ...ASK,
  tools: [
    {
      functionDeclarations: [
        { name: 'now' },
        {
          name: 'weather',
          parametersJsonSchema: {
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
          },
        },
      ],
    },
  ],
};

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

async function send(
  path: string,
  body?: unknown,
  headers: Record<string, string> = HEADERS,
  method?: string,
): Promise<Reply> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${cloud.url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...init,
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const generate = (body: unknown, model = 'gemini-3.8-flash'): Promise<Reply> =>
  send(`/v1beta/models/${model}:generateContent`, body);

async function answerTo(body: unknown, model?: string): Promise<JsonObject> {
  return JSON.parse((await generate(body, model)).text) as JsonObject;
}

describe('the door', () => {
  test.each<[string, Record<string, string>]>([
    ['no key', { 'content-type': 'application/json' }],
    ['a wrong key', { ...HEADERS, 'x-goog-api-key': 'AQ.other' }],
  ])('%s is HTTP 400 API_KEY_INVALID', async (_name, headers) => {
    const { status, text } = await send('/v1beta/models/gemini-3.8-flash:generateContent', ASK, headers);
    const { error } = JSON.parse(text) as { error: JsonObject };
    expect([status, error.status, error.message]).toEqual([
      400,
      'INVALID_ARGUMENT',
      'API key not valid. Please pass a valid API key.',
    ]);
    expect(error.details).toMatchObject([{ reason: 'API_KEY_INVALID' }]);
  });

  test.each<[string, string, Record<string, string>, string]>([
    [
      'a second credential',
      '',
      { ...HEADERS, authorization: 'Bearer x' },
      'Multiple authentication credentials received. Please pass only one.',
    ],
    ['a key in the URL', '?key=AQ.key', HEADERS, 'The simulated cloud takes no API key in the URL.'],
    [
      'an unknown parameter',
      '?foo=1',
      HEADERS,
      'Invalid JSON payload received. Unknown name "foo": Cannot bind query parameter. Field \'foo\' could not be found in request message.',
    ],
    [
      'a form',
      '',
      { ...HEADERS, 'content-type': 'text/plain' },
      'Invalid JSON payload received. Unable to parse the body.',
    ],
  ])('%s is refused', async (_name, query, headers, message) => {
    const { status, text } = await send(
      `/v1beta/models/gemini-3.8-flash:generateContent${query}`,
      ASK,
      headers,
    );
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { error: { code: 400, message, status: 'INVALID_ARGUMENT' } },
    ]);
  });

  test.each<[string, string, string]>([
    ['POST', '/v1beta/models/gpt-4:generateContent', 'models/gpt-4 is not found'],
    ['POST', '/v1beta/models/gemini-3-flash:chat', 'not supported for chat'],
    ['POST', '/v1beta/models', 'Requested entity was not found.'],
    ['POST', '/v1beta/models/gemini-3-flash', 'Requested entity was not found.'],
    ['POST', '/v1beta/openai/chat/completions', 'Requested entity was not found.'],
    ['PUT', '/v1beta/models/gemini-3-flash:generateContent', 'is not found'],
  ])('%s %s is not found', async (method, path, message) => {
    const { status, text } = await send(path, ASK, HEADERS, method);
    const { error } = JSON.parse(text) as { error: { status: string; message: string } };
    expect([status, error.status]).toEqual([404, 'NOT_FOUND']);
    expect(error.message).toContain(message);
  });

  test('a bad body is told, wrapped into a list where a list is the answer', async () => {
    const refusal = {
      error: {
        code: 400,
        message: 'Invalid JSON payload received. Unknown name "foo": Cannot find field.',
        status: 'INVALID_ARGUMENT',
      },
    };
    expect(JSON.parse((await generate({ foo: 1 })).text)).toEqual(refusal);
    const list = await send('/v1beta/models/gemini-3-flash:streamGenerateContent', { foo: 1 });
    expect(JSON.parse(list.text)).toEqual([refusal]);
  });
});

describe('answers', () => {
  test('a question is echoed, and thinking is counted apart', async () => {
    const answer = await answerTo(ASK);
    expect(answer).toMatchObject({
      candidates: [
        {
          content: { role: 'model', parts: [{ text: 'gemini-3.8-flash echoes: how are you?' }] },
          finishReason: 'STOP',
        },
      ],
      modelVersion: 'gemini-3.8-flash',
      usageMetadata: { candidatesTokenCount: 5, thoughtsTokenCount: 20 },
    });
    const usage = answer.usageMetadata as Record<string, number>;
    expect(usage['totalTokenCount']).toBe((usage['promptTokenCount'] ?? 0) + 25);
  });

  test('every tool is called at once, signed on the first call; older models have neither ids nor signatures', async () => {
    const partsOf = async (model: string): Promise<JsonObject[]> => {
      const { candidates } = (await answerTo(TOOLS, model)) as {
        candidates: { content: { parts: JsonObject[] } }[];
      };
      return candidates[0]?.content.parts ?? [];
    };
    const third = await partsOf('gemini-3.8-flash');
    expect(third).toEqual([
      {
        functionCall: { id: expect.stringMatching(/-0$/) as string, name: 'now' },
        thoughtSignature: expect.any(String) as string,
      },
      {
        functionCall: {
          id: expect.stringMatching(/-1$/) as string,
          name: 'weather',
          args: { city: 'how are you?' },
        },
      },
    ]);
    expect(await partsOf('gemini-2.5-flash-lite')).toEqual([
      { functionCall: { name: 'now' } },
      { functionCall: { name: 'weather', args: { city: 'how are you?' } } },
    ]);
  });

  test('a tool loop needs the signature it was given', async () => {
    const first = (await answerTo(TOOLS)) as { candidates: { content: { parts: JsonObject[] } }[] };
    const content = first.candidates[0]?.content ?? { parts: [] };
    const results = content.parts.map(({ functionCall }) => {
      const { id, name } = functionCall as JsonObject;
      return { functionResponse: { id, name, response: { ok: true } } };
    });
    const turn = (parts: JsonObject[]): JsonObject => ({
      ...TOOLS,
      contents: [...ASK.contents, { role: 'model', parts }, { role: 'user', parts: results }],
    });
    const unsigned = content.parts.map(({ thoughtSignature: _signature, ...part }) => part);
    const forged = content.parts.map((part, index) =>
      index === 0 ? { ...part, thoughtSignature: 'QUJD' } : part,
    );
    expect((await generate(turn(content.parts))).status).toBe(200);
    expect((await generate(turn(unsigned))).text).toContain('Function call is missing a thought_signature');
    expect((await generate(turn(forged))).text).toContain('Thought signature is not valid.');
  });

  test('a result that belongs to no call is answered with silence', async () => {
    const contents = [
      ...ASK.contents,
      {
        role: 'model',
        parts: [{ functionCall: { id: 'a', name: 'now' }, thoughtSignature: cloud.mintSignature() }],
      },
      { role: 'user', parts: [{ functionResponse: { id: 'b', name: 'now', response: {} } }] },
    ];
    expect((await answerTo({ contents })).candidates).toEqual([
      { content: { parts: [], role: 'model' }, finishReason: 'STOP' },
    ]);
  });

  test('settings are obeyed: limits, stops, JSON by schema, thoughts, several candidates', async () => {
    const candidatesOf = async (generationConfig: JsonObject, model?: string): Promise<unknown[]> => {
      const { candidates } = (await answerTo({ ...ASK, generationConfig }, model)) as {
        candidates: { content: { parts: { text: string }[] }; finishReason: string }[];
      };
      return candidates.map(({ content, finishReason }) => [
        content.parts.map(({ text }) => text).join('|'),
        finishReason,
      ]);
    };
    const schema = {
      type: 'object',
      properties: { a: { enum: [3] }, b: { type: ['array'], items: { type: 'boolean' } } },
      required: ['a', 'b'],
    };
    expect(await candidatesOf({ maxOutputTokens: 2 })).toEqual([['gemini-3.8-flash echoes:', 'MAX_TOKENS']]);
    expect(await candidatesOf({ stopSequences: [' are'] })).toEqual([
      ['gemini-3.8-flash echoes: how', 'STOP'],
    ]);
    expect(await candidatesOf({ responseMimeType: 'application/json', responseJsonSchema: schema })).toEqual([
      ['{"a":3,"b":[true]}', 'STOP'],
    ]);
    expect(await candidatesOf({ responseMimeType: 'application/json' })).toEqual([
      ['{"echo":"how are you?"}', 'STOP'],
    ]);
    expect(await candidatesOf({ thinkingConfig: { includeThoughts: true } })).toEqual([
      ['Let me think.|gemini-3.8-flash echoes: how are you?', 'STOP'],
    ]);
    expect(await candidatesOf({ candidateCount: 2 }, 'gemini-2.0-flash')).toEqual([
      ['gemini-2.0-flash echoes: how are you?', 'STOP'],
      ['gemini-2.0-flash echoes: how are you?', 'STOP'],
    ]);
  });

  test('pictures, speech and searches have their own parts', async () => {
    const image = await answerTo(
      { ...ASK, generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } },
      'gemini-3-pro-image',
    );
    expect(image.candidates).toMatchObject([
      { content: { parts: [{ text: 'Here it is.' }, { inlineData: { mimeType: 'image/png' } }] } },
    ]);
    const speech = await answerTo(
      { ...ASK, generationConfig: { responseModalities: ['AUDIO'] } },
      'gemini-2.5-flash-preview-tts',
    );
    expect(speech.candidates).toMatchObject([
      { content: { parts: [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000' } }] } },
    ]);
    const search = await answerTo({ ...ASK, tools: [{ googleSearch: {} }] });
    expect(search.candidates).toMatchObject([
      { groundingMetadata: { groundingSupports: [{ groundingChunkIndices: [0] }] } },
    ]);
  });
});

describe('streams', () => {
  test('frames end in CRLF, a call each has its own, and the end is an empty text', async () => {
    const { type, text } = await send('/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse', TOOLS);
    const frames = text.split('\r\n\r\n');
    expect(type).toBe('text/event-stream');
    expect(frames.pop()).toBe('');
    const candidates = frames.map(
      (frame) => (JSON.parse(frame.slice('data: '.length)) as { candidates: JsonObject[] }).candidates[0],
    );
    expect(candidates).toMatchObject([
      { content: { parts: [{ functionCall: { name: 'now' } }] } },
      { content: { parts: [{ functionCall: { name: 'weather' } }] } },
      { content: { parts: [{ text: '' }] }, finishReason: 'STOP' },
    ]);
  });

  test('without alt=sse they are one list', async () => {
    const { type, text } = await send('/v1beta/models/gemini-3.8-flash:streamGenerateContent', ASK);
    expect([type, (JSON.parse(text) as unknown[]).length]).toEqual(['application/json; charset=UTF-8', 6]);
  });
});

describe('embeddings and models', () => {
  test('a vector for each text, as wide as asked', async () => {
    const requests = ['a', 'bc'].map((one) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text: one }] },
      outputDimensionality: 2,
    }));
    const { text } = await send('/v1beta/models/gemini-embedding-001:batchEmbedContents', { requests });
    expect(JSON.parse(text)).toEqual({
      embeddings: [{ values: [1, 97 / 1024] }, { values: [2, 98 / 1024] }],
      usageMetadata: { promptTokenCount: 2 },
    });
  });

  test('models are listed in pages, and shown one by one', async () => {
    const page = async (query: string): Promise<{ models: { name: string }[]; nextPageToken?: string }> =>
      JSON.parse((await send(`/v1beta/models${query}`)).text) as {
        models: { name: string }[];
        nextPageToken?: string;
      };
    const first = await page('?pageSize=1000');
    const second = await page(`?pageSize=1000&pageToken=${first.nextPageToken}`);
    expect([first.models.length, second.models.length, second.nextPageToken]).toEqual([4, 2, undefined]);
    expect(JSON.parse((await send('/v1beta/models/gemini-3.8-flash')).text)).toEqual(first.models[0]);
    expect((await send('/v1beta/models/gemini-0')).status).toBe(404);
  });
});

describe('scripts', () => {
  test('the next answers are those that were told, in their order, once each', async () => {
    cloud.answerNext({ status: 503, headers: { 'retry-after': '3' }, body: { error: { code: 503 } } });
    cloud.answerNext({ body: 'plain' });
    cloud.answerNext({ events: [{ candidates: [] }] });
    cloud.answerNext((_request, response) => void response.writeHead(418).end());
    const replies = [
      await generate(ASK),
      await generate(ASK),
      await generate(ASK),
      await generate(ASK),
      await generate(ASK),
    ];
    expect(replies.map(({ status }) => status)).toEqual([503, 200, 200, 418, 200]);
    expect(replies.slice(0, 3).map(({ text }) => text)).toEqual([
      '{"error":{"code":503}}',
      'plain',
      'data: {"candidates":[]}\r\n\r\n',
    ]);
  });

  test('slices wait for the test, and an answer can be cut', async () => {
    const seen: number[] = [];
    cloud.answerNext({
      slices: ['data: {', '}\r\n\r\n'],
      beforeSlice: (index) => seen.push(index),
      ending: 'reset',
    });
    await expect(generate(ASK)).rejects.toThrow('terminated');
    expect(seen).toEqual([0, 1, 2]);
  });

  test('a script does not excuse a bad request, and a list of models does not use it up', async () => {
    cloud.answerNext({ body: 'mine' });
    expect((await generate({ foo: 1 })).status).toBe(400);
    expect((await send('/v1beta/models')).status).toBe(200);
    expect((await generate(ASK)).text).toBe('mine');
  });
});
