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
  const pieces = [
    sampling(request, traits),
    limits(request),
    candidates(request, traits),
    logprobs(request),
    responseFormat(request.response_format),
    modalities(request, traits),
    thinking(request.reasoning_effort, traits, native.thinkingConfig),
  ];
  return {
    config: Object.assign({}, ...pieces.map(({ config }) => config), native.generationConfig) as JsonObject,
    dropped: pieces.flatMap(({ dropped }) => dropped),
  };
}

function piece(config: JsonObject, dropped: string[] = []): Generation {
  return { config, dropped };
}

function sampling(request: ChatRequest, traits: ModelTraits): Generation {
  const { temperature, top_p: topP, top_k: topK } = request;
  if (!traits.ignoresSampling) {
    return piece({
      ...(isPresent(temperature) && { temperature }),
      ...(isPresent(topP) && { topP }),
      ...(isPresent(topK) && { topK }),
    });
  }
  return piece({}, [
    ...(isPresent(temperature) && temperature !== 1 ? ['temperature'] : []),
    ...(isPresent(topP) && topP !== 1 ? ['top_p'] : []),
    ...(isPresent(topK) ? ['top_k'] : []),
  ]);
}

function limits(request: ChatRequest): Generation {
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens;
  const stopSequences = stops(request.stop);
  const { seed } = request;
  return piece({
    ...(isPresent(maxOutputTokens) && { maxOutputTokens }),
    ...(stopSequences.length > 0 && { stopSequences }),
    // An int32 on Google's wire: larger seeds are folded, the same one always to the same.
    ...(isPresent(seed) && { seed: typeof seed === 'number' ? seed | 0 : seed }),
  });
}

function stops(stop: JsonValue | undefined): JsonValue[] {
  if (!isPresent(stop)) return [];
  return (Array.isArray(stop) ? stop : [stop]).filter((sequence) => sequence !== '');
}

function candidates({ n }: ChatRequest, traits: ModelTraits): Generation {
  // Gemini 3 and later refuse the field itself, even with 1.
  if (!isPresent(n) || n === 1) return piece({});
  if (traits.isThirdGeneration)
    throw unsupported('n', `The model '${traits.name}' gives one answer at a time`);
  return piece({ candidateCount: n });
}

function logprobs(request: ChatRequest): Generation {
  const { logprobs: isWanted, top_logprobs: top } = request;
  if (isWanted !== true) return piece({});
  return piece({ responseLogprobs: true, ...(isPresent(top) && top !== 0 && { logprobs: top }) });
}

function responseFormat(format: JsonValue | undefined): Generation {
  if (!isPresent(format)) return piece({});
  const { type, schema } = isObject(format) ? format : {};
  switch (wordOf(type)) {
    case 'text':
      return piece({});
    case 'json_object':
      // A schema beside the type is no field of OpenAI's: llama.cpp and its clients know it.
      return piece(
        { responseMimeType: 'application/json' },
        isPresent(schema) ? ['response_format.schema'] : [],
      );
    case 'json_schema':
      return piece({ responseMimeType: 'application/json', responseJsonSchema: schemaOf(format) });
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

function modalities(request: ChatRequest, traits: ModelTraits): Generation {
  const wanted = traits.isSpeech ? ['AUDIO'] : wantedModalities(request.modalities);
  const { audio } = request;
  const isSpoken = wanted.includes('AUDIO');
  return piece(
    {
      // Text alone is the default.
      ...(wanted.some((modality) => modality !== 'TEXT') && { responseModalities: wanted }),
      ...(isSpoken && isPresent(audio) && speech(audio)),
    },
    !isSpoken && isPresent(audio) ? ['audio'] : [],
  );
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
function thinking(effort: JsonValue | undefined, traits: ModelTraits, native: JsonObject = {}): Generation {
  const { config, isReported } = isPresent(effort) ? toThinking(effort, traits) : { isReported: false };
  const isReplaced = isPresent(native.thinkingBudget) || isPresent(native.thinkingLevel);
  const thinkingConfig = isReplaced ? native : { ...config, ...native };
  return piece(
    isEmpty(thinkingConfig) ? {} : { thinkingConfig },
    isReported || (isReplaced && isPresent(effort)) ? ['reasoning_effort'] : [],
  );
}
