/** What time brings, in the order in which it comes due. */
import type { Index } from '../lookup.ts';
import { type Behaviour, isInterruption } from './behaviour.ts';
import type { Call } from './call.ts';
import { expireSession } from './checkout-session.ts';
import { invoiceDue } from './invoice-collection.ts';
import { settled } from './payments.ts';
import { arrive, payOut } from './payouts.ts';
import { settleRefund } from './refunds.ts';
import { scheduleDue } from './schedules.ts';
import { subscriptionDue } from './subscription-due.ts';
import type { Due } from './tables.ts';

const WALL = 'the wall';
const byTime: Index<Due> = { key: ({ clock }) => clock ?? WALL, rank: ({ at }) => at };

/** The earliest; `clock` null is the wall. */
export function nextOn(call: Pick<Call, 'store'>, clock: string | null): Due | undefined {
  return call.store.first('sim.due', byTime, clock ?? WALL);
}

export function dueOn(call: Pick<Call, 'store'>, clock: string | null): Due[] {
  return call.store.find('sim.due', byTime, clock ?? WALL);
}

export function carryOut(call: Call, due: Due): void {
  call.store.remove('sim.due', due.id);
  switch (due.work.kind) {
    case 'settle_payment': {
      const intent = call.store.get('payment_intent', due.work.intent);
      if (intent?.status !== 'processing') return; // settled by a switch before its time
      const habit = call.store.get('sim.intent', intent.id)!.habit;
      settled(call, intent, isInterruption(habit) ? null : fateOf(habit));
      return;
    }
    case 'pay_out':
      payOut(call, due.work.clock);
      return;
    case 'checkout_expires':
      expireSession(call, call.store.get('checkout.session', due.work.session)!);
      return;
    case 'schedule':
      scheduleDue(call, due.work.schedule);
      return;
    case 'payout_arrives':
      arrive(call, due.work.payout);
      return;
    case 'invoice':
      invoiceDue(call, due.work.invoice);
      return;
    case 'subscription':
      subscriptionDue(call, due.work.subscription);
      return;
    case 'settle_refund':
      settleRefund(call, due.work.refund, due.work.status);
      return;
  }
}

const fateOf = (behaviour: Behaviour) => (behaviour.kind === 'processes' ? behaviour.decline : null);
