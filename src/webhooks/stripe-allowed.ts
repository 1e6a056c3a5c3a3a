/** What is kept of each of Stripe's events. A type that isn't here is kept by its name alone, as ignored. */
import { LINES, PARTS, PLAN_NAME } from '../processors/stripe-followed.ts';
import {
  type Allowed,
  amount,
  counter,
  currency,
  decimal,
  flag,
  id,
  lastFour,
  matching,
  ours,
  seconds,
  slug,
  whole,
  word,
} from './sanitize.ts';

/** Each tells the whole object as it is by then. */
export const SUBSCRIPTION_EVENTS = ['created', 'updated', 'deleted', 'paused', 'resumed', 'trial_will_end'] as const;
export const INVOICE_EVENTS = [
  ...(['created', 'finalized', 'updated', 'paid', 'payment_succeeded', 'payment_failed'] as const),
  ...(['payment_action_required', 'voided', 'marked_uncollectible'] as const),
] as const;

const every = (shape: Allowed, of: string, events: readonly string[]): { [type: string]: Allowed } =>
  Object.fromEntries(events.map((event) => [`${of}.${event}`, shape]));

const metadata = {
  'metadata.hydra_tenant': ours('ten'),
  'metadata.hydra_mode': word,
  'metadata.hydra_subscription': ours('sub'),
  'metadata.hydra_invoice': ours('inv'),
} as const satisfies Allowed;

const paymentIntent = {
  id: id('pi'),
  status: word,
  amount,
  amount_received: amount,
  currency,
  'last_payment_error.code': word,
  'last_payment_error.decline_code': word,
  'last_payment_error.advice_code': word,
  ...metadata,
  'metadata.hydra_attempt': counter,
} as const satisfies Allowed;

const refund = {
  id: id('re', 'pyr'),
  status: word,
  amount,
  currency,
  payment_intent: id('pi'),
  failure_reason: word,
  ...metadata,
  'metadata.hydra_refund': ours('ref'),
  'metadata.hydra_attempt': counter,
} as const satisfies Allowed;

/** The money that it moved, and the processor's fee, are in its balance transactions: taken first, brought back second. */
const dispute = {
  id: id('du', 'dp'),
  status: word,
  reason: word,
  amount,
  currency,
  payment_intent: id('pi'),
  'balance_transactions.0.amount': amount,
  'balance_transactions.0.fee': amount,
  'balance_transactions.1.amount': amount,
  'balance_transactions.1.fee': amount,
} as const satisfies Allowed;

const paymentMethod = {
  id: id('pm', 'card', 'src'),
  type: word,
  customer: id('cus'),
  'card.brand': word,
  'card.last4': lastFour,
} as const satisfies Allowed;

const marks = (path: string): Allowed => ({
  [`${path}.hydra_tenant`]: ours('ten'),
  [`${path}.hydra_mode`]: word,
  [`${path}.hydra_subscription`]: ours('sub'),
});

const subscription: Allowed = {
  id: id('sub'),
  status: word,
  cancel_at: seconds,
  cancel_at_period_end: flag,
  ended_at: seconds,
  billing_cycle_anchor: seconds,
  'pause_collection.behavior': word,
  'pause_collection.resumes_at': seconds,
  'cancellation_details.reason': word,
  default_payment_method: id('pm', 'card', 'src'),
  'items.data.0.quantity': whole,
  'items.data.0.current_period_start': seconds,
  'items.data.0.current_period_end': seconds,
  'items.data.0.price.metadata.hydra_price_book': ours('pb'),
  'items.data.0.price.metadata.hydra_plan': slug,
  ...marks('metadata'),
};

const parts = Array.from({ length: PARTS + 1 }, (_, n) => n);
const line = (n: number): Allowed =>
  under(`lines.data.${n}`, {
    amount,
    quantity: whole,
    'period.start': seconds,
    'period.end': seconds,
    'pricing.unit_amount_decimal': decimal,
    'parent.subscription_item_details.proration': flag,
    ...Object.assign({}, ...parts.map((part) => ({ [`discount_amounts.${part}.amount`]: amount }))),
    ...Object.assign(
      {},
      ...parts.map((part) =>
        under(`taxes.${part}`, { amount, tax_behavior: word, 'tax_rate_details.tax_rate': id('txr') }),
      ),
    ),
  });

const under = (path: string, fields: Allowed): Allowed =>
  Object.fromEntries(Object.entries(fields).map(([name, shape]) => [`${path}.${name}`, shape]));

const ofSubscription = 'parent.subscription_details';
/** Its lines are described in our own words: theirs are free text. */
const invoice: Allowed = {
  id: id('in'),
  status: word,
  number: matching(/^[A-Z0-9][A-Z0-9-]{0,39}$/),
  currency,
  total: amount,
  amount_due: amount,
  amount_paid: amount,
  attempt_count: whole,
  next_payment_attempt: seconds,
  due_date: seconds,
  ...under('status_transitions', { finalized_at: seconds, voided_at: seconds, marked_uncollectible_at: seconds }),
  [`${ofSubscription}.subscription`]: id('sub'),
  [`${ofSubscription}.metadata.hydra_product`]: slug,
  [`${ofSubscription}.metadata.hydra_name`]: matching(PLAN_NAME),
  ...marks(`${ofSubscription}.metadata`),
  'lines.has_more': flag,
  ...Object.assign({}, ...Array.from({ length: LINES }, (_, n) => line(n))),
};

const invoicePayment: Allowed = {
  invoice: id('in'),
  status: word,
  amount_paid: amount,
  currency,
  'status_transitions.paid_at': seconds,
  ...under('payment', { payment_intent: id('pi'), charge: id('ch', 'py'), payment_record: id('prec', 'payrec') }),
};

const checkoutSession: Allowed = { id: id('cs'), mode: word, ...marks('metadata') };

export const allowed: { readonly [type: string]: Allowed } = {
  'payment_intent.succeeded': paymentIntent,
  'payment_intent.payment_failed': paymentIntent,
  'payment_intent.requires_action': paymentIntent,
  'payment_intent.processing': paymentIntent,
  'payment_intent.canceled': paymentIntent,
  'refund.created': refund,
  'refund.updated': refund,
  'refund.failed': refund,
  'charge.dispute.created': dispute,
  'charge.dispute.funds_withdrawn': dispute,
  'charge.dispute.funds_reinstated': dispute,
  'charge.dispute.closed': dispute,
  'payment_method.attached': paymentMethod,
  'payment_method.updated': paymentMethod,
  'payment_method.automatically_updated': paymentMethod,
  'payment_method.detached': paymentMethod,
  ...every(subscription, 'customer.subscription', SUBSCRIPTION_EVENTS),
  ...every(invoice, 'invoice', INVOICE_EVENTS),
  'invoice_payment.paid': invoicePayment,
  'checkout.session.expired': checkoutSession,
};

/** Of what the object was before, only whose a detached method had been. */
export const allowedBefore: Allowed = { customer: id('cus') };
