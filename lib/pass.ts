/** An answer in OpenAI's own form: its bytes pass as they come. */
import { RouterError } from './errors.ts';
import { errorEvent } from './openai/sse.ts';
import { createUsageTail } from './openai/usage-tail.ts';
import type { Sender } from './sender.ts';
import { STREAM_HEADERS, type Reply } from './reply.ts';
import { readPlain } from './transport/read.ts';
import { FATE_UNKNOWN } from './transport/failures.ts';
import type { Upstream } from './transport/send.ts';

/**
 * Hands an answer on. The head waits for the first byte, so that an answer which breaks before it is still a real
 * HTTP error.
 * @throws RouterError where the answer broke off and that can still be told in words.
 */
export function pass(upstream: Upstream, sender: Sender, reply: Reply): Promise<void> {
  const type = String(upstream.headers['content-type'] ?? '');
  if (type.startsWith('text/html')) {
    upstream.abort();
    return Promise.reject(noAnswer(sender.name, 'answered with a page of HTML'));
  }
  const isStream = type.startsWith('text/event-stream');
  const tail = isStream ? new EventTail() : undefined;
  const usage =
    isStream || type.startsWith('application/json') ? createUsageTail(isStream ? 'sse' : 'json') : undefined;
  const { record, call } = sender;
  record.stream = isStream;
  const open = (): void => reply.open(upstream.status, passedHeaders(upstream, sender, isStream));
  return new Promise((resolve, reject) => {
    reply.onDrain(() => upstream.resume());
    readPlain(upstream, {
      write(chunk) {
        if (!reply.started) open();
        tail?.add(chunk);
        usage?.add(chunk);
        return reply.write(chunk);
      },
      end() {
        if (!reply.started) {
          // Silence, transcribed as plain text, is the one good answer that is empty.
          if (!type.startsWith('text/plain')) return cut(noAnswer(sender.name, 'sent an empty answer'));
          open();
        }
        if (tail !== undefined && call.spec.endsWithDone && !tail.done) return cut(missingEnd(sender.name));
        note();
        record.complete = true;
        reply.end();
        resolve();
      },
      fail: cut,
    });
    function note(): void {
      const said = usage?.read();
      record.usage = said?.usage;
      record.billedModel = said?.model;
    }
    function cut(error: unknown): void {
      note();
      if (!(error instanceof RouterError)) return reject(error as Error);
      const told = sender.describe(error);
      if (reply.started) breakOff(reply, tail, told);
      reject(told);
    }
  });
}

/** Half a JSON body or half an event can only be told by a connection that ends too early. */
function breakOff(reply: Reply, tail: EventTail | undefined, error: RouterError): void {
  if (tail?.betweenEvents !== true) return reply.destroy();
  reply.write(errorEvent(error.toBody()));
  reply.end();
}

function passedHeaders(upstream: Upstream, sender: Sender, isStream: boolean): Record<string, string> {
  const headers = sender.clientHeaders(upstream);
  if (isStream) return { ...headers, ...STREAM_HEADERS };
  const { 'content-length': length, 'content-encoding': encoding } = upstream.headers;
  // With the length announced the client can tell a cut answer from a whole one.
  return typeof length === 'string' && encoding === undefined
    ? { ...headers, 'content-length': length }
    : headers;
}

function noAnswer(name: string, what: string): RouterError {
  return new RouterError('provider_error', { message: `${name} ${what}.`, headers: FATE_UNKNOWN });
}

function missingEnd(name: string): RouterError {
  return new RouterError('stream_interrupted', {
    message: `${name} ended the stream before the answer was complete.`,
    headers: FATE_UNKNOWN,
  });
}

const DONE = 'data: [DONE]';

/** Remembers how a stream of events ended so far: 32 bytes are enough for the terminal event and its blank lines. */
class EventTail {
  #text = '';

  add(chunk: Buffer): void {
    const last = chunk.toString('latin1', Math.max(0, chunk.length - 32));
    this.#text = last.length === 32 ? last : (this.#text + last).slice(-32);
  }

  get betweenEvents(): boolean {
    return this.#text === '' || /(?:\n\n|\r\n\r\n|\r\r)$/.test(this.#text);
  }

  get done(): boolean {
    return this.#text.trimEnd().endsWith(DONE);
  }
}
