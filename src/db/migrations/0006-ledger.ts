import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/**
 * Append-only double entry. A statement-level trigger looks at all entries of a statement at once: it costs little,
 * where a deferred trigger per row and foreign keys per entry each cost a third to a half of the speed. So all entries
 * of a transaction come in one statement.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table ledger_accounts (
      id bigint generated always as identity primary key,
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      code text not null,
      owner text not null,
      kind text not null check (kind in ('debit', 'credit')),
      currency text not null check (currency ~ '^[a-z]{3}$'),
      unique (tenant_id, mode, code, owner, currency)
    );

    create table ledger_transactions (
      id bigint generated always as identity primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      key text not null,
      kind text not null,
      subscription_id text,
      at timestamptz not null,
      -- How many entries it has: so that a lost one is missed.
      entry_count integer not null check (entry_count >= 0),
      recorded_at timestamptz not null default clock_timestamp(),
      unique (tenant_id, mode, key)
    );
    create index on ledger_transactions (tenant_id, mode, subscription_id, at) where subscription_id is not null;
    create index on ledger_transactions (tenant_id, mode, at);

    create table ledger_entries (
      id bigint generated always as identity primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      transaction_id bigint not null,
      account_id bigint not null,
      currency text not null,
      amount minor_units not null check (amount <> 0)
    );
    create index on ledger_entries (transaction_id);
    create index on ledger_entries (account_id, id);

    create table ledger_balances (
      account_id bigint primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      currency text not null,
      amount minor_units not null
    );
    create index on ledger_balances (tenant_id, mode);

    create function refuse_unbalanced() returns trigger language plpgsql as $$
    declare
      bad record;
    begin
      select transaction_id, currency, sum(amount) as off into bad
        from added group by transaction_id, currency having sum(amount) <> 0 limit 1;
      if found then
        raise exception 'ledger transaction % is off by % %', bad.transaction_id, bad.off, bad.currency
          using errcode = 'check_violation';
      end if;
      select added.account_id, added.transaction_id into bad from added
        where not exists (
          select from ledger_accounts as account
          where account.id = added.account_id and account.tenant_id = added.tenant_id and account.mode = added.mode
            and account.currency = added.currency)
        limit 1;
      if found then
        raise exception 'account % is not of the tenant, mode and currency of ledger transaction %',
          bad.account_id, bad.transaction_id using errcode = 'foreign_key_violation';
      end if;
      select added.transaction_id into bad from added
        where not exists (
          select from ledger_transactions as transaction
          where transaction.id = added.transaction_id and transaction.tenant_id = added.tenant_id
            and transaction.mode = added.mode)
        limit 1;
      if found then
        raise exception 'no ledger transaction % in this tenant and mode', bad.transaction_id
          using errcode = 'foreign_key_violation';
      end if;
      return null;
    end $$;
    create trigger refuse_unbalanced after insert on ledger_entries
      referencing new table as added for each statement execute function refuse_unbalanced();
    `,
  );
  await appendOnly(db, 'ledger_accounts');
  await appendOnly(db, 'ledger_transactions');
  await appendOnly(db, 'ledger_entries');
  await isolate(db, 'ledger_accounts', { app: 'select, insert' });
  await isolate(db, 'ledger_transactions', { app: 'select, insert' });
  await isolate(db, 'ledger_entries', { app: 'select, insert' });
  await isolate(db, 'ledger_balances', { app: 'select, insert, update' });
}
