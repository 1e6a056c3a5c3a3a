/** The operator's pages as an operator meets them: in Chromium, on the API with workers and the simulator behind it. */
import { sql } from 'kysely';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startApiOnEngine } from '../api/on-engine.ts';
import { type Api, publishPrices } from '../api/support.ts';
import { arrive, happened } from '../relay/support.ts';
import { type Engine, until } from '../support/engine.ts';
import { builtPages, startBrowser, type Visit, visit } from './browser.ts';

const PATIENCE_MS = 60_000;
// Each of them is minutes of a person’s work, on a machine that may have others to do.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

let engine: Engine;
let api: Api;
let browser: Browser;
let token: string;
let ada: { customer: string; subscription: string; clock: string; invoice: string };

beforeAll(async () => {
  const dashboard = await builtPages();
  [{ engine, api }, browser] = await Promise.all([startApiOnEngine({ dashboard }), startBrowser()]);
  await publishPrices(api);
  token = await api.token('owner');
  const { body: clock } = await api.owner('POST', '/api/admin/clocks', { name: 'a year' });
  const { id, ask } = await api.customer({ name: 'Ada', email: 'ada@example.com', clockId: clock.id });
  const { status, text, body } = await ask('POST', '/api/billing/subscribe', {
    ...{ planId: 'basic', paymentMethodId: 'pm_card_visa' },
  });
  expect(status, text).toBe(201);
  const { body: invoices } = await api.owner('GET', `/api/billing/invoices?subscriptionId=${body.subscription.id}`);
  ada = { customer: id, subscription: body.subscription.id, clock: clock.id, invoice: invoices.data[0].id };
});
afterAll(async () => {
  await browser?.close();
  await api?.stop();
});

