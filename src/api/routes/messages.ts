import { z } from 'zod';
import { audit } from '../../db/audit.ts';
import { type InboxFilter, REPLAYABLE, replayEvent, replayEvents } from '../../db/inbox-replay.ts';
import { findInboxEvent, listInbox, listOutbox } from '../../db/messages.ts';
import { inTenant } from '../../db/tenant.ts';
import { Refused } from '../once.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound } from '../problem.ts';
import { ok, READERS, route } from '../route.ts';
import { eventFilter, replayBody, replayed } from '../schemas/events.ts';
import { customerId, inboxEvent, listOf, outboxMessage, page, subscriptionId } from '../schemas.ts';
import { showInboxEvent, showOutboxMessage } from '../show.ts';

const reading = { tag: 'Operations', who: READERS, grant: 'events:read' } as const;

const inbox = route({
  ...reading,
  method: 'get',
  path: '/api/admin/events',
  summary: 'What the processors have told us',
  query: page.extend(eventFilter),
  answers: { 200: { about: 'The newest first.', schema: listOf(inboxEvent, 'InboxEvent') } },
  async handle({ parts, scope, query: { limit, cursor, ...asked } }) {
    const page = pageOf({ limit, cursor }, 'number');
    const slice = await inTenant(parts.db, scope, (trx) => listInbox(trx, filterOf(asked), page));
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
    customerId: customerId.optional(),
    type: z.string().max(100).optional(),
    pending: z.enum(['true', 'false']).optional().openapi({ description: 'Only what waits to be announced.' }),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(outboxMessage, 'OutboxMessage') } },
  async handle({
    parts,
    scope,
    query: { subscriptionId: subscription, customerId: customer, type, pending, ...paging },
  }) {
    const filter = {
      ...(subscription && { subscription }),
      ...(customer && { customer }),
      ...(type && { type }),
      pending: pending === 'true',
    };
    const slice = await inTenant(parts.db, scope, (trx) => listOutbox(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showOutboxMessage));
  },
});

const replaying = {
  tag: 'Operations',
  who: ['admin', 'owner', 'service'],
  grant: 'events:write',
  method: 'post',
} as const;

const replayOne = route({
  ...replaying,
  path: '/api/admin/events/:id/replay',
  summary: 'Have an event told again',
  about: 'Of what was changed after it was kept nothing follows: it goes back to quarantine.',
  params: z.strictObject({ id: z.string().regex(/^evt_[A-Za-z0-9]{1,64}$/, 'an id beginning with evt_') }),
  answers: { 200: { about: 'It is told again.', schema: inboxEvent } },
  async handle({ parts, scope, principal, params: { id } }) {
    const row = await inTenant(parts.db, scope, async (trx) => {
      const before = await findInboxEvent(trx, id);
      if (!before) throw notFound('event');
      if (!(await replayEvent(trx, id))) {
        const why = REPLAYABLE.some((state) => state === before.state) ? 'it is on its way' : `it is ${before.state}`;
        throw new Refused({ code: 'not_replayable', detail: `the event cannot be told again: ${why}` });
      }
      const entry = { at: new Date(), by: principal.ref, action: 'event.replayed', subject: id };
      await audit(trx, scope, { ...entry, from: before.state, to: 'received', why: { type: before.type } });
      return findInboxEvent(trx, id);
    });
    return ok(showInboxEvent(row!));
  },
});

const replayMany = route({
  ...replaying,
  path: '/api/admin/events/replay',
  summary: 'Have many events told again',
  about: 'The oldest first, at most 5,000 at once.',
  body: replayBody,
  answers: { 200: { about: 'They are told again.', schema: replayed } },
  async handle({ parts, scope, principal, body: { filter } }) {
    const done = await inTenant(parts.db, scope, async (trx) => {
      const told = await replayEvents(trx, filterOf(filter));
      const why = { ...filter, replayed: told.replayed };
      if (told.replayed > 0) {
        await audit(trx, scope, {
          at: new Date(),
          by: principal.ref,
          action: 'events.replayed',
          subject: 'inbox',
          why,
        });
      }
      return told;
    });
    return ok(done);
  },
});

type Asked =
  | z.output<typeof replayBody>['filter']
  | { [Name in keyof typeof eventFilter]?: z.output<(typeof eventFilter)[Name]> };

const filterOf = ({ state, type, provider, since, subscriptionId: subscription }: Asked): InboxFilter => ({
  ...(state && { state }),
  ...(type && { type }),
  ...(provider && { provider }),
  ...(since && { since: new Date(since) }),
  ...(subscription && { subscription }),
});

export const messageRoutes = [inbox, outbox, replayMany, replayOne];
