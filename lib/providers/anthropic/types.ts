/**
 * Anthropic's wire, the Messages API of version 2023-06-01, as far as this room writes it. Shapes follow the types of
 * the `@anthropic-ai/sdk` npm package. What a client sends in Anthropic's own form passes unread and is cast to these
 * types where it enters: whether it fits is for Anthropic to say.
 */
import type { JsonObject, JsonValue } from '../../openai/types.ts';

export interface CacheControl {
  type: 'ephemeral';
  ttl?: '5m' | '1h';
}

export interface TextBlock {
  type: 'text';
  text: string;
  cache_control?: CacheControl;
}

export type ImageType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp';

export interface ImageBlock {
  type: 'image';
  source:
    | { type: 'base64'; media_type: ImageType; data: string }
    | { type: 'url'; url: string }
    | { type: 'file'; file_id: string };
  cache_control?: CacheControl;
}

export interface DocumentBlock {
  type: 'document';
  source:
    | { type: 'base64'; media_type: 'application/pdf'; data: string }
    | { type: 'text'; media_type: 'text/plain'; data: string }
    | { type: 'url'; url: string }
    | { type: 'file'; file_id: string };
  title?: string;
  cache_control?: CacheControl;
}

export interface ThinkingBlock {
  type: 'thinking';
  thinking: string;
  signature: string;
}

export interface RedactedThinkingBlock {
  type: 'redacted_thinking';
  data: string;
}

export interface ToolUseBlock {
  type: 'tool_use';
  id: string;
  name: string;
  input: JsonObject;
  cache_control?: CacheControl;
}

export interface ToolResultBlock {
  type: 'tool_result';
  tool_use_id: string;
  content?: string | (TextBlock | ImageBlock | DocumentBlock)[];
  is_error?: boolean;
  cache_control?: CacheControl;
}

export type Block =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | ToolUseBlock
  | ToolResultBlock;

export type Turn =
  | { role: 'user' | 'assistant'; content: Block[] }
  /** Only models marked `inlineSystem` take these, and only in certain places: see turns.ts. */
  | { role: 'system'; content: TextBlock[] };

export interface Tool {
  name: string;
  description?: string;
  input_schema: { type: 'object' };
  strict?: boolean;
  cache_control?: CacheControl;
}

export type ToolChoice =
  | { type: 'auto' | 'any'; disable_parallel_tool_use?: boolean }
  | { type: 'tool'; name: string; disable_parallel_tool_use?: boolean }
  | { type: 'none' };

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export type Thinking =
  | { type: 'adaptive' | 'disabled' | 'between_tools' }
  | {
      type: 'enabled';
      /** Tokens; at least 1024 and less than `max_tokens`. */
      budget_tokens: number;
    };

export interface OutputConfig {
  effort?: Effort;
  format?: { type: 'json_schema'; schema: JsonObject };
}

/** The body of `POST /v1/messages`. */
export interface MessagesRequest {
  model: string;
  max_tokens: number;
  stream?: true;
  system?: TextBlock[];
  messages: Turn[];
  tools?: Tool[];
  tool_choice?: ToolChoice;
  thinking?: Thinking;
  output_config?: OutputConfig;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  stop_sequences?: string[];
  metadata?: { user_id: string };
  service_tier?: 'auto' | 'standard_only';
}

/** What one room adds to the request, and which fields of the client's it had to leave out. */
export interface RequestPart {
  readonly fields: Partial<MessagesRequest>;
  /** Names as in `x-prefix-router-dropped`. */
  readonly dropped: readonly string[];
}

/** A block of an answer, with whatever keys Anthropic gave it. */
export type AnswerBlock = JsonObject & { type?: JsonValue };
