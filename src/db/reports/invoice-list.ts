/** Every invoice that was issued in a range, in the order of issue: for the books of somebody else. */
import type { Selectable } from 'kysely';
import type { InvoiceId } from '../../domain/ids.ts';
import { type Page, type Slice, sliceOf } from '../page.ts';
import type { InvoicesTable } from '../schema.ts';
import type { Trx } from '../tenant.ts';
import { type Days, midnight } from './range.ts';

export type IssuedInvoice = Selectable<InvoicesTable>;

/** Drafts are not issued yet. */
export async function issuedInvoices(
  trx: Trx,
  { from, to, timeZone }: Days,
  page: Page,
): Promise<Slice<IssuedInvoice>> {
  let query = trx
    .selectFrom('invoices')
    .selectAll()
    .where('number', 'is not', null)
    .where('issued_at', '>=', midnight(from, timeZone))
    .where('issued_at', '<', midnight(to, timeZone));
  if (page.after) {
    const colon = page.after.indexOf(':');
    const issuedAt = new Date(Number(page.after.slice(0, colon)));
    const id = page.after.slice(colon + 1) as InvoiceId;
    query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('issued_at', 'id'), '>', tuple(issuedAt, id)));
  }
  const ordered = query.orderBy('issued_at').orderBy('id');
  return sliceOf(ordered, page, (row) => `${row.issued_at.getTime()}:${row.id}`);
}
