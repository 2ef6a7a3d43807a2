/** Google's answer as a chat completion. */
import { RouterError } from '../../errors.ts';
import {
  isObject,
  type AssistantMessage,
  type ChatChoice,
  type ChatCompletion,
  type JsonObject,
  type JsonValue,
  type ToolCall,
} from '../../openai/types.ts';
import type { AnswerMeta } from '../provider.ts';
import { readError } from './error.ts';
import { blockOf, toExtraContent, toFinishReason, toRefusal } from './finish.ts';
import { toAnnotations } from './grounding.ts';
import { isEmpty, objectsOf, textOf } from './json.ts';
import { toLogprobs } from './logprobs.ts';
import { shortName } from './models.ts';
import { randomId, readPart, type Image, type Sound } from './parts.ts';
import type { Signatures } from './signatures.ts';
import { isLegacy } from './tools.ts';
import { toServiceTier, toUsage } from './usage.ts';

/** @throws RouterError for an error that came under HTTP 200, and `provider_error` for an answer without an answer. */
export function toResponse(body: unknown, meta: AnswerMeta, signatures: Signatures): ChatCompletion {
  const error = readError(body);
  if (error !== undefined) throw error;
  const answer = isObject(body) ? body : {};
  const id = textOf(answer.responseId) ?? randomId();
  const context: ChoiceContext = {
    responseId: id,
    created: createdOf(answer) ?? meta.created,
    isLegacy: isLegacy(meta.request),
    signatures,
  };
  const usage = toUsage(answer.usageMetadata);
  const tier = toServiceTier(meta.headers['x-gemini-service-tier'], answer.usageMetadata);
  const completion: ChatCompletion = {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: context.created,
    model: textOf(answer.modelVersion) ?? shortName(meta.model),
    choices: toChoices(answer, context),
  };
  // Field by field, here and below: objects put together by spreads have each a hidden class of its own.
  if (usage !== undefined) completion.usage = usage;
  if (tier !== undefined) completion.service_tier = tier;
  return completion;
}

interface ChoiceContext {
  readonly responseId: string;
  readonly created: number;
  readonly isLegacy: boolean;
  readonly signatures: Signatures;
}

function createdOf(answer: JsonObject): number | undefined {
  const ms = Date.parse(textOf(answer.createTime) ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

function toChoices(answer: JsonObject, context: ChoiceContext): ChatChoice[] {
  const candidates = objectsOf(answer.candidates);
  const block = blockOf(answer.promptFeedback);
  // A client that shows the content shows nothing, one that looks at the reason sees why.
  if (candidates.length === 0 && block !== undefined) candidates.push({});
  if (candidates.length === 0) {
    // Asking again would be paid again.
    const headers = { 'x-should-retry': 'false' };
    throw new RouterError('provider_error', { message: 'Google sent an empty answer.', headers });
  }
  return candidates
    .map((candidate) => toChoice(candidate, block, context))
    .toSorted((a, b) => a.index - b.index);
}

function toChoice(candidate: JsonObject, block: string | undefined, context: ChoiceContext): ChatChoice {
  const native = textOf(candidate.finishReason) ?? block;
  const refusal = toRefusal(native, textOf(candidate.finishMessage));
  const { message, hasCalls } = toMessage(candidate, refusal, context);
  const extra = toExtraContent(candidate);
  const choice: ChatChoice = {
    index: typeof candidate.index === 'number' ? candidate.index : 0,
    message,
    logprobs: toLogprobs(candidate.logprobsResult),
    finish_reason: toFinishReason(native, !hasCalls ? 'none' : context.isLegacy ? 'legacy' : 'tools'),
  };
  if (native !== undefined) choice.native_finish_reason = native;
  if (extra !== undefined) choice['extra_content'] = extra;
  return choice;
}

function toMessage(
  candidate: JsonObject,
  refusal: string | null,
  context: ChoiceContext,
): { message: AssistantMessage; hasCalls: boolean } {
  const content = isObject(candidate.content) ? candidate.content : {};
  // One for each part, since sources are named by the place of the part that they are for.
  const texts: string[] = [];
  const reasoning: string[] = [];
  const calls: ToolCall[] = [];
  const images: Image[] = [];
  const audio: Sound[] = [];
  const others: JsonObject[] = [];
  let signature: string | undefined;
  for (const raw of objectsOf(content.parts)) {
    const part = readPart(raw, context.signatures);
    texts.push(part?.kind === 'text' ? part.text : '');
    if (part?.kind === 'text' && images.length === 0) signature ??= textOf(raw.thoughtSignature);
    if (part?.kind === 'thought') reasoning.push(part.text);
    else if (part?.kind === 'call') calls.push(part.call);
    else if (part?.kind === 'image') images.push(part.image);
    else if (part?.kind === 'audio') audio.push(part);
    else if (part?.kind === 'other') others.push(part.raw);
  }
  const text = texts.join('');
  const own: JsonObject = {};
  if (images.length > 0 && signature !== undefined) own['thought_signature'] = signature;
  if (others.length > 0) own['parts'] = others;
  const annotations = toAnnotations(candidate.groundingMetadata, texts);
  const message: AssistantMessage = {
    role: 'assistant',
    // Agents take content that is not null for the answer, also where it is empty.
    content: text === '' && (calls.length > 0 || refusal !== null) ? null : text,
    refusal,
  };
  if (reasoning.length > 0) message.reasoning_content = reasoning.join('');
  const [call] = calls;
  // The legacy form has room for one call.
  if (call !== undefined && context.isLegacy) message.function_call = call.function;
  else if (call !== undefined) message.tool_calls = calls;
  if (images.length > 0) message['images'] = images;
  if (audio.length > 0) message['audio'] = toAudio(audio, context);
  if (annotations.length > 0) message.annotations = annotations;
  if (!isEmpty(own)) message['extra_content'] = { google: own };
  return { message, hasCalls: calls.length > 0 };
}

function toAudio(pieces: readonly Sound[], { responseId, created }: ChoiceContext): JsonValue {
  const data = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('base64');
  const transcript = pieces.map((piece) => piece.transcript).join('');
  return { id: `audio_${responseId}`, data, expires_at: created, transcript };
}
