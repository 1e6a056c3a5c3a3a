/** Money that goes back: asked for, or taken back by PayPal itself. */
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { missing, unprocessable } from './errors.ts';
import { cents, money } from './money.ts';
import { captureFor } from './orders.ts';
import { amount, created, nothing, ok, type Route, route } from './route.ts';
import type { Capture, Money, Refund } from './tables.ts';

const LONGEST_MS = 180 * 86_400_000;
const request = z
  .object({
    amount: amount.optional(),
    custom_id: z.string().max(127).optional(),
    invoice_id: z.string().max(127).optional(),
    note_to_payer: z.string().max(255).optional(),
  })
  .nullish()
  .transform((body) => body ?? {});

export const refundRoutes: Route[] = [
  route('POST', '/v2/payments/captures/:id/refund', request, (call, { id, body }) => {
    const row = captureFor(call, id);
    if (call.at - Date.parse(row.create_time) > LONGEST_MS) {
      throw unprocessable(
        'REFUND_TIME_LIMIT_EXCEEDED',
        'You are over the time limit to perform a refund on this capture.',
      );
    }
    const { amount: asked = money(leftOf(call, row), row.amount.currency_code), custom_id, invoice_id } = body;
    const marks = { ...(custom_id !== undefined && { custom_id }), ...(invoice_id !== undefined && { invoice_id }) };
    return created(giveBack(call, row, asked, marks, 'REFUNDED'));
  }),
  route('GET', '/v2/payments/refunds/:id', nothing, (call, { id }) => {
    const row = call.store.get('refund', id);
    if (row === undefined) throw missing('refund');
    return ok(row);
  }),
];

const leftOf = (call: Call, { id, amount: total }: Capture): number =>
  [...call.store.all('refund')]
    .filter(
      (each) => call.store.get('sim.refund', each.id)!.capture === id && !['FAILED', 'CANCELLED'].includes(each.status),
    )
    .reduce((left, each) => left - cents(each.amount), cents(total));

/** `REVERSED`: PayPal takes it, whatever was asked for. */
export function giveBack(
  call: Call,
  row: Capture,
  asked: Money,
  marks: Pick<Refund, 'custom_id' | 'invoice_id'>,
  why: 'REFUNDED' | 'REVERSED',
): Refund {
  const left = leftOf(call, row);
  if (!['COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED'].includes(row.status)) {
    throw unprocessable('INVALID_RESOURCE_STATUS', 'The capture is not completed.');
  }
  if (left === 0) throw unprocessable('CAPTURE_FULLY_REFUNDED', 'The capture has already been fully refunded.');
  if (asked.currency_code !== row.amount.currency_code) {
    throw unprocessable('REFUND_CAPTURE_CURRENCY_MISMATCH', 'Refund must be in the same currency as the capture.');
  }
  if (cents(asked) > left) {
    throw unprocessable(
      'REFUND_AMOUNT_EXCEEDED',
      'The refund amount must be less than or equal to the capture amount that has not yet been refunded.',
    );
  }
  const met = why === 'REFUNDED' ? call.meets('refund_pends', 'refund_fails') : null;
  const time = call.time();
  const id = code();
  const refund: Refund = call.store.put('refund', {
    id,
    status: met === null ? 'COMPLETED' : met.behaviour === 'refund_pends' ? 'PENDING' : 'FAILED',
    amount: asked,
    ...marks,
    links: [call.link('self', `/v2/payments/refunds/${id}`), call.link('up', `/v2/payments/captures/${row.id}`)],
    create_time: time,
    update_time: time,
  });
  call.store.put('sim.refund', { id, capture: row.id });
  if (refund.status === 'COMPLETED') given(call, row, refund, why);
  return refund;
}

function given(call: Call, row: Capture, refund: Refund, why: 'REFUNDED' | 'REVERSED'): void {
  const status = leftOf(call, row) === 0 ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  call.store.put('capture', { ...row, status, update_time: call.time() });
  const { value, currency_code } = refund.amount;
  const summary = `A ${value} ${currency_code} capture payment was ${why.toLowerCase()}`;
  call.afterwards(() => call.emit(`PAYMENT.CAPTURE.${why}`, 'refund', summary, refund));
}

export function settleRefund(call: Call, id: string, status: 'COMPLETED' | 'FAILED'): Refund {
  const row = call.store.get('refund', id);
  if (row?.status !== 'PENDING') throw missing('pending refund');
  const settled = call.store.put('refund', { ...row, status, update_time: call.time() });
  const capture = captureFor(call, call.store.get('sim.refund', id)!.capture);
  if (status === 'COMPLETED') given(call, capture, settled, 'REFUNDED');
  else call.emit('PAYMENT.CAPTURE.REFUNDED', 'refund', 'A refund has failed', settled);
  return settled;
}
