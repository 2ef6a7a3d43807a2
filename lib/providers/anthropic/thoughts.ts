/** Blocks of thinking, in an answer and in the history it becomes a part of. */

interface Typed {
  readonly type?: unknown;
  readonly signature?: unknown;
}

export function isThought({ type }: Typed): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}

/** Thinking that a token limit has cut off never got its signature. Sent back, it is a 400. */
export function isUnsigned({ type, signature }: Typed): boolean {
  return type === 'thinking' && (typeof signature !== 'string' || signature === '');
}
