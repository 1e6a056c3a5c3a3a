/**
 * Giving back what an issued invoice has billed: pure arithmetic on the invoice as the books hold it. A line is given back
 * on its running sum, at its own rate: of each of its parts (its taxes, its discount) as much as of the whole. So a series
 * of partial notes takes back exactly what was billed, whatever the steps.
 */
import type { Currency } from './currency.ts';
import { creditedAtOnce, creditedSpan, type Earning, type Span, spanOf } from './earning.ts';
import type { CreditNoteId, InvoiceId, PaymentId } from './ids.ts';
import type { Invoice } from './invoice.ts';
import { formatMoney, prorate } from './money.ts';
import type { Refusal } from './refusal.ts';
import { aboveLeft, lineLeft, withinPeriods } from './same-days.ts';
import { addedTax, grossOf, includedTax, type LineTax } from './tax.ts';
import { type Day, daysBetween, type Instant } from './time.ts';

/** Off what is still owed, to the customer's credit, or back to where the money came from. */
export const CREDIT_TARGETS = ['open', 'credit', 'refund'] as const;
export type CreditTarget = (typeof CREDIT_TARGETS)[number];

/** A line as it was issued, and how much of its total was given back already. */
export type CreditableLine = {
  description: string;
  quantity: number;
  amount: number;
  discount: number;
  taxes: readonly LineTax[];
  period: { from: Day; to: Day } | null;
  product: string | null;
  /** Brought here from another invoice: it has no revenue of its own. */
  carried: boolean;
  /** How it is earned, where not by its own days alike. */
  earning: Earning | null;
  credited: number;
  /** Of the rest, what other invoices have given back of the same days. */
  returned?: number;
};

export type CreditablePayment = {
  id: PaymentId;
  amount: number;
  /** How much of it has paid this invoice; the rest was more than was owed. */
  applied: number;
  /** Given back, or on its way there. */
  refunded: number;
  /** Of that, what had paid for nothing. */
  refundedUnapplied: number;
  /** The customer's bank has asked for it back, or has taken it. */
  disputed: boolean;
  /** Taken by the bank, and not brought back. */
  withdrawn: number;
  /** Not through a processor: there is no way back for it. */
  outside: boolean;
};

/** An invoice as the books hold it. */
export type Creditable = {
  id: InvoiceId;
  state: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';
  currency: Currency;
  total: number;
  creditApplied: number;
  amountDue: number;
  /** Of what came in, what was used for it. */
  paid: number;
  /** Given back off what was owed, and given back of what was paid. */
  creditedOpen: number;
  creditedBack: number;
  lines: readonly CreditableLine[];
  payments: readonly CreditablePayment[];
  /** How many credit notes it has: they name the next. */
  notes: number;
  issuedAt: Instant;
};

/** As it is issued. */
export const creditableOf = (invoice: Invoice): Creditable => {
  const { id, currency, total, creditApplied, amountDue, issuedAt } = invoice;
  return {
    ...{ id, currency, total, creditApplied, amountDue, issuedAt, state: amountDue === 0 ? 'paid' : 'open' },
    ...{ paid: 0, creditedOpen: 0, creditedBack: 0, notes: 0, payments: [] },
    lines: invoice.lines.map((line) => {
      const { description, quantity, amount, discount = 0, taxes = [], period, earning = null } = line;
      const { product = null, carried = false } = line;
      return { description, quantity, amount, discount, taxes, period, product, carried, earning, credited: 0 };
    }),
  };
};

export type LineRequest = { line: number; amount: number } | { line: number; quantity: number };

export type NoteRequest = {
  /** Null for all that is left. */
  what: { lines: readonly LineRequest[] } | { amount: number } | null;
  to: CreditTarget;
  /** A code. */
  reason: string;
  at: Instant;
};

/** What a note takes back of one line. `amount` is its share of the line's total: gross less discount, with what tax comes on top. */
export type CreditNoteLine = {
  line: number;
  description: string;
  amount: number;
  gross: number;
  discount: number;
  taxes: readonly LineTax[];
  /** Whose revenue it is, and over which days it is earned. */
  product: string | null;
  period: { from: Day; to: Day } | null;
  /** From this day of the line on; null for the whole line alike. */
  from: Day | null;
};

export type CreditNote = {
  id: CreditNoteId;
  invoice: InvoiceId;
  currency: Currency;
  to: CreditTarget;
  reason: string;
  lines: readonly CreditNoteLine[];
  /** All taxes, those inside the prices included. */
  tax: number;
  total: number;
  issuedAt: Instant;
};

export const isRefusal = (result: object): result is Refusal => 'code' in result;

const taxOf = (taxes: readonly LineTax[]): number => taxes.reduce((sum, { amount }) => sum + amount, 0);

/** What earlier invoices have left over is no service that could be given back; it only lessens what can. */
const isCreditable = (line: CreditableLine): boolean => !line.carried || grossOf(line) > 0;

