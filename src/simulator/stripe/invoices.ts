import { z } from 'zod';
import { DAY } from './calendar.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { customerFor } from './customers.ts';
import { discounts, redeem } from './discounts.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { change, draft, keep, recomposed, subscriptionOf, timeOf } from './invoice.ts';
import {
  assertAtRest,
  collect,
  FINALIZES_AFTER,
  finalize,
  isProcessing,
  markUncollectible,
  notDraft,
  paid,
  refusalOf,
  voidInvoice,
  withdrawPayment,
  wrongStatus,
} from './invoice-collection.ts';
import { preview, previewing } from './invoice-preview.ts';
import { page, within } from './list.ts';
import { methodFor } from './methods.ts';
import { created, expand, flag, integer, metadata, pagination, text, unsettable } from './params.ts';
import { type Answer, ok, type Route, route } from './route.ts';
import { waitingLines } from './waiting.ts';
import type { Invoice } from './wire.ts';

const fields = {
  ...expand,
  auto_advance: flag.optional(),
  automatically_finalizes_at: integer.optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer.optional(),
  default_payment_method: text.optional(),
  description: unsettable(text).optional(),
  discounts: discounts.optional(),
  due_date: integer.optional(),
  footer: unsettable(text).optional(),
  metadata: metadata.optional(),
  statement_descriptor: text.optional(),
};
type Fields = z.output<z.ZodObject<typeof fields>>;

export const invoiceRoutes: Route[] = [
  route('POST', '/v1/invoices/create_preview', previewing, (call, params) => preview(call, params)),
  route(
    'POST',
    '/v1/invoices',
    {
      ...fields,
      currency: text.optional(),
      customer: text,
      pending_invoice_items_behavior: z.enum(['exclude', 'include']).optional(),
      subscription: text.optional(),
    },
    create,
  ),
  route('GET', '/v1/invoices/:id', expand, (call, _, id) => ok(invoiceFor(call, id))),
  route('GET', '/v1/invoices/:id/lines', pagination, (call, { limit = 10, starting_after }, id) => {
    const lines = invoiceFor(call, id).lines.data;
    const start = lines.findIndex((line) => line.id === starting_after) + 1;
    const data = lines.slice(start, start + limit);
    return ok({ object: 'list', url: `/v1/invoices/${id}/lines`, has_more: start + data.length < lines.length, data });
  }),
  route('POST', '/v1/invoices/:id', fields, (call, params, id) => ok(update(call, invoiceFor(call, id), params))),
  route('DELETE', '/v1/invoices/:id', {}, (call, _, id) => {
    const invoice = invoiceFor(call, id);
    if (invoice.status !== 'draft' || subscriptionOf(invoice) !== null) {
      throw invalid('You can only delete draft invoices that were not created by a subscription.');
    }
    for (const item of call.store.all('invoiceitem')) {
      if (item.invoice === id) call.store.put('invoiceitem', { ...item, invoice: null });
    }
    call.store.remove('invoice', id);
    call.schedule(`due_${id}`, null, null, { kind: 'invoice', invoice: id });
    call.emit('invoice.deleted', invoice, timeOf(call, invoice));
    return ok({ id, object: 'invoice', deleted: true });
  }),
  route('POST', '/v1/invoices/:id/finalize', { ...expand, auto_advance: flag.optional() }, (call, params, id) => {
    const before = invoiceFor(call, id);
    if (before.status !== 'draft') throw notDraft(before);
    const open = finalize(call, { ...before, ...given({ auto_advance: params.auto_advance }) });
    if (open.status !== 'open' || open.auto_advance !== true || open.collection_method === 'send_invoice') {
      return ok(open);
    }
    // As at Stripe, the money is tried an hour later.
    return ok(keep(call, { ...open, next_payment_attempt: timeOf(call, open) + FINALIZES_AFTER }));
  }),
  route(
    'POST',
    '/v1/invoices/:id/pay',
    {
      ...expand,
      off_session: flag.optional(),
      paid_out_of_band: flag.optional(),
      payment_method: text.optional(),
    },
    (call, params, id) => pay(call, invoiceFor(call, id), params),
  ),
  route('POST', '/v1/invoices/:id/send', expand, (call, _, id) => {
    const invoice = invoiceFor(call, id);
    const open = invoice.status === 'draft' ? finalize(call, invoice) : invoice;
    if (open.status === 'void') throw wrongStatus('send', open);
    call.emit('invoice.sent', open, timeOf(call, open));
    return ok(open);
  }),
  route('POST', '/v1/invoices/:id/void', expand, (call, _, id) => ok(voidInvoice(call, invoiceFor(call, id)))),
  route('POST', '/v1/invoices/:id/mark_uncollectible', expand, (call, _, id) =>
    ok(markUncollectible(call, invoiceFor(call, id))),
  ),
  route(
    'GET',
    '/v1/invoices',
    {
      ...pagination,
      collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
      created: created.optional(),
      customer: text.optional(),
      due_date: created.optional(),
      status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
      subscription: text.optional(),
    },
    (call, { collection_method, customer, due_date, status, subscription, ...params }) =>
      page(call, 'invoice', '/v1/invoices', params, (invoice) => {
        if (collection_method !== undefined && invoice.collection_method !== collection_method) return false;
        if (customer !== undefined && invoice.customer !== customer) return false;
        if (status !== undefined && invoice.status !== status) return false;
        if (subscription !== undefined && subscriptionOf(invoice) !== subscription) return false;
        if (due_date !== undefined && !within(invoice.due_date ?? 0, due_date)) return false;
        return within(invoice.created, params.created);
      }),
  ),
];

