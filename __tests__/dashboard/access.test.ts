/** R34, R35: nothing behind the log-in without it, no default account, and guessing is slowed. */
import { createHmac, randomBytes, scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import express, { type Express } from 'express';
import request from 'supertest';
import {
  below,
  cookieOf,
  createHost,
  HOSTS,
  logIn,
  LOGIN,
  openSession,
  PAGE,
  setCookies,
} from './support/app.ts';

const REFUSED = {
  error: { message: 'Log in first.', type: 'authentication_error', param: null, code: 'login_required' },
};

const API = ['/api/status', '/api/usage', '/api/models', '/api/anything', '/api/'];

describe.each(HOSTS)('the log-in in %s', (_, create, mount) => {
  const app = createHost({ create, mount });

  test('opens a session with the right name and password, for this mount and no script', async () => {
    const answer = await logIn(app, mount);
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
    const [pair, ...attributes] = (setCookies(answer)[0] ?? '').split('; ');
    expect(pair).toMatch(/^llm_prefix_router_session=until\.\d{13}\.[\w%]+$/);
    expect(attributes.filter((attribute) => !attribute.startsWith('Expires='))).toEqual([
      'Max-Age=43200',
      `Path=${mount}`,
      'HttpOnly',
      'SameSite=Strict',
    ]);
  });

  test.each([
    ['another password', { ...LOGIN, password: 'correct horsf' }],
    ['another name', { ...LOGIN, username: 'operators' }],
    ['the name in capitals', { ...LOGIN, username: 'OPERATOR' }],
    ['a longer password', { ...LOGIN, password: 'correct horse ' }],
    ['an empty password', { ...LOGIN, password: '' }],
    ['admin and test', { username: 'admin', password: 'test' }],
    ['a password of 2 KB', { ...LOGIN, password: 'x'.repeat(2000) }],
  ])('refuses %s and sets no cookie', async (_case, login) => {
    const answer = await logIn(createHost({ create, mount }), mount, login);
    expect([answer.status, answer.body, setCookies(answer)]).toEqual([
      401,
      {
        error: {
          message: 'Wrong user name or password.',
          type: 'authentication_error',
          param: null,
          code: 'wrong_credentials',
        },
      },
      [],
    ]);
  });

  test.each([
    ['no JSON', '{"username":', 400],
    ['a list', '[]', 400],
    ['a list of the right words', JSON.stringify([LOGIN.username, LOGIN.password]), 400],
    ['null', 'null', 400],
    ['a text', '"operator"', 400],
    ['a number', '1', 400],
    ['no fields', '{}', 400],
    ['a password that is a number', '{"username":"operator","password":1}', 400],
    ['a password that is a list', '{"username":"operator","password":["correct horse"]}', 400],
    ['a name that is an object', '{"username":{"$ne":null},"password":"correct horse"}', 400],
    ['fields of a prototype', '{"__proto__":{"username":"operator","password":"correct horse"}}', 400],
    ['nothing', '', 400],
    ['bytes that are no text', '\u0000\u0001', 400],
    ['a body of 20 MB', JSON.stringify({ ...LOGIN, more: 'x'.repeat(20_000_000) }), 413],
  ])('answers %s with a client error', async (_case, body, status) => {
    const answer = await request(createHost({ create, mount }))
      .post(below(mount, '/login'))
      .set('content-type', 'application/json')
      .send(body);
    expect([answer.status, setCookies(answer)]).toEqual([status, []]);
  });

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'takes no %s: that is what a form of another site could send',
    async (type) => {
      const answer = await request(createHost({ create, mount }))
        .post(below(mount, '/login'))
        .set('content-type', type)
        .send(JSON.stringify(LOGIN));
      expect([answer.status, setCookies(answer)]).toEqual([415, []]);
    },
  );

  test.each(API)('GET %s is 401 without a session', async (path) => {
    const answer = await request(app).get(below(mount, path));
    expect([answer.status, answer.body]).toEqual([401, REFUSED]);
  });

  test.each(['/api/chat', '/api/logout', '/api/status'])('POST %s is 401 without a session', async (path) => {
    const answer = await request(app).post(below(mount, path)).send({ model: 'a', messages: [] });
    expect([answer.status, answer.body]).toEqual([401, REFUSED]);
  });

  test('the page leads to the log-in, and the log-in to the page once there is a session', async () => {
    const page = below(mount, '/');
    const first = await request(app).get(page);
    expect([first.status, first.headers['location']]).toEqual([302, './login']);
    const form = await request(app).get(below(mount, '/login'));
    expect([form.status, form.text]).toEqual([200, PAGE['login.html']]);
    const cookie = await openSession(app, mount);
    const inside = await request(app).get(page).set('cookie', cookie);
    expect([inside.status, inside.text]).toEqual([200, PAGE['index.html']]);
    const again = await request(app).get(below(mount, '/login')).set('cookie', cookie);
    expect([again.status, again.headers['location']]).toEqual([302, './']);
  });

  test('logging out takes the cookie back', async () => {
    const cookie = await openSession(app, mount);
    const answer = await request(app).post(below(mount, '/api/logout')).set('cookie', cookie).send({});
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
    expect(setCookies(answer)[0]).toMatch(
      new RegExp(
        `^llm_prefix_router_session=; Path=${mount}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly`,
      ),
    );
  });

  test('guessing ends with 429, for the right password too, and the delay is named', async () => {
    const guessed = createHost({ create, mount });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const answer = await logIn(guessed, mount, { ...LOGIN, password: `guess ${attempt}` });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const right = await logIn(guessed, mount);
    expect([right.status, setCookies(right), Number(right.headers['retry-after']) > 0]).toEqual([
      429,
      [],
      true,
    ]);
  });
});

