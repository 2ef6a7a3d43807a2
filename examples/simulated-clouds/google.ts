/**
 * A simulated Gemini API: the real wire, as strict as the real one, on loopback. It echoes what it is told, calls the
 * tools it is given, signs its calls and wants the signatures back; and it can be told what to answer next.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud, type CloudHandler, type RecordedRequest, type SimulatedCloud } from './cloud.ts';
import { MODELS, answerEvents, answerWhole, embeddingsOf } from './google-answers.ts';
import { embeddingRefusalOf, refusalOf } from './google-rules.ts';
import type { Json } from './google-wire.ts';

export interface SimulatedGoogleOptions {
  /** The one key it accepts. */
  readonly apiKey: string;
  /** 0 (default): any free one. */
  readonly port?: number;
  /** Pause before each event of a stream, in milliseconds, so that a person sees it grow. Default 0. */
  readonly pauseMs?: number;
  /** Which models there are. Default: every name in Google's style, retired ones too. */
  readonly hasModel?: (model: string) => boolean;
  /** The most models on one page of the list, whatever is asked for. Default 4: a list has two pages. */
  readonly maxPageSize?: number;
}

/** An answer that a test wants to see. What is left out is as in any good answer. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Added to the usual ones. */
  readonly headers?: OutgoingHttpHeaders;
  /** Bytes and strings are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Sent as the events of a stream, in place of `body`. */
  readonly events?: readonly unknown[];
  /** Sent one by one, in place of `body`. */
  readonly slices?: readonly (string | Uint8Array)[];
  /** Awaited before each slice or event, and once more before the end: the test lets the next one go. */
  readonly beforeSlice?: (index: number) => unknown;
  /** How it ends: whole (default), cut by a reset, or not at all. */
  readonly ending?: 'whole' | 'reset' | 'silence';
}

export interface SimulatedGoogle extends SimulatedCloud {
  /** What `GOOGLE_API_BASE_URL` is set to. */
  readonly baseUrl: string;
  /** Answers the next request that passes the checks like this. Several calls make a queue. */
  answerNext(answer: ScriptedAnswer | CloudHandler): void;
  /** A thought signature that it will know again, for scripted answers. */
  mintSignature(): string;
}

/** A refused request, in Google's form. */
interface Refusal {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details?: readonly Json[];
}

export async function startSimulatedGoogle(options: SimulatedGoogleOptions): Promise<SimulatedGoogle> {
  const script: (ScriptedAnswer | CloudHandler)[] = [];
  const signatures = new Set<string>();
  let count = 0;

  function mintSignature(): string {
    const signature = Buffer.from(`signature ${signatures.size} of a simulated thought`).toString('base64');
    signatures.add(signature);
    return signature;
  }

  const cloud = await startCloud(async (request, response) => {
    count += 1;
    const route = routeOf(request, options);
    if ('code' in route) return refuse(response, route, false);
    const refused = checkBody(route, request, (signature) => signatures.has(signature));
    if (refused !== undefined) return refuse(response, refused, route.isList);
    const scripted = route.method === 'list' || route.method === 'get' ? undefined : script.shift();
    if (typeof scripted === 'function') return scripted(request, response);
    if (scripted !== undefined) return play(scripted, response);
    return answer(route, request, response, { ...options, responseId: `sim${count}`, mintSignature });
  }, options.port);

  return {
    ...cloud,
    baseUrl: `${cloud.url}/v1beta`,
    answerNext: (next) => void script.push(next),
    mintSignature,
  };
}

interface Route {
  readonly method: 'generateContent' | 'streamGenerateContent' | 'batchEmbedContents' | 'list' | 'get';
  readonly model: string;
  readonly query: URLSearchParams;
  /** A stream without `alt=sse`: one JSON array. */
  readonly isList: boolean;
}

/** Every name in Google's style: the quick start's example is a model that is retired in the real world. */
const GOOGLE_MODEL = /^(?:gemini-|gemma-|text-embedding|nano-banana|aqa$)/;

function routeOf(request: RecordedRequest, options: SimulatedGoogleOptions): Route | Refusal {
  const url = new URL(request.path, 'http://simulated');
  const refused = checkCredentials(request, url.searchParams, options.apiKey) ?? checkQuery(url.searchParams);
  if (refused !== undefined) return refused;
  const query = url.searchParams;
  const [, collection, id, method] =
    /^\/v1(?:beta|alpha)?\/(models|tunedModels)(?:\/([^/:]+)(?::(\w+))?)?$/.exec(url.pathname) ?? [];
  if (collection === undefined) return notFound('Requested entity was not found.');
  if (id === undefined || method === undefined) return listRoute(request, id, query);
  const model = decodeURIComponent(id);
  const hasModel =
    options.hasModel ?? ((name: string) => collection === 'tunedModels' || GOOGLE_MODEL.test(name));
  if (request.method !== 'POST' || !isMethod(method) || !hasModel(model)) {
    return notFound(
      `${collection}/${model} is not found for API version v1beta, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`,
    );
  }
  const isList = method === 'streamGenerateContent' && query.get('alt') !== 'sse';
  return { method, model, query, isList };
}

