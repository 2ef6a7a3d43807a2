/** The first line of a request names a path, or a whole URL where a client takes us for a proxy. */

/**
 * What stands in front of the path. Nothing odd: of `http://a:b/v1` Express takes `b` for a part of the path, and so that
 * URL would pass by a host's check of keys at `/v1`.
 */
const ORIGIN = /^https?:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?(?=[/?#]|$)/i;

/**
 * Path and query as they stand there: tidied up, by `..` and the like, the path could be another than Express has looked
 * at, and lead past a host's check of keys.
 * @returns as it is what begins with neither a path nor an origin.
 */
export function withoutOrigin(target: string): string {
  return target.startsWith('/') ? target : target.replace(ORIGIN, '');
}