describe('guessing', () => {
  test('at once does not get around the limit', async () => {
    const app = createHost();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, attempt) => logIn(app, '/', { ...LOGIN, password: `guess ${attempt}` })),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  test('with odd bodies counts too', async () => {
    const app = createHost();
    for (let attempt = 0; attempt < 10; attempt += 1) await logIn(app, '/', []);
    expect((await logIn(app)).status).toBe(429);
  });

  test('log-ins that succeed do not count', async () => {
    const app = createHost();
    for (let attempt = 0; attempt < 15; attempt += 1) expect((await logIn(app)).status).toBe(200);
  });

  test('is counted per address: another one still gets in', async () => {
    const app = createHost();
    app.set('trust proxy', 'loopback');
    const from = (address: string, login: object): request.Test =>
      request(app).post('/login').set('x-forwarded-for', address).send(login);
    for (let attempt = 0; attempt < 11; attempt += 1) await from('192.0.2.1', {});
    const statuses = [(await from('192.0.2.1', LOGIN)).status, (await from('192.0.2.2', LOGIN)).status];
    expect(statuses).toEqual([429, 200]);
  });
});

describe('guessing over a unix socket', () => {
  let directory = '';
  let close = (): Promise<unknown> => Promise.resolve();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dashboard-'));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await close();
    await rm(directory, { recursive: true });
  });

  /** @returns logs in and gives the status. With an address: for that client, as a proxy in front says it. */
  async function listen(app: Express): Promise<(login: object, address?: string) => Promise<number>> {
    const socketPath = join(directory, 'socket');
    const server = createServer(app);
    server.listen(socketPath);
    await once(server, 'listening');
    close = () => new Promise((resolve) => server.close(resolve));
    return async (login, address) => {
      const headers = { 'content-type': 'application/json', ...(address && { 'x-forwarded-for': address }) };
      const asked = httpRequest({ socketPath, method: 'POST', path: '/login', headers, agent: false });
      asked.end(JSON.stringify(login));
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode ?? 0;
    };
  }

  test('is counted for all of its peers as one, which have no address, and nothing is printed', async () => {
    const printed = [jest.spyOn(console, 'error'), jest.spyOn(console, 'warn')];
    const logInThere = await listen(createHost());
    const statuses = [await logInThere(LOGIN)];
    for (let attempt = 0; attempt < 11; attempt += 1) statuses.push(await logInThere({}));
    statuses.push(await logInThere(LOGIN));
    expect(statuses).toEqual([200, ...Array<number>(10).fill(400), 429, 429]);
    expect(printed.map(({ mock }) => mock.calls)).toEqual([[], []]);
  });

  test('is counted per client where the host trusts the proxy at it', async () => {
    const app = createHost();
    app.set('trust proxy', 1);
    const logInThere = await listen(app);
    for (let attempt = 0; attempt < 11; attempt += 1) await logInThere({}, '192.0.2.1');
    expect([await logInThere(LOGIN, '192.0.2.1'), await logInThere(LOGIN, '192.0.2.2')]).toEqual([429, 200]);
  });
});

