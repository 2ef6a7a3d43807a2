import { format } from 'node:util';
import debug from 'debug';
import express from 'express';
import { createPrefixRouter, google, openai } from '../lib/index.ts';
import { sendJson, startCloud } from '../examples/simulated-clouds/cloud.ts';
import { askJson, startHost } from './support/http.ts';

/** What is logged meanwhile, without times. */
async function linesOf(work: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const realLog = debug.log;
  debug.log = (...args: unknown[]) => void lines.push(format(...args));
  debug.enable('llm-prefix-router:*');
  try {
    await work();
  } finally {
    debug.disable();
    debug.log = realLog;
  }
  return lines.map((line) =>
    line
      .replace(/^.*?(llm-prefix-router:\w+) /, '$1 ')
      .replace(/\d+ms/, 'Nms')
      .replace(/ \+\d+ms$/, ''),
  );
}

test('DEBUG shows where each request goes, and nothing of what it says', async () => {
  const cloud = await startCloud((_request, response) =>
    sendJson(response, 200, { answer: 'secret answer' }, { 'x-request-id': 'req_7' }),
  );
  const router = createPrefixRouter({ env: { OPENAI_API_KEY: 'sk-secret-key', OPENAI_BASE_URL: cloud.url } });
  const app = express().use(router);
  app.use((_req, res) => sendJson(res, 200, {}));
  const host = await startHost(app);
  const lines = await linesOf(async () => {
    for (const model of ['openai:gpt-5.4', 'llama', 'unknown:secret-name'])
      await askJson(
        `${host.url}/v1/chat/completions`,
        { model, messages: ['secret question'] },
        { cookie: 'secret=1' },
      );
  });
  await host.close();
  await router.close();
  await cloud.close();
  expect(lines).toEqual([
    'llm-prefix-router:route chat/completions: gpt-5.4 to openai',
    'llm-prefix-router:upstream openai gpt-5.4 200 ok Nms req_7',
    'llm-prefix-router:route local: no_colon',
    'llm-prefix-router:route refused: unregistered',
  ]);
  expect(lines.join('\n')).not.toContain('secret');
});

test('DEBUG says why a cloud could not be asked, which no client is told', async () => {
  const gone = await startCloud((_request, response) => sendJson(response, 200, {}));
  await gone.close();
  const { port } = new URL(gone.url);
  const router = createPrefixRouter({
    env: { OPENAI_API_KEY: 'sk-secret-key', OPENAI_BASE_URL: gone.url },
    providers: [
      openai(),
      google({
        apiKey: () => {
          throw new Error('vault answered 403');
        },
      }),
    ],
  });
  const host = await startHost(express().use(router));
  const lines = await linesOf(async () => {
    for (const model of ['openai:gpt-5.4', 'google:gemini-3-pro'])
      await askJson(`${host.url}/v1/chat/completions`, {
        model,
        messages: [{ role: 'user', content: 'hi' }],
      });
  });
  await host.close();
  await router.close();
  expect(lines).toEqual([
    'llm-prefix-router:route chat/completions: gpt-5.4 to openai',
    `llm-prefix-router:upstream openai provider_unreachable: ECONNREFUSED connect ECONNREFUSED 127.0.0.1:${port}`,
    'llm-prefix-router:upstream openai gpt-5.4 502 provider_unreachable Nms -',
    'llm-prefix-router:route chat/completions: gemini-3-pro to google',
    'llm-prefix-router:upstream google api_key_missing: Error vault answered 403',
    'llm-prefix-router:upstream google gemini-3-pro 401 api_key_missing Nms -',
  ]);
});

test('DEBUG repeats nothing of an answer that is no JSON', async () => {
  const cloud = await startCloud((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('secret answer');
  });
  const router = createPrefixRouter({
    env: { ANTHROPIC_API_KEY: 'sk-secret-key', ANTHROPIC_API_BASE_URL: cloud.url },
  });
  const host = await startHost(express().use(router));
  const lines = await linesOf(async () => {
    await askJson(`${host.url}/v1/chat/completions`, {
      model: 'anthropic:claude-sonnet-4-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
  });
  await host.close();
  await router.close();
  await cloud.close();
  expect(lines).toEqual([
    'llm-prefix-router:route chat/completions: claude-sonnet-4-5 to anthropic',
    'llm-prefix-router:upstream anthropic provider_error: SyntaxError',
    'llm-prefix-router:upstream anthropic claude-sonnet-4-5 502 provider_error Nms -',
  ]);
});
