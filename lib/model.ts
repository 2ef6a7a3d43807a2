/**
 * Whose is a model name: a cloud's, the host's own (local), or nobody's (refused)? Names are split once, at the first
 * colon, and only a registered prefix, exactly as written, leads to a cloud: a doubtful name never costs money.
 */
import { isAsyncFunction } from 'node:util/types';
import { RouterError } from './errors.ts';
import { LOCAL_MODELS } from './local-names.ts';
import { readModelOptions, type ModelRuleOptions, type ModelSettings } from './model-options.ts';
import { findSlip, hasOtherColon, nearestPrefix, showWord, type Slip } from './spelling.ts';

export type { LocalModels, ModelRuleOptions } from './model-options.ts';

declare const madeByModelRule: unique symbol;

/** What it takes to open a connection to a cloud. Only this file makes one. */
export interface CloudModel {
  /** A registered prefix, without the colon. */
  readonly prefix: string;
  /** The cloud's own model id: everything behind the first colon, unchanged. */
  readonly model: string;
  readonly [madeByModelRule]: true;
}

export interface CloudDecision extends CloudModel {
  readonly kind: 'cloud';
}

export interface LocalDecision {
  readonly kind: 'local';
  /**
   * - `no_model`: absent, or no string.
   * - `no_colon`: a plain name.
   * - `no_word`: before the colon stands no word but a host, a path or a name with dots.
   * - `digit`: the word before the colon holds a digit, as names of models do.
   * - `tag`: behind the colon stands a tag of a local model.
   * - `declared`: `localModels` says so.
   * - `any`: `unknownPrefix` is `local`.
   */
  readonly reason: 'no_model' | 'no_colon' | 'no_word' | 'digit' | 'tag' | 'declared' | 'any';
}

export interface RefusedDecision {
  readonly kind: 'refused';
  readonly code: 'unknown_prefix' | 'invalid_model';
  /**
   * `unknown_prefix`: a slip of the pen (`near_miss`, `case`, `fullwidth`, `space`), a word nobody knows
   * (`unregistered`), or one that the host's function failed to judge (`local_models_failed`). `invalid_model`: what
   * stands behind a registered prefix is `empty`, `too_long` or holds wrong `characters`.
   */
  readonly reason:
    | 'near_miss'
    | 'case'
    | 'fullwidth'
    | 'space'
    | 'unregistered'
    | 'local_models_failed'
    | 'empty'
    | 'too_long'
    | 'characters';
  /** What stands before the colon, fit to be shown: at most 64 characters, none of them a control character. */
  readonly word: string;
  /** The registered prefix that was probably meant. */
  readonly nearest?: string;
  readonly message: string;
  readonly hint: string;
  /** Only from `explain`: an asynchronous `localModels` function has the last word and was not asked. */
  readonly asksLocalModels?: true;
  /** Only with `local_models_failed`: what the host's function threw. */
  readonly cause?: unknown;
}

export type Decision = LocalDecision | CloudDecision | RefusedDecision;

export interface ModelRule {
  /** Where that name would go and why. Asks no asynchronous function. */
  explain(model: unknown): Decision;
  /** The same, with the host's function asked where the name alone does not tell. A promise only where that gives one. */
  readonly decide: (model: unknown) => Decision | Promise<LocalDecision | RefusedDecision>;
  /** What is allowed but may surprise, a sentence each: for the host's log at start-up. */
  readonly warnings: readonly string[];
}

/** @throws TypeError for a wrong option: says what was given and what was probably meant. */
export function createModelRule(options: ModelRuleOptions): ModelRule {
  const settings = readModelOptions(options);
  const ask = settings.askHost;
  let isAsync = ask !== undefined && isAsyncFunction(ask);

  function explain(model: unknown): Decision {
    if (typeof model !== 'string') return NO_MODEL;
    const decision = judge(model, settings);
    if (decision !== undefined) return decision;
    const refusal = unregistered(model, settings);
    if (ask === undefined) return refusal;
    const answer = isAsync ? undefined : askHost(ask, model, settings);
    if (answer !== undefined && 'kind' in answer) return answer;
    isAsync = true; // a plain function that gives promises shows it when it is asked for the first time
    return { ...refusal, asksLocalModels: true };
  }

  function decide(model: unknown): Decision | Promise<LocalDecision | RefusedDecision> {
    if (typeof model !== 'string') return NO_MODEL;
    const decision = judge(model, settings);
    if (decision !== undefined) return decision;
    return ask === undefined ? unregistered(model, settings) : askHost(ask, model, settings);
  }

  return { explain, decide, warnings: settings.warnings };
}

/** The refusal as the client reads it. */
export function toRouterError(decision: RefusedDecision): RouterError {
  return new RouterError(decision.code, {
    message: decision.message,
    param: 'model',
    hint: decision.hint,
    ...(decision.cause !== undefined && { cause: decision.cause }),
  });
}

const NO_MODEL = local('no_model');
const NO_COLON = local('no_colon');
const NO_WORD = local('no_word');
const DIGIT = local('digit');
const TAG = local('tag');
const DECLARED = local('declared');
const ANY = local('any');

function local(reason: LocalDecision['reason']): LocalDecision {
  return Object.freeze({ kind: 'local', reason });
}

