/** `reasoning_effort` as Google's thinking budget (Gemini 2.5) or level (3 and later). */
import { RouterError } from '../../errors.ts';
import type { JsonValue } from '../../openai/types.ts';
import type { ModelTraits } from './models.ts';
import type { ThinkingConfig, ThinkingLevel } from './types.ts';

export interface Thinking {
  readonly config?: ThinkingConfig;
  /** The model cannot do what was asked: the nearest it can was taken, and the client is told. */
  readonly isReported: boolean;
}

type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** One cell of a table: the value, and whether it is only the nearest one. */
type Cell<Value> = readonly [value: Value, isReported?: true];
type EffortTable<Value> = Readonly<Record<Effort, Cell<Value>>>;

// Tokens, as Google's own OpenAI layer maps them: https://ai.google.dev/gemini-api/docs/openai
const FLASH_BUDGETS: EffortTable<number> = {
  none: [0],
  minimal: [1024],
  low: [1024],
  medium: [8192],
  high: [24_576],
  xhigh: [24_576, true],
  max: [24_576, true],
};
/** Pro models cannot stop thinking; their budget ends at 32,768. */
const PRO_BUDGETS: EffortTable<number> = {
  ...FLASH_BUDGETS,
  none: [128, true],
  xhigh: [32_768],
  max: [32_768],
};

const LEVELS: EffortTable<ThinkingLevel> = {
  none: ['low', true],
  minimal: ['low', true],
  low: ['low'],
  medium: ['medium'],
  high: ['high'],
  xhigh: ['high', true],
  max: ['high', true],
};
const LEVELS_WITH_MINIMAL: EffortTable<ThinkingLevel> = {
  ...LEVELS,
  none: ['minimal', true],
  minimal: ['minimal'],
};
const LEVELS_WITH_XHIGH: EffortTable<ThinkingLevel> = { ...LEVELS, xhigh: ['xhigh'], max: ['xhigh', true] };

/** @throws RouterError `invalid_value` for a word that is no effort. */
export function toThinking(effort: JsonValue, traits: ModelTraits): Thinking {
  if (!isEffort(effort)) {
    throw new RouterError('invalid_value', {
      message: `'reasoning_effort' is one of ${Object.keys(LEVELS).join(', ')}.`,
      param: 'reasoning_effort',
    });
  }
  switch (traits.thinking) {
    case 'none':
      return { isReported: effort !== 'none' };
    case 'budget': {
      const [thinkingBudget, isReported = false] = budgetsOf(traits.name)[effort];
      return { config: { thinkingBudget }, isReported };
    }
    case 'level': {
      const [thinkingLevel, isReported = false] = levelsOf(traits.name)[effort];
      return { config: { thinkingLevel }, isReported };
    }
  }
}

function isEffort(value: JsonValue): value is Effort {
  return typeof value === 'string' && Object.hasOwn(LEVELS, value);
}

function budgetsOf(name: string): EffortTable<number> {
  return name.includes('pro') ? PRO_BUDGETS : FLASH_BUDGETS;
}

// https://ai.google.dev/gemini-api/docs/whats-new-gemini-3.7: from 3.7 Flash on, `minimal` is gone again.
function levelsOf(name: string): EffortTable<ThinkingLevel> {
  if (/^gemini-3(?:\.[156])?-flash/.test(name) || name.includes('flash-lite')) return LEVELS_WITH_MINIMAL;
  return name.startsWith('gemini-4-hydrogen') ? LEVELS_WITH_XHIGH : LEVELS;
}
