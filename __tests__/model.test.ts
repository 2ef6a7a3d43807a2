import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { RouterError } from '../lib/errors.ts';
import {
  createModelRule,
  toRouterError,
  type CloudModel,
  type Decision,
  type ModelRuleOptions,
  type RefusedDecision,
} from '../lib/model.ts';

const PREFIXES = ['openai', 'google', 'anthropic'];
const rule = createModelRule({ prefixes: PREFIXES });

const withOptions = (options: Omit<ModelRuleOptions, 'prefixes'>) =>
  createModelRule({ prefixes: PREFIXES, ...options });

/** Kind and reason in short: `local tag`, `refused near_miss`, `cloud openai gpt-4.1`. */
function short(decision: Decision): string {
  if (decision.kind === 'cloud') return `cloud ${decision.prefix} ${decision.model}`;
  return `${decision.kind} ${decision.reason}`;
}

function refused(decision: Decision): RefusedDecision {
  if (decision.kind !== 'refused') throw new Error(`not refused: ${short(decision)}`);
  return decision;
}

interface Names {
  local: Record<string, string[]>;
  cloud: [name: string, prefix: string, model: string][];
  refused: Record<string, string[]>;
}

const names = JSON.parse(
  readFileSync(new URL('fixtures/model-names.json', import.meta.url), 'utf8'),
) as Names;

function readList(file: string): string[] {
  return readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}

describe('typical names', () => {
  test.each(Object.entries(names.local))('local, %s', (reason, list) => {
    expect(list.map((name) => [name, rule.decide(name)])).toEqual(
      list.map((name) => [name, { kind: 'local', reason }]),
    );
  });

  test('cloud', () => {
    expect(names.cloud.map(([name]) => rule.decide(name))).toEqual(
      names.cloud.map(([, prefix, model]) => ({ kind: 'cloud', prefix, model })),
    );
  });

  test.each(Object.entries(names.refused))('refused, %s', (reason, list) => {
    expect(list.map((name) => [name, short(rule.decide(name) as Decision)])).toEqual(
      list.map((name) => [name, `refused ${reason}`]),
    );
  });

  test('explain says the same as decide', () => {
    const all = [...Object.values(names.local), ...Object.values(names.refused)].flat();
    for (const name of all) expect(rule.explain(name)).toEqual(rule.decide(name));
  });

  test.each([[undefined], [null], [42], [true], [['openai:gpt-4.1']], [{ model: 'openai:gpt-4.1' }]])(
    'a model that is no string is local: %p',
    (model) => {
      expect(rule.decide(model)).toEqual({ kind: 'local', reason: 'no_model' });
      expect(rule.explain(model)).toEqual({ kind: 'local', reason: 'no_model' });
    },
  );

  test('an object that turns into a prefixed string is local', () => {
    expect(rule.decide(new String('openai:gpt-4.1'))).toEqual({ kind: 'local', reason: 'no_model' });
  });
});

describe('every known name', () => {
  const localNames = readList('local-names.txt');
  const cloudIds = readList('cloud-ids.txt');

  test('every tag of the Ollama library is local', () => {
    expect(localNames).toHaveLength(7261);
    expect(localNames.filter((name) => rule.explain(name).kind !== 'local')).toEqual([]);
  });

  test.each(['unknown', 'azure', 'cohere', 'groq', 'xai', 'bedrock', 'openrouter', 'mistral', 'vertex-ai'])(
    'every cloud id behind the word %s is refused',
    (word) => {
      expect(cloudIds).toHaveLength(932);
      expect(
        cloudIds.filter((id) => short(rule.explain(`${word}:${id}`)) !== 'refused unregistered'),
      ).toEqual([]);
    },
  );

  test('every cloud id without a prefix is local, and with one it goes to that cloud', () => {
    expect(cloudIds.filter((id) => rule.explain(id).kind !== 'local')).toEqual([]);
    expect(cloudIds.filter((id) => short(rule.explain(`google:${id}`)) !== `cloud google ${id}`)).toEqual([]);
  });
});

