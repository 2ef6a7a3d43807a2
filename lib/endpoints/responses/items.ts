/** Input items as chat messages. */
import { isObject, type ChatMessage, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { joinExtras, unpackCarry } from './carry.ts';
import { toContent } from './content.ts';
import { nameOf, wordOf } from './json.ts';
import { invalid, unsupported } from './refusals.ts';
import {
  addCarry,
  carriedCalls,
  createTurn,
  isTurn,
  joinAnswers,
  type Entry,
  type Origin,
  type Said,
  type Turn,
} from './turns.ts';

export interface Conversation {
  readonly messages: ChatMessage[];
  /** One for each message. */
  readonly origins: Origin[];
}

/** @throws RouterError for an item that chat cannot carry. */
export function toConversation(request: JsonObject): Conversation {
  const { instructions, input } = request;
  const entries: Entry[] = [];
  /** Ids of the calls since anybody but tools spoke. */
  const called = new Set<JsonValue | undefined>();

  function add(message: ChatMessage, origin: Origin): void {
    entries.push({ message, origin });
    if (message.role !== 'tool') called.clear();
  }

  /** The one that goes on, or a new one. */
  function turnAt(path: string): Turn {
    const last = entries.at(-1);
    if (last !== undefined && isTurn(last) && last.isEnd === undefined) return last;
    const turn = createTurn(path);
    entries.push(turn);
    return turn;
  }

  function addItem(item: JsonValue, index: number): void {
    const path = `input[${index}]`;
    if (!isObject(item)) throw invalid(path, 'must be an object');
    switch (typeOf(item)) {
      case 'message':
        return addMessage(item, path);
      case 'function_call_output': {
        const content = toContent(item.output, `${path}.output`);
        return add({ role: 'tool', tool_call_id: item.call_id, content }, { path, content: 'output' });
      }
      case 'reasoning':
        return addReasoning(item, path);
      case 'function_call':
        called.add(item.call_id);
        turnAt(path).calls.push(toCall(item));
        turnAt(path).callPaths.push(path);
        return;
      case 'image_generation_call':
        turnAt(path).images.push(toImage(item));
        return;
      default:
        throw refusedItem(item, path);
    }
  }

  /** The summary is for people: a model never gets its thoughts back as text. */
  function addReasoning(item: JsonObject, path: string): void {
    const carry = unpackCarry(item.encrypted_content);
    const calls = carriedCalls(carry);
    // A stream carries the whole answer behind it.
    if (calls.length > 0 && calls.every((id) => called.has(id)))
      entries.push({ ...createTurn(path, carry), isEnd: true });
    else addCarry(turnAt(path).carry, carry);
  }

  function addMessage(item: JsonObject, path: string): void {
    switch (wordOf(item.role)) {
      case 'assistant':
        return addSpoken(turnAt(path), toContent(item.content, `${path}.content`), path);
      case 'user':
      case 'system':
      case 'developer':
        return add(
          { role: wordOf(item.role), content: toContent(item.content, `${path}.content`) },
          { path, content: 'content' },
        );
      default:
        throw invalid(`${path}.role`, 'must be one of user, assistant, system or developer');
    }
  }

  if (typeof instructions === 'string' && instructions !== '') {
    add({ role: 'system', content: instructions }, { path: 'instructions', content: '' });
  }
  if (typeof input === 'string') add({ role: 'user', content: input }, { path: 'input', content: '' });
  else if (Array.isArray(input)) input.forEach(addItem);
  else
    throw invalid('input', input === undefined || input === null ? 'is missing' : 'must be string or array');
  const said = joinAnswers(entries).flatMap((entry) => (isTurn(entry) ? toAssistant(entry) : [entry]));
  return { messages: said.map(({ message }) => message), origins: said.map(({ origin }) => origin) };
}

/** The short form of a message has no type. */
function typeOf(item: JsonObject): string {
  if (typeof item.type === 'string') return item.type;
  return typeof item.role === 'string' ? 'message' : '';
}

function refusedItem(item: JsonObject, path: string): Error {
  switch (typeOf(item)) {
    case 'item_reference':
      return unsupported(
        path,
        'An item_reference points to a stored item, and responses of this cloud are not stored',
        'Send the items themselves; the AI SDK does so with `providerOptions: { openai: { store: false } }`.',
      );
    case '':
      return invalid(`${path}.type`, 'is missing');
    default:
      return unsupported(
        path,
        `Items of type '${nameOf(item.type)}' cannot be carried over chat completions`,
      );
  }
}

function addSpoken(turn: Turn, content: string | JsonObject[], path: string): void {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  parts.forEach((part, index) => {
    turn.content.push(part);
    turn.parts.push(typeof content === 'string' ? `${path}.content` : `${path}.content[${index}]`);
  });
}

/** The item has no place for the type of its image: what its base64 begins with tells it. */
const IMAGE_TYPES: readonly (readonly [beginning: string, type: string])[] = [
  ['/9j/', 'jpeg'],
  ['UklGR', 'webp'],
  ['R0lGOD', 'gif'],
];

function toImage(item: JsonObject): JsonObject {
  const data = wordOf(item.result);
  const type = IMAGE_TYPES.find(([beginning]) => data.startsWith(beginning))?.[1] ?? 'png';
  return { type: 'image_url', image_url: { url: `data:image/${type};base64,${data}` } };
}

/** What stands on a call beside OpenAI's own fields came from this cloud's answer, and goes back with it. */
function toCall(item: JsonObject): JsonObject {
  const { type: _type, id: _id, status: _status, namespace: _namespace, created_by: _author, ...rest } = item;
  const { call_id: id, name, arguments: args, ...extras } = rest;
  return { ...extras, id, type: 'function', function: { name, arguments: args } };
}

/** @returns nothing where nothing was said or called: a thought alone is no message. */
function toAssistant({ path, content, parts, calls, callPaths, images, carry }: Turn): Said[] {
  if (content.length + calls.length + images.length === 0) return [];
  const extraContents = new Map(carry.calls);
  const message: ChatMessage = {
    role: 'assistant',
    // Text that the client has left out is not what the blocks say it is.
    content: content.length > 0 ? content : carry.blocks.some(isText) ? '' : null,
    ...(calls.length > 0 && { tool_calls: calls.map((call) => withExtra(call, extraContents)) }),
    ...(images.length > 0 && { images }),
    ...(carry.thoughts.length > 0 && { thinking_blocks: carry.thoughts }),
    ...(carry.blocks.length > 0 && { content_blocks: carry.blocks }),
    ...(carry.extras.length > 0 && { extra_content: joinExtras(carry.extras) }),
  };
  return [{ message, origin: { path, content: 'content', parts, calls: callPaths } }];
}

function isText({ type }: JsonObject): boolean {
  return type === 'text';
}

function withExtra(call: JsonObject, extraContents: ReadonlyMap<string, JsonObject>): JsonObject {
  const extra = typeof call.id === 'string' ? extraContents.get(call.id) : undefined;
  return extra === undefined || isObject(call.extra_content) ? call : { ...call, extra_content: extra };
}
