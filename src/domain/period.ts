/** Opening a period: what it costs, the invoice for it, and the first try to collect that. */
import type { Effect, RecordEffect } from './effect.ts';
import { invoiceId, type PaymentMethodId } from './ids.ts';
import { type InvoiceLine, type OpenInvoice, totalOf } from './invoice.ts';
import { type PeriodLine, periodLines, type Terms, withoutFees } from './price-book.ts';
import { priceOfDays } from './proration.ts';
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

/** What the ended period has earned: all that was invoiced for it. */
export function earned(state: Accepted, at: Instant): RecordEffect[] {
  if (state.deferred === 0) return [];
  return [{ type: 'recognise_revenue', period: state.period.index, amount: state.deferred, at }];
}

/** The period after the current one. `at` is the boundary, however late we look at it. */
export function nextPeriod<S extends Accepted>(before: S, at: Instant): { state: S; effects: Effect[] } {
  const state = takePending(before, at);
  const index = state.period.index + 1;
  const anchor = state.period.index === -1 ? at : state.anchor;
  return openPeriod(state, anchor, periodAt(state.terms, anchor, index, state.timeZone), at, earned(before, at), false);
}

/** A new first period from here on: the anchor moves. After a pause or a stop that outlasted the paid period. */
export function startAnew<S extends Accepted>(
  before: S,
  at: Instant,
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const state = takePending(before, at);
  return openPeriod(state, at, periodAt(state.terms, at, 0, state.timeZone), at, earned(before, at), onSession);
}

function openPeriod<S extends Accepted>(
  state: S,
  anchor: Instant,
  period: Period,
  at: Instant,
  before: Effect[],
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const { recurring, fees } = periodLines(state.terms, state.quantity);
  const price = recurring.reduce((sum, { amount }) => sum + amount, 0);
  const lines = [...state.carried, ...linesOfPeriod(state, period, recurring), ...fees.map(feeLine)];
  const segments = [{ from: 0, amount: price }];
  const opened = { ...state, terms: withoutFees(state.terms), anchor, period, segments, deferred: 0, carried: [] };
  const { state: invoiced, effects } = issue(opened, lines, at, onSession);
  return { state: invoiced, effects: [...before, ...effects] };
}

/** A cancellation that is known beforehand shortens the last period, and its prices by the day. */
export function linesOfPeriod(
  { timeZone, cancelAt }: Pick<Accepted, 'timeZone' | 'cancelAt'>,
  period: Period,
  recurring: readonly PeriodLine[],
): InvoiceLine[] {
  if (cancelAt === null || cancelAt >= period.end) {
    const whole = { from: dayOf(period.start, timeZone), to: dayOf(period.end, timeZone) };
    return recurring.map((line) => invoiceLine(line, line.amount, whole, line.words));
  }
  const { from, days } = daysOf(period, timeZone);
  const last = dayOf(cancelAt, timeZone);
  const used = daysBetween(from, last);
  const cut = `${used} of ${days} days, since it ends on ${last}`;
  // Counted on the running sum, so that the lines add up to what these days cost as a whole.
  let before = 0;
  return recurring.map((line) => {
    const after = before + line.amount;
    const amount = priceOfDays(after, 0, used, days) - priceOfDays(before, 0, used, days);
    before = after;
    return invoiceLine(line, amount, { from, to: last }, line.words === null ? cut : `(${line.words}), ${cut}`);
  });
}

/** A fee belongs to no days, so nothing prorates it. */
export const feeLine = (line: PeriodLine): InvoiceLine => invoiceLine(line, line.amount, null, line.words);

const invoiceLine = (
  { description, quantity, unitPrice }: PeriodLine,
  amount: number,
  period: InvoiceLine['period'],
  proration: string | null,
): InvoiceLine => ({ description, quantity, unitPrice, amount, period, proration });

/**
 * Issues an invoice over these lines and begins to collect it. Lines that come to less than nothing are not paid out
 * behind the customer's back: the rest is carried to the next invoice.
 */
export function issue<S extends Accepted>(
  state: S,
  lines: InvoiceLine[],
  at: Instant,
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const sum = totalOf(lines);
  const carry: InvoiceLine | null =
    sum < 0
      ? {
          description: 'Credit carried to the next invoice',
          quantity: 1,
          unitPrice: null,
          amount: -sum,
          period: null,
          proration: null,
        }
      : null;
  const total = Math.max(sum, 0);
  const id = invoiceId(state.id, state.invoiceCount + 1);
  const invoice = {
    id,
    currency: state.currency,
    lines: carry ? [...lines, carry] : lines,
    total,
    issuedAt: at,
    dueAt: at,
  };
  const effects: Effect[] = [
    { type: 'issue_invoice', invoice },
    { type: 'announce', event: 'invoice.issued', data: { invoice: id, total, currency: state.currency }, at },
  ];
  let { invoices } = state;
  if (total > 0) {
    const waiting: OpenInvoice = {
      id,
      amount: total,
      dueAt: at,
      attempts: 0,
      failedAt: null,
      lastDecline: null,
      collection: { step: 'stopped' },
    };
    const { open, effect } = attempt(waiting, state.paymentMethod, onSession, at);
    invoices = [...invoices, open];
    effects.push(effect);
  }
  const carried = carry
    ? [...state.carried, { ...carry, description: 'Credit from the last invoice', amount: sum }]
    : state.carried;
  return {
    state: {
      ...state,
      invoices,
      invoiceCount: state.invoiceCount + 1,
      deferred: state.deferred + total,
      carried,
    },
    effects,
  };
}

/** One more try. There is never more than one on its way, since only this sets `charging`. */
export function attempt(
  invoice: OpenInvoice,
  paymentMethod: PaymentMethodId | null,
  onSession: boolean,
  at: Instant,
): { open: OpenInvoice; effect: Effect } {
  const number = invoice.attempts + 1;
  return {
    open: { ...invoice, attempts: number, collection: { step: 'charging' } },
    effect: {
      type: 'charge',
      invoice: invoice.id,
      attempt: number,
      amount: invoice.amount,
      paymentMethod,
      onSession,
      at,
    },
  };
}
