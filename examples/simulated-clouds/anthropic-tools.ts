/** The simulated Claude's check of tools and schemas. */
import { checkCacheControl } from './anthropic-blocks.ts';
import type { Message } from './anthropic-conversation.ts';
import type { SimulatedModel } from './anthropic-models.ts';
import {
  asList,
  asObject,
  asString,
  isJson,
  listOf,
  onlyKeys,
  Refusal,
  type Json,
} from './anthropic-refusal.ts';

const TOOL_KEYS =
  'type name description input_schema strict cache_control defer_loading allowed_callers input_examples eager_input_streaming';
const TOOL_NAME = '^[a-zA-Z0-9_-]{1,128}$';

const CHOICE_KEYS: Readonly<Record<string, string>> = {
  auto: 'type disable_parallel_tool_use',
  any: 'type disable_parallel_tool_use',
  tool: 'type name disable_parallel_tool_use',
  none: 'type',
};

/** @returns the tools by name; ready-made ones too. */
export function readTools(value: unknown): Map<string, Json> {
  const tools = new Map<string, Json>();
  if (value === undefined) return tools;
  asList(value, 'tools').forEach((entry, index) => {
    const tool = asObject(entry, `tools.${index}`);
    const name = isReadyMade(tool)
      ? String(tool['name'] ?? tool['type'])
      : checkTool(tool, `tools.${index}.custom`);
    checkCacheControl(tool, `tools.${index}`);
    if (tools.has(name)) throw new Refusal('tools: Tool names must be unique.');
    tools.set(name, tool);
  });
  return tools;
}

/** Tools that Anthropic runs or has trained for: `web_search_20250305` and the like. */
export function isReadyMade(tool: Json): boolean {
  return typeof tool['type'] === 'string' && /_\d{8}$/.test(tool['type']);
}

function checkTool(tool: Json, path: string): string {
  onlyKeys(tool, path, TOOL_KEYS);
  const name = asString(tool['name'], `${path}.name`);
  if (!new RegExp(TOOL_NAME).test(name)) {
    throw new Refusal(`${path}.name: String should match pattern '${TOOL_NAME}'`);
  }
  if (tool['description'] !== undefined) asString(tool['description'], `${path}.description`);
  if (tool['input_schema'] === undefined) throw new Refusal(`${path}.input_schema: Field required`);
  const schema = asObject(tool['input_schema'], `${path}.input_schema`);
  if (schema['type'] === undefined) throw new Refusal(`${path}.input_schema.type: Field required`);
  if (schema['type'] !== 'object') throw new Refusal(`${path}.input_schema.type: Input should be 'object'`);
  if (tool['strict'] === true) checkStrictTool(schema, `${path}.input_schema`);
  return name;
}

/** A tool says that it takes an object, also where the rest is said by a `$ref`. */
function checkStrictTool(schema: Json, path: string): void {
  const { type: _type, ...reference } = schema;
  checkStrictSchema(schema['$ref'] === undefined ? schema : reference, path);
  checkReferences(schema, path);
}

