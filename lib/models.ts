/** The clouds' models under their prefixes: asked for rarely, kept for a day, and never lost because one cloud fails. */
import debug from 'debug';
import type { Model } from './openai/types.ts';
import type { Cloud } from './sender.ts';
import { RouterError } from './errors.ts';
import { Cancellation } from './transport/cancellation.ts';
import { readBody } from './transport/read.ts';

const log = debug('llm-prefix-router:models');

const FRESH_MS = 24 * 60 * 60 * 1000;
/** How long a cloud that failed is left alone: nobody waits for it meanwhile, and what was mended is soon seen. */
const PAUSE_MS = 60_000;
/** How long a slow cloud, or its key, may hold up the list. */
const PATIENCE_MS = 10_000;
/** More pages than any cloud has: the end of a list that never ends. */
const MAX_PAGES = 20;

export interface ModelLists {
  /** Models of all configured clouds, ids prefixed, cloud by cloud. Never rejects. */
  list(): Promise<Model[]>;
}

export function createModelLists(clouds: ReadonlyMap<string, Cloud>): ModelLists {
  const lists = [...clouds.values()].map((cloud) => createCloudList(cloud));
  return { list: async () => (await Promise.all(lists.map((list) => list()))).flat() };
}

/** One cloud's list. Several who ask at once share one question. */
function createCloudList(cloud: Cloud): () => Promise<Model[]> {
  let known: Model[] = [];
  // By `performance.now()`: the clock on the wall can be set.
  let nextAskMs = 0;
  let asking: Promise<Model[]> | undefined;
  const ask = async (): Promise<Model[]> => {
    let restMs = PAUSE_MS;
    try {
      const models = await readAll(cloud);
      // An empty list is more likely a fault than the truth: it takes the place of no other.
      if (models.length > 0) {
        known = models;
        restMs = FRESH_MS;
      }
    } catch (error) {
      log('%s: %s', cloud.settings.provider.prefix, error instanceof RouterError ? error.code : 'failed');
    }
    nextAskMs = performance.now() + restMs;
    return known;
  };
  return () => {
    if (!cloud.settings.key.isConfigured()) return Promise.resolve([]);
    if (performance.now() < nextAskMs) return Promise.resolve(known);
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  };
}

async function readAll(cloud: Cloud): Promise<Model[]> {
  const { provider, key } = cloud.settings;
  const cancellation = new Cancellation();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const givenUp = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => {
      const reason = patience.reason as Error;
      cancellation.cancel(reason);
      reject(reason);
    };
    patience.addEventListener('abort', giveUp, { once: true });
  });
  // The key can be the host's own function, which may never settle.
  const apiKey = await Promise.race([key.read(), givenUp]);
  if (apiKey === undefined) return [];
  const headers = {
    'accept-encoding': 'identity',
    ...provider.authorize(apiKey),
    ...cloud.settings.headers,
  };
  return readPages(cloud, headers, cancellation);
}

async function readPages(
  { settings, transport }: Cloud,
  headers: Readonly<Record<string, string>>,
  cancellation: Cancellation,
): Promise<Model[]> {
  const { provider, basePath } = settings;
  const models: Model[] = [];
  const seen = new Set<string | undefined>();
  for (let cursor: string | undefined, page = 0; page < MAX_PAGES && !seen.has(cursor); page += 1) {
    seen.add(cursor);
    const upstream = await transport.list({
      path: basePath + provider.modelList.path(cursor),
      headers,
      cancellation,
    });
    const body = await readBody(upstream);
    if (upstream.status !== 200)
      throw new RouterError('provider_error', { message: `HTTP ${upstream.status}` });
    const answer = provider.modelList.toModels(JSON.parse(body.toString('utf8')));
    for (const model of answer.models) models.push({ ...model, id: `${provider.prefix}:${model.id}` });
    if (answer.next === undefined) break;
    cursor = answer.next;
  }
  return models;
}
