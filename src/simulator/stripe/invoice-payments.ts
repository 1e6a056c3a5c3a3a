/** Which payment an invoice is paid with. Since 2025 this is the only way from one to the other. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Index } from '../lookup.ts';
import type { Call } from './call.ts';
import { missing } from './errors.ts';
import { page } from './list.ts';
import { expand, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Invoice, InvoicePayment } from './wire.ts';

export const invoicePaymentRoutes: Route[] = [
  route('GET', '/v1/invoice_payments/:id', expand, (call, _, id) => {
    const payment = call.store.get('invoice_payment', id);
    if (payment === undefined) throw missing('invoice_payment', id);
    return ok(payment);
  }),
  route(
    'GET',
    '/v1/invoice_payments',
    {
      ...pagination,
      invoice: text.optional(),
      payment: z.strictObject({ payment_intent: text.optional(), type: z.literal('payment_intent') }).optional(),
      status: z.enum(['open', 'paid', 'canceled']).optional(),
    },
    (call, { invoice, payment, status, ...params }) =>
      page(call, 'invoice_payment', '/v1/invoice_payments', params, (row) => {
        if (invoice !== undefined && row.invoice !== invoice) return false;
        if (status !== undefined && row.status !== status) return false;
        return payment?.payment_intent === undefined || row.payment.payment_intent === payment.payment_intent;
      }),
  ),
];

const byInvoice: Index<InvoicePayment> = { key: ({ invoice }) => invoice };
const byIntent: Index<InvoicePayment> = { key: ({ payment }) => payment.payment_intent ?? null };

export const paymentsOf = (call: Pick<Call, 'store'>, invoice: string) =>
  call.store.find('invoice_payment', byInvoice, invoice);
export const paymentBy = (call: Pick<Call, 'store'>, intent: string) =>
  call.store.first('invoice_payment', byIntent, intent);
/** The one that is still open, or that paid. */
export const defaultPayment = (call: Pick<Call, 'store'>, invoice: string) =>
  paymentsOf(call, invoice).find(({ is_default }) => is_default);

export function addPayment(call: Call, invoice: Invoice, intent: string, at: number): InvoicePayment {
  return call.store.put('invoice_payment', {
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: at,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

export function endPayment(
  call: Call,
  payment: InvoicePayment,
  status: 'paid' | 'canceled',
  at: number,
): InvoicePayment {
  return call.store.put('invoice_payment', {
    ...payment,
    ...(status === 'paid' && { amount_paid: payment.amount_requested }),
    status,
    status_transitions: { ...payment.status_transitions, [`${status}_at`]: at },
  });
}
