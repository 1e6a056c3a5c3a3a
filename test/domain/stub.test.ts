/** A first stub up to a day of the calendar: what it costs, and what a change or an end in it costs. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command } from '../../src/domain/input.ts';
import { sumsOf } from '../../src/domain/invoice.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { daysOf } from '../../src/domain/period-days.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { type AnchorDay, addDays, type Interval, instantOf, unfitAnchor } from '../../src/domain/time.ts';
import { at, draft, hybrid, input, must, run, subscribe, succeeded, terms } from './builders.ts';

const MONTH: Interval = { unit: 'month', count: 1 };
const accepted = (state: Subscription): Subscription & Accepted => {
  if (!isAccepted(state)) throw new Error('not accepted');
  return state;
};
const invoiceOf = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'issue_invoice')?.invoice;

function begin(
  start: string,
  { interval = MONTH, day, zone = 'UTC', amount = '3100' }: Partial<Begun> & { day: AnchorDay },
) {
  const from = draft({ timeZone: zone, createdAt: at(start) });
  const given = subscribe({ terms: terms({ interval, unitAmount: amount }), anchorDay: day });
  const { state, effects } = must(decide(from, input(given, at(start))));
  return { state: accepted(state), invoice: invoiceOf(effects)! };
}
type Begun = { interval: Interval; zone: string; amount: string };

describe('the stub divides by the days of the full period that would end at its anchor', () => {
  test.each<[string, string, Partial<Begun> & { day: AnchorDay }, string, number, number]>([
    ['1 to 13 February 2011, on the 13th', '2011-02-01', { day: 13 }, '2011-02-13', 12, 31],
    ['over a month’s end', '2027-01-20', { day: 1 }, '2027-02-01', 12, 31],
    ['to the last of February', '2027-02-10', { day: 31 }, '2027-02-28', 18, 28],
    ['in a leap year', '2028-02-10', { day: 31 }, '2028-02-29', 19, 29],
    [
      'of a quarter, on a day',
      '2027-01-20',
      { day: 15, interval: { unit: 'quarter', count: 1 } },
      '2027-02-15',
      26,
      92,
    ],
    [
      'of a year: none on its own day',
      '2027-03-01',
      { day: 1, interval: { unit: 'year', count: 1 } },
      '2028-03-01',
      366,
      366,
    ],
    [
      'of a year, on a date',
      '2027-03-01',
      { day: '2030-07-01', interval: { unit: 'year', count: 1 } },
      '2027-07-01',
      122,
      365,
    ],
    [
      'of a leap year',
      '2028-03-01',
      { day: '2020-01-01', interval: { unit: 'year', count: 1 } },
      '2029-01-01',
      306,
      366,
    ],
    ['of two weeks, on Monday', '2027-01-01', { day: 1, interval: { unit: 'week', count: 2 } }, '2027-01-04', 3, 14],
    [
      'of thirty days, on a date',
      '2027-01-01',
      { day: '2027-01-11', interval: { unit: 'day', count: 30 } },
      '2027-01-11',
      10,
      30,
    ],
    ['over the change to summer time', '2027-03-10', { day: 20, zone: 'America/New_York' }, '2027-03-20', 10, 28],
    ['and back', '2027-10-25', { day: 10, zone: 'Europe/Berlin' }, '2027-11-10', 16, 31],
  ])('%s', (_what, start, given, until, days, whole) => {
    const { state, invoice } = begin(start, given);
    const zone = given.zone ?? 'UTC';
    const span = daysOf(state.period, zone);
    expect([span.to, span.days - span.first, span.days]).toEqual([until, days, whole]);
    // Half away from zero, as the rest of the whole is.
    expect(invoice.total).toBe(3100 - Math.round((3100 * (whole - days)) / whole));
  });

  test('and says so on its line, with how it is earned', () => {
    const { invoice } = begin('2011-02-01', { day: 13 });
    expect(invoice.lines).toMatchObject([
      {
        amount: 1200,
        period: { from: '2011-02-01', to: '2011-02-13' },
        proration: '12 of 31 days, up to the anchor on 2011-02-13',
        earning: { price: 3100, days: 31, from: 19, to: 31 },
        product: 'app',
      },
    ]);
  });

  test('the lines of several prices add up to what its days cost, and each is earned as it is billed', () => {
    const given = subscribe({ terms: hybrid([{ id: 'backup', quantity: 3 }]), quantity: 7, anchorDay: 13 });
    const { effects } = must(decide(draft(), input(given, at('2027-01-20'))));
    const lines = invoiceOf(effects)!.lines.filter(({ period }) => period !== null);
    expect(lines.map(({ amount }) => amount)).toEqual([7665, 1548, 1161]); // 24 of 31 days of 99.00, 20.00 and 15.00
    expect(lines.map(({ earning }) => earning?.from)).toEqual([7, 7, 7]);
  });
});

test('the periods after it are whole, on the anchor day, whatever the month', () => {
  let { state } = begin('2027-02-10', { day: 31 }) as { state: Subscription };
  const starts: string[] = [];
  state = run(state, [succeeded(1, 1, accepted(state).invoices[0]!.amount), at('2027-02-10')]);
  for (let n = 2; n < 6; n++) {
    const due = nextDue(state)!;
    state = run(state, [due, due.at]);
    state = run(state, [succeeded(n, 1, 3100), due.at]);
    starts.push(daysOf(accepted(state).period, 'UTC').from);
  }
  expect(starts).toEqual(['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']);
  expect(accepted(state).period.index).toBe(3);
});

test('after a trial the stub begins where the trial ends', () => {
  const given = subscribe({ terms: terms({ unitAmount: '3100' }), trialDays: 14, anchorDay: 1 });
  const trial = run(draft(), [given, at('2027-01-01')]);
  expect(nextDue(trial)).toEqual({ type: 'trial_ended', at: at('2027-01-15') });
  const { state, effects } = must(decide(trial, input({ type: 'trial_ended' }, at('2027-01-15'))));
  expect(invoiceOf(effects)).toMatchObject({
    total: 1700,
    lines: [{ period: { from: '2027-01-15', to: '2027-02-01' } }],
  });
  const { effects: first } = must(decide(state, input({ type: 'period_ended' }, at('2027-02-01'))));
  expect(invoiceOf(first)?.lines[0]?.period).toEqual({ from: '2027-02-01', to: '2027-03-01' });
});

test('a trial that ends on the anchor day has no stub', () => {
  const trial = run(draft(), [subscribe({ trialDays: 14, anchorDay: 15 }), at('2027-01-01')]);
  const { state } = must(decide(trial, input({ type: 'trial_ended' }, at('2027-01-15'))));
  expect(accepted(state).period).toMatchObject({ index: 0, end: at('2027-02-15') });
});

test('resumed after its period, it goes on to the same day', () => {
  const paid = run(begin('2027-01-20', { day: 1 }).state, [succeeded(1, 1, 1200), at('2027-01-20')]);
  const paused = run(paid, [{ type: 'pause', resumeAt: null }, at('2027-01-25')]);
  const { state, effects } = must(decide(paused, input({ type: 'resume' }, at('2027-03-12'))));
  expect(accepted(state).anchor).toBe(at('2027-04-01'));
  expect(invoiceOf(effects)?.lines[0]?.proration).toBe('20 of 31 days, up to the anchor on 2027-04-01');
});

test('a day that the interval does not have is refused, with both', () => {
  const given = subscribe({ terms: terms({ interval: { unit: 'week', count: 1 } }), anchorDay: 8 });
  expect(decide(draft(), input(given))).toEqual({
    outcome: 'refused',
    code: 'anchor_day_unfit',
    detail: 'cannot subscribe: a day of the week is from 1 to 7, got 8',
    path: 'anchorDay',
  });
});

describe('in the middle of a stub', () => {
  const stub = () => run(begin('2011-02-01', { day: 13 }).state, [succeeded(1, 1, 1200), at('2011-02-01')]);
  const change = (over: Partial<Extract<Command, { type: 'change' }>>): Command => ({
    ...{ type: 'change', terms: terms({ unitAmount: '3100' }), quantity: 2, when: 'now', proration: null },
    ...over,
  });

  test('a raise costs the difference of the days that are left', () => {
    const { effects } = must(decide(stub(), input(change({}), at('2011-02-08'))));
    expect(invoiceOf(effects)?.lines.map(({ amount, period }) => [amount, period])).toEqual([
      [-500, { from: '2011-02-08', to: '2011-02-13' }],
      [1000, { from: '2011-02-08', to: '2011-02-13' }],
    ]);
  });

  test('and so does a lowering, from the next day', () => {
    const lower = change({ terms: terms({ planId: 'mini', unitAmount: '310' }), quantity: 1 });
    const { state } = must(decide(stub(), input(lower, at('2011-02-08'))));
    expect(sumsOf(accepted(state).carried).total).toBe(-360); // 4 of 31 days of 27.90
  });

  test('another interval at once gives back what is left, and begins a period', () => {
    const yearly = terms({ planId: 'yearly', interval: { unit: 'year', count: 1 }, unitAmount: '36500' });
    const { state, effects } = must(decide(stub(), input(change({ terms: yearly, quantity: 1 }), at('2011-02-08'))));
    expect(invoiceOf(effects)?.lines.map(({ amount }) => amount)).toEqual([-500, 36_500]);
    expect(accepted(state)).toMatchObject({ anchor: at('2011-02-08'), period: { index: 0 } });
    expect(accepted(state).period.wholeDays).toBeUndefined();
  });
});

const RUNS = { numRuns: 10_000 };
const zones = fc.constantFrom('UTC', 'America/New_York', 'Europe/Berlin', 'Pacific/Auckland');
const intervals = fc.constantFrom<Interval>(
  MONTH,
  { unit: 'month', count: 3 },
  { unit: 'quarter', count: 1 },
  { unit: 'year', count: 1 },
  { unit: 'week', count: 1 },
  { unit: 'week', count: 4 },
  { unit: 'day', count: 30 },
);
const dates = fc.integer({ min: 0, max: 3_000 }).map((n) => addDays('2026-01-01', n));
const anchors = fc.oneof(fc.integer({ min: 1, max: 31 }), dates);
const changes = fc.array(fc.record({ after: fc.nat(40), quantity: fc.integer({ min: 1, max: 9 }) }), { maxLength: 6 });

property.prop([dates, zones, intervals, anchors, changes], RUNS)(
  'in a stub as in a whole period: what is billed is what the days cost, each at the dearest quantity held on it',
  (start, timeZone, interval, anchorDay, list) => {
    if (unfitAnchor(anchorDay, interval) !== null) return;
    const noon = (day: string) => instantOf(day, timeZone, 12 * 3_600_000);
    const price = 3_333;
    const sold = terms({ interval, unitAmount: String(price) });
    let billed = 0;
    let state: Subscription = draft({ timeZone });
    const take = (command: Parameters<typeof input>[0], day: string) => {
      const decision = decide(state, input(command, noon(day)));
      if (decision.outcome !== 'applied') return;
      state = decision.state;
      for (const effect of decision.effects) {
        if (effect.type === 'issue_invoice')
          billed += sumsOf(effect.invoice.lines.filter((line) => !line.carried)).total;
        if (effect.type === 'charge') {
          const { invoice, attempt, amount } = effect;
          take({ type: 'payment_succeeded', invoice, attempt, payment: `pi_${invoice}_${attempt}`, amount }, day);
        }
      }
    };
    take(subscribe({ terms: sold, anchorDay }), start);
    const span = daysOf(accepted(state).period, timeZone);
    const own = span.days - span.first;
    const held = Array.from({ length: own }, () => 1);
    for (const { after, quantity } of [...list].sort((a, b) => a.after - b.after)) {
      if (after >= own) continue;
      const before = accepted(state).quantity;
      take({ type: 'change', terms: sold, quantity, when: 'now', proration: 'invoice_now' }, addDays(start, after));
      for (let d = after; d < own; d++) held[d] = d === after ? Math.max(held[d]!, quantity) : quantity;
      expect(accepted(state).quantity).toBe(quantity === before ? before : quantity);
    }
    const waiting = sumsOf(accepted(state).carried.filter((line) => !line.carried)).total;
    let due = 0;
    for (let d = 0; d < own; ) {
      let end = d;
      while (end < own && held[end] === held[d]) end++;
      const whole = price * held[d]!;
      due += consumed(whole, span.first + end, span.days) - consumed(whole, span.first + d, span.days);
      d = end;
    }
    expect(billed + waiting).toBe(due);
  },
);

const consumed = (amount: number, day: number, days: number): number =>
  Number((2n * BigInt(amount) * BigInt(day) + BigInt(days)) / (2n * BigInt(days)));
