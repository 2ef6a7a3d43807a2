/** A log-in of your own: the router is a handler like any other, and who may not spend money is not led through it. */
import express, { type Express, type RequestHandler, type Response } from 'express';
import { createPrefixRouter, RouterError, type PrefixRouter } from 'llm-prefix-router';
import { isMain, serve, withClouds, type Print } from './stage.ts';

/** Stands for your sessions, your JWTs, your database. */
const MAY_SPEND = new Map([
  ['token-of-ada', true],
  ['token-of-bob', false],
]);

export function createHost(env: NodeJS.ProcessEnv = process.env): { app: Express; router: PrefixRouter } {
  const router = createPrefixRouter({ env });
  const app = express();
  app.use(logIn);
  app.use((req, res, next) => (res.locals.maySpend === true ? router(req, res, next) : next()));
  app.post('/v1/chat/completions', express.json(), answerLocally);
  return { app, router };
}

const logIn: RequestHandler = (req, res, next) => {
  const maySpend = MAY_SPEND.get(req.get('authorization')?.replace(/^Bearer /i, '') ?? '');
  if (maySpend === undefined)
    return answerError(res, new RouterError('invalid_api_key', { message: 'Please log in.' }));
  res.locals.maySpend = maySpend;
  next();
};

const answerLocally: RequestHandler = (req, res) => {
  const { model } = req.body as { model: string };
  const details = { message: `There is no model '${model}' here.`, status: 404, code: 'model_not_found' };
  if (model !== 'llama-3.2-1b') return answerError(res, new RouterError('request_refused', details));
  res.json({ model, choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' } }] });
};

/** In the form that every OpenAI client reads. */
function answerError(res: Response, error: RouterError): void {
  res.status(error.status).json(error.toBody());
}

interface Body {
  readonly choices?: readonly { readonly message: { readonly content: string } }[];
  readonly error?: { readonly message: string };
}

export async function main(env: NodeJS.ProcessEnv, print: Print = console.log): Promise<void> {
  const { app, router } = createHost(env);
  await serve(app, async (url) => {
    for (const token of ['token-of-ada', 'token-of-bob', 'token-of-eve'])
      for (const model of ['llama-3.2-1b', 'anthropic:claude-opus-5-5']) {
        const answer = await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] }),
        });
        const { choices, error } = (await answer.json()) as Body;
        print(`${token} asks ${model}: ${answer.status} ${error?.message ?? choices?.[0]?.message.content}`);
      }
  });
  await router.close();
}

if (isMain(import.meta.filename)) await withClouds(main);
