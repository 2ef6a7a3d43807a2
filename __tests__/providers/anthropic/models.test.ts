import { traitsOf, type ModelTraits } from '../../../lib/providers/anthropic/models.ts';
import { findModel, SIMULATED_MODELS } from '../../../examples/simulated-clouds/anthropic-models.ts';

const NEWEST: ModelTraits = {
  maxOutput: 128_000,
  sampling: 'none',
  inlineSystem: true,
  reasoning: 'effort',
  noThinking: 'disabled',
};

test.each<[string, Partial<ModelTraits>]>([
  ['claude-fable-5-2', {}],
  ['claude-mythos-5-2', {}],
  ['claude-fable-5-1', {}],
  ['claude-mythos-5-1', {}],
  ['claude-fable-5', {}],
  ['claude-mythos-5', {}],
  ['claude-opus-5-5', {}],
  ['claude-sonnet-5-5', { noThinking: 'between_tools' }],
  ['claude-haiku-5-5', {}],
  ['claude-opus-5', {}],
  ['claude-sonnet-5', { inlineSystem: false }],
  ['claude-opus-4-8', { reasoning: 'effort-asked' }],
  ['claude-opus-4-7', { reasoning: 'effort-asked', inlineSystem: false }],
  ['claude-opus-4-6', { reasoning: 'effort-asked', inlineSystem: false, sampling: 'all' }],
  ['claude-sonnet-4-6', { reasoning: 'effort-asked', inlineSystem: false, sampling: 'all' }],
  [
    'claude-opus-4-5',
    { reasoning: 'effort-to-high', inlineSystem: false, sampling: 'one', maxOutput: 64_000 },
  ],
  ['claude-sonnet-4-5', { reasoning: 'budget', inlineSystem: false, sampling: 'one', maxOutput: 64_000 }],
  ['claude-haiku-4-5', { reasoning: 'budget', inlineSystem: false, sampling: 'one', maxOutput: 64_000 }],
  ['claude-opus-4-1', { reasoning: 'budget', inlineSystem: false, sampling: 'one', maxOutput: 32_000 }],
  ['claude-opus-4', { reasoning: 'budget', inlineSystem: false, sampling: 'one', maxOutput: 32_000 }],
])('%s', (model, differences) => {
  expect(traitsOf(model)).toEqual({ ...NEWEST, ...differences });
});

test('eight digits are a date, not a version', () => {
  expect(traitsOf('claude-haiku-4-5-20251001')).toEqual(traitsOf('claude-haiku-4-5'));
  expect(traitsOf('claude-sonnet-5-20260301')).toEqual(traitsOf('claude-sonnet-5'));
});

test.each([
  'claude-opus-6',
  'claude-opus-4-9',
  'claude-verse-4-5',
  'claude-sonnet-6-1',
  'claude-verse-5',
  'claude-mythos-preview',
  'claude-3-opus',
  'kimi-k3',
  '',
])('an id nobody knows is a new model: %j', (model) => {
  expect(traitsOf(model)).toEqual(NEWEST);
});

test('the table and the simulated cloud agree on what both know', () => {
  const rows = SIMULATED_MODELS.map(({ id, maxOutput, sampling, inlineSystem }) => ({
    id,
    maxOutput,
    sampling,
    inlineSystem,
  }));
  const ours = SIMULATED_MODELS.map(({ id }) => {
    const { maxOutput, sampling, inlineSystem } = traitsOf(id);
    return { id, maxOutput, sampling, inlineSystem };
  });
  expect(ours).toEqual(rows);
  expect(findModel('gpt-4o')).toBeUndefined();
});
