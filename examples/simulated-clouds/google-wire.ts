/**
 * The Gemini API's wire as its JSON parser knows it: every message with its fields. One key that is not here, however
 * deep, and the real parser refuses the whole request. Fields after https://ai.google.dev/api (v1beta).
 */

/** A JSON object. */
export type Json = Record<string, unknown>;

/** `string`, `bool`, `int32`, `number`, `bytes`, `struct` (any object), `value` (anything), or a message; `[]`, `{}`: a list, a map. */
type Shape = string;

const SCALAR_NAMES = new Map([
  ['string', 'TYPE_STRING'],
  ['bool', 'TYPE_BOOL'],
  ['int32', 'TYPE_INT32'],
  ['number', 'TYPE_DOUBLE'],
  ['bytes', 'TYPE_BYTES'],
]);

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  GenerateContentRequest: {
    model: 'string',
    contents: 'Content[]',
    systemInstruction: 'Content',
    tools: 'Tool[]',
    toolConfig: 'ToolConfig',
    safetySettings: 'SafetySetting[]',
    generationConfig: 'GenerationConfig',
    cachedContent: 'string',
    serviceTier: 'ServiceTier',
    store: 'bool',
    labels: 'struct',
    continuationToken: 'string',
  },
  BatchEmbedContentsRequest: { requests: 'EmbedContentRequest[]' },
  EmbedContentRequest: {
    model: 'string',
    content: 'Content',
    taskType: 'string',
    title: 'string',
    outputDimensionality: 'int32',
  },
  Content: { role: 'string', parts: 'Part[]' },
  Part: {
    text: 'string',
    thought: 'bool',
    thoughtSignature: 'bytes',
    inlineData: 'Blob',
    fileData: 'FileData',
    functionCall: 'FunctionCall',
    functionResponse: 'FunctionResponse',
    executableCode: 'ExecutableCode',
    codeExecutionResult: 'CodeExecutionResult',
    toolCall: 'ToolCall',
    toolResponse: 'ToolResponse',
    videoMetadata: 'VideoMetadata',
    mediaResolution: 'value',
    partMetadata: 'struct',
  },
  Blob: { mimeType: 'string', data: 'bytes' },
  FileData: { mimeType: 'string', fileUri: 'string' },
  FunctionCall: { id: 'string', name: 'string', args: 'struct' },
  FunctionResponse: {
    id: 'string',
    name: 'string',
    response: 'struct',
    parts: 'FunctionResponsePart[]',
    willContinue: 'bool',
    scheduling: 'string',
  },
  FunctionResponsePart: { inlineData: 'FunctionResponseBlob', fileData: 'FunctionResponseFileData' },
  FunctionResponseBlob: { mimeType: 'string', data: 'bytes', displayName: 'string' },
  FunctionResponseFileData: { mimeType: 'string', fileUri: 'string', displayName: 'string' },
  ExecutableCode: { id: 'string', language: 'string', code: 'string' },
  CodeExecutionResult: { id: 'string', outcome: 'string', output: 'string' },
  ToolCall: { id: 'string', toolType: 'string', args: 'struct' },
  ToolResponse: { id: 'string', toolType: 'string', response: 'struct' },
  VideoMetadata: { startOffset: 'string', endOffset: 'string', fps: 'number' },
  Tool: {
    functionDeclarations: 'FunctionDeclaration[]',
    googleSearch: 'GoogleSearch',
    googleSearchRetrieval: 'struct',
    googleMaps: 'struct',
    codeExecution: 'Empty',
    urlContext: 'Empty',
    computerUse: 'struct',
    fileSearch: 'struct',
  },
  Empty: {},
  // `excludeDomains` is known to the other platform of Google's alone.
  GoogleSearch: { timeRangeFilter: 'struct', searchTypes: 'struct' },
  FunctionDeclaration: {
    name: 'string',
    description: 'string',
    behavior: 'string',
    parameters: 'Schema',
    parametersJsonSchema: 'value',
    response: 'Schema',
    responseJsonSchema: 'value',
  },
  Schema: {
    type: 'SchemaType',
    format: 'string',
    title: 'string',
    description: 'string',
    nullable: 'bool',
    enum: 'string[]',
    items: 'Schema',
    minItems: 'string',
    maxItems: 'string',
    properties: 'Schema{}',
    required: 'string[]',
    propertyOrdering: 'string[]',
    minLength: 'string',
    maxLength: 'string',
    pattern: 'string',
    minimum: 'number',
    maximum: 'number',
    anyOf: 'Schema[]',
    example: 'value',
    default: 'value',
  },
  ToolConfig: {
    functionCallingConfig: 'FunctionCallingConfig',
    retrievalConfig: 'RetrievalConfig',
    includeServerSideToolInvocations: 'bool',
  },
  FunctionCallingConfig: { mode: 'Mode', allowedFunctionNames: 'string[]' },
  RetrievalConfig: { latLng: 'LatLng', languageCode: 'string' },
  LatLng: { latitude: 'number', longitude: 'number' },
  SafetySetting: { category: 'string', threshold: 'string' },
  GenerationConfig: {
    candidateCount: 'int32',
    stopSequences: 'string[]',
    maxOutputTokens: 'int32',
    temperature: 'number',
    topP: 'number',
    topK: 'int32',
    seed: 'int32',
    presencePenalty: 'number',
    frequencyPenalty: 'number',
    responseLogprobs: 'bool',
    logprobs: 'int32',
    responseMimeType: 'string',
    responseSchema: 'Schema',
    responseJsonSchema: 'value',
    responseModalities: 'Modality[]',
    thinkingConfig: 'ThinkingConfig',
    speechConfig: 'SpeechConfig',
    imageConfig: 'ImageConfig',
    mediaResolution: 'string',
    enableEnhancedCivicAnswers: 'bool',
  },
  ThinkingConfig: { includeThoughts: 'bool', thinkingBudget: 'int32', thinkingLevel: 'ThinkingLevel' },
  SpeechConfig: { voiceConfig: 'VoiceConfig', multiSpeakerVoiceConfig: 'struct', languageCode: 'string' },
  VoiceConfig: { prebuiltVoiceConfig: 'PrebuiltVoiceConfig' },
  PrebuiltVoiceConfig: { voiceName: 'string' },
  ImageConfig: { aspectRatio: 'string', imageSize: 'string' },
};

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  Mode: ['AUTO', 'ANY', 'NONE', 'VALIDATED'],
  Modality: ['TEXT', 'IMAGE', 'AUDIO'],
  ServiceTier: ['STANDARD', 'FLEX', 'PRIORITY'],
  SchemaType: ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'],
  ThinkingLevel: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'XHIGH'],
};

