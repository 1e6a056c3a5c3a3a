/**
 * Recognition: each day's share of what was invoiced becomes revenue when the day is over. One ledger transaction a day
 * and currency, with a row for each span that it is made of. Safe to run twice and at once: what is booked is out of the
 * way, and who runs second waits.
 */
import { sql } from 'kysely';
import type { Currency } from '../domain/currency.ts';
import type { ClockId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import { type KeyedPosting, revenueRecognised } from '../domain/ledger.ts';
import { addDays, type Day, dayOf, type Instant, instantOf, type TimeZone } from '../domain/time.ts';
import type { Db } from './client.ts';
import { post } from './ledger.ts';
import { inTenant, type Scope, type Trx } from './tenant.ts';

export type Recognition = {
  /** The last day that is over. */
  through: Day;
  /** Whose: the customers of a test clock, or those who live by the wall's. */
  clock: ClockId | null;
};

export type Recognised = { transactions: number; rows: number };

/** Rows of one database transaction: a second's work, after which others get their turn. */
const ROWS_AT_ONCE = 20_000;

export async function recogniseThrough(
  db: Db,
  scope: Scope,
  recognition: Recognition,
  { rowsAtOnce = ROWS_AT_ONCE, onProgress }: { rowsAtOnce?: number; onProgress?: (done: Recognised) => void } = {},
): Promise<Recognised> {
  const done: Recognised = { transactions: 0, rows: 0 };
  for (;;) {
    const next = await inTenant(db, scope, (trx) => bookSome(trx, scope, recognition, rowsAtOnce));
    if (!next) return done;
    done.transactions += next.transactions;
    done.rows += next.rows;
    onProgress?.(done);
  }
}

/** The last day that is over at that moment, by the calendar of the tenant. */
export async function lastDayOver(db: Db, scope: Scope, at: Instant): Promise<Day> {
  return addDays(dayOf(at, await inTenant(db, scope, timeZoneOf)), -1);
}

async function timeZoneOf(trx: Trx): Promise<TimeZone> {
  const { rows } = await sql<{ time_zone: TimeZone }>`/* tenant_time_zone */
    select time_zone from tenants where id = current_setting('hydra.tenant')`.execute(trx);
  invariant(rows[0], 'the tenant is there');
  return rows[0].time_zone;
}

type Booked = {
  span_id: number;
  product: string;
  currency: Currency;
  from_day: Day;
  to_day: Day;
  booked_on: Day;
  gross: number;
  discount: number;
};

/** Null where nothing is due any more. */
async function bookSome(
  trx: Trx,
  { tenant, mode }: Scope,
  { through, clock }: Recognition,
  rowsAtOnce: number,
): Promise<Recognised | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`revenue/${tenant}/${mode}`}, 0))`.execute(trx);
  const { first, spans } = await waiting(trx, through, clock);
  if (first === null) return null;
  const days = Math.max(Math.floor(rowsAtOnce / spans), 1);
  const last = [addDays(first, days - 1), through].sort()[0]!;
  const rows = await due(trx, last, clock, rowsAtOnce);
  const groups = grouped(rows);
  const postings = postingsOf(groups, await timeZoneOf(trx));
  const posted = await post(trx, postings);
  invariant(
    posted.every((each) => each === 'posted'),
    'no day of a span is posted twice',
  );
  await markBooked(trx, rows, await transactionsOf(trx, groups));
  return { transactions: postings.length, rows: rows.length };
}

async function waiting(trx: Trx, through: Day, clock: ClockId | null): Promise<{ first: Day | null; spans: number }> {
  const { rows } = await sql<{ first: Day | null; spans: number }>`/* revenue_waiting */
    select min(progress.due_on) as first, count(*) as spans
    from earning_progress as progress join customers as customer on customer.tenant_id = progress.tenant_id
      and customer.mode = progress.mode and customer.id = progress.customer_id
    where progress.due_on <= ${through}::date and customer.clock_id is not distinct from ${clock}::text`.execute(trx);
  return rows[0]!;
}

/** A day each; the days before a span was known come with the one on which it was. */
async function due(trx: Trx, last: Day, clock: ClockId | null, most: number): Promise<Booked[]> {
  const { rows } = await sql<Booked>`/* revenue_due */
    with due as (
      select progress.span_id, progress.next_day, progress.due_on, progress.end_day
      from earning_progress as progress join customers as customer on customer.tenant_id = progress.tenant_id
        and customer.mode = progress.mode and customer.id = progress.customer_id
      where progress.due_on <= ${last}::date and customer.clock_id is not distinct from ${clock}::text
      order by progress.span_id limit ${most}::int for update of progress
    ), day as (
      select due.span_id, due.due_on + n as booked_on, case n when 0 then due.next_day else due.due_on + n end as from_day,
        least(due.due_on + n + 1, due.end_day) as to_day
      from due
      cross join lateral generate_series(0, least(greatest(due.end_day - 1, due.due_on), ${last}::date) - due.due_on) as n
    ), indexed as (
      select span.*, day.booked_on, day.from_day, day.to_day, from_index + (day.from_day - first_day) as k,
        from_index + (day.to_day - first_day) as l
      from day join earning_spans as span on span.id = day.span_id
    )
    select id as span_id, product, currency, from_day, to_day, booked_on,
      earned_between(price, price_before, days, line_from, line_to, rest, k, l) as gross,
      case when line_discount = 0 then 0
        else prorated(line_discount, l - line_from, line_to - line_from)
          - prorated(line_discount, k - line_from, line_to - line_from) end as discount
    from indexed`.execute(trx);
  return rows;
}

type Group = { key: string; day: Day; currency: Currency; rows: Booked[] };

/** What becomes one transaction. A span is booked once on a day, so the lowest of them names it. */
function grouped(rows: readonly Booked[]): Group[] {
  const groups = new Map<string, Booked[]>();
  for (const row of rows) {
    const name = `${row.booked_on}/${row.currency}`;
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups].map(([name, own]) => ({
    key: `revenue/${name}/${own.reduce((lowest, { span_id }) => Math.min(lowest, span_id), Number.MAX_SAFE_INTEGER)}`,
    ...{ day: own[0]!.booked_on, currency: own[0]!.currency, rows: own },
  }));
}

/** Dated at the day's last moment: until then it was not earned. */
const postingsOf = (groups: readonly Group[], timeZone: TimeZone): KeyedPosting[] =>
  groups.map(({ key, day, currency, rows }) => {
    const products = new Map<string, { gross: number; discount: number }>();
    for (const { product, gross, discount } of rows) {
      const sum = products.get(product) ?? { gross: 0, discount: 0 };
      products.set(product, { gross: sum.gross + gross, discount: sum.discount + discount });
    }
    const parts = [...products].map(([product, earned]) => ({ product: product === '' ? null : product, ...earned }));
    const at = instantOf(addDays(day, 1), timeZone) - 1;
    return { ...revenueRecognised(parts, { subscription: null, currency, at }), key };
  });

async function transactionsOf(trx: Trx, groups: readonly Group[]): Promise<Map<Booked, number>> {
  const { rows } = await sql<{ id: number; key: string }>`/* revenue_transactions */
    select id, key from ledger_transactions
    where tenant_id = current_setting('hydra.tenant') and mode = current_setting('hydra.mode')
      and key = any(${groups.map(({ key }) => key)}::text[])`.execute(trx);
  const ids = new Map(rows.map(({ id, key }) => [key, id]));
  return new Map(groups.flatMap(({ key, rows: own }) => own.map((row) => [row, ids.get(key)!] as const)));
}

async function markBooked(trx: Trx, rows: readonly Booked[], transactions: ReadonlyMap<Booked, number>): Promise<void> {
  const column = <T>(of: (row: Booked) => T): T[] => rows.map(of);
  await sql`/* revenue_booked */
    with booked as (
      select * from unnest(${column((row) => row.span_id)}::bigint[], ${column((row) => row.from_day)}::date[],
        ${column((row) => row.to_day)}::date[], ${column((row) => row.booked_on)}::date[],
        ${column((row) => row.gross)}::numeric[], ${column((row) => row.discount)}::numeric[],
        ${column((row) => transactions.get(row))}::bigint[])
        as booked (span_id, from_day, to_day, booked_on, gross, discount, transaction_id)
    ), written as (
      insert into revenue_days (tenant_id, mode, span_id, from_day, to_day, booked_on, gross, discount, transaction_id)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), span_id, from_day, to_day, booked_on, gross,
        discount, transaction_id
      from booked where gross <> 0 or discount <> 0
    ), reached as (
      select span_id, max(to_day) as next_day from booked group by span_id
    ), over as (
      delete from earning_progress as progress using reached
      where progress.tenant_id = current_setting('hydra.tenant') and progress.mode = current_setting('hydra.mode')
        and progress.span_id = reached.span_id and progress.end_day <= reached.next_day
    )
    update earning_progress as progress set next_day = reached.next_day, due_on = reached.next_day from reached
    where progress.tenant_id = current_setting('hydra.tenant') and progress.mode = current_setting('hydra.mode')
      and progress.span_id = reached.span_id and progress.end_day > reached.next_day`.execute(trx);
}
