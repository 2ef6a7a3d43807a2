/**
 * What differs by model and is told by no endpoint: `GET /v1/models/{id}` gives the output ceiling and the thinking
 * types, but not who still takes a temperature or a system message in the middle. Everything that Anthropic checks
 * itself with a clear sentence (prefill, forced tools, effort levels) is left to Anthropic.
 *
 * Sources, under https://platform.claude.com/docs/en/: about-claude/models/overview (output ceilings),
 * build-with-claude/thinking and build-with-claude/effort (thinking types, defaults, levels),
 * build-with-claude/mid-conversation-system-messages (inline system), api/errors (prefill, sampling). The cut-off of
 * the sampling parameters, "after Opus 4.6", stands in the types of `@anthropic-ai/sdk` 0.137.0. Sonnet 5.5 and the
 * inline system messages of the 5.5 family: OpenRouter's "Claude 5.5 migration guide". All as of 2026-11.
 */
import { rememberLast } from '../remember.ts';

/**
 * How a model takes `reasoning_effort`:
 * - `effort`: by `output_config.effort`; it thinks unless told otherwise.
 * - `effort-asked`: the same, but it thinks only when `thinking` asks for it.
 * - `effort-to-high`: by effort, with `high` as the highest level and no adaptive thinking.
 * - `budget`: by a number of thinking tokens.
 */
export type ReasoningStyle = 'effort' | 'effort-asked' | 'effort-to-high' | 'budget';

export interface ModelTraits {
  /** Highest `max_tokens`. */
  readonly maxOutput: number;
  /** Which of `temperature`, `top_p` and `top_k` it takes: all, not temperature beside top_p, or none. */
  readonly sampling: 'all' | 'one' | 'none';
  /** Takes `role: "system"` among the messages. */
  readonly inlineSystem: boolean;
  readonly reasoning: ReasoningStyle;
  /** What turns thinking off, where anything does. */
  readonly noThinking: 'disabled' | 'between_tools';
}

/** Also what an id that is not in the table is taken for: new models come more often than new versions of this file. */
const NEWEST: ModelTraits = {
  maxOutput: 128_000,
  sampling: 'none',
  inlineSystem: true,
  reasoning: 'effort',
  noThinking: 'disabled',
};
const SONNET_5_5: ModelTraits = { ...NEWEST, noThinking: 'between_tools' };
const SONNET_5: ModelTraits = { ...NEWEST, inlineSystem: false };
const OPUS_4_8: ModelTraits = { ...NEWEST, reasoning: 'effort-asked' };
const OPUS_4_7: ModelTraits = { ...OPUS_4_8, inlineSystem: false };
const CLAUDE_4_6: ModelTraits = { ...OPUS_4_7, sampling: 'all' };
const CLAUDE_4_5: ModelTraits = {
  ...CLAUDE_4_6,
  maxOutput: 64_000,
  sampling: 'one',
  reasoning: 'budget',
};
const OPUS_4_5: ModelTraits = { ...CLAUDE_4_5, reasoning: 'effort-to-high' };
/** Retired at Anthropic; other servers of the same wire may still have them. */
const BEFORE_4_5: ModelTraits = { ...CLAUDE_4_5, maxOutput: 32_000 };

const TABLE: ReadonlyMap<string, ModelTraits> = new Map([
  ['fable-5.2', NEWEST],
  ['mythos-5.2', NEWEST],
  ['fable-5.1', NEWEST],
  ['mythos-5.1', NEWEST],
  ['fable-5', NEWEST],
  ['mythos-5', NEWEST],
  ['opus-5.5', NEWEST],
  ['sonnet-5.5', SONNET_5_5],
  ['haiku-5.5', NEWEST],
  ['opus-5', NEWEST],
  ['sonnet-5', SONNET_5],
  ['opus-4.8', OPUS_4_8],
  ['opus-4.7', OPUS_4_7],
  ['opus-4.6', CLAUDE_4_6],
  ['sonnet-4.6', CLAUDE_4_6],
  ['opus-4.5', OPUS_4_5],
  ['sonnet-4.5', CLAUDE_4_5],
  ['haiku-4.5', CLAUDE_4_5],
]);

/** `claude-<family>-<major>[-<minor>][-<yyyymmdd>]`: eight digits are a date, not a minor version. */
const MODEL_ID = /^claude-([a-z]+)-(\d{1,2})(?:-(\d{1,2}))?(?:-\d{8})?$/;

/** @param model Anthropic's id, without a prefix. */
export const traitsOf: (model: string) => ModelTraits = rememberLast((model) => {
  const [, family, major, minor = '0'] = MODEL_ID.exec(model) ?? [];
  if (family === undefined || major === undefined) return NEWEST;
  const known = TABLE.get(Number(minor) === 0 ? `${family}-${major}` : `${family}-${major}.${minor}`);
  return known ?? (Number(major) * 100 + Number(minor) < 405 ? BEFORE_4_5 : NEWEST);
});
