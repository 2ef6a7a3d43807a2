/** The simulated Claude's check of a whole request to `POST /v1/messages`, as a function that needs no socket. */
import { checkBlocks, checkCacheControl, checkText } from './anthropic-blocks.ts';
import { readConversation, type Message } from './anthropic-conversation.ts';
import { findModel, type SimulatedModel } from './anthropic-models.ts';
import {
  asList,
  asObject,
  asString,
  isBlank,
  isJson,
  listOf,
  onlyKeys,
  Refusal,
  type Json,
} from './anthropic-refusal.ts';
import { checkSignatures } from './anthropic-signatures.ts';
import {
  checkChoice,
  checkReferences,
  checkStrictSchema,
  checkToolsAreDefined,
  readTools,
} from './anthropic-tools.ts';

export interface ValidationOptions {
  /** Ids that are served. Default: all that begin with `claude-`. */
  readonly models?: readonly string[];
  /** `anthropic-beta` of the request. Without it, fields that are in beta are unknown. */
  readonly beta?: string;
  /** `anthropic-version`. Default `2023-06-01`. */
  readonly version?: string;
  /** Take signatures of thinking that this cloud has not made. Default false. */
  readonly trustSignatures?: boolean;
}

/** A request that passed, understood. */
export interface ValidRequest {
  readonly body: Json;
  readonly model: SimulatedModel;
  readonly messages: readonly Message[];
  readonly maxTokens: number;
}

const GA_KEYS =
  'model messages max_tokens cache_control container diagnostics inference_geo metadata output_config service_tier ' +
  'speed stop_sequences stream system temperature thinking tool_choice tools top_k top_p';
const BETA_KEYS = 'context_management mcp_servers fallbacks';

/** What is wrong with a request, in the words of the API; undefined: nothing. */
export function validateMessagesRequest(body: unknown, options: ValidationOptions = {}): Refusal | undefined {
  try {
    readMessagesRequest(body, options);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** @throws Refusal */
export function readMessagesRequest(value: unknown, options: ValidationOptions = {}): ValidRequest {
  const body = asObject(value, 'body');
  onlyKeys(body, '', options.beta === undefined ? GA_KEYS : `${GA_KEYS} ${BETA_KEYS}`);
  const model = readModel(body['model'], options.models);
  const maxTokens = readMaxTokens(body['max_tokens'], model);
  checkPlainFields(body);
  checkSystem(body['system']);
  const messages = readConversation(body['messages'], model);
  checkVersion(options.version ?? '2023-06-01', messages);
  const tools = readTools(body['tools']);
  checkToolsAreDefined(messages, tools);
  const choice = checkChoice(body['tool_choice'], tools, model);
  checkOutputConfig(body['output_config'], model, messages);
  checkThinking(body, model, maxTokens, choice, messages);
  checkSampling(body, model, options.version ?? '2023-06-01');
  checkBreakpoints(body);
  if (options.trustSignatures !== true) checkSignatures(body, messages, model);
  return { body, model, messages, maxTokens };
}

function readModel(value: unknown, served: readonly string[] | undefined): SimulatedModel {
  const id = asString(value, 'model');
  const model = findModel(id, served);
  if (model === undefined) throw new Refusal(`model: ${id}`, 404, 'not_found_error');
  return model;
}

function readMaxTokens(value: unknown, model: SimulatedModel): number {
  if (value === undefined) throw new Refusal('max_tokens: Field required');
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new Refusal('max_tokens: Input should be a valid integer');
  }
  if (value < 0) throw new Refusal('max_tokens: Input should be greater than or equal to 0');
  if (value <= model.maxOutput) return value;
  throw new Refusal(
    `max_tokens: ${value} > ${model.maxOutput}, which is the maximum allowed number of output tokens for ${model.id}`,
  );
}

function checkPlainFields(body: Json): void {
  checkCacheControl(body, 'body');
  if (body['stream'] !== undefined && typeof body['stream'] !== 'boolean') {
    throw new Refusal('stream: Input should be a valid boolean');
  }
  if (!['auto', 'standard_only', undefined].includes(body['service_tier'] as string | undefined)) {
    throw new Refusal("service_tier: Input should be 'auto' or 'standard_only'");
  }
  checkStops(body['stop_sequences']);
  checkMetadata(body['metadata']);
}

function checkStops(value: unknown): void {
  if (value === undefined) return;
  for (const stop of asList(value, 'stop_sequences')) {
    if (isBlank(asString(stop, 'stop_sequences'))) {
      throw new Refusal('stop_sequences: each stop sequence must contain non-whitespace');
    }
  }
}

function checkMetadata(value: unknown): void {
  if (value === undefined) return;
  const metadata = asObject(value, 'metadata');
  onlyKeys(metadata, 'metadata', 'user_id');
  if (/[^\s@]@[^\s@]+\.[^\s@]/.test(asString(metadata['user_id'], 'metadata.user_id'))) {
    throw new Refusal('metadata.user_id: user_id appears to contain an email address');
  }
}

function checkSystem(value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'string') checkText(value);
  else checkBlocks(value, 'system', 'text');
}

