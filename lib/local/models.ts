/** Which models a node serves, as its `GET /v1/models` says. */
import { get as httpGet, type Agent, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isObject, type Model } from '../openai/types.ts';

/** So long a list is believed, and so soon a node that gave none is asked again. Milliseconds. */
const FRESH_MS = 60_000;
const RETRY_MS = 10_000;

/** So long after its last answer a node counts as one that is busy, and not as gone. Milliseconds. */
const KEPT_MS = 600_000;

/** A node that needs longer for its list is taken as it was known before. Milliseconds. */
const TIMEOUT_MS = 3_000;

/** More than any real list. Bytes. */
const LARGEST_LIST = 8 * 1024 * 1024;

export interface ModelList {
  /**
   * The node's models. Where it does not say, what was known before, until 10 minutes after its last answer, then none.
   * Never rejects.
   */
  get(): Promise<readonly Model[]>;
  /** The same without waiting for a node that was asked before: its new list is for a later request. */
  known(): Promise<readonly Model[]>;
}

export function createModelList(url: URL, agent: Agent): ModelList {
  let models: readonly Model[] = [];
  // By `performance.now()`: the clock on the wall can be set.
  let freshUntil = 0;
  let keptUntil = 0;
  let running: Promise<readonly Model[]> | undefined;
  let asked = false;

  async function refresh(): Promise<readonly Model[]> {
    try {
      models = toModels(await getJson(url, agent));
      freshUntil = performance.now() + FRESH_MS;
      keptUntil = performance.now() + KEPT_MS;
    } catch {
      freshUntil = performance.now() + RETRY_MS;
      if (performance.now() >= keptUntil) models = [];
    }
    running = undefined;
    asked = true;
    return models;
  }

  async function get(): Promise<readonly Model[]> {
    if (performance.now() < freshUntil) return models;
    running ??= refresh();
    return running;
  }

  return {
    get,
    async known() {
      const latest = get();
      return asked ? models : latest;
    },
  };
}

/** Ollama lists `llama3.2:latest` and answers to `llama3.2`. */
export function serves(models: readonly Model[], model: string): boolean {
  return models.some(({ id }) => id === model || id === `${model}:latest`);
}

async function getJson(url: URL, agent: Agent): Promise<unknown> {
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent, signal: AbortSignal.timeout(TIMEOUT_MS) }, resolve).on('error', reject);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_LIST) throw new Error('too large');
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** @throws if it is no list: what is known is better than nothing. */
function toModels(body: unknown): Model[] {
  if (!isObject(body) || !Array.isArray(body.data)) throw new Error('no list of models');
  return body.data.filter(isObject).flatMap((entry) =>
    typeof entry.id === 'string'
      ? [
          {
            ...entry,
            id: entry.id,
            object: 'model',
            created: typeof entry.created === 'number' ? entry.created : 0,
            owned_by: typeof entry.owned_by === 'string' ? entry.owned_by : 'local',
          },
        ]
      : [],
  );
}