describe('only a registered prefix leads to a cloud', () => {
  const piece = fc.oneof(
    fc.constantFrom(...PREFIXES, ...PREFIXES.map((prefix) => prefix.toUpperCase())),
    fc.constantFrom(
      ':',
      '：',
      '﹕',
      ' ',
      '/',
      '.',
      '\0',
      '\u200b',
      'gpt-oss',
      '20b',
      'latest',
      'ｏ',
      '-',
      '\\',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.string({ maxLength: 6 }),
  );
  const anyName = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

  test.each(['tags', 'strict', 'local'] as const)('with unknownPrefix %s', (unknownPrefix) => {
    const lenient = withOptions({ unknownPrefix, localModels: () => true });
    fc.assert(
      fc.property(anyName, (name) => {
        const decision = lenient.explain(name);
        const [word = ''] = name.split(':', 1);
        const isPrefixed = word !== name && PREFIXES.includes(word);
        const seen =
          decision.kind === 'cloud' ? `${decision.prefix}:${decision.model}` : short(decision).split(' ')[0];
        expect(isPrefixed ? [name, 'refused'] : ['local', 'refused']).toContain(seen);
      }),
      { numRuns: 5000 },
    );
  });

  test('a word one letter away from a prefix never does', () => {
    const changed = fc
      .tuple(fc.constantFrom(...PREFIXES), fc.nat(), fc.nat(1), fc.string({ maxLength: 1 }))
      .map(([prefix, at, remove, insert]) => {
        const from = at % (prefix.length + 1);
        return prefix.slice(0, from) + insert + prefix.slice(from + remove);
      })
      .filter((word) => !PREFIXES.includes(word) && !word.startsWith('openai:'));
    fc.assert(
      fc.property(changed, (word) => {
        const [first = ''] = `${word}:gpt-4.1`.split(':', 1);
        fc.pre(!PREFIXES.includes(first));
        expect(rule.explain(`${word}:gpt-4.1`).kind).not.toBe('cloud');
      }),
      { numRuns: 3000 },
    );
  });

  test('what a cloud gets is one to 256 characters without blanks and control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (model) => {
        const decision = rule.explain(`openai:${model}`);
        const isFit = model.length > 0 && model.length <= 256 && !/[\s\p{Cc}\p{Cf}\p{Cs}]/u.test(model);
        expect(decision.kind).toBe(isFit ? 'cloud' : 'refused');
      }),
      { numRuns: 3000 },
    );
    expect(short(rule.explain(`openai:${'x'.repeat(256)}`))).toBe(`cloud openai ${'x'.repeat(256)}`);
  });

  test('nobody else can make a CloudModel', () => {
    // @ts-expect-error -- the brand is missing, and its symbol is not exported
    const forged: CloudModel = { prefix: 'openai', model: 'gpt-4.1' };
    expect(Object.keys(forged)).toEqual(['prefix', 'model']);
  });
});

