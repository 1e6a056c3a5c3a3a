import { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { audit } from '../../db/audit.ts';
import {
  announceTest,
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type EndpointRow,
  findEndpoint,
  listDeliveries,
  listEndpoints,
  placeOfSecret,
  replayDeliveries,
  replayDelivery,
  rotateSecret,
} from '../../db/endpoints.ts';
import { inTenant, type Scope, type Trx } from '../../db/tenant.ts';
import type { EndpointId } from '../../domain/ids.ts';
import { newId } from '../../ids.ts';
import { newWebhookSecret, shownSecret } from '../../outbox/webhook-signature.ts';
import type { KeyRing } from '../../security/key-ring.ts';
import { seal } from '../../security/seal.ts';
import { Refused } from '../once.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound } from '../problem.ts';
import { ADMINS, created, ok, type Parts, READERS, route } from '../route.ts';
import {
  deliveriesReplay,
  deliveriesReplayed,
  delivery,
  deliveryFilter,
  deliveryId,
  endpoint,
  endpointChange,
  endpointCreate,
  endpointId,
  endpointTested,
  endpointWithSecret,
  rotation,
} from '../schemas/endpoints.ts';
import { listOf, page } from '../schemas.ts';
import { showDelivery, showEndpoint } from '../show-endpoint.ts';

const reading = { tag: 'Endpoints', who: READERS, grant: 'endpoints:read', method: 'get' } as const;
const writing = { tag: 'Endpoints', who: ADMINS, grant: 'endpoints:write' } as const;
const one = z.strictObject({ id: endpointId });
const REPLAYED_DAYS = 3;

const list = route({
  ...reading,
  path: '/api/admin/endpoints',
  summary: 'List endpoints',
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(endpoint, 'Endpoint') } },
  async handle({ parts, scope, query }) {
    const slice = await inTenant(parts.db, scope, (trx) => listEndpoints(trx, pageOf(query, 'id')));
    return ok(listBody(slice, showEndpoint));
  },
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/endpoints',
  summary: 'Create an endpoint',
  about: 'It is told what happens from now on, signed as Standard Webhooks have it.',
  body: endpointCreate,
  answers: { 201: { about: 'With its secret.', schema: endpointWithSecret } },
  async handle({ parts, scope, principal, body: { url, description = null, eventTypes = null } }) {
    refuseAddress(parts, url);
    const id = newId('ep');
    const secret = newWebhookSecret();
    const row = await inTenant(parts.db, scope, async (trx) => {
      const made = await createEndpoint(trx, scope, {
        ...{ id, url, description, eventTypes, sealedSecret: sealed(parts.keys.ring, scope, id, secret) },
      });
      await told(trx, scope, principal, made, 'endpoint.created', { host: new URL(url).host });
      return made;
    });
    return created({ endpoint: showEndpoint(row) }, { secret: shownSecret(secret) });
  },
});

const read = route({
  ...reading,
  path: '/api/admin/endpoints/:id',
  summary: 'Read an endpoint',
  params: one,
  answers: { 200: { about: 'With its health.', schema: endpoint } },
  async handle({ parts, scope, params: { id } }) {
    return ok(showEndpoint(await inTenant(parts.db, scope, (trx) => existing(trx, id))));
  },
});

const change = route({
  ...writing,
  method: 'patch',
  path: '/api/admin/endpoints/:id',
  summary: 'Change, disable or resume an endpoint',
  about: 'What waited for one that is resumed is told in its order. For one that is disabled nothing waits any more.',
  params: one,
  body: endpointChange,
  answers: { 200: { about: 'As it is now.', schema: endpoint } },
  async handle({ parts, scope, principal, params: { id }, body }) {
    if (body.url !== undefined) refuseAddress(parts, body.url);
    const row = await inTenant(parts.db, scope, async (trx) => {
      const before = await existing(trx, id);
      const { url, description, eventTypes, state } = body;
      const after = await changeEndpoint(trx, id, {
        ...(url !== undefined && { url }),
        ...(description !== undefined && { description }),
        ...(eventTypes !== undefined && { eventTypes }),
        ...(state && { state }),
      });
      const why = { changed: Object.keys(body).join(', '), host: new URL(after.url).host };
      await told(trx, scope, principal, after, 'endpoint.changed', why, before);
      return after;
    });
    return ok(showEndpoint(row));
  },
});

const remove = route({
  ...writing,
  method: 'delete',
  path: '/api/admin/endpoints/:id',
  summary: 'Delete an endpoint',
  params: one,
  answers: { 200: { about: 'It is told nothing any more, and its deliveries are gone.', schema: endpoint } },
  async handle({ parts, scope, principal, params: { id } }) {
    const row = await inTenant(parts.db, scope, async (trx) => {
      const gone = await existing(trx, id);
      await deleteEndpoint(trx, id);
      await told(trx, scope, principal, gone, 'endpoint.deleted', { host: new URL(gone.url).host });
      return gone;
    });
    return ok(showEndpoint(row));
  },
});

