/** Which products a customer has tried. The first trial of each is kept; a second that may not be is refused by the key. */
import { sql } from 'kysely';
import type { CustomerId } from '../domain/ids.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { EffectOf } from './commit/effects.ts';
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

export async function useTrials(
  trx: Trx,
  { id, customer }: Subscription,
  effects: readonly EffectOf<'use_trial'>[],
): Promise<void> {
  for (const { product, once, at } of effects) {
    await sql`/* commit_trial */
      insert into trials_used (tenant_id, mode, customer_id, product, subscription_id, began_at)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${customer}, ${product}, ${id},
        ${new Date(at)})
      ${once ? sql`` : sql`on conflict do nothing`}`.execute(trx);
  }
}
