/**
 * Reads one event. Nearly all of a stream are pieces of text, all alike but for the text: to recognise such an event
 * costs a fraction of parsing it. What is not exactly of that form is parsed.
 */
import { ownText, PLAIN_TEXT } from '../plain-text.ts';

/**
 * `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"..."}}`, or thinking, in a text of
 * which each character stands for itself. Anthropic adds blanks before the last brace.
 */
const PLAIN_DELTA = new RegExp(
  String.raw`^\{"type":"content_block_delta","index":(0|[1-9]\d{0,8}),` +
    String.raw`"delta":\{"type":"(text|thinking)_delta","\2":"(${PLAIN_TEXT})"\} *\}$`,
  'u',
);

/** The event as `JSON.parse` gives it. @throws SyntaxError as `JSON.parse` does. */
export function parseEvent(data: string): unknown {
  const match = PLAIN_DELTA.exec(data);
  if (match === null) return JSON.parse(data);
  const [, index, kind, cut = ''] = match;
  const text = ownText(cut);
  const delta = kind === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text };
  return { type: 'content_block_delta', index: Number(index), delta };
}