export function checkChoice(value: unknown, tools: ReadonlyMap<string, Json>, model: SimulatedModel): string {
  if (value === undefined) return 'auto';
  const choice = asObject(value, 'tool_choice');
  const type = asString(choice['type'], 'tool_choice.type');
  if (!Object.hasOwn(CHOICE_KEYS, type)) {
    throw new Refusal(
      `tool_choice: Input tag '${type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  onlyKeys(choice, `tool_choice.${type}`, CHOICE_KEYS[type] ?? '');
  if (tools.size === 0) throw new Refusal('tool_choice: may only be specified while providing tools');
  if ((type === 'any' || type === 'tool') && !model.forcedTools) {
    throw new Refusal('tool_choice: type "tool" and "any" are not supported for this model.');
  }
  const name = choice['name'];
  if (type === 'tool' && !tools.has(asString(name, 'tool_choice.tool.name'))) {
    throw new Refusal(`tool_choice: Tool '${String(name)}' not found in provided tools`);
  }
  return type;
}

export function checkToolsAreDefined(messages: readonly Message[], tools: ReadonlyMap<string, Json>): void {
  const needsTools = messages.some((message) =>
    message.blocks.some(({ type }) => type === 'tool_use' || type === 'tool_result'),
  );
  if (needsTools && tools.size === 0) {
    throw new Refusal('Requests which include `tool_use` or `tool_result` blocks must define tools.');
  }
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations */
const SUPPORTED = new Set(
  (
    'type enum const anyOf allOf $ref $defs definitions properties required additionalProperties items minItems ' +
    'format pattern default title description'
  ).split(' '),
);
const BESIDE_REF = new Set(['$ref', '$defs', 'definitions']);
const FORMATS = 'date-time time date duration email hostname uri ipv4 ipv6 uuid';

/** The part of JSON Schema that is compiled to a grammar. */
export function checkStrictSchema(schema: Json, path: string): void {
  const type = String(schema['type']);
  const isReference = schema['$ref'] !== undefined;
  const supported = isReference ? BESIDE_REF : SUPPORTED;
  const refused = Object.keys(schema).filter((keyword) => !supported.has(keyword));
  if (refused.length > 0) {
    const place = isReference ? 'Beside $ref' : `For '${type}' type`;
    throw new Refusal(`${path}: ${place}, properties ${refused.join(', ')} are not supported`);
  }
  checkValues(schema, path);
  if (Number(schema['minItems'] ?? 0) > 1) {
    throw new Refusal(`${path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported`);
  }
  const format = asString(schema['format'] ?? 'date', `${path}.format`);
  if (!FORMATS.split(' ').includes(format)) {
    throw new Refusal(`${path}: For 'string' type, format '${format}' is not supported`);
  }
  if (isClosable(schema) && schema['additionalProperties'] !== false) {
    throw new Refusal(`${path}: For 'object' type, 'additionalProperties' must be explicitly set to false`);
  }
  for (const [name, inner] of innerSchemas(schema)) checkStrictSchema(inner, `${path}.${name}`);
}

/** References stay within the schema and never come back to where they are. */
export function checkReferences(root: Json, path: string): void {
  const pointers = new Set(allReferences(root));
  const foreign = [...pointers].find((pointer) => !pointer.startsWith('#'));
  if (foreign !== undefined) throw new Refusal(`${path}: external $ref '${foreign}' is not supported`);
  for (const pointer of pointers) {
    if (isReachable(pointer, root)) throw new Refusal(`${path}: recursive schemas are not supported`);
  }
}

function isReachable(pointer: string, root: Json): boolean {
  const found = new Set(allReferences(targetOf(pointer, root)));
  for (const next of found) for (const further of allReferences(targetOf(next, root))) found.add(further);
  return found.has(pointer);
}

function targetOf(pointer: string, root: Json): Json {
  const keys = pointer.split('/').slice(1);
  const target = keys.reduce<unknown>((value, key) => (isJson(value) ? value[key] : undefined), root);
  return isJson(target) ? target : {};
}

function allReferences(schema: Json): string[] {
  const own = typeof schema['$ref'] === 'string' ? [schema['$ref']] : [];
  return [...own, ...innerSchemas(schema).flatMap(([, inner]) => allReferences(inner))];
}

/** Scalars can be written into a grammar, and of expressions those that look neither around nor back. */
function checkValues(schema: Json, path: string): void {
  const { enum: list = [], const: constant, pattern, items = {} } = schema;
  const values = [constant, ...asList(list, `${path}.enum`)];
  asObject(items, `${path}.items`);
  if (values.some((value) => typeof value === 'object' && value !== null)) {
    throw new Refusal(`${path}: complex types in 'enum' and 'const' are not supported`);
  }
  if (typeof pattern === 'string' && /\(\?[=!<]|\\[bB1-9]/.test(pattern)) {
    throw new Refusal(`${path}: For 'string' type, pattern '${pattern}' is not supported`);
  }
}

function isClosable(schema: Json): boolean {
  const types = [schema['type']].flat();
  return types.includes('object') || isJson(schema['properties']);
}

function innerSchemas(schema: Json): [string, Json][] {
  const inMaps = ['properties', '$defs', 'definitions'].flatMap((keyword) =>
    isJson(schema[keyword]) ? Object.entries(schema[keyword]) : [],
  );
  const inLists = ['anyOf', 'allOf'].flatMap((keyword) =>
    listOf(schema[keyword]).map((inner, index): [string, unknown] => [`${keyword}.${index}`, inner]),
  );
  const all: [string, unknown][] = [...inMaps, ...inLists, ['items', schema['items']]];
  return all.filter((entry): entry is [string, Json] => isJson(entry[1]));
}
