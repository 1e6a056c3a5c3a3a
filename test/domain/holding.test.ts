/** Discounts on a subscription: from its first invoice, while they last, and what they do to changes and endings. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import type { Effect } from '../../src/domain/effect.ts';
import { sharedWanted } from '../../src/domain/shared.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import type { TaxRules } from '../../src/domain/tax.ts';
import { DAY } from '../../src/domain/time.ts';
import {
  active,
  at,
  declined,
  draft,
  FEBRUARY,
  input,
  must,
  run,
  START,
  subscribe,
  succeeded,
  terms,
  trialing,
} from './builders.ts';

const held = (over: Partial<HeldDiscount> = {}): HeldDiscount => ({
  ...{ coupon: 'co_1', name: 'Spring', kind: { percent: '10' }, duration: 'once', since: START, ...over },
});
const invoices = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'issue_invoice' ? [effect.invoice] : []));
const redeemed = (effects: readonly Effect[]) => effects.filter(({ type }) => type === 'redeem');
const discountsOf = (state: Subscription) => (isAccepted(state) ? (state.discounts ?? []) : []);

const sold = (...discounts: HeldDiscount[]) => must(decide(draft(), input(subscribe({ discounts }))));
/** What the first invoices come to: subtotal less discount. */
function totals(state: Subscription, periods: number): number[] {
  const all: number[] = [];
  let now = state;
  for (let n = 0; n < periods; n++) {
    if (!isAccepted(now)) throw new Error(now.state);
    const { state: next, effects } = must(decide(now, input({ type: 'period_ended' }, now.period.end)));
    for (const { id, subtotal, discount, amountDue } of invoices(effects)) {
      all.push(subtotal - discount);
      now = next;
      if (amountDue > 0) {
        const paid = { type: 'payment_succeeded', invoice: id, attempt: 1, payment: id, amount: amountDue } as const;
        now = must(decide(now, input(paid, now.state === 'active' ? now.period.start : START))).state;
      }
    }
  }
  return all;
}

describe('subscribing with a discount', () => {
  test('takes it off the first invoice, redeems it, and says by whom', () => {
    const { state, effects } = sold(held({ promotionCode: 'promo_1' }));
    const [invoice] = invoices(effects);
    expect(invoice).toMatchObject({ subtotal: 3000, discount: 300, total: 2700, amountDue: 2700 });
    expect(invoice!.lines[0]!.discounts).toEqual([{ coupon: 'co_1', name: 'Spring', amount: 300 }]);
    expect(redeemed(effects)).toEqual([{ type: 'redeem', coupon: 'co_1', promotionCode: 'promo_1', at: START }]);
    expect(discountsOf(state)).toMatchObject([{ begun: true }]);
  });
  test('of all of it has nothing to pay', () => {
    const { state, effects, rule } = sold(held({ kind: { percent: '100' } }));
    expect({ rule, state: state.state }).toEqual({ rule: 'subscribe.nothing_due', state: 'active' });
    expect(invoices(effects)[0]).toMatchObject({ discount: 3000, total: 0 });
  });
  test.each<[string, HeldDiscount['duration'], number[]]>([
    ['once', 'once', [3000, 3000, 3000]],
    ['for three periods', { periods: 3 }, [2700, 2700, 3000]],
    ['for ever', 'forever', [2700, 2700, 2700]],
  ])('%s, the later invoices come to as much', (_what, duration, expected) => {
    const first = sold(held({ duration }));
    const paid = run(first.state, [succeeded(1, 1, 2700), START]);
    expect(totals(paid, 3)).toEqual(expected);
  });
  test('a trial doesn’t use it up', () => {
    const { state, effects } = must(decide(draft(), input(subscribe({ trialDays: 14, discounts: [held()] }))));
    expect(redeemed(effects)).toHaveLength(1);
    const begun = must(decide(state, input({ type: 'trial_ended' }, at('2027-01-15'))));
    expect(invoices(begun.effects)[0]).toMatchObject({ discount: 300 });
  });
  test('that somebody else has used up meanwhile is refused', () => {
    const limit = { code: 'coupon_exhausted' as const, detail: 'it was redeemed 5 times, and 5 is the most' };
    const shared = { credit: 0, minimumCharge: 0, tax: null, usedUp: { co_1: limit } };
    const decision = decide(draft(), { ...input(subscribe({ discounts: [held()] })), shared });
    expect(decision).toEqual({ outcome: 'refused', ...limit, path: 'couponId' });
  });
  test.each<[string, HeldDiscount[], string]>([
    ['twice the same', [held(), held()], 'discount_held'],
    ['in another currency', [held({ kind: { amount: 5, currency: 'eur' } })], 'coupon_not_in_currency'],
    ['for another plan', [held({ plans: ['basic'] })], 'coupon_not_for_plan'],
    ['too many', Array.from({ length: 11 }, (_, i) => held({ coupon: `co_${i}` })), 'too_many_discounts'],
  ])('%s is refused', (_what, discounts, code) => {
    expect(decide(draft(), input(subscribe({ discounts })))).toMatchObject({ outcome: 'refused', code });
  });
  test('asks whether it is used up, and only then', () => {
    const wanted = (discounts: HeldDiscount[]) => {
      const asked = input(subscribe({ discounts, trialDays: 14 }));
      const decision = decide(draft(), asked);
      return sharedWanted([{ input: asked, asked, before: draft(), decision, after: draft() }]);
    };
    expect(wanted([held()])).toMatchObject({ redemptions: [{ coupon: 'co_1', promotionCode: null }] });
    expect(wanted([])?.redemptions).toBeUndefined();
  });
});

