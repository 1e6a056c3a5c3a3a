/** The ledger as finance reads it. */
import { type Selectable, sql } from 'kysely';
import type { CustomerId, InvoiceId, SubscriptionId } from '../domain/ids.ts';
import type { AccountCode } from '../domain/ledger.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { LedgerTransactionsTable } from './schema.ts';
import type { Trx } from './tenant.ts';

export type AccountRow = {
  id: number;
  code: AccountCode;
  owner: string;
  kind: 'debit' | 'credit';
  currency: string;
  amount: number;
};

export async function listAccounts(
  trx: Trx,
  { code, customer }: { code?: AccountCode; customer?: CustomerId },
  page: Page,
): Promise<Slice<AccountRow>> {
  let query = trx
    .selectFrom('ledger_accounts as account')
    .leftJoin('ledger_balances as balance', 'balance.account_id', 'account.id')
    .select(['account.id', 'account.code', 'account.owner', 'account.kind', 'account.currency', 'balance.amount']);
  if (code) query = query.where('account.code', '=', code);
  if (customer) query = query.where('account.owner', '=', customer);
  if (page.after) query = query.where('account.id', '>', Number(page.after));
  const { rows, next } = await sliceOf(query.orderBy('account.id'), page, ({ id }) => String(id));
  return { rows: rows.map((row) => ({ ...row, amount: row.amount ?? 0 })), next };
}

export type EntryRow = {
  id: number;
  transaction_id: number;
  key: string;
  kind: string;
  at: Date;
  subscription_id: SubscriptionId | null;
  invoice_id: InvoiceId | null;
  code: AccountCode;
  owner: string;
  currency: string;
  amount: number;
};

/** Times from the one on and before the other. */
export type EntryFilter = {
  code?: AccountCode;
  owner?: string;
  subscription?: SubscriptionId;
  invoice?: InvoiceId;
  transaction?: number;
  from?: Date;
  to?: Date;
};

export async function listEntries(trx: Trx, filter: EntryFilter, page: Page): Promise<Slice<EntryRow>> {
  const { code, owner, subscription, invoice, transaction, from, to } = filter;
  let query = entriesAsRead(trx);
  if (code) query = query.where('account.code', '=', code);
  if (owner) query = query.where('account.owner', '=', owner);
  if (subscription) query = query.where('transaction.subscription_id', '=', subscription);
  if (invoice) query = query.where('transaction.invoice_id', '=', invoice);
  if (transaction) query = query.where('entry.transaction_id', '=', transaction);
  if (from) query = query.where('transaction.at', '>=', from);
  if (to) query = query.where('transaction.at', '<', to);
  if (page.after) query = query.where('entry.id', '<', Number(page.after));
  return sliceOf(query.orderBy('entry.id', 'desc'), page, ({ id }) => String(id));
}

const entriesAsRead = (trx: Trx) =>
  trx
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_transactions as transaction', 'transaction.id', 'entry.transaction_id')
    .innerJoin('ledger_accounts as account', 'account.id', 'entry.account_id')
    .select([
      'entry.id',
      'entry.transaction_id',
      'transaction.key',
      'transaction.kind',
      'transaction.at',
      'transaction.subscription_id',
      'transaction.invoice_id',
      'account.code',
      'account.owner',
      'entry.currency',
      'entry.amount',
    ]);

export type TransactionRow = Selectable<LedgerTransactionsTable> & { entries: EntryRow[] };

export async function readTransaction(trx: Trx, id: number): Promise<TransactionRow | null> {
  const row = await trx.selectFrom('ledger_transactions').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return null;
  const entries = await entriesAsRead(trx).where('entry.transaction_id', '=', id).orderBy('entry.id').execute();
  return { ...row, entries };
}

export type BalanceRow = { currency: string; code: AccountCode; debit: number; credit: number };

/** What each account comes to, on its side, up to then; without a time from the balances that are kept. */
export async function balancesAt(trx: Trx, at: Date | null): Promise<BalanceRow[]> {
  const { rows } = at
    ? await sql<BalanceRow>`
        select account.currency, account.code,
          greatest(sum(entry.amount), 0) as debit, greatest(-sum(entry.amount), 0) as credit
        from ledger_entries as entry
        join ledger_transactions as transaction on transaction.id = entry.transaction_id
        join ledger_accounts as account on account.id = entry.account_id
        where transaction.at <= ${at}
        group by account.currency, account.code order by account.currency, account.code`.execute(trx)
    : await sql<BalanceRow>`
        select account.currency, account.code,
          greatest(sum(balance.amount), 0) as debit, greatest(-sum(balance.amount), 0) as credit
        from ledger_balances as balance
        join ledger_accounts as account on account.id = balance.account_id
        group by account.currency, account.code order by account.currency, account.code`.execute(trx);
  return rows;
}
