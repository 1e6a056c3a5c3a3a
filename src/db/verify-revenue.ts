/**
 * Whether the books and what they are made of agree on revenue: recognised + deferred − unbilled is what was invoiced, net
 * of tax and credit notes, and what was settled when no invoice came any more; what is deferred is what the lines have still to earn; and nothing was lost to rounding.
 */
import { sql } from 'kysely';
import type { Db } from './client.ts';
import { type Trx, takeRole } from './tenant.ts';

type Where = { tenant: string; mode: string; currency: string };

export type RevenueDifference =
  | ({ type: 'revenue_identity_broken'; counted: number; invoiced: number } & Where)
  | ({ type: 'deferred_differs'; product: string; balance: number; spans: number; to_come: number } & Where)
  | { type: 'revenue_day_differs'; transaction: number; entries: number; days: number }
  | ({ type: 'rounding_not_zero'; balance: number } & Where);

export const verifyRevenue = (db: Db): Promise<RevenueDifference[]> =>
  // One snapshot for all questions, and as long as it takes.
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      await takeRole(trx, 'hydra_auditor');
      await sql`set local statement_timeout = 0`.execute(trx);
      return [
        ...(await brokenIdentities(trx)),
        ...(await deferredThatDiffers(trx)),
        ...(await daysThatDiffer(trx)),
        ...(await roundingLeft(trx)),
      ];
    });

const balances = sql`
  balance_of as (
    select account.tenant_id, account.mode, account.currency, account.code, account.owner, balance.amount
    from ledger_accounts as account join ledger_balances as balance on balance.account_id = account.id
  )`;

async function brokenIdentities(trx: Trx): Promise<RevenueDifference[]> {
  const { rows } = await sql<RevenueDifference>`
    with ${balances}, counted as (
      select tenant_id, mode, currency, -sum(amount) as amount
      from balance_of where code in ('revenue', 'discounts', 'deferred_revenue', 'unbilled')
      group by tenant_id, mode, currency
    ), invoiced as (
      select tenant_id, mode, currency, sum(amount) as amount
      from (
        select tenant_id, mode, currency, total - tax as amount from invoices where state not in ('draft', 'void')
        union all
        select tenant_id, mode, currency, tax - total from credit_notes
        union all
        select account.tenant_id, account.mode, account.currency, -entry.amount
        from ledger_transactions as transaction join ledger_entries as entry on entry.transaction_id = transaction.id
          join ledger_accounts as account on account.id = entry.account_id
        where transaction.kind = 'carried_settled' and account.code = 'unbilled'
      ) as asked
      group by tenant_id, mode, currency
    )
    select 'revenue_identity_broken' as type, tenant_id as tenant, mode, currency,
      coalesce(counted.amount, 0) as counted, coalesce(invoiced.amount, 0) as invoiced
    from counted full join invoiced using (tenant_id, mode, currency)
    where coalesce(counted.amount, 0) <> coalesce(invoiced.amount, 0)`.execute(trx);
  return rows;
}

async function deferredThatDiffers(trx: Trx): Promise<RevenueDifference[]> {
  const { rows } = await sql<RevenueDifference>`
    with ${balances}, booked as (
      select span_id, sum(gross - discount) as net from revenue_days group by span_id
    ), span as (
      select span.tenant_id, span.mode, span.currency, span.product as owner,
        sum(span.gross - span.discount - coalesce(booked.net, 0)) as net
      from earning_spans as span left join booked on booked.span_id = span.id
      group by span.tenant_id, span.mode, span.currency, span.product
    ), indexed as (
      select span.*, span.from_index + (next_day - first_day) as k, span.from_index + (end_day - first_day) as l
      from earning_progress as progress join earning_spans as span on span.id = progress.span_id
    ), coming as (
      select tenant_id, mode, currency, product as owner,
        sum(earned_between(price, price_before, days, line_from, line_to, rest, k, l)
          - prorated(line_discount, l - line_from, line_to - line_from)
          + prorated(line_discount, k - line_from, line_to - line_from)) as net
      from indexed group by tenant_id, mode, currency, product
    ), deferred as (
      select tenant_id, mode, currency, owner, -amount as net from balance_of where code = 'deferred_revenue'
    )
    select 'deferred_differs' as type, tenant_id as tenant, mode, currency, owner as product,
      coalesce(deferred.net, 0) as balance, coalesce(span.net, 0) as spans, coalesce(coming.net, 0) as to_come
    from deferred full join span using (tenant_id, mode, currency, owner)
      full join coming using (tenant_id, mode, currency, owner)
    where coalesce(deferred.net, 0) <> coalesce(span.net, 0) or coalesce(span.net, 0) <> coalesce(coming.net, 0)`.execute(
    trx,
  );
  return rows;
}

async function daysThatDiffer(trx: Trx): Promise<RevenueDifference[]> {
  const { rows } = await sql<RevenueDifference>`
    with day as (
      select transaction_id, sum(gross) as gross from revenue_days group by transaction_id
    ), entry as (
      select entry.transaction_id, -sum(entry.amount) as gross
      from ledger_transactions as transaction join ledger_entries as entry on entry.transaction_id = transaction.id
        join ledger_accounts as account on account.id = entry.account_id
      where transaction.kind = 'revenue_recognised' and account.code = 'revenue' group by entry.transaction_id
    )
    select 'revenue_day_differs' as type, transaction_id as transaction, coalesce(entry.gross, 0) as entries,
      coalesce(day.gross, 0) as days
    from day full join entry using (transaction_id)
    where coalesce(entry.gross, 0) <> coalesce(day.gross, 0)`.execute(trx);
  return rows;
}

async function roundingLeft(trx: Trx): Promise<RevenueDifference[]> {
  const { rows } = await sql<RevenueDifference>`
    with ${balances}
    select 'rounding_not_zero' as type, tenant_id as tenant, mode, currency, amount as balance
    from balance_of where code = 'rounding' and amount <> 0`.execute(trx);
  return rows;
}
