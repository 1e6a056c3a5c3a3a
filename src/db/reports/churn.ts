/**
 * Who was lost. A customer counts in a month where they had something at its beginning and have nothing at its end: who
 * comes and goes within it was never there, and who goes and comes back was never away.
 */
import { sql } from 'kysely';
import type { Currency } from '../../domain/currency.ts';
import type { Month } from '../../domain/month.ts';
import type { Trx } from '../tenant.ts';
import { bucketsOf, bucketTable, type Months } from './range.ts';

export type ChurnMonth = {
  month: Month;
  currency: Currency;
  customers: { opening: number; lost: number; won: number; closing: number };
  /** What those who were there at the beginning paid then, and what became of it. */
  recurring: { opening: number; lost: number; contracted: number; expanded: number };
};

export async function churnByMonth(trx: Trx, months: Months): Promise<ChurnMonth[]> {
  const buckets = bucketsOf(months);
  if (buckets.length === 0) return [];
  type Row = Omit<ChurnMonth, 'customers' | 'recurring'> & {
    opening_customers: number;
    lost_customers: number;
    won_customers: number;
    closing_customers: number;
    opening: number;
    lost: number;
    contracted: number;
    expanded: number;
  };
  const { rows } = await sql<Row>`
    with changes as (
      select movement.customer_id, movement.currency, bucket.month, sum(movement.after - movement.before) as change
      from mrr_movements as movement
      left join ${bucketTable(buckets)} on movement.at >= bucket.starts_at and movement.at < bucket.ends_at
      where movement.at < ${buckets.at(-1)!.end}
      group by 1, 2, 3
    ), held as (
      select who.customer_id, who.currency, bucket.month, coalesce(changes.change, 0) as change,
        who.before + coalesce(sum(changes.change) over upto, 0) - coalesce(changes.change, 0) as opening
      from (
        select customer_id, currency, coalesce(sum(change) filter (where month is null), 0) as before
        from changes group by 1, 2
      ) as who
      cross join ${bucketTable(buckets)}
      left join changes using (customer_id, currency, month)
      window upto as (partition by who.customer_id, who.currency order by bucket.starts_at)
    )
    select month, currency,
      count(*) filter (where opening > 0) as opening_customers,
      count(*) filter (where opening > 0 and opening + change = 0) as lost_customers,
      count(*) filter (where opening = 0 and change > 0) as won_customers,
      count(*) filter (where opening + change > 0) as closing_customers,
      sum(opening) as opening,
      coalesce(sum(opening) filter (where opening + change = 0), 0) as lost,
      coalesce(-sum(change) filter (where opening > 0 and opening + change > 0 and change < 0), 0) as contracted,
      coalesce(sum(change) filter (where opening > 0 and change > 0), 0) as expanded
    from held group by month, currency order by currency, month`.execute(trx);
  return rows.map((row) => ({
    month: row.month,
    currency: row.currency,
    customers: {
      opening: row.opening_customers,
      lost: row.lost_customers,
      won: row.won_customers,
      closing: row.closing_customers,
    },
    recurring: { opening: row.opening, lost: row.lost, contracted: row.contracted, expanded: row.expanded },
  }));
}
