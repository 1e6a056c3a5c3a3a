/** What takes money off: a coupon, redeemed for a customer's subscription or invoice. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import { monthsAfter } from './calendar.ts';
import type { Call } from './call.ts';
import { isRedeemable } from './coupons.ts';
import { invalid, missingReference } from './errors.ts';
import { list, text, unsettable } from './params.ts';
import { isUsable } from './promotion-codes.ts';
import type { Coupon, Discount, PromotionCode } from './wire.ts';

export const discounts = unsettable(
  list(z.strictObject({ coupon: text.optional(), discount: text.optional(), promotion_code: text.optional() })),
);
export type Redeeming = z.output<typeof discounts>;
type For = { customer: string; subscription?: string; invoice?: string; at: number };

/** The discounts that a parameter names, redeemed where they weren't yet. */
export function redeem(call: Call, wanted: Redeeming, whom: For): string[] {
  return (wanted ?? []).map(({ coupon, discount, promotion_code }, index) => {
    const param = `discounts[${index}]`;
    if (discount !== undefined) {
      if (call.store.get('discount', discount) === undefined) throw missingReference('discount', discount, param);
      return discount;
    }
    if (promotion_code !== undefined) return byCode(call, promotion_code, whom, `${param}[promotion_code]`);
    const found = call.store.get('coupon', coupon ?? '');
    if (found === undefined) throw missingReference('coupon', coupon ?? '', `${param}[coupon]`);
    return add(call, found, null, whom, `${param}[coupon]`);
  });
}

function byCode(call: Call, id: string, whom: For, param: string): string {
  const promotion = call.store.get('promotion_code', id);
  if (promotion === undefined) throw missingReference('promotion code', id, param);
  const coupon = call.store.get('coupon', promotion.promotion.coupon ?? '');
  const isTheirs = promotion.customer === null || promotion.customer === whom.customer;
  if (coupon === undefined || !isUsable(call, promotion) || !isTheirs) {
    throw invalid('This promotion code cannot be redeemed.', { code: 'promotion_code_expired', param });
  }
  call.store.put('promotion_code', { ...promotion, times_redeemed: promotion.times_redeemed + 1 });
  return add(call, coupon, promotion, whom, param);
}

function add(call: Call, coupon: Coupon, code: PromotionCode | null, whom: For, param: string): string {
  if (!isRedeemable(call, coupon)) {
    throw invalid(`Coupon expired: ${coupon.id}`, { code: 'coupon_expired', param });
  }
  call.store.put('coupon', { ...coupon, times_redeemed: coupon.times_redeemed + 1 });
  const discount: Discount = call.store.put('discount', {
    id: newId('di'),
    object: 'discount',
    checkout_session: null,
    customer: whom.customer,
    customer_account: null,
    end: coupon.duration === 'repeating' ? monthsAfter(whom.at, coupon.duration_in_months!) : null,
    invoice: whom.invoice ?? null,
    invoice_item: null,
    promotion_code: code?.id ?? null,
    source: { coupon: coupon.id, type: 'coupon' },
    start: whom.at,
    subscription: whom.subscription ?? null,
    subscription_item: null,
  });
  // A coupon that is deleted goes on for those who have it.
  call.store.put('sim.discount', { id: discount.id, coupon });
  call.emit('customer.discount.created', { ...discount, source: { type: 'coupon', coupon } }, whom.at);
  return discount.id;
}

export const couponOf = (call: Pick<Call, 'store'>, discount: string): Coupon =>
  call.store.get('sim.discount', discount)!.coupon;

/** Those that still hold at a time. */
export function holding(call: Call, ids: readonly (string | object)[], at: number): string[] {
  return (ids as string[]).filter((id) => {
    const end = call.store.get('discount', id)?.end ?? null;
    return end === null || end > at;
  });
}

/** Those that hold for another invoice after this one. */
export const lasting = (call: Call, ids: readonly string[]) =>
  ids.filter((id) => couponOf(call, id).duration !== 'once');
