/** From a code or a coupon to what a subscription then holds, at the time that it is for the customer. */
import { offerOf } from '../db/coupons.ts';
import { hadSubscription } from '../db/subscriptions.ts';
import { inTenant } from '../db/tenant.ts';
import { type Buyer, redeem, unknownCode } from '../domain/coupon.ts';
import type { HeldDiscount } from '../domain/discount.ts';
import type { CouponId } from '../domain/ids.ts';
import type { Refusal } from '../domain/refusal.ts';
import { nowOf } from './catalog.ts';
import { notFound, Problem } from './problem.ts';
import type { Call } from './route.ts';

export type Wanted = { promotionCode: string } | { couponId: CouponId };

/** The coupon that is wanted as it will be held. That nobody was faster is for the commit to say. */
export const redeemed = (call: Call, wanted: Wanted, buyer: Omit<Buyer, 'isNew'>): Promise<HeldDiscount> =>
  inTenant(call.parts.db, call.scope, async (trx) => {
    const byCode = 'promotionCode' in wanted;
    const offer = await offerOf(
      trx,
      byCode ? { code: wanted.promotionCode } : { coupon: wanted.couponId },
      buyer.customer,
    );
    if (!offer) throw byCode ? problemOf(unknownCode, 'promotionCode') : notFound('coupon');
    const isNew = !(await hadSubscription(trx, buyer.customer));
    const answer = redeem(offer, { ...buyer, isNew }, await nowOf(trx, buyer.customer));
    if ('discount' in answer) return answer.discount;
    throw problemOf(answer, byCode ? 'promotionCode' : 'couponId');
  });

/** A limit may be raised, and what is past stays past. */
const problemOf = ({ code, detail }: Refusal, path: string): Problem =>
  new Problem(code === 'coupon_exhausted' ? 409 : 422, code, detail, { errors: [{ path, message: detail }] });
