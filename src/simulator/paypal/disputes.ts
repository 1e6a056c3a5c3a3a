/** Buyers who want their money back from PayPal. */
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { missing, unprocessable } from './errors.ts';
import { captureFor } from './orders.ts';
import { giveBack } from './refunds.ts';
import { nothing, ok, type Route, route } from './route.ts';
import type { Capture, Dispute } from './tables.ts';

const verdict = z.object({ adjudication_outcome: z.enum(['BUYER_FAVOR', 'SELLER_FAVOR']) });
const noted = z.object({ note: z.string().min(1).max(2000) });

export const disputeRoutes: Route[] = [
  route('GET', '/v1/customer/disputes/:id', nothing, (call, { id }) => ok(shown(call, disputeFor(call, id)))),
  route('GET', '/v1/customer/disputes', nothing, (call, { query }) => {
    const of = query.get('disputed_transaction_id');
    const items = [...call.store.all('dispute')].filter(
      (row) => of === null || row.disputed_transactions[0]!.seller_transaction_id === of,
    );
    return ok({ items: items.map((row) => shown(call, row)), links: [] });
  }),
  route('POST', '/v1/customer/disputes/:id/accept-claim', noted, (call, { id }) =>
    resolved(call, id, 'RESOLVED_BUYER_FAVOUR'),
  ),
  route('POST', '/v1/customer/disputes/:id/provide-evidence', nothing, (call, { id }) => {
    const row = { ...openOne(call, id), status: 'UNDER_REVIEW' as const, update_time: call.time() };
    tell(call, 'UPDATED', call.store.put('dispute', row));
    return ok({ links: [call.link('self', `/v1/customer/disputes/${id}`)] });
  }),
  route('POST', '/v1/customer/disputes/:id/escalate', noted, (call, { id }) => {
    const row = { ...openOne(call, id), dispute_life_cycle_stage: 'CHARGEBACK' as const, update_time: call.time() };
    tell(call, 'UPDATED', call.store.put('dispute', row));
    return ok({ links: [call.link('self', `/v1/customer/disputes/${id}`)] });
  }),
  /** In the sandbox whoever tests is the judge. */
  route('POST', '/v1/customer/disputes/:id/adjudicate', verdict, (call, { id, body }) =>
    resolved(
      call,
      id,
      body.adjudication_outcome === 'BUYER_FAVOR' ? 'RESOLVED_BUYER_FAVOUR' : 'RESOLVED_SELLER_FAVOUR',
    ),
  ),
];

export function openDispute(
  call: Call,
  capture: Capture,
  reason: string,
  stage: Dispute['dispute_life_cycle_stage'],
): Dispute {
  const id = `PP-D-${code(6)}`;
  const time = call.time();
  const row = call.store.put('dispute', {
    ...{ id, dispute_id: id, create_time: time, update_time: time, reason },
    status: 'OPEN',
    dispute_life_cycle_stage: stage,
    dispute_amount: capture.amount,
    disputed_transactions: [{ seller_transaction_id: capture.id, gross_amount: capture.amount }],
  });
  tell(call, 'CREATED', row);
  return row;
}

/** A buyer who is right gets the money back: PayPal takes it from the seller. */
function resolved(call: Call, id: string, outcome_code: string) {
  const row = openOne(call, id);
  const isLost = outcome_code === 'RESOLVED_BUYER_FAVOUR';
  const { value, currency_code } = row.dispute_amount;
  const dispute_outcome = {
    outcome_code,
    amount_refunded: isLost ? { value, currency_code } : { value: '0.00', currency_code },
  };
  const after = call.store.put('dispute', { ...row, status: 'RESOLVED', dispute_outcome, update_time: call.time() });
  if (isLost) {
    const { custom_id, invoice_id, ...capture } = captureFor(call, row.disputed_transactions[0]!.seller_transaction_id);
    const marks = { ...(custom_id !== undefined && { custom_id }), ...(invoice_id !== undefined && { invoice_id }) };
    giveBack(call, { ...capture, ...marks }, row.dispute_amount, marks, 'REVERSED');
  }
  tell(call, 'RESOLVED', after);
  return ok({ links: [call.link('self', `/v1/customer/disputes/${id}`)] });
}

function disputeFor(call: Call, id: string): Dispute {
  const row = call.store.get('dispute', id);
  if (row === undefined) throw missing('dispute');
  return row;
}

function openOne(call: Call, id: string): Dispute {
  const row = disputeFor(call, id);
  if (row.status === 'RESOLVED') throw unprocessable('DISPUTE_ALREADY_RESOLVED', 'The dispute is resolved.');
  return row;
}

const tell = (call: Call, what: string, row: Dispute): void =>
  call.emit(`CUSTOMER.DISPUTE.${what}`, 'dispute', `A dispute was ${what.toLowerCase()}`, shown(call, row));

const shown = (call: Call, { id, ...row }: Dispute): object => ({
  ...row,
  links: [call.link('self', `/v1/customer/disputes/${id}`)],
});
