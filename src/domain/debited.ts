/**
 * What was really debited for a period: net of the discounts on its invoices, and with their taxes. A credit for unused time
 * gives back that and nothing more.
 */
import type { Effect } from './effect.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import { prorate } from './money.ts';
import { having } from './next-state.ts';
import { daysOf } from './period-days.ts';
import { debitedOf, partsOf, priceOfDays, type Segment, wholePriceOf } from './proration.ts';
import type { Accepted } from './subscription.ts';
import { addDays } from './time.ts';

/** After an invoice over days of the period, a draft's included: what it took off, and what it taxed, is remembered. */
export function settled<S extends Accepted>(state: S, effects: readonly Effect[]): S {
  const invoice = invoiceIn(effects);
  const isPlain = !invoice?.lines.some(({ discount, taxes }) => discount !== undefined || taxes?.length);
  if (isPlain || state.segments.length === 0) return state;
  const spans = spansOf(state, invoice!.lines);
  return spans.length === 0 ? state : having(state, { segments: spans.reduce(withSpan(state), state.segments) });
}

const invoiceIn = (effects: readonly Effect[]): Invoice | undefined => {
  for (const effect of effects) {
    if (effect.type === 'issue_invoice' || effect.type === 'draft_invoice') return effect.invoice;
  }
  return undefined;
};

type Span = { from: number; to: number; off: number; rates: Segment['rates'] };

/** Days of this period that lines have debited, with what was taken off all of them. */
function spansOf(state: Accepted, lines: readonly InvoiceLine[]): Span[] {
  const spans = new Map<string, Span>();
  for (const line of lines) {
    if (!debitsDaysOf(state, line)) continue;
    const { from, to } = line.earning!;
    const known = spans.get(`${from}/${to}`);
    const off = (known?.off ?? 0) + (line.discount ?? 0);
    const rates = line.taxes?.map(({ jurisdiction, name, percent }) => ({ jurisdiction, name, percent }));
    spans.set(`${from}/${to}`, { from, to, off, rates: known?.rates ?? rates });
  }
  return [...spans.values()];
}

/** A line that charges days of the current period. */
const debitsDaysOf = (state: Accepted, line: InvoiceLine): boolean => line.amount >= 0 && isOfPeriod(state, line);

function isOfPeriod({ period, timeZone }: Accepted, { earning, period: days }: Omit<GivenBack, 'amount'>): boolean {
  if (!earning || !days) return false;
  const own = daysOf(period, timeZone);
  return earning.days === own.days && days.from === addDays(own.from, earning.from - own.first);
}

/** What was taken off a span is spread over its days, as its price is. */
const withSpan =
  ({ period, timeZone }: Accepted) =>
  (segments: Segment[], { from, to, off, rates }: Span): Segment[] => {
    const { days } = daysOf(period, timeZone);
    return segments.flatMap((segment, i): Segment[] => {
      const [part] = partsOf([segment, ...segments.slice(i + 1, i + 2)], days, from, to);
      if (!part || segment.cut || part.segment !== segment) return [segment];
      const { start, end } = part;
      const share = prorate(off, end - from, to - from) - prorate(off, start - from, to - from);
      const net = priceOfDays(debitedOf(segment), start, end, days) - share;
      // Of several prices that come to the same for these days, the one that it has.
      const debited = share === 0 ? debitedOf(segment) : wholePriceOf(net, start, end, days);
      return [{ ...segment, ...(debited !== segment.amount && { debited }), ...(rates?.length && { rates }) }];
    });
  };

/** What was given back of a line: so much of it, discount and a tax on top left out. */
export type GivenBack = Pick<InvoiceLine, 'period'> & {
  earning?: InvoiceLine['earning'];
  carried?: boolean;
  amount: number;
};

/**
 * After lines were given back: what was debited for their days is less by that, and a later change gives back no more than
 * is left. What a change has given up already, and only waits to be given, is not given twice either.
 */
export const givenBack = <S extends Accepted>(state: S, lines: readonly GivenBack[]): S =>
  lessDebited(state, ownOf(state, lines), state.carried, 0);

/** After an invoice was voided: as if it had never been. A credit of its days that waits goes first, with what it was for. */
export function neverDebited<S extends Accepted>(state: S, lines: readonly GivenBack[]): S {
  const own = ownOf(state, lines);
  const waiting = state.carried.filter((line) => line.amount < 0 && !line.carried && isOfPeriod(state, line));
  const promised = waiting.reduce((sum, { amount, earning }) => {
    return sum + Math.max(Math.min(-amount, sumOver(own, earning!.from, earning!.to)), 0);
  }, 0);
  const { carried, left } = withoutCredits(state.carried, promised);
  return lessDebited(state, own, carried, promised - left);
}

const ownOf = (state: Accepted, lines: readonly GivenBack[]): GivenBack[] =>
  lines.filter((line) => line.amount !== 0 && !line.carried && isOfPeriod(state, line));

