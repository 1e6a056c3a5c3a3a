/** Random lives, as the rules' own tests and the benchmark of the rules live them. */
import fc from 'fast-check';
import { decide } from '../../src/domain/decide.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { Command, Fact, Input } from '../../src/domain/input.ts';
import { type NextDue, nextDue } from '../../src/domain/next-due.ts';
import type { Terms } from '../../src/domain/price-book.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { HOUR, type Instant } from '../../src/domain/time.ts';
import { draft, input, START, subscribe, terms } from '../domain/builders.ts';

export type Act =
  | { do: 'command'; command: Command }
  | { do: 'wait'; hours: number }
  | { do: 'answer'; how: 'succeeded' | 'soft' | 'hard' | 'needs_action' | 'processing' | 'canceled' }
  | { do: 'repeat' }
  | { do: 'pay' };

const plans: Terms[] = [
  terms(),
  terms({ planId: 'max', unitAmount: '9900' }),
  terms({ planId: 'yearly', interval: { unit: 'year', count: 1 }, unitAmount: '30000' }),
];

const actWith = (plan: fc.Arbitrary<Terms>): fc.Arbitrary<Act> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 24 * 40 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        how: fc.constantFrom('succeeded', 'succeeded', 'soft', 'hard', 'needs_action', 'processing', 'canceled'),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'repeat' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'pay' as const }) },
    {
      weight: 3,
      arbitrary: fc
        .oneof<fc.Arbitrary<Command>[]>(
          fc.record({
            type: fc.constant('change' as const),
            terms: plan,
            quantity: fc.integer({ min: 1, max: 5 }),
            when: fc.constantFrom(null, 'now' as const, 'period_end' as const),
            proration: fc.constantFrom(null, 'invoice_now' as const, 'next_invoice' as const, 'none' as const),
          }),
          fc.record({
            type: fc.constant('cancel' as const),
            when: fc.constantFrom('now', 'period_end', '2027-05-20'),
            reason: fc.constant(null),
          }),
          fc.constant({ type: 'uncancel' as const }),
          fc.constant({ type: 'pause' as const, resumeAt: null }),
          fc.constant({ type: 'resume' as const }),
          fc.constant({ type: 'use_payment_method' as const, paymentMethod: 'pm_2' as const }),
        )
        .map((command) => ({ do: 'command' as const, command })),
    },
  );

export type Story = { acts: Act[]; trialDays: number; first: Terms };

export function storyOn(sold: readonly Terms[], maxLength = 40): fc.Arbitrary<Story> {
  const plan = fc.constantFrom(...sold);
  return fc.record({
    acts: fc.array(actWith(plan), { maxLength }),
    trialDays: fc.constantFrom(0, 14),
    first: plan,
  });
}
export const story = storyOn(plans);

/** Sees each decision with what it was made from, and each due event with what time brings after it. */
export type Witness = {
  decided?(before: Subscription, given: Input, decision: Decision, now: Instant): void;
  wasDue?(due: NextDue, next: NextDue | null): void;
};

export function live({ acts, trialDays, first }: Story, witness: Witness): Subscription {
  const life = new Life(witness);
  life.take(subscribe({ trialDays, terms: first }));
  for (const each of acts) life.act(each);
  return life.state;
}

class Life {
  state: Subscription = draft({ timeZone: 'America/New_York' });
  private now: Instant = START;
  private readonly told: Fact[] = [];
  private readonly witness: Witness;

  constructor(witness: Witness) {
    this.witness = witness;
  }

  take(what: Parameters<typeof input>[0], at = this.now): void {
    const before = this.state;
    const given = input(what, at);
    const decision = decide(before, given);
    if (decision.outcome === 'applied') this.state = decision.state;
    this.witness.decided?.(before, given, decision, this.now);
  }

  act(act: Act): void {
    if (act.do === 'wait') this.waitUntil(this.now + act.hours * HOUR);
    if (act.do === 'command') this.take(act.command);
    if (act.do === 'answer') this.answer(act.how);
    if (act.do === 'repeat' && this.told.length > 0) this.take(this.told.at(-1)!);
    if (act.do === 'pay' && isAccepted(this.state) && this.state.invoices[0]) {
      this.take({ type: 'pay', invoice: this.state.invoices[0].id, paymentMethod: null, onSession: true });
    }
  }

  private waitUntil(target: Instant): void {
    for (let due = nextDue(this.state); due && due.at <= target; due = nextDue(this.state)) {
      if (due.type === 'listening_ended') break;
      this.now = Math.max(this.now, due.at);
      this.take(due, due.at);
      this.witness.wasDue?.(due, nextDue(this.state));
    }
    this.now = Math.max(this.now, target);
  }

  private answer(how: Extract<Act, { do: 'answer' }>['how']): void {
    if (!isAccepted(this.state)) return;
    const open = this.state.invoices.find(({ collection }) =>
      ['charging', 'needs_action', 'processing'].includes(collection.step),
    );
    if (!open) return;
    const of = { invoice: open.id, attempt: open.attempts, payment: `pi_${open.id}_${open.attempts}` };
    const fact: Fact =
      how === 'succeeded'
        ? { type: 'payment_succeeded', ...of, amount: open.amount }
        : how === 'soft' || how === 'hard'
          ? { type: 'payment_failed', ...of, decline: how, code: 'card_declined' }
          : { type: `payment_${how}`, ...of };
    this.told.push(fact);
    this.take(fact);
  }
}
