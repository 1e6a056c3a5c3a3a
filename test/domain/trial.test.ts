/** Trials: who gets one, what is told before its end, and what comes then. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, TrialTerms } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { NOTHING_SHARED } from '../../src/domain/shared.ts';
import type { Subscription, Trialing } from '../../src/domain/subscription.ts';
import { at, draft, hybrid, input, kinds, must, run, START, subscribe, terms } from './builders.ts';

const trial = (over: Partial<TrialTerms> = {}): TrialTerms => ({
  ...{ paymentMethod: 'optional', atEnd: 'charge', reminderDays: null, perCustomer: 'once', isAsked: false },
  ...over,
});
type Subscribe = Extract<Command, { type: 'subscribe' }>;
const tried = (of: Partial<TrialTerms> = {}, over: Partial<Subscribe> = {}): Command =>
  subscribe({ trialDays: 14, trial: trial(of), ...over });
const trialing = (...given: Parameters<typeof tried>): Subscription => run(draft(), [tried(...given), START]);
const END = at('2027-01-15');
const announced = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'announce' ? [effect.event] : []));

describe('at its end', () => {
  test.each<[string, Partial<TrialTerms>, Partial<Subscribe>, string, string, string[]]>([
    ['with a method it is charged', { atEnd: 'cancel' }, {}, 'trial.ended', 'active', ['issue_invoice', 'charge']],
    [
      'without one it is invoiced all the same',
      { atEnd: 'charge' },
      { paymentMethod: null },
      'trial.ended',
      'active',
      ['issue_invoice', 'charge'],
    ],
    ['or paused', { atEnd: 'pause' }, { paymentMethod: null }, 'trial.ended_in_pause', 'paused', []],
    [
      'or canceled',
      { atEnd: 'cancel' },
      { paymentMethod: null },
      'trial.ended_in_cancellation',
      'canceled',
      ['earn_rest'],
    ],
    [
      'what costs nothing goes on',
      { atEnd: 'cancel' },
      { paymentMethod: null, terms: terms({ unitAmount: '0' }) },
      'trial.ended',
      'active',
      ['issue_invoice'],
    ],
    [
      'what is invoiced for needs no method',
      { atEnd: 'pause' },
      { paymentMethod: null, collect: { by: 'send', netDays: 14, purchaseOrder: null } },
      'trial.ended',
      'active',
      ['issue_invoice'],
    ],
  ])('%s', (_what, of, over, rule, becomes, does) => {
    const done = must(decide(trialing(of, over), input({ type: 'trial_ended' }, END)));
    expect([done.rule, done.state.state, kinds(done.effects)]).toEqual([rule, becomes, does]);
  });

  test('one from before such rules is invoiced', () => {
    const old = run(draft(), [subscribe({ trialDays: 14, paymentMethod: null }), START]);
    expect(must(decide(old, input({ type: 'trial_ended' }, END))).rule).toBe('trial.ended');
  });

  test('a method that came in time is charged', () => {
    const state = run(trialing({ atEnd: 'pause' }, { paymentMethod: null }), [
      { type: 'use_payment_method', paymentMethod: 'pm_2' },
      at('2027-01-10'),
    ]);
    const { effects } = must(decide(state, input({ type: 'trial_ended' }, END)));
    expect(effects.find((effect) => effect.type === 'charge')).toMatchObject({ paymentMethod: 'pm_2' });
  });

  test('a pause ends in a first period, fees included', () => {
    const paused = run(trialing({ atEnd: 'pause' }, { paymentMethod: null, terms: hybrid(), quantity: 8 }), [
      { type: 'trial_ended' },
      END,
    ]);
    const resumed = must(decide(paused, input({ type: 'resume' }, at('2027-02-01'))));
    const invoice = resumed.effects.find((effect) => effect.type === 'issue_invoice')?.invoice;
    expect(invoice?.lines.map(({ description }) => description)).toContain('Business: Set-up');
    expect(invoice?.lines[0]?.period).toEqual({ from: '2027-02-01', to: '2027-03-01' });
  });
});

describe('before its end', () => {
  test('the customer is told once, so many days ahead', () => {
    const state = trialing({ reminderDays: 3 });
    expect(nextDue(state)).toEqual({ type: 'trial_reminder_due', at: at('2027-01-12') });
    const told = must(decide(state, input({ type: 'trial_reminder_due' }, at('2027-01-12'))));
    expect(announced(told.effects)).toEqual(['subscription.trial_will_end']);
    expect(nextDue(told.state)).toEqual({ type: 'trial_ended', at: END });
    expect(decide(told.state, input({ type: 'trial_reminder_due' }, at('2027-01-12')))).toMatchObject({
      outcome: 'unchanged',
    });
  });

  test('at once, where it is shorter than that', () => {
    const state = run(draft(), [tried({ reminderDays: 7 }, { trialDays: 3 }), START]);
    expect(nextDue(state)).toEqual({ type: 'trial_reminder_due', at: START });
  });
});

describe('one per customer and product', () => {
  const shared = { ...NOTHING_SHARED, trialUsedAt: at('2026-05-01') };
  const ask = (of: Partial<TrialTerms>, known = shared) =>
    decide(draft(), { ...input(tried(of)), shared: known } as Parameters<typeof decide>[1]);

  test('is written down with the first', () => {
    const { effects } = must(ask({}, NOTHING_SHARED as typeof shared));
    expect(effects).toContainEqual({ type: 'use_trial', product: 'app', once: true, at: START });
  });

  test('of a second, what the plan gives is left out', () => {
    const { state, effects } = must(ask({}));
    expect(state.state).toBe('incomplete');
    expect(kinds(effects)).toEqual(['issue_invoice', 'charge']);
  });

  test('and what was asked for is refused, with when', () => {
    expect(ask({ isAsked: true })).toEqual({
      outcome: 'refused',
      code: 'trial_used',
      detail: 'cannot begin a trial of 14 days of app: one per customer, and this one’s began on 2026-05-01',
      path: 'trialDays',
    });
  });

  test('unless the plan says otherwise', () => {
    const { state, effects } = must(ask({ perCustomer: 'always', isAsked: true }));
    expect(state.state).toBe('trialing');
    expect(effects).toContainEqual({ type: 'use_trial', product: 'app', once: false, at: START });
  });
});

test('a trial that asks for a method is refused without one', () => {
  const asked = tried({ paymentMethod: 'required' }, { paymentMethod: null });
  expect(decide(draft(), input(asked))).toMatchObject({ outcome: 'refused', code: 'payment_method_required' });
  expect(must(decide(draft(), input(tried({ paymentMethod: 'required' })))).state.state).toBe('trialing');
});

test('an old state, with its trial told by its period’s number, ends as it did', () => {
  const { trial: _, anchorDay: __, ...old } = trialing() as Trialing;
  const { state } = must(decide(old, input({ type: 'trial_ended' }, END)));
  expect(state).toMatchObject({ state: 'active', anchor: END, period: { index: 0, start: END } });
});
