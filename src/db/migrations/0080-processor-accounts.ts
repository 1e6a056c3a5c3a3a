import { type AnyDatabase, isolate, run } from './isolation.ts';

/** A tenant's own accounts at processors: one a mode. Their keys lie sealed; the door looks them up before it knows whose it is. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table processor_accounts (
      id text primary key check (id like 'acc\\_%'),
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      processor text not null check (processor in ('stripe', 'paypal')),
      publishable_key text,
      secrets text not null,
      created_at timestamptz not null,
      changed_at timestamptz not null,
      unique (tenant_id, mode, processor)
    );
    `,
  );
  await isolate(db, 'processor_accounts', {
    app: 'select, insert, delete, update (publishable_key, secrets, changed_at)',
    door: 'select',
  });
}
