import { type AnyDatabase, isolate, run } from './isolation.ts';

/** What was compared with the processor and with Temporal, and where two sides did not agree. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table reconciliations (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      state text not null check (state in ('running', 'done', 'failed')),
      since timestamptz not null,
      asked_by text not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      report jsonb,
      reason text,
      primary key (tenant_id, mode, id),
      check ((state = 'running') = (ended_at is null))
    );

    create table discrepancies (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      kind text not null,
      subject text not null,
      subscription_id text,
      theirs jsonb,
      ours jsonb,
      state text not null check (state in ('open', 'repaired', 'settled', 'dismissed')),
      opened_at timestamptz not null,
      seen_at timestamptz not null,
      closed_at timestamptz,
      closed_by text,
      how text,
      primary key (tenant_id, mode, id),
      -- However often it is found, it is one.
      unique (tenant_id, mode, kind, subject),
      check ((state = 'open') = (closed_at is null))
    );
    create index on discrepancies (tenant_id, mode, subject) where state = 'open';
    `,
  );
  await isolate(db, 'reconciliations', { app: 'select, insert, update' });
  await isolate(db, 'discrepancies', { app: 'select, insert, update', relay: 'select' });
}
