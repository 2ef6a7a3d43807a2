import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { anthropic, createPrefixRouter, google, openai, type RouterOptions } from '../lib/index.ts';
import { readConfig, type CloudSettings } from '../lib/config.ts';
import { VERSION } from '../lib/version.ts';

const CANARY = 'sk-canary-1234567890';

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

test('the version is the package’s', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});

test('nothing set: no cloud is configured, and status says only that', () => {
  const router = createPrefixRouter({ env: {} });
  expect(router.status()).toEqual({
    status: 'ok',
    version: VERSION,
    cloud_providers: {
      openai: { configured: false },
      google: { configured: false },
      anthropic: { configured: false },
    },
  });
});

test('keys and base URLs come from the environment; blank is not configured', () => {
  const router = createPrefixRouter({
    env: {
      OPENAI_API_KEY: ' sk-x \n',
      GOOGLE_API_KEY: '   ',
      GOOGLE_API_BASE_URL: 'https://g.example/',
      ANTHROPIC_API_KEY: 'sk-ant',
      ANTHROPIC_API_BASE_URL: ' https://a.example/gateway/v1/ ',
    },
  });
  expect(router.status().cloud_providers).toEqual({
    openai: { configured: true, base_url: 'https://api.openai.com/v1' },
    google: { configured: false },
    anthropic: { configured: true, base_url: 'https://a.example/gateway/v1' },
  });
});

test('a base URL without a path gets the version segment, one with a path is taken as it is', () => {
  const bases = (openaiBase: string, googleBase: string): (string | undefined)[] => {
    const config = readConfig({ env: { OPENAI_BASE_URL: openaiBase, GOOGLE_API_BASE_URL: googleBase } });
    return ['openai', 'google'].map((prefix) => config.clouds.get(prefix)?.baseUrl);
  };
  expect(bases('http://127.0.0.1:9', 'http://127.0.0.1:9/')).toEqual([
    'http://127.0.0.1:9/v1',
    'http://127.0.0.1:9/v1beta',
  ]);
  expect(bases('https://x.example/a/b/', 'https://x.example/v1')).toEqual([
    'https://x.example/a/b',
    'https://x.example/v1',
  ]);
});

test.each([
  ['no URL', `${CANARY}`],
  ['another scheme', `ftp://x.example/${CANARY}`],
  ['credentials', `https://user:${CANARY}@x.example/v1`],
  ['a query', `https://x.example/v1?key=${CANARY}`],
  ['an empty query', `https://x.example/${CANARY}?`],
  ['a fragment', `https://x.example/v1#${CANARY}`],
])('a base URL with %s is refused at start without being repeated', (_what, url) => {
  const message = messageOf(() => createPrefixRouter({ env: { ANTHROPIC_API_BASE_URL: url } }));
  expect(message).toContain('ANTHROPIC_API_BASE_URL');
  expect(message).not.toContain(CANARY);
});

describe('a base URL that begins with http://', () => {
  const warningsOf = (options: RouterOptions): unknown[] => {
    const emit = jest.spyOn(process, 'emitWarning').mockReturnValue();
    createPrefixRouter({ env: {}, ...options });
    const { calls } = emit.mock;
    emit.mockRestore();
    return calls;
  };
  const warning = (where: string): unknown[] => [
    `${where} begins with http:// and its host does not look private, so the key travels unencrypted. Use https://, unless all of the way there is your own network.`,
    'PrefixRouterWarning',
  ];

  test.each([
    'api.openai.com',
    'localhost.example.com',
    'internal.example',
    '8.8.8.8',
    '172.32.0.1',
    '[2001:4860:4860::8888]',
    '[::ffff:8.8.8.8]',
  ])('and leads to %s brings a warning at start', (host) => {
    expect(warningsOf({ env: { OPENAI_BASE_URL: `http://${host}:8080/v1` } })).toEqual([
      warning('OPENAI_BASE_URL'),
    ]);
  });

  test('brings it also as an option, with the name of the option', () => {
    expect(warningsOf({ providers: [google({ baseUrl: 'http://google.example' })] })).toEqual([
      warning('google(options).baseUrl'),
    ]);
  });

  test.each([
    'localhost',
    'api.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '[fd00::1]',
    '[fe80::1]',
    'gateway',
    'gateway.',
    'mac.local',
    'gateway.ai.svc.cluster.local.',
    'host.docker.internal',
  ])('and leads to %s brings none', (host) => {
    expect(warningsOf({ env: { OPENAI_BASE_URL: `http://${host}:8080/v1` } })).toEqual([]);
  });

  test('is the only one that does', () => {
    expect(warningsOf({ env: { OPENAI_BASE_URL: 'https://api.example.com' } })).toEqual([]);
  });
});

