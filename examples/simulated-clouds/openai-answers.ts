/** What the simulated OpenAI answers: always the same for the same request, with the request's text in it. */
import { isJsonBody, type JsonBody } from './openai-checks.ts';

/** Unix seconds of every answer. */
export const CREATED = 1_780_000_000;

/** The models it lists. It answers to every other name in OpenAI's style, too. */
export const MODELS: readonly string[] = [
  'gpt-4.1',
  'gpt-4o',
  'gpt-5.4',
  'gpt-3.5-turbo-instruct',
  'text-embedding-3-small',
  'omni-moderation-latest',
  'gpt-image-1',
  'tts-1',
  'whisper-1',
];

/** The bytes of every spoken answer and every picture: a few that are no valid UTF-8. */
export const SOUND: Buffer = Buffer.from([
  0x49, 0x44, 0x33, 0x04, 0x00, 0xff, 0xfb, 0x90, 0xc4, 0x00, 0x80, 0xfe,
]);
export const PICTURE: Buffer = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff]);

/** The text of every answer. @param text What the client said last. */
export function echo(model: unknown, text: string): string {
  return `${String(model)} echoes: ${text}`;
}

/** One token a word: easy to count by hand. */
export function countTokens(text: string): number {
  return piecesOf(text).length;
}

function piecesOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** The text of a message's content, or of a Responses input. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .filter(isJsonBody)
    .map((part) => (typeof part.text === 'string' ? part.text : textOf(part.content)))
    .join(' ');
}

function messagesOf(body: JsonBody): JsonBody[] {
  return Array.isArray(body.messages) ? body.messages.filter(isJsonBody) : [];
}

interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

interface Turn {
  readonly text: string | null;
  readonly calls: readonly ToolCall[];
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly usage: object;
}

/** What the model says: calls of the tools it was given, else the last text it heard, cut at the limit. */
function takeTurn(body: JsonBody): Turn {
  const messages = messagesOf(body);
  const heard = textOf(messages.findLast(({ role }) => role === 'user' || role === 'tool')?.content);
  const promptTokens = messages.reduce((sum, { content }) => sum + countTokens(textOf(content)), 0);
  const calls = messages.at(-1)?.role === 'tool' ? [] : callTools(body, heard);
  if (calls.length > 0) {
    const completionTokens = calls.length;
    return { text: null, calls, finishReason: 'tool_calls', usage: usageOf(promptTokens, completionTokens) };
  }
  const pieces = piecesOf(replyTo(body, heard));
  const limit = Number(body.max_completion_tokens ?? body.max_tokens ?? Infinity);
  const kept = pieces.slice(0, limit);
  return {
    text: kept.join(''),
    calls,
    finishReason: kept.length < pieces.length ? 'length' : 'stop',
    usage: usageOf(promptTokens, kept.length),
  };
}

function replyTo(body: JsonBody, heard: string): string {
  const format = isJsonBody(body.response_format) ? body.response_format.type : 'text';
  return format === 'text' ? echo(body.model, heard) : JSON.stringify({ echo: heard });
}

function usageOf(promptTokens: number, completionTokens: number): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Calls the tool that was asked for, or all of them; only one where calls in parallel are not wanted. */
function callTools(body: JsonBody, heard: string): ToolCall[] {
  const choice = body.tool_choice;
  if (!Array.isArray(body.tools) || choice === 'none') return [];
  const functions = body.tools
    .filter(isJsonBody)
    .map((tool) => tool.function)
    .filter(isJsonBody);
  const wanted = isJsonBody(choice) && isJsonBody(choice.function) ? choice.function.name : undefined;
  const called = wanted === undefined ? functions : functions.filter(({ name }) => name === wanted);
  return called.slice(0, body.parallel_tool_calls === false ? 1 : undefined).map((tool, index) => ({
    id: `call_simulated${index + 1}`,
    type: 'function',
    function: { name: String(tool.name), arguments: JSON.stringify(argumentsFor(tool.parameters, heard)) },
  }));
}

/** A value for each property of the schema. */
function argumentsFor(schema: unknown, heard: string): object {
  const properties = isJsonBody(schema) && isJsonBody(schema.properties) ? schema.properties : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]): [string, unknown] => {
      const type = isJsonBody(property) ? property.type : 'string';
      if (type === 'integer' || type === 'number') return [name, 1];
      if (type === 'boolean') return [name, true];
      if (type === 'array') return [name, []];
      if (type === 'object') return [name, argumentsFor(property, heard)];
      return [name, isJsonBody(property) && Array.isArray(property.enum) ? property.enum[0] : heard];
    }),
  );
}

function choices<T>(body: JsonBody, make: (index: number) => T): T[] {
  return Array.from({ length: Number(body.n ?? 1) }, (_, index) => make(index));
}

