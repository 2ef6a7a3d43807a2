/** A stream in another cloud's form, written to the client in OpenAI's as it comes. */
import { RouterError } from './errors.ts';
import { HEARTBEAT, type StreamWriter } from './openai/sse.ts';
import { toUsage } from './openai/usage-tail.ts';
import { PING, type ChunkStream, type StreamPart, type TextPlace } from './providers/provider.ts';
import { STREAM_HEADERS, type Reply } from './reply.ts';
import type { Sender } from './sender.ts';
import { FATE_UNKNOWN } from './transport/failures.ts';
import { readEvents, type EventSink } from './transport/read.ts';
import type { Upstream } from './transport/send.ts';

/** Silence after which a comment is sent, so that no proxy between us and the client gives up. Milliseconds. */
const HEARTBEAT_MS = 15_000;

const NO_HEADERS: Readonly<Record<string, string>> = {};

/** A stream, and where it goes. */
export interface StreamPlan {
  readonly stream: ChunkStream;
  readonly writer: StreamWriter;
  readonly upstream: Upstream;
  /** Of the client's answer, but for those that every stream has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sender: Sender;
  readonly reply: Reply;
}

/** @throws RouterError for whatever goes wrong, also after the head of the stream is out. */
export function streamConverted(plan: StreamPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    plan.reply.onDrain(plan.upstream);
    readEvents(plan.upstream, new ConvertedStream(plan, resolve, reject));
  });
}

/** The 200 is sent with the first chunk: an error before it is a real HTTP error. */
class ConvertedStream implements EventSink {
  readonly #stream: ChunkStream;
  readonly #writer: StreamWriter;
  readonly #upstream: Upstream;
  #headers: Readonly<Record<string, string>>;
  readonly #sender: Sender;
  readonly #reply: Reply;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #heartbeat: NodeJS.Timeout;
  /** What the events of one read became. */
  #pending = '';
  #isOpen = false;

  constructor(plan: StreamPlan, resolve: () => void, reject: (error: Error) => void) {
    const { stream, writer, upstream, headers, sender, reply } = plan;
    this.#stream = stream;
    this.#writer = writer;
    this.#upstream = upstream;
    this.#headers = headers;
    this.#sender = sender;
    this.#reply = reply;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#heartbeat = setTimeout(beat, HEARTBEAT_MS, this).unref();
  }

  event(data: string): TextPlace | undefined {
    // Some gateways in front of a cloud add OpenAI's terminal event.
    if (data === '[DONE]') return undefined;
    this.#addAll(this.#stream.push(parseEvent(data, this.#sender.name)));
    return this.#stream.textPlace;
  }

  text(text: string): void {
    this.#add(this.#stream.pushText!(text));
  }

  flush(): boolean {
    if (this.#pending === '') return true;
    if (!this.#isOpen) this.#open();
    this.#heartbeat.refresh();
    const text = this.#pending;
    this.#pending = '';
    return this.#reply.write(text);
  }

  end(rest: string): void {
    const { record } = this.#sender;
    this.#addAll(this.#stream.end(rest));
    clearTimeout(this.#heartbeat);
    record.billedModel = this.#stream.model;
    record.usage = toUsage(this.#stream.usage);
    record.complete = true;
    this.#pending += this.#writer.end();
    this.flush();
    this.#reply.end();
    this.#resolve();
  }

  fail(error: unknown): void {
    clearTimeout(this.#heartbeat);
    this.#sender.record.usage = toUsage(this.#stream.usage);
    if (!(error instanceof RouterError)) return this.#reject(error as Error);
    if (!this.#isOpen && this.#pending === '') return this.#reject(error);
    const told = this.#sender.describe(error);
    try {
      this.flush();
      this.#reply.write(this.#writer.fail(told.toBody()));
      this.#reply.end();
    } catch (bug) {
      return this.#reject(bug as Error);
    }
    this.#reject(told);
  }

  beat(): void {
    this.#heartbeat.refresh();
    try {
      if (this.#isOpen) this.#reply.write(HEARTBEAT);
    } catch (bug) {
      this.#upstream.abort();
      this.fail(bug);
    }
  }

  #addAll(parts: readonly StreamPart[]): void {
    for (const part of parts) this.#add(part);
  }

  #add(part: StreamPart): void {
    if (part !== PING) this.#pending += this.#writer.write(part);
    else if (this.#isOpen || this.#pending !== '') this.#pending += HEARTBEAT;
  }

  #open(): void {
    const headers = {
      ...this.#headers,
      ...STREAM_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
    };
    this.#reply.open(200, headers);
    this.#isOpen = true;
    // They are with the client now, and a stream can be open for hours.
    this.#headers = NO_HEADERS;
    this.#upstream.headers = NO_HEADERS;
  }
}

function beat(stream: ConvertedStream): void {
  stream.beat();
}

/** @throws RouterError `stream_interrupted` */
function parseEvent(data: string, name: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new RouterError('stream_interrupted', {
      message: `${name} sent an event that is no JSON.`,
      headers: FATE_UNKNOWN,
      cause,
    });
  }
}