test('a dashboard has a timer once somebody logs in, and none before', async () => {
  const start = jest.spyOn(globalThis, 'setInterval');
  try {
    const app = createHost();
    const before = start.mock.calls.length;
    for (let attempt = 0; attempt < 2; attempt += 1) await logIn(app);
    expect([before, start.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())]).toEqual([
      0,
      [false],
    ]);
  } finally {
    start.mockRestore();
  }
});

describe('a password given as its hash', () => {
  const salt = randomBytes(16);
  const hash = scryptSync(LOGIN.password, salt, 64).toString('base64');
  const password = `scrypt:${salt.toString('base64')}:${hash}`;
  const app = createHost({ changes: { password } });

  test('lets the password in', async () => {
    expect((await logIn(app)).status).toBe(200);
  });

  test.each([
    ['another password', { ...LOGIN, password: 'wrong' }],
    ['the hash itself', { ...LOGIN, password }],
    ['another name', { ...LOGIN, username: 'somebody' }],
  ])('refuses %s', async (_case, login) => {
    expect((await logIn(app, '/', login)).status).toBe(401);
  });
});

describe('a session', () => {
  const app = createHost();
  const ask = async (cookie: string): Promise<number> =>
    (await request(app).get('/api/status').set('cookie', cookie)).status;

  test('holds among other cookies, wherever it stands', async () => {
    const cookie = await openSession(app);
    const statuses = [
      await ask(cookie),
      await ask(`a=b; ${cookie}; c=d`),
      await ask(`llm_prefix_router_session=old; ${cookie}`),
    ];
    expect(statuses).toEqual([200, 200, 200]);
  });

  test('is accepted by a replica with the same secret and account', async () => {
    const replica = createHost();
    expect(await ask(await openSession(replica))).toBe(200);
  });

  test.each([
    ['another secret', { sessionSecret: 'another secret' }],
    ['another password', { password: 'new password' }],
    ['another name', { username: 'somebody' }],
  ])('of a dashboard with %s is refused', async (_case, changes) => {
    const other = createHost({ changes });
    const login = { ...LOGIN, ...changes };
    const cookie = cookieOf(await logIn(other, '/', { username: login.username, password: login.password }));
    expect([cookie.length > 60, await ask(cookie)]).toEqual([true, 401]);
  });

  test('with one character changed is refused, whichever it is', async () => {
    const cookie = decodeURIComponent(await openSession(app));
    const start = cookie.indexOf('=') + 1;
    const answers = await Promise.all(
      Array.from(cookie.slice(start), (character, index) => {
        const other = character === '0' ? '1' : '0';
        const at = start + index;
        return ask(encodeURI(cookie.slice(0, at) + other + cookie.slice(at + 1)));
      }),
    );
    expect([...new Set(answers)]).toEqual([401]);
  });

  test.each([
    ['no signature', `until.${Date.now() + 60_000}`],
    ['an empty signature', `until.${Date.now() + 60_000}.`],
    [
      'the signature of a plain secret',
      signed(`until.${Date.now() + 60_000}`, 'one secret for all replicas'),
    ],
    ['words', 'true'],
    ['nothing', ''],
    ['broken percent signs', '%E0%A4%A'],
    ['a list', 'j:["until"]'],
    ['8 KB', 'x'.repeat(8000)],
  ])('forged with %s is refused', async (_case, value) => {
    expect(await ask(`llm_prefix_router_session=${value}`)).toBe(401);
  });

  test('ends after twelve hours, whatever the browser does', async () => {
    const cookie = await openSession(app);
    const { now } = Date;
    try {
      Date.now = () => now() + 12 * 60 * 60 * 1000 - 60_000;
      expect(await ask(cookie)).toBe(200);
      Date.now = () => now() + 12 * 60 * 60 * 1000 + 1;
      expect(await ask(cookie)).toBe(401);
    } finally {
      Date.now = now;
    }
  });

  test('is marked Secure where the browser came over HTTPS', async () => {
    const host = createHost();
    host.set('trust proxy', 'loopback');
    const answer = await request(host).post('/login').set('x-forwarded-proto', 'https').send(LOGIN);
    expect(setCookies(answer)[0]).toMatch(/; Secure(;|$)/);
  });
});

