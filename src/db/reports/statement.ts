/** An account between two days: what it held, each entry with what it held after it, and what it holds. */
import { sql } from 'kysely';
import type { Currency } from '../../domain/currency.ts';
import type { InvoiceId, SubscriptionId } from '../../domain/ids.ts';
import type { AccountCode } from '../../domain/ledger.ts';
import type { Page, Slice } from '../page.ts';
import type { Trx } from '../tenant.ts';
import { type Days, midnight } from './range.ts';

/** Without an owner: all accounts of that code together. */
export type StatementOf = Days & { code: AccountCode; owner: string | null; currency: Currency };

export type StatementEntry = {
  id: number;
  transaction_id: number;
  key: string;
  kind: string;
  at: Date;
  owner: string;
  subscription_id: SubscriptionId | null;
  invoice_id: InvoiceId | null;
  /** A debit is positive. */
  amount: number;
  balance: number;
};

export async function statementBalances(trx: Trx, of: StatementOf): Promise<{ opening: number; closing: number }> {
  const { rows } = await sql<{ opening: number; closing: number }>`
    select coalesce(sum(entry.amount) filter (where transaction.at < ${start(of)}), 0) as opening,
      coalesce(sum(entry.amount), 0) as closing
    from ${entriesOf(of)} where transaction.at < ${end(of)}`.execute(trx);
  return rows[0]!;
}

/**
 * In the order in which they count: by their time, and at one time as they were posted. A page begins where the one before
 * it ended, with what the account held there; the first with what it held at the range's beginning.
 */
export async function statementEntries(
  trx: Trx,
  of: StatementOf,
  { limit, after }: Page,
  opening: number,
): Promise<Slice<StatementEntry>> {
  const [at, id, held] = after === null ? [0, 0, opening] : (after.split(':').map(Number) as [number, number, number]);
  const { rows } = await sql<StatementEntry>`
    select entry.id, entry.transaction_id, transaction.key, transaction.kind, transaction.at, account.owner,
      transaction.subscription_id, transaction.invoice_id, entry.amount,
      ${held}::numeric + sum(entry.amount) over (order by transaction.at, entry.id) as balance
    from ${entriesOf(of)}
    where transaction.at >= ${start(of)} and transaction.at < ${end(of)}
      and (transaction.at, entry.id) > (${new Date(at)}, ${id}::bigint)
    order by transaction.at, entry.id limit ${limit + 1}`.execute(trx);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last ? `${last.at.getTime()}:${last.id}:${last.balance}` : null;
  return { rows: shown, next };
}

const start = ({ from, timeZone }: StatementOf): Date => midnight(from, timeZone);
const end = ({ to, timeZone }: StatementOf): Date => midnight(to, timeZone);

const entriesOf = ({ code, owner, currency }: StatementOf) => sql`ledger_accounts as account
  join ledger_entries as entry on entry.account_id = account.id
  join ledger_transactions as transaction on transaction.id = entry.transaction_id
    and account.code = ${code} and account.currency = ${currency}
    and (${owner}::text is null or account.owner = ${owner})`;
