/**
 * How monthly recurring revenue came from one month's beginning to its end. What a movement is called depends on who is
 * looked at: a customer who gives up one subscription of two contracts, and the subscription is lost.
 */
import { sql } from 'kysely';
import type { Currency } from '../../domain/currency.ts';
import type { Month } from '../../domain/month.ts';
import type { MrrMovementKind } from '../../domain/mrr.ts';
import type { Trx } from '../tenant.ts';
import { bucketsOf, bucketTable, type Months } from './range.ts';

/** Amounts are changes: what was lost is negative, so that they come to the difference of the month's ends. */
export type MrrMonth = {
  month: Month;
  currency: Currency;
  opening: number;
  moved: Record<MrrMovementKind, { amount: number; count: number }>;
  closing: number;
};
export type MrrBy = 'customer' | 'subscription';

type Row = { month: Month; currency: Currency; kind: MrrMovementKind | null; amount: number; count: number };

export async function mrrByMonth(trx: Trx, months: Months, by: MrrBy): Promise<MrrMonth[]> {
  const buckets = bucketsOf(months);
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (!first || !last) return [];
  // In the order in which they were written, which is that of each subscription's versions.
  const { rows } = await sql<Row>`
    with seen as (
      select currency, at, kind, after - before as change,
        sum(after - before) over customers - (after - before) as held,
        row_number() over customers as position
      from mrr_movements
      where at < ${last.end}
      window customers as (partition by customer_id, currency order by id)
    ), named as (
      select currency, at, change, case
        when ${by} = 'subscription' then kind
        when change > 0 and held = 0 then case position when 1 then 'new' else 'reactivation' end
        when change > 0 then 'expansion'
        when held + change = 0 then 'churn'
        else 'contraction' end as kind
      from seen
    )
    select bucket.month, named.currency, named.kind, sum(named.change) as amount, count(*) as count
    from named join ${bucketTable(buckets)} on named.at >= bucket.starts_at and named.at < bucket.ends_at
    group by 1, 2, 3
    union all
    select null, currency, null, sum(change), count(*) from named where at < ${first.start} group by currency`.execute(
    trx,
  );
  const currencies = [...new Set(rows.map(({ currency }) => currency))].sort();
  return currencies.flatMap((currency) => {
    const own = rows.filter((row) => row.currency === currency);
    let opening = own.find(({ kind }) => kind === null)?.amount ?? 0;
    return buckets.map(({ month }): MrrMonth => {
      const of = (kind: MrrMovementKind) => {
        const { amount = 0, count = 0 } = own.find((row) => row.month === month && row.kind === kind) ?? {};
        return { amount, count };
      };
      const moved = {
        new: of('new'),
        expansion: of('expansion'),
        contraction: of('contraction'),
        churn: of('churn'),
        reactivation: of('reactivation'),
      };
      const before = opening;
      opening += Object.values(moved).reduce((sum, { amount }) => sum + amount, 0);
      return { month, currency, opening: before, moved, closing: opening };
    });
  });
}
