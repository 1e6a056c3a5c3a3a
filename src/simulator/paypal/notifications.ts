/** Who hears of what, what was told, and the certificate that it was signed with. */
import { verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { missing } from './errors.ts';
import { CERTIFICATE, pkiOf, said } from './pki.ts';
import { answer, created, done, nothing, ok, type Route, route } from './route.ts';
import type { PaypalEvent, Webhook } from './tables.ts';

const types = z.array(z.object({ name: z.string() })).min(1);
const webhook = z.object({ url: z.url(), event_types: types });
const patch = z.array(
  z.object({ op: z.literal('replace'), path: z.enum(['/url', '/event_types']), value: z.unknown() }),
);
const verification = z.object({
  auth_algo: z.string(),
  cert_url: z.string(),
  transmission_id: z.string(),
  transmission_sig: z.string(),
  transmission_time: z.string(),
  webhook_id: z.string(),
  webhook_event: z.unknown(),
});

export const notificationRoutes: Route[] = [
  route('POST', '/v1/notifications/webhooks', webhook, (call, { body }) =>
    created(shown(call, call.store.put('webhook', { id: code(), ...body }))),
  ),
  route('GET', '/v1/notifications/webhooks', nothing, (call) =>
    ok({ webhooks: [...call.store.all('webhook')].map((row) => shown(call, row)) }),
  ),
  route('GET', '/v1/notifications/webhooks/:id', nothing, (call, { id }) => ok(shown(call, webhookFor(call, id)))),
  route('PATCH', '/v1/notifications/webhooks/:id', patch, (call, { id, body }) => {
    const change = Object.fromEntries(body.map(({ path, value }) => [path.slice(1), value]));
    return ok(shown(call, call.store.put('webhook', { ...webhookFor(call, id), ...webhook.partial().parse(change) })));
  }),
  route('DELETE', '/v1/notifications/webhooks/:id', nothing, (call, { id }) => {
    webhookFor(call, id);
    call.store.remove('webhook', id);
    return done;
  }),

  route('GET', '/v1/notifications/webhooks-events', nothing, (call, { query }) => {
    const size = Math.min(300, Number(query.get('page_size') ?? 10));
    const [from, to] = [Date.parse(query.get('start_time') ?? ''), Date.parse(query.get('end_time') ?? '')];
    const [type, subject] = [query.get('event_type'), query.get('transaction_id')];
    const events = [...call.store.newestFirst('event')].filter((event) => {
      const at = Date.parse(event.create_time);
      if (at < from || at > to) return false; // without a bound the comparison is with NaN, and never true
      return (type === null || event.event_type === type) && (subject === null || idOf(event.resource) === subject);
    });
    return ok({ events: events.slice(0, size).map((event) => eventShown(call, event)), count: events.length });
  }),
  route('GET', '/v1/notifications/webhooks-events/:id', nothing, (call, { id }) =>
    ok(eventShown(call, eventFor(call, id))),
  ),
  route('POST', '/v1/notifications/webhooks-events/:id/resend', nothing, (call, { id, body }) => {
    const event = eventFor(call, id);
    const asked = z
      .object({ webhook_ids: z.array(z.string()).optional() })
      .nullish()
      .parse(body)?.webhook_ids;
    const { own } = call.world;
    const all = [...(own ? [own.id] : []), ...[...call.store.all('webhook')].map((row) => row.id)];
    for (const endpoint of asked ?? all) if (all.includes(endpoint)) call.deliver(id, endpoint);
    return answer(202, eventShown(call, event));
  }),

  /** As the documentation has it: the event goes in as it came. */
  route('POST', '/v1/notifications/verify-webhook-signature', verification, (call, { body }) => {
    const { transmission_id, transmission_time, webhook_id, transmission_sig, auth_algo } = body;
    const text = JSON.stringify(body.webhook_event);
    const message = said({ id: transmission_id, time: transmission_time, webhook: webhook_id, body: text });
    const { publicKey } = new X509Certificate(pkiOf(call).chain);
    const isRight =
      auth_algo === 'SHA256withRSA' && verify('sha256', message, publicKey, Buffer.from(transmission_sig, 'base64'));
    return ok({ verification_status: isRight ? 'SUCCESS' : 'FAILURE' });
  }),
];

/** Anybody may have these. */
export const publicRoutes: Route[] = [
  route('GET', '/v1/notifications/certs/:id', nothing, (call, { id }) => {
    if (id !== CERTIFICATE) throw missing('certificate');
    return answer(200, pkiOf(call).chain);
  }),
];

const idOf = (resource: object): unknown => ('id' in resource ? resource.id : null);

function eventFor(call: Call, id: string): PaypalEvent {
  const row = call.store.get('event', id);
  if (row === undefined) throw missing('event');
  return row;
}

function webhookFor(call: Call, id: string): Webhook {
  const row = call.store.get('webhook', id);
  if (row === undefined) throw missing('webhook');
  return row;
}

const shown = (call: Call, row: Webhook): object => ({
  ...row,
  links: [call.link('self', `/v1/notifications/webhooks/${row.id}`)],
});

export const eventShown = (call: Call, event: PaypalEvent): object => ({
  ...event,
  links: [
    call.link('self', `/v1/notifications/webhooks-events/${event.id}`),
    call.link('resend', `/v1/notifications/webhooks-events/${event.id}/resend`, 'POST'),
  ],
});
