/** A change that waits for its money: it is applied when its invoice is paid, or given up. */
import type { Call } from './call.ts';
import { isProcessing, voidInvoice } from './invoice-collection.ts';
import { change, PATIENCE, timeOf } from './subscription.ts';
import type { Invoice, Subscription } from './wire.ts';

/** Back to what it was before the change; the change is kept for when its invoice is paid. */
export function waitForPayment(
  call: Call,
  before: Subscription,
  changed: Subscription,
  invoice: Invoice,
): Subscription {
  const { items, billing_cycle_anchor, trial_end, trial_start, status, discounts } = changed;
  const pending = { items, billing_cycle_anchor, trial_end, trial_start, status, discounts };
  call.store.put('sim.pending', { id: before.id, invoice: invoice.id, change: pending });
  return change(call, changed, {
    ...before,
    latest_invoice: invoice.id,
    pending_update: {
      billing_cycle_anchor: anchorOf(before, changed),
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: timeOf(call, before) + PATIENCE,
      metadata: null,
      subscription_items: items.data,
      trial_end,
      trial_from_plan: null,
    },
  });
}

const anchorOf = (before: Subscription, { billing_cycle_anchor }: Subscription) =>
  billing_cycle_anchor === before.billing_cycle_anchor ? null : billing_cycle_anchor;

export function applyPending(call: Call, before: Subscription, paid: Invoice): Subscription {
  const pending = call.store.get('sim.pending', before.id);
  if (pending?.invoice !== paid.id) return before;
  call.store.remove('sim.pending', before.id);
  const after = change(call, before, { ...before, ...pending.change, pending_update: null });
  call.emit('customer.subscription.pending_update_applied', after, timeOf(call, after));
  return after;
}

export function giveUpPending(call: Call, before: Subscription): void {
  const pending = call.store.get('sim.pending', before.id)!;
  call.store.remove('sim.pending', before.id);
  const after = change(call, before, { ...before, pending_update: null });
  call.emit('customer.subscription.pending_update_expired', after, timeOf(call, after));
  const invoice = call.store.get('invoice', pending.invoice);
  if (invoice?.status === 'open' && !isProcessing(call, invoice)) voidInvoice(call, invoice);
}
