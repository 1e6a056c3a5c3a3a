/**
 * When revenue is earned: by the day, at the daily rate of proration. What a line has earned is a function of the day, so
 * the days of any part add up, and a credit for unused time takes back exactly what was still to come.
 */
import { invariant } from './invariant.ts';
import { prorate } from './money.ts';
import { addDays, type Day, daysBetween } from './time.ts';

/**
 * How a line is earned: by day `k` of its period round(price × k / days), less the same of the day it begins with. The
 * line's first day is day `from`. A credit for unused time has a negative price. `before` is what the prices in front of
 * it come to, where several make up one whole: they are rounded on their running sum.
 */
export type Earning = { price: number; days: number; from: number; to: number; before?: number };

/** What has to be known of an invoice's line. */
export type EarnedLine = {
  amount: number;
  period: { from: Day; to: Day } | null;
  product?: string | undefined;
  earning?: Earning | null | undefined;
  discount?: number | undefined;
  taxes?: readonly { amount: number; inclusive: boolean }[] | undefined;
  /** Carried from or to another invoice: it is earned there. */
  carried?: true | undefined;
};

/** Revenue before discount, and the discount on it. What is owed for it is the difference. */
export type Earned = { gross: number; discount: number };

/** A line's whole: its shape, and what it comes to, which the tax inside a price makes less than the shape says. */
export type Rate = Required<Earning> & Earned;

/** Days [from, to) of a rate. Facts, never changed: what takes something back is a span of its own. */
export type Span = {
  product: string | null;
  rate: Rate;
  from: number;
  to: number;
  /** The date of day `from`. */
  firstDay: Day;
  /** Since when it is known: the days before it count on this one, as no past day is written anew. */
  knownOn: Day;
};

/** What wrote a span. */
export type SpanCause = 'invoice' | 'void' | 'credit_note' | 'cancellation';

const NOTHING: Earned = { gross: 0, discount: 0 };
const minus = (a: Earned, b: Earned): Earned => ({ gross: a.gross - b.gross, discount: a.discount - b.discount });
/** Without the sign that a zero may have. */
const negative = (amount: number): number => -amount || 0;

/** What the shape comes to by day `k`, counted from the line's beginning. */
function shapeBy({ price, before = 0, days, from }: Earning, k: number): number {
  const by = (day: number) => prorate(before + price, day, days) - prorate(before, day, days);
  return by(k) - by(from);
}

/** What a line with this shape comes to as a whole. */
export const wholeOf = (earning: Earning): number => shapeBy(earning, earning.to);

/** What the rate has earned by day `k`. What its shape leaves over, and the discount, are spread over its own days. */
function earnedBy(rate: Rate, k: number): Earned {
  const { from, to, gross, discount } = rate;
  const day = Math.min(Math.max(k, from), to);
  return {
    gross: shapeBy(rate, day) + prorate(gross - wholeOf(rate), day - from, to - from),
    discount: prorate(discount, day - from, to - from),
  };
}

/**
 * The days over which a line is earned. Null where there are none: it is earned when it is invoiced, or on the invoice
 * that it was carried from.
 */
export function spanOf(line: EarnedLine, knownOn: Day): Span | null {
  const { amount, period, discount = 0, carried } = line;
  if (carried || !period || period.from === period.to) return null;
  const days = daysBetween(period.from, period.to);
  const { price, from, to, before = 0, ...shape } = line.earning ?? { price: amount, days, from: 0, to: days };
  invariant(to - from === days, `a line of ${days} days is earned over days ${from} to ${to}`);
  const gross = amount - taxInside(line);
  if (gross === 0 && discount === 0) return null;
  const rate: Rate = { price, before, days: shape.days, from, to, gross, discount };
  return { product: line.product ?? null, rate, from, to, firstDay: period.from, knownOn };
}

const taxInside = ({ taxes = [] }: EarnedLine): number =>
  taxes.reduce((sum, { amount, inclusive }) => (inclusive ? sum + amount : sum), 0);

