/** How a body is read, put back, taken whole or let flow: by itself, without a host or a cloud. */
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import {
  exchangeModel,
  readBody,
  stringify,
  type BodyOutcome,
  type CloudBody,
  type HostRequest,
  type Taking,
  type Upload,
} from '../lib/body.ts';
import { RouterError } from '../lib/errors.ts';
import { writesAnyDepth } from './support/depth.ts';

interface Options {
  readonly headers?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly forms?: boolean;
  /** What the taker says when it is asked for a model that is no `llama`. */
  readonly taking?: Taking;
  /** The client goes away in the end, with its request cut off. */
  readonly cut?: boolean;
  /** What a parser before us made of it; the stream is read by then. */
  readonly parsed?: unknown;
  /** The host has called `setEncoding`. */
  readonly encoding?: BufferEncoding;
}

interface Reading {
  readonly outcome: BodyOutcome;
  /** The models that were asked about. */
  readonly asked: unknown[];
  readonly left: string;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads a body that arrives in pieces, one in each turn of the event loop. */
async function read(
  pieces: string | Buffer | readonly (string | Buffer)[],
  options: Options = {},
): Promise<Reading> {
  const { limit = 10_000, forms = false, taking = 'whole', cut = false, parsed, encoding } = options;
  const all = (Array.isArray(pieces) ? pieces : [pieces]).map((piece) => Buffer.from(piece as string));
  const length = all.reduce((sum, piece) => sum + piece.length, 0);
  const req: HostRequest = new IncomingMessage(new Socket());
  req.headers = { 'content-length': String(length), ...options.headers };
  if (encoding !== undefined) req.setEncoding(encoding);
  const end = (): void => {
    req.complete = true;
    req.push(null);
  };
  if ('parsed' in options) {
    for (const piece of all) req.push(piece);
    end();
    await once(req.resume(), 'end');
    req.body = parsed;
  }
  const asked: unknown[] = [];
  const outcomes: BodyOutcome[] = [];
  const settled = new Promise<void>((resolve) => {
    readBody({
      req,
      headers: req.headers,
      limit,
      forms,
      takes(model) {
        asked.push(model);
        return model === 'llama' ? 'host' : taking;
      },
      settle(outcome) {
        outcomes.push(outcome);
        resolve();
      },
    });
  });
  for (const piece of 'parsed' in options ? [] : all) {
    req.push(piece);
    await turn();
  }
  if (cut) req.destroy();
  else if (!req.complete) end();
  await settled;
  await turn();
  const [outcome] = outcomes as [BodyOutcome];
  expect([outcomes.length, req.listenerCount('readable')]).toEqual([1, 0]);
  return { outcome, asked, left: outcome.kind === 'host' ? await textOf(req) : '' };
}

async function textOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece as Buffer));
  return Buffer.concat(pieces).toString('utf8');
}

async function taken(...args: Parameters<typeof read>): Promise<CloudBody> {
  const { outcome } = await read(...args);
  if (outcome.kind !== 'cloud') throw new Error(`It was ${describeOutcome(outcome)}.`);
  return outcome.body;
}

function describeOutcome(outcome: BodyOutcome): string {
  return outcome.kind === 'refused' ? `${outcome.error.code} ${outcome.error.message}` : outcome.kind;
}

async function refusal(...args: Parameters<typeof read>): Promise<RouterError> {
  const { outcome } = await read(...args);
  if (outcome.kind !== 'refused') throw new Error(`It was ${describeOutcome(outcome)}.`);
  return outcome.error;
}

const uploaded = async (upload: Upload): Promise<[string, number | undefined, string]> => [
  Buffer.isBuffer(upload.body) ? upload.body.toString() : await textOf(upload.body),
  upload.length,
  upload.contentType,
];

const JSON_TYPE = 'application/json';
const CLOUD = '{"messages":[],"model":"openai:gpt","é":"ü"}';
const CUT = '{"messages":[],"model":"gpt","é":"ü"}';
const LOCAL = '{"model":"llama","é":"ü"}';

