import type { Trx } from '../tenant.ts';
import { type Change, ofType } from './effects.ts';
import { iso } from './projection.ts';

/** A migration's progress goes with the move itself, so neither is ever without the other. */
export async function recordMigrations(trx: Trx, changes: readonly Change[]): Promise<void> {
  for (const change of changes) await recordOwn(trx, change);
}

async function recordOwn(trx: Trx, { subscription: { id: subscription }, effects }: Change): Promise<void> {
  for (const { migration, before, after, at } of ofType(effects, 'record_migration')) {
    const moved = { before: JSON.stringify(before), after: JSON.stringify(after), moved_at: iso(at) };
    await trx
      .updateTable('price_book_migration_items')
      .set({ state: 'moved', reason: null, undone_at: null, ...moved })
      .where('migration_id', '=', migration)
      .where('subscription_id', '=', subscription)
      .execute();
  }
  for (const { migration, at } of ofType(effects, 'record_migration_undone')) {
    await trx
      .updateTable('price_book_migration_items')
      .set({ state: 'undone', reason: null, undone_at: iso(at) })
      .where('migration_id', '=', migration)
      .where('subscription_id', '=', subscription)
      .execute();
  }
}
