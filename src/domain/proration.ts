/**
 * Proration by day, telescoping: with D days in the period, the price consumed by day k is round(amount × k / D), and a
 * segment costs the difference between its two ends. So the parts add up to the whole for any number of changes.
 */
import { invariant } from './invariant.ts';
import { prorate } from './money.ts';

/** From this day of the period on (0 is the first) a whole period costs this much. */
export type Segment = { from: number; amount: number };

/** What days [from, to) of a period of `days` cost at that price. */
export function priceOfDays(amount: number, from: number, to: number, days: number): number {
  invariant(0 <= from && from <= to && to <= days, `days ${from} to ${to} lie outside a period of ${days}`);
  return prorate(amount, to, days) - prorate(amount, from, days);
}

export type Difference = { from: number; to: number; amount: number; price: number };

/**
 * Changes the price from that day on. A raise counts from the day it is made on, a lowering from the next: a day costs
 * the dearest price held on it. Returns the new segments, and the days given back and charged anew with their amounts.
 */
export function changePrice(
  segments: readonly Segment[],
  days: number,
  day: number,
  amount: number,
): { segments: Segment[]; credits: Difference[]; debits: Difference[] } {
  const current = segments.findLast((segment) => segment.from <= day);
  invariant(current, `day ${day} lies before the period`);
  // On the boundary's own day, before its time of day, nothing of the period is left to be changed.
  const from = Math.min(amount >= current.amount ? day : day + 1, days);
  const credits = segments
    .map((segment, i) => ({ start: Math.max(segment.from, from), end: segments[i + 1]?.from ?? days, segment }))
    .filter(({ start, end }) => start < end)
    .map(({ start, end, segment }) => ({
      from: start,
      to: end,
      amount: -priceOfDays(segment.amount, start, end, days),
      price: segment.amount,
    }));
  const debits = from < days ? [{ from, to: days, amount: priceOfDays(amount, from, days, days), price: amount }] : [];
  const kept = segments.filter((segment) => segment.from < from);
  return { segments: from < days ? [...kept, { from, amount }] : [...kept], credits, debits };
}

/** What the whole period costs under these segments. */
export const priceOfPeriod = (segments: readonly Segment[], days: number): number =>
  segments.reduce(
    (sum, segment, i) => sum + priceOfDays(segment.amount, segment.from, segments[i + 1]?.from ?? days, days),
    0,
  );
