/** The clients of the soak test. Each knows what its answer must be, to the letter, and says so when it is not. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { CLOUDS, MODELS } from './wire.mjs';

const PATH = '/v1/chat/completions';
const ANY_MARK = /(?:mk|lo)[0-9a-f]{12}/g;

/** What a client found wrong. */
export class Violation extends Error {}

function must(holds, what) {
  if (!holds) throw new Violation(what);
}

/**
 * @param {number} port Of the host.
 * @param {import('./child.mjs').Child} cloud
 */
export function createClients(port, cloud) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
  /** Requests for a cloud that were sent whole: so many calls it must have seen, and so many records there must be. */
  const sent = { cloud: 0, broken: 0 };

  /** Sends a request and waits for the head of the answer. */
  function start(body, { headers = {}, own = false } = {}) {
    const request = http.request({
      port,
      host: '127.0.0.1',
      path: PATH,
      method: 'POST',
      agent: own ? new http.Agent() : agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    });
    const response = new Promise((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
    });
    request.end(body);
    return { request, response };
  }

  /** A request for a cloud, with the order in its prompt. */
  function startCall(name, action, { count = 0, gapMs = 0, stream = false, own = false } = {}) {
    sent.cloud += 1;
    const mark = `mk${randomBytes(6).toString('hex')}`;
    const content = `${mark} do=${action} n=${count} gap=${gapMs}`;
    const body = {
      model: `${name}:${MODELS[name]}`,
      messages: [{ role: 'user', content }],
      ...(stream && { stream }),
    };
    return { mark, ...start(JSON.stringify(body), { own }) };
  }

  /** The whole answer as text; `cut` where the connection ended before it did. */
  async function ask(name, action, options) {
    const { mark, response } = startCall(name, action, options);
    const res = await response;
    const answer = { mark, status: res.statusCode, headers: res.headers, ...(await read(res)) };
    checkMarks(answer.text, mark);
    return answer;
  }

  async function json(name) {
    const { status, text, mark } = await ask(name, 'json');
    must(status === 200, `${name} json answered ${status}: ${text}`);
    const { content } = JSON.parse(text).choices[0].message;
    must(content === `${mark} was heard`, `${name} json said '${content}' to ${mark}`);
  }

  async function stream(
    name,
    count = 5 + Math.floor(Math.random() * 30),
    gapMs = Math.floor(Math.random() * 8),
  ) {
    const { mark, status, text } = await ask(name, 'stream', { count, gapMs, stream: true });
    checkStream(name, mark, status, text, count);
  }

  /** Errors of every kind: status, form and, where there is one, the time to wait. */
  async function refused(name, action, expected, retryAfter) {
    const { status, headers, text } = await ask(name, action);
    must(status === expected, `${name} ${action} answered ${status}, not ${expected}: ${text}`);
    must(
      headers['retry-after'] === retryAfter,
      `${name} ${action} says retry-after ${headers['retry-after']}`,
    );
    must(typeof JSON.parse(text).error.message === 'string', `${name} ${action} has no message: ${text}`);
  }

  /** A stream that breaks off must not look whole. */
  async function cut(name) {
    const { status, text, cut: isCut } = await ask(name, 'cut', { count: 8, gapMs: 2, stream: true });
    must(
      status === 200 && !text.includes('[DONE]'),
      `${name}: a broken stream looks whole: ${status} ${text}`,
    );
    must(isCut || text.includes('"error"'), `${name}: a broken stream ends without a word: ${text}`);
  }

  /** Leaves while the cloud has not said a word. */
  async function leaveWaiting(name) {
    const { mark, request, response } = startCall(name, 'hang', { own: true });
    response.catch(() => undefined);
    await cloud.ask('arrival', mark);
    request.destroy();
  }

  async function leaveStreaming(name) {
    const { request, response } = startCall(name, 'stream', {
      count: 2_000,
      gapMs: 5,
      stream: true,
      own: true,
    });
    const res = await response;
    res.on('error', () => undefined);
    await new Promise((resolve) => res.once('data', resolve));
    request.destroy();
  }

  /** Leaves in the middle of its own request. */
  async function leaveUploading(name) {
    sent.broken += 1;
    const half = `{"model":"${name}:${MODELS[name]}","messages":[{"role":"user","content":"${'y'.repeat(200_000)}`;
    const { request, response } = start(half, {
      own: true,
      headers: { 'content-length': 2 * half.length },
    });
    response.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    request.destroy();
  }

  /** Reads next to nothing for a while, then all the rest. */
  async function slowReader(name) {
    const count = 500;
    const { mark, response } = startCall(name, 'big', { count, stream: true, own: true });
    const res = await response;
    for (let time = 0; time < 15; time++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const piece = res.read(1_000);
      if (piece !== null) res.unshift(piece);
    }
    const { text } = await read(res);
    checkMarks(text, mark);
    checkStream(name, mark, res.statusCode, text, count, 'x'.repeat(4_000));
  }

  /** The host's own handler must be given what was sent, byte for byte, and no cloud must hear of it. */
  async function local(size) {
    const mark = `lo${randomBytes(6).toString('hex')}`;
    const body = JSON.stringify({
      model: Math.random() < 0.5 ? 'gpt-4o' : 'gpt-oss:20b',
      messages: [{ role: 'user', content: mark + 'z'.repeat(size) }],
    });
    await echoed(body);
  }

  /** No JSON, and so the host's. */
  const malformed = () => echoed('{"model":"gpt-4o","messages"');

  async function echoed(body) {
    const res = await start(body).response;
    const { text } = await read(res);
    const sha256 = createHash('sha256').update(body).digest('hex');
    must(text === JSON.stringify({ local: true, sha256 }), `local answered ${res.statusCode}: ${text}`);
  }

  /** Refused by us: no cloud hears of it. */
  async function wrong(body, code) {
    const res = await start(body).response;
    const { text } = await read(res);
    must(
      res.statusCode === 400 && JSON.parse(text).error.code === code,
      `${code}: ${res.statusCode} ${text}`,
    );
  }

  return {
    sent,
    stream,
    /** One of a thousand: resolves with a function that reads to the end and checks. */
    async heldStream(name, count) {
      const { mark, response } = startCall(name, 'held', { count, gapMs: 20, stream: true, own: true });
      const res = await response;
      return async () => {
        const { text } = await read(res);
        checkMarks(text, mark);
        checkStream(name, mark, res.statusCode, text, count);
      };
    },
    /** Traffic by name, and how often it comes. @type {[string, number, () => Promise<void>][]} */
    mix: [
      ...CLOUDS.flatMap((name) => [
        [`${name} json`, 12, () => json(name)],
        [`${name} stream`, 8, () => stream(name)],
        [`${name} 429`, 2, () => refused(name, 'limit', 429, '2')],
        [`${name} 500`, 2, () => refused(name, 'fail', 502)],
        [`${name} reset`, 2, () => refused(name, 'reset', 502)],
        [`${name} cut stream`, 2, () => cut(name)],
        [`${name} left waiting`, 2, () => leaveWaiting(name)],
        [`${name} left streaming`, 2, () => leaveStreaming(name)],
        [`${name} left uploading`, 1, () => leaveUploading(name)],
        [`${name} slow reader`, 1, () => slowReader(name)],
      ]),
      // Relayed bytes are not parsed: what is no JSON cannot be told from the rest.
      ['google nonsense', 2, () => refused('google', 'nonsense', 502)],
      ['anthropic nonsense', 2, () => refused('anthropic', 'nonsense', 502)],
      ['local', 20, () => local(200)],
      ['local 300 KB', 4, () => local(300_000)],
      ['local malformed', 2, malformed],
      ['unknown prefix', 2, () => wrong('{"model":"nocloud:x","messages":[]}', 'unknown_prefix')],
      ['two models', 2, () => wrong('{"model":"openai:a","model":"openai:b"}', 'invalid_value')],
      ['broken JSON', 2, () => wrong('{"model":"google:a","messages":[}', 'invalid_json')],
    ],
    close: () => agent.destroy(),
  };
}

function read(res) {
  return new Promise((resolve) => {
    const chunks = [];
    const settle = (cut) => resolve({ text: Buffer.concat(chunks).toString(), cut });
    res.on('data', (chunk) => chunks.push(chunk));
    res.on('end', () => settle(false));
    res.on('error', () => settle(true));
  });
}

/** Nothing of another request may be in an answer. */
function checkMarks(text, mark) {
  const other = text.match(ANY_MARK)?.find((found) => found !== mark);
  must(other === undefined, `the answer to ${mark} holds ${other}`);
}

/** Every piece, in order, once, and the end of it. */
function checkStream(name, mark, status, text, count, filler = '') {
  must(status === 200, `${name} stream answered ${status}: ${text}`);
  const events = text.split('\n').filter((line) => line.startsWith('data: '));
  const last = events.pop();
  must(last === 'data: [DONE]', `${name} stream of ${mark} ends with ${last}`);
  const said = events.map((line) => JSON.parse(line.slice(6)).choices?.[0]?.delta?.content ?? '').join('');
  const expected = Array.from({ length: count }, (_, index) => `${mark}#${index}${filler} `).join('');
  must(said === expected, `${name} stream of ${mark}: ${said.length} characters, not ${expected.length}`);
}
