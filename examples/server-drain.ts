/** Shutting down without losing an answer: new requests are sent elsewhere, open ones come to their end. */
import type { RequestHandler } from 'express';
import { RouterError } from 'llm-prefix-router';

export interface Drain {
  /** Mounted first. Counts the open requests; once draining, answers 503 in place of everything behind it. */
  readonly gate: RequestHandler;
  /**
   * Lets no further request in and waits for the open ones.
   * @param graceMs So long at most.
   * @returns how many are still open.
   */
  drain(graceMs: number): Promise<number>;
}

export function createDrain(): Drain {
  let open = 0;
  let onIdle: (() => void) | undefined;

  return {
    gate(_req, res, next) {
      if (onIdle !== undefined) {
        const error = new RouterError('shutting_down', {
          message: 'This server is shutting down. Please try again in a few seconds.',
        });
        // `close`: the client's next request must find another server, not this connection.
        res
          .status(error.status)
          .set({ 'retry-after': '5', connection: 'close', 'cache-control': 'no-store' })
          .json(error.toBody());
        return;
      }
      open += 1;
      res.once('close', () => {
        open -= 1;
        if (open === 0) onIdle?.();
      });
      next();
    },
    async drain(graceMs) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
        if (open === 0) onIdle();
      });
      return open;
    },
  };
}
