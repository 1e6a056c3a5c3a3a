/** Opening a period: what it costs, and the invoice for it. */
import { afterPeriod } from './discount.ts';
import type { Effect } from './effect.ts';
import type { InvoiceLine } from './invoice.ts';
import { bill } from './invoicing.ts';
import { type PeriodLine, periodLines, type Terms, withoutFees } from './price-book.ts';
import { priceOfDays } from './proration.ts';
import type { Moment } from './shared.ts';
import type { Accepted, Period } from './subscription.ts';
import { boundary, type Day, dayOf, daysBetween, type Instant } from './time.ts';

export const daysOf = (period: Period, timeZone: string): { from: Day; to: Day; days: number } => {
  const from = dayOf(period.start, timeZone);
  const to = dayOf(period.end, timeZone);
  return { from, to, days: daysBetween(from, to) };
};

export function periodAt(terms: Terms, anchor: Instant, index: number, timeZone: string): Period {
  return {
    index,
    start: boundary(anchor, terms.interval, index, timeZone),
    end: boundary(anchor, terms.interval, index + 1, timeZone),
  };
}

/** A pending change takes hold at the boundary. Another interval counts its periods from there. */
function takePending<S extends Accepted>(state: S, at: Instant): S {
  if (!state.pending) return state;
  const { terms, quantity } = state.pending;
  const sameInterval =
    terms.interval.unit === state.terms.interval.unit && terms.interval.count === state.terms.interval.count;
  const anchored = sameInterval ? {} : { anchor: at, period: { ...state.period, index: -1 } };
  return { ...state, ...anchored, terms, quantity, pending: null };
}

/** The period after the current one. `at` is the boundary, however late we look at it. */
export function nextPeriod<S extends Accepted>(before: S, moment: Moment): { state: S; effects: Effect[] } {
  const { at } = moment;
  const state = takePending(before, at);
  const index = state.period.index + 1;
  const anchor = state.period.index === -1 ? at : state.anchor;
  return openPeriod(state, anchor, periodAt(state.terms, anchor, index, state.timeZone), moment, false);
}

/** A new first period from here on: the anchor moves. After a pause or a stop that outlasted the paid period. */
export function startAnew<S extends Accepted>(
  before: S,
  moment: Moment,
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const { at } = moment;
  const state = takePending(before, at);
  return openPeriod(state, at, periodAt(state.terms, at, 0, state.timeZone), moment, onSession);
}

function openPeriod<S extends Accepted>(
  state: S,
  anchor: Instant,
  period: Period,
  moment: Moment,
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const { recurring, fees } = periodLines(state.terms, state.quantity);
  const price = recurring.reduce((sum, { amount }) => sum + amount, 0);
  const lines = [
    ...state.carried,
    ...linesOfPeriod(state, period, recurring),
    ...fees.map((fee) => feeLine(fee, state.terms)),
  ];
  const segments = [{ from: 0, amount: price }];
  const discounts = afterPeriod(state.discounts ?? []);
  const opened = {
    ...{ ...state, terms: withoutFees(state.terms), anchor, period, segments, discounts },
    carried: [],
  };
  return bill(opened, lines, moment, onSession);
}

/** A cancellation that is known beforehand shortens the last period, and its prices by the day. */
export function linesOfPeriod(
  { timeZone, cancelAt, terms }: Pick<Accepted, 'timeZone' | 'cancelAt'> & { terms: Pick<Terms, 'product'> },
  period: Period,
  recurring: readonly PeriodLine[],
): InvoiceLine[] {
  const { from, to, days } = daysOf(period, timeZone);
  let before = 0;
  if (cancelAt === null || cancelAt >= period.end) {
    return recurring.map((line) => {
      const earning = { price: line.amount, before, days, from: 0, to: days };
      before += line.amount;
      return { ...invoiceLine(line, line.amount, { from, to }, line.words), product: terms.product, earning };
    });
  }
  const last = dayOf(Math.max(cancelAt, period.start), timeZone);
  const used = daysBetween(from, last);
  const cut = `${used} of ${days} days, since it ends on ${last}`;
  // Counted on the running sum, so that the lines add up to what these days cost as a whole.
  return recurring.map((line) => {
    const after = before + line.amount;
    const amount = priceOfDays(after, 0, used, days) - priceOfDays(before, 0, used, days);
    const earning = { price: line.amount, before, days, from: 0, to: used };
    before = after;
    const words = line.words === null ? cut : `(${line.words}), ${cut}`;
    return { ...invoiceLine(line, amount, { from, to: last }, words), product: terms.product, earning };
  });
}

/** A fee belongs to no days, so nothing prorates it. */
export const feeLine = (line: PeriodLine, { product }: Terms): InvoiceLine => ({
  ...invoiceLine(line, line.amount, null, line.words),
  product,
});

const invoiceLine = (
  { description, quantity, unitPrice }: PeriodLine,
  amount: number,
  period: InvoiceLine['period'],
  proration: string | null,
): InvoiceLine => ({ description, quantity, unitPrice, amount, period, proration });
