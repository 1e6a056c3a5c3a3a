import { expect, test } from 'vitest';
import {
  decimalOf,
  formatDay,
  formatMoney,
  formatTime,
  formatUnitPrice,
  plural,
} from '../../src/dashboard/base/format.ts';
import { match } from '../../src/dashboard/base/match.ts';
import { de } from '../../src/dashboard/portal/words/de.ts';
import { en } from '../../src/dashboard/portal/words/en.ts';
import { es } from '../../src/dashboard/portal/words/es.ts';
import { fr } from '../../src/dashboard/portal/words/fr.ts';
import { ja } from '../../src/dashboard/portal/words/ja.ts';

test.each([
  [{ amount: 4_900, currency: 'eur' }, 'en', '€49.00'],
  [{ amount: 4_900, currency: 'eur' }, 'de', '49,00 €'],
  [{ amount: -5, currency: 'usd' }, 'en', '-$0.05'],
  [{ amount: 1_200, currency: 'jpy' }, 'ja', '￥1,200'],
  [{ amount: 1_234, currency: 'kwd' }, 'en', 'KWD 1.234'],
  [{ amount: 900_719_925_474_099, currency: 'usd' }, 'en', '$9,007,199,254,740.99'],
] as const)('%j in %s is %s', (money, locale, shown) => {
  expect(formatMoney(money, locale).replaceAll(/\s/g, ' ')).toBe(shown);
});

test('no floating point comes near an amount', () => {
  expect(decimalOf({ amount: 9_007_199_254_740_991, currency: 'usd' })).toBe('90071992547409.91');
  expect(decimalOf({ amount: -7, currency: 'usd' })).toBe('-0.07');
  expect(decimalOf({ amount: 7, currency: 'jpy' })).toBe('7');
});

test.each([
  ['1999', 'usd', '$19.99'],
  ['0.05', 'usd', '$0.0005'],
  ['12.5', 'usd', '$0.125'],
  ['0.5', 'jpy', '¥0.5'],
] as const)('a unit price of %s minor units of %s is %s', (minor, currency, shown) => {
  expect(formatUnitPrice(minor, currency, 'en')).toBe(shown);
});

test('a time is shown where its reader lives, a day is the same everywhere', () => {
  expect(formatTime('2027-03-02T23:30:00Z', 'en', 'Europe/Berlin', 'long')).toBe('3 March 2027');
  expect(formatTime('2027-03-02T23:30:00Z', 'de', 'America/New_York', 'long')).toBe('2. März 2027');
  expect(formatDay('2027-03-01', 'ja', 'long')).toBe('2027年3月1日');
});

test('plurals are those of the language', () => {
  expect(plural(1, 'en', { one: 'one day', other: '# days' })).toBe('one day');
  expect(plural(1_200, 'de', { one: 'ein Tag', other: '# Tage' })).toBe('1.200 Tage');
  expect(fr.every.month(3)).toBe('3 mois');
  expect(ja.every.month(1)).toBe('月');
});

const leaves = (words: object, path = ''): [string, unknown][] =>
  Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? leaves(value, `${path}${key}.`) : [[path + key, value]],
  );

test.each(Object.entries({ de, fr, es, ja }))('%s says everything, and in its own words', (_language, words) => {
  const english = new Map(leaves(en));
  expect(
    leaves(words)
      .map(([key]) => key)
      .sort(),
  ).toEqual([...english.keys()].sort());
  const same = leaves(words).filter(([key, said]) => typeof said === 'string' && said === english.get(key));
  expect(same.length).toBeLessThan(12);
});

test('an address is matched by its parts', () => {
  expect(match('/invoices/:id/pay', '/invoices/inv_1/pay')).toEqual({ id: 'inv_1' });
  expect(match('/invoices/:id', '/invoices/inv_1/pay')).toBeNull();
  expect(match('/', '/')).toEqual({});
});
