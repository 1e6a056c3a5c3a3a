import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { page, within } from './list.ts';
import { assertCurrency } from './money.ts';
import { created, decimal, expand, flag, integer, list, metadata, pagination, text, unsettable } from './params.ts';
import { add as addProduct } from './products.ts';
import { ok, type Route, route } from './route.ts';
import type { Price } from './wire.ts';

export const interval = z.enum(['day', 'week', 'month', 'year']);
const recurring = z.strictObject({
  interval,
  interval_count: integer.refine((count) => count >= 1).optional(),
  usage_type: z.literal('licensed').optional(),
});
const taxBehavior = z.enum(['exclusive', 'inclusive', 'unspecified']);
const amount = { unit_amount: integer.optional(), unit_amount_decimal: decimal.optional() };
const tier = z.strictObject({
  flat_amount: integer.optional(),
  flat_amount_decimal: decimal.optional(),
  ...amount,
  up_to: z.union([z.literal('inf').transform(() => null), integer]),
});

/** A price that a subscription, an invoice item or a checkout brings along. */
export const priceData = z.strictObject({
  ...amount,
  currency: text,
  product: text.optional(),
  product_data: z.strictObject({ name: text, description: text.optional(), metadata: metadata.optional() }).optional(),
  recurring: recurring.optional(),
  tax_behavior: taxBehavior.optional(),
});

const shape = {
  ...expand,
  ...amount,
  active: flag.optional(),
  billing_scheme: z.enum(['per_unit', 'tiered']).optional(),
  currency: text,
  lookup_key: text.optional(),
  metadata: metadata.optional(),
  nickname: text.optional(),
  product: text.optional(),
  product_data: z.strictObject({ name: text, metadata: metadata.optional() }).optional(),
  recurring: recurring.optional(),
  tax_behavior: taxBehavior.optional(),
  tiers: list(tier).optional(),
  tiers_mode: z.enum(['graduated', 'volume']).optional(),
  transfer_lookup_key: flag.optional(),
};
type Params = z.output<z.ZodObject<typeof shape>>;

export const priceRoutes: Route[] = [
  route('POST', '/v1/prices', shape, (call, params) => ok(addPrice(call, params))),
  route('GET', '/v1/prices/:id', expand, (call, _, id) => {
    const price = call.store.get('price', id);
    if (price === undefined) throw missing('price', id, 'price');
    return ok(price);
  }),
  route(
    'POST',
    '/v1/prices/:id',
    {
      ...expand,
      active: flag.optional(),
      lookup_key: unsettable(text).optional(),
      metadata: metadata.optional(),
      nickname: unsettable(text).optional(),
      tax_behavior: taxBehavior.optional(),
      transfer_lookup_key: flag.optional(),
    },
    (call, { active, lookup_key, metadata, nickname, tax_behavior, transfer_lookup_key }, id) => {
      const before = call.store.get('price', id);
      if (before === undefined) throw missing('price', id, 'price');
      if (typeof lookup_key === 'string' && lookup_key !== before.lookup_key) {
        claim(call, lookup_key, transfer_lookup_key);
      }
      return ok(
        change(call, before, {
          ...before,
          ...given({ active, lookup_key, nickname, tax_behavior }),
          metadata: merged(before.metadata, metadata),
        }),
      );
    },
  ),
  route(
    'GET',
    '/v1/prices',
    {
      ...pagination,
      active: flag.optional(),
      created: created.optional(),
      currency: text.optional(),
      lookup_keys: list(text).optional(),
      product: text.optional(),
      recurring: z.strictObject({ interval: interval.optional() }).optional(),
      type: z.enum(['one_time', 'recurring']).optional(),
    },
    (call, { active, currency, lookup_keys, product, recurring, type, ...params }) =>
      page(call, 'price', '/v1/prices', params, (price) => {
        if (active !== undefined && price.active !== active) return false;
        if (currency !== undefined && price.currency !== currency) return false;
        if (lookup_keys !== undefined && !lookup_keys.includes(price.lookup_key ?? '')) return false;
        if (product !== undefined && price.product !== product) return false;
        if (type !== undefined && price.type !== type) return false;
        if (recurring?.interval !== undefined && price.recurring?.interval !== recurring.interval) return false;
        return within(price.created, params.created);
      }),
  ),
];

