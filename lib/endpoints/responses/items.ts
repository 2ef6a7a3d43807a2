/** Input items as chat messages. */
import { isObject, type ChatMessage, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { createCarry, unpackCarry, type Carry } from './carry.ts';
import { toContent } from './content.ts';
import { nameOf, wordOf } from './json.ts';
import { invalid, unsupported } from './refusals.ts';

/** Where a message comes from, for the names of fields in errors. */
export interface Origin {
  /** `input[2]` */
  readonly path: string;
  /** `content`, or `output` for the result of a call. */
  readonly content: string;
  /** Of the assistant, whose message is made of several items: the place of each content part and of each call. */
  readonly parts?: readonly string[];
  readonly calls?: readonly string[];
}

export interface Conversation {
  readonly messages: ChatMessage[];
  /** One for each message. */
  readonly origins: Origin[];
}

/** Items of the assistant that follow each other: one message in chat. */
interface Turn {
  readonly path: string;
  readonly content: JsonObject[];
  readonly parts: string[];
  readonly calls: JsonObject[];
  readonly callPaths: string[];
  readonly images: JsonObject[];
  readonly carry: Carry;
}

/** @throws RouterError for an item that chat cannot carry. */
export function toConversation(request: JsonObject): Conversation {
  const { instructions, input } = request;
  const messages: ChatMessage[] = [];
  const origins: Origin[] = [];
  let turn: Turn | undefined;

  function add(message: ChatMessage, origin: Origin): void {
    endTurn();
    messages.push(message);
    origins.push(origin);
  }

  function endTurn(): void {
    const message = turn === undefined ? undefined : toAssistant(turn);
    if (turn !== undefined && message !== undefined) {
      const { path, parts, callPaths: calls } = turn;
      messages.push(message);
      origins.push({ path, content: 'content', parts, calls });
    }
    turn = undefined;
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
      case 'function_call':
      case 'reasoning':
      case 'image_generation_call':
        turn ??= createTurn(path);
        return addToTurn(turn, item, path);
      default:
        throw refusedItem(item, path);
    }
  }

  function addMessage(item: JsonObject, path: string): void {
    switch (wordOf(item.role)) {
      case 'assistant':
        turn ??= createTurn(path);
        return addSpoken(turn, toContent(item.content, `${path}.content`), path);
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
  endTurn();
  return { messages, origins };
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

function createTurn(path: string): Turn {
  return { path, content: [], parts: [], calls: [], callPaths: [], images: [], carry: createCarry() };
}

function addSpoken(turn: Turn, content: string | JsonObject[], path: string): void {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  parts.forEach((part, index) => {
    turn.content.push(part);
    turn.parts.push(typeof content === 'string' ? `${path}.content` : `${path}.content[${index}]`);
  });
}

function addToTurn(turn: Turn, item: JsonObject, path: string): void {
  switch (wordOf(item.type)) {
    case 'reasoning':
      // The summary is for people: a model never gets its thoughts back as text.
      return unpackCarry(item.encrypted_content, turn.carry);
    case 'image_generation_call': {
      const url = `data:image/png;base64,${wordOf(item.result)}`;
      turn.images.push({ type: 'image_url', image_url: { url } });
      return;
    }
    default:
      turn.calls.push(toCall(item));
      turn.callPaths.push(path);
  }
}

/** What stands on a call beside OpenAI's own fields came from this cloud's answer, and goes back with it. */
function toCall(item: JsonObject): JsonObject {
  const { type: _type, id: _id, status: _status, namespace: _namespace, created_by: _author, ...rest } = item;
  const { call_id: id, name, arguments: args, ...extras } = rest;
  return { ...extras, id, type: 'function', function: { name, arguments: args } };
}

/** @returns undefined where nothing was said or called: a thought alone is no message. */
function toAssistant({ content, calls, images, carry }: Turn): ChatMessage | undefined {
  if (content.length + calls.length + images.length === 0) return undefined;
  const extraContents = new Map(carry.calls);
  return {
    role: 'assistant',
    content: content.length > 0 ? content : null,
    ...(calls.length > 0 && { tool_calls: calls.map((call) => withExtra(call, extraContents)) }),
    ...(images.length > 0 && { images }),
    ...(carry.thoughts.length > 0 && { thinking_blocks: carry.thoughts }),
    ...(carry.blocks.length > 0 && { content_blocks: carry.blocks }),
  };
}

function withExtra(call: JsonObject, extraContents: ReadonlyMap<string, JsonObject>): JsonObject {
  const extra = typeof call.id === 'string' ? extraContents.get(call.id) : undefined;
  return extra === undefined || isObject(call.extra_content) ? call : { ...call, extra_content: extra };
}
