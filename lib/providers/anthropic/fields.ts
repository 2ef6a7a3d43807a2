/** What becomes of each field of a chat request at Anthropic. The README's table is made from this. */
import { isObject, type JsonValue } from '../../openai/types.ts';
import type { FieldRule, FieldTable } from '../fields.ts';

const mapped = (note: string): FieldRule => ({ class: 'mapped', note });
const ignored = (note: string): FieldRule => ({ class: 'ignored', note });
const hint = (note: string, isNoop?: FieldRule['isNoop']): FieldRule => ({
  class: 'hint',
  note,
  ...(isNoop !== undefined && { isNoop }),
});
const refused = (note: string, isNoop: FieldRule['isNoop']): FieldRule => ({
  class: 'refused',
  note,
  ...(isNoop !== undefined && { isNoop }),
});

const is =
  (noop: JsonValue) =>
  (value: JsonValue): boolean =>
    value === noop;
const isEmptyObject = (value: JsonValue): boolean => isObject(value) && Object.keys(value).length === 0;
const isTextOnly = (value: JsonValue): boolean =>
  Array.isArray(value) && value.every((modality) => modality === 'text');

/** Fields of Anthropic's own, sent as they are. Some need an `anthropic-beta` header, which the client sends. */
export const NATIVE_FIELDS: readonly string[] = [
  'cache_control',
  'container',
  'context_management',
  'mcp_servers',
  'speed',
  'inference_geo',
  'fallbacks',
  'diagnostics',
];

/** Of those, the ones that the answer speaks of too, under the same name. */
export const ANSWERED_FIELDS: readonly string[] = ['container', 'context_management', 'diagnostics'];

const nativeNote = (name: string): string =>
  ANSWERED_FIELDS.includes(name)
    ? `\`${name}\`, as it is; what the answer says of it is in the choice's \`extra_content.anthropic\``
    : `\`${name}\`, as it is`;

export const ANTHROPIC_FIELDS: FieldTable = new Map<string, FieldRule>([
  ['model', mapped('`model`, without the prefix')],
  ['messages', mapped('`system` and `messages`')],
  [
    'max_completion_tokens',
    mapped('`max_tokens`; absent: 16,000, or 64,000 for a stream, beside a budget to think'),
  ],
  ['max_tokens', mapped('`max_tokens`, unless `max_completion_tokens` is set')],
  ['temperature', mapped('`temperature`, at most 1; dropped for models after Claude 4.6')],
  ['top_p', mapped('`top_p`; dropped for models after Claude 4.6, and beside a temperature on Claude 4.5')],
  ['top_k', mapped('`top_k`; dropped for models after Claude 4.6')],
  ['stop', mapped('`stop_sequences`')],
  ['stream', mapped('`stream`')],
  ['stream_options', mapped('`include_usage` adds the usage chunk')],
  ['tools', mapped('`tools`; an entry in the form of Anthropic passes as it is')],
  ['functions', mapped('`tools`; the answer is in the legacy form too')],
  ['tool_choice', mapped('`tool_choice`')],
  ['function_call', mapped('`tool_choice`')],
  ['parallel_tool_calls', mapped('`tool_choice.disable_parallel_tool_use`')],
  [
    'response_format',
    mapped('`output_config.format`; a map is closed, `json_object` is a line in `system`: both are reported'),
  ],
  ['reasoning_effort', mapped('`output_config.effort` and `thinking`, as the model takes it')],
  [
    'safety_identifier',
    mapped('`metadata.user_id`; dropped if it looks like an e-mail address or a phone number'),
  ],
  ['user', mapped('`metadata.user_id`, unless `safety_identifier` is set')],
  ['metadata', mapped('`metadata.user_id` if that is its only key; tags are ignored')],
  ['service_tier', mapped('`service_tier`: `default` is `standard_only`, `priority` is `auto`')],
  ['thinking', mapped('`thinking`, as it is')],
  ['output_config', mapped('`output_config`; its keys win')],
  ...NATIVE_FIELDS.map((name): [string, FieldRule] => [name, mapped(nativeNote(name))]),

  ['store', hint('nothing is stored', is(false))],
  ['moderation', hint('no counterpart')],
  ['prompt_cache_key', ignored('caching is asked for with `cache_control`')],
  ['prompt_cache_retention', ignored('caching is asked for with `cache_control`')],
  ['prompt_cache_options', ignored('caching is asked for with `cache_control`')],

  ['seed', hint('no counterpart')],
  ['logit_bias', hint('no counterpart', isEmptyObject)],
  ['presence_penalty', hint('no counterpart', is(0))],
  ['frequency_penalty', hint('no counterpart', is(0))],
  ['verbosity', hint('no counterpart')],
  ['prediction', hint('no counterpart')],

  ['n', refused('one request gives one answer', is(1))],
  ['logprobs', refused('it gives no token probabilities', is(false))],
  ['top_logprobs', refused('it gives no token probabilities', is(0))],
  ['modalities', refused('it answers in text alone', isTextOnly)],
  ['audio', refused('it answers in text alone', undefined)],
  [
    'web_search_options',
    refused(
      'send its own search tool in `tools`, such as {"type":"web_search_20250305","name":"web_search"}',
      undefined,
    ),
  ],
]);
