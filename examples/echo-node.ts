/**
 * A small OpenAI-compatible node that answers with the last thing the user said. It stands in for Ollama, vLLM or
 * llama.cpp where none of them is installed.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';

export interface EchoNode {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

/** What `GET /v1/models` lists. It answers to every other name, too. */
export const ECHO_MODELS: readonly string[] = ['llama-3.2-1b', 'gpt-oss:20b', 'qwen3:8b', 'nomic-embed-text'];

/** Starts the node on 127.0.0.1. @param port 0 (default): any free one. */
export async function startEchoNode(port = 0): Promise<EchoNode> {
  const server = createServer(createEchoApp());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createEchoApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  // What stands in a body is JSON, whatever its type says: bare `curl -d` names a form.
  app.use(express.json({ limit: '100mb', type: () => true }));
  app.get('/v1/models', (_req, res) => {
    const created = now();
    res.json({
      object: 'list',
      data: ECHO_MODELS.map((id) => ({ id, object: 'model', created, owned_by: 'echo-node' })),
    });
  });
  app.post('/v1/chat/completions', answerChat);
  app.post('/v1/completions', answerCompletion);
  app.post('/v1/embeddings', answerEmbeddings);
  app.use((req, res) => sendError(res, 404, `The echo node has no ${req.method} ${req.path}.`));
  app.use(((error: Error, _req, res, _next) =>
    sendError(res, 400, error.message)) satisfies ErrorRequestHandler);
  return app;
}

function answerChat(req: Request, res: Response): void {
  const { model, messages, stream, stream_options: streamOptions } = fieldsOf(req.body);
  if (!Array.isArray(messages)) return sendError(res, 400, "'messages' must be an array.");
  const said = messages.map(fieldsOf);
  const text = textOf(said.findLast(({ role }) => role === 'user')?.content);
  const usage = usageOf(said.map(({ content }) => textOf(content)).join(' '), text);
  const head = { id: `chatcmpl-echo${Date.now()}`, created: now(), model };
  if (stream !== true) {
    res.json({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage,
    });
    return;
  }
  const chunk = (delta: object, finishReason: string | null = null): object => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  });
  sendEvents(res, [
    chunk({ role: 'assistant', content: '' }),
    ...piecesOf(text).map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...(fieldsOf(streamOptions).include_usage === true
      ? [{ ...head, object: 'chat.completion.chunk', choices: [], usage }]
      : []),
  ]);
}

function answerCompletion(req: Request, res: Response): void {
  const { model, prompt, stream } = fieldsOf(req.body);
  const text = textOf([prompt].flat()[0]);
  const head = { id: `cmpl-echo${Date.now()}`, object: 'text_completion', created: now(), model };
  const choice = (piece: string, finishReason: string | null): object => ({
    text: piece,
    index: 0,
    logprobs: null,
    finish_reason: finishReason,
  });
  if (stream !== true) {
    res.json({ ...head, choices: [choice(text, 'stop')], usage: usageOf(text, text) });
    return;
  }
  sendEvents(res, [
    ...piecesOf(text).map((piece) => ({ ...head, choices: [choice(piece, null)] })),
    { ...head, choices: [choice('', 'stop')] },
  ]);
}

function answerEmbeddings(req: Request, res: Response): void {
  const { model, input, encoding_format: format } = fieldsOf(req.body);
  const texts = [input].flat().map(textOf);
  const { prompt_tokens } = usageOf(texts.join(' '), '');
  res.json({
    object: 'list',
    data: texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text, format) })),
    model,
    usage: { prompt_tokens, total_tokens: prompt_tokens },
  });
}

/** Four numbers, exact in 32 bits: how often each quarter of the byte range occurs, as a share. */
function vectorOf(text: string, format: unknown): number[] | string {
  const counts = [0, 0, 0, 0];
  for (const byte of Buffer.from(text)) counts[byte >> 6] = (counts[byte >> 6] ?? 0) + 1;
  const vector = new Float32Array(counts.map((count) => count / (Buffer.byteLength(text) || 1)));
  return format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
}

function sendEvents(res: Response, events: readonly object[]): void {
  res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events) res.write(`data: ${JSON.stringify(event)}\n\n`);
  res.end('data: [DONE]\n\n');
}

function sendError(res: Response, status: number, message: string): void {
  res.status(status).json({ error: { message, type: 'invalid_request_error', param: null, code: null } });
}

function fieldsOf(value: unknown): { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The text of a message, also where it is a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => textOf(fieldsOf(part).text)).join('');
}

/** One token a word. */
function usageOf(prompt: string, answer: string) {
  const [promptTokens, completionTokens] = [piecesOf(prompt).length, piecesOf(answer).length];
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function piecesOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** Unix seconds. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}