test.each(['sk canary', 'sk-\u00e9', 'sk-a\nb'])(
  'a key that no header can carry is refused at start: %j',
  (key) => {
    const start = (): unknown => createPrefixRouter({ env: { OPENAI_API_KEY: key } });
    expect(messageOf(start)).toBe(
      'OPENAI_API_KEY holds characters that no API key has (blanks, line breaks or non-ASCII).',
    );
    expect(start).toThrow(TypeError);
  },
);

test.each<[string, RouterOptions]>([
  ['OPENAI_API_KEY', { env: { OPENAI_API_KEY: ` "${CANARY}"\n` } }],
  ['OPENAI_API_KEY', { env: { OPENAI_API_KEY: `'${CANARY}'` } }],
  ['OPENAI_API_KEY', { env: { OPENAI_API_KEY: '""' } }],
  ['OPENAI_API_KEY_FILE', { env: { OPENAI_API_KEY_FILE: `"/run/secrets/${CANARY}"` } }],
  ['OPENAI_BASE_URL', { env: { OPENAI_BASE_URL: `"https://${CANARY}.example/v1"` } }],
  ['google(options).apiKey', { providers: [google({ apiKey: `"${CANARY}"` })] }],
  ['google(options).baseUrl', { providers: [google({ baseUrl: `'https://${CANARY}.example'` })] }],
])(
  '%s in quotes is refused at start with a sentence that says where they come from, %j',
  (where, options) => {
    expect(messageOf(() => createPrefixRouter({ env: {}, ...options }))).toBe(
      `${where} begins and ends with a quotation mark. Some tools, docker --env-file for one, keep quotes as part of the value: write it without them.`,
    );
  },
);

test.each<[string, unknown, string]>([
  [
    'an unknown option',
    { unknownPrefx: 'tags' },
    "Unknown option 'unknownPrefx' in createPrefixRouter(options). Known are",
  ],
  [
    'a wrong word',
    { unknownPrefix: 'Strict' },
    "unknownPrefix is 'tags', 'strict' or 'local'; got 'Strict'. Did you mean 'strict'?",
  ],
  [
    'another wrong word',
    { unsupportedParams: 'Report' },
    "createPrefixRouter(options).unsupportedParams must be 'report' or 'error'; got 'Report'.",
  ],
  ['a limit of nothing', { bodyLimit: 0 }, 'createPrefixRouter(options).bodyLimit must be >= 1'],
  ['a limit in words', { bodyLimit: '1mb' }, 'createPrefixRouter(options).bodyLimit must be integer'],
  [
    'an unknown limit',
    { timeouts: { totalMs: 1 } },
    "Unknown option 'totalMs' in createPrefixRouter(options).timeouts. Known are connectMs, firstByteMs, idleMs.",
  ],
  ...['status', '', true, null, ['/'], '/v0/status?', '/v0/#status'].map(
    (statusPath): [string, unknown, string] => [
      `${JSON.stringify(statusPath)} as a path`,
      { statusPath },
      `createPrefixRouter(options).statusPath must be a path that begins with '/' and has no '?' or '#', or false; got ${inspect(statusPath)}.`,
    ],
  ),
  ['a record sink that is none', { onCall: {} }, 'createPrefixRouter(options).onCall must be a function.'],
  [
    'no provider',
    { providers: [] },
    'createPrefixRouter(options).providers must NOT have fewer than 1 items',
  ],
  [
    'a provider that is none',
    { providers: ['openai'] },
    'providers must hold what openai(), google() or anthropic() return.',
  ],
  ['the same provider twice', { providers: [openai(), openai()] }, 'Two providers have the same prefix.'],
  [
    'an unknown option of a provider',
    { providers: [google({ key: 'x' } as object)] },
    "Unknown option 'key' in google(options). Known are apiKey, baseUrl, timeouts, headers.",
  ],
  ...Object.entries({ number: 5, null: null, object: {} }).map(
    ([kind, apiKey]): [string, unknown, string] => [
      `a key that is ${kind}`,
      { providers: [google({ apiKey } as object)] },
      `google(options).apiKey must be a string or a function; got ${kind}.`,
    ],
  ),
  [
    'a broken key in an option',
    { providers: [google({ apiKey: 'a b' })] },
    'google(options).apiKey holds characters that no API key has (blanks, line breaks or non-ASCII).',
  ],
  [
    'a base URL in an option that is none',
    { providers: [openai({ baseUrl: 'api.openai.com/v1' })] },
    'openai(options).baseUrl is no URL. Expected e.g. https://api.example.com/v1.',
  ],
])('%s is refused at start with a sentence that says what was expected', (_what, options, message) => {
  const start = (): unknown => createPrefixRouter({ env: {}, ...(options as RouterOptions) });
  expect(messageOf(start)).toContain(message);
  expect(start).toThrow(TypeError);
});

