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
   * @returns where its text stands, if it was a piece of text and nothing else that the client is told.
   */
  event(data: string): TextPlace | undefined;
  /** The event before once more, with another text. Its counts follow in an event without text when they are the last. */
  text(text: string): void;
  /** After the events of one read: the moment to write what they became. @returns false: no more until `resume`. */
  flush(): boolean;
  /** @param rest Text that was no SSE at all. */
  end(rest: string): void;
  fail(error: unknown): void;
}

/** Reads server-sent events in every legal form, split anywhere. */
export function readEvents(upstream: Upstream, sink: EventSink): void {
  const reader = new EventReader(sink);
  readPlain(upstream, {
    write(chunk) {
      try {
        reader.write(chunk);
      } catch (error) {
        upstream.abort();
        sink.fail(error);
        return true;
      }
      return sink.flush();
    },
    end() {
      try {
        sink.end(reader.end());
      } catch (error) {
        sink.fail(error);
      }
    },
    fail(error) {
      sink.fail(reader.fail() ?? error);
    },
  });
}

class EventReader {
  readonly #sink: EventSink;
  readonly #decoder = new StringDecoder('utf8');
  readonly #parser: EventSourceParser;
  readonly #likeness = new Likeness();
  /** What events end in: the blank line and the end of the line before. Empty until something was read. */
  #ending = '';
  /** Of the event that was just parsed. */
  #place: TextPlace | undefined;
  #rest = '';

  constructor(sink: EventSink) {
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

  write(chunk: Buffer): void {
    this.#read(this.#decoder.write(chunk));
  }

  /** @returns text that was no SSE at all. */
  end(): string {
    // Some servers leave out the blank line behind the last event.
    this.#read(`${this.#decoder.end()}\n\n`);
    this.#tellCounts();
    return this.#rest;
  }

  /** @returns a bug behind the sink. */
  fail(): unknown {
    try {
      this.#tellCounts();
      return undefined;
    } catch (bug) {
      return bug;
    }
  }

  #read(text: string): void {
    if (text === '') return;
    let at = 0;
    if (this.#ending === '') {
      // The parser knows a byte order mark only as three bytes, not as the character it has become.
      if (text.charCodeAt(0) === 0xfeff) at = 1;
      this.#ending = text.includes('\r') ? '\r\n\r\n' : '\n\n';
    }
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
    const found = text.indexOf(this.#ending, from);
    const end = found === -1 ? text.length : found + this.#ending.length;
    this.#tellCounts();
    this.#likeness.forget();
    this.#place = undefined;
    const event = text.slice(from, end);
    this.#parser.feed(event);
    if (found !== -1 && this.#place !== undefined) this.#likeness.learn(event, this.#place);
    return end;
  }

  #tellCounts(): void {
    const data = this.#likeness.takeCounts();
    if (data !== undefined) this.#sink.event(data);
  }
}

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
