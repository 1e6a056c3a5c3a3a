import { describe, expect, test } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { planChange } from '../../src/domain/change.ts';
import { decide } from '../../src/domain/decide.ts';
import { decideAll } from '../../src/domain/decide-all.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { type Active, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import {
  active,
  at,
  declined,
  draft,
  FEBRUARY,
  incomplete,
  input,
  kinds,
  must,
  pastDue,
  renewed,
  run,
  START,
  subscribe,
  succeeded,
  terms,
  trialing,
} from './builders.ts';

const unpaid = () => run(pastDue('hard'), [{ type: 'dunning_ended' }, FEBRUARY + 21 * DAY]);
const paused = () => run(active(), [{ type: 'pause', resumeAt: null }, at('2027-01-10')]);
const canceled = () => run(active(), [{ type: 'cancel', when: 'now', reason: null }, at('2027-01-10')]);
const cancel = (when: string): Command => ({ type: 'cancel', when, reason: 'too_expensive' });
const pay = (n: number): Command => ({ type: 'pay', invoice: `inv_1_${n}`, paymentMethod: null, onSession: true });
const needsAction = (n: number): Fact => ({
  type: 'payment_needs_action',
  invoice: `inv_1_${n}`,
  attempt: 1,
  payment: 'pi_x',
});
const called = (n: number): Fact => ({ type: 'payment_canceled', invoice: `inv_1_${n}`, attempt: 1, payment: 'pi_x' });

describe('what happens, and what it makes of the subscription', () => {
  const rules: [string, () => Subscription, Command | Fact | Due, Instant, Subscription['state'], string[]][] = [
    ['a first payment is asked for at once', draft, subscribe(), START, 'incomplete', ['issue_invoice', 'charge']],
    ['a trial asks for nothing', draft, subscribe({ trialDays: 14 }), START, 'trialing', []],
    [
      'a plan that costs nothing is active at once',
      draft,
      subscribe({ terms: terms({ unitAmount: '0' }) }),
      START,
      'active',
      ['issue_invoice'],
    ],
    ['a draft that nobody accepted ends', draft, { type: 'draft_expired' }, START + HOUR, 'canceled', []],
    [
      'the first payment opens the door',
      incomplete,
      succeeded(1),
      START,
      'active',
      ['settle_attempt', 'record_payment'],
    ],
    [
      'a declined first payment waits for another try',
      incomplete,
      declined(1),
      START,
      'incomplete',
      ['settle_attempt'],
    ],
    [
      'a debit that takes days opens the door, too',
      incomplete,
      { type: 'payment_processing', invoice: 'inv_1_1', attempt: 1, payment: 'pi_x' },
      START,
      'active',
      ['settle_attempt'],
    ],
    [
      'an unpaid first invoice is taken back',
      () => run(incomplete(), [declined(1), START]),
      { type: 'incomplete_expired' },
      START + 23 * HOUR,
      'canceled',
      ['void_invoice'],
    ],
    [
      'a first payment that waits for the customer is called off',
      () => run(incomplete(), [needsAction(1), START]),
      { type: 'incomplete_expired' },
      START + 23 * HOUR,
      'incomplete',
      ['cancel_payment'],
    ],
    [
      'the trial ends with an invoice',
      trialing,
      { type: 'trial_ended' },
      START + 14 * DAY,
      'active',
      ['issue_invoice', 'charge'],
    ],
    [
      'a renewal invoices and charges',
      active,
      { type: 'period_ended' },
      FEBRUARY,
      'active',
      ['issue_invoice', 'charge'],
    ],
    [
      'a renewal that is paid stays active',
      renewed,
      succeeded(2),
      FEBRUARY,
      'active',
      ['settle_attempt', 'record_payment'],
    ],
    ['a renewal that is declined falls behind', renewed, declined(2), FEBRUARY, 'past_due', ['settle_attempt']],
    [
      'a retry that comes due tries again',
      pastDue,
      { type: 'retry_due', invoice: 'inv_1_2' },
      FEBRUARY + DAY,
      'past_due',
      ['charge'],
    ],
    [
      'paying restores access at once',
      () => run(pastDue(), [pay(2), FEBRUARY + HOUR]),
      succeeded(2, 2),
      FEBRUARY + HOUR,
      'active',
      ['settle_attempt', 'record_payment'],
    ],
    [
      'the ladder ends: the debt stays, the service stops',
      () => pastDue('hard'),
      { type: 'dunning_ended' },
      FEBRUARY + 21 * DAY,
      'unpaid',
      [],
    ],
    [
      'an unpaid subscription that pays in its period goes on',
      unpaid,
      { ...succeeded(2) } as Fact,
      FEBRUARY + 22 * DAY,
      'active',
      ['settle_attempt', 'record_payment'],
    ],
    [
      'an unpaid one that pays later begins anew',
      unpaid,
      { ...succeeded(2) } as Fact,
      FEBRUARY + 60 * DAY,
      'active',
      ['settle_attempt', 'record_payment', 'issue_invoice', 'charge'],
    ],
    ['a pause stops', active, { type: 'pause', resumeAt: null }, at('2027-01-10'), 'paused', []],
    ['resuming inside the paid period costs nothing', paused, { type: 'resume' }, at('2027-01-20'), 'active', []],
    [
      'resuming after it begins a new one',
      paused,
      { type: 'resume' },
      at('2027-03-05'),
      'active',
      ['issue_invoice', 'charge'],
    ],
    ['cancelling now ends it', active, cancel('now'), at('2027-01-10'), 'canceled', ['earn_rest']],
    ['cancelling at the period end goes on until then', active, cancel('period_end'), at('2027-01-10'), 'active', []],
    [
      'money after the end is still recorded',
      canceled,
      { ...succeeded(9) } as Fact,
      at('2027-02-10'),
      'canceled',
      ['settle_attempt', 'record_unapplied_payment'],
    ],
    [
      'a second payment of one invoice is recorded and given back',
      active,
      { ...succeeded(1), payment: 'pi_again' } as Fact,
      START,
      'active',
      ['settle_attempt', 'record_unapplied_payment', 'request_refund', 'refund'],
    ],
    [
      'the charge on its way stands when it is cancelled',
      () => run(renewed(), [cancel('now'), FEBRUARY]),
      succeeded(2),
      FEBRUARY,
      'canceled',
      ['settle_attempt', 'record_payment'],
    ],
    ['access steps down', pastDue, { type: 'access_step_due' }, FEBRUARY + 7 * DAY, 'past_due', []],
    [
      'a new method is tried at once',
      () => pastDue('hard'),
      { type: 'use_payment_method', paymentMethod: 'pm_2' },
      FEBRUARY + DAY,
      'past_due',
      ['charge'],
    ],
    [
      'a payment that waits is called off before another is tried',
      () => run(incomplete(), [needsAction(1), START]),
      pay(1),
      START + HOUR,
      'incomplete',
      ['cancel_payment'],
    ],
    [
      'and then the other is tried',
      () => run(incomplete(), [needsAction(1), START], [pay(1), START]),
      called(1),
      START + HOUR,
      'incomplete',
      ['settle_attempt', 'charge'],
    ],
  ];

  test.each(rules)('%s', (_rule, given, what, when, becomes, does) => {
    const { state, effects } = must(decide(given(), input(what, when)));
    expect(state.state).toBe(becomes);
    expect(kinds(effects)).toEqual(does);
  });
});

