/** Periods on a calendar, counted from an anchor: the 31st stays the 31st wherever a month has one. */

export type Every = { interval: string; interval_count: number };

export const HOUR = 3_600;
export const DAY = 86_400;

/** The boundary `n` periods after the anchor. */
export function boundary(anchor: number, { interval, interval_count }: Every, n: number): number {
  switch (interval) {
    case 'day':
      return anchor + n * interval_count * DAY;
    case 'week':
      return anchor + n * interval_count * 7 * DAY;
    case 'year':
      return monthsAfter(anchor, n * interval_count * 12);
    default:
      return monthsAfter(anchor, n * interval_count);
  }
}

/** The first boundary after an instant, and the one before that. */
export function periodAround(anchor: number, every: Every, at: number): { start: number; end: number } {
  let n = Math.floor((at - anchor) / length(every));
  while (boundary(anchor, every, n) > at) n -= 1;
  while (boundary(anchor, every, n + 1) <= at) n += 1;
  return { start: boundary(anchor, every, n), end: boundary(anchor, every, n + 1) };
}

export function monthsAfter(at: number, months: number): number {
  const date = new Date(at * 1000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime() / 1000;
}

/** Roughly: where to begin to look. */
function length({ interval, interval_count }: Every): number {
  const days = { day: 1, week: 7, month: 30, year: 365 }[interval] ?? 30;
  return days * interval_count * DAY;
}