export function chatCompletion(body: JsonBody, id: string): object {
  const { text, calls, finishReason, usage } = takeTurn(body);
  return {
    id,
    object: 'chat.completion',
    created: CREATED,
    model: body.model,
    choices: choices(body, (index) => ({
      index,
      message: {
        role: 'assistant',
        content: text,
        ...(calls.length > 0 && { tool_calls: calls }),
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  };
}

/** The events of a streamed chat completion, `[DONE]` not included. */
export function chatChunks(body: JsonBody, id: string): object[] {
  const { text, calls, finishReason, usage } = takeTurn(body);
  const withUsage = isJsonBody(body.stream_options) && body.stream_options.include_usage === true;
  const chunk = (chunkChoices: object[], chunkUsage: object | null = null): object => ({
    id,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: body.model,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
    choices: chunkChoices,
    ...(withUsage && { usage: chunkUsage }),
  });
  const deltas = [
    { role: 'assistant', content: text === null ? null : '', refusal: null },
    ...piecesOf(text ?? '').map((content) => ({ content })),
    ...calls.flatMap(callDeltas),
  ];
  return [
    ...choices(body, (index) => [
      ...deltas.map((delta) => chunk([{ index, delta, logprobs: null, finish_reason: null }])),
      chunk([{ index, delta: {}, logprobs: null, finish_reason: finishReason }]),
    ]).flat(),
    ...(withUsage ? [chunk([], usage)] : []),
  ];
}

/** Name first, then the arguments in two parts. */
function callDeltas(call: ToolCall, index: number): object[] {
  const { name, arguments: all } = call.function;
  const middle = Math.ceil(all.length / 2);
  return [
    { tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }] },
    { tool_calls: [{ index, function: { arguments: all.slice(0, middle) } }] },
    { tool_calls: [{ index, function: { arguments: all.slice(middle) } }] },
  ];
}

export function completion(body: JsonBody, id: string): object {
  const prompts = [body.prompt].flat().map(String);
  const texts = prompts.map((prompt) => echo(body.model, prompt));
  return {
    id,
    object: 'text_completion',
    created: CREATED,
    model: body.model,
    choices: texts.map((text, index) => ({ text, index, logprobs: null, finish_reason: 'stop' })),
    usage: usageOf(sumTokens(prompts), sumTokens(texts)),
  };
}

export function completionChunks(body: JsonBody, id: string): object[] {
  const chunk = (text: string, finishReason: string | null): object => ({
    id,
    object: 'text_completion',
    created: CREATED,
    model: body.model,
    choices: [{ text, index: 0, logprobs: null, finish_reason: finishReason }],
  });
  const pieces = piecesOf(echo(body.model, String([body.prompt].flat()[0])));
  return [...pieces.map((piece) => chunk(piece, null)), chunk('', 'stop')];
}

export function embeddings(body: JsonBody): object {
  const inputs = [body.input].flat().map(String);
  const tokens = sumTokens(inputs);
  return {
    object: 'list',
    data: inputs.map((input, index) => ({
      object: 'embedding',
      index,
      embedding: encodeVector(vectorOf(input, Number(body.dimensions ?? 8)), body.encoding_format),
    })),
    model: body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Exact in 32 bits, so that both encodings say the same. */
export function vectorOf(text: string, dimensions: number): number[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: dimensions }, (_, i) => ((bytes[i % bytes.length] ?? 0) - 128) / 128);
}

function encodeVector(vector: number[], format: unknown): number[] | string {
  return format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
}

function sumTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + countTokens(text), 0);
}

export function modelList(): object {
  return { object: 'list', data: MODELS.map(modelEntry) };
}

export function modelEntry(id: string): object {
  return { id, object: 'model', created: CREATED, owned_by: 'system' };
}

export function moderation(body: JsonBody): object {
  return {
    id: 'modr-simulated',
    model: body.model ?? 'omni-moderation-latest',
    results: [body.input].flat().map(() => ({
      flagged: false,
      categories: { violence: false },
      category_scores: { violence: 0 },
      category_applied_input_types: { violence: ['text'] },
    })),
  };
}

export function picture(): object {
  return { created: CREATED, data: [{ b64_json: PICTURE.toString('base64') }] };
}

export function response(body: JsonBody, id: string): object {
  const heard = textOf(body.input);
  const text = echo(body.model, heard);
  return {
    ...responseHead(body, id, 'completed'),
    output: [outputMessage(id, 'completed', [outputText(text)])],
    usage: {
      input_tokens: countTokens(heard),
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: countTokens(text),
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: countTokens(heard) + countTokens(text),
    },
  };
}

/** The events of a streamed response. There is no `[DONE]` behind them. */
export function responseEvents(body: JsonBody, id: string): { type: string }[] {
  const text = echo(body.model, textOf(body.input));
  const started = { ...responseHead(body, id, 'in_progress'), output: [], usage: null };
  const at = { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
  const events = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    { type: 'response.output_item.added', output_index: 0, item: outputMessage(id, 'in_progress', []) },
    { type: 'response.content_part.added', ...at, part: outputText('') },
    ...piecesOf(text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: outputText(text) },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: outputMessage(id, 'completed', [outputText(text)]),
    },
    { type: 'response.completed', response: response(body, id) },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function responseHead(body: JsonBody, id: string, status: string): object {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    model: body.model,
    parallel_tool_calls: true,
    previous_response_id: null,
    store: body.store ?? true,
    tool_choice: 'auto',
    tools: [],
  };
}

function outputMessage(id: string, status: string, content: object[]): object {
  return { id: `msg_${id}`, type: 'message', status, role: 'assistant', content };
}

function outputText(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}
