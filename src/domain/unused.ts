/**
 * What a cancellation gives back: the days that were paid for and are not used, at what each line was really debited, so
 * that a free or discounted day gives back what it cost. The day on which it is canceled is used.
 */
import {
  afterNote,
  type Creditable,
  type CreditableLine,
  type CreditNote,
  creditLeft,
  creditOf,
  issued,
  owedOn,
} from './credit-note.ts';
import { wholeOf } from './earning.ts';
import type { InvoiceLine } from './invoice.ts';
import { prorate } from './money.ts';
import { priceOfDays } from './proration.ts';
import { leftOfPeriods, lineLeft, periodOf, withinPeriods } from './same-days.ts';
import { addDays, type Day, daysBetween, type Instant } from './time.ts';

type Part = { line: number; amount: number };
type Unused = { invoice: Creditable; parts: Part[] };

const sumOf = (parts: readonly Part[]): number => parts.reduce((sum, { amount }) => sum + amount, 0);

/**
 * What of a line is still to come after that day, by the same arithmetic as a change of plan gives it back. What a note has
 * given back of it was given for all its days alike.
 */
export function unusedOf(line: CreditableLine, day: Day): number {
  const { period, amount } = line;
  if (!period || line.carried || period.to <= addDays(day, 1)) return 0;
  const days = daysBetween(period.from, period.to);
  const earning = line.earning ?? { price: amount, days, from: 0, to: days };
  const used = Math.max(daysBetween(period.from, day) + 1, 0);
  const whole = priceOfDays(earning.price, earning.from, earning.to, earning.days);
  if (whole === 0) return 0;
  const rest = priceOfDays(earning.price, earning.from + used, earning.to, earning.days);
  return prorate(lineLeft(line), rest, whole);
}

/** Of lines that are not issued yet, what the days until then cost: the rest is not billed first and given back then. */
export function usedOf(lines: readonly InvoiceLine[], day: Day): InvoiceLine[] {
  const end = addDays(day, 1);
  return lines.flatMap((line) => {
    const { period, amount, proration } = line;
    if (!period || period.to <= end) return [line];
    if (period.from >= end) return [];
    const days = daysBetween(period.from, period.to);
    const whole = line.earning ?? { price: amount, days, from: 0, to: days };
    const earning = { ...whole, to: whole.from + daysBetween(period.from, end) };
    const why = `${earning.to - earning.from} of these ${days} days, since it ended on ${day}`;
    return [
      {
        ...{ ...line, amount: wholeOf(earning), period: { ...period, to: end }, earning },
        proration: proration === null ? why : `${proration}; ${why}`,
      },
    ];
  });
}

/** So much of these parts, each by its share, on the running sum. */
function shareOf(parts: readonly Part[], amount: number): Part[] {
  const whole = sumOf(parts);
  if (amount === whole) return [...parts];
  let before = 0;
  return parts.map((part) => {
    const after = before + part.amount;
    const share = prorate(amount, after, whole) - prorate(amount, before, whole);
    before = after;
    return { line: part.line, amount: share };
  });
}

/** What of these parts goes beyond what all invoices have left of the days. */
function overdrawn(all: readonly Unused[], billed: readonly Creditable[]): number {
  const left = leftOfPeriods(billed);
  const wanted = new Map<string, number>();
  for (const { invoice, parts } of all) {
    for (const { line, amount } of parts) {
      const period = periodOf(invoice.lines[line]!);
      if (period !== null) wanted.set(period, (wanted.get(period) ?? 0) + amount);
    }
  }
  return [...wanted].reduce((sum, [period, amount]) => sum + Math.max(amount - Math.max(left.get(period)!, 0), 0), 0);
}

/** What one change of plan has given back already is taken off the invoices that it was charged on, the latest first. */
function withoutDeficits(all: readonly Unused[], more: number): Unused[] {
  let deficit = all.reduce((sum, { parts }) => sum + Math.max(-sumOf(parts), 0), more);
  return all
    .filter(({ parts }) => sumOf(parts) > 0)
    .toReversed()
    .flatMap(({ invoice, parts }) => {
      const whole = sumOf(parts);
      const taken = Math.min(deficit, whole);
      deficit -= taken;
      return taken === whole ? [] : [{ invoice, parts: shareOf(parts, whole - taken) }];
    });
}

/**
 * What an invoice can't give back, as a credit of earlier days had paid for it, is given back by those that were paid: by
 * those of the same days first, and then by those whose days had given that credit.
 */
function wherePaid(wanted: readonly Unused[], all: readonly Unused[], billed: readonly Creditable[]): Unused[] {
  const most = (invoice: Creditable) => owedOn(invoice) + creditLeft(invoice, 'credit');
  let over = wanted.reduce((sum, { invoice, parts }) => sum + Math.max(sumOf(parts) - most(invoice), 0), 0);
  const raised = ({ invoice, parts }: Unused, left: Part[]): Unused => {
    const more = Math.max(Math.min(over, Math.min(most(invoice), sumOf(left)) - sumOf(parts)), 0);
    over -= more;
    return { invoice, parts: more === 0 ? parts : shareOf(left, sumOf(parts) + more) };
  };
  const own = wanted.map((each) =>
    raised(
      each,
      each.parts.map(({ line, amount }) => ({ line, amount: amount === 0 ? 0 : lineLeft(each.invoice.lines[line]!) })),
    ),
  );
  const others = all.filter(({ invoice }) => wanted.every((each) => each.invoice !== invoice)).toReversed();
  return [
    ...own,
    ...others.map(({ invoice }) => {
      const { lines } = withinPeriods(invoice, billed);
      const left = lines.map((line, i) => ({ line: i, amount: Math.max(lineLeft(line), 0) }));
      return raised({ invoice, parts: left.map(({ line }) => ({ line, amount: 0 })) }, left);
    }),
  ];
}

/**
 * The notes for what is unused of these invoices, given in the order of their issue. What of it is still owed is struck
 * first; what can't go back the way it came becomes credit.
 */
export function unusedNotes(
  invoices: readonly Creditable[],
  day: Day,
  { to, reason, at }: { to: 'credit' | 'refund'; reason: string; at: Instant },
  billed: readonly Creditable[] = invoices,
): CreditNote[] {
  const all = invoices.map((invoice) => ({
    invoice,
    parts: invoice.lines.map((line, i) => ({ line: i, amount: unusedOf(line, day) })),
  }));
  return wherePaid(withoutDeficits(all, overdrawn(all, billed)), all, billed).flatMap(
    ({ invoice: given, parts: wanted }) => {
      let [invoice, parts] = [given, wanted];
      const notes: CreditNote[] = [];
      const take = (target: CreditNote['to'], most: number): void => {
        const amount = Math.min(sumOf(parts), most);
        if (amount <= 0) return;
        const taken = shareOf(parts, amount);
        const lines = taken
          .filter((part) => part.amount !== 0)
          .map((part) => creditOf(invoice.lines[part.line]!, part.line, part.amount, addDays(day, 1)));
        const note = issued(invoice, { lines, to: target, reason, at });
        notes.push(note);
        invoice = afterNote(invoice, note);
        parts = parts.map((part, i) => ({ line: part.line, amount: part.amount - taken[i]!.amount }));
      };
      take('open', owedOn(invoice));
      take(to, creditLeft(invoice, to));
      take('credit', creditLeft(invoice, 'credit'));
      return notes;
    },
  );
}
