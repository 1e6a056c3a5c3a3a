import { invalid } from './errors.ts';
import type { Money } from './tables.ts';

const WITHOUT_DECIMALS: ReadonlySet<string> = new Set(['HUF', 'JPY', 'TWD']);
export const CURRENCIES: ReadonlySet<string> = new Set(
  'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD'.split(' '),
);

const decimalsOf = (currency: string): number => (WITHOUT_DECIMALS.has(currency) ? 0 : 2);

/** In the smallest unit that PayPal has of it. */
export function cents({ value, currency_code }: Money): number {
  const decimals = decimalsOf(currency_code);
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(value);
  const part = match?.[2] ?? '';
  if (!match || part.length > decimals)
    throw invalid('/amount/value', `${value} ${currency_code} is no amount.`, 'DECIMAL_PRECISION');
  return Number(match[1]! + part.padEnd(decimals, '0'));
}

export function money(amount: number, currency_code: string): Money {
  const decimals = decimalsOf(currency_code);
  return { currency_code, value: (amount / 10 ** decimals).toFixed(decimals) };
}

export const times = (price: Money, n: number): Money => money(cents(price) * n, price.currency_code);

/** What it keeps: 2.9% and thirty cents, or the like. */
export const feeOf = (gross: Money): number =>
  Math.round(cents(gross) * 0.029) + (decimalsOf(gross.currency_code) ? 30 : 40);
