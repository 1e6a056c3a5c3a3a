import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** What finance asks of the books beyond their balances: recurring revenue as it moved, and which invoice an entry is about. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table subscriptions add column mrr minor_units not null default 0 check (mrr >= 0);

    -- One for each step that changed it; they sum to what the subscription has now.
    create table mrr_movements (
      id bigint generated always as identity primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subscription_id text not null,
      version bigint not null,
      customer_id text not null,
      currency text not null,
      kind text not null,
      before minor_units not null check (before >= 0),
      after minor_units not null check (after >= 0),
      at timestamptz not null,
      recorded_at timestamptz not null default clock_timestamp(),
      unique (tenant_id, mode, subscription_id, version),
      foreign key (tenant_id, mode, subscription_id) references subscriptions,
      constraint kind_says_what_happened check (case kind
        when 'new' then before = 0 and after > 0
        when 'reactivation' then before = 0 and after > 0
        when 'expansion' then before > 0 and after > before
        when 'contraction' then after > 0 and after < before
        when 'churn' then before > 0 and after = 0
        else false end)
    );
    create index on mrr_movements (tenant_id, mode, currency, at);
    create index on mrr_movements (tenant_id, mode, customer_id, currency, at, id);

    -- Null where a posting is about no invoice, or about many at once, as the revenue of a day is.
    alter table ledger_transactions add column invoice_id text;
    create index on ledger_transactions (tenant_id, mode, invoice_id) where invoice_id is not null;
    create index on invoices (tenant_id, mode, issued_at, id);
    `,
  );
  await appendOnly(db, 'mrr_movements');
  await isolate(db, 'mrr_movements', { app: 'select, insert' });
}
