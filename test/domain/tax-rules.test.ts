import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { EU_COUNTRIES, isCountry, isEu } from '../../src/domain/country.ts';
import { type TaxRules, taxed } from '../../src/domain/tax.ts';
import { RATE_TABLE, ratesOn, SOURCES, TABLE_BEGINS } from '../../src/domain/tax-rates.ts';
import {
  gapOf,
  NoTaxRate,
  type Registration,
  type TaxBuyer,
  type TaxIdState,
  type TaxSeller,
  taxRules,
} from '../../src/domain/tax-rules.ts';
import { wordingOf } from '../../src/domain/tax-wording.ts';
import { addDays, isDay } from '../../src/domain/time.ts';

const TODAY = '2026-11-21';
const registered = (country: string, over: Partial<Registration> = {}): Registration => ({
  country,
  region: null,
  scheme: 'domestic',
  number: `${country}1`,
  from: '2015-01-01',
  to: null,
  ...over,
});
const seller = (country: string, registrations: Registration[], over: Partial<TaxSeller> = {}): TaxSeller => ({
  country,
  region: null,
  registrations,
  belowEuThreshold: true,
  unknownTaxIds: 'taxed',
  ...over,
});
const oss = registered('DE', { scheme: 'oss', from: '2021-07-01' });
const german = seller('DE', [registered('DE')]);
const germanOss = seller('DE', [registered('DE'), oss]);
const american = seller('US', [registered('US', { region: 'WA' }), registered('US', { region: 'NY' })], {
  region: 'WA',
});

const consumer = (country: string | null, region: string | null = null): TaxBuyer => ({
  country,
  region,
  taxExempt: false,
  taxId: null,
});
const business = (country: string, state: TaxIdState = 'valid', given = country): TaxBuyer => ({
  ...consumer(country),
  taxId: { country: given, state },
});

/** `DE 19`, `reverse_charge`, `not_registered (outside_scope)`. */
const inWords = ({ treatment, note, rates }: TaxRules): string =>
  treatment === 'taxed'
    ? rates.standard.map(({ jurisdiction, percent }) => `${jurisdiction} ${percent}`).join(' + ')
    : note === null || note === treatment
      ? treatment
      : `${treatment} (${note})`;

