/** The paths this package serves. What differs between them stands here; what happens to a call stands in relay.ts. */
import type { BodyCheck, BodyChecks } from '../openai/schema.ts';
import { createChatWriter, wantsUsage, type StreamHead, type StreamWriter } from '../openai/sse.ts';
import type { ChatCompletion, ChatRequest, JsonObject } from '../openai/types.ts';
import type { Endpoint, Meta } from '../providers/provider.ts';

/** How an endpoint that a cloud lacks is carried over chat completions. */
export interface ChatCarrier {
  /** @throws RouterError for what chat cannot carry. */
  toChat(request: JsonObject): ChatRequest;
  toAnswer(completion: ChatCompletion, request: JsonObject, meta: Meta): object;
  createWriter(stream: StreamHead, request: JsonObject, meta: Meta): StreamWriter;
}

export interface EndpointSpec {
  readonly endpoint: Endpoint;
  /** What our conversions lean on. Applied only where a body is converted. */
  readonly check?: BodyCheck;
  readonly carrier?: ChatCarrier;
  /** A stream of this endpoint ends with `data: [DONE]`: one that does not was cut. */
  readonly endsWithDone: boolean;
  /** The body may be `multipart/form-data`. */
  readonly forms?: true;
}

/** Chat itself, seen as one of those that are carried over chat: nothing to convert. */
export const chatCarrier: ChatCarrier = {
  toChat: (request) => request as ChatRequest,
  toAnswer: (completion) => completion,
  createWriter: (stream, request, meta) => createChatWriter(stream, meta.created, wantsUsage(request)),
};

/** By path below the mount. */
export function createEndpoints(checks: BodyChecks): ReadonlyMap<string, EndpointSpec> {
  const specs: EndpointSpec[] = [
    { endpoint: 'chat/completions', check: checks.chat, carrier: chatCarrier, endsWithDone: true },
    { endpoint: 'completions', endsWithDone: true },
    { endpoint: 'embeddings', check: checks.embeddings, endsWithDone: false },
    { endpoint: 'responses', endsWithDone: false },
    { endpoint: 'moderations', endsWithDone: false },
    { endpoint: 'images/generations', endsWithDone: false },
    { endpoint: 'images/edits', endsWithDone: false, forms: true },
    { endpoint: 'images/variations', endsWithDone: false, forms: true },
    { endpoint: 'audio/speech', endsWithDone: false },
    { endpoint: 'audio/transcriptions', endsWithDone: false, forms: true },
    { endpoint: 'audio/translations', endsWithDone: false, forms: true },
  ];
  return new Map(specs.map((spec) => [`/v1/${spec.endpoint}`, spec]));
}
