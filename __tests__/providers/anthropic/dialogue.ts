/** A client that talks with the simulated Claude through the conversion, without a socket. */
import {
  answerTo as claude,
  type SimulatedMessage,
} from '../../../examples/simulated-clouds/anthropic-answer.ts';
import { eventsOf } from '../../../examples/simulated-clouds/anthropic-events.ts';
import {
  readMessagesRequest,
  validateMessagesRequest,
} from '../../../examples/simulated-clouds/anthropic-validate.ts';
import type { JsonObject } from '../../../lib/openai/types.ts';
import type { StreamPart } from '../../../lib/providers/provider.ts';
import { accumulate, keepLast } from './accumulate.ts';
import { answerTo, ask, convert, streamOf } from './support.ts';

/** Whole, or put together by the stream helper of one of the SDKs. */
export type Reading = 'whole' | 'python' | 'javascript';

export interface Scene {
  readonly model: string;
  /** Sends back everything it was given; else only what OpenAI's own types know. */
  readonly keepsThinking: boolean;
  readonly progressNotes: boolean;
  readonly reading: Reading;
  readonly said: readonly JsonObject[];
  /** System messages thrown in: behind the words of the user, and behind results. */
  readonly asides: { readonly behindWords: JsonObject[]; readonly behindResults: JsonObject[] };
}

const TOOLS = ['f', 'g'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { a: { type: 'string' } } } },
}));

/** Says everything, and carries out every call in between. @returns the words in which Claude refused, if it did. */
export function play(scene: Scene): string | undefined {
  const history: JsonObject[] = [{ role: 'system', content: 'S' }];
  for (const words of scene.said) {
    history.push(words, ...scene.asides.behindWords);
    const refusal = untilItSpeaks(history, scene);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function untilItSpeaks(history: JsonObject[], scene: Scene): string | undefined {
  for (;;) {
    const { model, reading, progressNotes } = scene;
    const more = { reasoning_effort: 'high', stream: reading !== 'whole', max_tokens: 9000 };
    const { body } = convert(ask({ model, messages: history, tools: TOOLS, ...more }));
    const refusal = validateMessagesRequest(body);
    if (refusal !== undefined) return refusal.message;
    const message = claude(readMessagesRequest(body), history.length, { progressNotes, toolRounds: 2 });
    const reply = replyOf(message, scene);
    const calls = (reply['tool_calls'] ?? []) as JsonObject[];
    history.push(reply, ...calls.map(resultOf).toReversed());
    if (calls.length === 0) return undefined;
    history.push(...scene.asides.behindResults);
  }
}

function resultOf({ id }: JsonObject): JsonObject {
  return { role: 'tool', tool_call_id: id, content: 'r' };
}

const READERS: Readonly<Record<Exclude<Reading, 'whole'>, (parts: readonly StreamPart[]) => JsonObject>> = {
  python: (parts) => accumulate(parts, true).message,
  javascript: keepLast,
};

function replyOf(message: SimulatedMessage, { reading, keepsThinking }: Scene): JsonObject {
  const whole = answerTo(message).choices[0]?.message as unknown as JsonObject;
  const { content, tool_calls } = whole;
  const given = reading === 'whole' ? whole : READERS[reading](streamOf(eventsOf(message)).parts);
  return JSON.parse(
    JSON.stringify(keepsThinking ? given : { role: 'assistant', content, tool_calls }),
  ) as JsonObject;
}
