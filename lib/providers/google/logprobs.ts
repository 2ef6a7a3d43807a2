/** Token probabilities. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { objectsOf } from './json.ts';

/** Null where Google gives none. */
export function toLogprobs(result: JsonValue | undefined): JsonObject | null {
  if (!isObject(result)) return null;
  const alternatives = objectsOf(result.topCandidates);
  const content = objectsOf(result.chosenCandidates).map((chosen, index) => ({
    ...toToken(chosen),
    top_logprobs: objectsOf(alternatives[index]?.candidates).map(toToken),
  }));
  return { content, refusal: null };
}

function toToken(candidate: JsonObject): { token: string; logprob: number; bytes: number[] } {
  const token = typeof candidate.token === 'string' ? candidate.token : '';
  const logprob = typeof candidate.logProbability === 'number' ? candidate.logProbability : 0;
  return { token, logprob, bytes: [...Buffer.from(token, 'utf8')] };
}
