/** A subscription's turn from one period to the next, and the invoices that its turns and changes bring. */

import { periodAround } from './calendar.ts';
import type { Call } from './call.ts';
import { holding, lasting } from './discounts.ts';
import { compose, type Draft, draft } from './invoice.ts';
import { FINALIZES_AFTER, finalize, markUncollectible, voidInvoice } from './invoice-collection.ts';
import { recurringLine } from './invoice-lines.ts';
import { change, everyOf, itemsOf, periodEnd, timeOf, withItems } from './subscription.ts';
import { end } from './subscription-end.ts';
import { withPeriod } from './subscription-items.ts';
import { hasMethod } from './subscription-methods.ts';
import { pauseForMethod } from './subscription-pause.ts';
import { waitingLines } from './waiting.ts';
import type { Invoice, InvoiceLine, Subscription } from './wire.ts';

/** Each item whose period has ended gets its next one, and a line for it. */
export function turned(call: Call, before: Subscription): { after: Subscription; lines: InvoiceLine[] } {
  const turnsAt = periodEnd(before);
  const turning = itemsOf(before).filter(({ current_period_end }) => current_period_end === turnsAt);
  const items = itemsOf(before).map((item) => {
    if (!turning.includes(item)) return item;
    return withPeriod(item, {
      start: turnsAt,
      end: periodAround(before.billing_cycle_anchor, everyOf(item), turnsAt).end,
    });
  });
  const lines = items
    .filter(({ current_period_start }) => current_period_start === turnsAt)
    .map((item) => recurringLine(call, before, item, { start: turnsAt, end: item.current_period_end }));
  const status = before.status === 'trialing' ? 'active' : before.status;
  return { after: withItems({ ...before, status }, items), lines };
}

/** The invoice that the next turn will bring, as far as it is known today. */
export function upcoming(call: Call, subscription: Subscription): Invoice {
  const { after, lines } = turned(call, subscription);
  const plan = planned(call, after, 'upcoming', lines, {});
  const { id: _, ...invoice } = compose(call, { ...plan, at: periodEnd(subscription) });
  return { ...invoice, lines: { ...invoice.lines, data: invoice.lines.data } } as Invoice;
}

export function turn(call: Call, before: Subscription): void {
  if (before.status === 'trialing' && !hasMethod(call, before)) {
    const missing = before.trial_settings?.end_behavior.missing_payment_method;
    if (missing === 'cancel') end(call, before, { reason: 'payment_failed' });
    if (missing === 'pause') pauseForMethod(call, before);
    if (missing === 'cancel' || missing === 'pause') return;
  }
  const { after, lines } = turned(call, before);
  const { pause_collection, status } = after;
  const waits = pause_collection?.behavior === 'keep_as_draft' || status === 'unpaid';
  const bill = invoiceFor(call, after, 'subscription_cycle', lines, {
    autoAdvance: !waits,
    finalizesAt: timeOf(call, before) + FINALIZES_AFTER,
    period: { start: Math.min(...itemsOf(before).map((each) => each.current_period_start)), end: periodEnd(before) },
  });
  change(call, before, { ...after, discounts: lasting(call, bill.discounts as string[]), latest_invoice: bill.id });
  if (pause_collection?.behavior === 'void') forgive(call, bill, voidInvoice);
  if (pause_collection?.behavior === 'mark_uncollectible') forgive(call, bill, markUncollectible);
}

/** While nothing is collected; what comes to nothing is paid already. */
function forgive(call: Call, draft: Invoice, how: (call: Call, invoice: Invoice) => void): void {
  const open = finalize(call, draft);
  if (open.status === 'open') how(call, open);
}

/** A draft for a subscription: these lines, and what was waiting. */
export function invoiceFor(
  call: Call,
  subscription: Subscription,
  reason: Draft['reason'],
  lines: InvoiceLine[],
  more: Partial<Draft>,
): Invoice {
  return draft(call, planned(call, subscription, reason, lines, more));
}

function planned(
  call: Call,
  subscription: Subscription,
  reason: Draft['reason'],
  lines: InvoiceLine[],
  more: Partial<Draft>,
): Draft {
  const { customer, currency, id } = subscription;
  const at = timeOf(call, subscription);
  return {
    customer: call.store.get('customer', customer)!,
    subscription,
    reason,
    at,
    currency,
    lines: [...waitingLines(call, customer, id, currency), ...lines],
    discounts: holding(call, subscription.discounts, at),
    period: { start: at, end: at },
    autoAdvance: false,
    finalizesAt: null,
    ...more,
  };
}