/** What is still to be paid of it. */
export const owedOn = ({ state, amountDue, paid, creditedOpen }: Creditable): number =>
  state === 'open' ? Math.max(amountDue - paid - creditedOpen, 0) : 0;

/** What was paid for it, in money or in credit, and not given back. */
export const paidOn = ({ state, creditApplied, paid, creditedBack }: Creditable): number =>
  state === 'void' ? 0 : creditApplied + paid - creditedBack;

/** What of a payment that has paid this invoice can go back the way it came. */
export const refundableOf = (payment: CreditablePayment): number => {
  const { amount, applied, refunded, refundedUnapplied, disputed, withdrawn, outside } = payment;
  if (disputed || outside) return 0;
  return Math.max(Math.min(amount - refunded - withdrawn, applied - (refunded - refundedUnapplied)), 0);
};

export const refundableOn = ({ payments }: Pick<Creditable, 'payments'>): number =>
  payments.reduce((sum, payment) => sum + refundableOf(payment), 0);

/** How much a note to there can give at most. */
export const creditLeft = (invoice: Creditable, to: CreditTarget): number =>
  Math.max(Math.min(moneyLeft(invoice, to), billedLeft(invoice)), 0);

function moneyLeft(invoice: Creditable, to: CreditTarget): number {
  switch (to) {
    case 'open':
      return owedOn(invoice);
    case 'credit':
      return paidOn(invoice);
    case 'refund':
      return Math.min(paidOn(invoice), refundableOn(invoice));
  }
}

const billedLeft = ({ lines }: Pick<Creditable, 'lines'>): number =>
  lines.reduce((sum, line) => sum + (isCreditable(line) ? lineLeft(line) : 0), 0);

/** Takes `amount` more of a line, of each of its parts as much as of the whole; what is over by rounding is its price. */
export function creditOf(line: CreditableLine, index: number, amount: number, from: Day | null = null): CreditNoteLine {
  const total = grossOf(line);
  const share = (part: number): number =>
    prorate(part, line.credited + amount, total) - prorate(part, line.credited, total);
  const discount = share(line.discount);
  const taxes = line.taxes.map((tax) => ({ ...tax, amount: share(tax.amount) }));
  const gross = amount + discount - addedTax({ amount, taxes });
  return {
    line: index,
    description: line.description,
    amount,
    gross,
    discount,
    taxes,
    product: line.product,
    period: line.carried ? null : line.period,
    from,
  };
}

/** So many of a line's pieces, counted on its running sum: three thirds are the whole. */
export function amountOfQuantity(line: CreditableLine, quantity: number): number {
  const total = grossOf(line);
  const before = total === 0 ? 0 : prorate(line.quantity, line.credited, total);
  const isOnTheGrid = prorate(total, before, line.quantity) === line.credited;
  if (!isOnTheGrid || before + quantity > line.quantity) return prorate(total, quantity, line.quantity);
  return prorate(total, before + quantity, line.quantity) - line.credited;
}

/** Spreads an amount over the lines by what is left of each, on the running sum. */
export function spread(lines: readonly CreditableLine[], amount: number): CreditNoteLine[] {
  const whole = billedLeft({ lines });
  let before = 0;
  return lines.flatMap((line, i) => {
    if (!isCreditable(line)) return [];
    const after = before + lineLeft(line);
    const part = prorate(amount, after, whole) - prorate(amount, before, whole);
    before = after;
    return part === 0 ? [] : [creditOf(line, i, part)];
  });
}

const inWords = (amount: number, { currency }: Pick<Creditable, 'currency'>): string =>
  formatMoney({ amount, currency });

const exceeds = (field: string, invoice: Creditable, wanted: number, left: number, where: string): Refusal => ({
  code: 'credit_exceeds_remainder',
  detail: `${field}: cannot credit ${inWords(wanted, invoice)}: ${inWords(Math.max(left, 0), invoice)} is left ${where}`,
  path: field,
});

/** The lines named, each within what is left of it. One that lessened the invoice goes back only with the whole. */
function named(invoice: Creditable, wanted: readonly LineRequest[]): CreditNoteLine[] | Refusal {
  const lines: CreditNoteLine[] = [];
  for (const [i, request] of wanted.entries()) {
    const line = invoice.lines[request.line];
    if (!line || wanted.findIndex((other) => other.line === request.line) !== i) {
      const why = line ? 'is named twice' : `does not exist: the invoice has ${invoice.lines.length}`;
      const path = `lines.${i}.line`;
      return { code: 'credit_line_unknown', detail: `${path}: line ${request.line} ${why}`, path };
    }
    const amount = 'amount' in request ? request.amount : amountOfQuantity(line, request.quantity);
    const left = isCreditable(line) ? lineLeft(line) : 0;
    const field = `lines.${i}.${'amount' in request ? 'amount' : 'quantity'}`;
    if (amount <= 0 || amount > left) return exceeds(field, invoice, amount, left, `on line ${request.line}`);
    lines.push(creditOf(line, request.line, amount));
  }
  return lines;
}

