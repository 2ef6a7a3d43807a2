/**
 * Finds the top-level `model` in a JSON body as its bytes arrive, and refuses what `JSON.parse` would refuse. Nothing
 * is built on the way, so that a body of many megabytes costs a fraction of parsing it and no memory.
 */
import { forgetChunk, skipBase64, skipPlain } from './json-skip.ts';
import { createUtf8Check } from './utf8.ts';

/** The value of a top-level `model`. */
export interface ModelToken {
  /** The decoded string; undefined when the value is no string. */
  readonly value: string | undefined;
  /** Offset of the value's first byte in the whole body, the quote included. */
  readonly start: number;
  /** Offset behind the value's last byte, the quote included. */
  readonly end: number;
  /** The string holds backslash escapes. */
  readonly escaped: boolean;
}

export interface JsonScanner {
  /**
   * Scans the next bytes; they are neither kept nor changed. After `malformed` or `end` further calls do nothing.
   * @param untilModel Stops behind the first `model`: what follows is scanned by `pushRest`, where it matters at all.
   */
  push(chunk: Uint8Array, untilModel?: boolean): void;
  /** Scans what the last `push` has left out, if anything. To be called before the next one. */
  pushRest(): void;
  /** The body is over: what is still open is malformed. */
  end(): void;
  /** First top-level `model`, once its value has been read whole. */
  readonly model: ModelToken | undefined;
  /** Top-level `model` keys seen so far, also those written with escapes (`"mod\u0065l"`). */
  readonly modelCount: number;
  /** What is wrong, as a sentence fragment with the byte offset: `unexpected character at byte 12`. */
  readonly malformed: string | undefined;
  /** The top-level value is an object. Known after its first byte that is not blank. */
  readonly isObject: boolean | undefined;
}

/** A scanner for one body. The chunks may be cut anywhere: what it finds depends on the bytes alone. */
export function createJsonScanner(): JsonScanner {
  return new Scanner();
}

/** The states of the machine; each has a row in `STEPS`, and a chunk may end in any of them. */
const VALUE = 0;
const FIRST_ITEM = 1;
const NEXT_ITEM = 2;
const FIRST_KEY = 3;
const KEY = 4;
const COLON = 5;
const NEXT_MEMBER = 6;
/** Behind the first top-level key that says `model`. */
const MODEL_COLON = 7;
const MODEL_VALUE = 8;
/** Behind the top-level value. */
const DONE = 9;
const STRING = 10;
const ESCAPE = 11;
const HEX = 12; // four digits: 12 to 15
const MINUS = 16;
const ZERO = 17;
const INTEGER = 18;
const POINT = 19;
const FRACTION = 20;
const E = 21;
const E_SIGN = 22;
const EXPONENT = 23;
/** What is still to come of `true`, `false` and `null`, a state each: 24 to 33. */
const TRUE = 24;
const FALSE = 27;
const NULL = 31;
const LITERALS = ['rue', 'ue', 'e', 'alse', 'lse', 'se', 'e', 'ull', 'll', 'l'];
const STATES = TRUE + LITERALS.length;

/** Steps that do more than go to another state. */
const OPEN_OBJECT = 64;
const OPEN_ARRAY = 65;
const CLOSE = 66;
const OPEN_KEY = 67;
const OPEN_STRING = 68;
const CLOSE_STRING = 69;
const CLOSE_LITERAL = 70;
/** The byte stands behind the number and is looked at again. */
const CLOSE_NUMBER = 71;
/** The byte is the first of the value and is looked at again. */
const OPEN_MODEL = 72;
const REFUSE = 73;

/** The grammar of RFC 8259: the next state, or one of the steps above, for a byte in a state (`state << 8 | byte`). */
const STEPS = createSteps();
/** 1 for all but hexadecimal digits. */
const NO_HEX = STEPS.slice(HEX << 8, (HEX + 1) << 8).map((step) => (step === REFUSE ? 1 : 0));

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MODEL_KEY = '"model"';
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const MARKED = 'byte order mark at byte 0';
/** In bytes: `"model"` with every letter written as an escape. */
const LONGEST_MODEL_KEY = 32;

class Scanner implements JsonScanner {
  model: ModelToken | undefined = undefined;
  modelCount = 0;
  malformed: string | undefined = undefined;
  isObject: boolean | undefined = undefined;

