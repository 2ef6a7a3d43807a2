/**
 * The models of the simulated Claude and what each of them refuses. Written from Anthropic's documentation and not from
 * the table of the library: the two are to find each other's mistakes.
 */

type ThinkingType = 'adaptive' | 'enabled' | 'disabled' | 'between_tools';

export interface SimulatedModel {
  readonly id: string;
  readonly maxOutput: number;
  readonly sampling: 'all' | 'one' | 'none';
  readonly thinking: readonly ThinkingType[];
  readonly thinksByDefault: boolean;
  /** `display` of thinking where the request does not say: from Opus 4.7 on the text is left out. */
  readonly showsThinking: boolean;
  readonly efforts: readonly string[];
  readonly forcedTools: boolean;
  readonly prefill: boolean;
  readonly inlineSystem: boolean;
  /** Refuses thinking that comes back behind another prefix than the one it was made for. */
  readonly bindsThinking: boolean;
  /** Served, but in no list. */
  readonly isUnlisted?: boolean;
}

const ALL_EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];

const OPUS_5_5: SimulatedModel = {
  id: 'claude-opus-5-5',
  maxOutput: 128_000,
  sampling: 'none',
  thinking: ['adaptive'],
  thinksByDefault: true,
  showsThinking: false,
  efforts: ALL_EFFORTS,
  forcedTools: false,
  prefill: false,
  inlineSystem: true,
  bindsThinking: true,
};

const FABLE_5: SimulatedModel = {
  ...OPUS_5_5,
  id: 'claude-fable-5',
  forcedTools: true,
  bindsThinking: false,
};
const OPUS_5: SimulatedModel = { ...FABLE_5, id: 'claude-opus-5', thinking: ['adaptive', 'disabled'] };
const OPUS_4_8: SimulatedModel = { ...OPUS_5, id: 'claude-opus-4-8', thinksByDefault: false };
const OPUS_4_7: SimulatedModel = { ...OPUS_4_8, id: 'claude-opus-4-7', inlineSystem: false };
const OPUS_4_6: SimulatedModel = {
  ...OPUS_4_7,
  id: 'claude-opus-4-6',
  sampling: 'all',
  thinking: ['adaptive', 'enabled', 'disabled'],
  showsThinking: true,
  efforts: ['low', 'medium', 'high', 'max'],
};
const OPUS_4_5: SimulatedModel = {
  ...OPUS_4_6,
  id: 'claude-opus-4-5',
  maxOutput: 64_000,
  sampling: 'one',
  thinking: ['enabled', 'disabled'],
  efforts: ['low', 'medium', 'high'],
  prefill: true,
};
const HAIKU_4_5: SimulatedModel = { ...OPUS_4_5, id: 'claude-haiku-4-5', efforts: [] };

/** Newest first, as `GET /v1/models` lists them. */
export const SIMULATED_MODELS: readonly SimulatedModel[] = [
  { ...OPUS_5_5, id: 'claude-fable-5-2' },
  { ...OPUS_5_5, id: 'claude-mythos-5-2' },
  { ...OPUS_5_5, id: 'claude-haiku-5-5', thinking: ['adaptive', 'disabled'], forcedTools: true },
  { ...OPUS_5_5, id: 'claude-sonnet-5-5', thinking: ['adaptive', 'between_tools'] },
  OPUS_5_5,
  { ...OPUS_5_5, id: 'claude-fable-5-1' },
  { ...OPUS_5_5, id: 'claude-mythos-5-1' },
  OPUS_5,
  { ...OPUS_5, id: 'claude-sonnet-5', inlineSystem: false },
  FABLE_5,
  { ...FABLE_5, id: 'claude-mythos-5' },
  OPUS_4_8,
  OPUS_4_7,
  OPUS_4_6,
  { ...OPUS_4_6, id: 'claude-sonnet-4-6' },
  OPUS_4_5,
  HAIKU_4_5,
  { ...HAIKU_4_5, id: 'claude-sonnet-4-5' },
];

/**
 * @param served Ids that are served; undefined: all that begin with `claude-`, so that examples with retired models
 * keep running.
 */
export function findModel(id: string, served?: readonly string[]): SimulatedModel | undefined {
  const isServed = served === undefined ? id.startsWith('claude-') : served.includes(id);
  if (!isServed) return undefined;
  const undated = id.replace(/-\d{8}$/, '');
  const known = SIMULATED_MODELS.find((model) => model.id === undated);
  return known === undefined
    ? { ...OPUS_5_5, id, thinksByDefault: false, bindsThinking: false, isUnlisted: true }
    : { ...known, id };
}
