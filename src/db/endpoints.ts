/** Endpoints as their owner sees them. What is told to them, and when: endpoint-deliveries.ts. */
import { type Selectable, sql } from 'kysely';
import type { DeliveryId, EndpointId, SubscriptionId } from '../domain/ids.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { EndpointDeliveriesTable, EndpointsTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type EndpointRow = Selectable<EndpointsTable>;
export type DeliveryRow = Selectable<EndpointDeliveriesTable>;

/** Told by whoever makes something due at once. */
export const DELIVERIES_CHANNEL = 'hydra_deliveries';
const NEVER = sql<Date>`'infinity'::timestamptz`;

/** Where a secret lies: without the name that would give it away, and nowhere else does it open. */
export const placeOfSecret = ({ tenant, mode }: Scope, id: EndpointId) => ({
  ...{ tenant: `${tenant}/${mode}`, table: 'endpoints', row: id },
});

export type NewEndpoint = {
  id: EndpointId;
  url: string;
  description: string | null;
  eventTypes: string[] | null;
  sealedSecret: string;
};

export const createEndpoint = (trx: Trx, { tenant, mode }: Scope, given: NewEndpoint): Promise<EndpointRow> =>
  trx
    .insertInto('endpoints')
    .values({
      ...{ tenant_id: tenant, mode, id: given.id, url: given.url, description: given.description },
      ...{ event_types: given.eventTypes, state: 'enabled', secret_encrypted: given.sealedSecret },
    })
    .returningAll()
    .executeTakeFirstOrThrow();

export const findEndpoint = (trx: Trx, id: EndpointId): Promise<EndpointRow | undefined> =>
  trx.selectFrom('endpoints').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

export async function listEndpoints(trx: Trx, page: Page): Promise<Slice<EndpointRow>> {
  let query = trx.selectFrom('endpoints').selectAll();
  if (page.after) query = query.where('id', '<', page.after as EndpointId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

export type EndpointChange = {
  url?: string;
  description?: string | null;
  eventTypes?: string[] | null;
  state?: 'enabled' | 'disabled';
};

/** Enabled again it begins with what waits for it; disabled, nothing waits any more, nor comes to wait. */
export async function changeEndpoint(trx: Trx, id: EndpointId, change: EndpointChange): Promise<EndpointRow> {
  const { url, description, eventTypes, state } = change;
  const row = await trx
    .updateTable('endpoints')
    .set({
      ...(url !== undefined && { url }),
      ...(description !== undefined && { description }),
      ...(eventTypes !== undefined && { event_types: eventTypes }),
      ...(state && { state, paused_why: null, failing_since: null, failures: 0, rests_until: null }),
      updated_at: sql`clock_timestamp()`,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const waiting = trx.updateTable('endpoint_deliveries').where('endpoint_id', '=', id).where('state', '=', 'pending');
  if (state === 'enabled')
    await waiting.set({ next_try_at: sql`clock_timestamp()`, since: sql`clock_timestamp()` }).execute();
  if (state === 'disabled') await waiting.set({ state: 'failed', settled_at: sql`clock_timestamp()` }).execute();
  await wakeDeliverer(trx);
  return row;
}

export const deleteEndpoint = async (trx: Trx, id: EndpointId): Promise<void> => {
  await trx.deleteFrom('endpoints').where('id', '=', id).execute();
};

/** From now on it is signed with the new one, and until then with the old one as well. */
export const rotateSecret = (
  trx: Trx,
  id: EndpointId,
  { sealedSecret, until }: { sealedSecret: string; until: Date },
): Promise<EndpointRow> =>
  trx
    .updateTable('endpoints')
    .set((row) => ({
      ...{ previous_secret_encrypted: row.ref('secret_encrypted'), previous_until: until },
      ...{ secret_encrypted: sealedSecret, updated_at: sql`clock_timestamp()` },
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

/** Through the whole way that any event takes. Its id is the event's. */
export async function announceTest(trx: Trx, { tenant, mode }: Scope, id: EndpointId, at: Date): Promise<string> {
  const { event_id } = await trx
    .insertInto('outbox')
    .values({ tenant_id: tenant, mode, type: 'endpoint.test', payload: JSON.stringify({ endpoint: id }), at })
    .returning('event_id')
    .executeTakeFirstOrThrow();
  await sql`select pg_notify('hydra_outbox', '')`.execute(trx);
  return event_id;
}

export type DeliveryFilter = { state?: DeliveryRow['state']; type?: string; subscription?: SubscriptionId };

export async function listDeliveries(
  trx: Trx,
  endpoint: EndpointId,
  { state, type, subscription }: DeliveryFilter,
  page: Page,
): Promise<Slice<DeliveryRow>> {
  let query = trx.selectFrom('endpoint_deliveries').selectAll().where('endpoint_id', '=', endpoint);
  if (state) query = query.where('state', '=', state);
  if (type) query = query.where('type', '=', type);
  if (subscription) query = query.where('subscription_id', '=', subscription);
  if (page.after) query = query.where('seq', '<', Number(page.after));
  return sliceOf(query.orderBy('seq', 'desc'), page, ({ seq }) => String(seq));
}

/** Told again under the same id, delivered or not, with as many attempts as the first time. */
export async function replayDelivery(trx: Trx, endpoint: EndpointId, id: DeliveryId): Promise<DeliveryRow | undefined> {
  const row = await again(trx, endpoint).where('id', '=', id).returningAll().executeTakeFirst();
  if (row) await wakeDeliverer(trx);
  return row;
}

export async function replayDeliveries(
  trx: Trx,
  endpoint: EndpointId,
  { state, since }: { state: DeliveryRow['state']; since: Date },
): Promise<number> {
  const { numUpdatedRows } = await again(trx, endpoint)
    .where('state', '=', state)
    .where('created_at', '>=', since)
    .executeTakeFirstOrThrow();
  await wakeDeliverer(trx);
  return Number(numUpdatedRows);
}

const again = (trx: Trx, endpoint: EndpointId) =>
  trx
    .updateTable('endpoint_deliveries')
    .set((row) => ({
      ...{ state: 'pending' as const, attempts: 0, settled_at: null, since: sql`clock_timestamp()` },
      next_try_at: row
        .case()
        .when(
          row.exists(
            row.selectFrom('endpoints').where('endpoints.id', '=', endpoint).where('endpoints.state', '=', 'enabled'),
          ),
        )
        .then(sql<Date>`clock_timestamp()`)
        .else(NEVER)
        .end(),
    }))
    .where('endpoint_id', '=', endpoint)
    .where((row) => row.or([row('leased_until', 'is', null), row('leased_until', '<', sql<Date>`clock_timestamp()`)]));

const wakeDeliverer = async (trx: Trx): Promise<void> => {
  await sql`select pg_notify(${DELIVERIES_CHANNEL}, '')`.execute(trx);
};
