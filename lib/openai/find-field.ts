/** Finds a field in the beginning or the end of a JSON document, or of a stream of events, of which no more is there. */

/** `json`: one document; `sse`: events, one line of data each. */
export type TextKind = 'json' | 'sse';

/** A hostile answer can hold thousands of keys of that name, each a walk to the end. */
const MAX_CANDIDATES = 16;

/**
 * The last field of that name that stands where OpenAI puts it: in the document or event itself, or (only events)
 * in its `response`. Nothing is known of the text before the tail, so the depth is counted from behind.
 */
export function findLast<T>(
  text: string,
  name: string,
  kind: TextKind,
  convert: (value: unknown) => T | undefined,
): T | undefined {
  const key = `"${name}"`;
  let candidates = 0;
  let at = text.lastIndexOf(key);
  for (; at > 0 && candidates < MAX_CANDIDATES; at = text.lastIndexOf(key, at - 1)) {
    const start = valueStart(text, at, key.length);
    // `"usage":null` stands in every chunk but the last.
    if (start === -1 || text.startsWith('null', start)) continue;
    candidates += 1;
    const end = valueEnd(text, start);
    if (end === -1 || !isTopLevel(text, end, kind)) continue;
    const value = convert(tryParse(text.slice(start, end)));
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * Where the value begins, or -1 if this is no key. Inside a string the quotes would be escaped, so that the one before
 * the name follows a backslash, never a brace or a comma.
 */
function valueStart(text: string, at: number, length: number): number {
  const before = text.charAt(skipBlanks(text, at - 1, -1));
  const colon = skipBlanks(text, at + length, 1);
  if ((before !== '{' && before !== ',') || text.charAt(colon) !== ':') return -1;
  return skipBlanks(text, colon + 1, 1);
}

/** Behind the value's last character; -1 for one that is cut, or is neither string nor object. */
function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first !== OPEN_BRACE) return -1;
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at) - 1;
      if (at < 0) return -1;
    } else if (code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACE && (depth -= 1) === 0) return at + 1;
  }
  return -1;
}

/** Behind the closing quote, or -1. @param start Where the opening one stands. */
export function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return -1;
}

/** Whether as many braces are open behind a value as behind a field of the document, or of an event or its response. */
function isTopLevel(text: string, from: number, kind: TextKind): boolean {
  let open = 0;
  let closed = 0;
  for (let at = from; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at) - 1;
        if (at < 0) return false;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        open += 1;
        break;
      case CLOSE_BRACKET:
        if (open === 0) return false;
        open -= 1;
        break;
      case CLOSE_BRACE:
        if (open > 0) open -= 1;
        else closed += 1;
        if (closed > (kind === 'sse' ? 2 : 1)) return false;
        break;
      case NEWLINE:
        // The end of an event. JSON may have line breaks between its tokens.
        if (kind === 'sse') return closed > 0;
        break;
      default:
    }
  }
  return closed > 0;
}

/** The first field of that name in the document, in an event or its `response`, whose value `convert` takes. */
export function findFirst<T>(
  head: string,
  name: string,
  kind: TextKind,
  convert: (value: unknown) => T | undefined,
): T | undefined {
  const key = `"${name}"`;
  const deepest = kind === 'sse' ? 2 : 1;
  let depth = 0;
  for (let at = 0; at < head.length; at += 1) {
    const code = head.charCodeAt(at);
    if (code === QUOTE) {
      const value = depth <= deepest && head.startsWith(key, at) ? valueAt(head, at, key.length) : undefined;
      const converted = value === undefined ? undefined : convert(value);
      if (converted !== undefined) return converted;
      at = stringEnd(head, at) - 1;
      if (at < 0) return undefined;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return undefined;
}

/** What stands behind a key; undefined where it is no key, or the value is cut. */
function valueAt(text: string, at: number, length: number): unknown {
  const start = valueStart(text, at, length);
  const end = start === -1 ? -1 : valueEnd(text, start);
  return end === -1 ? undefined : tryParse(text.slice(start, end));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const NEWLINE = 0x0a;

function skipBlanks(text: string, from: number, step: 1 | -1): number {
  let at = from;
  while (' \n\r\t'.includes(text.charAt(at)) && at >= 0 && at < text.length) at += step;
  return at;
}

/** Undefined for what is no JSON. */
export function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
