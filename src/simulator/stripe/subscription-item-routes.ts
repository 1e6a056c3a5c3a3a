import { z } from 'zod';
import type { Call } from './call.ts';
import { missing, missingReference } from './errors.ts';
import { expand, flag, integer, metadata, pagination, text } from './params.ts';
import { priceData } from './prices.ts';
import { ok, type Route, route } from './route.ts';
import { itemsOf, subscriptionFor } from './subscription.ts';
import { prorationBehavior } from './subscription-params.ts';
import { update } from './subscription-update.ts';
import type { Subscription, SubscriptionItem } from './wire.ts';

const how = {
  payment_behavior: z
    .enum(['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'])
    .optional(),
  proration_behavior: prorationBehavior.optional(),
  proration_date: integer.optional(),
};
const fields = {
  ...expand,
  ...how,
  metadata: metadata.optional(),
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: integer.optional(),
};

/** An item alone is a change of its subscription. */
export const subscriptionItemRoutes: Route[] = [
  route(
    'POST',
    '/v1/subscription_items',
    { ...fields, subscription: text },
    (call, { subscription: owner, metadata, price, price_data, quantity, expand: _, ...params }) => {
      const before = call.store.get('subscription', owner);
      if (before === undefined) throw missingReference('subscription', owner, 'subscription');
      const after = update(call, before, { ...params, items: [{ metadata, price, price_data, quantity }] });
      return ok(itemsOf(after).at(-1)!);
    },
  ),
  route('GET', '/v1/subscription_items/:id', expand, (call, _, id) => ok(itemFor(call, id)[1])),
  route(
    'POST',
    '/v1/subscription_items/:id',
    fields,
    (call, { metadata, price, price_data, quantity, expand: _, ...params }, id) => {
      const [before] = itemFor(call, id);
      update(call, before, { ...params, items: [{ id, metadata, price, price_data, quantity }] });
      return ok(itemFor(call, id)[1]);
    },
  ),
  route('DELETE', '/v1/subscription_items/:id', { ...how, clear_usage: flag.optional() }, (call, params, id) => {
    const { clear_usage: _, ...rest } = params;
    update(call, itemFor(call, id)[0], { ...rest, items: [{ id, deleted: true }] });
    return ok({ id, object: 'subscription_item', deleted: true });
  }),
  route('GET', '/v1/subscription_items', { ...pagination, subscription: text }, (call, params) => {
    const { limit = 10, starting_after, subscription } = params;
    const items = itemsOf(subscriptionFor(call, subscription));
    const start = items.findIndex(({ id }) => id === starting_after) + 1;
    const data = items.slice(start, start + limit);
    const has_more = start + data.length < items.length;
    return ok({ object: 'list', url: '/v1/subscription_items', has_more, data });
  }),
];

function itemFor(call: Call, id: string): [Subscription, SubscriptionItem] {
  const subscription = call.store.get('subscription', call.store.get('sim.item', id)?.subscription ?? '');
  const item = subscription && itemsOf(subscription).find((each) => each.id === id);
  if (subscription === undefined || item === undefined) throw missing('subscription_item', id);
  return [subscription, item];
}