function isMethod(
  method: string,
): method is 'generateContent' | 'streamGenerateContent' | 'batchEmbedContents' {
  return ['generateContent', 'streamGenerateContent', 'batchEmbedContents'].includes(method);
}

function listRoute(
  request: RecordedRequest,
  id: string | undefined,
  query: URLSearchParams,
): Route | Refusal {
  if (request.method !== 'GET') return notFound('Requested entity was not found.');
  return {
    method: id === undefined ? 'list' : 'get',
    model: decodeURIComponent(id ?? ''),
    query,
    isList: false,
  };
}

function checkCredentials(
  { headers }: RecordedRequest,
  query: URLSearchParams,
  apiKey: string,
): Refusal | undefined {
  if (headers.authorization !== undefined) {
    return invalid('Multiple authentication credentials received. Please pass only one.');
  }
  // The real one takes a key in the URL. Here it is an error, because it ends in logs.
  if (query.has('key')) return invalid('The simulated cloud takes no API key in the URL.');
  if (headers['x-goog-api-key'] === apiKey) return undefined;
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'API_KEY_INVALID',
    domain: 'googleapis.com',
    metadata: { service: 'generativelanguage.googleapis.com' },
  };
  return { ...invalid('API key not valid. Please pass a valid API key.'), details: [info] };
}

const QUERY_NAMES = new Set(['alt', 'pageSize', 'pageToken']);

function checkQuery(query: URLSearchParams): Refusal | undefined {
  const unknown = [...query.keys()].find((name) => !QUERY_NAMES.has(name));
  if (unknown === undefined) return undefined;
  return invalid(
    `Invalid JSON payload received. Unknown name "${unknown}": Cannot bind query parameter. Field '${unknown}' could not be found in request message.`,
  );
}

function checkBody(
  { method, model }: Route,
  request: RecordedRequest,
  isKnownSignature: (signature: string) => boolean,
): Refusal | undefined {
  if (method === 'list' || method === 'get') return undefined;
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '') || request.json === undefined) {
    return invalid('Invalid JSON payload received. Unable to parse the body.');
  }
  const problem =
    method === 'batchEmbedContents'
      ? embeddingRefusalOf(request.json, model)
      : refusalOf(request.json, model, { isKnownSignature });
  return problem === undefined ? undefined : invalid(problem);
}

function invalid(message: string): Refusal {
  return { code: 400, status: 'INVALID_ARGUMENT', message };
}

function notFound(message: string): Refusal {
  return { code: 404, status: 'NOT_FOUND', message };
}

/** Pretty-printed, as the real one does; streams without `alt=sse` wrap it into a list. */
function refuse(
  response: ServerResponse,
  { code, status, message, details }: Refusal,
  isList: boolean,
): void {
  const body = { error: { code, message, status, ...(details && { details }) } };
  sendPretty(response, code, isList ? [body] : body);
}

function sendPretty(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(`${JSON.stringify(body, null, 2)}\n`);
}

interface Making extends SimulatedGoogleOptions {
  readonly responseId: string;
  readonly mintSignature: () => string;
}

async function answer(
  route: Route,
  request: RecordedRequest,
  response: ServerResponse,
  making: Making,
): Promise<void> {
  const context = { model: route.model, responseId: making.responseId, mintSignature: making.mintSignature };
  response.setHeader('x-gemini-service-tier', 'standard');
  switch (route.method) {
    case 'generateContent':
      return sendPretty(response, 200, answerWhole(request.json, context));
    case 'streamGenerateContent': {
      const events = answerEvents(request.json, context);
      return route.isList
        ? sendPretty(response, 200, events)
        : sendEvents(response, events, making.pauseMs ?? 0);
    }
    case 'batchEmbedContents':
      return sendPretty(response, 200, embeddingsOf(request.json));
    case 'list':
      return sendPretty(response, 200, modelPage(route.query, making.maxPageSize ?? 4));
    case 'get':
      return sendModel(response, route.model);
  }
}

function modelPage(query: URLSearchParams, maxPageSize: number): Json {
  const size = Math.min(Number(query.get('pageSize') ?? 50), maxPageSize);
  const start = Number(query.get('pageToken') ?? 0);
  const end = start + size;
  return { models: MODELS.slice(start, end), ...(end < MODELS.length && { nextPageToken: String(end) }) };
}

function sendModel(response: ServerResponse, name: string): void {
  const model = MODELS.find((entry) => entry['name'] === `models/${name}`);
  if (model === undefined) return refuse(response, notFound(`models/${name} is not found.`), false);
  sendPretty(response, 200, model);
}

/** Frames end in CRLF CRLF, there are no event names and no terminal event. */
function frameOf(event: unknown): string {
  return `data: ${JSON.stringify(event)}\r\n\r\n`;
}

async function sendEvents(response: ServerResponse, events: readonly Json[], pauseMs: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    if (pauseMs > 0) await sleep(pauseMs);
    response.write(frameOf(event));
  }
  response.end();
}

async function play(scripted: ScriptedAnswer, response: ServerResponse): Promise<void> {
  const { status = 200, headers = {}, body, events, slices = events?.map(frameOf), beforeSlice } = scripted;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const type = slices === undefined ? 'application/json; charset=UTF-8' : 'text/event-stream';
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