test('a first payment that never came gives its redemption back', () => {
  const { state } = sold(held());
  const failed = run(state, [declined(1), START]);
  const { effects } = must(decide(failed, input({ type: 'incomplete_expired' }, START + 23 * 3_600_000)));
  expect(effects.filter(({ type }) => type === 'release_redemptions')).toHaveLength(1);
  const without = run(must(decide(draft(), input(subscribe()))).state, [declined(1), START]);
  const ended = must(decide(without, input({ type: 'incomplete_expired' }, START + 23 * 3_600_000)));
  expect(ended.effects.some(({ type }) => type === 'release_redemptions')).toBe(false);
});
describe('on a running subscription', () => {
  const apply = (state: Subscription, discount: HeldDiscount, when = at('2027-01-10')) =>
    decide(state, input({ type: 'apply_discount', discount }, when));
  test('it comes off the next invoice', () => {
    const { state, effects } = must(apply(active(), held()));
    expect(redeemed(effects)).toHaveLength(1);
    expect(totals(state, 2)).toEqual([2700, 3000]);
  });
  test('it is taken away, and comes off nothing more', () => {
    const { state } = must(apply(active(), held({ duration: 'forever' })));
    const removed = must(decide(state, input({ type: 'remove_discount', coupon: 'co_1' }, at('2027-01-11'))));
    expect(discountsOf(removed.state)).toEqual([]);
    expect(totals(removed.state, 1)).toEqual([3000]);
  });
  test('what is not held can’t be taken away', () => {
    expect(decide(active(), input({ type: 'remove_discount', coupon: 'co_1' }))).toMatchObject({
      ...{ outcome: 'refused', code: 'discount_not_held', detail: expect.stringContaining('none') },
    });
  });
  test('the same one twice is refused', () => {
    const { state } = must(apply(active(), held()));
    expect(apply(state, held())).toMatchObject({ outcome: 'refused', code: 'discount_held' });
  });
  test.each<[string, Subscription]>([
    ['a draft', draft()],
    ['one that awaits its first payment', sold().state],
  ])('%s takes none', (_what, state) => {
    expect(apply(state, held())).toMatchObject({ outcome: 'refused' });
  });
  test('a trial takes one', () => {
    const { state } = must(apply(trialing(), held()));
    const begun = must(decide(state, input({ type: 'trial_ended' }, at('2027-01-15'))));
    expect(invoices(begun.effects)[0]).toMatchObject({ discount: 300 });
  });
});

describe('a change', () => {
  const dearer = terms({ planId: 'business', name: 'Business', unitAmount: '6000' });
  const change = { type: 'change', terms: dearer, quantity: 1, when: null, proration: null } as const;
  const changed = (discount: HeldDiscount, when = at('2027-01-16')) => {
    const { state } = sold(discount);
    const paid = run(state, [succeeded(1, 1, 2700), START]);
    return must(decide(paid, input(change, when)));
  };
  test('in the same period has the percentage, too', () => {
    const [invoice] = invoices(changed(held()).effects);
    const debit = invoice!.lines.find(({ amount }) => amount > 0)!;
    expect(debit).toMatchObject({ amount: 3097, discount: 310 });
  });
  test('to a plan that the coupon is not for has none', () => {
    const [invoice] = invoices(changed(held({ plans: ['pro'] })).effects);
    expect(invoice).toMatchObject({ discount: 0 });
  });
  test('ends nothing: the period was begun with it', () => {
    const { state } = changed(held({ duration: { periods: 2 } }));
    expect(discountsOf(state)).toMatchObject([{ duration: { periods: 2 }, begun: true }]);
    const renewed = must(decide(state, input({ type: 'period_ended' }, FEBRUARY)));
    expect(invoices(renewed.effects)[0]).toMatchObject({ discount: 600 });
  });
  test('of the interval begins a period, and counts as one', () => {
    const yearly = { ...dearer, interval: { unit: 'year', count: 1 } } as const;
    const { state } = sold(held());
    const paid = run(state, [succeeded(1, 1, 2700), START]);
    const { effects, state: after } = must(
      decide(paid, input({ ...change, terms: yearly, when: 'now' }, at('2027-01-16'))),
    );
    expect(invoices(effects)[0]).toMatchObject({ discount: 0 });
    expect(discountsOf(after)).toEqual([]);
  });
});

