/** Orders of the second generation: paid at once from a vaulted source, or approved by the buyer and then captured. */
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { invalid, missing, unprocessable } from './errors.ts';
import { CURRENCIES, cents, feeOf, money } from './money.ts';
import { amount, answer, created, experience, nothing, ok, type Route, route } from './route.ts';
import type { Capture, Order } from './tables.ts';
import { makePaymentToken } from './vault.ts';

const wallet = z.object({
  vault_id: z.string().optional(),
  experience_context: experience,
  attributes: z
    .object({
      vault: z.object({ store_in_vault: z.literal('ON_SUCCESS') }).optional(),
      customer: z.object({ id: z.string().optional() }).optional(),
    })
    .optional(),
});
const order = z.object({
  intent: z.literal('CAPTURE'),
  purchase_units: z
    .array(
      z.object({
        reference_id: z.string().max(256).default('default'),
        amount,
        custom_id: z.string().max(127).optional(),
        invoice_id: z.string().max(127).optional(),
      }),
    )
    .length(1),
  payment_source: z.object({ paypal: wallet.optional(), card: wallet.optional() }).optional(),
  application_context: experience,
});

export const orderRoutes: Route[] = [
  route('POST', '/v2/checkout/orders', order, (call, { body, isFull }) => {
    const [unit] = body.purchase_units;
    const total = unit!.amount;
    if (!CURRENCIES.has(total.currency_code))
      throw unprocessable('CURRENCY_NOT_SUPPORTED', 'The currency code is not currently supported.');
    if (cents(total) === 0) throw unprocessable('CANNOT_BE_ZERO_OR_NEGATIVE', 'Must be greater than zero.');
    const source = body.payment_source?.paypal ?? body.payment_source?.card;
    const kind = body.payment_source?.card ? 'card' : 'paypal';
    const time = call.time();
    const row: Order = {
      id: code(),
      intent: 'CAPTURE',
      status: 'CREATED',
      purchase_units: body.purchase_units,
      payment_source: { [kind]: {} },
      create_time: time,
      update_time: time,
    };
    if (source?.vault_id === undefined) {
      const { return_url, cancel_url } = source?.experience_context ?? body.application_context ?? {};
      const status = source ? 'PAYER_ACTION_REQUIRED' : 'CREATED';
      const vault = source?.attributes?.vault ? { customer: source.attributes.customer?.id ?? null } : null;
      call.store.put('sim.order', { id: row.id, returnUrl: return_url ?? null, cancelUrl: cancel_url ?? null, vault });
      return answer(source ? 200 : 201, shown(call, call.store.put('order', { ...row, status }), isFull));
    }
    if (!call.store.get('payment_token', source.vault_id)) {
      throw unprocessable('TOKEN_ID_NOT_FOUND', 'The token id does not exist in the vault.');
    }
    return created(shown(call, capture(call, row), isFull));
  }),
  route('GET', '/v2/checkout/orders/:id', nothing, (call, { id }) => ok(shown(call, orderFor(call, id), true))),
  route('POST', '/v2/checkout/orders/:id/capture', nothing, (call, { id, isFull }) => {
    const row = orderFor(call, id);
    if (row.status === 'COMPLETED') throw unprocessable('ORDER_ALREADY_CAPTURED', 'Order already captured.');
    if (row.status !== 'APPROVED')
      throw unprocessable('ORDER_NOT_APPROVED', 'Payer has not yet approved the order for payment.');
    return created(shown(call, capture(call, row), isFull));
  }),
  route('GET', '/v2/payments/captures/:id', nothing, (call, { id }) => ok(captureShown(call, captureFor(call, id)))),
];

export function orderFor(call: Call, id: string): Order {
  const row = call.store.get('order', id);
  if (row === undefined) throw missing('order');
  return row;
}

export function captureFor(call: Call, id: string): Capture {
  const row = call.store.get('capture', id);
  if (row === undefined) throw missing('capture');
  return row;
}

export function approveOrder(call: Call, row: Order): void {
  const approved = call.store.put('order', { ...row, status: 'APPROVED', update_time: call.time() });
  call.emit('CHECKOUT.ORDER.APPROVED', 'checkout-order', 'An order has been approved by buyer', approved);
}

