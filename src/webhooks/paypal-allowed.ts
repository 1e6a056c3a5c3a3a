/** What is kept of each of PayPal's events. A type that isn't here is kept by its name alone, as ignored. */
import { type Allowed, MARK, matching, type Shape } from './sanitize.ts';

const code = matching(/^[A-Z0-9]{5,40}$/);
const subscription = matching(/^I-[A-Z0-9]{5,40}$/);
const state = matching(/^[A-Z][A-Z_]{1,63}$/);
const currency = matching(/^[A-Z]{3}$/);
/** Shorter than any card number. */
const decimal = matching(/^\d{1,9}(\.\d{1,3})?$/);

/** From the links of a refund: what it gives back. */
const capture: Shape = (links) => {
  const up = Array.isArray(links) ? links.find((link) => link?.rel === 'up')?.href : null;
  return typeof up === 'string' ? code(/\/v2\/payments\/captures\/([A-Z0-9]+)$/.exec(up)?.[1]) : null;
};

const money = { 'amount.value': decimal, 'amount.currency_code': currency } as const satisfies Allowed;

const paymentCapture = {
  id: code,
  status: state,
  ...money,
  custom_id: MARK,
  'status_details.reason': state,
} as const satisfies Allowed;

const refund = { id: code, status: state, ...money, custom_id: MARK, links: capture } as const satisfies Allowed;

const sale = {
  id: code,
  'amount.total': decimal,
  'amount.currency': currency,
  billing_agreement_id: subscription,
  sale_id: code,
  custom: MARK,
} as const satisfies Allowed;

const agreement = { id: subscription, custom_id: MARK } as const satisfies Allowed;

/** Its id names a way to take money: it becomes a name of ours before anything is kept. */
const token = { id: matching(/^[A-Za-z0-9]{5,40}$/) } as const satisfies Allowed;

const dispute = {
  dispute_id: matching(/^PP(-[A-Z0-9]{1,20}){1,6}$/),
  status: state,
  reason: state,
  dispute_life_cycle_stage: state,
  'dispute_amount.value': decimal,
  'dispute_amount.currency_code': currency,
  'disputed_transactions.0.seller_transaction_id': code,
  'dispute_outcome.outcome_code': state,
} as const satisfies Allowed;

const each = (types: string, shape: Allowed): [string, Allowed][] => types.split(' ').map((type) => [type, shape]);

export const allowed: { readonly [type: string]: Allowed } = Object.fromEntries([
  ...each(
    'PAYMENT.CAPTURE.COMPLETED PAYMENT.CAPTURE.DENIED PAYMENT.CAPTURE.DECLINED PAYMENT.CAPTURE.PENDING',
    paymentCapture,
  ),
  ...each('PAYMENT.CAPTURE.REFUNDED PAYMENT.CAPTURE.REVERSED', refund),
  ...each(
    'PAYMENT.SALE.COMPLETED PAYMENT.SALE.DENIED PAYMENT.SALE.PENDING PAYMENT.SALE.REFUNDED PAYMENT.SALE.REVERSED',
    sale,
  ),
  ...[
    ...['CREATED', 'ACTIVATED', 'RE-ACTIVATED', 'UPDATED', 'EXPIRED', 'CANCELLED', 'SUSPENDED', 'PAYMENT.FAILED'],
  ].flatMap((what) => each(`BILLING.SUBSCRIPTION.${what}`, agreement)),
  ...each('VAULT.PAYMENT-TOKEN.CREATED VAULT.PAYMENT-TOKEN.DELETED VAULT.PAYMENT-TOKEN.DELETION-INITIATED', token),
  ...each('CUSTOMER.DISPUTE.CREATED CUSTOMER.DISPUTE.UPDATED CUSTOMER.DISPUTE.RESOLVED', dispute),
]);
