/** From lines to what is due, asked over HTTP and lived on the real parts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { verifyRevenue } from '../../src/db/verify-revenue.ts';
import type { Engine } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

let engine: Engine;
let api: Api;
beforeAll(async () => {
  ({ engine, api } = await startApiOnEngine());
  const month = { unit: 'month', count: 1 };
  const flat = (id: string, unitAmount: string, over: object = {}) => ({
    ...{ id, product: 'app', name: id, interval: month, prices: [{ currency: 'usd', model: 'flat', unitAmount }] },
    ...over,
  });
  await publishPrices(api, {
    plans: [flat('plain', '3000'), flat('graced', '3000', { graceHours: 48 }), flat('crumbs', '30')],
  });
});
afterAll(async () => {
  const { differences } = await verifyLedger(engine.db);
  await api?.stop();
  expect(differences).toEqual([]);
});

const usd = (amount: number) => ({ amount, currency: 'usd' });

async function subscribed(body: object, over: object = {}) {
  const customer = await api.customer(over);
  const answer = await customer.ask('POST', '/api/billing/subscribe', { paymentMethodId: 'pm_card_visa', ...body });
  expect(answer.status, answer.text).toBe(201);
  const invoices = async () => (await customer.ask('GET', '/api/billing/invoices')).body.data;
  return { ...customer, subscription: answer.body.subscription, payment: answer.body.payment, invoices };
}

async function clock() {
  const { body } = await api.owner('POST', '/api/admin/clocks', {});
  const advance = async (by: string) => {
    await api.owner('POST', `/api/admin/clocks/${body.id}/advance`, { by });
    for (;;) {
      const { body: shown } = await api.owner('GET', `/api/admin/clocks/${body.id}`);
      expect(shown.state, shown.reason).not.toBe('blocked');
      if (shown.state === 'ready') return;
      await sleep(25);
    }
  };
  return { id: body.id as string, advance };
}

describe('credit', () => {
  test('pays the next invoice, and what is left of it the one after; nobody spends it twice', async () => {
    const time = await clock();
    const one = await subscribed({ planId: 'plain' }, { clockId: time.id });
    const granted = await api.owner('POST', `/api/admin/customers/${one.id}/credit`, {
      ...{ amount: usd(4000), reason: 'goodwill' },
    });
    expect(granted.status, granted.text).toBe(201);
    const second = await one.ask('POST', '/api/billing/subscribe', { planId: 'plain' });
    expect(second.body.subscription.state).toBe('active');
    await time.advance('P35D');
    const invoices = await one.invoices();
    const used = invoices.map((each: { creditApplied: { amount: number } }) => each.creditApplied.amount);
    expect(used.toSorted((a: number, b: number) => b - a)).toEqual([3000, 1000, 0, 0]);
    for (const each of invoices) {
      expect(each.state).toBe('paid');
      expect(each.amountDue.amount).toBe(each.total.amount - each.creditApplied.amount);
    }
    const { body: left } = await api.owner('GET', `/api/admin/customers/${one.id}/credit`);
    expect(left.credit.filter(({ amount }: { amount: number }) => amount !== 0)).toEqual([]);
    const moved = left.data.map((each: { amount: { amount: number } }) => each.amount.amount);
    expect(moved.toSorted((a: number, b: number) => a - b)).toEqual([-3000, -1000, 4000]);
  });
});

describe('an invoice that is sent', () => {
  test('begins the service, waits for its days, and makes late when they are over', async () => {
    const time = await clock();
    const { subscription, payment, invoices, ask } = await subscribed(
      { planId: 'plain', collect: 'send', netDays: 14, purchaseOrder: 'PO-7' },
      { clockId: time.id },
    );
    expect([subscription.state, payment]).toEqual(['active', null]);
    const [first] = await invoices();
    expect(first).toMatchObject({ state: 'open', collect: 'send', purchaseOrder: 'PO-7', amountDue: usd(3000) });
    expect(Date.parse(first.dueAt) - Date.parse(first.issuedAt)).toBe(14 * 86_400_000);
    await time.advance('P15D');
    const late = await ask('GET', `/api/billing/subscriptions/${subscription.id}`);
    expect(late.body).toMatchObject({ state: 'past_due', access: { level: 'grace' } });
    const paid = await ask('POST', `/api/billing/invoices/${first.id}/pay`, {});
    expect(paid.body, paid.text).toMatchObject({ invoice: { state: 'paid' }, payment: { status: 'succeeded' } });
    const after = await ask('GET', `/api/billing/subscriptions/${subscription.id}`);
    expect(after.body.state).toBe('active');
  });

  test.each([
    [{ netDays: 5 }, 'netDays'],
    [{ collect: 'charge', purchaseOrder: 'PO-1' }, 'purchaseOrder'],
    [{ collect: 'send', netDays: -1 }, 'netDays'],
  ])('is refused where what is said of it makes no sense: %j', async (body, path) => {
    const { ask } = await api.customer();
    const answer = await ask('POST', '/api/billing/subscribe', { planId: 'plain', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ path }]);
  });
});

describe('a draft', () => {
  test('stands for its grace, takes its number only then, and can be issued before', async () => {
    const time = await clock();
    const { invoices, subscription } = await subscribed({ planId: 'graced' }, { clockId: time.id });
    await time.advance('P31DT1H');
    const [draft] = await invoices();
    expect(draft).toMatchObject({ state: 'draft', number: null, total: usd(3000), amountPaid: usd(0) });
    expect(draft.lines).toHaveLength(1);
    const issued = await api.owner('POST', `/api/admin/invoices/${draft.id}/finalise`);
    expect(issued.body, issued.text).toMatchObject({ id: draft.id, number: expect.stringMatching(/^INV-\d{6}$/) });
    const again = await api.owner('POST', `/api/admin/invoices/${draft.id}/finalise`);
    expect([again.status, again.body.code]).toEqual([409, 'not_a_draft']);
    await time.advance('P34D');
    const all = await invoices();
    expect(all.map(({ state }: { state: string }) => state)).toEqual(['paid', 'paid', 'paid']);
    const rows = await inTenant(engine.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
      trx.selectFrom('invoices').select('sequence').orderBy('sequence').execute(),
    );
    const numbers = rows.map(({ sequence }) => sequence);
    expect(numbers, `no gap after ${subscription.id}`).toEqual(numbers.map((_, i) => i + 1));
  });
});

describe('billing beside the plan', () => {
  const lines = [{ description: 'Set-up by hand', unitPrice: '12500.5', quantity: 2 }];

  test('is an invoice of its own, or waits for the next', async () => {
    const { subscription, invoices } = await subscribed({ planId: 'plain' });
    const now = await api.owner('POST', '/api/admin/invoices', { subscriptionId: subscription.id, lines });
    expect(now.status, now.text).toBe(201);
    expect(now.body.invoice).toMatchObject({
      total: usd(25_001),
      lines: [{ description: 'Set-up by hand', quantity: 2 }],
    });
    const later = { subscriptionId: subscription.id, lines, when: 'next_invoice' };
    const waiting = await api.owner('POST', '/api/admin/invoices', later);
    expect([waiting.status, waiting.body]).toEqual([201, { invoice: null }]);
    expect(await invoices()).toHaveLength(2);
    const ahead = await api.owner('GET', `/api/billing/subscriptions/${subscription.id}/forecast`);
    expect(ahead.body.invoices[0].total).toEqual(usd(28_001));
  });

  test.each([
    [{ lines: [] }, 'lines'],
    [{ lines: [{ description: 'x', unitPrice: '-5' }] }, 'lines.0.unitPrice'],
    [
      { lines: [{ description: 'x', unitPrice: '5', period: { from: '2027-02-01', to: '2027-01-01' } }] },
      'lines.0.period',
    ],
    [{ lines, netDays: 3 }, 'netDays'],
  ])('names what is wrong: %j', async (body, path) => {
    const { subscription } = await subscribed({ planId: 'plain' });
    const answer = await api.owner('POST', '/api/admin/invoices', { subscriptionId: subscription.id, ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });
});

test('what is below the smallest charge is carried until it is worth charging', async () => {
  const time = await clock();
  const { invoices, subscription } = await subscribed({ planId: 'crumbs' }, { clockId: time.id });
  expect(subscription.state).toBe('active');
  await time.advance('P32D');
  const all = await invoices();
  expect(all.map((each: { total: { amount: number } }) => each.total.amount)).toEqual([60, 0]);
});

test('money named by a reference counts once, and comes from no future', async () => {
  const { invoices } = await subscribed({ planId: 'plain', collect: 'send' });
  const [open] = await invoices();
  const pay = (body: object) => api.owner('POST', `/api/admin/invoices/${open.id}/payments`, body);
  const first = await pay({ amount: 1000, reference: 'SEPA-1' });
  expect(first.body.invoice, first.text).toMatchObject({ amountPaid: usd(1000), state: 'open' });
  const again = await pay({ amount: 1000, reference: 'SEPA-1' });
  expect([again.status, again.body.invoice.amountPaid]).toEqual([200, usd(1000)]);
  const other = await pay({ amount: 999, reference: 'SEPA-1' });
  expect([other.status, other.body.code]).toEqual([409, 'reference_taken']);
  expect(other.body.errors[0].message).toMatch(/1000.*999/);
  const ahead = await pay({ amount: 5, reference: 'SEPA-2', receivedAt: '2099-01-01T00:00:00Z' });
  expect([ahead.status, ahead.body.errors[0].path]).toEqual([400, 'receivedAt']);
  const rest = await pay({ amount: 2000, reference: 'SEPA-3' });
  expect(rest.body.invoice).toMatchObject({ state: 'paid', amountPaid: usd(3000) });
});

test('amounts beyond what sums can hold are refused by name', async () => {
  const { id, subscription } = await subscribed({ planId: 'plain' });
  const lines = [{ description: 'x', unitPrice: '999999999999', quantity: 100_000 }];
  const billed = await api.owner('POST', '/api/admin/invoices', { subscriptionId: subscription.id, lines });
  expect([billed.status, billed.body.errors[0].path]).toEqual([400, 'lines.0.unitPrice']);
  const granted = await api.owner('POST', `/api/admin/customers/${id}/credit`, {
    ...{ amount: usd(Number.MAX_SAFE_INTEGER), reason: 'x' },
  });
  expect([granted.status, granted.body.errors[0].path]).toEqual([400, 'amount.amount']);
});

test('the identity of revenue counts credit notes', async () => {
  const { subscription, invoices } = await subscribed({ planId: 'plain' });
  const [paid] = await invoices();
  const noted = await api.owner('POST', `/api/admin/invoices/${paid.id}/credit-note`, {
    ...{ amount: 700, to: 'credit', reason: 'goodwill' },
  });
  expect(noted.status, noted.text).toBe(200);
  expect(subscription.state).toBe('active');
  expect(await verifyRevenue(engine.db)).toEqual([]);
});
