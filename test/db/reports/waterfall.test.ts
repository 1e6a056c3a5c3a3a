import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type LineSpan, writeSpans } from '../../../src/db/commit/earnings.ts';
import { type WaterfallCell, waterfall } from '../../../src/db/reports/waterfall.ts';
import { inTenant, type Trx } from '../../../src/db/tenant.ts';
import { earnedBetween, endedOn, mirrored, type Span, spanOf, totalOfSpan } from '../../../src/domain/earning.ts';
import type { SubscriptionId } from '../../../src/domain/ids.ts';
import { firstDayOf, monthAfter, monthOf, monthsBetween } from '../../../src/domain/month.ts';
import { addDays, type Day } from '../../../src/domain/time.ts';
import { earnedLine } from '../../support/earning.ts';
import { SCOPE, useDatabase } from '../support.ts';

const database = useDatabase();
const read = <T>(work: (trx: Trx) => Promise<T>) => inTenant(database.db, SCOPE, work);

let written = 0;
const write = (spans: readonly Span[], currency: string) => {
  const subscription: SubscriptionId = `sub_w${++written}`;
  const invoice = `inv_w${written}` as const;
  const lines = spans.map(
    (span, ordinal): LineSpan => ({ invoice, ordinal, span, cause: 'invoice', reference: 'test' }),
  );
  return read((trx) => writeSpans(trx, { customer: 'cus_1', subscription, currency }, lines));
};
const line = (amount: number, from: Day, to: Day) => ({ amount, period: { from, to } });
const span = (amount: number, from: Day, to: Day, knownOn: Day): Span => spanOf(line(amount, from, to), knownOn)!;
const cells = async (currency: string, from: string, to: string) =>
  (await read((trx) => waterfall(trx, { from, to })))
    .filter((cell) => cell.currency === currency)
    .map(({ origin, earned, amount }) => [origin, earned, amount]);

describe('a waterfall', () => {
  it('earns a year by its days, and what came before or comes after has its own place', async () => {
    await write([span(36_500, '2027-01-01', '2028-01-01', '2027-01-01')], 'eur');
    await write([span(2_800, '2027-02-01', '2027-03-01', '2027-02-01')], 'eur');
    expect(await cells('eur', '2027-01', '2027-04')).toEqual([
      ['2027-01', '2027-01', 3_100],
      ['2027-01', '2027-02', 2_800],
      ['2027-01', '2027-03', 3_100],
      ['2027-01', null, 27_500],
      ['2027-02', '2027-02', 2_800],
    ]);
    expect(await cells('eur', '2027-03', '2027-04')).toEqual([
      [null, '2027-03', 3_100],
      [null, null, 27_500],
    ]);
    expect(await cells('eur', '2026-01', '2027-01')).toEqual([]);
  });

  it('counts what was known late on the day on which it came to be known', async () => {
    await write([span(3_100, '2027-01-01', '2027-02-01', '2027-02-10')], 'gbp');
    expect(await cells('gbp', '2027-01', '2027-03')).toEqual([['2027-02', '2027-02', 3_100]]);
  });

  it('takes back what was given up, from the month in which it was', async () => {
    const held = span(36_500, '2027-01-01', '2028-01-01', '2027-01-01');
    await write([held, mirrored(held, '2027-03-01')], 'sek');
    expect(await cells('sek', '2027-01', '2028-01')).toEqual([
      ...['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'].map((month) => [
        '2027-01',
        `2027-${month}`,
        { '02': 2_800, '04': 3_000, '06': 3_000, '09': 3_000, '11': 3_000 }[month] ?? 3_100,
      ]),
      // Two months that were earned already, and then day by day.
      ['2027-03', '2027-03', -5_900 - 3_100],
      ...['04', '05', '06', '07', '08', '09', '10', '11', '12'].map((month) => [
        '2027-03',
        `2027-${month}`,
        { '04': -3_000, '06': -3_000, '09': -3_000, '11': -3_000 }[month] ?? -3_100,
      ]),
    ]);
  });
});

const spans = fc
  .array(fc.tuple(earnedLine, fc.integer({ min: -20, max: 40 }), fc.option(fc.nat(60))), {
    minLength: 1,
    maxLength: 12,
  })
  .map((given) =>
    given.flatMap(([earned, late, end]) => {
      const made = spanOf(earned, addDays(earned.period!.from, late));
      if (!made) return [];
      return end === null ? [made] : [made, ...endedOn(made, addDays(made.firstDay, end))];
    }),
  );

it('is what the core says of every span, cell by cell', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(spans, async (given) => {
      const currency = [
        'aud',
        'cad',
        'chf',
        'czk',
        'dkk',
        'hkd',
        'nok',
        'nzd',
        'pln',
        'sgd',
        'huf',
        'ron',
        'bgn',
        'ils',
        'mxn',
        'zar',
      ][run++]!;
      await write(given, currency);
      const [from, to] = ['2027-01', '2027-08'];
      const found = (await read((trx) => waterfall(trx, { from, to }))).filter((cell) => cell.currency === currency);
      expect(nonZero(found)).toEqual(nonZero(expectedOf(given, from, to, currency)));
    }),
    { numRuns: 16, endOnFailure: true },
  );
});

const nonZero = (all: readonly WaterfallCell[]) =>
  all
    .filter(({ amount }) => amount !== 0)
    .map(({ origin, earned, amount }) => `${origin} ${earned} ${amount}`)
    .sort();

function expectedOf(given: readonly Span[], from: string, to: string, currency: string): WaterfallCell[] {
  const sums = new Map<string, WaterfallCell>();
  const add = (origin: string | null, earned: string | null, amount: number) => {
    const cell = sums.get(`${origin}/${earned}`) ?? { currency, origin, earned, amount: 0 };
    sums.set(`${origin}/${earned}`, { ...cell, amount: cell.amount + amount });
  };
  const net = ({ gross, discount }: { gross: number; discount: number }) => gross - discount;
  for (const each of given.filter(({ knownOn }) => knownOn < firstDayOf(to))) {
    const origin = each.knownOn < firstDayOf(from) ? null : monthOf(each.knownOn);
    let left = net(totalOfSpan(each)) - net(earnedBetween(each, '2020-01-01', firstDayOf(from)));
    for (const month of monthsBetween(from, to).slice(0, -1)) {
      const amount = net(earnedBetween(each, firstDayOf(month), firstDayOf(monthAfter(month))));
      add(origin, month, amount);
      left -= amount;
    }
    add(origin, null, left);
  }
  return [...sums.values()];
}
