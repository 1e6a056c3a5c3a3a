import { z } from 'zod';
import { type Printed, printedInvoice } from '../../customers/printed.ts';
import { type InvoiceRow, listInvoices, readInvoice } from '../../db/invoices.ts';
import { methodFor } from '../../db/payment-methods.ts';
import { latestAttempt, readSubscription, type SubscriptionRow } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import { CSV_TYPE, csvOf } from '../../documents/csv.ts';
import { invoiceColumns, invoiceRows } from '../../documents/invoice-csv.ts';
import { fileNameOf, invoicePaper } from '../../documents/invoice-document.ts';
import { drawPaper } from '../../documents/paper.ts';
import type { InvoiceId, PaymentMethodId } from '../../domain/ids.ts';
import { command } from '../command.ts';
import { usableMethod } from '../methods.ts';
import { Refused } from '../once.ts';
import { listBody, pageOf } from '../paging.ts';
import { awaitPayment, withClientSecret } from '../payments.ts';
import { notFound, Problem } from '../problem.ts';
import { AGENTS, type Call, ok, paper, READERS, route } from '../route.ts';
import { invoice, invoiceId, listOf, page, paid, payBody, subscriptionId } from '../schemas.ts';
import { type ShownPayment, showInvoice, showPayment } from '../show.ts';

const tag = 'Invoices';
const PDF_TYPE = 'application/pdf';
const reading = { tag, who: ['customer', ...READERS], grant: 'invoices:read', actsOnCustomer: true } as const;

async function invoiceOf({ parts, scope, customer }: Call, id: InvoiceId) {
  const row = await inTenant(parts.db, scope, (trx) => readInvoice(trx, id, customer));
  if (!row) throw notFound('invoice');
  return row;
}

async function printable({ parts, scope }: Call, row: InvoiceRow): Promise<Printed> {
  const found = await printedInvoice(parts, scope, row);
  if (found) return found;
  throw row.processor_invoice_id === null
    ? new Problem(409, 'invoice_is_draft', 'a draft has no number yet, and is not printed')
    : new Problem(409, 'processor_collects', 'the processor has issued this invoice, and prints it');
}

