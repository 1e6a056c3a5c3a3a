import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  bookedThrough,
  creditedSpan,
  type Earned,
  type EarnedLine,
  earnedAtIssue,
  earnedBetween,
  earnedThrough,
  endedOn,
  mirrored,
  type Span,
  spanOf,
  totalOfSpan,
  unusedAfter,
} from '../../src/domain/earning.ts';
import { changePrice, priceOfDays } from '../../src/domain/proration.ts';
import { addDays, type Day } from '../../src/domain/time.ts';
import { earnedLine } from '../support/earning.ts';

const JANUARY = { from: '2027-01-01', to: '2027-02-01' };
const line = (over: Partial<EarnedLine> = {}): EarnedLine => ({
  amount: 3000,
  period: JANUARY,
  product: 'app',
  ...over,
});
const known = '2027-01-01';
const must = (span: Span | null): Span => {
  if (!span) throw new Error('a span was expected');
  return span;
};
const sum = (all: readonly Earned[]): Earned =>
  all.reduce((a, b) => ({ gross: a.gross + b.gross, discount: a.discount + b.discount }), { gross: 0, discount: 0 });
const everyDay = ({ firstDay, from, to }: Span): Day[] =>
  Array.from({ length: to - from }, (_, i) => addDays(firstDay, i));

describe('a line is earned', () => {
  it.each<[string, Partial<EarnedLine>, [day: Day, gross: number, discount: number][]]>([
    [
      'by the day, rounded on the running sum',
      {},
      [
        ['2026-12-31', 0, 0],
        ['2027-01-01', 97, 0], // 96.77
        ['2027-01-02', 194, 0], // 193.55
        ['2027-01-15', 1452, 0],
        ['2027-01-31', 3000, 0],
        ['2027-03-01', 3000, 0],
      ],
    ],
    [
      'with its discount, day by day',
      { discount: 300 },
      [
        ['2027-01-01', 97, 10],
        ['2027-01-15', 1452, 145],
        ['2027-01-31', 3000, 300],
      ],
    ],
    [
      'from its own day of the period on, at the daily rate of the whole',
      {
        amount: 1548,
        period: { from: '2027-01-16', to: '2027-02-01' },
        earning: { price: 3000, days: 31, from: 15, to: 31 },
      },
      [
        ['2027-01-15', 0, 0],
        ['2027-01-16', 96, 0], // 1548.39 less 1451.61, each rounded
        ['2027-01-31', 1548, 0],
      ],
    ],
    [
      'without the tax inside of it',
      { amount: 3100, taxes: [{ amount: 495, inclusive: true }] },
      [
        ['2027-01-01', 84, 0],
        ['2027-01-31', 2605, 0],
      ],
    ],
    [
      'whatever tax comes on top',
      { taxes: [{ amount: 570, inclusive: false }] },
      [
        ['2027-01-01', 97, 0],
        ['2027-01-31', 3000, 0],
      ],
    ],
  ])('%s', (_what, over, days) => {
    const span = must(spanOf(line(over), known));
    for (const [day, gross, discount] of days) expect(earnedThrough(span, day), day).toEqual({ gross, discount });
  });

  it.each<[string, Partial<EarnedLine>, Earned | null]>([
    ['at once where it has no days', { period: null, discount: 100 }, { gross: 3000, discount: 100 }],
    ['at once where its period has none', { period: { from: known, to: known } }, { gross: 3000, discount: 0 }],
    ['less the tax inside', { period: null, taxes: [{ amount: 479, inclusive: true }] }, { gross: 2521, discount: 0 }],
    ['elsewhere where it is carried', { period: null, carried: true }, null],
  ])('%s', (_what, over, earned) => {
    expect(spanOf(line(over), known)).toBeNull();
    expect(earnedAtIssue(line(over))).toEqual(earned);
  });

  it('never, where it comes to nothing', () => {
    expect(spanOf(line({ amount: 0 }), known)).toBeNull();
    expect(earnedAtIssue(line())).toBeNull();
  });

  it('not before it is known: what came before counts on that day', () => {
    const span = must(spanOf(line(), '2027-01-20'));
    expect(bookedThrough(span, '2027-01-19').gross).toBe(0);
    expect(bookedThrough(span, '2027-01-20').gross).toBe(1935);
    expect(earnedBetween(span, '2027-01-20', '2027-01-21').gross).toBe(1935);
    expect(earnedBetween(span, '2027-01-21', '2027-02-01').gross).toBe(1065);
  });
});

