/**
 * The books of one subscription, kept by the core's own postings and spans, without a database: what a commit keeps of each
 * effect, and what it refuses to keep.
 */
import {
  type Creditable,
  type CreditableLine,
  type CreditablePayment,
  creditableOf,
} from '../../src/domain/credit-note.ts';
import { bookedThrough, endedOn, mirrored, type Span, spanOf } from '../../src/domain/earning.ts';
import { type Effect, keyOf } from '../../src/domain/effect.ts';
import type { InvoiceId, RefundId } from '../../src/domain/ids.ts';
import type { Invoice } from '../../src/domain/invoice.ts';
import {
  type About,
  type AccountCode,
  carriedSettled,
  creditApplied,
  creditGranted,
  creditNoteIssued,
  creditReturned,
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  entriesOf,
  invoiceIssued,
  invoiceVoided,
  type Posting,
  paymentReceived,
  refundCredited,
  refundFailed,
  refundPaid,
  refundPromised,
  revenueRecognised,
  unappliedPaymentReceived,
  writeOffReversed,
  writtenOff,
} from '../../src/domain/ledger.ts';
import { periodOf } from '../../src/domain/same-days.ts';
import type { BookWish, Books as ReadBooks } from '../../src/domain/shared.ts';
import { grossOf } from '../../src/domain/tax.ts';
import { type Day, dayOf, type Instant, type TimeZone } from '../../src/domain/time.ts';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;
type Kept = Omit<Creditable, 'lines' | 'payments'> & { invoice: Invoice; lines: CreditableLine[] };
export type KeptPayment = { id: string; invoice: InvoiceId; amount: number; applied: number; outside: boolean };
export type KeptRefund = {
  id: RefundId;
  payment: string;
  amount: number;
  unapplied: number;
  attempt: number;
  state: 'requested' | 'succeeded' | 'failed' | 'credited';
};
export type KeptDispute = {
  id: string;
  payment: string;
  inquiry: boolean;
  outcome: string | null;
  withdrawn: number;
  reinstated: number;
};

/** From which state a refund can come to that end. */
const BEFORE: Record<Of<'settle_refund'>['outcome'], KeptRefund['state'][]> = {
  succeeded: ['requested'],
  failed: ['requested', 'succeeded'],
  credited: ['failed'],
};

