/** A chat request in OpenAI's form as the body of `POST /v1/messages`. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { leaveOut, unsupported } from '../fields.ts';
import type { CloudRequest, Meta } from '../provider.ts';
import { ANTHROPIC_FIELDS, NATIVE_FIELDS } from './fields.ts';
import { isBlank, isSet, pick, textOf, wordOf } from './json.ts';
import { toConversation } from './messages.ts';
import { traitsOf } from './models.ts';
import { mergeOutputConfig, toOutput } from './output.ts';
import { toReasoning } from './reasoning.ts';
import { toSampling } from './sampling.ts';
import { toTools } from './tools.ts';
import type { MessagesRequest, RequestPart } from './types.ts';

/**
 * Tokens, beside those of a budget to think. An answer that nobody limited should end by itself; the limit does not count
 * toward rate limits.
 */
const DEFAULT_MAX_TOKENS = { whole: 16_000, stream: 64_000 };

/** @throws RouterError for what Claude cannot do and that changes shape, meaning or price of the answer. */
export function toRequest(request: ChatRequest, meta: Meta): CloudRequest {
  const traits = traitsOf(meta.model);
  const limit = limitOf(request);
  const hints = leaveOut(request, ANTHROPIC_FIELDS, 'Anthropic');
  const { system, turns, dropped } = toConversation(request.messages, traits.inlineSystem);
  const tools = toTools(request, turns);
  const toolChoice = tools.fields.tool_choice;
  const maxTokens = limit ?? traits.maxOutput;
  const reasoning = toReasoning(request, { traits, maxTokens, turns, toolChoice });
  const output = toOutput(request);
  const sampling = toSampling(request, traits, isThinkingOn(reasoning));
  const userId = toUserId(request);
  const instructions = [...system, ...(output.fields.system ?? [])];
  const body: MessagesRequest = {
    model: meta.model,
    max_tokens: limit ?? Math.min(defaultLimit(reasoning, meta.stream), traits.maxOutput),
    messages: turns,
  };
  // Field by field: objects put together by spreads have each a hidden class of its own.
  if (meta.stream) body.stream = true;
  if (instructions.length > 0) body.system = instructions;
  Object.assign(
    body,
    tools.fields,
    reasoning.fields,
    mergeOutputConfig(request['output_config'], reasoning, output),
    sampling.fields,
    toStops(request),
    userId.fields,
    toServiceTier(request),
    pick(request, NATIVE_FIELDS),
  );
  const lost = hints.concat(
    dropped,
    tools.dropped,
    reasoning.dropped,
    output.dropped,
    sampling.dropped,
    userId.dropped,
  );
  return { body, dropped: lost.length < 2 ? lost : inOrderOf(request, lost) };
}

function isThinkingOn({ fields: { thinking } }: RequestPart): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive';
}

function limitOf(request: ChatRequest): number | undefined {
  const limit = request['max_completion_tokens'] ?? request['max_tokens'];
  return typeof limit === 'number' ? limit : undefined;
}

function defaultLimit({ fields: { thinking } }: RequestPart, stream: boolean): number {
  const given = thinking?.type === 'enabled' ? thinking.budget_tokens : 0;
  // What is no number is for Anthropic to refuse.
  const budget = typeof given === 'number' ? given : 0;
  return budget + (stream ? DEFAULT_MAX_TOKENS.stream : DEFAULT_MAX_TOKENS.whole);
}

function toStops({ stop }: ChatRequest): Pick<MessagesRequest, 'stop_sequences'> {
  const stops = Array.isArray(stop) ? stop : isSet(stop) ? [stop] : [];
  if (stops.length === 0) return {};
  if (!stops.every((entry) => typeof entry === 'string')) {
    throw new RouterError('invalid_value', { message: "'stop' must hold strings.", param: 'stop' });
  }
  // Left out, it would make the answer longer than the client wants to pay for.
  if (stops.some(isBlank)) {
    throw unsupported(
      'stop',
      'Anthropic does not stop at white space: each stop sequence must hold a visible character',
    );
  }
  return { stop_sequences: stops };
}

function toUserId(request: ChatRequest): RequestPart {
  const { metadata } = request;
  const field = (['safety_identifier', 'user'] as const).find((name) => textOf(request[name]) !== undefined);
  if (field !== undefined) return opaqueId(request[field], field);
  // OpenAI's metadata are tags of any name; Anthropic's know this one key.
  const isNative = isObject(metadata) && isSet(metadata['user_id']) && Object.keys(metadata).length === 1;
  return isNative ? opaqueId(metadata['user_id'], 'metadata') : { fields: {}, dropped: [] };
}

function opaqueId(value: JsonValue | undefined, field: string): RequestPart {
  const user_id = textOf(value);
  if (user_id === undefined || isPersonal(user_id)) return { fields: {}, dropped: [field] };
  return { fields: { metadata: { user_id } }, dropped: [] };
}

/** Anthropic refuses e-mail addresses, and phone numbers are no better: it wants an opaque id. */
function isPersonal(id: string): boolean {
  return /[^\s@]@[^\s@]+\.[^\s@]/.test(id) || /^\+?[\d\s()-]{7,}$/.test(id);
}

function toServiceTier({ service_tier: tier }: ChatRequest): Pick<MessagesRequest, 'service_tier'> {
  if (!isSet(tier)) return {};
  switch (wordOf(tier)) {
    case 'auto':
      return {};
    case 'default':
    case 'standard_only':
      return { service_tier: 'standard_only' };
    case 'priority':
      return { service_tier: 'auto' };
    default:
      throw unsupported('service_tier', 'Anthropic has the service tiers auto, default and priority');
  }
}

/** In the order of the request's fields, each once. `messages[0].audio` belongs to `messages`. */
function inOrderOf(request: JsonObject, names: readonly string[]): string[] {
  const places = new Map(Object.keys(request).map((field, place) => [field, place]));
  const placeOf = (name: string): number =>
    places.get(name) ?? places.get(name.split(/[.[]/, 1)[0] ?? '') ?? 0;
  return [...new Set(names)].sort((one, other) => placeOf(one) - placeOf(other));
}
