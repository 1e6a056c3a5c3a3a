/**
 * Deferred revenue by when it came and when it is earned. What was deferred before the range is one row, what is earned
 * after it one column, so that each row comes to what it defers. Days are those of the spans: nobody's clock is asked.
 */
import { sql } from 'kysely';
import type { Currency } from '../../domain/currency.ts';
import { firstDayOf, type Month, monthsBetween } from '../../domain/month.ts';
import type { Trx } from '../tenant.ts';

/** `origin` is null where it came before the range; `earned` null is what is earned after it. */
export type WaterfallCell = { currency: Currency; origin: Month | null; earned: Month | null; amount: number };

export async function waterfall(trx: Trx, { from, to }: { from: Month; to: Month }): Promise<WaterfallCell[]> {
  const [start, end] = [firstDayOf(from), firstDayOf(to)];
  const firsts = monthsBetween(from, to).map(firstDayOf);
  // From each month's first day to the next one's; and from the range's end to the end of all days.
  const starts = [...firsts.slice(0, -1), end];
  const ends = [...firsts.slice(1), FAR];
  const { rows } = await sql<WaterfallCell>`
    with span as (
      select *, greatest(first_day + (to_index - from_index), known_on + 1) as end_day from earning_spans
      where known_on < ${end}::date and greatest(first_day + (to_index - from_index), known_on + 1) > ${start}::date
    ), part as (
      select span.*, bucket.starts_on, ${indexAt('bucket.starts_on')} as k, ${indexAt('bucket.ends_on')} as l
      from span join unnest(${starts}::date[], ${ends}::date[]) as bucket (starts_on, ends_on)
        on bucket.starts_on < span.end_day and bucket.ends_on > least(span.first_day, span.known_on)
    )
    select currency, case when known_on >= ${start}::date then to_char(known_on, 'YYYY-MM') end as origin,
      case when starts_on < ${end}::date then to_char(starts_on, 'YYYY-MM') end as earned,
      sum(earned_between(price, price_before, days, line_from, line_to, rest, k, l)
        - prorated(line_discount, l - line_from, line_to - line_from)
        + prorated(line_discount, k - line_from, line_to - line_from)) as amount
    from part where l > k
    group by 1, 2, 3 order by 1, 2 nulls first, 3 nulls last`.execute(trx);
  return rows;
}

/** Later than any line's last day. */
const FAR = '9999-12-31';

/** How far a span is booked when that day begins: nothing of it before it is known, and then all that has passed. */
const indexAt = (day: string) => sql`case when ${sql.raw(day)} <= span.known_on then span.from_index
  else least(greatest(span.from_index + (${sql.raw(day)} - span.first_day), span.from_index), span.to_index) end`;
