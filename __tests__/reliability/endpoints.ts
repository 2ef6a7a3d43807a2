/** Every endpoint of every cloud, as one table: a fault or an attack is written once and applied to all of them. */
import type { Answer } from '../support/http.ts';
import { chunk, httpAnswer, LAST_CHUNK, STREAM_HEAD } from '../support/raw-cloud.ts';

export type CloudName = 'openai' | 'google' | 'anthropic';

export const CLOUDS: readonly CloudName[] = ['openai', 'google', 'anthropic'];

/** The names of the clouds in sentences. */
export const TITLES: Readonly<Record<CloudName, string>> = {
  openai: 'OpenAI',
  google: 'Google',
  anthropic: 'Anthropic',
};

/** What every good answer says, in whatever form. Its characters have two and four bytes. */
export const TEXT = 'Grüße 🦊';

export interface EndpointCase {
  readonly name: string;
  readonly cloud: CloudName;
  readonly path: string;
  readonly stream: boolean;
  /** The cloud speaks OpenAI's form here: bytes pass unchanged. */
  readonly relayed: boolean;
  /** What the client sends. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The cloud's good answer: one JSON text, or the texts of its events. */
  readonly good: readonly string[];
  /** How the cloud tells an error in the middle of a stream. */
  readonly errorEvent: string;
}

const data = (...values: readonly unknown[]): string[] =>
  values.map((value) => `data: ${JSON.stringify(value)}\n\n`);
const named = (...values: readonly { readonly type: string }[]): string[] =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);

const MODELS: Readonly<Record<CloudName, string>> = {
  openai: 'gpt-5.4',
  google: 'gemini-3.8-flash',
  anthropic: 'claude-sonnet-5',
};

const CHAT_HEAD = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5.4' };
const TEXT_HEAD = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-5.4' };
const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5.4' };
const OUTPUT = [
  { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: TEXT }] },
];
const CANDIDATE = { content: { role: 'model', parts: [{ text: TEXT }] } };
const GOOGLE_HEAD = { modelVersion: 'gemini-3.8-flash', responseId: 'r1' };
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5',
  usage: { input_tokens: 1, output_tokens: 1 },
};

type Path = 'chat/completions' | 'completions' | 'responses' | 'embeddings';

const OPENAI_JSON: Readonly<Record<Path, object>> = {
  'chat/completions': {
    ...CHAT_HEAD,
    choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
  },
  completions: { ...TEXT_HEAD, choices: [{ index: 0, text: TEXT, finish_reason: 'stop' }] },
  responses: { ...RESPONSE, status: 'completed', output: OUTPUT },
  embeddings: { object: 'list', model: TEXT, data: [{ object: 'embedding', index: 0, embedding: [0.5] }] },
};

const OPENAI_STREAM: Readonly<Record<Exclude<Path, 'embeddings'>, string[]>> = {
  'chat/completions': [
    ...data(
      { ...CHAT_HEAD, choices: [{ index: 0, delta: { role: 'assistant', content: TEXT } }] },
      { ...CHAT_HEAD, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ),
    'data: [DONE]\n\n',
  ],
  completions: [
    ...data(
      { ...TEXT_HEAD, choices: [{ index: 0, text: TEXT }] },
      { ...TEXT_HEAD, choices: [{ index: 0, text: '', finish_reason: 'stop' }] },
    ),
    'data: [DONE]\n\n',
  ],
  responses: named(
    { type: 'response.output_text.delta', delta: TEXT } as { type: string },
    { type: 'response.completed', response: { ...RESPONSE, status: 'completed' } } as { type: string },
  ),
};

const GOOGLE_STREAM = data(
  { candidates: [CANDIDATE], ...GOOGLE_HEAD },
  {
    candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    ...GOOGLE_HEAD,
  },
);

const ANTHROPIC_STREAM = named(
  { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } } as { type: string },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: TEXT } } as { type: string },
  { type: 'content_block_stop', index: 0 } as { type: string },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } } as {
    type: string;
  },
  { type: 'message_stop' },
);

/** The cloud's own good answer to one endpoint. */
function goodAnswer(cloud: CloudName, path: Path, stream: boolean): readonly string[] {
  switch (cloud) {
    case 'openai':
      return stream && path !== 'embeddings' ? OPENAI_STREAM[path] : [JSON.stringify(OPENAI_JSON[path])];
    case 'google':
      if (stream) return GOOGLE_STREAM;
      return [
        JSON.stringify(
          path === 'embeddings'
            ? { embeddings: [{ values: [0.5] }] }
            : { candidates: [{ ...CANDIDATE, finishReason: 'STOP' }], ...GOOGLE_HEAD },
        ),
      ];
    case 'anthropic':
      if (stream) return ANTHROPIC_STREAM;
      return [
        JSON.stringify({ ...MESSAGE, content: [{ type: 'text', text: TEXT }], stop_reason: 'end_turn' }),
      ];
  }
}

