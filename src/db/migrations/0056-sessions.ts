import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Browsers that are signed in, and the links by which customers get in: each good for one session. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table portal_links (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      customer_id text not null,
      made_by text not null,
      made_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, customer_id) references customers (tenant_id, mode, id)
    );

    create table sessions (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      hash bytea not null unique,
      principal text not null,
      role text not null check (role in ('customer', 'support', 'finance', 'admin', 'owner')),
      customer_id text,
      began_at timestamptz not null,
      seen_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      primary key (tenant_id, mode, id),
      check (role <> 'customer' or customer_id is not null)
    );
    create index on sessions (expires_at);
    create index on portal_links (expires_at);
    `,
  );
  await isolate(db, 'portal_links', { app: 'select, insert, update' });
  await isolate(db, 'sessions', { app: 'select, insert, update', door: 'select, update' });
}
