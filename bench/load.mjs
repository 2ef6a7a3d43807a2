/** The process that asks: load by autocannon or wrk, and clients of our own for what neither of them can time. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { answerParent } from './child.mjs';
import { leave, openMany, readSlowly, closeMany, startLeaver, timeFirstBytes, askOnce } from './clients.mjs';

/**
 * @typedef {object} Shot
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string} body
 * @property {number} connections
 * @property {number} amount How many requests (autocannon).
 * @property {number} seconds How long (wrk, which cannot count).
 * @property {'autocannon' | 'wrk'} tool
 * @property {string} folder For wrk's scripts.
 */

/** @param {Shot} shot @returns {Promise<{ requests: number, seconds: number }>} Throws if one request failed. */
async function fire(shot) {
  const result = await (shot.tool === 'wrk' ? fireWrk(shot) : fireAutocannon(shot));
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests failed`);
  if (result.requests === 0) throw new Error('not one request was answered');
  return result;
}

async function fireAutocannon({ url, headers, body, connections, amount }) {
  const result = await autocannon({
    url,
    method: 'POST',
    headers,
    body,
    connections: Math.min(connections, amount),
    amount,
    timeout: 60,
    // How often it looks whether it is done, in milliseconds.
    sampleInt: 20,
  });
  return {
    requests: result.requests.total,
    seconds: result.duration,
    failed: result.errors + result.timeouts + result.non2xx,
  };
}

const scriptOf = new Map();

async function fireWrk({ url, headers, body, connections, seconds, folder }) {
  const script = await writeScript(folder, headers, body);
  // wrk takes whole seconds only.
  const duration = `${Math.max(1, Math.round(seconds))}s`;
  const { stdout } = await promisify(execFile)('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${duration}`,
    '--timeout=60s',
    `-s${script}`,
    url,
  ]);
  const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  return {
    requests: number(/(\d+) requests in/),
    seconds: number(/requests in ([\d.]+)s/),
    failed:
      number(/Non-2xx or 3xx responses: (\d+)/) +
      (errors?.slice(1).reduce((sum, n) => sum + Number(n), 0) ?? 0),
  };
}

/** wrk takes its request from a script in Lua. */
async function writeScript(folder, headers, body) {
  const key = JSON.stringify(headers) + body;
  if (!scriptOf.has(key)) {
    const name = join(folder, `${scriptOf.size}`);
    await writeFile(`${name}.body`, body);
    const lines = Object.entries(headers).map(([header, value]) => `wrk.headers["${header}"] = "${value}"`);
    await writeFile(
      `${name}.lua`,
      `wrk.method = "POST"\nlocal file = io.open("${name}.body", "rb")\nwrk.body = file:read("*a")\nfile:close()\n${lines.join('\n')}\n`,
    );
    scriptOf.set(key, `${name}.lua`);
  }
  return scriptOf.get(key);
}

answerParent({
  fire,
  askOnce,
  timeFirstBytes,
  openMany,
  closeMany,
  readSlowly,
  startLeaver,
  leave,
});
