/** ISO 8601 durations, on the calendar: P1M is a month, whatever its length. */
import type { Instant } from '../domain/time.ts';

const SHAPE =
  /^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$/;

/** Null where the text is no duration, or one of nothing. */
export function addDuration(instant: Instant, text: string): Instant | null {
  const match = SHAPE.exec(text);
  if (!match || text.endsWith('T')) return null;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const from = new Date(instant);
  const firstOfMonth = Date.UTC(from.getUTCFullYear() + years, from.getUTCMonth() + months, 1);
  const lastDay = new Date(
    Date.UTC(new Date(firstOfMonth).getUTCFullYear(), new Date(firstOfMonth).getUTCMonth() + 1, 0),
  );
  const day = Math.min(from.getUTCDate(), lastDay.getUTCDate()) + 7 * weeks + days;
  const midnight = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate());
  const timeOfDay = instant - midnight;
  const moved =
    firstOfMonth + (day - 1) * 86_400_000 + timeOfDay + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000;
  return moved > instant ? moved : null;
}
