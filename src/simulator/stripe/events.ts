import type { Index } from '../lookup.ts';
import type { Call } from './call.ts';
import { missing } from './errors.ts';
import { matches } from './event-filter.ts';
import { page, within } from './list.ts';
import { created, expand, flag, list, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Delivery } from './tables.ts';
import type { StripeEvent } from './wire.ts';

export const eventRoutes: Route[] = [
  route('GET', '/v1/events/:id', expand, (call, _, id) => {
    const event = call.store.get('event', id);
    if (event === undefined) throw missing('event', id);
    return ok(asSeen(call, event));
  }),
  route(
    'GET',
    '/v1/events',
    {
      ...pagination,
      created: created.optional(),
      delivery_success: flag.optional(),
      type: text.optional(),
      types: list(text)
        .refine((types) => types.length <= 20)
        .optional(),
    },
    (call, { delivery_success, type, types = type === undefined ? ['*'] : [type], ...params }) =>
      page(
        call,
        'event',
        '/v1/events',
        params,
        (event) => {
          if (delivery_success !== undefined && isDelivered(call, event) !== delivery_success) return false;
          return matches(event.type, types) && within(event.created, params.created);
        },
        (event) => asSeen(call, event),
      ),
  ),
];

const byEvent: Index<Delivery> = { key: ({ event }) => event };

/** All who were to hear of it have answered. */
function isDelivered({ store }: Call, { id }: StripeEvent): boolean {
  return store.find('sim.delivery', byEvent, id).every(({ status }) => status === 'delivered');
}

/** How many have yet to hear of it changes with each delivery, and isn't worth a row each time. */
export function asSeen({ world }: Pick<Call, 'world'>, event: StripeEvent): StripeEvent {
  return { ...event, pending_webhooks: world.untold(event.id) };
}