// A host can give settings of its own as `env`. Null is nothing, as undefined is.
test.each(['OPENAI_API_KEY', 'GOOGLE_API_KEY_FILE', 'ANTHROPIC_API_BASE_URL', 'PREFIX_ROUTER_PRICES_FILE'])(
  '%s that is no text is refused at start, and not repeated',
  (name) => {
    const startWith = (value: unknown) => (): unknown =>
      createPrefixRouter({ env: { [name]: value } as NodeJS.ProcessEnv });
    expect(startWith(5)).toThrow(new TypeError(`${name} must be a string; got number.`));
    expect(startWith({})).toThrow(new TypeError(`${name} must be a string; got object.`));
    expect(startWith(null)).not.toThrow();
  },
);

describe('a key in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const keyOf = (file: string): (() => unknown) => {
    const config = readConfig({ env: { ANTHROPIC_API_KEY_FILE: file } });
    return () => config.clouds.get('anthropic')?.key.read();
  };

  test('is read, and read again when the file changes', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'sk-one\n');
    const read = keyOf(file);
    expect(read()).toBe('sk-one');
    writeFileSync(file, 'sk-two-longer\n');
    expect(read()).toBe('sk-two-longer');
  });

  test('may end in what looks like the name of a variable', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'abcdKEY==');
    expect(keyOf(file)()).toBe('abcdKEY==');
  });

  test('stays in force while the file is empty, half written or gone', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'sk-one');
    const read = keyOf(file);
    writeFileSync(file, '');
    expect(read()).toBe('sk-one');
    writeFileSync(file, 'sk-tw\nhalf of a');
    expect(read()).toBe('sk-one');
    rmSync(file);
    expect(read()).toBe('sk-one');
    writeFileSync(file, 'sk-two');
    expect(read()).toBe('sk-two');
  });

  test.each(['', ' \r\n'])('that is blank is no key yet: a warning, until there is one', (blank) => {
    const file = join(folder, 'key');
    writeFileSync(file, blank);
    const config = readConfig({ env: { ANTHROPIC_API_KEY_FILE: file } });
    const { key } = config.clouds.get('anthropic') as CloudSettings;
    expect(config.warnings).toEqual([
      `The file ${file} that ANTHROPIC_API_KEY_FILE names is empty: until a key is written into it, its cloud is not configured.`,
    ]);
    expect([key.isConfigured(), key.read()]).toEqual([false, undefined]);
    expect(key.hint).toBe('Write the key into the file that ANTHROPIC_API_KEY_FILE names.');
    writeFileSync(file, 'sk-one\n');
    expect([key.isConfigured(), key.read()]).toEqual([true, 'sk-one']);
  });

  test('stays in force while the file cannot even be looked at', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'sk-one');
    const read = keyOf(file);
    rmSync(file);
    symlinkSync(file, file);
    expect(read()).toBe('sk-one');
    expect(messageOf(() => keyOf(file))).toBe(
      `The file ${file} that ANTHROPIC_API_KEY_FILE names cannot be read (ELOOP).`,
    );
  });

  test.each([
    [
      'of several lines',
      `${CANARY}\n${CANARY}\n`,
      'holds characters that no API key has (blanks, line breaks or non-ASCII).',
    ],
    [
      'a line of an environment file',
      `ANTHROPIC_API_KEY=${CANARY}\n`,
      "begins with a name and '='. Give the key alone.",
    ],
    [
      'a key in quotes',
      `"${CANARY}"\n`,
      'begins and ends with a quotation mark. Some tools, docker --env-file for one, keep quotes as part of the value: write it without them.',
    ],
  ])('that is %s is a start-up error, which does not repeat what it holds', (_what, content, why) => {
    const file = join(folder, 'key');
    writeFileSync(file, content);
    expect(() => keyOf(file)).toThrow(
      new TypeError(`The file ${file} that ANTHROPIC_API_KEY_FILE names ${why}`),
    );
  });

  test('that is a directory is a start-up error', () => {
    expect(() => keyOf(folder)).toThrow(TypeError);
    expect(() => keyOf(folder)).toThrow(
      new TypeError(
        `The file ${folder} that ANTHROPIC_API_KEY_FILE names is a directory (EISDIR). Name the file in it that holds the key.`,
      ),
    );
  });

  test('that only somebody else may read is a start-up error, and keeps the last key while running', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'sk-one');
    chmodSync(folder, 0o755);
    const read = keyOf(file);
    writeFileSync(file, 'sk-two');
    chmodSync(file, 0);
    // The root of a container may read everything, so the test is somebody else for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(read()).toBe('sk-one');
      expect(() => keyOf(file)).toThrow(
        new TypeError(
          `The file ${file} that ANTHROPIC_API_KEY_FILE names may not be read by this process (EACCES). Give the user it runs as the right to read it.`,
        ),
      );
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('whose name is no absolute path is not repeated: it may be a key in the wrong variable', () => {
    expect(messageOf(() => keyOf(CANARY))).toBe(
      'The file that ANTHROPIC_API_KEY_FILE names does not exist (ENOENT). Mount it, or unset the variable.',
    );
  });

  test('that is not there is a start-up error, and so are key and file together', () => {
    expect(messageOf(() => keyOf(join(folder, 'none')))).toBe(
      `The file ${join(folder, 'none')} that ANTHROPIC_API_KEY_FILE names does not exist (ENOENT). Mount it, or unset the variable.`,
    );
    writeFileSync(join(folder, 'key'), CANARY);
    const both = { OPENAI_API_KEY: CANARY, OPENAI_API_KEY_FILE: join(folder, 'key') };
    const start = (): unknown => createPrefixRouter({ env: both });
    expect(messageOf(start)).toBe(
      'Both OPENAI_API_KEY and OPENAI_API_KEY_FILE are set. Set only one of them.',
    );
    expect(start).toThrow(TypeError);
  });
});

