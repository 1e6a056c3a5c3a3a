/** What can't be sold on is named: the field, and the two values that disagree. */
import { expect, test } from 'vitest';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import type { Charge, Plan, Price } from '../../src/domain/price-book.ts';
import { checkPriceBook } from '../../src/domain/price-book-check.ts';
import type { Tier } from '../../src/domain/rating.ts';

const plan = (over: Partial<Plan> = {}): Plan => ({
  ...{ id: 'a', product: 'a', name: 'A', interval: { unit: 'month', count: 1 }, trialDays: 0 },
  prices: [{ currency: 'usd', model: 'flat', unitAmount: '100' }],
  ...over,
});
const priced = (...prices: Price[]): Plan => plan({ prices });
const charged = (...charges: Charge[]): Plan => priced({ currency: 'usd', charges });
const own = { id: 'x', name: 'X' };
const tiered = (...tiers: Tier[]): Plan => charged({ ...own, model: 'graduated', tiers });
const addOn = (id: string, unitAmount = '1') => ({
  ...{ id, name: id },
  prices: [{ currency: 'usd', model: 'flat' as const, unitAmount }],
});
const inTiers = 'plans.0.prices.0.charges.0.tiers';

test.each<[string, Plan[], string, string]>([
  [
    'a gap',
    [tiered({ upTo: 100 }, { from: 101, upTo: null })],
    `${inTiers}.1.from`,
    'is 101, and leaves a gap: the tier before ends at 100',
  ],
  [
    'a gap before the first',
    [tiered({ from: 1, upTo: null })],
    `${inTiers}.0.from`,
    'is 1, and leaves a gap: the tier before ends at 0',
  ],
  [
    'an overlap',
    [tiered({ upTo: 100 }, { from: 90, upTo: null })],
    `${inTiers}.1.from`,
    'is 90, and overlaps the tier before, which ends at 100',
  ],
  [
    'tiers out of order',
    [tiered({ upTo: 100 }, { upTo: 50 }, { upTo: null })],
    `${inTiers}.1.upTo`,
    'is 50, and overlaps what lies before: the tier begins at 100',
  ],
  [
    'a tier of nothing',
    [tiered({ upTo: 0 }, { upTo: null })],
    `${inTiers}.0.upTo`,
    'is 0, and overlaps what lies before: the tier begins at 0',
  ],
  [
    'an end of the last',
    [tiered({ upTo: 100 }, { upTo: 200 })],
    `${inTiers}.1.upTo`,
    'is 200, and the last tier’s is null: it has no end',
  ],
  [
    'no end in the middle',
    [tiered({ upTo: null }, { upTo: null })],
    `${inTiers}.0.upTo`,
    'is null, and only that of the last tier, number 1, may be',
  ],
  [
    'a negative tier',
    [tiered({ upTo: null, unitAmount: '-0.5' })],
    `${inTiers}.0.unitAmount`,
    'is -0.5, and the least is 0',
  ],
  [
    'a unit price on a stairstep',
    [charged({ ...own, model: 'stairstep', tiers: [{ upTo: null, unitAmount: '5' }] })],
    `${inTiers}.0.unitAmount`,
    'is 5, and a stairstep has only a flatAmount: none',
  ],
  [
    'a negative price',
    [priced({ currency: 'usd', model: 'flat', unitAmount: '-1' })],
    'plans.0.prices.0.unitAmount',
    'is -1, and the least is 0',
  ],
  [
    'an exponent',
    [priced({ currency: 'usd', model: 'flat', unitAmount: '1e3' })],
    'plans.0.prices.0.unitAmount',
    'is "1e3", which is no decimal such as "1999" or "0.05", of at most 10 digits and 12 decimals',
  ],
  [
    'a percentage in words',
    [charged({ ...own, model: 'flat', unitAmount: '1' }, { id: 'y', name: 'Y', model: 'percentage', percent: 'ten' })],
    'plans.0.prices.0.charges.1.percent',
    'is "ten", which is no decimal such as "2.9", of at most 4 digits and 10 decimals',
  ],
  [
    'an unknown currency',
    [priced({ currency: 'xxx', model: 'flat', unitAmount: '1' })],
    'plans.0.prices.0.currency',
    'is xxx, which is no ISO 4217 currency in lower case such as usd',
  ],
  [
    'a currency twice',
    [priced({ currency: 'usd', model: 'flat', unitAmount: '1' }, { currency: 'usd', model: 'flat', unitAmount: '2' })],
    'plans.0.prices.1.currency',
    'is usd, as plans.0.prices.0.currency is',
  ],
  ['a plan id twice', [plan(), plan()], 'plans.1.id', 'is a, as plans.0.id is'],
  [
    'a charge id twice',
    [charged({ ...own, model: 'flat', unitAmount: '1' }, { ...own, model: 'flat', unitAmount: '2' })],
    'plans.0.prices.0.charges.1.id',
    'is x, as plans.0.prices.0.charges.0.id is',
  ],
  [
    'an add-on twice',
    [plan({ addOns: [addOn('b'), addOn('b')] })],
    'plans.0.addOns.1.id',
    'is b, as plans.0.addOns.0.id is',
  ],
  [
    'a wrong price of an add-on',
    [plan({ addOns: [addOn('b', '-3')] })],
    'plans.0.addOns.0.prices.0.unitAmount',
    'is -3, and the least is 0',
  ],
  [
    'a minimum above the maximum',
    [charged({ ...own, model: 'flat', unitAmount: '1', minimum: 500, maximum: 400 })],
    'plans.0.prices.0.charges.0.minimum',
    'is 500, above the maximum of 400',
  ],
  [
    'a negative maximum',
    [charged({ ...own, model: 'flat', unitAmount: '1', maximum: -1 })],
    'plans.0.prices.0.charges.0.maximum',
    'is -1, and the least is 0',
  ],
  [
    'a package of nothing',
    [charged({ ...own, model: 'package', unitAmount: '1', packageSize: 0 })],
    'plans.0.prices.0.charges.0.packageSize',
    'is 0, and the least is 1',
  ],
  [
    'included units of a flat price',
    [charged({ ...own, model: 'flat', unitAmount: '1', included: 5 })],
    'plans.0.prices.0.charges.0.included',
    'is 5, and a flat price counts 0 units',
  ],
  [
    'an interval of nothing',
    [plan({ interval: { unit: 'month', count: 0 } })],
    'plans.0.interval.count',
    'is 0, and the least is 1',
  ],
  ['a negative trial', [plan({ trialDays: -1 })], 'plans.0.trialDays', 'is -1, and the least is 0'],
  [
    'fees alone',
    [charged({ ...own, timing: 'once', model: 'flat', unitAmount: '1' })],
    'plans.0.prices.0.charges',
    '0 of 1 recur, and a plan needs at least 1',
  ],
  [
    'more than can be summed exactly',
    [
      charged(
        { ...own, model: 'per_unit', unitAmount: '9999999999' },
        { id: 'y', name: 'Y', model: 'per_unit', unitAmount: '9999999999' },
      ),
    ],
    'plans.0.prices.0',
    'comes to 1999999999800000 for 100000 units, and 1000000000000000 is the most',
  ],
  [
    'more than a workflow should carry',
    [charged({ id: 'x', name: 'x'.repeat(9_000), model: 'flat', unitAmount: '1' })],
    'plans.0.prices.0',
    'is 9083 characters long, and 8192 is the most',
  ],
])('%s', (_what, plans, path, message) => {
  expect(checkPriceBook({ plans })).toEqual([{ path, message }]);
});

test('all that is wrong is told at once', () => {
  const plans = [plan({ trialDays: -1 }), priced({ currency: 'xxx', model: 'flat', unitAmount: '-1' })];
  expect(checkPriceBook({ plans }).map(({ path }) => path)).toEqual([
    'plans.0.trialDays',
    'plans.1.prices.0.currency',
    'plans.1.prices.0.unitAmount',
    'plans.1.id',
  ]);
});

test('what the demo sells is sound', () => expect(checkPriceBook(demoPriceBook)).toEqual([]));
test('tiers that state both ends, where they meet', () => {
  expect(checkPriceBook({ plans: [tiered({ from: 0, upTo: 100 }, { from: 100, upTo: null })] })).toEqual([]);
});
