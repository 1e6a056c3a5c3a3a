/** A debt on real parts: the tenant's policy is held, and operators act on it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

let api: Api;
beforeAll(async () => {
  ({ api } = await startApiOnEngine());
  await publishPrices(api);
});
afterAll(() => api?.stop());

test('it is dunned by the policy of its plan; two who retry make one attempt', async () => {
  const document = {
    ...{ name: 'basic', plans: ['basic'], localHour: 9, retries: { soft: { days: [2] } }, end: 'pause' },
    access: { graceDays: 3, restrictedDays: 9 },
  };
  const { body: draft } = await api.owner('POST', '/api/admin/dunning-policies', document);
  await api.owner('POST', `/api/admin/dunning-policies/${draft.id}/publish`);
  const { ask } = await api.customer();
  const begun = await ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
  const { id } = begun.body.subscription;
  await ask('POST', '/api/billing/payment-methods', { paymentMethodId: 'pm_card_chargeCustomerFail' });
  const { data } = (await ask('GET', '/api/billing/payment-methods')).body;
  const failing = data.find(({ last4 }: { last4: string }) => last4 === '0341');
  await ask('POST', `/api/billing/payment-methods/${failing.id}/default`);
  const lines = [{ description: 'Set-up', unitPrice: '5000' }];
  const { body: billed } = await api.owner('POST', '/api/admin/invoices', { subscriptionId: id, lines });
  const path = `/api/admin/subscriptions/${id}`;
  const look = async () => (await api.owner('GET', path)).body;
  const behind = await until(look, ({ state }) => state === 'past_due', 'it is past due');
  expect(behind.document.dunning.policy).toMatchObject({ id: draft.id, version: 1, end: 'pause' });

  const attempts = () =>
    inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
      trx.selectFrom('payment_attempts').selectAll().where('invoice_id', '=', billed.invoice.id).execute(),
    );
  const answers = await Promise.all([api.owner('POST', `${path}/retry`), api.owner('POST', `${path}/retry`)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const tried = await until(attempts, (all) => all.every(({ state }) => state === 'failed'), 'the tries have ended');
  // One together, or the second after the first had ended.
  expect([2, 3]).toContain(tried.length);

  const until30 = new Date(Date.now() + 30 * 86_400_000).toISOString();
  expect((await api.owner('POST', `${path}/grace`, { until: until30 })).body.access).toEqual({
    ...{ level: 'grace', until: until30 },
  });
  expect((await api.owner('POST', `${path}/hold`, {})).body.access).toEqual({ level: 'grace', until: null });
  expect((await api.owner('POST', `${path}/release`)).status).toBe(200);
  expect((await api.owner('POST', `${path}/release`)).body.code).toBe('not_on_hold');
});
