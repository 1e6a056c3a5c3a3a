/** What a subscription consists of: a price, a quantity, and the period that is paid for. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { merged } from './changes.ts';
import { invalid } from './errors.ts';
import { flag, integer, metadata, text } from './params.ts';
import { inlinePrice, priceData, priceFor } from './prices.ts';
import type { Plan, Price, SubscriptionItem } from './wire.ts';

const amount = integer.refine((quantity) => quantity >= 0);
const described = {
  metadata: metadata.optional(),
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: amount.optional(),
};
export const newItem = z.strictObject(described);
export const changedItem = z.strictObject({ ...described, deleted: flag.optional(), id: text.optional() });
export type NewItem = z.output<typeof newItem>;
export type ChangedItem = z.output<typeof changedItem>;

type Period = { start: number; end: number };

export function addItem(call: Call, subscription: string, given: NewItem, at: number, param: string): SubscriptionItem {
  const price = priceOf(call, given, param);
  if (price === undefined) {
    throw invalid(`Missing required param: ${param}[price].`, { code: 'parameter_missing', param: `${param}[price]` });
  }
  const item: SubscriptionItem = {
    id: newId('si', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: at,
    current_period_end: at,
    current_period_start: at,
    current_trial: null,
    discounts: [],
    metadata: merged({}, given.metadata),
    plan: planOf(price),
    price,
    quantity: given.quantity ?? 1,
    subscription,
    tax_rates: [],
  };
  call.store.put('sim.item', { id: item.id, subscription });
  return item;
}

export function changeItem(call: Call, item: SubscriptionItem, given: ChangedItem, param: string): SubscriptionItem {
  const price = priceOf(call, given, param) ?? item.price;
  const { quantity = item.quantity ?? 1 } = given;
  return { ...item, metadata: merged(item.metadata, given.metadata), plan: planOf(price), price, quantity };
}

export const withPeriod = (item: SubscriptionItem, { start, end }: Period): SubscriptionItem => ({
  ...item,
  current_period_start: start,
  current_period_end: end,
});

function priceOf(call: Call, { price, price_data }: NewItem, param: string): Price | undefined {
  const found =
    price_data === undefined ? price && priceFor(call, price, `${param}[price]`) : inlinePrice(call, price_data);
  if (!found) return undefined;
  if (found.recurring === null) {
    const message = `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`;
    throw invalid(message, { param: `${param}[price]` });
  }
  return found;
}

/** A price in the words that it had before there were prices. */
function planOf(price: Price): Plan {
  const { interval, interval_count } = price.recurring!;
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval,
    interval_count,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: price.tiers_mode,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}
