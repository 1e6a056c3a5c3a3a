/** Coupons and their codes are offered; one that could not be held is refused, field by field. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { type Api, publishPrices, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
  await publishPrices(api);
});
afterAll(() => api?.stop());

const COUPONS = '/api/admin/coupons';
const percent = { name: 'Spring', percentOff: '10', duration: 'once' };
const coupon = async (over: object = {}) => {
  const { status, body } = await api.owner('POST', COUPONS, { ...percent, ...over });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
};
const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString();

test('a coupon is offered, read, listed, renamed, archived and taken up again', async () => {
  const made = await coupon({ plans: ['basic', 'pro'], maxRedemptions: 5, perCustomer: 1, percentOff: 12.5 });
  expect(made).toMatchObject({
    ...{ id: expect.stringMatching(/^co_/), name: 'Spring', percentOff: '12.5', amountOff: null, duration: 'once' },
    ...{ periods: null, plans: ['basic', 'pro'], maxRedemptions: 5, perCustomer: 1, redeemBy: null, redeemed: 0 },
    ...{ state: 'active', archivedAt: null },
  });
  const address = `${COUPONS}/${made.id}`;
  expect((await api.owner('GET', address)).body).toEqual(made);
  expect((await api.owner('GET', COUPONS)).body.data).toContainEqual(made);
  const renamed = await api.owner('PATCH', address, { name: 'Spring 27' });
  expect(renamed.body).toEqual({ ...made, name: 'Spring 27' });
  const archived = await api.owner('PATCH', address, { state: 'archived' });
  expect(archived.body).toMatchObject({ state: 'archived', archivedAt: expect.any(String) });
  expect((await api.owner('PATCH', address, { state: 'archived' })).body).toEqual(archived.body);
  expect((await api.owner('GET', `${COUPONS}?state=archived`)).body.data).toEqual([archived.body]);
  expect((await api.owner('PATCH', address, { state: 'active' })).body).toEqual(renamed.body);
});

test('who offered what is in the audit log', async () => {
  const { id } = await coupon({ percentOff: undefined, amountOff: { amount: 500, currency: 'usd' } });
  await api.owner('PATCH', `${COUPONS}/${id}`, { state: 'archived' });
  const rows = await db.selectFrom('audit_log').selectAll().where('subject', '=', id).orderBy('id').execute();
  expect(rows).toMatchObject([
    {
      action: 'coupon_created',
      actor_ref: expect.stringMatching(/^user\//),
      why: { off: '5.00 USD', duration: 'once' },
    },
    { action: 'coupon_changed', why: { state: 'archived' } },
  ]);
});

test('an amount is one, or one for each currency', async () => {
  const usd = { amount: 500, currency: 'usd' };
  const eur = { amount: 450, currency: 'eur' };
  const one = await coupon({ percentOff: undefined, amountOff: usd, duration: 'repeating', periods: 3 });
  expect(one).toMatchObject({ amountOff: [usd], percentOff: null, periods: 3 });
  expect(await coupon({ percentOff: undefined, amountOff: [usd, eur] })).toMatchObject({ amountOff: [usd, eur] });
});

describe('what can’t be offered', () => {
  test.each<[string, object, number, string, string, string[]]>([
    ['more than all', { percentOff: '120' }, 422, 'coupon_invalid', 'percentOff', ['120', '100']],
    ['more than all, as a number', { percentOff: 100.01 }, 422, 'coupon_invalid', 'percentOff', ['100.01', '100']],
    [
      'an amount without its currency',
      { percentOff: undefined, amountOff: { amount: 500 } },
      422,
      'coupon_invalid',
      'amountOff.0.currency',
      ['missing', '500'],
    ],
    ['an end that is past', { redeemBy: YESTERDAY }, 422, 'coupon_invalid', 'redeemBy', [YESTERDAY, 'it is']],
    ['no periods', { duration: 'repeating' }, 422, 'coupon_invalid', 'periods', ['missing', 'repeating']],
    ['a plan that nobody sells', { plans: ['gold'] }, 422, 'coupon_invalid', 'plans.0', ['gold', 'basic']],
    ['no duration', { duration: undefined }, 400, 'invalid_request', 'duration', []],
    ['a field that is not known', { percent: 10 }, 400, 'invalid_request', 'percent', []],
    ['half a period', { duration: 'repeating', periods: 1.5 }, 400, 'invalid_request', 'periods', []],
  ])('%s', async (_what, over, status, code, path, values) => {
    const answer = await api.owner('POST', COUPONS, { ...percent, ...over });
    expect(answer).toMatchObject({ status, body: { code, errors: [{ path }] } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    for (const value of values) expect(answer.body.errors[0].message).toContain(value);
  });
  test('everything that is wrong is said at once', async () => {
    const { body } = await api.owner('POST', COUPONS, { ...percent, percentOff: '0', maxRedemptions: 0, periods: 2 });
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['percentOff', 'periods', 'maxRedemptions']);
  });
});

describe('a promotion code', () => {
  test('is made, listed and switched off', async () => {
    const { id } = await coupon();
    const codes = `${COUPONS}/${id}/promotion-codes`;
    const mine = await api.customer();
    const wanted = { code: 'Spring-27', firstTimeOnly: true, maxRedemptions: 3, customerId: mine.id };
    const minimumAmount = { amount: 1000, currency: 'usd' };
    const { status, body } = await api.owner('POST', codes, { ...wanted, minimumAmount });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { ...wanted, minimumAmount, couponId: id, active: true, redeemed: 0, expiresAt: null },
    });
    expect((await api.owner('GET', codes)).body.data).toEqual([body]);
    const found = await api.owner('GET', `${COUPONS}?promotionCode=SPRING-27`);
    expect(found.body.data.map((each: { id: string }) => each.id)).toEqual([id]);
    expect((await api.owner('GET', `${COUPONS}?promotionCode=no`)).body.data).toEqual([]);
    const off = await api.owner('PATCH', `${codes}/${body.id}`, { active: false });
    expect(off.body).toEqual({ ...body, active: false });
    const elsewhere = await coupon();
    expect(
      await api.owner('PATCH', `${COUPONS}/${elsewhere.id}/promotion-codes/${body.id}`, { active: true }),
    ).toMatchObject({ status: 404 });
  });

  test('is made up where none is named, never twice the same', async () => {
    const { id } = await coupon();
    const codes = `${COUPONS}/${id}/promotion-codes`;
    const all = await Promise.all([1, 2, 3].map(() => api.owner('POST', codes, {})));
    expect(new Set(all.map(({ body }) => body.code)).size).toBe(3);
    expect(all[0]!.body.code).toMatch(/^[0-9A-Z]{10}$/);
  });

  test('is one, whatever the case of its letters, also where two ask at once', async () => {
    const { id } = await coupon();
    const other = await coupon();
    const asked = await Promise.all(
      ['once-only', 'ONCE-ONLY', 'Once-Only'].map((code, i) =>
        api.owner('POST', `${COUPONS}/${i === 0 ? id : other.id}/promotion-codes`, { code }),
      ),
    );
    expect(asked.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const refused = asked.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: 'promotion_code_taken', errors: [{ path: 'code' }] });
  });

  test.each<[string, object, number, string, string]>([
    ['an end that is past', { expiresAt: YESTERDAY }, 422, 'promotion_code_invalid', 'expiresAt'],
    ['nobody’s customer', { customerId: 'cus_nobody' }, 422, 'unknown_customer', 'customerId'],
    ['a blank', { code: 'SPRING 27' }, 400, 'invalid_request', 'code'],
    [
      'a price in no currency',
      { minimumAmount: { amount: 5, currency: 'x' } },
      422,
      'promotion_code_invalid',
      'minimumAmount.currency',
    ],
  ])('with %s is refused', async (_what, body, status, code, path) => {
    const { id } = await coupon();
    const answer = await api.owner('POST', `${COUPONS}/${id}/promotion-codes`, body);
    expect(answer).toMatchObject({ status, body: { code, errors: [{ path }] } });
  });

  test('of an archived coupon is refused, and of none', async () => {
    const { id } = await coupon();
    await api.owner('PATCH', `${COUPONS}/${id}`, { state: 'archived' });
    const archived = await api.owner('POST', `${COUPONS}/${id}/promotion-codes`, {});
    expect(archived).toMatchObject({ status: 409, body: { code: 'coupon_archived' } });
    expect(await api.owner('POST', `${COUPONS}/co_nothing/promotion-codes`, {})).toMatchObject({ status: 404 });
  });
});

test('coupons are for those who may', async () => {
  const mine = await api.customer();
  expect(await mine.ask('GET', COUPONS)).toMatchObject({ status: 403 });
  const support = api.as(await api.token('support'));
  expect(await support('GET', COUPONS)).toMatchObject({ status: 200 });
  expect(await support('POST', COUPONS, percent)).toMatchObject({ status: 403 });
});
