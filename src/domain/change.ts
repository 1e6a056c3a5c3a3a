/** Changing plan, quantity or add-ons. The preview and the change itself both ask `planChange`, so they can't differ. */
import type { InputOf } from './input.ts';
import { type InvoiceLine, totalOf } from './invoice.ts';
import { formatMoney } from './money.ts';
import { daysOf, feeLine, linesOfPeriod, periodAt } from './period.ts';
import { describe, periodLines, periodPrice, type Terms, withoutFees, withoutPaidFees } from './price-book.ts';
import { changePrice, type Difference, type Segment } from './proration.ts';
import type { Accepted, Period } from './subscription.ts';
import { addDays, type Day, dayOf, daysBetween, type Instant } from './time.ts';

export type ChangeRequest = Pick<InputOf<'change'>, 'terms' | 'quantity' | 'when' | 'proration'>;

export type PlannedChange = {
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
  restart: { anchor: Instant; period: Period } | null;
};

const sameInterval = (a: Terms, b: Terms): boolean =>
  a.interval.unit === b.interval.unit && a.interval.count === b.interval.count;

/** Up counts from now, down from the period's end, unless told otherwise; so does a change of the interval. */
export function planChange(state: Accepted, request: ChangeRequest, at: Instant): PlannedChange {
  const onTrial = state.period.index < 0;
  // No fee was charged before the first period.
  const terms = onTrial ? request.terms : withoutPaidFees(request.terms, state.terms);
  const { quantity } = request;
  const price = periodPrice(terms, quantity);
  const held = periodPrice(state.terms, state.quantity);
  const keepsInterval = sameInterval(terms, state.terms);
  const when = request.when ?? (keepsInterval && price >= held ? 'now' : 'period_end');
  const proration = request.proration ?? 'invoice_now';
  const day = dayOf(at, state.timeZone);
  if (when === 'period_end' || onTrial) {
    return { when, proration, day, terms, lines: [], total: 0, segments: state.segments, restart: null };
  }
  return keepsInterval
    ? changeWithin(state, terms, quantity, price, day, proration)
    : restartNow(state, terms, quantity, price, at, day, proration);
}

function changeWithin(
  state: Accepted,
  terms: Terms,
  quantity: number,
  price: number,
  day: Day,
  proration: PlannedChange['proration'],
): PlannedChange {
  const { from, days } = daysOf(state.period, state.timeZone);
  const { segments, credits, debits } = changePrice(state.segments, days, daysBetween(from, day), price);
  const lines = [
    ...credits.map((part) => differenceLine(state, part, from, days, 'Unused', state.terms, state.quantity)),
    ...debits.map((part) => differenceLine(state, part, from, days, 'Remaining', terms, quantity)),
  ].filter((line) => line.amount !== 0);
  const fees = periodLines(terms, quantity).fees.map((fee) => feeLine(fee, terms));
  const billed = [...(proration === 'none' ? [] : lines), ...fees];
  return {
    ...{ when: 'now', proration, day, terms: withoutFees(terms) },
    ...{ lines: billed, total: totalOf(billed), segments, restart: null },
  };
}

function restartNow(
  state: Accepted,
  terms: Terms,
  quantity: number,
  price: number,
  at: Instant,
  day: Day,
  proration: PlannedChange['proration'],
): PlannedChange {
  const { from, days } = daysOf(state.period, state.timeZone);
  const { credits } = changePrice(state.segments, days, daysBetween(from, day), Number.MAX_SAFE_INTEGER);
  const period = periodAt(terms, at, 0, state.timeZone);
  const { recurring, fees } = periodLines(terms, quantity);
  const lines: InvoiceLine[] = [
    ...(proration === 'none'
      ? []
      : credits
          .map((part) => differenceLine(state, part, from, days, 'Unused', state.terms, state.quantity))
          .filter((line) => line.amount !== 0)),
    ...linesOfPeriod({ ...state, terms }, period, recurring),
    ...fees.map((fee) => feeLine(fee, terms)),
  ];
  const segments = [{ from: 0, amount: price }];
  return {
    ...{ when: 'now', proration, day, terms: withoutFees(terms) },
    ...{ lines, total: totalOf(lines), segments, restart: { anchor: at, period } },
  };
}

function differenceLine(
  state: Accepted,
  part: Difference,
  firstDay: Day,
  days: number,
  word: 'Unused' | 'Remaining',
  terms: Terms,
  quantity: number,
): InvoiceLine {
  const price = formatMoney({ amount: part.price, currency: state.currency });
  return {
    description: `${word} time on ${describe(terms, quantity)}`,
    quantity,
    unitPrice: null,
    amount: part.amount,
    period: { from: addDays(firstDay, part.from), to: addDays(firstDay, part.to) },
    proration: `${price} × ${part.to}/${days} − ${price} × ${part.from}/${days}, each rounded to the minor unit`,
    product: terms.product,
    earning: { price: word === 'Unused' ? -part.price : part.price, days, from: part.from, to: part.to },
  };
}
