/** What is offered. Only the shape is checked here: what the values must be, `checkCoupon` says, with both of them. */
import { z } from 'zod';
import {
  couponId,
  customerId,
  instant,
  minor,
  money,
  promotionCodeId,
  subscriptionId,
  text,
  time,
} from '../schemas.ts';

/** A workflow carries them along. */
const MAX_PLANS = 50;
const MAX_CURRENCIES = 50;

const count = z.int().optional();
const someMoney = z.strictObject({ amount: z.int(), currency: z.string().max(20).optional() });
const percentOff = z.string().openapi({ description: 'A decimal up to 100.', example: '12.5' });
const duration = z.enum(['once', 'repeating', 'forever']);

export const couponCreate = z
  .strictObject({
    name: text(255).openapi({ description: 'As the invoice says it.' }),
    percentOff: z
      .union([z.string().max(40), z.number()])
      .transform(String)
      .optional()
      .openapi({ type: 'string', description: 'A decimal up to 100.', example: '12.5' }),
    amountOff: z
      .union([someMoney, z.array(someMoney).max(MAX_CURRENCIES)])
      .transform((given) => (Array.isArray(given) ? given : [given]))
      .optional()
      .openapi({ description: 'One amount, or one for each currency. It is taken off once a billing period.' }),
    duration: duration.openapi({ description: 'In billing periods.' }),
    periods: count.openapi({ description: 'How many it repeats.' }),
    plans: z.array(text(128)).max(MAX_PLANS).optional().openapi({ description: 'Any where it is left out.' }),
    maxRedemptions: count,
    perCustomer: count.openapi({ description: 'How often one customer may redeem it.' }),
    redeemBy: instant.optional(),
  })
  .openapi('CouponCreate');

export const couponUpdate = z
  .strictObject({ name: text(255).optional(), state: z.enum(['active', 'archived']).optional() })
  .refine((body) => body.name !== undefined || body.state !== undefined, {
    error: 'a name or a state is needed',
    path: ['state'],
  })
  .openapi('CouponUpdate');

export const coupon = z
  .object({
    id: couponId,
    name: z.string(),
    percentOff: percentOff.nullable(),
    amountOff: z.array(money).nullable(),
    duration,
    periods: z.int().nullable(),
    plans: z.array(z.string()).nullable(),
    maxRedemptions: z.int().nullable(),
    perCustomer: z.int().nullable(),
    redeemBy: time.nullable(),
    redeemed: z.int().openapi({ description: 'How often it was.' }),
    state: z.enum(['active', 'archived']),
    createdAt: time,
    archivedAt: time.nullable(),
  })
  .openapi('Coupon');

const code = z
  .string()
  .regex(/^[A-Za-z0-9_-]{2,64}$/, 'from 2 to 64 letters, digits, _ and -')
  .openapi({ example: 'SPRING27' });

export const promotionCodeCreate = z
  .strictObject({
    code: code.optional().openapi({ description: 'Made up where it is left out. Its letters’ case means nothing.' }),
    expiresAt: instant.optional(),
    maxRedemptions: count,
    firstTimeOnly: z.boolean().optional().openapi({ description: 'Only for who never had a subscription.' }),
    minimumAmount: z
      .strictObject({ amount: minor, currency: z.string().max(20) })
      .optional()
      .openapi({ description: 'What a period has to cost at least.' }),
    customerId: customerId.optional().openapi({ description: 'For this customer alone.' }),
  })
  .openapi('PromotionCodeCreate');

export const promotionCodeUpdate = z.strictObject({ active: z.boolean() }).openapi('PromotionCodeUpdate');

export const promotionCode = z
  .object({
    id: promotionCodeId,
    couponId,
    code,
    active: z.boolean(),
    expiresAt: time.nullable(),
    maxRedemptions: z.int().nullable(),
    firstTimeOnly: z.boolean(),
    minimumAmount: money.nullable(),
    customerId: customerId.nullable(),
    redeemed: z.int(),
    createdAt: time,
  })
  .openapi('PromotionCode');

export const redemption = z
  .object({
    couponId,
    promotionCodeId: promotionCodeId.nullable(),
    customerId,
    subscriptionId,
    redeemedAt: time,
    releasedAt: time
      .nullable()
      .openapi({ description: 'It came to nothing, as the first payment never came: it is not counted.' }),
  })
  .openapi('Redemption');
