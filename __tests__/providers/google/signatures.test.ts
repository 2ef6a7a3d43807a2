import type { JsonObject } from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import { STAND_IN, createSignatures } from '../../../lib/providers/google/signatures.ts';
import { bodyOf, respond, streamEvents } from './support.ts';

interface CallPart {
  readonly functionCall?: JsonObject;
  readonly thoughtSignature?: string;
}

/** The signatures of the calls of one assistant message, as they are sent. */
function signaturesOf(tool_calls: JsonObject[], model = 'gemini-3.8-flash', provider = google()): unknown[] {
  const results = tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'ok' }));
  const messages = [{ role: 'user', content: 'Q' }, { role: 'assistant', tool_calls }, ...results];
  const contents = bodyOf({ model, messages }, provider).contents as unknown as { parts: CallPart[] }[];
  return contents[1]?.parts.map(({ thoughtSignature }) => thoughtSignature) ?? [];
}

const call = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '{}' },
  ...more,
});

describe('a signature that comes back', () => {
  const named = (signature: string): JsonObject => ({
    name: 'f',
    arguments: '{}',
    thought_signature: signature,
  });
  const forms: [name: string, call: JsonObject, signature: string][] = [
    [
      'extra_content, as we send it',
      call('c', { extra_content: { google: { thought_signature: 'A' } } }),
      'A',
    ],
    ['provider_specific_fields', call('c', { provider_specific_fields: { thought_signature: 'B' } }), 'B'],
    ['a field of the function', call('c', { function: named('C') }), 'C'],
    [
      "a field of the function's own fields",
      call('c', { function: { name: 'f', provider_specific_fields: { thought_signature: 'D' } } }),
      'D',
    ],
    ['the end of the id', call('c__thought__E'), 'E'],
  ];

  test.each(forms)('is found in %s', (_name, one, signature) => {
    expect(signaturesOf([one])).toEqual([signature]);
    expect(signaturesOf([one], 'gemini-2.5-flash-lite')).toEqual([signature]);
  });

  test('counts in the first form that has one', () => {
    const all: JsonObject = {
      id: 'c__thought__E',
      extra_content: { google: { thought_signature: 'A' } },
      provider_specific_fields: { thought_signature: 'B' },
      function: { ...named('C'), provider_specific_fields: { thought_signature: 'D' } },
    };
    const { extra_content: _a, ...second } = all;
    const { provider_specific_fields: _b, ...third } = second;
    const fourth = {
      ...third,
      function: { name: 'f', provider_specific_fields: { thought_signature: 'D' } },
    };
    expect([all, second, third, fourth].map((one) => signaturesOf([one])[0])).toEqual(['A', 'B', 'C', 'D']);
  });

  test.each([
    ['empty', call('c', { extra_content: { google: { thought_signature: '' } } })],
    ['no string', call('c', { extra_content: { google: { thought_signature: 7 } } })],
    ['of another vendor', call('c', { extra_content: { other: { thought_signature: 'X' } } })],
    ['an empty end of the id', call('c__thought__')],
    ['no fields at all', call('c', { extra_content: 'x', provider_specific_fields: null })],
  ])('is none when it is %s', (_name, one) => {
    expect(signaturesOf([one])).toEqual([STAND_IN]);
  });
});

describe('the stand-in', () => {
  test('goes on the first call of a turn alone', () => {
    expect(signaturesOf([call('a'), call('b')])).toEqual([STAND_IN, undefined]);
    const second = call('b', { extra_content: { google: { thought_signature: 'S' } } });
    expect(signaturesOf([call('a'), second])).toEqual([STAND_IN, 'S']);
  });

  test.each([
    'gemini-3-flash',
    'gemini-flash-latest',
    'gemini-2.5-pro',
    'gemini-2.5-flash',
    'gemini-9',
    'my-tune',
  ])('is there for %s', (model) => {
    expect(signaturesOf([call('a')], model)).toEqual([STAND_IN]);
  });

  test.each(['gemini-2.5-flash-lite', 'gemini-2.0-flash', 'gemma-3-27b-it'])(
    'is not there for %s',
    (model) => {
      expect(signaturesOf([call('a')], model)).toEqual([undefined]);
    },
  );
});

describe('the memory', () => {
  const answer = {
    candidates: [
      {
        content: { parts: [{ functionCall: { id: 'g1', name: 'f' }, thoughtSignature: 'SIG' }] },
        finishReason: 'STOP',
      },
    ],
  };

  test('knows the signature of a call whose client dropped it, from an answer or a stream', () => {
    const fromAnswer = google();
    respond(answer, undefined, fromAnswer);
    expect(signaturesOf([call('g1')], undefined, fromAnswer)).toEqual(['SIG']);
    const fromStream = google();
    streamEvents([answer], { provider: fromStream });
    expect(signaturesOf([call('g1')], undefined, fromStream)).toEqual(['SIG']);
  });

  test('belongs to one provider: another one knows nothing of it', () => {
    respond(answer, undefined, google());
    expect(signaturesOf([call('g1')], undefined, google())).toEqual([STAND_IN]);
  });

  test('is asked last', () => {
    const provider = google();
    respond(answer, undefined, provider);
    const one = call('g1', { extra_content: { google: { thought_signature: 'OWN' } } });
    expect(signaturesOf([one], undefined, provider)).toEqual(['OWN']);
  });

  test('forgets what was not used for longest', () => {
    const signatures = createSignatures(2);
    signatures.set('a', 'A');
    signatures.set('b', 'B');
    expect(signatures.get('a')).toBe('A');
    signatures.set('c', 'C');
    expect(['a', 'b', 'c'].map((id) => signatures.get(id))).toEqual(['A', undefined, 'C']);
  });

  test('holds a thousand entries and no more', () => {
    const signatures = createSignatures();
    for (let index = 0; index <= 1000; index += 1) signatures.set(`call_${index}`, 'S');
    expect(signatures.get('call_0')).toBeUndefined();
    expect(signatures.get('call_1')).toBe('S');
  });

  test('is bounded in size too, and an entry that is set again is counted once', () => {
    const signatures = createSignatures(1000, 10);
    signatures.set('a', '12345');
    signatures.set('a', '12345');
    signatures.set('b', '12345');
    expect(['a', 'b'].map((id) => signatures.get(id))).toEqual(['12345', '12345']);
    signatures.set('c', '1');
    expect(['a', 'b', 'c'].map((id) => signatures.get(id))).toEqual([undefined, '12345', '1']);
    signatures.set('d', '12345678901');
    signatures.set('e', '1234567890');
    expect(['b', 'c', 'd', 'e'].map((id) => signatures.get(id))).toEqual([
      undefined,
      undefined,
      undefined,
      '1234567890',
    ]);
  });
});
