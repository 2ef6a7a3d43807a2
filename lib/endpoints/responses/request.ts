/** A request of the Responses API as one of chat completions. */
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { toConversation } from './items.ts';
import { isSet, objectsOf, wordOf } from './json.ts';
import { invalid, refuseFields, unsupported } from './refusals.ts';

/** @throws RouterError for what chat cannot carry. What it could, but a cloud cannot, the cloud's own conversion refuses. */
export function toChat(request: JsonObject): ChatRequest {
  refuseFields(request);
  const { model, max_output_tokens, tools, tool_choice, top_logprobs, ...rest } = without(request, HANDLED);
  const isLogprobsWanted =
    readInclude(request.include) || (typeof top_logprobs === 'number' && top_logprobs > 0);
  return {
    ...rest,
    ...readReasoning(request.reasoning),
    ...readText(request.text),
    // Cutting a long conversation at its beginning is a service of OpenAI's.
    ...(isSet(request.truncation) && request.truncation !== 'disabled' && { truncation: request.truncation }),
    ...(isSet(max_output_tokens) && { max_completion_tokens: max_output_tokens }),
    ...(isSet(tools) && { tools: toTools(tools) }),
    ...(isSet(tool_choice) && { tool_choice: toToolChoice(tool_choice) }),
    ...(isLogprobsWanted && { logprobs: true, ...(isSet(top_logprobs) && { top_logprobs }) }),
    model: typeof model === 'string' ? model : '',
    messages: toConversation(request).messages,
  };
}

/** Fields that are read by name, and those that ask for nothing here; everything else goes to chat as it is. */
const HANDLED: readonly string[] = [
  'input',
  'instructions',
  'reasoning',
  'text',
  'include',
  'truncation',
  'store',
  'background',
  'n',
  // Counts calls of built-in tools, of which there are none.
  'max_tool_calls',
  // Its one key is about padding against listeners.
  'stream_options',
];

function without(request: JsonObject, keys: readonly string[]): JsonObject {
  const left = new Set(keys);
  return Object.fromEntries(Object.entries(request).filter(([key]) => !left.has(key)));
}

/** True where token probabilities are wanted. Reasoning is always included: see reasoning.ts. */
function readInclude(include: JsonValue | undefined): boolean {
  if (!isSet(include)) return false;
  if (!Array.isArray(include)) throw invalid('include', 'must be array');
  include.forEach((entry, index) => {
    if (entry === 'reasoning.encrypted_content' || entry === 'message.output_text.logprobs') return;
    throw unsupported(
      `include[${index}]`,
      `'${wordOf(entry)}' belongs to a tool or a store of OpenAI's, and cannot be included here`,
    );
  });
  return include.includes('message.output_text.logprobs');
}

/** Keys without a counterpart are named by their path, so that they are reported under it. */
function readReasoning(reasoning: JsonValue | undefined): JsonObject {
  if (!isSet(reasoning)) return {};
  if (!isObject(reasoning)) throw invalid('reasoning', 'must be object');
  const { effort, summary, generate_summary: oldSummary, ...others } = reasoning;
  const wanted = summary ?? oldSummary;
  return {
    ...(isSet(effort) && { reasoning_effort: effort }),
    ...(isSet(wanted) && { reasoning_summary: wanted }),
    ...withPath('reasoning', others),
  };
}

function readText(text: JsonValue | undefined): JsonObject {
  if (!isSet(text)) return {};
  if (!isObject(text)) throw invalid('text', 'must be object');
  const { format, verbosity, ...others } = text;
  return {
    ...(isSet(format) && { response_format: toResponseFormat(format) }),
    ...(isSet(verbosity) && { verbosity }),
    ...withPath('text', others),
  };
}

function withPath(path: string, fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [`${path}.${key}`, value]));
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
  if (typeof type !== 'string') throw invalid(`${path}.type`, 'is missing');
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

function refusedTool(type: string, path: string): Error {
  return type === 'custom'
    ? unsupported(path, "This cloud calls functions with JSON, not tools of type 'custom'")
    : unsupported(path, `Tools of type '${type}' are built into OpenAI: this cloud can call functions only`);
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
