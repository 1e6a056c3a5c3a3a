/** An invoice as it is drafted: its lines, and what they come to. */
import { newId } from '../ids.ts';
import type { Index } from '../lookup.ts';
import { DAY } from './calendar.ts';
import type { Call } from './call.ts';
import { previous } from './changes.ts';
import { couponOf } from './discounts.ts';
import { scheduleInvoice } from './invoice-times.ts';
import { totals } from './invoice-totals.ts';
import type { Customer, Invoice, InvoiceLine, Subscription } from './wire.ts';

export type Draft = {
  customer: Customer;
  subscription: Subscription | null;
  reason: NonNullable<Invoice['billing_reason']>;
  at: number;
  currency: string;
  lines: InvoiceLine[];
  /** Ids. */
  discounts: string[];
  period: { start: number; end: number };
  autoAdvance: boolean;
  /** When it finalizes by itself; null when somebody does it at once. */
  finalizesAt: number | null;
  fields?: Partial<Invoice>;
};

/** Puts an invoice together without keeping it. */
export function compose(call: Call, draft: Draft): Invoice {
  const { customer, subscription, at, currency } = draft;
  const id = newId('in');
  const applied = draft.discounts.map((discount) => ({ discount, coupon: couponOf(call, discount) }));
  const { lines, subtotal, total, discountAmounts } = totals(draft.lines, applied);
  const collection = draft.fields?.collection_method ?? subscription?.collection_method ?? 'charge_automatically';
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Simulator',
    account_tax_ids: null,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_shipping: 0,
    ...due(customer.balance, total),
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: draft.autoAdvance,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: draft.autoAdvance ? draft.finalizesAt : null,
    billing_reason: draft.reason,
    collection_method: collection,
    created: at,
    currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: customer.tax_exempt ?? null,
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: draft.discounts,
    due_date: collection === 'send_invoice' ? at + (subscription?.days_until_due ?? 30) * DAY : null,
    effective_at: null,
    ending_balance: null,
    footer: customer.invoice_settings.footer,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: 'list',
      data: lines.map((line) => ({ ...line, invoice: id })),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: draft.autoAdvance && collection === 'charge_automatically' ? draft.finalizesAt : null,
    number: null,
    on_behalf_of: null,
    parent:
      subscription === null
        ? null
        : {
            quote_details: null,
            subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
            type: 'subscription_details',
          },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: draft.period.end,
    period_start: draft.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: customer.balance,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal,
    subtotal_excluding_tax: subtotal,
    test_clock: customer.test_clock ?? null,
    total,
    total_discount_amounts: discountAmounts,
    total_excluding_tax: total,
    total_pretax_credit_amounts: discountAmounts.map((each) => ({ ...each, type: 'discount' as const })),
    total_taxes: [],
    webhooks_delivered_at: at,
    ...draft.fields,
  };
}

/** What is owed after the customer's balance: their credit (below zero) pays first, their debt comes on top. */
function due(balance: number, total: number) {
  const amount_due = Math.max(0, total + balance);
  return { amount_due, amount_remaining: amount_due };
}

export function draft(call: Call, plan: Draft): Invoice {
  const invoice = keep(call, compose(call, plan));
  for (const { parent } of invoice.lines.data) {
    const item = parent?.invoice_item_details?.invoice_item ?? parent?.subscription_item_details?.invoice_item;
    const row = item && call.store.get('invoiceitem', item);
    if (row) call.store.put('invoiceitem', { ...row, invoice: invoice.id });
  }
  call.emit('invoice.created', invoice, plan.at);
  return invoice;
}

/** Lines or discounts of a draft have changed: its sums follow. */
export function recomposed(call: Call, invoice: Invoice, lines: readonly InvoiceLine[], discounts: string[]): Invoice {
  const applied = discounts.map((discount) => ({ discount, coupon: couponOf(call, discount) }));
  const result = totals(lines, applied);
  const balance = call.store.get('customer', invoice.customer!)?.balance ?? 0;
  return {
    ...invoice,
    ...due(balance, result.total),
    discounts,
    lines: { ...invoice.lines, data: result.lines.map((line) => ({ ...line, invoice: invoice.id })) },
    subtotal: result.subtotal,
    subtotal_excluding_tax: result.subtotal,
    total: result.total,
    total_excluding_tax: result.total,
    total_discount_amounts: result.discountAmounts,
    total_pretax_credit_amounts: result.discountAmounts.map((each) => ({ ...each, type: 'discount' as const })),
  };
}

/** Stores it, and sees to it that its time comes. */
export function keep(call: Call, invoice: Invoice): Invoice {
  call.store.put('invoice', invoice);
  scheduleInvoice(call, invoice);
  return invoice;
}

/** A change that is told; one without a difference isn't. */
export function change(call: Call, before: Invoice, after: Invoice): Invoice {
  const old = previous(before, after);
  keep(call, after);
  if (Object.keys(old).length > 0) call.emit('invoice.updated', after, timeOf(call, after), old);
  return after;
}

export const timeOf = (call: Call, { test_clock }: { test_clock: string | null }) => call.nowOn(test_clock);

export const subscriptionOf = ({ parent }: Invoice): string | null =>
  parent?.subscription_details?.subscription ?? null;

const bySubscription: Index<Invoice> = { key: subscriptionOf };
export const invoicesOf = (call: Call, subscription: string) =>
  call.store.find('invoice', bySubscription, subscription);

const byCustomer: Index<Invoice> = { key: ({ customer }) => customer };
export const invoicesFor = (call: Call, customer: string) => call.store.find('invoice', byCustomer, customer);
