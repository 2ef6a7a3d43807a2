/** Which headers pass between client and node. */
import type { IncomingHttpHeaders } from 'node:http';

/** They speak of one connection, not of the message (RFC 9110, 7.6.1). `expect` has been answered by Node already. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The client's credentials are for this server; a node is another program and need not know them. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);

type HeaderValues = readonly [name: string, value: string | string[]];

/** A client's headers as a node gets them. @param host The node's `host:port`. */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  host: string,
): Record<string, string | string[]> {
  const kept = endToEnd(Object.entries(headers), headers.connection).filter(
    ([name]) => !CREDENTIALS.has(name),
  );
  return { ...Object.fromEntries(kept), host };
}

/**
 * A node's headers as the client gets them. Cookies stay behind: they would be set for this server, where they could
 * replace the host's own, and would never be sent back to the node.
 * @param headers Lower-case names.
 */
export function answerHeaders(headers: NodeJS.Dict<string[]>): HeaderValues[] {
  const values = Object.entries(headers).map(([name, all]): [string, string | string[] | undefined] => [
    name,
    all?.length === 1 ? all[0] : all,
  ]);
  return endToEnd(values, headers['connection']?.join(',')).filter(([name]) => name !== 'set-cookie');
}

function endToEnd(
  headers: readonly [string, string | string[] | undefined][],
  connection: string | undefined,
): HeaderValues[] {
  const named = new Set(connection?.split(',').map((name) => name.trim().toLowerCase()));
  return headers.filter(
    (header): header is [string, string | string[]] =>
      header[1] !== undefined && !HOP_BY_HOP.has(header[0]) && !named.has(header[0]),
  );
}
