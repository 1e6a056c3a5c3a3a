import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Machines that hold a seat, the codes by which they get one, and which payment was for which machine. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table activation_codes (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      hash bytea not null,
      customer_id text not null,
      made_by text not null,
      made_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      primary key (hash),
      foreign key (tenant_id, mode, customer_id) references customers (tenant_id, mode, id)
    );
    create index on activation_codes (tenant_id, mode, customer_id);
    create index on activation_codes (expires_at);

    create table license_seats (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      customer_id text not null,
      subscription_id text,
      -- Keyed: of the machine itself nothing can be told from it.
      anchor_hash bytea not null,
      device_name_encrypted text,
      -- The licences that it has, and had before: one that is shown later than that was copied.
      license_id text not null,
      license_before text,
      activated_at timestamptz not null,
      refreshed_at timestamptz not null,
      released_at timestamptz,
      revoked_at timestamptz,
      revoked_why text check (revoked_why in ('canceled', 'dispute_lost', 'cloned')),
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, customer_id) references customers (tenant_id, mode, id),
      check ((revoked_at is null) = (revoked_why is null))
    );
    create unique index license_seats_one_a_machine on license_seats (tenant_id, mode, anchor_hash)
      where released_at is null and revoked_at is null;
    create index on license_seats (anchor_hash);
    create index on license_seats (tenant_id, mode, customer_id);
    create index on license_seats (tenant_id, mode, subscription_id) where revoked_at is null;
    create index on license_seats (revoked_at) where revoked_at is not null;

    create table transaction_records (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      transaction_id text not null,
      webhook_event text,
      hardware_anchor text not null,
      recorded_at timestamptz not null default clock_timestamp()
    );
    create index on transaction_records (tenant_id, mode, transaction_id);
    `,
  );
  await isolate(db, 'activation_codes', { app: 'select, insert, update', door: 'select' });
  await isolate(db, 'license_seats', { app: 'select, insert, update', door: 'select' });
  await isolate(db, 'transaction_records', { app: 'select, insert' });
}
