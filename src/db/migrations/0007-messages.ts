import { type AnyDatabase, isolate, run } from './isolation.ts';

/** What comes in, what goes out, what was asked, and who did what. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table audit_log (
      id bigint generated always as identity primary key,
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      at timestamptz not null,
      actor_by text not null check (actor_by in ('principal', 'processor', 'clock', 'engine')),
      actor_ref text not null,
      action text not null,
      subject text not null,
      version bigint,
      from_state text,
      to_state text,
      why jsonb not null,
      recorded_at timestamptz not null default clock_timestamp(),
      sealed_at timestamptz,
      hash bytea,
      check ((sealed_at is null) = (hash is null))
    );
    create index on audit_log (tenant_id, mode, subject, id);
    create index on audit_log (id) where sealed_at is null;

    -- One change is allowed, once: the seal.
    create function refuse_change_of_audit() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.sealed_at is null and new.sealed_at is not null
        and to_jsonb(new) - 'sealed_at' - 'hash' = to_jsonb(old) - 'sealed_at' - 'hash'
      then
        return new;
      end if;
      raise exception 'audit_log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
    end $$;
    create trigger refuse_change before update or delete on audit_log
      for each row execute function refuse_change_of_audit();
    create trigger refuse_truncate before truncate on audit_log
      for each statement execute function refuse_change();

    create table outbox (
      id bigint generated always as identity primary key,
      event_id text not null unique default 'evt_' || replace(gen_random_uuid()::text, '-', ''),
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subscription_id text not null,
      version bigint not null,
      ordinal integer not null,
      type text not null,
      payload jsonb not null,
      at timestamptz not null,
      created_at timestamptz not null default clock_timestamp(),
      relayed_at timestamptz,
      unique (tenant_id, mode, subscription_id, version, ordinal)
    );
    create index on outbox (id) where relayed_at is null;

    create table inbox (
      id text primary key default 'evt_' || replace(gen_random_uuid()::text, '-', ''),
      seq bigint generated always as identity,
      provider text not null check (provider in ('stripe', 'paypal')),
      account text not null,
      mode text not null check (mode in ('test', 'live')),
      event_id text not null,
      tenant_id text references tenants,
      subscription_id text,
      type text not null,
      facts jsonb not null,
      occurred_at timestamptz not null,
      object_version text,
      state text not null default 'received' check
        (state in ('received', 'signalled', 'applied', 'ignored', 'parked', 'quarantined', 'dead')),
      reason text,
      attempts integer not null default 0,
      received_at timestamptz not null default clock_timestamp(),
      next_try_at timestamptz not null default clock_timestamp(),
      leased_until timestamptz,
      settled_at timestamptz,
      raw_mac bytea,
      unique (provider, account, mode, event_id)
    );
    create index on inbox (next_try_at, seq) where state in ('received', 'signalled', 'parked');
    create index on inbox (tenant_id, mode, subscription_id, seq);

    -- The idempotency record of one request: kept before the work begins, completed with its answer.
    create table requests (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      principal text not null,
      route text not null,
      key text not null,
      body_hash text not null,
      subscription_id text,
      state text not null check (state in ('running', 'done')),
      status integer,
      response jsonb,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, mode, principal, route, key),
      check ((state = 'done') = (status is not null))
    );
    create index on requests (created_at);
    `,
  );
  await isolate(db, 'audit_log', { app: 'select, insert' });
  await isolate(db, 'outbox', { app: 'select, insert', relay: 'select, update, delete' });
  await isolate(db, 'inbox', {
    app: 'select, update',
    door: 'select, insert',
    relay: 'select, insert, update',
  });
  await isolate(db, 'requests', { app: 'select, insert, update, delete' });
}
