/** Phases before a plan's own prices, and terms that one subscribes for. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { forecast } from '../../src/domain/forecast.ts';
import type { Command } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { type Plan, type PlanTerm, type PriceBook, type Terms, termsOf } from '../../src/domain/price-book.ts';
import { checkPriceBook } from '../../src/domain/price-book-check.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { type Day, dayOf, type Instant } from '../../src/domain/time.ts';
import { at, draft, input, must, run, START, subscribe } from './builders.ts';

const flat = (unitAmount: string) => [{ currency: 'usd', model: 'flat', unitAmount }] as const;
const plan = (over: Partial<Plan> = {}): Plan => ({
  ...{ id: 'pro', product: 'app', name: 'Pro', interval: { unit: 'month', count: 1 }, prices: flat('3000') },
  ...over,
});
const phases = [
  { id: 'intro', name: 'Introduction', periods: 2, prices: flat('1000') },
  { id: 'ramp', name: 'Ramp', periods: 1, prices: flat('2000') },
];
const rolling = plan({ id: 'rolling', name: 'Rolling', prices: flat('3500') });
const sold = (over: Partial<Plan>): Terms => {
  const book: PriceBook = { plans: [plan(over), rolling] };
  expect(checkPriceBook(book)).toEqual([]);
  return termsOf(book.plans[0]!, 'pb_1', 'usd', book)!;
};
const begun = (terms: Terms, over: Partial<Extract<Command, { type: 'subscribe' }>> = {}): Subscription =>
  run(draft(), [subscribe({ terms, ...over }), START]);

/** What is invoiced in a year, by the day. */
function invoiced(state: Subscription, from: Instant = START): [Day, number, string][] {
  const ahead = forecast(state, from).invoices;
  return ahead.map(({ issuedAt, total, lines }) => [dayOf(issuedAt, 'UTC'), total, lines[0]!.description]);
}
const accepted = (state: Subscription): Subscription & Accepted => {
  if (!isAccepted(state)) throw new Error('not accepted');
  return state;
};
const paid = (state: Subscription): Subscription =>
  accepted(state).invoices.reduce<Subscription>(
    (next, { id, attempts, amount }) =>
      run(next, [
        { type: 'payment_succeeded', invoice: id, attempt: attempts, payment: `pi_${id}`, amount },
        accepted(next).period.start,
      ]),
    state,
  );
const later = (state: Subscription, periods: number): Subscription => {
  let now = paid(state);
  for (let n = 0; n < periods; n++) {
    const due = nextDue(now)!;
    now = paid(run(now, [due, due.at]));
  }
  return now;
};
const cancel = (when: string, byOperator = false): Command => ({
  ...{ type: 'cancel', when, reason: null },
  ...(byOperator && { byOperator }),
});

