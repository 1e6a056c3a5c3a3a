/** From one of PayPal's events to what it means for billing, and to what of it has to be compared first. Pure. */
import type { Told } from '../db/inbox.ts';
import type { Claim } from '../domain/claim.ts';
import type { InvoiceId, Mode, PaymentMethodId, SubscriptionId, TenantId } from '../domain/ids.ts';
import { readPaypal } from '../processors/paypal-amounts.ts';
import { paypalDecline } from '../processors/paypal-declines.ts';
import { paypalOutcome } from '../processors/paypal-disputes.ts';
import { readMark, readSubscriptionMark } from '../processors/paypal-marks.ts';
import type { Sanitized } from './sanitize.ts';

export type PaypalMeaning =
  | { kind: 'told'; told: Told; claim: Claim | null; tenant: TenantId | null; subscription: SubscriptionId | null }
  | { kind: 'nothing'; why: string };

type Event = { type: string; object: Sanitized };

const nothing = (why: string): PaypalMeaning => ({ kind: 'nothing', why });

/** `nameOf`: ours of a vaulted method, since the vault's own is not kept in the open. */
export function translatePaypal(event: Event, mode: Mode, nameOf: (vaultId: string) => PaymentMethodId): PaypalMeaning {
  const { type } = event;
  switch (type) {
    case 'PAYMENT.CAPTURE.COMPLETED':
    case 'PAYMENT.CAPTURE.DENIED':
    case 'PAYMENT.CAPTURE.DECLINED':
    case 'PAYMENT.CAPTURE.PENDING':
      return payment(event, mode);
    case 'PAYMENT.CAPTURE.REFUNDED':
    case 'PAYMENT.CAPTURE.REVERSED':
      return refund(event, mode);
    case 'CUSTOMER.DISPUTE.CREATED':
    case 'CUSTOMER.DISPUTE.RESOLVED':
      return dispute(event);
    case 'CUSTOMER.DISPUTE.UPDATED':
      return nothing('another event tells what follows from it');
    case 'VAULT.PAYMENT-TOKEN.DELETED':
      return gone(event, nameOf);
    case 'VAULT.PAYMENT-TOKEN.CREATED':
      return nothing('our own call has told it');
    case 'VAULT.PAYMENT-TOKEN.DELETION-INITIATED':
      return nothing('another event tells its end');
    case 'PAYMENT.SALE.COMPLETED':
    case 'PAYMENT.SALE.DENIED':
    case 'PAYMENT.SALE.PENDING':
      return stirred(event, mode, 'invoice');
    case 'PAYMENT.SALE.REFUNDED':
    case 'PAYMENT.SALE.REVERSED':
      return saleRefund(event, mode);
    default:
      return type.startsWith('BILLING.SUBSCRIPTION.') ? stirred(event, mode, 'subscription') : nothing('unknown type');
  }
}

/** What PayPal collects by itself is asked for whole: of what an event says of it nothing but its id is taken. */
function stirred({ object }: Event, mode: Mode, what: 'subscription' | 'invoice'): PaypalMeaning {
  const { id } = object;
  const of = text(object, 'billing_agreement_id');
  const mark = readSubscriptionMark(text(object, 'custom_id') ?? text(object, 'custom'));
  if (typeof id !== 'string' || (what === 'invoice' && of === null) || (mark && mark.mode !== mode)) {
    return nothing('no subscription of ours');
  }
  const told: Told = { type: 'object_stirred', what, id, of };
  return { kind: 'told', told, claim: null, tenant: mark?.tenant ?? null, subscription: mark?.subscription ?? null };
}

/** Its payment tells whose it is. */
function saleRefund({ object }: Event, mode: Mode): PaypalMeaning {
  const { id, sale_id: payment } = object;
  const given = readPaypal(object['amount.total'], object['amount.currency']);
  if (typeof id !== 'string' || typeof payment !== 'string') return nothing('it gives back no payment of ours');
  if (given === null) return nothing('it names no amount');
  const mark = text(object, 'custom');
  const ours = readSubscriptionMark(mark);
  if (ours && ours.mode !== mode) return nothing('not a payment of ours');
  const told: Told = { type: 'payment_refunded', invoice: null, payment, refund: id, amount: given.amount };
  const claim: Claim = { about: 'sale_refund', id, ...given, mark };
  return { kind: 'told', told, claim, tenant: ours?.tenant ?? null, subscription: ours?.subscription ?? null };
}

