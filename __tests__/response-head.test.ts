/** What an open stream keeps of the head of its response: the text, and not the pieces that Node put it together from. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Reply } from '../lib/reply.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** So many that what is kept of each can be told from the noise. */
const HEADERS = 20_000;

function usedMemory(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('with the first piece of a stream its head becomes one text', () => {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  for (let count = 0; count < HEADERS; count += 1) res.setHeader(`x-${count}`, 'a value of the host');
  const reply = new Reply(res);
  reply.open(200, { 'content-type': 'text/event-stream' });
  const before = usedMemory();

  reply.write('data: {}\n\n');

  // V8 keeps at least two joints of 32 bytes a header; the text that takes their place has 30 characters.
  expect(before - usedMemory()).toBeGreaterThan(HEADERS * 30);
  expect(res.headersSent).toBe(true);
});
