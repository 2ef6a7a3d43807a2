/** Anthropic's message as a chat completion. */
import { parseExact } from '../../openai/exact-json.ts';
import {
  isObject,
  type AssistantMessage,
  type ChatChoice,
  type ChatCompletion,
  type JsonObject,
} from '../../openai/types.ts';
import type { AnswerMeta } from '../provider.ts';
import {
  extrasIn,
  needsBlocks,
  toArguments,
  toCitations,
  toFinishReason,
  toRefusal,
  toToolCall,
  type Stop,
} from './answer.ts';
import { notAMessage, toEventError } from './error.ts';
import { objectsOf, textOf } from './json.ts';
import { isThought, isUnsigned } from './thoughts.ts';
import { usesFunctions } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

/** Only what tools are called with holds numbers that `JSON.parse` could change. */
export function parseAnswer(text: string): unknown {
  const answer: unknown = JSON.parse(text);
  if (!text.includes('_use"') || !isObject(answer)) return answer;
  return { ...answer, content: (parseExact(text) as JsonObject)['content'] };
}

/** @throws RouterError for an error under status 200, and `provider_error` for what is no message. */
export function toResponse(body: unknown, meta: AnswerMeta): ChatCompletion {
  const answer = isObject(body) ? body : {};
  if (answer['type'] === 'error') throw toEventError(answer);
  if (!Array.isArray(answer['content'])) throw notAMessage();
  const blocks = withoutCutCalls(objectsOf(answer['content']));
  const stop: Stop = { reason: textOf(answer['stop_reason']), details: answer['stop_details'] };
  const legacy = usesFunctions(meta.request);
  const calls = blocks.some(({ type }) => type === 'tool_use') ? callsFinish(legacy) : undefined;
  const extras = extrasIn(answer);
  const usage = toUsage(answer['usage']);
  const tier = toServiceTier(answer['usage']);
  const choice: ChatChoice = {
    index: 0,
    message: toMessage(blocks, stop, legacy),
    logprobs: null,
    finish_reason: toFinishReason(stop.reason, calls),
  };
  // Field by field: objects put together by spreads have each a hidden class of its own.
  if (stop.reason !== undefined) choice.native_finish_reason = stop.reason;
  if (extras !== undefined) choice['extra_content'] = { anthropic: extras };
  const completion: ChatCompletion = {
    id: `chatcmpl-${textOf(answer['id']) ?? meta.created}`,
    object: 'chat.completion',
    created: meta.created,
    model: textOf(answer['model']) ?? meta.model,
    choices: [choice],
  };
  if (usage !== undefined) completion.usage = usage;
  if (tier !== undefined) completion.service_tier = tier;
  return completion;
}

/**
 * Where a fallback model took over, the calls before it may be cut off, and must neither be carried out nor come back.
 * https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback#continuing-the-conversation
 */
function withoutCutCalls(blocks: JsonObject[]): JsonObject[] {
  const handover = blocks.findLastIndex(({ type }) => type === 'fallback');
  return handover === -1
    ? blocks
    : blocks.filter(({ type }, index) => index > handover || type !== 'tool_use');
}

export function callsFinish(legacy: boolean): 'function_call' | 'tool_calls' {
  return legacy ? 'function_call' : 'tool_calls';
}

function toMessage(blocks: readonly JsonObject[], stop: Stop, legacy: boolean): AssistantMessage {
  const texts = blocks.filter(({ type }) => type === 'text');
  const content = texts.map(textIn).join('');
  const refusal = toRefusal(stop);
  const hasOther = refusal !== null || blocks.some(({ type }) => type === 'tool_use');
  const whole = blocks.filter((block) => !isUnsigned(block));
  const message: AssistantMessage = {
    role: 'assistant',
    // Agents take content that is not null for the answer, also where it is empty.
    content: content === '' && hasOther ? null : content,
    refusal,
  };
  Object.assign(message, thoughtsOf(blocks), callsOf(blocks, legacy), citationsOf(texts));
  if (needsBlocks(whole)) message['content_blocks'] = whole;
  return message;
}

function textIn(block: JsonObject): string {
  return textOf(block['text']) ?? '';
}

function thoughtsOf(blocks: readonly JsonObject[]): Partial<AssistantMessage> {
  const thoughts = blocks.filter(isThought);
  if (thoughts.length === 0) return {};
  const text = thoughts.flatMap((block) => textOf(block['thinking']) ?? []).join('\n\n');
  const signed = thoughts.filter((block) => !isUnsigned(block));
  return {
    ...(text !== '' && { reasoning_content: text }),
    ...(signed.length > 0 && { thinking_blocks: signed }),
  };
}

function callsOf(blocks: readonly JsonObject[], legacy: boolean): Partial<AssistantMessage> {
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map((block) => toToolCall(block, toArguments(block['input'])));
  const [first] = calls;
  if (first === undefined) return {};
  return legacy ? { function_call: first.function } : { tool_calls: calls };
}

function citationsOf(texts: readonly JsonObject[]): Partial<AssistantMessage> {
  if (!texts.some(({ citations }) => Array.isArray(citations))) return {};
  let end = 0;
  const found = texts.map((block) => {
    const start = end;
    end += textIn(block).length;
    return toCitations(block, start, end);
  });
  const annotations = found.flatMap((one) => one.annotations);
  const citations = found.flatMap((one) => one.citations);
  return {
    ...(annotations.length > 0 && { annotations }),
    ...(citations.length > 0 && { citations }),
  };
}
