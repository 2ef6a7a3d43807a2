/**
 * A simulated Claude: Anthropic's Messages API on loopback, as strict as the real one and with its words. It costs
 * nothing, needs no key but the one it is told, and answers the same to the same request.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { answerTo, tokensOf, type AnswerOptions, type SimulatedMessage } from './anthropic-answer.ts';
import { eventsOf } from './anthropic-events.ts';
import { SIMULATED_MODELS } from './anthropic-models.ts';
import { isJson, listOf, Refusal, type Json } from './anthropic-refusal.ts';
import { readMessagesRequest, type ValidationOptions } from './anthropic-validate.ts';
import { sendJson, startCloud, type RecordedRequest, type SimulatedCloud } from './cloud.ts';

export { validateMessagesRequest } from './anthropic-validate.ts';

export interface SimulatedAnthropicOptions
  extends AnswerOptions, Pick<ValidationOptions, 'models' | 'trustSignatures'> {
  /** The one key it takes. */
  readonly apiKey: string;
  /** 0 (default): any free one. */
  readonly port?: number;
}

/** An answer that a test writes itself. The request is checked first, as always. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A whole answer in JSON. */
  readonly json?: unknown;
  /** A whole answer that is no JSON. */
  readonly text?: string;
  /** A stream, event by event. */
  readonly events?: readonly unknown[];
  /** A stream, as the bytes of each write. */
  readonly bytes?: readonly (string | Uint8Array)[];
  /** How a stream ends: properly (default), with its connection cut, or not at all. */
  readonly ending?: 'end' | 'cut' | 'open';
}

export interface SimulatedAnthropic extends SimulatedCloud {
  /** The next requests get these answers, one each. */
  answerNext(...answers: ScriptedAnswer[]): void;
}

const MAX_BYTES = 32 * 1024 * 1024;
const VERSIONS = ['2023-06-01', '2026-10-21'];

