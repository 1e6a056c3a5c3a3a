/** What lists and checks need of customers, beside what seals and opens them. */
import type { ClockId, CustomerId } from '../domain/ids.ts';
import { type Customer, type CustomerKeys, customerOf } from './customers.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { Trx } from './tenant.ts';

export async function listCustomers(trx: Trx, keys: CustomerKeys, page: Page): Promise<Slice<Customer>> {
  let query = trx.selectFrom('customers').selectAll();
  if (page.after) query = query.where('id', '<', page.after as CustomerId);
  const { rows, next } = await sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
  return { rows: rows.map((row) => customerOf(keys, row)), next };
}

export const customerExists = async (trx: Trx, id: CustomerId): Promise<boolean> =>
  (await trx.selectFrom('customers').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;

/** Held until the transaction ends, so that nobody puts the customer on another clock meanwhile. */
export async function lockClockOf(trx: Trx, id: CustomerId): Promise<{ clock: ClockId | null } | null> {
  const row = await trx.selectFrom('customers').select('clock_id').where('id', '=', id).forUpdate().executeTakeFirst();
  return row ? { clock: row.clock_id } : null;
}
