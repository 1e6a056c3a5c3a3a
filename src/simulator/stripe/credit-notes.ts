/** An invoice that is taken back in part: what was owed is owed no more, what was paid is given back. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Index } from '../lookup.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { settle } from './customer-balance.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { change, timeOf } from './invoice.ts';
import { assertAtRest, intentOf, paid, withdrawPayment } from './invoice-collection.ts';
import { page } from './list.ts';
import { expand, integer, list, metadata, pagination, text, unsettable } from './params.ts';
import { refundOf } from './refunds.ts';
import { ok, Rehearsed, type Route, route } from './route.ts';
import type { CreditNote, Invoice } from './wire.ts';

const line = z.strictObject({
  amount: integer.optional(),
  description: text.optional(),
  invoice_line_item: text.optional(),
  quantity: integer.optional(),
  type: z.enum(['custom_line_item', 'invoice_line_item']),
  unit_amount: integer.optional(),
});
const creating = {
  ...expand,
  amount: integer.optional(),
  credit_amount: integer.optional(),
  invoice: text,
  lines: list(line).optional(),
  memo: text.optional(),
  metadata: metadata.optional(),
  out_of_band_amount: integer.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory']).optional(),
  refund_amount: integer.optional(),
};
type Creating = z.output<z.ZodObject<typeof creating>>;

export const creditNoteRoutes: Route[] = [
  route('POST', '/v1/credit_notes', creating, (call, params) => ok(issue(call, params))),
  route('GET', '/v1/credit_notes/preview', creating, (call, params) => {
    throw new Rehearsed(ok(issue(call, params)));
  }),
  route('GET', '/v1/credit_notes/:id', expand, (call, _, id) => ok(noteFor(call, id))),
  route('GET', '/v1/credit_notes/:id/lines', pagination, (call, _, id) => ok(noteFor(call, id).lines)),
  route(
    'POST',
    '/v1/credit_notes/:id',
    { ...expand, memo: unsettable(text).optional(), metadata: metadata.optional() },
    (call, { memo, metadata }, id) => {
      const before = noteFor(call, id);
      const after = { ...before, ...given({ memo }), metadata: merged(before.metadata ?? {}, metadata) };
      call.store.put('credit_note', after);
      call.emit('credit_note.updated', after, call.now(after.customer), previous(before, after));
      return ok(after);
    },
  ),
  route('POST', '/v1/credit_notes/:id/void', expand, (call, _, id) => {
    const before = noteFor(call, id);
    const invoice = call.store.get('invoice', before.invoice)!;
    if (before.status === 'void' || invoice.status !== 'open') {
      throw invalid('Only credit notes of open invoices can be voided.', { code: 'status_transition_invalid' });
    }
    const at = timeOf(call, invoice);
    const after = call.store.put('credit_note', { ...before, status: 'void', voided_at: at });
    change(call, invoice, reduced(invoice, -before.amount));
    call.emit('credit_note.voided', after, at);
    return ok(after);
  }),
  route(
    'GET',
    '/v1/credit_notes',
    { ...pagination, customer: text.optional(), invoice: text.optional() },
    (call, { customer, invoice, ...params }) =>
      page(call, 'credit_note', '/v1/credit_notes', params, (note) => {
        if (customer !== undefined && note.customer !== customer) return false;
        return invoice === undefined || note.invoice === invoice;
      }),
  ),
];

function noteFor(call: Call, id: string): CreditNote {
  const note = call.store.get('credit_note', id);
  if (note === undefined) throw missing('credit_note', id);
  return note;
}

const byInvoice: Index<CreditNote> = { key: ({ invoice, status }) => (status === 'void' ? null : invoice) };

const everOf: Index<CreditNote> = { key: ({ invoice }) => invoice };

function issue(call: Call, params: Creating): CreditNote {
  const invoice = call.store.get('invoice', params.invoice);
  if (invoice === undefined) throw missingReference('invoice', params.invoice, 'invoice');
  if (invoice.status !== 'open' && invoice.status !== 'paid') {
    throw invalid(`You cannot credit an invoice that is ${invoice.status}.`, { param: 'invoice' });
  }
  const lines = (params.lines ?? []).map((each) => ({ ...each, amount: lineAmount(invoice, each) }));
  const amount = params.amount ?? lines.reduce((sum, each) => sum + each.amount, 0);
  const earlier = call.store.find('credit_note', byInvoice, invoice.id);
  const left = invoice.total - earlier.reduce((sum, note) => sum + note.amount, 0);
  if (amount < 1 || amount > left) {
    throw invalid(`The amount of the credit note must be between 1 and what is left of the invoice (${left}).`, {
      param: 'amount',
    });
  }
  return invoice.status === 'open'
    ? beforePayment(call, invoice, params, amount, lines)
    : afterPayment(call, invoice, params, amount, lines);
}

type Line = z.output<typeof line>;

function lineAmount({ lines }: Invoice, { type, invoice_line_item, amount, quantity = 1, unit_amount }: Line): number {
  if (type === 'custom_line_item') return (unit_amount ?? 0) * quantity;
  const credited = lines.data.find(({ id }) => id === invoice_line_item);
  if (credited === undefined) throw missingReference('line item', invoice_line_item ?? '', 'lines[invoice_line_item]');
  return amount ?? credited.amount;
}

/** Less is owed; when nothing is left, the invoice is paid. */
function beforePayment(call: Call, before: Invoice, params: Creating, amount: number, lines: Line[]): CreditNote {
  assertAtRest(call, before);
  const note = put(call, before, params, amount, lines, { pre_payment_amount: amount, type: 'pre_payment' });
  const intent = intentOf(call, before);
  const after = change(call, before, reduced(before, amount));
  if (intent !== undefined && after.amount_remaining > 0) {
    call.store.put('payment_intent', { ...intent, amount: after.amount_remaining });
  }
  if (after.amount_remaining > 0) return note;
  withdrawPayment(call, after, timeOf(call, after));
  paid(call, after);
  return note;
}

