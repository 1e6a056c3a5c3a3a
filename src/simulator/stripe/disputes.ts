import { z } from 'zod';
import { newId } from '../ids.ts';
import { move } from './balance-transactions.ts';
import type { Call } from './call.ts';
import { merged, previous } from './changes.ts';
import { invalid, missing } from './errors.ts';
import { page, within } from './list.ts';
import { DISPUTE_FEE } from './money.ts';
import { created, expand, flag, metadata, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Charge, Dispute } from './wire.ts';

const A_WEEK = 7 * 86_400;

export const disputeRoutes: Route[] = [
  route('GET', '/v1/disputes/:id', expand, (call, _, id) => ok(disputeFor(call, id))),
  route(
    'GET',
    '/v1/disputes',
    { ...pagination, charge: text.optional(), created: created.optional(), payment_intent: text.optional() },
    (call, { charge, payment_intent, ...params }) =>
      page(call, 'dispute', '/v1/disputes', params, (dispute) => {
        if (charge !== undefined && dispute.charge !== charge) return false;
        if (payment_intent !== undefined && dispute.payment_intent !== payment_intent) return false;
        return within(dispute.created, params.created);
      }),
  ),
  route(
    'POST',
    '/v1/disputes/:id',
    {
      ...expand,
      evidence: z.strictObject({ uncategorized_text: text }).optional(),
      metadata: metadata.optional(),
      submit: flag.optional(),
    },
    (call, params, id) => {
      const before = disputeFor(call, id);
      const evidence = params.evidence?.uncategorized_text;
      const after = change(call, before, {
        ...before,
        ...(evidence !== undefined && {
          evidence: { ...before.evidence, uncategorized_text: evidence },
          evidence_details: { ...before.evidence_details, has_evidence: true },
        }),
        metadata: merged(before.metadata, params.metadata),
      });
      if (evidence === undefined || params.submit === false) return ok(after);
      return ok(submitted(call, after, evidence));
    },
  ),
  route('POST', '/v1/disputes/:id/close', expand, (call, _, id) => ok(close(call, disputeFor(call, id), 'lost'))),
];

function disputeFor(call: Call, id: string): Dispute {
  const dispute = call.store.get('dispute', id);
  if (dispute === undefined) throw missing('dispute', id);
  return dispute;
}

/** An inquiry asks first and takes no money. */
export function openDispute(call: Call, charge: Charge, reason: string, inquiry: boolean): void {
  const at = call.now(charge.customer);
  const id = newId('du');
  const { amount_captured: amount, currency, customer } = charge;
  const taken = () =>
    move(call, { type: 'adjustment', amount: -amount, fee: DISPUTE_FEE, currency, source: id, customer });
  const dispute = call.store.put('dispute', {
    id,
    object: 'dispute',
    amount,
    balance_transactions: inquiry ? [] : [taken()],
    charge: charge.id,
    created: at,
    currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: at + A_WEEK,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    network_reason_code: '10',
    payment_intent: charge.payment_intent,
    reason,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  });
  call.emit('charge.dispute.created', dispute, at);
  if (inquiry) return;
  const after = call.store.put('charge', { ...charge, disputed: true });
  call.emit('charge.updated', after, at, previous(charge, after));
  call.emit('charge.dispute.funds_withdrawn', dispute, at);
}

/** Stripe's test evidence: `winning_evidence` wins, anything else loses. */
function submitted(call: Call, dispute: Dispute, evidence: string): Dispute {
  const details = { ...dispute.evidence_details, submission_count: 1, submission_method: 'manual' };
  return close(call, { ...dispute, evidence_details: details }, evidence === 'winning_evidence' ? 'won' : 'lost');
}

function close(call: Call, dispute: Dispute, verdict: 'won' | 'lost'): Dispute {
  if (['won', 'lost', 'warning_closed'].includes(dispute.status)) {
    throw invalid('This dispute is already closed', { code: 'dispute_already_closed' });
  }
  const charge = call.store.get('charge', dispute.charge)!;
  const at = call.now(charge.customer);
  const inquiry = dispute.status.startsWith('warning_');
  const { amount, currency, id: source } = dispute;
  const back =
    verdict === 'won' && !inquiry
      ? [move(call, { type: 'adjustment', amount, fee: 0, currency, source, customer: charge.customer })] // the fee is kept
      : [];
  const status = inquiry ? 'warning_closed' : verdict;
  const closed = { ...dispute, balance_transactions: [...dispute.balance_transactions, ...back], status };
  call.store.put('dispute', closed);
  call.emit('charge.dispute.closed', closed, at);
  if (back.length > 0) call.emit('charge.dispute.funds_reinstated', closed, at);
  return closed;
}

function change(call: Call, before: Dispute, after: Dispute): Dispute {
  const at = call.now(call.store.get('charge', before.charge)!.customer);
  const old = previous(before, after);
  call.store.put('dispute', after);
  if (Object.keys(old).length > 0) call.emit('charge.dispute.updated', after, at, old);
  return after;
}

const NO_EVIDENCE: Dispute['evidence'] = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};
