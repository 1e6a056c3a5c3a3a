import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatMoney } from '../../src/domain/money.ts';
import {
  addedTax,
  afterDiscount,
  grossOf,
  includedTax,
  isPercent,
  netOf,
  type TaxableLine,
  type TaxCategory,
  type TaxRate,
  type TaxRules,
  taxed,
  taxesOn,
  UNTAXED,
} from '../../src/domain/tax.ts';

const rateOf = (percent: string, jurisdiction = 'DE'): TaxRate => ({ jurisdiction, name: 'VAT', percent });
const rulesOf = (...standard: string[]): TaxRules => ({
  treatment: 'taxed',
  note: null,
  rates: { standard: standard.map((percent, i) => rateOf(percent, `T${i}`)), reduced: [rateOf('7')], exempt: [] },
});
const amounts = (line: TaxableLine) => line.taxes?.map(({ amount }) => amount);

describe('worked examples', () => {
  test.each<[string, TaxableLine, string[], number[], number, number]>([
    ['on top', { amount: 10_000 }, ['19'], [1900], 10_000, 11_900],
    ['inside', { amount: 11_900, taxInclusive: true }, ['19'], [1900], 10_000, 11_900],
    ['after the discount', { amount: 10_000, discount: 2_500 }, ['19'], [1425], 7_500, 8_925],
    [
      'inside, after the discount',
      { amount: 11_900, discount: 1_190, taxInclusive: true },
      ['19'],
      [1710],
      9_000,
      10_710,
    ],
    ['half a cent goes away from zero', { amount: 250 }, ['1'], [3], 250, 253],
    ['and so mirrors a credit', { amount: -250 }, ['1'], [-3], -250, -253],
    ['a credit with its discount', { amount: -10_000, discount: -2_500 }, ['19'], [-1425], -7_500, -8_925],
    ['state and county, each rounded', { amount: 999 }, ['7.25', '1.25'], [72, 12], 999, 1083],
    ['state and county inside', { amount: 1083, taxInclusive: true }, ['7.25', '1.25'], [72, 13], 998, 1083],
    ['a percentage of three decimals', { amount: 10_000 }, ['8.875'], [888], 10_000, 10_888],
    ['a rate of nothing is still said', { amount: 10_000 }, ['0'], [0], 10_000, 10_000],
    ['no rate', { amount: 10_000 }, [], [], 10_000, 10_000],
    ['yen have no decimals', { amount: 1_980 }, ['10'], [198], 1_980, 2_178],
    ['inside of yen', { amount: 1_980, taxInclusive: true }, ['10'], [180], 1_800, 1_980],
    ['dinars have three', { amount: 10_005 }, ['10'], [1001], 10_005, 11_006],
    ['a free month', { amount: 3_000, discount: 3_000 }, ['19'], [0], 0, 0],
    ['one cent', { amount: 1, taxInclusive: true }, ['19'], [0], 1, 1],
  ])('%s', (_what, line, percents, taxes, net, gross) => {
    const [result] = taxed([line], rulesOf(...percents));
    expect(amounts(result!)).toEqual(taxes);
    expect([netOf(result!), grossOf(result!)]).toEqual([net, gross]);
  });

  test('a category has its own rates', () => {
    const lines = (['standard', 'reduced', 'exempt'] as const).map((taxCategory) => ({ amount: 1_000, taxCategory }));
    expect(taxed(lines, rulesOf('19')).map(amounts)).toEqual([[190], [70], []]);
  });

  test.each(['reverse_charge', 'exempt', 'not_registered'] as const)('%s: no tax, whatever the rates', (treatment) => {
    const rules = { ...rulesOf('19'), treatment };
    const [result] = taxed([{ amount: 11_900, taxInclusive: true }], rules);
    expect(result).toEqual({ amount: 11_900, taxInclusive: true, taxes: [] });
    expect(taxed([{ amount: 11_900 }], UNTAXED)[0]!.taxes).toEqual([]);
  });

  test('what else a line has stays on it, and what was taxed may be taxed anew', () => {
    const line = { amount: 10_000, description: 'Team' };
    const once = taxed([line], rulesOf('19'));
    expect(once[0]).toEqual({
      ...line,
      taxes: [{ jurisdiction: 'T0', name: 'VAT', percent: '19', amount: 1900, inclusive: false }],
    });
    expect(taxed(once, rulesOf('19'))).toEqual(once);
    expect(taxed(once, UNTAXED)[0]!.taxes).toEqual([]);
  });

  test('the largest amounts are exact', () => {
    const [tax] = taxesOn(9_007_199_254_740_991, [rateOf('8.875')], false);
    expect(tax!.amount).toBe(Number((9_007_199_254_740_991n * 8_875n * 2n + 100_000n) / 200_000n));
  });

  test.each(['', '-1', '1e2', '19,0', '1.1234567', 'abc'])('%j is no percentage', (percent) => {
    expect(isPercent(percent)).toBe(false);
    expect(() => taxesOn(100, [rateOf(percent)], false)).toThrow(/a percentage such as/);
  });

  test('written out', () => {
    const [result] = taxed([{ amount: 11_900, taxInclusive: true }], rulesOf('19'));
    expect(formatMoney({ amount: includedTax(result!), currency: 'eur' })).toBe('19.00 EUR');
    expect(addedTax(result!)).toBe(0);
  });
});

