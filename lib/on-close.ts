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
    if (connection !== undefined) allow(connection.off('close', once), -1);
  };
  const once = (): void => {
    end();
    closed();
  };
  res.on('close', once);
  // A client may have any number of requests wait on one connection: no reason for Node to warn of a leak.
  if (connection !== undefined) allow(connection.on('close', once), 1);
  return end;
}

/** So many listeners more. 0 is a host's word for any number. */
function allow(connection: Socket, more: number): void {
  const allowed = connection.getMaxListeners();
  if (allowed > 0) connection.setMaxListeners(allowed + more);
}

/** Whether there is nobody any more who could get this response. */
export function isGone(res: ServerResponse): boolean {
  return res.closed || waitingOn(res)?.destroyed === true;
}

/** The connection of a response whose turn has not come. What adapters for other servers have may have no request. */
function waitingOn(res: ServerResponse): Socket | undefined {
  return res.socket === null ? (res.req as IncomingMessage | undefined)?.socket : undefined;
}
