/**
 * What endpoints are told. News of one subject (a subscription) goes to an endpoint one after the other: who holds a subject
 * by its lease tells a run of it. While its first isn't taken the rest waits with it, up to a number of attempts; after
 * that it is tried by itself, and no longer holds up the others.
 */
import { sql } from 'kysely';
import type { DeliveryId, EndpointId, Mode, TenantId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import { type Announcement, type AnnouncementRow, announcementOf } from './outbox.ts';
import type { Try } from './schema.ts';
import { inRole, type Scope, type Trx, within } from './tenant.ts';

/** In the tenant's whole news, for each endpoint that wants to know. */
export const fanOut = (trx: Trx, announcements: readonly Announcement[]) =>
  sql`/* deliveries_fan_out */
    with added as (
      insert into endpoint_deliveries (tenant_id, mode, endpoint_id, event_id, seq, type, subscription_id, subject, next_try_at)
      select a.tenant_id, a.mode, e.id, a.event_id, a.seq, a.type, a.subscription_id,
        coalesce(a.subscription_id, a.customer_id, ''),
        case when e.state = 'enabled' then clock_timestamp() else 'infinity'::timestamptz end
      from announcements a
      join endpoints e on e.tenant_id = a.tenant_id and e.mode = a.mode and e.state <> 'disabled'
        and e.created_at <= a.written_at
      where a.event_id = any(${announcements.map(({ id }) => id)}::text[])
        and case when a.type = 'endpoint.test' then a.payload ->> 'endpoint' = e.id
          else e.event_types is null or exists (select from unnest(e.event_types) as wanted
            where wanted = a.type or (right(wanted, 2) = '.*' and starts_with(a.type, left(wanted, -1)))) end
      order by a.seq
      on conflict (tenant_id, mode, endpoint_id, event_id) do nothing
      returning 1
    )
    select pg_notify('hydra_deliveries', '') where exists (select from added)`.execute(trx);

export type DueDelivery = { id: DeliveryId; attempts: number; since: number; announcement: Announcement };

/** A run of what is told to one endpoint about one subject, in order. */
export type Run = Scope & {
  endpoint: { id: EndpointId; url: string; secret: string; previousSecret: string | null };
  subject: string;
  deliveries: DueDelivery[];
};

type Row = AnnouncementRow & {
  delivery_id: DeliveryId;
  attempts: number;
  since: Date;
  endpoint_id: EndpointId;
  subject: string;
  url: string;
  secret_encrypted: string;
  previous_secret_encrypted: string | null;
};

export type Claim = {
  /** Runs at most, of one endpoint at most, and deliveries in each. */
  runs: number;
  runsEach: number;
  length: number;
  leaseMs: number;
  /** With so many attempts a delivery goes by itself. */
  orderedAttempts: number;
  /** Endpoints, by tenant, mode and id, that are told enough already. */
  busy: readonly string[];
};

const LOOKED_THROUGH = 5_000;

export async function claimRuns(db: Db, claim: Claim): Promise<Run[]> {
  const { runs, runsEach, length, leaseMs, orderedAttempts, busy } = claim;
  const rows = await inRole(db, 'hydra_outbox', async (trx) => {
    // Who can't have a subject's lock goes past. It lasts until this transaction ends; then the lease is there to see.
    const found = await sql<{
      tenant_id: TenantId;
      mode: Mode;
      endpoint_id: EndpointId;
      subject: string;
      alone: string;
    }>`
      /* deliveries_due */
      with due as materialized (
        select d.tenant_id, d.mode, d.endpoint_id, d.subject, d.seq, e.failures > 0 as failing,
          case when d.attempts >= ${orderedAttempts} then d.id else '' end as alone
        from endpoint_deliveries d join endpoints e on (e.tenant_id, e.mode, e.id) = (d.tenant_id, d.mode, d.endpoint_id)
        where d.state = 'pending' and d.next_try_at <= clock_timestamp()
          and (d.leased_until is null or d.leased_until < clock_timestamp())
          and (e.rests_until is null or e.rests_until <= clock_timestamp())
          and d.tenant_id || '/' || d.mode || '/' || d.endpoint_id <> all(${[...busy]}::text[])
        order by d.next_try_at, d.seq limit ${LOOKED_THROUGH}
      ), grouped as (
        select tenant_id, mode, endpoint_id, subject, alone, min(seq) as first, bool_or(failing) as failing from due
        group by 1, 2, 3, 4, 5
      ), ranked as (
        select *, row_number() over (partition by tenant_id, mode, endpoint_id order by first) as rank from grouped
      )
      select tenant_id, mode, endpoint_id, subject, alone from (
        select * from ranked where rank <= case when failing then 1 else ${runsEach} end order by first limit ${runs}
      ) chosen
      where pg_try_advisory_xact_lock(
        hashtextextended(tenant_id || '/' || mode || '/' || endpoint_id || '/' || subject || '/' || alone, 51))`.execute(
      trx,
    );
    const groups = found.rows;
    if (groups.length === 0) return [];
    const column = (of: (row: (typeof groups)[number]) => string) => groups.map(of);
    const taken = await sql<Row>`/* deliveries_claim */
      with wanted as (
        select * from unnest(${column((row) => row.tenant_id)}::text[], ${column((row) => row.mode)}::text[],
          ${column((row) => row.endpoint_id)}::text[], ${column((row) => row.subject)}::text[],
          ${column((row) => row.alone)}::text[]) as wanted (tenant_id, mode, endpoint_id, subject, alone)
      ), run as materialized (
        select told.*, wanted.alone, first_value(told.next_try_at) over own as head_due,
          first_value(told.leased_until) over own as head_lease
        from wanted cross join lateral (
          select d.* from endpoint_deliveries d
          where d.tenant_id = wanted.tenant_id and d.mode = wanted.mode and d.endpoint_id = wanted.endpoint_id
            and d.subject = wanted.subject and d.state = 'pending'
            and case when wanted.alone = '' then d.attempts < ${orderedAttempts} else d.id = wanted.alone end
          order by d.seq limit ${length}
        ) told
        window own as (partition by told.tenant_id, told.mode, told.endpoint_id, told.subject, wanted.alone order by told.seq)
      ), later as (
        -- What the first is not due for yet is not due either.
        update endpoint_deliveries d set next_try_at = run.head_due from run
        where run.head_due > clock_timestamp() and d.tenant_id = run.tenant_id and d.mode = run.mode and d.id = run.id
          and d.next_try_at < run.head_due
      ), claimed as (
        update endpoint_deliveries d set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
        from run
        where run.head_due <= clock_timestamp() and (run.head_lease is null or run.head_lease < clock_timestamp())
          and d.tenant_id = run.tenant_id and d.mode = run.mode and d.id = run.id
        returning d.*
      )
      select d.id as delivery_id, d.attempts, d.since, d.endpoint_id, d.subject, e.url, e.secret_encrypted,
        case when e.previous_until > clock_timestamp() then e.previous_secret_encrypted end as previous_secret_encrypted,
        a.seq, a.event_id, a.tenant_id, a.mode, a.subscription_id, a.customer_id, a.version, a.ordinal, a.type, a.payload, a.at
      from claimed d
      join endpoints e on (e.tenant_id, e.mode, e.id) = (d.tenant_id, d.mode, d.endpoint_id)
      join announcements a on a.event_id = d.event_id
      order by a.seq`.execute(trx);
    return taken.rows;
  });
  return runsOf(rows, orderedAttempts);
}

function runsOf(rows: readonly Row[], orderedAttempts: number): Run[] {
  const runs = new Map<string, Run>();
  for (const row of rows) {
    const { tenant_id: tenant, mode, endpoint_id: id, subject, url, attempts } = row;
    const alone = attempts >= orderedAttempts ? row.delivery_id : '';
    const key = JSON.stringify([tenant, mode, id, subject, alone]);
    const endpoint = { id, url, secret: row.secret_encrypted, previousSecret: row.previous_secret_encrypted };
    const run = runs.get(key) ?? { tenant, mode, endpoint, subject, deliveries: [] };
    runs.set(key, run);
    const { delivery_id, since } = row;
    run.deliveries.push({ id: delivery_id, attempts, since: since.getTime(), announcement: announcementOf(row) });
  }
  return [...runs.values()];
}

/** As long as their holder lives. */
export const renewLeases = (db: Db, runs: readonly Run[], leaseMs: number): Promise<void> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const ids = runs.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
    await sql`update endpoint_deliveries set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      where id = any(${ids}::text[]) and state = 'pending' and leased_until is not null`.execute(trx);
  });

