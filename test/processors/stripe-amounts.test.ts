import { fc, test as property } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { chargeStep, fromStripe, minimumCharge, toStripe } from '../../src/processors/stripe-amounts.ts';

it.each([
  // ours, in minor units      Stripe's
  ['usd', 1999, 1999],
  ['jpy', 500, 500],
  ['isk', 500, 50_000],
  ['ugx', 12_000, 1_200_000],
  ['mga', 12_300, 123],
  ['kwd', 1_230, 1_230],
])('%s: %d is %d to Stripe, and back', (currency, ours, theirs) => {
  expect(toStripe(ours, currency)).toBe(theirs);
  expect(fromStripe(theirs, currency)).toBe(ours);
});

it.each([
  ['kwd', 1_234],
  ['mga', 150],
])('%s: nothing is charged that is no multiple of its step (%d)', (currency, amount) => {
  expect(() => toStripe(amount, currency)).toThrow('stripe takes no');
});

it('refuses what is beyond the safe range, or no whole amount', () => {
  expect(() => toStripe(Number.MAX_SAFE_INTEGER, 'isk')).toThrow('beyond the safe range');
  expect(() => fromStripe(150, 'isk')).toThrow('no whole amount');
});

const currencies = fc.constantFrom('usd', 'eur', 'jpy', 'isk', 'ugx', 'mga', 'bhd', 'kwd', 'huf');
property.prop([currencies, fc.integer({ min: 1, max: 10 ** 9 })], { numRuns: 10_000 })(
  'there and back is the same, and the smallest charge can be charged',
  (currency, count) => {
    const amount = count * chargeStep(currency);
    expect(fromStripe(toStripe(amount, currency), currency)).toBe(amount);
    expect(() =>
      toStripe(Math.ceil(minimumCharge(currency) / chargeStep(currency)) * chargeStep(currency), currency),
    ).not.toThrow();
  },
);