/** Less by these lines, but for what of their last days has been dealt with. */
function lessDebited<S extends Accepted>(
  state: S,
  own: readonly GivenBack[],
  waiting: InvoiceLine[],
  dealtWith: number,
): S {
  if (own.length === 0) return state;
  const { days } = daysOf(state.period, state.timeZone);
  let over = 0;
  const lessen = (segment: Segment, i: number, taken: number): Segment => {
    if (taken === 0) return segment;
    const end = state.segments[i + 1]?.from ?? days;
    const left = priceOfDays(debitedOf(segment), segment.from, end, days) - taken;
    over += Math.max(-left, 0);
    return { ...segment, debited: wholePriceOf(Math.max(left, 0), segment.from, end, days) };
  };
  let spared = dealtWith;
  const lessened = state.segments
    .map((segment, i) => {
      const end = state.segments[i + 1]?.from ?? days;
      return { segment, i, taken: sumOver(own, segment.from, end) };
    })
    .toReversed()
    .map(({ segment, i, taken }) => {
      const less = Math.min(spared, Math.max(taken, 0));
      spared -= less;
      return lessen(segment, i, taken - less);
    })
    .toReversed();
  const { carried, left } = withoutCredits(waiting, over);
  over = left;
  // By rounding, or since it was given back for other days: off the last ones, which are the first to be given back.
  const segments = lessened.toReversed().map((segment, back) => {
    const taken = over;
    over = 0;
    return lessen(segment, lessened.length - 1 - back, taken);
  });
  return having(state, { segments: segments.toReversed(), carried });
}

/** What of these lines lies on days [from, to): spread over their own days alike. */
const sumOver = (lines: readonly GivenBack[], from: number, to: number): number =>
  lines.reduce((sum, { earning, amount }) => {
    const { from: first, to: last } = earning!;
    const by = (day: number) => prorate(amount, Math.min(Math.max(day, first), last) - first, last - first);
    return sum + by(to) - by(from);
  }, 0);

/** Credits that wait, less so much: the newest first. */
export function withoutCredits(
  waiting: readonly InvoiceLine[],
  amount: number,
): { carried: InvoiceLine[]; left: number } {
  let left = amount;
  const carried = waiting.toReversed().flatMap((line) => {
    const { earning } = line;
    const taken = !earning || line.carried || line.amount >= 0 ? 0 : Math.min(left, -line.amount);
    if (taken === 0) return [line];
    left -= taken;
    const rest = line.amount + taken;
    if (rest === 0) return [];
    const price = wholePriceOf(rest, earning!.from, earning!.to, earning!.days);
    const proration = `${line.proration}; less ${taken}, which was given back already`;
    return [{ ...line, amount: rest, proration, earning: { ...earning!, price } }];
  });
  return { carried: carried.toReversed(), left };
}

/**
 * The lines that wait, and the new ones beside them. A credit for days that only a waiting line charges was never debited:
 * it is taken off that line, so that nothing is given back of what was not taken.
 */
export function besideWaiting(waiting: readonly InvoiceLine[], lines: readonly InvoiceLine[]): InvoiceLine[] {
  let before = [...waiting];
  const added: InvoiceLine[] = [];
  for (const line of lines) {
    // The newest: what an older one still charges was given up, and is not given back.
    const at = before.findLastIndex((each) => charges(each, line));
    if (at < 0) added.push(line);
    else before = before.flatMap((each, i) => (i === at ? lessened(each, line) : [each]));
  }
  return [...before, ...added];
}

/** It charges these days. */
const charges = (waiting: InvoiceLine, credit: InvoiceLine): boolean => {
  const [held, back] = [spanOf(waiting), spanOf(credit)];
  if (!held || !back || waiting.amount <= 0 || credit.amount >= 0) return false;
  const isSamePeriod = held.days === back.days && addDays(held.day, back.from - held.from) === back.day;
  return (
    isSamePeriod &&
    held.from <= back.from &&
    back.to <= held.to &&
    priceOfDays(held.price, back.from, back.to, held.days) + credit.amount >= 0
  );
};

/** What is left of a waiting line: the days before and after those that are given back, and what they cost beyond that. */
function lessened(line: InvoiceLine, credit: InvoiceLine): InvoiceLine[] {
  const [held, back] = [spanOf(line)!, spanOf(credit)!];
  const { days, price, day } = held;
  const part = (from: number, to: number, off = 0): InvoiceLine[] => {
    const amount = from < to ? priceOfDays(price, from, to, days) + off : 0;
    if (amount === 0) return [];
    return [
      {
        ...{ ...line, amount, period: { from: addDays(day, from - held.from), to: addDays(day, to - held.from) } },
        proration: `${line.proration}; of that ${to - from} of ${days} days, after a later change`,
        earning: { price: off === 0 ? price : wholePriceOf(amount, from, to, days), days, from, to },
      },
    ];
  };
  return [...part(held.from, back.from), ...part(back.from, back.to, credit.amount), ...part(back.to, held.to)];
}

const spanOf = ({ earning, period }: InvoiceLine) => (earning && period ? { ...earning, day: period.from } : null);
