/** What time brings, in the order in which it comes due. */
import { type Behaviour, isInterruption } from './behaviour.ts';
import type { Call } from './call.ts';
import { settled } from './payments.ts';
import { settleRefund } from './refunds.ts';
import type { Due } from './tables.ts';

/** The earliest first; `clock` null is the wall. */
export function dueOn(call: Pick<Call, 'store'>, clock: string | null): Due[] {
  return [...call.store.all('sim.due')].filter((due) => due.clock === clock).sort((a, b) => a.at - b.at);
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
    case 'settle_refund':
      settleRefund(call, due.work.refund, due.work.status);
      return;
  }
}

const fateOf = (behaviour: Behaviour) => (behaviour.kind === 'processes' ? behaviour.decline : null);