type At = Scope & { endpoint: { id: EndpointId } };

export const settleDelivered = (
  db: Db,
  { tenant, mode, endpoint }: At,
  done: readonly { id: DeliveryId; tried: Try }[],
): Promise<void> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    await sql`/* deliveries_delivered */
      update endpoint_deliveries d set state = 'delivered', settled_at = clock_timestamp(), leased_until = null,
        attempts = d.attempts + 1, tries = d.tries || done.tried::jsonb
      from unnest(${done.map(({ id }) => id)}::text[], ${done.map(({ tried }) => JSON.stringify(tried))}::text[]) as done (id, tried)
      where d.tenant_id = ${tenant} and d.mode = ${mode} and d.id = done.id`.execute(trx);
    await sql`/* endpoint_sound */
      update endpoints set failing_since = null, failures = 0, rests_until = null, last_delivered_at = clock_timestamp()
      where tenant_id = ${tenant} and mode = ${mode} and id = ${endpoint.id}
        and (failures > 0 or failing_since is not null or last_delivered_at is null
          or last_delivered_at < clock_timestamp() - interval '1 second')`.execute(trx);
  });

export type Failure = {
  id: DeliveryId;
  tried: Try;
  /** Null: it is given up. */
  againInMs: number | null;
};

/** After so many failures in a row an endpoint rests, for twice as long each time. */
export type Rest = { soundFailures: number; restMs: number; longestRestMs: number };

