/** A node's answer on its way to the client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerHeaders } from './headers.ts';

/** `whole`: sent to its end. `cut`: the node broke off or fell silent, and the client's connection was destroyed. */
export type AnswerEnd = 'whole' | 'cut';

/**
 * Sends the answer on as it comes, no faster than the client reads.
 * @param idleMs Longest silence of the node. The time in which the client does not read does not count.
 * @throws for a status or header that HTTP does not allow; nothing has been sent then.
 */
export function passAnswer(answer: IncomingMessage, res: ServerResponse, idleMs: number): Promise<AnswerEnd> {
  sendHead(answer, res);
  return new Promise((resolve) => {
    let idle = setTimeout(cut, idleMs);

    /** A half answer must not look like a short one: the client sees a broken connection. */
    function cut(): void {
      clearTimeout(idle);
      answer.destroy();
      res.destroy();
      resolve('cut');
    }
    function finish(): void {
      clearTimeout(idle);
      res.end();
      resolve('whole');
    }
    function waitForClient(): void {
      clearTimeout(idle);
      answer.pause();
      res.once('drain', () => {
        idle = setTimeout(cut, idleMs);
        answer.resume();
      });
    }

    answer.on('data', (chunk: Buffer) => {
      if (res.write(chunk)) idle.refresh();
      else waitForClient();
    });
    answer.on('error', cut);
    // Neither `end` nor the absence of `error` proves that all of it came: `complete` does.
    answer.on('close', () => (answer.complete ? finish() : cut()));
  });
}

function sendHead(answer: IncomingMessage, res: ServerResponse): void {
  res.statusCode = answer.statusCode ?? 0;
  for (const [name, value] of answerHeaders(answer.headersDistinct)) res.setHeader(name, value);
  // A stream's headers must not wait for its first event, which may be minutes away.
  res.flushHeaders();
}