describe('a correction', () => {
  const span = must(spanOf(line({ discount: 300 }), known));

  it('of all of it takes back what was earned until then, and leaves nothing to come', () => {
    const both = [span, mirrored(span, '2027-01-15')];
    expect(sum(both.map((each) => bookedThrough(each, '2027-01-14')))).toEqual({ gross: 1355, discount: 135 });
    for (const day of ['2027-01-15', '2027-01-16', '2027-01-31', '2027-05-01']) {
      expect(sum(both.map((each) => bookedThrough(each, day))), day).toEqual({ gross: 0, discount: 0 });
    }
  });

  it('of a part is spread over the same days', () => {
    const both = [span, creditedSpan(span, { gross: 1000, discount: 100 }, '2027-01-15')];
    expect(sum(both.map((each) => bookedThrough(each, '2027-01-15')))).toEqual({ gross: 968, discount: 97 });
    expect(sum(both.map((each) => bookedThrough(each, '2027-01-31')))).toEqual({ gross: 2000, discount: 200 });
  });

  it('of unused time takes back what was still to come, and leaves the past as it is', () => {
    const unused = unusedAfter(span, '2027-01-15');
    const both = [span, creditedSpan(span, unused, '2027-01-15', '2027-01-16')];
    for (const day of ['2027-01-15', '2027-01-20', '2027-01-31']) {
      expect(sum(both.map((each) => bookedThrough(each, day))), day).toEqual({ gross: 1452, discount: 145 });
    }
  });

  it('of days that are over takes it back at once', () => {
    const both = [span, creditedSpan(span, { gross: 500, discount: 50 }, '2027-03-05', '2027-02-01')];
    expect(sum(both.map((each) => bookedThrough(each, '2027-03-04')))).toEqual({ gross: 3000, discount: 300 });
    expect(sum(both.map((each) => bookedThrough(each, '2027-03-05')))).toEqual({ gross: 2500, discount: 250 });
  });

  it('that ends it early earns the rest on that day', () => {
    const all = [span, ...endedOn(span, '2027-01-15')];
    expect(unusedAfter(span, '2027-01-15')).toEqual({ gross: 1548, discount: 155 });
    expect(sum(all.map((each) => bookedThrough(each, '2027-01-14')))).toEqual({ gross: 1355, discount: 135 });
    expect(sum(all.map((each) => bookedThrough(each, '2027-01-15')))).toEqual({ gross: 3000, discount: 300 });
    expect(sum(all.map((each) => bookedThrough(each, '2027-01-31')))).toEqual({ gross: 3000, discount: 300 });
    expect(endedOn(span, '2027-01-31')).toEqual([]);
  });
});

const nothing: Earned = { gross: 0, discount: 0 };
const days = fc.integer({ min: -40, max: 420 }).map((n) => addDays('2027-01-01', n));

