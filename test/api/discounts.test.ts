/** Coupons at work, on the real workflow and the real database: what they take off, and who gets the last one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Answer, type Api, type Ask, publishPrices } from './support.ts';

let api: Api;
beforeAll(async () => {
  ({ api } = await startApiOnEngine());
  await publishPrices(api);
});
afterAll(() => api?.stop());

const COUPONS = '/api/admin/coupons';
const usd = (amount: number) => ({ amount, currency: 'usd' });
let count = 0;

/** A coupon with a code. `basic` costs 19.00 a month. */
async function offered(coupon: object = {}, code: object = {}) {
  const made = await api.owner('POST', COUPONS, { name: 'Spring', percentOff: '10', duration: 'once', ...coupon });
  expect(made.status, made.text).toBe(201);
  const named = await api.owner('POST', `${COUPONS}/${made.body.id}/promotion-codes`, {
    code: `CODE-${++count}`,
    ...code,
  });
  expect(named.status, named.text).toBe(201);
  const state = async () => (await api.owner('GET', `${COUPONS}/${made.body.id}`)).body;
  return { id: made.body.id as string, code: named.body.code as string, codeId: named.body.id as string, state };
}
const subscribe = (ask: Ask, body: object = {}) =>
  ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa', ...body });
const firstInvoice = async (ask: Ask) => {
  const { body } = await ask('GET', '/api/billing/invoices');
  return (await ask('GET', `/api/billing/invoices/${body.data.at(-1).id}`)).body;
};
const refusedAs = (code: string, status = 422) => ({ status, body: { code, errors: [{ path: 'promotionCode' }] } });

describe('subscribing with a promotion code', () => {
  test('takes its coupon off the first invoice, and charges the rest', async () => {
    const { id, code, codeId, state } = await offered();
    const { id: customerId, ask } = await api.customer();
    const answer = await subscribe(ask, { promotionCode: code.toLowerCase() });
    expect(answer, answer.text).toMatchObject({ status: 201, body: { payment: { status: 'succeeded' } } });
    const { subscription } = answer.body;
    expect(subscription.discounts).toMatchObject([
      { couponId: id, promotionCodeId: codeId, name: 'Spring', percentOff: '10', duration: 'once', periodsLeft: 1 },
    ]);
    const discounts = [{ couponId: id, name: 'Spring', amount: usd(190) }];
    expect(await firstInvoice(ask)).toMatchObject({
      ...{ state: 'paid', subtotal: usd(1900), discount: usd(190), total: usd(1710), amountPaid: usd(1710) },
      lines: [{ amount: usd(1900), discount: usd(190), discounts }],
    });
    expect((await state()).redeemed).toBe(1);
    const { body } = await api.owner('GET', `${COUPONS}/${id}/redemptions`);
    expect(body.data).toMatchObject([
      { couponId: id, promotionCodeId: codeId, customerId, subscriptionId: subscription.id, releasedAt: null },
    ]);
  });

  test('that takes all of it off needs no payment', async () => {
    const { code } = await offered({ percentOff: '100' });
    const { ask } = await api.customer();
    const answer = await subscribe(ask, { promotionCode: code, paymentMethodId: undefined });
    expect(answer, answer.text).toMatchObject({
      status: 201,
      body: { payment: null, subscription: { state: 'active' } },
    });
  });

  test('comes off the forecast for as long as it lasts', async () => {
    const { code } = await offered({ percentOff: undefined, amountOff: usd(500), duration: 'repeating', periods: 3 });
    const { ask } = await api.customer();
    const { body } = await subscribe(ask, { promotionCode: code });
    const { body: ahead } = await ask('GET', `/api/billing/subscriptions/${body.subscription.id}/forecast`);
    const totals = ahead.invoices.slice(0, 4).map(({ total }: { total: { amount: number } }) => total.amount);
    expect(totals).toEqual([1400, 1400, 1900, 1900]);
  });

  test('that nobody made is refused, and nothing is begun', async () => {
    const { ask } = await api.customer();
    expect(await subscribe(ask, { promotionCode: 'nobody' })).toMatchObject(refusedAs('promotion_code_unknown'));
    expect((await ask('GET', '/api/billing/subscriptions')).body.data).toEqual([]);
  });
  test('that is switched off, or somebody else’s, is as good as none', async () => {
    const theirs = await api.customer();
    const { ask } = await api.customer();
    const off = await offered();
    await api.owner('PATCH', `${COUPONS}/${off.id}/promotion-codes/${off.codeId}`, { active: false });
    const own = await offered({}, { customerId: theirs.id });
    for (const { code } of [off, own]) {
      expect(await subscribe(ask, { promotionCode: code })).toMatchObject(refusedAs('promotion_code_unknown'));
    }
    expect(await subscribe(theirs.ask, { promotionCode: own.code })).toMatchObject({ status: 201 });
  });
  test('for another plan says which', async () => {
    const { code } = await offered({ plans: ['pro', 'team'] });
    const { ask } = await api.customer();
    const answer = await subscribe(ask, { promotionCode: code });
    expect(answer).toMatchObject(refusedAs('coupon_not_for_plan'));
    expect(answer.body.detail).toMatch(/pro, team.+basic/);
  });
  test('for a first time is refused to who was there before', async () => {
    const { code } = await offered({}, { firstTimeOnly: true });
    const { ask } = await api.customer();
    expect(await subscribe(ask, { promotionCode: code })).toMatchObject({ status: 201 });
    expect(await subscribe(ask, { promotionCode: code })).toMatchObject(refusedAs('not_first_time'));
  });
  test('for a price that this is not says both', async () => {
    const { code } = await offered({}, { minimumAmount: usd(1901) });
    const { ask } = await api.customer();
    const answer = await subscribe(ask, { promotionCode: code });
    expect(answer).toMatchObject(refusedAs('below_minimum_amount'));
    expect(answer.body.detail).toMatch(/19\.01 USD.+19\.00 USD/);
  });
});

