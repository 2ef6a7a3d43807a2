/** Debian's chromium at the dashboard, as an operator uses it. */
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { ACCOUNT } from './host.ts';

const CHROMIUM = '/usr/bin/chromium';

/** Undefined: there is a browser. */
export const whyNoBrowser: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} is missing, so the dashboard was not tried in a browser. It comes with: apt-get install --no-install-recommends chromium`;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page: exceptions, console errors, requests to other hosts. */
  readonly troubles: readonly string[];
}

export interface VisitOptions {
  readonly locale?: string;
  readonly dark?: boolean;
  readonly phone?: boolean;
}

/** A browser of its own, with nothing remembered. @param url The dashboard. */
export async function visit(
  browser: Browser,
  url: string,
  { locale = 'en-US', dark = false, phone = false }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    locale,
    timezoneId: 'Asia/Tokyo',
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    viewport: phone ? { width: 360, height: 740 } : { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    // A browser reports every answer of 400 and above; what was asked for is asserted elsewhere.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      troubles.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) troubles.push(request.url());
  });
  return { page, context, troubles };
}

/** Logs in by typing, as the quick start says. */
export async function logInAt(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('input[name=username]').fill(ACCOUNT.username);
  await page.locator('input[name=password]').fill(ACCOUNT.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').first().waitFor();
}

export interface Violation {
  readonly rule: string;
  readonly impact: string | null | undefined;
  readonly nodes: readonly string[];
}

/** What axe-core holds against the page as it is. It is evaluated, not embedded, so that the CSP stays in force. */
export async function findViolations(page: Page): Promise<Violation[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults;
  return violations.map(({ id, impact, nodes }) => ({
    rule: id,
    impact,
    nodes: nodes.map(({ html }) => html),
  }));
}

/** Waits until an expression is true. (`waitForFunction` asks again by `eval`, which the page's policy forbids.) */
export async function waitUntil(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression)))
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
}
