/** How much Claude is to think: `reasoning_effort`, and Anthropic's own `thinking` where the client sends that. */
import { isObject, type ChatRequest, type JsonValue } from '../../openai/types.ts';
import { isSet, textOf } from './json.ts';
import type { ModelTraits, ReasoningStyle } from './models.ts';
import type { Effort, RequestPart, Thinking, ToolChoice, Turn } from './types.ts';

/** Tokens of thinking, for models that take a number. The smallest is Anthropic's least, the next two are LiteLLM's. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', 1024],
  ['low', 1024],
  ['medium', 2048],
  ['high', 4096],
  ['xhigh', 8192],
  ['max', 16_384],
]);

const LEAST_BUDGET = 1024;

/** What there is of the request when thinking is decided. */
export interface ReasoningContext {
  readonly traits: ModelTraits;
  /** What the budget must stay below. */
  readonly maxTokens: number;
  readonly turns: readonly Turn[];
  readonly toolChoice: ToolChoice | undefined;
}

interface Wish {
  readonly thinking?: Thinking;
  readonly effort?: Effort;
  /** Part of what was asked for is not there. */
  readonly lowered?: boolean;
}

export function toReasoning(request: ChatRequest, context: ReasoningContext): RequestPart {
  const effort = textOf(request['reasoning_effort']);
  const thinking = isSet(request['thinking']) ? request['thinking'] : undefined;
  if (thinking !== undefined || hasOwnEffort(request)) return nativeReasoning(thinking, effort, context);
  if (effort === undefined) return { fields: {}, dropped: [] };
  const wish = allowed(WISHES[context.traits.reasoning](effort, context), context);
  return {
    fields: {
      ...(wish.thinking !== undefined && { thinking: wish.thinking }),
      ...(wish.effort !== undefined && { output_config: { effort: wish.effort } }),
    },
    dropped: wish.lowered === true ? ['reasoning_effort'] : [],
  };
}

function hasOwnEffort(request: ChatRequest): boolean {
  return isObject(request['output_config']) && isSet(request['output_config']['effort']);
}

function nativeReasoning(
  thinking: JsonValue | undefined,
  effort: string | undefined,
  { turns }: ReasoningContext,
): RequestPart {
  const given = thinking as unknown as Thinking | undefined;
  const impossible = given?.type === 'enabled' && isThoughtMissing(turns);
  const dropped = [
    ...(effort === undefined ? [] : ['reasoning_effort']),
    ...(impossible ? ['thinking'] : []),
  ];
  return { fields: given === undefined || impossible ? {} : { thinking: given }, dropped };
}

const WISHES: Readonly<Record<ReasoningStyle, (effort: string, context: ReasoningContext) => Wish>> = {
  effort: byEffort,
  'effort-asked': (effort, context) =>
    effort === 'none'
      ? byEffort(effort, context)
      : { ...byEffort(effort, context), thinking: { type: 'adaptive' } },
  'effort-to-high': effortToHigh,
  budget: byBudget,
};

function byEffort(effort: string, { traits }: ReasoningContext): Wish {
  if (effort === 'none') return { thinking: { type: traits.noThinking } };
  // A level this file does not know may be one the model knows: Anthropic lists its levels when it refuses one.
  return { effort: (effort === 'minimal' ? 'low' : effort) as Effort };
}

function effortToHigh(effort: string): Wish {
  switch (effort) {
    case 'none':
      return {};
    case 'minimal':
      return { effort: 'low' };
    case 'low':
    case 'medium':
    case 'high':
      return { effort };
    default:
      return { effort: 'high', lowered: true };
  }
}

/** The limit of tokens includes the thinking: it is the client's, so the budget gives way and not the limit. */
function byBudget(effort: string, { maxTokens }: ReasoningContext): Wish {
  if (effort === 'none') return {};
  const budget = Math.min(BUDGETS.get(effort) ?? 0, maxTokens - 1);
  return budget < LEAST_BUDGET ? { lowered: true } : { thinking: { type: 'enabled', budget_tokens: budget } };
}

/** Manual thinking that nobody asked for by its name gives way to what it cannot stand beside. */
function allowed(wish: Wish, { turns, toolChoice }: ReasoningContext): Wish {
  const forced = toolChoice?.type === 'any' || toolChoice?.type === 'tool';
  const impossible = wish.thinking?.type === 'enabled' && (forced || isThoughtMissing(turns));
  return impossible ? { lowered: true } : wish;
}

/**
 * With manual thinking, an open tool loop must begin with the thinking it came from; a stock client does not send it
 * back. "Expected `thinking` or `redacted_thinking`, but found `tool_use`" would then be the answer to every loop. Only
 * its first step has thinking: to Claude the calls that follow are the same turn.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
 */
function isThoughtMissing(turns: readonly Turn[]): boolean {
  if (!isResults(turns.at(-1))) return false;
  const spoken = turns.findLastIndex((turn) => turn.role === 'user' && !isResults(turn));
  const answer = turns.slice(spoken + 1).find(({ role }) => role === 'assistant');
  const first = answer?.content[0]?.type;
  return first !== 'thinking' && first !== 'redacted_thinking';
}

function isResults(turn: Turn | undefined): boolean {
  return turn?.role === 'user' && turn.content[0]?.type === 'tool_result';
}
