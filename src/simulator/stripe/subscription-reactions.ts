/** How a subscription follows its invoices. */
import type { Call } from './call.ts';
import { useMethod } from './customers.ts';
import { invoicesFor, subscriptionOf } from './invoice.ts';
import { intentOf, isGivenUp } from './invoice-collection.ts';
import { retryRules } from './retry-rules.ts';
import { change, isOver, subscriptionsOf } from './subscription.ts';
import { end, expire, stopCollecting } from './subscription-end.ts';
import { resumed } from './subscription-pause.ts';
import { applyPending } from './subscription-pending.ts';
import type { Invoice, SetupIntent, Subscription } from './wire.ts';

function ofInvoice(call: Call, invoice: Invoice): Subscription | undefined {
  const subscription = call.store.get('subscription', subscriptionOf(invoice) ?? '');
  return subscription && !isOver(subscription) ? subscription : undefined;
}

export function invoicePaid(call: Call, invoice: Invoice): void {
  const subscription = ofInvoice(call, invoice);
  if (subscription === undefined) return;
  const before = applyPending(call, rememberMethod(call, subscription, invoice), invoice);
  if (before.status === 'incomplete') change(call, before, { ...before, status: 'active' });
  else if (invoice.id === before.latest_invoice) reactivate(call, before);
}

/** The latest invoice is settled, one way or another. */
function reactivate(call: Call, before: Subscription): void {
  if (before.status === 'past_due' || before.status === 'unpaid') change(call, before, { ...before, status: 'active' });
  if (before.status === 'paused' && call.store.get('sim.told', `resuming ${before.latest_invoice}`)) {
    resumed(call, before);
  }
}

/** The card that paid is kept for the next time, if that was agreed. */
function rememberMethod(call: Call, before: Subscription, invoice: Invoice): Subscription {
  if (before.payment_settings?.save_default_payment_method !== 'on_subscription') return before;
  const method = intentOf(call, invoice)?.payment_method ?? null;
  if (method === null || method === before.default_payment_method) return before;
  return change(call, before, { ...before, default_payment_method: method });
}

export function invoiceFailed(call: Call, invoice: Invoice): void {
  const before = ofInvoice(call, invoice);
  if (before === undefined || invoice.id !== before.latest_invoice) return;
  if (before.status === 'active' || before.status === 'trialing') {
    if (before.pending_update !== null) return;
    change(call, before, { ...before, status: 'past_due' });
  }
  if (!isGivenUp(call, invoice)) return;
  const now = call.store.get('subscription', before.id)!;
  switch (retryRules(call).ending) {
    case 'cancel':
      end(call, now, { reason: 'payment_failed' });
      return;
    case 'unpaid':
      change(call, now, { ...now, status: 'unpaid' });
      return;
    case 'leave':
  }
}

export function invoiceOverdue(call: Call, invoice: Invoice): void {
  const before = ofInvoice(call, invoice);
  if (before?.status === 'active') change(call, before, { ...before, status: 'past_due' });
}

/** Voided, or written off: nothing is owed for it any more. */
export function invoiceForgiven(call: Call, invoice: Invoice): void {
  const before = ofInvoice(call, invoice);
  if (before === undefined || invoice.id !== before.latest_invoice) return;
  if (before.status === 'incomplete') expire(call, before);
  else if (before.status !== 'paused') reactivate(call, before);
}

/** A trial's card has been set up. */
export function methodSetUp(call: Call, intent: SetupIntent): void {
  if (intent.customer === null) return;
  if (call.store.get('sim.switch', intent.id) !== undefined) useMethod(call, intent.customer, intent.payment_method!);
  for (const before of subscriptionsOf(call, intent.customer)) {
    if (before.pending_setup_intent !== intent.id) continue;
    const saves = before.payment_settings?.save_default_payment_method === 'on_subscription';
    change(call, before, {
      ...before,
      ...(saves && { default_payment_method: intent.payment_method }),
      pending_setup_intent: null,
    });
  }
}

export function customerGone(call: Call, customer: string): void {
  stopCollecting(call, invoicesFor(call, customer));
  for (const subscription of subscriptionsOf(call, customer)) {
    if (!isOver(subscription)) end(call, subscription, { reason: 'cancellation_requested' });
  }
}
