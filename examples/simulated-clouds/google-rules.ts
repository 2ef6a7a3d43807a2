/**
 * What the Gemini API refuses in a request that its parser could read, with its own words where they are known. The
 * model generations are told apart here once more, so that a mistake in the package cannot agree with itself.
 */
import { isJson, parseMessage, type Json } from './google-wire.ts';

/** @param isKnownSignature Whether this cloud made a thought signature. */
export interface RuleOptions {
  readonly isKnownSignature?: (signature: string) => boolean;
}

/** Values that Google documents for histories without signatures. */
const STAND_INS = new Set(['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go']);

/** What is wrong with a `generateContent` body; undefined: it is accepted. @param model Without `models/`. */
export function refusalOf(body: unknown, model: string, options: RuleOptions = {}): string | undefined {
  const { message, problems } = parseMessage(body, 'GenerateContentRequest');
  if (problems.length > 0) return problems.join('\n');
  const request = new GeminiRequest(message, model, options.isKnownSignature ?? (() => true));
  return request.refusal();
}

/** What is wrong with a `batchEmbedContents` body. */
export function embeddingRefusalOf(body: unknown, model: string): string | undefined {
  const { message, problems } = parseMessage(body, 'BatchEmbedContentsRequest');
  if (problems.length > 0) return problems.join('\n');
  const requests = list(message['requests']);
  if (requests.length === 0) return '* BatchEmbedContentsRequest.requests: at least one request is required';
  if (requests.length > 100)
    return '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch';
  for (const [index, request] of requests.entries()) {
    const at = `* BatchEmbedContentsRequest.requests[${index}]`;
    if (request['model'] === undefined) return `${at}.model: model is not specified`;
    if (request['model'] !== `models/${model}` && request['model'] !== model)
      return `${at}.model: model must match the model in BatchEmbedContentsRequest.model`;
    const parts = list(json(request['content'])['parts']);
    if (parts.length === 0 || parts.some((part) => part['text'] === ''))
      return `${at}.content: content is empty`;
  }
  return undefined;
}

/**
 * Results whose id or name is no call's: the real cloud takes them, and answers with silence.
 * https://ai.google.dev/gemini-api/docs/whats-new-gemini-3.8
 */
export function hasOrphan(body: unknown): boolean {
  const contents = list(parseMessage(body, 'GenerateContentRequest').message['contents']);
  return contents.some((content, index) => {
    const calls = callsOf(contents[index - 1] ?? {});
    return responsesOf(content).some(
      (response) =>
        !calls.some(
          (call) =>
            call['name'] === response['name'] &&
            (call['id'] === undefined || response['id'] === undefined || call['id'] === response['id']),
        ),
    );
  });
}

export class GeminiRequest {
  readonly #request: Json;
  readonly #model: string;
  readonly #isKnownSignature: (signature: string) => boolean;
  readonly #contents: Json[];
  readonly #config: Json;
  /** 306 for Gemini 3.6; 0 for Gemma. */
  readonly #generation: number;
  readonly #isThird: boolean;

  constructor(request: Json, model: string, isKnownSignature: (signature: string) => boolean) {
    this.#request = request;
    this.#model = model;
    this.#isKnownSignature = isKnownSignature;
    this.#contents = list(request['contents']);
    this.#config = json(request['generationConfig']);
    this.#generation = generationOf(model);
    this.#isThird = this.#generation >= 300 || ['gemini-2.5-pro', 'gemini-2.5-flash'].includes(model);
  }

  /** The first complaint. */
  refusal(): string | undefined {
    return (
      this.#emptiness() ??
      this.#parts() ??
      this.#turns() ??
      this.#signatures() ??
      this.#systemInstruction() ??
      this.#tools() ??
      this.#toolChoice() ??
      this.#limits() ??
      this.#thinking() ??
      this.#output()
    );
  }

  #emptiness(): string | undefined {
    if (this.#contents.length === 0) return '* GenerateContentRequest.contents: contents is not specified';
    for (const [index, content] of this.#contents.entries()) {
      const at = `* GenerateContentRequest.contents[${index}]`;
      const role = content['role'];
      const mayBeAbsent = this.#contents.length === 1;
      if (role !== 'user' && role !== 'model' && !(role === undefined && mayBeAbsent))
        return 'Please use a valid role: user, model.';
      if (list(content['parts']).length === 0) return `${at}.parts: contents.parts must not be empty.`;
    }
    return undefined;
  }

  #parts(): string | undefined {
    for (const [index, content] of this.#contents.entries()) {
      for (const [place, part] of list(content['parts']).entries()) {
        const problem = partProblem(part, this.#isThird);
        if (problem !== undefined)
          return `* GenerateContentRequest.contents[${index}].parts[${place}]${problem}`;
      }
    }
    return undefined;
  }