describe('who is charged what', () => {
  test.each<[string, TaxSeller, TaxBuyer, string]>([
    ['at home', german, consumer('DE'), 'DE 19'],
    ['a business at home', german, business('DE'), 'DE 19'],
    ['a business elsewhere in the EU', german, business('FR'), 'reverse_charge'],
    ['its tax id could not be checked', german, business('FR', 'unknown'), 'DE 19'],
    [
      'which the seller takes upon himself',
      { ...german, unknownTaxIds: 'reverse_charge' },
      business('FR', 'unknown'),
      'reverse_charge',
    ],
    ['its tax id is invalid', { ...german, unknownTaxIds: 'reverse_charge' }, business('FR', 'invalid'), 'DE 19'],
    ['its tax id is of another country', germanOss, business('FR', 'valid', 'BE'), 'FR 20'],
    ['a consumer elsewhere in the EU, below the threshold', german, consumer('FR'), 'DE 19'],
    ['above the threshold, with the One-Stop-Shop', germanOss, consumer('FR'), 'FR 20'],
    ['a business, with the One-Stop-Shop', germanOss, business('FR'), 'reverse_charge'],
    [
      'above the threshold, and registered nowhere',
      { ...german, belowEuThreshold: false },
      consumer('FR'),
      'not_registered',
    ],
    ['registered in the other state', seller('DE', [registered('DE'), registered('FR')]), consumer('FR'), 'FR 20'],
    [
      'which is no establishment there',
      seller('DE', [registered('DE'), registered('FR')]),
      business('FR'),
      'reverse_charge',
    ],
    ['the One-Stop-Shop is not for home', seller('DE', [oss]), consumer('DE'), 'not_registered'],
    ['not registered at all', seller('DE', []), consumer('DE'), 'not_registered'],
    ['nor for reverse charge', seller('DE', []), business('FR'), 'not_registered'],
    ['outside of the EU', germanOss, consumer('US', 'CA'), 'not_registered (outside_scope)'],
    ['a business outside of the EU', germanOss, business('CH'), 'not_registered (outside_scope)'],
    ['Monaco is France', germanOss, consumer('MC'), 'FR 20'],
    ['the Isle of Man is the United Kingdom', seller('GB', [registered('GB')]), consumer('IM'), 'GB 20'],
    ['nothing known of the buyer: as at home', germanOss, consumer(null), 'DE 19'],
    ['an exempt customer', german, { ...consumer('DE'), taxExempt: true }, 'exempt (customer_exempt)'],
    [
      'an exempt one where none is due anyway',
      seller('DE', []),
      { ...consumer('DE'), taxExempt: true },
      'not_registered',
    ],
    [
      'from abroad into the EU, non-Union scheme',
      seller('US', [registered('IE', { scheme: 'oss' })]),
      consumer('ES'),
      'ES 21',
    ],
    [
      'a business, from abroad into the EU',
      seller('US', [registered('IE', { scheme: 'oss' })]),
      business('ES'),
      'reverse_charge',
    ],
    ['from abroad into the EU, registered nowhere', american, consumer('ES'), 'not_registered'],
    ['British, at home', seller('GB', [registered('GB')]), business('GB'), 'GB 20'],
    ['British, to the EU', seller('GB', [registered('GB')]), consumer('DE'), 'not_registered (outside_scope)'],
    ['from abroad to a British consumer', seller('DE', [registered('DE'), registered('GB')]), consumer('GB'), 'GB 20'],
    [
      'from abroad to a British business',
      seller('DE', [registered('DE'), registered('GB')]),
      business('GB'),
      'reverse_charge',
    ],
    ['Swiss, at home', seller('CH', [registered('CH')]), consumer('CH'), 'CH 8.1'],
    [
      'from abroad to a Swiss business, registered there',
      seller('DE', [registered('DE'), registered('CH')]),
      business('CH'),
      'CH 8.1',
    ],
    ['American, in a state of his', american, consumer('US', 'NY'), 'US-NY 4'],
    ['American, in another state', american, consumer('US', 'PA'), 'not_registered'],
    ['American, abroad', american, consumer('BR'), 'not_registered'],
  ])('%s', (_what, sells, buyer, expected) => {
    expect(inWords(taxRules({ seller: sells, buyer, day: TODAY }, ratesOn))).toBe(expected);
  });
});

describe('the day', () => {
  test.each([
    ['EE', '2023-12-31', '20'],
    ['EE', '2024-01-01', '22'],
    ['EE', '2025-06-30', '22'],
    ['EE', '2025-07-01', '24'],
    ['SK', '2024-12-31', '20'],
    ['SK', '2025-01-01', '23'],
    ['RO', '2025-07-31', '19'],
    ['RO', '2025-08-01', '21'],
    ['FI', '2024-08-31', '24'],
    ['FI', '2024-09-01', '25.5'],
    ['LU', '2022-12-31', '17'],
    ['LU', '2023-12-31', '16'],
    ['LU', '2024-01-01', '17'],
    ['CH', '2023-12-31', '7.7'],
    ['CH', '2024-01-01', '8.1'],
    ['DE', '2020-12-31', '16'],
    ['DE', '2021-01-01', '19'],
  ])('%s on %s: %s%', (country, day, percent) => {
    const rules = taxRules({ seller: seller(country, [registered(country)]), buyer: consumer(country), day }, ratesOn);
    expect(inWords(rules)).toBe(`${country} ${percent}`);
  });

  test('a registration holds from its first day to the day before its last', () => {
    const [from, to] = ['2026-03-01', '2026-06-01'];
    const given = seller('DE', [registered('DE', { from, to })]);
    const on = (day: string) => taxRules({ seller: given, buyer: consumer('DE'), day }, ratesOn).treatment;
    expect([addDays(from, -1), from, addDays(to, -1), to].map(on)).toEqual([
      'not_registered',
      'taxed',
      'taxed',
      'not_registered',
    ]);
  });
});

