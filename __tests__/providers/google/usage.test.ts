import fc from 'fast-check';
import { toUsage } from '../../../lib/providers/google/usage.ts';

describe('usage', () => {
  test('tokens by kind stand where OpenAI has a name for them, added up', () => {
    const usage = toUsage({
      promptTokenCount: 100,
      candidatesTokenCount: 35,
      totalTokenCount: 135,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 10 },
        { modality: 'TEXT', tokenCount: 5 },
        { modality: 'IMAGE', tokenCount: 25 },
        { modality: 'AUDIO', tokenCount: 20 },
        { modality: 'VIDEO', tokenCount: 30 },
        { modality: 'DOCUMENT', tokenCount: 10 },
      ],
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: 10 },
        { modality: 'AUDIO', tokenCount: 20 },
        { modality: 'IMAGE', tokenCount: 5 },
      ],
    });
    expect(usage).toEqual({
      prompt_tokens: 100,
      completion_tokens: 35,
      total_tokens: 135,
      prompt_tokens_details: { cached_tokens: 0, text_tokens: 15, image_tokens: 25, audio_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 0, text_tokens: 10, audio_tokens: 20, image_tokens: 5 },
    });
  });

  test('without metadata there is no usage', () => {
    expect([undefined, null, 7, []].map(toUsage)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('counts that make no sense count nothing', () => {
    expect(toUsage({ promptTokenCount: -5, candidatesTokenCount: '7', thoughtsTokenCount: null })).toEqual({
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    });
  });

  test.each([
    [
      'no total: the parts count',
      { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 15 },
      20,
    ],
    [
      'thoughts among the candidates',
      { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 5, totalTokenCount: 15 },
      5,
    ],
    [
      'more thoughts than candidates cannot be among them',
      { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 15, totalTokenCount: 15 },
      20,
    ],
    [
      'a total without the thoughts of another size',
      { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 2, totalTokenCount: 14 },
      7,
    ],
  ])('%s', (_name, metadata, completion) => {
    expect(toUsage(metadata)).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: completion,
      total_tokens: 10 + completion,
    });
  });

  test('what the total has beyond its parts is billed output', () => {
    expect(toUsage({ promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 40 })).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 30,
      total_tokens: 40,
    });
  });

  const count = fc.nat({ max: 100_000 });
  const maybe = fc.option(count, { nil: undefined });
  const metadata = fc.record({
    promptTokenCount: maybe,
    toolUsePromptTokenCount: maybe,
    cachedContentTokenCount: maybe,
    candidatesTokenCount: maybe,
    thoughtsTokenCount: maybe,
    totalTokenCount: maybe,
  });

  test('the parts add up, whatever Google counts', () => {
    fc.assert(
      fc.property(metadata, (counts) => {
        const usage = toUsage(counts);
        expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
        expect(usage?.prompt_tokens_details?.cached_tokens).toBeLessThanOrEqual(usage?.prompt_tokens ?? -1);
        expect(usage?.completion_tokens_details?.reasoning_tokens).toBeLessThanOrEqual(
          usage?.completion_tokens ?? -1,
        );
      }),
    );
  });

  test('a total that is right is the one that is told', () => {
    fc.assert(
      fc.property(count, count, count, count, (prompt, toolUse, candidates, thoughts) => {
        const total = prompt + toolUse + candidates + thoughts;
        const usage = toUsage({
          promptTokenCount: prompt,
          toolUsePromptTokenCount: toolUse,
          candidatesTokenCount: candidates,
          thoughtsTokenCount: thoughts,
          totalTokenCount: total,
        });
        expect([usage?.prompt_tokens, usage?.completion_tokens, usage?.total_tokens]).toEqual([
          prompt + toolUse,
          candidates + thoughts,
          total,
        ]);
      }),
    );
  });
});