describe('refusals', () => {
  test('an unregistered word', () => {
    expect(rule.explain('unknown:some-model')).toEqual({
      kind: 'refused',
      code: 'unknown_prefix',
      reason: 'unregistered',
      word: 'unknown',
      message: 'Unknown cloud provider prefix: unknown:',
      hint:
        'Registered prefixes: openai:, google:, anthropic:. ' +
        "If this is the whole name of a local model, the server's operator can list it in the option localModels.",
    });
  });

  test('a near miss', () => {
    expect(rule.explain('opneai:gpt-4.1')).toEqual({
      kind: 'refused',
      code: 'unknown_prefix',
      reason: 'near_miss',
      word: 'opneai',
      nearest: 'openai',
      message: 'Unknown cloud provider prefix: opneai:',
      hint:
        "Did you mean 'openai:'? Registered prefixes: openai:, google:, anthropic:. " +
        "If this is the whole name of a local model, the server's operator can list it in the option localModels.",
    });
  });

  test.each([
    ['OpenAI:gpt-4.1', 'OpenAI', "Prefixes are lower case: write 'openai:'."],
    [' openai :gpt-4.1', 'openai', "Write 'openai:' without a blank."],
    ['openai：gpt-4.1', 'openai', "Write 'openai:' in ASCII characters, the colon as well."],
    ['ｏｐｅｎａｉ:gpt-4.1', 'ｏｐｅｎａｉ', "Write 'openai:' in ASCII characters, the colon as well."],
    ['openai：ft:gpt-4o', 'openai：ft', "Write 'openai:' in ASCII characters, the colon as well."],
  ])('the slip %p', (name, word, advice) => {
    const { reason, ...rest } = refused(rule.explain(name));
    expect(rest).toEqual({
      kind: 'refused',
      code: 'unknown_prefix',
      word,
      nearest: 'openai',
      message: `Unknown cloud provider prefix: ${word}:`,
      hint: `${advice} Registered prefixes: openai:, google:, anthropic:.`,
    });
    expect(['case', 'space', 'fullwidth']).toContain(reason);
  });

  test.each([
    ['openai:', 'empty', "The model name behind 'openai:' is missing."],
    ['openai:a b', 'characters', "The model name behind 'openai:' holds a blank or a control character."],
    [
      `openai:${'x'.repeat(257)}`,
      'too_long',
      "The model name behind 'openai:' is longer than 256 characters.",
    ],
  ])('a wrong model name: %p', (name, reason, message) => {
    expect(rule.explain(name)).toEqual({
      kind: 'refused',
      code: 'invalid_model',
      reason,
      word: 'openai',
      message,
      hint: "Write the cloud's own model id behind the colon, with nothing in between: 'openai:<model id>'.",
    });
  });

  test('the word is shown trimmed, without control characters and cut at 64', () => {
    const word = (name: string): string => refused(rule.explain(name)).word;
    const long = 'word-'.repeat(20);
    expect(word(`${long}:x`)).toBe(long.slice(0, 64));
    expect(word(` OpenAI\t:x`)).toBe('OpenAI');
    const wide = createModelRule({ prefixes: ['x'.repeat(70)] });
    expect(refused(wide.explain(`${'𝐱'.repeat(70)}:y`)).word).toBe('𝐱'.repeat(64));
  });

  test('the nearest of several prefixes is named', () => {
    const two = createModelRule({ prefixes: ['mistral', 'ministral'] });
    expect(refused(two.explain('minstral:x')).nearest).toBe('mistral');
    expect(refused(two.explain('minisral:x')).nearest).toBe('ministral');
  });

  test.each([
    ['groq', 'grok', 'near_miss'],
    ['groq', 'gorq', 'unregistered'],
    ['azure', 'azur', 'near_miss'],
    ['azure', 'azzzre', 'unregistered'],
    ['xai', 'xaj', 'unregistered'],
    ['cohere', 'coherent', 'near_miss'],
    ['cohere', 'coherence', 'unregistered'],
  ])('with the prefix %s the word %s is %s', (prefix, word, reason) => {
    expect(refused(createModelRule({ prefixes: [prefix] }).explain(`${word}:some-model`)).reason).toBe(
      reason,
    );
  });

  test('as an error: 400 with the fixed sentence, the field and the hint', () => {
    const decision = refused(rule.explain('unknown:some-model'));
    const error = toRouterError(decision);
    expect(error).toBeInstanceOf(RouterError);
    expect([error.status, error.toBody()]).toEqual([
      400,
      {
        error: {
          message: 'Unknown cloud provider prefix: unknown:',
          type: 'invalid_request_error',
          param: 'model',
          code: 'unknown_prefix',
          hint: decision.hint,
        },
      },
    ]);
    expect(toRouterError(refused(rule.explain('openai:'))).toBody().error).toMatchObject({
      code: 'invalid_model',
      type: 'invalid_request_error',
      param: 'model',
    });
  });

  test('without any provider every word is refused or local, and the hint says why', () => {
    const none = createModelRule({ prefixes: [] });
    expect(refused(none.explain('openai:gpt-4.1')).hint).toContain('No prefix is registered.');
    expect(short(none.explain('gpt-oss:20b'))).toBe('local tag');
  });
});

