/** Migrations of subscriptions to a version of the price book, and how far each subscription has come. */
import { type Selectable, sql } from 'kysely';
import type { MigrationId, PriceBookId, SubscriptionId } from '../domain/ids.ts';
import type { PlanMapping } from '../domain/migrate.ts';
import type { Instant } from '../domain/time.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type {
  MigrationItemState,
  MigrationSettings,
  MigrationState,
  PriceBookMigrationItemsTable,
  PriceBookMigrationsTable,
} from './schema.ts';
import type { SubscriptionRow } from './subscriptions.ts';
import type { Scope, Trx } from './tenant.ts';

export type MigrationRow = Selectable<PriceBookMigrationsTable>;
export type MigrationItemRow = Selectable<PriceBookMigrationItemsTable>;

/** What has been accepted, and has not ended. */
const ALIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused'] as const;

/** Which subscriptions a migration is about: on these plans, of another version, and still alive. */
const moving = (trx: Trx, priceBook: PriceBookId, plans: readonly string[]) =>
  trx
    .selectFrom('subscriptions')
    .where('price_book_id', '<>', priceBook)
    .where('plan_id', 'in', plans.length > 0 ? plans : [''])
    .where('subscriptions.state', 'in', ALIVE);

export type Movable = SubscriptionRow & { now: Instant | null };

/** With the time of the clock that leads it, where one does. */
export async function listMovable(
  trx: Trx,
  { priceBook, plans }: { priceBook: PriceBookId; plans: readonly string[] },
  page: Page,
): Promise<Slice<Movable>> {
  let query = moving(trx, priceBook, plans)
    .leftJoin('clocks', 'clocks.id', 'subscriptions.clock_id')
    .selectAll('subscriptions')
    .select('clocks.now as clock_now');
  if (page.after) query = query.where('subscriptions.id', '<', page.after as SubscriptionId);
  const slice = await sliceOf(query.orderBy('subscriptions.id', 'desc'), page, ({ id }) => id);
  const rows = slice.rows.map(({ clock_now, ...row }) => ({ ...row, now: clock_now?.getTime() ?? null }));
  return { ...slice, rows };
}

/** How many are on which plan of another version, whether they are to be moved or stay. */
export const countByPlan = (trx: Trx, priceBook: PriceBookId) =>
  trx
    .selectFrom('subscriptions')
    .where('price_book_id', '<>', priceBook)
    .where('state', 'in', ALIVE)
    .select(({ fn, ref }) => [ref('plan_id').as('planId'), fn.countAll<number>().as('count')])
    .groupBy('plan_id')
    .orderBy('plan_id')
    .execute();