const list = route({
  ...reading,
  method: 'get',
  path: '/api/billing/invoices',
  summary: 'List invoices',
  query: page.extend({
    subscriptionId: subscriptionId.optional(),
    state: z.enum(['draft', 'open', 'paid', 'void', 'uncollectible']).optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(invoice, 'Invoice') } },
  async handle({ parts, scope, customer, query }) {
    const { subscriptionId: subscription, state } = query;
    const filter = { customer, ...(subscription && { subscription }), ...(state && { state }) };
    const slice = await inTenant(parts.db, scope, (trx) => listInvoices(trx, filter, pageOf(query, 'timeAndId')));
    return ok(listBody(slice, showInvoice));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/billing/invoices/:id',
  summary: 'Read an invoice',
  about: 'As a table: a row for each of its lines.',
  csv: true,
  params: z.strictObject({ id: invoiceId }),
  answers: { 200: { about: 'With its lines.', schema: invoice, types: [CSV_TYPE] } },
  async handle(call) {
    const row = await invoiceOf(call, call.params.id);
    if (!call.wantsCsv) return ok(showInvoice(row));
    const { invoice: printed, reader } = await printable(call, row);
    return paper(csvOf(invoiceColumns(reader), [invoiceRows(printed)]), CSV_TYPE, fileNameOf(printed.number, 'csv'));
  },
});

const pdf = route({
  ...reading,
  method: 'get',
  path: '/api/billing/invoices/:id/pdf',
  summary: 'Print an invoice',
  about:
    'In the customer’s language (English, German, French, Spanish or Japanese), with amounts by its locale and dates by its time zone. The same invoice is the same file, to the byte.',
  params: z.strictObject({ id: invoiceId }),
  answers: { 200: { about: 'A PDF.', types: [PDF_TYPE] } },
  async handle(call) {
    const { invoice: printed, reader } = await printable(call, await invoiceOf(call, call.params.id));
    return paper(await drawPaper(invoicePaper(printed, reader)), PDF_TYPE, fileNameOf(printed.number, 'pdf'));
  },
});

/** A new default reaches subscriptions that go on; one that has ended kept its last, which may be the one that failed. */
async function ownMethod(
  call: Call,
  { state, customer_id: customer, document }: SubscriptionRow,
): Promise<PaymentMethodId | null> {
  const kept = 'paymentMethod' in document ? document.paymentMethod : null;
  if (state !== 'canceled') return kept;
  const chosen = await inTenant(call.parts.db, call.scope, (trx) => methodFor(trx, customer, document.processor));
  return chosen?.id ?? kept;
}

const pay = route({
  tag,
  who: ['customer', ...AGENTS],
  grant: 'invoices:write',
  actsOnCustomer: true,
  method: 'post',
  path: '/api/billing/invoices/:id/pay',
  summary: 'Pay an open invoice now',
  about:
    'With another method, or with the subscription’s own. A payment that waits for the customer is gone on with, unless another method is named.',
  params: z.strictObject({ id: invoiceId }),
  body: payBody,
  answers: { 200: { about: 'How the payment stands.', schema: paid } },
  async handle(call) {
    const { db } = call.parts;
    const { id } = call.params;
    const row = await invoiceOf(call, id);
    const { before, subscription } = await inTenant(db, call.scope, async (trx) => ({
      before: await latestAttempt(trx, id),
      subscription: await readSubscription(trx, row.subscription_id, null),
    }));
    if (!subscription) throw notFound('subscription');
    const wanted = call.body.paymentMethodId;
    // The customer only has to confirm it: the payment that is there is gone on with.
    if (row.state === 'open' && before?.state === 'needs_action' && !wanted) {
      return ok({ invoice: showInvoice(row), payment: showPayment(before) });
    }
    // An attempt is on its way: what comes of it is the answer, unless it fails and another method is named.
    const joined = before?.state === 'requested' ? await awaitPayment(call, id, before.attempt - 1) : null;
    if (joined && !(joined.state === 'failed' && wanted && wanted !== joined.payment_method_id)) {
      return ok({ invoice: showInvoice(await invoiceOf(call, id)), payment: showPayment(joined) });
    }
    const method = wanted ? await usableMethod(call, row.customer_id, wanted, subscription.processor) : null;
    const own = await ownMethod(call, subscription);
    const known = (joined ?? before)?.attempt ?? 0;
    const done = await command(call, subscription, {
      type: 'pay',
      invoice: id,
      paymentMethod: method?.id ?? own,
      onSession: true,
    }).catch(async (error) => {
      // Another was faster: theirs is the attempt.
      const latest = await inTenant(db, call.scope, (trx) => latestAttempt(trx, id));
      const isTheirs =
        error instanceof Refused && error.code === 'payment_in_flight' && latest && latest.attempt > known;
      if (!isTheirs) throw error;
      return null;
    });
    if (done?.outcome === 'late') return done.reply;
    const attempt = await awaitPayment(call, id, known);
    return ok({ invoice: showInvoice(await invoiceOf(call, id)), payment: attempt && showPayment(attempt) });
  },
  async complete(call, body) {
    const { invoice: shown, payment } = body as { invoice: object; payment: ShownPayment | null };
    if (payment?.status !== 'requires_action') return body;
    const { subscription_id } = await invoiceOf(call, call.params.id);
    const row = await inTenant(call.parts.db, call.scope, (trx) => readSubscription(trx, subscription_id, null));
    if (!row) return body;
    const { processor } = row.document;
    return { invoice: shown, payment: await withClientSecret(call, call.params.id, processor, payment) };
  },
});

export const invoiceRoutes = [list, get, pdf, pay];
