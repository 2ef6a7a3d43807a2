import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { buildPage } from '../../config/build-dashboard.mjs';
import { en } from '../../lib/dashboard/page/text/en.ts';
import { ja } from '../../lib/dashboard/page/text/ja.ts';
import {
  findViolations,
  launch,
  logInAt,
  visit,
  waitUntil,
  whyNoBrowser,
  type Visit,
  type VisitOptions,
} from './support/browser.ts';
import { ACCOUNT, startDashboard, type DashboardHost } from './support/host.ts';

jest.setTimeout(120_000);

/** The overview with its calls and its clouds, which come by requests of their own. */
const FULL_OVERVIEW = '.page:has(.legend li):has(.calls tbody tr)';

describe('the bundle', () => {
  let files: { readonly [name: string]: string };
  beforeAll(async () => {
    files = await buildPage();
  });

  test('is one page, one log-in and their assets, each with a hash in its name', () => {
    expect(Object.keys(files).map((name) => name.replace(/-[A-Z0-9]{8}\./, '-HASH.'))).toEqual([
      'boot-HASH.js',
      'login-HASH.js',
      'app-HASH.js',
      'style-HASH.css',
      'favicon-HASH.svg',
      'index.html',
      'login.html',
    ]);
  });

  test('is at most 150 KB, zipped', () => {
    const bytes = Object.values(files).reduce((sum, text) => sum + gzipSync(text).length, 0);
    expect(bytes).toBeLessThanOrEqual(150_000);
  });

  test.each(['index.html', 'login.html'])(
    '%s has no inline code and names only files of the bundle',
    (name) => {
      const html = files[name] ?? '';
      const inline = [/<script(?![^>]* src=)/, /<style/, /\sstyle=/, /\son\w+=/, /javascript:/].filter(
        (code) => code.test(html),
      );
      const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) =>
        link?.replace('assets/', ''),
      );
      expect([inline, links.filter((link) => link === undefined || !Object.hasOwn(files, link))]).toEqual([
        [],
        [],
      ]);
      expect(links).toHaveLength(4);
    },
  );

  test('evaluates no text as code and brings nothing from elsewhere', () => {
    const code = Object.entries(files).filter(([name]) => /\.(js|css)$/.test(name));
    const hits = code.filter(([, text]) =>
      /\beval\(|new Function|@import|url\(\s*["']?(https?:)?\/\//.test(text),
    );
    expect(hits.map(([name]) => name)).toEqual([]);
  });

  test('says the same things in both languages, with the same figures in them', () => {
    const slots = (text: string): string => [...new Set(text.match(/\{\w+\}/g))].sort().join();
    const different = Object.entries(en).filter(
      ([key, text]) => slots(text) !== slots(ja[key as keyof typeof en]),
    );
    expect(different).toEqual([]);
  });

  test("keeps the quick start's words", () => {
    const { settings, cloudProviders, configured, notConfigured } = en;
    expect([settings, cloudProviders, configured, notConfigured]).toEqual([
      'Settings',
      'Cloud Providers',
      'Configured',
      'Not configured',
    ]);
    expect([ja.settings, ja.cloudProviders, ja.configured, ja.notConfigured]).toEqual([
      'Settings',
      'Cloud Providers',
      '設定済み',
      '未設定',
    ]);
  });
});

if (whyNoBrowser === undefined) {
  describe('in a browser', () => {
    let browser: Browser;
    let host: DashboardHost;
    let visits: Visit[] = [];
    beforeAll(async () => {
      browser = await launch();
    });
    beforeEach(async () => {
      host = await startDashboard();
    });
    afterEach(async () => {
      await Promise.all(visits.map(({ context }) => context.close()));
      await host.close();
      const troubles = visits.flatMap((one) => one.troubles);
      visits = [];
      if (troubles.length > 0) throw new Error(`The page had troubles: ${troubles.join('; ')}`);
    });
    afterAll(() => browser.close());

    const open = async (options?: VisitOptions): Promise<Page> => {
      const opened = await visit(browser, host.url, options);
      visits.push(opened);
      return opened.page;
    };
    /** An operator who is in. @param route Behind the hash. */
    const enter = async (route: string, options?: VisitOptions): Promise<Page> => {
      const page = await open(options);
      await page.request.post(`${host.url}/login`, { data: ACCOUNT });
      await page.goto(`${host.url}/#/${route}`);
      await page.locator('h1').waitFor();
      return page;
    };

    test("the quick start's three steps show each cloud in its state", async () => {
      const page = await open({ locale: 'ja-JP' });
      await logInAt(page, host.url);
      await page.getByText('Settings').click();
      await page.getByText('Cloud Providers').click();
      const cards = page.locator('.card.cloud');
      await cards.nth(2).waitFor();
      const shown = await Promise.all(
        (await cards.all()).map(async (card) => [
          await card.locator('h2').textContent(),
          await card.locator('.badge').textContent(),
        ]),
      );
      expect(shown).toEqual([
        ['OpenAI', '設定済み'],
        ['Google', '未設定'],
        ['Anthropic', '設定済み'],
      ]);
      expect(await page.title()).toBe('Cloud Providers · Settings · llm-prefix-router');
    });

    test('a wrong password is said, and the right one leads to where one wanted to go', async () => {
      const page = await open();
      await page.goto(`${host.url}/#/models`);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').getByText('Please enter a user name and a password.').waitFor();
      await page.getByLabel('User name').fill('admin');
      await page.getByLabel('Password').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('Wrong user name or password.').waitFor();
      await page.getByLabel('Password').fill('test');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Models' }).waitFor();
      expect(page.url()).toBe(`${host.url}/#/models`);
    });

    test('too many attempts are said with the time to wait', async () => {
      const page = await open({ locale: 'ja-JP' });
      for (let attempt = 0; attempt < 10; attempt += 1)
        await page.request.post(`${host.url}/login`, { data: { username: 'admin', password: 'guess' } });
      await page.goto(host.url);
      await page.getByLabel('ユーザー名').fill('admin');
      await page.getByLabel('パスワード').fill('test');
      await page.keyboard.press('Enter');
      await page
        .getByRole('alert')
        .getByText('失敗が続いたため制限されています。15 分後にお試しください。')
        .waitFor();
      expect(await page.getByRole('button', { name: 'ログイン' }).isEnabled()).toBe(true);
    });

    test('logging out ends the session, also for the back button', async () => {
      const page = await enter('overview');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('button', { name: 'Log in' }).waitFor();
      await page.goBack();
      await page.getByRole('button', { name: 'Log in' }).waitFor();
      expect((await page.request.get(`${host.url}/api/status`)).status()).toBe(401);
    });

    test('a session that has ended leads to the log-in, and from there back', async () => {
      const page = await enter('overview');
      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByText('OpenAI').first().waitFor();
      await page.context().clearCookies();
      await page.getByText('Your session has ended. Please log in again.').waitFor();
      await page.getByLabel('User name').fill('admin');
      await page.getByLabel('Password').fill('test');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      expect(page.url()).toBe(`${host.url}/#/settings`);
    });

    test('the language is the browser’s until another is chosen, and then that one', async () => {
      const page = await enter('overview', { locale: 'ja' });
      expect(await page.locator('h1').textContent()).toBe('概要');
      expect(await page.evaluate('document.documentElement.lang')).toBe('ja');
      await page.getByRole('button', { name: 'English' }).click();
      expect(await page.locator('h1').textContent()).toBe('Overview');
      await page.reload();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      expect(await page.evaluate('document.documentElement.lang')).toBe('en');
    });

    test.each([
      ['a dark', true, '#0e1217', 'Switch to the light theme', '#f4f6f9'],
      ['a light', false, '#f4f6f9', 'Switch to the dark theme', '#0e1217'],
    ])(
      'the theme is that of %s system until another is chosen, and then that one',
      async (_, dark, first, label, second) => {
        const page = await enter('overview', { dark });
        const ground = (): Promise<unknown> =>
          page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground')");
        expect(await ground()).toBe(first);
        await page.getByRole('button', { name: label }).click();
        expect(await ground()).toBe(second);
        await page.reload();
        await page.locator('h1').waitFor();
        expect(await ground()).toBe(second);
      },
    );

    test('what is dark on the screen is light on paper, the charts too, and dark again afterwards', async () => {
      const page = await enter('models', { dark: true });
      // Listens before the page does: what was drawn for the paper is known before the page draws for the screen again.
      await page.addInitScript(`
        let drawn = new Set();
        for (const name of ['fill', 'fillText']) {
          const draw = CanvasRenderingContext2D.prototype[name];
          CanvasRenderingContext2D.prototype[name] = function (...what) {
            drawn.add(this.fillStyle);
            draw.apply(this, what);
          };
        }
        self.look = () => [getComputedStyle(document.documentElement).backgroundColor, ...[...drawn].sort()];
        addEventListener('beforeprint', () => drawn = new Set(), true);
        addEventListener('afterprint', () => {
          self.onPaper = look();
          drawn = new Set();
        }, true);`);
      await page.goto(`${host.url}/#/overview`);
      await page.reload();
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.locator(FULL_OVERVIEW).waitFor();
      await page.pdf();
      expect(await page.evaluate('[self.onPaper, look()]')).toEqual([
        ['rgb(244, 246, 249)', '#008f68', '#2f74d0', '#566273', '#cf5b16'],
        ['rgb(14, 18, 23)', '#2cc295', '#6cb1f0', '#98a5b5', '#f2935a'],
      ]);
    });

    test('a call is counted while it is open and listed when it has ended, without a click', async () => {
      const page = await enter('overview');
      const inFlight = page.locator('.tile', { hasText: 'In flight' }).locator('.figure');
      await inFlight.getByText('0', { exact: true }).waitFor();
      const end = host.router.begin('anthropic');
      await inFlight.getByText('1', { exact: true }).waitFor();
      end({ model: 'claude-live', stream: true, status: 200 });
      await inFlight.getByText('0', { exact: true }).waitFor();
      const cells = await page.locator('.calls tbody tr').first().locator('td').allInnerTexts();
      expect(cells.slice(1).map((text) => text.replace(/\s+/g, ' ').trim())).toEqual([
        'Anthropic',
        'claude-live Streamed',
        'chat/completions',
        '200 OK',
        expect.stringMatching(/^[\d.]+m?s$/),
        '–',
        'unknown',
        'unknown',
      ]);
    });

    test('where no call’s tokens are known the totals are unknown, not 0', async () => {
      await host.close();
      host = await startDashboard({ days: 0 });
      const page = await enter('overview');
      const tile = (name: string): Promise<string> =>
        page.locator('.tile', { hasText: name }).locator('.figure').innerText();
      await page.getByText('No calls yet').waitFor();
      expect([await tile('Tokens'), await tile('Cost')]).toEqual(['0', '$0.00']);
      host.router.begin('openai')({ model: 'gpt-4.1' });
      await page.locator('.calls tbody tr').waitFor();
      expect([await tile('Tokens'), await tile('Cost')]).toEqual(['unknown', 'unknown']);
      expect(await page.locator('.plot').nth(3).getAttribute('aria-label')).toBe(
        'Tokens, Last 60 minutes: OpenAI unknown',
      );
    });

    test('the window switches from the hour to the day and the month', async () => {
      const page = await enter('overview');
      const label = page.locator('.plot').first();
      const labels = [];
      for (const [name, text] of [
        ['Hour', 'Last 60 minutes'],
        ['Day', 'Last 24 hours'],
        ['Month', 'Last 30 days'],
      ] as const) {
        await page.getByRole('button', { name, exact: true }).click();
        await page.locator(`.plot[aria-label^="Requests, ${text}"]`).waitFor();
        labels.push(await label.getAttribute('aria-label'));
      }
      const requests = labels.map((text) =>
        Number(/OpenAI ([\d,]+)/.exec(text ?? '')?.[1]?.replaceAll(',', '')),
      );
      expect(requests.map((count, index) => count >= (requests[index - 1] ?? 1))).toEqual([true, true, true]);
    });

    test.each([
      ['no calls', 0, {}],
      ['tiny values', 0, { totalMs: 1, costUsd: 0.000_04 }],
      ['a busy day', 1, {}],
    ])('no two marks on the axis of a chart read the same, with %s', async (_, days, call) => {
      await host.close();
      host = await startDashboard({ days });
      if ('totalMs' in call) host.router.begin('openai')(call);
      const page = await enter('models');
      // What stands on each canvas since it was cleared.
      await page.addInitScript(`
        self.written = new Map();
        const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.clearRect = function (...box) {
          written.set(this.canvas, []);
          clearRect.apply(this, box);
        };
        CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
          written.get(this.canvas).push(text);
          fillText.call(this, text, ...place);
        };`);
      await page.goto(`${host.url}/#/overview`);
      await page.reload();
      await waitUntil(page, '[...written.values()].filter((texts) => texts.length > 2).length === 6');
      const texts = (await page.evaluate('[...written.values()]')) as string[][];
      expect(texts.map((marks) => marks.filter((mark, at) => marks.indexOf(mark) !== at))).toEqual(
        Array(6).fill([]),
      );
    });

    test('the list of calls is filtered by words, cloud and errors', async () => {
      const end = host.router.begin('openai');
      end({ model: 'needle', status: 429, errorCode: 'rate_limited' });
      const page = await enter('overview');
      const rows = page.locator('.calls tbody tr');
      await rows.nth(5).waitFor();
      await page.getByRole('searchbox').fill('openai: NEEDLE 429');
      await page.getByText('1 of 200').waitFor();
      expect(await rows.count()).toBe(1);
      await page.getByRole('searchbox').fill('');
      await page.getByLabel('Cloud', { exact: true }).selectOption('anthropic');
      await page.getByLabel('Errors only').check();
      await waitUntil(
        page,
        `[...document.querySelectorAll('.calls tbody tr')].every((row) => row.innerText.includes('Anthropic'))`,
      );
      await page.getByRole('searchbox').fill('nothing like this');
      await page.getByText('No call matches the filter.').waitFor();
      await page.getByRole('button', { name: 'Clear the filter' }).click();
      expect(await rows.count()).toBe(20);
      await page.getByRole('button', { name: 'Show 60 more' }).click();
      expect(await rows.count()).toBe(80);
    });

    test('one call shows all that is known of it, by keyboard alone', async () => {
      const end = host.router.begin('anthropic');
      end({
        model: 'claude-sonnet-4-5',
        billedModel: 'claude-sonnet-4-5-20260929',
        status: 200,
        firstByteMs: 250,
        totalMs: 1000,
        usage: {
          prompt_tokens: 1200,
          completion_tokens: 34,
          total_tokens: 1234,
          prompt_tokens_details: { cached_tokens: 1000 },
        },
        dropped: ['seed', 'logit_bias'],
        requestId: 'req_42',
      });
      const page = await enter('overview');
      const name = page.locator('.calls button.link').first();
      await name.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'claude-sonnet-4-5' });
      await dialog.waitFor();
      const facts = await dialog.locator('.fact').allInnerTexts();
      expect(
        facts.map((fact) => fact.trim().split(/\s*\n\s*/)).filter(([term]) => term !== 'Started'),
      ).toEqual([
        ['To the first byte', '250ms'],
        ['From there to the end', '750ms'],
        ['Total', '1s'],
        ['Endpoint', 'chat/completions'],
        ['Model asked for', 'anthropic:claude-sonnet-4-5'],
        ['Model billed', 'claude-sonnet-4-5-20260929'],
        ['HTTP status', '200'],
        ['Error code', 'none'],
        ['Streamed', 'no'],
        ['Bytes sent to the client', '0'],
        ['Fields the cloud has no word for', 'seed, logit_bias'],
        ['Request id of the cloud', 'req_42'],
        ['Prompt tokens', '1,200'],
        ['of these cached', '1,000'],
        ['Completion tokens', '34'],
        ['Cost (estimate)', 'unknown'],
      ]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await page.evaluate('document.activeElement.textContent')).toBe('claude-sonnet-4-5');
    });

    test('the figures stay while the server is away, and go on when it is back', async () => {
      const page = await enter('overview');
      await page.locator('.calls tbody tr').first().waitFor();
      await page.route('**/api/usage*', (route) => route.abort());
      await page.getByText(/^The server does not answer\./).waitFor();
      expect(await page.locator('.calls tbody tr').count()).toBe(20);
      await page.unroute('**/api/usage*');
      await page.getByText(/^The server does not answer\./).waitFor({ state: 'detached' });
    });

    test('a page whose figures do not come offers another try', async () => {
      const page = await enter('models');
      await page.route('**/api/models', (route) => route.fulfill({ status: 500, body: 'broken' }));
      await page.reload();
      await page.getByRole('alert').getByText('This could not be loaded. HTTP 500').waitFor();
      await page.unroute('**/api/models');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('9 models').waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
    });

    test('models are searched, copied with a word of it, and tried', async () => {
      const page = await enter('models');
      await page.getByText('9 models').waitFor();
      await page.getByRole('searchbox').fill('SONNET');
      await page.getByText('1 model', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Copy anthropic:claude-sonnet-4-5' }).click();
      await page.getByRole('status').getByText('Copied: anthropic:claude-sonnet-4-5').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('anthropic:claude-sonnet-4-5');
      await page.getByRole('searchbox').fill('');
      await page.getByRole('button', { name: 'Local' }).click();
      await page.getByText('2 models').waitFor();
      await page.getByRole('link', { name: 'Try qwen3:8b in the playground' }).click();
      expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('qwen3:8b');
    });

    test('the playground shows an answer word by word, and Stop ends it at the server too', async () => {
      const page = await enter('playground');
      await page.getByLabel('Model', { exact: true }).fill('openai:slow');
      await page.getByLabel('System message').fill('Be brief.');
      await page.getByLabel('Message', { exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      await page.getByText('Waiting for the first token…').waitFor();
      host.playground.say('One ');
      await page.locator('.turn.assistant .text').getByText('One').waitFor();
      host.playground.say('two');
      await page.locator('.turn.assistant .text').getByText('One two').waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByText(/^Stopped · first token/).waitFor();
      await page.getByRole('button', { name: 'Send' }).waitFor();
      expect(host.playground.received).toEqual([
        {
          model: 'openai:slow',
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'Hello' },
          ],
          stream: true,
          stream_options: { include_usage: true },
        },
      ]);
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.locator('.calls tbody tr').first().getByText('Client left').waitFor();
      expect(host.playground.left).toBe(1);
    });

    test('the playground goes on with what was said, shows the tokens and remembers the model', async () => {
      const page = await enter('playground?model=anthropic%3Aclaude-sonnet-4-5');
      await page.getByRole('button', { name: 'Write a haiku about programming.' }).click();
      await page.getByText(/15 → 42 tokens$/).waitFor();
      const answer = await page.locator('.turn.assistant .text').innerText();
      await page.getByLabel('Message', { exact: true }).fill('Once more');
      await page.getByRole('button', { name: 'Send' }).click();
      await page
        .getByText(/15 → 42 tokens$/)
        .nth(1)
        .waitFor();
      expect((host.playground.received[1] as { messages: unknown }).messages).toEqual([
        { role: 'user', content: 'Write a haiku about programming.' },
        { role: 'assistant', content: answer },
        { role: 'user', content: 'Once more' },
      ]);
      await page.getByRole('button', { name: 'New conversation' }).click();
      expect(await page.locator('.turn').count()).toBe(0);
      await page.goto(`${host.url}/#/playground`);
      await page.reload();
      expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe(
        'anthropic:claude-sonnet-4-5',
      );
    });

    test.each([
      [
        'google:gemini-2.5-pro',
        [
          'This cloud has no API key yet 401 api_key_missing',
          'Google API key not configured',
          'Set GOOGLE_API_KEY and start the server again.',
        ],
      ],
      [
        'openai:limited',
        [
          'Rate limit exceeded 429 rate_limited',
          'Rate limit exceeded. Please retry after 60 seconds.',
          'Try again in 60 seconds.',
          'From the cloud: 429 · rate_limit_exceeded · req_1',
        ],
      ],
      [
        'openai:breaks',
        ['The stream was interrupted stream_interrupted', 'Anthropic ended the stream before its end.'],
      ],
    ])('the playground says what went wrong with %s', async (model, lines) => {
      const page = await enter('playground');
      await page.getByLabel('Model', { exact: true }).fill(model);
      await page.getByLabel('Message', { exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      const text = await page.getByRole('alert').innerText();
      expect(text.split('\n').filter((line) => line.trim() !== '')).toEqual(lines);
    });

    test.each([
      [
        'en-US',
        [
          'This server itself asks for a client’s key 401 invalid_api_key',
          'Missing or invalid API key',
          'The playground sends none: being logged in here is enough. Give createDashboard as playground what stands behind the key check: a Router with the same handlers, without the check.',
        ],
      ],
      [
        'ja-JP',
        [
          'このサーバー自身がクライアントのキーを求めています 401 invalid_api_key',
          'Missing or invalid API key',
          'プレイグラウンドはキーを送りません（ここへのログインで認証は済んでいます）。createDashboard の playground には、キーの検査を通らないもの（同じハンドラーを載せ、検査を含まない Router）を渡してください。',
        ],
      ],
    ])(
      'where the host asks the playground for a key, the page says how to mount it (%s)',
      async (locale, lines) => {
        const page = await enter('playground?model=behind-a-key', { locale });
        await page.locator('textarea').fill('Hello');
        await page.keyboard.press('Enter');
        const text = await page.getByRole('alert').innerText();
        expect(text.split('\n').filter((line) => line.trim() !== '')).toEqual(lines);
      },
    );

    test('the Enter that ends a Japanese composition sends nothing', async () => {
      const page = await enter('playground', { locale: 'ja' });
      await page.getByLabel('モデル', { exact: true }).fill('openai:gpt-4.1');
      const message = page.getByLabel('メッセージ', { exact: true });
      await message.fill('こんにちは');
      await message.dispatchEvent('keydown', {
        key: 'Enter',
        isComposing: true,
        bubbles: true,
        cancelable: true,
      });
      expect([await message.inputValue(), await page.locator('.turn').count()]).toEqual(['こんにちは', 0]);
      await message.press('Enter');
      await page.locator('.turn-foot').waitFor();
      expect(await page.locator('.turn').count()).toBe(2);
    });

    test('settings show the health of real traffic, how to configure, and never a key', async () => {
      const { cloud_providers: clouds } = host.router.state;
      const at = new Date(Date.now() - 120_000).toISOString();
      const health = {
        last_success: at,
        last_error: { code: 'rate_limited', status: 429, at },
        retry_after_until: null,
      };
      host.router.state = {
        ...host.router.state,
        cloud_providers: { ...clouds, openai: { ...clouds['openai'], health } as never },
      };
      const page = await enter('settings/cloud-providers');
      const [openai, google] = [page.locator('.card.cloud').first(), page.locator('.card.cloud').nth(1)];
      expect(await openai.locator('.health').innerText()).toMatch(
        /^Last success 2 minutes ago\s+Last error 2 minutes ago rate_limited$/,
      );
      expect(await google.locator('.command code').allInnerTexts()).toEqual([
        'export GOOGLE_API_KEY="..."',
        'export GOOGLE_API_KEY_FILE="/run/secrets/google_api_key"',
        'export GOOGLE_API_BASE_URL="https://..."',
      ]);
      expect(
        await page.locator('.card.cloud').nth(2).getByText('No traffic since the start').isVisible(),
      ).toBe(true);
    });

    test('a cloud the page has never heard of is shown by its prefix', async () => {
      host.router.state = {
        ...host.router.state,
        cloud_providers: { mistral: { configured: true, base_url: 'https://api.mistral.example/v1' } },
      };
      host.router.begin('mistral')({ model: 'large' });
      const page = await enter('settings');
      expect(await page.locator('.card.cloud h2').innerText()).toBe('mistral');
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.locator('.calls tbody tr').first().getByText('mistral').waitFor();
    });

    test('the keyboard reaches the content first, and the focus follows to a new page', async () => {
      const page = await enter('overview');
      await page.reload();
      await page.locator('h1').waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      expect(page.url()).toBe(`${host.url}/#/overview`);
      // Read in the moment in which the new page stands in the document, before the browser shows it.
      await page.evaluate(`
        globalThis.focused = new Promise((resolve) => {
          new MutationObserver(() => {
            if (document.querySelector('h1').textContent === 'Models') resolve(document.activeElement.id);
          }).observe(document.body, { childList: true, subtree: true, characterData: true });
        });
        undefined`);
      await page.getByRole('link', { name: 'Models' }).press('Enter');
      expect(await page.evaluate('globalThis.focused')).toBe('main');
    });

    test('nothing moves while the overview fills and lives', async () => {
      const page = await enter('models');
      await page.addInitScript(
        `self.moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) self.moved += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });`,
      );
      await page.goto(`${host.url}/#/overview`);
      await page.reload();
      await page.locator('.calls tbody tr').first().waitFor();
      host.router.begin('openai');
      await page.locator('.tile.busy').waitFor();
      expect(await page.evaluate('self.moved')).toBe(0);
    });

    /** Every page, and what is there once it is filled. */
    /** By page, what is there when all has come that it asks for. */
    const ROUTES = new Map([
      ['overview', FULL_OVERVIEW],
      ['models', '.model-list li'],
      ['playground', '.examples'],
      ['settings/cloud-providers', '.card.cloud'],
      ['settings/general', '.card'],
    ]);
    const goTo = async (page: Page, route: string): Promise<void> => {
      await page.goto(`${host.url}/#/${route}`);
      await page
        .locator(ROUTES.get(route) ?? 'h1')
        .first()
        .waitFor();
    };

    test('every page fits a phone', async () => {
      const page = await enter('overview', { phone: true, locale: 'ja' });
      const tooWide: string[] = [];
      for (const route of ROUTES.keys()) {
        await goTo(page, route);
        if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) tooWide.push(route);
      }
      expect(tooWide).toEqual([]);
    });

    // 200 % zoom, a small window, and phones held sideways.
    test.each([
      [600, 400],
      [640, 480],
      [683, 330],
      [740, 360],
      [844, 390],
    ])(
      'at %i x %i the conversation keeps its height, and the keyboard finds Send in sight',
      async (width, height) => {
        const page = await enter('playground?model=openai%3Agpt-4.1');
        await page.setViewportSize({ width, height });
        await page.getByRole('button', { name: 'Write a haiku about programming.' }).click();
        await page.getByText(/15 → 42 tokens$/).waitFor();
        await page.getByLabel('Message', { exact: true }).fill('Once more');
        await page.keyboard.press('Tab');
        const seen = await page.evaluate(`({
        conversation: document.querySelector('.turns').clientHeight >= 160,
        focused: document.activeElement.textContent,
        onTop: (({ left, top, right, bottom }) =>
          [top + 1, bottom - 1].every((y) =>
            document.activeElement.contains(document.elementFromPoint((left + right) / 2, y))))(
          document.activeElement.getBoundingClientRect()),
      })`);
        expect(seen).toEqual({ conversation: true, focused: 'Send', onTop: true });
      },
    );

    test.each(['en', 'ja'])(
      'on a small phone both bars keep their height, and Send stands clear of them (%s)',
      async (locale) => {
        const page = await enter('playground', { locale });
        await page.setViewportSize({ width: 320, height: 640 });
        const seen = await page.evaluate(`(() => {
          const box = (selector) => document.querySelector(selector).getBoundingClientRect();
          return {
            above: Math.max(...[...document.querySelectorAll('.tools button')].map((part) => part.offsetHeight)) < 52,
            below: box('nav').height <= 58,
            clear: box('.chat').bottom <= box('nav').top,
            pageScrolls: document.documentElement.scrollWidth > innerWidth,
          };
        })()`);
        expect(seen).toEqual({ above: true, below: true, clear: true, pageScrolls: false });
      },
    );

    test('a long conversation scrolls in its box, not the page', async () => {
      const page = await enter('playground?model=openai%3Agpt-4.1');
      const pageHeight = (): Promise<unknown> => page.evaluate('document.documentElement.scrollHeight');
      const before = await pageHeight();
      for (let turn = 1; turn <= 4; turn += 1) {
        await page.getByLabel('Message', { exact: true }).fill('Once more');
        await page.keyboard.press('Enter');
        await page
          .getByText(/15 → 42 tokens$/)
          .nth(turn - 1)
          .waitFor();
      }
      const left = await page.evaluate(
        '(({ scrollHeight, scrollTop, clientHeight }) => [scrollHeight > clientHeight, scrollHeight - scrollTop - clientHeight])(document.querySelector(".turns"))',
      );
      expect([await pageHeight(), left]).toEqual([before, [true, 0]]);
    });

    test('on a small phone the suggestions start at their top, also in a new conversation', async () => {
      const page = await enter('playground?model=openai%3Agpt-4.1');
      await page.setViewportSize({ width: 320, height: 640 });
      const read = (): Promise<unknown> =>
        page.evaluate(
          '(({ scrollHeight, scrollTop, clientHeight }) => ({ higher: scrollHeight > clientHeight, scrollTop }))(document.querySelector(".turns"))',
        );
      await page.reload();
      await page.locator('.examples').waitFor();
      const first = await read();
      await page.getByRole('button', { name: 'Write a haiku about programming.' }).click();
      await page.getByText(/15 → 42 tokens$/).waitFor();
      const follows = await page.evaluate('document.querySelector(".turns").scrollTop > 0');
      await page.getByRole('button', { name: 'New conversation' }).click();
      await page.locator('.examples').waitFor();
      expect([first, follows, await read()]).toEqual([
        { higher: true, scrollTop: 0 },
        true,
        { higher: true, scrollTop: 0 },
      ]);
    });

    test('numbers and states are never cut: names give way first, then the tables scroll', async () => {
      const name = `ft:gpt-4.1:${'acme-'.repeat(20)}`;
      const call = {
        usage: { prompt_tokens: 1234, completion_tokens: 1234, total_tokens: 2468 },
        firstByteMs: 12_345,
        totalMs: 59_000,
        costUsd: 0.000_05,
      };
      host.router.begin('google')(call);
      host.router.begin('anthropic')({ ...call, status: 400, errorCode: 'context_length_exceeded' });
      host.router.begin('openai')({ ...call, model: name, stream: true });
      const page = await enter('overview');
      const link = page.locator('.calls .link').first();
      await link.getByText(name).waitFor();
      // The widest of the usual ones.
      await page.evaluate(`document.documentElement.style.fontFamily = 'Verdana, "DejaVu Sans"'`);
      const found = [];
      for (const width of [1440, 1200, 1024, 760, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        found.push(
          await page.evaluate(`({
            cut: [...document.querySelectorAll('.page :is(td, th):not(.model), .page td .badge span')]
              .filter((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0)
              .map((part) => part.innerText),
            pageScrolls: document.documentElement.scrollWidth > innerWidth,
            tablesScroll: innerWidth >= 1200 &&
              [...document.querySelectorAll('.table-box')].some((box) => box.scrollWidth > box.clientWidth),
          })`),
        );
      }
      expect(found).toEqual(Array(6).fill({ cut: [], pageScrolls: false, tablesScroll: false }));
      const given = await page.evaluate(`((name) =>
        [name.scrollWidth > name.clientWidth, getComputedStyle(name).textOverflow, name.title])(
        document.querySelector('.calls .link'))`);
      expect(given).toEqual([true, 'ellipsis', name]);
    });

    test('names of models are told apart by their ends, also on a small phone', async () => {
      const id = `openai:ft:gpt-4.1-mini:${'acme-'.repeat(8)}-1`;
      host.router.listed.push({ id, object: 'model', created: 0, owned_by: 'openai' });
      const page = await enter('models');
      await page.setViewportSize({ width: 320, height: 640 });
      await page.getByText(id).waitFor();
      const cut = await page.evaluate(
        `[...document.querySelectorAll('.model-id code')].filter((name) => name.scrollWidth > name.clientWidth).length`,
      );
      expect([cut, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([0, 320]);
    });

    test("no cloud's model is called a local one before the clouds are known", async () => {
      const page = await enter('playground');
      let release: (() => void) | undefined;
      const waiting = new Promise<void>((resolve) => (release = resolve));
      const asked = page.waitForRequest('**/api/status');
      await page.route('**/api/status', async (route) => {
        await waiting;
        await route.continue();
      });
      const listed = page.waitForResponse('**/api/models');
      await page.goto(`${host.url}/#/models`);
      await asked;
      await (await listed).finished();
      // Two frames: what the page makes of the list is drawn by then.
      const owners = (): Promise<string[]> =>
        page.evaluate(`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
          resolve([...new Set([...document.querySelectorAll('.owner')].map((owner) => owner.textContent))]))))`);
      expect(await owners()).toEqual([]);
      release?.();
      await page.locator('.model-list li').first().waitFor();
      expect(await owners()).toEqual(['Local', 'OpenAI', 'Google', 'Anthropic']);
    });

    test.each([
      ['light', false],
      ['dark', true],
    ])('where the system forces %s colours, clouds keep theirs and charts their ground', async (_, dark) => {
      const page = await enter('models', { dark });
      const grounds = (selector: string, pseudo = ''): Promise<string[]> =>
        page.evaluate(`[...document.querySelectorAll('${selector}')].map((part) =>
          getComputedStyle(part, '${pseudo}').backgroundColor)`);
      const look = async (): Promise<string[][]> => {
        await goTo(page, 'models');
        const marks = await grounds('.cloud-mark');
        await goTo(page, 'overview');
        return [marks, await grounds('.legend .cloud-name', '::before'), await grounds('.plot-space')];
      };
      const chosen = await look();
      await page.emulateMedia({ forcedColors: 'active' });
      expect(await look()).toEqual(chosen);
      expect(chosen.map((colours) => new Set(colours).size)).toEqual([4, 3, 1]);
    });

    test('what is chosen is seen where the system forces its colours', async () => {
      const page = await enter('overview');
      await page.emulateMedia({ forcedColors: 'active' });
      const chosen = [];
      for (const route of ['overview', 'settings/general']) {
        await goTo(page, route);
        chosen.push(
          await page.evaluate(`[...document.querySelectorAll('nav, .segments')].map((choices) => {
            // A forced ground keeps its transparency and nothing else of its own.
            const ground = (part) => getComputedStyle(part).backgroundColor.match(/\\d+/g).slice(0, 3).join();
            return [...choices.querySelectorAll('a, button')]
              .filter((choice) => ground(choice) !== ground(document.documentElement))
              .map((choice) => choice.textContent);
          })`),
        );
      }
      expect(chosen).toEqual([
        [['Overview'], ['Hour']],
        [['Settings'], ['General'], ['English'], ['System']],
      ]);
    });

    test.each([
      ['light', false],
      ['dark', true],
    ])('axe-core finds nothing against the %s theme', async (_, dark) => {
      const page = await open({ dark });
      await page.goto(host.url);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').getByText(/./).waitFor();
      const found = { login: await findViolations(page) } as Record<string, unknown>;
      await logInAt(page, host.url);
      for (const route of ROUTES.keys()) {
        await goTo(page, route);
        found[route] = await findViolations(page);
      }
      await page.goto(`${host.url}/#/overview`);
      await page.locator('.calls button.link').first().click();
      await page.getByRole('dialog').waitFor();
      found['dialog'] = await findViolations(page);
      await page.keyboard.press('Escape');
      await page.goto(`${host.url}/#/playground`);
      for (const model of ['openai:gpt-4.1', 'google:gemini-2.5-pro']) {
        await page.getByLabel('Model', { exact: true }).fill(model);
        await page.getByLabel('Message', { exact: true }).fill('Hello');
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Send' }).waitFor();
      }
      await page.getByRole('alert').waitFor();
      found['conversation'] = await findViolations(page);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
    });

    test('all of it works below a path too', async () => {
      await host.close();
      host = await startDashboard({ mount: '/ops/admin' });
      const page = await open();
      await logInAt(page, `${host.url}/ops/admin`);
      await page.getByRole('link', { name: 'Playground' }).click();
      await page.getByLabel('Model', { exact: true }).fill('openai:gpt-4.1');
      await page.getByLabel('Message', { exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      await page.getByText(/15 → 42 tokens$/).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('button', { name: 'Log in' }).waitFor();
      expect(page.url()).toBe(`${host.url}/ops/admin/login`);
    });
  });
} else {
  console.warn(whyNoBrowser);
}
