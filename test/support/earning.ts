/** Lines of any kind, as the rules of earning and the database's own arithmetic are tried with. */
import fc from 'fast-check';
import { type EarnedLine, wholeOf } from '../../src/domain/earning.ts';
import { addDays } from '../../src/domain/time.ts';

const amount = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -100_000, max: 1_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(10 ** 15), max: 10 ** 15 }) },
  { weight: 1, arbitrary: fc.integer({ min: -40, max: 40 }) },
);

const shaped = fc
  .record({
    price: amount,
    before: fc.oneof(fc.constant(0), amount),
    days: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 31 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 366 }) },
    ),
    cut: fc.tuple(fc.nat(366), fc.nat(366)),
  })
  .map(({ price, before, days, cut }) => {
    const [from, to] = cut.map((each) => each % (days + 1)).sort((a, b) => a - b) as [number, number];
    return { price, before, days, from, to };
  });

export const earnedLine: fc.Arbitrary<EarnedLine> = fc
  .record({
    earning: shaped,
    ofItsOwn: fc.boolean(),
    first: fc.integer({ min: 0, max: 400 }),
    discountPercent: fc.oneof(fc.constant(0), fc.nat(100)),
    taxPercent: fc.oneof(fc.constant(0), fc.nat(30)),
    product: fc.constantFrom('app', 'support', undefined),
  })
  .map(({ earning, ofItsOwn, first, discountPercent, taxPercent, product }) => {
    const from = addDays('2026-12-01', first);
    const whole = ofItsOwn ? earning.price : wholeOf(earning);
    const discount = Math.round((whole * discountPercent) / 100) || 0;
    const inside = Math.round(((whole - discount) * taxPercent) / (100 + taxPercent)) || 0;
    return {
      amount: whole,
      period: { from, to: addDays(from, earning.to - earning.from) },
      product,
      earning: ofItsOwn ? null : earning,
      discount,
      taxes: inside === 0 ? [] : [{ amount: inside, inclusive: true }],
    };
  });
