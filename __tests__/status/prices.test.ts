import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { Usage } from '../../lib/openai/types.ts';
import { PRICE_TABLE } from '../../lib/status/price-table.ts';
import { createPrices, readPricesFile, type PriceOverride } from '../../lib/status/prices.ts';
import { callRecord, NOW } from './support.ts';

const usageOf = (prompt: number, completion: number, more: Partial<Usage> = {}): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...more,
});

const costOf = (provider: string, model: string, usage: Usage, startedAt = NOW): number | undefined =>
  createPrices().costOf(callRecord({ provider, model, billedModel: model, usage, startedAt }));

test('the table names its source and its day', () => {
  expect(createPrices()).toEqual({
    source: '@pydantic/genai-prices 0.1.8',
    asOf: '2026-09-23',
    costOf: expect.any(Function),
  });
});

describe('every model of the table costs what its source says', () => {
  // Names as they are in use: the source's own, and each whole name in one of our patterns.
  const names = ['openai', 'google', 'anthropic'].flatMap((provider) => [
    ...(findProvider({ providerId: provider })?.models ?? []).map(({ id }) => [provider, id] as const),
    ...(PRICE_TABLE[provider] ?? []).flatMap(({ match }) =>
      [...match.source.matchAll(/[a-z][\w.\\-]{4,}/g)].map(
        ([name]) => [provider, name.replaceAll('\\', '')] as const,
      ),
    ),
  ]);
  const isOurs = (provider: string, model: string): boolean =>
    (PRICE_TABLE[provider] ?? []).some(({ match }) => match.test(model));

  test.each([
    ['short', 1000],
    ['long', 500_000],
  ])('with a %s prompt', (_name, prompt) => {
    const compared = names
      .filter(([provider, model]) => isOurs(provider, model))
      .flatMap(([provider, model]) =>
        [Date.UTC(2025, 0, 1), NOW, Date.UTC(2027, 5, 1)].map((startedAt) => {
          const theirs = calcPrice(
            { input_tokens: prompt, output_tokens: 50, cache_read_tokens: 100 },
            model,
            { providerId: provider, timestamp: new Date(startedAt) },
          );
          // Where the source has no price for what was written, it counts nothing: we do not know.
          const isPriced = theirs?.model_price['output_mtok'] !== undefined;
          const usage = usageOf(prompt, isPriced ? 50 : 0, {
            prompt_tokens_details: { cached_tokens: 100 },
            completion_tokens_details: { text_tokens: 50 },
          });
          const ours = costOf(provider, model, usage, startedAt);
          const isEqual = Math.abs((ours ?? NaN) - (theirs?.total_price ?? NaN)) < 1e-9;
          return { provider, model, startedAt, ours, theirs: theirs?.total_price, isEqual };
        }),
      );
    expect(compared.filter(({ isEqual }) => !isEqual)).toEqual([]);
    expect(compared.length).toBeGreaterThan(500);
  });

  test('but for one whose video is paid apart, and what another cloud makes', () => {
    const missing = names.filter(
      ([provider, model]) =>
        !isOurs(provider, model) &&
        (calcPrice({ input_tokens: 1 }, model, { providerId: provider })?.total_price ?? 0) > 0,
    );
    expect(missing.filter(([, model]) => !model.startsWith('claude'))).toEqual([
      ['google', 'gemini-omni-flash-preview'],
    ]);
  });
});

