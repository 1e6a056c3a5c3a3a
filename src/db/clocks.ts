import type { Selectable } from 'kysely';
import type { ClockId, CustomerId, SubscriptionId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { ClocksTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type ClockRow = Selectable<ClocksTable>;

export const createClock = (
  trx: Trx,
  { tenant }: Scope,
  { id, name, now }: { id: ClockId; name: string | null; now: Date },
): Promise<ClockRow> =>
  trx
    .insertInto('clocks')
    .values({ tenant_id: tenant, mode: 'test', id, name, now, state: 'ready' })
    .returningAll()
    .executeTakeFirstOrThrow();

export const readClock = async (trx: Trx, id: ClockId): Promise<ClockRow | null> =>
  (await trx.selectFrom('clocks').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listClocks(trx: Trx, page: Page): Promise<Slice<ClockRow>> {
  let query = trx.selectFrom('clocks').selectAll();
  if (page.after) query = query.where('id', '<', page.after as ClockId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** Null where it is on its way already: there is one journey a clock at a time. A blocked one may be sent on. */
export const sendClock = async (trx: Trx, id: ClockId, target: Date): Promise<ClockRow | null> =>
  (await trx
    .updateTable('clocks')
    .set({ state: 'advancing', target, reason: null })
    .where('id', '=', id)
    .where('state', '<>', 'advancing')
    .returningAll()
    .executeTakeFirst()) ?? null;

/** The journey could not be started: it stands where it stood. */
export async function stayClock(trx: Trx, before: ClockRow): Promise<void> {
  await trx
    .updateTable('clocks')
    .set({ state: before.state, target: before.target, reason: before.reason })
    .where('id', '=', before.id)
    .execute();
}

/** The customer lives by this clock from now on, and so do its subscriptions. */
export async function joinClock(trx: Trx, clock: ClockId, customer: CustomerId): Promise<SubscriptionId[]> {
  await trx.updateTable('customers').set({ clock_id: clock }).where('id', '=', customer).execute();
  const rows = await trx
    .updateTable('subscriptions')
    .set({ clock_id: clock })
    .where('customer_id', '=', customer)
    .where('state', '<>', 'canceled')
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** What time it is for that customer: the clock's, or null where it lives by the wall's. */
export async function clockedNow(trx: Trx, customer: CustomerId): Promise<Instant | null> {
  const row = await trx
    .selectFrom('customers')
    .innerJoin('clocks', 'clocks.id', 'customers.clock_id')
    .select('clocks.now')
    .where('customers.id', '=', customer)
    .executeTakeFirst();
  return row ? row.now.getTime() : null;
}
