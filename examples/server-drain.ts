/** Shutting down without losing an answer: new requests are sent elsewhere, open ones come to their end. */
import type { RequestHandler, Response } from 'express';
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
  const open = new Set<Response>();
  let onIdle: (() => void) | undefined;

  return {
    gate(req, res, next) {
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
      const { socket } = req;
      const end = (): void => {
        socket.off('close', end);
        if (open.delete(res) && open.size === 0) onIdle?.();
      };
      open.add(res);
      res.once('close', end);
      // Pipelined: it waits behind others on its connection, and Node does not tell it that the client has left.
      // Any number may wait so, without being a leak.
      if (res.socket === null) socket.setMaxListeners(0).once('close', end);
      next();
    },
    async drain(graceMs) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
        if (open.size === 0) onIdle();
      });
      return open.size;
    },
  };
}
