import fc from 'fast-check';
import { createLocalBalancer } from '../../lib/local/index.ts';
import { closeAll, HOSTS, listen, send, startNode, type Answer, type TestServer } from './support.ts';

afterEach(closeAll);

const BASE_PATHS = ['', '/v1', '/x/v1'];

const REFUSAL = {
  error: {
    message: "The path of a request must not hold the segments '.' and '..', in whatever form.",
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_value',
  },
};

async function startMounted(
  mount: string,
  nodeUrl: string,
  createHost: (typeof HOSTS)[number][1] = HOSTS[0][1],
): Promise<TestServer> {
  const app = createHost();
  app.use(mount, createLocalBalancer({ nodes: [nodeUrl] }));
  return listen(app);
}

/** `path` as it stands: a URL would resolve the dots before they are sent. */
function sendPath(port: number, path: string): Promise<Answer> {
  return send({ port, host: '127.0.0.1', path }, { method: 'DELETE' });
}

describe.each(HOSTS)('a path with dot segments, in %s', (_, createHost) => {
  test.each(['/', '/v1', '/llm', '/llm/v1'])(
    'mounted at %j: refused, and no node is asked',
    async (mount) => {
      const node = await startNode([]);
      const below = mount === '/' ? '' : mount;
      const paths = [
        '/../api/delete',
        '/%2e%2e/api/pull',
        '/.%2e/api/pull',
        '/%2E./api/pull',
        '/%252e%252e/api/pull',
        '/..',
        '/a/b/../../../api/delete?x=1',
        '/..\\api\\delete',
        '/..%2fapi/delete',
        '/..%5Capi/delete',
        '/a%2f..%2F..%2fapi/delete',
        '/..;/api/delete',
        '/..;x=y/api/delete',
        '/..%3bx/api/delete',
        '//../api/delete',
        '/./chat/completions',
      ].map((path) => below + path);
      for (const basePath of BASE_PATHS) {
        const { port } = await startMounted(mount, node.url + basePath, createHost);
        for (const path of paths) {
          const answer = await sendPath(port, path);
          expect([path, answer.status, JSON.parse(answer.text)]).toEqual([path, 400, REFUSAL]);
        }
      }
      expect(node.received).toEqual([]);
    },
  );
});

/** Where a node could see this path lead that decodes whatever it can, drops parameters and resolves dots at the end. */
function whereItLeads(url: string): string {
  let path = url.replace(/[?#].*/, '');
  for (let before = ''; before !== path;) [before, path] = [path, decodeURIComponent(path)];
  const segments: string[] = [];
  for (const segment of path.split(/[/\\]+/).map((text) => text.replace(/;.*/, ''))) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  return `/${segments.join('/')}/`;
}

test.each(BASE_PATHS)('mounted at /v1, nothing outside of it is asked of a node at %j', async (basePath) => {
  const node = await startNode([]);
  const mounted = [
    ['/v1', await startMounted('/v1', node.url + basePath)],
    ['/llm/v1', await startMounted('/llm/v1', node.url + basePath)],
  ] as const;
  const separator = fc.constantFrom('/', '/', '/', '//', '\\', '%2f', '%5C', '%252F', '?', '#');
  const dots = fc.constantFrom('..', '..', '%2e%2e', '.%2e', '%2E.', '%252e.', '.', '...');
  const word = fc.constantFrom('', 'v1', 'api', 'delete', 'http://h', '@h', 'é');
  const end = fc.constantFrom('', '', '', ';', ';x=1', '%3bx', '%253b', 'x');
  const piece = fc.tuple(separator, fc.oneof(dots, word), end).map((parts) => parts.join(''));
  const origin = fc.constantFrom('', 'http://h', 'HTTPS://user@h:1', 'ftp://h', 'http://h\\');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...mounted),
      origin,
      fc.array(piece, { maxLength: 6 }),
      async ([mount, { port }], start, pieces) => {
        node.received.length = 0;
        await sendPath(port, `${start}${mount}${pieces.join('')}`);
        const inside = `${basePath.replace(/\/v1$/, '')}/v1/`;
        expect(node.received.filter(({ url }) => !whereItLeads(url).startsWith(inside))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
