/** Invoices as far as they can still be given back, with their payments: what a decision has to know of them. */

import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Creditable, CreditableLine, CreditablePayment } from '../domain/credit-note.ts';
import type { KnownDispute } from '../domain/dispute.ts';
import type { InvoiceId, PaymentId, SubscriptionId } from '../domain/ids.ts';
import type { KnownRefund } from '../domain/refund.ts';
import type { BookWish } from '../domain/shared.ts';
import type { InvoiceLinesTable } from './schema.ts';
import type { Trx } from './tenant.ts';

type Row = Omit<Creditable, 'lines' | 'payments' | 'issuedAt'> & { issuedAt: Date };
type LineRow = Selectable<InvoiceLinesTable> & { credited: number };

/**
 * Those that are named, those that the named payments have paid, and those whose days go beyond the day that is named; and
 * whichever have billed days of the same periods.
 */
export async function readCreditables(
  trx: Trx,
  subscription: SubscriptionId,
  { invoices, payments, unusedAfter }: BookWish,
): Promise<{ [id: string]: Creditable }> {
  if (invoices.length + payments.length === 0 && unusedAfter === null) return {};
  const found = await sql<Row>`/* creditable */
    with own as materialized (
      select id, state from invoices where subscription_id = ${subscription}
    ), wanted as (
      select id from own where id = any(${invoices}::text[])
        or id in (select invoice_id from payments where payments.id = any(${payments}::text[]))
        or (${unusedAfter}::date is not null and state in ('open', 'paid') and exists (
          select from invoice_lines as line where line.invoice_id = own.id and line.period_to > ${unusedAfter}::date + 1))
    ), period as (
      select line.invoice_id, line.period_from - (line.earning ->> 'from')::int as begins, line.earning ->> 'days' as days
      from invoice_lines as line join own on own.id = line.invoice_id
      where not line.carried and line.period_from is not null and line.earning is not null
    )
    select id, state, currency, total, credit_applied as "creditApplied", amount_due as "amountDue",
      amount_paid as paid, credited_open as "creditedOpen", credited_back as "creditedBack", issued_at as "issuedAt",
      (select count(*) from credit_notes where credit_notes.invoice_id = invoices.id) as notes
    from invoices
    where id in (select id from wanted) or id in (
      select other.invoice_id from wanted join period on period.invoice_id = wanted.id
        join period as other on other.begins = period.begins and other.days = period.days)`.execute(trx);
  const ids = found.rows.map(({ id }) => id);
  if (ids.length === 0) return {};
  const lines = await linesOf(trx, ids);
  const paid = await paymentsOf(trx, ids, null);
  return Object.fromEntries(
    found.rows.map((row) => [
      row.id,
      {
        ...row,
        issuedAt: row.issuedAt.getTime(),
        lines: lines.filter((line) => line.invoice_id === row.id).map(lineOf),
        payments: paid.filter((payment) => payment.invoice === row.id).map(({ invoice: _, ...payment }) => payment),
      },
    ]),
  );
}

/** Whatever they have paid for. */
export const readRefundable = async (trx: Trx, subscription: SubscriptionId): Promise<CreditablePayment[]> =>
  (await paymentsOf(trx, [], subscription)).map(({ invoice: _, ...payment }) => payment);

/** What a workflow remembers of the refunds and disputes of a payment. */
export async function knownRefunds(trx: Trx, payment: PaymentId): Promise<KnownRefund[]> {
  const rows = await trx
    .selectFrom('refunds')
    .select(['id', 'invoice_id', 'payment_id', 'amount', 'attempt', 'state'])
    .where('payment_id', '=', payment)
    .orderBy('requested_at')
    .execute();
  return rows.map(({ id, invoice_id: invoice, payment_id, amount, attempt, state }) => ({
    ...{ id, invoice, payment: payment_id, amount, attempt, step: STEP[state] },
  }));
}

const STEP = { requested: 'asked', succeeded: 'done', failed: 'failed', credited: 'credited' } as const;

export async function knownDisputes(trx: Trx, payment: PaymentId): Promise<KnownDispute[]> {
  const rows = await trx.selectFrom('disputes').selectAll().where('payment_id', '=', payment).execute();
  return rows.map(({ id, payment_id, amount, inquiry, reason, withdrawn, reinstated, outcome }) => ({
    ...{ id, payment: payment_id, amount, inquiry, opened: reason !== null, outcome },
    ...{ withdrawn: withdrawn > 0, reinstated: reinstated > 0 },
  }));
}

async function linesOf(trx: Trx, invoices: readonly InvoiceId[]): Promise<LineRow[]> {
  const { rows } = await sql<LineRow>`/* creditable_lines */
    select line.*, coalesce(note.credited, 0) as credited
    from invoice_lines as line
    left join (
      select invoice_id, line, sum(amount) as credited from credit_note_lines
      where invoice_id = any(${invoices}::text[]) group by invoice_id, line
    ) as note on note.invoice_id = line.invoice_id and note.line = line.ordinal
    where line.invoice_id = any(${invoices}::text[])
    order by line.invoice_id, line.ordinal`.execute(trx);
  return rows;
}

const lineOf = (row: LineRow): CreditableLine => {
  const { description, quantity, amount, discount, taxes, product, carried, earning, credited } = row;
  const { period_from: from, period_to: to } = row;
  return {
    ...{ description, quantity, amount, discount, taxes, product, carried, earning, credited },
    period: from && to ? { from, to } : null,
  };
};

async function paymentsOf(
  trx: Trx,
  invoices: readonly InvoiceId[],
  subscription: SubscriptionId | null,
): Promise<(CreditablePayment & { invoice: InvoiceId | null })[]> {
  const { rows } = await sql<CreditablePayment & { invoice: InvoiceId | null }>`/* creditable_payments */
    select payments.id, payments.invoice_id as invoice, payments.amount, payments.applied,
      payments.processor is null as outside,
      coalesce(refunded.amount, 0) as refunded, coalesce(refunded.unapplied, 0) as "refundedUnapplied",
      coalesce(disputed.open, false) as disputed, coalesce(disputed.withdrawn, 0) as withdrawn
    from payments
    left join lateral (
      select sum(amount) as amount, sum(unapplied) as unapplied from refunds
      where refunds.payment_id = payments.id and state <> 'credited'
    ) as refunded on true
    left join lateral (
      select bool_or(outcome is null and not inquiry) as open, sum(withdrawn - reinstated) as withdrawn from disputes
      where disputes.payment_id = payments.id
    ) as disputed on true
    where payments.invoice_id = any(${invoices}::text[]) or payments.subscription_id = ${subscription}
    order by payments.received_at, payments.id`.execute(trx);
  return rows;
}
