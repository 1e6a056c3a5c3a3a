/**
 * What was used becomes lines. A metered price counts what was used in a span of time: a period, or a part of one where
 * the plan was changed in it. It is rated when the period is over, from what the windows say then; what comes later is
 * rated against the same span, and only the difference is billed.
 */
import { isSame } from './canonical.ts';
import { decimalText, parseDecimal } from './decimal.ts';
import type { InvoiceId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { InvoiceLine } from './invoice.ts';
import { formatMoney, prorate } from './money.ts';
import { type Charge, meteredOf, saleOf, type Terms } from './price-book.ts';
import { type Rated, rate } from './rating.ts';
import type { Accepted, Period } from './subscription.ts';
import type { TaxRate } from './tax.ts';
import { DAY, dayOf, type Instant } from './time.ts';

/** One metered price over a span of time, [from, to). */
export type UsageSpan = {
  /** Names the price in its subscription. */
  id: string;
  description: string;
  charge: Charge;
  from: Instant;
  to: Instant;
  /** Of a whole period, in milliseconds; null where it is one. */
  share: { part: number; whole: number } | null;
  sale: ReturnType<typeof saleOf>;
};

/** What a subscription knows of it: since when its prices count, and what a change has closed before. */
export type UsageState = { since: Instant; closed: readonly UsageSpan[] };

/** What has to be read of the windows, and of what was billed. */
export type UsageWish = { spans: { meter: string; from: Instant; to: Instant }[] };

export type UsageFacts = {
  of: UsageWish;
  /** By meter and span. */
  quantities: { [span: string]: string };
  /** Billed before, and come to something else since. */
  late: readonly LateUsage[];
};

export type LateUsage = {
  span: UsageSpan;
  /** How often it was billed. */
  n: number;
  quantity: string;
  billed: {
    quantity: string;
    amount: number;
    /** Its first line; what was taken off it, and what it bore. */
    invoice: InvoiceId;
    discount: number;
    gross: number;
    rates: readonly TaxRate[];
  };
};

/** What an invoice bills of it, in the order of its lines. `ordinal` counts from its first usage line; null: no line. */
export type UsageBilled = { span: UsageSpan; n: number; quantity: string; amount: number; ordinal: number | null };

export const keyOfSpan = ({ meter, from, to }: UsageWish['spans'][number]): string => `${meter}/${from}/${to}`;

const wishOf = ({ charge, from, to }: UsageSpan): UsageWish['spans'][number] => ({ meter: charge.meter!, from, to });

export const usageWish = (spans: readonly UsageSpan[]): UsageWish => ({ spans: spans.map(wishOf) });

/** As a period opens. Who never had a metered price knows nothing of it. */
export const usageFrom = (
  { usage, terms }: Pick<Accepted, 'usage' | 'terms'>,
  since: Instant,
): UsageState | undefined => (usage || meteredOf(terms).length > 0 ? { since, closed: [] } : undefined);

/** All that was used in the running period up to then, and is not billed. Null where nothing ever was metered. */
export function usageUntil(state: Accepted, at: Instant): UsageSpan[] | null {
  const { usage, period } = state;
  return usage ? [...usage.closed, ...openSpans(state, usage.since, Math.min(at, period.end))] : null;
}

/** Other prices count from now on; where they are the same ones, nothing is split. */
export function usageChanged(state: Accepted, to: Terms, at: Instant): UsageState | undefined {
  const { usage } = state;
  if (!usage) return meteredOf(to).length > 0 ? { since: at, closed: [] } : undefined;
  if (isSame(meteredOf(state.terms), meteredOf(to))) return usage;
  return { since: at, closed: [...usage.closed, ...openSpans(state, usage.since, at)] };
}

function openSpans(state: Accepted, from: Instant, to: Instant): UsageSpan[] {
  if (from >= to) return [];
  const whole = wholeOf(state.period);
  const share = to - from === whole ? null : { part: to - from, whole };
  const sale = saleOf(state.terms);
  return meteredOf(state.terms).map(({ id, description, charge }) => ({
    id,
    description,
    charge,
    from,
    to,
    share,
    sale,
  }));
}

const wholeOf = ({ start, end, wholeDays }: Period): number =>
  wholeDays === undefined ? end - start : wholeDays * DAY;

type Billing = { lines: InvoiceLine[]; billed: UsageBilled[] };
type Place = Pick<Accepted, 'currency' | 'timeZone'>;

/** The lines for these spans, and for what has become another since it was billed. */
export function usageLines(spans: readonly UsageSpan[], facts: UsageFacts | undefined, place: Place): Billing {
  const lines: InvoiceLine[] = [];
  const billed: UsageBilled[] = [];
  for (const span of spans) {
    const quantity = facts?.quantities[keyOfSpan(wishOf(span))] ?? '0';
    const rated = rateSpan(span, quantity, place);
    billed.push({ span, n: 1, quantity, amount: rated.amount, ordinal: lines.length });
    lines.push(spanLine(span, quantity, rated, place));
  }
  for (const late of facts?.late ?? []) {
    const rated = rateSpan(late.span, late.quantity, place);
    if (rated.amount === late.billed.amount) continue;
    const line = lateLine(late, rated, place);
    const ordinal = line.amount === 0 ? null : lines.length;
    billed.push({ span: late.span, n: late.n + 1, quantity: late.quantity, amount: rated.amount, ordinal });
    if (ordinal !== null) lines.push(line);
  }
  return { lines, billed };
}

/** Less than nothing was not used: what was taken back beyond it costs nothing. */
function rateSpan({ charge, share }: UsageSpan, quantity: string, { currency }: Place): Rated {
  return rate(charge, quantity.startsWith('-') ? '0' : quantity, currency, share ?? undefined);
}

function spanLine(span: UsageSpan, quantity: string, rated: Rated, { timeZone }: Place): InvoiceLine {
  const whole = Number(quantity);
  const isWhole = Number.isSafeInteger(whole) && whole >= 0;
  return {
    description: span.description,
    quantity: isWhole ? whole : 1,
    unitPrice: isWhole ? rated.unitPrice : null,
    amount: rated.amount,
    period: { from: dayOf(span.from, timeZone), to: dayOf(span.to, timeZone) },
    proration: rated.words ?? (isWhole ? null : `${quantity} × ${rated.unitPrice}`),
    ...span.sale,
  };
}

/** As it would have been billed in time: with the discount and the taxes that its first line had. */
function lateLine({ span, quantity, billed }: LateUsage, rated: Rated, { currency, timeZone }: Place): InvoiceLine {
  const difference = rated.amount - billed.amount;
  const off = billed.gross === 0 ? 0 : prorate(billed.discount, difference, billed.gross);
  const money = (amount: number) => formatMoney({ amount, currency });
  const days = `${dayOf(span.from, timeZone)} to ${dayOf(span.to, timeZone)}`;
  const less = off === 0 ? '' : `, less ${money(off)} of discount`;
  return {
    description: `${span.description}: correction of ${days}`,
    quantity: 1,
    unitPrice: null,
    amount: difference - off,
    period: null,
    proration: `${quantity} used are ${money(rated.amount)}; ${billed.quantity} were billed at ${money(billed.amount)}, on ${billed.invoice} first${less}`,
    discountable: false,
    ...span.sale,
    ...(billed.rates.length > 0 && { rates: billed.rates }),
    adjusts: billed.invoice,
  };
}

/** Two quantities of which one may have zeros at its end. */
export function isSameQuantity(a: string, b: string): boolean {
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  invariant(x !== null && y !== null, () => `quantities, got ${a} and ${b}`);
  return decimalText(x) === decimalText(y);
}