describe('a draft', () => {
  const inGrace = { ...terms(), graceHours: 48 };
  const drafted = (discount: HeldDiscount) => {
    const { state } = must(decide(draft(), input(subscribe({ terms: inGrace, discounts: [discount] }))));
    const paid = run(state, [succeeded(1, 1, 2700), START]);
    return must(decide(paid, input({ type: 'period_ended' }, FEBRUARY)));
  };
  const finalised = (state: Subscription) =>
    invoices(must(decide(state, input({ type: 'draft_due', invoice: 'inv_1_2' }, FEBRUARY + 2 * DAY))).effects)[0];
  test('has the discounts of its period, and a later one isn’t its', () => {
    const { state, effects } = drafted(held({ duration: { periods: 2 } }));
    expect(effects.find(({ type }) => type === 'draft_invoice')).toMatchObject({ invoice: { discount: 300 } });
    const late = held({ coupon: 'co_late', kind: { percent: '50' } });
    const applied = must(decide(state, input({ type: 'apply_discount', discount: late }, FEBRUARY + DAY)));
    expect(finalised(applied.state)).toMatchObject({ subtotal: 3000, discount: 300 });
  });
  test('of a later period has none of one that is over', () => {
    expect(finalised(drafted(held()).state)).toMatchObject({ subtotal: 3000, discount: 0 });
  });
  test('keeps one that is taken away meanwhile', () => {
    const { state } = drafted(held({ duration: 'forever' }));
    const removed = must(decide(state, input({ type: 'remove_discount', coupon: 'co_1' }, FEBRUARY + DAY)));
    expect(finalised(removed.state)).toMatchObject({ discount: 300 });
  });
});

/** First the discount, then tax, then credit: worked by hand. */
describe('coupon with tax with credit', () => {
  const vat = (percent: string): TaxRules => {
    const rates = [{ jurisdiction: 'DE', name: 'USt', percent }];
    return { treatment: 'taxed', note: null, rates: { standard: rates, reduced: rates, exempt: [] } };
  };
  const tenOff = held({ coupon: 'co_2', kind: { amount: 1000, currency: 'usd' } });
  type Sums = [discount: number, tax: number, total: number, credit: number, due: number];
  test.each<[string, HeldDiscount[], TaxRules | null, number, number, Sums]>([
    // 30.00 − 3.00 = 27.00; 19% of it is 5.13; 32.13 − 5.00
    ['all three', [held()], vat('19'), 500, 0, [300, 513, 3213, 500, 2713]],
    ['no discount', [], vat('19'), 500, 0, [0, 570, 3570, 500, 3070]],
    ['no tax', [held()], null, 500, 0, [300, 0, 2700, 500, 2200]],
    ['no credit', [held()], vat('19'), 0, 0, [300, 513, 3213, 0, 3213]],
    // 30.00 − 3.00 − 10.00 = 17.00; 19% is 3.23
    ['two discounts', [tenOff, held()], vat('19'), 0, 0, [1300, 323, 2023, 0, 2023]],
    ['more credit than is due', [held()], vat('19'), 10_000, 0, [300, 513, 3213, 3213, 0]],
    [
      'all of it off: no tax, and no credit is used',
      [held({ kind: { percent: '100' } })],
      vat('19'),
      500,
      0,
      [3000, 0, 0, 0, 0],
    ],
    // 0.50 has to be left, or nothing
    ['credit that leaves too little to charge', [held()], null, 2680, 50, [300, 0, 2700, 2650, 50]],
    // 7.7% of 27.00 is 2.079
    ['a rate with decimals', [held()], vat('7.7'), 0, 0, [300, 208, 2908, 0, 2908]],
  ])('%s', (_what, discounts, tax, credit, minimumCharge, [discount, taxes, total, creditApplied, amountDue]) => {
    const shared = { credit, tax, minimumCharge };
    const { effects } = must(decide(draft(), { ...input(subscribe({ discounts })), shared }));
    const wanted = { subtotal: 3000, discount, tax: taxes, total, creditApplied, amountDue };
    expect(invoices(effects)[0]).toMatchObject(wanted);
  });
});
