/**
 * The table of rates that comes with the product. It is a help and no legal advice: a seller's own rates stand above it.
 * The last day that a row holds is the day before the next of its kind begins.
 */
import type { Country } from './country.ts';
import type { TaxCategory, TaxRate } from './tax.ts';
import { holdsOn, jurisdictionOf, type Place, type Validity } from './tax-rules.ts';
import type { Day } from './time.ts';

type Source = { name: string; url: string; readOn: Day };

export const SOURCES = {
  tedb: {
    name: 'European Commission, Taxes in Europe Database, and its list “VAT rates applied in the Member States”',
    url: 'https://ec.europa.eu/taxation_customs/tedb/',
    readOn: '2026-11-21',
  },
  hmrc: { name: 'HM Revenue & Customs, VAT rates', url: 'https://www.gov.uk/vat-rates', readOn: '2026-11-21' },
  estv: {
    name: 'Swiss Federal Tax Administration, VAT rates',
    url: 'https://www.estv.admin.ch/estv/en/home/value-added-tax/vat-rates-switzerland.html',
    readOn: '2026-11-21',
  },
  states: {
    name: 'The state’s department of revenue: its own rate, without that of counties and cities',
    url: 'https://taxfoundation.org/data/all/state/sales-tax-rates/',
    readOn: '2026-11-21',
  },
} as const satisfies Record<string, Source>;

export type RateRow = Place & Validity & { category: TaxCategory; name: string; percent: string; source: Source };

/** The table says nothing of earlier days. */
export const TABLE_BEGINS: Day = '2015-01-01';

/** Percentages, each with the day from which it holds; the first holds since before the table begins. */
type Periods = string;

/** A country with several reduced rates has one of them here; `docs/taxes.md` says what to do about the others. */
const EU: Record<Country, { standard: Periods; reduced?: Periods }> = {
  AT: { standard: '20', reduced: '10' },
  BE: { standard: '21', reduced: '6' },
  BG: { standard: '20', reduced: '9' },
  CY: { standard: '19', reduced: '9' },
  CZ: { standard: '21', reduced: '15, 12 2024-01-01' },
  DE: { standard: '19, 16 2020-07-01, 19 2021-01-01', reduced: '7, 5 2020-07-01, 7 2021-01-01' },
  DK: { standard: '25' },
  EE: { standard: '20, 22 2024-01-01, 24 2025-07-01', reduced: '9' },
  ES: { standard: '21', reduced: '10' },
  FI: { standard: '24, 25.5 2024-09-01', reduced: '14, 13.5 2026-01-01' },
  FR: { standard: '20', reduced: '10' },
  GR: { standard: '23, 24 2016-06-01', reduced: '13' },
  HR: { standard: '25', reduced: '13' },
  HU: { standard: '27', reduced: '18' },
  IE: { standard: '23, 21 2020-09-01, 23 2021-03-01', reduced: '13.5' },
  IT: { standard: '22', reduced: '10' },
  LT: { standard: '21', reduced: '9, 12 2026-01-01' },
  LU: { standard: '17, 16 2023-01-01, 17 2024-01-01', reduced: '8, 7 2023-01-01, 8 2024-01-01' },
  LV: { standard: '21', reduced: '12' },
  MT: { standard: '18', reduced: '7' },
  NL: { standard: '21', reduced: '6, 9 2019-01-01' },
  PL: { standard: '23', reduced: '8' },
  PT: { standard: '23', reduced: '13' },
  RO: { standard: '24, 20 2016-01-01, 19 2017-01-01, 21 2025-08-01', reduced: '9, 11 2025-08-01' },
  SE: { standard: '25', reduced: '12' },
  SI: { standard: '22', reduced: '9.5' },
  SK: { standard: '20, 23 2025-01-01', reduced: '10, 19 2025-01-01' },
};

/** Examples: a state's own rate, without those of its counties and cities, where what is sold is taxable there. */
const US: Record<string, Periods> = { NY: '4', PA: '6', TX: '6.25', WA: '6.5' };

const rows = (
  place: Place,
  category: TaxCategory,
  name: string,
  periods: Periods | undefined,
  source: Source,
): RateRow[] => {
  const parts = (periods?.split(', ') ?? []).map((part) => part.split(' ') as [percent: string, from?: Day]);
  return parts.map(([percent, from = TABLE_BEGINS], i) => ({
    ...place,
    ...{ category, name, percent, from, to: parts[i + 1]?.[1] ?? null, source },
  }));
};

const vat = (country: Country, source: Source, { standard, reduced }: { standard: Periods; reduced?: Periods }) => [
  ...rows({ country, region: null }, 'standard', 'VAT', standard, source),
  ...rows({ country, region: null }, 'reduced', 'VAT', reduced, source),
];

export const RATE_TABLE: readonly RateRow[] = [
  ...Object.entries(EU).flatMap(([country, periods]) => vat(country, SOURCES.tedb, periods)),
  ...vat('GB', SOURCES.hmrc, { standard: '20', reduced: '5' }),
  ...vat('CH', SOURCES.estv, { standard: '8, 7.7 2018-01-01, 8.1 2024-01-01', reduced: '2.5, 2.6 2024-01-01' }),
  ...Object.entries(US).flatMap(([region, periods]) =>
    rows({ country: 'US', region }, 'standard', 'Sales tax', periods, SOURCES.states),
  ),
];

export const ratesOn = (place: Place, category: TaxCategory, day: Day): readonly TaxRate[] =>
  RATE_TABLE.filter(
    (row) =>
      row.country === place.country && row.region === place.region && row.category === category && holdsOn(row, day),
  ).map(({ name, percent }) => ({ jurisdiction: jurisdictionOf(place), name, percent }));
