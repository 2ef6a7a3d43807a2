/**
 * The loop that finds the end of a run of plain characters, 64 bytes at a time. It takes a third of the time of the best
 * one in JavaScript, which has no such instructions: those of WebAssembly are written down here as they are encoded.
 */

export const LAST_CONTROL = 0x1f;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;

/** In bytes: what can be looked at in one go. It is as long as one of WebAssembly's pages of memory. */
export const LONGEST_PIECE = 65_536;
/** The second one is for what the loop loads behind the longest piece. */
const PAGES = 2;

export interface Loop {
  /** What it looks at. */
  readonly memory: Uint8Array;
  /**
   * Where the first quote, backslash or control character stands. There must be one, wherever it is.
   * @param from Default 0.
   */
  readonly skip: (from?: number) => number;
  /** The same for base64: what is no ASCII, a blank or `!` ends it too, so that there is less to look for. */
  readonly skipBase64: (from?: number) => number;
}

/** @returns undefined where there is no such WebAssembly: under `--jitless`, and on processors of before 2008. */
export function createLoop(): Loop | undefined {
  try {
    const { memory, skip, skipBase64 } = new WebAssembly.Instance(new WebAssembly.Module(createModule()))
      .exports;
    return { memory: new Uint8Array(memory.buffer), skip, skipBase64 };
  } catch {
    return undefined;
  }
}

/** As much as is used here: TypeScript knows it as a thing of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Omit<Loop, 'memory'> & { readonly memory: { readonly buffer: ArrayBuffer } };
  };
};

/**
 * Instructions, as they are encoded; those with 0xfd work on 16 bytes at once, each by itself.
 * https://webassembly.github.io/spec/core/binary/instructions.html
 */
const BLOCK = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const END = [0x0b];
/** To the beginning of a loop, or the end of a block: 0 is the innermost. */
const jump = (level: number): number[] => [0x0c, level];
const jumpIf = (level: number): number[] => [0x0d, level];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const tee = (local: number): number[] => [0x22, local];
/** @param value Below 128. */
const number = (value: number): number[] => [0x41, ...inTwoBytes(value)];
const IS_ZERO = [0x45];
const TRAILING_ZEROS = [0x68];
const ADD = [0x6a];
const load16 = (offset: number): number[] => [0xfd, 0x00, 0, offset];
const sixteenTimes = (byte: number): number[] => [...number(byte), 0xfd, 0x0f];
/** Of these each sets all bits of a byte, or none. */
const EQUAL = [0xfd, 0x23];
/** Of signed numbers. */
const BELOW = [0xfd, 0x25];
/** Of unsigned ones. */
const NOT_ABOVE = [0xfd, 0x2a];
const OR = [0xfd, 0x50];
const ANY = [0xfd, 0x53];
/** Bit by bit, which of the sixteen are set. */
const TO_BITS = [0xfd, 0x64];
const I32 = 0x7f;
const V128 = 0x7b;

/** The parameter of a function, and its local variables. */
const AT = 0;
const STOPS = 1;
const SIXTEEN = 2;

const goOn = (bytes: number): number[] => [get(AT), number(bytes), ADD, set(AT)].flat();

/** Which of sixteen bytes are stops. */
type Stops = (offset: number) => number[];

const ofText: Stops = (offset) =>
  [
    [get(AT), load16(offset), tee(SIXTEEN), sixteenTimes(LAST_CONTROL), NOT_ABOVE],
    [get(SIXTEEN), sixteenTimes(QUOTE), EQUAL, OR],
    [get(SIXTEEN), sixteenTimes(BACKSLASH), EQUAL, OR],
  ].flat(2);

/** Quotes and control characters are among those below `#`, and in signed numbers what is no ASCII is too. */
const ofBase64: Stops = (offset) =>
  [
    [get(AT), load16(offset), tee(SIXTEEN), sixteenTimes(QUOTE + 1), BELOW],
    [get(SIXTEEN), sixteenTimes(BACKSLASH), EQUAL, OR],
  ].flat(2);

function createSkip(stops: Stops): number[] {
  const loops = [
    // Past every 64 bytes that are all plain,
    [BLOCK, LOOP, stops(0), stops(16), OR, stops(32), OR, stops(48), OR],
    [ANY, jumpIf(1), goOn(64), jump(0), END, END],
    // then past every 16, and to the very byte.
    [LOOP, stops(0), TO_BITS, tee(STOPS)],
    [IS_ZERO, IF, goOn(16), jump(1), END, END],
    [get(AT), get(STOPS), TRAILING_ZEROS, ADD, END],
  ].flat(2);
  return sized([2, 1, I32, 1, V128, ...loops]);
}

/** A module of two functions and their memory. */
function createModule(): Uint8Array {
  const types = section(1, [1, 0x60, 1, I32, 1, I32]);
  const functions = section(3, [2, 0, 0]);
  const memories = section(5, [1, 0, PAGES]);
  const exports = section(7, [
    3,
    ...named('memory'),
    2,
    0,
    ...named('skip'),
    0,
    0,
    ...named('skipBase64'),
    0,
    1,
  ]);
  const code = section(10, [2, ...createSkip(ofText), ...createSkip(ofBase64)]);
  const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from([magicAndVersion, types, functions, memories, exports, code].flat());
}

function section(id: number, content: number[]): number[] {
  return [id, ...sized(content)];
}

function named(name: string): number[] {
  return sized([...Buffer.from(name)]);
}

/** With its length in front. */
function sized(content: number[]): number[] {
  return [...inTwoBytes(content.length), ...content];
}

/** Seven bits a byte. Numbers below 64 would need one only. @param value Below 8,192. */
function inTwoBytes(value: number): number[] {
  return [(value & 0x7f) | 0x80, value >> 7];
}
