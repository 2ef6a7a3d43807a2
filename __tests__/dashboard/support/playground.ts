/** A host's own handler: two local models that answer in OpenAI's form, word by word, and the errors a cloud can bring. */
import express, { type Express, type Response } from 'express';
import { requireApiKey } from '../../../lib/auth.ts';
import type { FakeRouter } from './fake-router.ts';

export interface FakePlayground {
  readonly app: Express;
  /** The bodies that arrived at `/v1/chat/completions`. */
  readonly received: unknown[];
  /** The headers of the last request. */
  lastHeaders: NodeJS.Dict<string | string[]>;
  /** Answers that were left by the client before they were whole. */
  left: number;
  /** Sends the next word of every open answer; only used by `local:slow`. */
  say(word: string): void;
  /** Ends them. */
  finish(): void;
}

const HAIKU =
  '夜更けて\nテスト緑に\nログ静か\n\n最初の行で情景を、次の行で転換を、最後の行で余韻を表しました。';
const STORY =
  'Compilers dream in green,\na test fails, then it passes —\nquiet logs at dawn.\n\nThe first line sets the scene, the second turns, and the last one lets go.';

/** @param wordMs Pause between two words, milliseconds. */
export function createPlayground(router: FakeRouter, wordMs = 0): FakePlayground {
  const app = express();
  const open = new Set<Response>();
  const playground: FakePlayground = {
    app,
    received: [],
    lastHeaders: {},
    left: 0,
    say: (word) => {
      for (const res of open) res.write(chunkOf({ content: word }));
    },
    finish: () => {
      for (const res of open) res.end('data: [DONE]\n\n');
    },
  };
  app.use(express.json());
  app.get('/v1/models', (_req, res) => {
    res.json({
      object: 'list',
      data: [{ id: 'llama-3.2-1b', object: 'model', owned_by: 'local' }, { id: 'qwen3:8b' }],
    });
  });
  app.post('/v1/chat/completions', (req, res, next) => {
    playground.received.push(req.body);
    playground.lastHeaders = req.headers;
    const { model } = req.body as { model: string };
    if (model === 'behind-a-key') return void requireApiKey('sk-of-a-client')(req, res, next);
    const failure = FAILURES.get(model);
    if (failure !== undefined)
      return void res.status(failure.status).set(failure.headers).json({ error: failure.error });
    const end = router.begin(model.split(':')[0] ?? '');
    res.once('close', () => {
      open.delete(res);
      if (!res.writableFinished) playground.left += 1;
      end({
        model: model.slice(model.indexOf(':') + 1),
        stream: true,
        firstByteMs: 3,
        clientLeft: !res.writableFinished,
      });
    });
    res.set('content-type', 'text/event-stream').flushHeaders();
    if (model === 'openai:slow') open.add(res);
    else tellStory(res, wordsFor(req.body), model === 'openai:breaks', wordMs);
  });
  return playground;
}

function wordsFor(body: unknown): string[] {
  const isJapanese = /[ぁ-ん]/.test(JSON.stringify(body));
  return isJapanese ? HAIKU.split('') : STORY.split(/(?<= )/);
}

function tellStory(res: Response, words: string[], breaks: boolean, wordMs: number): void {
  const next = (): void => {
    const word = words.shift();
    if (res.destroyed) return;
    if (word !== undefined) {
      res.write(chunkOf({ content: word }));
      if (breaks && words.length < 10) return void res.end(BROKEN);
      setTimeout(next, wordMs);
      return;
    }
    const usage = { prompt_tokens: 15, completion_tokens: 42, total_tokens: 57 };
    res.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`);
  };
  next();
}

function chunkOf(delta: object): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
}

const BROKEN = `data: ${JSON.stringify({
  error: {
    message: 'Anthropic ended the stream before its end.',
    type: 'server_error',
    param: null,
    code: 'stream_interrupted',
  },
})}\n\n`;

const FAILURES = new Map<string, { status: number; headers: Record<string, string>; error: object }>([
  [
    'google:gemini-2.5-pro',
    {
      status: 401,
      headers: {},
      error: {
        message: 'Google API key not configured',
        type: 'authentication_error',
        param: null,
        code: 'api_key_missing',
        hint: 'Set GOOGLE_API_KEY and start the server again.',
      },
    },
  ],
  [
    'openai:limited',
    {
      status: 429,
      headers: { 'retry-after': '60' },
      error: {
        message: 'Rate limit exceeded. Please retry after 60 seconds.',
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limited',
        provider_error: { status: 429, code: 'rate_limit_exceeded', request_id: 'req_1' },
      },
    },
  ],
]);
