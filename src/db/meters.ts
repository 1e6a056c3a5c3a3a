/** What is metered. A version that is published stays as it is; the next one counts beside it. */
import { type Selectable, sql } from 'kysely';
import type { MeterId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import type { Meter, MeterDocument } from '../domain/meter.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { MetersTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type MeterRow = Selectable<MetersTable>;

/**
 * Whoever takes events in shares the lock; whoever changes what is counted, or takes an event back, has it alone. So each
 * event is counted by every version that was published before it, and by no other.
 */
export async function lockUsage(trx: Trx, { tenant, mode }: Scope, how: 'shared' | 'alone'): Promise<void> {
  await (how === 'shared'
    ? sql`/* usage_share */ select pg_advisory_xact_lock_shared(usage_lock(${tenant}, ${mode}))`
    : sql`/* usage_alone */ select pg_advisory_xact_lock(usage_lock(${tenant}, ${mode}))`
  ).execute(trx);
}

export async function createMeter(
  trx: Trx,
  { tenant, mode }: Scope,
  { id, key, document, at }: { id: MeterId; key: string; document: MeterDocument; at: Date },
): Promise<MeterRow> {
  const last = await trx
    .selectFrom('meters')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('key', '=', key)
    .executeTakeFirst();
  return trx
    .insertInto('meters')
    .values({
      ...{ tenant_id: tenant, mode, id, key, version: (last?.version ?? 0) + 1, state: 'draft' as const },
      ...{ document: JSON.stringify(document), created_at: at },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export const readMeter = async (trx: Trx, id: MeterId): Promise<MeterRow | null> =>
  (await trx.selectFrom('meters').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listMeters(trx: Trx, key: string | undefined, page: Page): Promise<Slice<MeterRow>> {
  let query = trx.selectFrom('meters').selectAll();
  if (key !== undefined) query = query.where('key', '=', key);
  if (page.after) query = query.where('id', '<', page.after as MeterId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** Null where it is no draft. */
export const editMeter = async (trx: Trx, id: MeterId, document: MeterDocument): Promise<MeterRow | null> =>
  (await trx
    .updateTable('meters')
    .set({ document: JSON.stringify(document) })
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .returningAll()
    .executeTakeFirst()) ?? null;

/** Null where it was published before. */
export async function publishMeter(trx: Trx, scope: Scope, id: MeterId, at: Date): Promise<MeterRow | null> {
  await lockUsage(trx, scope, 'alone');
  return (
    (await trx
      .updateTable('meters')
      .set({ state: 'published', published_at: at, effective_at: at })
      .where('id', '=', id)
      .where('state', '=', 'draft')
      .returningAll()
      .executeTakeFirst()) ?? null
  );
}

/** It counts no more; what it has counted stays. Null where it is not published. */
export async function archiveMeter(trx: Trx, scope: Scope, id: MeterId, at: Date): Promise<MeterRow | null> {
  await lockUsage(trx, scope, 'alone');
  return (
    (await trx
      .updateTable('meters')
      .set({ state: 'archived', archived_at: at })
      .where('id', '=', id)
      .where('state', '=', 'published')
      .returningAll()
      .executeTakeFirst()) ?? null
  );
}

/** Those that count now, or all that ever did. */
export async function countingMeters(trx: Trx, which: 'now' | 'ever'): Promise<Meter[]> {
  const { rows } = await sql<MeterRow>`/* usage_meters */
    select * from meters where state = 'published' or (${which === 'ever'}::boolean and state = 'archived')`.execute(
    trx,
  );
  return rows.map(meterOf);
}

export function meterOf({ id, key, document, effective_at }: MeterRow): Meter {
  invariant(effective_at, `${id} was published`);
  return { id, key, document, effectiveAt: effective_at.getTime() };
}

/** Keys that something can be sold by. */
export const meterKeys = async (trx: Trx): Promise<Set<string>> =>
  new Set((await countingMeters(trx, 'now')).map(({ key }) => key));
