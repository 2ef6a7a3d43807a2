/** R34: no path leads out of the dashboard's files, and every answer has its headers. */
import { startHost, type RunningHost } from '../support/http.ts';
import request from 'supertest';
import { askRaw, below, createHost, HOSTS, openSession, PAGE } from './support/app.ts';

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

describe.each(HOSTS)('paths in %s', (_, create, mount) => {
  const app = createHost({ create, mount });
  let host: RunningHost;
  let cookie: string;
  beforeAll(async () => {
    host = await startHost(app);
    cookie = await openSession(app, mount);
  });
  afterAll(() => host.close());

  test.each([
    ['GET', '/v1/models'],
    ['POST', '/v1/chat/completions'],
    ['GET', '/v0/status'],
    ['GET', '/assets'],
    ['GET', '/api'],
    ['POST', '/'],
    ['DELETE', '/login'],
    ['POST', '/assets/app-ABCD1234.js'],
    ['GET', '/index.html'],
    ['GET', '/login/'],
    ['GET', '/LOGIN'],
    ['GET', '/%61pi/status'],
    ['GET', '/./api/status'],
    ['GET', '/x/../api/status'],
    ['GET', '/assets%2fapp-ABCD1234.js'],
  ])('%s %s is left to the host', async (method, path) => {
    const target = below(mount, path);
    const answer = await askRaw(host.port, method, target, { cookie });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([418, { host: target }]);
  });

  test.each([
    '/assets/',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/../../package.json',
    '/assets/..\\..\\package.json',
    '/assets//etc/passwd',
    '/assets/app-ABCD1234.js/..',
    '/assets/app-ABCD1234.js%00',
    '/assets/app-ABCD1234.JS',
    '/assets/index.html',
    '/assets/login.html',
    '/assets/constructor',
    '/assets/__proto__',
  ])('GET %s is 404 and serves nothing', async (path) => {
    const answer = await askRaw(host.port, 'GET', below(mount, path));
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      404,
      {
        error: {
          message: 'There is no such file.',
          type: 'invalid_request_error',
          param: null,
          code: 'not_found',
        },
      },
    ]);
  });

  test('an asset is served to everybody and kept by browsers', async () => {
    const answer = await request(app).get(below(mount, '/assets/app-ABCD1234.js?x=1'));
    expect([answer.status, answer.text]).toEqual([200, PAGE['app-ABCD1234.js']]);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'gzip',
      vary: 'accept-encoding',
    });
  });

  test('an asset comes plain to who cannot unzip it', async () => {
    const answer = await request(app)
      .get(below(mount, '/assets/app-ABCD1234.js'))
      .set('accept-encoding', 'identity');
    expect([answer.text, answer.headers['content-encoding']]).toEqual([PAGE['app-ABCD1234.js'], undefined]);
  });

  test('HEAD answers as GET does, without a body', async () => {
    const answer = await askRaw(host.port, 'HEAD', below(mount, '/login'));
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      200,
      'text/html; charset=utf-8',
      '',
    ]);
  });

  test.each([
    ['GET', '/', true],
    ['GET', '/', false],
    ['GET', '/login', false],
    ['POST', '/login', false],
    ['GET', '/api/status', true],
    ['GET', '/api/status', false],
    ['GET', '/assets/nothing', false],
  ])('%s %s carries the security headers and is not kept (session: %s)', async (method, path, session) => {
    const answer = await askRaw(host.port, method, below(mount, path), session ? { cookie } : {});
    expect(answer.headers).toMatchObject({
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  });

  test('what is left to the host gets none of them', async () => {
    const answer = await request(app).get('/v1/models');
    expect([answer.status, answer.headers['content-security-policy']]).toEqual([418, undefined]);
  });

  test('a wrong method on a path of the API is 405 and names the right one', async () => {
    const answers = [
      await request(app).post(below(mount, '/api/status')).set('cookie', cookie).send({}),
      await request(app).get(below(mount, '/api/chat')).set('cookie', cookie),
    ];
    expect(answers.map(({ status, headers }) => [status, headers['allow']])).toEqual([
      [405, 'GET'],
      [405, 'POST'],
    ]);
  });

  test('an unknown path of the API is 404', async () => {
    const answer = await request(app).get(below(mount, '/api/nothing')).set('cookie', cookie);
    expect([answer.status, answer.body]).toEqual([
      404,
      {
        error: {
          message: 'There is no such path.',
          type: 'invalid_request_error',
          param: null,
          code: 'not_found',
        },
      },
    ]);
  });
});

test('two slashes at the root are no path of the dashboard', async () => {
  const app = createHost();
  const host = await startHost(app);
  try {
    const answers = [];
    for (const path of ['//', '//api/status', '//evil.example/'])
      answers.push((await askRaw(host.port, 'GET', path, { cookie: await openSession(app) })).status);
    expect(answers).toEqual([418, 418, 418]);
  } finally {
    await host.close();
  }
});

describe('the mount without its slash', () => {
  const app = createHost({ mount: '/deep/admin' });

  test.each(['/deep/admin', '/deep/admin?x=1'])('%s leads to the one with it', async (path) => {
    const answer = await request(app).get(path);
    expect([answer.status, answer.headers['location']]).toEqual([302, './admin/']);
  });
});