export function invoiceFor(call: Call, id: string): Invoice {
  const invoice = call.store.get('invoice', id);
  if (invoice === undefined) throw missing('invoice', id, 'invoice');
  return invoice;
}

type Creating = Fields & {
  currency?: string;
  customer: string;
  pending_invoice_items_behavior?: 'exclude' | 'include';
  subscription?: string;
};

function create(call: Call, params: Creating): Answer {
  const customer = customerFor(call, params.customer, 'customer');
  const { auto_advance = false, pending_invoice_items_behavior = 'exclude' } = params;
  const subscription = params.subscription === undefined ? null : call.store.get('subscription', params.subscription);
  if (subscription === undefined) throw missingReference('subscription', params.subscription!, 'subscription');
  const at = call.now(customer.id);
  const currency = (params.currency ?? subscription?.currency ?? customer.currency ?? 'usd').toLowerCase();
  const takes = pending_invoice_items_behavior === 'include' || subscription !== null;
  const lines = takes ? waitingLines(call, customer.id, subscription?.id ?? null, currency) : [];
  if (subscription !== null && lines.length === 0) {
    throw invalid('Nothing to invoice for subscription', { code: 'invoice_no_subscription_line_items' });
  }
  const isSent = params.collection_method === 'send_invoice';
  return ok(
    draft(call, {
      customer,
      subscription,
      reason: 'manual',
      at,
      currency,
      lines,
      discounts: redeem(call, params.discounts ?? null, { customer: customer.id, at }),
      period: { start: at, end: at },
      autoAdvance: auto_advance,
      finalizesAt: params.automatically_finalizes_at ?? at + FINALIZES_AFTER,
      fields: {
        ...plain(params),
        ...(isSent && { due_date: params.due_date ?? at + (params.days_until_due ?? 30) * DAY }),
        metadata: merged({}, params.metadata),
      },
    }),
  );
}

function plain(params: Fields): Partial<Invoice> {
  const { collection_method, default_payment_method, description, footer, statement_descriptor } = params;
  return given({ collection_method, default_payment_method, description, footer, statement_descriptor });
}

function update(call: Call, before: Invoice, params: Fields): Invoice {
  const { auto_advance, automatically_finalizes_at, days_until_due, discounts: wanted, metadata, ...rest } = params;
  const isDraft = before.status === 'draft';
  const { default_payment_method: _, ...frozen } = plain(rest);
  if (!isDraft && (Object.keys(frozen).length > 0 || wanted !== undefined)) throw notDraft(before);
  const at = timeOf(call, before);
  const due_date = params.due_date ?? (days_until_due === undefined ? undefined : at + days_until_due * DAY);
  const finalizesAt = automatically_finalizes_at ?? (auto_advance === true ? at + FINALIZES_AFTER : undefined);
  const noted: Invoice = {
    ...before,
    ...plain(params),
    ...given({ auto_advance, due_date }),
    ...(isDraft && finalizesAt !== undefined && { automatically_finalizes_at: finalizesAt }),
    ...(auto_advance === false && { automatically_finalizes_at: null, next_payment_attempt: null }),
    metadata: merged(before.metadata ?? {}, metadata),
  };
  if (wanted === undefined) return change(call, before, noted);
  const redeemed = redeem(call, wanted, { customer: before.customer!, invoice: before.id, at });
  return change(call, before, recomposed(call, noted, noted.lines.data, redeemed));
}

type Paying = { off_session?: boolean; paid_out_of_band?: boolean; payment_method?: string };

function pay(call: Call, before: Invoice, params: Paying): Answer {
  if (before.status === 'paid') throw invalid('Invoice is already paid', { code: 'invoice_already_paid' });
  if (before.status === 'void') throw wrongStatus('pay', before);
  const open = before.status === 'draft' ? finalize(call, before) : before;
  if (open.status === 'paid') return ok(open);
  assertAtRest(call, open);
  if (params.paid_out_of_band === true) {
    withdrawPayment(call, open, timeOf(call, open));
    return ok(paid(call, open, open, true));
  }
  const method = params.payment_method === undefined ? undefined : methodFor(call, params.payment_method);
  const given = collect(call, open, { offSession: params.off_session ?? true, ...(method && { method }) });
  const after = invoiceFor(call, open.id);
  if (after.status === 'paid' || isProcessing(call, after)) return ok(after);
  if (given === null) throw noMethod();
  return given.status === 200 ? actionRequired(after) : refusalOf(call, after);
}

const noMethod = () =>
  invalid('There is no `default_payment_method` set on this Customer or Invoice. Please provide a payment method.', {
    code: 'resource_missing',
  });

const actionRequired = (invoice: Invoice): Answer => ({
  ...ok({
    error: {
      type: 'card_error',
      code: 'invoice_payment_intent_requires_action',
      message: `Payment for this invoice requires additional user action before it can be completed (${invoice.id}).`,
    },
  }),
  status: 402,
});
