/** Inbox and outbox as an operator reads them. */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { DiscrepancyKind } from '../domain/discrepancy.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import type { InboxFilter } from './inbox-replay.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { DiscrepancyState, InboxTable, OutboxTable } from './schema.ts';
import { inRole, type Trx } from './tenant.ts';

export type InboxRow = Selectable<InboxTable>;
export type OutboxRow = Selectable<OutboxTable>;

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

export async function listOutbox(
  trx: Trx,
  { subscription, pending }: { subscription?: SubscriptionId; pending?: boolean },
  page: Page,
): Promise<Slice<OutboxRow>> {
  let query = trx.selectFrom('outbox').selectAll();
  if (subscription) query = query.where('subscription_id', '=', subscription);
  if (pending) query = query.where('relayed_at', 'is', null);
  if (page.after) query = query.where('id', '<', Number(page.after));
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => String(id));
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
        (select count(*)::int from outbox where relayed_at is null) as "outboxPending",
        (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'state', state, 'count', count)), '[]'::jsonb)
          from (select kind, state, count(*)::int from discrepancies group by kind, state) as counted) as discrepancies
      from inbox where state in ('received', 'signalled', 'parked')`.execute(trx);
    return rows[0]!;
  });