describe('what is the host’s', () => {
  test('a request without a body, at once', async () => {
    const req: HostRequest = new IncomingMessage(new Socket());
    const outcomes: BodyOutcome[] = [];
    const base = {
      req,
      limit: 1,
      forms: true,
      settle: (outcome: BodyOutcome) => void outcomes.push(outcome),
    };
    const takes = (): never => {
      throw new Error('There is no model.');
    };
    for (const headers of [{}, { 'content-length': '0' }]) readBody({ ...base, headers, takes });
    expect(outcomes).toEqual([{ kind: 'host' }, { kind: 'host' }]);
    expect(req.listenerCount('readable')).toBe(0);
  });

  test.each([
    ['a local model', [LOCAL], ['llama']],
    ['a local model in many pieces', [...Buffer.from(LOCAL)].map((byte) => Buffer.from([byte])), ['llama']],
    ['no model', ['{"messages":[]}'], []],
    ['no object', ['[{"model":"openai:x"}]'], []],
    ['no JSON', ['not { JSON'], []],
    ['JSON that is broken before the model', ['{"a":}', ',"model":"openai:x"}'], []],
    ['an empty body that comes in chunks', [], []],
  ])('%s', async (_what, pieces, models) => {
    const { left, asked, outcome } = await read(pieces, { headers: { 'transfer-encoding': 'chunked' } });
    expect([outcome, asked, left]).toEqual([
      { kind: 'host' },
      models,
      Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString(),
    ]);
  });

  test('chunks without a length are read as well', async () => {
    const headers = { 'content-length': undefined as unknown as string, 'transfer-encoding': 'chunked' };
    expect((await read([LOCAL.slice(0, 5), LOCAL.slice(5)], { headers })).left).toBe(LOCAL);
    expect(
      await uploaded((await taken([CLOUD.slice(0, 5), CLOUD.slice(5)], { headers })).toUpload('gpt')),
    ).toEqual([CUT, Buffer.byteLength(CUT), JSON_TYPE]);
  });

  test('a model that ends behind the limit; one that ends at it is looked at', async () => {
    const end = CLOUD.indexOf('gpt"') + 4;
    expect((await read(CLOUD, { limit: end - 1 })).asked).toEqual([]);
    expect((await read(CLOUD, { limit: end })).asked).toEqual(['openai:gpt']);
    expect((await read([CLOUD.slice(0, 3), CLOUD.slice(3)], { limit: 2 })).left).toBe(CLOUD);
  });

  test.each([
    ['is larger than the limit', '{"a"', ':'],
    ['is no object', ' ', '['],
    ['is broken before a model', '{', ']'],
    ['has a local model', '{"model":"llama', '"'],
  ])('what %s is put back as soon as that is clear', async (_what, before, last) => {
    let settled = 0;
    const req: HostRequest = new IncomingMessage(new Socket());
    const headers = { 'transfer-encoding': 'chunked' };
    readBody({
      req,
      headers,
      limit: last === ':' ? 4 : 100,
      forms: false,
      takes: () => 'host',
      settle: () => void (settled += 1),
    });
    req.push(before);
    await turn();
    expect(settled).toBe(0);
    req.push(last);
    await turn();
    expect([settled, String(req.read())]).toEqual([1, before + last]);
  });
});

