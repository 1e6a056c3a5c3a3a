/**
 * Which taxes an invoice bears: from where its seller is registered, who its buyer is, and the day. What is covered, and
 * what is not, is said in `docs/taxes.md`.
 */
import { type Country, EU_COUNTRIES, isEu, taxCountry } from './country.ts';
import { type TaxCategory, type TaxNote, type TaxRate, type TaxRules, UNTAXED } from './tax.ts';
import type { Day } from './time.ts';

/** Half-open: `to` is the first day on which it does not hold any more. */
export type Validity = { from: Day; to: Day | null };

/** A rate that the seller states, where the table has none or another is needed. */
export type OwnRate = Validity & { category: TaxCategory; jurisdiction?: string; name: string; percent: string };

/** Where the seller has to charge tax. One under the One-Stop-Shop holds for the whole of the EU. */
export type Registration = Validity & {
  country: Country;
  region: string | null;
  scheme: 'domestic' | 'oss';
  number: string;
  rates?: readonly OwnRate[];
};

export type TaxSeller = {
  /** Where the seller is established. */
  country: Country;
  region: string | null;
  registrations: readonly Registration[];
  /** Whether consumers in other member states are charged the tax of home, as the law lets small sellers do. */
  belowEuThreshold: boolean;
  /** What a tax id is worth that nobody could vouch for. */
  unknownTaxIds: 'taxed' | 'reverse_charge';
};

export type TaxIdState = 'valid' | 'invalid' | 'unknown';

export type TaxBuyer = {
  country: Country | null;
  region: string | null;
  taxExempt: boolean;
  /** The country that gave the tax id, and what is known of the id; null where there is none. */
  taxId: { country: Country; state: TaxIdState } | null;
};

export type TaxFacts = { seller: TaxSeller; buyer: TaxBuyer; day: Day };

export type Place = { country: Country; region: string | null };

/** The rates of a table that hold there on that day. */
export type RatesOn = (place: Place, category: TaxCategory, day: Day) => readonly TaxRate[];

export const holdsOn = ({ from, to }: Validity, day: Day): boolean => from <= day && (to === null || day < to);

export function taxRules({ seller, buyer, day }: TaxFacts, ratesOn: RatesOn): TaxRules {
  const home = placeOf(seller);
  // Of a buyer nothing is known: as if at home, since a tax too much can be given back, and one too little can't be had.
  const there = buyer.country === null ? home : placeOf({ country: buyer.country, region: buyer.region });
  const held = seller.registrations.filter((registration) => holdsOn(registration, day));
  if (isReverseCharged(home, there, held, isBusiness(buyer, there, seller))) {
    return { ...UNTAXED, treatment: 'reverse_charge', note: 'reverse_charge' };
  }
  const due = whereDue(seller, home, there, held);
  if (!due) return { ...UNTAXED, note: outsideScope(home, there, held) };
  if (buyer.taxExempt) return { ...UNTAXED, treatment: 'exempt', note: 'customer_exempt' };
  return { treatment: 'taxed', note: null, rates: ratesAt(due, day, ratesOn) };
}

const placeOf = ({ country, region }: Place): Place => ({ country: taxCountry(country), region });

/** Only an id of the buyer's own country says that the business there is the one that buys. */
const isBusiness = ({ taxId }: TaxBuyer, there: Place, { unknownTaxIds }: TaxSeller): boolean =>
  taxId !== null &&
  taxCountry(taxId.country) === there.country &&
  (taxId.state === 'valid' || (taxId.state === 'unknown' && unknownTaxIds === 'reverse_charge'));

/** A business that buys from abroad accounts for the tax itself, in the EU and in the United Kingdom. */
function isReverseCharged(home: Place, there: Place, held: readonly Registration[], business: boolean): boolean {
  if (!business || there.country === home.country) return false;
  if (isEu(there.country)) return held.some(({ country }) => isEu(taxCountry(country)));
  return there.country === 'GB' && held.some((registration) => covers(registration, there));
}