describe('the last one', () => {
  const outcomes = (answers: Answer[]) => answers.map(({ status, body }) => (status === 201 ? 201 : body.code)).sort();

  test('of a coupon goes to one of those who want it at once', async () => {
    const { code, state } = await offered({ maxRedemptions: 2 });
    const customers = await Promise.all(Array.from({ length: 5 }, () => api.customer()));
    const answers = await Promise.all(customers.map(({ ask }) => subscribe(ask, { promotionCode: code })));
    expect(outcomes(answers)).toEqual([201, 201, 'coupon_exhausted', 'coupon_exhausted', 'coupon_exhausted']);
    expect((await state()).redeemed).toBe(2);
    const late = await subscribe((await api.customer()).ask, { promotionCode: code });
    expect(late).toMatchObject(refusedAs('coupon_exhausted', 409));
    expect(late.body.detail).toBe('it was redeemed 2 times, and 2 is the most');
  });
  test('of a code, too, though its coupon has more', async () => {
    const { code, state } = await offered({ maxRedemptions: 9 }, { maxRedemptions: 1 });
    const customers = await Promise.all([api.customer(), api.customer()]);
    const answers = await Promise.all(
      customers.map(({ ask }) => subscribe(ask, { promotionCode: code, planId: 'pro' })),
    );
    expect(outcomes(answers)).toEqual([201, 'coupon_exhausted']);
    expect((await state()).redeemed).toBe(1);
  });
  test('that a customer may have, wanted twice at once', async () => {
    const { code } = await offered({ perCustomer: 1 });
    const { ask } = await api.customer();
    const answers = await Promise.all([1, 2].map(() => subscribe(ask, { promotionCode: code })));
    expect(outcomes(answers)).toEqual([201, 'coupon_exhausted']);
    const { body } = await ask('GET', '/api/billing/subscriptions');
    expect(body.data).toHaveLength(1);
  });
  test('comes back where a first payment never comes', async () => {
    const { id, code, state } = await offered({ maxRedemptions: 1 });
    const first = await api.customer();
    const declined = { promotionCode: code, paymentMethodId: 'pm_card_chargeCustomerFail' };
    const { body } = await subscribe(first.ask, declined);
    expect(body.subscription.state).toBe('incomplete');
    const second = await api.customer();
    expect(await subscribe(second.ask, { promotionCode: code })).toMatchObject(refusedAs('coupon_exhausted', 409));
    await first.ask('POST', '/api/billing/cancel', { subscriptionId: body.subscription.id, at: 'now' });
    await until(state, ({ redeemed }) => redeemed === 0, 'the redemption is given back');
    const { body: redemptions } = await api.owner('GET', `${COUPONS}/${id}/redemptions`);
    expect(redemptions.data).toMatchObject([{ releasedAt: expect.any(String) }]);
    expect(await subscribe(second.ask, { promotionCode: code })).toMatchObject({ status: 201 });
  });
});

