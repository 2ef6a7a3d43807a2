/**
 * What OpenAI refuses of the fields that it knows: values out of range, and what a model has no use for. After the
 * comments of the `openai` npm package 6.49.
 */
import { isJsonBody, refusal, type JsonBody, type Refusal } from './openai-checks.ts';

type Rule = (body: JsonBody) => Refusal | undefined;

const SAMPLING: readonly Rule[] = [
  range('temperature', 0, 2),
  range('top_p', 0, 1),
  range('presence_penalty', -2, 2),
  range('frequency_penalty', -2, 2),
  checkStops,
];

const RULES: ReadonlyMap<string, readonly Rule[]> = new Map([
  [
    'chat/completions',
    [
      checkChatModel,
      ...SAMPLING,
      range('top_logprobs', 0, 20),
      checkLogprobs,
      checkNames,
      maxLength('safety_identifier', 64),
      checkMetadata,
    ],
  ],
  ['completions', [checkTextModel, ...SAMPLING, range('logprobs', 0, 5)]],
  ['embeddings', [checkInputs, checkDimensions]],
  [
    'responses',
    [
      checkEncryptedContent,
      checkMemory,
      range('temperature', 0, 2),
      range('top_p', 0, 1),
      maxLength('safety_identifier', 64),
      checkMetadata,
    ],
  ],
  ['images/generations', [checkImageFields, checkImageCount]],
  ['images/edits', [checkImageFields]],
  ['images/variations', [onlyModel('dall-e-2')]],
  ['audio/speech', [checkVoice, maxLength('input', 4096), range('speed', 0.25, 4), checkSpeechStream]],
  ['audio/transcriptions', [checkTranscript]],
  ['audio/translations', [onlyModel('whisper-1')]],
]);

/** @param body Its fields are known already. Those of a form are strings. */
export function checkRules(endpoint: string, body: JsonBody): Refusal | undefined {
  for (const rule of RULES.get(endpoint) ?? []) {
    const found = rule(body);
    if (found !== undefined) return found;
  }
  return undefined;
}

function range(field: string, least: number, most: number): Rule {
  return ({ [field]: value }) => {
    if (typeof value !== 'number' || (value >= least && value <= most)) return undefined;
    const kind = Number.isInteger(value) ? 'integer' : 'decimal';
    return value > most
      ? invalid(
          field,
          `${kind} above maximum value. Expected a value <= ${most}, but got ${value} instead.`,
          `${kind}_above_max_value`,
        )
      : invalid(
          field,
          `${kind} below minimum value. Expected a value >= ${least}, but got ${value} instead.`,
          `${kind}_below_min_value`,
        );
  };
}

function maxLength(field: string, most: number): Rule {
  return ({ [field]: value }) => checkLength(value, field, most);
}

function checkLength(value: unknown, param: string, most: number): Refusal | undefined {
  if (typeof value !== 'string' || value.length <= most) return undefined;
  return invalid(
    param,
    `string too long. Expected a string with maximum length ${most}, but got a string with length ${value.length} instead.`,
    'string_above_max_length',
  );
}

function checkCount(value: unknown, param: string, most: number): Refusal | undefined {
  if (!Array.isArray(value) || value.length <= most) return undefined;
  return invalid(
    param,
    `array too long. Expected an array with maximum length ${most}, but got an array with length ${value.length} instead.`,
    'array_above_max_length',
  );
}

function invalid(param: string, what: string, code: string | null = null): Refusal {
  return refusal(400, `Invalid '${param}': ${what}`, param, code);
}

/** How it calls what it knows elsewhere, but not for this model. */
function unknownParameter(name: string): Refusal {
  return refusal(400, `Unknown parameter: '${name}'.`, name, 'unknown_parameter');
}

function onlyModel(model: string): Rule {
  return (body) =>
    body.model === model
      ? undefined
      : refusal(
          400,
          `Invalid value: '${String(body.model)}'. Value must be '${model}'.`,
          'model',
          'invalid_value',
        );
}

const TEXT_MODEL = /-instruct|^davinci-|^babbage-/;

function checkChatModel({ model }: JsonBody): Refusal | undefined {
  if (!TEXT_MODEL.test(String(model))) return undefined;
  return refusal(
    404,
    'This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?',
    'model',
  );
}

function checkTextModel({ model }: JsonBody): Refusal | undefined {
  if (TEXT_MODEL.test(String(model)) || String(model).startsWith('ft:')) return undefined;
  return refusal(
    404,
    'This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?',
    'model',
  );
}

function checkStops({ stop, model }: JsonBody): Refusal | undefined {
  if (stop !== undefined && stop !== null && /^(o3|o4-mini)/.test(String(model))) {
    return refusal(
      400,
      "Unsupported parameter: 'stop' is not supported with this model.",
      'stop',
      'unsupported_parameter',
    );
  }
  return checkCount(stop, 'stop', 4);
}

function checkLogprobs({ logprobs, top_logprobs: top }: JsonBody): Refusal | undefined {
  if (top === undefined || top === null || logprobs === true) return undefined;
  return invalid('top_logprobs', "'logprobs' must be true where this parameter is used.");
}

