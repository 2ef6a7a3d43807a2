/** Anthropic counts cached input beside the rest of it, OpenAI as a part of it. */
import { isObject, type JsonObject, type Usage } from '../../openai/types.ts';
import { objectsOf, wordOf } from './json.ts';

/** @returns undefined where the answer has no usage. */
export function toUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const counted = countedIn(usage);
  const cached = sumOf(counted, 'cache_read_input_tokens');
  const written = sumOf(counted, 'cache_creation_input_tokens');
  const prompt = sumOf(counted, 'input_tokens') + cached + written;
  const completion = sumOf(counted, 'output_tokens');
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    ...reasoningDetails(usage, completion),
  };
}

/**
 * Where an answer took several rounds of the model (compaction, a beta), the top level leaves some of them out that are
 * billed. The advisor's tokens are another model's. Where a fallback model answered, the top level is its own count, and
 * the round before it that of the model that declined.
 * https://platform.claude.com/docs/en/build-with-claude/compaction#understanding-usage
 */
function countedIn(usage: JsonObject): JsonObject[] {
  const all = objectsOf(usage['iterations']);
  const rounds = all.filter(({ type }) => type === 'message' || type === 'compaction');
  const isFallback = all.some(({ type }) => type === 'fallback_message');
  return rounds.length > 0 && !isFallback ? rounds : [usage];
}

function sumOf(rounds: readonly JsonObject[], field: string): number {
  return rounds.reduce((sum, round) => sum + countOf(round[field]), 0);
}

function reasoningDetails(usage: JsonObject, completion: number): Pick<Usage, 'completion_tokens_details'> {
  const details = usage['output_tokens_details'];
  if (!isObject(details)) return {};
  const reasoning = Math.min(countOf(details['thinking_tokens']), completion);
  return { completion_tokens_details: { reasoning_tokens: reasoning } };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}

/** OpenAI's name for the tier that served the answer. */
export function toServiceTier(usage: unknown): string | undefined {
  switch (isObject(usage) ? wordOf(usage['service_tier']) : '') {
    case 'standard':
      return 'default';
    case 'priority':
      return 'priority';
    default:
      return undefined;
  }
}
