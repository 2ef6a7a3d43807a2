/** What a call cost, as an estimate: list prices times tokens. Batch, flex and priority rates and paid tools are not in it. */
import { readFileSync } from 'node:fs';
import { isObject, type Usage } from '../openai/types.ts';
import { PRICES_AS_OF, PRICE_SOURCE, PRICE_TABLE } from './price-table.ts';
import type { CallRecord } from './record.ts';

/** US dollars per million tokens. */
export interface PriceOverride {
  readonly input: number;
  readonly output: number;
  /** Input read from the cloud's cache. Default: `input`. */
  readonly cachedInput?: number;
  /** Input written to the cloud's cache. Default: `input`. */
  readonly cacheWrite?: number;
}

/** The operator's own prices, by the name a client writes: `openai:gpt-4.1`. They stand over the table. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

/** US dollars per million tokens. A rate that is absent is that of plain text. */
interface Rates {
  readonly input: number;
  /** Absent for models that write nothing: embeddings. */
  readonly output?: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  readonly inputAudio?: number;
  readonly outputAudio?: number;
  readonly inputImage?: number;
  readonly outputImage?: number;
}

export interface Price extends Rates {
  /** Unix milliseconds from which it holds; absent: always. */
  readonly from?: number;
  /** The rates of the whole call where its prompt has more tokens than that. */
  readonly above?: Rates & { readonly tokens: number };
}

export interface PricedModel {
  /** For the model's name in lower case. */
  readonly match: RegExp;
  /** Oldest first. */
  readonly prices: readonly Price[];
}

export interface Prices {
  /** Where the table comes from. */
  readonly source: string;
  /** Of which day it is, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** US dollars; undefined where the price or the tokens are unknown. */
  costOf(record: CallRecord): number | undefined;
}

/** Names of each cloud whose price is remembered: clients make them up. */
const MAX_REMEMBERED = 500;

/** @throws TypeError for a price that is no number of dollars. */
export function createPrices(overrides: PriceOverrides = {}): Prices {
  const own = new Map<string, readonly Price[]>(
    Object.entries(overrides).map(([name, price]) => [name, [checked(name, price)]]),
  );
  /** By prefix, then by model: to put a name together costs more than to look it up. */
  const found = new Map<string, Map<string, readonly Price[] | undefined>>();

  function lookUp(prefix: string, model: string): readonly Price[] | undefined {
    let models = found.get(prefix);
    if (models === undefined) found.set(prefix, (models = new Map<string, readonly Price[] | undefined>()));
    if (models.has(model)) return models.get(model);
    if (models.size >= MAX_REMEMBERED) models.clear();
    const prices = own.get(`${prefix}:${model}`) ?? findInTable(prefix, model);
    models.set(model, prices);
    return prices;
  }

  return {
    source: PRICE_SOURCE,
    asOf: PRICES_AS_OF,
    costOf(record) {
      const { provider, model, billedModel = model, usage, startedAt } = record;
      if (usage === undefined) return undefined;
      // A version the table has not heard of costs, as a rule, what its family costs.
      const prices =
        (own.size > 0 ? own.get(`${provider}:${model}`) : undefined) ??
        lookUp(provider, billedModel) ??
        lookUp(provider, model);
      const price = prices?.findLast(({ from = 0 }) => startedAt >= from) ?? prices?.[0];
      return price && costOf(price, usage, record.endpoint.startsWith('images/'));
    },
  };
}

/**
 * The operator's prices from a JSON file: `{"openai:gpt-4.1": {"input": 2, "output": 8, "cachedInput": 0.5}}`.
 * @param prefixes Those of the clouds there are. The table's are known too: several hosts can share a file.
 * @throws TypeError that names the file and says what was expected.
 */
