/** A chat request as Google's `generateContent`. */
import { type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { leaveOut, unsupported } from '../fields.ts';
import type { CloudRequest, Meta } from '../provider.ts';
import { GOOGLE_FIELDS } from './fields.ts';
import { toGenerationConfig } from './generation.ts';
import { isEmpty, isPresent, wordOf } from './json.ts';
import { toHistory } from './messages.ts';
import { traitsOf } from './models.ts';
import { CHAT_KEYS, readNamespace } from './namespace.ts';
import type { Signatures } from './signatures.ts';
import { toTools } from './tools.ts';

/** @throws RouterError for what Google has no word for and that changes shape, meaning or price. */
export function toRequest(request: ChatRequest, meta: Meta, signatures: Signatures): CloudRequest {
  const leftOut = leaveOut(request, GOOGLE_FIELDS, 'Google');
  const traits = traitsOf(meta.model);
  const native = readNamespace(request, CHAT_KEYS);
  const history = toHistory(request.messages, { traits, baseUrl: meta.baseUrl, signatures });
  const { tools, functionCallingConfig, dropped } = toTools(request, native.tools);
  const generation = toGenerationConfig(request, traits, native);
  const toolConfig = { ...(functionCallingConfig && { functionCallingConfig }), ...native.toolConfig };
  // Field by field: objects put together by spreads have each a hidden class of its own.
  const body: Record<string, unknown> = {};
  if (history.systemInstruction !== undefined) body.systemInstruction = history.systemInstruction;
  body.contents = history.contents;
  if (tools.length > 0) body.tools = tools;
  if (!isEmpty(toolConfig)) body.toolConfig = toolConfig;
  if (!isEmpty(generation.config)) body.generationConfig = generation.config;
  Object.assign(body, serviceTier(request.service_tier), native.request);
  return {
    body,
    dropped: inOrder(request, [
      ...leftOut,
      ...native.dropped,
      ...history.dropped,
      ...dropped,
      ...generation.dropped,
    ]),
  };
}

/** `auto` sends nothing: Google's `priority` would cost a surcharge that nobody asked for. */
function serviceTier(tier: JsonValue | undefined): JsonObject {
  switch (isPresent(tier) ? wordOf(tier) : 'auto') {
    case 'auto':
      return {};
    case 'default':
      return { serviceTier: 'standard' };
    case 'flex':
      return { serviceTier: 'flex' };
    case 'priority':
      return { serviceTier: 'priority' };
    default:
      throw unsupported('service_tier', 'Google knows the service tiers auto, default, flex and priority');
  }
}

/** Paths in the order of the request's fields, as a client would look for them. */
function inOrder(request: JsonObject, paths: string[]): string[] {
  if (paths.length < 2) return paths;
  const places = new Map(Object.keys(request).map((key, place) => [key, place]));
  const placeOf = (path: string): number =>
    places.get(path) ?? places.get(/^[^.[]*/.exec(path)?.[0] ?? '') ?? 0;
  return paths.toSorted((a, b) => placeOf(a) - placeOf(b));
}
