/** Money, times and plurals by locale, all by Intl. */

export type Amount = { amount: number; currency: string };
export type Day = `${number}-${number}-${number}` | string;

export const fractionDigits = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** Minor units as a decimal string: no floating point touches it, and Intl takes strings whole. */
export function decimalOf({ amount, currency }: Amount): Intl.StringNumericLiteral {
  const digits = fractionDigits(currency);
  const whole = String(Math.abs(amount)).padStart(digits + 1, '0');
  const split = whole.length - digits;
  const text = digits === 0 ? whole : `${whole.slice(0, split)}.${whole.slice(split)}`;
  return `${amount < 0 ? '-' : ''}${text}` as Intl.StringNumericLiteral;
}

export const formatMoney = (money: Amount, locale: string): string =>
  new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: money.currency,
    currencyDisplay: 'narrowSymbol',
  }).format(decimalOf(money));

/** A price in decimal minor units, which may be less than one of them. */
export function formatUnitPrice(minor: string, currency: string, locale: string): string {
  const digits = fractionDigits(currency);
  const [whole = '0', part = ''] = minor.split('.');
  const padded = whole.padStart(digits + 1, '0');
  const split = padded.length - digits;
  const fraction = (padded.slice(split) + part).replace(/0+$/, '').padEnd(digits, '0');
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.min(20, Math.max(digits, fraction.length)),
  });
  return format.format(`${padded.slice(0, split)}${fraction && `.${fraction}`}` as Intl.StringNumericLiteral);
}

export type TimeStyle = 'day' | 'long' | 'time';
const STYLES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  day: { day: 'numeric', month: 'short', year: 'numeric' },
  long: { day: 'numeric', month: 'long', year: 'numeric' },
  time: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
};

/** English as most of the world writes it: the day before the month, unless a country says otherwise. */
const dated = (locale: string): string => (locale === 'en' ? 'en-GB' : locale);

export const formatTime = (iso: string, locale: string, timeZone: string | undefined, style: TimeStyle = 'day') =>
  new Intl.DateTimeFormat(dated(locale), { ...STYLES[style], ...(timeZone && { timeZone }) }).format(new Date(iso));

/** A calendar day, which has no time zone. */
export const formatDay = (day: Day, locale: string, style: TimeStyle = 'day') => formatTime(day, locale, 'UTC', style);

export const formatNumber = (value: number | string, locale: string): string =>
  new Intl.NumberFormat(locale).format(value as Intl.StringNumericLiteral);

type Plurals = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
/** The form that the language has for that many, `#` being the number. */
export const plural = (count: number, locale: string, forms: Plurals): string =>
  (forms[new Intl.PluralRules(locale).select(count)] ?? forms.other).replace('#', formatNumber(count, locale));
