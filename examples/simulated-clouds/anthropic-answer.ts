/**
 * What the simulated Claude answers: the same to the same request, so that a demo and a test can tell it beforehand.
 * It repeats the user's last words; with tools it calls up to two of them first; it thinks where the model does.
 */
import { isReadyMade } from './anthropic-tools.ts';
import { asObject, isJson, listOf, type Json } from './anthropic-refusal.ts';
import { prefixOf, sign } from './anthropic-signatures.ts';
import type { Message } from './anthropic-conversation.ts';
import type { ValidRequest } from './anthropic-validate.ts';

export interface AnswerOptions {
  /** How many times in a row it calls tools before it speaks. Default 1. */
  readonly toolRounds?: number;
  /** Thinks twice at first, and again before each further call, as newer models do. Default false. */
  readonly progressNotes?: boolean;
}

/** The `message` of the API. */
export interface SimulatedMessage extends Json {
  readonly content: Json[];
  readonly usage: Json;
}

/** @param serial Makes the ids: unique within one cloud. */
export function answerTo(
  request: ValidRequest,
  serial: number,
  options: AnswerOptions = {},
): SimulatedMessage {
  const calls = callsFor(request, options);
  const spoken = calls.length > 0 ? [] : textFor(request);
  const acts = calls.map((call, index) => ({ ...call, id: `toolu_${serial}_${index}` }));
  const content = withThinking(request, [...spoken, ...acts], options.progressNotes === true);
  const { blocks, stop } = cut(content, request, calls.length > 0);
  return {
    id: `msg_${serial}`,
    type: 'message',
    role: 'assistant',
    model: request.model.id,
    content: blocks,
    container: null,
    diagnostics: null,
    stop_details: null,
    ...stop,
    usage: usageOf(request.body, blocks),
  };
}

/** Rough, but always the same. */
export function tokensOf(value: unknown): number {
  return Math.ceil(JSON.stringify(value ?? '').length / 4);
}

function usageOf(body: Json, blocks: readonly Json[]): Json {
  const thought = blocks.filter(isThought);
  return {
    input_tokens: tokensOf(body['messages']) + tokensOf(body['system']) + tokensOf(body['tools']),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: blocks.reduce((sum, block) => sum + tokensOf(block), 0),
    output_tokens_details: thought.length > 0 ? { thinking_tokens: tokensOf(thought) } : null,
    server_tool_use: null,
    service_tier: 'standard',
  };
}

function isThought({ type }: Json): boolean {
  return type === 'thinking';
}

function hasResults(message: Message | undefined): boolean {
  return message?.blocks.some(({ type }) => type === 'tool_result') ?? false;
}

/** Turns with results since the user last spoke. */
function roundsDone(messages: readonly Message[]): number {
  const users = messages.filter(({ role }) => role === 'user');
  const lastWord = users.findLastIndex((message) => !hasResults(message));
  return users.length - 1 - lastWord;
}

function callsFor({ body, messages }: ValidRequest, { toolRounds = 1 }: AnswerOptions): Json[] {
  const choice = isJson(body['tool_choice']) ? body['tool_choice'] : {};
  const isForced = choice['type'] === 'any' || choice['type'] === 'tool';
  if (choice['type'] === 'none' || (!isForced && roundsDone(messages) >= toolRounds)) return [];
  const tools = listOf(body['tools']).filter((tool) => !isReadyMade(tool));
  const wanted = choice['type'] === 'tool' ? tools.filter(({ name }) => name === choice['name']) : tools;
  const calls = wanted.slice(0, choice['disable_parallel_tool_use'] === true ? 1 : 2);
  return calls.map((tool) => ({
    type: 'tool_use',
    name: tool['name'],
    input: sample(tool['input_schema'], 'input'),
  }));
}

/** The smallest value that a schema allows. @param name What a text is made of. */
export function sample(schema: unknown, name: string): unknown {
  if (!isJson(schema)) return name;
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (schema['const'] !== undefined) return schema['const'];
  const [choice] = [...listOf(schema['anyOf']), ...listOf(schema['allOf'])];
  if (choice !== undefined) return sample(choice, name);
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  if (type === 'object' || isJson(schema['properties'])) return sampleObject(schema);
  const make = SAMPLES[String(type)];
  return make === undefined ? name : make(schema, name);
}

const SAMPLES: Readonly<Record<string, (schema: Json, name: string) => unknown>> = {
  integer: () => 1,
  number: () => 1.5,
  boolean: () => true,
  null: () => null,
  array: (schema, name) => [sample(schema['items'], name)],
};

function sampleObject(schema: Json): Json {
  const properties = isJson(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, sample(inner, name)]));
}

function textFor(request: ValidRequest): Json[] {
  const { body, messages } = request;
  const config = isJson(body['output_config']) ? body['output_config'] : {};
  if (isJson(config['format'])) return [text(JSON.stringify(sample(config['format']['schema'], 'value')))];
  if (listOf(body['tools']).some((tool) => String(tool['type']).startsWith('web_search_')))
    return webSearch(messages);
  const document = citedDocument(messages);
  const words = wordsFor(messages);
  return [document === undefined ? text(words) : { ...text(words), citations: [citation(document)] }];
}

