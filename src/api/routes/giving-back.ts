/** What becomes of an invoice after it was issued: credit notes, refunds, disputes, voids, write-offs, money from elsewhere. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  listCreditNotes,
  listDisputes,
  listRefunds,
  readCreditNote,
  readRefund,
  refundsNamed,
} from '../../db/credit-notes.ts';
import { readInvoice, readPayment } from '../../db/invoices.ts';
import { keepRemark } from '../../db/remarks.ts';
import { decisionsBetween, readSubscription, type SubscriptionRow } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import type { Effect } from '../../domain/effect.ts';
import type { CreditNoteId, InvoiceId, RefundId } from '../../domain/ids.ts';
import type { Command } from '../../domain/input.ts';
import { nowOf } from '../catalog.ts';
import { command, type Late, subscriptionOf } from '../command.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { type Call, FINANCE, ok, READERS, type Reply, route } from '../route.ts';
import {
  changedRefund,
  creditedInvoice,
  creditNote,
  creditNoteBody,
  creditNoteId,
  creditRefundBody,
  dispute,
  paymentBody,
  reasonBody,
  refund,
  refundBody,
  refundedCredit,
  refundId,
  settledInvoice,
} from '../schemas/giving-back.ts';
import { invoiceId, listOf, page } from '../schemas.ts';
import { showInvoice } from '../show.ts';
import { showCreditNote, showDispute, showRefund } from '../show-giving-back.ts';
import { inWhoseWords } from './subscriptions.ts';

const tag = 'Giving back';
const changing = { tag, who: FINANCE, grant: 'invoices:write', method: 'post' } as const;
const reading = { tag, who: READERS, grant: 'invoices:read', method: 'get' } as const;
const ofInvoice = z.strictObject({ id: invoiceId });
const ofRefund = z.strictObject({ id: refundId });

/** An invoice is its subscription's, whose workflow is the only one that changes it. */
async function holderOf(call: Call, id: InvoiceId): Promise<SubscriptionRow> {
  const row = await inTenant(call.parts.db, call.scope, async (trx) => {
    const invoice = await readInvoice(trx, id, call.customer);
    return invoice && readSubscription(trx, invoice.subscription_id, null);
  });
  if (!row) throw notFound('invoice');
  return row;
}

type Done = { late: Reply } | { late: null; effects: Effect[] };

/** Asks, and says what was done for it: the effects of this very command, whatever else was decided with it. */
async function done(call: Call, row: SubscriptionRow, given: Command): Promise<Done> {
  const answer = await command(call, row, given);
  if (answer.outcome === 'late') return { late: (answer as Late).reply };
  const decisions = await inTenant(call.parts.db, call.scope, (trx) =>
    decisionsBetween(trx, row.id, answer.version - 1, answer.version),
  );
  const ours = decisions.filter(({ input }) => input.type === given.type && input.origin.ref === call.principal.ref);
  return { late: null, effects: ours.flatMap(({ effects }) => effects) };
}

const shown = async (call: Call, id: InvoiceId) => {
  const row = await inTenant(call.parts.db, call.scope, (trx) => readInvoice(trx, id, null));
  if (!row) throw notFound('invoice');
  return showInvoice(row);
};

/** A sentence is kept apart, encrypted under the customer's key. */
async function keepReason(
  call: Call,
  row: SubscriptionRow,
  action: string,
  comment: string | undefined,
): Promise<void> {
  if (!comment) return;
  const remark = { subscription: row.id, customer: row.customer_id, action, comment };
  await inTenant(call.parts.db, call.scope, (trx) =>
    keepRemark(trx, call.parts.keys, call.scope, { ...remark, by: call.principal.ref, at: new Date() }),
  );
}

const codeOf = (reason: string): { reason: string; comment: string | undefined } => {
  const words = inWhoseWords({ reason });
  return { reason: words.reason ?? 'other', comment: words.comment };
};

type NoteWish = Omit<Extract<Command, { type: 'credit_note' }>, 'type' | 'invoice'>;

