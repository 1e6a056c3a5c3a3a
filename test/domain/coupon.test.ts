import { describe, expect, test } from 'vitest';
import {
  type Buyer,
  type Coupon,
  type CouponDraft,
  checkCoupon,
  checkPromotionCode,
  limitOf,
  type Offer,
  type PromotionCode,
  redeem,
} from '../../src/domain/coupon.ts';
import { at, START } from './builders.ts';

const coupon = (over: Partial<Coupon> = {}): Coupon => ({
  ...{ id: 'co_1', name: 'Spring', percentOff: '10', amountOff: null, duration: 'once', periods: null, plans: null },
  ...{ maxRedemptions: null, perCustomer: null, redeemBy: null, state: 'active', ...over },
});
const promotionCode = (over: Partial<PromotionCode> = {}): PromotionCode => ({
  ...{ id: 'promo_1', coupon: 'co_1', code: 'SPRING', active: true, expiresAt: null, maxRedemptions: null },
  ...{ firstTimeOnly: false, minimumAmount: null, customer: null, ...over },
});
const redeemed = { coupon: 0, code: 0, byCustomer: 0, codeByCustomer: 0 };
const offer = (over: Partial<Coupon> = {}, code: Partial<PromotionCode> | null = null): Offer => ({
  coupon: coupon(over),
  code: code && promotionCode(code),
  redeemed,
});
const buyer: Buyer = { customer: 'cus_1', isNew: true, plan: 'pro', currency: 'usd', price: 3000 };
const SOLD = ['basic', 'pro'];
const usd = (amount: number) => ({ amount, currency: 'usd' });

describe('a coupon that could not be held', () => {
  const off = { percentOff: null };
  test.each<[string, Partial<CouponDraft>, string, string[]]>([
    ['more than all', { percentOff: '100.5' }, 'percentOff', ['100.5', '100']],
    ['much more than all', { percentOff: '1000' }, 'percentOff', ['1000', '100']],
    ['nothing off', { percentOff: '0.00' }, 'percentOff', ['0.00', 'above 0']],
    ['less than nothing', { percentOff: '-5' }, 'percentOff', ['-5', '12.5']],
    ['a word', { percentOff: 'half' }, 'percentOff', ['half', '12.5']],
    ['neither', off, 'percentOff', ['missing', 'amountOff']],
    ['both', { amountOff: [usd(5)] }, 'percentOff', ['10', 'amountOff']],
    [
      'an amount without a currency',
      { ...off, amountOff: [{ amount: 500 }] },
      'amountOff.0.currency',
      ['missing', '500'],
    ],
    [
      'an amount in no currency',
      { ...off, amountOff: [{ amount: 5, currency: 'USD' }] },
      'amountOff.0.currency',
      ['USD', 'usd'],
    ],
    ['an amount of nothing', { ...off, amountOff: [usd(0)] }, 'amountOff.0.amount', ['0', '1']],
    [
      'an amount beyond all',
      { ...off, amountOff: [usd(2e15)] },
      'amountOff.0.amount',
      ['2000000000000000', '1000000000000000'],
    ],
    ['one currency twice', { ...off, amountOff: [usd(5), usd(6)] }, 'amountOff.1.currency', ['usd', 'before']],
    ['no amounts', { ...off, amountOff: [] }, 'amountOff', ['0', '1']],
    ['no periods', { duration: 'repeating' }, 'periods', ['missing', 'repeating']],
    ['zero periods', { duration: 'repeating', periods: 0 }, 'periods', ['0', '1 to 1200']],
    ['periods of a single one', { periods: 3 }, 'periods', ['3', 'once', 'repeating']],
    ['a plan that is not sold', { plans: ['pro', 'gold'] }, 'plans.1', ['gold', 'basic, pro']],
    ['no plans', { plans: [] }, 'plans', ['0', '1']],
    ['no redemptions', { maxRedemptions: 0 }, 'maxRedemptions', ['0', '1']],
    ['none for a customer', { perCustomer: -1 }, 'perCustomer', ['-1', '1']],
    ['an end that is past', { redeemBy: at('2026-12-31') }, 'redeemBy', ['2026-12-31', '2027-01-01']],
  ])('%s', (_what, over, path, values) => {
    const problems = checkCoupon({ ...coupon(), ...over }, SOLD, START);
    expect(problems.map((each) => each.path)).toEqual([path]);
    for (const value of values) expect(problems[0]!.message).toContain(value);
  });

  test.each<Partial<CouponDraft>>([
    { percentOff: '100' },
    { percentOff: '100.00' },
    { percentOff: '0.5' },
    { percentOff: null, amountOff: [usd(500), { amount: 450, currency: 'eur' }] },
    { duration: 'repeating', periods: 3, plans: ['pro'], maxRedemptions: 1, perCustomer: 1, redeemBy: START + 1 },
  ])('and %o can be', (over) => {
    expect(checkCoupon({ ...coupon(), ...over }, SOLD, START)).toEqual([]);
  });
});

