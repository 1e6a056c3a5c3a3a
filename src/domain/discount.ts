/**
 * Discounts that a subscription holds, and what they take off an invoice. Percentages come first, each off what those
 * before it have left, then amounts, so that "5.00 off" is 5.00 whatever else is held. Nothing goes below zero, and nothing
 * is taken off a credit; what an amount could not take off is lost with its period.
 */
import type { Currency } from './currency.ts';
import type { CouponId, PromotionCodeId } from './ids.ts';
import { invariant } from './invariant.ts';
import { prorate } from './money.ts';
import { priceOfDays } from './proration.ts';
import type { Instant } from './time.ts';

export type HeldDiscount = {
  coupon: CouponId;
  /** As the invoice says it. */
  name: string;
  kind: { percent: string } | { amount: number; currency: Currency };
  /** In billing periods, from the first that is invoiced under it. `periods` is how many are left, that one included. */
  duration: 'once' | { periods: number } | 'forever';
  /** Without it: whatever plan is held. */
  plans?: readonly string[] | undefined;
  promotionCode?: PromotionCodeId | undefined;
  since: Instant;
  /** It was taken off an invoice: the period that this one belonged to counts. */
  begun?: true | undefined;
};

/** What one discount took off one line. */
export type LineDiscount = { coupon: CouponId; name: string; amount: number };

/** What has to be known of a line to take something off it. */
export type DiscountableLine = {
  amount: number;
  period: object | null;
  discountable?: false | undefined;
  earning?: { days: number; from: number; to: number } | null | undefined;
};
export type Discounted<Line> = Line & { discount?: number | undefined; discounts?: LineDiscount[] | undefined };

/** Credits for unused time and what is carried along had theirs already; the other lines pay for something. */
const takesPart = ({ amount, discountable }: DiscountableLine): boolean => amount > 0 && discountable !== false;

/** Fills in what is taken off each line. Each discount is spread over them on their running sum, so that the parts add up. */
export function discounted<Line extends DiscountableLine>(
  lines: readonly Line[],
  discounts: readonly HeldDiscount[],
  currency: Currency,
): Discounted<Line>[] {
  if (discounts.length === 0 || !lines.some(takesPart)) return [...lines];
  const left = lines.map((line) => (takesPart(line) ? line.amount : 0));
  const taken: LineDiscount[][] = lines.map(() => []);
  for (const { coupon, name, kind } of inOrder(discounts)) {
    const sum = left.reduce((all, each) => all + each, 0);
    const off = 'percent' in kind ? partOf(kind.percent) : wholeOf(amountOff(kind, lines, currency), sum);
    let before = 0;
    for (const [i, each] of left.entries()) {
      const after = before + each;
      const amount = off(after) - off(before);
      before = after;
      if (amount === 0) continue;
      left[i] = each - amount;
      taken[i]!.push({ coupon, name, amount });
    }
  }
  return lines.map((line, i) => {
    const discounts = taken[i]!;
    if (discounts.length === 0) return line;
    return { ...line, discount: discounts.reduce((sum, { amount }) => sum + amount, 0), discounts };
  });
}

/** Percentages before amounts; of a kind, the longest held first. */
const inOrder = (discounts: readonly HeldDiscount[]): HeldDiscount[] =>
  [...discounts].sort((a, b) => rank(a) - rank(b) || a.since - b.since);

const rank = ({ kind }: HeldDiscount): number => ('percent' in kind ? 0 : 1);

/** The percentage of a running sum, rounded there: of the lines' whole, too, it is rounded only once. */
function partOf(percent: string): (sum: number) => number {
  const [, whole, fraction = ''] = /^(\d{1,3})(?:\.(\d{1,12}))?$/.exec(percent) ?? [];
  invariant(whole !== undefined, `a percentage such as "12.5", got ${percent}`);
  const part = Number(whole + fraction);
  const hundred = 100 * 10 ** fraction.length;
  invariant(part <= hundred, `no more than 100 percent, got ${percent}`);
  return (sum) => prorate(sum, part, hundred);
}

/** An amount by the lines' share in the whole, and never more than the whole. */
function wholeOf(amount: number, whole: number): (sum: number) => number {
  const off = Math.min(amount, whole);
  return (sum) => (off === 0 ? 0 : prorate(off, sum, whole));
}

/**
 * An amount is for a whole period: an invoice over a part of one has it for as many days, so that no number of changes gets
 * more than the amount. One over nothing but fees has none, since its period's own invoice had it.
 */
function amountOff(
  { amount, currency }: { amount: number; currency: Currency },
  lines: readonly DiscountableLine[],
  invoiced: Currency,
): number {
  invariant(currency === invoiced, `an amount in ${currency} can't be taken off an invoice in ${invoiced}`);
  const spans = lines
    .filter(({ amount, discountable, period }) => amount >= 0 && discountable !== false && period !== null)
    .map(({ earning }) => earning ?? { days: 1, from: 0, to: 1 });
  return Math.max(0, ...spans.map(({ days, from, to }) => priceOfDays(amount, from, to, days)));
}

/** Those that count on this plan, add-ons and fees included. */
export const discountsOn = (discounts: readonly HeldDiscount[] | undefined, plan: string): HeldDiscount[] =>
  (discounts ?? []).filter(({ plans }) => plans === undefined || plans.includes(plan));

/** After an invoice with these lines: what was taken off it has begun, and its periods count from now on. */
export function afterInvoice(
  discounts: readonly HeldDiscount[],
  lines: readonly Discounted<DiscountableLine>[],
): HeldDiscount[] {
  if (discounts.length === 0) return [];
  const used = new Set(lines.flatMap((line) => line.discounts ?? []).map(({ coupon }) => coupon));
  return discounts.map((held) => (held.begun || !used.has(held.coupon) ? held : { ...held, begun: true }));
}

/** What is held in the next period, before it is invoiced. One that was not taken off anything yet waits. */
export const afterPeriod = (discounts: readonly HeldDiscount[]): HeldDiscount[] =>
  discounts.flatMap((held): HeldDiscount[] => {
    if (!held.begun || held.duration === 'forever') return [held];
    const left = held.duration === 'once' ? 0 : held.duration.periods - 1;
    return left === 0 ? [] : [{ ...held, duration: { periods: left } }];
  });