describe('what is taken whole', () => {
  test.each([
    ['in one piece', [CLOUD]],
    ['in single bytes', [...Buffer.from(CLOUD)].map((byte) => Buffer.from([byte]))],
  ])('%s', async (_what, pieces) => {
    const body = await taken(pieces);
    expect(body.peek()).toEqual(JSON.parse(CLOUD));
    expect(await uploaded(body.toUpload('gpt'))).toEqual([CUT, Buffer.byteLength(CUT), JSON_TYPE]);
    expect((await taken(pieces)).toJson('gpt')).toEqual(JSON.parse(CUT));
  });

  test('whose it is, is asked once', async () => {
    expect((await read(['{"model":"openai:x"', ',"a":1', '}'])).asked).toEqual(['openai:x']);
  });

  test('a model written with escapes is exchanged whole', async () => {
    const escaped = String.raw`{"a":1,"model":"open\u0061i:gpt","b":2}`;
    const { outcome, asked } = await read(escaped);
    expect(asked).toEqual(['openai:gpt']);
    const expected = String.raw`{"a":1,"model":"g\"pt","b":2}`;
    const upload = await uploaded((outcome as { body: CloudBody }).body.toUpload('g"pt'));
    expect(upload).toEqual([expected, expected.length, JSON_TYPE]);
  });

  test('a body at the limit is taken, one over it is refused', async () => {
    const size = Buffer.byteLength(CLOUD);
    const message = `The request body is larger than ${size - 1} bytes, the limit for cloud models on this server.`;
    for (const headers of [{}, { 'content-length': '-1', 'transfer-encoding': 'chunked' }]) {
      expect((await read(CLOUD, { limit: size, headers })).outcome.kind).toBe('cloud');
      const error = await refusal(CLOUD, { limit: size - 1, headers });
      expect([error.status, error.message]).toEqual([413, message]);
    }
  });

  test('a body that is announced to be too large is refused with its first piece', async () => {
    const error = await refusal('{"model":"openai:x"', { headers: { 'content-length': '10001' }, cut: true });
    expect(error.code).toBe('request_too_large');
  });

  test('a second model, wherever it is cut', async () => {
    const twice = '{"model":"openai:x","model":"openai:x"}';
    for (let at = 1; at < twice.length; at += 7) {
      const error = await refusal([twice.slice(0, at), twice.slice(at)]);
      expect([error.code, error.param, error.message]).toEqual([
        'invalid_value',
        'model',
        "The body has more than one top-level 'model'. Send exactly one, so that it is clear who is paid.",
      ]);
    }
  });

  test.each([
    [
      'a wrong character',
      ['{"model":"openai:x",', '}'],
      'The request body is not valid JSON: unexpected character at byte 20.',
    ],
    [
      'an end that is missing',
      ['{"model":"openai:x"'],
      'The request body is not valid JSON: unexpected end at byte 19.',
    ],
  ])('%s behind the model', async (_what, pieces, message) => {
    const error = await refusal(pieces);
    expect([error.code, error.status, error.message]).toEqual(['invalid_json', 400, message]);
  });
});

