/** Options and environment, checked once, as one frozen Config. Nobody else reads the environment. */
import { Ajv } from 'ajv';
import { readHeaders } from './header-options.ts';
import { createKeySource, type KeySource } from './keys.ts';
import { createModelRule, type LocalModels, type ModelRule } from './model.ts';
import { isObject, type Model } from './openai/types.ts';
import { isPrivateHost } from './private-host.ts';
import type { Provider, Timeouts } from './providers/provider.ts';
import { anthropic, google, openai } from './providers/index.ts';
import { quotesAround } from './quotes.ts';
import { show } from './show.ts';
import { createPrices, readPricesFile, type Prices } from './status/prices.ts';
import type { CallRecord } from './status/record.ts';

/** What `createPrefixRouter()` takes. All of it is checked at start. */
export interface RouterOptions {
  /** The clouds. Default: `[openai(), google(), anthropic()]`. */
  readonly providers?: readonly Provider[];
  /** Where keys and base URLs are read from, once, at start. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * What a word before a colon means that is no registered prefix. Default `tags`.
   * - `tags`: `gpt-oss:20b` and everything else that looks like a local model with its tag is local, the rest is 400.
   *   A word with a digit or a dot in it always looks like one.
   * - `strict`: 400 for a plain word (letters, digits, `_`, `-`), unless `localModels` declares the name.
   * - `local`: always local.
   */
  readonly unknownPrefix?: 'tags' | 'strict' | 'local';
  /** Names with a colon that are local although they do not look like it. */
  readonly localModels?: LocalModels;
  /** Further words that may stand behind the colon of a local model. */
  readonly localTags?: readonly string[] | RegExp;
  /**
   * What a cloud has no word for. Default `report`: tuning hints are left out and named in `x-prefix-router-dropped`;
   * `error`: 400 for them too.
   */
  readonly unsupportedParams?: 'report' | 'error';
  /** Largest request for a cloud, in bytes, also after inflating. Default 32 MiB. A local request has no limit here. */
  readonly bodyLimit?: number;
  /** For all clouds; `timeouts` of a provider stand over them. */
  readonly timeouts?: Partial<Timeouts>;
  /** Path of the status page, below the mount. Default `/v0/status`; `false` turns it off. */
  readonly statusPath?: string | false;
  /** The host's own models. With it `GET /v1/models` answers the list of all; without it that path is the host's. */
  readonly listLocalModels?: () => Promise<readonly Model[]> | readonly Model[];
  /** Gets one frozen record when a cloud call has ended, however it ended. */
  readonly onCall?: (record: CallRecord) => void;
}

/** One cloud as this router uses it. */
export interface CloudSettings {
  readonly provider: Provider;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path of the base URL, without a trailing slash. */
  readonly basePath: string;
  readonly baseUrl: string;
  readonly key: KeySource;
  readonly timeouts: Timeouts;
  /** The host's own headers for this cloud, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of these headers must be repeated to nobody, as keys must not. */
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

export interface Config {
  readonly clouds: ReadonlyMap<string, CloudSettings>;
  readonly rule: ModelRule;
  readonly unsupportedParams: 'report' | 'error';
  readonly bodyLimit: number;
  readonly statusPath: string | false;
  readonly listLocalModels: RouterOptions['listLocalModels'];
  readonly onCall: RouterOptions['onCall'];
  readonly prices: Prices;
  /** One sentence for each setting that works, but hardly as it is meant. */
  readonly warnings: readonly string[];
}

const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 10_000, firstByteMs: 1_200_000, idleMs: 300_000 };

