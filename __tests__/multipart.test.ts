import { createHash } from 'node:crypto';
import express from 'express';
import fc from 'fast-check';
import OpenAI, { toFile } from 'openai';
import { createPrefixRouter, type PrefixRouter } from '../lib/index.ts';
import { createMultipartScanner } from '../lib/multipart.ts';
import { sendJson, startCloud, type SimulatedCloud } from '../examples/simulated-clouds/cloud.ts';
import { ask, startHost, type RunningHost } from './support/http.ts';

const BOUNDARY = 'xYzBoundary';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const TRANSCRIPTIONS = '/v1/audio/transcriptions';

/** One part as a client writes it. */
function part(name: string, value: string | Buffer, extra = ''): Buffer {
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${extra}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(value as string), Buffer.from('\r\n')]);
}

const END = Buffer.from(`--${BOUNDARY}--\r\n`);
const AUDIO = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) % 256));
const file = part('file', AUDIO, '; filename="a.mp3"\r\ncontent-type: audio/mpeg');

function form(...parts: Buffer[]): Buffer {
  return Buffer.concat([...parts, END]);
}

describe('the scanner', () => {
  const scan = (bytes: Buffer, pieces: readonly number[] = []): ReturnType<typeof createMultipartScanner> => {
    const scanner = createMultipartScanner(TYPE);
    let at = 0;
    for (const size of pieces) {
      scanner.push(bytes.subarray(at, at + size));
      at += size;
    }
    scanner.push(bytes.subarray(at));
    scanner.end();
    return scanner;
  };

  const whole = form(
    part('prompt', 'model'),
    file,
    part('model', 'openai:whisper-1'),
    part('language', 'de'),
  );

  test('finds the model wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }), (pieces) => {
        const { model, modelCount, malformed } = scan(whole, pieces);
        const start = whole.indexOf('openai:whisper-1');
        expect({ model, modelCount, malformed }).toEqual({
          model: { value: 'openai:whisper-1', start, end: start + 16, escaped: false, bare: true },
          modelCount: 1,
          malformed: undefined,
        });
      }),
    );
  });

  test('cut after each single byte it finds the same', () => {
    const small = form(part('a', ''), part('model', 'openai:x'));
    expect(
      scan(
        small,
        Array.from(small, () => 1),
      ),
    ).toMatchObject({
      model: { value: 'openai:x', start: small.indexOf('openai:x') },
      malformed: undefined,
    });
  });

  test.each<[string, Buffer, object]>([
    ['a file called model is no model', form(part('model', 'x', '; filename="model"')), { modelCount: 0 }],
    ['a part without content before it', form(part('a', ''), part('model', 'm')), { modelCount: 1 }],
    [
      'a name without quotes',
      form(Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n`)),
      { modelCount: 1 },
    ],
    ['two models', form(part('model', 'a'), part('model', 'b')), { modelCount: 2 }],
    ['a field in other letters is another', form(part('Model', 'a')), { modelCount: 0, model: undefined }],
    [
      'a header in other letters is the same',
      form(Buffer.from(`--${BOUNDARY}\r\nCONTENT-DISPOSITION: Form-Data; Name="model"\r\n\r\nm\r\n`)),
      { modelCount: 1 },
    ],
    [
      'a delimiter inside a file is content',
      form(part('f', `--${BOUNDARY} not at a line start`, '; filename="x"'), part('model', 'm')),
      { modelCount: 1 },
    ],
    ['no model', form(file), { modelCount: 0, model: undefined }],
    [
      'a form that is cut off',
      form(part('model', 'm')).subarray(0, -8),
      { malformed: 'the form is cut off' },
    ],
    [
      'a model without end',
      Buffer.concat([part('model', 'x'.repeat(5000))]),
      { malformed: 'the model is too long' },
    ],
  ])('%s', (_what, bytes, expected) => {
    const { model, modelCount, malformed } = scan(bytes);
    expect({ model, modelCount, malformed }).toMatchObject(expected);
  });
});

describe('through the router', () => {
  let cloud: SimulatedCloud;
  let host: RunningHost;
  let router: PrefixRouter;

  beforeAll(async () => {
    cloud = await startCloud((request, response) =>
      sendJson(response, 200, { text: String(request.bytes.length) }),
    );
    router = createPrefixRouter({
      env: {
        OPENAI_API_KEY: 'sk-x',
        OPENAI_BASE_URL: cloud.url,
        GOOGLE_API_KEY: 'g',
        GOOGLE_API_BASE_URL: cloud.url,
      },
      bodyLimit: 2 * 1024 * 1024,
    });
    const app = express().use(router);
    app.use((req, res) => {
      const hash = createHash('sha256');
      req.on('data', (bytes: Buffer) => hash.update(bytes));
      req.on('end', () => sendJson(res, 200, { local: hash.digest('hex') }));
    });
    host = await startHost(app);
  });

  afterEach(() => void (cloud.requests.length = 0));

  afterAll(async () => {
    await host.close();
    await router.close();
    await cloud.close();
  });

  const post = (body: Buffer | Buffer[], path = TRANSCRIPTIONS): ReturnType<typeof ask> =>
    ask(host.url + path, { headers: { 'content-type': TYPE }, body });

  test.each([
    ['first', [part('model', 'openai:whisper-1'), file]],
    ['last', [file, part('language', 'de'), part('model', 'openai:whisper-1')]],
  ])('the model %s: the form arrives as it was sent, only the prefix is gone', async (_where, parts) => {
    const body = form(...parts);
    const answer = await post(body);
    expect(answer.status).toBe(200);
    const [request] = cloud.requests;
    expect(request?.headers['content-type']).toBe(TYPE);
    expect(request?.headers['content-length']).toBe(String(body.length - 'openai:'.length));
    const at = body.indexOf('openai:');
    expect(request?.bytes).toEqual(Buffer.concat([body.subarray(0, at), body.subarray(at + 7)]));
  });

  test('a large form flows in pieces', async () => {
    const large = part('file', Buffer.alloc(1_500_000, 'z'), '; filename="z.wav"');
    const body = form(part('model', 'openai:whisper-1'), large);
    const pieces = Array.from({ length: 20 }, (_, index) =>
      body.subarray((index * body.length) / 20, ((index + 1) * body.length) / 20),
    );
    expect((await post(pieces)).status).toBe(200);
    expect(
      cloud.requests[0]?.bytes.equals(Buffer.from(body.toString('latin1').replace('openai:', ''), 'latin1')),
    ).toBe(true);
  });

  test('a local form reaches the host byte for byte', async () => {
    const body = form(file, part('model', 'whisper-large'));
    const answer = await post(body);
    expect(JSON.parse(answer.text)).toEqual({ local: createHash('sha256').update(body).digest('hex') });
    expect(cloud.requests).toHaveLength(0);
  });

  test('a local model that is not UTF-8 is the host’s, as any other', async () => {
    const body = form(part('model', Buffer.from('fl\xfcstern', 'latin1')), file);
    const answer = await post(body);
    expect(JSON.parse(answer.text)).toEqual({ local: createHash('sha256').update(body).digest('hex') });
    expect(cloud.requests).toHaveLength(0);
  });

  test.each<[string, Buffer, number, string]>([
    ['two models', form(part('model', 'openai:a'), part('model', 'openai:b')), 400, 'invalid_value'],
    [
      'a model that is not UTF-8',
      form(part('model', Buffer.from(`openai:${'\xff'.repeat(9)}`, 'latin1')), file),
      400,
      'invalid_value',
    ],
    ['a form that is cut off', form(part('model', 'openai:a'), file).subarray(0, -10), 400, 'invalid_value'],
    ['an unknown word', form(part('model', 'unknown:a')), 400, 'unknown_prefix'],
    [
      'a cloud without this endpoint',
      form(part('model', 'google:gemini-3.8-flash'), file),
      400,
      'unsupported_endpoint',
    ],
    [
      'more than the limit',
      form(part('model', 'openai:a'), part('f', Buffer.alloc(3_000_000), '; filename="x"')),
      413,
      'request_too_large',
    ],
  ])('%s is refused and nothing complete is sent', async (_what, body, status, code) => {
    const answer = await post(body);
    expect([answer.status, (JSON.parse(answer.text) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ]);
    expect(cloud.requests).toHaveLength(0);
  });

  test('the SDK transcribes, translates and edits images', async () => {
    const client = new OpenAI({ apiKey: 'none', baseURL: `${host.url}/v1`, maxRetries: 0 });
    const audio = (): ReturnType<typeof toFile> => toFile(AUDIO, 'a.mp3');
    const text = await client.audio.transcriptions.create({ file: await audio(), model: 'openai:whisper-1' });
    await client.audio.translations.create({ file: await audio(), model: 'openai:whisper-1' });
    await client.images.edit({
      image: await toFile(AUDIO, 'a.png'),
      prompt: 'p',
      model: 'openai:gpt-image-1',
    });
    expect(cloud.requests.map((request) => request.path)).toEqual([
      '/v1/audio/transcriptions',
      '/v1/audio/translations',
      '/v1/images/edits',
    ]);
    expect(text.text).toBe(String(cloud.requests[0]?.bytes.length));
    expect(cloud.requests.every((request) => !request.bytes.includes('openai:'))).toBe(true);
  });
});
