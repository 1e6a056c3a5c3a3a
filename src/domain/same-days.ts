/**
 * Several invoices may bill the same days: a change of plan credits what one has debited, and debits them anew. What can be
 * given back of such days is what all of them have left together, whichever invoice is asked.
 */
import type { Creditable, CreditableLine, CreditNoteLine } from './credit-note.ts';
import { prorate } from './money.ts';
import { grossOf } from './tax.ts';
import { addDays } from './time.ts';

/** What of a line was not given back yet, by a note or by another invoice. */
export const lineLeft = (line: CreditableLine): number => grossOf(line) - line.credited - (line.returned ?? 0);

type LineOfDays = Pick<CreditableLine, 'period' | 'earning' | 'carried'>;

/** Names the period whose days a line bills: its first day, and how many it has. Null where it bills none of any. */
export const periodOf = ({ period, earning, carried }: LineOfDays): string | null =>
  period && earning && !carried ? `${addDays(period.from, -earning.from)}/${earning.days}` : null;

const sum = (amounts: readonly number[]): number => amounts.reduce((all, each) => all + each, 0);

/** By period, what of these lines was not given back yet. */
function leftBy(lines: readonly CreditableLine[]): Map<string, number> {
  const left = new Map<string, number>();
  for (const line of lines) {
    const period = periodOf(line);
    if (period !== null) left.set(period, (left.get(period) ?? 0) + lineLeft(line));
  }
  return left;
}

/** By period, what all invoices have left of its days. */
export const leftOfPeriods = (invoices: readonly Creditable[]): Map<string, number> =>
  leftBy(invoices.filter(({ state }) => state !== 'void').flatMap(({ lines }) => lines));

/** The invoice as far as the others leave it: what they have given back of its days is taken off its lines. */
export function withinPeriods(invoice: Creditable, all: readonly Creditable[]): Creditable {
  const left = leftOfPeriods(all);
  const lines = [...leftBy(invoice.lines)].reduce((held, [period, own]) => {
    const over = own - Math.max(left.get(period)!, 0);
    return over > 0 ? withReturned(held, period, over) : held;
  }, invoice.lines);
  return lines === invoice.lines ? invoice : { ...invoice, lines };
}

/** Spread over the lines that debit, on the running sum. */
function withReturned(lines: readonly CreditableLine[], period: string, amount: number): readonly CreditableLine[] {
  const debits = (line: CreditableLine) => periodOf(line) === period && lineLeft(line) > 0;
  const whole = sum(lines.filter(debits).map(lineLeft));
  let before = 0;
  return lines.map((line) => {
    if (!debits(line)) return line;
    const after = before + lineLeft(line);
    const returned = prorate(amount, after, whole) - prorate(amount, before, whole);
    before = after;
    return { ...line, returned };
  });
}

/** The first period of which a note would give back more than is left, with both amounts; null where there is none. */
export function aboveLeft(
  invoice: Creditable,
  note: readonly CreditNoteLine[],
  all: readonly Creditable[],
): { wanted: number; left: number } | null {
  const left = leftOfPeriods(all);
  const wanted = new Map<string, number>();
  for (const { line, amount } of note) {
    const period = periodOf(invoice.lines[line]!);
    if (period !== null) wanted.set(period, (wanted.get(period) ?? 0) + amount);
  }
  for (const [period, amount] of wanted) {
    if (amount > left.get(period)!) return { wanted: amount, left: left.get(period)! };
  }
  return null;
}

/** What others would have given back without it, in the order of their issue; null where each found enough to give back. */
export function givenBackWithout(invoice: Creditable, all: readonly Creditable[]): number | null {
  const own = new Set(leftBy(invoice.lines).keys());
  const others = all.filter(({ id, state }) => id !== invoice.id && state !== 'void');
  const left = new Map<string, number>();
  let missing = 0;
  for (const { lines } of others.toSorted((a, b) => a.issuedAt - b.issuedAt)) {
    for (const line of lines) {
      const period = periodOf(line);
      if (period === null || !own.has(period)) continue;
      const rest = (left.get(period) ?? 0) + lineLeft(line);
      missing += Math.max(-rest, 0);
      left.set(period, Math.max(rest, 0));
    }
  }
  return missing > 0 ? missing : null;
}