/** An error in the middle of a stream, as each cloud tells it. */
export function errorEventOf(cloud: CloudName, message: string): string {
  const said = {
    openai: data({ error: { message, type: 'server_error', param: null, code: null } }),
    google: data({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
    anthropic: named({ type: 'error', error: { type: 'overloaded_error', message } } as { type: string }),
  };
  return said[cloud].join('');
}

function requestBody(cloud: CloudName, path: Path, stream: boolean): Record<string, unknown> {
  const base = { model: `${cloud}:${MODELS[cloud]}`, ...(stream && { stream }) };
  switch (path) {
    case 'chat/completions':
      return { ...base, messages: [{ role: 'user', content: 'hello' }] };
    case 'completions':
      return { ...base, prompt: 'hello' };
    case 'responses':
    case 'embeddings':
      return { ...base, input: 'hello' };
  }
}

function caseOf(cloud: CloudName, path: Path, stream: boolean): EndpointCase {
  return {
    name: `${cloud}: ${path}${stream ? ' (stream)' : ''}`,
    cloud,
    path: `/v1/${path}`,
    stream,
    relayed: cloud === 'openai',
    body: requestBody(cloud, path, stream),
    good: goodAnswer(cloud, path, stream),
    errorEvent: errorEventOf(cloud, 'The model fell over.'),
  };
}

const GENERATING: readonly Path[] = ['chat/completions', 'completions', 'responses'];

export const ENDPOINTS: readonly EndpointCase[] = CLOUDS.flatMap((cloud) => [
  ...GENERATING.flatMap((path) => [caseOf(cloud, path, false), caseOf(cloud, path, true)]),
  ...(cloud === 'anthropic' ? [] : [caseOf(cloud, 'embeddings', false)]),
]);

export const STREAMS: readonly EndpointCase[] = ENDPOINTS.filter(({ stream }) => stream);
export const WHOLE_ANSWERS: readonly EndpointCase[] = ENDPOINTS.filter(({ stream }) => !stream);
/** One endpoint for each cloud: for what does not depend on the form of the answer. */
export const CHATS: readonly EndpointCase[] = WHOLE_ANSWERS.filter(({ path }) =>
  path.endsWith('/chat/completions'),
);

/** The cloud's good answer as bytes of HTTP. */
export function goodHttp({ stream, good }: EndpointCase): string {
  return stream
    ? STREAM_HEAD + good.map(chunk).join('') + LAST_CHUNK
    : httpAnswer(200, { 'content-type': 'application/json' }, good.join(''));
}

/** Whether a client would take this for a whole answer. */
export function looksWhole({ stream, path }: EndpointCase, { status, text, cut }: Answer): boolean {
  if (status !== 200 || cut) return false;
  if (stream)
    return path === '/v1/responses' ? text.includes('"response.completed"') : text.includes('[DONE]');
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/** The text of an answer, out of whatever form it has. Embeddings have none: their numbers stand for it. */
export function textOf({ path, stream, cloud }: EndpointCase, { text }: Answer): string {
  const events = stream
    ? text
        .split(/\r\n|\r|\n/)
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice(6)) as Loose)
    : [JSON.parse(text) as Loose];
  if (path === '/v1/embeddings')
    return cloud === 'openai'
      ? (events[0]?.model ?? '')
      : events[0]?.data?.[0]?.embedding?.[0] === 0.5
        ? TEXT
        : '';
  if (path !== '/v1/responses')
    return events
      .map(({ choices }) => choices?.[0])
      .map((choice) => choice?.delta?.content ?? choice?.message?.content ?? choice?.text ?? '')
      .join('');
  return stream
    ? events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
    : (events[0]?.output?.[0]?.content?.[0]?.text ?? '');
}

/** Whatever of the four forms an answer has. */
interface Loose {
  readonly type?: string;
  readonly model?: string;
  readonly delta?: string;
  readonly data?: readonly { readonly embedding?: readonly number[] }[];
  readonly output?: readonly { readonly content?: readonly { readonly text?: string }[] }[];
  readonly choices?: readonly {
    readonly text?: string;
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string };
  }[];
}
