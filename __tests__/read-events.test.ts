/** Characters of several bytes come whole, wherever a read of the socket cuts them. */
import { describe, expect, test } from '@jest/globals';
import { readEvents } from '../lib/transport/read.ts';
import type { Upstream } from '../lib/transport/send.ts';

interface Read {
  readonly events: string[];
  readonly rest: string | undefined;
}

function readAll(reads: readonly Buffer[]): Read {
  const events: string[] = [];
  let rest: string | undefined;
  const upstream: Upstream = {
    status: 200,
    headers: {},
    read(sink) {
      for (const bytes of reads) sink.write(bytes);
      sink.end();
    },
    resume() {},
    abort() {},
  };
  readEvents(upstream, {
    event: (data) => void events.push(data),
    text() {},
    flush: () => true,
    end: (text) => (rest = text),
    fail(error) {
      throw error;
    },
  });
  return { events, rest };
}

const TEXTS = ['é', '日本', '👋🏽', 'aé日👋'];
const STREAM = Buffer.from(TEXTS.map((text) => `data: ${text}\n\n`).join(''));

describe('events with characters of several bytes', () => {
  test('in two reads, cut at every byte', () => {
    for (let at = 0; at <= STREAM.length; at++)
      expect([at, readAll([STREAM.subarray(0, at), STREAM.subarray(at)])]).toEqual([
        at,
        { events: TEXTS, rest: '' },
      ]);
  });

  test.each([1, 2, 3, 5])('in reads of %i bytes', (size) => {
    const reads: Buffer[] = [];
    for (let at = 0; at < STREAM.length; at += size) reads.push(STREAM.subarray(at, at + size));
    expect(readAll(reads)).toEqual({ events: TEXTS, rest: '' });
  });

  test('the half of one at the very end is shown as what it is', () => {
    const half = Buffer.from('data: 日').subarray(0, -1);
    expect(readAll([half])).toEqual({ events: ['\ufffd'], rest: '' });
  });
});
