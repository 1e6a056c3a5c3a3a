/** `npm run screenshots`: every page of both in both themes, wide and narrow, into .hydra/screenshots. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { DATA } from '../../bootstrap/places.mjs';
import { until } from '../support/engine.ts';
import { startWorld, type World } from './world.ts';

const FOLDER = join(DATA, 'screenshots');

let world: World;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  world = await startWorld();
}, 300_000);
afterAll(() => world?.stop());

const VIEWS = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'narrow', colorScheme: 'light', width: 360 },
] as const;

test('the portal', async () => {
  for (const { name, colorScheme, width } of VIEWS) {
    const guest = await world.guest({ colorScheme, viewport: { width, height: 800 } });
    const { page, ask } = guest;
    const shoot = async (what: string, path: string | null) => {
      if (path !== null) await page.goto(`${world.api.url}/portal${path}`);
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(FOLDER, `portal-${what}-${name}.png`), fullPage: true });
    };
    await shoot('empty', null);
    await shoot('plans', '/plans');
    await shoot('subscribe', '/plans/team');
    const { id } = await world.subscribed(guest, { planId: 'business', quantity: 8, addOns: [{ id: 'backup' }] });
    await ask('PATCH', '/api/billing/profile', {
      address: {
        line1: '350 Fifth Avenue',
        line2: null,
        city: 'New York',
        postalCode: '10118',
        region: 'NY',
        country: 'US',
      },
    });
    await shoot('overview', '/');
    await shoot('change', `/subscriptions/${id}/change`);
    await page.getByLabel('Team seat').check();
    await page.getByRole('button', { name: /^Change/ }).waitFor();
    await shoot('change-preview', null);
    await shoot('cancel', `/subscriptions/${id}/cancel`);
    await shoot('invoices', '/invoices');
    const { body: invoices } = await ask('GET', '/api/billing/invoices');
    await shoot('invoice', `/invoices/${invoices.data[0].id}`);
    await shoot('methods', '/payment-methods');
    await shoot('add-card', '/update-card');
    await shoot('details', '/details');
    await guest.leave();
    const debtor = await world.guest({ colorScheme, viewport: { width, height: 800 } });
    await world.subscribed(debtor, { paymentMethodId: 'pm_card_chargeCustomerFail' });
    await debtor.page.goto(`${world.api.url}/portal`);
    await debtor.page.getByRole('button', { name: 'Pay now' }).waitFor();
    await debtor.page.screenshot({ path: join(FOLDER, `portal-overdue-${name}.png`), fullPage: true });
    await debtor.leave();
  }
}, 600_000);

test('the console', async () => {
  const { api } = world;
  const { body: clock } = await api.owner('POST', '/api/admin/clocks', { name: 'half a year' });
  const guest = await world.guest({ body: { name: 'Ada Example', clockId: clock.id } });
  const { id } = await world.subscribed(guest, { planId: 'basic' });
  await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { by: 'P6M' });
  await until(
    () => api.owner('GET', `/api/admin/clocks/${clock.id}`),
    ({ body }) => body.state === 'ready',
    'half a year',
    300_000,
  );
  const { body: invoices } = await api.owner('GET', `/api/billing/invoices?subscriptionId=${id}`);
  const { body: books } = await api.owner('GET', '/api/admin/price-books');
  const pages = {
    ...{ 'to-look-at': '', customers: '/customers', customer: `/customers/${guest.id}` },
    ...{ subscriptions: '/subscriptions', subscription: `/subscriptions/${id}` },
    ...{ invoices: '/invoices', invoice: `/invoices/${invoices.data[0].id}` },
    ...{ events: '/events', messages: '/messages', endpoints: '/endpoints', mails: '/mails' },
    ...{ discrepancies: '/discrepancies', ledger: '/ledger', entries: '/ledger/entries' },
    ...{ 'trial-balance': '/ledger/trial-balance', close: '/ledger/close', reports: '/reports' },
    ...{ 'price-books': '/price-books', 'price-book': `/price-books/${books.data[0].id}` },
    ...{ coupons: '/coupons', 'dunning-policies': '/dunning-policies', clock: `/clocks/${clock.id}` },
    ...{ 'processor-accounts': '/processor-accounts', keys: '/keys', seller: '/seller' },
  };
  for (const { name, colorScheme, width } of VIEWS) {
    const { page, context } = await world.operator({ colorScheme, viewport: { width, height: 900 } });
    for (const [what, path] of Object.entries(pages)) {
      await page.goto(`${api.url}/console${path}`);
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(FOLDER, `console-${what}-${name}.png`) });
    }
    await context.close();
  }
  await guest.leave();
}, 900_000);
