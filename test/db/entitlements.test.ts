/** What a customer may use follows with the commit that changes it, and each change is told once. */
import { beforeAll, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { listOverrides, readEntitlements, removeOverride, setOverride } from '../../src/db/entitlements.ts';
import { createPriceBook } from '../../src/db/price-books.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Plan } from '../../src/domain/price-book.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { draft, START, subscribe, succeeded } from '../domain/builders.ts';
import { OTHER, SCOPE, step, type Told, useDatabase } from './support.ts';

const database = useDatabase();
let subscription: Subscription;

const tell = async (...told: Told[]) => {
  const next = step(subscription, ...told);
  expect(await commit(database.db, next)).toEqual({ outcome: 'committed' });
  subscription = next.subscription;
};
const read = (at = START, scope = SCOPE) =>
  inTenant(database.db, scope, (trx) => readEntitlements(trx, 'cus_1', at, (meter) => (meter === 'calls' ? 7 : null)));
const toldOf = () =>
  inTenant(database.db, SCOPE, (trx) =>
    trx
      .selectFrom('outbox')
      .select(['payload', 'subscription_id'])
      .where('type', '=', 'entitlements.changed')
      .orderBy('id')
      .execute(),
  );

const plan: Plan = {
  ...{ id: 'pro', product: 'app', name: 'Pro', interval: { unit: 'month', count: 1 } },
  prices: [{ currency: 'usd', model: 'per_unit', unitAmount: '3000' }],
  features: [
    { id: 'projects', name: 'Projects', type: 'limit', limit: 3, perUnit: true },
    { id: 'calls', name: 'Calls', type: 'metered', meter: 'calls', limit: 10 },
  ],
};

beforeAll(async () => {
  const book = { id: 'pb_1', document: { plans: [plan] }, at: new Date(START), by: 'test' } as const;
  await inTenant(database.db, SCOPE, (trx) => createPriceBook(trx, SCOPE, book));
  subscription = draft();
});

test('who is not there has none, and another tenant’s customer neither', async () => {
  expect(await inTenant(database.db, SCOPE, (trx) => readEntitlements(trx, 'cus_nobody', START))).toBeNull();
  expect(await read(START, OTHER)).toMatchObject({
    ...{ tier: null, access: { level: 'none', until: null }, lastsUntil: null, features: [] },
  });
});

test('before the first payment nothing is on, and nothing is told', async () => {
  await tell([subscribe(), START]);
  expect(subscription.state).toBe('incomplete');
  expect((await read())?.features.map(({ enabled }) => enabled)).toEqual([false, false]);
  expect(await toldOf()).toEqual([]);
});

test('with the payment it is there, and is told with it', async () => {
  await tell([succeeded(1), START + 1]);
  expect(await read()).toMatchObject({
    tier: 'baseline',
    access: { level: 'full' },
    features: [
      { feature: 'calls', enabled: true, limit: 10, used: 7, remaining: 3 },
      { feature: 'projects', enabled: true, limit: 3 },
    ],
  });
  expect(await toldOf()).toEqual([
    { subscription_id: subscription.id, payload: { customer: 'cus_1', access: 'full', plan: 'pro', quantity: 1 } },
  ]);
});

test('the same commit again tells nothing more', async () => {
  await tell([{ type: 'use_payment_method', paymentMethod: 'pm_2' } as never, START + 2]);
  expect(await toldOf()).toHaveLength(1);
});

test('what is agreed holds at once, is audited, told, and ends', async () => {
  const deed = {
    customer: 'cus_1',
    feature: 'projects',
    reason: 'support_agreed',
    by: 'user/1',
    at: new Date(START),
  } as const;
  const value = { type: 'limit', limit: 99 } as const;
  const until = new Date(START + DAY);
  await inTenant(database.db, SCOPE, (trx) => setOverride(trx, SCOPE, { ...deed, value, until }));
  expect((await read())?.features[1]).toMatchObject({ limit: 99, source: 'override' });
  expect((await read(START + DAY))?.features[1]).toMatchObject({ limit: 3, source: 'plan' });
  expect((await toldOf()).at(-1)).toEqual({
    ...{ subscription_id: null, payload: { customer: 'cus_1', feature: 'projects' } },
  });
  expect(
    await inTenant(database.db, SCOPE, (trx) => removeOverride(trx, SCOPE, { ...deed, reason: 'ended' })),
  ).toMatchObject({ value });
  expect(
    await inTenant(database.db, SCOPE, (trx) => removeOverride(trx, SCOPE, { ...deed, reason: 'ended' })),
  ).toBeNull();
  expect(await inTenant(database.db, SCOPE, (trx) => listOverrides(trx, 'cus_1'))).toEqual([]);
  const audited = await inTenant(database.db, SCOPE, (trx) =>
    trx
      .selectFrom('audit_log')
      .select(['action', 'actor_ref', 'why'])
      .where('subject', '=', 'cus_1')
      .orderBy('id')
      .execute(),
  );
  expect(audited).toMatchObject([
    { action: 'entitlement_overridden', actor_ref: 'user/1', why: { feature: 'projects', reason: 'support_agreed' } },
    { action: 'entitlement_restored', actor_ref: 'user/1', why: { feature: 'projects', reason: 'ended' } },
  ]);
});
