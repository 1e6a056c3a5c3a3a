/**
 * From the outbox to whoever is told. First what was left there is announced: it gets its place in one order, of which
 * no part becomes visible before what is in front of it. Then each consumer reads on from its own place. The log is cut into
 * shards, all of a subscription in one; who carries a shard on for a consumer holds it by a lease that ends by itself.
 */
import { sql } from 'kysely';
import type { CustomerId, Mode, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import type { Db } from './client.ts';
import { inRole, type Trx } from './tenant.ts';

/** Told by whoever leaves something in the outbox, when that is committed. */
export const OUTBOX_CHANNEL = 'hydra_outbox';
/** Told when it is announced. */
export const ANNOUNCED_CHANNEL = 'hydra_announced';

const SHARDS = 16;

export type Announcement = {
  /** Its place in the order of all. */
  seq: number;
  /** The same however often it is told. */
  id: string;
  tenant: TenantId;
  mode: Mode;
  subscription: SubscriptionId | null;
  customer: CustomerId | null;
  /** The step of the subscription that tells it, and its place among what this step tells; null where no step does. */
  version: number | null;
  ordinal: number | null;
  type: string;
  data: Record<string, string | number | null>;
  at: Instant;
};

export type AnnouncementRow = {
  seq: number;
  event_id: string;
  tenant_id: TenantId;
  mode: Mode;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId | null;
  version: number | null;
  ordinal: number | null;
  type: string;
  payload: Record<string, string | number | null>;
  at: Date;
};

export const announcementOf = (row: AnnouncementRow): Announcement => ({
  ...{ seq: row.seq, id: row.event_id, tenant: row.tenant_id, mode: row.mode },
  ...{ subscription: row.subscription_id, customer: row.customer_id, version: row.version, ordinal: row.ordinal },
  ...{ type: row.type, data: row.payload, at: row.at.getTime() },
});

/** Empties the outbox by so many. One does this at a time, so that the order is that in which it becomes visible. */
export const announce = (db: Db, limit: number): Promise<number> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { rows } = await sql<{ count: number }>`/* outbox_announce */
      with mine as materialized (select pg_try_advisory_xact_lock(hashtextextended('announce', 50)) as yes),
      taken as (
        delete from outbox where id in (
          select id from outbox where (select yes from mine) order by id limit ${limit}
        )
        returning *
      ), announced as (
        insert into announcements (shard, event_id, tenant_id, mode, subscription_id, customer_id, version, ordinal, type,
          payload, at, written_at)
        select shard_of(o.tenant_id, o.mode, coalesce(o.subscription_id, o.customer_id, '')), o.event_id, o.tenant_id,
          o.mode, o.subscription_id, coalesce(o.customer_id, s.customer_id), o.version, o.ordinal, o.type, o.payload, o.at,
          o.created_at
        from taken o
        left join subscriptions s on (s.tenant_id, s.mode, s.id) = (o.tenant_id, o.mode, o.subscription_id)
        order by o.id
        returning 1
      )
      select count(*)::int as count, case when count(*) > 0 then pg_notify('hydra_announced', '') end from announced`.execute(
      trx,
    );
    return rows[0]!.count;
  });

/** Whoever was never there begins with what comes next: the past is nobody's news. Who was goes on where it stopped. */
export const enrol = (db: Db, consumer: string): Promise<void> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    await sql`insert into outbox_positions (consumer, shard, position)
      select ${consumer}, shard, (select coalesce(max(seq), 0) from announcements)
      from generate_series(0, ${SHARDS - 1}) as shard
      on conflict do nothing`.execute(trx);
  });

export const isEnrolled = (db: Db, consumer: string): Promise<boolean> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const found = await trx
      .selectFrom('outbox_positions')
      .select('shard')
      .where('consumer', '=', consumer)
      .executeTakeFirst();
    return found !== undefined;
  });

export type Leased = { shard: number; announcements: Announcement[] };

