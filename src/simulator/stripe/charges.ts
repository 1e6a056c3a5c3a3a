import { newId } from '../ids.ts';
import { move } from './balance-transactions.ts';
import type { Behaviour } from './behaviour.ts';
import type { Call } from './call.ts';
import { merged, previous } from './changes.ts';
import { type Decline, declineFor } from './declines.ts';
import { openDispute } from './disputes.ts';
import { missing } from './errors.ts';
import { page, within } from './list.ts';
import { processingFee } from './money.ts';
import { created, expand, metadata, pagination, text, unsettable } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './wire.ts';

export const chargeRoutes: Route[] = [
  route('GET', '/v1/charges/:id', expand, (call, _, id) => ok(chargeFor(call, id))),
  route(
    'POST',
    '/v1/charges/:id',
    { ...expand, description: unsettable(text).optional(), metadata: metadata.optional() },
    (call, params, id) => {
      const before = chargeFor(call, id);
      const { description = before.description } = params;
      const after = call.store.put('charge', {
        ...before,
        description,
        metadata: merged(before.metadata, params.metadata),
      });
      call.emit('charge.updated', after, call.now(after.customer), previous(before, after));
      return ok(after);
    },
  ),
  route(
    'GET',
    '/v1/charges',
    { ...pagination, created: created.optional(), customer: text.optional(), payment_intent: text.optional() },
    (call, { customer, payment_intent, ...params }) =>
      page(call, 'charge', '/v1/charges', params, (charge) => {
        if (customer !== undefined && charge.customer !== customer) return false;
        if (payment_intent !== undefined && charge.payment_intent !== payment_intent) return false;
        return within(charge.created, params.created);
      }),
  ),
];

export function chargeFor(call: Call, id: string): Charge {
  const charge = call.store.get('charge', id);
  if (charge === undefined) throw missing('charge', id);
  return charge;
}

export function succeed(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  behaviour: Behaviour,
  pending?: Charge,
): Charge {
  const captured = intent.capture_method !== 'manual';
  const charge = call.store.put('charge', {
    ...(pending ?? blank(call, intent, method)),
    status: 'succeeded',
    paid: true,
    captured,
    amount_captured: captured ? intent.amount : 0,
    outcome: outcome('authorized', 'approved_by_network', null, 'Payment complete.'),
  });
  call.emit('charge.succeeded', charge, call.now(charge.customer));
  if (captured) call.afterwards(() => settle(call, charge.id, behaviour));
  return charge;
}

export function fail(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  pending?: Charge,
): Charge {
  const charge = call.store.put('charge', {
    ...(pending ?? blank(call, intent, method)),
    status: 'failed',
    paid: false,
    captured: false,
    failure_code: decline.code,
    failure_message: decline.message,
    outcome: {
      ...outcome(
        'issuer_declined',
        'declined_by_network',
        decline.decline_code ?? decline.code,
        'The bank declined the payment.',
      ),
      advice_code: decline.advice_code ?? null,
      network_decline_code: decline.network_decline_code ?? null,
    },
  });
  call.emit('charge.failed', charge, call.now(charge.customer));
  return charge;
}

export function pend(call: Call, intent: PaymentIntent, method: PaymentMethod): Charge {
  const charge = call.store.put('charge', blank(call, intent, method));
  call.emit('charge.pending', charge, call.now(charge.customer));
  return charge;
}

/** The balance follows a moment after the answer, and tells it in an event of its own. A dispute follows that. */
export function settle(call: Call, id: string, behaviour: Behaviour): void {
  const before = chargeFor(call, id);
  const { amount_captured: amount, currency } = before;
  const { customer } = before;
  const at = call.now(customer);
  const fee = processingFee(amount);
  const transaction = move(call, { type: 'charge', amount, fee, currency, source: id, customer });
  const after = call.store.put('charge', { ...before, balance_transaction: transaction.id });
  call.emit('charge.updated', after, at, previous(before, after));
  if (behaviour.kind === 'disputed') openDispute(call, after, behaviour.reason, behaviour.inquiry);
}

export const declineOf = (charge: Charge): Decline => declineFor(charge.outcome?.reason ?? 'generic_decline');

function outcome(
  type: string,
  network_status: string,
  reason: string | null,
  seller_message: string,
): NonNullable<Charge['outcome']> {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status,
    reason,
    risk_level: 'normal',
    risk_score: 20,
    seller_message,
    type,
  };
}

function blank(call: Call, intent: PaymentIntent, method: PaymentMethod): Charge {
  const { brand, checks, country, exp_month, exp_year, fingerprint, funding, last4 } = method.card!;
  return {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: intent.statement_descriptor,
    captured: false,
    created: call.now(intent.customer),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: {
      card: {
        amount_authorized: intent.amount,
        authorization_code: null,
        brand,
        checks,
        country,
        electronic_commerce_indicator: null,
        exp_month,
        exp_year,
        fingerprint,
        funding,
        installments: null,
        last4,
        mandate: null,
        network: brand,
        network_transaction_id: null,
        regulated_status: 'unregulated',
        three_d_secure: null,
        transaction_link_id: null,
        wallet: null,
      },
      type: 'card',
    },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  };
}
