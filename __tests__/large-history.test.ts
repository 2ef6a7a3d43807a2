/** A long history must not hold up the other requests of the process while it is converted. */
import express from 'express';
import { createPrefixRouter } from '../lib/index.ts';
import { ask, startHost } from './support/http.ts';
import { httpAnswer, startRawCloud } from './support/raw-cloud.ts';

const LARGE = 1024 * 1024;
const ANSWER = JSON.stringify({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Read.' }] }, finishReason: 'STOP', index: 0 }],
});

/** In which turn of the event loop text of that size was first parsed, written and encoded. */
class Turns {
  readonly seen: Record<string, number> = {};
  #turn = 0;
  #timer: NodeJS.Immediate | undefined;
  readonly #real = { parse: JSON.parse, stringify: JSON.stringify, from: Buffer.from.bind(Buffer) };

  watch(): void {
    const next = (): void => {
      this.#turn += 1;
      this.#timer = setImmediate(next);
    };
    next();
    const { parse, stringify, from } = this.#real;
    JSON.parse = (text: string, ...more) => {
      this.#note('parsed', text);
      return parse(text, ...more) as unknown;
    };
    JSON.stringify = ((...given: Parameters<typeof stringify>) => {
      const text = stringify(...given);
      this.#note('written', text);
      return text;
    }) as typeof JSON.stringify;
    Buffer.from = ((...given: Parameters<typeof from>) => {
      this.#note('encoded', given[0]);
      return from(...given);
    }) as typeof Buffer.from;
  }

  end(): void {
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    JSON.parse = this.#real.parse;
    JSON.stringify = this.#real.stringify;
    Buffer.from = this.#real.from;
  }

  #note(what: string, text: unknown): void {
    if (typeof text === 'string' && text.length > LARGE) this.seen[what] ??= this.#turn;
  }
}

test('a large request is parsed, converted, written and encoded in turns of their own', async () => {
  const cloud = await startRawCloud(({ socket }) => socket.write(httpAnswer(200, {}, ANSWER)));
  const env = { GOOGLE_API_KEY: 'sk-x', GOOGLE_API_BASE_URL: cloud.url };
  const host = await startHost(express().use(createPrefixRouter({ env })));
  const body = JSON.stringify({
    model: 'google:gemini-2.5-flash',
    messages: [{ role: 'user', content: 'A word. '.repeat(LARGE / 4) }],
  });
  const turns = new Turns();
  try {
    const asking = ask(`${host.url}/v1/chat/completions`, {
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
      body: Buffer.from(body),
    });
    turns.watch();
    const answer = await asking;
    expect(answer.status).toBe(200);
    const { parsed = NaN, written = NaN, encoded = NaN } = turns.seen;
    // One turn of others between parsing and converting, one between converting and writing, one before encoding.
    expect([written - parsed, encoded - written]).toEqual([2, 1]);
  } finally {
    turns.end();
    await host.close();
    await cloud.close();
  }
});
