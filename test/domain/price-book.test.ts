/** What a plan of several prices costs: its lines, its fees, its add-ons, and a change in their middle. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { planChange } from '../../src/domain/change.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command } from '../../src/domain/input.ts';
import { totalOf } from '../../src/domain/invoice.ts';
import { linesOfPeriod, periodAt } from '../../src/domain/period.ts';
import { describe as inWords, periodLines, periodPrice, withAddOns } from '../../src/domain/price-book.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { addDays, instantOf } from '../../src/domain/time.ts';
import {
  at,
  draft,
  FEBRUARY,
  hybrid,
  hybridPlan,
  input,
  must,
  run,
  START,
  subscribe,
  succeeded,
  terms,
} from './builders.ts';

const backup = (quantity: number) => ({ id: 'backup', quantity });
const support = { id: 'support', quantity: 1 };
const rows = (lines: readonly { description: string; quantity: number; amount: number }[]) =>
  lines.map(({ description, quantity, amount }) => [description, quantity, amount]);
const invoiceOf = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'issue_invoice')?.invoice;
const begun = (chosen = hybrid(), quantity = 8): Subscription => {
  const waiting = run(draft(), [subscribe({ terms: chosen, quantity }), START]);
  return isAccepted(waiting) && waiting.invoices[0]
    ? run(waiting, [succeeded(1, 1, waiting.invoices[0].amount), START])
    : waiting;
};
const change = (over: Partial<Extract<Command, { type: 'change' }>>): Command => ({
  ...{ type: 'change', terms: hybrid(), quantity: 8, when: null, proration: null },
  ...over,
});

describe('the lines of a period', () => {
  test('one for each price, with its arithmetic', () => {
    const { recurring, fees } = periodLines(hybrid([backup(2), support]), 8);
    expect(rows(recurring)).toEqual([
      ['Business: Base', 1, 9900],
      ['Business: Seats', 8, 3000],
      ['2 × Backup', 2, 1000],
      ['Support', 1, 2580],
    ]);
    expect(recurring.map(({ words }) => words)).toEqual([
      null,
      '8 − 5 included: 3 × 10.00 USD',
      null,
      '20% of 129.00 USD',
    ]);
    expect(rows(fees)).toEqual([
      ['Business: Set-up', 1, 20000],
      ['Support: Welcome', 1, 1500],
    ]);
  });

  test('a single price is one line, as it was', () => {
    expect(periodLines(terms(), 3)).toEqual({
      recurring: [{ description: '3 × Pro', quantity: 3, unitPrice: '3000', amount: 9000, words: null }],
      fees: [],
    });
    expect(rows(periodLines(terms({ model: 'flat' }), 3).recurring)).toEqual([['Pro', 1, 3000]]);
  });

  test('in a few words', () => {
    expect(inWords(hybrid(), 8)).toBe('8 × Business');
    expect(inWords(hybrid([backup(2), support]), 8)).toBe('8 × Business + 2 × Backup + Support');
  });

  test('an add-on that the plan does not sell', () => {
    expect(withAddOns(hybrid(), hybridPlan, [{ id: 'x', quantity: 1 }])).toEqual({ unknown: 'x' });
  });
});

describe('fees come once', () => {
  const amounts = (effects: readonly Effect[]) => rows(invoiceOf(effects)?.lines ?? []);
  const recurring = [
    ['Business: Base', 1, 9900],
    ['Business: Seats', 8, 3000],
  ];

  test('with the first period, and not with the second', () => {
    const first = must(decide(draft(), input(subscribe({ terms: hybrid(), quantity: 8 }))));
    expect(amounts(first.effects)).toEqual([...recurring, ['Business: Set-up', 1, 20000]]);
    const second = must(decide(begun(), input({ type: 'period_ended' }, FEBRUARY)));
    expect(amounts(second.effects)).toEqual(recurring);
  });

  test('after a trial, with the first period that is paid', () => {
    const trial = run(draft(), [subscribe({ terms: hybrid(), quantity: 8, trialDays: 14 }), START]);
    const { effects } = must(decide(trial, input({ type: 'trial_ended' }, at('2027-01-15'))));
    expect(amounts(effects)).toEqual([...recurring, ['Business: Set-up', 1, 20000]]);
  });

  test('of an add-on when it is taken, and not again when it is had', () => {
    const taken = must(decide(begun(), input(change({ terms: hybrid([support]) }), at('2027-01-16'))));
    expect(amounts(taken.effects)).toEqual([
      ['Unused time on 8 × Business', 8, -6658],
      ['Remaining time on 8 × Business + Support', 8, 7990],
      ['Support: Welcome', 1, 1500],
    ]);
    const paid = run(taken.state, [succeeded(2, 1, invoiceOf(taken.effects)!.total), at('2027-01-16')]);
    const more = must(decide(paid, input(change({ terms: hybrid([support]), quantity: 9 }), at('2027-01-20'))));
    expect(amounts(more.effects).map(([description]) => description)).not.toContain('Support: Welcome');
  });

  test('of an add-on that is planned for the period’s end, at the period’s end', () => {
    const planned = run(begun(), [change({ terms: hybrid([support]), when: 'period_end' }), at('2027-01-16')]);
    const { state, effects } = must(decide(planned, input({ type: 'period_ended' }, FEBRUARY)));
    expect(amounts(effects)).toEqual([...recurring, ['Support', 1, 2580], ['Support: Welcome', 1, 1500]]);
    expect(isAccepted(state) && periodLines(state.terms, 8).fees).toEqual([]);
  });

  test('though nothing is prorated', () => {
    const { effects } = must(
      decide(begun(), input(change({ terms: hybrid([support]), proration: 'none' }), at('2027-01-16'))),
    );
    expect(amounts(effects)).toEqual([['Support: Welcome', 1, 1500]]);
  });

  test('and not after a pause that outlasted the period', () => {
    const paused = run(begun(), [{ type: 'pause', resumeAt: null }, at('2027-01-10')]);
    const { effects } = must(decide(paused, input({ type: 'resume' }, at('2027-03-05'))));
    expect(amounts(effects)).toEqual(recurring);
  });
});

test('the same add-ons are no change, other ones are', () => {
  const held = begun(hybrid([backup(2), support]));
  const ask = (chosen: Parameters<typeof hybrid>[0]) =>
    decide(held, input(change({ terms: hybrid(chosen) }), at('2027-01-16')));
  expect(ask([support, backup(2)])).toMatchObject({ outcome: 'refused', code: 'no_change' });
  expect(ask([backup(2)])).toMatchObject({ outcome: 'applied', rule: 'change.at_period_end' });
  expect(ask([support, backup(3)])).toMatchObject({ outcome: 'applied', rule: 'change.now_invoiced' });
});

const RUNS = { numRuns: 10_000 };
const chosen = fc
  .tuple(fc.nat(5), fc.boolean())
  .map(([count, has]) => hybrid([...(count > 0 ? [backup(count)] : []), ...(has ? [support] : [])]));
const quantity = fc.integer({ min: 1, max: 60 });

property.prop([chosen, quantity], RUNS)('the price of a period is the sum of its lines', (held, count) => {
  const { recurring, fees } = periodLines(held, count);
  const { effects } = must(decide(draft(), input(subscribe({ terms: held, quantity: count }))));
  const sum = (lines: { amount: number }[]) => lines.reduce((total, { amount }) => total + amount, 0);
  expect(periodPrice(held, count)).toBe(sum(recurring));
  expect(invoiceOf(effects)?.total).toBe(sum(recurring) + sum(fees));
});

property.prop([chosen, quantity, fc.integer({ min: 0, max: 30 })], RUNS)(
  'a last period cut short costs its days of the whole, however many lines it has',
  (held, count, used) => {
    const cancelAt = instantOf(addDays('2027-01-01', used), 'UTC');
    const period = periodAt(held, START, 0, 'UTC');
    const { recurring } = periodLines(held, count);
    const whole = periodPrice(held, count);
    const cut = linesOfPeriod({ terms: held, timeZone: 'UTC', cancelAt }, period, recurring);
    expect(totalOf(cut)).toBe(Math.floor((whole * used * 2 + 31) / 62));
  },
);

property.prop(
  [chosen, quantity, chosen, quantity, fc.integer({ min: 0, max: 30 }), fc.constantFrom('now' as const, null)],
  RUNS,
)('what the preview says is what the change does', (from, before, to, after, day, when) => {
  const held = begun(from, before);
  const moment = instantOf(addDays('2027-01-01', day), 'UTC', 13 * 3_600_000);
  const wanted = { ...change({ terms: to, quantity: after, when }), type: 'change' as const } as Extract<
    Command,
    { type: 'change' }
  >;
  const decision = decide(held, input(wanted, moment));
  if (decision.outcome !== 'applied') return;
  const { lines, total } = planChange(held as Subscription & Accepted, wanted, moment);
  const invoice = invoiceOf(decision.effects);
  if (invoice) expect(invoice).toMatchObject({ lines, total });
  else expect(isAccepted(decision.state) && totalOf(decision.state.carried)).toBe(total);
});