const sum = (amounts: readonly number[]): number => amounts.reduce((all, each) => all + each, 0);

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export class Books {
  /** Those that were not voided. */
  readonly invoices = new Map<string, Invoice>();
  readonly kept = new Map<InvoiceId, Kept>();
  readonly payments = new Map<string, KeptPayment>();
  readonly refunds = new Map<RefundId, KeptRefund>();
  readonly disputes = new Map<string, KeptDispute>();
  readonly notes: Of<'issue_credit_note'>['note'][] = [];
  spans: { invoice: string; span: Span }[] = [];
  /** What no invoice will bring any more. */
  readonly settled: number[] = [];
  private readonly posted = new Set<string>();
  private readonly balances = new Map<AccountCode, number>();
  private readonly timeZone: TimeZone;

  constructor(timeZone: TimeZone) {
    this.timeZone = timeZone;
  }

  take(effects: readonly Effect[]): void {
    for (const effect of effects) this.keep(effect);
  }

  grant(amount: number, at: Instant): void {
    this.post(`granted/${this.posted.size}`, creditGranted(amount, this.about(at)));
  }

  /** What the customer may still use up. */
  get credit(): number {
    return -this.balance('customer_credit') || 0;
  }

  /** Debit positive, without what the days have earned. */
  balance(code: AccountCode): number {
    return this.balances.get(code) ?? 0;
  }

  /** What all accounts come to. */
  get imbalance(): number {
    return sum([...this.balances.values()]);
  }

  /** With everything recognised that is over by the end of that day. */
  through(day: Day): (code: AccountCode) => number {
    const parts = this.spans.map(({ span }) => ({ product: span.product, ...bookedThrough(span, day) }));
    const balances = new Map(this.balances);
    for (const { account, amount } of entriesOf(
      revenueRecognised(parts, { subscription: null, currency: 'usd', at: 0 }),
    )) {
      balances.set(account.code, (balances.get(account.code) ?? 0) + amount);
    }
    return (code) => balances.get(code) ?? 0;
  }

  /** An invoice as a decision reads it. */
  creditable(id: InvoiceId): Creditable {
    const { invoice: _, ...kept } = this.kept.get(id)!;
    const own = [...this.payments.values()].filter(({ invoice }) => invoice === id);
    return { ...kept, lines: [...kept.lines], payments: own.map((payment) => this.refundable(payment)) };
  }

  read(of: BookWish): ReadBooks {
    const paid = new Set(of.payments.map((id) => this.payments.get(id)?.invoice));
    const isWanted = ({ id, state, lines }: Kept): boolean =>
      of.invoices.includes(id) ||
      paid.has(id) ||
      (of.unusedAfter !== null &&
        (state === 'open' || state === 'paid') &&
        lines.some(({ period }) => period !== null && period.to > of.unusedAfter!));
    const all = [...this.kept.values()];
    const wanted = all.filter(isWanted);
    const periods = new Set(wanted.flatMap(({ lines }) => lines.map(periodOf).filter((period) => period !== null)));
    const read = all.filter((kept) => wanted.includes(kept) || kept.lines.some((line) => periods.has(periodOf(line)!)));
    return {
      of,
      invoices: Object.fromEntries(read.map(({ id }) => [id, this.creditable(id)])),
      refundable: of.refundable ? [...this.payments.values()].map((payment) => this.refundable(payment)) : [],
    };
  }

  private refundable({ id, amount, applied, outside }: KeptPayment): CreditablePayment {
    const refunds = [...this.refunds.values()].filter(({ payment, state }) => payment === id && state !== 'credited');
    const disputes = [...this.disputes.values()].filter(({ payment }) => payment === id);
    return {
      ...{ id, amount, applied, outside },
      refunded: sum(refunds.map((refund) => refund.amount)),
      refundedUnapplied: sum(refunds.map((refund) => refund.unapplied)),
      disputed: disputes.some(({ outcome, inquiry }) => outcome === null && !inquiry),
      withdrawn: sum(disputes.map(({ withdrawn, reinstated }) => withdrawn - reinstated)),
    };
  }

  private keep(effect: Effect) {
    const about = this.about('at' in effect ? effect.at : 0);
    const post = (posting: Posting, key = keyOf(effect)) => this.post(key, posting);
    switch (effect.type) {
      case 'issue_invoice':
        return this.issue(effect.invoice);
      case 'void_invoice':
        return this.void(effect.invoice, effect.at);
      case 'record_payment':
      case 'record_unapplied_payment':
        return this.pay(effect);
      case 'issue_credit_note':
        return this.credits(effect);
      case 'write_off_invoice': {
        const kept = this.kept.get(effect.invoice)!;
        if (kept.state !== 'open') return;
        kept.state = 'uncollectible';
        return post(writtenOff(effect.amount, about));
      }
      case 'request_refund': {
        const { refund: id, payment, amount, attempt, from } = effect;
        if (this.refunds.has(id)) return;
        const unapplied = from === 'unapplied_cash' ? amount : 0;
        this.refunds.set(id, { id, payment, amount, unapplied, attempt, state: 'requested' });
        this.staysWithinPayment(payment);
        return from === 'credit_note' ? undefined : post(refundPromised(amount, from, about));
      }
      case 'repeat_refund': {
        const kept = this.refunds.get(effect.refund)!;
        must(kept.state === 'failed', `${effect.refund} is asked for again, and has not failed`);
        this.refunds.set(effect.refund, { ...kept, attempt: effect.attempt, state: 'requested' });
        return;
      }
      case 'settle_refund': {
        const kept = this.refunds.get(effect.refund);
        if (!kept || kept.attempt !== effect.attempt || !BEFORE[effect.outcome].includes(kept.state)) return;
        this.refunds.set(effect.refund, { ...kept, state: effect.outcome });
        if (effect.outcome === 'succeeded') return post(refundPaid(kept.amount, about));
        if (effect.outcome === 'credited') return post(refundCredited(kept.amount, about));
        return kept.state === 'succeeded' ? post(refundFailed(kept.amount, about)) : undefined;
      }
      case 'record_refund': {
        const { refund: id, payment, amount, unapplied } = effect;
        if (this.refunds.has(id)) return;
        this.refunds.set(id, { id, payment, amount, unapplied, attempt: 1, state: 'succeeded' });
        if (unapplied > 0) post(refundPromised(unapplied, 'unapplied_cash', about), `promised/${id}`);
        return post(refundPaid(amount, about));
      }
      case 'record_dispute': {
        const { dispute: id, payment, inquiry, outcome } = effect;
        const known = this.disputes.get(id) ?? { id, payment, withdrawn: 0, reinstated: 0, outcome: null };
        this.disputes.set(id, { ...known, inquiry, outcome: known.outcome ?? outcome });
        return;
      }
      case 'move_dispute_funds': {
        const { dispute, direction, amount, fee } = effect;
        if (this.posted.has(keyOf(effect))) return;
        this.disputes.set(dispute, { ...this.disputes.get(dispute)!, [direction]: amount });
        const moved = direction === 'withdrawn' ? disputeFundsWithdrawn : disputeFundsReinstated;
        return post(moved(amount, fee, about));
      }
      case 'settle_carried':
        this.settled.push(effect.amount);
        return post(carriedSettled(effect.amount, about));
      case 'earn_rest':
        this.spans.push(
          ...this.spans.flatMap(({ invoice, span }) => endedOn(span, effect.day).map((span) => ({ invoice, span }))),
        );
    }
  }

  private issue(invoice: Invoice): void {
    const { id, issuedAt: at } = invoice;
    must(!this.kept.has(id), `${id} is issued once`);
    this.invoices.set(id, invoice);
    const { payments: _, lines, ...kept } = creditableOf(invoice);
    this.kept.set(id, { ...kept, invoice, lines: [...lines] });
    this.post(`invoice/${id}`, invoiceIssued(invoice.lines, this.about(at)));
    if (invoice.creditApplied > 0) this.post(`credit/${id}`, creditApplied(invoice.creditApplied, this.about(at)));
    for (const line of invoice.lines) {
      const span = spanOf(line, dayOf(at, this.timeZone));
      if (span) this.spans.push({ invoice: id, span });
    }
  }

  private void(id: InvoiceId, at: Instant): void {
    const kept = this.kept.get(id)!;
    if (kept.state !== 'open' && kept.state !== 'uncollectible') return;
    kept.state = 'void';
    this.invoices.delete(id);
    this.post(`void/${id}`, invoiceVoided(kept.invoice.lines, this.about(at)));
    if (kept.creditApplied > 0) this.post(`credit_returned/${id}`, creditReturned(kept.creditApplied, this.about(at)));
    const own = this.spans.filter((each) => each.invoice === id);
    const day = dayOf(at, this.timeZone);
    this.spans.push(...own.map(({ span }) => ({ invoice: id, span: mirrored(span, day) })));
  }

  private pay(effect: Of<'record_payment' | 'record_unapplied_payment'>) {
    const { payment: id, invoice, amount, at } = effect;
    if (this.payments.has(id)) return;
    const outside = effect.outside !== undefined;
    const unapplied = effect.type === 'record_payment' ? (effect.unapplied ?? 0) : amount;
    const applied = amount - unapplied;
    this.payments.set(id, { id, invoice, amount, applied, outside });
    if (effect.type === 'record_unapplied_payment') {
      return this.post(`payment/${id}`, unappliedPaymentReceived(amount, this.about(at), { outside }));
    }
    this.post(`payment/${id}`, paymentReceived(amount, this.about(at), { unapplied, outside }));
    if (effect.recovers) this.post(`recovered/${id}`, writeOffReversed(applied, this.about(at)));
    const kept = this.kept.get(invoice)!;
    kept.paid += applied;
    this.close(kept);
  }

  private close(kept: Kept): void {
    const isOwed = kept.state === 'open' || kept.state === 'uncollectible';
    if (isOwed && kept.paid + kept.creditedOpen >= kept.amountDue) kept.state = 'paid';
  }

  private credits({ note, spans, at }: Of<'issue_credit_note'>): void {
    const { id, invoice, to, total } = note;
    const kept = this.kept.get(invoice)!;
    must(!this.notes.some((known) => known.id === id), `${id} is issued once`);
    must(['open', 'paid', 'uncollectible'].includes(kept.state), `${id} credits ${invoice}, which is ${kept.state}`);
    const left =
      to === 'open'
        ? kept.amountDue - kept.paid - kept.creditedOpen
        : kept.creditApplied + kept.paid - kept.creditedBack;
    must(total <= left, `${id} credits ${total} of ${left}`);
    if (to === 'open') kept.creditedOpen += total;
    else kept.creditedBack += total;
    must(kept.creditedOpen + kept.creditedBack <= kept.total, `${invoice} is credited above its total`);
    for (const { line: i, amount } of note.lines) {
      const line = kept.lines[i]!;
      kept.lines[i] = { ...line, credited: line.credited + amount };
      const whole = grossOf({ ...line, taxes: line.taxes });
      const after = line.credited + amount;
      must(whole >= 0 ? after >= 0 && after <= whole : after <= 0 && after >= whole, `${id} is above line ${i}`);
    }
    kept.notes += 1;
    if (to === 'open') this.close(kept);
    this.notes.push(note);
    this.post(`credit_note/${id}`, creditNoteIssued(note, this.about(at)));
    this.spans.push(...spans.map(({ span }) => ({ invoice, span })));
  }

  /** More than came can't go back. */
  private staysWithinPayment(id: string): void {
    const { amount, refunded, withdrawn } = this.refundable(this.payments.get(id)!);
    must(refunded + withdrawn <= amount, `${id}: ${refunded} goes back, and ${withdrawn} was taken, of ${amount}`);
  }

  /** Once a key, and the customer's credit never below zero. */
  private post(key: string, posting: Posting): void {
    if (this.posted.has(key)) return;
    this.posted.add(key);
    const entries = entriesOf(posting);
    must(sum(entries.map(({ amount }) => amount)) === 0, `${key} does not balance`);
    for (const { account, amount } of entries) {
      this.balances.set(account.code, this.balance(account.code) + amount);
    }
    must(this.credit >= 0, `${key} leaves a credit of ${this.credit}`);
  }

  private about = (at: Instant): About => ({ customer: 'cus_1', subscription: 'sub_1', currency: 'usd', at });
}
