/** The smallest host: the router in front, your own models behind it. */
import express, { type Express } from 'express';
import { createPrefixRouter, type PrefixRouter } from 'llm-prefix-router';
import OpenAI from 'openai';
import { isMain, serve, withClouds, type Print } from './stage.ts';

export function createHost(env: NodeJS.ProcessEnv = process.env): { app: Express; router: PrefixRouter } {
  const app = express();
  const router = createPrefixRouter({ env });
  app.use(router);
  app.post('/v1/chat/completions', express.json(), (req, res) => {
    const { model } = req.body as { model: string };
    const message = { role: 'assistant', content: `${model} lives on this machine.` };
    res.json({ object: 'chat.completion', model, choices: [{ index: 0, message, finish_reason: 'stop' }] });
  });
  return { app, router };
}

export async function main(env: NodeJS.ProcessEnv, print: Print = console.log): Promise<void> {
  const { app, router } = createHost(env);
  await serve(app, async (url) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none is asked for' });
    for (const model of ['llama-3.2-1b', 'openai:gpt-5.4', 'google:gemini-3.8-flash']) {
      const { choices } = await client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'Hello!' }],
      });
      print(`${model} > ${choices[0]?.message.content}`);
    }
  });
  await router.close();
}

if (isMain(import.meta.filename)) await withClouds(main);