function payment({ type, object }: Event, mode: Mode): PaypalMeaning {
  const { id } = object;
  const mark = text(object, 'custom_id');
  const ours = readMark(mark);
  if (!ours || !('invoice' in ours) || ours.mode !== mode || typeof id !== 'string')
    return nothing('not a payment of ours');
  const paid = readPaypal(object['amount.value'], object['amount.currency_code']);
  if (paid === null) return nothing('it names no amount');
  const { tenant, subscription, invoice, attempt } = ours;
  const about = { invoice, attempt, payment: id };
  const told: Told =
    type === 'PAYMENT.CAPTURE.COMPLETED'
      ? { type: 'payment_succeeded', ...about, amount: paid.amount }
      : type === 'PAYMENT.CAPTURE.PENDING'
        ? { type: 'payment_processing', ...about }
        : { type: 'payment_failed', ...about, ...paypalDecline(text(object, 'status_details.reason')) };
  return { kind: 'told', told, claim: { about: 'payment', id, ...paid, mark }, tenant, subscription };
}

/** A reversal is money that PayPal has given back by itself. One without marks was made there: its payment tells whose it is. */
function refund({ object }: Event, mode: Mode): PaypalMeaning {
  const { id, links: capture, status } = object;
  const mark = text(object, 'custom_id');
  const ours = readMark(mark);
  if (typeof id !== 'string' || typeof capture !== 'string') return nothing('it gives back no payment of ours');
  if (ours && ours.mode !== mode) return nothing('not a payment of ours');
  const given = readPaypal(object['amount.value'], object['amount.currency_code']);
  if (given === null) return nothing('it names no amount');
  if (status === 'PENDING') return nothing('it is not done yet');
  const claim: Claim = { about: 'refund', id, ...given, mark };
  const asked = ours && 'refund' in ours ? { asked: { refund: ours.refund, attempt: ours.attempt } } : {};
  const about = { payment: capture, refund: id, amount: given.amount, ...asked };
  const told: Told =
    status === 'COMPLETED' || status === null
      ? {
          type: 'payment_refunded',
          invoice: (ours && 'invoice' in ours ? ours.invoice : null) as InvoiceId | null,
          ...about,
        }
      : { type: 'refund_failed', code: status === 'CANCELLED' ? 'canceled' : 'failed', ...about };
  return { kind: 'told', told, claim, tenant: ours?.tenant ?? null, subscription: ours?.subscription ?? null };
}

/** What moves the money of a dispute is a reversal, which is told by itself. */
function dispute({ type, object }: Event): PaypalMeaning {
  const { dispute_id: id, 'disputed_transactions.0.seller_transaction_id': payment } = object;
  if (typeof id !== 'string' || typeof payment !== 'string') return nothing('it disputes no payment of ours');
  const disputed = readPaypal(object['dispute_amount.value'], object['dispute_amount.currency_code']);
  if (disputed === null) return nothing('it names no amount');
  const claim: Claim = { about: 'dispute', id, ...disputed, mark: null };
  const about = { payment, dispute: id };
  const inquiry = object.dispute_life_cycle_stage === 'INQUIRY';
  const told: Told =
    type === 'CUSTOMER.DISPUTE.CREATED'
      ? {
          ...{ type: 'dispute_opened', ...about, amount: disputed.amount, inquiry },
          reason: text(object, 'reason')?.toLowerCase() ?? 'general',
        }
      : { type: 'dispute_closed', ...about, outcome: paypalOutcome(text(object, 'dispute_outcome.outcome_code')) };
  return { kind: 'told', told, claim, tenant: null, subscription: null };
}

function gone({ object }: Event, nameOf: (vaultId: string) => PaymentMethodId): PaypalMeaning {
  if (typeof object.id !== 'string') return nothing('a method of nobody');
  const method = nameOf(object.id);
  const told: Told = { type: 'method_detached', method, customer: null, brand: null, last4: null };
  const claim: Claim = { about: 'method', id: method, amount: null, currency: null, mark: null };
  return { kind: 'told', told, claim, tenant: null, subscription: null };
}

const text = (object: Sanitized, path: string): string | null => {
  const value = object[path];
  return typeof value === 'string' ? value : null;
};
