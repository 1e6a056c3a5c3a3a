import { type AnyDatabase, run } from './isolation.ts';

/**
 * One way to write the ledger. The function takes tenant and mode from the transaction itself, so what it writes needs no
 * row-level check, which was a quarter of a batch's time; and since only its owner may insert, nobody posts past it.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    -- Which account an entry is on is checked by that account's balance, which says whose it is and is written beside it.
    create or replace function refuse_unbalanced() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
    declare
      bad record;
    begin
      select transaction_id, currency, sum(amount) as off into bad
        from added group by transaction_id, currency having sum(amount) <> 0 limit 1;
      if found then
        raise exception 'ledger transaction % is off by % %', bad.transaction_id, bad.off, bad.currency
          using errcode = 'check_violation';
      end if;
      return null;
    end $$;

    -- A balance says whose it is, too: a number that somebody remembers may be another's since a backup was restored.
    alter table ledger_balances add column account_owner text;
    alter table ledger_balances no force row level security;
    alter table ledger_accounts no force row level security;
    update ledger_balances as balance set account_owner = account.owner
      from ledger_accounts as account where account.id = balance.account_id;
    alter table ledger_balances force row level security;
    alter table ledger_accounts force row level security;
    alter table ledger_balances alter column account_owner set not null;

    create or replace function refuse_misnamed_balance() returns trigger language plpgsql security definer
    set search_path = public, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
    declare
      bad record;
    begin
      select added.account_id into bad from added
        left join lateral (
          select tenant_id, mode, code, owner, currency from ledger_accounts where id = added.account_id limit 1
        ) as account on true
        where (account.tenant_id, account.mode, account.code, account.owner, account.currency)
          is distinct from (added.tenant_id, added.mode, added.account_code, added.account_owner, added.currency)
        limit 1;
      if found then
        raise exception 'account % is not of its balance''s tenant, mode, code, owner and currency', bad.account_id
          using errcode = 'foreign_key_violation';
      end if;
      return null;
    end $$;

    -- Opens the accounts that are used for the first time, and answers with the numbers of all. Always in the same order,
    -- so that two batches that open the same ones don't wait in a circle; one that another transaction opens meanwhile is
    -- found at the second look.
    create function ledger_open_accounts(codes text[], owners text[], currencies text[], kinds text[]) returns bigint[]
    language plpgsql ${AS_LEDGER} as $$
    declare
      ids bigint[] := ledger_account_ids(codes, owners, currencies);
    begin
      if array_position(ids, null) is null then return ids; end if;
      insert into ledger_accounts (tenant_id, mode, code, owner, kind, currency)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), code, owner, kind, currency
      from unnest(ids, codes, owners, currencies, kinds) as opened (id, code, owner, currency, kind)
      where id is null order by code, owner, currency
      on conflict (tenant_id, mode, code, owner, currency) do nothing;
      return ledger_account_ids(codes, owners, currencies);
    end $$;

    -- Finds the accounts that nobody has named by number, takes the keys that are new, and writes the entries and balances
    -- of those. Keys and accounts are locked in their order, so that two batches wait for each other and never in a
    -- circle. Legs name both by position.
    create function ledger_post(
      keys text[], kinds text[], subscriptions text[], invoices text[], ats timestamptz[], entry_counts integer[],
      codes text[], owners text[], currencies text[], account_kinds text[], known bigint[],
      leg_postings integer[], leg_accounts integer[], leg_amounts numeric[],
      out fresh integer[], out accounts bigint[]
    )
    language plpgsql ${AS_LEDGER} set plan_cache_mode = force_generic_plan set enable_nestloop = off as $$
    declare
      own_tenant constant text := current_setting('hydra.tenant');
      own_mode constant text := current_setting('hydra.mode');
      used bigint;
      balanced bigint;
    begin
      accounts := case when array_position(known, null) is null then known
        else ledger_open_accounts(codes, owners, currencies, account_kinds) end;
      with asked as materialized (
        select position, nextval('ledger_transactions_id_seq') as id, key, kind, subscription_id, invoice_id,
          greatest(at, closed.ends_at) as at,
          case when at < closed.ends_at then (at at time zone closed.time_zone)::date end as belongs_to, entry_count
        from unnest(keys, kinds, subscriptions, invoices, ats, entry_counts) with ordinality
          as asked (key, kind, subscription_id, invoice_id, at, entry_count, position)
        left join (
          select ends_at, time_zone from ledger_periods
          where tenant_id = own_tenant and mode = own_mode order by month desc limit 1
        ) as closed on true
      ), taken as (
        insert into ledger_transactions (id, tenant_id, mode, key, kind, subscription_id, invoice_id, at, belongs_to,
          entry_count) overriding system value
        select id, own_tenant, own_mode, key, kind, subscription_id, invoice_id, at, belongs_to, entry_count
        from asked order by key collate "C"
        on conflict (tenant_id, mode, key) do nothing
        returning id
      ), fresh as materialized (
        select position, id from asked join taken using (id)
      ), leg as materialized (
        select fresh.id as transaction_id, account.id as account_id, code, owner, currency, amount
        from unnest(leg_postings, leg_accounts, leg_amounts) as leg (posting, account, amount)
        join fresh on fresh.position = leg.posting
        join unnest(accounts, codes, owners, currencies) with ordinality
          as account (id, code, owner, currency, position)
          on account.position = leg.account
      ), written as (
        insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
        select own_tenant, own_mode, transaction_id, account_id, currency, amount from leg
      ), balanced as (
        insert into ledger_balances as balance (account_id, tenant_id, mode, account_code, account_owner, currency, amount)
        select account_id, own_tenant, own_mode, code, owner, currency, sum(amount)
        from leg group by account_id, code, owner, currency order by account_id
        on conflict (account_id) do update set amount = balance.amount + excluded.amount
          where (balance.tenant_id, balance.mode, balance.account_code, balance.account_owner, balance.currency)
            = (excluded.tenant_id, excluded.mode, excluded.account_code, excluded.account_owner, excluded.currency)
        returning account_id
      )
      select coalesce((select array_agg(position) from fresh), '{}'), (select count(distinct account_id) from leg), count(*)
        into fresh, used, balanced from balanced;
      if balanced <> used then
        raise exception '% of % accounts are not of this tenant and mode, or have another code, owner or currency',
          used - balanced, used using errcode = 'foreign_key_violation';
      end if;
    end $$;

    grant select on ledger_periods to hydra_ledger;
    create policy ledger on ledger_periods for select to hydra_ledger using (true);
    grant select, insert on ledger_accounts, ledger_transactions, ledger_entries to hydra_ledger;
    grant select, insert on ledger_balances to hydra_ledger;
    grant update (amount) on ledger_balances to hydra_ledger;
    grant usage on sequence ledger_transactions_id_seq to hydra_ledger;
    ${TABLES.map((table) => `create policy ledger on ${table} to hydra_ledger using (true) with check (true);`).join('\n')}
    revoke insert on ${TABLES.join(', ')} from hydra_app;
    revoke update on ledger_balances from hydra_app;

    grant create on schema public to hydra_ledger;
    ${FUNCTIONS.map((each) => `alter function ${each} owner to hydra_ledger;`).join('\n')}
    revoke create on schema public from hydra_ledger;
    ${FUNCTIONS.map((each) => `revoke execute on function ${each} from public; grant execute on function ${each} to hydra_app;`).join('\n')}
    `,
  );
}

const AS_LEDGER = 'security definer set search_path = public, pg_temp';
const TABLES = ['ledger_accounts', 'ledger_transactions', 'ledger_entries', 'ledger_balances'];
const FUNCTIONS = ['ledger_open_accounts', 'ledger_post'];
