import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct(inject('workflowBundlePath'));
}, 120_000);
afterAll(() => product?.stop());

/** As a service would: with the key, for that customer. */
async function asked<T>(method: 'GET' | 'POST', path: string, body?: object, customer?: string): Promise<T> {
  const headers = {
    authorization: `Bearer ${product.demo.serviceKey}`,
    ...(customer ? { 'hydra-customer': customer } : {}),
  };
  const answer = await product.ask(method, path, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as T;
}

async function advance(clock: string, to: object): Promise<{ now: string }> {
  await asked('POST', `/api/admin/clocks/${clock}/advance`, to);
  for (;;) {
    const shown = await asked<{ state: string; now: string; reason: string | null }>(
      'GET',
      `/api/admin/clocks/${clock}`,
    );
    expect(shown.state, shown.reason ?? '').not.toBe('blocked');
    if (shown.state === 'ready') return shown;
    await sleep(20);
  }
}

type Shown = {
  subscription: { id: string; state: string; createdAt: string; anchorAt: string };
  payment: { status: string } | null;
};

test('a clock leads the processor, too: a debit that takes a day there is settled on its day', async () => {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', { name: 'debits' });
  await advance(clock, { to: '2031-03-30T10:00:00Z' });
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', {
    timeZone: 'Europe/Berlin',
    clockId: clock,
  });
  const card = { planId: 'basic', paymentMethodId: 'pm_sim_processing' };
  const { subscription, payment } = await asked<Shown>('POST', '/api/billing/subscribe', card, customer);
  expect(payment?.status).toBe('processing');
  expect(subscription.state).toBe('active');
  expect(subscription.createdAt.slice(0, 16)).toBe('2031-03-30T10:00');

  await advance(clock, { by: 'P3D' });
  const { data } = await asked<{ data: { state: string; paidAt: string }[] }>(
    'GET',
    '/api/billing/invoices',
    undefined,
    customer,
  );
  expect(data.map(({ state }) => state)).toEqual(['paid']);
  expect(data[0]?.paidAt.slice(0, 10)).toBe('2031-03-31');
});

test('next goes to what is due, and to nothing else', async () => {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', {});
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', { clockId: clock });
  const card = { planId: 'basic', paymentMethodId: 'pm_card_visa' };
  const { subscription } = await asked<Shown>('POST', '/api/billing/subscribe', card, customer);
  const due = await asked<{ at: string; due: { type: string; subscriptionId: string }[] }>(
    'GET',
    `/api/admin/clocks/${clock}/next`,
  );
  expect(due.due[0]).toMatchObject({ type: 'period_ended', subscriptionId: subscription.id });
  const { now } = await advance(clock, { next: true });
  expect(now).toBe(due.at);
  const { data } = await asked<{ data: { state: string }[] }>('GET', '/api/billing/invoices', undefined, customer);
  expect(data.map(({ state }) => state)).toEqual(['paid', 'paid']);
});

test('a month after it began it renews: the clock stands still while one subscribes', async () => {
  const { id: clock } = await asked<{ id: string; now: string }>('POST', '/api/admin/clocks', {});
  const { now } = await advance(clock, { to: '2031-04-21T09:00:00Z' });
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', { clockId: clock });
  const card = { planId: 'basic', paymentMethodId: 'pm_card_visa' };
  const { subscription } = await asked<Shown>('POST', '/api/billing/subscribe', card, customer);
  expect(subscription.anchorAt).toBe(now);
  await advance(clock, { by: 'P30D' });
  const { data } = await asked<{ data: { state: string }[] }>('GET', '/api/billing/invoices', undefined, customer);
  expect(data.map(({ state }) => state)).toEqual(['paid', 'paid']);
});

test('what the processor collects renews by its own clock, and is followed', async () => {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', {});
  await advance(clock, { to: '2031-05-02T09:00:00Z' });
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', { clockId: clock });
  const card = { planId: 'team', quantity: 2, paymentMethodId: 'pm_card_visa', collection: 'processor' };
  const { subscription, payment } = await asked<Shown>('POST', '/api/billing/subscribe', card, customer);
  expect(payment?.status).toBe('succeeded');
  await advance(clock, { by: 'P33D' });
  const { data } = await asked<{ data: { state: string; number: string; issuedAt: string }[] }>(
    'GET',
    '/api/billing/invoices',
    undefined,
    customer,
  );
  expect(data.map(({ state, issuedAt }) => [state, issuedAt.slice(0, 10)])).toEqual([
    ['paid', '2031-06-02'],
    ['paid', '2031-05-02'],
  ]);
  const shown = await asked<{ state: string; currentPeriod: { start: string } }>(
    'GET',
    `/api/billing/subscriptions/${subscription.id}`,
    undefined,
    customer,
  );
  expect(shown).toMatchObject({ state: 'active', currentPeriod: { start: '2031-06-02T09:00:00.000Z' } });
});

test('a renewal that the processor can’t collect is grace of ours, until its next try succeeds', async () => {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', {});
  await advance(clock, { to: '2031-05-02T09:00:00Z' });
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', { clockId: clock });
  const card = { planId: 'team', paymentMethodId: 'pm_card_visa', collection: 'processor' };
  const { subscription } = await asked<Shown>('POST', '/api/billing/subscribe', card, customer);
  const shown = () =>
    asked<{ state: string; access: { level: string } }>(
      ...(['GET', `/api/billing/subscriptions/${subscription.id}`, undefined, customer] as const),
    );
  const trouble = { behaviour: 'declines', code: 'insufficient_funds', times: 2 };
  await fetch(`${product.simulator.url}/_sim/troubles`, { method: 'POST', body: JSON.stringify(trouble) });
  await advance(clock, { to: '2031-06-03T09:00:00Z' });
  expect(await shown()).toMatchObject({ state: 'past_due', access: { level: 'grace' } });
  await advance(clock, { by: 'P9D' });
  expect(await shown()).toMatchObject({ state: 'active', access: { level: 'full' } });
});