  private state = VALUE;
  private ended = false;
  /** Offset of the current chunk in the body. */
  private base = 0;
  private readonly utf8 = createUtf8Check();

  /** What `untilModel` has left out of a chunk. */
  private rest: { readonly bytes: Buffer; readonly bad: number; readonly at: number } | undefined = undefined;

  private depth = 0;
  /** The state behind a value in the innermost open object or array. */
  private afterValue = DONE;
  /** In bytes: how much of a byte order mark stands at the beginning. */
  private markLength = 0;
  /** Which of the open values are objects, one bit a level: 100,000 levels are legal JSON. */
  private readonly objects: number[] = [];
  /** The string being read, or the last one, is a key. */
  private inKey = false;

  /** Offset of what is wanted as a whole, a top-level key or the first `model`'s value; -1 in all other places. */
  private tokenStart = -1;
  /** In bytes: what is longer need not be kept from one chunk to the next. */
  private tokenLimit = 0;
  private tokenPieces: Buffer[] | undefined = undefined;

  push(chunk: Uint8Array, untilModel = false): void {
    if (this.malformed !== undefined || this.ended) return;
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    forgetChunk();
    // In the middle of a picture nothing happens, neither to the machine nor to what is UTF-8.
    const from = this.state === STRING ? skipBase64(bytes) : 0;
    this.scanFrom(from, bytes, this.utf8.findBad(bytes, from), untilModel);
  }

  pushRest(): void {
    const { rest } = this;
    this.rest = undefined;
    forgetChunk();
    if (rest !== undefined) this.scanFrom(rest.at, rest.bytes, rest.bad, false);
  }

  /** @param bad Where the bytes are no UTF-8 any more: their length if they all are. */
  private scanFrom(from: number, bytes: Buffer, bad: number, untilModel: boolean): void {
    // A bad byte is scanned too: outside of strings it is an unexpected character like any other.
    const to = Math.min(bad + 1, bytes.length);
    const at = from < to ? this.scan(bytes, from, to, untilModel) : to;
    if (this.malformed !== undefined) return;
    if (at < to) {
      this.rest = { bytes, bad, at };
      return;
    }
    if (bad < bytes.length) return this.fail('invalid UTF-8', bad);
    if (this.tokenStart !== -1) this.keepPiece(bytes);
    this.base += bytes.length;
  }

  end(): void {
    if (this.malformed !== undefined || this.ended) return;
    this.ended = true;
    const isWholeNumber = STEPS[(this.state << 8) | 0x20] === CLOSE_NUMBER;
    if (this.markLength > 0) this.malformed = MARKED;
    else if ((isWholeNumber ? this.afterValue : this.state) !== DONE) this.fail('unexpected end', 0);
  }

  private fail(what: string, at: number): void {
    this.malformed = `${what} at byte ${this.base + at}`;
  }

  private refuse(state: number, at: number): void {
    if (state === STRING) return this.fail('control character in a string', at);
    this.fail(state >= ESCAPE && state < MINUS ? 'bad escape' : 'unexpected character', at);
  }

  /**
   * One long loop over local variables: calls and fields for every byte outside of strings would double its cost.
   * @returns where it stopped: at `to`, unless `untilModel` says otherwise.
   */
  private scan(bytes: Buffer, from: number, to: number, untilModel: boolean): number {
    let at = this.isObject === undefined ? this.findFirst(bytes, to) : from;
    let state = this.state;
    while (at < to) {
      const step = STEPS[(state << 8) | bytes[at]!]!;
      at++;
      if (step < OPEN_OBJECT) {
        if (step === state) {
          at = step === STRING ? skipText(bytes, at, to) : skipSame(bytes, at, to, state);
        }
        state = step;
        continue;
      }
      switch (step) {
        case OPEN_OBJECT:
          this.open(NEXT_MEMBER);
          state = FIRST_KEY;
          break;
        case OPEN_ARRAY:
          this.open(NEXT_ITEM);
          state = FIRST_ITEM;
          break;
        case CLOSE:
          this.close();
          state = this.endValue(bytes, at);
          break;
        case OPEN_KEY:
          this.inKey = true;
          if (this.depth === 1) this.openToken(at - 1, LONGEST_MODEL_KEY);
          state = STRING;
          at = skipText(bytes, at, to);
          break;
        case OPEN_STRING:
          this.inKey = false;
          state = STRING;
          at = skipText(bytes, at, to);
          break;
        case CLOSE_STRING:
          state = this.inKey ? this.endKey(bytes, at) : this.endValue(bytes, at);
          break;
        case CLOSE_LITERAL:
          state = this.endValue(bytes, at);
          break;
        case CLOSE_NUMBER:
          at--;
          state = this.endValue(bytes, at);
          break;
        case OPEN_MODEL:
          at--;
          this.openToken(at, bytes[at] === QUOTE ? Infinity : 0);
          state = VALUE;
          break;
        default:
          this.refuse(state, at - 1);
          return to;
      }
      if (untilModel && this.model !== undefined) break;
    }
    this.state = state;
    return at;
  }

