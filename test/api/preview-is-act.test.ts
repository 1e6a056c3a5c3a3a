/** Over HTTP, with a coupon, taxes and credit at once: the preview of a change says, to the cent, what the change makes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { verifyRevenue } from '../../src/db/verify-revenue.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { type Api, startApi } from './support.ts';

let engine: Engine;
let api: Api;
let promotionCode: string;

const usd = (amount: number) => ({ amount, currency: 'usd' });
const month = { unit: 'month', count: 1 };
const perUnit = (unitAmount: string) => [{ currency: 'usd', model: 'per_unit', unitAmount }];
const document = {
  plans: [
    { id: 'small', product: 'app', name: 'Small', interval: month, prices: perUnit('1999') },
    { id: 'large', product: 'app', name: 'Large', interval: month, prices: perUnit('7301') },
    { id: 'yearly', product: 'app', name: 'Yearly', interval: { unit: 'year', count: 1 }, prices: perUnit('19990') },
  ],
};
const berlin = { line1: 'Chausseestraße 5', city: 'Berlin', postalCode: '10115', country: 'DE' };

beforeAll(async () => {
  engine = await startEngine();
  const { db, processors, taskQueue } = engine;
  api = await startApi({ db, processors, taskQueue, temporalAddress: inject('temporalAddress') });
  const { body: draft } = await api.owner('POST', '/api/admin/price-books', document);
  const published = await api.owner('POST', `/api/admin/price-books/${draft.id}/publish`, {});
  expect(published.status, published.text).toBe(200);
  const seller = await api.owner('PUT', '/api/admin/tenants/current/seller', {
    legalName: 'Acme GmbH',
    address: { line1: 'Invalidenstraße 117', city: 'Berlin', postalCode: '10115', country: 'DE' },
    registrations: [{ country: 'DE', number: 'DE136695976', from: '2021-07-01', scheme: 'domestic' }],
  });
  expect(seller.status, seller.text).toBe(200);
  const coupon = { name: 'An eighth', percentOff: '12.5', duration: 'forever' };
  const { body: made } = await api.owner('POST', '/api/admin/coupons', coupon);
  const code = await api.owner('POST', `/api/admin/coupons/${made.id}/promotion-codes`, { code: 'EIGHTH' });
  expect(code.status, code.text).toBe(201);
  promotionCode = code.body.code;
});

afterAll(async () => {
  const [books, revenue] = [await verifyLedger(engine.db), await verifyRevenue(engine.db)];
  await api?.stop();
  await engine?.stop();
  expect(books.differences).toEqual([]);
  expect(revenue).toEqual([]);
});

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

type Wish = { planId?: string; quantity?: number; when?: string; proration?: string };

/** Each on a subscription of 3 × Small, eleven days into its period, with the coupon, 19 % and 5.00 of credit. */
const CHANGES: [string, Wish][] = [
  ['up', { planId: 'large' }],
  ['up, with the next invoice', { planId: 'large', proration: 'next_invoice' }],
  ['up, for nothing', { planId: 'large', proration: 'none' }],
  ['up, at the period’s end', { planId: 'large', when: 'period_end' }],
  ['more of it', { quantity: 7 }],
  ['less of it, now and with the next invoice', { quantity: 1, when: 'now', proration: 'next_invoice' }],
  ['less of it, now and at once', { quantity: 1, when: 'now', proration: 'invoice_now' }],
  ['less of it, by the rule of its direction', { quantity: 1 }],
  ['another interval', { planId: 'yearly', quantity: 2 }],
];

test.concurrent.each(CHANGES)('%s', async (_what, wish) => {
  const time = await clock();
  const customer = await api.customer({ clockId: time.id, address: berlin });
  const begun = await customer.ask('POST', '/api/billing/subscribe', {
    ...{ planId: 'small', quantity: 3, paymentMethodId: 'pm_card_visa', promotionCode },
  });
  expect(begun.body.payment, begun.text).toEqual({ status: 'succeeded' });
  await time.advance('P11D');
  await api.owner('POST', `/api/admin/customers/${customer.id}/credit`, { amount: usd(500), reason: 'sorry' });

  const asked = { subscriptionId: begun.body.subscription.id, ...wish };
  const preview = await customer.ask('POST', '/api/billing/change/preview', asked);
  expect(preview.status, preview.text).toBe(200);
  const { body: made, status, text } = await customer.ask('POST', '/api/billing/change', asked);
  expect(status, text).toBe(200);
  const { subscription: _, invoiceId, ...told } = made;
  expect(told).toEqual(preview.body);
  if (!invoiceId) return;
  const { body: invoice } = await customer.ask('GET', `/api/billing/invoices/${invoiceId}`);
  expect(invoice).toMatchObject({ lines: preview.body.lines, total: preview.body.total });
});
