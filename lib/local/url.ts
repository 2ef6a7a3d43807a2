/** Base URLs of nodes, and paths below them. */
import { RouterError } from '../errors.ts';

/**
 * @param which Of which node, for the error: `node 2 of 3`.
 * @returns the base URL with a path that ends in no slash and not in `/v1`: with or without it, both are common.
 * @throws TypeError for anything that is no plain http or https URL. The value is not repeated: it can hold a password.
 */
export function parseBaseUrl(value: string, which: string): URL {
  const invalid = (what: string): TypeError =>
    new TypeError(`createLocalBalancer: ${which} ${what}. Expected something like http://127.0.0.1:11434.`);
  if (!URL.canParse(value)) throw invalid('is no URL');
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('is no http or https URL');
  if (url.username !== '' || url.password !== '') throw invalid('has credentials in it');
  if (url.search !== '' || url.hash !== '') throw invalid('has a query or a fragment');
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return url;
}

/**
 * A `.` or `..` between slashes, as any server could read it that stands there: with backslashes, encoded once or more
 * often, in front of parameters (`..;x`). Also what URLs leave out wherever it stands.
 */
const DOT_SEGMENT =
  /[\t\n\r]|(?:^|[/\\]|%(?:25)*(?:2f|5c))(?:\.|%(?:25)*2e){1,2}(?=$|[/\\;]|%(?:25)*(?:2f|5c|3b))/i;

/**
 * A path below a base URL.
 * @throws RouterError `invalid_value` for dot segments. Resolved, the path could lead out of where the balancer is mounted,
 * to a node's own API, and be another than Express and a host's check of keys have looked at.
 */
export function pathAt(base: URL, path: string): string {
  if (DOT_SEGMENT.test(path.replace(/[?#].*/s, '')))
    throw new RouterError('invalid_value', {
      message: "The path of a request must not hold the segments '.' and '..', in whatever form.",
    });
  const { pathname, search } = new URL(`http://node${path}`);
  return `${base.pathname === '/' ? '' : base.pathname}${pathname}${search}`;
}
