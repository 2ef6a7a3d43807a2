/** Google's `usageMetadata` as OpenAI's usage. */
import { isObject, type JsonObject, type Usage } from '../../openai/types.ts';
import { objectsOf } from './json.ts';

/**
 * `candidatesTokenCount` leaves thinking out, OpenAI's `completion_tokens` includes it; cached tokens are inside both
 * prompts. Prompt and completion always add up to the total.
 */
export function toUsage(metadata: unknown): Usage | undefined {
  if (!isObject(metadata)) return undefined;
  const prompt = count(metadata, 'promptTokenCount') + count(metadata, 'toolUsePromptTokenCount');
  const thoughts = count(metadata, 'thoughtsTokenCount');
  const completion = completionOf(metadata, prompt, thoughts);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: Math.min(count(metadata, 'cachedContentTokenCount'), prompt),
      ...modalities(metadata.promptTokensDetails, ['AUDIO', 'IMAGE', 'TEXT']),
    },
    completion_tokens_details: {
      reasoning_tokens: thoughts,
      ...modalities(metadata.candidatesTokensDetails, ['AUDIO', 'IMAGE', 'TEXT']),
    },
  };
}

function completionOf(metadata: JsonObject, prompt: number, thoughts: number): number {
  const candidates = count(metadata, 'candidatesTokenCount');
  const total = count(metadata, 'totalTokenCount');
  // Some proxies count the thoughts among the candidates already (BerriAI/litellm does this check too).
  const isInside = thoughts > 0 && thoughts <= candidates && prompt + candidates === total;
  const completion = isInside ? candidates : candidates + thoughts;
  // What the total has beyond its parts was generated and is billed, whatever it is called.
  return Math.max(completion, total - prompt);
}

/** Tokens by kind, where Google lists them; video and documents have no name in OpenAI's usage. */
function modalities(details: unknown, wanted: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const detail of objectsOf(details)) {
    const modality = wanted.find((name) => name === detail.modality);
    if (modality === undefined) continue;
    const name = `${modality.toLowerCase()}_tokens`;
    counts[name] = (counts[name] ?? 0) + count(detail, 'tokenCount');
  }
  return counts;
}

function count(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** The tier that served the call, in OpenAI's words. */
export function toServiceTier(header: unknown, metadata: unknown): string | undefined {
  const tier = typeof header === 'string' ? header : isObject(metadata) ? metadata.serviceTier : undefined;
  if (typeof tier !== 'string' || tier === '') return undefined;
  const name = tier.toLowerCase();
  return name === 'standard' ? 'default' : name;
}
