import fc from 'fast-check';
import { createChatWriter } from '../../lib/openai/sse.ts';
import type { ChunkChoice, Delta } from '../../lib/openai/types.ts';

const HEAD = { id: 'chatcmpl-"1"', model: 'claude-x', usage: undefined, serviceTier: 'default' };

/** The chunk in full, as OpenAI writes it. */
function chunkOf({ index, delta, logprobs = null, ...end }: ChunkChoice): string {
  const { id, model, serviceTier: service_tier } = HEAD;
  const head = { id, object: 'chat.completion.chunk', created: 7, model, service_tier };
  const finish_reason = end.finish_reason ?? null;
  return `data: ${JSON.stringify({ ...head, choices: [{ index, delta, logprobs, finish_reason }] })}\n\n`;
}

function written(part: ChunkChoice): string {
  return createChatWriter(HEAD, 7, false).write(part);
}

test('a chunk of text is what JSON.stringify writes, whatever the text', () => {
  const content = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    // Halves of characters, which JSON escapes, among others that stand for themselves.
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(
    fc.property(content, fc.constantFrom(0, 1), (text, index) => {
      const part = { index, delta: { content: text } };
      expect(written(part)).toBe(chunkOf(part));
    }),
    { numRuns: 2_000 },
  );
});

test('each character by itself', () => {
  const writer = createChatWriter(HEAD, 7, false);
  const wrong: number[] = [];
  for (let code = 0; code <= 0xffff; code++) {
    const part = { index: 0, delta: { content: `a${String.fromCharCode(code)}b` } };
    if (writer.write(part) !== chunkOf(part)) wrong.push(code);
  }
  expect(wrong).toEqual([]);
});

test.each<[string, Delta]>([
  ['no content', {}],
  ['content that is null, as a module of your own may give it', { content: null as unknown as string }],
  ['content beside a role', { role: 'assistant', content: '' }],
  ['reasoning', { reasoning_content: 'Hm\n' }],
])('a chunk that is more or less than text: %s', (_, delta) => {
  expect(written({ index: 0, delta })).toBe(chunkOf({ index: 0, delta }));
  expect(written({ index: 0, delta, finish_reason: 'stop' })).toBe(
    chunkOf({ index: 0, delta, finish_reason: 'stop' }),
  );
});
