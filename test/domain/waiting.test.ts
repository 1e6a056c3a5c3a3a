/** What waits for the next invoice when there is none: billed as far as it was used, and its rest settled. */
import { describe, expect, it, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Command, Due } from '../../src/domain/input.ts';
import type { Accepted } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { MoneyLife } from '../support/money-lives.ts';
import { active, FEBRUARY, input, line, must, run, START, terms } from './builders.ts';

const waiting = () =>
  run(active(), [
    { type: 'bill', lines: [line(99_900, { description: 'Consulting' })], when: 'next_invoice', collect: null },
    START,
  ]);

it.each<[string, (Command | Due)[]]>([
  ['at the period’s end', [{ type: 'cancel', when: 'period_end', reason: null }, { type: 'cancel_due' }]],
  ['now', [{ type: 'cancel', when: 'now', reason: null }]],
])('what waited for the next invoice is billed when it ends %s', (_when, steps) => {
  const last = steps.at(-1)!;
  const before = run(waiting(), ...steps.slice(0, -1).map((step): [typeof step, number] => [step, START]));
  const { state, effects } = must(decide(before, input(last, steps.length > 1 ? FEBRUARY : START)));
  const issued = effects.flatMap((effect) => (effect.type === 'issue_invoice' ? [effect.invoice] : []));
  expect(issued.map(({ total }) => total)).toEqual([99_900]);
  expect(effects.filter((effect) => effect.type === 'charge')).toHaveLength(1);
  expect((state as unknown as Accepted).carried).toEqual([]);
  expect(state.state).toBe('canceled');
});

const plan = (price: number) =>
  terms({ planId: `plan_${price}`, interval: { unit: 'day', count: 30 }, unitAmount: String(price) });

/** 30 days at 50.00, paid on the first. */
function thirtyDays(...steps: [Command | Due, number][]): MoneyLife {
  const story = { sold: plan(5000), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: false };
  const life = new MoneyLife({ ...story, tax: 0, credit: 0, chargeStep: 1 }, () => {});
  life.take({ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 5000 });
  for (const [what, day] of steps) life.take(what, START + day * DAY);
  return life;
}

const to = (price: number): Command => ({
  ...{ type: 'change', terms: plan(price), quantity: 1, when: 'now', proration: 'next_invoice' },
});
const cancel = (more: { creditTo?: 'credit' | 'refund'; when?: string } = {}): Command => ({
  ...{ type: 'cancel', when: 'now', reason: null, ...more },
});
const goodwill: Command = { type: 'bill', lines: [line(-500)], when: 'next_invoice', collect: null };
const credited = { creditTo: 'credit' } as const;

describe('50.00 for 30 days; a change on the 6th day for the next invoice, and an end on the 10th, which is used', () => {
  test.each<[string, [Command | Due, number][], { last: number[]; note: number; settled: number; cost: number }]>([
    [
      'down to 20.00, unused days given back: 6 days at 50.00 and 4 at 20.00',
      [
        [to(2000), 5],
        [cancel(credited), 9],
      ],
      { last: [-667, 267], note: 3333, settled: -400, cost: 1267 },
    ],
    [
      'down to 20.00, nothing given back: 6 days at 50.00 and 24 at 20.00',
      [
        [to(2000), 5],
        [cancel(), 9],
      ],
      { last: [-4000, 1600], note: 0, settled: -2400, cost: 2600 },
    ],
    [
      'down to 20.00, and on to the end of what is paid: the same',
      [
        [to(2000), 5],
        [cancel({ when: 'period_end' }), 9],
        [{ type: 'cancel_due' }, 30],
      ],
      { last: [-4000, 1600], note: 0, settled: -2400, cost: 2600 },
    ],
    [
      'up to 80.00, unused days given back: 5 days at 50.00 and 5 at 80.00',
      [
        [to(8000), 5],
        [cancel(credited), 9],
      ],
      { last: [-834, 1334], note: 3333, settled: 0, cost: 2167 },
    ],
    [
      'up to 52.00, unused days given back: what is too small to be charged is paid by what is given back',
      [
        [to(5200), 5],
        [cancel(credited), 9],
      ],
      { last: [-834, 866], note: 3333, settled: 0, cost: 1699 },
    ],
    [
      'up to 50.50, nothing given back: what is too small to be charged is lost',
      [
        [to(5050), 5],
        [cancel(), 9],
      ],
      { last: [-4167, 4208], note: 0, settled: 41, cost: 5000 },
    ],
    [
      'down and up again before the next invoice: what was never debited is not given back',
      [
        [to(2000), 5],
        [to(5000), 7],
        [cancel(credited), 9],
      ],
      { last: [-667, 67, 500], note: 3333, settled: -100, cost: 1567 },
    ],
    [
      'down to 20.00, and an end on the period’s last day, of which nothing is unused',
      [
        [to(2000), 5],
        [cancel(credited), 29],
      ],
      { last: [-4000, 1600], note: 0, settled: -2400, cost: 2600 },
    ],
    [
      'down to 20.00, renewed out of what waited, and an end on the 4th day of the next 30',
      [
        [to(2000), 5],
        [{ type: 'period_ended' }, 30],
        [cancel(credited), 33],
      ],
      { last: [-4000, 1600, 2000], note: 1733, settled: -400, cost: 2867 },
    ],
    [
      'what was promised without days is kept whole',
      [
        [goodwill, 5],
        [cancel(credited), 9],
      ],
      { last: [-500], note: 3333, settled: -500, cost: 1167 },
    ],
  ])('%s', (_rule, steps, expected) => {
    const { books, state } = thirtyDays(...steps);
    const [, ...later] = books.invoices.values();
    const lines = later.flatMap((invoice) => invoice.lines.filter(({ carried }) => !carried));
    const sum = (amounts: number[]) => amounts.reduce((all, each) => all + each, 0);
    const settled = sum(books.settled);
    const note = sum(books.notes.map(({ total }) => total));
    const billed = sum([...books.invoices.values()].map(({ total }) => total));
    expect({
      ...{ last: lines.map(({ amount }) => amount), note, settled },
      cost: billed - note + Math.min(settled, 0),
    }).toEqual(expected);
    expect(state).toMatchObject({ state: 'canceled', carried: [] });
    const paid = sum([...books.invoices.values()].map(({ creditApplied }) => creditApplied));
    expect(books.credit).toBe(note - Math.min(settled, 0) - paid);
    expect(books.balance('bad_debt')).toBe(Math.max(settled, 0));
  });

  test('one that is voided after the end leaves nothing waiting either', () => {
    const small = { type: 'bill', lines: [line(30)], when: 'now', collect: null } as const;
    const owed = { type: 'bill', lines: [line(1000)], when: 'next_invoice', collect: null } as const;
    const life = thirtyDays([small, 1], [owed, 2], [cancel(), 3]);
    life.take({ type: 'payment_failed', invoice: 'inv_1_3', attempt: 1, payment: 'pi_3', code: 'x', decline: 'hard' });
    life.take({ type: 'void', invoice: 'inv_1_3', reason: 'other' });
    expect(life.state).toMatchObject({ carried: [] });
    expect(life.books.settled).toEqual([30]);
    expect([life.books.balance('unbilled'), life.books.balance('bad_debt')].map(Math.abs)).toEqual([0, 30]);
  });
});
