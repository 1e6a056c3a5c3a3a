import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Addresses of a tenant's own that are told what happens, and what became of each thing that they were told. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table endpoints (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      url text not null,
      description text,
      -- Null: all of them. One that ends in .* stands for all that begin so.
      event_types text[],
      state text not null check (state in ('enabled', 'paused', 'disabled')),
      paused_why text,
      secret_encrypted text not null,
      previous_secret_encrypted text,
      previous_until timestamptz,
      -- Its health. Null and none while it takes what it is told.
      failing_since timestamptz,
      failures integer not null default 0,
      rests_until timestamptz,
      last_delivered_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, mode, id)
    );

    create table endpoint_deliveries (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      id text not null default 'del_' || replace(gen_random_uuid()::text, '-', ''),
      endpoint_id text not null,
      event_id text not null,
      seq bigint not null,
      type text not null,
      subscription_id text,
      -- What is told in order: a subscription's news, or else a customer's.
      subject text not null,
      state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
      tries jsonb not null default '[]',
      -- Since it was created, or replayed.
      attempts integer not null default 0,
      since timestamptz not null default clock_timestamp(),
      next_try_at timestamptz not null default clock_timestamp(),
      leased_until timestamptz,
      settled_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, mode, id),
      -- However often it is brought, and replayed: one for each endpoint.
      unique (tenant_id, mode, endpoint_id, event_id),
      foreign key (tenant_id, mode, endpoint_id) references endpoints on delete cascade
    );
    create index on endpoint_deliveries (next_try_at, seq) where state = 'pending';
    create index on endpoint_deliveries (tenant_id, mode, endpoint_id, subject, seq) where state = 'pending';
    create index on endpoint_deliveries (tenant_id, mode, endpoint_id, seq);
    create index on endpoint_deliveries (created_at) where state <> 'pending';

    -- Nobody may be told of anything before it was there.
    insert into outbox_positions (consumer, shard, position)
    select 'endpoints', shard, (select coalesce(max(seq), 0) from announcements) from generate_series(0, 15) as shard;
    `,
  );
  await isolate(db, 'endpoints', { app: 'select, insert, update, delete' });
  await isolate(db, 'endpoint_deliveries', { app: 'select, update' });
  await run(
    db,
    `
    create policy hydra_outbox on endpoints to hydra_outbox using (true) with check (true);
    grant select, update (state, paused_why, failing_since, failures, rests_until, last_delivered_at) on endpoints to hydra_outbox;
    create policy hydra_outbox on endpoint_deliveries to hydra_outbox using (true) with check (true);
    grant select, insert, update, delete on endpoint_deliveries to hydra_outbox;

    -- Whoever puts an event into quarantine, the door or the relay: those who look after it are told.
    create function announce_quarantine() returns trigger language plpgsql
      security definer set search_path = public, pg_temp as $$
    begin
      insert into outbox (tenant_id, mode, subscription_id, type, payload, at)
      values (new.tenant_id, new.mode, new.subscription_id, 'event.quarantined',
        jsonb_build_object('event', new.id, 'type', new.type, 'reason', coalesce(new.reason, '')), clock_timestamp());
      perform pg_notify('hydra_outbox', '');
      return null;
    end $$;
    grant create on schema public to hydra_relay;
    alter function announce_quarantine() owner to hydra_relay;
    revoke create on schema public from hydra_relay;
    create trigger announce_quarantine after insert on inbox for each row
      when (new.state = 'quarantined' and new.tenant_id is not null) execute function announce_quarantine();
    create trigger announce_quarantined after update of state on inbox for each row
      when (new.state = 'quarantined' and old.state <> 'quarantined' and new.tenant_id is not null)
      execute function announce_quarantine();
    `,
  );
}
