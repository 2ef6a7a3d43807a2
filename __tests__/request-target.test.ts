import { parse } from 'node:url';
import fc from 'fast-check';
import { withoutOrigin } from '../lib/request-target.ts';

test.each([
  ['/v1/models?a=1', '/v1/models?a=1'],
  ['http://example.test/v1/models?a=1', '/v1/models?a=1'],
  ['HTTPS://Example.test:8443/V1', '/V1'],
  ['http://127.0.0.1:/v1', '/v1'],
  ['http://[::1]:80/v1', '/v1'],
  ['http://example.test', ''],
  ['http://example.test?a', '?a'],
  ['http://a/b/../c', '/b/../c'],
  ['http://a:b/v1', 'http://a:b/v1'],
  ['http://a@b/v1', 'http://a@b/v1'],
  ['http:///v1', 'http:///v1'],
  ['*', '*'],
])('of %j is left %j', (target, left) => {
  expect(withoutOrigin(target)).toBe(left);
});

test('where a path is left, it is the one that Express sees', () => {
  const piece = fc.constantFrom(
    'a',
    'a.b',
    ':',
    ':80',
    ':b',
    '@',
    '[',
    ']',
    '::1',
    '-',
    '_',
    ';',
    "'",
    '%41',
    '\\',
    'é',
  );
  const end = fc.constantFrom('/v1/models', '/v1/models?a=1', '/V1', '//v1', '/a/../v1', '/%761', '?a', '');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), end, (pieces, rest) => {
      const target = `http://${pieces.join('')}${rest}`;
      const left = withoutOrigin(target);
      // What Express looks at: `parseurl`, which is Node's older parser.
      fc.pre(left.startsWith('/'));
      expect(left).toBe(parse(target).path);
    }),
    { numRuns: 5_000 },
  );
});
