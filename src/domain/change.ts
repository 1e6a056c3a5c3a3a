/** Changing plan, quantity or add-ons. The preview and the change itself both ask `planChange`, so they can't differ. */
import type { InputOf } from './input.ts';
import { type InvoiceLine, totalOf } from './invoice.ts';
import { formatMoney } from './money.ts';
import { perMonth } from './mrr.ts';
import { feeLine, linesOfPeriod, periodAt, segmentsOf } from './period.ts';
import { cutOf, daysOf, type PeriodDays } from './period-days.ts';
import {
  type ChangeRule,
  continuing,
  describe,
  periodLines,
  periodPrice,
  saleOf,
  sameInterval,
  type Terms,
  termsOfNextPeriod,
  withoutFees,
  withoutPaidFees,
} from './price-book.ts';
import { changePrice, creditsOf, type Difference, partsOf, priceOfDays, type Segment } from './proration.ts';
import { type Accepted, isTrial } from './subscription.ts';
import { addDays, type Day, dayOf, daysBetween, type Instant } from './time.ts';

export type ChangeRequest = Pick<InputOf<'change'>, 'terms' | 'quantity' | 'when' | 'proration'>;

export type PlannedChange = {
  direction: 'up' | 'down';
  when: 'now' | 'period_end';
  proration: 'invoice_now' | 'next_invoice' | 'none';
  /** The local day that the arithmetic assumed. */
  day: Day;
  /** What is paid from then on, without the fees that were charged. */
  terms: Terms;
  lines: InvoiceLine[];
  total: number;
  segments: Segment[];
  /** Where the interval changes, a new period begins at once. */
  restart: Pick<Accepted, 'anchor' | 'anchorDay' | 'period'> | null;
};
type Plan = Pick<PlannedChange, 'terms' | 'lines' | 'segments' | 'restart'>;

/**
 * Up counts from now, down from the period's end, and so does a change of the interval: unless the price book says
 * otherwise, of the plan that is left, or who asks does.
 */
export function planChange(state: Accepted, request: ChangeRequest, at: Instant): PlannedChange {
  const onTrial = isTrial(state);
  // No fee was charged before the first period, and nothing of a phase or a term has passed.
  const terms = onTrial ? request.terms : withoutPaidFees(continuing(request.terms, state.terms), state.terms);
  const { quantity } = request;
  const price = periodPrice(terms, quantity);
  const keepsInterval = sameInterval(terms, state.terms);
  const direction = directionOf(state, terms, price);
  const rule: ChangeRule = state.terms.changes?.[direction] ?? {};
  const when = request.when ?? rule.when ?? (keepsInterval && direction === 'up' ? 'now' : 'period_end');
  const proration = request.proration ?? rule.proration ?? 'invoice_now';
  const day = dayOf(at, state.timeZone);
  const plan =
    when === 'period_end' || onTrial
      ? { terms, lines: [], segments: state.segments, restart: null }
      : keepsInterval
        ? changeWithin(state, terms, quantity, price, day, proration)
        : restartNow(state, terms, quantity, price, at, day, proration);
  return { direction, when, proration, day, ...plan, total: totalOf(plan.lines) };
}

/** Of two intervals, the dearer is the one that comes to more in a month. */
function directionOf(state: Accepted, terms: Terms, price: number): PlannedChange['direction'] {
  const held = periodPrice(state.terms, state.quantity);
  if (sameInterval(terms, state.terms)) return price >= held ? 'up' : 'down';
  return perMonth(price, terms.interval) >= perMonth(held, state.terms.interval) ? 'up' : 'down';
}

function changeWithin(
  state: Accepted,
  wanted: Terms,
  quantity: number,
  price: number,
  day: Day,
  proration: PlannedChange['proration'],
): Plan {
  // The running period is the first of the new plan's own term.
  const terms = wanted.term === state.terms.term ? wanted : inItsTerm(wanted);
  const span = daysOf(state.period, state.timeZone);
  const { segments, credits, debits } = changePrice(
    state.segments,
    span.days,
    span.first + daysBetween(span.from, day),
    price,
    { isBilled: proration !== 'none', until: cutOf(state, state.period) },
  );
  const lines = [
    ...credits.map((part) => unusedLine(state, part, span)),
    ...debits.map((part) => remainingLine(part, span, terms, quantity)),
  ].filter((line) => line.amount !== 0);
  const fees = periodLines(terms, quantity).fees.map((fee) => feeLine(fee, terms));
  return { terms: withoutFees(terms), lines: [...lines, ...fees], segments, restart: null };
}

const inItsTerm = (terms: Terms): Terms =>
  terms.term && terms.term.left === terms.term.periods
    ? { ...terms, term: { ...terms.term, left: terms.term.left - 1 } }
    : terms;