describe('unknownPrefix', () => {
  test('strict: no tag makes a word local, only localModels does', () => {
    const strict = withOptions({ unknownPrefix: 'strict', localModels: ['gpt-oss:20b'] });
    expect(
      ['gpt-oss:20b', 'gpt-oss:120b', 'qwen3:8b', 'llama3.1:8b', 'gpt-4o', 'openai:x', 'opneai:x'].map(
        (name) => short(strict.explain(name)),
      ),
    ).toEqual([
      'local declared',
      'refused unregistered',
      'refused unregistered',
      'local no_word',
      'local no_colon',
      'cloud openai x',
      'refused near_miss',
    ]);
  });

  test('local: every unregistered word is local, and a prefix still leads to its cloud', () => {
    const local = withOptions({ unknownPrefix: 'local' });
    expect(
      ['unknown:x', 'opneai:x', 'OpenAI:x', 'openai：x', 'openai:x', 'openai:', 'gpt-4o'].map((name) =>
        short(local.explain(name)),
      ),
    ).toEqual([
      'local any',
      'local any',
      'local any',
      'local any',
      'cloud openai x',
      'refused empty',
      'local no_colon',
    ]);
  });
});

describe('localModels', () => {
  test('a list of whole names and patterns', () => {
    const declared = withOptions({ localModels: ['my-bot:prod', /^coding:/g, 'plain'] });
    const ask = (): string[] =>
      ['my-bot:prod', 'my-bot:dev', 'MY-BOT:prod', 'coding:qwen-coder', 'xcoding:y'].map((name) =>
        short(declared.decide(name) as Decision),
      );
    const expected = [
      'local declared',
      'refused unregistered',
      'refused unregistered',
      'local declared',
      'refused unregistered',
    ];
    expect(ask()).toEqual(expected);
    expect(ask()).toEqual(expected);
  });

  test("the host's own RegExp is left as it was", () => {
    const pattern = /bot:/g;
    withOptions({ localModels: pattern }).explain('my-bot:prod');
    expect(pattern.lastIndex).toBe(0);
  });

  test('a whole name may be like a prefix, a pattern cannot take in slips', () => {
    expect(short(withOptions({ localModels: ['opena:x'] }).explain('opena:x'))).toBe('local declared');
    const broad = withOptions({ localModels: /./ });
    expect(
      ['opena:x', 'OpenAI:x', 'openai：x', 'openai:x', 'foo:x'].map((name) => short(broad.explain(name))),
    ).toEqual(['refused near_miss', 'refused case', 'refused fullwidth', 'cloud openai x', 'local declared']);
  });

  test('a function is asked last, once and with the whole name', () => {
    const asked: string[] = [];
    const declared = withOptions({
      localModels: (model) => {
        asked.push(model);
        return model === 'my-bot:prod';
      },
    });
    const all = [
      'my-bot:prod',
      'your-bot:prod',
      'gpt-oss:20b',
      'gpt-4o',
      'openai:x',
      'OpenAI:x',
      'opneai:x',
      'openai:',
    ];
    expect(all.map((name) => short(declared.decide(name) as Decision))).toEqual([
      'local declared',
      'refused unregistered',
      'local tag',
      'local no_colon',
      'cloud openai x',
      'refused case',
      'refused near_miss',
      'refused empty',
    ]);
    expect(asked).toEqual(['my-bot:prod', 'your-bot:prod']);
    expect(short(declared.explain('my-bot:prod'))).toBe('local declared');
  });

  test('an asynchronous function makes a promise, only where it is asked', async () => {
    const declared = withOptions({ localModels: async (model) => Promise.resolve(model === 'my-bot:prod') });
    const answers = [declared.decide('my-bot:prod'), declared.decide('your-bot:prod')] as const;
    expect(answers.map((answer) => answer instanceof Promise)).toEqual([true, true]);
    expect([short(await answers[0]), short(await answers[1])]).toEqual([
      'local declared',
      'refused unregistered',
    ]);
    expect(declared.decide('gpt-oss:20b')).toEqual({ kind: 'local', reason: 'tag' });
  });

  test.each([
    ['async', (asked: string[]) => async (model: string) => Promise.resolve(asked.push(model) > 0)],
    ['promising', (asked: string[]) => (model: string) => Promise.reject<boolean>(asked.push(model))],
  ])('explain does not wait for an %s function and says so', (_, localModels) => {
    const declared = withOptions({ localModels: localModels([]) });
    const plain = rule.explain('my-bot:prod');
    expect(declared.explain('my-bot:prod')).toEqual({ ...plain, asksLocalModels: true });
    expect(declared.explain('gpt-oss:20b')).toEqual({ kind: 'local', reason: 'tag' });
  });

  test('explain asks no async function', () => {
    const asked: string[] = [];
    const declared = withOptions({ localModels: async (model) => Promise.resolve(asked.push(model) > 0) });
    declared.explain('my-bot:prod');
    expect(asked).toEqual([]);
  });

  const failure = new Error('database gone');
  test.each([
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', async () => Promise.reject(failure)],
  ])('a function that %s makes nothing local: 400', async (_, localModels) => {
    const decision = refused(await withOptions({ localModels }).decide('my-bot:prod'));
    expect(decision).toEqual({
      kind: 'refused',
      code: 'unknown_prefix',
      reason: 'local_models_failed',
      word: 'my-bot',
      message: 'Unknown cloud provider prefix: my-bot:',
      hint:
        "Whether it is a local model is not known: the server's localModels function failed. " +
        'Registered prefixes: openai:, google:, anthropic:.',
      cause: failure,
    });
    const error = toRouterError(decision);
    expect([error.status, error.cause, JSON.stringify(error.toBody()).includes('database')]).toEqual([
      400,
      failure,
      false,
    ]);
  });

  test('whatever a function gives, nothing goes to a cloud', async () => {
    const odd: unknown[] = [
      undefined,
      null,
      0,
      '',
      'openai',
      1,
      {},
      { kind: 'cloud' },
      Promise.resolve('openai'),
    ];
    for (const answer of odd) {
      const declared = withOptions({ localModels: () => answer as boolean });
      const decision = await declared.decide('my-bot:prod');
      const isLocal = Boolean(await answer);
      expect(short(decision)).toBe(isLocal ? 'local declared' : 'refused unregistered');
    }
  });
});

