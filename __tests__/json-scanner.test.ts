import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { createJsonScanner, type ModelToken } from '../lib/json-scanner.ts';

interface Finding {
  model: ModelToken | undefined;
  modelCount: number;
  malformed: string | undefined;
  isObject: boolean | undefined;
}

/** @param sizes How long the chunks are, in turn; the last holds what is left. */
function scan(body: Uint8Array | string, sizes: number[] = []): Finding {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const scanner = createJsonScanner();
  let at = 0;
  for (const size of sizes) {
    scanner.push(bytes.subarray(at, at + size));
    at += size;
  }
  scanner.push(bytes.subarray(at));
  scanner.end();
  const { model, modelCount, malformed, isObject } = scanner;
  return { model, modelCount, malformed, isObject };
}

function isJson(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false;
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}

const accepts = (bytes: Uint8Array): boolean => scan(bytes).malformed === undefined;
const everyByte = (bytes: Uint8Array): number[] => Array.from(bytes, () => 1);

const SAMPLES = [
  '{"model":"openai:gpt-4.1","messages":[{"role":"user","content":"Hi"}]}',
  ' \r\n\t{ "temperature" : -0.5e+10 , "stream" : true, "stop": null, "n": 0, "model" : "gpt-oss:20b" } \n',
  '{"m\\u006fdel":"a\\"b\\\\c\\/\\b\\f\\n\\r\\t\\ud83d\\ude00é","user":"吾輩は猫である😀","logprobs":false}',
  '{"a":[[],{},[{"model":"inner"},[1,2.5,3E5,-0,1e-7]],""],"model":["x",{"model":1}],"b":{"c":{"d":[]}}}',
  `{"image":"data:image/png;base64,${'iVBORw0KGgo+/='.repeat(20)}","model":"google:gemini-2.5-pro"}`,
  '{"model":12.50,"model":"second","mod\\u0065l":"third","models":1,"mode":2,"":3}',
  '[{"model":"in an array"}]',
  '"just a string"',
  '-12.5e-3',
  'null',
];

const MARKED = '\ufeff{"model":"behind a byte order mark"}';

/** Near JSON: pieces that make sense together now and then. */
const PIECES = [
  '{ } [ ] , : " \\ "a" "model" "mod\\u0065l" "x": "model": \\n \\u00 \\ud800 \\x "\\ é 😀 \' / // /**/'.split(
    ' ',
  ),
  '0 1 - + . e E5 1.5 -0 01 1e .5 0x1 1_0 true false null tru nul NaN Infinity [1, {} [] {"a":1,'.split(' '),
  ' \n\t\r\f\u00a0\ufeff\0\u001f\u2028'.split(''),
].flat();

const jsonText = fc.oneof(
  fc.json({ maxDepth: 6, stringUnit: 'binary' }),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
  fc.constantFrom(...SAMPLES),
);

