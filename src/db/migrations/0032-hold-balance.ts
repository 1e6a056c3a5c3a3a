import { type AnyDatabase, run } from './isolation.ts';

/** What lies on an account, held until the transaction ends: for whoever takes from it what must be there. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create function ledger_hold(held_code text, held_owner text, held_currency text) returns numeric
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
      held numeric;
    begin
      select balance.amount into held
        from ledger_accounts as account join ledger_balances as balance on balance.account_id = account.id
        where account.tenant_id = current_setting('hydra.tenant') and account.mode = current_setting('hydra.mode')
          and account.code = held_code and account.owner = held_owner and account.currency = held_currency
        for update of balance;
      return coalesce(held, 0);
    end $$;
    grant create on schema public to hydra_ledger;
    alter function ledger_hold owner to hydra_ledger;
    revoke create on schema public from hydra_ledger;
    revoke execute on function ledger_hold from public;
    grant execute on function ledger_hold to hydra_app;
    `,
  );
}