function reduced(invoice: Invoice, amount: number): Invoice {
  const amount_due = invoice.amount_due - amount;
  return {
    ...invoice,
    amount_due,
    amount_remaining: invoice.amount_remaining - amount,
    pre_payment_credit_notes_amount: invoice.pre_payment_credit_notes_amount + amount,
  };
}

/** What was paid goes back to the card, onto the customer's account, or by ways of the merchant's own. */
function afterPayment(call: Call, before: Invoice, params: Creating, amount: number, lines: Line[]): CreditNote {
  const { refund_amount = 0, credit_amount = 0, out_of_band_amount = 0 } = params;
  if (refund_amount + credit_amount + out_of_band_amount !== amount) {
    throw invalid('The sum of refund, credit and out-of-band amounts must equal the amount of the credit note.', {
      param: 'amount',
    });
  }
  const at = timeOf(call, before);
  const intent = intentOf(call, before);
  const refund = refund_amount > 0 ? refundOf(call, intent?.id ?? '', refund_amount) : null;
  const note = put(call, before, params, amount, lines, {
    out_of_band_amount: out_of_band_amount || null,
    post_payment_amount: amount,
    refunds: refund
      ? [{ amount_refunded: refund_amount, payment_record_refund: null, refund: refund.id, type: 'refund' }]
      : [],
    type: 'post_payment',
  });
  change(call, before, {
    ...before,
    post_payment_credit_notes_amount: before.post_payment_credit_notes_amount + amount,
  });
  if (credit_amount === 0) return note;
  const { currency, id: invoice } = before;
  const moved = { amount: -credit_amount, currency, type: 'credit_note', invoice, credit_note: note.id };
  const { id: customer_balance_transaction } = settle(call, before.customer!, moved);
  const after = call.store.put('credit_note', { ...note, customer_balance_transaction });
  call.emit('credit_note.updated', after, at, { customer_balance_transaction: null });
  return after;
}

function put(
  call: Call,
  invoice: Invoice,
  { memo, metadata, reason }: Creating,
  amount: number,
  lines: Line[],
  kind: Partial<CreditNote>,
): CreditNote {
  const id = newId('cn');
  const nth = call.store.find('credit_note', everOf, invoice.id).length + 1;
  const at = timeOf(call, invoice);
  const note = call.store.put('credit_note', {
    id,
    object: 'credit_note',
    amount,
    amount_shipping: 0,
    created: at,
    currency: invoice.currency,
    customer: invoice.customer!,
    customer_account: null,
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: at,
    invoice: invoice.id,
    lines: {
      object: 'list',
      data: lines.map((each) => ({
        id: newId('cnli'),
        object: 'credit_note_line_item',
        amount: each.amount!,
        description: each.description ?? null,
        discount_amount: 0,
        discount_amounts: [],
        ...(each.invoice_line_item && { invoice_line_item: each.invoice_line_item }),
        livemode: false,
        metadata: {},
        pretax_credit_amounts: [],
        quantity: each.quantity ?? null,
        tax_rates: [],
        taxes: [],
        type: each.type,
        unit_amount: each.unit_amount ?? null,
        unit_amount_decimal: each.unit_amount === undefined ? null : String(each.unit_amount),
      })),
      has_more: false,
      url: `/v1/credit_notes/${id}/lines`,
    },
    livemode: false,
    memo: memo ?? null,
    metadata: merged({}, metadata),
    number: `${invoice.number}-CN-${String(nth).padStart(2, '0')}`,
    out_of_band_amount: null,
    pdf: `${call.world.url()}/sim/invoice/${invoice.id}`,
    post_payment_amount: 0,
    pre_payment_amount: 0,
    pretax_credit_amounts: [],
    reason: reason ?? null,
    refunds: [],
    shipping_cost: null,
    status: 'issued',
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    voided_at: null,
    type: 'post_payment',
    ...kind,
  });
  call.emit('credit_note.created', note, at);
  return note;
}
