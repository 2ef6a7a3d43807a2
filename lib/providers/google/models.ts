/**
 * What differs between Gemini models, as far as the conversion must know it. An id nobody has heard of counts as the
 * newest generation: what newer models refuse is left out, what they demand is sent.
 */
import { RouterError } from '../../errors.ts';
import { rememberLast } from '../remember.ts';

export interface ModelTraits {
  /** The last segment of the id, lower case. */
  readonly name: string;
  /**
   * Gemini 3 and later: signatures are demanded, results may hold images, `candidateCount` is refused.
   * https://ai.google.dev/gemini-api/docs/thought-signatures
   */
  readonly isThirdGeneration: boolean;
  /** Ignores `temperature`, `topP`, `topK`, announced to refuse them. https://ai.google.dev/gemini-api/docs/whats-new-gemini-3.6 */
  readonly ignoresSampling: boolean;
  /** Gemma takes no `systemInstruction`. https://ai.google.dev/gemma/docs/core/prompt-structure */
  readonly hasSystemInstruction: boolean;
  /** Answers in audio and in nothing else. https://ai.google.dev/gemini-api/docs/speech-generation */
  readonly isSpeech: boolean;
  /** Answers in pictures, and reads those it has made. https://ai.google.dev/gemini-api/docs/image-generation */
  readonly draws: boolean;
  /** How thinking is steered; `none`: a `thinkingConfig` is refused. https://ai.google.dev/gemini-api/docs/thinking */
  readonly thinking: 'none' | 'budget' | 'level';
}

/** Generations as `major * 100 + minor`, so that 3.10 is later than 3.9. */
const NEWEST = 9900;
const GEMMA = 0;

/**
 * Answered by 3.8 Flash and 3.5 Flash-Lite from 2026-12-01 on, with the rules of those, except that they go on taking
 * thinking budgets. https://ai.google.dev/gemini-api/docs/deprecations
 */
const REROUTED = new Set(['gemini-2.5-pro', 'gemini-2.5-flash']);

export const traitsOf: (model: string) => ModelTraits = rememberLast((model) => {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const generation = generationOf(name);
  return {
    name,
    isThirdGeneration: generation >= 300 || REROUTED.has(name),
    ignoresSampling: generation >= 306 || name.startsWith('gemini-3.5-flash-lite'),
    hasSystemInstruction: generation !== GEMMA,
    isSpeech: name.includes('-tts'),
    draws: /-image|^nano-banana/.test(name),
    thinking: thinkingOf(name, generation),
  };
});

function generationOf(name: string): number {
  if (name.startsWith('gemma-')) return GEMMA;
  const version = /^gemini-(\d{1,3})(?:\.(\d{1,2}))?(?!\d)/.exec(name);
  return version === null ? NEWEST : Number(version[1]) * 100 + Number(version[2] ?? 0);
}

function thinkingOf(name: string, generation: number): ModelTraits['thinking'] {
  // The first image model that thinks, steered as the 2.5 models are.
  if (name.startsWith('gemini-3-pro-image')) return 'budget';
  if (generation < 205 || /-tts|-image|^nano-banana|native-audio/.test(name)) return 'none';
  return generation < 300 ? 'budget' : 'level';
}

const MODEL_ID = /^(?:models\/|tunedModels\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * The id becomes a part of the path: nothing that could leave it is let through.
 * @throws RouterError `invalid_model`
 */
export function checkModel(model: string): void {
  if (MODEL_ID.test(model) && !model.includes('..')) return;
  throw new RouterError('invalid_model', {
    message: 'This cannot be the name of a Google model.',
    param: 'model',
  });
}

/** The id as Google writes it in a body: `models/gemini-...`, `tunedModels/...`. */
export function resourceName(model: string): string {
  return model.includes('/') ? model : `models/${model}`;
}

/** The id as clients write it. */
export function shortName(model: string): string {
  return model.startsWith('models/') ? model.slice('models/'.length) : model;
}
