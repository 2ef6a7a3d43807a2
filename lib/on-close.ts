/** When nobody waits for a response any more. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Calls once when a response is over or its client has gone. Node tells nothing of that to a response that still waits
 * behind others on its connection, as those of pipelined requests do: there the connection is watched.
 * To be asked for while somebody is there: see `isGone`.
 * @returns ends the watch.
 */
export function onceClosed(res: ServerResponse, closed: () => void): () => void {
  const connection = waitingOn(res);
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    res.off('close', once);
    connection?.off('close', once).setMaxListeners(connection.getMaxListeners() - 1);
  };
  const once = (): void => {
    end();
    closed();
  };
  res.on('close', once);
  // A client may have any number of requests wait on one connection: no reason for Node to warn of a leak.
  connection?.on('close', once).setMaxListeners(connection.getMaxListeners() + 1);
  return end;
}

/** Whether there is nobody any more who could get this response. */
export function isGone(res: ServerResponse): boolean {
  return res.closed || waitingOn(res)?.destroyed === true;
}

/** The connection of a response whose turn has not come. What adapters for other servers have may have no request. */
function waitingOn(res: ServerResponse): Socket | undefined {
  return res.socket === null ? (res.req as IncomingMessage | undefined)?.socket : undefined;
}
