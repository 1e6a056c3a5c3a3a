/** What an invoice would be, found by letting it happen and taking it back. */
import { z } from 'zod';
import type { Call } from './call.ts';
import { customerFor } from './customers.ts';
import { discounts, redeem } from './discounts.ts';
import { invalid, missingReference } from './errors.ts';
import { expanded } from './expand.ts';
import { compose } from './invoice.ts';
import { expand, integer, list, text } from './params.ts';
import { ok, Rehearsed } from './route.ts';
import { subscriptionFor } from './subscription.ts';
import { create } from './subscription-create.ts';
import { upcoming } from './subscription-cycle.ts';
import { end } from './subscription-end.ts';
import { changedItem, newItem } from './subscription-items.ts';
import { prorationBehavior } from './subscription-params.ts';
import { update } from './subscription-update.ts';
import { waitingLines } from './waiting.ts';
import type { Invoice, Subscription } from './wire.ts';

export const previewing = {
  ...expand,
  currency: text.optional(),
  customer: text.optional(),
  discounts: discounts.optional(),
  subscription: text.optional(),
  subscription_details: z
    .strictObject({
      billing_cycle_anchor: z.enum(['now', 'unchanged']).optional(),
      cancel_now: z.enum(['true', 'false']).optional(),
      items: list(changedItem).optional(),
      proration_behavior: prorationBehavior.optional(),
      proration_date: integer.optional(),
      trial_end: z.union([z.literal('now'), integer]).optional(),
    })
    .optional(),
};
type Previewing = z.output<z.ZodObject<typeof previewing>>;

export function preview(call: Call, params: Previewing): never {
  const invoice = rehearse(call, params);
  const { id: _, ...rest } = invoice;
  const unsent = { ...rest, status: 'draft', number: null, hosted_invoice_url: null, invoice_pdf: null };
  throw new Rehearsed(ok(expanded(call, unsent, params.expand)));
}

function rehearse(call: Call, params: Previewing): Invoice {
  const { subscription: id, subscription_details: details } = params;
  if (id === undefined) return withoutSubscription(call, params);
  const before = call.store.get('subscription', id);
  if (before === undefined) throw missingReference('subscription', id, 'subscription');
  if (details === undefined) return upcoming(call, discounted(call, before, params));
  if (details.cancel_now === 'true') {
    const ended = end(call, before, {
      prorate: details.proration_behavior !== 'none',
      reason: 'cancellation_requested',
    });
    return waitingInvoice(call, ended);
  }
  const { cancel_now: _, ...changes } = details;
  const after = update(call, before, { ...changes, payment_behavior: 'default_incomplete' });
  if (after.latest_invoice !== before.latest_invoice) return call.store.get('invoice', after.latest_invoice!)!;
  return upcoming(call, discounted(call, after, params));
}

function discounted(call: Call, subscription: Subscription, { discounts: wanted }: Previewing): Subscription {
  if (wanted === undefined) return subscription;
  const { customer, id } = subscription;
  const at = call.now(customer);
  return { ...subscription, discounts: redeem(call, wanted, { customer, subscription: id, at }) };
}

/** A new subscription's first invoice, or what waits for the customer's next one. */
function withoutSubscription(call: Call, params: Previewing): Invoice {
  if (params.customer === undefined) {
    throw invalid('You must pass customer or subscription.', { code: 'parameter_missing', param: 'customer' });
  }
  const customer = customerFor(call, params.customer, 'customer');
  const { items, trial_end } = params.subscription_details ?? {};
  if (items !== undefined) {
    const started = create(call, {
      customer: customer.id,
      items: items.map((item) => newItem.parse({ ...item, deleted: undefined, id: undefined })),
      payment_behavior: 'default_incomplete',
      ...(trial_end !== undefined && { trial_end }),
      ...(params.discounts !== undefined && { discounts: params.discounts }),
    });
    return call.store.get('invoice', subscriptionFor(call, started.id).latest_invoice!)!;
  }
  const at = call.now(customer.id);
  const currency = params.currency ?? customer.currency ?? 'usd';
  const lines = waitingLines(call, customer.id, null, currency);
  if (lines.length === 0) {
    throw invalid('Nothing to invoice for customer', { code: 'invoice_upcoming_none' });
  }
  const period = { start: at, end: at };
  const redeemed = redeem(call, params.discounts ?? null, { customer: customer.id, at });
  return compose(call, {
    customer,
    subscription: null,
    reason: 'upcoming',
    at,
    currency,
    lines,
    discounts: redeemed,
    period,
    autoAdvance: false,
    finalizesAt: null,
  });
}

function waitingInvoice(call: Call, subscription: Subscription): Invoice {
  const { customer, currency, id } = subscription;
  const at = call.now(customer);
  return compose(call, {
    customer: customerFor(call, customer),
    subscription,
    reason: 'upcoming',
    at,
    currency,
    lines: waitingLines(call, customer, id, currency),
    discounts: [],
    period: { start: at, end: at },
    autoAdvance: false,
    finalizesAt: null,
  });
}