async function credit(call: Call, id: InvoiceId, wish: NoteWish): Promise<Reply> {
  const row = await holderOf(call, id);
  const { reason, comment } = codeOf(wish.reason);
  const result = await done(call, row, { type: 'credit_note', invoice: id, ...wish, reason });
  if (result.late) return result.late;
  await keepReason(call, row, 'credit_note_reason', comment);
  const note = result.effects.flatMap((effect) =>
    effect.type === 'issue_credit_note' && effect.note.invoice === id ? [effect.note.id] : [],
  );
  const refunds = result.effects.flatMap((effect) =>
    effect.type === 'request_refund' && effect.note === note[0] ? [effect.refund] : [],
  );
  return ok({ ...(await given(call, note[0]!, refunds)), invoice: await shown(call, id) });
}

const given = (call: Call, note: CreditNoteId, refunds: RefundId[]) =>
  inTenant(call.parts.db, call.scope, async (trx) => {
    const row = await readCreditNote(trx, note, null);
    if (!row) throw notFound('credit note');
    const rows = await refundsNamed(trx, refunds);
    return { creditNote: showCreditNote(row), refunds: rows.map(showRefund) };
  });

const newCreditNote = route({
  ...changing,
  path: '/api/admin/invoices/:id/credit-note',
  summary: 'Credit an invoice, whole or in part',
  about:
    'At each line’s own rate of tax and discount. Never more than is left: of a line, of the invoice, and of where it goes.',
  params: ofInvoice,
  body: creditNoteBody,
  answers: { 200: { about: 'The note, the refunds it began, and the invoice after it.', schema: creditedInvoice } },
  handle(call) {
    const { lines = null, amount = null, to, reason } = call.body;
    return credit(call, call.params.id, { lines, amount, to, reason });
  },
});

const refundInvoice = route({
  ...changing,
  path: '/api/admin/invoices/:id/refund',
  summary: 'Refund an invoice, whole or in part',
  about: 'A credit note, and the money back to the payments that the invoice was paid with.',
  params: ofInvoice,
  body: refundBody,
  answers: { 200: { about: 'The note, its refunds as they stand, and the invoice.', schema: creditedInvoice } },
  handle(call) {
    const { amount = null, reason } = call.body;
    return credit(call, call.params.id, { lines: null, amount, to: 'refund', reason });
  },
});

const voidInvoice = route({
  ...changing,
  path: '/api/admin/invoices/:id/void',
  summary: 'Void an open invoice',
  about: 'As if it had never been issued. One that was paid or credited in part is credited for the rest instead.',
  params: ofInvoice,
  body: reasonBody,
  answers: { 200: { about: 'Void.', schema: settledInvoice } },
  handle: (call) => settle(call, 'void'),
});

const writeOff = route({
  ...changing,
  path: '/api/admin/invoices/:id/write-off',
  summary: 'Give an open invoice up as lost',
  about: 'It becomes bad debt, taxes included. It is still owed: a late payment recovers it.',
  params: ofInvoice,
  body: reasonBody,
  answers: { 200: { about: 'Uncollectible.', schema: settledInvoice } },
  handle: (call) => settle(call, 'write_off'),
});

async function settle(
  call: Call<z.output<typeof ofInvoice>, unknown, z.output<typeof reasonBody>>,
  type: 'void' | 'write_off',
): Promise<Reply> {
  const { id } = call.params;
  const row = await holderOf(call, id);
  const { reason, comment } = codeOf(call.body.reason);
  const answer = await command(call, row, { type, invoice: id, reason });
  if (answer.outcome === 'late') return answer.reply;
  await keepReason(call, row, `${type}_reason`, comment);
  return ok({ invoice: await shown(call, id) });
}

