import { format } from 'node:util';
import debug from 'debug';
import express from 'express';
import { createPrefixRouter } from '../lib/index.ts';
import { sendJson, startCloud } from '../examples/simulated-clouds/cloud.ts';
import { askJson, startHost } from './support/http.ts';

test('DEBUG shows where each request goes, and nothing of what it says', async () => {
  const lines: string[] = [];
  const realLog = debug.log;
  debug.log = (...args: unknown[]) => void lines.push(format(...args));
  debug.enable('llm-prefix-router:*');
  const cloud = await startCloud((_request, response) =>
    sendJson(response, 200, { answer: 'secret answer' }, { 'x-request-id': 'req_7' }),
  );
  const router = createPrefixRouter({ env: { OPENAI_API_KEY: 'sk-secret-key', OPENAI_BASE_URL: cloud.url } });
  const app = express().use(router);
  app.use((_req, res) => sendJson(res, 200, {}));
  const host = await startHost(app);
  try {
    for (const model of ['openai:gpt-5.4', 'llama', 'unknown:secret-name'])
      await askJson(
        `${host.url}/v1/chat/completions`,
        { model, messages: ['secret question'] },
        { cookie: 'secret=1' },
      );
  } finally {
    await host.close();
    await router.close();
    await cloud.close();
    debug.disable();
    debug.log = realLog;
  }
  const plain = lines.map((line) =>
    line
      .replace(/^.*?(llm-prefix-router:\w+) /, '$1 ')
      .replace(/\d+ms/, 'Nms')
      .replace(/ \+Nms$/, ''),
  );
  expect(plain).toEqual([
    'llm-prefix-router:route chat/completions: gpt-5.4 to openai',
    'llm-prefix-router:upstream openai gpt-5.4 200 ok Nms req_7',
    'llm-prefix-router:route local: no_colon',
    'llm-prefix-router:route refused: unregistered',
  ]);
  expect(lines.join('\n')).not.toContain('secret');
});
