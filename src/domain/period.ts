/** Opening a period: what it costs, and the invoice for it. */
import { settled } from './debited.ts';
import type { Because } from './decision.ts';
import { afterPeriod } from './discount.ts';
import type { Effect } from './effect.ts';
import type { InvoiceLine } from './invoice.ts';
import { bill } from './invoicing.ts';
import { copyOf, having } from './next-state.ts';
import { cutOf, daysOf, type PeriodDays } from './period-days.ts';
import {
  continuing,
  type PeriodLine,
  periodLines,
  periodPrice,
  sameInterval,
  type Terms,
  termsOfNextPeriod,
  withoutFees,
} from './price-book.ts';
import { priceOfDays, type Segment } from './proration.ts';
import type { Moment } from './shared.ts';
import { type Accepted, isTrial, type Period } from './subscription.ts';
import {
  type AnchorDay,
  anchorFrom,
  anchorOn,
  boundary,
  dayOf,
  daysBetween,
  type Instant,
  type TimeZone,
  unfitAnchor,
} from './time.ts';
import { type UsageSpan, usageFrom, usageUntil } from './usage.ts';

export function periodAt(
  terms: Terms,
  anchor: Instant,
  index: number,
  timeZone: TimeZone,
  anchorDay: AnchorDay | null = null,
): Period {
  return {
    index,
    start: boundary(anchor, terms.interval, index, timeZone, anchorDay),
    end: boundary(anchor, terms.interval, index + 1, timeZone, anchorDay),
  };
}

/** It begins where the other ends; after a stub that is the anchor, whose day may have an hour twice. */
function periodAfter(
  period: Period,
  terms: Terms,
  anchor: Instant,
  timeZone: TimeZone,
  anchorDay?: AnchorDay | null,
): Period {
  const index = period.index + 1;
  if (index === 0) return periodAt(terms, anchor, index, timeZone, anchorDay);
  return { index, start: period.end, end: boundary(anchor, terms.interval, index + 1, timeZone, anchorDay) };
}

type Counted = Pick<Accepted, 'terms' | 'timeZone' | 'anchorDay'>;

/** Where the first full period of what begins then begins: at once, or on the anchor day's next occurrence. */
export const anchorAfter = ({ terms, timeZone, anchorDay = null }: Counted, at: Instant): Instant =>
  anchorDay === null || unfitAnchor(anchorDay, terms.interval) !== null
    ? at
    : anchorFrom(at, terms.interval, anchorDay, timeZone);

/** The first period of what begins then: a stub, where the anchor lies further on. */
function firstPeriod(state: Counted, at: Instant): Pick<Accepted, 'anchor' | 'period'> {
  const { terms, timeZone, anchorDay } = state;
  const anchor = anchorAfter(state, at);
  if (anchor === at) return { anchor, period: periodAt(terms, anchor, 0, timeZone, anchorDay) };
  const before = boundary(anchor, terms.interval, -1, timeZone, anchorDay);
  const wholeDays = daysBetween(dayOf(before, timeZone), dayOf(anchor, timeZone));
  return { anchor, period: { index: -1, start: at, end: anchor, wholeDays } };
}

/** A pending change takes hold at the boundary. Another interval keeps the anchor day, where that means the same to it. */
function takePending<S extends Accepted>(state: S): S {
  if (!state.pending) return state;
  const { quantity } = state.pending;
  const terms = isTrial(state) ? state.pending.terms : continuing(state.pending.terms, state.terms);
  const anchorDay = anchorOn(state.anchorDay, state.terms.interval, terms.interval);
  return having(state, { anchorDay, terms, quantity, pending: null });
}

/** The period after the current one. `at` is the boundary, however late we look at it. */
export function nextPeriod<S extends Accepted>(before: S, moment: Moment): { state: S; effects: Effect[] } {
  const state = takePending(before);
  const usage = usageUntil(before, moment.at);
  if (isTrial(before)) return openPeriod(state, firstPeriod(state, moment.at), moment, false, usage);
  const terms = termsOfNextPeriod(state.terms);
  const anchoredOn = anchorOn(state.anchorDay, state.terms.interval, terms.interval);
  const next = terms === state.terms ? state : having(state, { terms, anchorDay: anchoredOn });
  const { anchor, timeZone, anchorDay, period } = next;
  const opening = sameInterval(terms, before.terms)
    ? { anchor, period: periodAfter(period, terms, anchor, timeZone, anchorDay) }
    : firstPeriod(next, moment.at);
  return openPeriod(next, opening, moment, false, usage, true);
}