describe('what is JSON', () => {
  test('everything JSON.stringify writes is accepted', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(scan(text).malformed).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('JSON with one byte changed, added or removed is judged as JSON.parse judges it', () => {
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat(2),
      insert: fc.oneof(
        fc.constantFrom(...PIECES.map((piece) => Buffer.from(piece))),
        fc.uint8Array({ maxLength: 2 }),
      ),
    });
    fc.assert(
      fc.property(jsonText, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let bytes: Uint8Array = Buffer.from(text);
        for (const { at, remove, insert } of changes) {
          const from = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
        }
        expect(accepts(bytes)).toBe(isJson(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  test('pieces of JSON in any order are judged as JSON.parse judges them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(accepts(bytes)).toBe(isJson(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  test('any bytes in a string are judged as isUtf8 and JSON.parse judge them', () => {
    const lead = fc.constantFrom(
      0x41,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    );
    const byte = fc.oneof(lead, fc.constantFrom(0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), (inside) => {
        const bytes = Buffer.from([0x22, ...inside, 0x22]);
        expect(accepts(bytes)).toBe(isJson(bytes));
        expect(scan(bytes, everyByte(bytes))).toEqual(scan(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  test('every two bytes, alone and in an array, are judged as JSON.parse judges them', () => {
    const wrong: number[][] = [];
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const alone = Buffer.from([first, second]);
        const inArray = Buffer.from([0x5b, first, second, 0x5d]);
        if (accepts(alone) !== isJson(alone) || accepts(inArray) !== isJson(inArray))
          wrong.push([first, second]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    ['1', true],
    ['-0', true],
    ['0.0', true],
    ['1e5', true],
    ['1E+05', true],
    [`${'9'.repeat(5000)}.${'1'.repeat(5000)}e${'7'.repeat(500)}`, true],
    ['-', false],
    ['+1', false],
    ['01', false],
    ['-01', false],
    ['1.', false],
    ['.5', false],
    ['1e', false],
    ['1e+', false],
    ['1.e1', false],
    ['0x10', false],
    ['1 2', false],
    ['', false],
    [' ', false],
    ['"\\ud800"', true],
    ['"\\udc00\\ud800"', true],
    ['"\\u12G4"', false],
    ['"\\U1234"', false],
    ['"\\\'"', false],
    ['"\u007f\u0080\u2028\u2029"', true],
    ['"a\tb"', false],
    ['"a\u0000b"', false],
    ['{"a":1,}', false],
    ['[1,]', false],
    ['[,1]', false],
    ['{,}', false],
    ['{"a"}', false],
    ['{"a":}', false],
    ['{"a":1 "b":2}', false],
    ['{a:1}', false],
    ['[1}', false],
    ['{"a":1]', false],
    ['[]]', false],
    ['{}{}', false],
    ['{"__proto__":1,"__proto__":2}', true],
    ['\ufeff{}', false],
    ['{}\ufeff', false],
    ['{}\u00a0', false],
    ['\v{}', false],
    ['{} // comment', false],
    ['True', false],
    ['nulll', false],
    ['undefined', false],
  ])('%p: accepted is %p', (text, expected) => {
    expect([accepts(Buffer.from(text)), isJson(Buffer.from(text))]).toEqual([expected, expected]);
  });

  test('a control character deep in a long string is found, wherever it stands', () => {
    const body = Buffer.from(`{"data":"${'A'.repeat(200)}","model":"x"}`);
    for (let at = 9; at < 209; at++) {
      const bytes = Buffer.from(body);
      bytes[at] = at % 32;
      expect(scan(bytes).malformed).toBe(`control character in a string at byte ${at}`);
    }
  });

  test('every byte next to every other in a long string is seen for what it is', () => {
    const wrong: number[][] = [];
    for (let first = 0; first < 128; first++) {
      for (let second = 0; second < 128; second++) {
        const bytes = Buffer.from(`"${'a'.repeat(61)}${'b'.repeat(64)}"`);
        bytes[40] = first;
        bytes[41] = second;
        if (accepts(bytes) !== isJson(bytes)) wrong.push([first, second]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('every byte in the place of every digit of an escape is seen for what it is', () => {
    const wrong: number[][] = [];
    for (let digit = 0; digit < 4; digit++) {
      for (let byte = 0; byte < 128; byte++) {
        for (const text of ['"\\u00e9"', `{"a":"0123456789\\u00e9${'b'.repeat(64)}","model":"x"}`]) {
          const bytes = Buffer.from(text);
          bytes[text.indexOf('u') + 1 + digit] = byte;
          if (accepts(bytes) !== isJson(bytes)) wrong.push([digit, byte]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('100,000 levels of arrays, objects or both are accepted, and refused one bracket short', () => {
    const levels = 100_000;
    const both = (n: number): string => '[{"a":'.repeat(n / 2) + '1' + '}]'.repeat(n / 2);
    for (const text of [
      '['.repeat(levels) + ']'.repeat(levels),
      '{"model":'.repeat(levels) + '0' + '}'.repeat(levels),
      both(levels),
    ]) {
      expect(scan(text).malformed).toBeUndefined();
      expect(scan(text.slice(0, -1)).malformed).toBe(`unexpected end at byte ${text.length - 1}`);
      expect(scan(text + ']').malformed).toBe(`unexpected character at byte ${text.length}`);
    }
    expect(scan(both(levels).replace('1}]}]', '1}]]}')).malformed).toContain('unexpected character');
  });

  test('no sample is accepted when it is cut, unless what is left is JSON', () => {
    for (const sample of [...SAMPLES, MARKED]) {
      const bytes = Buffer.from(sample);
      for (let length = 0; length <= bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        expect([sample, length, accepts(cut)]).toEqual([sample, length, isJson(cut)]);
      }
    }
  });
});

describe('chunks', () => {
  test('what is found does not depend on where the body is cut', () => {
    for (const sample of [
      ...SAMPLES,
      MARKED,
      '{"a":"\ud7ff\u{10ffff}"}',
      '{"a":tru }',
      '{"a":"\\u00"}',
      '{"a":"\u0001"}',
    ]) {
      const bytes = Buffer.from(sample);
      const whole = scan(bytes);
      for (let cut = 0; cut <= bytes.length; cut++) expect(scan(bytes, [cut])).toEqual(whole);
      expect(scan(bytes, everyByte(bytes))).toEqual(whole);
    }
  });

  test('the same for damaged bodies and random cuts', () => {
    const damaged = fc.tuple(
      jsonText,
      fc.nat(),
      fc.oneof(fc.nat(255), fc.constantFrom(0xff, 0xc2, 0xe3, 0xf0)),
    );
    fc.assert(
      fc.property(damaged, fc.array(fc.nat(9), { maxLength: 40 }), ([text, at, byte], sizes) => {
        const bytes = Buffer.from(text);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        expect(scan(bytes, sizes)).toEqual(scan(bytes));
        expect(scan(bytes, everyByte(bytes))).toEqual(scan(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  test('every byte in a long string that goes on from chunk to chunk is seen for what it is', () => {
    const wrong: number[][] = [];
    for (let byte = 0; byte < 256; byte++) {
      for (const at of [20, 21, 83, 84, 148, 200]) {
        const bytes = Buffer.from(`{"data":"é${'A'.repeat(200)}é","model":"x"}`);
        bytes[at] = byte;
        const [whole, cut] = [scan(bytes), scan(bytes, [20, 64, 64])];
        const same = whole.malformed === cut.malformed && whole.model?.value === cut.model?.value;
        if (!same || isJson(bytes) !== (cut.malformed === undefined)) wrong.push([byte, at]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('a plain Uint8Array that is a window of a larger buffer is read like a Buffer', () => {
    const text = '{"model":"anthropic:claude-sonnet-4-5","system":"日本語"}';
    const memory = new ArrayBuffer(200);
    const window = new Uint8Array(memory, 37, Buffer.byteLength(text));
    window.set(Buffer.from(text));
    expect(scan(window)).toEqual(scan(text));
    expect(scan(window, everyByte(window))).toEqual(scan(text));
  });

  test('chunks may be overwritten after push', () => {
    const scanner = createJsonScanner();
    const memory = Buffer.alloc(1);
    for (const byte of Buffer.from('{"mod\\u0065l":"openai:日本"}')) {
      memory[0] = byte;
      scanner.push(memory);
    }
    scanner.end();
    expect([scanner.malformed, scanner.model?.value]).toEqual([undefined, 'openai:日本']);
  });
});

describe('the top-level model', () => {
  test.each([
    ['{"model":"openai:gpt-4.1"}', { value: 'openai:gpt-4.1', start: 9, end: 25, escaped: false }],
    ['{"n":1,"model":"x"}', { value: 'x', start: 15, end: 18, escaped: false }],
    ['{"é":"é", "model" :\n"ü"}', { value: 'ü', start: 22, end: 26, escaped: false }],
    ['{"model":""}', { value: '', start: 9, end: 11, escaped: false }],
    ['{"model":"\\u006fpenai:x"}', { value: 'openai:x', start: 9, end: 24, escaped: true }],
    ['{"model":"a\\\\"}', { value: 'a\\', start: 9, end: 14, escaped: true }],
    ['{"\\u006d\\u006F\\u0064\\u0065\\u006c":"x"}', { value: 'x', start: 34, end: 37, escaped: false }],
    ['{"model":"\\ud800"}', { value: '\ud800', start: 9, end: 17, escaped: true }],
    ['{"model":null}', { value: undefined, start: 9, end: 13, escaped: false }],
    ['{"model":-1.5e3 }', { value: undefined, start: 9, end: 15, escaped: false }],
    ['{"model":["openai:x"],"a":1}', { value: undefined, start: 9, end: 21, escaped: false }],
    ['{"model":{"model":"openai:x"}}', { value: undefined, start: 9, end: 29, escaped: false }],
  ])('%s', (body, model) => {
    const finding = { model, modelCount: 1, malformed: undefined, isObject: true };
    expect(scan(body)).toEqual(finding);
    expect(scan(body, everyByte(Buffer.from(body)))).toEqual(finding);
  });

  test.each([
    '{}',
    '[]',
    '{"a":{"model":"openai:x"}}',
    '{"a":[{"model":"openai:x"}]}',
    '[{"model":"openai:x"}]',
    '{"models":"x","mode":"x","Model":"x","model ":"x","\\u006dodels":"x","mod\\nel":"x","":"model"}',
    '{"a":"model","b":["model",":","openai:x"]}',
    '"model"',
  ])('%s has none', (body) => {
    const { model, modelCount, malformed } = scan(body);
    expect({ model, modelCount, malformed }).toEqual({
      model: undefined,
      modelCount: 0,
      malformed: undefined,
    });
  });

  test('a second one is counted and the first one stays', () => {
    const { model, modelCount } = scan('{"model":"a","mod\\u0065l":"b","x":{"model":"c"},"model":"d"}');
    expect([model, modelCount]).toEqual([{ value: 'a', start: 9, end: 12, escaped: false }, 3]);
  });

  test('it is known as soon as its closing quote is there', () => {
    const scanner = createJsonScanner();
    scanner.push(Buffer.from('{"model":"openai:gpt-4.1'));
    expect([scanner.model, scanner.modelCount, scanner.isObject]).toEqual([undefined, 1, true]);
    scanner.push(Buffer.from('"'));
    expect(scanner.model).toEqual({ value: 'openai:gpt-4.1', start: 9, end: 25, escaped: false });
  });

  test('a very long key or value is no trouble, in chunks or whole', () => {
    const long = 'm'.repeat(100_000);
    const body = Buffer.from(`{"${long}":1,"model":"${long}","${long}":{"model":"${long}"}}`);
    const model = { value: long, start: 100_014, end: 200_016, escaped: false };
    const finding = { model, modelCount: 1, malformed: undefined, isObject: true };
    expect(scan(body)).toEqual(finding);
    expect(
      scan(
        body,
        Array.from({ length: 30 }, () => 9_999),
      ),
    ).toEqual(finding);
  });

  const key = fc.oneof(
    fc.constantFrom('model', 'models', 'mode', 'messages', '__proto__', 'é', ''),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }));
  /** Writes any character as an escape. */
  const escapeAll = (text: string): string =>
    text.replace(/[^]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

  test('value and position are those of JSON.parse, however key and value are written', () => {
    const member = fc.tuple(key, value, fc.boolean(), fc.constantFrom('', ' ', '\n\t'));
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { selector: ([name]) => name }),
        fc.infiniteStream(fc.nat(40)),
        (members, cuts) => {
          const written = members.map(([name, content, escaped, blank]) => {
            const quoted = escaped ? `"${escapeAll(name)}"` : JSON.stringify(name);
            const json =
              escaped && typeof content === 'string' ? `"${escapeAll(content)}"` : JSON.stringify(content);
            return `${blank}${quoted}${blank}:${blank}${json}${blank}`;
          });
          const bytes = Buffer.from(`{${written.join()}}`);
          const parsed: unknown = JSON.parse(bytes.toString());
          const expected = new Map(Object.entries(parsed as object)).get('model') as unknown;
          const { model, modelCount, malformed } = scan(bytes, [...cuts.take(20)]);
          expect([malformed, modelCount]).toEqual([undefined, expected === undefined ? 0 : 1]);
          expect(model?.value).toEqual(typeof expected === 'string' ? expected : undefined);
          const token = model && bytes.toString('utf8', model.start, model.end);
          expect(token && (JSON.parse(token) as unknown)).toEqual(expected);
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('what is said', () => {
  test.each([
    ['{"a":1,}', 'unexpected character at byte 7'],
    ['{"a":"é\u0000"}', 'control character in a string at byte 8'],
    ['{"a":"\\x"}', 'bad escape at byte 7'],
    ['{"a":"\\u00zz"}', 'bad escape at byte 10'],
    ['{"a":nul}', 'unexpected character at byte 8'],
    ['{"a":1', 'unexpected end at byte 6'],
    ['', 'unexpected end at byte 0'],
    ['\ufeff{}', 'byte order mark at byte 0'],
    ['x', 'unexpected character at byte 0'],
  ])('%p: %s', (body, malformed) => {
    expect(scan(body).malformed).toBe(malformed);
  });

  test('bad UTF-8 is reported where the sequence begins, and the first fault counts', () => {
    const body = (text: string): Buffer => Buffer.from(text, 'latin1');
    expect(scan(body('{"a":"x\xe3\x81"}')).malformed).toBe('invalid UTF-8 at byte 7');
    expect(scan(body('{"a":"x\xed\xa0\x80"}')).malformed).toBe('invalid UTF-8 at byte 7');
    expect(scan(body('{"a":"x\xff')).malformed).toBe('unexpected end at byte 8');
    expect(scan(body('{"a":"x\xe3\x81')).malformed).toBe('unexpected end at byte 9');
    expect(scan(body('{"a":\xff}')).malformed).toBe('unexpected character at byte 5');
    expect(scan(body('{"a":"\\q","b":"\xff"}')).malformed).toBe('bad escape at byte 7');
    expect(scan(body(`"${'\xe3\x81\x82'.repeat(5000)}\xc0"`)).malformed).toBe('invalid UTF-8 at byte 15001');
  });

  test.each([
    ['  {', true],
    ['\n[', false],
    ['"', false],
    ['?', false],
    ['  ', undefined],
    ['', undefined],
  ])('isObject after %p is %p', (body, isObject) => {
    const scanner = createJsonScanner();
    scanner.push(Buffer.from(body));
    expect(scanner.isObject).toBe(isObject);
  });

  test('after a fault, and after the end, nothing changes any more', () => {
    const faulty = createJsonScanner();
    for (const piece of ['{"a":!', '"model":"x"}', '\u0000']) faulty.push(Buffer.from(piece));
    faulty.end();
    expect([faulty.malformed, faulty.model]).toEqual(['unexpected character at byte 5', undefined]);

    const ended = createJsonScanner();
    ended.push(Buffer.from('{"model":"x"}'));
    ended.end();
    ended.push(Buffer.from(',"model":"y"}'));
    ended.end();
    expect([ended.malformed, ended.modelCount]).toEqual([undefined, 1]);
  });
});
