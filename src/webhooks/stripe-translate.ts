/** From one of Stripe's events to what it means for billing. Pure; what it needs of the event was allowed by name. */
import type { Told } from '../db/inbox.ts';
import type { InvoiceId, Mode, PaymentMethodId, RefundId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { Fact } from '../domain/input.ts';
import { readAmount } from '../processors/stripe-amounts.ts';
import { declineOf } from '../processors/stripe-declines.ts';
import { type Fields, seenInvoice, seenPayment, seenSubscription, versionAt } from '../processors/stripe-followed.ts';
import type { Sanitized } from './sanitize.ts';

/** `created` is in seconds. */
export type StripeEvent = { type: string; created: number; object: Sanitized; before: Sanitized };

export type Meaning =
  | { kind: 'told'; told: Told; tenant: TenantId; subscription: SubscriptionId }
  /** Whose it is has to be found: by the payment it names, or by the processor's customer. */
  | { kind: 'told'; told: Told; tenant: null; subscription: null }
  | { kind: 'nothing'; why: string };

const nothing = (why: string): Meaning => ({ kind: 'nothing', why });

export function translate(event: StripeEvent, mode: Mode): Meaning {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.requires_action':
    case 'payment_intent.processing':
    case 'payment_intent.canceled':
      return payment(event, mode);
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
      return refund(event, mode);
    case 'charge.dispute.created':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated':
    case 'charge.dispute.closed':
      return dispute(event);
    case 'charge.dispute.updated':
      return nothing('another event tells what follows from it');
    case 'payment_method.attached':
      return method(event, 'method_attached');
    case 'payment_method.updated':
    case 'payment_method.automatically_updated':
      return method(event, 'method_updated');
    case 'payment_method.detached':
      return method(event, 'method_detached');
    case 'customer.subscription.created':
    case 'customer.subscription.updated':
    case 'customer.subscription.deleted':
    case 'customer.subscription.paused':
    case 'customer.subscription.resumed':
    case 'customer.subscription.trial_will_end':
      return subscriptionSeen(event, mode);
    case 'invoice.created':
    case 'invoice.finalized':
    case 'invoice.updated':
    case 'invoice.paid':
    case 'invoice.payment_succeeded':
    case 'invoice.payment_failed':
    case 'invoice.payment_action_required':
    case 'invoice.voided':
    case 'invoice.marked_uncollectible':
      return invoiceSeen(event, mode);
    case 'invoice_payment.paid': {
      const seen = seenPayment(fields(event));
      return seen ? homeless({ type: 'payment_seen', seen }) : nothing('it names no payment');
    }
    case 'checkout.session.expired':
      return checkoutExpired(event, mode);
    case 'checkout.session.completed':
    case 'setup_intent.succeeded':
    case 'setup_intent.created':
    case 'setup_intent.canceled':
    case 'setup_intent.requires_action':
    case 'setup_intent.setup_failed':
    case 'payment_intent.created':
    case 'charge.succeeded':
    case 'charge.failed':
    case 'charge.pending':
    case 'charge.updated':
    case 'charge.refunded':
    case 'charge.refund.updated':
      return nothing('another event tells it');
    case 'customer.updated':
    case 'customer.deleted':
      return nothing('whom we bill is for us to say');
    default:
      return nothing('unknown type');
  }
}

const fields =
  ({ object }: StripeEvent): Fields =>
  (path) =>
    object[path] ?? null;

const homeless = (told: Told): Meaning => ({ kind: 'told', told, tenant: null, subscription: null });

/** As we have marked the subscription; by its own name there it is found as well. */
function ofSubscription({ object }: StripeEvent, mode: Mode, path: string, told: Told): Meaning {
  const tenant = object[`${path}.hydra_tenant`];
  const subscription = object[`${path}.hydra_subscription`];
  return tenant && subscription && object[`${path}.hydra_mode`] === mode
    ? { kind: 'told', told, tenant: tenant as TenantId, subscription: subscription as SubscriptionId }
    : homeless(told);
}