describe('what is refused, in a sentence', () => {
  const refusals: [string, () => Subscription, Command, string][] = [
    ['a canceled one is never revived', canceled, { type: 'resume' }, 'not_while_canceled'],
    ['nothing to resume', active, { type: 'resume' }, 'not_while_active'],
    ['nothing to undo', active, { type: 'uncancel' }, 'not_canceling'],
    [
      'no change while a debt is open',
      pastDue,
      { type: 'change', terms: terms(), quantity: 2, when: null, proration: null },
      'not_while_past_due',
    ],
    [
      'no change to what it already is',
      active,
      { type: 'change', terms: terms(), quantity: 1, when: null, proration: null },
      'no_change',
    ],
    [
      'no change of the currency',
      active,
      { type: 'change', terms: terms({ currency: 'eur' }), quantity: 1, when: null, proration: null },
      'currency_mismatch',
    ],
    ['no second attempt beside one on its way', renewed, pay(2), 'payment_in_flight'],
    ['a paid invoice is not paid again', active, pay(1), 'invoice_not_open'],
    ['a day that is over', active, cancel('2027-01-01'), 'cancel_date_past'],
    ['a pause that ended before it began', active, { type: 'pause', resumeAt: START - 1 }, 'resume_date_past'],
    ['a pause in the trial', trialing, { type: 'pause', resumeAt: null }, 'not_while_trialing'],
  ];
  test.each(refusals)('%s', (_rule, given, command, code) => {
    const decision = decide(given(), input(command, START + HOUR));
    expect(decision).toMatchObject({ outcome: 'refused', code });
  });
});

describe('what is told twice, or too late, changes nothing', () => {
  const quiet: [string, () => Subscription, Fact][] = [
    ['a payment told twice', active, succeeded(1)],
    [
      'a failure of an earlier attempt',
      () => run(pastDue(), [{ type: 'retry_due', invoice: 'inv_1_2' }, FEBRUARY + DAY]),
      declined(2, 1),
    ],
    ['a failure after the success', () => run(renewed(), [succeeded(2), FEBRUARY]), declined(2, 1)],
    ['the same failure twice', pastDue, declined(2, 1)],
    ['an action asked for after it was paid', active, needsAction(1)],
  ];
  test.each(quiet)('%s', (_rule, given, fact) => {
    expect(decide(given(), input(fact, FEBRUARY + 2 * DAY)).outcome).toBe('unchanged');
  });
});

