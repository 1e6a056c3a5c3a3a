/** Inbox and outbox as an operator reads them. */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { DiscrepancyKind } from '../domain/discrepancy.ts';
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import type { InboxFilter } from './inbox-replay.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { DiscrepancyState, InboxTable } from './schema.ts';
import { inRole, type Trx } from './tenant.ts';

export type InboxRow = Selectable<InboxTable>;
/** Announced, or left in the outbox and not announced yet. */
export type OutboxRow = {
  place: number;
  event_id: string;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId | null;
  version: number | null;
  type: string;
  payload: Record<string, string | number | null>;
  at: Date;
  written_at: Date;
  announced_at: Date | null;
};

export const findInboxEvent = (trx: Trx, id: string): Promise<InboxRow | undefined> =>
  trx.selectFrom('inbox').selectAll().where('id', '=', id).executeTakeFirst();

export async function listInbox(
  trx: Trx,
  { state, type, provider, subscription, since }: InboxFilter,
  page: Page,
): Promise<Slice<InboxRow>> {
  let query = trx.selectFrom('inbox').selectAll();
  if (state) query = query.where('state', '=', state);
  if (type) query = query.where('type', '=', type);
  if (provider) query = query.where('provider', '=', provider);
  if (since) query = query.where('received_at', '>=', since);
  if (subscription) query = query.where('subscription_id', '=', subscription);
  if (page.after) query = query.where('seq', '<', Number(page.after));
  return sliceOf(query.orderBy('seq', 'desc'), page, ({ seq }) => String(seq));
}

export type OutboxFilter = { subscription?: SubscriptionId; customer?: CustomerId; type?: string; pending?: boolean };

/** What waits comes after all that was announced. */
const WAITING = 900_000_000_000_000;

export async function listOutbox(trx: Trx, filter: OutboxFilter, page: Page): Promise<Slice<OutboxRow>> {
  const { subscription = null, customer = null, type = null, pending = false } = filter;
  const before = page.after === null ? Number.MAX_SAFE_INTEGER : Number(page.after);
  const asked = sql`(${subscription}::text is null or subscription_id = ${subscription})
    and (${customer}::text is null or customer_id = ${customer}) and (${type}::text is null or type = ${type})`;
  const query = sql<OutboxRow>`
    (select ${WAITING}::int8 + id as place, event_id, subscription_id, customer_id, version, type, payload, at,
      created_at as written_at, null::timestamptz as announced_at
    from outbox where ${asked} and id < ${before}::int8 - ${WAITING}::int8 order by id desc limit ${page.limit + 1})
    union all
    (select seq as place, event_id, subscription_id, customer_id, version, type, payload, at, written_at, announced_at
    from announcements where not ${pending} and ${asked} and seq < ${before} order by seq desc limit ${page.limit + 1})
    order by place desc`;
  const limited = {
    limit: (most: number) => ({
      execute: async () => (await sql<OutboxRow>`${query} limit ${most}`.execute(trx)).rows,
    }),
  };
  return sliceOf(limited, page, ({ place }) => String(place));
}

export type Backlog = {
  inboxPending: number;
  inboxOldestSeconds: number;
  /** What a person has to look at, and what may become it. */
  inboxParked: number;
  inboxQuarantined: number;
  inboxDead: number;
  outboxPending: number;
  discrepancies: { kind: DiscrepancyKind; state: DiscrepancyState; count: number }[];
};

/** Of all tenants, for the metrics. The counts run over partial indexes of what waits. */
export const backlog = (db: Db): Promise<Backlog> =>
  inRole(db, 'hydra_relay', async (trx) => {
    const { rows } = await sql<Backlog>`
      select count(*)::int as "inboxPending",
        coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as "inboxOldestSeconds",
        (select count(*)::int from inbox where state = 'parked') as "inboxParked",
        (select count(*)::int from inbox where state = 'quarantined') as "inboxQuarantined",
        (select count(*)::int from inbox where state = 'dead') as "inboxDead",
        (select count(*)::int from outbox) as "outboxPending",
        (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'state', state, 'count', count)), '[]'::jsonb)
          from (select kind, state, count(*)::int from discrepancies group by kind, state) as counted) as discrepancies
      from inbox where state in ('received', 'signalled', 'parked')`.execute(trx);
    return rows[0]!;
  });
