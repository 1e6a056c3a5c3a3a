import { type AnyDatabase, isolate, run } from './isolation.ts';

/**
 * The outbox is where a change leaves word of itself; it is emptied as fast as it fills. What was in it is an
 * announcement then: a log in one order, that everybody who is told reads at a place of their own.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table outbox
      drop column relayed_at,
      add column customer_id text,
      alter column subscription_id drop not null;
    revoke update, delete on outbox from hydra_relay;
    create policy hydra_outbox on outbox to hydra_outbox using (true) with check (true);
    grant select, delete on outbox to hydra_outbox;
    create policy hydra_outbox on subscriptions for select to hydra_outbox using (true);
    grant select (tenant_id, mode, id, customer_id) on subscriptions to hydra_outbox;

    -- All of one subscription is in one shard, and in the order of its versions; of the tenant's other news all of a customer.
    create function shard_of(tenant text, mode text, subject text) returns integer language sql immutable
      return (hashtextextended(tenant || '/' || mode || '/' || subject, 50) & 15)::integer;

    create table announcements (
      shard integer not null,
      seq bigint generated always as identity,
      event_id text not null unique,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subscription_id text,
      customer_id text,
      version bigint,
      ordinal integer,
      type text not null,
      payload jsonb not null,
      at timestamptz not null,
      written_at timestamptz not null,
      announced_at timestamptz not null default clock_timestamp(),
      primary key (shard, seq)
    );
    create index on announcements (tenant_id, mode, seq);
    create index on announcements (tenant_id, mode, customer_id, seq);
    create index on announcements (tenant_id, mode, subscription_id, seq);
    create trigger refuse_change before update on announcements for each row execute function refuse_change();

    -- How far each consumer is. Whoever carries a shard on holds it by a lease. Many updates of few rows: room for them.
    create table outbox_positions (
      consumer text not null,
      shard integer not null check (shard between 0 and 15),
      position bigint not null,
      leased_by text,
      leased_until timestamptz,
      primary key (consumer, shard)
    ) with (fillfactor = 30);
    grant select, insert, update on outbox_positions to hydra_outbox;
    grant select on outbox_positions to hydra_auditor, hydra_relay;
    `,
  );
  await isolate(db, 'announcements', { app: 'select', relay: 'select' });
  await run(
    db,
    `
    create policy hydra_outbox on announcements to hydra_outbox using (true) with check (true);
    grant select, insert, delete on announcements to hydra_outbox;

    -- What was said while nobody listened is nobody's news any more.
    set local role hydra_outbox;
    insert into announcements (shard, event_id, tenant_id, mode, subscription_id, customer_id, version, ordinal, type,
      payload, at, written_at)
    select shard_of(o.tenant_id, o.mode, o.subscription_id), o.event_id, o.tenant_id, o.mode, o.subscription_id,
      s.customer_id, o.version, o.ordinal, o.type, o.payload, o.at, o.created_at
    from outbox o left join subscriptions s on (s.tenant_id, s.mode, s.id) = (o.tenant_id, o.mode, o.subscription_id)
    order by o.id;
    delete from outbox;
    reset role;
    `,
  );
}