export async function startSimulatedAnthropic(
  options: SimulatedAnthropicOptions,
): Promise<SimulatedAnthropic> {
  const scripted: ScriptedAnswer[] = [];
  const cached = new Set<string>();
  let serial = 0;

  async function answer(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const id = `req_${++serial}`;
    try {
      await route(request, response, id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sendJson(response, error.status, errorBody(error, id), { 'request-id': id });
    }
  }

  async function route(request: RecordedRequest, response: ServerResponse, id: string): Promise<void> {
    checkHeaders(request, options.apiKey);
    const url = new URL(request.path, 'http://cloud');
    if (request.method === 'GET' && url.pathname === '/v1/models') {
      return sendJson(response, 200, modelPage(url.searchParams, options.models), headersFor(id));
    }
    if (request.method !== 'POST' || url.pathname !== '/v1/messages') {
      throw new Refusal('Not found', 404, 'not_found_error');
    }
    return sendMessage(request, response, id);
  }

  async function sendMessage(request: RecordedRequest, response: ServerResponse, id: string): Promise<void> {
    if (request.bytes.length > MAX_BYTES) {
      throw new Refusal('Request exceeds the maximum size', 413, 'request_too_large');
    }
    checkCharacters(request);
    const understood = readMessagesRequest(request.json, validationFor(request, options));
    const script = scripted.shift();
    if (script !== undefined) return play(script, response, id);
    const message = countCache(answerTo(understood, serial, options), understood.body);
    if (understood.body['stream'] !== true) return sendJson(response, 200, message, headersFor(id));
    return play({ events: eventsOf(message) }, response, id);
  }

  /** With a breakpoint anywhere, tools and system are written to the cache once and read from then on. */
  function countCache(message: SimulatedMessage, body: Json): SimulatedMessage {
    if (!JSON.stringify(body).includes('"cache_control"')) return message;
    const prefix = JSON.stringify([body['model'], body['tools'] ?? '', body['system'] ?? '']);
    const key = createHash('sha256').update(prefix).digest('hex');
    const tokens = tokensOf(body['tools']) + tokensOf(body['system']);
    const field = cached.has(key) ? 'cache_read_input_tokens' : 'cache_creation_input_tokens';
    cached.add(key);
    return {
      ...message,
      usage: { ...message.usage, input_tokens: tokensOf(body['messages']), [field]: tokens },
    };
  }

  const cloud = await startCloud(answer, options.port);
  return { ...cloud, answerNext: (...answers) => void scripted.push(...answers) };
}

function validationFor(
  { headers }: RecordedRequest,
  { models, trustSignatures }: SimulatedAnthropicOptions,
): ValidationOptions {
  const beta = headers['anthropic-beta'];
  return {
    version: String(headers['anthropic-version']),
    ...(typeof beta === 'string' && { beta }),
    ...(models !== undefined && { models }),
    ...(trustSignatures !== undefined && { trustSignatures }),
  };
}

function checkHeaders({ headers }: RecordedRequest, apiKey: string): void {
  const key = headers['x-api-key'];
  if (key === undefined) throw new Refusal('x-api-key header is required', 401, 'authentication_error');
  if (key !== apiKey) throw new Refusal('invalid x-api-key', 401, 'authentication_error');
  if (headers.authorization !== undefined) {
    throw new Refusal('authorization: may not be sent together with x-api-key');
  }
  const version = headers['anthropic-version'];
  if (version === undefined) throw new Refusal('anthropic-version: header is required');
  if (!VERSIONS.includes(String(version))) {
    throw new Refusal(`anthropic-version: "${String(version)}" is not a valid version`);
  }
}

/** Half a character is no Unicode, and so no JSON: `wellFormed` in `@anthropic-ai/sdk` is there for that. */
function checkCharacters({ json, bytes }: RecordedRequest): void {
  const half = /[\ud800-\udfff]/u;
  const isBroken = (key: string, value: unknown): boolean =>
    half.test(key) || (typeof value === 'string' && half.test(value));
  let isWhole = true;
  JSON.stringify(json, (key, value: unknown) => {
    if (isBroken(key, value)) isWhole = false;
    return value;
  });
  if (isWhole) return;
  const place = bytes.toString('latin1').search(/\\ud[89a-f]/i);
  throw new Refusal(
    `The request body is not valid JSON: no low surrogate in string: line 1 column ${place + 1} (char ${place})`,
  );
}

function errorBody(error: Refusal, id: string): Json {
  return { type: 'error', error: { type: error.type, message: error.message }, request_id: id };
}

/** What comes with every answer. The organisation is the operator's business, not the client's. */
function headersFor(id: string): Record<string, string> {
  return {
    'request-id': id,
    'anthropic-organization-id': 'org_simulated',
    'anthropic-ratelimit-requests-limit': '1000',
    'anthropic-ratelimit-requests-remaining': '999',
  };
}

async function play(script: ScriptedAnswer, response: ServerResponse, id: string): Promise<void> {
  const { status = 200, headers = {}, ending = 'end' } = script;
  const all = { ...headersFor(id), ...headers };
  if (script.text !== undefined) {
    response.writeHead(status, { 'content-type': 'text/html', ...all }).end(script.text);
    return;
  }
  if (script.events === undefined && script.bytes === undefined) {
    return sendJson(response, status, script.json ?? {}, all);
  }
  response.writeHead(status, { 'content-type': 'text/event-stream; charset=utf-8', ...all });
  for (const chunk of script.bytes ?? (script.events ?? []).map(toEvent)) await write(response, chunk);
  if (ending === 'end') response.end();
  if (ending === 'cut') response.destroy();
}

function write(response: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => response.write(chunk, () => resolve()));
}

function toEvent(event: unknown): string {
  const name = isJson(event) ? String(event['type']) : 'message';
  return `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`;
}

function modelPage(query: URLSearchParams, served: readonly string[] | undefined): Json {
  const all = SIMULATED_MODELS.filter(({ id }) => served === undefined || served.includes(id));
  const after = query.get('after_id');
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const page = all.slice(from, from + Number(query.get('limit') ?? 20));
  const data = page.map(({ id, maxOutput }) => ({
    id,
    type: 'model',
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    lifecycle: 'active',
    max_input_tokens: 1_000_000,
    max_tokens: maxOutput,
    retires_at: null,
    capabilities: null,
  }));
  const has_more = from + page.length < all.length;
  return { data: listOf(data), has_more, first_id: page[0]?.id ?? null, last_id: page.at(-1)?.id ?? null };
}
