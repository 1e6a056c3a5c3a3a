import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** What was used: meters, events once, windows over them, and what of it was billed. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    -- Versions of meters. One that is published stays as it is.
    create table meters (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      key text not null,
      version integer not null check (version > 0),
      state text not null check (state in ('draft', 'published', 'archived')),
      document jsonb not null,
      created_at timestamptz not null,
      published_at timestamptz,
      -- It counts for what is used in periods that begin from then on; of a key's first version: for all.
      effective_at timestamptz,
      archived_at timestamptz,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, key, version),
      check ((state = 'draft') = (published_at is null))
    );

    -- Parts of tables have a schema of their own: nobody reads them but through the whole.
    create schema usage_parts;

    -- Every event that was taken, by its name, so that it is counted once.
    create table usage_ids (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      source text collate "C" not null,
      event_id text collate "C" not null,
      -- Of what it said.
      hash text collate "C" not null,
      customer_id text not null,
      at timestamptz not null,
      received_on date not null,
      primary key (tenant_id, mode, source, event_id)
    ) partition by hash (tenant_id, mode, source, event_id);
    do $$ begin
      for i in 0..7 loop
        execute format('create table usage_parts.ids_%s partition of usage_ids for values with (modulus 8, remainder %s)', i, i);
      end loop;
    end $$;

    -- By the day on which they came: by the wall, so that a test clock in another year needs no part of its own.
    create table usage_events (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      received_on date not null,
      source text collate "C" not null,
      event_id text collate "C" not null,
      type text not null,
      customer_id text not null,
      at timestamptz not null,
      data jsonb not null,
      received_at timestamptz not null default clock_timestamp(),
      withdrawn_at timestamptz
    ) partition by range (received_on);
    create index on usage_events (tenant_id, mode, customer_id, at);
    create table usage_parts.events_default partition of usage_events default;

    -- What they come to by the minute, the hour and the day: moved in the transaction that takes the events.
    create table usage_windows (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      meter_id text not null,
      customer_id text not null,
      -- In milliseconds.
      grain integer not null check (grain in (60000, 3600000, 86400000)),
      at timestamptz not null,
      dims text collate "C" not null,
      -- Where different ones are counted: which one, as a hash.
      item text collate "C" not null,
      events bigint not null,
      total numeric not null,
      high numeric not null,
      first_at timestamptz not null,
      first_id text collate "C" not null,
      first_value numeric not null,
      last_at timestamptz not null,
      last_id text collate "C" not null,
      last_value numeric not null,
      area numeric not null,
      primary key (tenant_id, mode, meter_id, customer_id, grain, at, dims, item)
    ) with (fillfactor = 70);

    -- What was billed of it, and again where it has become another: the last of them is how it stands.
    create table usage_seals (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subscription_id text not null,
      charge_id text not null,
      from_at timestamptz not null,
      n integer not null check (n > 0),
      to_at timestamptz not null check (to_at > from_at),
      customer_id text not null,
      invoice_id text not null,
      -- Null where it came to nothing: no line.
      ordinal integer,
      -- Of the first seal: how a difference is told.
      span jsonb not null,
      quantity numeric not null,
      amount minor_units not null,
      sealed_at timestamptz not null,
      primary key (tenant_id, mode, subscription_id, charge_id, from_at, n),
      foreign key (customer_id, tenant_id, mode) references customers
    );

    create function usage_lock(tenant text, mode text) returns bigint
      language sql immutable parallel safe return hashtextextended('usage/' || tenant || '/' || mode, 0);
    `,
  );
  await isolate(db, 'meters', { app: 'select, insert, update' });
  await isolate(db, 'usage_ids', { app: 'select, insert', relay: 'select, delete' });
  await isolate(db, 'usage_events', { app: 'select, insert, update' });
  await isolate(db, 'usage_windows', { app: 'select, insert, update, delete' });
  await isolate(db, 'usage_seals', { app: 'select, insert' });
  await appendOnly(db, 'usage_seals');
}
