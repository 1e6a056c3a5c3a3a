/**
 * One request, once. Its row is taken before the work begins and completed with the answer. A request whose process died
 * is taken over when its time is up: what it does has keys of its own, so doing it again changes nothing.
 */
import { type ExpressionBuilder, sql } from 'kysely';
import type { SubscriptionId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';
import { inTenant, type Scope, type Trx } from './tenant.ts';

export type RequestKey = Scope & { principal: string; route: string; key: string };
export type Taken =
  | { outcome: 'taken' }
  | { outcome: 'running' }
  | { outcome: 'reused' }
  | { outcome: 'done'; status: number; response: object | null };

/** Longer than any request may take. */
const LEASE = sql`interval '45 seconds'`;

export const takeRequest = (db: Db, key: RequestKey, bodyHash: string): Promise<Taken> =>
  inTenant(db, key, async (trx) => {
    const inserted = await trx
      .insertInto('requests')
      .values({
        tenant_id: key.tenant,
        mode: key.mode,
        principal: key.principal,
        route: key.route,
        key: key.key,
        body_hash: bodyHash,
        state: 'running',
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('key')
      .executeTakeFirst();
    if (inserted) return { outcome: 'taken' };
    const row = await trx.selectFrom('requests').where(only(key)).selectAll().forUpdate().executeTakeFirst();
    // Taken back between our two looks; whoever asks again finds it free.
    if (!row) return { outcome: 'running' };
    if (row.body_hash !== bodyHash) return { outcome: 'reused' };
    if (row.state === 'done') return { outcome: 'done', status: row.status!, response: row.response };
    const { numUpdatedRows } = await change(trx, key)
      .set({ created_at: sql<Date>`clock_timestamp()` })
      .where('created_at', '<', sql<Date>`clock_timestamp() - ${LEASE}`)
      .executeTakeFirst();
    return { outcome: numUpdatedRows > 0n ? 'taken' : 'running' };
  });

export const completeRequest = (db: Db, key: RequestKey, status: number, response: object | null): Promise<void> =>
  inTenant(db, key, async (trx) => {
    await change(trx, key)
      .set({ state: 'done', status, response: response === null ? null : JSON.stringify(response) })
      .execute();
  });

/** Its end is not known: the next repeat goes on with it at once. */
export const releaseRequest = (db: Db, key: RequestKey): Promise<void> =>
  inTenant(db, key, async (trx) => {
    await change(trx, key)
      .set({ created_at: sql<Date>`clock_timestamp() - ${LEASE} - interval '1 second'` })
      .execute();
  });

/** Nothing came of it, so nothing of it is kept. */
export const forgetRequest = (db: Db, key: RequestKey): Promise<void> =>
  inTenant(db, key, async (trx) => {
    await trx.deleteFrom('requests').where(only(key)).where('state', '=', 'running').execute();
  });

/** The subscription that this request makes. Kept before it is made, so that a repeat makes the same one. */
export const reserveSubscription = (db: Db, key: RequestKey, fresh: SubscriptionId): Promise<SubscriptionId> =>
  inTenant(db, key, async (trx) => {
    const row = await change(trx, key)
      .set((set) => ({ subscription_id: set.fn.coalesce('subscription_id', set.val(fresh)) }))
      .returning('subscription_id')
      .executeTakeFirst();
    return row?.subscription_id ?? fresh;
  });

const only =
  ({ principal, route, key }: RequestKey) =>
  (where: ExpressionBuilder<Database, 'requests'>) =>
    where.and({ principal, route, key });

const change = (trx: Trx, key: RequestKey) =>
  trx.updateTable('requests').where(only(key)).where('state', '=', 'running');

export const requestsAbout = (trx: Trx, principal: string, subscription: SubscriptionId) =>
  trx
    .selectFrom('requests')
    .selectAll()
    .where('principal', '=', principal)
    .where('subscription_id', '=', subscription)
    .orderBy('created_at', 'desc')
    .limit(50)
    .execute();