const rotate = route({
  ...writing,
  method: 'post',
  path: '/api/admin/endpoints/:id/rotate-secret',
  summary: 'Give an endpoint another secret',
  about: 'While both count, what is sent carries a signature by each.',
  params: one,
  body: rotation,
  answers: { 200: { about: 'With its new secret.', schema: endpointWithSecret } },
  async handle({ parts, scope, principal, params: { id }, body: { overlapHours } }) {
    const secret = newWebhookSecret();
    const until = new Date(Date.now() + overlapHours * 3_600_000);
    const row = await inTenant(parts.db, scope, async (trx) => {
      await existing(trx, id);
      const sealedSecret = sealed(parts.keys.ring, scope, id, secret);
      const after = await rotateSecret(trx, id, { sealedSecret, until });
      await told(trx, scope, principal, after, 'endpoint.secret_rotated', { overlapHours });
      return after;
    });
    return { ...ok({ endpoint: showEndpoint(row) }), unstored: { secret: shownSecret(secret) } };
  },
});

const test = route({
  ...writing,
  method: 'post',
  path: '/api/admin/endpoints/:id/test',
  summary: 'Tell an endpoint something to try it',
  about: 'An event `endpoint.test` goes the way of all others, to this endpoint alone; see its deliveries.',
  params: one,
  answers: { 202: { about: 'On its way.', schema: endpointTested } },
  async handle({ parts, scope, principal, params: { id } }) {
    const eventId = await inTenant(parts.db, scope, async (trx) => {
      const row = await existing(trx, id);
      if (row.state === 'disabled')
        throw new Refused({ code: 'endpoint_disabled', detail: 'it is told nothing: enable it first' });
      await told(trx, scope, principal, row, 'endpoint.tested', {});
      return announceTest(trx, scope, id, new Date());
    });
    return { status: 202, body: { eventId } };
  },
});

const deliveries = route({
  ...reading,
  path: '/api/admin/endpoints/:id/deliveries',
  summary: 'What an endpoint was told, and what came of it',
  params: one,
  query: page.extend(deliveryFilter),
  answers: {
    200: { about: 'The newest first, each with its attempts.', schema: listOf(delivery, 'EndpointDelivery') },
  },
  async handle({ parts, scope, params: { id }, query: { limit, cursor, state, type, subscriptionId: subscription } }) {
    const at = pageOf({ ...(limit && { limit }), ...(cursor && { cursor }) }, 'number');
    const filter = { ...(state && { state }), ...(type && { type }), ...(subscription && { subscription }) };
    const slice = await inTenant(parts.db, scope, async (trx) => {
      await existing(trx, id);
      return listDeliveries(trx, id, filter, at);
    });
    return ok(listBody(slice, showDelivery));
  },
});

const replayOne = route({
  ...writing,
  method: 'post',
  path: '/api/admin/endpoints/:id/deliveries/:delivery/replay',
  summary: 'Tell an endpoint again',
  about: 'Under the same id, also where it was taken.',
  params: one.extend({ delivery: deliveryId }),
  answers: { 200: { about: 'It is on its way.', schema: delivery } },
  async handle({ parts, scope, principal, params: { id, delivery: name } }) {
    const row = await inTenant(parts.db, scope, async (trx) => {
      const of = await existing(trx, id);
      const replayed = await replayDelivery(trx, id, name);
      if (!replayed) throw notFound('delivery');
      await told(trx, scope, principal, of, 'endpoint.replayed', { delivery: name, event: replayed.event_id });
      return replayed;
    });
    return ok(showDelivery(row));
  },
});

const replayMany = route({
  ...writing,
  method: 'post',
  path: '/api/admin/endpoints/:id/replay',
  summary: 'Tell an endpoint again what it missed',
  about: 'Without `since` what was made in the last three days.',
  params: one,
  body: deliveriesReplay,
  answers: { 200: { about: 'They are on their way.', schema: deliveriesReplayed } },
  async handle({ parts, scope, principal, params: { id }, body: { state, since } }) {
    const from = since === undefined ? new Date(Date.now() - REPLAYED_DAYS * 86_400_000) : new Date(since);
    const replayed = await inTenant(parts.db, scope, async (trx) => {
      const of = await existing(trx, id);
      const count = await replayDeliveries(trx, id, { state, since: from });
      await told(trx, scope, principal, of, 'endpoint.replayed', { state, since: from.toISOString(), replayed: count });
      return count;
    });
    return ok({ replayed });
  },
});

async function existing(trx: Trx, id: EndpointId): Promise<EndpointRow> {
  const row = await findEndpoint(trx, id);
  if (!row) throw notFound('endpoint');
  return row;
}

function refuseAddress({ outgoing }: Parts, url: string): void {
  const objection = outgoing.objection(url);
  if (objection) throw badField('url', objection);
}

const sealed = (ring: KeyRing, scope: Scope, id: EndpointId, secret: string): string =>
  seal(ring, secret, { ...placeOfSecret(scope, id), column: 'secret_encrypted' });

const told = (
  trx: Trx,
  scope: Scope,
  principal: Principal,
  after: EndpointRow,
  action: string,
  why: Record<string, string | number>,
  before: EndpointRow | null = null,
): Promise<void> =>
  audit(trx, scope, {
    ...{ at: new Date(), by: principal.ref, action, subject: after.id, why },
    ...{ from: before?.state ?? null, to: after.state },
  });

export const endpointRoutes = [list, create, read, change, remove, rotate, test, deliveries, replayOne, replayMany];