describe('whatever the line', () => {
  property.prop([earnedLine, days], { numRuns: 10_000 })('its days add up to it', (given, knownOn) => {
    const span = spanOf(given, knownOn);
    const whole = totalOfLine(given);
    expect(span ? totalOfSpan(span) : nothing).toEqual(whole);
    if (!span) return;
    const { firstDay } = span;
    const known = { ...span, knownOn: firstDay };
    const byDay = everyDay(span).map((day) => earnedBetween(known, day, addDays(day, 1)));
    expect(sum(byDay)).toEqual(whole);
    expect(bookedThrough(span, '2032-01-01')).toEqual(whole);
  });

  property.prop([earnedLine, days, fc.array(days, { maxLength: 6 })], { numRuns: 10_000 })(
    'any split of the days earns the same',
    (given, knownOn, cuts) => {
      const span = spanOf(given, knownOn);
      if (!span) return;
      const ends = ['2025-01-01', ...cuts.sort(), '2030-01-01'];
      const parts = ends.slice(1).map((to, i) => earnedBetween(span, ends[i]!, to));
      expect(sum(parts)).toEqual(totalOfSpan(span));
    },
  );

  property.prop([earnedLine, days, days, days], { numRuns: 10_000 })(
    'a correction leaves what it should, and writes no past day anew',
    (given, knownOn, on, part) => {
      const span = spanOf(given, knownOn);
      if (!span || on < knownOn) return;
      const before = bookedThrough(span, addDays(on, -1));
      const whole = totalOfSpan(span);
      const credit = { gross: Math.trunc(whole.gross / 3), discount: Math.trunc(whole.discount / 3) };
      const corrections: [Span[], Earned][] = [
        [[mirrored(span, on)], nothing],
        [endedOn(span, on), whole],
        [[creditedSpan(span, whole, on)], nothing],
        [
          [creditedSpan(span, credit, on)],
          { gross: whole.gross - credit.gross, discount: whole.discount - credit.discount },
        ],
        [
          [creditedSpan(span, credit, on, part)],
          { gross: whole.gross - credit.gross, discount: whole.discount - credit.discount },
        ],
        // Ended, and taken back on a later day.
        [
          [span, ...endedOn(span, on)].flatMap((each) => [each, mirrored(each, [part, on].sort().at(-1)!)]).slice(1),
          nothing,
        ],
      ];
      for (const [more, left] of corrections) {
        const all = [span, ...more];
        expect(sum(all.map((each) => bookedThrough(each, addDays(on, -1))))).toEqual(before);
        expect(sum(all.map((each) => bookedThrough(each, '2032-01-01')))).toEqual(left);
      }
      expect(sum([span, ...endedOn(span, on)].map((each) => bookedThrough(each, on)))).toEqual(whole);
      expect(sum([span, mirrored(span, on)].map((each) => bookedThrough(each, on)))).toEqual(nothing);
    },
  );
});

const totalOfLine = ({ amount, discount = 0, taxes = [], period, carried }: EarnedLine): Earned =>
  carried || !period || period.from === period.to
    ? nothing
    : { gross: taxes.reduce((left, tax) => (tax.inclusive ? left - tax.amount : left), amount), discount };

const daysFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const whole = { from: known, to: addDays(known, 11) };
const DATES = Object.fromEntries([-1, ...daysFrom(0, 11)].map((k) => [k, addDays(known, k)]));
const prices = fc.array(fc.integer({ min: 0, max: 10 ** 7 }), { minLength: 1, maxLength: 4 });
const changes = fc.array(fc.record({ day: fc.nat(10), prices }), { maxLength: 4 });

property.prop([prices, changes], { numRuns: 10_000 })(
  'after changes of plan nothing of a plan that was given up is left to be earned, and a day earns what it costs',
  (first, later) => {
    const total = (each: readonly number[]) => each.reduce((a, b) => a + b, 0);
    let before = 0;
    const spans = first.flatMap((price) => {
      const earning = { price, before, days: 11, from: 0, to: 11 };
      before += price;
      return spanOf({ amount: price, period: whole, earning }, known) ?? [];
    });
    let segments = [{ from: 0, amount: total(first) }];
    for (const { day, prices } of [...later].sort((a, b) => a.day - b.day)) {
      const changed = changePrice(segments, 11, day, total(prices));
      segments = changed.segments;
      for (const { sign, part } of [
        ...changed.credits.map((part) => ({ sign: -1, part })),
        ...changed.debits.map((part) => ({ sign: 1, part })),
      ]) {
        const { from, to, amount, price } = part;
        const period = { from: addDays(known, from), to: addDays(known, to) };
        const earning = { price: sign * price, days: 11, from, to };
        const span = spanOf({ amount, period, earning }, addDays(known, day));
        if (span) spans.push(span);
      }
    }
    const costs = segments.flatMap(({ from, amount }, i) =>
      daysFrom(from, segments[i + 1]?.from ?? 11).map((k) => priceOfDays(amount, k, k + 1, 11)),
    );
    const booked = [-1, ...daysFrom(0, 11)].map((k) => sum(spans.map((span) => earnedThrough(span, DATES[k]!))).gross);
    expect(booked.slice(1).map((each, k) => each - booked[k]!)).toEqual(costs);
  },
);
