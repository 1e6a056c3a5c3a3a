import { test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { forecast } from '../../src/domain/forecast.ts';
import type { Invoice } from '../../src/domain/invoice.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { live, story } from '../support/lives.ts';
import { active, at, draft, FEBRUARY, incomplete, input, pastDue, run, START, terms, trialing } from './builders.ts';

const days = (invoices: Invoice[]) => invoices.map(({ issuedAt }) => new Date(issuedAt).toISOString().slice(0, 10));
const totals = (invoices: Invoice[]) => invoices.map(({ total }) => total);

describe('twelve months ahead', () => {
  test('of a month’s plan are twelve renewals, the last on the day a year from now', () => {
    const { invoices, endsAs, until } = forecast(active(), START + HOUR);
    expect(days(invoices)).toEqual([
      ...['2027-02-01', '2027-03-01', '2027-04-01', '2027-05-01', '2027-06-01', '2027-07-01'],
      ...['2027-08-01', '2027-09-01', '2027-10-01', '2027-11-01', '2027-12-01', '2028-01-01'],
    ]);
    expect(new Set(totals(invoices))).toEqual(new Set([3000]));
    expect([endsAs, until]).toEqual(['active', at('2028-01-01T13:00:00Z')]);
  });

  test('of a trial begin with its end', () => {
    const { invoices } = forecast(trialing(), START);
    expect(days(invoices).slice(0, 2)).toEqual(['2027-01-15', '2027-02-15']);
    expect(invoices).toHaveLength(12);
  });

  test('of one that was told to end hold nothing after it', () => {
    const ending = run(active(), [{ type: 'cancel', when: '2027-03-15', reason: null }, START]);
    const { invoices, endsAs } = forecast(ending, START);
    expect(days(invoices)).toEqual(['2027-02-01', '2027-03-01']);
    expect(invoices[1]).toMatchObject({
      total: 1355,
      lines: [{ proration: '14 of 31 days, since it ends on 2027-03-15' }],
    });
    expect(endsAs).toBe('canceled');
  });

  test('take a planned change into account from its day on', () => {
    const cheaper = terms({ planId: 'small', unitAmount: '1000' });
    const change = { type: 'change', terms: cheaper, quantity: 1, when: null, proration: null } as const;
    expect(totals(forecast(run(active(), [change, START]), START).invoices)).toEqual(Array(12).fill(1000));
  });

  test('of a debt assume that the next try collects it', () => {
    const { invoices, endsAs } = forecast(pastDue('soft'), FEBRUARY);
    expect(endsAs).toBe('active');
    expect(invoices).toHaveLength(12);
  });

  test('of a debt that has stopped go down the ladder, and end there', () => {
    const { invoices, endsAs } = forecast(pastDue('hard'), FEBRUARY);
    expect(endsAs).toBe('unpaid');
    expect(invoices).toEqual([]);
  });

  test.each([
    ['paused', run(active(), [{ type: 'pause', resumeAt: null }, START])],
    ['canceled', run(active(), [{ type: 'cancel', when: 'now', reason: null }, START])],
    ['canceled', draft()],
  ] as const)('of one that is %s and stays so are empty', (endsAs, state) => {
    expect(forecast(state, START)).toMatchObject({ invoices: [], endsAs });
  });

  test('begin from a first payment that is on its way', () => {
    expect(forecast(incomplete(), START)).toMatchObject({ endsAs: 'active', invoices: { length: 12 } });
  });

  test('follow a pause to its end, and the new period from there', () => {
    const resumeAt = at('2027-06-10');
    const { invoices } = forecast(run(active(), [{ type: 'pause', resumeAt }, START]), START);
    expect(days(invoices).slice(0, 2)).toEqual(['2027-06-10', '2027-07-10']);
  });
});

property.prop([story], { numRuns: 500 })('a forecast is what then happens, and changes nothing', (given) => {
  let now = START;
  const state = live(given, {
    decided: (_before, _input, _decision, at) => {
      now = at;
    },
  });
  const before = JSON.stringify(state);
  const { invoices, endsAs, until } = forecast(state, now);
  expect(JSON.stringify(state)).toBe(before);
  const lived = wait(state, now, until);
  expect(invoices).toEqual(lived.invoices);
  expect(endsAs).toBe(lived.state.state);
});

/** Hour by hour, as a clock would bring it. */
function wait(from: Subscription, now: number, until: number): { state: Subscription; invoices: Invoice[] } {
  let state = from;
  const invoices: Invoice[] = [];
  const take = (what: Parameters<typeof input>[0], when: number) => {
    const decision = decide(state, input(what, when));
    if (decision.outcome !== 'applied') throw new Error(JSON.stringify(decision));
    state = decision.state;
    for (const effect of decision.effects) if (effect.type === 'issue_invoice') invoices.push(effect.invoice);
  };
  const pay = (when: number) => {
    const onTheirWay = () =>
      isAccepted(state)
        ? state.invoices.filter(({ collection: { step } }) => step === 'charging' || step === 'processing')
        : [];
    for (let [open] = onTheirWay(); open; [open] = onTheirWay()) {
      const { id: invoice, attempts: attempt, amount } = open;
      take({ type: 'payment_succeeded', invoice, attempt, payment: `paid/${invoice}/${attempt}`, amount }, when);
    }
  };
  pay(now);
  for (let clock = Math.min(now, nextDue(state)?.at ?? now); clock <= until + DAY; clock += DAY / 4) {
    for (let due = nextDue(state); due && due.at <= Math.min(clock, until); due = nextDue(state)) {
      if (due.type === 'listening_ended') return { state, invoices };
      take(due, due.at);
      pay(Math.max(now, due.at));
    }
  }
  return { state, invoices };
}
