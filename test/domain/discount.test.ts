import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  afterInvoice,
  afterPeriod,
  type DiscountableLine,
  discounted,
  discountsOn,
  type HeldDiscount,
} from '../../src/domain/discount.ts';
import { prorate } from '../../src/domain/money.ts';
import { START } from './builders.ts';

let count = 0;
const held = (kind: HeldDiscount['kind'], over: Partial<HeldDiscount> = {}): HeldDiscount => {
  const n = ++count;
  return { coupon: `co_${n}`, name: `Coupon ${n}`, kind, duration: 'forever', since: START + n, ...over };
};
const percent = (percent: string, over?: Partial<HeldDiscount>) => held({ percent }, over);
const off = (amount: number, over?: Partial<HeldDiscount>) => held({ amount, currency: 'usd' }, over);

const PERIOD = { from: '2027-01-01', to: '2027-02-01' };
const line = (amount: number, over: Partial<DiscountableLine> = {}): DiscountableLine => ({
  ...{ amount, period: PERIOD },
  ...over,
});
const fee = (amount: number) => line(amount, { period: null });
const credit = (amount: number) => line(-amount, { discountable: false });
/** Of a period of 31 days. */
const days = (amount: number, from: number, to = 31) => line(amount, { earning: { days: 31, from, to } });

const takenOff = (lines: readonly DiscountableLine[], ...discounts: HeldDiscount[]) =>
  discounted(lines, discounts, 'usd').map(({ discount }) => discount ?? 0);
const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);

test.each<[string, DiscountableLine[], HeldDiscount[], number[]]>([
  ['nothing is held', [line(3000)], [], [0]],
  ['a percentage', [line(3000)], [percent('10')], [300]],
  ['a percentage with decimals, rounded half away from zero', [line(1000)], [percent('33.35')], [334]],
  ['all of it', [line(3000), fee(500)], [percent('100')], [3000, 500]],
  [
    'three lines of 0.10 and 25%: rounded on the running sum',
    [line(10), line(10), line(10)],
    [percent('25')],
    [3, 2, 3],
  ],
  ['an amount', [line(3000)], [off(500)], [500]],
  ['an amount over several lines, by their share', [line(2000), line(1000)], [off(1000)], [667, 333]],
  ['an amount above the price: the rest is lost', [line(300)], [off(500)], [300]],
  ['percentages come first, whoever was there before', [line(10_000)], [off(2000), percent('10')], [3000]],
  ['a second percentage is of what the first one left', [line(10_000)], [percent('10'), percent('20')], [2800]],
  ['two amounts and little to take them off', [line(700)], [off(500), off(500)], [700]],
  ['an amount after a percentage that left nothing', [line(700)], [percent('100'), off(500)], [700]],
  ['credits for unused time and what is carried are left alone', [credit(1500), line(3000)], [percent('10')], [0, 300]],
  ['an invoice of credits', [credit(1500)], [percent('10'), off(100)], [0]],
  ['a line that is not discountable', [line(3000, { discountable: false }), line(1000)], [off(1500)], [0, 1000]],
  ['a line of nothing', [line(0), line(100)], [percent('10')], [0, 10]],
  ['fees of the period’s own invoice', [line(1000), fee(1000)], [off(1000)], [500, 500]],
  ['a free plan’s fee', [line(0), fee(1000)], [off(400)], [0, 400]],
  ['fees by themselves have the percentages alone', [fee(1000)], [off(400), percent('5')], [50]],
  ['16 of 31 days have as much of the amount', [days(1548, 15)], [off(1000)], [516]],
  ['and the days before had the rest', [days(1452, 0, 15)], [off(1000)], [484]],
  ['a fee beside a part of a period doesn’t raise the amount', [days(1548, 15), fee(2000)], [off(1000)], [225, 291]],
  ['an amount beyond 2^53 in between', [line(10 ** 15), line(10 ** 15)], [off(10 ** 15)], [5 * 10 ** 14, 5 * 10 ** 14]],
])('%s', (_what, lines, discounts, expected) => {
  expect(takenOff(lines, ...discounts)).toEqual(expected);
});

test('a line says which discount took how much', () => {
  const [ten, five] = [percent('10', { name: 'Spring' }), off(500, { name: 'Five off' })];
  expect(discounted([line(3000)], [five, ten], 'usd')[0]).toMatchObject({
    discount: 800,
    discounts: [
      { coupon: ten.coupon, name: 'Spring', amount: 300 },
      { coupon: five.coupon, name: 'Five off', amount: 500 },
    ],
  });
});

describe('what cannot be', () => {
  test.each(['-10', '100.01', '1e1', '', '10%'])('%s percent', (each) => {
    expect(() => takenOff([line(100)], percent(each))).toThrow(/percent/);
  });
  test('an amount in another currency', () => {
    expect(() => discounted([line(100)], [off(10)], 'eur')).toThrow(/usd.*eur/);
  });
});

test('a discount for certain plans counts on those', () => {
  const all = percent('10');
  const pro = percent('20', { plans: ['pro', 'team'] });
  expect(discountsOn([all, pro], 'pro')).toEqual([all, pro]);
  expect(discountsOn([all, pro], 'basic')).toEqual([all]);
  expect(discountsOn(undefined, 'basic')).toEqual([]);
});