/** @throws TypeError that names the option or variable and says what was expected. */
export function readConfig(options: RouterOptions): Config {
  checkOptions(options);
  const env = options.env ?? process.env;
  const providers = options.providers ?? [openai(), google(), anthropic()];
  checkEnvironment(env, providers);
  const clouds = new Map(
    providers.map((provider) => [provider.prefix, cloudSettings(provider, env, options.timeouts)]),
  );
  if (clouds.size !== providers.length)
    throw new TypeError('Two providers have the same prefix. Every prefix can name one cloud only.');
  const rule = createModelRule({
    prefixes: [...clouds.keys()],
    unknownPrefix: options.unknownPrefix,
    localModels: options.localModels,
    localTags: options.localTags,
  });
  return Object.freeze({
    clouds,
    rule,
    unsupportedParams: options.unsupportedParams ?? 'report',
    bodyLimit: options.bodyLimit ?? 32 * 1024 * 1024,
    statusPath: options.statusPath ?? '/v0/status',
    listLocalModels: options.listLocalModels,
    onCall: options.onCall,
    prices: readPrices(env, [...clouds.keys()]),
    warnings: [...rule.warnings, ...[...clouds.values()].flatMap((cloud) => cloud.warnings)],
  });
}

/** The variable that names the operator's own prices. */
const PRICES_FILE = 'PREFIX_ROUTER_PRICES_FILE';

/** @throws TypeError for what is no text: a host can give settings of its own. The value may be a key. */
function checkEnvironment(env: NodeJS.ProcessEnv, providers: readonly Provider[]): void {
  const names = providers.flatMap(({ environment: { apiKey, baseUrl } }) => [
    apiKey,
    `${apiKey}_FILE`,
    baseUrl,
  ]);
  for (const name of [...names, PRICES_FILE]) {
    const value: unknown = env[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} must be a string; got ${typeof value}.`);
  }
}

/** The operator's own prices stand over the table that comes with the package. */
function readPrices(env: NodeJS.ProcessEnv, prefixes: readonly string[]): Prices {
  const file = env[PRICES_FILE]?.trim();
  return createPrices(file ? readPricesFile(file, prefixes) : {});
}

function cloudSettings(
  provider: Provider,
  env: NodeJS.ProcessEnv,
  timeouts: Partial<Timeouts> | undefined,
): CloudSettings {
  const { options, environment } = provider;
  const where = options.baseUrl === undefined ? environment.baseUrl : `${provider.prefix}(options).baseUrl`;
  const url = readBaseUrl(
    options.baseUrl ?? (env[environment.baseUrl]?.trim() || provider.defaultBaseUrl),
    where,
  );
  const key = createKeySource(provider, env);
  const path = url.pathname.replace(/\/+$/, '');
  const basePath = (provider.cleanBasePath?.(path) ?? path) || provider.versionPath;
  return {
    provider,
    origin: url.origin,
    basePath,
    baseUrl: url.origin + basePath,
    key,
    timeouts: { ...DEFAULT_TIMEOUTS, ...given(timeouts), ...given(options.timeouts) },
    headers: readHeaders(options.headers ?? {}, `${provider.prefix}(options).headers`),
    secrets: secretsIn(options.headers ?? {}),
    warnings: [
      ...(key.warning === undefined ? [] : [key.warning]),
      ...(url.protocol === 'https:' || isPrivateHost(url.hostname)
        ? []
        : [
            `${where} begins with http:// and its host does not look private, so the key travels unencrypted. ` +
              `Use https://, unless all of the way there is your own network.`,
          ]),
    ],
  };
}

/** Without what is undefined, which would hide the default below it. */
function given(timeouts: Partial<Timeouts> = {}): Partial<Timeouts> {
  return Object.fromEntries(Object.entries(timeouts).filter(([, value]) => value !== undefined));
}

/** A gateway between here and the cloud has a key of its own, whose header is recognised by its name. */
function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => /auth|cookie|key|password|secret|token/i.test(name))
    .map(([, value]) => value.replace(/^(?:basic|bearer) +/i, ''))
    .filter((secret) => secret.length >= SHORTEST_SECRET);
}

/** What is shorter is a placeholder of a test or a local server; cutting it out would garble sentences. Characters. */
export const SHORTEST_SECRET = 8;

