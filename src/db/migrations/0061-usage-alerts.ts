import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** That so much of what is included was used: told once in a period. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table usage_alerts (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      customer_id text not null,
      feature text not null,
      period_start timestamptz not null,
      -- In percent of the limit.
      threshold integer not null check (threshold > 0),
      told_at timestamptz not null,
      primary key (tenant_id, mode, customer_id, feature, period_start, threshold)
    );
    `,
  );
  await appendOnly(db, 'usage_alerts');
  await isolate(db, 'usage_alerts', { app: 'select, insert' });
}
