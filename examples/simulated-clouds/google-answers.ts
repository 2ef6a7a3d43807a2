/** What the simulated Gemini answers: always the same for the same request, with the request's text in it. */
import { hasOrphan, json, list } from './google-rules.ts';
import { isJson, parseMessage, type Json } from './google-wire.ts';

/** A picture of one pixel, and a few samples of 16-bit PCM: what image and speech models answer with. */
export const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const SOUND: Buffer = Buffer.from([0, 0, 16, 39, 0, 0, 240, 216]);

/** How an answer is made unlike others: ids and signatures count on. */
export interface AnswerContext {
  readonly model: string;
  readonly responseId: string;
  readonly mintSignature: () => string;
}

interface Piece {
  readonly part: Json;
  readonly tokens: number;
}

/** The events of a stream; usage is cumulative, and the last one has the reason. */
export function answerEvents(body: unknown, context: AnswerContext): Json[] {
  const request = parseMessage(body, 'GenerateContentRequest').message;
  const head = { modelVersion: context.model, responseId: context.responseId };
  const events: Json[] = [];
  for (let index = 0; index < candidateCount(request); index += 1) {
    let told = 0;
    const usage = usageOf(request, context.model);
    const answer = answerOf(body, request, context);
    for (const { part, tokens } of answer.pieces) {
      told += tokens;
      const candidate = { content: { parts: [part], role: 'model' }, ...(index > 0 && { index }) };
      events.push({ candidates: [candidate], usageMetadata: usage(told), ...head });
    }
    events.push({
      candidates: [{ ...answer.end, ...(index > 0 && { index }) }],
      usageMetadata: usage(told),
      ...head,
    });
  }
  return events;
}

/** The same answer in one piece. */
export function answerWhole(body: unknown, context: AnswerContext): Json {
  const events = answerEvents(body, context);
  const candidates = new Map<number, Json>();
  for (const candidate of events.flatMap((event) => list(event['candidates']))) {
    const index = typeof candidate['index'] === 'number' ? candidate['index'] : 0;
    const before = candidates.get(index) ?? {};
    const parts = [...list(json(before['content'])['parts']), ...list(json(candidate['content'])['parts'])];
    // The empty text at the end of a stream is a matter of streams.
    const whole = joinTexts(parts).filter((part) => part['text'] !== '');
    candidates.set(index, { ...before, ...candidate, content: { parts: whole, role: 'model' } });
  }
  return { ...events.at(-1), candidates: [...candidates.values()] };
}

function joinTexts(parts: readonly Json[]): Json[] {
  const joined: Json[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const isMore = typeof last?.['text'] === 'string' && typeof part['text'] === 'string';
    if (last !== undefined && isMore && last['thought'] === part['thought'])
      joined[joined.length - 1] = {
        ...last,
        ...part,
        text: `${String(last['text'])}${String(part['text'])}`,
      };
    else joined.push(part);
  }
  return joined;
}

function candidateCount(request: Json): number {
  return Number(json(request['generationConfig'])['candidateCount'] ?? 1);
}

interface Answer {
  readonly pieces: readonly Piece[];
  /** The rest of the candidate in the last event. */
  readonly end: Json;
}

function answerOf(body: unknown, request: Json, context: AnswerContext): Answer {
  // What the real one does with a result that belongs to no call.
  if (hasOrphan(body)) return { pieces: [], end: { finishReason: 'STOP' } };
  const calls = callPieces(request, context);
  const thought = thoughtPieces(request);
  if (calls.length > 0)
    return {
      pieces: [...thought, ...calls],
      end: stopWith([{ text: '' }], 'Model generated function call(s).'),
    };
  const modalities = json(request['generationConfig'])['responseModalities'];
  if (Array.isArray(modalities) && modalities.includes('AUDIO'))
    return {
      pieces: [mediaPiece('audio/L16;codec=pcm;rate=24000', SOUND.toString('base64'))],
      end: stopWith([]),
    };
  if (Array.isArray(modalities) && modalities.includes('IMAGE'))
    return { pieces: [...textPieces('Here it is.'), mediaPiece('image/png', PICTURE)], end: stopWith([]) };
  return textAnswer(request, context, thought);
}

