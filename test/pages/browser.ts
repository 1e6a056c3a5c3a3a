/** The pages as a person meets them: built, served by the API, in Debian's Chromium. */
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { builtDashboard } from '../../bootstrap/dashboard.mjs';
import { DATA } from '../../bootstrap/places.mjs';
import { dashboardAt } from '../../src/api/dashboard.ts';

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export const builtPages = async (stripeApiBase?: string) =>
  dashboardAt(await builtDashboard({ data: join(DATA, 'test') }), stripeApiBase);

export type Visit = {
  page: Page;
  context: BrowserContext;
  /** What no page of ours may do: errors, refusals of the policy, requests to strangers. */
  trouble: string[];
};

/** A browser of its own for one person. `hosts` are those that it may speak with. */
export async function visit(
  browser: Browser,
  { hosts, ...options }: { hosts: readonly string[] } & Parameters<Browser['newContext']>[0],
): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en', timezoneId: 'UTC', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  // A refused command is an answer that a page shows; the browser also writes a line about it.
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) trouble.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!hosts.includes(url.origin)) trouble.push(`asks ${url.origin}`);
  });
  return { page, context, trouble };
}
