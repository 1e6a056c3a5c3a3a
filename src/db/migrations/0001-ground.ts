import { type AnyDatabase, isolate, run } from './isolation.ts';

/** What everything else stands on: money, tenants, keys, clocks. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    -- A bigint would round 1.5 in silence and take what JavaScript can't hold; this refuses both, in psql as well.
    create domain minor_units as numeric
      check (value = trunc(value) and abs(value) <= 9007199254740991);

    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
    end $$;

    create table tenants (
      id text primary key check (id like 'ten\\_%'),
      name text not null,
      created_at timestamptz not null
    );
    -- Above tenants: the owner makes them. Everyone else sees one row, their own, and changes none.
    alter table tenants enable row level security;
    create policy own on tenants for select to hydra_app using (id = (select current_setting('hydra.tenant', true)));
    create policy across on tenants for select to hydra_door, hydra_relay, hydra_auditor using (true);
    grant select on tenants to hydra_app, hydra_door, hydra_relay, hydra_auditor;

    create table api_keys (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      name text not null,
      prefix text not null unique,
      hash bytea not null,
      scopes text[] not null,
      expires_at timestamptz,
      last_used_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz not null,
      primary key (tenant_id, mode, id)
    );

    create table clocks (
      tenant_id text not null references tenants,
      mode text not null check (mode = 'test'),
      id text not null,
      name text,
      now timestamptz not null,
      target timestamptz,
      state text not null check (state in ('ready', 'advancing', 'blocked')),
      reason text,
      processor_clock_id text,
      created_at timestamptz not null default now(),
      primary key (tenant_id, mode, id),
      check (target is null or target >= now)
    );
    `,
  );
  // The door finds a key before it knows whose it is.
  await isolate(db, 'api_keys', {
    app: 'select, insert, update, delete',
    door: 'select, update (last_used_at)',
  });
  await isolate(db, 'clocks', { app: 'select, insert, update, delete', relay: 'select' });
}
