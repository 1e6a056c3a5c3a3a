import { type Currency, decimalsOf, isCurrency } from './currency.ts';
import { invariant } from './invariant.ts';

/** The most that anyone may name: sums of many such amounts are still exact. */
export const MOST_MONEY = 10 ** 12;

/** Whole minor units: cents for usd, yen for jpy. Plain integers, so JSON carries them unchanged. */
export type Money = { readonly amount: number; readonly currency: Currency };

export function money(amount: number, currency: Currency): Money {
  invariant(Number.isSafeInteger(amount), `money is a whole number of minor units, got ${amount}`);
  invariant(isCurrency(currency), `unknown currency ${currency}`);
  return { amount: amount === 0 ? 0 : amount, currency };
}

/** amount × part ÷ whole, half away from zero, so that a credit mirrors its charge. */
export function prorate(amount: number, part: number, whole: number): number {
  invariant(Number.isSafeInteger(amount) && Number.isSafeInteger(part) && Number.isSafeInteger(whole), 'whole numbers');
  const product = amount * part;
  // bigint only where the product outgrows 2^53: it costs forty times as much.
  if (!Number.isSafeInteger(product)) return toSafe(divide(BigInt(amount) * BigInt(part), BigInt(whole)));
  const quotient = Math.trunc(product / whole);
  const rest = Math.abs(product - quotient * whole);
  return (rest * 2 >= Math.abs(whole) ? quotient + Math.sign(product) * Math.sign(whole) : quotient) || 0;
}

/** A unit price may lie below a minor unit ("0.05" cents a call): multiplied exactly, rounded once. */
export function timesDecimal(unitPrice: string, quantity: number): number {
  invariant(/^-?\d{1,15}(\.\d{1,12})?$/.test(unitPrice), () => `a decimal such as "0.05", got ${unitPrice}`);
  invariant(Number.isSafeInteger(quantity), () => `a whole quantity, got ${quantity}`);
  if (!unitPrice.includes('.')) {
    const product = Number(unitPrice) * quantity;
    if (Number.isSafeInteger(product)) return product || 0;
  }
  const [whole = '0', fraction = ''] = unitPrice.split('.');
  return toSafe(divide(BigInt(whole + fraction) * BigInt(quantity), 10n ** BigInt(fraction.length)));
}

/** Rounded half away from zero. */
export function divide(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return negative ? -rounded : rounded;
}

export function toSafe(value: bigint): number {
  const number = Number(value);
  invariant(Number.isSafeInteger(number), () => `an amount beyond the safe range: ${value}`);
  return number;
}

/** For log lines and the terminal; people's screens format by their own locale. */
export function formatMoney({ amount, currency }: Money): string {
  const digits = decimalsOf(currency);
  const text = formatDecimal(BigInt(Math.abs(amount)), digits, digits);
  return `${amount < 0 ? '-' : ''}${text} ${currency.toUpperCase()}`;
}

/** value ÷ 10^places, written with no more decimals than it has, and no fewer than `atLeast`. */
export function formatDecimal(value: bigint, places: number, atLeast = 0): string {
  const text = String(value).padStart(places + 1, '0');
  const whole = text.slice(0, text.length - places);
  const fraction = text.slice(whole.length).replace(/0+$/, '').padEnd(atLeast, '0');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