function checkOutputConfig(value: unknown, model: SimulatedModel, messages: readonly Message[]): void {
  if (value === undefined) return;
  const config = asObject(value, 'output_config');
  onlyKeys(config, 'output_config', 'effort format');
  if (config['effort'] !== undefined) checkEffort(asString(config['effort'], 'output_config.effort'), model);
  if (config['format'] === undefined || config['format'] === null) return;
  const format = asObject(config['format'], 'output_config.format');
  onlyKeys(format, 'output_config.format', 'type schema');
  if (asString(format['type'], 'output_config.format.type') !== 'json_schema') {
    throw new Refusal("output_config.format.type: Input should be 'json_schema'");
  }
  const schema = asObject(format['schema'], 'output_config.format.schema');
  checkStrictSchema(schema, 'output_config.format.schema');
  checkReferences(schema, 'output_config.format.schema');
  checkBesideFormat(messages);
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
function checkBesideFormat(messages: readonly Message[]): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant' && last.blocks.at(-1)?.['type'] === 'text') {
    throw new Refusal('output_config.format: cannot be used with assistant message prefill');
  }
  const isCited = (block: Json): boolean =>
    isJson(block['citations']) && block['citations']['enabled'] === true;
  if (messages.some(({ blocks }) => blocks.some(isCited))) {
    throw new Refusal('output_config.format: cannot be used with citations');
  }
}

/** What the version of 2026-10-21 no longer takes. https://platform.claude.com/docs/en/api/versioning */
function checkVersion(version: string, messages: readonly Message[]): void {
  if (version === '2023-06-01') return;
  messages.forEach(({ role, blocks }, index) =>
    blocks.forEach(({ type, citations }, place) => {
      const path = `messages.${index}.content.${place}`;
      if (role === 'assistant' && type === 'document')
        throw new Refusal(`${path}: Input tag 'document' found using 'type'`);
      if (role === 'user' && type === 'text' && Array.isArray(citations) && citations.length > 0)
        throw new Refusal(`${path}.text.citations: Extra inputs are not permitted`);
    }),
  );
}

function checkEffort(effort: string, model: SimulatedModel): void {
  if (model.efforts.length === 0) throw new Refusal('This model does not support the effort parameter.');
  if (model.efforts.includes(effort)) return;
  throw new Refusal(
    `This model does not support effort level '${effort}'. Supported levels: ${model.efforts.join(', ')}.`,
  );
}

const THINKING_KEYS: Readonly<Record<string, string>> = {
  adaptive: 'type display',
  enabled: 'type budget_tokens display',
  disabled: 'type',
  between_tools: 'type',
};