const newPayment = route({
  ...changing,
  path: '/api/admin/invoices/:id/payments',
  summary: 'Record money that came on another way',
  about:
    'A bank transfer, say. Less than what is owed leaves the rest open; what is more is kept for the customer as unapplied cash. The same reference again is the same money.',
  params: ofInvoice,
  body: paymentBody,
  answers: { 200: { about: 'The invoice after it.', schema: settledInvoice } },
  async handle(call) {
    const { id } = call.params;
    const { amount, receivedAt, reference } = call.body;
    const row = await holderOf(call, id);
    const payment = paymentOf(call, id, reference);
    const { known, now } = await inTenant(call.parts.db, call.scope, async (trx) => ({
      known: await readPayment(trx, payment),
      now: await nowOf(trx, row.customer_id),
    }));
    if (known && known.amount !== amount) {
      throw new Problem(409, 'reference_taken', `${reference} was recorded as ${known.amount}, and not as ${amount}`, {
        errors: [{ path: 'reference', message: `is ${known.amount} already, and can’t be ${amount}, too` }],
      });
    }
    if (known) return ok({ invoice: await shown(call, id) });
    const at = receivedAt === undefined ? now : Date.parse(receivedAt);
    if (at > now) {
      throw badField('receivedAt', `is ${new Date(at).toISOString()}, and it is ${new Date(now).toISOString()}`);
    }
    const answer = await command(call, row, {
      ...{ type: 'record_payment', invoice: id, payment, amount, reference, receivedAt: at },
    });
    return answer.outcome === 'late' ? answer.reply : ok({ invoice: await shown(call, id) });
  },
});

/** A reference names the money: told again it is the same, whoever tells it. */
const paymentOf = ({ scope }: Call, invoice: InvoiceId, reference: string): string =>
  `pay_${createHash('sha256')
    .update(JSON.stringify([scope.tenant, scope.mode, invoice, reference]))
    .digest('hex')
    .slice(0, 26)}`;

const creditNotes = route({
  ...reading,
  path: '/api/admin/credit-notes',
  summary: 'List credit notes',
  query: page.extend({ invoiceId: invoiceId.optional() }),
  answers: { 200: { about: 'The newest first.', schema: listOf(creditNote, 'CreditNote') } },
  async handle({ parts, scope, query: { invoiceId: invoice, ...paging } }) {
    const filter = { customer: null, ...(invoice && { invoice }) };
    const slice = await inTenant(parts.db, scope, (trx) => listCreditNotes(trx, filter, pageOf(paging, 'timeAndId')));
    return ok(listBody(slice, showCreditNote));
  },
});

const ownCreditNotes = route({
  ...reading,
  who: ['customer', ...READERS],
  actsOnCustomer: true,
  path: '/api/billing/credit-notes',
  summary: 'List a customer’s credit notes',
  query: page.extend({ invoiceId: invoiceId.optional() }),
  answers: { 200: { about: 'The newest first.', schema: listOf(creditNote, 'CreditNote') } },
  async handle({ parts, scope, customer, query: { invoiceId: invoice, ...paging } }) {
    const filter = { customer, ...(invoice && { invoice }) };
    const slice = await inTenant(parts.db, scope, (trx) => listCreditNotes(trx, filter, pageOf(paging, 'timeAndId')));
    return ok(listBody(slice, showCreditNote));
  },
});

const oneCreditNote = route({
  ...reading,
  who: ['customer', ...READERS],
  actsOnCustomer: true,
  path: '/api/billing/credit-notes/:id',
  summary: 'Read a credit note',
  params: z.strictObject({ id: creditNoteId }),
  answers: { 200: { about: 'With its lines.', schema: creditNote } },
  async handle({ parts, scope, customer, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readCreditNote(trx, id, customer));
    if (!row) throw notFound('credit note');
    return ok(showCreditNote(row));
  },
});

const adminCreditNote = route({
  ...reading,
  path: '/api/admin/credit-notes/:id',
  summary: 'Read any credit note',
  params: z.strictObject({ id: creditNoteId }),
  answers: { 200: { about: 'With its lines.', schema: creditNote } },
  async handle({ parts, scope, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readCreditNote(trx, id, null));
    if (!row) throw notFound('credit note');
    return ok(showCreditNote(row));
  },
});

