import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { isRedeemable } from './coupons.ts';
import { customerFor } from './customers.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, flag, integer, metadata, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { PromotionCode } from './wire.ts';

export const promotionCodeRoutes: Route[] = [
  route(
    'POST',
    '/v1/promotion_codes',
    {
      ...expand,
      active: flag.optional(),
      code: text.optional(),
      customer: text.optional(),
      expires_at: integer.optional(),
      max_redemptions: integer.optional(),
      metadata: metadata.optional(),
      promotion: z.strictObject({ coupon: text, type: z.literal('coupon') }),
      restrictions: z
        .strictObject({
          first_time_transaction: flag.optional(),
          minimum_amount: integer.optional(),
          minimum_amount_currency: text.optional(),
        })
        .optional(),
    },
    (call, params) => {
      const { active = true, customer = null, expires_at = null, max_redemptions = null, restrictions } = params;
      const { code = newId('', 8).slice(1).toUpperCase() } = params;
      const { coupon } = params.promotion;
      if (call.store.get('coupon', coupon) === undefined) {
        throw missingReference('coupon', coupon, 'promotion[coupon]');
      }
      if (customer !== null) customerFor(call, customer, 'customer');
      if (codeInUse(call, code) !== undefined) {
        const message = `An active promotion code with \`code: ${code}\` already exists.`;
        throw invalid(message, { code: 'resource_already_exists', param: 'code' });
      }
      const promotion = call.store.put('promotion_code', {
        id: newId('promo'),
        object: 'promotion_code',
        active,
        code,
        created: call.now(),
        customer,
        customer_account: null,
        expires_at,
        livemode: false,
        max_redemptions,
        metadata: merged({}, params.metadata),
        promotion: { coupon, type: 'coupon' },
        restrictions: {
          first_time_transaction: restrictions?.first_time_transaction ?? false,
          minimum_amount: restrictions?.minimum_amount ?? null,
          minimum_amount_currency: restrictions?.minimum_amount_currency ?? null,
        },
        times_redeemed: 0,
      });
      call.emit('promotion_code.created', promotion, promotion.created);
      return ok(promotion);
    },
  ),
  route('GET', '/v1/promotion_codes/:id', expand, (call, _, id) => ok(asSeen(call, promotionFor(call, id)))),
  route(
    'POST',
    '/v1/promotion_codes/:id',
    { ...expand, active: flag.optional(), metadata: metadata.optional() },
    (call, { active, metadata }, id) => {
      const before = promotionFor(call, id);
      const after = { ...before, ...given({ active }), metadata: merged(before.metadata ?? {}, metadata) };
      call.store.put('promotion_code', after);
      call.emit('promotion_code.updated', after, call.now(), previous(before, after));
      return ok(asSeen(call, after));
    },
  ),
  route(
    'GET',
    '/v1/promotion_codes',
    {
      ...pagination,
      active: flag.optional(),
      code: text.optional(),
      coupon: text.optional(),
      created: created.optional(),
      customer: text.optional(),
    },
    (call, { active, code, coupon, customer, ...params }) =>
      page(
        call,
        'promotion_code',
        '/v1/promotion_codes',
        params,
        (promotion) => {
          if (active !== undefined && isUsable(call, promotion) !== active) return false;
          if (code !== undefined && promotion.code.toLowerCase() !== code.toLowerCase()) return false;
          if (coupon !== undefined && promotion.promotion.coupon !== coupon) return false;
          if (customer !== undefined && promotion.customer !== customer) return false;
          return within(promotion.created, params.created);
        },
        (promotion) => asSeen(call, promotion),
      ),
  ),
];

function promotionFor(call: Call, id: string): PromotionCode {
  const promotion = call.store.get('promotion_code', id);
  if (promotion === undefined) throw missing('promotion code', id, 'promotion_code');
  return promotion;
}

/** Codes are the same in capitals and without. */
export function codeInUse(call: Call, code: string): PromotionCode | undefined {
  for (const promotion of call.store.all('promotion_code')) {
    if (promotion.code.toLowerCase() === code.toLowerCase() && isUsable(call, promotion)) return promotion;
  }
  return undefined;
}

export function isUsable(call: Call, promotion: PromotionCode): boolean {
  const { active, expires_at, max_redemptions, times_redeemed } = promotion;
  const coupon = call.store.get('coupon', promotion.promotion.coupon ?? '');
  if (!active || coupon === undefined || !isRedeemable(call, coupon)) return false;
  return (expires_at === null || expires_at > call.now()) && (max_redemptions ?? Infinity) > times_redeemed;
}

const asSeen = (call: Call, promotion: PromotionCode) => ({ ...promotion, active: isUsable(call, promotion) });
