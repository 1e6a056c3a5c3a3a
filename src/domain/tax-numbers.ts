/** Under which of its registrations a seller has made out an invoice, for the invoice to name them. */
import { isEu } from './country.ts';
import type { Seller } from './parties.ts';
import { holdsOn, jurisdictionOf, type Registration } from './tax-rules.ts';
import type { Day } from './time.ts';

/**
 * The one of the place whose tax was charged, before the One-Stop-Shop that holds for all of the EU; without any tax the one at
 * home. What is a tax id, too, is named as that already.
 */
export function taxNumbersOn({ registrations, address, taxIds }: Seller, taxed: readonly string[], day: Day): string[] {
  const held = registrations.filter((registration) => holdsOn(registration, day));
  const domestic = held.filter(({ scheme }) => scheme === 'domestic');
  const named =
    taxed.length === 0
      ? domestic.filter(({ country }) => country === address.country)
      : taxed.flatMap((jurisdiction) => {
          const own = domestic.filter((registration) => isWithin(jurisdiction, registration));
          return own.length > 0 ? own : held.filter(({ scheme }) => scheme === 'oss' && isEu(jurisdiction.slice(0, 2)));
        });
  const known = new Set(taxIds.map(({ number }) => number));
  return [...new Set(named.map(({ number }) => number))].filter((number) => !known.has(number));
}

/** A county's tax is charged under the registration in its state. */
const isWithin = (jurisdiction: string, place: Registration): boolean =>
  `${jurisdiction}-`.startsWith(`${jurisdictionOf(place)}-`);