describe('a price', () => {
  test('counts cached, written, audio and image tokens at their own rates', () => {
    const usage = usageOf(1000, 100, {
      prompt_tokens_details: { cached_tokens: 300, cache_write_tokens: 200 },
    });
    // 5, 0.5, 6.25 and 25 dollars.
    expect(costOf('anthropic', 'claude-opus-4-8', usage)).toBeCloseTo(
      (500 * 5 + 300 * 0.5 + 200 * 6.25 + 100 * 25) / 1e6,
      12,
    );
    const audio = usageOf(1000, 100, {
      prompt_tokens_details: { audio_tokens: 400 },
      completion_tokens_details: { audio_tokens: 60 },
    });
    expect(costOf('openai', 'gpt-audio', audio)).toBeCloseTo(
      (600 * 2.5 + 400 * 32 + 40 * 10 + 60 * 64) / 1e6,
      12,
    );
    const image = usageOf(50, 0, { prompt_tokens_details: { text_tokens: 10, image_tokens: 40 } });
    expect(costOf('openai', 'gpt-image-1', image)).toBeCloseTo((10 * 5 + 40 * 10) / 1e6, 12);
  });

  test('counts no token twice where sound or pictures are cached', () => {
    const costOfPrompt = (details: Record<string, number>): number | undefined =>
      costOf('google', 'gemini-2.5-flash', usageOf(100, 0, { prompt_tokens_details: details }));
    // Cached 0.03, sound 1, pictures and text 0.3 dollars. What is not cached is sound and pictures first.
    expect(costOfPrompt({ cached_tokens: 80, audio_tokens: 80 })).toBeCloseTo((80 * 0.03 + 20 * 1) / 1e6, 12);
    expect(costOfPrompt({ cached_tokens: 90, image_tokens: 80 })).toBeCloseTo(
      (90 * 0.03 + 10 * 0.3) / 1e6,
      12,
    );
    expect(costOfPrompt({ cached_tokens: 70, audio_tokens: 20, image_tokens: 50 })).toBeCloseTo(
      (70 * 0.03 + 20 * 1 + 10 * 0.3) / 1e6,
      12,
    );
    expect(costOfPrompt({ cached_tokens: 10, audio_tokens: 20 })).toBeCloseTo(
      (10 * 0.03 + 20 * 1 + 70 * 0.3) / 1e6,
      12,
    );
  });

  test('of images is known where it is known how much of the answer they are', () => {
    const cost = (endpoint: 'chat/completions' | 'images/generations', usage: Usage): number | undefined =>
      createPrices().costOf(
        callRecord({
          provider: 'google',
          model: 'gemini-2.5-flash-image',
          billedModel: undefined,
          endpoint,
          usage,
        }),
      );
    const withDetails = (details: Record<string, number>): Usage =>
      usageOf(0, 1300, { completion_tokens_details: details });
    expect(cost('chat/completions', usageOf(0, 1300))).toBeUndefined();
    expect(cost('chat/completions', withDetails({ text_tokens: 10 }))).toBeCloseTo(
      (10 * 2.5 + 1290 * 30) / 1e6,
      12,
    );
    expect(cost('chat/completions', withDetails({ image_tokens: 1290 }))).toBeCloseTo(
      (10 * 2.5 + 1290 * 30) / 1e6,
      12,
    );
    expect(cost('images/generations', usageOf(0, 1300))).toBeCloseTo((1300 * 30) / 1e6, 12);
  });

  test('goes by the model that was billed, and by the one asked for where the table knows only that', () => {
    const prices = createPrices();
    const usage = usageOf(1_000_000, 0);
    const asked = { provider: 'openai', usage, model: 'gpt-4.1' };
    expect(prices.costOf(callRecord({ ...asked, billedModel: 'gpt-4.1-mini-2025-04-14' }))).toBeCloseTo(
      0.4,
      12,
    );
    expect(prices.costOf(callRecord({ ...asked, billedModel: 'gpt-4.1-2027-01-01' }))).toBe(2);
    expect(prices.costOf(callRecord({ ...asked, billedModel: undefined }))).toBe(2);
  });

  test.each([
    ['no tokens', callRecord({ usage: undefined })],
    ['a model nobody knows', callRecord({ model: 'claude-x', billedModel: undefined })],
    ['a cloud nobody knows', callRecord({ provider: 'mistral' })],
    ['a cloud with the name of a part of every object', callRecord({ provider: 'constructor' })],
    ['a model of that name', callRecord({ model: '__proto__', billedModel: '__proto__' })],
    [
      'a model paid by the minute',
      callRecord({ provider: 'openai', model: 'whisper-1', billedModel: undefined }),
    ],
    [
      'an embedding that writes',
      callRecord({ provider: 'openai', model: 'text-embedding-3-small', billedModel: undefined }),
    ],
  ])('of %s is undefined, never 0', (_name, record) => {
    expect(createPrices().costOf(record)).toBeUndefined();
  });

  test('is still found after clients have made up thousands of names', () => {
    const prices = createPrices();
    for (let number = 0; number < 2000; number += 1)
      prices.costOf(callRecord({ model: `claude-${number}`, billedModel: undefined }));
    expect(prices.costOf(callRecord({ usage: usageOf(1_000_000, 0) }))).toBe(5);
  });
});

