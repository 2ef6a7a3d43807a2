/**
 * Takes the README's pictures of the dashboard, over made-up traffic, with Debian's chromium:
 * `node config/screenshots.mjs [folder]`, by default into examples/screenshots/. `--all` adds the other pages, the
 * dark theme and a phone, for looking at them after a change.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const args = process.argv.slice(2);
const all = args.includes('--all');
const folder = args.find((arg) => !arg.startsWith('--')) ?? 'examples/screenshots';

const DESKTOP = { width: 1200, height: 866 };
const PHONE = { width: 390, height: 844 };

const { startDashboard, ACCOUNT } = await importHost();
const host = await startDashboard({ days: 30, wordMs: 12 });
host.router.begin('openai');
host.router.begin('openai');
host.router.begin('anthropic');
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
await mkdir(folder, { recursive: true });
try {
  for (const [lang, suffix] of [
    ['en', ''],
    ['ja', '.ja'],
  ]) {
    await picture(`overview${suffix}`, { lang, route: 'overview' });
    await picture(`settings${suffix}`, {
      lang,
      route: 'settings/cloud-providers',
      size: { width: 1200, height: 960 },
    });
    await picture(`playground${suffix}`, {
      lang,
      route: 'playground',
      act: chat,
      size: { width: 1200, height: 760 },
    });
  }
  if (all) await takeOthers();
} finally {
  await browser.close();
  await host.close();
}

async function takeOthers() {
  await picture('login', { lang: 'en', route: '', loggedIn: false, size: { width: 1000, height: 700 } });
  await picture('login.ja-dark', {
    lang: 'ja',
    route: '',
    loggedIn: false,
    dark: true,
    size: { width: 1000, height: 700 },
  });
  await picture('overview-dark', { lang: 'en', route: 'overview', dark: true, whole: true });
  await picture('overview-whole', { lang: 'en', route: 'overview', whole: true });
  await picture('overview-day', {
    lang: 'en',
    route: 'overview',
    act: (page) => page.getByRole('button', { name: 'Day' }).click(),
  });
  await picture('overview-month', {
    lang: 'ja',
    route: 'overview',
    dark: true,
    act: (page) => page.getByRole('button', { name: '1か月' }).click(),
  });
  await picture('overview-phone', { lang: 'ja', route: 'overview', size: PHONE, whole: true });
  await picture('call', {
    lang: 'en',
    route: 'overview',
    act: (page) => page.locator('.calls button.link').nth(3).click(),
  });
  await picture('call-dark', {
    lang: 'ja',
    route: 'overview',
    dark: true,
    act: (page) => page.locator('.calls button.link').nth(6).click(),
  });
  await picture('tooltip', {
    lang: 'en',
    route: 'overview',
    dark: true,
    act: (page) =>
      page
        .locator('.u-over')
        .nth(4)
        .hover({ position: { x: 90, y: 60 } }),
  });
  await picture('models', { lang: 'en', route: 'models', size: { width: 1200, height: 700 } });
  await picture('models-phone', { lang: 'ja', route: 'models', dark: true, size: PHONE });
  await picture('settings-dark', {
    lang: 'en',
    route: 'settings',
    dark: true,
    size: { width: 1200, height: 800 },
  });
  await picture('settings-phone', { lang: 'ja', route: 'settings', size: PHONE });
  await picture('general', { lang: 'en', route: 'settings/general', size: { width: 1200, height: 600 } });
  await picture('playground-dark', {
    lang: 'en',
    route: 'playground',
    dark: true,
    act: chat,
    size: { width: 1200, height: 760 },
  });
  await picture('playground-empty', { lang: 'ja', route: 'playground', size: { width: 1200, height: 760 } });
  await picture('playground-phone', { lang: 'ja', route: 'playground', act: chat, size: PHONE });
  await picture('playground-error', {
    lang: 'en',
    route: 'playground',
    act: (page) => ask(page, 'google:gemini-2.5-pro', 'Hello!'),
    size: { width: 1200, height: 760 },
  });
}

async function picture(
  name,
  { lang, route, act, dark = false, loggedIn = true, size = DESKTOP, whole = false },
) {
  const context = await browser.newContext({
    viewport: size,
    locale: lang === 'ja' ? 'ja-JP' : 'en-US',
    timezoneId: 'Asia/Tokyo',
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: size === PHONE ? 2 : 1,
  });
  const page = await context.newPage();
  setScene(host.router, !route.startsWith('settings'));
  if (loggedIn) await context.request.post(`${host.url}/login`, { data: ACCOUNT });
  await page.goto(`${host.url}/#/${route}`);
  await page.waitForLoadState('load');
  await page.locator(loggedIn ? 'h1' : 'form').waitFor();
  await page.waitForTimeout(400);
  await act?.(page);
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
  await context.close();
}

async function chat(page) {
  const question = {
    en: 'Write a haiku about programming.',
    ja: 'プログラミングについての俳句を書いてください。',
  };
  await ask(
    page,
    'anthropic:claude-sonnet-4-5',
    question[await page.evaluate(() => document.documentElement.lang)],
  );
  await page.locator('.turn-foot').waitFor();
}

async function ask(page, model, text) {
  await page.locator('.chat-options input').first().fill(model);
  await page.locator('textarea').fill(text);
  await page.locator('textarea').press('Enter');
  await page.locator('.turn.assistant .text, .turn .notice').first().waitFor();
}

/** Clouds with a past. @param all Google is set up as well. */
function setScene(router, all) {
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  const well = { last_success: ago(0.2), last_error: null, retry_after_until: null };
  const limited = { ...well, last_error: { code: 'rate_limited', status: 429, at: ago(14) } };
  const google = {
    configured: true,
    base_url: 'https://generativelanguage.googleapis.com/v1beta',
    health: well,
  };
  router.state = {
    ...router.state,
    cloud_providers: {
      openai: { configured: true, base_url: 'https://api.openai.com/v1', health: well },
      google: all ? google : { configured: false },
      anthropic: { configured: true, base_url: 'https://api.anthropic.com/v1', health: limited },
    },
  };
}

/** The tests' host, bundled as it is TypeScript. */
async function importHost() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const outfile = join(root, 'node_modules/.cache/screenshots/host.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['__tests__/dashboard/support/host.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
    plugins: [
      {
        name: 'build-dashboard',
        setup: (bundler) =>
          bundler.onResolve({ filter: /build-dashboard\.mjs$/ }, () => ({
            path: new URL('build-dashboard.mjs', import.meta.url).href,
            external: true,
          })),
      },
    ],
  });
  return import(pathToFileURL(outfile).href);
}
