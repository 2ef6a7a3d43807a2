/** Prometheus: what the clouds were asked, by cloud, status and model, at `/metrics`. */
import express, { type Express } from 'express';
import { createPrefixRouter, type PrefixRouter } from 'llm-prefix-router';
import { prometheusMetrics } from 'llm-prefix-router/metrics';
import OpenAI from 'openai';
import { Registry } from 'prom-client';
import { isMain, serve, withClouds, type Print } from './stage.ts';

export function createHost(env: NodeJS.ProcessEnv = process.env): { app: Express; router: PrefixRouter } {
  const register = new Registry();
  // The first 50 models get a series of their own: a client must not be able to make thousands.
  const metrics = prometheusMetrics({ register, models: 50 });
  const router = createPrefixRouter({ env, onCall: metrics });
  metrics.watch(router);

  const app = express();
  app.get('/metrics', async (_req, res) => {
    res.type(register.contentType).send(await register.metrics());
  });
  app.use(router);
  return { app, router };
}

export async function main(env: NodeJS.ProcessEnv, print: Print = console.log): Promise<void> {
  const { app, router } = createHost(env);
  await serve(app, async (url) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none is asked for', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hello there!' }];
    await client.chat.completions.create({ model: 'openai:gpt-5.4', messages });
    const model = 'anthropic:claude-opus-5-5';
    for await (const _ of await client.chat.completions.create({ model, messages, stream: true }));
    await client.chat.completions.create({ model: 'google:no-such-model', messages }).catch(() => {});

    const page = await (await fetch(`${url}/metrics`)).text();
    for (const line of page.split('\n')) if (/^\w+_(total|in_flight)\b/.test(line)) print(line);
  });
  await router.close();
}

if (isMain(import.meta.filename)) await withClouds(main);
