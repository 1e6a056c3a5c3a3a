/** Why a seller's profile can't be sold under; each finding names its field, and the values that disagree. */
import { isEu, needsRegion, taxCountry } from './country.ts';
import type { Seller } from './parties.ts';
import { gapOf, type RatesOn, type Registration } from './tax-rules.ts';
import { knowsVatIdsOf, parseVatId } from './vat-id.ts';

export type Finding = { path: string; message: string };

/** `ratesOn` is null where the rates are asked of a service outside, which knows them. */
export function checkSeller(seller: Seller, ratesOn: RatesOn | null): Finding[] {
  const { address, registrations, taxIds } = seller;
  return [
    ...addressTrouble(address, 'address'),
    ...taxIds.flatMap(({ country, number }, i) => {
      if (!knowsVatIdsOf(country)) return [];
      const found = parseVatId(number);
      const message =
        'why' in found
          ? `${number} ${found.why}`
          : found.country === country
            ? null
            : `${number} is of ${found.country}, not of ${country}`;
      return message === null ? [] : [{ path: `taxIds.${i}.number`, message }];
    }),
    ...registrations.flatMap((registration, i) => {
      const at = (name: string, message: string): Finding => ({ path: `registrations.${i}${name}`, message });
      const other = registrations.slice(0, i).findIndex((each) => overlap(each, registration));
      return [
        ...registrationTrouble(registration).map(({ path, message }) => at(path, message)),
        ...(other < 0 ? [] : [at('', `is for the same place and days as registrations.${other}`)]),
        ...(registration.rates ?? []).flatMap(({ from, to }, n) =>
          to !== null && to <= from ? [at(`.rates.${n}.to`, `${to} is not after ${from}`)] : [],
        ),
      ];
    }),
    ...gaps(seller, ratesOn),
  ];
}

export const addressTrouble = (
  { country, region }: { country: string; region: string | null },
  path: string,
): Finding[] =>
  needsRegion(country) && region === null
    ? [{ path: `${path}.region`, message: `is needed in ${country}: its regions levy taxes of their own` }]
    : [];

function registrationTrouble({ scheme, country, region, from, to, rates }: Registration): Finding[] {
  return [
    ...(to !== null && to <= from ? [{ path: '.to', message: `${to} is not after ${from}` }] : []),
    ...(scheme === 'oss' && !isEu(country)
      ? [{ path: '.country', message: `${country} is no member state of the EU` }]
      : []),
    ...(scheme === 'oss' && region !== null
      ? [{ path: '.region', message: 'a One-Stop-Shop holds for whole states' }]
      : []),
    ...(scheme === 'oss' && rates !== undefined && rates.length > 0
      ? [{ path: '.rates', message: 'a One-Stop-Shop has the rates of each state' }]
      : []),
  ];
}

const overlap = (one: Registration, other: Registration): boolean =>
  one.scheme === other.scheme &&
  (one.scheme === 'oss' || (taxCountry(one.country) === taxCountry(other.country) && one.region === other.region)) &&
  (one.to === null || other.from < one.to) &&
  (other.to === null || one.from < other.to);

function gaps({ registrations }: Seller, ratesOn: RatesOn | null): Finding[] {
  if (ratesOn === null) return [];
  return registrations.flatMap((registration, i) => {
    const gap = gapOf(registration, ratesOn);
    return gap ? [{ path: `registrations.${i}.rates`, message: `${gap.message}: state it` }] : [];
  });
}
