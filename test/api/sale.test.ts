/** Stubs, trials and terms over HTTP, and a preview that is what the change then makes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

let api: Api;
const usd = (unitAmount: string) => [{ currency: 'usd', model: 'per_unit', unitAmount }];
const month = { unit: 'month', count: 1 };
const plan = { product: 'app', interval: month, prices: usd('3100') };
const document = {
  plans: [
    { ...plan, id: 'plain', name: 'Plain' },
    { ...plan, id: 'tried', name: 'Tried', trial: { days: 14, reminderDays: 3, paymentMethod: 'required' } },
    { ...plan, id: 'bound', name: 'Bound', term: { periods: 12, atEnd: 'renew' } },
    {
      ...{ ...plan, id: 'ramped', name: 'Ramped' },
      phases: [{ id: 'intro', name: 'Introduction', periods: 2, prices: usd('1000') }],
      changes: { up: { proration: 'invoice_now' } },
    },
  ],
};

beforeAll(async () => {
  ({ api } = await startApiOnEngine());
  await publishPrices(api, document);
});
afterAll(() => api?.stop());

const subscribe = { paymentMethodId: 'pm_card_visa' };

test('in a stub, the preview of a change is what the change then makes', async () => {
  const customer = await api.customer();
  const anchorDay = new Date(Date.now() + 12 * 86_400_000).toISOString().slice(0, 10);
  const { body, status } = await customer.ask('POST', '/api/billing/subscribe', {
    ...{ ...subscribe, planId: 'plain', anchorDay },
  });
  expect(status).toBe(201);
  const [invoice] = (await customer.ask('GET', '/api/billing/invoices')).body.data;
  const { body: issued } = await customer.ask('GET', `/api/billing/invoices/${invoice.id}`);
  expect(issued.lines[0].proration).toMatch(/^1[23] of \d+ days, up to the anchor on /);
  expect(issued.total.amount).toBeLessThan(3100);
  const asked = { subscriptionId: body.subscription.id, quantity: 3 };
  const preview = await customer.ask('POST', '/api/billing/change/preview', asked);
  const made = await customer.ask('POST', '/api/billing/change', asked);
  expect(made.status).toBe(200);
  expect(made.body).toMatchObject(preview.body);
  const { body: why } = await api.owner('GET', `/api/admin/subscriptions/${asked.subscriptionId}/why`);
  const change = why.causes.find(({ input }: { input: string }) => input === 'change');
  expect(change.because).toMatchObject({ fromPrice: 3100, toPrice: 9300, direction: 'up' });
  expect(change.because.arithmetic).toMatch(
    /^Unused time on Plain: -[\d.]+ USD = .*; Remaining time on 3 × Plain: [\d.]+ USD = /,
  );
});

/** With the field, what was asked for and what holds. */
const refused = (code: string, path: string, both: RegExp) => ({
  status: 409,
  body: { code, detail: expect.stringMatching(both), errors: [{ path, message: expect.stringMatching(both) }] },
});

test('a customer has one trial of a product, however many ask at once', async () => {
  const customer = await api.customer();
  const ask = (over = {}) => customer.ask('POST', '/api/billing/subscribe', { ...subscribe, planId: 'tried', ...over });
  const both = await Promise.all([ask(), ask()]);
  expect(both.map(({ body }) => body.subscription?.state).sort()).toEqual(['active', 'trialing']);
  const third = await ask({ trialDays: 14 });
  expect(third).toMatchObject(refused('trial_used', 'trialDays', /14 days of app: .* began on \d{4}-/));
  expect(await ask({ trialDays: 60 })).toMatchObject({ status: 400, body: { code: 'trial_not_offered' } });
});

test('a term holds a customer’s cancellation, and says until when', async () => {
  const customer = await api.customer();
  const { body } = await customer.ask('POST', '/api/billing/subscribe', { ...subscribe, planId: 'bound' });
  const subscriptionId = body.subscription.id;
  const key = { 'idempotency-key': 'cancel-within-the-term' };
  for (const _ of ['asked', 'asked again']) {
    const now = await customer.ask('POST', '/api/billing/cancel', { subscriptionId, at: 'now' }, key);
    expect(now).toMatchObject(refused('within_term', 'at', /cannot cancel now: the term runs until \d{4}-/));
  }
  const later = await customer.ask('POST', '/api/billing/cancel', { subscriptionId, at: 'period_end' });
  const year = Date.parse(later.body.subscription.cancelAt) - Date.parse(body.subscription.currentPeriod.start);
  expect(Math.round(year / 86_400_000)).toBeGreaterThanOrEqual(365);
});

test('a phase is forecast, and the price book’s rule of changes binds the customer', async () => {
  const customer = await api.customer();
  const { body } = await customer.ask('POST', '/api/billing/subscribe', { ...subscribe, planId: 'ramped' });
  const subscriptionId = body.subscription.id;
  const { body: ahead } = await customer.ask('GET', `/api/billing/subscriptions/${subscriptionId}/forecast`);
  expect(ahead.invoices.slice(0, 3).map(({ total }: { total: { amount: number } }) => total.amount)).toEqual([
    1000, 3100, 3100,
  ]);
  const free = await customer.ask('POST', '/api/billing/change', { subscriptionId, quantity: 2, proration: 'none' });
  expect(free).toMatchObject(refused('change_not_offered', 'proration', /proration none: the plan offers invoice_now/));
});
