import { toUsage } from '../../../lib/providers/anthropic/usage.ts';
import { expectIdentities } from './support.ts';

function usageOf(usage: unknown): unknown {
  const converted = toUsage(usage);
  expectIdentities(converted);
  return converted;
}

const counts = (prompt: number, completion: number, cached = 0, written = 0): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
});

test.each<[string, unknown, object | undefined]>([
  ['nothing', undefined, undefined],
  ['null', null, undefined],
  ['no counts', {}, counts(0, 0)],
  ['plain counts', { input_tokens: 3, output_tokens: 4 }, counts(3, 4)],
  [
    'cached input beside the rest',
    { input_tokens: 3, cache_read_input_tokens: 20, cache_creation_input_tokens: 100, output_tokens: 4 },
    counts(123, 4, 20, 100),
  ],
  [
    'nulls',
    {
      input_tokens: 3,
      cache_read_input_tokens: null,
      cache_creation_input_tokens: null,
      output_tokens: 4,
      output_tokens_details: null,
    },
    counts(3, 4),
  ],
  ['nonsense', { input_tokens: -3, cache_read_input_tokens: '5', output_tokens: NaN }, counts(0, 0)],
])('%s', (_name, usage, out) => {
  expect(usageOf(usage)).toEqual(out);
});

test('thinking is a part of the output', () => {
  const of = (thinking_tokens: unknown): unknown =>
    usageOf({ input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens } });
  expect(of(4)).toEqual({ ...counts(1, 9), completion_tokens_details: { reasoning_tokens: 4 } });
  expect(of(0)).toEqual({ ...counts(1, 9), completion_tokens_details: { reasoning_tokens: 0 } });
  expect(of(99)).toEqual({ ...counts(1, 9), completion_tokens_details: { reasoning_tokens: 9 } });
});

test('rounds that the top level leaves out are counted, those of another model are not', () => {
  const round = (type: string, input_tokens: number, output_tokens: number): object => ({
    type,
    input_tokens,
    output_tokens,
    cache_read_input_tokens: 5,
    cache_creation_input_tokens: 1,
  });
  const iterations = [
    round('compaction', 100, 10),
    round('message', 20, 2),
    round('advisor_message', 7000, 700),
  ];
  expect(usageOf({ input_tokens: 20, output_tokens: 2, iterations })).toEqual(counts(132, 12, 10, 2));
  expect(
    usageOf({ input_tokens: 20, output_tokens: 2, iterations: [round('advisor_message', 7, 7)] }),
  ).toEqual(counts(20, 2));
  expect(usageOf({ input_tokens: 20, output_tokens: 2, iterations: [] })).toEqual(counts(20, 2));
});

test('an answer that a fallback model gave is counted as that model counts it', () => {
  const iterations = [
    { type: 'message', model: 'claude-fable-5', input_tokens: 50, output_tokens: 0 },
    { type: 'fallback_message', model: 'claude-opus-4-8', input_tokens: 412, output_tokens: 264 },
  ];
  expect(usageOf({ input_tokens: 412, output_tokens: 264, iterations })).toEqual(counts(412, 264));
});
