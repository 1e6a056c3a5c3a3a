/** Each look that was taken: when, for whom, and what it came to. */
import type { Selectable } from 'kysely';
import type { ReconciliationReport } from '../domain/discrepancy.ts';
import type { ReconciliationId } from '../domain/ids.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { ReconciliationsTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type ReconciliationRow = Selectable<ReconciliationsTable>;
export type Begun = { id: ReconciliationId; since: Date; by: string; at: Date };

/**
 * One that has begun already stays as it is. A schedule has one at a time: what runs by its name beside this one has lost
 * its worker, and was begun anew.
 */
export async function beginReconciliation(trx: Trx, scope: Scope, { id, since, by, at }: Begun): Promise<void> {
  await trx
    .updateTable('reconciliations')
    .set({ state: 'failed', reason: 'begun anew', ended_at: at })
    .where('asked_by', '=', by)
    .where('asked_by', 'like', 'schedule/%')
    .where('state', '=', 'running')
    .where('id', '<>', id)
    .execute();
  await trx
    .insertInto('reconciliations')
    .values({
      ...{ tenant_id: scope.tenant, mode: scope.mode, id, state: 'running', since, asked_by: by, started_at: at },
      ...{ ended_at: null, report: null, reason: null },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** One that has failed may be tried again, and end well. */
export async function endReconciliation(
  trx: Trx,
  id: ReconciliationId,
  end: { report: ReconciliationReport } | { reason: string },
): Promise<void> {
  const ended =
    'report' in end
      ? { state: 'done' as const, report: JSON.stringify(end.report), reason: null }
      : { state: 'failed' as const, reason: end.reason };
  await trx
    .updateTable('reconciliations')
    .set({ ...ended, ended_at: new Date() })
    .where('id', '=', id)
    .where('state', '<>', 'done')
    .execute();
}

export const readReconciliation = async (trx: Trx, id: ReconciliationId): Promise<ReconciliationRow | null> =>
  (await trx.selectFrom('reconciliations').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listReconciliations(trx: Trx, page: Page): Promise<Slice<ReconciliationRow>> {
  let query = trx.selectFrom('reconciliations').selectAll();
  if (page.after) query = query.where('id', '<', page.after as ReconciliationId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}
