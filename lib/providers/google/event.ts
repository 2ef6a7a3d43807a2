/**
 * Reads one event. Nearly all of a stream are pieces of text: to recognise such a candidate, and to parse only what
 * stands behind it, costs less than parsing the whole. What is not exactly of that form is parsed as it is.
 */
import { isObject, type JsonObject } from '../../openai/types.ts';
import { ownText, PLAIN_TEXT } from '../plain-text.ts';

/** One candidate with one part, in a text of which each character stands for itself, up to the comma behind it. */
const PLAIN_CANDIDATE = new RegExp(
  String.raw`^\{"candidates": ?\[\{"content": ?\{"parts": ?\[\{"text": ?"(${PLAIN_TEXT})"(,"thought": ?true)?\}\],` +
    String.raw`"role": ?"model"\}(,"index": ?0)?\}\],(?=")`,
  'u',
);

/** The event as `JSON.parse` gives it. @throws SyntaxError as `JSON.parse` does. */
export function parseEvent(data: string): unknown {
  const match = PLAIN_CANDIDATE.exec(data);
  if (match === null) return JSON.parse(data);
  const [head, cut = '', thought, index] = match;
  const text = ownText(cut);
  const event: unknown = JSON.parse(`{${data.slice(head.length)}`);
  // The last of two is the one that counts.
  if (!isObject(event) || 'candidates' in event) return JSON.parse(data);
  const part: JsonObject = thought === undefined ? { text } : { text, thought: true };
  const content: JsonObject = { parts: [part], role: 'model' };
  event['candidates'] = [index === undefined ? { content } : { content, index: 0 }];
  return event;
}
