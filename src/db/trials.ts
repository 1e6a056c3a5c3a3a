/** Which products a customer has tried. The first trial of each is kept; a second that may not be is refused by the key. */
import { sql } from 'kysely';
import type { CustomerId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import { type Change, ofType } from './commit/effects.ts';
import type { Trx } from './tenant.ts';

/** Null where none was. */
export async function trialUsedAt(trx: Trx, customer: CustomerId, product: string): Promise<Instant | null> {
  const row = await trx
    .selectFrom('trials_used')
    .select('began_at')
    .where('customer_id', '=', customer)
    .where('product', '=', product)
    .executeTakeFirst();
  return row?.began_at.getTime() ?? null;
}

/** In one order, so that two batches that want the same trial wait for each other and never in a circle. */
export async function useTrials(trx: Trx, changes: readonly Change[]): Promise<void> {
  const used = changes
    .flatMap(({ subscription: { id, customer }, effects }) =>
      ofType(effects, 'use_trial').map((effect) => ({ ...effect, id, customer, key: `${customer}/${effect.product}` })),
    )
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { id, customer, product, once, at } of used) {
    await sql`/* commit_trial */
      insert into trials_used (tenant_id, mode, customer_id, product, subscription_id, began_at)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${customer}, ${product}, ${id},
        ${new Date(at)})
      ${once ? sql`` : sql`on conflict do nothing`}`.execute(trx);
  }
}
