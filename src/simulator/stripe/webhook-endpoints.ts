import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { missing } from './errors.ts';
import { page } from './list.ts';
import { expand, flag, list, metadata, pagination, text, unsettable } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { WebhookEndpoint } from './wire.ts';

const fields = {
  ...expand,
  description: unsettable(text).optional(),
  metadata: metadata.optional(),
};
const address = z.url({ protocol: /^https?$/ });

export const webhookEndpointRoutes: Route[] = [
  route(
    'POST',
    '/v1/webhook_endpoints',
    {
      ...fields,
      api_version: text.optional(),
      enabled_events: list(text).refine((events) => events.length > 0),
      url: address,
    },
    (call, params) => {
      const id = newId('we');
      const { secret } = call.store.put('sim.secret', { id, secret: newId('whsec', 32) });
      const endpoint = call.store.put('webhook_endpoint', {
        id,
        object: 'webhook_endpoint',
        api_version: params.api_version ?? null,
        application: null,
        created: call.now(),
        description: params.description ?? null,
        enabled_events: params.enabled_events,
        livemode: false,
        metadata: merged({}, params.metadata),
        status: 'enabled',
        url: params.url,
      });
      return ok({ ...endpoint, secret }); // shown this once
    },
  ),
  route('GET', '/v1/webhook_endpoints/:id', expand, (call, _, id) => ok(endpointFor(call, id))),
  route(
    'POST',
    '/v1/webhook_endpoints/:id',
    { ...fields, disabled: flag.optional(), enabled_events: list(text).optional(), url: address.optional() },
    (call, { description, disabled, enabled_events, url, metadata }, id) => {
      const before = endpointFor(call, id);
      return ok(
        call.store.put('webhook_endpoint', {
          ...before,
          ...given({ description, enabled_events, url }),
          ...(disabled !== undefined && { status: disabled ? 'disabled' : 'enabled' }),
          metadata: merged(before.metadata, metadata),
        }),
      );
    },
  ),
  route('DELETE', '/v1/webhook_endpoints/:id', {}, (call, _, id) => {
    endpointFor(call, id);
    call.store.remove('webhook_endpoint', id);
    call.store.remove('sim.secret', id);
    return ok({ id, object: 'webhook_endpoint', deleted: true });
  }),
  route('GET', '/v1/webhook_endpoints', pagination, (call, params) =>
    page(call, 'webhook_endpoint', '/v1/webhook_endpoints', params),
  ),
];

function endpointFor(call: Call, id: string): WebhookEndpoint {
  const endpoint = call.store.get('webhook_endpoint', id);
  if (endpoint === undefined) throw missing('webhook endpoint', id);
  return endpoint;
}
