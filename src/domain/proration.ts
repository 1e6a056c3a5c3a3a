/**
 * Proration by day, telescoping: with D days in the period, the price consumed by day k is round(amount × k / D), and a
 * segment costs the difference between its two ends. So the parts add up to the whole for any number of changes.
 *
 * A first stub of n days is the end of the full period that would end at the anchor: its days are [D − n, D).
 */
import { invariant } from './invariant.ts';
import { prorate } from './money.ts';
import type { TaxRate } from './tax.ts';

/** From this day of the period on a whole period costs this much. */
export type Segment = {
  from: number;
  amount: number;
  /**
   * What its days were really debited at, as a whole period's price: less after a discount, and less where a raise was not
   * billed. Without it, all of `amount`. Nothing else is ever given back.
   */
  debited?: number;
  /** The taxes that were debited with it, if any; a credit gives back the same. */
  rates?: readonly TaxRate[];
  /** It lies after a planned end: what it lacks is billed only if that end is taken back. */
  cut?: true;
};

/** What days [from, to) of a period of `days` cost at that price. */
export function priceOfDays(amount: number, from: number, to: number, days: number): number {
  invariant(0 <= from && from <= to && to <= days, () => `days ${from} to ${to} lie outside a period of ${days}`);
  return prorate(amount, to, days) - prorate(amount, from, days);
}

/**
 * The whole period's price of which these days cost exactly that. There always is one: raised by one, it changes what the
 * days cost by one at most, so that nothing is left out on the way.
 */
export function wholePriceOf(amount: number, from: number, to: number, days: number): number {
  if (from === 0 && to === days) return amount;
  if (from === to) {
    invariant(amount === 0, `no days cost nothing, got ${amount}`);
    return 0;
  }
  const near = prorate(amount, days, to - from);
  for (let off = 0; ; off++) {
    if (priceOfDays(near - off, from, to, days) === amount) return near - off;
    if (priceOfDays(near + off, from, to, days) === amount) return near + off;
    invariant(off <= 2 * days, `a price of which days ${from} to ${to} of ${days} cost ${amount}`);
  }
}

export const debitedOf = ({ amount, debited = amount }: Segment): number => debited;

export type Difference = { from: number; to: number; amount: number; price: number; rates?: readonly TaxRate[] };

/**
 * Changes the price from that day on. A raise counts from the day it is made on, a lowering from the next: a day costs
 * the dearest price held on it. Returns the new segments, and the days given back and charged anew with their amounts.
 *
 * Where it is not billed, its days stay debited at what they were, but for what a lowering gives up: it can neither be
 * had back nor used up by a later raise.
 */
export function changePrice(
  segments: readonly Segment[],
  days: number,
  day: number,
  amount: number,
  { isBilled = true, until = days }: { isBilled?: boolean; until?: number } = {},
): { segments: Segment[]; credits: Difference[]; debits: Difference[] } {
  const current = segments.findLast((segment) => segment.from <= day);
  invariant(current, `day ${day} lies before the period`);
  // On the boundary's own day, before its time of day, nothing of the period is left to be changed.
  const from = Math.min(amount >= current.amount ? day : day + 1, until);
  const kept = segments.filter((segment) => segment.from < from);
  const cut = partsOf(segments, days, until, days).map(
    ({ start, segment }): Segment => ({
      ...{ ...segment, from: start, amount },
      ...{ debited: debitedOf(segment), cut: true },
    }),
  );
  if (from === until) return { segments: [...kept, ...cut], credits: [], debits: [] };
  if (!isBilled) {
    const unbilled = partsOf(segments, days, from, until).map(
      ({ start, segment }): Segment => ({
        ...{ ...segment, from: start, amount },
        debited: Math.min(debitedOf(segment), amount),
      }),
    );
    return { segments: [...kept, ...unbilled, ...cut], credits: [], debits: [] };
  }
  const debit = { from, to: until, amount: priceOfDays(amount, from, until, days), price: amount };
  return {
    segments: [...kept, { from, amount }, ...cut],
    credits: creditsOf(segments, days, from, until),
    debits: [debit],
  };
}

/** What is given back of these days: what was debited for them, and not more. */
export const creditsOf = (segments: readonly Segment[], days: number, from: number, until = days): Difference[] =>
  partsOf(segments, days, from, until).map(({ start, end, segment }) => ({
    from: start,
    to: end,
    amount: -priceOfDays(debitedOf(segment), start, end, days),
    price: debitedOf(segment),
    rates: segment.rates ?? [],
  }));

/** The segments, cut to the days from one on until another. */
export const partsOf = (segments: readonly Segment[], days: number, from: number, until = days) =>
  segments
    .map((segment, i) => ({
      start: Math.max(segment.from, from),
      end: Math.min(segments[i + 1]?.from ?? days, until),
      segment,
    }))
    .filter(({ start, end }) => start < end);

/** What the whole period costs under these segments. */
export const priceOfPeriod = (segments: readonly Segment[], days: number): number =>
  segments.reduce(
    (sum, segment, i) => sum + priceOfDays(segment.amount, segment.from, segments[i + 1]?.from ?? days, days),
    0,
  );

/** What was debited for the period, less what was given back. */
export const debitedInPeriod = (segments: readonly Segment[], days: number): number =>
  priceOfPeriod(
    segments.map(({ from, ...segment }) => ({ from, amount: debitedOf({ from, ...segment }) })),
    days,
  );