function capture(call: Call, row: Order): Order {
  const declined = call.meets('declines');
  if (declined?.behaviour === 'declines') throw unprocessable(declined.issue, 'The instrument presented was declined.');
  const [{ amount: total, custom_id, invoice_id }] = row.purchase_units as [Order['purchase_units'][0]];
  const isUsed = [...call.store.all('capture')].some(
    (each) =>
      invoice_id !== undefined && each.invoice_id === invoice_id && !['DECLINED', 'FAILED'].includes(each.status),
  );
  if (isUsed) throw unprocessable('DUPLICATE_INVOICE_ID', 'Duplicate Invoice ID detected.');
  const met = call.meets('denies', 'pends');
  const status = met === null ? 'COMPLETED' : met.behaviour === 'denies' ? 'DECLINED' : 'PENDING';
  const time = call.time();
  const made: Capture = call.store.put('capture', {
    id: code(),
    status,
    ...(met && 'reason' in met && { status_details: { reason: met.reason } }),
    amount: total,
    final_capture: true,
    ...(custom_id !== undefined && { custom_id }),
    ...(invoice_id !== undefined && { invoice_id }),
    ...(status === 'COMPLETED' && { seller_receivable_breakdown: breakdown(total) }),
    supplementary_data: { related_ids: { order_id: row.id } },
    create_time: time,
    update_time: time,
  });
  call.afterwards(() => tell(call, made));
  const memory = call.store.get('sim.order', row.id);
  const kept = memory?.vault ? makePaymentToken(call, { id: memory.vault.customer ?? code(10) }, { paypal: {} }) : null;
  return call.store.put('order', {
    ...row,
    status: 'COMPLETED',
    ...(kept && {
      payment_source: {
        paypal: { attributes: { vault: { id: kept.id, status: 'VAULTED', customer: kept.customer } } },
      },
    }),
    update_time: time,
  });
}

const breakdown = (gross: Capture['amount']): Capture['seller_receivable_breakdown'] => {
  const { currency_code } = gross;
  const fee = feeOf(gross);
  return {
    gross_amount: gross,
    paypal_fee: money(fee, currency_code),
    net_amount: money(cents(gross) - fee, currency_code),
  };
};

const EVENTS = { COMPLETED: 'COMPLETED', PENDING: 'PENDING', DECLINED: 'DENIED' } as const;

function tell(call: Call, row: Capture): void {
  if (!(row.status in EVENTS)) return;
  const what = EVENTS[row.status as keyof typeof EVENTS];
  const { value, currency_code } = row.amount;
  const summary = `Payment ${what.toLowerCase()} for ${value} ${currency_code}`;
  call.emit(`PAYMENT.CAPTURE.${what}`, 'capture', summary, captureShown(call, row));
}

/** A capture that was pending comes to its end. */
export function settleCapture(call: Call, row: Capture, status: 'COMPLETED' | 'DECLINED'): Capture {
  if (row.status !== 'PENDING') throw invalid('/status', `the capture is ${row.status}`);
  const { status_details: _, ...rest } = row;
  const settled = call.store.put('capture', {
    ...rest,
    status,
    ...(status === 'COMPLETED'
      ? { seller_receivable_breakdown: breakdown(row.amount) }
      : { status_details: { reason: 'REFUSED' } }),
    update_time: call.time(),
  });
  tell(call, settled);
  return settled;
}

export const captureShown = (call: Call, row: Capture): object => ({
  ...row,
  links: [
    call.link('self', `/v2/payments/captures/${row.id}`),
    call.link('refund', `/v2/payments/captures/${row.id}/refund`, 'POST'),
    call.link('up', `/v2/checkout/orders/${row.supplementary_data.related_ids.order_id}`),
  ],
});

/** Without `Prefer: return=representation` only the id, the status and the links. */
function shown(call: Call, row: Order, isFull: boolean): object {
  const { id, status } = row;
  const approve =
    status === 'PAYER_ACTION_REQUIRED'
      ? [call.link('payer-action', `/checkoutnow?token=${id}`)]
      : status === 'CREATED'
        ? [call.link('approve', `/checkoutnow?token=${id}`)]
        : [];
  const links = [call.link('self', `/v2/checkout/orders/${id}`), ...approve];
  if (!isFull) return { id, status, links };
  const captures = [...call.store.all('capture')].filter((each) => each.supplementary_data.related_ids.order_id === id);
  const ids = new Set(captures.map((each) => each.id));
  const refunds = [...call.store.all('refund')].filter((each) =>
    ids.has(call.store.get('sim.refund', each.id)!.capture),
  );
  const payments = {
    ...(captures.length > 0 && { captures: captures.map((each) => captureShown(call, each)) }),
    ...(refunds.length > 0 && { refunds }),
  };
  const units = row.purchase_units.map((unit) => (captures.length > 0 ? { ...unit, payments } : unit));
  return { ...row, purchase_units: units, links };
}