describe('dunning', () => {
  test('tries on days 1, 3, 5, 7 and 14 at nine, local time, then stops', () => {
    let state = run(run(draft({ timeZone: 'America/New_York' }), [subscribe(), START]), [succeeded(1), START]);
    state = run(state, [{ type: 'period_ended' }, FEBRUARY], [declined(2, 1), FEBRUARY]);
    const tries: string[] = [];
    for (let attempt = 2; ; attempt++) {
      const due = nextDue(state);
      if (due?.type === 'access_step_due') {
        state = run(state, [due, due.at]);
        attempt--;
        continue;
      }
      if (due?.type !== 'retry_due') break;
      tries.push(new Date(due.at).toISOString());
      state = run(state, [due, due.at], [declined(2, attempt), due.at]);
    }
    expect(tries).toEqual([2, 4, 6, 8, 15].map((day) => `2027-02-${String(day).padStart(2, '0')}T14:00:00.000Z`));
    expect(nextDue(state)).toMatchObject({ type: 'dunning_ended' });
  });

  test('a hard decline stops at once', () => {
    const state = pastDue('hard');
    expect(isAccepted(state) && state.invoices[0]?.collection).toEqual({ step: 'stopped' });
  });

  test('access goes from grace to restricted to none', () => {
    expect(accessOf(pastDue(), FEBRUARY).level).toBe('grace');
    expect(accessOf(pastDue(), FEBRUARY + 7 * DAY).level).toBe('restricted');
    expect(accessOf(unpaid(), FEBRUARY + 21 * DAY).level).toBe('none');
    expect(accessOf(active(), START)).toEqual({ level: 'full', until: null });
  });
});

test('an expired first payment that had gone through after all makes it active', () => {
  const expiring = run(incomplete(), [needsAction(1), START], [{ type: 'incomplete_expired' }, START + 23 * HOUR]);
  expect(run(expiring, [{ ...succeeded(1), payment: 'pi_x' } as Fact, START + 23 * HOUR]).state).toBe('active');
  expect(run(expiring, [called(1), START + 23 * HOUR]).state).toBe('canceled');
});

test('cancelling while the first charge is on its way lets the charge stand, then cancels', () => {
  const ending = run(incomplete(), [cancel('now'), START]);
  const paid = run(ending, [succeeded(1), START]);
  expect(nextDue(paid)).toMatchObject({ type: 'cancel_due', at: START });
  expect(run(paid, [{ type: 'cancel_due' }, START]).state).toBe('canceled');
});

test('a last period that is cut short by a planned cancellation costs its days', () => {
  const ending = run(active(), [cancel('2027-02-15'), START]);
  const { effects } = must(decide(ending, input({ type: 'period_ended' }, FEBRUARY)));
  const issued = effects.find((e) => e.type === 'issue_invoice');
  expect(issued?.invoice.total).toBe(1500); // 14 of 28 days of 30.00
});

test('a canceled subscription listens for 120 days', () => {
  expect(nextDue(canceled())).toEqual({ type: 'listening_ended', at: at('2027-01-10') + 120 * DAY });
});

test('on the boundary day, before its time of day, a change costs nothing and counts from the next period', () => {
  const command: Command = { type: 'change', terms: terms(), quantity: 3, when: 'now', proration: null };
  const { state, effects } = must(decide(active(), input(command, at('2027-02-01T08:00:00Z'))));
  expect(kinds(effects)).toEqual([]);
  const { effects: renewal } = must(decide(state, input({ type: 'period_ended' }, FEBRUARY)));
  expect(renewal.find((e) => e.type === 'issue_invoice')?.invoice.total).toBe(9000);
});

test('an upgrade in the middle bills the difference of the days that are left, and the preview says the same', () => {
  const command: Command = { type: 'change', terms: terms(), quantity: 2, when: null, proration: null };
  const { effects } = must(decide(active(), input(command, at('2027-01-16'))));
  const invoice = effects.find((e) => e.type === 'issue_invoice')?.invoice;
  expect(invoice?.lines.map(({ amount }) => amount)).toEqual([-1548, 3097]); // 16 of 31 days of 30.00, and of 60.00
  expect(
    planChange(active() as Active, { terms: terms(), quantity: 2, when: null, proration: null }, at('2027-01-16'))
      .lines,
  ).toEqual(invoice?.lines.map(({ taxes: _, ...line }) => line));
});

test('a downgrade waits for the period to end', () => {
  const smaller = run(active(), [
    { type: 'change', terms: terms({ planId: 'mini', unitAmount: '1000' }), quantity: 1, when: null, proration: null },
    at('2027-01-16'),
  ]);
  const { effects } = must(decide(smaller, input({ type: 'period_ended' }, FEBRUARY)));
  expect(effects.find((e) => e.type === 'issue_invoice')?.invoice.total).toBe(1000);
});

test('what arrives together with a payment does not overtake the cancellation that waited for it', () => {
  const ending = run(incomplete(), [cancel('now'), START]);
  const decided = decideAll(ending, [
    input(succeeded(1), at('2027-03-01')),
    input({ type: 'pause', resumeAt: null }, at('2027-03-01')),
    input({ type: 'resume' }, at('2027-03-01')),
  ]);
  expect(decided.map((each) => [each.input.type, each.decision.outcome])).toEqual([
    ['payment_succeeded', 'applied'],
    ['cancel_due', 'applied'],
    ['pause', 'refused'],
    ['resume', 'refused'],
  ]);
});