export function readPricesFile(path: string, prefixes: readonly string[] = []): PriceOverrides {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new TypeError(`The price file ${path} cannot be read as JSON.`, { cause });
  }
  if (!isObject(content)) throw new TypeError(`The price file ${path} must hold a JSON object.`);
  const prices = Object.entries(content).map(([name, price]) => [name, checked(name, price)] as const);
  const known = new Set([...Object.keys(PRICE_TABLE), ...prefixes]);
  const strange = prices.find(([name]) => !known.has(name.slice(0, name.indexOf(':'))));
  if (strange !== undefined)
    throw new TypeError(
      `The price file ${path} has a price of '${strange[0]}', and no cloud has that prefix. Known are ${[...known].join(', ')}.`,
    );
  return Object.fromEntries(prices);
}

const NAMES: readonly string[] = ['input', 'output', 'cachedInput', 'cacheWrite'];

function checked(name: string, price: unknown): PriceOverride {
  const expected = `The price of '${name}' must be like {"input": 2, "output": 8}, in US dollars per million tokens`;
  if (!/^[^:]+:./.test(name)) throw new TypeError(`'${name}' has no prefix. Expected e.g. openai:gpt-4.1.`);
  if (!isObject(price) || price['input'] === undefined || price['output'] === undefined)
    throw new TypeError(`${expected}.`);
  for (const [rate, value] of Object.entries(price)) {
    if (!NAMES.includes(rate)) throw new TypeError(`${expected}. Known are ${NAMES.join(', ')}.`);
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
      throw new TypeError(`${expected}: '${rate}' is no such number.`);
  }
  return price as unknown as PriceOverride;
}

function findInTable(prefix: string, model: string): readonly Price[] | undefined {
  const models = Object.hasOwn(PRICE_TABLE, prefix) ? PRICE_TABLE[prefix] : undefined;
  const name = model.toLowerCase();
  return models?.find(({ match }) => match.test(name))?.prices;
}

/** @param isImage The endpoint answers with images alone. */
function costOf(price: Price, usage: Usage, isImage: boolean): number | undefined {
  const { prompt_tokens: prompt, completion_tokens: completion } = usage;
  const rates = price.above !== undefined && prompt > price.above.tokens ? price.above : price;
  const outputs = outputTokens(rates, usage, isImage);
  if (outputs === undefined || (completion > 0 && rates.output === undefined)) return undefined;
  const { input, output = 0 } = rates;
  const details = usage.prompt_tokens_details ?? {};
  const cached = details.cached_tokens ?? 0;
  const written = details.cache_write_tokens ?? 0;
  // What is cached can be sound or a picture too, and is paid once: these count as far as the rest of the prompt goes.
  const fresh = Math.max(0, prompt - cached - written);
  const audio = Math.min(details['audio_tokens'] ?? 0, fresh);
  const image = Math.min(details['image_tokens'] ?? 0, fresh - audio);
  const millionfold =
    (fresh - audio - image) * input +
    cached * (rates.cachedInput ?? input) +
    written * (rates.cacheWrite ?? input) +
    audio * (rates.inputAudio ?? input) +
    image * (rates.inputImage ?? input) +
    Math.max(0, completion - outputs.audio - outputs.image) * output +
    outputs.audio * (rates.outputAudio ?? output) +
    outputs.image * (rates.outputImage ?? output);
  return millionfold / 1e6;
}

/** Undefined where images cost more than text and the cloud does not say how much of the output they are. */
function outputTokens(
  rates: Rates,
  usage: Usage,
  isImage: boolean,
): { audio: number; image: number } | undefined {
  const details = usage.completion_tokens_details ?? {};
  const audio = details['audio_tokens'] ?? 0;
  if (rates.outputImage === undefined) return { audio, image: 0 };
  const rest = usage.completion_tokens - audio - (details.reasoning_tokens ?? 0);
  const text = details['text_tokens'] ?? (isImage ? 0 : undefined);
  const image = details['image_tokens'] ?? (text === undefined ? undefined : Math.max(0, rest - text));
  return image === undefined ? undefined : { audio, image };
}
