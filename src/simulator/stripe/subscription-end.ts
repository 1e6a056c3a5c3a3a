/** The end of a subscription: canceled now, given up after a first payment that never came. */
import type { Call } from './call.ts';
import { change as changeInvoice, invoicesOf } from './invoice.ts';
import { isProcessing, voidInvoice } from './invoice-collection.ts';
import { creditUnused } from './prorations.ts';
import { change, itemsOf, keep, timeOf } from './subscription.ts';
import type { Invoice, Subscription } from './wire.ts';

type Details = NonNullable<Subscription['cancellation_details']>;
export type Ending = { prorate?: boolean; reason: NonNullable<Details['reason']>; details?: Partial<Details> };

export function end(call: Call, before: Subscription, { prorate = false, reason, details }: Ending): Subscription {
  const at = timeOf(call, before);
  if (prorate && ['active', 'past_due'].includes(before.status)) {
    for (const item of itemsOf(before)) creditUnused(call, before, item, at);
  }
  stopCollecting(call, invoicesOf(call, before.id));
  const after = keep(call, {
    ...before,
    canceled_at: before.canceled_at ?? at,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...before.cancellation_details,
      ...details,
      reason: before.cancellation_details?.reason ?? reason,
    },
    ended_at: at,
    pending_update: null,
    status: 'canceled',
  });
  call.emit('customer.subscription.deleted', after, at);
  return after;
}

/** Invoices that are still open stay so, but nobody is charged for them any more without being asked. */
export function stopCollecting(call: Call, invoices: readonly Invoice[]): void {
  for (const invoice of invoices) {
    if (invoice.status !== 'open' && invoice.status !== 'draft') continue;
    const stopped = { auto_advance: false, automatically_finalizes_at: null, next_payment_attempt: null };
    changeInvoice(call, invoice, { ...invoice, ...stopped });
  }
}

/** Its first payment didn't come in time. */
export function expire(call: Call, before: Subscription): void {
  const at = timeOf(call, before);
  const ended = change(call, before, { ...before, ended_at: at, status: 'incomplete_expired' });
  const first = call.store.get('invoice', ended.latest_invoice ?? '');
  if (first?.status === 'open' && !isProcessing(call, first)) voidInvoice(call, first);
}
