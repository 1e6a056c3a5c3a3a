import type { Currency } from '../domain/currency.ts';

/** What Stripe takes at least, in minor units. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const least: Record<Currency, number> = {
  ...{ aed: 200, czk: 1500, dkk: 250, gbp: 30, hkd: 400, huf: 17500, mxn: 1000, myr: 200, nok: 300, pln: 200 },
  ...{ ron: 200, sek: 300, thb: 1000 },
};
const OTHERWISE = 50;

export const minimumCharge = (currency: Currency): number => least[currency] ?? OTHERWISE;