/** What the parser makes of a body: keys in camel case, and everything it complains about. */
export interface Parsed {
  readonly message: Json;
  readonly problems: readonly string[];
}

/** @param type `GenerateContentRequest` or `BatchEmbedContentsRequest` */
export function parseMessage(body: unknown, type: string): Parsed {
  const problems: string[] = [];
  const message = readShape(body, type, '', problems);
  return { message: isJson(message) ? message : {}, problems };
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readShape(value: unknown, shape: Shape, path: string, problems: string[]): unknown {
  if (shape.endsWith('[]')) return readList(value, shape.slice(0, -2), path, problems);
  if (shape.endsWith('{}')) return readMap(value, shape.slice(0, -2), path, problems);
  const fields = MESSAGES[shape];
  if (fields !== undefined) return readFields(value, fields, shape, path, problems);
  if (!isScalar(value, shape)) problems.push(invalidValue(value, shape, path));
  return value;
}

function readFields(
  value: unknown,
  fields: Readonly<Record<string, Shape>>,
  type: string,
  path: string,
  problems: string[],
): Json {
  if (!isJson(value)) {
    problems.push(invalidValue(value, type, path));
    return {};
  }
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    // Both spellings are read, as by every proto3 JSON parser.
    const name = key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (shape === undefined) {
      const place = path === '' ? '' : ` at '${path}'`;
      problems.push(`Invalid JSON payload received. Unknown name "${key}"${place}: Cannot find field.`);
      return [];
    }
    if (inner === null) return [];
    return [[name, readShape(inner, shape, join(path, name), problems)]];
  });
  return Object.fromEntries(entries);
}

function readList(value: unknown, shape: Shape, path: string, problems: string[]): unknown[] {
  if (!Array.isArray(value)) {
    problems.push(invalidValue(value, shape, path));
    return [];
  }
  return value.map((item: unknown, index) => readShape(item, shape, `${path}[${index}]`, problems));
}

function readMap(value: unknown, shape: Shape, path: string, problems: string[]): Json {
  if (!isJson(value)) {
    problems.push(invalidValue(value, shape, path));
    return {};
  }
  const read = ([key, inner]: [string, unknown]): [string, unknown] => [
    key,
    readShape(inner, shape, `${path}[${JSON.stringify(key)}].value`, problems),
  ];
  return Object.fromEntries(Object.entries(value).map(read));
}

function isScalar(value: unknown, shape: Shape): boolean {
  switch (shape) {
    case 'value':
      return true;
    case 'struct':
      return isJson(value);
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'int32':
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31;
    case 'bytes':
      return typeof value === 'string' && isBase64(value);
    default:
      return typeof value === 'string' && (ENUMS[shape] ?? []).includes(value.toUpperCase());
  }
}

function isBase64(text: string): boolean {
  const digits = text.replace(/={0,2}$/, '');
  return digits.length % 4 !== 1 && (/^[A-Za-z0-9+/]*$/.test(digits) || /^[A-Za-z0-9_-]*$/.test(digits));
}

function invalidValue(value: unknown, shape: Shape, path: string): string {
  const type = SCALAR_NAMES.get(shape) ?? `type.googleapis.com/google.ai.generativelanguage.v1beta.${shape}`;
  const text = JSON.stringify(value) ?? '';
  const what = shape === 'bytes' ? `Base64 decoding failed for ${text.slice(0, 80)}` : text.slice(0, 80);
  return `Invalid value at '${path}' (${type}), ${what}`;
}

/** Paths in messages are in snake case. */
function join(path: string, name: string): string {
  const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return path === '' ? field : `${path}.${field}`;
}
