import { sql } from 'kysely';
import type { Effect } from '../../domain/effect.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import { ofType } from './effects.ts';
import { iso } from './projection.ts';

/** A redemption counts itself, and where a limit is reached the database refuses it, and the whole step with it. */
export async function recordRedemptions(
  trx: Trx,
  { id, customer }: Subscription,
  effects: readonly Effect[],
): Promise<void> {
  const redeemed = ofType(effects, 'redeem');
  if (redeemed.length > 0) {
    // In the order of the coupons, so that two steps with the same ones wait for each other and never in a circle.
    const rows = redeemed
      .map(({ coupon, promotionCode, at }) => ({ coupon, promotion_code: promotionCode, at: iso(at) }))
      .sort((a, b) => (a.coupon < b.coupon ? -1 : 1));
    await sql`/* commit_redeem */
      insert into redemptions (tenant_id, mode, coupon_id, promotion_code_id, customer_id, subscription_id, redeemed_at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), coupon, promotion_code, ${customer}, ${id}, at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as redeemed (coupon text, promotion_code text, at timestamptz)`.execute(trx);
  }
  const released = ofType(effects, 'release_redemptions').at(-1);
  if (released) {
    await sql`/* commit_release */
      update redemptions set released_at = greatest(${iso(released.at)}::timestamptz, redeemed_at)
      where subscription_id = ${id} and released_at is null`.execute(trx);
  }
}