describe('what flows', () => {
  const flow = (pieces: (string | Buffer)[], options: Options = {}): ReturnType<typeof read> =>
    read(pieces, { taking: 'flow', ...options });

  /** A reading whose later pieces the test sends itself. */
  function begin(first: string, length: number | undefined, limit = 10_000) {
    const req: HostRequest = new IncomingMessage(new Socket());
    req.headers =
      length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length) };
    const outcome = new Promise<BodyOutcome>((settle) => {
      readBody({ req, headers: req.headers, limit, forms: false, takes: () => 'flow', settle });
    });
    req.push(first);
    const end = (last: string): void => {
      req.push(last);
      req.complete = true;
      req.push(null);
    };
    const upload = outcome.then((settled) => (settled as { body: CloudBody }).body.toUpload('gpt'));
    return { req, outcome, upload, end };
  }

  test('what is whole by then is no stream', async () => {
    const { outcome } = await flow([CLOUD]);
    expect(Buffer.isBuffer((outcome as { body: CloudBody }).body.toUpload('gpt').body)).toBe(true);
  });

  test.each([undefined, Buffer.byteLength(CLOUD)])('with the length %p, as it arrives', async (length) => {
    const { upload, end, req } = begin(CLOUD.slice(0, 36), length);
    const { body, ...rest } = await upload;
    expect(rest).toEqual({ contentType: JSON_TYPE, length: length && Buffer.byteLength(CUT) });
    const text = textOf(body as Readable);
    req.push(CLOUD.slice(36, 38));
    await turn();
    end(CLOUD.slice(38));
    expect(await text).toBe(CUT);
    expect([req.listenerCount('readable'), (body as Readable).destroyed]).toEqual([0, true]);
  });

  test('it cannot be read as data', async () => {
    const { outcome, end } = begin(CLOUD.slice(0, 36), 100);
    const { body } = (await outcome) as { body: CloudBody };
    expect(() => body.toJson('gpt')).toThrow(new TypeError('A body that flows cannot be read as data.'));
    expect(() => body.peek()).toThrow(new TypeError('A body that flows cannot be read as data.'));
    end('');
  });

  test.each([
    ['is broken', '}', 'invalid_json'],
    ['ends too early', '', 'invalid_json'],
    ['names a second model', ',"model":"openai:y"}', 'invalid_value'],
  ])('one that %s is never completed', async (_what, last, code) => {
    const { upload, end } = begin('{"model":"openai:gpt","a":[', undefined);
    const { body } = await upload;
    const text = textOf(body as Readable);
    end(last === '}' ? ']]}' : last === '' ? '' : `]${last}`);
    await expect(text).rejects.toMatchObject({ code });
  });

  test('one that grows to the limit is sent, one that grows beyond it is not', async () => {
    const grow = async (limit: number): Promise<string> => {
      const { upload, end } = begin(CLOUD.slice(0, 36), undefined, limit);
      const text = textOf((await upload).body as Readable);
      end(CLOUD.slice(36));
      return text;
    };
    expect(await grow(Buffer.byteLength(CLOUD))).toBe(CUT);
    await expect(grow(Buffer.byteLength(CLOUD) - 1)).rejects.toMatchObject({ code: 'request_too_large' });
  });

  test('one whose client leaves ends in an error', async () => {
    const { upload, req } = begin(CLOUD.slice(0, 36), undefined);
    const text = textOf((await upload).body as Readable);
    req.destroy();
    await expect(text).rejects.toThrow('The client left while it sent its request.');
  });

  test('one whose cloud wants no more lets the rest be read, and keeps no listener', async () => {
    const { upload, req, end } = begin(CLOUD.slice(0, 36), undefined);
    const body = (await upload).body as Readable;
    body.on('error', () => undefined).destroy();
    await turn();
    end(CLOUD.slice(36));
    for (let wait = 0; !req.readableEnded && wait < 100; wait += 1) await turn();
    expect([req.readableEnded, req.listenerCount('readable'), req.listenerCount('close')]).toEqual([
      true,
      0,
      0,
    ]);
    expect([req.listenerCount('data'), req.listenerCount('end')]).toEqual([0, 0]);
  });

  test('it takes no more than is asked for', async () => {
    const { upload, req, end } = begin('{"model":"openai:gpt","a":"', undefined, 10_000_000);
    const body = (await upload).body as Readable;
    body.read(0);
    for (let sent = 0; sent < 40; sent += 1) {
      req.push('x'.repeat(16 * 1024));
      await turn();
    }
    // Of 640 KB so many as the stream's own buffer holds, and one piece more.
    expect(body.readableLength).toBeLessThanOrEqual((128 + 32) * 1024);
    expect(req.readableLength).toBeGreaterThan(400 * 1024);
    end('"}');
    expect(await textOf(body)).toBe(`{"model":"gpt","a":"${'x'.repeat(40 * 16 * 1024)}"}`);
  });
});

