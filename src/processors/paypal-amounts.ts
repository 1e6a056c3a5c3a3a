/** Amounts as PayPal writes them: decimals in a text, three currencies without any. https://developer.paypal.com/api/rest/reference/currency-codes/ */
import { type Currency, decimalsOf, isCurrency } from '../domain/currency.ts';
import { invariant } from '../domain/invariant.ts';

/** Decimals to ISO 4217, none to PayPal. */
const IN_WHOLES: ReadonlySet<Currency> = new Set(['huf', 'twd']);

/** A charge has to be a multiple of this, in our minor units. */
export const chargeStep = (currency: Currency): number => (IN_WHOLES.has(currency) ? 100 : 1);
/** It takes anything that isn't nothing. */
export const minimumCharge = (currency: Currency): number => chargeStep(currency);

export type PaypalMoney = { value: string; currency_code: string };

export function toPaypal(amount: number, currency: Currency): PaypalMoney {
  invariant(amount > 0 && amount % chargeStep(currency) === 0, `paypal takes no ${amount} ${currency} in minor units`);
  const decimals = decimalsOf(currency);
  const digits = String(amount).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const value = decimals === 0 || IN_WHOLES.has(currency) ? whole : `${whole}.${digits.slice(-decimals)}`;
  return { value, currency_code: currency.toUpperCase() };
}

/** In our minor units; null where it is no whole amount of them, or no currency. */
export function readPaypal(value: unknown, currency: unknown): { amount: number; currency: Currency } | null {
  if (typeof value !== 'string' || typeof currency !== 'string') return null;
  const code = currency.toLowerCase();
  const [, whole = '', part = ''] = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(value) ?? [];
  if (whole === '' || !isCurrency(code)) return null;
  const decimals = decimalsOf(code);
  if (/[1-9]/.test(part.slice(decimals))) return null;
  const amount = Number(whole + part.slice(0, decimals).padEnd(decimals, '0'));
  return Number.isSafeInteger(amount) ? { amount, currency: code } : null;
}