  private findFirst(bytes: Buffer, to: number): number {
    const at = skipSame(bytes, this.skipMark(bytes, to), to, VALUE);
    if (at < to) this.isObject = STEPS[(VALUE << 8) | bytes[at]!] === OPEN_OBJECT;
    return at;
  }

  /** Over a byte order mark: no JSON, but many parsers take it, and so the model behind it must be found. */
  private skipMark(bytes: Buffer, to: number): number {
    let at = 0;
    while (at < to && this.base + at === this.markLength && bytes[at] === BYTE_ORDER_MARK[this.markLength]) {
      this.markLength++;
      at++;
    }
    return at;
  }

  private open(afterValue: number): void {
    const level = ++this.depth;
    const bit = 1 << (level & 31);
    const bits = this.objects[level >> 5] ?? 0;
    this.objects[level >> 5] = afterValue === NEXT_MEMBER ? bits | bit : bits & ~bit;
    this.afterValue = afterValue;
  }

  private close(): void {
    const level = --this.depth;
    const inObject = (this.objects[level >> 5]! & (1 << (level & 31))) !== 0;
    this.afterValue = level === 0 ? DONE : inObject ? NEXT_MEMBER : NEXT_ITEM;
  }

  private openToken(at: number, limit: number): void {
    this.tokenStart = this.base + at;
    this.tokenLimit = limit;
  }

  private closeToken(): void {
    this.tokenStart = -1;
    this.tokenPieces = undefined;
  }

  private keepPiece(bytes: Buffer): void {
    if (this.base + bytes.length - this.tokenStart > this.tokenLimit) return;
    const from = Math.max(this.tokenStart - this.base, 0);
    (this.tokenPieces ??= []).push(Buffer.from(bytes.subarray(from)));
  }

  private tokenText(bytes: Buffer, end: number): string {
    const from = Math.max(this.tokenStart - this.base, 0);
    if (this.tokenPieces === undefined) return bytes.toString('utf8', from, end);
    return Buffer.concat([...this.tokenPieces, bytes.subarray(from, end)]).toString();
  }

  /** At depth 1 the open token is what has ended; deeper, it is a `model` that holds this key or value. */
  private endKey(bytes: Buffer, end: number): number {
    return this.depth === 1 ? this.endTopKey(bytes, end) : COLON;
  }

  private endValue(bytes: Buffer, end: number): number {
    if (this.tokenStart !== -1 && this.depth === 1) this.endModel(bytes, end);
    return this.afterValue;
  }

  private endTopKey(bytes: Buffer, end: number): number {
    const isModel = this.isModelKey(bytes, end);
    this.closeToken();
    if (isModel) this.modelCount++;
    return isModel && this.modelCount === 1 ? MODEL_COLON : COLON;
  }

  private endModel(bytes: Buffer, end: number): void {
    this.model = this.readModel(bytes, end);
    this.closeToken();
    if (this.markLength > 0) this.malformed = MARKED;
  }

  private isModelKey(bytes: Buffer, end: number): boolean {
    const from = this.tokenStart - this.base;
    if (end - from > LONGEST_MODEL_KEY) return false;
    if (from >= 0 && !holdsBackslash(bytes, from, end))
      return end - from === MODEL_KEY.length && bytes.toString('latin1', from, end) === MODEL_KEY;
    return JSON.parse(this.tokenText(bytes, end)) === 'model';
  }

  private readModel(bytes: Buffer, end: number): ModelToken {
    const position = { start: this.tokenStart, end: this.base + end };
    if (this.tokenLimit === 0) return { value: undefined, ...position, escaped: false };
    const token = this.tokenText(bytes, end);
    const escaped = token.includes('\\');
    return { value: escaped ? String(JSON.parse(token)) : token.slice(1, -1), ...position, escaped };
  }
}

