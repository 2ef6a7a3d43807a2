/** Which headers pass between client and node. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

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
  const kept = Object.entries(headers).filter(
    (header): header is [string, string | string[]] => isEndToEnd(header) && !CREDENTIALS.has(header[0]),
  );
  return { ...Object.fromEntries(kept), host };
}

/**
 * Without what the client names in `Connection`, as far as it is the client's own: not what the host has set for its nodes,
 * and not the length of the body, whose bytes would reach the node as its next request.
 */
export function withoutNamed({ headers, rawHeaders }: IncomingMessage): IncomingHttpHeaders {
  if (headers.connection === undefined) return headers;
  const kept = { ...headers };
  for (const name of namesIn(headers.connection))
    if (name !== 'content-length' && headers[name] === valueSent(rawHeaders, name)) delete kept[name];
  return kept;
}

/** As Node joins what comes more than once. */
function valueSent(rawHeaders: readonly string[], name: string): string {
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  );
  return values.join(', ');
}

function namesIn(connection: string): Set<string> {
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
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
  const named = namesIn(headers['connection']?.join(',') ?? '');
  return values.filter(
    (header): header is [string, string | string[]] =>
      isEndToEnd(header) && !named.has(header[0]) && header[0] !== 'set-cookie',
  );
}

function isEndToEnd([name, value]: readonly [string, string | string[] | undefined]): boolean {
  return value !== undefined && !HOP_BY_HOP.has(name);
}
