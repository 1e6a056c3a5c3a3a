/** What a report is about: months or days of somebody's calendar. A range includes its first and not its last. */
import { sql } from 'kysely';
import { firstDayOf, type Month, monthAfter, monthsBetween } from '../../domain/month.ts';
import { type Day, instantOf, type TimeZone } from '../../domain/time.ts';

export type Months = { from: Month; to: Month; timeZone: TimeZone };
export type Days = { from: Day; to: Day; timeZone: TimeZone };

export type Bucket = { month: Month; start: Date; end: Date };

/** Each month from its first moment to the next one's, by that calendar: an hour longer or shorter where clocks change. */
export const bucketsOf = ({ from, to, timeZone }: Months): Bucket[] =>
  monthsBetween(from, to)
    .filter((month) => month < to)
    .map((month) => ({
      month,
      start: midnight(firstDayOf(month), timeZone),
      end: midnight(firstDayOf(monthAfter(month)), timeZone),
    }));

export const midnight = (day: Day, timeZone: TimeZone): Date => new Date(instantOf(day, timeZone));

/** As a table of a statement. */
export const bucketTable = (buckets: readonly Bucket[]) =>
  sql`unnest(${buckets.map(({ month }) => month)}::text[], ${buckets.map(({ start }) => start.toISOString())}::timestamptz[],
    ${buckets.map(({ end }) => end.toISOString())}::timestamptz[]) as bucket (month, starts_at, ends_at)`;
