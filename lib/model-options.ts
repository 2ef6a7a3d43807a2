/** The options of the rule for model names, checked at start-up. */
import { createPatternTest, createTagTest, LOCAL_MODELS } from './local-names.ts';
import { show } from './show.ts';
import { editDistance, findSlip } from './spelling.ts';

/**
 * Names that are local although nothing in them says so. A string is a whole name (`my-bot:prod`). A function is
 * asked last, for names that would be refused otherwise, and can only make them local.
 */
export type LocalModels =
  readonly (string | RegExp)[] | RegExp | ((model: string) => boolean | Promise<boolean>);

export interface ModelRuleOptions {
  /** The words that lead to a cloud, lower case and without the colon. */
  readonly prefixes: readonly string[];
  /** Default `tags`. */
  readonly unknownPrefix?: 'tags' | 'strict' | 'local' | undefined;
  readonly localModels?: LocalModels | undefined;
  /** Words, or a pattern, beside the tags that are known anyway. */
  readonly localTags?: readonly string[] | RegExp | undefined;
}

/** The options as the rule uses them. */
export interface ModelSettings {
  readonly prefixes: ReadonlySet<string>;
  readonly unknownPrefix: 'tags' | 'strict' | 'local';
  /** Whole names that the host declares local. */
  readonly localNames: ReadonlySet<string>;
  readonly localPatterns: readonly ((name: string) => boolean)[];
  readonly askHost: ((model: string) => boolean | Promise<boolean>) | undefined;
  readonly isTag: (tag: string) => boolean;
  readonly warnings: readonly string[];
}

const MODES = ['tags', 'strict', 'local'] as const;

/** @throws TypeError that says what was given and what was probably meant. */
export function readModelOptions(options: ModelRuleOptions): ModelSettings {
  const prefixes = readPrefixes(options.prefixes);
  const unknownPrefix = readMode(options.unknownPrefix);
  const { localModels, localTags } = options;
  return {
    prefixes,
    unknownPrefix,
    ...readLocalModels(localModels, prefixes),
    isTag: createTagTest(readTags(localTags)),
    warnings: [
      ...hiddenModels(prefixes),
      ...idle('localTags', localTags, unknownPrefix !== 'tags', unknownPrefix),
      ...idle('localModels', localModels, unknownPrefix === 'local', unknownPrefix),
    ],
  };
}

function readPrefixes(prefixes: readonly string[]): ReadonlySet<string> {
  for (const prefix of prefixes) {
    if (typeof prefix === 'string' && /^[a-z][a-z0-9_-]*$/.test(prefix)) continue;
    const meant = String(prefix).trim().replace(/:$/, '').toLowerCase();
    const proposal = /^[a-z][a-z0-9_-]*$/.test(meant) ? ` Did you mean '${meant}'?` : '';
    throw new TypeError(
      `A prefix is a lower-case word of a-z, 0-9, _ and -, without the colon; got ${show(prefix)}.${proposal}`,
    );
  }
  const known = new Set(prefixes);
  const twice = prefixes.find((prefix, index) => prefixes.indexOf(prefix) !== index);
  if (twice !== undefined) throw new TypeError(`The prefix '${twice}' is registered twice.`);
  return known;
}

function readMode(mode: unknown): (typeof MODES)[number] {
  if (mode === undefined) return 'tags';
  const known = MODES.find((one) => one === mode);
  if (known !== undefined) return known;
  const word = typeof mode === 'string' ? mode.trim().toLowerCase() : '';
  const meant = MODES.find((one) => editDistance(word, one) <= 2);
  const proposal = meant === undefined ? '' : ` Did you mean '${meant}'?`;
  throw new TypeError(`unknownPrefix is 'tags', 'strict' or 'local'; got ${show(mode)}.${proposal}`);
}

function readLocalModels(
  given: unknown,
  prefixes: ReadonlySet<string>,
): Pick<ModelSettings, 'localNames' | 'localPatterns' | 'askHost'> {
  const askHost = typeof given === 'function' ? (given as ModelSettings['askHost']) : undefined;
  const entries: unknown = askHost !== undefined || given === undefined ? [] : toList(given);
  if (!Array.isArray(entries)) {
    const proposal = typeof given === 'string' ? ` Did you mean [${show(given)}]?` : '';
    throw new TypeError(
      `localModels is a list of names and RegExps, one RegExp, or a function; got ${show(given)}.${proposal}`,
    );
  }
  const localNames = new Set<string>();
  const localPatterns: ((name: string) => boolean)[] = [];
  for (const entry of entries as unknown[]) {
    if (entry instanceof RegExp) localPatterns.push(createPatternTest(entry));
    else localNames.add(readLocalName(entry, prefixes));
  }
  return { localNames, localPatterns, askHost };
}

function toList(given: unknown): unknown {
  return given instanceof RegExp ? [given] : given;
}

/** A cloud's prefix always wins: an entry that would have to win over it is a mistake. */
function readLocalName(entry: unknown, prefixes: ReadonlySet<string>): string {
  if (typeof entry !== 'string')
    throw new TypeError(`localModels lists strings and RegExps; got ${show(entry)}.`);
  const prefix = findPrefix(entry, prefixes);
  if (prefix === undefined) return entry;
  throw new TypeError(
    `localModels: ${show(entry)} begins with the registered prefix '${prefix}:', and a cloud's prefix always wins. ` +
      `Give the local model another name, or leave out the provider.`,
  );
}

function findPrefix(name: string, prefixes: ReadonlySet<string>): string | undefined {
  const [word = ''] = name.split(':', 1);
  return word !== name && prefixes.has(word) ? word : findSlip(name, prefixes)?.prefix;
}

function readTags(given: unknown): readonly string[] | RegExp {
  if (given === undefined) return [];
  if (given instanceof RegExp) return given;
  if (!Array.isArray(given)) {
    const proposal = typeof given === 'string' ? ` Did you mean [${show(given)}]?` : '';
    throw new TypeError(`localTags is a list of words or a RegExp; got ${show(given)}.${proposal}`);
  }
  return given.map((tag: unknown) => {
    if (typeof tag === 'string' && /^\w[\w.-]*$/.test(tag)) return tag;
    const meant = typeof tag === 'string' ? tag.slice(tag.lastIndexOf(':') + 1).trim() : '';
    const proposal = /^\w[\w.-]*$/.test(meant) ? ` Did you mean '${meant}'?` : '';
    throw new TypeError(
      `localTags lists words of letters, digits, '_', '.' and '-', without the colon; got ${show(tag)}.${proposal}`,
    );
  });
}

function hiddenModels(prefixes: ReadonlySet<string>): string[] {
  return [...prefixes]
    .filter((prefix) => LOCAL_MODELS.has(prefix))
    .map(
      (prefix) =>
        `The prefix '${prefix}' hides local models of that name: '${prefix}:latest' and every other '${prefix}:<tag>' ` +
        `now go to the cloud. '${prefix}' without a colon stays local.`,
    );
}

function idle(option: string, given: unknown, isIdle: boolean, mode: string): string[] {
  return isIdle && given !== undefined ? [`${option} has no effect with unknownPrefix '${mode}'.`] : [];
}
