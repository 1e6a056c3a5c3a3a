/**
 * What is owed at the end of a day, by how long it has been due. It is read from the entries of the receivable accounts, so
 * that it comes to their balance at that moment, and what is about no invoice can't hide.
 */
import { sql } from 'kysely';
import type { Currency } from '../../domain/currency.ts';
import type { CustomerId, InvoiceId } from '../../domain/ids.ts';
import { addDays, type Day, type TimeZone } from '../../domain/time.ts';
import type { Trx } from '../tenant.ts';
import { midnight } from './range.ts';

export const AGES = ['current', 'days1To30', 'days31To60', 'days61To90', 'over90'] as const;
export type Age = (typeof AGES)[number];

export type AgingOf = { day: Day; timeZone: TimeZone; customer: CustomerId | null };
/** `unassigned` is about no invoice. A negative amount is money that came and is more than what was owed. */
export type AgingRow = { customer: CustomerId; currency: Currency; total: number; unassigned: number } & Record<
  Age,
  number
>;

/** The oldest debt first would hide the largest: by currency, and then by customer. */
export async function agingAt(trx: Trx, of: AgingOf): Promise<AgingRow[]> {
  const { rows } = await sql<AgingRow>`
    with owed as (${owedAt(of)}), aged as (
      select customer, currency, amount, ${of.day}::date - (due_at at time zone ${of.timeZone})::date as late from owed
    )
    select customer, currency, sum(amount) as total,
      coalesce(sum(amount) filter (where late is null), 0) as unassigned,
      coalesce(sum(amount) filter (where late <= 0), 0) as "current",
      coalesce(sum(amount) filter (where late between 1 and 30), 0) as "days1To30",
      coalesce(sum(amount) filter (where late between 31 and 60), 0) as "days31To60",
      coalesce(sum(amount) filter (where late between 61 and 90), 0) as "days61To90",
      coalesce(sum(amount) filter (where late > 90), 0) as "over90"
    from aged group by customer, currency order by currency, customer`.execute(trx);
  return rows;
}

export type OwedInvoice = {
  customer: CustomerId;
  currency: Currency;
  invoice: InvoiceId | null;
  number: string | null;
  due_at: Date | null;
  amount: number;
};

/** What the rows are made of. */
export async function owedInvoices(trx: Trx, of: AgingOf): Promise<OwedInvoice[]> {
  const { rows } = await sql<OwedInvoice>`${owedAt(of)} order by currency, customer, due_at, invoice`.execute(trx);
  return rows;
}

const owedAt = ({ day, timeZone, customer }: AgingOf) => sql`
  select owed.*, invoices.number, invoices.due_at from (
    select account.owner as customer, account.currency, transaction.invoice_id as invoice, sum(entry.amount) as amount
    from ledger_accounts as account
    join ledger_entries as entry on entry.account_id = account.id
    join ledger_transactions as transaction on transaction.id = entry.transaction_id
    where account.code = 'receivable' and transaction.at < ${midnight(addDays(day, 1), timeZone)}
      and (${customer}::text is null or account.owner = ${customer})
    group by 1, 2, 3 having sum(entry.amount) <> 0
  ) as owed
  left join invoices on invoices.id = owed.invoice`;