describe("the operator's price", () => {
  const usage = usageOf(1_000_000, 1_000_000, {
    prompt_tokens_details: { cached_tokens: 100_000, cache_write_tokens: 200_000 },
  });

  test('stands over the table, for the name asked for as for the one billed', () => {
    const prices = createPrices({
      'anthropic:claude-opus-4-8': { input: 1, output: 2 },
      'anthropic:billed': { input: 3, output: 4 },
    });
    expect(prices.costOf(callRecord({ usage }))).toBe(3);
    expect(prices.costOf(callRecord({ usage, model: 'alias', billedModel: 'billed' }))).toBe(7);
    expect(prices.costOf(callRecord({ usage, billedModel: 'claude-opus-4-8-other' }))).toBe(3);
  });

  test('has rates of its own for the cache, and may be 0', () => {
    const cost = (price: PriceOverride): number | undefined =>
      createPrices({ 'anthropic:claude-opus-4-8': price }).costOf(callRecord({ usage }));
    expect(cost({ input: 1, output: 0, cachedInput: 0.1, cacheWrite: 2 })).toBeCloseTo(0.7 + 0.01 + 0.4, 12);
    expect(cost({ input: 0, output: 0 })).toBe(0);
  });

  test.each([
    [
      'no prefix',
      { 'gpt-4.1': { input: 1, output: 1 } },
      "'gpt-4.1' has no prefix. Expected e.g. openai:gpt-4.1.",
    ],
    [
      'no output',
      { 'a:b': { input: 1 } },
      'The price of \'a:b\' must be like {"input": 2, "output": 8}, in US dollars per million tokens.',
    ],
    [
      'no number',
      { 'a:b': { input: 1, output: '1' } },
      'The price of \'a:b\' must be like {"input": 2, "output": 8}, in US dollars per million tokens: \'output\' is no such number.',
    ],
    [
      'less than nothing',
      { 'a:b': { input: -1, output: 1 } },
      'The price of \'a:b\' must be like {"input": 2, "output": 8}, in US dollars per million tokens: \'input\' is no such number.',
    ],
    [
      'a slip of the pen',
      { 'a:b': { input: 1, output: 1, cached: 1 } },
      'The price of \'a:b\' must be like {"input": 2, "output": 8}, in US dollars per million tokens. Known are input, output, cachedInput, cacheWrite.',
    ],
  ])('with %s is refused at start', (_name, prices, message) => {
    expect(() => createPrices(prices as unknown as Record<string, PriceOverride>)).toThrow(
      new TypeError(message),
    );
  });

  describe('from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'prices-'));
    const file = join(folder, 'prices.json');
    afterAll(() => rmSync(folder, { recursive: true }));

    test('is read as it stands', () => {
      writeFileSync(file, '{"openai:gpt-4.1": {"input": 2, "output": 8, "cachedInput": 0.5}}');
      expect(readPricesFile(file)).toEqual({ 'openai:gpt-4.1': { input: 2, output: 8, cachedInput: 0.5 } });
    });

    test.each([
      [
        '{"openai:gpt-4.1": 2}',
        'The price of \'openai:gpt-4.1\' must be like {"input": 2, "output": 8}, in US dollars per million tokens.',
      ],
      ['[]', `The price file ${file} must hold a JSON object.`],
      ['{', `The price file ${file} cannot be read as JSON.`],
    ])('that holds %s is refused', (content, message) => {
      writeFileSync(file, content);
      expect(() => readPricesFile(file)).toThrow(message);
    });

    test('that is not there is refused', () => {
      const missing = join(folder, 'none.json');
      expect(() => readPricesFile(missing)).toThrow(`The price file ${missing} cannot be read as JSON.`);
    });
  });
});