test('a key function counts as configured; options of a provider stand over the environment', () => {
  const router = createPrefixRouter({
    env: { ANTHROPIC_API_BASE_URL: 'https://env.example' },
    providers: [
      anthropic({ apiKey: () => undefined, baseUrl: 'https://option.example/' }),
      openai({ apiKey: '' }),
    ],
  });
  expect(router.status().cloud_providers).toEqual({
    anthropic: { configured: true, base_url: 'https://option.example/v1' },
    openai: { configured: false },
  });
});

test.each([
  ['a b', 'x', "'a b' is no name of a header. A name is made of letters, digits and hyphens."],
  ['', 'x', "'' is no name of a header. A name is made of letters, digits and hyphens."],
  ...[`${CANARY}\nb`, `${CANARY}\u65e5\u672c`, `${CANARY}\u0000`].map((value): [string, string, string] => [
    'X-Team',
    value,
    "the value of 'X-Team' holds characters that no header can carry: line breaks, control characters or what is not Latin-1.",
  ]),
  ...[
    'Connection',
    'content-encoding',
    'Content-Length',
    'expect',
    'Host',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'Transfer-Encoding',
    'upgrade',
  ].map((name): [string, string, string] => [
    name,
    CANARY,
    `'${name}' is for the router alone to set. Leave it out.`,
  ]),
])('a header %j of a provider that cannot be sent, %j, is refused at start', (name, value, why) => {
  const message = messageOf(() =>
    createPrefixRouter({ env: {}, providers: [openai({ headers: { good: 'x', [name]: value } })] }),
  );
  expect(message).toBe(`openai(options).headers: ${why}`);
  expect(message).not.toContain(CANARY);
});

