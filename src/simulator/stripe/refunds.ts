import { z } from 'zod';
import { newId } from '../ids.ts';
import { move } from './balance-transactions.ts';
import type { Behaviour } from './behaviour.ts';
import type { Call } from './call.ts';
import { merged, previous } from './changes.ts';
import { chargeFor } from './charges.ts';
import { invalid, missing } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, integer, metadata, pagination, text } from './params.ts';
import { intentFor } from './payment-intents.ts';
import { ok, type Route, route } from './route.ts';
import type { Charge, Refund } from './wire.ts';

const A_DAY = 86_400;

export const refundRoutes: Route[] = [
  route(
    'POST',
    '/v1/refunds',
    {
      ...expand,
      amount: integer.optional(),
      charge: text.optional(),
      metadata: metadata.optional(),
      payment_intent: text.optional(),
      reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
    },
    (call, params) => {
      const charge = chargeToRefund(call, params);
      const amount = params.amount ?? charge.amount_captured - charge.amount_refunded;
      assertRefundable(charge, amount);
      return ok(refund(call, charge, amount, params.reason ?? null, merged({}, params.metadata)));
    },
  ),
  route('GET', '/v1/refunds/:id', expand, (call, _, id) => ok(refundFor(call, id))),
  route('POST', '/v1/refunds/:id', { ...expand, metadata: metadata.optional() }, (call, params, id) => {
    const before = refundFor(call, id);
    const after = { ...before, metadata: merged(before.metadata ?? {}, params.metadata) };
    return ok(changeRefund(call, before, after));
  }),
  route(
    'GET',
    '/v1/refunds',
    { ...pagination, charge: text.optional(), created: created.optional(), payment_intent: text.optional() },
    (call, { charge, payment_intent, ...params }) =>
      page(call, 'refund', '/v1/refunds', params, (refund) => {
        if (charge !== undefined && refund.charge !== charge) return false;
        if (payment_intent !== undefined && refund.payment_intent !== payment_intent) return false;
        return within(refund.created, params.created);
      }),
  ),
];

/** A refund that a credit note makes. */
export function refundOf(call: Call, payment_intent: string, amount: number): Refund {
  const charge = chargeToRefund(call, { payment_intent });
  assertRefundable(charge, amount);
  return refund(call, charge, amount, null, {});
}

function refundFor(call: Call, id: string): Refund {
  const refund = call.store.get('refund', id);
  if (refund === undefined) throw missing('refund', id);
  return refund;
}

function chargeToRefund(call: Call, { charge, payment_intent }: { charge?: string; payment_intent?: string }): Charge {
  if ((charge === undefined) === (payment_intent === undefined)) {
    throw invalid('One of the following params should be provided for this request: payment_intent or charge.', {
      code: 'parameter_missing',
    });
  }
  if (charge !== undefined) return chargeFor(call, charge);
  const intent = intentFor(call, payment_intent!);
  const latest = intent.latest_charge === null ? undefined : call.store.get('charge', intent.latest_charge);
  if (latest?.paid !== true) {
    throw invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, {
      param: 'payment_intent',
    });
  }
  return latest;
}

function assertRefundable(charge: Charge, amount: number): void {
  const left = charge.amount_captured - charge.amount_refunded;
  if (!charge.paid || !charge.captured)
    throw invalid(`Charge ${charge.id} has not been captured.`, { param: 'charge' });
  if (charge.disputed)
    throw invalid(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' });
  if (charge.refunded)
    throw invalid(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  if (amount < 1) throw invalid('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  if (amount > left) {
    throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    });
  }
}

function refund(
  call: Call,
  charge: Charge,
  amount: number,
  reason: string | null,
  metadata: Record<string, string>,
): Refund {
  const at = call.now(charge.customer);
  const id = newId('re');
  const { currency, customer } = charge;
  const habit = call.store.get('sim.method', charge.payment_method!)?.habit;
  const pends = habit?.kind === 'refund_pends';
  const transaction = move(call, { type: 'refund', amount: -amount, fee: 0, currency, source: id, customer });
  const refund = call.store.put('refund', {
    id,
    object: 'refund',
    amount,
    balance_transaction: transaction.id,
    charge: charge.id,
    created: at,
    currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: pends ? 'pending' : 'succeeded',
    transfer_reversal: null,
  });
  const amount_refunded = charge.amount_refunded + amount;
  const after = call.store.put('charge', {
    ...charge,
    amount_refunded,
    refunded: amount_refunded === charge.amount_captured,
  });
  call.emit('refund.created', refund, at);
  call.emit('charge.refunded', after, at, previous(charge, after));
  if (pends || habit?.kind === 'refund_fails') settleLater(call, refund, habit);
  return refund;
}

function settleLater(call: Call, refund: Refund, habit: Behaviour): void {
  const status = habit.kind === 'refund_fails' ? 'failed' : 'succeeded';
  const clock = refund.customer === null ? null : call.clockOf(refund.customer);
  const work = { kind: 'settle_refund', refund: refund.id, status } as const;
  call.store.put('sim.due', { id: newId('due'), at: call.now(refund.customer) + A_DAY, clock, work });
}

/** A refund that the bank sent back: the money is on our balance again, and the charge isn't refunded any more. */
export function settleRefund(call: Call, id: string, status: 'succeeded' | 'failed'): void {
  const before = refundFor(call, id);
  if (before.status === 'failed') return; // it has come back already
  if (status === 'succeeded') {
    changeRefund(call, before, { ...before, status });
    return;
  }
  const at = call.now(before.customer);
  const { amount, currency, customer } = before;
  const back = move(call, { type: 'refund_failure', amount, fee: 0, currency, source: id, customer });
  const failure = { failure_balance_transaction: back.id, failure_reason: 'expired_or_canceled_card' };
  const after = changeRefund(call, before, { ...before, ...failure, status });
  call.emit('refund.failed', after, at);
  const charge = chargeFor(call, before.charge!);
  const restored = call.store.put('charge', {
    ...charge,
    amount_refunded: charge.amount_refunded - amount,
    refunded: false,
  });
  call.emit('charge.updated', restored, at, previous(charge, restored));
}

function changeRefund(call: Call, before: Refund, after: Refund): Refund {
  const old = previous(before, after);
  call.store.put('refund', after);
  if (Object.keys(old).length > 0) {
    call.emit('refund.updated', after, call.now(after.customer), old);
    call.emit('charge.refund.updated', after, call.now(after.customer), old);
  }
  return after;
}
