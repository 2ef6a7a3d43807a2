/** How an endpoint that a cloud lacks is carried over chat completions. */
import { createChatWriter, wantsUsage, type StreamHead, type StreamWriter } from '../openai/sse.ts';
import type { ChatCompletion, ChatRequest, JsonObject } from '../openai/types.ts';
import type { Meta } from '../providers/provider.ts';

export interface ChatCarrier {
  /** @throws RouterError for what chat cannot carry. */
  toChat(request: JsonObject): ChatRequest;
  toAnswer(completion: ChatCompletion, request: JsonObject, meta: Meta): object;
  createWriter(stream: StreamHead, request: JsonObject, meta: Meta): StreamWriter;
  /** The client's own name for a field of the chat request, e.g. `input[0]` for `messages[1]`. Absent: they are the same. */
  toParam?(param: string, request: JsonObject): string;
}

/** Chat itself, seen as one of those that are carried over chat: nothing to convert. */
export const chatCarrier: ChatCarrier = {
  toChat: (request) => request as ChatRequest,
  toAnswer: (completion) => completion,
  createWriter: (stream, request, meta) => createChatWriter(stream, meta.created, wantsUsage(request)),
};