describe('periods', () => {
  /** What a price of 10.00 costs in each of these periods. */
  const prices = (discount: HeldDiscount, periods: number): number[] => {
    let discounts = [discount];
    return Array.from({ length: periods }, () => {
      discounts = afterPeriod(discounts);
      const lines = discounted([line(1000)], discounts, 'usd');
      discounts = afterInvoice(discounts, lines);
      return 1000 - (lines[0]!.discount ?? 0);
    });
  };
  test.each<[string, HeldDiscount['duration'], number[]]>([
    ['once', 'once', [900, 1000, 1000, 1000]],
    ['one period is once', { periods: 1 }, [900, 1000, 1000, 1000]],
    ['three periods', { periods: 3 }, [900, 900, 900, 1000]],
    ['forever', 'forever', [900, 900, 900, 900]],
  ])('%s', (_what, duration, expected) => {
    expect(prices(percent('10', { duration }), 4)).toEqual(expected);
  });

  test('it waits where nothing was to be paid: a free period is not counted', () => {
    const once = percent('10', { duration: 'once' });
    const free = discounted([line(0)], [once], 'usd');
    expect(afterPeriod(afterInvoice([once], free))).toEqual([once]);
  });
  test('a change within the period has it too, and ends nothing', () => {
    const once = percent('10', { duration: 'once' });
    const begun = afterInvoice([once], discounted([line(1000)], [once], 'usd'));
    expect(takenOff([credit(500), days(1000, 15)], ...begun)).toEqual([0, 100]);
    expect(afterPeriod(begun)).toEqual([]);
  });
});

const aKind = fc.oneof(
  fc.record({
    percent: fc
      .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 999 }))
      .map((parts) => parts.join('.')),
  }),
  fc.record({ amount: fc.integer({ min: 1, max: 100_000 }), currency: fc.constant('usd') }),
);
const someDiscounts = fc.array(aKind, { maxLength: 4 }).map((kinds) => kinds.map((kind) => held(kind)));
const aLine = fc.oneof(
  fc.integer({ min: 0, max: 100_000 }).map((amount) => line(amount)),
  fc.integer({ min: 0, max: 100_000 }).map(fee),
  fc.integer({ min: 1, max: 100_000 }).map(credit),
  fc
    .tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 30 }))
    .map(([amount, from]) => days(amount, from)),
);
const runs = { numRuns: 10_000 };

property.prop([fc.array(aLine, { maxLength: 6 }), someDiscounts], runs)(
  'nothing below zero, nothing off a credit, and each line’s parts add up',
  (lines, discounts) => {
    for (const [i, { discount = 0, discounts: parts = [], amount }] of discounted(lines, discounts, 'usd').entries()) {
      expect(discount).toBeGreaterThanOrEqual(0);
      expect(discount).toBeLessThanOrEqual(Math.max(amount, 0));
      expect(amount).toBe(lines[i]!.amount);
      expect(sum(parts.map((part) => part.amount))).toBe(discount);
      expect(parts.every((part) => part.amount > 0)).toBe(true);
    }
  },
);

property.prop([fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 6 }), someDiscounts], runs)(
  'however a price is split into lines, it has the same discount as a whole',
  (amounts, discounts) => {
    const split = takenOff(
      amounts.map((amount) => line(amount)),
      ...discounts,
    );
    expect(sum(split)).toBe(sum(takenOff([line(sum(amounts))], ...discounts)));
  },
);

property.prop(
  [
    fc.integer({ min: 1, max: 5000 }),
    fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }),
    fc.array(fc.integer({ min: 5000, max: 100_000 }), { minLength: 9, maxLength: 9 }),
  ],
  runs,
)('however often a plan is changed, an amount comes off a period once', (amount, changes, prices) => {
  const discount = off(amount);
  const starts = [0, ...changes.sort((a, b) => a - b)];
  const [whole] = takenOff([days(prices[0]!, 0)], discount);
  // A change gives back the days that are left with their discount, and charges them anew with theirs.
  const given = starts.map((from, i) => {
    const to = starts[i + 1] ?? 31;
    const debit = prorate(prices[i]!, 31, 31) - prorate(prices[i]!, from, 31) + amount;
    const [taken] = takenOff([days(debit, from)], discount);
    const [back] = to === 31 ? [0] : takenOff([days(debit, to)], discount);
    return taken! - back!;
  });
  expect(whole).toBe(amount);
  expect(sum(given)).toBe(amount);
});

property.prop([fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 30 })], runs)(
  'a discount for n periods is had in n periods',
  (n, seen) => {
    let discounts: HeldDiscount[] = [percent('10', { duration: { periods: n } })];
    let had = 0;
    for (let period = 0; period < seen; period++) {
      discounts = afterPeriod(discounts);
      const lines = discounted([line(1000)], discounts, 'usd');
      discounts = afterInvoice(discounts, lines);
      had += lines[0]!.discount === undefined ? 0 : 1;
    }
    expect(had).toBe(Math.min(n, seen));
  },
);
