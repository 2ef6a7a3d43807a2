/** When nobody waits for a response any more. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Calls once when a response is over or its client has gone. Node tells nothing of that to a response that still waits
 * behind others on its connection, as those of pipelined requests do: there the connection is watched.
 * @returns ends the watch.
 */
export function onceClosed(res: ServerResponse, closed: () => void): () => void {
  // What stands in for Node's own, in adapters for other servers, may have no request.
  const connection = res.socket === null ? (res.req as IncomingMessage | undefined)?.socket : undefined;
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
