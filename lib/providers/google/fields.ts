/** What becomes of each field of OpenAI's requests at Google; the README's tables are made from this. */
import type { JsonValue } from '../../openai/types.ts';
import { isObject } from '../../openai/types.ts';
import type { FieldRule, FieldTable } from '../fields.ts';
import { isEmpty } from './json.ts';

const mapped = (note: string): FieldRule => ({ class: 'mapped', note });
const ignored = (note: string): FieldRule => ({ class: 'ignored', note });
const hint = (note: string, isNoop?: (value: JsonValue) => boolean): FieldRule => ({
  class: 'hint',
  note,
  ...(isNoop !== undefined && { isNoop }),
});

const isZero = (value: JsonValue): boolean => value === 0;
const isFalse = (value: JsonValue): boolean => value === false;
const isTrue = (value: JsonValue): boolean => value === true;
const isEmptyObject = (value: JsonValue): boolean => isObject(value) && isEmpty(value);

const NAMESPACE = mapped("Google's own settings, from a list of keys");
const ACCOUNTING = ignored('Google keeps no such records per request');
const CACHING = ignored('Google caches prompts by itself');

export const GOOGLE_FIELDS: FieldTable = new Map<string, FieldRule>([
  ['model', mapped('the path')],
  ['messages', mapped('`contents`, `systemInstruction`')],
  ['max_completion_tokens', mapped('`maxOutputTokens`, thinking included')],
  ['max_tokens', mapped('`maxOutputTokens`, if `max_completion_tokens` is absent')],
  ['temperature', mapped('`temperature`; left out and reported for Gemini 3.6 and later, unless 1')],
  ['top_p', mapped('`topP`; left out and reported for Gemini 3.6 and later, unless 1')],
  ['top_k', mapped('`topK`; left out and reported for Gemini 3.6 and later')],
  ['stop', mapped('`stopSequences`')],
  ['n', mapped('`candidateCount`; more than 1 is refused for Gemini 3 and later')],
  ['seed', mapped('`seed`, folded to 32 bits')],
  ['logprobs', mapped('`responseLogprobs`')],
  ['top_logprobs', mapped('`logprobs`')],
  ['response_format', mapped('`responseMimeType`, `responseJsonSchema`')],
  ['tools', mapped('`functionDeclarations`, schemas as they are; functions only')],
  ['tool_choice', mapped('`functionCallingConfig`')],
  ['functions', mapped('as `tools`')],
  ['function_call', mapped('as `tool_choice`')],
  [
    'web_search_options',
    mapped('`googleSearch`; its details are left out and reported; refused beside functions'),
  ],
  ['reasoning_effort', mapped('`thinkingConfig`, as a budget or a level; the nearest one is reported')],
  ['modalities', mapped('`responseModalities`')],
  ['audio', mapped('`speechConfig`; format pcm16 only')],
  ['service_tier', mapped('`serviceTier`: default, flex, priority; others are refused')],
  ['extra_body', NAMESPACE],
  ['google', NAMESPACE],
  ['stream', ignored('the path says it')],
  ['stream_options', ignored('usage is always there; the router answers as asked')],
  ['user', ignored('Google has no such field')],
  ['safety_identifier', ignored('Google has no such field')],
  ['metadata', ACCOUNTING],
  ['moderation', ignored('Google has no such field')],
  ['prompt_cache_key', CACHING],
  ['prompt_cache_retention', CACHING],
  ['prompt_cache_options', CACHING],
  ['parallel_tool_calls', hint('Google has no switch for parallel calls', isTrue)],
  ['presence_penalty', hint('refused by all current models', isZero)],
  ['frequency_penalty', hint('refused by all current models', isZero)],
  ['logit_bias', hint('Google has no counterpart', isEmptyObject)],
  ['prediction', hint('Google has no counterpart')],
  ['verbosity', hint('Google has no counterpart')],
  ['store', hint('Google stores answers by other rules: `google.store`', isFalse)],
]);

export const GOOGLE_EMBEDDING_FIELDS: FieldTable = new Map<string, FieldRule>([
  ['model', mapped('the path and `requests[].model`')],
  ['input', mapped('`requests[].content`; token ids are refused')],
  ['dimensions', mapped('`outputDimensionality`; shortened vectors are not normalised by all models')],
  ['encoding_format', mapped('made by the router')],
  ['extra_body', NAMESPACE],
  ['google', NAMESPACE],
  ['user', ignored('Google has no such field')],
]);
