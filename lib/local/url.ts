/** Base URLs of nodes, and paths below them. */

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

/** A path below a base URL, dot segments resolved first so that no request leaves the base path. */
export function pathAt(base: URL, path: string): string {
  const { pathname, search } = new URL(`http://node${path.startsWith('/') ? path : `/${path}`}`);
  return `${base.pathname === '/' ? '' : base.pathname}${pathname}${search}`;
}