/** What is news to a consumer, in shards that nobody holds for it, those first that are furthest behind; they are held then. */
export async function lease(
  db: Db,
  asked: { consumer: string; holder: string; shards: number; each: number; forMs: number },
): Promise<Leased[]> {
  const { consumer, holder, shards, each, forMs } = asked;
  const rows = await inRole(db, 'hydra_outbox', async (trx) => {
    const found = await sql<AnnouncementRow & { shard: number }>`/* outbox_lease */
      with free as materialized (
        select shard, position from outbox_positions
        where consumer = ${consumer} and (leased_until is null or leased_until < clock_timestamp())
          and exists (select from announcements told where told.shard = outbox_positions.shard and told.seq > position)
        order by position, shard limit ${shards} for no key update skip locked
      ), news as materialized (
        select told.* from free cross join lateral (
          select shard, seq, event_id, tenant_id, mode, subscription_id, customer_id, version, ordinal, type, payload, at
          from announcements where announcements.shard = free.shard and seq > free.position
          order by seq limit ${each}
        ) told
      ), held as (
        update outbox_positions set leased_by = ${holder},
          leased_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
        where consumer = ${consumer} and shard in (select shard from news)
      )
      select * from news order by shard, seq`.execute(trx);
    return found.rows;
  });
  const leased = new Map<number, Announcement[]>();
  for (const row of rows) {
    const told = leased.get(row.shard) ?? [];
    leased.set(row.shard, told);
    told.push(announcementOf(row));
  }
  return [...leased].map(([shard, announcements]) => ({ shard, announcements }));
}

type Held = { consumer: string; shard: number; holder: string };

/** Taken up to there, and let go. Who has lost the lease meanwhile moves nothing. */
export const advance = (db: Db, { consumer, shard, holder }: Held, position: number): Promise<void> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    await sql`/* outbox_advance */
      update outbox_positions set position = greatest(position, ${position}), leased_by = null, leased_until = null
      where consumer = ${consumer} and shard = ${shard} and leased_by = ${holder}`.execute(trx);
  });

/** Not taken: held for so long yet, so that nobody tries it at once. */
export const holdFor = (db: Db, { consumer, shard, holder }: Held, ms: number): Promise<boolean> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { numAffectedRows } = await sql`/* outbox_hold */
      update outbox_positions set leased_until = clock_timestamp() + ${ms} * interval '1 millisecond'
      where consumer = ${consumer} and shard = ${shard} and leased_by = ${holder}`.execute(trx);
    return numAffectedRows === 1n;
  });

export type Lag = { consumer: string; behind: number };

/** How many announcements each consumer has before it. */
export const lags = (db: Db): Promise<Lag[]> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { rows } = await sql<Lag>`
      select p.consumer, sum((select count(*) from announcements a where a.shard = p.shard and a.seq > p.position))::int8 as behind
      from outbox_positions p group by p.consumer order by 1`.execute(trx);
    return rows;
  });

/** Forgets what is older, but nothing that somebody has still to be told. In portions: no long lock, no heap of dead rows. */
export const forget = (db: Db, olderThan: Date, limit: number): Promise<number> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { rows } = await sql<{ count: number }>`
      with gone as (
        delete from announcements where (shard, seq) in (
          select shard, seq from announcements
          where announced_at < ${olderThan} and seq <= coalesce((select min(position) from outbox_positions), 0)
          order by seq limit ${limit}
        ) returning 1
      ) select count(*)::int as count from gone`.execute(trx);
    return rows[0]!.count;
  });

const COLUMNS = sql.raw(
  'seq, event_id, tenant_id, mode, subscription_id, customer_id, version, ordinal, type, payload, at',
);

/** For who tells all who listen. */
export const newAnnouncements = (db: Db, after: number, limit: number): Promise<Announcement[]> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { rows } = await sql<AnnouncementRow>`/* announcements_new */
      select told.* from generate_series(0, ${SHARDS - 1}::int) as own (shard) cross join lateral (
        select ${COLUMNS} from announcements where announcements.shard = own.shard and seq > ${after} order by seq limit ${limit}
      ) told order by seq limit ${limit}`.execute(trx);
    return rows.map(announcementOf);
  });

export const newestSeq = (db: Db): Promise<number> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { rows } = await sql<{ seq: number }>`
      select coalesce(max(told.seq), 0) as seq from generate_series(0, ${SHARDS - 1}::int) as own (shard) cross join lateral (
        select seq from announcements where announcements.shard = own.shard order by seq desc limit 1
      ) told`.execute(trx);
    return rows[0]!.seq;
  });

/** Null where it isn't there, or not any more. */
export const seqOf = async (trx: Trx, id: string): Promise<number | null> =>
  (await trx.selectFrom('announcements').select('seq').where('event_id', '=', id).executeTakeFirst())?.seq ?? null;

export async function toldBetween(
  trx: Trx,
  after: number,
  upTo: number,
  customer: CustomerId | null,
  limit: number,
): Promise<Announcement[]> {
  let query = trx.selectFrom('announcements').selectAll().where('seq', '>', after).where('seq', '<=', upTo);
  if (customer) query = query.where('customer_id', '=', customer);
  return (await query.orderBy('seq').limit(limit).execute()).map(announcementOf);
}
