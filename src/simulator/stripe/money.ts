import { invalid } from './errors.ts';

const known = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
/** The smallest amount that may be charged; 50 minor units where nothing else is said. https://docs.stripe.com/currencies */
const minimum: Record<string, number> = {
  gbp: 30,
  jpy: 50,
  dkk: 250,
  nok: 300,
  sek: 300,
  mxn: 1000,
  hkd: 400,
  huf: 17500,
  czk: 1500,
  pln: 200,
};
const MAXIMUM = 99_999_999;

export function assertCurrency(currency: string): void {
  if (!known.has(currency)) throw invalid(`Invalid currency: ${currency}.`, { param: 'currency' });
}

/** What is less isn't worth a payment. */
export const leastCharge = (currency: string) => minimum[currency] ?? 50;

export function assertChargeable(amount: number, currency: string): void {
  assertCurrency(currency);
  if (amount < 1)
    throw invalid('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: 'amount',
    });
  const least = leastCharge(currency);
  if (amount < least) {
    throw invalid(`Amount must be at least ${least} ${currency} in minor units.`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  if (amount > MAXIMUM) {
    throw invalid(`Amount must be no more than ${MAXIMUM} ${currency} in minor units.`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}

/** 2.9% and 30 minor units, rounded half up. */
export const processingFee = (amount: number) => Math.floor((amount * 29 + 500) / 1000) + 30;
export const DISPUTE_FEE = 1500;

/** An amount as people write it. */
export function shown(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
