/**
 * OpenAI's wire, as far as this package reads or writes it: the language spoken with clients and, inside,
 * the pivot that every cloud is converted to and from. Shapes follow the types of the `openai` npm package
 * (chat completions, embeddings); what is not named here is passed along untouched.
 */

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue | undefined };

/** The body of `POST /v1/chat/completions`, checked by `schema.ts` for what the conversions lean on. */
export interface ChatRequest extends JsonObject {
  model: string;
  messages: ChatMessage[];
}

export interface ChatMessage extends JsonObject {
  role: string;
}

/** What a tool call looks like in a message. `extra_content` carries vendor data that must come back unchanged. */
export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  extra_content?: JsonObject;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call';

export interface AssistantMessage {
  role: 'assistant';
  content: string | null;
  refusal: string | null;
  tool_calls?: ToolCall[];
  /** Legacy single call, when the request used `functions`. */
  function_call?: { name: string; arguments: string };
  /** The model's thinking as text, where the cloud shows it. Never sent back as input. */
  reasoning_content?: string;
  annotations?: JsonObject[];
  [extension: string]: unknown;
}

export interface ChatChoice {
  index: number;
  message: AssistantMessage;
  logprobs: JsonValue;
  finish_reason: FinishReason;
  /** The cloud's own word for why it stopped. */
  native_finish_reason?: string;
  [extension: string]: unknown;
}

/** Token counts. `prompt_tokens` includes cached tokens, `completion_tokens` includes reasoning tokens. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details?: {
    cached_tokens?: number;
    cache_write_tokens?: number;
    [more: string]: number | undefined;
  };
  completion_tokens_details?: { reasoning_tokens?: number; [more: string]: number | undefined };
}

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  /** Unix seconds. */
  created: number;
  model: string;
  choices: ChatChoice[];
  usage?: Usage;
  service_tier?: string;
}

/** The changing part of one streamed chunk; the wrapper around it (`id`, `created`, `model`) is the same all through a stream. */
export interface ChunkChoice {
  index: number;
  delta: Delta;
  /** Default null. */
  logprobs?: JsonValue;
  /** Default null. */
  finish_reason?: FinishReason;
  native_finish_reason?: string;
  extra_content?: JsonObject;
}

export interface Delta {
  role?: 'assistant';
  content?: string;
  refusal?: string;
  reasoning_content?: string;
  tool_calls?: ToolCallDelta[];
  function_call?: { name?: string; arguments?: string };
  [extension: string]: unknown;
}

export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: 'function';
  function: { name?: string; arguments?: string };
  extra_content?: JsonObject;
}

/** One entry of `GET /v1/models`. */
export interface Model {
  id: string;
  object: 'model';
  /** Unix seconds, 0 where the cloud does not say. */
  created: number;
  owned_by: string;
  [extension: string]: unknown;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