const EDGES: { [type: string]: 'created' | 'deleted' } = {
  'customer.subscription.created': 'created',
  'customer.subscription.deleted': 'deleted',
  'invoice.created': 'created',
};

function subscriptionSeen(event: StripeEvent, mode: Mode): Meaning {
  const { type, created } = event;
  const look = seenSubscription(fields(event), versionAt(created, EDGES[type]), created * 1000);
  if (!look) return nothing('no subscription that we could follow');
  const seen = { ...look, ...(type === 'customer.subscription.trial_will_end' && { trialEnding: true as const }) };
  return ofSubscription(event, mode, 'metadata', { type: 'subscription_seen', seen });
}

function invoiceSeen(event: StripeEvent, mode: Mode): Meaning {
  const { type, created, object } = event;
  if (object['parent.subscription_details.subscription'] === null) return nothing('of no subscription');
  const look = seenInvoice(fields(event), versionAt(created, EDGES[type]));
  if (!look) return nothing('no invoice that we could follow');
  const seen = { ...look, ...(type === 'invoice.payment_action_required' && { needsAction: true as const }) };
  return ofSubscription(event, mode, 'parent.subscription_details.metadata', { type: 'invoice_seen', seen });
}

function checkoutExpired(event: StripeEvent, mode: Mode): Meaning {
  const meaning = ofSubscription(event, mode, 'metadata', { type: 'checkout_expired' });
  return meaning.kind === 'told' && meaning.tenant === null ? nothing('not a page of ours') : meaning;
}

type Ours = { tenant: TenantId; subscription: SubscriptionId; invoice: InvoiceId };

/** Payments of other systems on the same account carry no marks of ours. */
function marks({ object }: StripeEvent, mode: Mode): Ours | null {
  const tenant = object['metadata.hydra_tenant'];
  const subscription = object['metadata.hydra_subscription'];
  const invoice = object['metadata.hydra_invoice'];
  if (!tenant || !subscription || !invoice || object['metadata.hydra_mode'] !== mode) return null;
  return { tenant, subscription, invoice } as Ours;
}

function payment(event: StripeEvent, mode: Mode): Meaning {
  const { object } = event;
  const ours = marks(event, mode);
  const id = object.id as string | null;
  const attempt = object['metadata.hydra_attempt'] as number | null;
  if (!ours || id === null || attempt === null) return nothing('not a payment of ours');
  const { tenant, subscription, invoice } = ours;
  const fact = (told: Fact): Meaning => ({ kind: 'told', told, tenant, subscription });
  switch (event.type) {
    case 'payment_intent.succeeded': {
      const amount = amountOf(object, 'amount_received');
      if (amount === null) return nothing('it names no amount');
      return fact({ type: 'payment_succeeded', invoice, attempt, payment: id, amount });
    }
    case 'payment_intent.payment_failed': {
      const { decline, code } = declineOf({
        code: word(object, 'last_payment_error.code'),
        decline_code: word(object, 'last_payment_error.decline_code'),
        advice_code: word(object, 'last_payment_error.advice_code'),
      });
      return fact({ type: 'payment_failed', invoice, attempt, payment: id, decline, code });
    }
    case 'payment_intent.requires_action':
      return fact({ type: 'payment_needs_action', invoice, attempt, payment: id });
    case 'payment_intent.processing':
      return fact({ type: 'payment_processing', invoice, attempt, payment: id });
    default:
      return fact({ type: 'payment_canceled', invoice, attempt, payment: id });
  }
}

/** One that an operator made in Stripe's dashboard has no marks: the payment it gives back tells whose it is. */
function refund(event: StripeEvent, mode: Mode): Meaning {
  const { object } = event;
  const { id, payment_intent: payment, status } = object;
  const amount = amountOf(object, 'amount');
  if (typeof id !== 'string' || typeof payment !== 'string') return nothing('it gives back no payment of ours');
  if (amount === null) return nothing('it names no amount');
  const told = { payment, refund: id, amount, ...askedBy(object) };
  switch (status) {
    case 'succeeded':
      return ofPayment(event, mode, {
        ...{ type: 'payment_refunded', invoice: object['metadata.hydra_invoice'] as InvoiceId | null, ...told },
      });
    case 'failed':
    case 'canceled':
      return ofPayment(event, mode, {
        ...{ type: 'refund_failed', code: word(object, 'failure_reason') ?? status, ...told },
      });
    default:
      return nothing('it is not done yet');
  }
}