function checkThinking(
  body: Json,
  model: SimulatedModel,
  maxTokens: number,
  choice: string,
  messages: readonly Message[],
): void {
  if (body['thinking'] === undefined) return;
  const thinking = asObject(body['thinking'], 'thinking');
  const type = asString(thinking['type'], 'thinking.type');
  if (!Object.hasOwn(THINKING_KEYS, type))
    throw new Refusal(`thinking: Input tag '${type}' found using 'type'`);
  onlyKeys(thinking, `thinking.${type}`, THINKING_KEYS[type] ?? '');
  if (!model.thinking.some((known) => known === type)) {
    throw new Refusal(`"thinking.type.${type}" is not supported for this model.`);
  }
  const { effort } = isJson(body['output_config']) ? body['output_config'] : {};
  if ((type === 'disabled' || type === 'between_tools') && (effort === 'xhigh' || effort === 'max')) {
    throw new Refusal(`"thinking.type.${type}" is not supported at effort '${effort}'.`);
  }
  if (
    !['summarized', 'omitted', null, undefined].includes(thinking['display'] as string | null | undefined)
  ) {
    throw new Refusal(`thinking.${type}.display: Input should be 'summarized' or 'omitted'`);
  }
  if (type === 'enabled') checkManualThinking(thinking, maxTokens, choice, messages);
}

function checkManualThinking(
  thinking: Json,
  maxTokens: number,
  choice: string,
  messages: readonly Message[],
): void {
  const budget = Number(thinking['budget_tokens'] ?? NaN);
  if (!(budget >= 1024)) {
    throw new Refusal('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  }
  if (budget >= maxTokens) throw new Refusal('`max_tokens` must be greater than `thinking.budget_tokens`.');
  if (choice === 'any' || choice === 'tool') {
    throw new Refusal('Thinking may not be enabled when tool_choice forces tool use.');
  }
  checkOpenLoop(messages);
}

/** A loop begins behind what the user said last, and only its first step has thinking. */
function checkOpenLoop(messages: readonly Message[]): void {
  if (!isResults(messages.at(-1))) return;
  const spoken = messages.findLastIndex((message) => message.role === 'user' && !isResults(message));
  const place = messages.findIndex(({ role }, index) => index > spoken && role === 'assistant');
  const first = messages[place]?.blocks[0]?.['type'];
  if (first !== 'thinking' && first !== 'redacted_thinking') {
    throw new Refusal(
      `messages.${place}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${String(first)}\`. ` +
        'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
    );
  }
}

function isResults(message: Message | undefined): boolean {
  return message?.role === 'user' && message.blocks.some(({ type }) => type === 'tool_result');
}

function checkSampling(body: Json, model: SimulatedModel, version: string): void {
  const given = ['temperature', 'top_p', 'top_k'].filter((name) => body[name] !== undefined);
  const [first] = given;
  if (first === undefined) return;
  if (model.sampling === 'none' || version !== '2023-06-01') {
    throw new Refusal(`\`${first}\` is deprecated for this model.`);
  }
  if (model.sampling === 'one' && given.includes('temperature') && given.includes('top_p')) {
    throw new Refusal(
      '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
    );
  }
  for (const name of ['temperature', 'top_p']) checkFraction(body[name], name);
  const thinking = isJson(body['thinking']) ? body['thinking']['type'] : 'disabled';
  if (thinking === 'enabled' || thinking === 'adaptive') checkSamplingBesideThinking(body);
}

function checkFraction(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw new Refusal(`${name}: Input should be a valid number`);
  if (value > 1) throw new Refusal(`${name}: Input should be less than or equal to 1`);
  if (value < 0) throw new Refusal(`${name}: Input should be greater than or equal to 0`);
}

function checkSamplingBesideThinking(body: Json): void {
  if ((body['temperature'] ?? 1) !== 1) {
    throw new Refusal('`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.');
  }
  if (Number(body['top_p'] ?? 1) < 0.95) {
    throw new Refusal('`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.');
  }
  if (body['top_k'] !== undefined) throw new Refusal('`top_k` must be unset when thinking is enabled.');
}

function checkBreakpoints(body: Json): void {
  const messages = listOf(body['messages']).flatMap((message) => listOf(message['content']));
  const nested = messages.flatMap((block) => listOf(block['content']));
  const holders = [body, ...listOf(body['system']), ...listOf(body['tools']), ...messages, ...nested];
  const found = holders.filter((holder) => isJson(holder['cache_control'])).length;
  if (found > 4) {
    throw new Refusal(`A maximum of 4 blocks with cache_control may be provided. Found ${found}.`);
  }
}
