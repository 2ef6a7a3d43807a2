/**
 * Signatures of thinking, as the simulated Claude makes and checks them: one half is bound to the text, the other to
 * everything before it (tools, system, earlier messages and blocks). Cache breakpoints may move, they are not part of it.
 */
import { createHash } from 'node:crypto';
import type { Message } from './anthropic-conversation.ts';
import type { SimulatedModel } from './anthropic-models.ts';
import { Refusal, type Json } from './anthropic-refusal.ts';

const PREFIX = 'sim';

function hash(value: unknown): string {
  const text = JSON.stringify(value, (key, inner: unknown) => (key === 'cache_control' ? undefined : inner));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** What stands before a block. @param blocks Earlier blocks of the same answer. */
export function prefixOf(body: Json, messages: readonly Message[], blocks: readonly Json[]): string {
  return hash([body['tools'] ?? [], body['system'] ?? [], messages, blocks]);
}

export function sign(prefix: string, thinking: string): string {
  return `${PREFIX}.${prefix}.${hash(thinking)}`;
}

/** @throws Refusal for thinking that was edited, or moved on a model that minds. */
export function checkSignatures(body: Json, messages: readonly Message[], model: SimulatedModel): void {
  messages.forEach((message, index) => {
    message.blocks.forEach((block, place) => {
      if (block['type'] !== 'thinking') return;
      const path = `messages.${index}.content.${place}`;
      const [mark, prefix, text] = String(block['signature']).split('.');
      if (mark !== PREFIX || text !== hash(block['thinking'])) {
        throw new Refusal(`${path}: Invalid \`signature\` in \`thinking\` block`);
      }
      if (!model.bindsThinking) return;
      if (prefix !== prefixOf(body, messages.slice(0, index), message.blocks.slice(0, place))) {
        throw new Refusal(
          `${path}: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation.`,
        );
      }
    });
  });
}
