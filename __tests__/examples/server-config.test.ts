import { readServerConfig, StartError } from '../../examples/server-config.ts';

const SAFE = {
  LB_API_KEYS: 'sk-one, sk-two',
  ADMIN_USERNAME: 'root',
  ADMIN_PASSWORD: 'long and good',
  SESSION_SECRET: 'a secret of thirty-two characters',
  LOCAL_NODES: 'http://a:1, http://b:2/v1',
};

describe("the example server's settings", () => {
  test('are the defaults of the quick start, each with a warning, and only for this machine', () => {
    const config = readServerConfig({});
    expect(config).toEqual({
      port: 8080,
      host: '127.0.0.1',
      apiKeys: ['sk-your-api-key'],
      admin: { username: 'admin', password: 'test' },
      sessionSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      localNodes: [],
      shutdownGraceMs: 30_000,
      warnings: [
        'LB_API_KEYS is the default: clients are let in with the well-known key sk-your-api-key.',
        "ADMIN_USERNAME is the default: the administrator is 'admin'.",
        "ADMIN_PASSWORD is the default: the administrator's password is the well-known 'test'.",
        'SESSION_SECRET is the default: a random one is used, and a restart ends every session.',
        'LOCAL_NODES is the default: an embedded echo node answers for the local models.',
      ],
    });
    expect(readServerConfig({}).sessionSecret).not.toBe(config.sessionSecret);
  });

  test('come from the environment, without a warning and for the whole network', () => {
    const env = { ...SAFE, PORT: '0', SHUTDOWN_GRACE_SECONDS: '5', NODE_ENV: 'production' };
    expect(readServerConfig(env)).toEqual({
      port: 0,
      host: '0.0.0.0',
      apiKeys: ['sk-one', 'sk-two'],
      admin: { username: 'root', password: 'long and good' },
      sessionSecret: SAFE.SESSION_SECRET,
      localNodes: ['http://a:1', 'http://b:2/v1'],
      shutdownGraceMs: 5000,
      warnings: [],
    });
  });

  test.each(Object.keys(SAFE))('without %s alone the server is for this machine only', (variable) => {
    const { host, warnings } = readServerConfig({ ...SAFE, [variable]: ' ' });
    expect([host, warnings.length, warnings[0]?.split(' ')[0]]).toEqual(['127.0.0.1', 1, variable]);
  });

  test.each(Object.keys(SAFE))('NODE_ENV=production refuses the default of %s', (variable) => {
    expect(() => readServerConfig({ ...SAFE, [variable]: '', NODE_ENV: 'production' })).toThrow(
      new StartError(`NODE_ENV=production does not start on defaults: set ${variable}.`),
    );
  });

  test('NODE_ENV=production names all defaults at once', () => {
    expect(() => readServerConfig({ NODE_ENV: 'production' })).toThrow(
      new StartError(
        'NODE_ENV=production does not start on defaults: set LB_API_KEYS, ADMIN_USERNAME, ADMIN_PASSWORD, SESSION_SECRET and LOCAL_NODES.',
      ),
    );
  });

  test.each([
    ['LB_API_KEYS', 'sk-good,sk-your-api-key'],
    ['ADMIN_PASSWORD', 'test'],
  ])('NODE_ENV=production refuses %s=%s, which is the default typed out', (variable, value) => {
    expect(() => readServerConfig({ ...SAFE, [variable]: value, NODE_ENV: 'production' })).toThrow(
      new StartError(`NODE_ENV=production does not start on defaults: set ${variable}.`),
    );
  });

  const SHORT_SECRET =
    'NODE_ENV=production needs a SESSION_SECRET of 32 characters or more, which nobody can guess. Make one with: node -p "crypto.randomBytes(32).toString(\'hex\')"';
  const SHORT_PASSWORD =
    'NODE_ENV=production needs an ADMIN_PASSWORD of 8 characters or more, which nobody can guess.';
  const NO_DEFAULTS = 'NODE_ENV=production does not start on defaults: set LB_API_KEYS.';

  test.each([
    ['a secret of 31 characters', { SESSION_SECRET: 'a'.repeat(31) }, SHORT_SECRET],
    ['a password of 7 characters', { ADMIN_PASSWORD: 'a'.repeat(7) }, SHORT_PASSWORD],
    ['both', { SESSION_SECRET: 'c', ADMIN_PASSWORD: 'b' }, `${SHORT_PASSWORD} ${SHORT_SECRET}`],
    ['a default beside it', { SESSION_SECRET: 'c', LB_API_KEYS: '' }, `${NO_DEFAULTS} ${SHORT_SECRET}`],
  ])('NODE_ENV=production refuses %s, and says what to do', (_case, env, sentences) => {
    expect(() => readServerConfig({ ...SAFE, ...env, NODE_ENV: 'production' })).toThrow(
      new StartError(sentences),
    );
    expect(readServerConfig({ ...SAFE, ...env })).toMatchObject({ port: 8080 });
  });

  test('NODE_ENV=production takes a secret of 32 characters and a password of 8', () => {
    const env = { ...SAFE, SESSION_SECRET: 'a'.repeat(32), ADMIN_PASSWORD: 'a'.repeat(8) };
    expect(readServerConfig({ ...env, NODE_ENV: 'production' }).warnings).toEqual([]);
  });

  test.each(Object.keys(SAFE))('%s in quotes is refused, and not repeated', (variable) => {
    for (const value of ['"secret"', " 'secret' ", '""']) {
      expect(() => readServerConfig({ ...SAFE, [variable]: value })).toThrow(
        new StartError(
          `${variable} begins and ends with a quotation mark. Some tools, docker --env-file for one, keep quotes as part of the value: write it without them.`,
        ),
      );
    }
  });

  test('HOST stands over both defaults', () => {
    expect(readServerConfig({ HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
    expect(readServerConfig({ ...SAFE, HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
  });

  test.each([
    ['PORT', 'http', 65_535],
    ['PORT', '65536', 65_535],
    ['PORT', '-1', 65_535],
    ['PORT', '80.5', 65_535],
    ['SHUTDOWN_GRACE_SECONDS', '1e3', 86_400],
    ['SHUTDOWN_GRACE_SECONDS', 'soon', 86_400],
  ])('%s=%s is refused', (variable, value, largest) => {
    expect(() => readServerConfig({ [variable]: value })).toThrow(
      new StartError(`${variable} must be a whole number from 0 to ${largest}, not '${value}'.`),
    );
  });
});
