/**
 * A simulated OpenAI: the real wire, as strict as the real one, on loopback. It echoes what it is told, so that a test
 * can compare whole answers, and it can be told what to answer next.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  sendJson,
  startCloud,
  type CloudHandler,
  type RecordedRequest,
  type SimulatedCloud,
} from './cloud.ts';
import * as answers from './openai-answers.ts';
import { checkBody, checkHeaders, checkModel, isJsonBody, refusal, type JsonBody } from './openai-checks.ts';
import { checkRules } from './openai-rules.ts';

export interface SimulatedOpenAIOptions {
  /** The one key it accepts. */
  readonly apiKey: string;
  /** 0 (default): any free one. */
  readonly port?: number;
  /** Pause before each event of a stream, in milliseconds, so that a person sees it grow. Default 0. */
  readonly pauseMs?: number;
}

/** An answer that a test wants to see. What is left out is as in any good answer. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Added to the usual ones. */
  readonly headers?: OutgoingHttpHeaders;
  /** Bytes and strings are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Sent one by one in place of `body`. */
  readonly slices?: readonly (string | Uint8Array)[];
  /** Awaited before each slice, and once more before the end: the test lets the next one go. */
  readonly beforeSlice?: (index: number) => unknown;
  /** How it ends: whole (default), cut by a reset, or not at all. */
  readonly ending?: 'whole' | 'reset' | 'silence';
}

export interface SimulatedOpenAI extends SimulatedCloud {
  /** What `OPENAI_BASE_URL` is set to. */
  readonly baseUrl: string;
  /** Answers the next request that passes the checks like this. Several calls make a queue. */
  answerNext(answer: ScriptedAnswer | CloudHandler): void;
}

export async function startSimulatedOpenAI(options: SimulatedOpenAIOptions): Promise<SimulatedOpenAI> {
  const script: (ScriptedAnswer | CloudHandler)[] = [];
  let count = 0;

  const cloud = await startCloud(async (request, response) => {
    count += 1;
    setUsualHeaders(response, count);
    const refused = check(request, options.apiKey);
    if (refused !== undefined) return sendJson(response, refused.status, refused.body);
    const scripted = script.shift();
    if (typeof scripted === 'function') return scripted(request, response);
    if (scripted !== undefined) return play(scripted, response);
    return answer(request, response, `sim${count}`, options.pauseMs ?? 0);
  }, options.port);

  return { ...cloud, baseUrl: `${cloud.url}/v1`, answerNext: (next) => void script.push(next) };
}

/** What the real one sends along, also what is meant for nobody but its own account. */
function setUsualHeaders(response: ServerResponse, count: number): void {
  response.setHeader('x-request-id', `req_simulated${count}`);
  response.setHeader('openai-version', '2020-10-01');
  response.setHeader('openai-processing-ms', '17');
  response.setHeader('openai-organization', 'org-simulated');
  response.setHeader('openai-project', 'proj_simulated');
  response.setHeader('x-ratelimit-limit-requests', '10000');
  response.setHeader('x-ratelimit-remaining-requests', '9999');
  response.setHeader('x-ratelimit-reset-requests', '6ms');
  response.setHeader('set-cookie', [
    '__cf_bm=simulated; path=/; HttpOnly; Secure',
    '_cfuvid=simulated; path=/',
  ]);
  response.setHeader('cf-ray', 'simulated-NRT');
  response.setHeader('server', 'cloudflare');
}

const JSON_ENDPOINTS = [
  'chat/completions',
  'completions',
  'embeddings',
  'responses',
  'moderations',
  'images/generations',
  'audio/speech',
];

const FORM_ENDPOINTS = ['images/edits', 'images/variations', 'audio/transcriptions', 'audio/translations'];

