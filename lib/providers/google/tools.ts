/** Tools and the choice among them. */
import { RouterError } from '../../errors.ts';
import { isObject, type ChatRequest, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { isEmpty, isPresent, textOf, wordOf } from './json.ts';
import { invalid } from './media.ts';
import type { FunctionCallingConfig, FunctionDeclaration } from './types.ts';

export interface Tools {
  readonly tools: JsonObject[];
  readonly functionCallingConfig?: FunctionCallingConfig;
  readonly dropped: string[];
}

/**
 * @param nativeTools Google's own, from the namespace.
 * @throws RouterError for tools and choices that Google has no word for.
 */
export function toTools(request: ChatRequest, nativeTools: readonly JsonValue[]): Tools {
  const functions = toFunctions(request);
  const config = functions.length === 0 ? undefined : toFunctionCallingConfig(request, functions);
  const search = toSearch(request.web_search_options, functions.length > 0);
  const functionDeclarations = functions.map(({ declaration }) => ({ ...declaration }));
  // Mode NONE stops functions, but not Google's own tools: those have to stay at home.
  const others = isNone(request) ? [] : [...search.tools, ...nativeTools.filter(isObject)];
  return {
    tools: [...(functions.length > 0 ? [{ functionDeclarations }] : []), ...others],
    ...(config !== undefined && { functionCallingConfig: config }),
    dropped: search.dropped,
  };
}

/** True when the client uses the `functions` of before the tools and expects `function_call` back. */
export function isLegacy(request: JsonObject): boolean {
  return isPresent(request.functions) && listOf(request.tools, 'tools').length === 0;
}

interface DeclaredFunction {
  readonly declaration: FunctionDeclaration;
  readonly isStrict: boolean;
}

/** Clients between the two forms send a function in both, and Google refuses one that is declared twice. */
function toFunctions(request: ChatRequest): DeclaredFunction[] {
  const functions = toolFunctions(request.tools);
  const names = new Set(functions.map(({ declaration }) => declaration.name));
  const older = legacyFunctions(request.functions).filter(({ declaration }) => !names.has(declaration.name));
  return [...functions, ...older];
}

function toolFunctions(tools: JsonValue | undefined): DeclaredFunction[] {
  return listOf(tools, 'tools').map((tool, index) => {
    const param = `tools[${index}]`;
    if (!isObject(tool)) throw invalid({ param }, 'is not an object');
    if (tool.type !== 'function') {
      throw unsupported(param, "Google has no counterpart for tools that are not of type 'function'");
    }
    return toFunction(tool.function, `${param}.function`);
  });
}

function legacyFunctions(functions: JsonValue | undefined): DeclaredFunction[] {
  return listOf(functions, 'functions').map((declared, index) => toFunction(declared, `functions[${index}]`));
}

function listOf(value: JsonValue | undefined, param: string): JsonValue[] {
  if (!isPresent(value)) return [];
  if (!Array.isArray(value)) throw invalid({ param }, 'is not a list');
  return value;
}

function toFunction(declared: JsonValue | undefined, param: string): DeclaredFunction {
  const name = isObject(declared) ? textOf(declared.name) : undefined;
  if (!isObject(declared) || name === undefined) throw invalid({ param: `${param}.name` }, 'is missing');
  const { description, parameters } = declared;
  return {
    declaration: {
      name,
      ...(isPresent(description) && { description }),
      ...(isPresent(parameters) && takesArguments(parameters) && { parametersJsonSchema: parameters }),
    },
    isStrict: declared.strict === true,
  };
}

/** A schema of an object without properties is refused ("should be of type OBJECT"); without one there are none. */
function takesArguments(parameters: JsonValue): boolean {
  if (!isObject(parameters)) return true;
  const { type, properties, ...others } = parameters;
  const hasProperties = isPresent(properties) && !(isObject(properties) && isEmpty(properties));
  return hasProperties || !isEmpty(others) || (isPresent(type) && type !== 'object');
}

function toFunctionCallingConfig(
  request: ChatRequest,
  functions: readonly DeclaredFunction[],
): FunctionCallingConfig | undefined {
  const choice = request.tool_choice ?? legacyChoice(request.function_call) ?? 'auto';
  if (isObject(choice)) return toNamedChoice(choice);
  switch (wordOf(choice)) {
    case 'auto':
      // Calls true to the schema, or text: what `strict` promises.
      return functions.some(({ isStrict }) => isStrict) ? { mode: 'VALIDATED' } : undefined;
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    default:
      throw invalid({ param: 'tool_choice' }, 'is none of auto, none, required and an object');
  }
}

function legacyChoice(choice: JsonValue | undefined): JsonValue | undefined {
  return isObject(choice) ? { type: 'function', function: choice } : choice;
}

function toNamedChoice(choice: JsonObject): FunctionCallingConfig {
  switch (wordOf(choice.type)) {
    case 'function':
      return { mode: 'ANY', allowedFunctionNames: [nameOf(choice, 'tool_choice')] };
    case 'allowed_tools':
      return toAllowedTools(choice.allowed_tools);
    default:
      throw unsupported('tool_choice', 'Google can choose among functions only');
  }
}

/** Names are legal with ANY and VALIDATED alone; VALIDATED lets the model answer with text as well. */
function toAllowedTools(allowed: JsonValue | undefined): FunctionCallingConfig {
  const param = 'tool_choice.allowed_tools';
  const { mode, tools } = isObject(allowed) ? allowed : {};
  if (mode !== 'auto' && mode !== 'required')
    throw invalid({ param: `${param}.mode` }, 'is neither auto nor required');
  const names = listOf(tools, `${param}.tools`).map((tool, index) =>
    nameOf(tool, `${param}.tools[${index}]`),
  );
  // An empty list would allow them all.
  if (names.length === 0) throw invalid({ param: `${param}.tools` }, 'is empty');
  return { mode: mode === 'auto' ? 'VALIDATED' : 'ANY', allowedFunctionNames: names };
}

function nameOf(tool: JsonValue, param: string): string {
  if (isObject(tool) && tool.type !== 'function')
    throw unsupported(param, 'Google can choose among functions only');
  const name = isObject(tool) && isObject(tool.function) ? textOf(tool.function.name) : undefined;
  if (name === undefined) throw invalid({ param }, 'names no function');
  return name;
}

function isNone(request: ChatRequest): boolean {
  return (request.tool_choice ?? request.function_call) === 'none';
}

function toSearch(options: JsonValue | undefined, hasFunctions: boolean): Pick<Tools, 'tools' | 'dropped'> {
  if (!isPresent(options)) return { tools: [], dropped: [] };
  if (hasFunctions) {
    throw new RouterError('unsupported_parameter', {
      message: 'Google cannot search the web and call functions in one request.',
      hint: "Leave out either 'web_search_options' or the functions.",
      param: 'web_search_options',
    });
  }
  if (!isObject(options)) throw invalid({ param: 'web_search_options' }, 'is not an object');
  const details = Object.keys(options).filter((name) => isPresent(options[name]));
  return { tools: [{ googleSearch: {} }], dropped: details.map((name) => `web_search_options.${name}`) };
}