const totalOfNote = (lines: readonly CreditNoteLine[]): number => lines.reduce((sum, { amount }) => sum + amount, 0);

const WHERE: Record<CreditTarget, string> = {
  open: 'to be paid',
  credit: 'of what was paid',
  refund: 'that can be refunded',
};

/** The note as it is to be issued, or why there can be none. `all` are those that have billed the same days, itself included. */
export function creditNote(
  before: Creditable,
  { what, to, reason, at }: NoteRequest,
  all: readonly Creditable[] = [before],
): CreditNote | Refusal {
  const gone = whyNone(before, to);
  if (gone) return gone;
  const invoice = withinPeriods(before, all);
  const left = creditLeft(invoice, to);
  const refuse = (field: string, wanted: number): Refusal =>
    to === 'refund' && isDisputed(invoice) ? disputed(invoice) : exceeds(field, invoice, wanted, left, WHERE[to]);
  if (what && 'lines' in what) {
    const lines = named(invoice, what.lines);
    if (isRefusal(lines)) return lines;
    const total = totalOfNote(lines);
    const above = aboveLeft(invoice, lines, all);
    if (above) return exceeds('lines', invoice, above.wanted, above.left, 'of these days');
    return total <= 0 || total > left ? refuse('lines', total) : issued(invoice, { lines, to, reason, at });
  }
  const total = what?.amount ?? left;
  if (total <= 0 || total > left) return refuse('amount', total);
  return issued(invoice, { lines: spread(invoice.lines, total), to, reason, at });
}

const isDisputed = ({ payments }: Creditable): boolean => payments.some((payment) => payment.disputed);

const disputed = ({ id }: Creditable): Refusal => ({
  code: 'payment_disputed',
  detail: `cannot refund invoice ${id}: its payment is disputed`,
});

/** Names it after its invoice, and counts it. */
export function issued(
  invoice: Creditable,
  { lines, to, reason, at }: { lines: readonly CreditNoteLine[] } & Pick<CreditNote, 'to' | 'reason'> & { at: Instant },
): CreditNote {
  return {
    id: `cn_${invoice.id.slice(4)}_${invoice.notes + 1}`,
    invoice: invoice.id,
    currency: invoice.currency,
    ...{ to, reason, lines },
    tax: lines.reduce((sum, { taxes }) => sum + taxOf(taxes), 0),
    total: totalOfNote(lines),
    issuedAt: at,
  };
}

function whyNone(invoice: Creditable, to: CreditTarget): Refusal | null {
  const { id, state } = invoice;
  if (state === 'void' || state === 'draft') {
    return { code: 'invoice_not_creditable', detail: `cannot credit invoice ${id}: it is ${state}` };
  }
  if (to === 'open' && state !== 'open') {
    const detail = `to: cannot credit what is to be paid of ${id}: it is ${state}`;
    return { code: 'invoice_not_open', detail, path: 'to' };
  }
  return null;
}

/**
 * The days that take back what its lines earn: all of a line's own, or those that were not used. Once the subscription is
 * over all of it was earned, and is taken back on the day of the note.
 */
export function spansOf(
  invoice: Creditable,
  note: CreditNote,
  { knownOn, isOver }: { knownOn: Day; isOver: boolean },
): { line: number; span: Span }[] {
  return note.lines.flatMap((part) => {
    const { product, carried, ...line } = invoice.lines[part.line]!;
    const whole = carried ? null : spanOf({ ...line, product: product ?? undefined }, knownOn);
    if (!whole) return [];
    const skipped = part.from === null ? 0 : Math.max(daysBetween(whole.firstDay, part.from), 0);
    const span = skipped === 0 ? whole : { ...whole, from: whole.from + skipped, firstDay: part.from! };
    const earned = {
      gross: part.gross - includedTax({ amount: part.gross, taxes: part.taxes }),
      discount: part.discount,
    };
    const given = isOver ? creditedAtOnce(span, earned, knownOn) : creditedSpan(span, earned, knownOn);
    return [{ line: part.line, span: given }];
  });
}

export type RefundPart = { payment: PaymentId; amount: number };

/** From which payments so much goes back: the latest first. */
export function refundParts({ payments }: Pick<Creditable, 'payments'>, amount: number): RefundPart[] {
  let left = amount;
  return payments.toReversed().flatMap((payment) => {
    const part = Math.min(refundableOf(payment), left);
    left -= part;
    return part > 0 ? [{ payment: payment.id, amount: part }] : [];
  });
}

/** The invoice after the note. */
export function afterNote(invoice: Creditable, note: CreditNote): Creditable {
  const taken = new Map(note.lines.map(({ line, amount }) => [line, amount]));
  return {
    ...invoice,
    lines: invoice.lines.map((line, i) => ({ ...line, credited: line.credited + (taken.get(i) ?? 0) })),
    creditedOpen: invoice.creditedOpen + (note.to === 'open' ? note.total : 0),
    creditedBack: invoice.creditedBack + (note.to === 'open' ? 0 : note.total),
    notes: invoice.notes + 1,
  };
}
