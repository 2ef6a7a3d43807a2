/** Tools and the choice among them, in today's form and in that of `functions`. */
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { RouterError } from '../../errors.ts';
import { unsupported } from '../fields.ts';
import { isSet, objectsOf, pick, textOf, wordOf } from './json.ts';
import { toStrictSchema } from './schema.ts';
import type { RequestPart, Tool, ToolChoice, Turn } from './types.ts';

/** Keys of Anthropic's own that a function tool may carry, on itself or in `function`. */
const TOOL_EXTRAS: readonly string[] = [
  'cache_control',
  'defer_loading',
  'allowed_callers',
  'input_examples',
  'eager_input_streaming',
];

/** True where the client speaks of `functions`: its answer has `function_call` in place of `tool_calls`. */
export function usesFunctions(request: JsonObject): boolean {
  return objectsOf(request['tools']).length === 0 && objectsOf(request['functions']).length > 0;
}

export function toTools(request: ChatRequest, turns: readonly Turn[]): RequestPart {
  const legacy = usesFunctions(request);
  const dropped = !legacy && objectsOf(request['functions']).length > 0 ? ['functions'] : [];
  const given = legacy ? toFunctions(request['functions'], dropped) : toToolList(request['tools'], dropped);
  const tools = allowedOnly(given, request['tool_choice']);
  if (tools.length === 0) return { fields: stubs(turns), dropped };
  const choice = legacy ? legacyChoice(request['function_call']) : toChoice(request['tool_choice']);
  const oneAtATime = legacy || request['parallel_tool_calls'] === false;
  const tool_choice = oneAtATime ? oneCall(choice) : choice;
  return { fields: { tools, ...(tool_choice !== undefined && { tool_choice }) }, dropped };
}

function toToolList(tools: JsonValue | undefined, dropped: string[]): Tool[] {
  return objectsOf(tools).map((tool, index) => toTool(tool, `tools[${index}]`, dropped));
}

function toFunctions(functions: JsonValue | undefined, dropped: string[]): Tool[] {
  return objectsOf(functions).map((fn, index) => toFunctionTool(fn, {}, `functions[${index}]`, dropped));
}

function toTool(tool: JsonObject, path: string, dropped: string[]): Tool {
  // In Anthropic's own form: {"name", "input_schema"} or one of its ready-made tools, whose types it keeps adding.
  if (isSet(tool['input_schema'])) return tool as unknown as Tool;
  if (isObject(tool['function'])) return toFunctionTool(tool['function'], tool, `${path}.function`, dropped);
  if (tool['type'] === 'custom' || textOf(tool['type']) === undefined) {
    throw unsupported(path, 'Anthropic knows tools of type function, and those in its own form');
  }
  return tool as unknown as Tool;
}

function toFunctionTool(fn: JsonObject, tool: JsonObject, path: string, dropped: string[]): Tool {
  const description = textOf(fn['description']);
  const strict = fn['strict'] === true;
  const schema = toInputSchema(fn['parameters'], `${path}.parameters`);
  return {
    name: textOf(fn['name']) ?? '',
    ...(description !== undefined && { description }),
    input_schema: strict ? toStrictInput(schema, `${path}.parameters`, dropped) : schema,
    ...(strict && { strict }),
    ...pick(fn, TOOL_EXTRAS),
    ...pick(tool, TOOL_EXTRAS),
  };
}

/** Of a tool that is not strict, every word of the schema stays: it is read, and not compiled. */
function toInputSchema(parameters: JsonValue | undefined, path: string): Tool['input_schema'] {
  const given: JsonValue = isSet(parameters) ? parameters : { properties: {} };
  if (!isObject(given)) {
    throw new RouterError('invalid_value', { message: `'${path}' must be an object.`, param: path });
  }
  return (isSet(given['type']) ? given : { ...given, type: 'object' }) as Tool['input_schema'];
}

/** Beside a reference no type is left, but a tool has to name one. */
function toStrictInput(schema: Tool['input_schema'], path: string, dropped: string[]): Tool['input_schema'] {
  return { type: 'object', ...toStrictSchema(schema, path, dropped) } as Tool['input_schema'];
}

/**
 * `allowed_tools` leaves the others out: there is no other way to say it.
 * @throws RouterError `invalid_value` where none is left: Claude would answer as if there were no tools.
 */
function allowedOnly(tools: Tool[], choice: JsonValue | undefined): Tool[] {
  if (tools.length === 0 || !isObject(choice) || choice['type'] !== 'allowed_tools') return tools;
  const param = 'tool_choice.allowed_tools';
  const list = choice['allowed_tools'];
  if (!isObject(list)) throw new RouterError('invalid_value', { message: `'${param}' is missing.`, param });
  const names = new Set(objectsOf(list['tools']).map((tool) => functionName(tool) ?? textOf(tool['name'])));
  const allowed = tools.filter((tool) => names.has(tool.name));
  if (allowed.length > 0) return allowed;
  throw new RouterError('invalid_value', {
    message: `'${param}.tools' names none of the 'tools'.`,
    param: `${param}.tools`,
  });
}

function functionName(choice: JsonObject): string | undefined {
  return isObject(choice['function']) ? textOf(choice['function']['name']) : undefined;
}

/** @throws RouterError `invalid_value`: Claude would name a field of its own that the client did not write. */
function chosenName(choice: JsonObject): string {
  const name = functionName(choice);
  if (name !== undefined && name !== '') return name;
  throw new RouterError('invalid_value', {
    message: "'tool_choice' of type function must name the function, in 'tool_choice.function.name'.",
    param: 'tool_choice',
  });
}

function toChoice(choice: JsonValue | undefined): ToolChoice | undefined {
  if (!isSet(choice)) return undefined;
  if (!isObject(choice)) return toChoiceWord(choice);
  switch (wordOf(choice['type'])) {
    case 'function':
      return { type: 'tool', name: chosenName(choice) };
    case 'allowed_tools': {
      const mode = isObject(choice['allowed_tools']) ? choice['allowed_tools']['mode'] : undefined;
      return toChoiceWord(mode ?? 'auto');
    }
    case 'custom':
      throw unsupported('tool_choice', 'Anthropic knows tools of type function only');
    default:
      return choice as unknown as ToolChoice; // its own form; anything else it refuses with a clear sentence
  }
}

function toChoiceWord(word: JsonValue): ToolChoice {
  switch (wordOf(word)) {
    case 'auto':
      return { type: 'auto' };
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any' };
    default:
      throw new RouterError('invalid_value', {
        message: "'tool_choice' must be none, auto, required or an object.",
        param: 'tool_choice',
      });
  }
}

function legacyChoice(choice: JsonValue | undefined): ToolChoice | undefined {
  if (isObject(choice)) return { type: 'tool', name: textOf(choice['name']) ?? '' };
  return isSet(choice) ? toChoiceWord(choice) : undefined;
}

function oneCall(choice: ToolChoice = { type: 'auto' }): ToolChoice {
  return choice.type === 'none' ? choice : { ...choice, disable_parallel_tool_use: true };
}

/**
 * A history with calls in it and no tools is refused ("must define tools"), though a client may well leave them out
 * when it wants a last word: so each tool of the history is named, and none may be called.
 */
function stubs(turns: readonly Turn[]): RequestPart['fields'] {
  const names = new Set<string>();
  for (const turn of turns) {
    for (const block of turn.content) if (block.type === 'tool_use') names.add(block.name);
  }
  if (names.size === 0) return {};
  const tools = [...names].map((name): Tool => ({ name, input_schema: toInputSchema(undefined, '') }));
  return { tools, tool_choice: { type: 'none' } };
}
