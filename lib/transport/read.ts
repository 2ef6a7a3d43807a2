/** Ways to read an answer: whole, or as server-sent events. Sizes are bounded here, whatever the cloud sends. */
import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { RouterError } from '../errors.ts';
import { FATE_UNKNOWN } from './failures.ts';
import { createInflater, type Inflater } from '../inflate.ts';
import type { TextPlace } from '../providers/provider.ts';
import { Likeness } from './likeness.ts';
import type { BodySink, Upstream } from './send.ts';

/** A whole answer: several generated images as base64 fit. Bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** One event of a stream: a generated image as base64 fits. Characters. */
const MAX_EVENT_CHARACTERS = 32 * 1024 * 1024;

/**
 * Reads the whole body.
 * @param maxBytes More than that is an error, unless `cut`: then the rest is left out.
 */
export function readBody(
  upstream: Upstream,
  maxBytes: number = MAX_ANSWER_BYTES,
  cut = false,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    readPlain(upstream, {
      write(chunk) {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= maxBytes) return true;
        upstream.abort();
        if (cut) resolve(Buffer.concat(chunks).subarray(0, maxBytes));
        else reject(tooLarge('an answer', maxBytes));
        return true;
      },
      end: () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
      fail: reject,
    });
  });
}

export interface EventSink {
  /**
   * @param data The joined `data:` lines of one event.
   * @returns `textPlace` of the stream it was pushed to.
   */
  event(data: string): TextPlace | undefined;
  /**
   * Instead of an event that differs from the one before in nothing but this text and what is counted. The counts follow
   * before anything else does, by a call of `event`: the last such event, with a text that is empty.
   */
  text(text: string): void;
  /** After the events of one read: the moment to write what they became. @returns false: no more until `resume`. */
  flush(): boolean;
  /** @param rest Text that was no SSE at all. */
  end(rest: string): void;
  fail(error: unknown): void;
}

/** Reads server-sent events in every legal form, split anywhere. */
export function readEvents(upstream: Upstream, sink: EventSink): void {
  readPlain(upstream, new EventReader(upstream, sink));
}

class EventReader implements BodySink {
  readonly #upstream: Upstream;
  readonly #sink: EventSink;
  /** Nearly all reads end where an event does: made for one that cuts a character. */
  #decoder: StringDecoder | undefined;
  readonly #parser: EventSourceParser;
  readonly #likeness = new Likeness();
  #isFirst = true;
  /** What the event before ended in: its last line break and the blank line. */
  #ending = LF;
  /** All that was read so far has come to the end of an event. */
  #isBetween = true;
  /** Of the event parsed last. */
  #place: TextPlace | undefined;
  #rest = '';

