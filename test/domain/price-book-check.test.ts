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
const flat = { currency: 'usd', model: 'flat', unitAmount: '100' } as const;
const phase = (id: string, periods = 1, unitAmount = '50') => ({
  ...{ id, name: id, periods },
  prices: [{ ...flat, unitAmount }],
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
  ['two trials', [plan({ trialDays: 14, trial: { days: 30 } })], 'plans.0.trialDays', 'is 14, and trial.days is 30'],
  ['a trial of nothing', [plan({ trial: { days: 0 } })], 'plans.0.trial.days', 'is 0, and the least is 1'],
  [
    'a reminder before the trial',
    [plan({ trial: { days: 7, reminderDays: 7 } })],
    'plans.0.trial.reminderDays',
    'is 7, and lies from 1 to 6 in a trial of 7 days',
  ],
  [
    'a trial’s end that never comes',
    [plan({ trial: { days: 7, paymentMethod: 'required', atEnd: 'pause' } })],
    'plans.0.trial.atEnd',
    'is pause, and with paymentMethod required it is charge: there always is one',
  ],
  ['a phase of nothing', [plan({ phases: [phase('p', 0)] })], 'plans.0.phases.0.periods', 'is 0, and the least is 1'],
  [
    'a phase without one of the currencies',
    [plan({ prices: [flat, { ...flat, currency: 'eur' }], phases: [phase('p')] })],
    'plans.0.phases.0.prices',
    'has no price in eur, and the plan has one',
  ],
  [
    'a phase twice',
    [plan({ phases: [phase('p'), phase('p')] })],
    'plans.0.phases.1.id',
    'is p, as plans.0.phases.0.id is',
  ],
  [
    'a negative price in a phase',
    [plan({ phases: [phase('p', 1, '-1')] })],
    'plans.0.phases.0.prices.0.unitAmount',
    'is -1, and the least is 0',
  ],
  [
    'a phase that is taxed in another way',
    [plan({ phases: [{ ...phase('p'), prices: [{ ...flat, taxBehavior: 'inclusive' }] }] })],
    'plans.0.phases.0.prices.0.taxBehavior',
    'is inclusive, and the plan’s in usd is exclusive',
  ],
  [
    'an add-on that is taxed in another way',
    [plan({ prices: [{ ...flat, taxBehavior: 'inclusive' }], addOns: [addOn('b')] })],
    'plans.0.addOns.0.prices.0.taxBehavior',
    'is exclusive, and the plan’s in usd is inclusive',
  ],
  [
    'a percentage of nothing',
    [charged({ ...own, model: 'percentage', percent: '20', minimum: 100 })],
    'plans.0.prices.0.charges.0.model',
    'is percentage, and 0 of 1 prices are recurring ones to take it of',
  ],
  [
    'a percentage of a fee',
    [
      charged(
        { ...own, model: 'flat', unitAmount: '1', timing: 'once' },
        { id: 'y', name: 'Y', model: 'percentage', percent: '20' },
      ),
    ],
    'plans.0.prices.0.charges.1.model',
    'is percentage, and 0 of 2 prices are recurring ones to take it of',
  ],
  [
    'an add-on in a currency that the plan is not sold in',
    [plan({ addOns: [{ ...addOn('b'), prices: [flat, { ...flat, currency: 'eur' }] }] })],
    'plans.0.addOns.0.prices.1.currency',
    'is eur, and the plan is sold in usd',
  ],
  [
    'a phase in a currency that the plan is not sold in',
    [plan({ phases: [{ ...phase('p'), prices: [flat, { ...flat, currency: 'eur' }] }] })],
    'plans.0.phases.0.prices.1.currency',
    'is eur, and the plan is sold in usd',
  ],
  [
    'a term of nothing',
    [plan({ term: { periods: 0, atEnd: 'renew' } })],
    'plans.0.term.periods',
    'is 0, and the least is 1',
  ],
  [
    'a term that ends in no plan',
    [plan({ term: { periods: 1, atEnd: 'change', planId: 'z' } })],
    'plans.0.term.planId',
    'is z, and atEnd is change: no plan to go over to',
  ],
  [
    'a plan that nothing goes over to',
    [plan({ term: { periods: 1, atEnd: 'renew', planId: 'z' } })],
    'plans.0.term.planId',
    'is z, and atEnd is renew: no change',
  ],
  [
    'a term that ends in another of its kind',
    [plan({ term: { periods: 1, atEnd: 'change', planId: 'a' } })],
    'plans.0.term.planId',
    'is a, and a term ends in a plan that goes on, not in one that ends in a change',
  ],
  [
    'a term that ends in a plan without the currency',
    [
      plan({ term: { periods: 1, atEnd: 'change', planId: 'b' } }),
      plan({ id: 'b', prices: [{ currency: 'eur', model: 'flat', unitAmount: '1' }] }),
    ],
    'plans.0.term.planId',
    'is b, which has no price in usd, and the plan has one',
  ],
  [
    'a term with add-ons that ends in another interval',
    [
      plan({ term: { periods: 1, atEnd: 'change', planId: 'b' }, addOns: [addOn('x')] }),
      plan({ id: 'b', interval: { unit: 'year', count: 1 } }),
    ],
    'plans.0.term.planId',
    'is b of 1 year, and add-ons are sold for 1 month',
  ],
  [
    'a feature without its number',
    [plan({ features: [{ id: 'seats', name: 'Seats', type: 'limit' }] })],
    'plans.0.features.0.limit',
    'is missing, and each feature of the tier baseline has one',
  ],
  [
    'a number where there is no end',
    [
      plan({
        tier: 'enterprise',
        features: [{ id: 'calls', name: 'Calls', type: 'metered', meter: 'calls', limit: 5 }],
      }),
    ],
    'plans.0.features.0.limit',
    'is 5, and the tier enterprise is unlimited',
  ],
  [
    'a limit below nothing',
    [plan({ features: [{ id: 'seats', name: 'Seats', type: 'limit', limit: -1 }] })],
    'plans.0.features.0.limit',
    'is -1, and the least is 0',
  ],
  [
    'a feature twice',
    [
      plan({
        features: [
          { id: 'export', name: 'Export', type: 'boolean' },
          { id: 'export', name: 'Export', type: 'boolean' },
        ],
      }),
    ],
    'plans.0.features.1.id',
    'is export, as plans.0.features.0.id is',
  ],
  ['a negative grace', [plan({ graceHours: -1 })], 'plans.0.graceHours', 'is -1, and the least is 0'],
  [
    'a negative minimum charge',
    [plan({ prices: [{ ...flat, minimumCharge: -1 }] })],
    'plans.0.prices.0.minimumCharge',
    'is -1, and the least is 0',
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
