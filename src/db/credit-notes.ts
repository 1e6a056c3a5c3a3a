/** Credit notes, refunds and disputes as they are read. */
import type { Selectable } from 'kysely';
import type { CreditNoteId, CustomerId, InvoiceId, RefundId, SubscriptionId } from '../domain/ids.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { CreditNoteLinesTable, CreditNotesTable, DisputesTable, RefundState, RefundsTable } from './schema.ts';
import type { Trx } from './tenant.ts';

export type CreditNoteRow = Selectable<CreditNotesTable> & { lines: Selectable<CreditNoteLinesTable>[] };
export type RefundRow = Selectable<RefundsTable>;
export type DisputeRow = Selectable<DisputesTable>;

export type CreditNoteFilter = { customer: CustomerId | null; invoice?: InvoiceId };

export async function listCreditNotes(
  trx: Trx,
  { customer, invoice }: CreditNoteFilter,
  page: Page,
): Promise<Slice<CreditNoteRow>> {
  let query = trx.selectFrom('credit_notes').selectAll();
  if (customer) query = query.where('customer_id', '=', customer);
  if (invoice) query = query.where('invoice_id', '=', invoice);
  const after = afterOf(page);
  if (after) {
    query = query.where((where) =>
      where.or([
        where('issued_at', '<', after.at),
        where.and([where('issued_at', '=', after.at), where('id', '<', after.id as CreditNoteId)]),
      ]),
    );
  }
  const ordered = query.orderBy('issued_at', 'desc').orderBy('id', 'desc');
  const { rows, next } = await sliceOf(ordered, page, (row) => `${row.issued_at.getTime()}:${row.id}`);
  return { rows: await withLines(trx, rows), next };
}

export async function readCreditNote(
  trx: Trx,
  id: CreditNoteId,
  customer: CustomerId | null,
): Promise<CreditNoteRow | null> {
  let query = trx.selectFrom('credit_notes').selectAll().where('id', '=', id);
  if (customer) query = query.where('customer_id', '=', customer);
  const row = await query.executeTakeFirst();
  return row ? (await withLines(trx, [row]))[0]! : null;
}

async function withLines(trx: Trx, notes: Selectable<CreditNotesTable>[]): Promise<CreditNoteRow[]> {
  if (notes.length === 0) return [];
  const ids = notes.map(({ id }) => id);
  const lines = await trx
    .selectFrom('credit_note_lines')
    .selectAll()
    .where('credit_note_id', 'in', ids)
    .orderBy('line')
    .execute();
  return notes.map((note) => ({ ...note, lines: lines.filter((line) => line.credit_note_id === note.id) }));
}

export type RefundFilter = { state?: RefundState; invoice?: InvoiceId; subscription?: SubscriptionId };

export function listRefunds(
  trx: Trx,
  { state, invoice, subscription }: RefundFilter,
  page: Page,
): Promise<Slice<RefundRow>> {
  let query = trx.selectFrom('refunds').selectAll();
  if (state) query = query.where('state', '=', state);
  if (invoice) query = query.where('invoice_id', '=', invoice);
  if (subscription) query = query.where('subscription_id', '=', subscription);
  const after = afterOf(page);
  if (after) {
    query = query.where((where) =>
      where.or([
        where('requested_at', '<', after.at),
        where.and([where('requested_at', '=', after.at), where('id', '<', after.id as RefundId)]),
      ]),
    );
  }
  const ordered = query.orderBy('requested_at', 'desc').orderBy('id', 'desc');
  return sliceOf(ordered, page, (row) => `${row.requested_at.getTime()}:${row.id}`);
}

export const readRefund = async (trx: Trx, id: RefundId): Promise<RefundRow | null> =>
  (await trx.selectFrom('refunds').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export const refundsNamed = (trx: Trx, ids: readonly RefundId[]): Promise<RefundRow[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : trx.selectFrom('refunds').selectAll().where('id', 'in', ids).orderBy('id').execute();

export function listDisputes(trx: Trx, { open }: { open?: boolean }, page: Page): Promise<Slice<DisputeRow>> {
  let query = trx.selectFrom('disputes').selectAll();
  if (open !== undefined) query = query.where('outcome', open ? 'is' : 'is not', null);
  const after = afterOf(page);
  if (after) {
    query = query.where((where) =>
      where.or([
        where('opened_at', '<', after.at),
        where.and([where('opened_at', '=', after.at), where('id', '<', after.id)]),
      ]),
    );
  }
  const ordered = query.orderBy('opened_at', 'desc').orderBy('id', 'desc');
  return sliceOf(ordered, page, (row) => `${row.opened_at.getTime()}:${row.id}`);
}

function afterOf({ after }: Page): { at: Date; id: string } | null {
  if (!after) return null;
  const colon = after.indexOf(':');
  return { at: new Date(Number(after.slice(0, colon))), id: after.slice(colon + 1) };
}