function text(words: string): Json {
  return { type: 'text', text: words };
}

/** What the user said last, tool results included. */
function wordsFor(messages: readonly Message[]): string {
  const last = messages.at(-1);
  if (last?.role === 'assistant') return ' and so on.';
  const user = messages.findLast(({ role }) => role === 'user');
  if (hasResults(user)) return `The tools say: ${resultTexts(user).join(', ')}`;
  const spoken =
    user?.blocks.filter(({ type }) => type === 'text').map((block) => String(block['text'])) ?? [];
  return spoken.length > 0 ? `You said: ${spoken.join(' ')}` : 'You said nothing, but I have seen it.';
}

function resultTexts(message: Message | undefined): string[] {
  return (message?.blocks ?? []).flatMap((block) => {
    if (block['type'] !== 'tool_result') return [];
    const { content } = block;
    return typeof content === 'string'
      ? [content]
      : listOf(content).map((inner) => String(inner['text'] ?? inner['type']));
  });
}

function citedDocument(messages: readonly Message[]): Json | undefined {
  return messages
    .flatMap(({ blocks }) => blocks)
    .find(({ type, citations }) => type === 'document' && isJson(citations) && citations['enabled'] === true);
}

function citation(document: Json): Json {
  const source = asObject(document['source'], 'source');
  return {
    type: 'char_location',
    cited_text: String(source['data']).slice(0, 20),
    document_index: 0,
    document_title: document['title'] ?? null,
    start_char_index: 0,
    end_char_index: 20,
  };
}

/** A search that Anthropic runs: nothing for the client to do. */
function webSearch(messages: readonly Message[]): Json[] {
  const query = wordsFor(messages).replace('You said: ', '');
  const page = { url: 'https://example.org/', title: 'Example' };
  return [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', ...page, encrypted_content: 'e', page_age: null }],
    },
    text('I found '),
    {
      ...text('an example.'),
      citations: [
        { type: 'web_search_result_location', ...page, cited_text: 'Example', encrypted_index: 'i' },
      ],
    },
  ];
}

function thinks({ body, model }: ValidRequest): boolean {
  if (!isJson(body['thinking'])) return model.thinksByDefault;
  return body['thinking']['type'] === 'adaptive' || body['thinking']['type'] === 'enabled';
}

function showsThinking({ body, model }: ValidRequest): boolean {
  const display = isJson(body['thinking']) ? body['thinking']['display'] : undefined;
  return display === 'summarized' || (display !== 'omitted' && model.showsThinking);
}

/** A block of thinking first and, with progress notes, another one, and one more before each further call. */
function withThinking(request: ValidRequest, acts: readonly Json[], progressNotes: boolean): Json[] {
  if (!thinks(request)) return [...acts];
  const content: Json[] = [];
  acts.forEach((act, index) => {
    const isNoted = progressNotes && (index === 0 || act['type'] === 'tool_use');
    const thoughts = Number(index === 0) + Number(isNoted);
    for (let more = thoughts; more > 0; more--) content.push(thought(request, content, content.length));
    content.push(act);
  });
  return content;
}

function thought(request: ValidRequest, before: readonly Json[], index: number): Json {
  const thinking = showsThinking(request) ? `Step ${index + 1}: let me think.` : '';
  const prefix = prefixOf(request.body, request.messages, before);
  return { type: 'thinking', thinking, signature: sign(prefix, thinking) };
}

/** Ends the text where the request says: at a stop sequence, or after `max_tokens` words. */
function cut(
  content: Json[],
  { body, maxTokens }: ValidRequest,
  isCalling: boolean,
): { blocks: Json[]; stop: Json } {
  const last = content.at(-1);
  if (isCalling || last?.['type'] !== 'text') {
    return { blocks: content, stop: { stop_reason: 'tool_use', stop_sequence: null } };
  }
  const words = String(last['text']);
  const stops = Array.isArray(body['stop_sequences']) ? body['stop_sequences'].map(String) : [];
  const found = stops
    .filter((stop) => words.includes(stop))
    .sort((a, b) => words.indexOf(a) - words.indexOf(b))[0];
  const shortened = found === undefined ? words : words.slice(0, words.indexOf(found));
  const limited =
    shortened
      .match(/\s*\S+/g)
      ?.slice(0, Math.max(maxTokens, 1))
      .join('') ?? shortened;
  const isLimited = limited.length < shortened.trimEnd().length;
  const reason = isLimited ? 'max_tokens' : found === undefined ? 'end_turn' : 'stop_sequence';
  const stop_sequence = reason === 'stop_sequence' ? found : null;
  const ended = { ...last, text: isLimited ? limited : shortened };
  return { blocks: [...content.slice(0, -1), ended], stop: { stop_reason: reason, stop_sequence } };
}
