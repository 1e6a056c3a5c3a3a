import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/**
 * Posting whose speed depends on no statistics, credit that can't be overdrawn, and how far the books were verified.
 *
 * Row-level security adds the tenant to every look-up, and without statistics an index that begins with the tenant
 * seems as good as the key: then each entry's check reads all that the tenant has. So the checks of the triggers look up
 * by id alone, as the auditor, who sees every row, and compare the tenant afterwards; and what posting looks up has its
 * plan settled here. No plan of theirs depends on what is known of the tables.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create or replace function refuse_unbalanced() returns trigger language plpgsql ${AS_AUDITOR} as $$
    declare
      bad record;
    begin
      select sums.*, transaction.tenant_id as of_tenant, transaction.mode as of_mode into bad
        from (
          select transaction_id, tenant_id, mode, currency, sum(amount) as off
          from added group by transaction_id, tenant_id, mode, currency
        ) as sums
        left join lateral (
          select tenant_id, mode from ledger_transactions where id = sums.transaction_id limit 1
        ) as transaction on true
        where sums.off <> 0 or (transaction.tenant_id, transaction.mode) is distinct from (sums.tenant_id, sums.mode)
        limit 1;
      if found and bad.off <> 0 then
        raise exception 'ledger transaction % is off by % %', bad.transaction_id, bad.off, bad.currency
          using errcode = 'check_violation';
      elsif found then
        raise exception 'no ledger transaction % in this tenant and mode', bad.transaction_id
          using errcode = 'foreign_key_violation';
      end if;
      select used.* into bad
        from (select account_id, tenant_id, mode, currency, min(transaction_id) as transaction_id
          from added group by account_id, tenant_id, mode, currency) as used
        left join lateral (
          select tenant_id, mode, currency from ledger_accounts where id = used.account_id limit 1
        ) as account on true
        where (account.tenant_id, account.mode, account.currency)
          is distinct from (used.tenant_id, used.mode, used.currency)
        limit 1;
      if found then
        raise exception 'account % is not of the tenant, mode and currency of ledger transaction %',
          bad.account_id, bad.transaction_id using errcode = 'foreign_key_violation';
      end if;
      return null;
    end $$;

    -- In the order in which they are named; null where there is none yet.
    create function ledger_account_ids(codes text[], owners text[], currencies text[]) returns bigint[]
    language plpgsql stable ${BY_INDEX} set plan_cache_mode = force_generic_plan as $$
    declare
      own_tenant constant text := current_setting('hydra.tenant');
      own_mode constant text := current_setting('hydra.mode');
    begin
      return array(
        select (
          select account.id from ledger_accounts as account
          where account.tenant_id = own_tenant and account.mode = own_mode and account.code = wanted.code
            and account.owner = wanted.owner and account.currency = wanted.currency
        )
        from unnest(codes, owners, currencies) with ordinality as wanted (code, owner, currency, position)
        order by wanted.position
      );
    end $$;

    -- A balance says which account it is, so that the rule of that account can look at it alone.
    alter table ledger_balances add column account_code text;
    alter table ledger_balances no force row level security;
    alter table ledger_accounts no force row level security;
    update ledger_balances as balance set account_code = account.code
      from ledger_accounts as account where account.id = balance.account_id;
    alter table ledger_balances force row level security;
    alter table ledger_accounts force row level security;
    alter table ledger_balances alter column account_code set not null;
    revoke update on ledger_balances from hydra_app;
    grant update (amount) on ledger_balances to hydra_app;

    create function refuse_misnamed_balance() returns trigger language plpgsql ${AS_AUDITOR} as $$
    declare
      bad record;
    begin
      select added.account_id into bad from added
        left join lateral (
          select tenant_id, mode, code, currency from ledger_accounts where id = added.account_id limit 1
        ) as account on true
        where (account.tenant_id, account.mode, account.code, account.currency)
          is distinct from (added.tenant_id, added.mode, added.account_code, added.currency)
        limit 1;
      if found then
        raise exception 'account % is not of its balance''s tenant, mode, code and currency', bad.account_id
          using errcode = 'foreign_key_violation';
      end if;
      return null;
    end $$;
    create trigger refuse_misnamed_balance after insert on ledger_balances
      referencing new table as added for each statement execute function refuse_misnamed_balance();

    -- Not a check: that would look at the row that an upsert proposes, which is the change and not the balance.
    create function refuse_overdrawn_credit() returns trigger language plpgsql as $$
    begin
      raise exception 'customer credit of account % is short of % %', new.account_id, new.amount, new.currency
        using errcode = 'check_violation', constraint = 'customer_credit_not_negative', table = 'ledger_balances';
    end $$;
    create trigger customer_credit_not_negative after insert or update on ledger_balances
      for each row when (new.account_code = 'customer_credit' and new.amount > 0) execute function refuse_overdrawn_credit();

    -- How far the books were found right, in the order of ids, for all tenants.
    create table ledger_verifications (
      id bigint generated always as identity primary key,
      through_entry bigint not null,
      through_transaction bigint not null,
      verified_at timestamptz not null default clock_timestamp()
    );
    alter table ledger_verifications enable row level security;
    alter table ledger_verifications force row level security;
    create policy verify on ledger_verifications to hydra_auditor using (true) with check (true);
    grant select, insert on ledger_verifications to hydra_auditor;
    grant select on sequence ledger_entries_id_seq, ledger_transactions_id_seq to hydra_auditor;

    -- What each account's entries came to then.
    create table ledger_verified_sums (
      account_id bigint primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      amount minor_units not null
    );

    grant create on schema public to hydra_auditor;
    alter function refuse_unbalanced() owner to hydra_auditor;
    alter function refuse_misnamed_balance() owner to hydra_auditor;
    revoke create on schema public from hydra_auditor;
    `,
  );
  await appendOnly(db, 'ledger_verifications');
  await isolate(db, 'ledger_verified_sums', { app: 'select' });
  await run(
    db,
    `
    create policy verify on ledger_verified_sums to hydra_auditor using (true) with check (true);
    grant insert, update (amount) on ledger_verified_sums to hydra_auditor;
    `,
  );
}

/** One look into an index for each row, however small the table was when the plan was made. */
const BY_INDEX = 'set search_path = public, pg_temp set enable_seqscan = off set enable_bitmapscan = off';
const AS_AUDITOR = `security definer ${BY_INDEX}`;
