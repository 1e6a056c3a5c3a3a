/** What time brings to a subscription. */
import type { Call } from './call.ts';
import { FINALIZES_AFTER } from './invoice-collection.ts';
import { scheduleDue } from './schedules.ts';
import { change, comingTo, keep, renewalWord, timeOf, trialWord } from './subscription.ts';
import { invoiceFor, turn, upcoming } from './subscription-cycle.ts';
import { end, expire } from './subscription-end.ts';
import { giveUpPending } from './subscription-pending.ts';
import { tellOnce } from './told.ts';
import { waitingLines } from './waiting.ts';
import type { Subscription } from './wire.ts';

export function subscriptionDue(call: Call, id: string): void {
  const subscription = call.store.get('subscription', id);
  if (subscription === undefined) return;
  const at = timeOf(call, subscription);
  const [next] = comingTo(call, subscription);
  if (next === undefined || next.at > at) return;
  switch (next.what) {
    case 'expire':
      expire(call, subscription);
      return;
    case 'give_up_change':
      giveUpPending(call, subscription);
      return;
    case 'resume_collection':
      change(call, subscription, { ...subscription, pause_collection: null });
      return;
    case 'tell_trial_end':
      tellOnce(call, trialWord(subscription));
      keep(call, subscription);
      call.emit('customer.subscription.trial_will_end', subscription, at);
      return;
    case 'tell_renewal':
      tellOnce(call, renewalWord(subscription));
      keep(call, subscription);
      call.emit('invoice.upcoming', upcoming(call, subscription), at);
      return;
    case 'cancel':
      lastInvoice(call, end(call, subscription, { reason: 'cancellation_requested' }));
      return;
    case 'turn': {
      // What is planned for this moment comes first: the next period is paid for as it will be.
      const schedule = call.store.get('subscription_schedule', subscription.schedule ?? '');
      if (schedule !== undefined && (schedule.current_phase?.end_date ?? Infinity) <= at)
        scheduleDue(call, schedule.id);
      else turn(call, subscription);
      return;
    }
  }
}

/** What still waited to be invoiced isn't forgotten at the end. */
function lastInvoice(call: Call, ended: Subscription): void {
  const { customer, id, currency } = ended;
  if (!waitingLines(call, customer, id, currency).some(({ subscription }) => subscription === id)) return;
  const finalizesAt = timeOf(call, ended) + FINALIZES_AFTER;
  const invoice = invoiceFor(call, ended, 'subscription_cycle', [], { autoAdvance: true, finalizesAt });
  keep(call, { ...ended, latest_invoice: invoice.id });
}
