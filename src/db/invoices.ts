/** Invoices as they are read, each with its lines. */
import type { Selectable } from 'kysely';
import type { CustomerId, InvoiceId, PaymentId, SubscriptionId } from '../domain/ids.ts';
import type { InvoiceLine } from '../domain/invoice.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { CreditNotesTable, InvoiceLinesTable, InvoiceState, InvoicesTable } from './schema.ts';
import type { Trx } from './tenant.ts';

export type LineRow = Selectable<InvoiceLinesTable>;
type NoteOfInvoice = Pick<Selectable<CreditNotesTable>, 'id' | 'invoice_id' | 'number' | 'to' | 'total' | 'issued_at'>;
export type InvoiceRow = Selectable<InvoicesTable> & { lines: InvoiceLine[]; creditNotes: NoteOfInvoice[] };

/** As the core has it. */
export function lineOf(row: LineRow): InvoiceLine {
  const { description, quantity, amount, proration, discount, discounts, taxes, product, earning } = row;
  return {
    ...{ description, quantity, unitPrice: row.unit_price, amount, proration, discount, discounts, taxes, earning },
    period: row.period_from && row.period_to ? { from: row.period_from, to: row.period_to } : null,
    taxCategory: row.tax_category,
    taxInclusive: row.tax_inclusive,
    ...(product !== null && { product }),
    ...(row.carried && { carried: true as const }),
  };
}

export async function readInvoice(trx: Trx, id: InvoiceId, customer: CustomerId | null): Promise<InvoiceRow | null> {
  let query = trx.selectFrom('invoices').selectAll().where('id', '=', id);
  if (customer) query = query.where('customer_id', '=', customer);
  const row = await query.executeTakeFirst();
  return row ? (await withLines(trx, [row]))[0]! : null;
}

export type InvoiceFilter = { customer: CustomerId | null; subscription?: SubscriptionId; state?: InvoiceState };

export async function listInvoices(
  trx: Trx,
  { customer, subscription, state }: InvoiceFilter,
  page: Page,
): Promise<Slice<InvoiceRow>> {
  let query = trx.selectFrom('invoices').selectAll();
  if (customer) query = query.where('customer_id', '=', customer);
  if (subscription) query = query.where('subscription_id', '=', subscription);
  if (state) query = query.where('state', '=', state);
  if (page.after) {
    const colon = page.after.indexOf(':');
    const issuedAt = new Date(Number(page.after.slice(0, colon)));
    const id = page.after.slice(colon + 1) as InvoiceId;
    query = query.where((where) =>
      where.or([
        where('issued_at', '<', issuedAt),
        where.and([where('issued_at', '=', issuedAt), where('id', '<', id)]),
      ]),
    );
  }
  const ordered = query.orderBy('issued_at', 'desc').orderBy('id', 'desc');
  const { rows, next } = await sliceOf(ordered, page, (row) => `${row.issued_at.getTime()}:${row.id}`);
  return { rows: await withLines(trx, rows), next };
}

/** Two more queries for all of them, whatever their number. */
async function withLines(trx: Trx, invoices: Selectable<InvoicesTable>[]): Promise<InvoiceRow[]> {
  if (invoices.length === 0) return [];
  const ids = invoices.map(({ id }) => id);
  const lines = await trx
    .selectFrom('invoice_lines')
    .selectAll()
    .where('invoice_id', 'in', ids)
    .orderBy('ordinal')
    .execute();
  const notes = await trx
    .selectFrom('credit_notes')
    .select(['id', 'invoice_id', 'number', 'to', 'total', 'issued_at'])
    .where('invoice_id', 'in', ids)
    .orderBy('sequence')
    .execute();
  return invoices.map((invoice) => ({
    ...invoice,
    creditNotes: notes.filter((note) => note.invoice_id === invoice.id),
    lines: invoice.draft_lines ?? lines.filter((line) => line.invoice_id === invoice.id).map(lineOf),
  }));
}

/** Null where no money of that name has come. */
export async function readPayment(trx: Trx, id: PaymentId): Promise<{ amount: number } | null> {
  return (await trx.selectFrom('payments').select('amount').where('id', '=', id).executeTakeFirst()) ?? null;
}