describe('tags', () => {
  test.each([
    'e4b',
    'e12b',
    'f16',
    'bf16',
    'q4_0',
    'iq2_xs',
    'fp8',
    'mlx',
    'v1.5',
    'l12',
    '20b',
    'XS',
    'small-h',
  ])('%s is one', (tag) => {
    expect(rule.decide(`word:${tag}`)).toEqual({ kind: 'local', reason: 'tag' });
  });

  test.each(['eb', 'cf16', 'mlq', 'vb', '', 'q', 'small-x', 'xsm', 'a/x'])('%p is none', (tag) => {
    expect(refused(rule.decide(`word:${tag}`) as Decision)).toMatchObject({ reason: 'unregistered' });
  });
});

describe('localTags', () => {
  test('words are added to the tags, with or without a size', () => {
    const more = withOptions({ localTags: ['prod', 'canary.2'] });
    const all = [
      'a:prod',
      'a:PROD-8b',
      'a:canary.2',
      'a:canaryx2',
      'a:production',
      'a:latest',
      'opneai:prod',
    ];
    expect(all.map((name) => short(more.explain(name)))).toEqual([
      'local tag',
      'local tag',
      'local tag',
      'refused unregistered',
      'refused unregistered',
      'local tag',
      'refused near_miss',
    ]);
  });

  test('or a pattern of tags', () => {
    const more = withOptions({ localTags: /^team-[a-z]+$/gy });
    const all = ['a:team-red', 'a:team-red', 'a:team-7x', 'a:latest'];
    expect(all.map((name) => short(more.explain(name)))).toEqual([
      'local tag',
      'local tag',
      'refused unregistered',
      'local tag',
    ]);
  });
});

