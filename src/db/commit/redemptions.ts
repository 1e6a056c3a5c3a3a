import { sql } from 'kysely';
import type { Trx } from '../tenant.ts';
import { type Change, ofType } from './effects.ts';
import { iso } from './projection.ts';

/** A redemption counts itself, and where a limit is reached the database refuses it, and the whole step with it. */
export async function recordRedemptions(trx: Trx, changes: readonly Change[]): Promise<void> {
  const redeemed = changes.flatMap(({ subscription: { id, customer }, effects }) =>
    ofType(effects, 'redeem').map(({ coupon, promotionCode, at }) => ({
      ...{ subscription: id, customer, coupon, promotion_code: promotionCode, at: iso(at) },
    })),
  );
  if (redeemed.length > 0) {
    // In the order of the coupons, so that two batches with the same ones wait for each other and never in a circle.
    const rows = redeemed.sort((a, b) => (a.coupon < b.coupon ? -1 : 1));
    await sql`/* commit_redeem */
      insert into redemptions (tenant_id, mode, coupon_id, promotion_code_id, customer_id, subscription_id, redeemed_at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), coupon, promotion_code, customer,
        subscription, at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as redeemed (subscription text, customer text, coupon text, promotion_code text, at timestamptz)`.execute(trx);
  }
  for (const { subscription, effects } of changes) {
    const released = ofType(effects, 'release_redemptions').at(-1);
    if (released) {
      await sql`/* commit_release */
        update redemptions set released_at = greatest(${iso(released.at)}::timestamptz, redeemed_at)
        where subscription_id = ${subscription.id} and released_at is null`.execute(trx);
    }
  }
}