describe('what is compressed', () => {
  const packed = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    GZIP: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  };

  test.each(Object.entries(packed))('%s: local as it came, for a cloud inflated', async (encoding, pack) => {
    const headers = { 'content-encoding': encoding };
    const local = await read(pack(LOCAL), { headers });
    expect([local.outcome.kind, local.asked, local.left]).toEqual([
      'host',
      ['llama'],
      pack(LOCAL).toString('utf8'),
    ]);
    const body = await taken([pack(CLOUD).subarray(0, 9), pack(CLOUD).subarray(9)], { headers });
    expect(await uploaded(body.toUpload('gpt'))).toEqual([CUT, Buffer.byteLength(CUT), JSON_TYPE]);
  });

  test('identity is no compression', async () => {
    const body = await taken(CLOUD, { headers: { 'content-encoding': 'identity' }, taking: 'flow' });
    expect(body.toJson('gpt')).toEqual(JSON.parse(CUT));
  });

  test.each([
    ['an encoding nobody knows', 'zstd', CLOUD],
    ['a chain of encodings', 'gzip, gzip', CLOUD],
    ['what is not compressed at all', 'gzip', CLOUD],
    ['nothing', 'gzip', ''],
    ['something without a model', 'gzip', gzipSync('[]')],
  ])('%s is the host’s, as it came', async (_what, encoding, bytes) => {
    const headers = { 'content-encoding': encoding, 'content-length': '5' };
    const { outcome, asked, left } = await read(bytes === '' ? [] : bytes, { headers });
    expect([outcome.kind, asked, left]).toEqual(['host', [], Buffer.from(bytes).toString('utf8')]);
  });

  test('a form that is compressed is the host’s', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'multipart/form-data; boundary=b' };
    const { outcome, asked } = await read(gzipSync(CLOUD), { headers, forms: true });
    expect([outcome.kind, asked]).toEqual(['host', []]);
  });

  /** Text that hardly gets smaller. */
  function noise(length: number): string {
    let seed = 1;
    const next = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 16;
    return Array.from({ length }, () => String.fromCharCode(35 + (next() % 57))).join('');
  }

  /** It is much smaller when it is packed. */
  const LONG = `{"messages":[],"model":"openai:gpt","more":"${'x'.repeat(500)}"}`;

  test('the limit holds for what it is inflated to', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await read(gzipSync(LONG), { headers, limit: LONG.length })).outcome.kind).toBe('cloud');
    const tight = { headers, limit: LONG.length - 1 };
    expect((await refusal(gzipSync(LONG), tight)).code).toBe('request_too_large');
  });

  test('a model that ends behind it is not looked at', async () => {
    const text = `{"more":"${'x'.repeat(500)}","model":"openai:gpt"}`;
    const end = text.length - 1;
    const headers = { 'content-encoding': 'gzip' };
    expect((await read(gzipSync(text), { headers, limit: end })).asked).toEqual(['openai:gpt']);
    const hidden = await read(gzipSync(text), { headers, limit: end - 1 });
    expect([hidden.outcome.kind, hidden.asked]).toEqual(['host', []]);
  });

  test.each([
    ['a cloud’s', 'openai:x', 'refused'],
    ['a local one', 'llama', 'host'],
  ])('what is over the limit already as it came is read no further: %s', async (_what, model, kind) => {
    const noise = Array.from({ length: 2_000 }, (_, index) =>
      String.fromCharCode(35 + ((index * 7919) % 50)),
    );
    const bytes = gzipSync(JSON.stringify({ model, noise: noise.join('') }), { level: 1 });
    const pieces = [bytes.subarray(0, 150), bytes.subarray(150, 300), bytes.subarray(300)];
    const { outcome, left } = await read(pieces, { headers: { 'content-encoding': 'gzip' }, limit: 200 });
    expect(outcome).toMatchObject(
      kind === 'host' ? { kind } : { kind, error: { code: 'request_too_large' } },
    );
    expect(left).toBe(kind === 'host' ? bytes.toString('utf8') : '');
  });

  test('over the limit as it came it is refused before it has all come', async () => {
    const bytes = gzipSync(JSON.stringify({ model: 'openai:x', noise: noise(300) }));
    const headers = { 'content-encoding': 'gzip' };
    const error = await refusal([bytes.subarray(0, 201)], { headers, limit: 200, cut: true });
    expect(error.code).toBe('request_too_large');
  });

  test('the limit holds for what came, too, where packing made it larger', async () => {
    const bytes = gzipSync(CLOUD, { level: 0 });
    expect(bytes.length).toBeGreaterThan(Buffer.byteLength(CLOUD));
    const headers = { 'content-encoding': 'gzip' };
    expect((await taken(bytes, { headers, limit: bytes.length })).toJson('gpt')).toEqual(JSON.parse(CUT));
    const tight = { headers, limit: bytes.length - 1 };
    expect((await refusal(bytes, tight)).code).toBe('request_too_large');
  });

  test('what breaks behind the model is refused', async () => {
    const whole = gzipSync(JSON.stringify({ model: 'openai:x', noise: noise(300_000) }));
    const headers = { 'content-encoding': 'gzip' };
    const error = await refusal(whole.subarray(0, whole.length / 2), { headers, limit: 1_000_000 });
    expect([error.code, error.message]).toEqual([
      'invalid_json',
      'The request body is not valid JSON: the compressed body cannot be inflated.',
    ]);
    expect(error.cause).toMatchObject({ code: 'Z_BUF_ERROR' });
  });

  test('JSON that is broken behind the model is refused once, though there is more of it', async () => {
    const text = `{"model":"openai:x",}${' '.repeat(200_000)}`;
    const error = await refusal(gzipSync(text), {
      headers: { 'content-encoding': 'gzip' },
      limit: 1_000_000,
    });
    expect(error.message).toBe('The request body is not valid JSON: unexpected character at byte 20.');
  });
});