function signed(value: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(value).digest('base64').replace(/=+$/, '');
  return encodeURIComponent(`${value}.${signature}`);
}

describe('a request of another site', () => {
  const app = createHost();

  test.each([
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
    ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
    ['another Origin', { origin: 'https://evil.example' }],
    ['the same host on another port', { origin: 'http://dashboard.example:9999' }],
    ['Origin: null', { origin: 'null' }],
    [
      'an X-Forwarded-Host nobody vouches for',
      { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' },
    ],
  ])('with %s changes nothing, session or not', async (_case, headers) => {
    const cookie = await openSession(app);
    const statuses = [];
    for (const path of ['/login', '/api/logout', '/api/chat']) {
      const answer = await request(app)
        .post(path)
        .set({ host: 'dashboard.example', cookie, ...headers })
        .send(LOGIN);
      statuses.push([
        answer.status,
        (answer.body as { error: { code: string } }).error.code,
        setCookies(answer),
      ]);
    }
    expect(statuses).toEqual(Array(3).fill([403, 'foreign_origin', []]));
  });

  test.each([
    ['Sec-Fetch-Site: same-origin', { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' }],
    ['its own Origin', { origin: 'http://dashboard.example' }],
    ['no word of a browser', {}],
  ])('is told from the own one by %s', async (_case, headers) => {
    const answer = await request(app)
      .post('/login')
      .set({ host: 'dashboard.example', ...headers })
      .send(LOGIN);
    expect(answer.status).toBe(200);
  });

  test('may name the host that a trusted proxy was asked for', async () => {
    const host = createHost();
    host.set('trust proxy', 'loopback');
    const answer = await request(host)
      .post('/login')
      .set({ host: 'inner:8080', origin: 'https://outer.example', 'x-forwarded-host': 'outer.example' })
      .send(LOGIN);
    expect(answer.status).toBe(200);
  });

  test('gets no CORS header, not even from a preflight', async () => {
    const preflight = await request(app)
      .options('/api/status')
      .set({ origin: 'https://evil.example', 'access-control-request-method': 'GET' });
    const names = Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'));
    expect([preflight.status, names]).toEqual([401, []]);
  });

  test('cannot use up the log-ins of the address', async () => {
    const host = createHost();
    for (let attempt = 0; attempt < 12; attempt += 1)
      await request(host).post('/login').set('sec-fetch-site', 'cross-site').send({});
    expect((await logIn(host)).status).toBe(200);
  });
});

describe('a host with body parsers in front', () => {
  test.each([
    ['express.json()', express.json()],
    ['express.text()', express.text({ type: '*/*' })],
    ['express.raw()', express.raw({ type: '*/*' })],
    ['a parser for forms alone', express.urlencoded({ extended: false })],
  ])('logs in behind %s', async (_case, parser) => {
    const app = createHost({ before: [parser] });
    const wrong = await logIn(app, '/', { ...LOGIN, password: 'wrong' });
    expect([wrong.status, (await logIn(app)).status]).toEqual([401, 200]);
  });
});