describe('wrong options', () => {
  const give = (options: object): ModelRuleOptions => ({ prefixes: PREFIXES, ...options });
  test.each([
    [{ prefixes: ['OpenAI'] }, "without the colon; got 'OpenAI'. Did you mean 'openai'?"],
    [{ prefixes: ['openai:'] }, "without the colon; got 'openai:'. Did you mean 'openai'?"],
    [{ prefixes: [' openai '] }, "without the colon; got ' openai '. Did you mean 'openai'?"],
    [{ prefixes: ['日本'] }, "without the colon; got '日本'."],
    [{ prefixes: [''] }, "without the colon; got ''."],
    [{ prefixes: [7] }, 'without the colon; got 7.'],
    [{ prefixes: ['openai', 'openai'] }, "The prefix 'openai' is registered twice."],
    [
      { unknownPrefix: 'tag' },
      "unknownPrefix is 'tags', 'strict' or 'local'; got 'tag'. Did you mean 'tags'?",
    ],
    [{ unknownPrefix: 'LOCAL' }, "got 'LOCAL'. Did you mean 'local'?"],
    [{ unknownPrefix: ' strcit' }, "got ' strcit'. Did you mean 'strict'?"],
    [{ unknownPrefix: 'maybe' }, "unknownPrefix is 'tags', 'strict' or 'local'; got 'maybe'."],
    [{ unknownPrefix: true }, "unknownPrefix is 'tags', 'strict' or 'local'; got true."],
    [{ localModels: 'my-bot:prod' }, "or a function; got 'my-bot:prod'. Did you mean ['my-bot:prod']?"],
    [{ localModels: new Set(['a:b']) }, "or a function; got Set(1) { 'a:b' }."],
    [{ localModels: null }, 'or a function; got null.'],
    [{ localModels: ['a:b', 1] }, 'localModels lists strings and RegExps; got 1.'],
    [{ localModels: ['openai:x'] }, "'openai:x' begins with the registered prefix 'openai:'"],
    [{ localModels: ['openai:'] }, "'openai:' begins with the registered prefix 'openai:'"],
    [{ localModels: ['a:b', ' Google:x'] }, "' Google:x' begins with the registered prefix 'google:'"],
    [{ localModels: ['openai：x'], unknownPrefix: 'local' }, "begins with the registered prefix 'openai:'"],
    [{ localTags: 'prod' }, "localTags is a list of words or a RegExp; got 'prod'. Did you mean ['prod']?"],
    [{ localTags: ['a:prod'] }, "without the colon; got 'a:prod'. Did you mean 'prod'?"],
    [{ localTags: ['.*'] }, "without the colon; got '.*'."],
    [{ localTags: [''] }, "without the colon; got ''."],
    [{ localTags: [1] }, 'without the colon; got 1.'],
    [{ localTags: {} }, 'localTags is a list of words or a RegExp; got {}.'],
  ])('%p', (options, sentence) => {
    const create = (): unknown => createModelRule(give(options));
    expect(create).toThrow(TypeError);
    expect(create).toThrow(sentence);
  });

  const PREFIX = 'A prefix is a lower-case word of a-z, 0-9, _ and -, without the colon; got ';
  const MODES = "unknownPrefix is 'tags', 'strict' or 'local'; got ";
  const LOCAL = 'localModels is a list of names and RegExps, one RegExp, or a function; got ';
  const TAG = "localTags lists words of letters, digits, '_', '.' and '-', without the colon; got ";

  test.each([
    [{ prefixes: ['1openai'] }, `${PREFIX}'1openai'.`],
    [{ prefixes: ['openai!'] }, `${PREFIX}'openai!'.`],
    [{ prefixes: ['a:b'] }, `${PREFIX}'a:b'.`],
    [{ prefixes: [['openai']] }, `${PREFIX}[ 'openai' ]. Did you mean 'openai'?`],
    [{ prefixes: ['日本'] }, `${PREFIX}'日本'.`],
    [{ unknownPrefix: true }, `${MODES}true.`],
    [{ unknownPrefix: 'maybe' }, `${MODES}'maybe'.`],
    [{ unknownPrefix: { mode: { is: 'local' } } }, `${MODES}{ mode: [Object] }.`],
    [{ localModels: 7 }, `${LOCAL}7.`],
    [
      { localModels: { name: 'x'.repeat(100) } },
      `${LOCAL}{ name: '${'x'.repeat(80)}'... 20 more characters }.`,
    ],
    [{ localTags: ['my tag'] }, `${TAG}'my tag'.`],
    [{ localTags: ['.tag'] }, `${TAG}'.tag'.`],
    [{ localTags: ['a: prod '] }, `${TAG}'a: prod '. Did you mean 'prod'?`],
    [{ localTags: [['prod']] }, `${TAG}[ 'prod' ].`],
    [{ localTags: 5 }, 'localTags is a list of words or a RegExp; got 5.'],
    [
      { localModels: ['openai:x'] },
      "localModels: 'openai:x' begins with the registered prefix 'openai:', and a cloud's prefix always wins. " +
        'Give the local model another name, or leave out the provider.',
    ],
  ])('the whole sentence for %p', (options, sentence) => {
    const create = (): unknown => createModelRule(give(options as object));
    expect(create).toThrow(new TypeError(sentence));
  });

  test.each([
    [[]],
    [['']],
    [['openai']],
    [['openaix']],
    [['my-bot:prod', 'gpt-4o']],
    [['opena:x']],
    [[/^openai:/]],
  ])('localModels %p is allowed', (localModels) => {
    expect(withOptions({ localModels }).warnings).toEqual([]);
  });
});

