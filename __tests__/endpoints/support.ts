/** Plays chat answers through a carrier, as data and over HTTP. */
import type { ChatCarrier } from '../../lib/endpoints/carrier.ts';
import { RouterError, type ErrorBody } from '../../lib/errors.ts';
import type { StreamHead } from '../../lib/openai/sse.ts';
import type {
  AssistantMessage,
  ChatChoice,
  ChatCompletion,
  ChatRequest,
  ChunkChoice,
  JsonObject,
  Usage,
} from '../../lib/openai/types.ts';
import type { Meta } from '../../lib/providers/provider.ts';
import { startHost, type RunningHost } from '../support/http.ts';

export const MODEL = 'claude-x';
export const META: Meta = { model: MODEL, baseUrl: 'http://cloud', created: 1000, stream: false };

export const USAGE: Usage = {
  prompt_tokens: 10,
  completion_tokens: 7,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 3 },
};

export const HEAD: StreamHead = { id: 'chatcmpl-1', model: MODEL, usage: USAGE, serviceTier: 'default' };

/** A chat completion with one choice. */
export function completion(
  message: Partial<AssistantMessage>,
  choice: Partial<ChatChoice> = {},
): ChatCompletion {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1000,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: null, refusal: null, ...message },
        logprobs: null,
        finish_reason: 'stop',
        ...choice,
      },
    ],
    usage: USAGE,
    service_tier: 'default',
  };
}

/** Chunks of a stream: deltas, then the reason to end. */
export function chunks(
  deltas: readonly ChunkChoice['delta'][],
  finish_reason: ChatChoice['finish_reason'] = 'stop',
): ChunkChoice[] {
  const parts = [{ role: 'assistant' as const, content: '' }, ...deltas];
  return [...parts.map((delta) => ({ index: 0, delta })), { index: 0, delta: {}, finish_reason }];
}

/** The whole text of a stream. */
export function streamText(
  carrier: ChatCarrier,
  request: JsonObject,
  parts: readonly ChunkChoice[],
  head: StreamHead = HEAD,
): string {
  const writer = carrier.createWriter(head, request, { ...META, stream: true });
  return parts.map((part) => writer.write(part)).join('') + writer.end();
}

/** The JSON of the events of a stream. */
export function parseEvents(text: string): JsonObject[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject);
}

/** What a call throws, as a client would read it. */
export function errorOf(call: () => unknown): ErrorBody['error'] {
  try {
    call();
  } catch (error) {
    if (error instanceof RouterError) return error.toBody().error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** What the player answers to one request. */
export interface Script {
  readonly completion?: ChatCompletion;
  readonly parts?: readonly ChunkChoice[];
  /** Ends the stream in place of its proper end. */
  readonly failure?: ErrorBody;
}

export interface Player extends RunningHost {
  /** What the requests became in chat. */
  readonly chats: ChatRequest[];
}

/** An HTTP server whose answers go through the carrier. @param answer Made from the chat request, as a cloud would. */
export async function startPlayer(
  carrier: ChatCarrier,
  answer: (chat: ChatRequest, turn: number) => Script,
): Promise<Player> {
  const chats: ChatRequest[] = [];
  const host = await startHost((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      try {
        const asked = JSON.parse(body) as JsonObject;
        const chat = carrier.toChat(asked);
        const script = answer(chat, chats.push(chat) - 1);
        if (asked['stream'] === true) {
          const writer = carrier.createWriter(HEAD, asked, { ...META, stream: true });
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (const part of script.parts ?? []) response.write(writer.write(part));
          response.end(script.failure === undefined ? writer.end() : writer.fail(script.failure));
        } else {
          const whole = carrier.toAnswer(script.completion ?? completion({}), asked, META);
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(whole));
        }
      } catch (error) {
        const told = error instanceof RouterError ? error.toBody() : { error: { message: String(error) } };
        response.writeHead(error instanceof RouterError ? error.status : 500, {
          'content-type': 'application/json',
        });
        response.end(JSON.stringify(told));
      }
    });
  });
  return { ...host, chats };
}