function endpointOf(request: RecordedRequest): string {
  return request.path.replace(/\?.*/, '').replace(/^\/v1\//, '');
}

function check(request: RecordedRequest, apiKey: string): ReturnType<typeof checkHeaders> {
  const refused = checkHeaders(request.headers, apiKey);
  if (refused !== undefined) return refused;
  const endpoint = endpointOf(request);
  if (request.method === 'GET' && /^models(\/|$)/.test(endpoint)) return undefined;
  if (request.method === 'POST' && request.path.startsWith('/v1/')) {
    if (JSON_ENDPOINTS.includes(endpoint)) return checkJson(endpoint, request);
    if (FORM_ENDPOINTS.includes(endpoint)) return checkForm(endpoint, request);
  }
  return refusal(404, `Invalid URL (${request.method} ${request.path})`);
}

function checkJson(endpoint: string, request: RecordedRequest): ReturnType<typeof checkHeaders> {
  if (isJsonBody(request.json)) {
    return (
      checkBody(endpoint, request.json, request.headers['content-type']) ?? checkRules(endpoint, request.json)
    );
  }
  return refusal(
    400,
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}

function checkForm(endpoint: string, request: RecordedRequest): ReturnType<typeof checkHeaders> {
  if (!/^multipart\/form-data; *boundary=/.test(request.headers['content-type'] ?? '')) {
    return refusal(400, 'Could not parse multipart form');
  }
  const parts = request.bytes.toString('latin1').matchAll(/name="([^"]+)"\r\n\r\n([^\r]*)\r\n/g);
  const fields = Object.fromEntries([...parts].map(([, name, value]) => [name, value]));
  return checkModel(fields.model) ?? checkRules(endpoint, fields);
}

async function answer(
  request: RecordedRequest,
  response: ServerResponse,
  id: string,
  pauseMs: number,
): Promise<void> {
  const endpoint = endpointOf(request);
  const body: JsonBody = isJsonBody(request.json) ? request.json : {};
  const streamed = body.stream === true;
  switch (endpoint) {
    case 'chat/completions':
      return streamed
        ? sendEvents(response, [...answers.chatChunks(body, `chatcmpl-${id}`).map(dataOf), DONE], pauseMs)
        : sendJson(response, 200, answers.chatCompletion(body, `chatcmpl-${id}`));
    case 'completions':
      return streamed
        ? sendEvents(response, [...answers.completionChunks(body, `cmpl-${id}`).map(dataOf), DONE], pauseMs)
        : sendJson(response, 200, answers.completion(body, `cmpl-${id}`));
    case 'responses':
      return streamed
        ? sendEvents(response, answers.responseEvents(body, id).map(namedEvent), pauseMs)
        : sendJson(response, 200, answers.response(body, id));
    case 'embeddings':
      return sendJson(response, 200, answers.embeddings(body));
    case 'moderations':
      return sendJson(response, 200, answers.moderation(body));
    case 'audio/speech':
      return void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(answers.SOUND);
    case 'audio/transcriptions':
    case 'audio/translations':
      return sendJson(response, 200, { text: `heard ${request.bytes.length} bytes` });
    case 'models':
      return sendJson(response, 200, answers.modelList());
    default:
      return endpoint.startsWith('images/')
        ? sendJson(response, 200, answers.picture())
        : sendModel(response, decodeURIComponent(endpoint.slice('models/'.length)));
  }
}

function sendModel(response: ServerResponse, id: string): void {
  if (answers.MODELS.includes(id)) return sendJson(response, 200, answers.modelEntry(id));
  const { status, body } = refusal(404, `The model '${id}' does not exist`, 'model', 'model_not_found');
  sendJson(response, status, body);
}

const DONE = 'data: [DONE]\n\n';

function dataOf(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

function namedEvent(event: { type: string }): string {
  return `event: ${event.type}\n${dataOf(event)}`;
}

async function sendEvents(
  response: ServerResponse,
  events: readonly string[],
  pauseMs: number,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  for (const event of events) {
    if (pauseMs > 0) await sleep(pauseMs);
    response.write(event);
  }
  response.end();
}

async function play(scripted: ScriptedAnswer, response: ServerResponse): Promise<void> {
  const { status = 200, headers = {}, body, slices, beforeSlice } = scripted;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const type = slices === undefined ? 'application/json' : 'text/event-stream; charset=utf-8';
  response.writeHead(status, { 'content-type': type, ...headers });
  const parts = slices ?? (body === undefined ? [] : [isRaw ? body : JSON.stringify(body)]);
  if (slices !== undefined) response.flushHeaders();
  for (const [index, part] of parts.entries()) {
    await beforeSlice?.(index);
    await new Promise((written) => response.write(part, written));
  }
  await beforeSlice?.(parts.length);
  if (scripted.ending === 'reset') response.socket?.resetAndDestroy();
  else if (scripted.ending !== 'silence') response.end();
}
