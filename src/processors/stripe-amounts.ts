/**
 * Amounts as Stripe counts them: mostly in the minor units of ISO 4217, as we do. https://docs.stripe.com/currencies
 */
import type { Currency } from '../domain/currency.ts';
import { invariant } from '../domain/invariant.ts';

/** Currencies without decimals that Stripe counts in hundredths all the same. */
const IN_HUNDREDTHS: ReadonlySet<Currency> = new Set(['isk', 'ugx']);
/** Two decimals to ISO 4217, none to Stripe. */
const IN_WHOLES: ReadonlySet<Currency> = new Set(['mga']);
/** Of three decimals the last has to be zero. */
const IN_TENS: ReadonlySet<Currency> = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);

/** A charge has to be a multiple of this, in our minor units. */
export const chargeStep = (currency: Currency): number =>
  IN_WHOLES.has(currency) ? 100 : IN_TENS.has(currency) ? 10 : 1;

export function toStripe(amount: number, currency: Currency): number {
  invariant(amount % chargeStep(currency) === 0, `stripe takes no ${amount} ${currency} in minor units`);
  const theirs = IN_HUNDREDTHS.has(currency) ? amount * 100 : IN_WHOLES.has(currency) ? amount / 100 : amount;
  invariant(Number.isSafeInteger(theirs), `an amount beyond the safe range: ${amount} ${currency}`);
  return theirs;
}

export function fromStripe(theirs: number, currency: Currency): number {
  const amount = readAmount(theirs, currency);
  invariant(amount !== null, `stripe said ${theirs} ${currency}, which is no whole amount`);
  return amount;
}

/** Null where it is no whole amount of ours: whoever sent it is told so. */
export function readAmount(theirs: number, currency: Currency): number | null {
  const amount = IN_HUNDREDTHS.has(currency) ? theirs / 100 : IN_WHOLES.has(currency) ? theirs * 100 : theirs;
  return Number.isSafeInteger(amount) ? amount : null;
}

/** What Stripe takes at least, in our minor units. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const least: Record<Currency, number> = {
  ...{ aed: 200, czk: 1500, dkk: 250, gbp: 30, hkd: 400, huf: 17500, mxn: 1000, myr: 200, nok: 300, pln: 200 },
  ...{ ron: 200, sek: 300, thb: 1000 },
};
const OTHERWISE = 50;

export const minimumCharge = (currency: Currency): number => least[currency] ?? OTHERWISE;
