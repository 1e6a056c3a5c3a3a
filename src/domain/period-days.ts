/** A period's local days, and where they lie in the whole period that its price is for. */
import type { Accepted, Period } from './subscription.ts';
import { type Day, dayOf, daysBetween, type TimeZone } from './time.ts';

/** Of `days` this period has those from `first` on: from 0, but in a stub. */
export type PeriodDays = { from: Day; to: Day; days: number; first: number };

export function daysOf({ start, end, wholeDays }: Period, timeZone: TimeZone): PeriodDays {
  const from = dayOf(start, timeZone);
  const to = dayOf(end, timeZone);
  const own = daysBetween(from, to);
  return wholeDays === undefined
    ? { from, to, days: own, first: 0 }
    : { from, to, days: wholeDays, first: wholeDays - own };
}

/** The first day of the period that is not used, where its end is planned; else the day after its last. */
export function cutOf(
  { timeZone, cancelAt }: Pick<Accepted, 'timeZone' | 'cancelAt'>,
  period: Period,
  { from, days, first }: PeriodDays = daysOf(period, timeZone),
): number {
  if (cancelAt === null || cancelAt >= period.end) return days;
  return first + daysBetween(from, dayOf(Math.max(cancelAt, period.start), timeZone));
}
