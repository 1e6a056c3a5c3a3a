import { type AnyDatabase, isolate, run } from './isolation.ts';

/** What was agreed with one customer about a feature, instead of what its plan says. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table entitlement_overrides (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      customer_id text not null,
      feature text not null,
      value jsonb not null,
      until timestamptz,
      reason text not null,
      set_by text not null,
      set_at timestamptz not null,
      primary key (tenant_id, mode, customer_id, feature),
      foreign key (tenant_id, mode, customer_id) references customers (tenant_id, mode, id)
    );
    `,
  );
  await isolate(db, 'entitlement_overrides', { app: 'select, insert, update, delete' });
}