describe('what a parser has read before', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', [{ model: 'openai:x' }]],
    ['an object without a model', {}],
    ['one that inherits it', Object.create({ model: 'openai:x' })],
    ['text without a model', '[]'],
    ['an empty text', ''],
    ['bytes without a model', Buffer.from('{}')],
  ])('%s is the host’s, and nobody is asked', async (_what, parsed) => {
    const { outcome, asked } = await read(CLOUD, { parsed });
    expect([outcome.kind, asked]).toEqual(['host', []]);
  });

  test.each([
    ['an object', JSON.parse(LOCAL)],
    ['text', LOCAL],
    ['bytes', Buffer.from(LOCAL)],
  ])('%s with a local model is the host’s', async (_what, parsed) => {
    const { outcome, asked } = await read(LOCAL, { parsed });
    expect([outcome.kind, asked]).toEqual(['host', ['llama']]);
  });

  test.each([
    ['text', CLOUD],
    ['bytes', Buffer.from(CLOUD)],
  ])('%s is taken as it is, and stays as it was', async (_what, parsed) => {
    const body = await taken(CLOUD, { parsed });
    expect(await uploaded(body.toUpload('gpt'))).toEqual([CUT, Buffer.byteLength(CUT), JSON_TYPE]);
    expect(String(parsed)).toBe(CLOUD);
  });

  test.each([
    ['bytes', undefined],
    ['an object', (json: string) => JSON.parse(json) as object],
  ])('with more fields than any request has it is not converted: %s', async (_what, parse) => {
    const withFields = (count: number): string => {
      const fields = Object.fromEntries(Array.from({ length: count - 1 }, (_, index) => [`f${index}`, 1]));
      return JSON.stringify({ model: 'openai:gpt', ...fields });
    };
    const bodyOf = async (count: number): Promise<CloudBody> => {
      const json = withFields(count);
      return taken(json, parse === undefined ? {} : { parsed: parse(json) });
    };
    const most = (await bodyOf(1000)).toJson('gpt');
    expect(most).toEqual({ ...(JSON.parse(withFields(1000)) as object), model: 'gpt' });
    const one = await bodyOf(1001);
    expect(() => one.toJson('gpt')).toThrow(
      expect.objectContaining({
        code: 'invalid_value',
        status: 400,
        message: 'The request has more than 1000 fields beside each other, which is more than there are.',
      }),
    );
  });

  test('an object is written once, and stays as it was', async () => {
    const parsed = JSON.parse(CLOUD) as object;
    const body = await taken(CLOUD, { parsed });
    expect(body.peek()).toBe(parsed);
    expect(body.toJson('gpt')).toEqual(JSON.parse(CUT));
    expect(await uploaded(body.toUpload('gpt'))).toEqual([CUT, Buffer.byteLength(CUT), JSON_TYPE]);
    expect(parsed).toEqual(JSON.parse(CLOUD));
  });

  test('the limit holds for it too', async () => {
    const whole = Buffer.byteLength(CLOUD);
    const written = Buffer.byteLength(CUT);
    expect((await read(CLOUD, { parsed: CLOUD, limit: whole })).outcome.kind).toBe('cloud');
    expect((await refusal(CLOUD, { parsed: CLOUD, limit: whole - 1 })).code).toBe('request_too_large');
    const end = CLOUD.indexOf('gpt"') + 4;
    expect((await read(CLOUD, { parsed: CLOUD, limit: end })).asked).toEqual(['openai:gpt']);
    expect((await read(CLOUD, { parsed: CLOUD, limit: end - 1 })).asked).toEqual([]);
    const parsed = JSON.parse(CLOUD) as object;
    expect((await taken(CLOUD, { parsed, limit: written })).toUpload('gpt').length).toBe(written);
    const tight = await taken(CLOUD, { parsed, limit: written - 1 });
    expect(() => tight.toUpload('gpt')).toThrow(
      `The request body is larger than ${written - 1} bytes, the limit for cloud models on this server.`,
    );
  });

  test('what a text holds is checked', async () => {
    expect((await refusal('x', { parsed: '{"model":"openai:x"' })).code).toBe('invalid_json');
  });

  const FORM = { 'content-type': 'multipart/form-data; boundary=b' };

  test('a form cannot be sent any more, but a local one is the host’s', async () => {
    const error = await refusal('x', { parsed: { model: 'openai:x' }, headers: FORM, forms: true });
    expect([error.code, error.message]).toEqual([
      'invalid_value',
      'This form was read before the router. Mount the router in front of the parser for multipart forms.',
    ]);
    for (const parsed of [{ model: 'llama' }, {}, 'text', undefined, Object.create({ model: 'openai:x' })])
      expect((await read('x', { parsed, headers: FORM, forms: true })).outcome.kind).toBe('host');
  });

  test('where forms are not taken, an object is an object', async () => {
    const { outcome } = await read('x', { parsed: { model: 'openai:x' }, headers: FORM });
    expect(outcome.kind).toBe('cloud');
  });
});