const refunds = route({
  ...reading,
  path: '/api/admin/refunds',
  summary: 'List refunds',
  about: 'Those that failed wait for a person: they are tried again, or become the customer’s credit.',
  query: page.extend({
    state: z.enum(['requested', 'succeeded', 'failed', 'credited']).optional(),
    invoiceId: invoiceId.optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(refund, 'Refund') } },
  async handle({ parts, scope, query: { state, invoiceId: invoice, ...paging } }) {
    const filter = { ...(state && { state }), ...(invoice && { invoice }) };
    const slice = await inTenant(parts.db, scope, (trx) => listRefunds(trx, filter, pageOf(paging, 'timeAndId')));
    return ok(listBody(slice, showRefund));
  },
});

const retryRefund = route({
  ...changing,
  path: '/api/admin/refunds/:id/retry',
  summary: 'Try a failed refund again',
  params: ofRefund,
  answers: { 200: { about: 'On its way again.', schema: changedRefund } },
  handle: (call) => changeRefund(call, 'retry_refund'),
});

const creditRefund = route({
  ...changing,
  path: '/api/admin/refunds/:id/credit',
  summary: 'Turn a failed refund into credit',
  params: ofRefund,
  answers: { 200: { about: 'The customer may use it up on invoices.', schema: changedRefund } },
  handle: (call) => changeRefund(call, 'credit_refund'),
});

async function changeRefund(
  call: Call<z.output<typeof ofRefund>>,
  type: 'retry_refund' | 'credit_refund',
): Promise<Reply> {
  const { id } = call.params;
  const read = () => inTenant(call.parts.db, call.scope, (trx) => readRefund(trx, id));
  const before = await read();
  if (!before?.subscription_id) throw notFound('refund');
  const answer = await command(call, await subscriptionOf(call, before.subscription_id), { type, refund: id });
  if (answer.outcome === 'late') return answer.reply;
  const after = await read();
  return ok({ refund: showRefund(after ?? before) });
}

const payCreditOut = route({
  ...changing,
  path: '/api/admin/credit-refunds',
  summary: 'Refund a customer’s credit',
  about: 'Back to the payments of the subscription that is named: the latest first, each as far as it can be refunded.',
  body: creditRefundBody,
  answers: { 200: { about: 'The refunds as they stand.', schema: refundedCredit } },
  async handle(call) {
    const { subscriptionId, amount } = call.body;
    const row = await subscriptionOf(call, subscriptionId);
    const name = `ref_${call.request.slice(4)}` as const;
    const result = await done(call, row, { type: 'withdraw_credit', amount, name });
    if (result.late) return result.late;
    const ids = result.effects.flatMap((effect) => (effect.type === 'request_refund' ? [effect.refund] : []));
    const rows = await inTenant(call.parts.db, call.scope, (trx) =>
      refundsNamed(
        trx,
        ids.filter((id) => id.startsWith(name)),
      ),
    );
    return ok({ refunds: rows.map(showRefund) });
  },
});

const disputes = route({
  ...reading,
  path: '/api/admin/disputes',
  summary: 'List disputes',
  query: page.extend({ open: z.enum(['true', 'false']).optional() }),
  answers: { 200: { about: 'The newest first.', schema: listOf(dispute, 'Dispute') } },
  async handle({ parts, scope, query: { open, ...paging } }) {
    const filter = open === undefined ? {} : { open: open === 'true' };
    const slice = await inTenant(parts.db, scope, (trx) => listDisputes(trx, filter, pageOf(paging, 'timeAndId')));
    return ok(listBody(slice, showDispute));
  },
});

export const givingBackRoutes = [
  ...[newCreditNote, refundInvoice, voidInvoice, writeOff, newPayment],
  ...[creditNotes, adminCreditNote, ownCreditNotes, oneCreditNote],
  ...[refunds, retryRefund, creditRefund, payCreditOut, disputes],
];