function stopWith(parts: readonly Json[], finishMessage?: string): Json {
  return {
    ...(parts.length > 0 && { content: { parts, role: 'model' } }),
    finishReason: 'STOP',
    ...(finishMessage !== undefined && { finishMessage }),
  };
}

function textAnswer(request: Json, context: AnswerContext, thought: readonly Piece[]): Answer {
  const config = json(request['generationConfig']);
  const { text, isCut } = limit(answerText(request, context.model), config);
  const signature = isThird(context.model) ? [{ text: '', thoughtSignature: context.mintSignature() }] : [];
  const end = isCut ? { finishReason: 'MAX_TOKENS' } : stopWith(signature);
  return { pieces: [...thought, ...textPieces(text)], end: { ...end, ...grounding(request, text) } };
}

/** The text of every answer. @param text What the client said last, or what its tools gave back. */
export function echo(model: string, text: string): string {
  return `${model} echoes: ${text}`;
}

function answerText(request: Json, model: string): string {
  const config = json(request['generationConfig']);
  const text = lastText(request);
  if (config['responseMimeType'] !== 'application/json') return echo(model, text);
  const schema = config['responseJsonSchema'] ?? config['responseSchema'];
  return JSON.stringify(schema === undefined ? { echo: text } : sample(schema, json(schema), text));
}

function lastText(request: Json): string {
  const parts = list(list(request['contents']).at(-1)?.['parts']);
  const results = parts.flatMap(({ functionResponse }) =>
    isJson(functionResponse) ? [functionResponse] : [],
  );
  if (results.length > 0)
    return results.map(({ name, response }) => `${String(name)} said ${JSON.stringify(response)}`).join('; ');
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}

function limit(text: string, config: Json): { text: string; isCut: boolean } {
  const stops: unknown[] = Array.isArray(config['stopSequences']) ? config['stopSequences'] : [];
  const ends = stops.map((stop) => text.indexOf(String(stop))).filter((end) => end >= 0);
  const stopped = text.slice(0, Math.min(text.length, ...ends));
  const words = wordsOf(stopped);
  const most = Number(config['maxOutputTokens'] ?? words.length);
  return { text: words.slice(0, most).join(''), isCut: words.length > most };
}

/** One token a word: easy to count by hand. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

function textPieces(text: string): Piece[] {
  return wordsOf(text).map((word) => ({ part: { text: word }, tokens: 1 }));
}

function mediaPiece(mimeType: string, data: string): Piece {
  return { part: { inlineData: { mimeType, data } }, tokens: 10 };
}

function thoughtPieces(request: Json): Piece[] {
  const { includeThoughts } = json(json(request['generationConfig'])['thinkingConfig']);
  return includeThoughts === true ? [{ part: { text: 'Let me think.', thought: true }, tokens: 0 }] : [];
}

/** After a question every tool that may be called is called, in parallel; after the results comes a text. */
function callPieces(request: Json, { model, responseId, mintSignature }: AnswerContext): Piece[] {
  const last = list(list(request['contents']).at(-1)?.['parts']);
  if (last.some((part) => part['functionResponse'] !== undefined)) return [];
  const third = isThird(model);
  return callableFunctions(request).map((declaration, index) => {
    const schema = json(declaration['parametersJsonSchema'] ?? declaration['parameters']);
    const args = sample(schema, schema, lastText(request));
    const functionCall = {
      // Older models give no ids, and arguments that are none are left out.
      ...(third && { id: `${responseId}-${index}` }),
      name: declaration['name'],
      ...(isJson(args) && Object.keys(args).length > 0 && { args }),
    };
    const signature = third && index === 0 ? { thoughtSignature: mintSignature() } : {};
    return { part: { functionCall, ...signature }, tokens: 5 };
  });
}

