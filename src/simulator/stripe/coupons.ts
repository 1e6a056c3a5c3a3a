import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { invalid, missing } from './errors.ts';
import { page, within } from './list.ts';
import { assertCurrency } from './money.ts';
import { created, expand, integer, list, metadata, pagination, text, unsettable } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Coupon } from './wire.ts';

const percent = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,4})?$/)
  .transform(Number)
  .refine((value) => value > 0 && value <= 100);

export const couponRoutes: Route[] = [
  route(
    'POST',
    '/v1/coupons',
    {
      ...expand,
      amount_off: integer.optional(),
      applies_to: z.strictObject({ products: list(text) }).optional(),
      currency: text.optional(),
      duration: z.enum(['forever', 'once', 'repeating']).optional(),
      duration_in_months: integer.optional(),
      id: text.optional(),
      max_redemptions: integer.optional(),
      metadata: metadata.optional(),
      name: text.optional(),
      percent_off: percent.optional(),
      redeem_by: integer.optional(),
    },
    (call, params) => {
      const { amount_off = null, percent_off = null, duration = 'once', duration_in_months = null } = params;
      const { max_redemptions = null, name = null, redeem_by = null, id = newId('', 8).slice(1) } = params;
      const currency = params.currency?.toLowerCase() ?? null;
      if ((amount_off === null) === (percent_off === null)) {
        throw invalid('You must pass exactly one of percent_off and amount_off.', { param: 'percent_off' });
      }
      if (amount_off !== null) assertCurrency(currency ?? '');
      if ((duration === 'repeating') !== (duration_in_months !== null)) {
        throw invalid('duration_in_months goes with a duration of repeating.', { param: 'duration_in_months' });
      }
      if (call.store.get('coupon', id) !== undefined) {
        throw invalid('Coupon already exists.', { code: 'resource_already_exists', param: 'id' });
      }
      const coupon = call.store.put('coupon', {
        id,
        object: 'coupon',
        amount_off,
        ...(params.applies_to && { applies_to: params.applies_to }),
        created: call.now(),
        currency,
        duration,
        duration_in_months,
        livemode: false,
        max_redemptions,
        metadata: merged({}, params.metadata),
        name,
        percent_off,
        redeem_by,
        times_redeemed: 0,
        valid: true,
      });
      call.emit('coupon.created', coupon, coupon.created);
      return ok(asSeen(call, coupon));
    },
  ),
  route('GET', '/v1/coupons/:id', expand, (call, _, id) => ok(asSeen(call, couponFor(call, id)))),
  route(
    'POST',
    '/v1/coupons/:id',
    { ...expand, metadata: metadata.optional(), name: unsettable(text).optional() },
    (call, { name, metadata }, id) => {
      const before = couponFor(call, id);
      const after = { ...before, ...given({ name }), metadata: merged(before.metadata ?? {}, metadata) };
      call.store.put('coupon', after);
      call.emit('coupon.updated', after, call.now(), previous(before, after));
      return ok(asSeen(call, after));
    },
  ),
  route('DELETE', '/v1/coupons/:id', {}, (call, _, id) => {
    const coupon = couponFor(call, id);
    call.store.remove('coupon', id);
    call.emit('coupon.deleted', coupon, call.now());
    return ok({ id, object: 'coupon', deleted: true });
  }),
  route('GET', '/v1/coupons', { ...pagination, created: created.optional() }, (call, params) =>
    page(
      call,
      'coupon',
      '/v1/coupons',
      params,
      (coupon) => within(coupon.created, params.created),
      (coupon) => asSeen(call, coupon),
    ),
  ),
];

function couponFor(call: Call, id: string): Coupon {
  const coupon = call.store.get('coupon', id);
  if (coupon === undefined) throw missing('coupon', id, 'coupon');
  return coupon;
}

/** Whether it can still be redeemed is a matter of today. */
function asSeen(call: Call, coupon: Coupon): Coupon {
  return { ...coupon, valid: isRedeemable(call, coupon) };
}

export function isRedeemable(call: Call, { redeem_by, max_redemptions, times_redeemed }: Coupon): boolean {
  return (redeem_by === null || redeem_by > call.now()) && (max_redemptions ?? Infinity) > times_redeemed;
}
