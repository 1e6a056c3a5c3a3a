import type { Call } from './call.ts';
import { missing } from './errors.ts';
import { matches } from './event-filter.ts';
import { page, within } from './list.ts';
import { created, expand, list, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { StripeEvent } from './wire.ts';

export const eventRoutes: Route[] = [
  route('GET', '/v1/events/:id', expand, (call, _, id) => {
    const event = call.store.get('event', id);
    if (event === undefined) throw missing('event', id);
    return ok(event);
  }),
  route(
    'GET',
    '/v1/events',
    { ...pagination, created: created.optional(), type: text.optional(), types: list(text).optional() },
    (call, { type, types = type === undefined ? ['*'] : [type], ...params }) =>
      page(
        call,
        'event',
        '/v1/events',
        params,
        (event) => matches(event.type, types) && within(event.created, params.created),
      ),
  ),
];

/** One receiver fewer has yet to hear of it. */
export function heard(call: Call, event: StripeEvent): void {
  call.store.put('event', { ...event, pending_webhooks: Math.max(0, event.pending_webhooks - 1) });
}
