/** With the end of what it was for, or with money that was taken back for good, a machine's licence is void. */
import { sql } from 'kysely';
import type { Trx } from '../tenant.ts';
import { type Change, ofType } from './effects.ts';
import { iso } from './projection.ts';

export async function revokeLicences(trx: Trx, changes: readonly Change[]): Promise<void> {
  const revoked = changes.flatMap(({ subscription, effects }) => {
    const lost = ofType(effects, 'record_dispute').find(({ outcome }) => outcome === 'lost');
    if (lost) return [{ subscription: subscription.id, why: 'dispute_lost', at: iso(lost.at) }];
    if (subscription.state !== 'canceled') return [];
    return [{ subscription: subscription.id, why: 'canceled', at: iso(subscription.endedAt) }];
  });
  if (revoked.length === 0) return;
  await sql`/* commit_revoke_licences */
    with revoked as (
      update license_seats as seat set revoked_why = told.why, revoked_at = greatest(told.at, clock_timestamp())
      from jsonb_to_recordset(${JSON.stringify(revoked)}::jsonb) as told (subscription text, why text, at timestamptz)
      where seat.subscription_id = told.subscription and seat.revoked_at is null and seat.released_at is null
      returning seat.customer_id
    ) select pg_notify('hydra_entitlements', customer_id) from revoked`.execute(trx);
}
