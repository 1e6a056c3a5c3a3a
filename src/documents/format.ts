/** Amounts and dates as a person reads them: by their own language and customs, on their own clock. */
import { type Currency, decimalsOf } from '../domain/currency.ts';
import { formatDecimal } from '../domain/money.ts';
import type { Day, Instant, TimeZone } from '../domain/time.ts';

export type Formats = {
  locale: string;
  money(amount: number, currency: Currency): string;
  /** A price may lie below a minor unit: as many decimals as it has, and no fewer than the currency. */
  price(minorUnits: string, currency: Currency): string;
  number(value: number): string;
  /** "19" is nineteen per cent. */
  percent(percent: string): string;
  date(at: Instant): string;
  day(day: Day): string;
  /** Both ends are meant. */
  days(first: Day, last: Day): string;
};

export const FALLBACK_LOCALE = 'en';

export function formatsFor(locale: string, timeZone: TimeZone): Formats {
  const known = knownLocale(locale);
  const dates = new Intl.DateTimeFormat(known, { dateStyle: 'long', timeZone });
  // A day is a date already: it is read where it is midnight, whatever the customer's clock says.
  const days = new Intl.DateTimeFormat(known, { dateStyle: 'medium', timeZone: 'UTC' });
  const dayAlone = new Intl.DateTimeFormat(known, { dateStyle: 'long', timeZone: 'UTC' });
  const numbers = new Intl.NumberFormat(known);
  const percents = new Intl.NumberFormat(known, { style: 'percent', maximumFractionDigits: 6 });
  const currencies = currencyFormats(known);
  const price = (minorUnits: string, currency: Currency): string => {
    const value = major(minorUnits, decimalsOf(currency));
    const decimals = Math.max(decimalsOf(currency), value.split('.')[1]?.length ?? 0);
    return currencies(currency, decimals).format(value);
  };
  return {
    locale: known,
    money: (amount, currency) => price(String(amount), currency),
    price,
    number: (value) => numbers.format(value),
    percent: (percent) => percents.format(major(percent, 2)),
    date: (at) => dates.format(at),
    day: (day) => dayAlone.format(midnight(day)),
    days: (first, last) =>
      first === last ? days.format(midnight(first)) : days.formatRange(midnight(first), midnight(last)),
  };
}

const midnight = (day: Day): Date => new Date(`${day}T00:00:00Z`);

/** Intl takes a decimal as text and loses no digit of it. */
type Decimal = `${number}`;

/** "1999" of two decimals is "19.99", "0.05" is "0.0005". */
function major(minorUnits: string, decimals: number): Decimal {
  const [whole = '0', fraction = ''] = minorUnits.replace('-', '').split('.');
  const places = decimals + fraction.length;
  const text = formatDecimal(BigInt(whole + fraction), places);
  return `${minorUnits.startsWith('-') ? '-' : ''}${text}` as Decimal;
}

/** The decimals are ISO 4217's, as the money is counted; Intl's own are the customs of cash and leave some out. */
function currencyFormats(locale: string) {
  const made = new Map<string, Intl.NumberFormat>();
  return (currency: Currency, decimals: number): Intl.NumberFormat => {
    const name = `${currency}/${decimals}`;
    const format =
      made.get(name) ??
      new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
      });
    made.set(name, format);
    return format;
  };
}

function knownLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? FALLBACK_LOCALE;
  } catch (error) {
    if (error instanceof RangeError) return FALLBACK_LOCALE; // Intl's answer to a text that is no locale
    throw error;
  }
}