/** Our own name of it, and which try it was. */
function askedBy(object: Sanitized): { asked?: { refund: RefundId; attempt: number } } {
  const refund = object['metadata.hydra_refund'];
  const attempt = object['metadata.hydra_attempt'];
  return typeof refund === 'string' && typeof attempt === 'number'
    ? { asked: { refund: refund as RefundId, attempt } }
    : {};
}

/** With marks it is known whose it is; otherwise its payment tells. */
function ofPayment({ object }: StripeEvent, mode: Mode, told: Fact): Meaning {
  const tenant = object['metadata.hydra_tenant'];
  const subscription = object['metadata.hydra_subscription'];
  return tenant && subscription && object['metadata.hydra_mode'] === mode
    ? { kind: 'told', told, tenant: tenant as TenantId, subscription: subscription as SubscriptionId }
    : { kind: 'told', told, tenant: null, subscription: null };
}

/** As we count it; null where it is none. */
function amountOf(object: StripeEvent['object'], name: string): number | null {
  const theirs = object[name];
  return typeof theirs === 'number' && theirs > 0 ? readAmount(theirs, word(object, 'currency') ?? '') : null;
}

/** What a balance transaction moved, whichever way. */
function movedAmount(object: StripeEvent['object'], name: string): number | null {
  const theirs = object[name];
  return typeof theirs === 'number' ? readAmount(Math.abs(theirs), word(object, 'currency') ?? '') : null;
}

const isInquiry = (status: unknown): boolean => typeof status === 'string' && status.startsWith('warning_');

/** A dispute has no marks of ours. An inquiry that ends has neither been won nor lost. */
function dispute({ type, object }: StripeEvent): Meaning {
  const { id, payment_intent: payment, status } = object;
  const amount = amountOf(object, 'amount');
  if (typeof id !== 'string' || typeof payment !== 'string') return nothing('it disputes no payment of ours');
  if (amount === null) return nothing('it names no amount');
  const about = { payment, dispute: id };
  const told = (fact: Fact): Meaning => ({ kind: 'told', told: fact, tenant: null, subscription: null });
  const moved = (n: 0 | 1) => ({
    amount: movedAmount(object, `balance_transactions.${n}.amount`) ?? amount,
    fee: movedAmount(object, `balance_transactions.${n}.fee`) ?? 0,
  });
  switch (type) {
    case 'charge.dispute.created': {
      const reason = word(object, 'reason') ?? 'general';
      return told({ type: 'dispute_opened', ...about, amount, reason, inquiry: isInquiry(status) });
    }
    case 'charge.dispute.funds_withdrawn':
      return told({ type: 'funds_withdrawn', ...about, ...moved(0) });
    case 'charge.dispute.funds_reinstated':
      return told({ type: 'funds_reinstated', ...about, ...moved(1) });
    default: {
      const outcome = status === 'won' || status === 'lost' ? status : 'closed';
      return told({ type: 'dispute_closed', ...about, outcome });
    }
  }
}

function method(
  { object, before }: StripeEvent,
  type: 'method_attached' | 'method_updated' | 'method_detached',
): Meaning {
  const customer = object.customer ?? before.customer;
  if (typeof object.id !== 'string' || typeof customer !== 'string') return nothing('a method of nobody');
  const told: Told = {
    type,
    method: object.id as PaymentMethodId,
    customer,
    brand: word(object, 'card.brand') ?? word(object, 'type') ?? null,
    last4: word(object, 'card.last4') ?? null,
  };
  return { kind: 'told', told, tenant: null, subscription: null };
}

const word = (object: Sanitized, path: string): string | undefined => {
  const value = object[path];
  return typeof value === 'string' ? value : undefined;
};