/** The price that a parameter names, in use. */
export function priceFor(call: Call, id: string, param: string): Price {
  const price = call.store.get('price', id);
  if (price === undefined) throw missingReference('price', id, param);
  if (!price.active)
    throw invalid(`The price specified is inactive. This field only accepts active prices.`, { param });
  return price;
}

/** An inline price belongs to whoever brought it, and isn't offered to others; a checkout's waits to be bought. */
export function inlinePrice(call: Call, data: z.output<typeof priceData>, active = false): Price {
  return addPrice(call, { ...data, active });
}

function addPrice(call: Call, params: Params): Price {
  const currency = params.currency.toLowerCase();
  assertCurrency(currency);
  const { lookup_key = null, recurring, tax_behavior = 'unspecified', nickname = null, active = true } = params;
  const { tiers, tiers_mode = null } = params;
  const tiered = params.billing_scheme === 'tiered';
  if (tiered ? tiers === undefined || tiers_mode === null : unitAmount(params) === null) {
    const param = tiered ? 'tiers' : 'unit_amount';
    throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  if (lookup_key !== null) claim(call, lookup_key, params.transfer_lookup_key);
  const price = call.store.put('price', {
    id: newId('price'),
    object: 'price',
    active,
    billing_scheme: tiered ? 'tiered' : 'per_unit',
    created: call.now(),
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key,
    metadata: merged({}, params.metadata),
    nickname,
    product: productOf(call, params),
    recurring:
      recurring === undefined
        ? null
        : {
            interval: recurring.interval,
            interval_count: recurring.interval_count ?? 1,
            meter: null,
            trial_period_days: null,
            usage_type: 'licensed',
          },
    tax_behavior,
    ...(tiered && {
      tiers: tiers!.map((each) => ({
        flat_amount: whole(each.flat_amount_decimal ?? each.flat_amount),
        flat_amount_decimal: asDecimal(each.flat_amount_decimal ?? each.flat_amount),
        unit_amount: whole(unitAmount(each)),
        unit_amount_decimal: asDecimal(unitAmount(each)),
        up_to: each.up_to,
      })),
    }),
    tiers_mode,
    transform_quantity: null,
    type: recurring === undefined ? 'one_time' : 'recurring',
    unit_amount: tiered ? null : whole(unitAmount(params)),
    unit_amount_decimal: tiered ? null : asDecimal(unitAmount(params)),
  });
  call.emit('price.created', price, price.created);
  return price;
}

function productOf(call: Call, { product, product_data }: Pick<Params, 'product' | 'product_data'>): string {
  if (product_data !== undefined) {
    return addProduct(call, { ...product_data, metadata: merged({}, product_data.metadata) }).id;
  }
  if (product === undefined) {
    throw invalid('Missing required param: product.', { code: 'parameter_missing', param: 'product' });
  }
  if (call.store.get('product', product) === undefined) throw missingReference('product', product, 'product');
  return product;
}

/** A lookup key names one price at a time. */
function claim(call: Call, key: string, transfer = false): void {
  for (const other of call.store.all('price')) {
    if (other.lookup_key !== key) continue;
    if (transfer) change(call, other, { ...other, lookup_key: null });
    else {
      const message = `A price (\`${other.id}\`) already uses that lookup key.`;
      throw invalid(message, { code: 'resource_already_exists', param: 'lookup_key' });
    }
  }
}

function change(call: Call, before: Price, after: Price): Price {
  call.store.put('price', after);
  const old = previous(before, after);
  if (Object.keys(old).length > 0) call.emit('price.updated', after, call.now(), old);
  return after;
}

type Amount = { unit_amount?: number; unit_amount_decimal?: string };
const unitAmount = ({ unit_amount, unit_amount_decimal }: Amount) => unit_amount_decimal ?? unit_amount ?? null;
const asDecimal = (amount: number | string | null | undefined) =>
  amount === null || amount === undefined ? null : String(amount);
const whole = (amount: number | string | null | undefined) =>
  amount === null || amount === undefined || !Number.isInteger(Number(amount)) ? null : Number(amount);