/** Of functions, and of the schema of an answer. */
function checkNames({ tools, functions, response_format: format }: JsonBody): Refusal | undefined {
  const schema = isJsonBody(format) && format.type === 'json_schema' ? format.json_schema : undefined;
  const named: [string, unknown][] = [
    ...listOf(tools).map((tool, index): [string, unknown] => [`tools[${index}].function`, tool.function]),
    ...listOf(functions).map((entry, index): [string, unknown] => [`functions[${index}]`, entry]),
    ['response_format.json_schema', schema],
  ];
  for (const [path, entry] of named) {
    const found = isJsonBody(entry) ? checkName(entry.name, `${path}.name`) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkName(name: unknown, param: string): Refusal | undefined {
  if (typeof name !== 'string') {
    return refusal(400, `Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
  }
  const pattern = '^[a-zA-Z0-9_-]+$';
  if (new RegExp(pattern).test(name)) return checkLength(name, param, 64);
  return invalid(
    param,
    `string does not match pattern. Expected a string that matches the pattern '${pattern}'.`,
    'invalid_value',
  );
}

function checkMetadata({ metadata }: JsonBody): Refusal | undefined {
  const entries = Object.entries(isJsonBody(metadata) ? metadata : {});
  if (entries.length > 16) {
    return invalid(
      'metadata',
      `too many properties. Expected an object with at most 16 properties, but got an object with ${entries.length} properties instead.`,
      'object_above_max_properties',
    );
  }
  for (const [key, value] of entries) {
    const found = checkLength(key, 'metadata', 64) ?? checkLength(value, `metadata.${key}`, 512);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkInputs({ input }: JsonBody): Refusal | undefined {
  const isEmpty = input === '' || (Array.isArray(input) && input.includes(''));
  return isEmpty ? invalid('input', 'input cannot be an empty string.') : checkCount(input, 'input', 2048);
}

function checkDimensions({ dimensions, model }: JsonBody): Refusal | undefined {
  if (dimensions === undefined || /^text-embedding-[3-9]/.test(String(model))) return undefined;
  return refusal(400, 'This model does not support specifying dimensions.');
}

/** It encrypts nothing here, so whatever it is shown is another's. */
function checkEncryptedContent({ input }: JsonBody): Refusal | undefined {
  const foreign = listOf(input).find((item) => typeof item.encrypted_content === 'string');
  if (foreign === undefined) return undefined;
  const shown = `${String(foreign.encrypted_content).slice(0, 4)}...${String(foreign.encrypted_content).slice(-4)}`;
  return refusal(
    400,
    `The encrypted content ${shown} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
    null,
    'invalid_encrypted_content',
  );
}

function checkMemory({ conversation, previous_response_id: previous }: JsonBody): Refusal | undefined {
  if (typeof previous !== 'string' || conversation === undefined || conversation === null) return undefined;
  return refusal(
    400,
    "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
    null,
    'mutually_exclusive_parameters',
  );
}

const OF_GPT_IMAGE =
  'background input_fidelity moderation output_compression output_format partial_images stream'.split(' ');

/** GPT image models always answer with bytes, and the older ones know none of their settings. */
function checkImageFields(body: JsonBody): Refusal | undefined {
  const model = String(body.model);
  const isOld = model.startsWith('dall-e-');
  const foreign = [
    ...(isOld ? OF_GPT_IMAGE : ['response_format']),
    ...(model === 'dall-e-3' ? [] : ['style']),
  ];
  const given = foreign.find((name) => body[name] !== undefined && body[name] !== null);
  if (given !== undefined) return unknownParameter(given);
  if (!model.startsWith('gpt-image-2') || body.background !== 'transparent') return undefined;
  return refusal(
    400,
    'Transparent background is not supported for this model.',
    'background',
    'invalid_value',
  );
}

function checkImageCount(body: JsonBody): Refusal | undefined {
  return range('n', 1, body.model === 'dall-e-3' ? 1 : 10)(body);
}

function checkVoice({ voice }: JsonBody): Refusal | undefined {
  if (voice !== undefined) return undefined;
  return refusal(400, "Missing required parameter: 'voice'.", 'voice', 'missing_required_parameter');
}

function checkSpeechStream({ stream_format: format, model }: JsonBody): Refusal | undefined {
  if (format !== 'sse' || !String(model).startsWith('tts-1')) return undefined;
  return unsupportedValue('stream_format', format);
}

function checkTranscript({ response_format: format, model }: JsonBody): Refusal | undefined {
  if (typeof format !== 'string' || !/^gpt-4o.*-transcribe/.test(String(model))) return undefined;
  const taken = String(model).includes('-diarize') ? ['json', 'text', 'diarized_json'] : ['json'];
  return taken.includes(format) ? undefined : unsupportedValue('response_format', format);
}

function unsupportedValue(param: string, value: string): Refusal {
  return refusal(
    400,
    `Unsupported value: '${param}' does not support '${value}' with this model.`,
    param,
    'unsupported_value',
  );
}

function listOf(value: unknown): JsonBody[] {
  return Array.isArray(value) ? value.filter(isJsonBody) : [];
}
