/** Subscriptions whose seller is registered for taxes, from the request to the ledger, with the real parts in between. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAccepted } from '../../src/domain/subscription.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import type { Engine } from '../support/engine.ts';
import { type FakeService, startService } from '../tax/service.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

const SELLER = '/api/admin/tenants/current/seller';
let engine: Engine;
let vies: FakeService;
let api: Api;
beforeAll(async () => {
  vies = await startService({ body: { valid: true } });
  ({ engine, api } = await startApiOnEngine({ taxes: createTaxes({ VAT_ID_CHECK_URL: vies.url }) }));
  await publishPrices(api);
  const registered = { country: 'DE', number: 'DE136695976', from: '2021-07-01' };
  const { status } = await api.owner('PUT', SELLER, {
    legalName: 'Acme GmbH',
    address: { line1: 'Invalidenstraße 117', city: 'Berlin', postalCode: '10115', country: 'DE' },
    registrations: [
      { ...registered, scheme: 'domestic' },
      { ...registered, scheme: 'oss' },
    ],
  });
  expect(status).toBe(200);
});
afterAll(async () => {
  await api?.stop();
  await vies?.stop();
});

const berlin = { line1: 'Chausseestraße 5', city: 'Berlin', postalCode: '10115', country: 'DE' };
const paris = { line1: '5 rue Daunou', city: 'Paris', postalCode: '75002', country: 'FR' };

async function subscribed(over: object, planId = 'basic') {
  const customer = await api.customer(over);
  const body = { planId, paymentMethodId: 'pm_card_visa' };
  const { status, body: answer } = await customer.ask('POST', '/api/billing/subscribe', body);
  expect(status, JSON.stringify(answer)).toBe(201);
  expect(answer.payment).toEqual({ status: 'succeeded' });
  const { body: list } = await customer.ask('GET', '/api/billing/invoices');
  const { body: invoice } = await customer.ask('GET', `/api/billing/invoices/${list.data[0].id}`);
  return { ...customer, subscription: answer.subscription, invoice };
}

const rowOf = (id: string) =>
  engine.db
    .selectFrom('invoices')
    .selectAll()
    .where('id', '=', id as `inv_${string}`)
    .executeTakeFirstOrThrow();

/** What is owed to that tax office. */
const payableTo = async (jurisdiction: string): Promise<number> => {
  const row = await engine.db
    .selectFrom('ledger_balances')
    .innerJoin('ledger_accounts', 'ledger_accounts.id', 'ledger_balances.account_id')
    .select('ledger_balances.amount')
    .where('ledger_accounts.tenant_id', '=', api.tenant)
    .where('code', '=', 'tax_payable')
    .where('owner', '=', jurisdiction)
    .executeTakeFirst();
  return row ? 0 - row.amount : 0;
};

test.each<[string, object, number, string | null, number]>([
  ['at home', { address: berlin }, 361, null, 2261],
  ['to a consumer in another member state', { address: paris }, 380, null, 2280],
  ['to a business there', { address: paris, taxId: 'FR40303265045' }, 0, 'reverse_charge', 1900],
  ['to an exempt customer', { address: berlin, taxExempt: true }, 0, 'customer_exempt', 1900],
  [
    'out of the EU',
    { address: { line1: '350 Fifth Avenue', city: 'New York', region: 'NY', country: 'US' } },
    0,
    'outside_scope',
    1900,
  ],
])('19.00 sold %s', async (_what, over, tax, note, total) => {
  const { invoice } = await subscribed(over);
  expect(invoice).toMatchObject({
    state: 'paid',
    subtotal: { amount: 1900 },
    tax: { amount: tax },
    total: { amount: total },
    amountPaid: { amount: total },
  });
  const row = await rowOf(invoice.id);
  expect(row).toMatchObject({ tax, tax_note: note, seller_version: 1, buyer_version: 1 });
});

test('the tax is owed to whom it is for', async () => {
  const [before, home] = [await payableTo('FR'), await payableTo('DE')];
  await subscribed({ address: paris });
  await subscribed({ address: paris, taxId: 'FR40303265045' });
  expect([await payableTo('FR'), await payableTo('DE')]).toEqual([before + 380, home]);
});

test('a change costs what its preview says, taxes included', async () => {
  const { ask, subscription } = await subscribed({ address: berlin });
  const wanted = { subscriptionId: subscription.id, planId: 'business' };
  const { body: preview } = await ask('POST', '/api/billing/change/preview', wanted);
  const { status, body: made } = await ask('POST', '/api/billing/change', wanted);
  expect(status, JSON.stringify(made)).toBe(200);
  expect([made.lines, made.total]).toEqual([preview.lines, preview.total]);
  const { body: invoice } = await ask('GET', `/api/billing/invoices/${made.invoiceId}`);
  const { subtotal, tax, total } = invoice;
  expect(tax.amount).toBeGreaterThan(0);
  expect(total).toEqual(preview.total);
  expect(total.amount).toBe(subtotal.amount + tax.amount);
});

test('a seller whose prices include taxes sells so from then on', async () => {
  const { body: profile } = await api.owner('GET', SELLER);
  const { version, createdAt: _, ...before } = profile;
  const inclusive = async ({ subscription }: { subscription: { id: string } }) => {
    const id = subscription.id as `sub_${string}`;
    const row = await engine.db
      .selectFrom('subscriptions')
      .select('document')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return isAccepted(row.document) && row.document.terms.taxInclusive;
  };
  const older = await subscribed({ address: berlin });
  expect(await api.owner('PUT', SELLER, { ...before, taxBehavior: 'inclusive' })).toMatchObject({ status: 200 });
  const newer = await subscribed({ address: berlin });
  expect(await rowOf(newer.invoice.id)).toMatchObject({ seller_version: version + 1 });
  await api.owner('PUT', SELLER, before);
  expect([await inclusive(older), await inclusive(newer)]).toEqual([undefined, true]);
});

test('an invoice names its parties as they were', async () => {
  const { id, invoice } = await subscribed({ address: berlin });
  const { body: seller } = await api.owner('GET', SELLER);
  await api.owner('PATCH', `/api/customers/${id}`, { address: paris });
  expect(await rowOf(invoice.id)).toMatchObject({ seller_version: seller.version, buyer_version: 1 });
  const rewritten = engine.db.updateTable('invoices').set({ buyer_version: 2 }).where('id', '=', invoice.id).execute();
  await expect(rewritten).rejects.toThrow('its parties stand');
});