/** Over plain characters and whole escapes, to a byte that the machine must see: mostly the closing quote. */
function skipText(bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (;;) {
    at = skipPlain(bytes, at, to);
    const escape = at < to && bytes[at] === BACKSLASH ? escapeLength(bytes, at, to) : 0;
    if (escape === 0) return at;
    at += escape;
  }
}

/** Length of the escape that begins at a backslash; 0 when it is cut off or wrong. */
function escapeLength(bytes: Buffer, at: number, to: number): number {
  if (at + 6 > to) return 0;
  const step = STEPS[(ESCAPE << 8) | bytes[at + 1]!];
  if (step === STRING) return 2;
  if (step !== HEX) return 0;
  const wrong =
    NO_HEX[bytes[at + 2]!]! | NO_HEX[bytes[at + 3]!]! | NO_HEX[bytes[at + 4]!]! | NO_HEX[bytes[at + 5]!]!;
  return wrong === 0 ? 6 : 0;
}

/** Over the bytes that leave the machine in its state: digits, blanks. */
function skipSame(bytes: Buffer, from: number, to: number, state: number): number {
  let at = from;
  while (at < to && STEPS[(state << 8) | bytes[at]!] === state) at++;
  return at;
}

function holdsBackslash(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && bytes[at] !== BACKSLASH) at++;
  return at < to;
}

function createSteps(): Uint8Array {
  const steps = new Uint8Array(STATES << 8).fill(REFUSE);
  const on = (states: number[], chars: string, step: number): void => {
    for (const state of states) for (const char of chars) steps[(state << 8) | char.charCodeAt(0)] = step;
  };
  const blanks = ' \t\n\r';
  const digits = '0123456789';

  on([VALUE, FIRST_ITEM], '{', OPEN_OBJECT);
  on([VALUE, FIRST_ITEM], '[', OPEN_ARRAY);
  on([VALUE, FIRST_ITEM], '"', OPEN_STRING);
  on([VALUE, FIRST_ITEM], 't', TRUE);
  on([VALUE, FIRST_ITEM], 'f', FALSE);
  on([VALUE, FIRST_ITEM], 'n', NULL);
  on([FIRST_ITEM, NEXT_ITEM], ']', CLOSE);
  on([NEXT_ITEM], ',', VALUE);
  on([FIRST_KEY, KEY], '"', OPEN_KEY);
  on([FIRST_KEY, NEXT_MEMBER], '}', CLOSE);
  on([NEXT_MEMBER], ',', KEY);
  on([COLON], ':', VALUE);
  on([MODEL_COLON], ':', MODEL_VALUE);
  steps.fill(OPEN_MODEL, MODEL_VALUE << 8, (MODEL_VALUE + 1) << 8);
  for (let state = VALUE; state <= DONE; state++) on([state], blanks, state);

  steps.fill(STRING, (STRING << 8) | 0x20, (STRING + 1) << 8);
  on([STRING], '"', CLOSE_STRING);
  on([STRING], '\\', ESCAPE);
  on([ESCAPE], '"\\/bfnrt', STRING);
  on([ESCAPE], 'u', HEX);
  for (let digit = 0; digit < 4; digit++) {
    on([HEX + digit], '0123456789abcdefABCDEF', digit === 3 ? STRING : HEX + digit + 1);
  }

  on([VALUE, FIRST_ITEM], '-', MINUS);
  on([VALUE, FIRST_ITEM, MINUS], '0', ZERO);
  on([VALUE, FIRST_ITEM, MINUS], '123456789', INTEGER);
  on([INTEGER], digits, INTEGER);
  on([ZERO, INTEGER], '.', POINT);
  on([POINT, FRACTION], digits, FRACTION);
  on([ZERO, INTEGER, FRACTION], 'eE', E);
  on([E], '+-', E_SIGN);
  on([E, E_SIGN, EXPONENT], digits, EXPONENT);
  on([ZERO, INTEGER, FRACTION, EXPONENT], `${blanks},]}`, CLOSE_NUMBER);

  LITERALS.forEach((rest, index) => {
    const state = TRUE + index;
    on([state], rest.charAt(0), rest.length === 1 ? CLOSE_LITERAL : state + 1);
  });
  return steps;
}
