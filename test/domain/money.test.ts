import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatMoney, money, prorate, timesDecimal } from '../../src/domain/money.ts';
import {
  changePrice,
  debitedInPeriod,
  priceOfDays,
  priceOfPeriod,
  type Segment,
  wholePriceOf,
} from '../../src/domain/proration.ts';

test.each([
  ['half goes away from zero', 5, 1, 2, 3],
  ['and so mirrors a credit', -5, 1, 2, -3],
  ['a third of ten', 10, 1, 3, 3],
  ['two thirds of ten', 10, 2, 3, 7],
  ['beyond 2^53 in between', 9_007_199_254_740_991, 31, 31, 9_007_199_254_740_991],
  ['nothing', 100, 0, 31, 0],
])('prorate: %s', (_what, amount, part, whole, expected) => {
  expect(prorate(amount, part, whole)).toBe(expected);
});

test.each([
  ['0.05', 1, 0],
  ['0.05', 10, 1],
  ['0.05', 1_000_000, 50_000],
  ['2.5', 1, 3],
  ['-2.5', 1, -3],
  ['1999', 3, 5997],
])('%s × %d = %d', (price, quantity, expected) => {
  expect(timesDecimal(price, quantity)).toBe(expected);
});

describe('what is no money', () => {
  test.each([0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d', (amount) => {
    expect(() => money(amount, 'usd')).toThrow(/whole number of minor units/);
  });
  test('an unknown currency', () => expect(() => money(1, 'xxx')).toThrow(/unknown currency/));
  test('a product beyond the safe range is refused, not rounded', () => {
    expect(() => timesDecimal('999999999999999', 1_000)).toThrow(/safe range/);
  });
});

test.each([
  [1999, 'usd', '19.99 USD'],
  [-5, 'eur', '-0.05 EUR'],
  [500, 'jpy', '500 JPY'],
  [1234, 'kwd', '1.234 KWD'],
])('%d %s is written %s', (amount, currency, text) => {
  expect(formatMoney(money(amount, currency))).toBe(text);
});

const amounts = fc.integer({ min: 0, max: 1_000_000 });
const changes = fc.array(fc.record({ day: fc.nat(30), amount: amounts }), { maxLength: 8 });

property.prop([amounts, fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 1, max: 400 })], {
  numRuns: 10_000,
})('prorate agrees with the arithmetic of big integers', (part, amount, whole) => {
  const exact = (2n * BigInt(Math.abs(amount)) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole));
  expect(prorate(amount, part, whole)).toBe(Math.sign(amount) * Number(exact) || 0);
});

property.prop([amounts, changes, fc.constantFrom(28, 29, 30, 31)], { numRuns: 10_000 })(
  'whatever is changed and how often: what was billed is what the days cost, and a day costs the dearest price held on it',
  (first, list, days) => {
    const ordered = list.filter(({ day }) => day < days).sort((a, b) => a.day - b.day);
    let segments: Segment[] = [{ from: 0, amount: first }];
    let billed = first;
    const dearest = Array.from({ length: days }, () => 0);
    let held = first;
    let day = 0;
    for (const change of [...ordered, { day: days - 1, amount: -1 }]) {
      for (let d = day; d <= change.day; d++) dearest[d] = Math.max(dearest[d]!, held);
      if (change.amount < 0) break;
      const changed = changePrice(segments, days, change.day, change.amount);
      billed += [...changed.credits, ...changed.debits].reduce((sum, { amount }) => sum + amount, 0);
      segments = changed.segments;
      held = change.amount;
      day = change.day;
      dearest[day] = Math.max(dearest[day]!, held);
    }
    expect(billed).toBe(priceOfPeriod(segments, days));
    const priceOn = (d: number) => segments.findLast(({ from }) => from <= d)!.amount;
    expect(dearest.map((_, d) => priceOn(d))).toEqual(dearest);
  },
);

const kinds = fc.constantFrom('billed' as const, 'unbilled' as const);
const gamble = fc.array(fc.record({ day: fc.nat(30), amount: amounts, kind: kinds }), { maxLength: 8 });

property.prop([amounts, fc.nat(100), gamble, fc.constantFrom(28, 29, 30, 31), fc.nat(30)], { numRuns: 10_000 })(
  'with discounts, free days and changes that are not billed: no more is given back than was debited, and no day twice',
  (first, off, list, days, skipped) => {
    const start = Math.min(skipped, days - 1); // a stub begins later
    const debited = Math.floor((first * (100 - off)) / 100);
    let segments: Segment[] = [{ from: start, amount: first, debited }];
    let paid = priceOfDays(debited, start, days, days);
    for (const { day, amount, kind } of list
      .filter((each) => each.day >= start && each.day < days)
      .sort((a, b) => a.day - b.day)) {
      const changed = changePrice(segments, days, day, amount, { isBilled: kind === 'billed' });
      const back = -changed.credits.reduce((sum, credit) => sum + credit.amount, 0);
      expect(back).toBeLessThanOrEqual(paid);
      for (const credit of changed.credits) expect(credit.amount).toBeLessThanOrEqual(0);
      paid += changed.debits.reduce((sum, debit) => sum + debit.amount, 0) - back;
      segments = changed.segments;
      const debitedNow = debitedInPeriod(segments, days);
      expect(debitedNow).toBeLessThanOrEqual(paid);
      if (list.every((each) => each.kind === 'billed')) expect(debitedNow).toBe(paid);
    }
  },
);

test('a raise that was not billed gives nothing back, and a lowering that was not billed is given up', () => {
  const up = changePrice([{ from: 0, amount: 3000 }], 30, 10, 6000, { isBilled: false });
  expect(up).toEqual({
    segments: [
      { from: 0, amount: 3000 },
      { from: 10, amount: 6000, debited: 3000 },
    ],
    credits: [],
    debits: [],
  });
  const down = changePrice(up.segments, 30, 19, 0);
  expect(down.credits).toEqual([{ from: 20, to: 30, amount: -1000, price: 3000, rates: [] }]);
  const lower = changePrice([{ from: 0, amount: 3000 }], 30, 9, 1500, { isBilled: false });
  expect(changePrice(lower.segments, 30, 19, 0).credits).toEqual([
    { from: 20, to: 30, amount: -500, price: 1500, rates: [] },
  ]);
});

property.prop([fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 366 }), fc.nat(365), fc.nat(365)], {
  numRuns: 10_000,
})('whatever some days cost, there is a whole price that comes to it', (amount, days, a, b) => {
  const [from, to] = [Math.min(a, b, days - 1), Math.min(Math.max(a, b) + 1, days)];
  expect(priceOfDays(wholePriceOf(amount, from, to, days), from, to, days)).toBe(amount);
});
