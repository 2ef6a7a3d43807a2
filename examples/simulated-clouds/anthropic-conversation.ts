/** The simulated Claude's check of the conversation as a whole: roles, order, calls and their results. */
import { BLOCKS_OF_ROLE, checkBlocks, checkText } from './anthropic-blocks.ts';
import type { SimulatedModel } from './anthropic-models.ts';
import { asList, asObject, asString, isBlank, onlyKeys, Refusal, type Json } from './anthropic-refusal.ts';

export interface Message {
  readonly role: string;
  /** Text alone is one block, as the API reads it. */
  readonly blocks: readonly Json[];
}

/** Checks each message and then what they are to each other. */
export function readConversation(value: unknown, model: SimulatedModel): Message[] {
  if (value === undefined) throw new Refusal('messages: Field required');
  const messages = asList(value, 'messages').map(readMessage);
  if (messages.length === 0) throw new Refusal('messages: at least one message is required');
  checkSystemPlaces(messages, model);
  if (messages[0]?.role !== 'user') throw new Refusal('messages: first message must use the "user" role');
  messages.forEach(checkEnd);
  checkPairs(messages);
  checkPrefill(messages, model);
  return messages;
}

function readMessage(value: unknown, index: number): Message {
  const path = `messages.${index}`;
  const message = asObject(value, path);
  onlyKeys(message, path, 'role content');
  const role = asString(message['role'], `${path}.role`);
  const allowed = Object.hasOwn(BLOCKS_OF_ROLE, role) ? BLOCKS_OF_ROLE[role] : undefined;
  if (allowed === undefined) {
    throw new Refusal(`${path}.role: Input should be 'user', 'assistant' or 'system'`);
  }
  return { role, blocks: readContent(message['content'], path, allowed) };
}

function readContent(content: unknown, path: string, allowed: string): Json[] {
  if (content === undefined) throw new Refusal(`${path}.content: Field required`);
  if (typeof content === 'string') {
    checkText(content);
    return [{ type: 'text', text: content }];
  }
  const blocks = checkBlocks(content, `${path}.content`, allowed);
  if (blocks.length > 0) return blocks;
  throw new Refusal(
    `${path}: all messages must have non-empty content except for the optional final assistant message`,
  );
}

function checkSystemPlaces(messages: readonly Message[], model: SimulatedModel): void {
  messages.forEach((message, index) => {
    if (message.role !== 'system') return;
    if (!model.inlineSystem)
      throw new Refusal(`messages.${index}: role 'system' is not supported on this model`);
    if (index === 0)
      throw new Refusal("messages.0: use the top-level 'system' parameter for the initial system prompt");
    const before = messages[index - 1];
    if (before?.role === 'assistant' && !endsInServerResult(before)) {
      throw new Refusal(
        `messages.${index}: role 'system' must follow a 'user' message or an assistant message that ends in a server tool result`,
      );
    }
    const after = messages[index + 1];
    if (after?.role === 'user') {
      throw new Refusal(
        `messages.${index}: role 'system' must precede an 'assistant' message or end the array`,
      );
    }
  });
}

function endsInServerResult(message: Message): boolean {
  return /._tool_result$/.test(String(message.blocks.at(-1)?.['type']));
}

function checkEnd({ role, blocks }: Message, index: number): void {
  const type = String(blocks.at(-1)?.['type']);
  if (role === 'assistant' && (type === 'thinking' || type === 'redacted_thinking')) {
    throw new Refusal(`messages.${index}: The final block in an assistant message cannot be \`thinking\`.`);
  }
}

function ofType(message: Message | undefined, type: string): Json[] {
  return message?.blocks.filter((block) => block['type'] === type) ?? [];
}

function checkPairs(messages: readonly Message[]): void {
  const seen = new Set<unknown>();
  messages.forEach((message, index) => {
    message.blocks.forEach((block, place) => {
      if (block['type'] !== 'tool_use') return;
      if (seen.has(block['id'])) {
        throw new Refusal(`messages.${index}.content.${place}: \`tool_use\` ids must be unique`);
      }
      seen.add(block['id']);
    });
    checkResultsOf(message, messages[index + 1], index);
    checkCallsOf(message, messages[index - 1], index);
  });
}

/** Results that do not open the next message do not count as "immediately after". */
function checkResultsOf(message: Message, next: Message | undefined, index: number): void {
  const calls = ofType(message, 'tool_use').map((block) => block['id']);
  if (calls.length === 0) return;
  const opening = next?.blocks.findIndex((block) => block['type'] !== 'tool_result') ?? 0;
  const results = next?.blocks.slice(0, opening < 0 ? undefined : opening) ?? [];
  const missing = calls.filter((id) => !results.some((block) => block['tool_use_id'] === id));
  if (missing.length === 0) return;
  throw new Refusal(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  );
}

function checkCallsOf(message: Message, before: Message | undefined, index: number): void {
  const calls = new Set(ofType(before, 'tool_use').map((block) => block['id']));
  const answered = new Set<unknown>();
  message.blocks.forEach((block, place) => {
    if (block['type'] !== 'tool_result') return;
    const id = block['tool_use_id'];
    if (!calls.has(id)) {
      throw new Refusal(
        `messages.${index}.content.${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${String(id)}. ` +
          'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
      );
    }
    if (answered.has(id)) {
      throw new Refusal(
        `messages.${index}.content.${place}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${String(id)}`,
      );
    }
    answered.add(id);
  });
}

function checkPrefill(messages: readonly Message[], model: SimulatedModel): void {
  const last = messages.at(-1);
  // A turn that paused behind a server tool is sent back as it is, to go on.
  if (last?.role !== 'assistant' || endsInServerResult(last)) return;
  if (!model.prefill) {
    throw new Refusal(
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  }
  const block = last.blocks.at(-1);
  if (block?.['type'] === 'text' && isBlank(String(block['text']).slice(-1))) {
    throw new Refusal('messages: final assistant content cannot end with trailing whitespace');
  }
}