  #turns(): string | undefined {
    for (const [index, content] of this.#contents.entries()) {
      const before = this.#contents[index - 1];
      const after = this.#contents[index + 1];
      const calls = callsOf(content);
      const responses = responsesOf(content);
      if (calls.length > 0 && content['role'] !== 'model') return 'Please use a valid role: user, model.';
      if (calls.length > 0 && before?.['role'] !== 'user')
        return 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
      if (responses.length > 0 && callsOf(before ?? {}).length === 0)
        return 'Please ensure that function response turn comes immediately after a function call turn.';
      const isMixed = responses.length > 0 && responses.length !== list(content['parts']).length;
      const isShort = calls.length > 0 && after !== undefined && responsesOf(after).length !== calls.length;
      if (isMixed || isShort)
        return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
    }
    const isPrefill = this.#contents.at(-1)?.['role'] === 'model';
    return isPrefill && this.#ignoresSampling()
      ? `The last content must not have the role model for models/${this.#model}.`
      : undefined;
  }

  #ignoresSampling(): boolean {
    return this.#generation >= 306 || this.#model.startsWith('gemini-3.5-flash-lite');
  }

  #signatures(): string | undefined {
    const lastQuestion = this.#contents.findLastIndex(
      (content) => content['role'] !== 'model' && responsesOf(content).length === 0,
    );
    for (const [index, content] of this.#contents.entries()) {
      const parts = list(content['parts']);
      for (const { thoughtSignature: signature } of parts) {
        if (typeof signature !== 'string' || STAND_INS.has(signature)) continue;
        if (!this.#isKnownSignature(signature)) return 'Thought signature is not valid.';
      }
      const place = parts.findIndex((part) => part['functionCall'] !== undefined);
      const first = parts[place];
      if (first === undefined || !this.#isThird || index < lastQuestion) continue;
      if (first['thoughtSignature'] === undefined)
        return `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${String(json(first['functionCall'])['name'])}\` , position ${place + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`;
    }
    return undefined;
  }

  #systemInstruction(): string | undefined {
    const instruction = this.#request['systemInstruction'];
    if (instruction === undefined) return undefined;
    if (this.#generation === 0) return `Developer instruction is not enabled for models/${this.#model}`;
    const parts = list(json(instruction)['parts']);
    if (parts.length === 0 || parts.some((part) => typeof part['text'] !== 'string' || part['text'] === ''))
      return '* GenerateContentRequest.system_instruction.parts: only text is allowed';
    return undefined;
  }

  #tools(): string | undefined {
    const tools = list(this.#request['tools']);
    const functions = tools.flatMap((tool) => list(tool['functionDeclarations']));
    const isNative = tools.some((tool) => Object.keys(tool).some((key) => key !== 'functionDeclarations'));
    if (functions.length > 512) return 'At most 512 function declarations can be specified.';
    if (functions.length > 0 && this.#generation === 0)
      return `Function calling is not enabled for models/${this.#model}`;
    if (functions.length > 0 && isNative) {
      if (!this.#isThird) return 'Tool use with function calling is unsupported';
      if (json(this.#request['toolConfig'])['includeServerSideToolInvocations'] !== true)
        return 'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.';
    }
    const cached = ['systemInstruction', 'tools', 'toolConfig'].some(
      (key) => this.#request[key] !== undefined,
    );
    if (this.#request['cachedContent'] !== undefined && cached)
      return 'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.';
    return declarationProblem(functions);
  }

  #toolChoice(): string | undefined {
    const choice = json(json(this.#request['toolConfig'])['functionCallingConfig']);
    if (Object.keys(choice).length === 0) return undefined;
    const names = list(this.#request['tools'])
      .flatMap((tool) => list(tool['functionDeclarations']))
      .map((declaration) => declaration['name']);
    if (names.length === 0) return 'Function calling config is set without function_declarations.';
    const allowed = choice['allowedFunctionNames'];
    if (!Array.isArray(allowed)) return undefined;
    if (choice['mode'] !== 'ANY' && choice['mode'] !== 'VALIDATED')
      return 'Allowed function names should be set only when function calling mode is ANY or VALIDATED.';
    const unknown: unknown = allowed.find((name) => !names.includes(name));
    return unknown === undefined
      ? undefined
      : `allowed_function_names contains a name that is not declared: ${JSON.stringify(unknown)}`;
  }

  #limits(): string | undefined {
    const config = this.#config;
    const at = '* GenerateContentRequest.generation_config';
    if (Array.isArray(config['stopSequences']) && config['stopSequences'].length > 5)
      return `${at}.stop_sequences: at most 5 stop sequences can be specified`;
    const stops: unknown[] = Array.isArray(config['stopSequences']) ? config['stopSequences'] : [];
    if (stops.includes('')) return `${at}.stop_sequences: stop sequences must not be empty`;
    if (Number(config['temperature'] ?? 0) < 0 || Number(config['temperature'] ?? 0) > 2)
      return `${at}.temperature: temperature must be in the range [0.0, 2.0].`;
    if (Number(config['topP'] ?? 0) < 0 || Number(config['topP'] ?? 0) > 1)
      return `${at}.top_p: top_p must be in the range [0.0, 1.0].`;
    if (config['maxOutputTokens'] !== undefined && Number(config['maxOutputTokens']) < 1)
      return `${at}.max_output_tokens: max_output_tokens must be positive.`;
    if (config['presencePenalty'] !== undefined || config['frequencyPenalty'] !== undefined)
      return `Penalty is not enabled for models/${this.#model}`;
    if (config['responseLogprobs'] !== undefined && this.#generation >= 205)
      return `Logprobs is not enabled for models/${this.#model}`;
    if (config['candidateCount'] !== undefined && this.#isThird)
      return `Multiple candidates is not enabled for models/${this.#model}`;
    return undefined;
  }

  #thinking(): string | undefined {
    const thinking = this.#config['thinkingConfig'];
    if (!isJson(thinking)) return undefined;
    const { thinkingBudget: budget, thinkingLevel: level } = thinking;
    if (budget !== undefined && level !== undefined)
      return 'You can only set only one of thinking budget and thinking level.';
    const cannot = /^gemma-|-tts|native-audio|^nano-banana/.test(this.#model) || this.#generation < 205;
    const isDrawing = this.#model.includes('-image') && !this.#model.startsWith('gemini-3-pro-image');
    if (cannot || isDrawing) return `Thinking is not enabled for models/${this.#model}`;
    const takesBudget = this.#generation < 300 || this.#model.startsWith('gemini-3-pro-image');
    if (takesBudget && level !== undefined) return 'Thinking level is not supported for this model.';
    if (budget !== undefined) return this.#budget(Number(budget));
    return typeof level === 'string' ? this.#level(level.toLowerCase()) : undefined;
  }

  #budget(budget: number): string | undefined {
    const isPro = this.#model.includes('pro');
    if (/^gemini-4-(argon|carbon)/.test(this.#model))
      return 'Thinking budget is not supported for this model.';
    if (budget === -1) return undefined;
    if (budget === 0 && isPro) return 'Budget 0 is invalid. This model only works in thinking mode.';
    if (budget === 0) return undefined;
    const [least, most] = isPro ? [128, 32_768] : [this.#model.includes('flash-lite') ? 512 : 0, 24_576];
    if (budget >= least && budget <= most) return undefined;
    return `The thinking budget ${budget} is invalid. Please choose a value between ${least} and ${most}.`;
  }

  #level(level: string): string | undefined {
    const hasMinimal = /^gemini-3(\.[156])?-flash/.test(this.#model) || this.#model.includes('flash-lite');
    const isSupported =
      level === 'minimal' ? hasMinimal : level !== 'xhigh' || this.#model.startsWith('gemini-4-hydrogen');
    return isSupported ? undefined : `Thinking level ${level.toUpperCase()} is not supported for this model.`;
  }

  #output(): string | undefined {
    const { responseMimeType: mimeType, responseModalities: modalities } = this.#config;
    const hasSchema =
      this.#config['responseSchema'] !== undefined || this.#config['responseJsonSchema'] !== undefined;
    if (hasSchema && mimeType !== 'application/json')
      return "* GenerateContentRequest.generation_config.response_schema: only allowed when response mime type is 'application/json'";
    const problem = answerSchemaProblem(
      this.#config['responseJsonSchema'],
      '* GenerateContentRequest.generation_config.response_json_schema',
    );
    if (problem !== undefined) return problem;
    if (mimeType === 'application/json' && this.#generation === 0)
      return `JSON mode is not enabled for models/${this.#model}`;
    const hasFunctions = list(this.#request['tools']).some(
      (tool) => tool['functionDeclarations'] !== undefined,
    );
    if (mimeType === 'application/json' && hasFunctions && !this.#isThird)
      return "Function calling with a response mime type: 'application/json' is unsupported";
    const wanted = Array.isArray(modalities) ? modalities.map(String).join(', ') : 'TEXT';
    if (this.#model.includes('-tts') !== (wanted === 'AUDIO'))
      return `The requested combination of response modalities (${wanted}) is not supported by the model. models/${this.#model}`;
    return undefined;
  }
}

const DATA_FIELDS = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

function partProblem(part: Json, isThird: boolean): string | undefined {
  const fields = DATA_FIELDS.filter((name) => part[name] !== undefined);
  if (fields.length !== 1 || part['text'] === '')
    return ".data: required oneof field 'data' must have one initialized field";
  const { inlineData, fileData, functionCall, functionResponse } = part;
  if (isJson(functionCall) && !functionCall['name']) return '.function_call.name: Name cannot be empty.';
  if (isJson(functionResponse)) return responseProblem(functionResponse, isThird);
  return mediaProblem(inlineData, fileData);
}

function mediaProblem(inlineData: unknown, fileData: unknown): string | undefined {
  if (isJson(inlineData) && (!inlineData['mimeType'] || !inlineData['data']))
    return '.inline_data: mime_type and data must not be empty.';
  if (!isJson(fileData)) return undefined;
  const uri = fileData['fileUri'];
  const isUrl = typeof uri === 'string' && /^https?:\/\//.test(uri);
  return isUrl ? undefined : `.file_data.file_uri: Unsupported file uri: ${JSON.stringify(uri)}`;
}

function responseProblem(response: Json, isThird: boolean): string | undefined {
  if (!response['name']) return '.function_response.name: Name cannot be empty.';
  if (response['response'] === undefined) return '.function_response.response: response is not specified';
  if (JSON.stringify(response['response']).includes('"$ref":'))
    return '.function_response.response: $ref does not name any of the parts';
  const parts = list(response['parts']);
  if (parts.length > 0 && !isThird) return '.function_response.parts: not supported by this model';
  for (const part of parts) {
    const problem = mediaProblem(part['inlineData'], part['fileData']);
    if (problem !== undefined) return `.function_response.parts${problem}`;
  }
  return undefined;
}

function declarationProblem(functions: readonly Json[]): string | undefined {
  const names = new Set<unknown>();
  for (const [index, { name, parameters, parametersJsonSchema: schema }] of functions.entries()) {
    const at = `* GenerateContentRequest.tools[0].function_declarations[${index}]`;
    if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/.test(name))
      return `${at}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.`;
    if (names.has(name)) return `Duplicate function declaration found: ${name}`;
    names.add(name);
    if (parameters !== undefined && schema !== undefined)
      return `${at}: only one of parameters and parameters_json_schema can be set`;
    if (isJson(schema) && Object.keys(schema).every((key) => key === 'type') && schema['type'] !== 'object')
      return `${at}.parameters_json_schema: functionDeclaration parameters schema should be of type OBJECT.`;
    if (isJson(parameters) && Object.keys(json(parameters['properties'])).length === 0)
      return `${at}.parameters.properties: should be non-empty for OBJECT type`;
  }
  return undefined;
}

/** What the documentation of `responseJsonSchema` rules out. https://ai.google.dev/api/generate-content#GenerationConfig */
function answerSchemaProblem(schema: unknown, at: string): string | undefined {
  if (!isJson(schema)) return undefined;
  const values: unknown[] = Array.isArray(schema['enum']) ? schema['enum'] : [];
  const odd = values.find((value) => typeof value !== 'string' && typeof value !== 'number');
  if (odd !== undefined)
    return `${at}.enum: only strings and numbers are supported, not ${JSON.stringify(odd)}`;
  for (const [place, inner] of subSchemasOf(schema)) {
    const beside = Object.keys(inner).find((key) => !key.startsWith('$'));
    if (inner['$ref'] !== undefined && beside !== undefined)
      return `${at}.${place}: ${beside} is set beside $ref, where only properties starting with $ may be`;
    const problem = answerSchemaProblem(inner, `${at}.${place}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The schemas in the keywords that are supported, each with its place. */
function subSchemasOf(schema: Json): [place: string, schema: Json][] {
  const named = ['properties', '$defs'].flatMap((keyword) =>
    Object.entries(json(schema[keyword])).map(([name, inner]) => [`${keyword}["${name}"]`, inner] as const),
  );
  const listed = ['items', 'prefixItems', 'anyOf', 'oneOf'].flatMap((keyword) =>
    list(schema[keyword]).map((inner, index) => [`${keyword}[${index}]`, inner] as const),
  );
  const single = ['items', 'additionalProperties'].map((keyword) => [keyword, schema[keyword]] as const);
  return [...named, ...listed, ...single].flatMap(([place, inner]) =>
    isJson(inner) ? [[place, inner]] : [],
  );
}

function generationOf(model: string): number {
  if (model.startsWith('gemma-')) return 0;
  const [, major, minor = '0'] = /^gemini-(\d+)(?:\.(\d+))?/.exec(model) ?? [];
  return major === undefined ? 9900 : Number(major) * 100 + Number(minor);
}

function callsOf(content: Json): Json[] {
  return list(content['parts']).flatMap(({ functionCall }) => (isJson(functionCall) ? [functionCall] : []));
}

function responsesOf(content: Json): Json[] {
  return list(content['parts']).flatMap(({ functionResponse }) =>
    isJson(functionResponse) ? [functionResponse] : [],
  );
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((item: unknown) => isJson(item)) : [];
}

export function json(value: unknown): Json {
  return isJson(value) ? value : {};
}
