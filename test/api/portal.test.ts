/** What the customer's pages read that nothing else does: plans in their currency, and themselves. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, publishPrices, startApiAlone } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
});
afterAll(() => api.stop());

test('nothing is on sale before a price book is', async () => {
  const { ask } = await api.customer();
  expect((await ask('GET', '/api/billing/plans')).body).toEqual({ data: [], nextCursor: null });
});

test('plans are those in the customer’s currency, with what a period, the fees and each add-on come to', async () => {
  await publishPrices(api);
  const { ask } = await api.customer({ currency: 'eur' });
  const { body } = await ask('GET', '/api/billing/plans');
  const eur = (amount: number) => ({ amount, currency: 'eur' });
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['basic', 'pro', 'pro_yearly', 'team', 'business']);
  expect(body.data[1]).toMatchObject({ name: 'Pro', price: eur(4_500), fees: eur(0), perUnit: false, trialDays: 14 });
  expect(body.data[3]).toMatchObject({ price: eur(1_100), perUnit: true, tiered: false });
  expect(body.data[4]).toMatchObject({
    price: eur(9_000),
    fees: eur(18_000),
    perUnit: true,
    tiered: true,
    addOns: [
      { id: 'backup', name: 'Backup', price: eur(450), perUnit: true },
      { id: 'support', name: 'Priority support', price: eur(4_500), perUnit: false },
    ],
  });
  const { ask: inYen } = await api.customer({ currency: 'jpy' });
  expect((await inYen('GET', '/api/billing/plans')).body.data).toEqual([]);
});

test('a customer changes what invoices say of them, and nothing that is for others to say', async () => {
  const { id, ask } = await api.customer({ email: 'ada@example.com' });
  const address = {
    line1: 'Invalidenstraße 117',
    line2: null,
    city: 'Berlin',
    postalCode: '10115',
    region: null,
    country: 'DE',
  };
  const { status, body } = await ask('PATCH', '/api/billing/profile', {
    ...{ name: 'Ada Example', locale: 'de', address, taxId: 'DE136695976' },
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ customerId: id, name: 'Ada Example', locale: 'de', address, taxId: 'DE136695976' });
  expect(body).toMatchObject({ email: 'ada@example.com', taxIdState: 'unknown', seller: 'Test' });
  expect((await ask('GET', '/api/billing/profile')).body).toEqual(body);
  expect((await ask('PATCH', '/api/billing/profile', { taxExempt: true })).status).toBe(400);
  expect((await ask('PATCH', '/api/billing/profile', { taxId: 'DE1' })).body.code).toBe('tax_id_malformed');
  const removed = await ask('PATCH', '/api/billing/profile', { taxId: null });
  expect(removed.body).toMatchObject({ taxId: null, taxIdState: null, address });
});

test('who acts for any customer names one', async () => {
  for (const path of ['profile', 'plans', 'forecast']) {
    expect((await api.owner('GET', `/api/billing/${path}`)).body.code).toBe('customer_required');
  }
  const { id } = await api.customer();
  const { body } = await api.owner('GET', '/api/billing/forecast', undefined, { 'hydra-customer': id });
  expect(body).toEqual({ data: [], nextCursor: null });
});