/** Which subscriptions it is about is settled here: who subscribes later buys the new version anyway. */
export async function createMigration(
  trx: Trx,
  { tenant, mode }: Scope,
  given: {
    id: MigrationId;
    priceBook: PriceBookId;
    mapping: PlanMapping;
    plans: readonly string[];
    settings: MigrationSettings;
    by: string;
    at: Date;
  },
): Promise<MigrationRow> {
  const { id, priceBook, mapping, plans, settings, by, at } = given;
  const row = await trx
    .insertInto('price_book_migrations')
    .values({
      ...{ tenant_id: tenant, mode, id, price_book_id: priceBook, state: 'running', wave: 0, created_by: by },
      ...{ plans: JSON.stringify(mapping), settings: JSON.stringify(settings), created_at: at, updated_at: at },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  // By a hash, not by age: the canary, wave 0, is a sample of all.
  const { canaryPercent, waveSize } = settings;
  await sql`
    insert into price_book_migration_items (tenant_id, mode, migration_id, subscription_id, wave, state)
    select tenant_id, mode, ${id}, id,
      case when place <= canary then 0 else 1 + div((place - canary - 1)::numeric, ${waveSize}::numeric) end, 'pending'
    from (
      select tenant_id, mode, id, row_number() over (order by md5(${id} || id)) as place,
        ceil(count(*) over () * ${canaryPercent}::numeric / 100)::bigint as canary
      from subscriptions
      where price_book_id <> ${priceBook} and plan_id = any(${plans}::text[]) and state = any(${[...ALIVE]}::text[])
    ) as sampled`.execute(trx);
  return row;
}

export const readMigration = async (trx: Trx, id: MigrationId): Promise<MigrationRow | null> =>
  (await trx.selectFrom('price_book_migrations').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listMigrations(trx: Trx, priceBook: PriceBookId, page: Page): Promise<Slice<MigrationRow>> {
  let query = trx.selectFrom('price_book_migrations').selectAll().where('price_book_id', '=', priceBook);
  if (page.after) query = query.where('id', '<', page.after as MigrationId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** The one that is not over, of which there is one at most. */
export const openMigration = async (trx: Trx): Promise<MigrationRow | null> =>
  (await trx
    .selectFrom('price_book_migrations')
    .selectAll()
    .where('state', 'in', ['running', 'paused', 'stopped', 'undoing'])
    .executeTakeFirst()) ?? null;

/** From one of these states to that one; null where it is in none of them. */
export const turnMigration = async (
  trx: Trx,
  id: MigrationId,
  {
    from,
    to,
    reason = null,
    at,
  }: { from: readonly MigrationState[]; to: MigrationState; reason?: string | null; at: Date },
): Promise<MigrationRow | null> =>
  (await trx
    .updateTable('price_book_migrations')
    .set({ state: to, reason, updated_at: at })
    .where('id', '=', id)
    .where('state', 'in', from)
    .returningAll()
    .executeTakeFirst()) ?? null;

export const beginWave = (trx: Trx, id: MigrationId, wave: number, at: Date) =>
  trx.updateTable('price_book_migrations').set({ wave, updated_at: at }).where('id', '=', id).execute();

/** It never began: Temporal was away. */
export const forgetMigration = (trx: Trx, id: MigrationId) =>
  trx.deleteFrom('price_book_migrations').where('id', '=', id).execute();

export type ItemCounts = Record<MigrationItemState, number>;

export async function countItems(trx: Trx, ids: readonly MigrationId[]): Promise<Map<MigrationId, ItemCounts>> {
  const counts = new Map(ids.map((id) => [id, { pending: 0, moved: 0, failed: 0, skipped: 0, undone: 0, left: 0 }]));
  if (ids.length === 0) return counts;
  const rows = await trx
    .selectFrom('price_book_migration_items')
    .where('migration_id', 'in', ids)
    .select(({ fn }) => ['migration_id', 'state', fn.countAll<number>().as('count')])
    .groupBy(['migration_id', 'state'])
    .execute();
  for (const { migration_id, state, count } of rows) counts.get(migration_id)![state] = Number(count);
  return counts;
}

export async function listItems(
  trx: Trx,
  id: MigrationId,
  state: MigrationItemState | undefined,
  page: Page,
): Promise<Slice<MigrationItemRow>> {
  let query = trx.selectFrom('price_book_migration_items').selectAll().where('migration_id', '=', id);
  if (state) query = query.where('state', '=', state);
  if (page.after) query = query.where('subscription_id', '<', page.after as SubscriptionId);
  return sliceOf(query.orderBy('subscription_id', 'desc'), page, ({ subscription_id: of }) => of);
}

/** The next ones in that state, of one wave. */
export async function nextItems(
  trx: Trx,
  id: MigrationId,
  state: 'pending' | 'moved',
  limit: number,
): Promise<MigrationItemRow[]> {
  const rows = await trx
    .selectFrom('price_book_migration_items')
    .selectAll()
    .where('migration_id', '=', id)
    .where('state', '=', state)
    .orderBy('wave')
    .orderBy('subscription_id')
    .limit(limit)
    .execute();
  return rows.filter(({ wave }) => wave === rows[0]!.wave);
}

/** What could not be done, with the reason. A subscription that was moved in that moment stays so. */
export const settleItem = (
  trx: Trx,
  id: MigrationId,
  subscription: SubscriptionId,
  { from, to, reason }: { from: MigrationItemState; to: MigrationItemState; reason: string },
) =>
  trx
    .updateTable('price_book_migration_items')
    .set({ state: to, reason })
    .where('migration_id', '=', id)
    .where('subscription_id', '=', subscription)
    .where('state', '=', from)
    .execute();

/** What has failed is tried again. */
export const retryFailed = (trx: Trx, id: MigrationId) =>
  trx
    .updateTable('price_book_migration_items')
    .set({ state: 'pending', reason: null })
    .where('migration_id', '=', id)
    .where('state', '=', 'failed')
    .execute();