/** The anchor moves, as the periods are counted anew; the calendar's day is given up. */
function restartNow(
  state: Accepted,
  wanted: Terms,
  quantity: number,
  price: number,
  at: Instant,
  day: Day,
  proration: PlannedChange['proration'],
): Plan {
  const terms = termsOfNextPeriod(wanted);
  const span = daysOf(state.period, state.timeZone);
  const today = span.first + daysBetween(span.from, day);
  const credits = proration === 'none' ? [] : creditsOf(state.segments, span.days, today, cutOf(state, state.period));
  const period = periodAt(terms, at, 0, state.timeZone);
  const { recurring, fees } = periodLines(terms, quantity);
  const lines: InvoiceLine[] = [
    ...credits.map((part) => unusedLine(state, part, span)).filter((line) => line.amount !== 0),
    ...linesOfPeriod({ ...state, terms }, period, recurring),
    ...fees.map((fee) => feeLine(fee, terms)),
  ];
  return {
    ...{ terms: withoutFees(terms), lines, segments: segmentsOf(state, period, price) },
    restart: { anchor: at, anchorDay: null, period },
  };
}

/** What was debited for these days, and is not used. It bears the taxes that it was debited with. */
function unusedLine(state: Accepted, part: Difference, span: PeriodDays): InvoiceLine {
  const { terms, quantity, currency } = state;
  const { rates = [] } = part;
  return Object.assign(
    differenceLine(`Unused time on ${describe(terms, quantity)}`, quantity, currency, part, span),
    { discountable: false as const },
    saleOf(terms),
    { rates, earning: { price: -part.price, days: span.days, from: part.from, to: part.to } },
  );
}

const remainingLine = (part: Difference, span: PeriodDays, terms: Terms, quantity: number): InvoiceLine =>
  Object.assign(
    differenceLine(`Remaining time on ${describe(terms, quantity)}`, quantity, terms.currency, part, span),
    saleOf(terms),
    { earning: { price: part.price, days: span.days, from: part.from, to: part.to } },
  );

function differenceLine(
  description: string,
  quantity: number,
  currency: string,
  part: Difference,
  { from, days, first }: PeriodDays,
): InvoiceLine {
  const price = formatMoney({ amount: part.price, currency });
  return {
    description,
    quantity,
    unitPrice: null,
    amount: part.amount,
    period: { from: addDays(from, part.from - first), to: addDays(from, part.to - first) },
    proration: `${price} × ${part.to}/${days} − ${price} × ${part.from}/${days}, each rounded to the minor unit`,
  };
}

/** A planned end is taken back, or put off: what it had cut off is billed after all, and given up by what was held before. */
export function billCut(state: Accepted, until: Instant | null): { lines: InvoiceLine[]; segments: Segment[] } {
  const span = daysOf(state.period, state.timeZone);
  const to = cutOf({ timeZone: state.timeZone, cancelAt: until }, state.period);
  const isOwed = ({ cut, from }: Segment) => cut && from < to;
  if (!state.segments.some(isOwed)) return { lines: [], segments: state.segments };
  const lines = state.segments.filter(isOwed).flatMap((segment) => {
    const [part] = partsOf(state.segments, span.days, segment.from, to);
    const { start, end } = part!;
    const { debited = 0, amount: price, rates = [] } = segment;
    const back = { from: start, to: end, amount: -priceOfDays(debited, start, end, span.days), price: debited, rates };
    const due = { from: start, to: end, amount: priceOfDays(price, start, end, span.days), price };
    return [unusedLine(state, back, span), remainingLine(due, span, state.terms, state.quantity)];
  });
  const segments = state.segments.flatMap((segment, i): Segment[] => {
    if (!isOwed(segment)) return [segment];
    const { cut: _cut, debited: _debited, rates: _rates, ...billed } = segment;
    const end = state.segments[i + 1]?.from ?? span.days;
    return end > to ? [billed, { ...segment, from: to }] : [billed];
  });
  return { lines: lines.filter(({ amount }) => amount !== 0), segments };
}

type Had = { terms: Terms; quantity: number };

/** What a change's trail says of before and after, whoever made it: what is had, and what a whole period of it costs. */
export const pricedChange = (before: Had, after: Had) => ({
  from: describe(before.terms, before.quantity),
  fromPrice: periodPrice(before.terms, before.quantity),
  to: describe(after.terms, after.quantity),
  toPrice: periodPrice(after.terms, after.quantity),
});

export function linesInWords(lines: readonly InvoiceLine[], currency: string): string {
  if (lines.length === 0) return 'nothing is billed for it now';
  return lines
    .map(({ description, amount, proration }) => {
      const money = formatMoney({ amount, currency });
      return `${description}: ${money}${proration === null ? '' : ` = ${proration}`}`;
    })
    .join('; ');
}
