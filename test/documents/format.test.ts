import { fc, it } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatsFor } from '../../src/documents/format.ts';
import { decimalsOf } from '../../src/domain/currency.ts';

/** Intl sets spaces that don't break, some of them narrow; here a plain one reads better. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');

describe('amounts', () => {
  const english = formatsFor('en', 'UTC');

  test.each([
    ['en', 'usd', 123_456_789, '$1,234,567.89'],
    ['en', 'jpy', 1_234_567, '¥1,234,567'],
    ['en', 'kwd', 1_234_567, 'KWD 1,234.567'],
    ['en', 'usd', -5, '-$0.05'],
    ['en', 'usd', 0, '$0.00'],
    ['en-GB', 'usd', 1_999, 'US$19.99'],
    ['de', 'eur', 123_456_789, '1.234.567,89 €'],
    ['de', 'jpy', 1_234_567, '1.234.567 ¥'],
    ['de', 'kwd', 1_234_567, '1.234,567 KWD'],
    ['de-CH', 'chf', 123_456_789, "CHF 1'234'567.89"],
    ['fr', 'eur', 123_456_789, '1 234 567,89 €'],
    ['fr', 'jpy', 1_234_567, '1 234 567 JPY'],
    ['fr', 'kwd', 1_234_567, '1 234,567 KWD'],
    ['es', 'eur', 123_456_789, '1.234.567,89 €'],
    ['es', 'jpy', 1_234_567, '1.234.567 JPY'],
    ['es', 'kwd', 1_234_567, '1234,567 KWD'],
    ['ja', 'jpy', 1_234_567, '￥1,234,567'],
    ['ja', 'usd', 123_456_789, '$1,234,567.89'],
    ['ja', 'kwd', 1_234_567, 'KWD 1,234.567'],
  ] as const)('%s, %s: %i is %s', (locale, currency, amount, wanted) => {
    expect(plain(formatsFor(locale, 'UTC').money(amount, currency))).toBe(wanted);
  });

  test('the largest that is counted loses no digit', () => {
    expect(formatsFor('en', 'UTC').money(Number.MAX_SAFE_INTEGER, 'usd')).toBe('$90,071,992,547,409.91');
    expect(plain(formatsFor('en', 'UTC').money(Number.MIN_SAFE_INTEGER, 'kwd'))).toBe('-KWD 9,007,199,254,740.991');
  });

  // Cash of these has no small coins any more, and Intl leaves the decimals out; the money has them.
  test.each(['huf', 'twd', 'cop', 'iqd', 'idr'])('the decimals of %s are those that it is counted in', (currency) => {
    const shown = formatsFor('en', 'UTC').money(1_234_567, currency);
    expect(shown.split('.')[1]).toHaveLength(decimalsOf(currency));
  });

  it.prop([fc.maxSafeInteger(), fc.constantFrom('usd', 'jpy', 'kwd', 'eur', 'huf')], { numRuns: 10_000 })(
    'digits of an amount are the digits that are shown',
    (amount, currency) => {
      const shown = english.money(amount, currency);
      expect(Number(shown.replaceAll(/\D/g, ''))).toBe(Math.abs(amount));
      expect(shown.includes('-')).toBe(amount < 0);
    },
  );
});

describe('prices', () => {
  test.each([
    ['en', 'usd', '1999', '$19.99'],
    ['en', 'usd', '0.05', '$0.0005'],
    ['en', 'usd', '250', '$2.50'],
    ['en', 'usd', '-12.5', '-$0.125'],
    ['de', 'eur', '0.000001', '0,00000001 €'],
    ['ja', 'jpy', '0.5', '￥0.5'],
    ['en', 'kwd', '1', 'KWD 0.001'],
  ] as const)('%s, %s: %s is %s', (locale, currency, price, wanted) => {
    expect(plain(formatsFor(locale, 'UTC').price(price, currency))).toBe(wanted);
  });

  test.each([
    ['en', '19', '19%'],
    ['de', '7.7', '7,7 %'],
    ['fr', '5.5', '5,5 %'],
    ['en', '8.875', '8.875%'],
    ['en', '0', '0%'],
  ])('%s: %s per cent is %s', (locale, percent, wanted) => {
    expect(plain(formatsFor(locale, 'UTC').percent(percent))).toBe(wanted);
  });
});

describe('dates', () => {
  const newYear = Date.parse('2027-01-01T02:00:00Z');
  test.each([
    ['en-US', 'America/New_York', 'December 31, 2026'],
    ['en-GB', 'Europe/London', '1 January 2027'],
    ['de', 'Europe/Berlin', '1. Januar 2027'],
    ['fr', 'Europe/Paris', '1 janvier 2027'],
    ['es', 'Europe/Madrid', '1 de enero de 2027'],
    ['ja', 'Asia/Tokyo', '2027年1月1日'],
  ])('%s, in %s: %s', (locale, timeZone, wanted) => {
    expect(formatsFor(locale, timeZone).date(newYear)).toBe(wanted);
  });

  test('a day is the same day on every clock', () => {
    expect(formatsFor('en-US', 'Pacific/Honolulu').day('2027-01-01')).toBe('January 1, 2027');
    expect(formatsFor('en-US', 'Pacific/Kiritimati').day('2027-01-01')).toBe('January 1, 2027');
  });

  test('a range says what it has in common once, and one day is one day', () => {
    const english = formatsFor('en-US', 'UTC');
    expect(plain(english.days('2027-01-01', '2027-01-31'))).toBe('Jan 1 – 31, 2027');
    expect(english.days('2027-01-01', '2027-01-01')).toBe('Jan 1, 2027');
  });

  test('a locale that is none is read in English', () => {
    expect(formatsFor('not a locale', 'UTC').money(100, 'usd')).toBe('$1.00');
  });
});
