/** Where the operator is: the hash, so that every path below the mount stays the host's. */
import { useLayoutEffect, useState } from 'preact/hooks';

export interface PageRoute {
  /** `overview`, `settings/cloud-providers`, ... */
  readonly path: string;
  readonly query: URLSearchParams;
}

function readRoute(): PageRoute {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path, query: new URLSearchParams(query) };
}

export function useRoute(): PageRoute {
  const [route, setRoute] = useState(readRoute);
  useLayoutEffect(() => {
    const update = (): void => setRoute(readRoute());
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}
