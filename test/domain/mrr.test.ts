import { fc, it } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import { monthlyRecurring, perMonth } from '../../src/domain/mrr.ts';
import type { Terms } from '../../src/domain/price-book.ts';
import type { Accepted, Subscription } from '../../src/domain/subscription.ts';
import type { Interval } from '../../src/domain/time.ts';
import { live, story } from '../support/lives.ts';
import { active, draft, hybrid, pastDue, run, START, subscribe, terms, trialing } from './builders.ts';

const withTerms = (held: Terms, quantity = 1, over: Partial<Accepted> = {}): Subscription =>
  ({ ...active(), terms: held, quantity, ...over }) as Subscription;
const every = (unit: Interval['unit'], count = 1, unitAmount = '3000') =>
  terms({ interval: { unit, count }, unitAmount });

describe('what a price comes to in a month', () => {
  test.each<[Interval['unit'], number, number, number]>([
    ['month', 1, 3_000, 3_000],
    ['month', 3, 9_000, 3_000],
    ['month', 6, 10_000, 1_667],
    ['quarter', 1, 9_000, 3_000],
    ['quarter', 2, 10_000, 1_667],
    ['year', 1, 36_000, 3_000],
    ['year', 1, 10_000, 833],
    ['year', 3, 100_000, 2_778],
    ['week', 1, 1_200, 5_214],
    ['week', 2, 2_400, 5_214],
    ['day', 1, 100, 3_042],
    ['day', 7, 1_200, 5_214],
    ['day', 365, 36_500, 3_042],
    ['month', 1, 0, 0],
  ])('every %s × %i, %i is %i', (unit, count, amount, wanted) => {
    expect(perMonth(amount, { unit, count })).toBe(wanted);
  });

  it.prop([fc.integer({ min: 0, max: 10 ** 12 }), fc.integer({ min: 1, max: 100 })], { numRuns: 10_000 })(
    'the same however it is said: 12 months are 4 quarters are a year, 7 days a week',
    (amount, count) => {
      expect(perMonth(amount, { unit: 'quarter', count })).toBe(perMonth(amount, { unit: 'month', count: 3 * count }));
      expect(perMonth(amount, { unit: 'year', count })).toBe(perMonth(amount, { unit: 'quarter', count: 4 * count }));
      expect(perMonth(amount, { unit: 'week', count })).toBe(perMonth(amount, { unit: 'day', count: 7 * count }));
      // A year of days is a year of months.
      expect(perMonth(amount, { unit: 'day', count: 365 * count })).toBe(perMonth(amount, { unit: 'year', count }));
    },
  );
});

describe('which subscriptions count', () => {
  test.each<[string, Subscription, number]>([
    ['a draft', draft(), 0],
    ['one on trial', trialing(), 0],
    ['one that awaits its first payment', run(draft(), [subscribe(), START]), 0],
    ['an active one', active(), 3_000],
    ['one that is past due', pastDue(), 3_000],
    ['one that has gone unpaid', { ...pastDue(), state: 'unpaid', since: START } as Subscription, 0],
    ['a paused one', run(active(), [{ type: 'pause', resumeAt: null }, START]), 0],
    [
      'one that will end with its period',
      run(active(), [{ type: 'cancel', when: 'period_end', reason: null }, START]),
      3_000,
    ],
    ['one that has ended', run(active(), [{ type: 'cancel', when: 'now', reason: null }, START]), 0],
  ])('%s', (_which, subscription, wanted) => {
    expect(monthlyRecurring(subscription)).toBe(wanted);
  });
});

const held = (kind: HeldDiscount['kind'], over: Partial<HeldDiscount> = {}): HeldDiscount => ({
  coupon: 'co_1',
  name: 'Welcome',
  kind,
  duration: 'forever',
  since: START,
  ...over,
});

describe('what counts of a price', () => {
  test.each<[string, Terms, number, HeldDiscount[], number]>([
    ['each of what is had', terms(), 5, [], 15_000],
    ['a year, by the month', every('year', 1, '30000'), 2, [], 5_000],
    // 99.00 base, 7 seats of which 5 are included, 2 × 5.00 backup, and support at 20% of 119.00 but at least 25.00.
    [
      'add-ons and percentages, and no fee',
      hybrid([
        { id: 'backup', quantity: 2 },
        { id: 'support', quantity: 1 },
      ]),
      7,
      [],
      15_400,
    ],
    ['less what is taken off for good', terms(), 2, [held({ percent: '25' })], 4_500],
    [
      'less what is taken off for some periods',
      terms(),
      1,
      [held({ amount: 1_000, currency: 'usd' }, { duration: { periods: 3 } })],
      2_000,
    ],
    ['and nothing for what is taken off once', terms(), 1, [held({ percent: '50' }, { duration: 'once' })], 3_000],
    ['nor for a discount on another plan', terms(), 1, [held({ percent: '50' }, { plans: ['max'] })], 3_000],
    [
      'an amount off a year is off its months',
      every('year', 1, '36000'),
      1,
      [held({ amount: 12_000, currency: 'usd' })],
      2_000,
    ],
    ['never less than nothing', terms(), 1, [held({ amount: 99_000, currency: 'usd' })], 0],
  ])('%s', (_what, sold, quantity, discounts, wanted) => {
    expect(monthlyRecurring(withTerms(sold, quantity, { discounts }))).toBe(wanted);
  });
});

it.prop([story], { numRuns: 2_000 })('in any life it is a whole amount, and nothing where nothing is owed', (told) => {
  live(told, {
    decided(_before, _given, decision) {
      if (decision.outcome !== 'applied') return;
      const mrr = monthlyRecurring(decision.state);
      expect(Number.isSafeInteger(mrr) && mrr >= 0).toBe(true);
      const pays = decision.state.state === 'active' || decision.state.state === 'past_due';
      expect(mrr > 0).toBe(pays);
    },
  });
});