/** What a line that has no days brings in when it is invoiced; null where it has, or where it is not its invoice's own. */
export function earnedAtIssue(line: EarnedLine): Earned | null {
  if (line.carried || (line.period && line.period.from !== line.period.to)) return null;
  return { gross: line.amount - taxInside(line), discount: line.discount ?? 0 };
}

/** All that a span comes to. */
export const totalOfSpan = ({ rate, from, to }: Span): Earned => minus(earnedBy(rate, to), earnedBy(rate, from));

/** What it has earned when that day is over, if nothing had to be learned of it first. */
export function earnedThrough({ rate, from, to, firstDay }: Span, day: Day): Earned {
  const k = Math.min(Math.max(from + daysBetween(firstDay, day) + 1, from), to);
  return minus(earnedBy(rate, k), earnedBy(rate, from));
}

/** What the books have of it when that day is over. */
export const bookedThrough = (span: Span, day: Day): Earned =>
  day < span.knownOn ? NOTHING : earnedThrough(span, day);

/** What is booked on the days [from, to). */
export const earnedBetween = (span: Span, from: Day, to: Day): Earned =>
  minus(bookedThrough(span, addDays(to, -1)), bookedThrough(span, addDays(from, -1)));

/** Takes a span back, day by day: what was earned until then counts on that day, and nothing comes after it. */
export const mirrored = (span: Span, knownOn: Day): Span => ({ ...span, rate: negated(span.rate), knownOn });

function negated({ price, before, gross, discount, ...days }: Rate): Rate {
  return {
    ...days,
    price: negative(price),
    before: negative(before),
    gross: negative(gross),
    discount: negative(discount),
  };
}

/** The days after that one; null where none are left. */
function afterDay(span: Span, day: Day): Span | null {
  const from = Math.max(span.from + daysBetween(span.firstDay, day) + 1, span.from);
  if (from >= span.to) return null;
  return { ...span, from, firstDay: addDays(span.firstDay, from - span.from) };
}

/**
 * Ends on that day without a credit: all that was still to come is earned on it. The days that are left are taken back, and
 * come at once.
 */
export function endedOn(span: Span, day: Day): Span[] {
  const rest = afterDay(span, day);
  if (!rest) return [];
  return [mirrored(rest, day), atOnce(span.product, totalOfSpan(rest), day)].filter(isSomething);
}

/** Earned on one day, whole. */
function atOnce(product: string | null, { gross, discount }: Earned, day: Day): Span {
  const rate: Rate = { price: gross, before: 0, days: 1, from: 0, to: 1, gross, discount };
  return { product, rate, from: 0, to: 1, firstDay: day, knownOn: day };
}

const isSomething = (span: Span): boolean => {
  const { gross, discount } = totalOfSpan(span);
  return gross !== 0 || discount !== 0;
};

/**
 * Gives a part of a line back: over the line's own days, or over those from that day on, as for unused time. The whole of
 * them is their mirror, so that nothing remains of any day. Where no such days are left it is given back at once.
 */
export function creditedSpan(span: Span, given: Earned, knownOn: Day, from: Day | null = null): Span {
  const about = from === null ? span : afterDay(span, addDays(from, -1));
  if (!about) return creditedAtOnce(span, given, knownOn);
  const whole = totalOfSpan(about);
  if (given.gross === whole.gross && given.discount === whole.discount) return mirrored(about, knownOn);
  const days = about.to - about.from;
  const part = { gross: negative(given.gross), discount: negative(given.discount) };
  const rate: Rate = { price: part.gross, before: 0, days, from: 0, to: days, ...part };
  return { ...about, rate, from: 0, to: days, knownOn };
}

/** Gives a part of a line back on one day: of what has ended, all was earned. */
export const creditedAtOnce = (span: Span, given: Earned, knownOn: Day): Span =>
  mirrored(atOnce(span.product, given, knownOn), knownOn);

/** What of a line is still to come after that day: all that a credit for unused time gives back. */
export function unusedAfter(span: Span, day: Day): Earned {
  const rest = afterDay(span, day);
  return rest ? totalOfSpan(rest) : NOTHING;
}
