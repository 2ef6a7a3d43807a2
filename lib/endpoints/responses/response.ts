/** The Response object around the items. */
import { isObject, type FinishReason, type JsonObject, type Usage } from '../../openai/types.ts';
import type { OutputItem, ResponseObject, ResponseUsage } from './types.ts';

/** What is known of an answer besides its items. */
export interface ResponseState {
  /** The chat answer's id. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly serviceTier: string | undefined;
  readonly output: readonly OutputItem[];
  readonly usage: Usage | undefined;
}

/** `chatcmpl-1` is `resp_1`, and its items are `msg_1_0` and so on. */
export function keyOf(id: string): string {
  return id.replace(/^chatcmpl-/, '');
}

/** @param settings What `toSettings` made of the request. */
export function toResponse(
  state: ResponseState,
  settings: JsonObject,
  status: Pick<ResponseObject, 'status'> & Partial<ResponseObject>,
): ResponseObject {
  return {
    id: `resp_${keyOf(state.id)}`,
    object: 'response',
    created_at: state.created,
    error: null,
    incomplete_details: null,
    ...settings,
    model: state.model,
    output: state.output,
    usage: toUsage(state.usage),
    service_tier: state.serviceTier ?? null,
    ...status,
  };
}

/** How a chat answer's reason to end reads here. */
export function toEnd(
  reason: FinishReason | undefined,
): Pick<ResponseObject, 'status' | 'incomplete_details'> {
  if (reason !== 'length' && reason !== 'content_filter')
    return { status: 'completed', incomplete_details: null };
  const why = reason === 'length' ? 'max_output_tokens' : reason;
  return { status: 'incomplete', incomplete_details: { reason: why } };
}

/** The request's settings as OpenAI gives them back, with what holds for a request without them. */
export function toSettings(request: JsonObject): JsonObject {
  return {
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null, ...(isObject(request.reasoning) && request.reasoning) },
    safety_identifier: request.safety_identifier ?? null,
    // Said even where the client has left it to the default: nothing can be fetched or referred to later.
    store: false,
    temperature: request.temperature ?? null,
    text: { format: { type: 'text' }, ...(isObject(request.text) && request.text) },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? null,
    // Nothing is left out of the input here, whatever the request says.
    truncation: 'disabled',
    user: request.user ?? null,
  };
}

function toUsage(usage: Usage | undefined): ResponseUsage | null {
  if (usage === undefined) return null;
  const { prompt_tokens_details: input, completion_tokens_details: output } = usage;
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: {
      cached_tokens: input?.cached_tokens ?? 0,
      cache_write_tokens: input?.cache_write_tokens ?? 0,
    },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: output?.reasoning_tokens ?? 0 },
    total_tokens: usage.total_tokens,
  };
}
