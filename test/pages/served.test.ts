/** What the API serves of the pages, and under which policy. */
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApiAlone } from '../api/support.ts';
import { builtPages, startBrowser, visit } from './browser.ts';

let api: Api;
let browser: Browser;
beforeAll(async () => {
  const dashboard = await builtPages();
  [api, browser] = await Promise.all([startApiAlone({ dashboard }), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await api?.stop();
});

const head = (path: string, headers = {}) => fetch(api.url + path, { headers, redirect: 'manual' });

test.each(['/portal', '/portal/invoices', '/console', '/console/customers/cus_1'])(
  '%s is a page without anything inline, and may do no more than it needs',
  async (path) => {
    const response = await head(path);
    expect(response.status).toBe(200);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await response.text();
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    expect(html).not.toContain('%STRIPE_JS%');
  },
);

test('only the portal may load what a processor brings; live, that is Stripe’s', async () => {
  expect((await head('/portal')).headers.get('content-security-policy')).toContain(
    "script-src 'self' https://js.stripe.com;",
  );
  expect((await head('/console')).headers.get('content-security-policy')).not.toContain('stripe');
});

test('what its name holds the hash of is kept for ever, and comes small', async () => {
  const [, script] = /src="(\/assets\/portal-[^"]+\.js)"/.exec(await (await head('/portal')).text())!;
  const response = await head(script!, { 'accept-encoding': 'br' });
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect(response.headers.get('content-encoding')).toBe('br');
});

test('the portal’s first load is less than 150 KB of script', async () => {
  const html = await (await head('/portal')).text();
  const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path!);
  const sizes = await Promise.all(
    scripts.map(async (path) => gzipSync(Buffer.from(await (await head(path)).arrayBuffer())).length),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150 * 1_024);
});

test.each(['/portal', '/console'])('%s says what to do where nobody is signed in', async (path) => {
  const { page, context, trouble } = await visit(browser, { hosts: [api.url] });
  await page.goto(api.url + path);
  await page.getByRole('main').waitFor();
  expect(trouble).toEqual([]);
  await context.close();
});