/** An operator's browser, signed in and on that page. */
async function operator(path = '', options: Partial<Parameters<typeof visit>[1]> = {}): Promise<Visit> {
  const visiting = await visit(browser, { hosts: [api.url], ...options });
  visiting.page.setDefaultTimeout(PATIENCE_MS);
  await visiting.page.goto(`${api.url}/console#token=${token}`);
  await visiting.page.getByRole('heading', { level: 1 }).waitFor();
  if (path) await visiting.page.goto(`${api.url}/console${path}`);
  return visiting;
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const confirm = (page: Page, label: string) =>
  page.getByRole('dialog').getByRole('button', { name: label, exact: true }).click();
const gone = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' });

test('an operator finds a customer by e-mail, sees why, follows causes, and refunds', async () => {
  const { page, context, trouble } = await operator();
  await page.keyboard.press('/');
  await page.keyboard.type('ada@example.com');
  await page.keyboard.press('Enter');
  await heading(page, 'Ada');
  await page.getByRole('link', { name: 'basic × 1' }).click();
  await heading(page, /basic/);
  const why = page.locator('section', { has: page.getByRole('heading', { name: 'Why it is in this state' }) });
  await why.getByText('to active').waitFor();
  await page.getByText('What is stored says the same as the workflow.').waitFor();
  await page.getByText('it renews').first().waitFor();

  await page.getByRole('button', { name: /Ledger Invoice issued/ }).click();
  await page.getByRole('button', { name: /^Decision: / }).click();
  const opened = page.getByRole('button', { expanded: true });
  await expect.poll(() => opened.textContent(), { timeout: PATIENCE_MS }).toContain('Decision');
  await page.getByRole('button', { name: /^Charge: attempt 1/i }).waitFor();

  await page.goto(`${api.url}/console/invoices/${ada.invoice}`);
  await page.getByRole('button', { name: 'Refund…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Amount in USD').fill('2.50');
  await dialog.getByLabel('Reason').fill('as agreed');
  await dialog.getByText('2.50 USD goes back to how it was paid').waitFor();
  await confirm(page, 'Refund');
  await gone(page);
  const { body } = await until(
    () => api.owner('GET', `/api/admin/refunds?invoiceId=${ada.invoice}`),
    ({ body }) => body.data[0]?.state === 'succeeded',
    'the refund',
  );
  expect(body.data[0].amount).toEqual({ amount: 250, currency: 'usd' });
  await page.reload();
  await page.getByRole('heading', { name: 'Refunds' }).waitFor();
  expect(trouble).toEqual([]);
  await context.close();
});

test('what the server refuses stands in the dialog, with its sentence and the request’s id', async () => {
  const { page, context } = await operator(`/invoices/${ada.invoice}`);
  await page.getByRole('button', { name: 'Refund…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Amount in USD').fill('99999');
  await dialog.getByLabel('Reason').fill('too much');
  await confirm(page, 'Refund');
  await dialog
    .getByRole('alert')
    .getByText(/Request req_/)
    .waitFor();
  await page.keyboard.press('Escape');
  await gone(page);
  await context.close();
});

test('an operator has a dead event told again', async () => {
  // Of nobody on the clock, which waits until all that was told is dealt with.
  const event = happened('sub_elsewhere', { tenant: api.tenant });
  await arrive(engine.db, event);
  await engine.db
    .updateTable('inbox')
    .set({ state: 'dead', reason: 'nobody knew it' })
    .where('event_id', '=', event.eventId)
    .execute();
  const { page, context, trouble } = await operator();
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await heading(page, 'Events in');
  await page.getByLabel('State').selectOption('dead');
  await page.getByRole('button', { name: 'Replay…', exact: true }).first().click();
  await confirm(page, 'Replay');
  await gone(page);
  const { state, replayed_at } = await engine.db
    .selectFrom('inbox')
    .select(['state', 'replayed_at'])
    .where('event_id', '=', event.eventId)
    .executeTakeFirstOrThrow();
  expect(state).not.toBe('dead');
  expect(replayed_at).not.toBeNull();
  expect(trouble).toEqual([]);
  await context.close();
});

test('the time machine goes to what is next, and through a year', async () => {
  const { page, context, trouble } = await operator(`/subscriptions/${ada.subscription}`);
  const machine = page.getByRole('region', { name: 'Time machine' });
  const now = async () => Date.parse((await machine.locator('time.now').getAttribute('datetime')) ?? '');
  const arrived = (from: number, least: number) =>
    expect.poll(async () => (await now()) - from, { timeout: 200_000 }).toBeGreaterThanOrEqual(least);
  await machine.getByText('it renews').waitFor();
  const began = await now();
  await machine.getByRole('button', { name: 'To what is next' }).click();
  await arrived(began, 27 * 86_400_000);
  // While it is on its way the buttons do nothing.
  await machine.getByText('it renews').waitFor({ timeout: 200_000 });
  const renewed = await now();
  await machine.getByRole('button', { name: '+ 1 year' }).click();
  await arrived(renewed, 365 * 86_400_000);
  const { body } = await until(
    () => api.owner('GET', `/api/billing/invoices?subscriptionId=${ada.subscription}&limit=100`),
    ({ body }) => body.data.filter((invoice: { state: string }) => invoice.state === 'paid').length >= 14,
    'a year of paid invoices',
  );
  expect(body.data).toHaveLength(14);
  expect(trouble).toEqual([]);
  await context.close();
});

test('a projection that says something else than the workflow is flagged, field by field', async () => {
  const { id, ask } = await api.customer();
  const { body } = await ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
  const path = `/api/admin/subscriptions/${body.subscription.id}/workflow`;
  await until(
    () => api.owner('GET', path),
    ({ body }) => body.differences?.length === 0,
    'both the same',
  );
  await sql`update subscriptions set document = jsonb_set(document, '{timeZone}', '"Asia/Tokyo"')
    where id = ${body.subscription.id}`.execute(engine.db);
  const { body: seen } = await api.owner('GET', path);
  expect(seen).toMatchObject({
    outcome: 'answered',
    workflowId: `subscription/${api.tenant}/${body.subscription.id}`,
    differences: [{ path: 'timeZone', workflow: 'UTC', stored: 'Asia/Tokyo' }],
  });
  expect(seen.url).toContain(encodeURIComponent(seen.workflowId));
  const { page, context } = await operator(`/subscriptions/${body.subscription.id}`);
  await page.getByText('What is stored says something else than the workflow.').waitFor();
  await context.close();
  expect(id).toMatch(/^cus_/);
});

test('anything is found by any of its names, and what is called nothing by none', async () => {
  const { body: invoice } = await api.owner('GET', `/api/billing/invoices/${ada.invoice}`);
  const { payment } = await engine.db
    .selectFrom('payments')
    .select('id as payment')
    .where('invoice_id', '=', invoice.id)
    .executeTakeFirstOrThrow();
  const there = await engine.db
    .selectFrom('processor_customers')
    .select('processor_customer_id as id')
    .where('customer_id', '=', ada.customer as never)
    .executeTakeFirstOrThrow();
  const found = async (q: string) =>
    (await api.owner('GET', `/api/admin/search?q=${encodeURIComponent(q)}`)).body.data.map(
      ({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`,
    );
  expect(await found('Ada@Example.com')).toEqual([`customer ${ada.customer}`]);
  expect(await found(there.id)).toEqual([`customer ${ada.customer}`]);
  expect(await found(ada.subscription)).toEqual([`subscription ${ada.subscription}`]);
  expect(await found(invoice.number.toLowerCase())).toEqual([`invoice ${ada.invoice}`]);
  expect(await found(payment)).toEqual([`invoice ${ada.invoice}`]);
  expect(await found('nobody')).toEqual([]);
});

test('a timeline goes on page by page, each item once, causes before their effects', async () => {
  const seen: { kind: string; id: string; at: string; brings: string[]; broughtBy: string | null }[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = `subscriptionId=${ada.subscription}&limit=7${cursor && `&cursor=${cursor}`}`;
    const { body } = await api.owner('GET', `/api/admin/timeline?${query}`);
    seen.push(...body.data);
    cursor = body.nextCursor;
  }
  const whole = (await api.owner('GET', `/api/admin/timeline?customerId=${ada.customer}&limit=100`)).body.data;
  const names = seen.map(({ kind, id }) => `${kind} ${id}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.slice(0, 50)).toEqual(
    whole.slice(0, 50).map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`),
  );
  const kinds = new Set(seen.map(({ kind }) => kind));
  for (const kind of ['decision', 'charge', 'entry', 'message']) expect(kinds).toContain(kind);
  const charges = seen.filter(({ kind }) => kind === 'charge');
  for (const charge of charges) {
    const cause = seen.findIndex(({ brings }) => brings.includes(charge.broughtBy ?? ''));
    expect(cause, charge.id).toBeGreaterThan(seen.indexOf(charge));
  }
});

test('of ten thousand happenings only those that are seen are drawn', async () => {
  await sql`insert into announcements (tenant_id, mode, shard, event_id, subscription_id, version, ordinal, type, payload, at, written_at)
    select ${api.tenant}, 'test', 0, 'evt_many' || n, ${ada.subscription}, 1, 100 + n, 'invoice.reminded', '{}',
      now() - n * interval '1 minute', now() from generate_series(1, 10000) as n`.execute(engine.db);
  const { page, context, trouble } = await operator(`/subscriptions/${ada.subscription}`);
  const items = page.locator('.happening');
  await items.first().waitFor();
  const lastSeen = async () => Number(await items.last().getAttribute('aria-posinset'));
  await expect
    .poll(
      async () => {
        await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
        return lastSeen();
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThan(600);
  expect(await items.count()).toBeLessThan(90);
  expect(trouble).toEqual([]);
  await context.close();
});

test('the keyboard leads everywhere: ? says how, Escape closes', async () => {
  const { page, context } = await operator();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await gone(page);
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await heading(page, 'Customers');
  await page.locator('h1:focus').waitFor();
  await context.close();
});
