/** What an operator bills beside the plan, and drafts that are not to wait. */
import { z } from 'zod';
import { readInvoice } from '../../db/invoices.ts';
import { decisionsBetween } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import type { InvoiceId } from '../../domain/ids.ts';
import type { InvoiceLine } from '../../domain/invoice.ts';
import { MOST_MONEY, timesDecimal } from '../../domain/money.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { command, subscriptionOf } from '../command.ts';
import { Refused } from '../once.ts';
import { badField, notFound } from '../problem.ts';
import { type Call, created, ok, route } from '../route.ts';
import { billBody, billed } from '../schemas/bill.ts';
import { collectFrom } from '../schemas/collect.ts';
import { invoice, invoiceId } from '../schemas.ts';
import { showInvoice } from '../show.ts';

const billing = { tag: 'Invoices', who: ['finance', 'admin', 'owner', 'service'], grant: 'invoices:write' } as const;
type Line = z.output<typeof billBody>['lines'][number];

const bill = route({
  ...billing,
  method: 'post',
  path: '/api/admin/invoices',
  summary: 'Bill something beside the plan',
  about: 'On an invoice of its own, or on the subscription’s next. Discounts, taxes and credit count as on any other.',
  body: billBody,
  answers: { 201: { about: 'The invoice; null where it waits for the next.', schema: billed } },
  async handle(call) {
    const { subscriptionId: id, when = 'now', ...body } = call.body;
    const row = await subscriptionOf(call, id);
    const { document } = row;
    if (!isAccepted(document)) {
      throw new Refused({ code: `not_while_${row.state}`, detail: `cannot bill: subscription is ${row.state}` });
    }
    const lines = body.lines.map((line, i) => lineOf(line, document.terms.product, `lines.${i}`));
    const done = await command(call, row, { type: 'bill', lines, when, collect: collectFrom(body) });
    if (done.outcome === 'late') return done.reply;
    const decided = await inTenant(call.parts.db, call.scope, (trx) =>
      decisionsBetween(trx, id, done.version - 1, done.version),
    );
    const ours = decided.find(({ input }) => input.type === 'bill' && input.origin.ref === call.principal.ref);
    const issued = ours?.effects.find((effect) => effect.type === 'issue_invoice')?.invoice;
    return created({ invoice: issued ? await shown(call, issued.id) : null });
  },
});

function lineOf(
  { quantity = 1, unitPrice, description, period, ...line }: Line,
  product: string,
  path: string,
): InvoiceLine {
  // Compared before it is multiplied exactly, as that refuses what is beyond the safe range.
  if (Number(unitPrice) * quantity > MOST_MONEY) {
    throw badField(
      `${path}.unitPrice`,
      `${unitPrice} × ${quantity} is above ${MOST_MONEY}, the most that a line may come to`,
    );
  }
  const { taxCategory, taxInclusive } = line;
  return {
    ...{ description, quantity, unitPrice, amount: timesDecimal(unitPrice, quantity), proration: null },
    period: period ?? null,
    product: line.product ?? product,
    ...(taxCategory && { taxCategory }),
    ...(taxInclusive !== undefined && { taxInclusive }),
  };
}

const finalise = route({
  ...billing,
  method: 'post',
  path: '/api/admin/invoices/:id/finalise',
  summary: 'Issue a draft now',
  about: 'Its grace is given up: it gets its number, and is collected.',
  params: z.strictObject({ id: invoiceId }),
  answers: { 200: { about: 'As it was issued.', schema: invoice } },
  async handle(call) {
    const { id } = call.params;
    const row = await inTenant(call.parts.db, call.scope, (trx) => readInvoice(trx, id, null));
    if (!row) throw notFound('invoice');
    const subscription = await subscriptionOf(call, row.subscription_id);
    const done = await command(call, subscription, { type: 'finalise', invoice: id });
    return done.outcome === 'late' ? done.reply : ok(await shown(call, id));
  },
});

async function shown({ parts, scope }: Call, id: InvoiceId) {
  const row = await inTenant(parts.db, scope, (trx) => readInvoice(trx, id, null));
  if (!row) throw notFound('invoice');
  return showInvoice(row);
}

export const billingByHandRoutes = [bill, finalise];
