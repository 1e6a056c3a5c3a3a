/** Each price model at its boundaries, and what holds for all quantities. Amounts are cents of usd. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Rate, rate, type Tier } from '../../src/domain/rating.ts';

const HUGE = '1000000000000';
const tiers: Tier[] = [
  { upTo: 100, unitAmount: '5', flatAmount: '300' },
  { upTo: 200, unitAmount: '4', flatAmount: '50' },
  { upTo: null, unitAmount: '0.25' },
];

const examples: Record<string, [Rate, [quantity: string, amount: number][]]> = {
  'flat: the same whatever the quantity': [
    { model: 'flat', unitAmount: '1999' },
    [
      ['0', 1999],
      ['1', 1999],
      [HUGE, 1999],
    ],
  ],
  'flat: half a cent goes up': [{ model: 'flat', unitAmount: '0.5' }, [['1', 1]]],
  'per unit': [
    { model: 'per_unit', unitAmount: '2.5' },
    [
      ['0', 0],
      ['1', 3],
      ['2', 5],
      ['0.5', 1],
      ['100.5', 251],
      [HUGE, 2_500_000_000_000],
    ],
  ],
  'per unit, below a cent, rounded once': [
    { model: 'per_unit', unitAmount: '0.05' },
    [
      ['9', 0],
      ['10', 1],
      ['1000000', 50_000],
    ],
  ],
  'per unit, the first ten included': [
    { model: 'per_unit', unitAmount: '100', included: 10 },
    [
      ['0', 0],
      ['10', 0],
      ['10.5', 50],
      ['11', 100],
      ['110', 10_000],
    ],
  ],
  'graduated: each unit at its own tier, the first flat fee at zero too': [
    { model: 'graduated', tiers },
    [
      ['0', 300],
      ['1', 305],
      ['100', 800],
      ['100.5', 852],
      ['101', 854],
      ['200', 1250],
      ['200.5', 1250],
      ['202', 1251],
      [HUGE, 250_000_001_200],
    ],
  ],
  'graduated, with an included quantity: tiers count what is above it': [
    { model: 'graduated', tiers, included: 20 },
    [
      ['0', 300],
      ['20', 300],
      ['21', 305],
      ['120', 800],
      ['120.5', 852],
    ],
  ],
  'volume: all units at the tier of the last, the first flat fee at zero too': [
    { model: 'volume', tiers },
    [
      ['0', 300],
      ['1', 305],
      ['100', 800],
      ['100.5', 452],
      ['101', 454],
      ['200', 850],
      ['200.5', 50],
      ['201', 50],
      [HUGE, 250_000_000_000],
    ],
  ],
  'stairstep: one amount for the whole tier': [
    {
      model: 'stairstep',
      tiers: [
        { upTo: 100, flatAmount: '1000' },
        { upTo: 500, flatAmount: '4000.5' },
        { upTo: null, flatAmount: '9000' },
      ],
    },
    [
      ['0', 1000],
      ['1', 1000],
      ['100', 1000],
      ['100.5', 4001],
      ['101', 4001],
      ['500', 4001],
      ['500.5', 9000],
      [HUGE, 9000],
    ],
  ],
  'package: one that is begun is paid for': [
    { model: 'package', unitAmount: '700', packageSize: 100 },
    [
      ['0', 0],
      ['1', 700],
      ['100', 700],
      ['100.5', 1400],
      ['101', 1400],
      ['200', 1400],
      ['201', 2100],
    ],
  ],
  'package, the first hundred included': [
    { model: 'package', unitAmount: '700', packageSize: 100, included: 100 },
    [
      ['0', 0],
      ['100', 0],
      ['100.5', 700],
      ['200', 700],
      ['201', 1400],
    ],
  ],
  'percentage of an amount': [
    { model: 'percentage', percent: '2.9', flatAmount: '30' },
    [
      ['0', 30],
      ['1', 30],
      ['50', 31],
      ['10000', 320],
      ['100000', 2930],
      [HUGE, 29_000_000_030],
    ],
  ],
  'percentage between a minimum and a maximum': [
    { model: 'percentage', percent: '1', minimum: 50, maximum: 2000 },
    [
      ['0', 50],
      ['4999', 50],
      ['5000', 50],
      ['5050', 51],
      ['200000', 2000],
      ['200001', 2000],
      [HUGE, 2000],
    ],
  ],
  'a minimum spend and a maximum': [
    { model: 'per_unit', unitAmount: '10', minimum: 1000, maximum: 5000 },
    [
      ['0', 1000],
      ['99', 1000],
      ['100', 1000],
      ['100.5', 1005],
      ['500', 5000],
      ['500.5', 5000],
      [HUGE, 5000],
    ],
  ],
};

for (const [what, [given, rows]] of Object.entries(examples)) {
  test.each(rows)(`${what}: %s costs %d`, (quantity, amount) => {
    expect(rate(given, quantity, 'usd').amount).toBe(amount);
  });
}

describe('the arithmetic in words', () => {
  test.each<[Rate, string, string | null]>([
    [{ model: 'flat', unitAmount: '1999' }, '3', null],
    [{ model: 'per_unit', unitAmount: '2.5' }, '3', null],
    [{ model: 'per_unit', unitAmount: '0.05', included: 10 }, '10.5', '10.5 − 10 included: 0.5 × 0.0005 USD'],
    [{ model: 'graduated', tiers }, '0', '3.00 USD'],
    [{ model: 'graduated', tiers }, '100.5', '100 × 0.05 USD + 3.00 USD + 0.5 × 0.04 USD + 0.50 USD'],
    [{ model: 'volume', tiers }, '100.5', '100.5 × 0.04 USD + 0.50 USD'],
    [{ model: 'stairstep', tiers }, '7', '3.00 USD'],
    [{ model: 'stairstep', tiers }, '201', '0.00 USD'],
    [{ model: 'package', unitAmount: '700', packageSize: 100 }, '1', '1 package of 100 × 7.00 USD'],
    [{ model: 'package', unitAmount: '700', packageSize: 100 }, '101', '2 packages of 100 × 7.00 USD'],
    [{ model: 'percentage', percent: '2.9', flatAmount: '30' }, '10000', '2.9% of 100.00 USD + 0.30 USD'],
    [
      { model: 'percentage', percent: '2.9', included: 500 },
      '10000',
      '100.00 USD − 5.00 USD included: 2.9% of 95.00 USD',
    ],
    [{ model: 'per_unit', unitAmount: '10', minimum: 50 }, '1', '1 × 0.10 USD, raised to the minimum of 0.50 USD'],
    [{ model: 'per_unit', unitAmount: '10', maximum: 50 }, '9', '9 × 0.10 USD, cut to the maximum of 0.50 USD'],
  ])('%j of %s', (given, quantity, words) => {
    expect(rate(given, quantity, 'usd').words).toBe(words);
  });
});

test.each(['-1', '1e3', '', '1.', '.5', 'NaN', '0.0000000000001'])('%j is no quantity', (quantity) => {
  expect(() => rate({ model: 'per_unit', unitAmount: '1' }, quantity, 'usd')).toThrow(/a decimal/);
});
test('an amount beyond the safe range is refused, not rounded', () => {
  expect(() => rate({ model: 'per_unit', unitAmount: '9999999999' }, HUGE, 'usd')).toThrow(/safe range/);
});

const RUNS = { numRuns: 10_000 };
/** Quantities in thousandths, so that fractions and tier ends come often. */
const quantity = fc.oneof(
  fc.nat(2_000_000),
  fc.nat(500).map((n) => n * 1000),
  fc.nat(500).map((n) => n * 1000 + 1),
);
const decimal = (thousandths: number) => String(thousandths / 1000);
const price = fc.tuple(fc.nat(9_999), fc.nat(999)).map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`);
const ends = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 5 }).map((all) => all.sort((a, b) => a - b));
const tiersOf = (unitAmount: fc.Arbitrary<string | undefined>) =>
  ends.chain((upTos) =>
    fc.tuple(
      ...[...upTos, null].map((upTo) =>
        fc.record({ upTo: fc.constant(upTo), unitAmount, flatAmount: fc.option(price, { nil: undefined }) }),
      ),
    ),
  );
const anyTiers = tiersOf(fc.option(price, { nil: undefined }));
const bounds = fc.record({
  included: fc.option(fc.nat(50), { nil: undefined }),
  minimum: fc.option(fc.nat(5_000), { nil: undefined }),
});
const model: fc.Arbitrary<Rate> = fc.oneof(
  fc.record({ model: fc.constant('per_unit' as const), unitAmount: price }),
  fc.record({ model: fc.constantFrom('graduated' as const, 'volume' as const, 'stairstep' as const), tiers: anyTiers }),
  fc.record({
    model: fc.constant('package' as const),
    unitAmount: price,
    packageSize: fc.integer({ min: 1, max: 200 }),
  }),
  fc.record({
    model: fc.constant('percentage' as const),
    percent: price,
    flatAmount: fc.option(price, { nil: undefined }),
  }),
);
const anyRate: fc.Arbitrary<Rate> = fc.tuple(model, bounds).map(([given, limits]) => ({ ...given, ...limits }));
const amountOf = (given: Rate, thousandths: number) => rate(given, decimal(thousandths), 'usd').amount;

/** The same models in fractions of big integers, written as a sum over single thousandths of a unit would be. */
function graduatedByHand(given: readonly Tier[], thousandths: number): number {
  const milli = (text = '0') => BigInt(Math.round(Number(text) * 1000));
  let millionths = 0n;
  given.forEach(({ unitAmount, flatAmount, upTo }, i) => {
    const from = (given[i - 1]?.upTo ?? 0) * 1000;
    if (i > 0 && thousandths <= from) return;
    const to = upTo === null ? thousandths : Math.min(thousandths, upTo * 1000);
    millionths += milli(unitAmount) * BigInt(to - from) + milli(flatAmount) * 1000n;
  });
  return Number((millionths + 500_000n) / 1_000_000n);
}

property.prop([anyTiers, quantity], RUNS)('graduated agrees with the sum made by hand', (given, q) => {
  expect(amountOf({ model: 'graduated', tiers: given }, q)).toBe(graduatedByHand(given, q));
});

property.prop([anyTiers, bounds, quantity, quantity], RUNS)(
  'graduated never costs less for more',
  (given, limits, a, b) => {
    const graduated: Rate = { model: 'graduated', tiers: given, ...limits };
    expect(amountOf(graduated, Math.min(a, b))).toBeLessThanOrEqual(amountOf(graduated, Math.max(a, b)));
  },
);

property.prop([anyTiers, fc.double({ min: 0, max: 1, noNaN: true })], RUNS)(
  'volume and graduated agree in the first tier, its end included',
  (given, share) => {
    const q = Math.ceil((given[0]!.upTo ?? 500) * 1000 * share);
    expect(amountOf({ model: 'volume', tiers: given }, q)).toBe(amountOf({ model: 'graduated', tiers: given }, q));
  },
);

/** A meter that fills tiers and packages batch by batch as usage comes in, and rounds when the period ends. */
function metered(given: Rate, batches: readonly number[]): number {
  let used = 0;
  let millionths = 0n;
  const milli = (text = '0') => BigInt(Math.round(Number(text) * 1000));
  const enter = ({ flatAmount }: Tier) => {
    millionths += milli(flatAmount) * 1000n;
  };
  if (given.model === 'graduated') enter(given.tiers[0]!);
  for (let batch of batches) {
    while (batch > 0) {
      if (given.model === 'graduated') {
        const at = given.tiers.findIndex(({ upTo }) => upTo === null || used < upTo * 1000);
        const tier = given.tiers[at]!;
        if (at > 0 && used === given.tiers[at - 1]!.upTo! * 1000) enter(tier);
        const taken = tier.upTo === null ? batch : Math.min(batch, tier.upTo * 1000 - used);
        millionths += milli(tier.unitAmount) * BigInt(taken);
        used += taken;
        batch -= taken;
      } else if (given.model === 'package') {
        const size = given.packageSize * 1000;
        if (used % size === 0) millionths += milli(given.unitAmount) * 1000n;
        const taken = Math.min(batch, size - (used % size));
        used += taken;
        batch -= taken;
      } else if (given.model === 'per_unit') {
        millionths += milli(given.unitAmount) * BigInt(batch);
        batch = 0;
      } else throw new Error(`no meter for ${given.model}`);
    }
  }
  return Number((millionths + 500_000n) / 1_000_000n);
}
const filled: fc.Arbitrary<Rate> = fc.oneof(
  fc.record({ model: fc.constant('per_unit' as const), unitAmount: price }),
  fc.record({ model: fc.constant('graduated' as const), tiers: anyTiers }),
  fc.record({
    model: fc.constant('package' as const),
    unitAmount: price,
    packageSize: fc.integer({ min: 1, max: 200 }),
  }),
);

property.prop([filled, fc.array(fc.oneof(fc.nat(5_000), quantity), { maxLength: 12 })], RUNS)(
  'however usage was batched, a meter that is filled batch by batch comes to the price of the whole',
  (given, batches) => {
    const total = batches.reduce((sum, batch) => sum + batch, 0);
    expect(metered(given, batches)).toBe(amountOf(given, total));
  },
);

property.prop([fc.nat(9_999), fc.array(fc.nat(10_000), { maxLength: 20 })], RUNS)(
  'whole units at a whole price cost the same one by one, in batches and together',
  (unit, batches) => {
    const perUnit: Rate = { model: 'per_unit', unitAmount: String(unit) };
    const one = (units: number) => rate(perUnit, String(units), 'usd').amount;
    expect(batches.reduce((sum, batch) => sum + one(batch), 0)).toBe(
      one(batches.reduce((sum, batch) => sum + batch, 0)),
    );
  },
);

property.prop([model, quantity, fc.integer({ min: 1, max: 1000 })], RUNS)(
  'prices a thousandfold cost a thousandfold: nothing is lost before the one rounding',
  (given, q, factor) => {
    const scaled = (text: string | undefined) =>
      text === undefined ? undefined : decimal(Math.round(Number(text) * 1000) * factor);
    const dearer = {
      ...given,
      ...('unitAmount' in given && { unitAmount: scaled(given.unitAmount) }),
      ...('percent' in given && { percent: scaled(given.percent) }),
      ...('flatAmount' in given && { flatAmount: scaled(given.flatAmount) }),
      ...('tiers' in given && {
        tiers: given.tiers.map((tier) => ({
          ...tier,
          unitAmount: scaled(tier.unitAmount),
          flatAmount: scaled(tier.flatAmount),
        })),
      }),
    } as Rate;
    // Half a cent of rounding at most, on each side.
    expect(Math.abs(amountOf(dearer, q) - amountOf(given, q) * factor)).toBeLessThanOrEqual(factor / 2 + 0.5);
  },
);

property.prop([anyRate, quantity, fc.nat(1_000), fc.nat(100_000)], RUNS)(
  'a minimum and a maximum hold, and change nothing between them',
  (given, q, minimum, width) => {
    const maximum = minimum + width;
    const free = amountOf({ ...given, minimum: 0 }, q);
    expect(amountOf({ ...given, minimum, maximum }, q)).toBe(Math.min(Math.max(free, minimum), maximum));
  },
);
