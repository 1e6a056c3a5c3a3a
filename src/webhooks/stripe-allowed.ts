/** What is kept of each of Stripe's events. A type that isn't here is kept by its name alone, as ignored. */
import { type Allowed, amount, counter, currency, id, lastFour, ours, word } from './sanitize.ts';

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
};

/** Of what the object was before, only whose a detached method had been. */
export const allowedBefore: Allowed = { customer: id('cus') };