describe('what a host has given an encoding', () => {
  test.each(['utf8', 'latin1', 'hex'] as const)('%s: the same bytes', async (encoding) => {
    const ascii = CLOUD.replace('é', 'e').replace('ü', 'u');
    const body = await taken([ascii.slice(0, 10), ascii.slice(10)], { encoding });
    const expected = ascii.replace('openai:', '');
    expect(await uploaded(body.toUpload('gpt'))).toEqual([expected, expected.length, JSON_TYPE]);
  });
});

describe('forms', () => {
  const form = (model: string, end = '--b--\r\n'): string =>
    `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--b\r\n` +
    `content-disposition: form-data; name="file"; filename="a"\r\n\r\n{"model":"openai:no"}\r\n${end}`;
  const options = (type: string): Options => ({ headers: { 'content-type': type }, forms: true });
  const TYPE = 'Multipart/Form-Data; boundary=b';

  test('are taken with the prefix cut out, under their own type', async () => {
    const body = await taken(form('openai:whisper-1'), options(TYPE));
    const expected = form('whisper-1');
    expect(await uploaded(body.toUpload('whisper-1'))).toEqual([expected, expected.length, TYPE]);
  });

  test('are the host’s where the endpoint takes none, and where the type only mentions them', async () => {
    for (const [type, forms] of [
      [TYPE, false],
      ['text/plain; like=multipart/form-data; boundary=b', true],
      ['multipart/form-datax; boundary=b', true],
    ] as const) {
      const { outcome, asked } = await read(form('openai:x'), { headers: { 'content-type': type }, forms });
      expect([type, outcome.kind, asked]).toEqual([type, 'host', []]);
    }
  });

  test('that are cut are refused in words of their own', async () => {
    const error = await refusal(form('openai:whisper-1', ''), options(TYPE));
    expect([error.code, error.message]).toEqual([
      'invalid_value',
      'The request body is not a valid multipart form: the form is cut off.',
    ]);
  });
});

test('a name is cut out in place, with and without quotes', () => {
  const quoted = Buffer.from('{"model":"openai:gpt"}');
  expect(
    exchangeModel(quoted, { value: 'openai:gpt', start: 9, end: 21, escaped: false }, 'gpt').toString(),
  ).toBe('{"model":"gpt"}');
  const bare = Buffer.from('a=openai:gpt&b');
  const found = { value: 'openai:gpt', start: 2, end: 12, escaped: false, bare: true } as const;
  const cut = exchangeModel(bare, found, 'gpt');
  expect([cut.toString(), cut.buffer === bare.buffer]).toEqual(['a=gpt&b', true]);
});

test('what can be parsed but not be written again is refused', () => {
  const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as object;
  const write = (): string => {
    try {
      return `${stringify(deep).length} characters`;
    } catch (error) {
      return String(error);
    }
  };
  const refusal = 'RouterError: The request body is not valid JSON: it is nested too deeply.';
  expect(write()).toBe(writesAnyDepth ? '100000 characters' : refusal);
  expect(stringify({ a: 1 })).toBe('{"a":1}');
});
