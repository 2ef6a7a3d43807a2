/**
 * Finds the top-level `model` of a JSON body that is still arriving. It only helps to choose among local nodes, so it
 * checks nothing: a body that is no JSON has no model here, and the node says what is wrong with it.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Longer keys and model names are not looked at. Bytes. */
const LONGEST_TOKEN = 4096;

export interface ModelFinder {
  /** Looks at the next bytes. @returns true once there is nothing more to find. */
  push(chunk: Buffer): boolean;
  /** The model, where the body has one that is a string. */
  readonly model: string | undefined;
}

export function createModelFinder(): ModelFinder {
  let model: string | undefined;
  let over = false;
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The string that is being read, as raw bytes; undefined for one that nobody needs. */
  let token: number[] | undefined;
  let key: string | undefined;
  let isValue = false;

  function openString(): void {
    inString = true;
    const wanted = depth === 1 && (!isValue || key === 'model');
    token = wanted ? [] : undefined;
  }

  function inside(byte: number): void {
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) return closeString();
    if (token !== undefined && token.length < LONGEST_TOKEN) token.push(byte);
  }

  function closeString(): void {
    inString = false;
    if (token === undefined) return;
    const text = decode(token);
    if (!isValue) key = text;
    else {
      model = text;
      over = true;
    }
  }

  function between(byte: number): void {
    if (byte === QUOTE) openString();
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    else if (depth === 1 && byte === COLON) isValue = true;
    else if (depth === 1 && byte === COMMA) isValue = false;
    if (depth === 0 && !BLANK.has(byte)) over = true;
  }

  return {
    push(chunk) {
      for (let i = 0; i < chunk.length && !over; i++) {
        const byte = chunk[i] as number;
        if (inString) inside(byte);
        else between(byte);
      }
      return over;
    },
    get model() {
      return model;
    },
  };
}

/** The text between two quotes; undefined where the escapes in it are wrong. */
function decode(token: readonly number[]): string | undefined {
  try {
    return JSON.parse(`"${Buffer.from(token).toString('utf8')}"`) as string;
  } catch {
    return undefined;
  }
}