/** The value is never repeated: people paste keys into URLs. */
function readBaseUrl(text: string, where: string): URL {
  const quotes = quotesAround(text);
  if (quotes !== undefined) throw new TypeError(`${where} ${quotes}`);
  if (!URL.canParse(text))
    throw new TypeError(`${where} is no URL. Expected e.g. https://api.example.com/v1.`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TypeError(`${where} must begin with https:// or http://.`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`${where} must not hold a user name or password. The key has a variable of its own.`);
  if (/[?#]/.test(text)) throw new TypeError(`${where} must not hold a query (?) or a fragment (#).`);
  return url;
}

const positive = { type: 'integer', minimum: 1 };

const TIMEOUTS_SCHEMA = {
  type: 'object',
  properties: { connectMs: positive, firstByteMs: positive, idleMs: positive },
  additionalProperties: false,
};

const OPTIONS_SCHEMA = {
  type: 'object',
  properties: {
    providers: { type: 'array', minItems: 1 },
    env: { type: 'object' },
    unknownPrefix: {},
    localModels: {},
    localTags: {},
    unsupportedParams: { enum: ['report', 'error'] },
    bodyLimit: positive,
    timeouts: TIMEOUTS_SCHEMA,
    statusPath: {},
    listLocalModels: {},
    onCall: {},
  },
  additionalProperties: false,
};

const PROVIDER_OPTIONS_SCHEMA = {
  type: 'object',
  properties: {
    apiKey: {},
    baseUrl: { type: 'string' },
    timeouts: TIMEOUTS_SCHEMA,
    headers: { type: 'object', additionalProperties: { type: 'string' } },
  },
  additionalProperties: false,
};

/** Without this, ajv would print all the source it could not compile. */
function checkCodeGeneration(): void {
  try {
    Reflect.construct(Function, ['']);
  } catch (cause) {
    throw new TypeError(
      'createPrefixRouter generates the code that checks requests: start Node without --disallow-code-generation-from-strings.',
      { cause },
    );
  }
}

function checkOptions(options: RouterOptions): void {
  checkCodeGeneration();
  const ajv = new Ajv({ verbose: true });
  const fail = (where: string): never => {
    const [error] = ajv.errors ?? [];
    const unknown: unknown = error?.params['additionalProperty'];
    const field = `${where}${(error?.instancePath ?? '').replaceAll('/', '.')}`;
    if (typeof unknown === 'string')
      throw new TypeError(`Unknown option '${unknown}' in ${field}.${known(error?.parentSchema)}`);
    if (error?.keyword === 'enum') {
      const allowed = error.params['allowedValues'] as readonly string[];
      throw new TypeError(`${field} must be ${allowed.map(show).join(' or ')}; got ${show(error.data)}.`);
    }
    throw new TypeError(`${field} ${error?.message ?? 'is not valid'}.`);
  };
  if (!ajv.validate(OPTIONS_SCHEMA, options)) fail('createPrefixRouter(options)');
  for (const name of ['listLocalModels', 'onCall'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new TypeError(`createPrefixRouter(options).${name} must be a function.`);
  }
  const { statusPath = false }: { readonly statusPath?: unknown } = options;
  if (statusPath !== false && !(typeof statusPath === 'string' && /^\/[^?#]*$/.test(statusPath)))
    throw new TypeError(
      `createPrefixRouter(options).statusPath must be a path that begins with '/' and has no '?' or '#', or false; got ${show(statusPath)}.`,
    );
  for (const provider of options.providers ?? []) {
    if (typeof provider?.prefix !== 'string' || typeof provider.toError !== 'function')
      throw new TypeError('providers must hold what openai(), google() or anthropic() return.');
    if (!ajv.validate(PROVIDER_OPTIONS_SCHEMA, provider.options)) fail(`${provider.prefix}(options)`);
    checkKeyOption(provider.options.apiKey, `${provider.prefix}(options).apiKey`);
  }
}

/** Of what is no text, only the kind is told: a number may be a secret too. */
function checkKeyOption(given: unknown, option: string): void {
  if (given === undefined || typeof given === 'string' || typeof given === 'function') return;
  throw new TypeError(
    `${option} must be a string or a function; got ${given === null ? 'null' : typeof given}.`,
  );
}

function known(parentSchema: unknown): string {
  return isObject(parentSchema) && isObject(parentSchema['properties'])
    ? ` Known are ${Object.keys(parentSchema['properties']).join(', ')}.`
    : '';
}
