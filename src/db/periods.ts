/**
 * Closing months. They are closed in order and stay closed: what comes late is posted to the first month that is open, with
 * the day that it belongs to. Closing has the books to itself, so that nothing is on its way into a month that it closes.
 */
import { sql } from 'kysely';
import { firstDayOf, type Month, monthAfter, monthOf, monthsBetween } from '../domain/month.ts';
import { type Day, dayOf, type Instant, instantOf, type TimeZone } from '../domain/time.ts';
import type { Scope, Trx } from './tenant.ts';

export type ClosedMonth = { month: Month; endsAt: Date; closedAt: Date; closedBy: string };

/** What a person has to settle before a month can be closed, with a few examples by name. */
export type CloseProblem = {
  type: 'days_not_recognised' | 'events_not_applied' | 'drafts_not_finalised' | 'rounding_not_zero' | 'books_off';
  count: number;
  examples: string[];
};

export type Close =
  | { outcome: 'closed'; months: Month[] }
  /** It is over only when the next one has begun. */
  | { outcome: 'not_over'; month: Month; today: Day }
  | { outcome: 'problems'; month: Month; problems: CloseProblem[] };

export async function closeThrough(
  trx: Trx,
  { tenant, mode }: Scope,
  { through, by, now }: { through: Month; by: string; now: Instant },
): Promise<Close> {
  // Statements after this one see all that was posted before it was ours alone.
  await sql`select pg_advisory_xact_lock(ledger_lock(${tenant}, ${mode}))`.execute(trx);
  const { timeZone, open } = await firstOpen(trx, now);
  const today = dayOf(now, timeZone);
  if (through >= monthOf(today)) return { outcome: 'not_over', month: through, today };
  const months = monthsBetween(open ?? through, through);
  if (months.length === 0) return { outcome: 'closed', months };
  const problems = await problemsThrough(trx, through, timeZone);
  if (problems.length > 0) return { outcome: 'problems', month: through, problems };
  await trx
    .insertInto('ledger_periods')
    .values(
      months.map((month) => ({
        ...{ tenant_id: tenant, mode, month, time_zone: timeZone, closed_at: new Date(now), closed_by: by },
        ends_at: new Date(endOf(month, timeZone)),
      })),
    )
    .execute();
  await trx
    .insertInto('audit_log')
    .values(
      months.map((month) => ({
        ...{ tenant_id: tenant, mode, at: new Date(now), actor_by: 'principal' as const, actor_ref: by },
        ...{ action: 'close_month', subject: `ledger/${month}`, from_state: 'open', to_state: 'closed' },
        why: JSON.stringify({ through }),
      })),
    )
    .execute();
  return { outcome: 'closed', months };
}

const endOf = (month: Month, timeZone: TimeZone): Instant => instantOf(firstDayOf(monthAfter(month)), timeZone);

export async function closedMonths(trx: Trx): Promise<ClosedMonth[]> {
  const rows = await trx.selectFrom('ledger_periods').selectAll().orderBy('month', 'desc').execute();
  return rows.map(({ month, ends_at, closed_at, closed_by }) => ({
    ...{ month, endsAt: ends_at, closedAt: closed_at, closedBy: closed_by },
  }));
}

/** The month that would be closed next, and what stands in its way. Null where nothing was posted yet. */
export async function nextToClose(
  trx: Trx,
  now: Instant,
): Promise<{ month: Month; isOver: boolean; problems: CloseProblem[] } | null> {
  const { timeZone, open } = await firstOpen(trx, now);
  if (open === null) return null;
  const isOver = open < monthOf(dayOf(now, timeZone));
  return { month: open, isOver, problems: await problemsThrough(trx, open, timeZone) };
}

/** The month after the last that was closed, or the first in which anything was posted: later than now only on a clock. */
async function firstOpen(trx: Trx, now: Instant): Promise<{ timeZone: TimeZone; open: Month | null }> {
  const { rows } = await sql<{ time_zone: TimeZone; last: Month | null; first: Day | null }>`
    select time_zone, (select max(month) from ledger_periods) as last,
      (select (min(at) at time zone time_zone)::date from ledger_transactions where at <= ${new Date(now)}) as first
    from tenants where id = current_setting('hydra.tenant')`.execute(trx);
  const { time_zone: timeZone, last, first } = rows[0]!;
  return { timeZone, open: last !== null ? monthAfter(last) : first === null ? null : monthOf(first) };
}

/** A test clock's customers live at another time: they hold up no month. */
async function problemsThrough(trx: Trx, month: Month, timeZone: TimeZone): Promise<CloseProblem[]> {
  const ends = new Date(endOf(month, timeZone));
  const next = firstDayOf(monthAfter(month));
  const { rows } = await sql<{ type: CloseProblem['type']; count: number; examples: string[] | null }>`
    with problem as (
      select 'days_not_recognised' as type, coalesce(span.subscription_id, span.invoice_id) || ' from ' || progress.due_on as what
      from earning_progress as progress
      join earning_spans as span on span.id = progress.span_id
      join customers as customer on customer.id = progress.customer_id
      where progress.due_on < ${next}::date and customer.clock_id is null
      union all
      select 'drafts_not_finalised', invoice.id
      from invoices as invoice join customers as customer on customer.id = invoice.customer_id
      where invoice.state = 'draft' and invoice.issued_at < ${ends} and customer.clock_id is null
      union all
      select 'events_not_applied', event.id
      from inbox as event left join subscriptions as subscription on subscription.id = event.subscription_id
      where event.state in ('received', 'signalled', 'parked') and event.occurred_at < ${ends}
        and subscription.clock_id is null
      union all
      select 'rounding_not_zero', account.currency || ' ' || balance.amount
      from ledger_accounts as account join ledger_balances as balance on balance.account_id = account.id
      where account.code = 'rounding' and balance.amount <> 0
      union all
      select 'books_off', account.currency || ' ' || sum(balance.amount)
      from ledger_accounts as account join ledger_balances as balance on balance.account_id = account.id
      group by account.currency having sum(balance.amount) <> 0
    )
    select type, count(*) as count, (array_agg(what order by what))[1:5] as examples
    from problem group by type order by type`.execute(trx);
  return rows.map(({ type, count, examples }) => ({ type, count, examples: examples ?? [] }));
}