describe('warnings', () => {
  test('there are none for the usual clouds', () => {
    expect(rule.warnings).toEqual([]);
    expect(createModelRule({ prefixes: ['azure', 'groq', 'xai', 'cohere', 'openrouter'] }).warnings).toEqual(
      [],
    );
  });

  test('a prefix that is the name of a local model is named', () => {
    expect(createModelRule({ prefixes: ['openai', 'mistral'] }).warnings).toEqual([
      "The prefix 'mistral' hides local models of that name: 'mistral:latest' and every other 'mistral:<tag>' now go " +
        "to the cloud. 'mistral' without a colon stays local.",
    ]);
    expect(createModelRule({ prefixes: ['qwen', 'phi', 'deepseek'] }).warnings).toHaveLength(2);
  });

  test('a local model whose name is near such a prefix stays local', () => {
    const near = createModelRule({ prefixes: ['mistral', 'qwen', 'llama'] });
    const all = [
      'mixtral:8x7b',
      'ministral-3:8b',
      'qwen3:8b',
      'qwen2:7b',
      'llava:7b',
      'Llama3:8b',
      'mistrel:x',
      'llamas:x',
    ];
    expect(all.map((name) => short(near.explain(name)))).toEqual([
      'local tag',
      'local digit',
      'local digit',
      'local digit',
      'local tag',
      'local digit',
      'refused near_miss',
      'refused near_miss',
    ]);
  });

  test('an option with an effect is not', () => {
    expect(withOptions({ localTags: ['prod'], localModels: ['a:b'] }).warnings).toEqual([]);
    expect(withOptions({ unknownPrefix: 'strict', localModels: ['a:b'] }).warnings).toEqual([]);
    expect(withOptions({ unknownPrefix: 'local' }).warnings).toEqual([]);
  });

  test('an option without effect is named', () => {
    expect(withOptions({ unknownPrefix: 'strict', localTags: ['prod'] }).warnings).toEqual([
      "localTags has no effect with unknownPrefix 'strict'.",
    ]);
    expect(withOptions({ unknownPrefix: 'local', localTags: /x/, localModels: [] }).warnings).toEqual([
      "localTags has no effect with unknownPrefix 'local'.",
      "localModels has no effect with unknownPrefix 'local'.",
    ]);
  });
});