/** What the name alone tells; undefined: refused, unless the host's function says that it is local. */
function judge(name: string, settings: ModelSettings): Decision | undefined {
  const colon = name.indexOf(':');
  if (colon === -1 && !hasOtherColon(name)) return NO_COLON;
  const word = name.slice(0, Math.max(colon, 0));
  if (settings.prefixes.has(word)) return toCloud(word, name.slice(colon + 1));
  if (settings.unknownPrefix === 'local') return ANY;
  const slip = findSlip(name, settings.prefixes);
  if (slip !== undefined) return slipped(name, slip, settings);
  return judgeWord(name, word, name.slice(colon + 1), settings);
}

/** @param word What stands before the colon: empty, or no registered prefix in any spelling. */
function judgeWord(name: string, word: string, rest: string, settings: ModelSettings): Decision | undefined {
  if (!WORD.test(word) || PATH_OR_PORT.test(rest)) return NO_WORD;
  // Before the near misses, so that a name which happens to be one can be declared. Patterns may be broad: last.
  if (settings.localNames.has(name)) return DECLARED;
  const near = LOCAL_MODELS.has(word.toLowerCase()) ? undefined : nearestPrefix(word, settings.prefixes);
  if (near !== undefined) return nearMiss(name, near, settings);
  if (settings.unknownPrefix === 'tags') {
    if (/\d/.test(word)) return DIGIT;
    if (settings.isTag(rest)) return TAG;
  }
  return settings.localPatterns.some((matches) => matches(name)) ? DECLARED : undefined;
}

const WORD = /^[A-Za-z0-9_-]+$/;
/** Behind `C:` and `host:`. */
const PATH_OR_PORT = /^(?:[/\\]|\d{1,5}\/)/;

const MAX_MODEL_LENGTH = 256;
const VISIBLE_ASCII = /^[!-~]*$/;
/** Blanks, control and format characters, halves of a character. */
const UNFIT = /[\s\p{Cc}\p{Cf}\p{Cs}]/u;

function toCloud(prefix: string, model: string): CloudDecision | RefusedDecision {
  if (model.trim() === '') return invalidModel(prefix, 'empty', 'is missing');
  if (model.length > MAX_MODEL_LENGTH)
    return invalidModel(prefix, 'too_long', `is longer than ${MAX_MODEL_LENGTH} characters`);
  if (!VISIBLE_ASCII.test(model) && UNFIT.test(model))
    return invalidModel(prefix, 'characters', 'holds a blank or a control character');
  return { kind: 'cloud', prefix, model } as CloudDecision;
}

function invalidModel(
  prefix: string,
  reason: 'empty' | 'too_long' | 'characters',
  fault: string,
): RefusedDecision {
  return {
    kind: 'refused',
    code: 'invalid_model',
    reason,
    word: prefix,
    message: `The model name behind '${prefix}:' ${fault}.`,
    hint: `Write the cloud's own model id behind the colon, with nothing in between: '${prefix}:<model id>'.`,
  };
}

/** The sentence of `message` is a contract: clients may compare it. All else is said in the hint. */
function unknownPrefix(
  name: string,
  details: Pick<RefusedDecision, 'reason' | 'hint' | 'nearest' | 'cause'>,
): RefusedDecision {
  const word = showWord(name);
  return {
    kind: 'refused',
    code: 'unknown_prefix',
    word,
    message: `Unknown cloud provider prefix: ${word}:`,
    ...details,
  };
}

function slipped(name: string, { prefix, reason }: Slip, settings: ModelSettings): RefusedDecision {
  const advice = {
    case: `Prefixes are lower case: write '${prefix}:'.`,
    fullwidth: `Write '${prefix}:' in ASCII characters, the colon as well.`,
    space: `Write '${prefix}:' without a blank.`,
  };
  return unknownPrefix(name, {
    reason,
    nearest: prefix,
    hint: `${advice[reason]} ${registered(settings)}`,
  });
}

function nearMiss(name: string, prefix: string, settings: ModelSettings): RefusedDecision {
  return unknownPrefix(name, {
    reason: 'near_miss',
    nearest: prefix,
    hint: `Did you mean '${prefix}:'? ${registered(settings)} ${HOW_TO_DECLARE}`,
  });
}

function unregistered(name: string, settings: ModelSettings): RefusedDecision {
  return unknownPrefix(name, {
    reason: 'unregistered',
    hint: `${registered(settings)} ${HOW_TO_DECLARE}`,
  });
}

function unjudged(name: string, settings: ModelSettings, cause: unknown): RefusedDecision {
  return unknownPrefix(name, {
    reason: 'local_models_failed',
    cause,
    hint: `Whether it is a local model is not known: the server's localModels function failed. ${registered(settings)}`,
  });
}

const HOW_TO_DECLARE =
  "If this is the whole name of a local model, the server's operator can list it in the option localModels.";

function registered({ prefixes }: ModelSettings): string {
  if (prefixes.size === 0) return 'No prefix is registered.';
  return `Registered prefixes: ${[...prefixes].map((prefix) => `${prefix}:`).join(', ')}.`;
}

/** A function that fails makes no name local. */
function askHost(
  ask: (name: string) => boolean | Promise<boolean>,
  name: string,
  settings: ModelSettings,
): LocalDecision | RefusedDecision | Promise<LocalDecision | RefusedDecision> {
  const decision = (isLocal: boolean): LocalDecision | RefusedDecision =>
    isLocal ? DECLARED : unregistered(name, settings);
  try {
    const answer = ask(name);
    if (typeof answer !== 'object') return decision(answer);
    return Promise.resolve(answer).then(decision, (cause: unknown) => unjudged(name, settings, cause));
  } catch (cause) {
    return unjudged(name, settings, cause);
  }
}
