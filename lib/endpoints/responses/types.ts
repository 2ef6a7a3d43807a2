/** The wire of `POST /v1/responses`, as far as it is written here. Shapes follow `resources/responses` of the `openai` package. */
import type { JsonObject, JsonValue } from '../../openai/types.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export interface OutputText {
  type: 'output_text';
  text: string;
  annotations: JsonObject[];
  logprobs: JsonValue[];
  /** Citations that OpenAI has no type for: its list of annotations is closed, and SDKs refuse an answer with others in it. */
  citations?: JsonObject[];
}

export interface RefusalPart {
  type: 'refusal';
  refusal: string;
}

export interface MessageItem {
  id: string;
  type: 'message';
  status: ItemStatus;
  role: 'assistant';
  content: (OutputText | RefusalPart)[];
  /** An extension: what a speech model said, as in a chat completion. */
  audio?: JsonObject;
}

export interface SummaryPart {
  type: 'summary_text';
  text: string;
}

export interface ReasoningItem {
  id: string;
  type: 'reasoning';
  summary: SummaryPart[];
  /** What the cloud wants back as it was: see carry.ts. */
  encrypted_content?: string;
}

export interface CallItem {
  id: string;
  type: 'function_call';
  status: ItemStatus;
  call_id: string;
  name: string;
  arguments: string;
  /** What else stands on a tool call of a chat answer, and must come back with it. */
  [extension: string]: unknown;
}

export interface ImageItem {
  id: string;
  type: 'image_generation_call';
  status: 'in_progress' | 'completed';
  /** Base64. */
  result: string | null;
}

export type OutputItem = MessageItem | ReasoningItem | CallItem | ImageItem;

export interface ResponseUsage {
  input_tokens: number;
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
}

/** The answer, whole or as far as it has come. */
export interface ResponseObject {
  id: string;
  object: 'response';
  /** Unix seconds. */
  created_at: number;
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  error: { code: string; message: string } | null;
  incomplete_details: { reason: 'max_output_tokens' | 'content_filter' } | null;
  model: string;
  output: readonly OutputItem[];
  usage: ResponseUsage | null;
  /** The request's settings, given back. */
  [setting: string]: unknown;
}
