/**
 * Nearly all events of a converted stream are pieces of text, alike but for the text and what is counted beside it. Such
 * an event is recognised by comparing it with one that was parsed, which costs a fraction of parsing it too.
 */
import type { TextPlace } from '../providers/provider.ts';

/** One line of data, with or without the event's name: what all clouds send. */
const ONE_LINE = /^(?:event: ?\w*\r?\n)?data: ?\{[^\r\n]*\}\s*$/;

/** The rest of a JSON string, its closing quote included: nothing below a blank, no quote without a backslash. */
const STRING_REST = /[ !#-[\]-\uffff]*(?:\\.[ !#-[\]-\uffff]*)*"/y;

/** In place of a count, where any number of blanks may stand. */
const NO_COUNT = -1;

/** An event that was parsed, and those that were found to be like it since. */
export class Likeness {
  /** The text of the event read last. */
  text = '';
  /** Of the event that was parsed, up to its text; empty where there is nothing to compare with. */
  #head = '';
  /** What stands behind its text, cut where another count or more blanks may stand. */
  #behind: string[] = [];
  /** The last of these with the next event's head: mostly both are there, and compared in one go. */
  #lastAndHead = '';
  /** Where an event begins whose head was compared with the end of the one before; -1: nowhere. */
  #comparedAt = -1;
  /** The counts at the cuts, of the event read last. */
  #counts: number[] = [];
  /** Those of an event that is being read, and may turn out to be another one. */
  #nextCounts: number[] = [];
  /** What was counted last was not taken yet. */
  #isUntold = false;

  /** @returns where the event ends; -1: it differs in more, and must be parsed. */
  read(events: string, from: number): number {
    const start = from + this.#head.length;
    const isCompared = this.#comparedAt === from;
    this.#comparedAt = -1;
    if (start === from || (!isCompared && events.slice(from, start) !== this.#head)) return -1;
    STRING_REST.lastIndex = start;
    if (!STRING_REST.test(events)) return -1;
    const close = STRING_REST.lastIndex - 1;
    const end = this.#compareBehind(events, close);
    const text = end === -1 ? '' : toText(events.slice(start, close));
    // Without text it is no piece of it.
    if (text === '') return -1;
    this.text = text;
    const before = this.#counts;
    this.#counts = this.#nextCounts;
    this.#nextCounts = before;
    this.#isUntold = true;
    return end;
  }

  /** @param event What was just parsed, as it stands in the stream. */
  learn(event: string, { key, varying }: TextPlace): void {
    const start = textStart(event, key);
    if (start === -1 || !ONE_LINE.test(event)) return;
    STRING_REST.lastIndex = start;
    if (!STRING_REST.test(event)) return;
    const close = STRING_REST.lastIndex - 1;
    // A name in escapes could be the text's, and a backslash before a quote the end of another name.
    if (event.lastIndexOf('\\', start) !== -1 || event.indexOf('\\', close) !== -1) return;
    const behind = ownCopy(event.slice(close));
    const pieces: string[] = [];
    const counts: number[] = [];
    this.#counts = counts;
    this.#nextCounts = counts;
    let from = 0;
    varying.lastIndex = 0;
    while (varying.test(behind)) {
      const at = varying.lastIndex;
      pieces.push(behind.slice(from, at));
      counts.push(digitAt(behind, at) === -1 ? NO_COUNT : 0);
      from = this.#skip(behind, at, counts.length - 1);
      if (from === -1) return;
    }
    pieces.push(behind.slice(from));
    // A list that grew has room for 17, in each of thousands of open streams; its copy has not.
    this.#behind = pieces.slice();
    this.#counts = counts.slice();
    this.#nextCounts = counts.slice();
    this.#head = ownCopy(event.slice(0, start));
    this.#lastAndHead = ownCopy(behind.slice(from) + this.#head);
  }

  forget(): void {
    this.#head = '';
    this.#comparedAt = -1;
  }

  /** The data of the event read last, but without its text; undefined where nothing was counted since this was asked. */
  takeCounts(): string | undefined {
    if (!this.#isUntold) return undefined;
    this.#isUntold = false;
    if (!this.#counts.some((count) => count !== NO_COUNT)) return undefined;
    const behind = this.#behind.map((piece, place) => {
      const count = this.#counts[place] ?? NO_COUNT;
      return count === NO_COUNT ? piece : piece + String(count);
    });
    return this.#head.slice(this.#head.indexOf('{')) + behind.join('');
  }

  #compareBehind(events: string, from: number): number {
    const last = this.#counts.length;
    let at = from;
    for (let place = 0; place < last; place++) {
      const piece = this.#behind[place]!;
      const start = at;
      at += piece.length;
      if (events.slice(start, at) !== piece) return -1;
      at = this.#skip(events, at, place);
      if (at === -1) return -1;
    }
    const end = at + this.#behind[last]!.length;
    if (events.slice(at, end + this.#head.length) === this.#lastAndHead) this.#comparedAt = end;
    else if (events.slice(at, end) !== this.#behind[last]) return -1;
    return end;
  }

  /** @returns where the count or the blanks end; -1: there is no count. */
  #skip(events: string, from: number, place: number): number {
    let at = from;
    if (this.#counts[place] === NO_COUNT) {
      while (events.charCodeAt(at) === BLANK) at += 1;
      this.#nextCounts[place] = NO_COUNT;
      return at;
    }
    let count = digitAt(events, at);
    if (count === -1) return -1;
    at += 1;
    // JSON has no number that begins with a zero but zero itself.
    if (count > 0) for (let digit; (digit = digitAt(events, at)) !== -1; at++) count = count * 10 + digit;
    this.#nextCounts[place] = count;
    return count > Number.MAX_SAFE_INTEGER ? -1 : at;
  }
}

const ZERO = 0x30;
const BLANK = 0x20;

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** Where the only string of that name begins, behind its quote; -1 where there are others, or none. */
function textStart(event: string, key: string): number {
  const name = `"${key}"`;
  const at = event.indexOf(`${name}:`);
  // The same name with a blank behind it is the same name.
  if (at === -1 || at !== event.indexOf(name) || at !== event.lastIndexOf(name)) return -1;
  const value = at + name.length + 1;
  const quote = event.charAt(value) === ' ' ? value + 1 : value;
  return event.charAt(quote) === '"' ? quote + 1 : -1;
}

/** Empty also for a string that JSON refuses. */
function toText(cut: string): string {
  if (cut.length < VIEW_LENGTH && !cut.includes('\\')) return cut;
  try {
    return JSON.parse(`"${cut}"`) as string;
  } catch {
    return '';
  }
}

/**
 * V8 makes a cut of so many characters a view, which keeps all that was read from the cloud with it in memory for as long
 * as the answer is put together.
 */
const VIEW_LENGTH = 13;

function ownCopy(cut: string): string {
  return Buffer.from(cut).toString();
}