test('headers of a provider that can be sent are taken, also over those of the router', () => {
  const headers = { 'User-Agent': 'mine/1', Authorization: 'Bearer x', 'x-name': 'caf\u00e9\ta', empty: '' };
  const config = readConfig({ env: {}, providers: [openai({ headers })] });
  expect(config.clouds.get('openai')?.headers).toEqual({
    'user-agent': 'mine/1',
    authorization: 'Bearer x',
    'x-name': 'caf\u00e9\ta',
    empty: '',
  });
});

test('limits: a provider’s own stand over the router’s, those over the defaults', () => {
  const config = readConfig({
    env: {},
    timeouts: { connectMs: 1, idleMs: 2 },
    providers: [openai({ timeouts: { idleMs: 3 } }), google()],
  });
  expect([config.clouds.get('openai')?.timeouts, config.clouds.get('google')?.timeouts]).toEqual([
    { connectMs: 1, firstByteMs: 1_200_000, idleMs: 3 },
    { connectMs: 1, firstByteMs: 1_200_000, idleMs: 2 },
  ]);
});

test('limits: one that is undefined is one that is not given', () => {
  const options = {
    env: {},
    timeouts: { connectMs: undefined, firstByteMs: undefined, idleMs: 2 },
    providers: [
      Reflect.apply(openai, undefined, [{ timeouts: { connectMs: 1, idleMs: undefined } }]),
      google(),
    ],
  };
  const config = Reflect.apply(readConfig, undefined, [options]);
  expect([config.clouds.get('openai')?.timeouts, config.clouds.get('google')?.timeouts]).toEqual([
    { connectMs: 1, firstByteMs: 1_200_000, idleMs: 2 },
    { connectMs: 10_000, firstByteMs: 1_200_000, idleMs: 2 },
  ]);
});

test('where Node generates no code, the error says what to do, and no source is printed', () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const { Function: real } = globalThis;
  const refusal = new EvalError('Code generation from strings disallowed for this context');
  // What `--disallow-code-generation-from-strings` makes of it, which cannot be switched on in a running process.
  globalThis.Function = function () {
    throw refusal;
  } as unknown as FunctionConstructor;
  try {
    expect(() => createPrefixRouter({ env: {} })).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message:
          'createPrefixRouter generates the code that checks requests: start Node without --disallow-code-generation-from-strings.',
        cause: refusal,
      }) as Error,
    );
    expect(printed.mock.calls).toEqual([]);
  } finally {
    globalThis.Function = real;
    printed.mockRestore();
  }
});

test('a price under a prefix that no cloud has is refused at start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prices-'));
  const file = join(folder, 'prices.json');
  const startWith = (name: string) => (): unknown => {
    writeFileSync(file, JSON.stringify({ [name]: { input: 2, output: 8 } }));
    return createPrefixRouter({ env: { PREFIX_ROUTER_PRICES_FILE: file }, providers: [openai()] });
  };
  try {
    expect(startWith('opneai:gpt-4.1')).toThrow(
      new TypeError(
        `The price file ${file} has a price of 'opneai:gpt-4.1', and no cloud has that prefix. Known are openai, google, anthropic.`,
      ),
    );
    // One file can serve several hosts.
    expect(startWith('google:gemini-3.8-flash')).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
