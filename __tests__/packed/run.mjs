/**
 * Installs the packed package into four small hosts (Express 4 and 5, CommonJS and ES modules), with dependencies
 * resolved afresh as a user's `npm install` does, and lets each stream once per cloud on Node 20 and 22.
 * A lock file can hide that today's newest dependencies break a release; this cannot.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSimulatedAnthropic } from '../../dist/examples/simulated-clouds/anthropic.js';
import { startSimulatedGoogle } from '../../dist/examples/simulated-clouds/google.js';
import { startSimulatedOpenAI } from '../../dist/examples/simulated-clouds/openai.js';

const COMMONJS = `
const express = require('express');
const { createPrefixRouter } = require('llm-prefix-router');
const { createLocalBalancer } = require('llm-prefix-router/local');
const app = express();
app.use(createPrefixRouter());
app.use(createLocalBalancer({ nodes: ['http://127.0.0.1:9'] }));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;
const ES_MODULE = COMMONJS.replace(/const (.+) = require\((.+)\);/g, 'import $1 from $2;');

const HOSTS = [
  { name: 'Express 5, CommonJS', express: '5', type: 'commonjs', code: COMMONJS },
  { name: 'Express 5, ES module', express: '5', type: 'module', code: ES_MODULE },
  { name: 'Express 4, CommonJS', express: '4', type: 'commonjs', code: COMMONJS },
  { name: 'Express 4, ES module', express: '4', type: 'module', code: ES_MODULE },
];
const NODES = ['20', '22'];
const MODELS = ['openai:gpt-5.4', 'google:gemini-3.8-flash', 'anthropic:claude-opus-5-5'];

const keys = { openai: 'sk-packed-openai', google: 'AQ.packed-google', anthropic: 'sk-ant-packed' };
const clouds = {
  openai: await startSimulatedOpenAI({ apiKey: keys.openai }),
  google: await startSimulatedGoogle({ apiKey: keys.google }),
  anthropic: await startSimulatedAnthropic({ apiKey: keys.anthropic }),
};
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
let failed = 0;
try {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder], process.cwd()),
  );
  for (const [index, host] of HOSTS.entries()) {
    const home = join(folder, String(index));
    install(home, host, join(folder, filename));
    for (const node of NODES) failed += await tryHost(home, host, node);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all(Object.values(clouds).map((cloud) => cloud.close()));
}
process.stdout.write(
  failed === 0 ? 'The packed package works in every host.\n' : `${failed} streams failed.\n`,
);
process.exitCode = failed === 0 ? 0 : 1;

function install(home, host, tarball) {
  execFileSync('mkdir', ['-p', home]);
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'host', private: true, type: host.type }));
  writeFileSync(join(home, 'host.js'), host.code);
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball, `express@${host.express}`],
    home,
  );
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @returns how many of the streams were not right. */
async function tryHost(home, host, node) {
  const args = ['--yes', '--loglevel=error', '-p', `node@${node}`, 'node', 'host.js'];
  const child = spawn('npx', args, {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: {
      ...process.env,
      OPENAI_API_KEY: keys.openai,
      OPENAI_BASE_URL: clouds.openai.url,
      GOOGLE_API_KEY: keys.google,
      GOOGLE_API_BASE_URL: clouds.google.url,
      ANTHROPIC_API_KEY: keys.anthropic,
      ANTHROPIC_API_BASE_URL: clouds.anthropic.url,
    },
  });
  try {
    const { value: port } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    let wrong = 0;
    for (const model of MODELS) {
      const text = await streamOnce(port, model);
      if (text.includes('Hello packed') && text.endsWith('data: [DONE]\n\n')) continue;
      wrong += 1;
      process.stdout.write(`${host.name} on Node ${node}, ${model}: ${text}\n`);
    }
    process.stdout.write(
      `${host.name} on Node ${node}: ${MODELS.length - wrong} of ${MODELS.length} streams right\n`,
    );
    return wrong;
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid);
  }
}

async function streamOnce(port, model) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello packed' }] }),
  });
  const text = await response.text();
  // The words may be spread over several chunks.
  const words = [...text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
    .map((match) => JSON.parse(`"${match[1]}"`))
    .join('');
  return `${words}\n${text}`;
}