describe('on a running subscription', () => {
  const running = async () => {
    const customer = await api.customer();
    const { body } = await subscribe(customer.ask);
    return { ...customer, subscription: body.subscription.id as string };
  };
  test('its owner redeems a code, once', async () => {
    const { code, id } = await offered({ duration: 'forever' });
    const { ask, subscription } = await running();
    const address = `/api/billing/subscriptions/${subscription}/discounts`;
    const answer = await ask('POST', address, { promotionCode: code });
    expect(answer, answer.text).toMatchObject({
      status: 200,
      body: { subscription: { discounts: [{ couponId: id }] } },
    });
    expect(await ask('POST', address, { promotionCode: code })).toMatchObject({
      status: 409,
      body: { code: 'discount_held' },
    });
    const { body: ahead } = await ask('GET', `/api/billing/subscriptions/${subscription}/forecast`);
    expect(ahead.invoices[0]).toMatchObject({ total: usd(1710) });
    const { body: history } = await api.owner('GET', `/api/admin/subscriptions/${subscription}/history`);
    expect(history.data[0]).toMatchObject({ rule: 'discount.applied', because: { coupon: id, off: '10%' } });
  });
  test('an operator gives a coupon and takes it away', async () => {
    const { id } = await offered({ duration: 'forever' });
    const { subscription } = await running();
    const address = `/api/admin/subscriptions/${subscription}/discounts`;
    const given = await api.owner('POST', address, { couponId: id });
    expect(given.body.subscription.discounts).toMatchObject([{ couponId: id, promotionCodeId: null }]);
    const taken = await api.owner('DELETE', `${address}/${id}`);
    expect(taken, taken.text).toMatchObject({ status: 200, body: { subscription: { discounts: [] } } });
    expect(await api.owner('DELETE', `${address}/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'discount_not_held' },
    });
  });
  test('the last one goes to one of two', async () => {
    const { id, state } = await offered({ maxRedemptions: 1 });
    const both = await Promise.all([running(), running()]);
    const answers = await Promise.all(
      both.map((each) =>
        api.owner('POST', `/api/admin/subscriptions/${each.subscription}/discounts`, { couponId: id }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await state()).redeemed).toBe(1);
  });
  test('somebody else’s is not there', async () => {
    const { code } = await offered();
    const { subscription } = await running();
    const stranger = await api.customer();
    const address = `/api/billing/subscriptions/${subscription}/discounts`;
    expect(await stranger.ask('POST', address, { promotionCode: code })).toMatchObject({ status: 404 });
  });
});

test('the preview of a change is what it then is, with discounts held', async () => {
  const percent = await offered({ percentOff: '12.5', duration: 'forever' });
  const amount = await offered({ percentOff: undefined, amountOff: usd(333), duration: 'forever' });
  const { ask } = await api.customer();
  const { body } = await subscribe(ask, { promotionCode: percent.code });
  const subscriptionId = body.subscription.id;
  await ask('POST', `/api/billing/subscriptions/${subscriptionId}/discounts`, { promotionCode: amount.code });
  const change = { subscriptionId, planId: 'team', quantity: 3 };
  const preview = await ask('POST', '/api/billing/change/preview', change);
  const made = await ask('POST', '/api/billing/change', change);
  expect(preview.status, preview.text).toBe(200);
  expect(made.status, made.text).toBe(200);
  const { subscription: _, invoiceId, ...told } = made.body;
  expect(told).toEqual(preview.body);
  expect(preview.body.discount.amount).toBeGreaterThan(333);
  const invoice = (await ask('GET', `/api/billing/invoices/${invoiceId}`)).body;
  expect(invoice).toMatchObject({ lines: preview.body.lines, total: preview.body.total });
});

test('a coupon comes off first, and credit pays what is left', async () => {
  const { code } = await offered();
  const { id, ask } = await api.customer();
  await api.owner('POST', `/api/admin/customers/${id}/credit`, { amount: usd(500), reason: 'welcome' });
  const { body } = await subscribe(ask, { promotionCode: code });
  const invoice = await firstInvoice(ask);
  expect(invoice).toMatchObject({
    ...{ state: 'paid', subtotal: usd(1900), discount: usd(190), total: usd(1710), creditApplied: usd(500) },
    ...{ amountDue: usd(1210), amountPaid: usd(1210) },
  });
  const { body: statement } = await api.owner('GET', `/api/admin/customers/${id}/credit`);
  expect(statement).toMatchObject({
    credit: [usd(0)],
    data: [
      { kind: 'credit_applied', amount: usd(-500), subscriptionId: body.subscription.id, by: null },
      { kind: 'credit_granted', amount: usd(500), subscriptionId: null },
    ],
  });
  const { body: books } = await api.owner('GET', '/api/admin/ledger/trial-balance');
  expect(books.currencies).toMatchObject([{ currency: 'usd', balanced: true }]);
});

test('two that want the same credit at once share it, and it never goes below zero', async () => {
  const { id, ask } = await api.customer();
  await api.owner('POST', `/api/admin/customers/${id}/credit`, { amount: usd(2500), reason: 'welcome' });
  const both = await Promise.all([subscribe(ask), subscribe(ask)]);
  expect(both.map(({ status }) => status)).toEqual([201, 201]);
  const { body } = await ask('GET', '/api/billing/invoices');
  const used = body.data.map(({ creditApplied }: { creditApplied: { amount: number } }) => creditApplied.amount);
  expect(used.sort()).toEqual([1900, 600].sort());
  expect((await ask('GET', '/api/billing/credit')).body).toEqual({ credit: [usd(0)] });
});

describe('by the test clock', () => {
  test('a coupon ends when it is that late for the customer', async () => {
    const redeemBy = new Date(Date.now() + 40 * 86_400_000).toISOString();
    const { code } = await offered({ redeemBy });
    const { body: clock } = await api.owner('POST', '/api/admin/clocks', {});
    const early = await api.customer({ clockId: clock.id });
    const late = await api.customer({ clockId: clock.id });
    expect(await subscribe(early.ask, { promotionCode: code })).toMatchObject({ status: 201 });
    await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { by: 'P60D' });
    const look = async () => (await api.owner('GET', `/api/admin/clocks/${clock.id}`)).body;
    const ready = await until(look, ({ state }) => state !== 'advancing', 'the clock has arrived', 60_000);
    expect(ready).toMatchObject({ state: 'ready' });
    const answer = await subscribe(late.ask, { promotionCode: code });
    expect(answer).toMatchObject(refusedAs('coupon_expired'));
    expect(answer.body.detail).toContain(redeemBy);
    expect(answer.body.detail).toContain(ready.now);
    // Whoever had redeemed it before has it for as long as it lasts: once.
    const { body } = await early.ask('GET', '/api/billing/invoices');
    expect(body.data.map(({ total }: { total: object }) => total)).toEqual([usd(1900), usd(1710)]);
  });
});
