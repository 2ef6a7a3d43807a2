/** Everything of a request that goes into Google's `generationConfig`. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { isEmpty, isPresent, isTooDeep, textOf, wordOf } from './json.ts';
import { invalid } from './media.ts';
import type { ModelTraits } from './models.ts';
import type { Namespace } from './namespace.ts';
import { toAnswerSchema } from './schema.ts';
import { toThinking } from './thinking.ts';

export interface Generation {
  readonly config: JsonObject;
  readonly dropped: string[];
}

/**
 * @param native Google's own settings from the namespace: they win.
 * @throws RouterError for what Google has no word for.
 */
export function toGenerationConfig(
  request: ChatRequest,
  traits: ModelTraits,
  native: Pick<Namespace, 'generationConfig' | 'thinkingConfig'>,
): Generation {
  const generation: Generation = { config: {}, dropped: [] };
  addSampling(generation, request, traits);
  addLimits(generation, request);
  addCandidates(generation, request, traits);
  addLogprobs(generation, request);
  addResponseFormat(generation, request.response_format);
  addModalities(generation, request, traits);
  addThinking(generation, request.reasoning_effort, traits, native.thinkingConfig);
  Object.assign(generation.config, native.generationConfig);
  return generation;
}

function addSampling({ config, dropped }: Generation, request: ChatRequest, traits: ModelTraits): void {
  const { temperature, top_p: topP, top_k: topK } = request;
  if (traits.ignoresSampling) {
    if (isPresent(temperature) && temperature !== 1) dropped.push('temperature');
    if (isPresent(topP) && topP !== 1) dropped.push('top_p');
    if (isPresent(topK)) dropped.push('top_k');
  } else {
    if (isPresent(temperature)) config.temperature = temperature;
    if (isPresent(topP)) config.topP = topP;
    if (isPresent(topK)) config.topK = topK;
  }
}

function addLimits({ config }: Generation, request: ChatRequest): void {
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens;
  const stopSequences = stops(request.stop);
  const { seed } = request;
  if (isPresent(maxOutputTokens)) config.maxOutputTokens = maxOutputTokens;
  if (stopSequences.length > 0) config.stopSequences = stopSequences;
  // An int32 on Google's wire: larger seeds are folded, the same one always to the same.
  if (isPresent(seed)) config.seed = typeof seed === 'number' ? seed | 0 : seed;
}

function stops(stop: JsonValue | undefined): JsonValue[] {
  if (!isPresent(stop)) return [];
  return (Array.isArray(stop) ? stop : [stop]).filter((sequence) => sequence !== '');
}

function addCandidates({ config }: Generation, { n }: ChatRequest, traits: ModelTraits): void {
  // Gemini 3 and later refuse the field itself, even with 1.
  if (!isPresent(n) || n === 1) return;
  if (traits.isThirdGeneration)
    throw unsupported('n', `The model '${traits.name}' gives one answer at a time`);
  config.candidateCount = n;
}

function addLogprobs({ config }: Generation, { logprobs, top_logprobs: top }: ChatRequest): void {
  if (logprobs !== true) return;
  config.responseLogprobs = true;
  if (isPresent(top) && top !== 0) config.logprobs = top;
}

function addResponseFormat({ config, dropped }: Generation, format: JsonValue | undefined): void {
  if (!isPresent(format)) return;
  const { type, schema } = isObject(format) ? format : {};
  switch (wordOf(type)) {
    case 'text':
      break;
    case 'json_object':
      config.responseMimeType = 'application/json';
      // A schema beside the type is no field of OpenAI's: llama.cpp and its clients know it.
      if (isPresent(schema)) dropped.push('response_format.schema');
      break;
    case 'json_schema':
      config.responseMimeType = 'application/json';
      config.responseJsonSchema = schemaOf(format);
      break;
    default:
      throw unsupported('response_format', 'Google answers in text, as a JSON object or by a JSON schema');
  }
}

function schemaOf(format: JsonValue): JsonValue {
  const param = 'response_format.json_schema.schema';
  const named = isObject(format) ? format.json_schema : undefined;
  const schema = isObject(named) ? named.schema : undefined;
  if (!isObject(schema)) throw invalid({ param }, 'is missing');
  if (isTooDeep(schema)) throw invalid({ param }, 'is nested too deeply');
  return toAnswerSchema(schema);
}

function addModalities({ config, dropped }: Generation, request: ChatRequest, traits: ModelTraits): void {
  const wanted = traits.isSpeech ? ['AUDIO'] : wantedModalities(request.modalities);
  const { audio } = request;
  // Text alone is the default.
  if (wanted.some((modality) => modality !== 'TEXT')) config.responseModalities = wanted;
  if (!isPresent(audio)) return;
  if (wanted.includes('AUDIO')) Object.assign(config, speech(audio));
  else dropped.push('audio');
}

function wantedModalities(value: JsonValue | undefined): string[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw invalid({ param: 'modalities' }, 'is not a list');
  return value.map((modality, index) => {
    if (typeof modality !== 'string') throw invalid({ param: `modalities[${index}]` }, 'is not a string');
    return modality.toUpperCase();
  });
}

/** Google returns raw 24 kHz PCM and nothing else: another format would be a promise nobody keeps. */
function speech(audio: JsonValue): JsonObject {
  if (!isObject(audio) || audio.format !== 'pcm16') {
    throw new RouterError('unsupported_parameter', {
      message: 'Google speaks in the audio format pcm16 only.',
      param: 'audio.format',
    });
  }
  const voiceName = textOf(isObject(audio.voice) ? audio.voice.id : audio.voice);
  if (voiceName === undefined) return {};
  return { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } };
}

/** Budget and level exclude each other: a client's own of either kind replaces the one from `reasoning_effort`. */
function addThinking(
  { config, dropped }: Generation,
  effort: JsonValue | undefined,
  traits: ModelTraits,
  native: JsonObject = {},
): void {
  const thinking = isPresent(effort) ? toThinking(effort, traits) : { isReported: false };
  const isReplaced = isPresent(native.thinkingBudget) || isPresent(native.thinkingLevel);
  const thinkingConfig = isReplaced ? native : { ...thinking.config, ...native };
  if (!isEmpty(thinkingConfig)) config.thinkingConfig = thinkingConfig;
  if (thinking.isReported || (isReplaced && isPresent(effort))) dropped.push('reasoning_effort');
}
