import { z } from 'zod';
import { couponId, text } from '../schemas.ts';

const promotionCode = text(64).openapi({ example: 'SPRING27' });

export const applyCode = z.strictObject({ promotionCode }).openapi('DiscountApply');

export const applyCoupon = z
  .union([z.strictObject({ couponId }), z.strictObject({ promotionCode })])
  .openapi('CouponApply');