describe('a seller’s own rates', () => {
  const own = { category: 'standard', from: '2020-01-01', to: null } as const;
  const seattle = registered('US', {
    region: 'WA',
    from: '2020-01-01',
    rates: [
      { ...own, name: 'State sales tax', percent: '6.5' },
      { ...own, name: 'King County', percent: '3.85', jurisdiction: 'US-WA-KING' },
    ],
  });
  test('stand above the table, several at once', () => {
    const rules = taxRules({ seller: seller('US', [seattle]), buyer: consumer('US', 'WA'), day: TODAY }, ratesOn);
    expect(inWords(rules)).toBe('US-WA 6.5 + US-WA-KING 3.85');
    const [line] = taxed([{ amount: 4_900 }], rules);
    expect(line!.taxes.map(({ amount }) => amount)).toEqual([319, 189]);
  });
  test('a country and its region tax side by side', () => {
    const canada = seller('CA', [
      registered('CA', { rates: [{ ...own, name: 'GST', percent: '5' }] }),
      registered('CA', { region: 'QC', rates: [{ ...own, name: 'QST', percent: '9.975' }] }),
    ]);
    const at = (region: string) =>
      inWords(taxRules({ seller: canada, buyer: consumer('CA', region), day: TODAY }, ratesOn));
    expect([at('QC'), at('AB')]).toEqual(['CA 5 + CA-QC 9.975', 'CA 5']);
  });
  test('where there is none, no tax is never the answer', () => {
    const norway = registered('NO');
    const ask = () => taxRules({ seller: seller('NO', [norway]), buyer: consumer('NO'), day: TODAY }, ratesOn);
    expect(ask).toThrow(NoTaxRate);
    expect(gapOf(norway, ratesOn)?.message).toBe(
      'no tax rate is known for NO on 2015-01-01, though the seller is registered there',
    );
    expect(
      gapOf(registered('NO', { rates: [{ ...own, from: '2015-01-01', name: 'MVA', percent: '25' }] }), ratesOn),
    ).toBeNull();
    const ending = registered('NO', {
      rates: [{ ...own, from: '2015-01-01', to: '2026-01-01', name: 'MVA', percent: '25' }],
    });
    expect(gapOf(ending, ratesOn)?.message).toContain('NO on 2026-01-01');
    expect(gapOf(oss, ratesOn)).toBeNull();
  });
});

test('a reduced rate where the law has one, the standard rate where it has none', () => {
  const reduced = (country: string) =>
    taxRules({ seller: seller(country, [registered(country)]), buyer: consumer(country), day: TODAY }, ratesOn).rates
      .reduced;
  expect(reduced('DE')).toEqual([{ jurisdiction: 'DE', name: 'VAT', percent: '7' }]);
  expect(reduced('DK')).toEqual([{ jurisdiction: 'DK', name: 'VAT', percent: '25' }]);
});

describe('the table', () => {
  test('has each member state, and every row a source and the day on which it was read', () => {
    const countries = RATE_TABLE.filter(({ category }) => category === 'standard').map(({ country }) => country);
    expect(EU_COUNTRIES.filter((country) => !countries.includes(country))).toEqual([]);
    expect(EU_COUNTRIES).toHaveLength(27);
    for (const row of RATE_TABLE) {
      expect(isCountry(row.country)).toBe(true);
      expect(row.source.name).not.toBe('');
      expect(isDay(row.source.readOn)).toBe(true);
      expect(row.from < row.source.readOn, 'nothing announced, only what was in force when it was read').toBe(true);
    }
    expect(Object.values(SOURCES).every(({ url }) => URL.canParse(url))).toBe(true);
  });
  test('has one rate for each day since it begins: no gap, no overlap', () => {
    const kinds = new Map(
      RATE_TABLE.map(({ country, region, category }) => [
        `${country} ${region} ${category}`,
        { country, region, category },
      ]),
    );
    for (const { country, region, category } of kinds.values()) {
      const own = RATE_TABLE.filter(
        (row) => row.country === country && row.region === region && row.category === category,
      );
      expect(own[0]!.from).toBe(TABLE_BEGINS);
      expect(own.at(-1)!.to).toBeNull();
      for (const [i, row] of own.slice(1).entries()) {
        expect(row.from).toBe(own[i]!.to);
        expect(row.from > own[i]!.from).toBe(true);
      }
    }
  });
});

