import { z } from 'zod';
import { listInbox, listOutbox } from '../../db/messages.ts';
import { inTenant } from '../../db/tenant.ts';
import { listBody, pageOf } from '../paging.ts';
import { ok, READERS, route } from '../route.ts';
import { inboxEvent, listOf, outboxMessage, page, subscriptionId } from '../schemas.ts';
import { showInboxEvent, showOutboxMessage } from '../show.ts';

const reading = { tag: 'Operations', who: READERS, grant: 'events:read' } as const;

const inbox = route({
  ...reading,
  method: 'get',
  path: '/api/admin/events',
  summary: 'What the processors have told us',
  query: page.extend({
    subscriptionId: subscriptionId.optional(),
    state: z.enum(['received', 'signalled', 'applied', 'ignored', 'parked', 'quarantined', 'dead']).optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(inboxEvent, 'InboxEvent') } },
  async handle({ parts, scope, query: { subscriptionId: subscription, state, ...paging } }) {
    const filter = { ...(subscription && { subscription }), ...(state && { state }) };
    const slice = await inTenant(parts.db, scope, (trx) => listInbox(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showInboxEvent));
  },
});

const outbox = route({
  ...reading,
  method: 'get',
  path: '/api/admin/outbox',
  summary: 'What we tell others',
  query: page.extend({
    subscriptionId: subscriptionId.optional(),
    pending: z.enum(['true', 'false']).optional().openapi({ description: 'Only what waits to be relayed.' }),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(outboxMessage, 'OutboxMessage') } },
  async handle({ parts, scope, query: { subscriptionId: subscription, pending, ...paging } }) {
    const filter = { ...(subscription && { subscription }), pending: pending === 'true' };
    const slice = await inTenant(parts.db, scope, (trx) => listOutbox(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showOutboxMessage));
  },
});

export const messageRoutes = [inbox, outbox];
