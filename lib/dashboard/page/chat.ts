/** One answer of the playground, as it comes. */
import { createParser } from 'eventsource-parser';
import { ApiError, postJson, type ErrorDetails } from './api.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

export interface ChatListener {
  readonly onText: (text: string) => void;
  readonly onThought: (text: string) => void;
  readonly onUsage: (usage: ChatUsage) => void;
}

interface Chunk {
  readonly error?: ErrorDetails;
  readonly usage?: ChatUsage | null;
  readonly choices?: readonly { readonly delta?: Part; readonly message?: Part }[];
}

interface Part {
  readonly content?: string | null;
  readonly refusal?: string | null;
  readonly reasoning_content?: string | null;
}

/**
 * @returns whether the answer reached its end.
 * @throws ApiError where the server answered with an error, be it in mid-stream.
 */
export async function streamChat(
  model: string,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
  listener: ChatListener,
): Promise<boolean> {
  const body = { model, messages, stream: true, stream_options: { include_usage: true } };
  const response = await postJson('api/chat', body, signal);
  if (response.headers.get('content-type')?.includes('text/event-stream') !== true) {
    read((await response.json()) as Chunk, listener);
    return true;
  }
  return readEvents(response, listener);
}

async function readEvents(response: Response, listener: ChatListener): Promise<boolean> {
  let done = false;
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') done = true;
      else read(JSON.parse(data) as Chunk, listener);
    },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) return done;
    parser.feed(piece.value);
  }
}

function read(chunk: Chunk, { onText, onThought, onUsage }: ChatListener): void {
  if (chunk.error !== undefined) throw new ApiError(200, chunk.error);
  if (chunk.usage !== undefined && chunk.usage !== null) onUsage(chunk.usage);
  const [choice] = chunk.choices ?? [];
  const part = choice?.delta ?? choice?.message;
  const text = part?.content ?? part?.refusal ?? '';
  if (text !== '') onText(text);
  const thought = part?.reasoning_content ?? '';
  if (thought !== '') onThought(thought);
}