const percents = fc
  .tuple(fc.nat(60), fc.nat(999))
  .map(([whole, thousandths]) => `${whole}.${String(thousandths).padStart(3, '0')}`);
const categories = fc.constantFrom<TaxCategory>('standard', 'reduced', 'exempt');
const line: fc.Arbitrary<TaxableLine> = fc
  .record({
    amount: fc.integer({ min: -10_000_000, max: 10_000_000 }),
    share: fc.nat(100),
    taxCategory: categories,
    taxInclusive: fc.boolean(),
  })
  .map(({ amount, share, ...rest }) => ({ ...rest, amount, discount: Math.trunc((amount * share) / 100) || 0 }));
const lines = fc.array(line, { maxLength: 6 });
const rates = fc.array(percents, { maxLength: 4 });
const runs = { numRuns: 10_000 };

/** Twice the distance between an amount and numerator ÷ denominator, times the denominator: exact. */
const offBy = (amount: number, numerator: bigint, denominator: bigint): bigint => {
  const distance = 2n * (BigInt(amount) * denominator - numerator);
  return distance < 0n ? -distance : distance;
};
const scaled = (percent: string) => BigInt(percent.replace('.', '')); // in thousandths of a percent
const HUNDRED = 100_000n;

property.prop([lines, rates], runs)(
  'net and taxes are what is paid, and what is paid of an inclusive line is its price',
  (given, percents_) => {
    for (const result of taxed(given, rulesOf(...percents_))) {
      const price = afterDiscount(result);
      const taxes = result.taxes.reduce((sum, { amount }) => sum + amount, 0);
      expect([netOf(result) + taxes, addedTax(result) + includedTax(result)]).toEqual([grossOf(result), taxes]);
      expect(result.taxInclusive ? grossOf(result) : netOf(result)).toBe(price);
      // Never against the price's sign.
      expect(result.taxes.every(({ amount }) => amount * price >= 0)).toBe(true);
    }
  },
);

property.prop([line, rates], runs)('nothing is off by more than half a minor unit', (given, percents_) => {
  const taxes = taxesOn(
    afterDiscount(given),
    percents_.map((percent) => rateOf(percent)),
    given.taxInclusive!,
  );
  const base = BigInt(afterDiscount(given));
  if (!given.taxInclusive) {
    for (const [i, { amount }] of taxes.entries()) {
      expect(offBy(amount, base * scaled(percents_[i]!), HUNDRED) <= HUNDRED).toBe(true);
    }
    return;
  }
  const whole = percents_.reduce((sum, percent) => sum + scaled(percent), HUNDRED);
  expect(offBy(netOf({ ...given, taxes }), base * HUNDRED, whole) <= whole).toBe(true);
  for (const [i, { amount }] of taxes.entries()) {
    expect(offBy(amount, base * scaled(percents_[i]!), whole) <= 2n * whole).toBe(true);
  }
});

property.prop([lines, rates], runs)('a credit mirrors its charge', (given, percents_) => {
  const mirrored = given.map((each) => ({ ...each, amount: 0 - each.amount, discount: 0 - each.discount! }));
  const taxes = (list: TaxableLine[]) => taxed(list, rulesOf(...percents_)).map(amounts);
  expect(taxes(mirrored)).toEqual(taxes(given).map((own) => own!.map((amount) => 0 - amount)));
});

property.prop([lines, rates, fc.array(fc.nat(100), { minLength: 6, maxLength: 6 })], runs)(
  'a line’s taxes depend on no other line: the order of lines changes nothing',
  (given, percents_, keys) => {
    const order = given.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
    const rules = rulesOf(...percents_);
    const inOrder = taxed(given, rules);
    expect(
      taxed(
        order.map((i) => given[i]!),
        rules,
      ),
    ).toEqual(order.map((i) => inOrder[i]));
  },
);

const tenths = fc.tuple(fc.nat(60), fc.nat(9)).map(([whole, tenth]) => `${whole}.${tenth}00`);

property.prop([fc.integer({ min: -10_000, max: 10_000 }), fc.array(tenths, { maxLength: 4 })], runs)(
  'a price quoted inclusive of what it costs exclusive is the same sale',
  (thousands, percents_) => {
    const list = percents_.map((percent) => rateOf(percent));
    const net = thousands * 1_000; // so that every tax on it is whole
    const gross = grossOf({ amount: net, taxes: taxesOn(net, list, false) });
    expect(taxesOn(gross, list, true).map(({ amount }) => amount)).toEqual(
      taxesOn(net, list, false).map(({ amount }) => amount),
    );
  },
);
