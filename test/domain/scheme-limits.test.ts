import { describe, expect, test } from 'vitest';
import { CATEGORY_1, type CardTry, schemeLimit } from '../../src/domain/scheme-limits.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import { at } from './builders.ts';

const NOW = at('2027-03-01');
const tries = (count: number, every: number, first: Instant): CardTry[] =>
  Array.from({ length: count }, (_, i) => ({ at: first + i * every, code: 'card_declined', advice: null }));
const advised = (advice: string): CardTry[] => [{ at: NOW - HOUR / 2, code: 'card_declined', advice }];

test.each([
  ['19 in 30 days with Visa', 'visa', tries(19, DAY, NOW - 20 * DAY), null],
  ['the 21st try waits until the first is 30 days old', 'visa', tries(20, DAY, NOW - 25 * DAY), NOW + 5 * DAY],
  ['9 a day with Mastercard', 'mastercard', tries(9, HOUR, NOW - 10 * HOUR), null],
  ['the 11th waits until the first is a day old', 'mastercard', tries(10, HOUR, NOW - 10 * HOUR), NOW + 14 * HOUR],
  ['35 in 30 days with Mastercard', 'mastercard', tries(35, 16 * HOUR, NOW - 24 * DAY), NOW + 6 * DAY],
  ['another network has said nothing', 'amex', tries(40, HOUR, NOW - 41 * HOUR), null],
] as const)('%s', (_, brand, made, until) => {
  expect(schemeLimit(brand, made, NOW)?.until ?? null).toBe(until);
});

describe('the advice of a network', () => {
  test.each([
    ['03', null],
    ['21', null],
    ['24', HOUR],
    ['25', DAY],
    ['26', 2 * DAY],
    ['27', 4 * DAY],
    ['28', 6 * DAY],
    ['29', 8 * DAY],
    ['30', 10 * DAY],
  ])('%s', (advice, wait) => {
    const until = wait === null ? null : NOW - HOUR / 2 + wait;
    expect(schemeLimit('mastercard', advised(advice), NOW)).toEqual({ until, why: 'scheme_advice' });
  });
  test('that says nothing of waiting', () => expect(schemeLimit('mastercard', advised('02'), NOW)).toBeNull());
});

test.each([...CATEGORY_1])('%s closes the card for ever', (code) => {
  expect(schemeLimit('visa', [{ at: NOW - 400 * DAY, code, advice: null }], NOW)).toEqual({
    ...{ until: null, why: 'card_closed' },
  });
});