test.each([
  ['de-AT', 'Steuerschuldnerschaft des Leistungsempfängers. Reverse charge: the customer accounts for the VAT.'],
  ['en', 'Reverse charge: the customer accounts for the VAT.'],
  ['ja-JP', 'リバースチャージ. Reverse charge: the customer accounts for the VAT.'],
  ['pt-BR', 'Autoliquidação. Reverse charge: the customer accounts for the VAT.'],
  ['ko', 'Reverse charge: the customer accounts for the VAT.'],
])('reverse charge in %s', (locale, words) => expect(wordingOf('reverse_charge', locale)).toBe(words));

const countries = fc.constantFrom('DE', 'FR', 'DK', 'IE', 'GB', 'CH', 'NO', 'BR');
const days = fc.nat(4_000).map((n) => addDays('2016-01-01', n));
const sellers = fc
  .record({
    country: countries,
    places: fc.uniqueArray(fc.constantFrom('DE', 'FR', 'DK', 'IE', 'GB', 'CH'), { maxLength: 3 }),
    hasOss: fc.boolean(),
    belowEuThreshold: fc.boolean(),
    unknownTaxIds: fc.constantFrom<TaxSeller['unknownTaxIds']>('taxed', 'reverse_charge'),
  })
  .map(({ country, places, hasOss, ...rest }): TaxSeller => {
    const own = places.map((place) => registered(place));
    return { country, region: null, registrations: hasOss ? [...own, oss] : own, ...rest };
  });
const buyers = fc
  .record({
    country: fc.option(countries),
    taxExempt: fc.boolean(),
    taxId: fc.option(
      fc.record({ country: countries, state: fc.constantFrom<TaxIdState>('valid', 'invalid', 'unknown') }),
    ),
  })
  .map((buyer): TaxBuyer => ({ ...buyer, region: null }));

property.prop([sellers, buyers, days], { numRuns: 10_000 })('whoever sells to whom', (sells, buyer, day) => {
  const { treatment, note, rates } = taxRules({ seller: sells, buyer, day }, ratesOn);
  const held = sells.registrations.filter(({ from }) => from <= day);
  const problems = [
    // A tax is charged where the seller is registered, and there only.
    treatment === 'taxed' &&
      !rates.standard.every(({ jurisdiction }) =>
        held.some(({ country, scheme }) => (scheme === 'oss' ? isEu(jurisdiction) : country === jurisdiction)),
      ),
    (treatment === 'taxed') !== rates.standard.length > 0,
    treatment === 'taxed' && note !== null,
    // Reverse charge is for a foreign business whose id is good enough.
    treatment === 'reverse_charge' &&
      (buyer.taxId === null ||
        buyer.taxId.state === 'invalid' ||
        buyer.taxId.country !== buyer.country ||
        buyer.country === sells.country ||
        (buyer.taxId.state === 'unknown' && sells.unknownTaxIds === 'taxed')),
    (treatment === 'reverse_charge') !== (note === 'reverse_charge'),
    held.length === 0 && treatment !== 'not_registered',
    // Whoever is at home with a registration there is taxed, exempt customers aside.
    buyer.country === sells.country &&
      held.some(({ country, scheme }) => scheme === 'domestic' && country === sells.country) &&
      treatment !== (buyer.taxExempt ? 'exempt' : 'taxed'),
  ];
  expect(problems).not.toContain(true);
});