describe('phases', () => {
  test('come one after the other, at the boundaries, and then the plan’s own price', () => {
    const state = begun(sold({ phases }));
    expect(accepted(state).invoices[0]?.amount).toBe(1000);
    expect(invoiced(state).slice(0, 5)).toEqual([
      ['2027-02-01', 1000, 'Pro, Introduction'],
      ['2027-03-01', 2000, 'Pro, Ramp'],
      ['2027-04-01', 3000, 'Pro'],
      ['2027-05-01', 3000, 'Pro'],
      ['2027-06-01', 3000, 'Pro'],
    ]);
  });

  test('a stub is none of their periods, and costs its part of the first', () => {
    const state = begun(sold({ phases }), { anchorDay: 17 });
    expect(accepted(state).invoices[0]?.amount).toBe(516); // 16 of 31 days of 10.00
    expect(invoiced(state).slice(0, 3)).toEqual([
      ['2027-01-17', 1000, 'Pro, Introduction'],
      ['2027-02-17', 1000, 'Pro, Introduction'],
      ['2027-03-17', 2000, 'Pro, Ramp'],
    ]);
  });

  test('a trial comes before them', () => {
    const state = begun(sold({ phases }), { trialDays: 14 });
    expect(
      invoiced(state)
        .slice(0, 3)
        .map(([day, amount]) => [day, amount]),
    ).toEqual([
      ['2027-01-15', 1000],
      ['2027-02-15', 1000],
      ['2027-03-15', 2000],
    ]);
  });

  test('a larger quantity stays in its phase', () => {
    const seats = [{ currency: 'usd', model: 'per_unit', unitAmount: '3000' }] as const;
    const intro = [{ currency: 'usd', model: 'per_unit', unitAmount: '1000' }] as const;
    const terms = sold({ prices: seats, phases: [{ ...phases[0]!, prices: intro }] });
    const state = run(paid(begun(terms)), [
      { type: 'change', terms, quantity: 2, when: 'now', proration: 'none' },
      at('2027-01-10'),
    ]);
    expect(
      invoiced(paid(state), at('2027-01-10'))
        .slice(0, 2)
        .map(([, amount]) => amount),
    ).toEqual([2000, 6000]);
  });

  test('who leaves and comes back is not introduced again', () => {
    const terms = sold({ phases });
    const other = termsOf(rolling, 'pb_1', 'usd')!;
    const change = (to: Terms): Command => ({ type: 'change', terms: to, quantity: 1, when: 'now', proration: 'none' });
    const away = run(paid(begun(terms)), [change(other), at('2027-01-10')]);
    const back = run(away, [change(terms), at('2027-01-11')]);
    expect(invoiced(back, at('2027-01-11'))[0]).toEqual(['2027-02-01', 3000, 'Pro']);
  });

  test('a fee comes with the phase that names it', () => {
    const fee = { id: 'fee', name: 'Fee', timing: 'once', model: 'flat', unitAmount: '500' } as const;
    const base = { id: 'base', name: 'Base', model: 'flat', unitAmount: '3000' } as const;
    const state = begun(sold({ phases, prices: [{ currency: 'usd', charges: [base, fee] }] }));
    expect(
      invoiced(state)
        .slice(0, 4)
        .map(([, amount]) => amount),
    ).toEqual([1000, 2000, 3500, 3000]);
  });
});