export type Health = { failures: number; failingForMs: number };

/** What was in the same run behind it waits as long. */
export const settleFailed = (
  db: Db,
  { tenant, mode, endpoint }: At,
  { id, tried, againInMs }: Failure,
  behind: readonly DeliveryId[],
  { soundFailures, restMs, longestRestMs }: Rest,
): Promise<Health> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    await sql`/* delivery_failed */
      update endpoint_deliveries set attempts = attempts + 1, leased_until = null,
        tries = tries || ${JSON.stringify(tried)}::jsonb,
        state = case when ${againInMs}::float8 is null then 'failed' else 'pending' end,
        settled_at = case when ${againInMs}::float8 is null then clock_timestamp() end,
        next_try_at = clock_timestamp() + coalesce(${againInMs}::float8, 0) * interval '1 millisecond'
      where tenant_id = ${tenant} and mode = ${mode} and id = ${id}`.execute(trx);
    await sql`/* deliveries_behind */
      update endpoint_deliveries set leased_until = null,
        next_try_at = clock_timestamp() + coalesce(${againInMs}::float8, 0) * interval '1 millisecond'
      where tenant_id = ${tenant} and mode = ${mode} and id = any(${[...behind]}::text[])`.execute(trx);
    const { rows } = await sql<Health>`/* endpoint_failing */
      update endpoints set failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
        rests_until = case when failures + 1 >= ${soundFailures}
          then clock_timestamp() + least(${longestRestMs}::float8, ${restMs}::float8 * 2 ^ least(failures + 1 - ${soundFailures}, 30))
            * interval '1 millisecond' end
      where tenant_id = ${tenant} and mode = ${mode} and id = ${endpoint.id}
      returning failures,
        (extract(epoch from clock_timestamp() - failing_since) * 1000)::int8 as "failingForMs"`.execute(trx);
    return rows[0] ?? { failures: 0, failingForMs: 0 };
  });

/** Nothing more is sent until somebody resumes it; what comes waits for it. Told and written down in its tenant's name. */
export const pauseEndpoint = (db: Db, { tenant, mode, endpoint }: At, why: string, at: Date): Promise<boolean> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    const { numAffectedRows } = await sql`
      update endpoints set state = 'paused', paused_why = ${why}
      where tenant_id = ${tenant} and mode = ${mode} and id = ${endpoint.id} and state = 'enabled'`.execute(trx);
    if (numAffectedRows !== 1n) return false;
    await sql`update endpoint_deliveries set next_try_at = 'infinity', leased_until = null
      where tenant_id = ${tenant} and mode = ${mode} and endpoint_id = ${endpoint.id} and state = 'pending'`.execute(
      trx,
    );
    await within(trx, 'hydra_outbox', { tenant, mode }, async () => {
      const payload = JSON.stringify({ endpoint: endpoint.id, reason: why });
      await trx
        .insertInto('audit_log')
        .values({
          ...{ tenant_id: tenant, mode, at, actor_by: 'engine', actor_ref: 'relay', action: 'endpoint.paused' },
          ...{ subject: endpoint.id, from_state: 'enabled', to_state: 'paused', why: JSON.stringify({ reason: why }) },
        })
        .execute();
      await trx
        .insertInto('outbox')
        .values({ tenant_id: tenant, mode, type: 'endpoint.paused', payload, at })
        .execute();
      await sql`select pg_notify('hydra_outbox', '')`.execute(trx);
    });
    return true;
  });

/** What waits for a paused endpoint for longer than anything is tried is not told any more; what is settled long ago, forgotten. */
export const tidyDeliveries = (
  db: Db,
  { givenUpMs, keptMs, limit }: { givenUpMs: number; keptMs: number; limit: number },
): Promise<void> =>
  inRole(db, 'hydra_outbox', async (trx) => {
    await sql`update endpoint_deliveries set state = 'failed', settled_at = clock_timestamp()
      where (tenant_id, mode, id) in (
        select tenant_id, mode, id from endpoint_deliveries
        where state = 'pending' and next_try_at = 'infinity'
          and since < clock_timestamp() - ${givenUpMs} * interval '1 millisecond' limit ${limit})`.execute(trx);
    await sql`delete from endpoint_deliveries where (tenant_id, mode, id) in (
        select tenant_id, mode, id from endpoint_deliveries
        where state <> 'pending' and created_at < clock_timestamp() - ${keptMs} * interval '1 millisecond'
        order by created_at limit ${limit})`.execute(trx);
  });
