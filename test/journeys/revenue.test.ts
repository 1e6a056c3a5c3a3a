/** A month of the whole product: earned by the day, booked by a clock and by a schedule, and closed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { verifyRevenue } from '../../src/db/verify-revenue.ts';
import type { TenantId } from '../../src/domain/ids.ts';
import { revenueScheduleIdOf } from '../../workflows/messages.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let db: Db;
beforeAll(async () => {
  product = await startProduct(inject('workflowBundlePath'));
  db = createDatabase(product.databaseUrl, { applicationName: 'test', max: 2 });
}, 120_000);
afterAll(async () => {
  await db?.destroy();
  await product?.stop();
});

async function asked<T>(method: 'GET' | 'POST', path: string, body?: object, customer?: string): Promise<T> {
  const headers = {
    authorization: `Bearer ${product.demo.serviceKey}`,
    ...(customer ? { 'hydra-customer': customer } : {}),
  };
  const answer = await product.ask(method, path, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as T;
}

async function advance(clock: string, to: object): Promise<void> {
  await asked('POST', `/api/admin/clocks/${clock}/advance`, to);
  for (let state = 'advancing'; state !== 'ready'; await sleep(20)) {
    ({ state } = await asked<{ state: string }>('GET', `/api/admin/clocks/${clock}`));
    expect(state).not.toBe('blocked');
  }
}

type Balance = { currencies: { accounts: { account: string; balance: number }[]; balanced: boolean }[] };
async function balances(): Promise<Record<string, number>> {
  const { currencies } = await asked<Balance>('GET', '/api/admin/ledger/trial-balance');
  expect(currencies.every(({ balanced }) => balanced)).toBe(true);
  return Object.fromEntries(currencies.flatMap(({ accounts }) => accounts.map((each) => [each.account, each.balance])));
}
const verified = async () => [...(await verifyLedger(db)).differences, ...(await verifyRevenue(db))];

test('a clock books the days that are over on it, and what ends early is earned on its last day', async () => {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', { name: 'revenue' });
  await advance(clock, { to: '2031-04-01T10:00:00Z' });
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', { timeZone: 'UTC', clockId: clock });
  await asked('POST', '/api/billing/payment-methods', { paymentMethodId: 'pm_card_visa' }, customer);
  const { subscription } = await asked<{ subscription: { id: string } }>(
    'POST',
    '/api/billing/subscribe',
    { planId: 'basic' },
    customer,
  );
  expect(await balances()).not.toHaveProperty('revenue');
  await advance(clock, { to: '2031-04-16T10:00:00Z' });
  const half = await balances();
  // Fifteen of thirty days.
  expect(half.revenue).toBe(half.deferred_revenue);
  expect(await verified()).toEqual([]);

  await asked('POST', '/api/billing/cancel', { subscriptionId: subscription.id, at: 'now' }, customer);
  await advance(clock, { to: '2031-04-17T10:00:00Z' });
  const ended = await balances();
  expect(ended).toMatchObject({ deferred_revenue: 0, revenue: 2 * half.revenue! });
  expect(await verified()).toEqual([]);
});

test('each tenant has its schedule, which may start at any time, and a month is closed by finance', async () => {
  const handle = product.client.schedule.getHandle(revenueScheduleIdOf(product.demo.tenant as TenantId));
  const { spec, info } = await handle.describe();
  expect(spec.timezone).toBe('UTC');
  expect(info.nextActionTimes[0]!.getTime()).toBeGreaterThan(Date.now());
  await handle.trigger();
  for (let done = 0; done === 0; await sleep(50)) {
    const { recentActions } = (await handle.describe()).info;
    for (const { action } of recentActions) {
      await product.client.workflow.getHandle(action.workflow.workflowId).result();
      done++;
    }
  }
  expect(await verified()).toEqual([]);

  const now = new Date();
  const running = now.toISOString().slice(0, 7);
  const headers = { authorization: `Bearer ${product.demo.serviceKey}` };
  const refused = await product.ask('POST', '/api/admin/ledger/close', { through: running }, headers);
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ code: 'month_not_over', errors: [{ path: 'through' }] });
  const malformed = await product.ask('POST', '/api/admin/ledger/close', { through: '2026-13' }, headers);
  expect(malformed.status).toBe(400);
  const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 0)).toISOString().slice(0, 7);
  const closed = await asked<{ closed: { month: string; endsAt: string }[]; next: { month: string; isOver: boolean } }>(
    'POST',
    '/api/admin/ledger/close',
    { through: last },
  );
  expect(closed.closed[0]).toMatchObject({ month: last, endsAt: `${running}-01T00:00:00.000Z` });
  expect(closed.next).toEqual({ month: running, isOver: false, problems: [] });
  expect(await asked('GET', '/api/admin/ledger/close')).toEqual(closed);
});