describe('a term', () => {
  const termed = (term: PlanTerm, over: Partial<Plan> = {}) => begun(sold({ term, ...over }));

  test('ends the subscription, where it says so', () => {
    const state = termed({ periods: 3, atEnd: 'cancel' });
    expect(invoiced(state).map(([day]) => day)).toEqual(['2027-02-01', '2027-03-01']);
    const ended = later(state, 3);
    expect(ended).toMatchObject({ state: 'canceled', reason: 'term_ended', endedAt: at('2027-04-01') });
  });

  test('goes over to what was agreed to follow', () => {
    const state = termed({ periods: 2, atEnd: 'change', planId: 'rolling' });
    expect(invoiced(state).slice(0, 3)).toEqual([
      ['2027-02-01', 3000, 'Pro'],
      ['2027-03-01', 3500, 'Rolling'],
      ['2027-04-01', 3500, 'Rolling'],
    ]);
    expect(accepted(later(state, 2)).terms).not.toHaveProperty('term');
  });

  test('begins anew, where it is renewed', () => {
    const state = later(termed({ periods: 3, atEnd: 'renew' }), 3);
    expect(accepted(state).terms.term).toMatchObject({ left: 2 });
    expect(must(decide(state, input(cancel('period_end'), at('2027-04-10')))).state).toMatchObject({
      cancelAt: at('2027-07-01'),
    });
  });

  test('holds a cancellation until its end, and says so', () => {
    const state = paid(termed({ periods: 12, atEnd: 'renew' }));
    const decision = decide(state, input(cancel('period_end'), at('2027-03-05')));
    expect(decision).toMatchObject({ rule: 'cancel.planned', because: { termEnds: '2028-01-01' } });
    expect(must(decision).state).toMatchObject({ cancelAt: at('2028-01-01') });
    const detail = (asked: string) =>
      `cannot cancel ${asked}: the term runs until 2028-01-01. Asked for the period’s end, it is canceled then`;
    expect(decide(state, input(cancel('now'), at('2027-03-05')))).toEqual({
      ...{ outcome: 'refused', code: 'within_term', detail: detail('now'), path: 'at' },
    });
    expect(decide(state, input(cancel('2027-06-01'), at('2027-03-05')))).toMatchObject({
      detail: detail('on 2027-06-01'),
    });
    expect(must(decide(state, input(cancel('2028-02-01'), at('2027-03-05')))).rule).toBe('cancel.planned');
  });

  test('does not bind an operator, nor in the trial', () => {
    const state = paid(termed({ periods: 12, atEnd: 'renew' }));
    expect(must(decide(state, input(cancel('now', true), at('2027-03-05')))).state.state).toBe('canceled');
    const trial = begun(sold({ term: { periods: 12, atEnd: 'renew' } }), { trialDays: 14 });
    expect(must(decide(trial, input(cancel('now'), at('2027-01-05')))).state.state).toBe('canceled');
  });

  test('goes on over a change, which may not change how it is counted', () => {
    const state = later(termed({ periods: 12, atEnd: 'renew' }), 2);
    const to = (over: Partial<Plan>): Command => ({
      ...{ type: 'change', quantity: 1, when: 'now', proration: null },
      terms: termsOf(plan({ id: 'max', prices: flat('9000'), ...over }), 'pb_1', 'usd')!,
    });
    expect(accepted(run(state, [to({}), at('2027-03-05')])).terms).toMatchObject({
      ...{ planId: 'max', term: { periods: 12, left: 9 } },
    });
    const yearly = to({ interval: { unit: 'year', count: 1 } });
    expect(decide(state, input(yearly, at('2027-03-05')))).toMatchObject({
      ...{ code: 'within_term', detail: 'cannot change from 1 month to 1 year: the term runs until 2028-01-01' },
    });
  });

  test('of a plan that is changed to begins with the running period', () => {
    const state = run(paid(begun(sold({}))), [
      {
        type: 'change',
        terms: sold({ id: 'pro', term: { periods: 3, atEnd: 'renew' }, prices: flat('4000') }),
        quantity: 2,
        when: 'now',
        proration: 'none',
      },
      at('2027-01-10'),
    ]);
    expect(must(decide(state, input(cancel('period_end'), at('2027-01-20')))).state).toMatchObject({
      cancelAt: at('2027-04-01'),
    });
  });
});

test('what a subscription carries of a book is what it needs', () => {
  const terms = sold({
    phases,
    term: { periods: 12, atEnd: 'change', planId: 'rolling' },
    taxCategory: 'reduced',
    graceHours: 24,
  });
  expect(terms).toEqual({
    ...{ planId: 'pro', priceBookId: 'pb_1', product: 'app', name: 'Pro', currency: 'usd' },
    ...{ interval: { unit: 'month', count: 1 }, taxCategory: 'reduced', graceHours: 24 },
    ...{ model: 'flat', unitAmount: '1000', phase: { id: 'intro', name: 'Introduction', left: 2 } },
    ahead: [
      { model: 'flat', unitAmount: '2000', phase: { id: 'ramp', name: 'Ramp', left: 1 } },
      { model: 'flat', unitAmount: '3000' },
    ],
    term: {
      ...{ periods: 12, left: 12, atEnd: 'change' },
      next: {
        ...{ planId: 'rolling', priceBookId: 'pb_1', product: 'app', name: 'Rolling', currency: 'usd' },
        ...{ interval: { unit: 'month', count: 1 }, model: 'flat', unitAmount: '3500' },
      },
    },
  });
});