/** A new first period from here on: the anchor moves. After a pause or a stop that outlasted the paid period. */
export function startAnew<S extends Accepted>(
  before: S,
  moment: Moment,
  onSession: boolean,
): { state: S; effects: Effect[] } {
  const state = takePending(before);
  return openPeriod(state, firstPeriod(state, moment.at), moment, onSession, usageUntil(before, moment.at));
}

function openPeriod<S extends Accepted>(
  before: S,
  { anchor, period }: Pick<Accepted, 'anchor' | 'period'>,
  moment: Moment,
  onSession: boolean,
  usage: readonly UsageSpan[] | null,
  isCounted = period.wholeDays !== undefined,
): { state: S; effects: Effect[] } {
  // A stub is no period of a phase or of a term.
  const terms = isCounted ? before.terms : termsOfNextPeriod(before.terms);
  const state = terms === before.terms ? before : having(before, { terms });
  const { recurring, fees } = periodLines(terms, state.quantity);
  const price = recurring.reduce((sum, { amount }) => sum + amount, 0);
  const days = daysOf(period, state.timeZone);
  const opening = linesOfPeriod(state, period, recurring, days);
  const lines = [...state.carried, ...opening, ...fees.map((fee) => feeLine(fee, terms))];
  const opened = copyOf(state);
  opened.terms = withoutFees(terms);
  opened.anchor = anchor;
  opened.period = period;
  opened.segments = segmentsOf(state, period, price, days);
  opened.discounts = afterPeriod(state.discounts ?? []);
  opened.carried = [];
  opened.usage = usageFrom(state, period.start);
  if (lines.length === 0 && usage === null) return { state: opened, effects: [] };
  const { state: invoiced, effects } = bill(opened, lines, moment, onSession, usage);
  return { state: settled(invoiced, effects), effects };
}

/** At one price, until its end or until a planned one. */
export function segmentsOf(
  state: Pick<Accepted, 'timeZone' | 'cancelAt'>,
  period: Period,
  amount: number,
  span: PeriodDays = daysOf(period, state.timeZone),
): Segment[] {
  const { days, first } = span;
  const cut = cutOf(state, period, span);
  if (cut === days) return [{ from: first, amount }];
  return [...(cut > first ? [{ from: first, amount }] : []), { from: cut, amount, debited: 0, cut: true }];
}

/** A stub costs its days, and a cancellation that is known beforehand shortens the last period, and its prices by the day. */
export function linesOfPeriod(
  state: Pick<Accepted, 'timeZone' | 'cancelAt' | 'terms'>,
  period: Period,
  recurring: readonly PeriodLine[],
  own: PeriodDays = daysOf(period, state.timeZone),
): InvoiceLine[] {
  const { from, to, days, first } = own;
  const until = cutOf(state, period, own);
  const span = { from, to: until === days ? to : dayOf(Math.max(state.cancelAt!, period.start), state.timeZone) };
  const isWhole = first === 0 && until === days;
  const why = until === days ? `up to the anchor on ${to}` : `since it ends on ${span.to}`;
  const cut = isWhole ? null : `${until - first} of ${days} days, ${why}`;
  // Counted on the running sum, so that the lines add up to what these days cost as a whole.
  let before = 0;
  return recurring.map((line) => {
    const after = before + line.amount;
    const amount = isWhole
      ? line.amount
      : priceOfDays(after, first, until, days) - priceOfDays(before, first, until, days);
    const words = cut === null || line.words === null ? (cut ?? line.words) : `(${line.words}), ${cut}`;
    const earning = { price: line.amount, before, days, from: first, to: until };
    before = after;
    const made = soldLine(line, state.terms, amount, span, words);
    made.earning = earning;
    return made;
  });
}

/** A fee belongs to no days, so nothing prorates it. */
export const feeLine = (line: PeriodLine, terms: Terms): InvoiceLine =>
  soldLine(line, terms, line.amount, null, line.words);

function soldLine(
  { description, quantity, unitPrice }: PeriodLine,
  { product, taxCategory, taxInclusive }: Terms,
  amount: number,
  period: InvoiceLine['period'],
  proration: string | null,
): InvoiceLine {
  const line: InvoiceLine = { description, quantity, unitPrice, amount, period, proration, product };
  if (taxCategory) line.taxCategory = taxCategory;
  if (taxInclusive) line.taxInclusive = taxInclusive;
  return line;
}

/** What an operator reads of the period that has begun. */
export const periodFacts = (state: Accepted): Because => ({
  period: state.period.index,
  start: dayOf(state.period.start, state.timeZone),
  end: dayOf(state.period.end, state.timeZone),
  price: periodPrice(state.terms, state.quantity),
  ...(state.terms.phase && { phase: state.terms.phase.id }),
  ...(state.terms.term && { periodsLeftOfTerm: state.terms.term.left }),
});