function callableFunctions(request: Json): Json[] {
  const { mode, allowedFunctionNames: allowed } = json(json(request['toolConfig'])['functionCallingConfig']);
  if (mode === 'NONE') return [];
  const all = list(request['tools']).flatMap((tool) => list(tool['functionDeclarations']));
  return Array.isArray(allowed) ? all.filter(({ name }) => allowed.includes(name)) : all;
}

/** A value that fits a JSON schema: the required properties, the first of each choice. */
function sample(schema: unknown, root: Json, text: string): unknown {
  if (!isJson(schema)) return text;
  const { $ref: ref, enum: choices, anyOf, properties, items } = schema;
  if (typeof ref === 'string') return sample(json(root['$defs'])[ref.replace('#/$defs/', '')], root, text);
  if (Array.isArray(choices)) return choices[0];
  if (Array.isArray(anyOf)) return sample(anyOf[0], root, text);
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (typeof type === 'string' ? type.toLowerCase() : 'object') {
    case 'object': {
      const required: unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
      const fields = json(properties);
      return Object.fromEntries(required.map((name) => [name, sample(fields[String(name)], root, text)]));
    }
    case 'array':
      return [sample(items, root, text)];
    case 'integer':
    case 'number':
      return 7;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return text;
  }
}

function grounding(request: Json, text: string): Json {
  const isSearched = list(request['tools']).some((tool) => tool['googleSearch'] !== undefined);
  if (!isSearched) return {};
  return {
    groundingMetadata: {
      webSearchQueries: [lastText(request)],
      groundingChunks: [{ web: { uri: 'https://search.example/1', title: 'search.example' } }],
      groundingSupports: [
        { segment: { endIndex: Buffer.byteLength(text), text }, groundingChunkIndices: [0] },
      ],
    },
  };
}

const THOUGHT_TOKENS = 20;

function usageOf(request: Json, model: string): (told: number) => Json {
  const prompt = wordsOf(JSON.stringify(request['contents'])).length + 3;
  const thoughts = isThird(model) ? THOUGHT_TOKENS : 0;
  return (told) => ({
    promptTokenCount: prompt,
    ...(told > 0 && { candidatesTokenCount: told }),
    totalTokenCount: prompt + told + thoughts,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
  });
}

function isThird(model: string): boolean {
  return !/^gemma-|^gemini-[12]\b/.test(model);
}

/** Vectors that tell texts apart: the first numbers are made of the text, the rest is zero. */
export function embeddingsOf(body: unknown): Json {
  const requests = list(parseMessage(body, 'BatchEmbedContentsRequest').message['requests']);
  const texts = requests.map(({ content }) =>
    list(json(content)['parts'])
      .map(({ text }) => String(text))
      .join(''),
  );
  const embeddings = requests.map(({ outputDimensionality: width = 768 }, index) => {
    const text = texts[index] ?? '';
    const values = Array.from({ length: Number(width) }, () => 0);
    values[0] = text.length;
    if (values.length > 1) values[1] = text.charCodeAt(0) / 1024;
    return { values };
  });
  const promptTokenCount = texts.reduce((sum, text) => sum + wordsOf(text).length, 0);
  return { embeddings, usageMetadata: { promptTokenCount } };
}

const GENERATE = ['generateContent', 'countTokens'];

/** The models it lists. It answers to every other name in Google's style, too. */
export const MODELS: readonly Json[] = [
  model('gemini-3.8-flash', 'Gemini 3.8 Flash', GENERATE),
  model('gemini-3.1-pro-preview', 'Gemini 3.1 Pro Preview', GENERATE),
  model('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite', GENERATE),
  model('gemma-3-27b-it', 'Gemma 3 27B', GENERATE),
  model('gemini-embedding-001', 'Gemini Embedding 001', ['embedContent', 'countTextTokens']),
  model('aqa', 'Model that performs Attributed Question Answering.', ['generateAnswer']),
];

function model(name: string, displayName: string, supportedGenerationMethods: string[]): Json {
  return {
    name: `models/${name}`,
    version: '001',
    displayName,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods,
  };
}
