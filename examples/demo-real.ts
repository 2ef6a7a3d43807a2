/** The demo on the real clouds: for the keys that are set. It costs a fraction of a cent. */
import type { PrefixRouter } from 'llm-prefix-router';
import { callServer, type CollectedStream, type Reply, type Watcher } from './demo-client.ts';

/** Small current models (November 2026): the quick start's own examples are retired at Google and Anthropic. */
const REAL_MODELS = [
  { prefix: 'openai', name: 'OpenAI', variable: 'OPENAI_API_KEY', model: 'gpt-5.4-mini' },
  { prefix: 'google', name: 'Google', variable: 'GOOGLE_API_KEY', model: 'gemini-3.5-flash-lite' },
  { prefix: 'anthropic', name: 'Anthropic', variable: 'ANTHROPIC_API_KEY', model: 'claude-haiku-5-5' },
] as const;

export interface RealCall {
  readonly title: string;
  readonly asked: string;
  /** Who gets the request. */
  readonly goesTo: string;
  readonly call: (url: string, watch: Watcher) => Promise<Reply>;
}

export interface RealPlan {
  readonly calls: readonly RealCall[];
  /** A sentence for each cloud that is left out. */
  readonly skipped: readonly string[];
}

const PROMPT = 'Say hello in five words.';

export function planRealCalls(router: PrefixRouter): RealPlan {
  const { cloud_providers: clouds } = router.status();
  const calls: RealCall[] = [];
  const skipped: string[] = [];
  for (const { prefix, name, variable, model } of REAL_MODELS) {
    const cloud = clouds[prefix];
    if (cloud?.configured !== true) {
      skipped.push(`${name} is left out: ${variable} is not set.`);
      continue;
    }
    for (const stream of [false, true]) {
      const body = {
        model: `${prefix}:${model}`,
        messages: [{ role: 'user', content: PROMPT }],
        ...(stream && { stream }),
      };
      calls.push({
        title: stream ? `${name}, streamed (each | begins an event)` : name,
        asked: `POST /v1/chat/completions  ${body.model}${stream ? '  "stream": true' : ''}\n"${PROMPT}"`,
        goesTo: `${name}  ${cloud.base_url}`,
        call: (url, watch) => callServer(url, '/v1/chat/completions', body, watch),
      });
    }
  }
  return { calls, skipped };
}

/** What a model says cannot be foretold; that it says something, and in which form, can. */
export function problemOf({ status, answer }: Reply): string | undefined {
  if (status !== 200) return `status ${status}: ${JSON.stringify(answer)}`;
  if (isStream(answer)) {
    if (!answer.done) return 'the stream ended without [DONE]';
    return answer.content === '' ? 'the stream held no text' : undefined;
  }
  return textOf(answer) === '' ? `no text in the answer: ${JSON.stringify(answer)}` : undefined;
}

function isStream(answer: unknown): answer is CollectedStream {
  return typeof answer === 'object' && answer !== null && 'done' in answer;
}

/** The text of a chat completion; empty where there is none. */
export function textOf(answer: unknown): string {
  const { choices } = (answer ?? {}) as { choices?: { message?: { content?: unknown } }[] };
  const content = choices?.[0]?.message?.content;
  return typeof content === 'string' ? content : '';
}