  constructor(upstream: Upstream, sink: EventSink) {
    this.#upstream = upstream;
    this.#sink = sink;
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onEvent: ({ data }) => {
        this.#place = sink.event(data);
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw tooLarge('an event', MAX_EVENT_CHARACTERS);
        // Google sends an error after the 200 as bare JSON, outside of any event.
        if (error.line !== undefined && this.#rest.length < MAX_EVENT_CHARACTERS)
          this.#rest += `${error.line}\n`;
      },
    });
  }

  write(chunk: Buffer): boolean {
    try {
      this.#read(this.#decode(chunk));
    } catch (error) {
      this.#upstream.abort();
      this.fail(error);
      return true;
    }
    return this.#sink.flush();
  }

  end(): void {
    try {
      // Some servers leave out the blank line behind the last event.
      this.#read(`${this.#decoder?.end() ?? ''}\n\n`);
      this.#sink.end(this.#rest);
    } catch (error) {
      this.#sink.fail(error);
    }
  }

  fail(error: unknown): void {
    let fault = error;
    try {
      this.#tellCounts();
    } catch (bug) {
      fault = bug;
    }
    this.#sink.fail(fault);
  }

  #decode(chunk: Buffer): string {
    const isCut = this.#decoder !== undefined || chunk[chunk.length - 1]! > MAX_ASCII;
    if (!isCut) return chunk.toString('utf8');
    this.#decoder ??= new StringDecoder('utf8');
    return this.#decoder.write(chunk);
  }

  #tellCounts(): void {
    const data = this.#likeness.takeCounts();
    if (data !== undefined) this.#sink.event(data);
  }

  #read(text: string): void {
    if (text === '') return;
    // The parser knows a byte order mark only as three bytes, not as the character it has become.
    let at = this.#isFirst && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#isFirst = false;
    while (at < text.length) {
      const end = this.#likeness.read(text, at);
      if (end === -1) at = this.#parse(text, at);
      else {
        this.#sink.text(this.#likeness.text);
        at = end;
      }
    }
  }

  /** As far as the next event ends. @returns where that is. */
  #parse(text: string, from: number): number {
    this.#tellCounts();
    this.#likeness.forget();
    const end = this.#findEnd(text, from);
    const event = text.slice(from, end === -1 ? text.length : end);
    this.#parser.feed(event);
    if (end !== -1 && this.#isBetween && this.#place !== undefined) this.#likeness.learn(event, this.#place);
    this.#isBetween = end !== -1;
    return from + event.length;
  }

  /** In nearly all streams all events end alike: the other ending is looked for where there is no such one. */
  #findEnd(text: string, from: number): number {
    let found = text.indexOf(this.#ending, from);
    if (found === -1) {
      const other = this.#ending === LF ? CRLF : LF;
      found = text.indexOf(other, from);
      if (found === -1) return -1;
      this.#ending = other;
    }
    return found + this.#ending.length;
  }
}

const MAX_ASCII = 0x7f;
const LF = '\n\n';
const CRLF = '\r\n\r\n';

/** Undoes a content encoding that we did not ask for (`accept-encoding: identity`), but some proxies add. */
export function readPlain(upstream: Upstream, sink: BodySink): void {
  const encoding = upstream.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity' || encoding === '') return upstream.read(sink);
  const inflate = createInflater(String(encoding));
  if (inflate === undefined) {
    upstream.abort();
    return sink.fail(
      new RouterError('provider_error', {
        message: 'The cloud sent an unknown content encoding.',
        headers: FATE_UNKNOWN,
      }),
    );
  }
  pipeThrough(upstream, inflate, sink);
}

function pipeThrough(upstream: Upstream, inflate: Inflater, sink: BodySink): void {
  let over = false;
  const fail = (error: unknown): void => {
    if (over) return;
    over = true;
    inflate.destroy();
    upstream.abort();
    sink.fail(error);
  };
  // What fails behind the sink must not fail here, where nobody would catch it.
  inflate.on('data', (chunk: Buffer) => {
    if (over) return;
    try {
      if (!sink.write(chunk)) inflate.pause();
    } catch (bug) {
      fail(bug);
    }
  });
  inflate.on('drain', () => upstream.resume());
  inflate.on('end', () => {
    if (over) return;
    try {
      sink.end();
      over = true;
    } catch (bug) {
      fail(bug);
    }
  });
  inflate.on('error', (cause) =>
    fail(
      new RouterError('provider_error', {
        message: 'The cloud sent an answer that cannot be decoded.',
        headers: FATE_UNKNOWN,
        cause,
      }),
    ),
  );
  // A reader that has enough must not be given what is still to be inflated: that can be a thousand times as much.
  const abortUpstream = upstream.abort.bind(upstream);
  const abort = (): void => {
    over = true;
    inflate.destroy();
    abortUpstream();
  };
  upstream.abort = abort;
  // `resume` is how the reader asks for more: here it means the inflater, which pulls the upstream when it drains.
  const resumeUpstream = upstream.resume.bind(upstream);
  const resume = (): void => {
    inflate.resume();
    if (!inflate.writableNeedDrain) resumeUpstream();
  };
  upstream.resume = resume;
  upstream.read({ write: (chunk) => inflate.write(chunk), end: () => inflate.end(), fail });
}

function tooLarge(what: string, limit: number): RouterError {
  return new RouterError('provider_error', {
    message: `The cloud sent ${what} of more than ${limit / 1024 / 1024} MB.`,
    headers: FATE_UNKNOWN,
  });
}
