/** Random lives: whatever is asked, told or comes due, in any order, these hold after every step. */
import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, isAllowed, type Subscription } from '../../src/domain/subscription.ts';
import { DAY, dayOf, HOUR, type Instant } from '../../src/domain/time.ts';
import { draft, input, START, subscribe, terms } from './builders.ts';

type Act =
  | { do: 'command'; command: Command }
  | { do: 'wait'; hours: number }
  | { do: 'answer'; how: 'succeeded' | 'soft' | 'hard' | 'needs_action' | 'processing' | 'canceled' }
  | { do: 'repeat' }
  | { do: 'pay' };

const plans = [
  terms(),
  terms({ planId: 'max', unitAmount: '9900' }),
  terms({ planId: 'yearly', interval: { unit: 'year', count: 1 }, unitAmount: '30000' }),
];
const plan = fc.constantFrom(...plans);

const act: fc.Arbitrary<Act> = fc.oneof(
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

class Life {
  state: Subscription = draft({ timeZone: 'America/New_York' });
  now: Instant = START;
  effects: Effect[] = [];
  told: Fact[] = [];
  payments = 0;

  take(what: Parameters<typeof input>[0], at = this.now): void {
    const before = this.state;
    const decision = decide(before, input(what, at));
    if (decision.outcome !== 'applied') return;
    this.state = decision.state;
    this.effects.push(...decision.effects);
    this.check(before, decision.effects);
  }

  waitUntil(target: Instant): void {
    for (let due = nextDue(this.state); due && due.at <= target; due = nextDue(this.state)) {
      if (due.type === 'listening_ended') break;
      this.now = Math.max(this.now, due.at);
      this.take(due, due.at);
      expect(nextDue(this.state), `${due.type} is done once it was done`).not.toEqual(due);
    }
    this.now = Math.max(this.now, target);
  }

  answer(how: Extract<Act, { do: 'answer' }>['how']): void {
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

  check(before: Subscription, effects: Effect[]): void {
    const { state } = this;
    expect(isAllowed(before.state, state.state), `${before.state} to ${state.state}`).toBe(true);
    expect(() => JSON.stringify(state)).not.toThrow();
    accessOf(state, this.now);
    if (!isAccepted(state)) return;
    expect(state.deferred).toBeGreaterThanOrEqual(0);
    const charges = effects.filter((effect) => effect.type === 'charge');
    for (const charge of charges) {
      const waiting = isAccepted(before) ? before.invoices.find(({ id }) => id === charge.invoice) : undefined;
      expect(waiting?.collection.step, 'never two attempts in flight').not.toBe('charging');
      expect(waiting?.collection.step).not.toBe('processing');
    }
    if (
      isAccepted(before) &&
      state.period.index === before.period.index + 1 &&
      before.state !== 'paused' &&
      before.state !== 'unpaid'
    ) {
      expect(state.period.start, 'no gap and no overlap').toBe(before.period.end);
    }
  }
}

property.prop([fc.array(act, { maxLength: 40 }), fc.constantFrom(0, 14), plan], { numRuns: 10_000 })(
  'a life of any kind keeps the rules',
  (acts, trialDays, first) => {
    const life = new Life();
    life.take(subscribe({ trialDays, terms: first }));
    for (const each of acts) {
      life.waitUntil(life.now); // what is due comes first, as in the workflow
      if (each.do === 'wait') life.waitUntil(life.now + each.hours * HOUR);
      if (each.do === 'command') life.take(each.command);
      if (each.do === 'answer') life.answer(each.how);
      if (each.do === 'repeat' && life.told.length > 0) life.take(life.told.at(-1)!);
      if (each.do === 'pay' && isAccepted(life.state) && life.state.invoices[0]) {
        life.take({ type: 'pay', invoice: life.state.invoices[0].id, paymentMethod: null, onSession: true });
      }
    }
    const { effects, state } = life;
    const of = <T extends Effect['type']>(type: T) =>
      effects.filter((e): e is Extract<Effect, { type: T }> => e.type === type);
    const paid = of('record_payment').map(({ invoice }) => invoice);
    expect(new Set(paid).size, 'an invoice is paid once').toBe(paid.length);
    const keys = of('charge').map(({ invoice, attempt }) => `${invoice}/${attempt}`);
    expect(new Set(keys).size, 'an attempt is made once').toBe(keys.length);
    const issued = of('issue_invoice').map(({ invoice }) => invoice);
    for (const { lines, total } of issued) expect(lines.reduce((sum, line) => sum + line.amount, 0)).toBe(total);
    const voided = of('void_invoice').map(({ invoice }) => invoice);
    const open = isAccepted(state) ? state.invoices.map(({ id }) => id) : [];
    const owing = issued.filter(({ total }) => total > 0).map(({ id }) => id);
    expect([...paid, ...voided, ...open].sort(), 'each invoice is paid, void or open').toEqual(owing.sort());
    const sum = (amounts: number[]) => amounts.reduce((a, b) => a + b, 0);
    const invoiced = sum(issued.map(({ total }) => total)) - sum(of('void_invoice').map(({ amount }) => amount));
    const recognised = sum(of('recognise_revenue').map(({ amount }) => amount));
    expect(recognised + (isAccepted(state) ? state.deferred : 0), 'recognised and deferred are what was invoiced').toBe(
      invoiced,
    );
  },
);

property.prop([fc.constantFrom('UTC', 'America/New_York', 'Asia/Tokyo'), fc.integer({ min: 0, max: 365 })], {
  numRuns: 200,
})('five years of renewals leave no day unpaid and none paid twice', (timeZone, offset) => {
  const start = START + offset * DAY;
  let state = draft({ timeZone, createdAt: start }) as Subscription;
  const step = (what: Parameters<typeof input>[0], at: Instant) => {
    const decision = decide(state, input(what, at));
    if (decision.outcome !== 'applied') throw new Error(JSON.stringify(decision));
    state = decision.state;
    return decision.effects;
  };
  const days: string[] = [];
  const collect = (effects: Effect[], at: Instant) => {
    for (const effect of effects) {
      if (effect.type === 'issue_invoice')
        days.push(...effect.invoice.lines.flatMap(({ period }) => [period!.from, period!.to]));
      if (effect.type === 'charge') {
        const { invoice, attempt, amount } = effect;
        step({ type: 'payment_succeeded', invoice, attempt, payment: `pi_${invoice}`, amount }, at);
      }
    }
  };
  collect(step(subscribe(), start), start);
  for (let i = 0; i < 60; i++) {
    const due = nextDue(state)!;
    collect(step(due, due.at), due.at);
  }
  expect(days).toHaveLength(122);
  expect(days[0]).toBe(dayOf(start, timeZone));
  for (let i = 1; i < days.length - 1; i += 2) expect(days[i]).toBe(days[i + 1]);
});
