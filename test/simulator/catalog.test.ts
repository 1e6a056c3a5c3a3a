import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { failure, start } from './support.ts';

test('a product has prices, found by their lookup keys', async () => {
  const { stripe } = await start();
  const product = await stripe.products.create({ name: 'Pro', metadata: { tier: 'pro' } });
  const monthly = await stripe.prices.create({
    product: product.id,
    currency: 'EUR',
    unit_amount: 1900,
    recurring: { interval: 'month' },
    lookup_key: 'pro_monthly',
  });
  expect(monthly).toMatchObject({ currency: 'eur', type: 'recurring', unit_amount: 1900 });
  expect(monthly.unit_amount_decimal?.toString()).toBe('1900');
  const found = await stripe.prices.list({ lookup_keys: ['pro_monthly'], expand: ['data.product'] });
  expect(found.data).toMatchObject([{ id: monthly.id, product: { name: 'Pro', metadata: { tier: 'pro' } } }]);
  expect((await failure(stripe.prices.create({ ...reused(monthly), lookup_key: 'pro_monthly' }))).code).toBe(
    'resource_already_exists',
  );
  const next = await stripe.prices.create({
    ...reused(monthly),
    lookup_key: 'pro_monthly',
    transfer_lookup_key: true,
  });
  expect((await stripe.prices.list({ lookup_keys: ['pro_monthly'] })).data.map(({ id }) => id)).toEqual([next.id]);
  expect((await failure(stripe.products.del(product.id))).type).toBe('StripeInvalidRequestError');
});

const reused = ({ product }: Stripe.Price): Stripe.PriceCreateParams => ({
  product: product as string,
  currency: 'eur',
  unit_amount_decimal: Stripe.Decimal.from('0.25'),
});

test('a fraction of a cent has no whole amount; tiers have none of their own', async () => {
  const { stripe } = await start();
  const product_data = { name: 'Calls' };
  const each = await stripe.prices.create({
    product_data,
    currency: 'usd',
    unit_amount_decimal: Stripe.Decimal.from('0.25'),
  });
  expect([each.unit_amount, each.unit_amount_decimal?.toString()]).toEqual([null, '0.25']);
  const tiered = await stripe.prices.create({
    product_data,
    currency: 'usd',
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers: [
      { up_to: 10, unit_amount: 100 },
      { up_to: 'inf', unit_amount: 80 },
    ],
    recurring: { interval: 'month' },
  });
  expect(tiered).toMatchObject({ unit_amount: null, tiers: [{ up_to: 10 }, { up_to: null, unit_amount: 80 }] });
});

test('coupons are redeemed under codes, while they last', async () => {
  const { stripe } = await start();
  const coupon = await stripe.coupons.create({
    id: 'SPRING',
    percent_off: 20,
    duration: 'repeating',
    duration_in_months: 3,
  });
  expect(coupon).toMatchObject({ id: 'SPRING', valid: true, times_redeemed: 0 });
  const code = await stripe.promotionCodes.create({
    promotion: { type: 'coupon', coupon: 'SPRING' },
    code: 'Spring20',
  });
  const { data } = await stripe.promotionCodes.list({ code: 'SPRING20', expand: ['data.promotion.coupon'] });
  expect(data).toMatchObject([{ id: code.id, active: true, promotion: { coupon: { percent_off: 20 } } }]);
  await stripe.coupons.del('SPRING');
  expect((await stripe.promotionCodes.retrieve(code.id)).active).toBe(false);
  expect((await failure(stripe.coupons.create({ percent_off: 10, amount_off: 5 }))).param).toBe('percent_off');
});