test.each<[string, Partial<PromotionCode>, string, string[]]>([
  ['an end that is past', { expiresAt: START }, 'expiresAt', ['2027-01-01']],
  ['an end after its coupon’s', { expiresAt: at('2027-03-02') }, 'expiresAt', ['2027-03-02', '2027-03-01']],
  ['no redemptions', { maxRedemptions: 0 }, 'maxRedemptions', ['0', '1']],
  ['a least price of nothing', { minimumAmount: usd(0) }, 'minimumAmount.amount', ['0', '1']],
])('a promotion code with %s', (_what, over, path, values) => {
  const problems = checkPromotionCode(promotionCode(over), coupon({ redeemBy: at('2027-03-01') }), START);
  expect(problems.map((each) => each.path)).toEqual([path]);
  for (const value of values) expect(problems[0]!.message).toContain(value);
});

describe('redeeming', () => {
  test('holds what was offered, from now on', () => {
    const given = offer({ duration: 'repeating', periods: 3, plans: ['pro'] }, {});
    expect(redeem(given, buyer, START)).toEqual({
      discount: {
        ...{ coupon: 'co_1', name: 'Spring', kind: { percent: '10' }, duration: { periods: 3 }, plans: ['pro'] },
        ...{ promotionCode: 'promo_1', since: START },
      },
    });
  });
  test('takes the amount of the buyer’s currency', () => {
    const amounts = offer({ percentOff: null, amountOff: [{ amount: 450, currency: 'eur' }, usd(500)] });
    expect(redeem(amounts, buyer, START)).toMatchObject({ discount: { kind: usd(500), duration: 'once' } });
  });

  const ends = at('2027-01-31');
  const late = at('2027-02-01');
  test.each<[string, Offer, Partial<Buyer>, number, string, string[]]>([
    ['past its end', offer({ redeemBy: ends }), {}, late, 'coupon_expired', ['2027-01-31', '2027-02-01']],
    ['at its very end', offer({ redeemBy: ends }), {}, ends, 'coupon_expired', ['2027-01-31']],
    ['past its code’s end', offer({}, { expiresAt: ends }), {}, late, 'coupon_expired', ['2027-01-31', '2027-02-01']],
    ['archived', offer({ state: 'archived' }), {}, START, 'coupon_archived', ['co_1', 'active']],
    ['archived, by a code', offer({ state: 'archived' }, {}), {}, START, 'promotion_code_unknown', []],
    ['by a code that is off', offer({}, { active: false }), {}, START, 'promotion_code_unknown', []],
    ['by somebody else’s code', offer({}, { customer: 'cus_2' }), {}, START, 'promotion_code_unknown', []],
    ['for another plan', offer({ plans: ['basic', 'team'] }), {}, START, 'coupon_not_for_plan', ['basic, team', 'pro']],
    [
      'in another currency',
      offer({ percentOff: null, amountOff: [{ amount: 450, currency: 'eur' }] }),
      {},
      START,
      'coupon_not_in_currency',
      ['eur', 'usd'],
    ],
    ['not for the first time', offer({}, { firstTimeOnly: true }), { isNew: false }, START, 'not_first_time', []],
    [
      'for too little',
      offer({}, { minimumAmount: usd(3001) }),
      {},
      START,
      'below_minimum_amount',
      ['30.01 USD', '30.00 USD'],
    ],
    [
      'for a price in another currency',
      offer({}, { minimumAmount: { amount: 1, currency: 'eur' } }),
      {},
      START,
      'below_minimum_amount',
      ['0.01 EUR', '30.00 USD'],
    ],
  ])('%s is refused', (_what, given, over, now, code, values) => {
    const answer = redeem(given, { ...buyer, ...over }, now);
    expect(answer).toMatchObject({ code });
    for (const value of values) expect(JSON.stringify(answer)).toContain(value);
  });

  test.each<[string, Partial<Coupon>, Partial<PromotionCode> | null, Partial<Offer['redeemed']>, string | null]>([
    ['none so far', { maxRedemptions: 2 }, null, {}, null],
    ['one left', { maxRedemptions: 2 }, null, { coupon: 1 }, null],
    ['none left', { maxRedemptions: 2 }, null, { coupon: 2 }, 'coupon_exhausted'],
    ['none left for this customer', { perCustomer: 1 }, null, { coupon: 9, byCustomer: 1 }, 'coupon_exhausted'],
    ['none left of the code', {}, { maxRedemptions: 1 }, { code: 1 }, 'coupon_exhausted'],
    [
      'the coupon’s, though the code has one left',
      { maxRedemptions: 1 },
      { maxRedemptions: 2 },
      { coupon: 1 },
      'coupon_exhausted',
    ],
    ['a first time that was', {}, { firstTimeOnly: true }, { codeByCustomer: 1 }, 'not_first_time'],
    ['a second time of any code', {}, {}, { codeByCustomer: 1 }, null],
  ])('a limit: %s', (_what, terms, code, times, wanted) => {
    const given = { ...offer(terms, code), redeemed: { ...redeemed, ...times } };
    expect(limitOf(given)?.code ?? null).toBe(wanted);
    expect('discount' in redeem(given, buyer, START)).toBe(wanted === null);
  });
});
