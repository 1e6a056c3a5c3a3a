/** Recomputes the books from all their entries, for all tenants, and trusts no balance and no trigger. */
import { sql } from 'kysely';
import type { Db } from './client.ts';
import { type Trx, takeRole } from './tenant.ts';

export type LedgerDifference =
  | { type: 'balance_differs'; tenant: string; mode: string; account: number; entries: number; balance: number }
  | { type: 'transaction_unbalanced'; transaction: number; currency: string; off: number }
  | { type: 'entries_missing'; transaction: number; expected: number; found: number }
  | { type: 'entry_orphaned'; entry: number; transaction: number; account: number }
  /** Entries that had been verified came to another sum then. */
  | { type: 'verified_sum_differs'; tenant: string; mode: string; account: number; entries: number; verified: number };

export type LedgerReport = {
  /** How many were looked at. */
  accounts: number;
  transactions: number;
  entries: number;
  differences: LedgerDifference[];
};

export const verifyLedger = (db: Db): Promise<LedgerReport> =>
  // One snapshot for all questions, and as long as it takes.
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      await takeRole(trx, 'hydra_auditor');
      await sql`set local statement_timeout = 0`.execute(trx);
      return {
        ...(await counts(trx)),
        differences: [
          ...(await balancesThatDiffer(trx)),
          ...(await unbalancedTransactions(trx)),
          ...(await missingEntries(trx)),
          ...(await orphanedEntries(trx)),
          ...(await sumsThatDiffer(trx)),
        ],
      };
    });

async function counts(trx: Trx): Promise<Pick<LedgerReport, 'accounts' | 'transactions' | 'entries'>> {
  const { rows } = await sql<Pick<LedgerReport, 'accounts' | 'transactions' | 'entries'>>`
    select (select count(*) from ledger_accounts) as accounts, (select count(*) from ledger_transactions) as transactions,
      (select count(*) from ledger_entries) as entries`.execute(trx);
  return rows[0]!;
}

async function balancesThatDiffer(trx: Trx): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'balance_differs' as type, account.tenant_id as tenant, account.mode, account.id as account,
      coalesce(summed.amount, 0) as entries, coalesce(balance.amount, 0) as balance
    from ledger_accounts as account
    left join (select account_id, sum(amount) as amount from ledger_entries group by account_id) as summed
      on summed.account_id = account.id
    left join ledger_balances as balance on balance.account_id = account.id
    where coalesce(summed.amount, 0) <> coalesce(balance.amount, 0)
      or (balance.account_id is not null and (balance.tenant_id, balance.mode, balance.currency)
        is distinct from (account.tenant_id, account.mode, account.currency))
    union all
    select 'balance_differs', balance.tenant_id, balance.mode, balance.account_id, 0, balance.amount
    from ledger_balances as balance
    where not exists (select from ledger_accounts as account where account.id = balance.account_id)`.execute(trx);
  return rows;
}

async function unbalancedTransactions(trx: Trx): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'transaction_unbalanced' as type, transaction_id as transaction, currency, sum(amount) as off
    from ledger_entries group by transaction_id, currency having sum(amount) <> 0`.execute(trx);
  return rows;
}

async function missingEntries(trx: Trx): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'entries_missing' as type, transaction.id as transaction, transaction.entry_count as expected,
      coalesce(found.count, 0) as found
    from ledger_transactions as transaction
    left join (select transaction_id, count(*) as count from ledger_entries group by transaction_id) as found
      on found.transaction_id = transaction.id
    where transaction.entry_count <> coalesce(found.count, 0)`.execute(trx);
  return rows;
}

async function orphanedEntries(trx: Trx): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'entry_orphaned' as type, entry.id as entry, entry.transaction_id as transaction, entry.account_id as account
    from ledger_entries as entry
    left join ledger_accounts as account on account.id = entry.account_id and account.tenant_id = entry.tenant_id
      and account.mode = entry.mode and account.currency = entry.currency
    left join ledger_transactions as transaction on transaction.id = entry.transaction_id
      and transaction.tenant_id = entry.tenant_id and transaction.mode = entry.mode
    where account.id is null or transaction.id is null`.execute(trx);
  return rows;
}

async function sumsThatDiffer(trx: Trx): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'verified_sum_differs' as type, coalesce(verified.tenant_id, summed.tenant_id) as tenant,
      coalesce(verified.mode, summed.mode) as mode, account_id as account, coalesce(summed.amount, 0) as entries,
      coalesce(verified.amount, 0) as verified
    from ledger_verified_sums as verified
    full join (
      select account_id, tenant_id, mode, sum(amount) as amount from ledger_entries
      where id <= (select max(through_entry) from ledger_verifications) group by account_id, tenant_id, mode
    ) as summed using (account_id)
    where coalesce(summed.amount, 0) <> coalesce(verified.amount, 0)`.execute(trx);
  return rows;
}
