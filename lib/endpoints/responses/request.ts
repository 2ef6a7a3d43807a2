/** A request of the Responses API as one of chat completions. */
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { toConversation } from './items.ts';
import { isSet, nameOf, objectsOf, wordOf } from './json.ts';
import { invalid, refuseFields, unsupported } from './refusals.ts';

type Entry = [key: string, value: JsonValue];

/** @throws RouterError for what chat cannot carry. What it could, but a cloud cannot, the cloud's own conversion refuses. */
export function toChat(request: JsonObject): ChatRequest {
  refuseFields(request);
  const fields = Object.entries(request).flatMap(([key, value]): Entry[] => {
    if (!isSet(value)) return [];
    // What has the same name in chat goes on as it is, and so does what nobody knows.
    return FIELDS.get(key)?.(value) ?? [[key, value]];
  });
  const { messages } = toConversation(request);
  return { ...Object.fromEntries(fields), model: wordOf(request.model), messages };
}

const nothing = (): Entry[] => [];

/** What becomes of each field that chat has under another name, or not at all. */
const FIELDS: ReadonlyMap<string, (value: JsonValue) => Entry[]> = new Map<
  string,
  (value: JsonValue) => Entry[]
>([
  ['input', nothing],
  ['instructions', nothing],
  ['max_output_tokens', (value) => [['max_completion_tokens', value]]],
  ['reasoning', readReasoning],
  ['text', readText],
  ['tools', (value) => [['tools', toTools(value)]]],
  ['tool_choice', (value) => [['tool_choice', toToolChoice(value)]]],
  ['include', (value) => (readInclude(value) ? [['logprobs', true]] : [])],
  ['top_logprobs', toLogprobs],
  // Cutting a long conversation at its beginning is a service of OpenAI's: reported.
  ['truncation', (value) => (value === 'disabled' ? [] : [['truncation', value]])],
  // OpenAI's is a list, and refused unless it is empty; an object is a cloud's own.
  ['context_management', (value) => (Array.isArray(value) ? [] : [['context_management', value]])],
  // Asked for what is so anyway, or else refused.
  ['store', nothing],
  ['background', nothing],
  ['n', nothing],
  // Counts calls of built-in tools, of which there are none.
  ['max_tool_calls', nothing],
  // Its one key is about padding against listeners.
  ['stream_options', nothing],
]);

/** True where token probabilities are wanted. Reasoning is always included: see reasoning.ts. */
function readInclude(include: JsonValue): boolean {
  if (!Array.isArray(include)) throw invalid('include', 'must be array');
  include.forEach((entry, index) => {
    if (entry === 'reasoning.encrypted_content' || entry === 'message.output_text.logprobs') return;
    throw unsupported(
      `include[${index}]`,
      `'${nameOf(entry)}' belongs to a tool or a store of OpenAI's, and cannot be included here`,
    );
  });
  return include.includes('message.output_text.logprobs');
}

/** A number of alternatives is a wish for probabilities too; chat wants it said. */
function toLogprobs(top: JsonValue): Entry[] {
  if (top === 0) return [];
  return [
    ['logprobs', true],
    ['top_logprobs', top],
  ];
}

function readReasoning(reasoning: JsonValue): Entry[] {
  return readKeys(reasoning, 'reasoning', (key, value) => {
    if (key === 'effort') return ['reasoning_effort', value];
    return key === 'summary' || key === 'generate_summary' ? ['reasoning_summary', value] : undefined;
  });
}

function readText(text: JsonValue): Entry[] {
  return readKeys(text, 'text', (key, value) => {
    if (key === 'format') return ['response_format', toResponseFormat(value)];
    return key === 'verbosity' ? [key, value] : undefined;
  });
}

/** Keys without a counterpart go by their paths, so that they are reported under them. */
function readKeys(
  fields: JsonValue,
  path: string,
  toEntry: (key: string, value: JsonValue) => Entry | undefined,
): Entry[] {
  if (!isObject(fields)) throw invalid(path, 'must be object');
  return Object.entries(fields).flatMap(([key, value]): Entry[] =>
    isSet(value) ? [toEntry(key, value) ?? [`${path}.${key}`, value]] : [],
  );
}

function toResponseFormat(format: JsonValue): JsonValue {
  if (!isObject(format) || format.type !== 'json_schema') return format;
  const { type, ...json_schema } = format;
  return { type, json_schema };
}

function toTools(tools: JsonValue): JsonObject[] {
  if (!Array.isArray(tools)) throw invalid('tools', 'must be array');
  return tools.map((tool, index) => toTool(tool, `tools[${index}]`));
}

function toTool(tool: JsonValue, path: string): JsonObject {
  if (!isObject(tool)) throw invalid(path, 'must be an object');
  const { type, name, description, parameters, strict, ...rest } = tool;
  if (typeof type !== 'string') throw invalid(`${path}.type`, `is missing: ${FUNCTIONS_ONLY}`);
  if (type !== 'function') throw refusedTool(type, path);
  return {
    ...rest,
    type,
    function: {
      name,
      ...(isSet(description) && { description }),
      ...(isSet(parameters) && { parameters }),
      ...(isSet(strict) && { strict }),
    },
  };
}

/** The types of `Tool` and `ToolChoiceTypes` in the `openai` package that OpenAI runs or has trained its models on. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'apply_patch',
  'code_interpreter',
  'computer',
  'computer_use',
  'computer_use_preview',
  'file_search',
  'image_generation',
  'local_shell',
  'mcp',
  'namespace',
  'programmatic_tool_calling',
  'shell',
  'tool_search',
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
]);

const FUNCTIONS_ONLY =
  "/v1/responses takes tools of type 'function'; a cloud's own can be given on /v1/chat/completions";

function refusedTool(type: string, path: string): Error {
  if (type === 'custom')
    return unsupported(path, "This cloud calls functions with JSON, not tools of type 'custom'");
  return unsupported(
    path,
    BUILT_IN.has(type)
      ? `Tools of type '${nameOf(type)}' are built into OpenAI: this cloud can call functions only`
      : `Tools of type '${nameOf(type)}' are not known here: ${FUNCTIONS_ONLY}`,
  );
}

/** A choice is a word, one function, or a list of those that are allowed. */
function toToolChoice(choice: JsonValue): JsonValue {
  if (!isObject(choice)) return choice;
  switch (wordOf(choice.type)) {
    case 'function':
      return named(choice);
    case 'allowed_tools': {
      const { type, mode, tools } = choice;
      const functions = objectsOf(tools).map((tool, index) => {
        if (tool.type !== 'function') throw refusedTool(wordOf(tool.type), `tool_choice.tools[${index}]`);
        return named(tool);
      });
      return { type, allowed_tools: { mode, tools: functions } };
    }
    default:
      throw refusedTool(wordOf(choice.type), 'tool_choice');
  }
}

function named({ name }: JsonObject): JsonObject {
  return { type: 'function', function: { name } };
}