/** A country and its region may both tax the same thing. */
type Due = { place: Place; registrations: readonly Registration[] };

function whereDue(seller: TaxSeller, home: Place, there: Place, held: readonly Registration[]): Due | null {
  const at = (place: Place): Due | null => {
    const registrations = held.filter((each) => covers(each, place));
    return registrations.length > 0 ? { place, registrations } : null;
  };
  const local = at(there);
  if (local || !isEu(there.country)) return local;
  const oneStopShop = there.country === home.country ? undefined : held.find(({ scheme }) => scheme === 'oss');
  if (oneStopShop) return { place: there, registrations: [oneStopShop] };
  return isEu(home.country) && seller.belowEuThreshold ? at(home) : null;
}

const covers = ({ scheme, country, region }: Registration, place: Place): boolean =>
  scheme === 'domestic' && taxCountry(country) === place.country && (region === null || region === place.region);

/** Said where the law of a VAT country wants a reason for the missing tax; a sales tax wants none. */
const outsideScope = (home: Place, there: Place, held: readonly Registration[]): TaxNote | null => {
  const leaves = isEu(home.country) ? !isEu(there.country) : there.country !== home.country;
  const hasVat = isEu(home.country) || home.country === 'GB' || home.country === 'CH';
  return leaves && hasVat && held.some((registration) => covers(registration, home)) ? 'outside_scope' : null;
};

function ratesAt({ place, registrations }: Due, day: Day, ratesOn: RatesOn): TaxRules['rates'] {
  const of = (category: 'standard' | 'reduced') =>
    registrations.flatMap((registration) => ratesOf(registration, place, category, day, ratesOn));
  return { standard: of('standard'), reduced: of('reduced'), exempt: [] };
}

function ratesOf(
  { scheme, region, rates = [] }: Registration,
  { country }: Place,
  category: 'standard' | 'reduced',
  day: Day,
  ratesOn: RatesOn,
): readonly TaxRate[] {
  // Own rates of a One-Stop-Shop would be those of 27 countries.
  const place = { country, region: scheme === 'oss' ? null : region };
  const found = (wanted: TaxCategory): readonly TaxRate[] => {
    const own = scheme === 'oss' ? [] : rates.filter((rate) => rate.category === wanted && holdsOn(rate, day));
    return own.length === 0
      ? ratesOn(place, wanted, day)
      : own.map(({ jurisdiction = jurisdictionOf(place), name, percent }) => ({ jurisdiction, name, percent }));
  };
  const standard = found('standard');
  if (standard.length === 0) throw new NoTaxRate(place, day);
  if (category === 'standard') return standard;
  // Where the law knows no reduced rate, the standard one is due.
  const reduced = found('reduced');
  return reduced.length === 0 ? standard : reduced;
}

export const jurisdictionOf = ({ country, region }: Place): string =>
  region === null ? country : `${country}-${region}`;

/** A tax is due and nobody said how much. It is never taken for none. */
export class NoTaxRate extends Error {
  override readonly name = 'NoTaxRate';
  constructor(place: Place, day: Day) {
    super(`no tax rate is known for ${jurisdictionOf(place)} on ${day}, though the seller is registered there`);
  }
}

/** Where and when a registration would have no rate, so that it can be refused before anything is sold under it. */
export function gapOf(registration: Registration, ratesOn: RatesOn): NoTaxRate | null {
  const ends = (registration.rates ?? []).flatMap(({ to }) => (to === null ? [] : [to]));
  const days = [registration.from, ...ends].filter((day) => holdsOn(registration, day)).sort();
  const countries = registration.scheme === 'oss' ? EU_COUNTRIES : [taxCountry(registration.country)];
  for (const day of days) {
    for (const country of countries) {
      try {
        ratesOf(registration, { country, region: registration.region }, 'standard', day, ratesOn);
      } catch (error) {
        if (error instanceof NoTaxRate) return error;
        throw error;
      }
    }
  }
  return null;
}
