/**
 * The chart of accounts, and one function per kind of posting. A transfer is a positive amount from one account to
 * another, so a posting balances by its shape. In the books `from` is credited and `to` debited.
 */
import type { CreditNote } from './credit-note.ts';
import type { Currency } from './currency.ts';
import { type Earned, earnedAtIssue } from './earning.ts';
import type { CustomerId, InvoiceId, SubscriptionId } from './ids.ts';
import { invariant } from './invariant.ts';
import { type InvoiceLine, netOfLine } from './invoice.ts';
import type { Instant } from './time.ts';

type AccountRule = {
  /** On which side it grows. */
  kind: 'debit' | 'credit';
  /** One for each of these: what a customer owes is one row to read, and no two customers wait for the same row. */
  per: 'customer' | 'product' | 'jurisdiction' | null;
  meaning: string;
};

export const chart = {
  receivable: { kind: 'debit', per: 'customer', meaning: 'what a customer owes on issued invoices' },
  unbilled: { kind: 'debit', per: 'customer', meaning: 'carried from one invoice to the next' },
  processor_clearing: { kind: 'debit', per: null, meaning: 'paid, and still with the processor' },
  cash: { kind: 'debit', per: null, meaning: 'paid out to the bank' },
  disputes: { kind: 'debit', per: null, meaning: 'taken back by customers’ banks' },
  customer_credit: { kind: 'credit', per: 'customer', meaning: 'what a customer may use up on later invoices' },
  unapplied_cash: { kind: 'credit', per: 'customer', meaning: 'money for which nothing was owed' },
  deferred_revenue: { kind: 'credit', per: 'product', meaning: 'invoiced, and not yet earned' },
  tax_payable: { kind: 'credit', per: 'jurisdiction', meaning: 'collected for a tax office' },
  credit_granted: { kind: 'debit', per: null, meaning: 'credit given for nothing: what that costs us' },
  revenue: { kind: 'credit', per: 'product', meaning: 'earned, before discount' },
  discounts: { kind: 'debit', per: 'product', meaning: 'taken off what was earned: it lessens revenue' },
  refunds: { kind: 'credit', per: null, meaning: 'promised back to customers, and not paid yet' },
  processor_fees: { kind: 'debit', per: null, meaning: 'kept by the processor' },
  bad_debt: { kind: 'debit', per: null, meaning: 'written off: earned, and never paid' },
  rounding: { kind: 'debit', per: null, meaning: 'stays at zero: what is there is a mistake' },
} as const satisfies Record<string, AccountRule>;

export type AccountCode = keyof typeof chart;
export type Account = { code: AccountCode; owner: string | null };
type Transfer = { from: Account; to: Account; amount: number };

export type PostingKind =
  | 'invoice_issued'
  | 'invoice_voided'
  | 'credit_applied'
  | 'credit_returned'
  | 'payment_received'
  | 'unapplied_payment_received'
  | 'refund_promised'
  | 'refund_paid'
  | 'credit_granted'
  | 'credit_withdrawn'
  | 'unapplied_cash_applied'
  | 'written_off'
  | 'write_off_reversed'
  | 'refund_failed'
  | 'refund_credited'
  | 'credit_note_issued'
  | 'carried_settled'
  | 'dispute_funds_withdrawn'
  | 'dispute_funds_reinstated'
  | 'processor_fee_kept'
  | 'paid_out'
  | 'payout_returned'
  | 'revenue_recognised';

export type Posting = {
  kind: PostingKind;
  at: Instant;
  currency: Currency;
  subscription: SubscriptionId | null;
  transfers: readonly Transfer[];
};
/** Posted once per key, whoever comes with it first. What a customer owes is always owed for some invoice. */
export type KeyedPosting = Posting & { key: string; invoice?: InvoiceId | null };

/** Whom a posting is about, and when it is said to have happened. */
export type About = { customer: CustomerId; subscription: SubscriptionId | null; currency: Currency; at: Instant };

type Moving = Omit<About, 'customer'>;
const CLEARING: Account = { code: 'processor_clearing', owner: null };
const FEES: Account = { code: 'processor_fees', owner: null };
const CASH: Account = { code: 'cash', owner: null };

/** The whole is owed: the taxes to their offices, what is earned by the day not yet, the rest earned at once. */
export const invoiceIssued = (lines: readonly InvoiceLine[], about: About): Posting =>
  ofLines('invoice_issued', lines, about, ({ from, to, amount }) => ({ from, to, amount }));

export const invoiceVoided = (lines: readonly InvoiceLine[], about: About): Posting =>
  ofLines('invoice_voided', lines, about, ({ from, to, amount }) => ({ from: to, to: from, amount }));

const ofLines = (
  kind: PostingKind,
  lines: readonly InvoiceLine[],
  { customer, at, currency, subscription }: About,
  way: (transfer: Transfer) => Transfer,
): Posting => {
  const owed: Account = { code: 'receivable', owner: customer };
  return { kind, at, currency, subscription, transfers: broughtIn(lines, customer, owed).map(way) };
};

/** What lines bring in, from whom it comes to that account. Each account once: what several lines do to it is one amount. */
export function broughtIn(lines: readonly InvoiceLine[], customer: CustomerId, to: Account): Transfer[] {
  const parts = new Map<string, { account: Account; amount: number }>();
  const add = (code: AccountCode, owner: string | null, amount: number) => {
    const name = `${code}/${owner ?? ''}`;
    const part = parts.get(name) ?? { account: { code, owner }, amount: 0 };
    parts.set(name, { ...part, amount: part.amount + amount });
  };
  for (const line of lines) {
    const product = line.product ?? null;
    const atOnce = earnedAtIssue(line);
    if (line.carried) add('unbilled', customer, netOfLine(line));
    else if (!atOnce) add('deferred_revenue', product, netOfLine(line));
    else {
      add('revenue', product, atOnce.gross);
      add('discounts', product, -atOnce.discount);
    }
    for (const { jurisdiction, amount } of line.taxes ?? []) add('tax_payable', jurisdiction, amount);
  }
  return [...parts.values()].flatMap(({ account, amount }) => transfer(account, to, amount));
}

/** A negative amount goes the other way. */
const transfer = (from: Account, to: Account, amount: number): Transfer[] =>
  amount === 0 ? [] : amount > 0 ? [{ from, to, amount }] : [{ from: to, to: from, amount: -amount }];

/** Credit is a way of paying. */
export const creditApplied = (amount: number, about: About): Posting =>
  posting('credit_applied', about, 'receivable', 'customer_credit', amount);

export const creditReturned = (amount: number, about: About): Posting =>
  posting('credit_returned', about, 'customer_credit', 'receivable', amount);

type Receipt = {
  /** Of the amount, what nothing was owed for: a debt of ours until it is used or given back. */
  unapplied?: number;
  /** On another way than through a processor. */
  outside?: boolean;
};

export function paymentReceived(
  amount: number,
  about: About,
  { unapplied = 0, outside = false }: Receipt = {},
): Posting {
  const to = outside ? 'cash' : 'processor_clearing';
  return together('payment_received', about, [
    ['receivable', to, amount - unapplied],
    ['unapplied_cash', to, unapplied],
  ]);
}

/** Money that nothing at all was owed for. */
export const unappliedPaymentReceived = (amount: number, about: About, { outside }: Receipt = {}): Posting =>
  posting('unapplied_payment_received', about, 'unapplied_cash', outside ? 'cash' : 'processor_clearing', amount);

/** `credit_granted`: for nothing that we took back, and so a cost. */
type PromisedFrom = 'customer_credit' | 'unapplied_cash' | 'credit_granted';

/** From here on it is owed to the customer as money, and no longer as what it was. */
export const refundPromised = (amount: number, from: PromisedFrom, about: About): Posting =>
  posting('refund_promised', about, 'refunds', from, amount);

export const refundPaid = (amount: number, about: About): Posting =>
  posting('refund_paid', about, 'processor_clearing', 'refunds', amount);

/** The money is with the processor again, and still promised. */
export const refundFailed = (amount: number, about: About): Posting =>
  posting('refund_failed', about, 'refunds', 'processor_clearing', amount);

export const refundCredited = (amount: number, about: About): Posting =>
  posting('refund_credited', about, 'customer_credit', 'refunds', amount);

const PAID_BACK_FROM = { open: 'receivable', credit: 'customer_credit', refund: 'refunds' } as const;

/**
 * What was billed is taken back from where it was put. It lessens what is owed, or becomes the customer's credit, or is
 * promised as money. What of it was earned already, the days take back.
 */
export function creditNoteIssued(note: CreditNote, about: About): Posting {
  const { customer, at, currency, subscription } = about;
  const from = accountOf(PAID_BACK_FROM[note.to], customer);
  const lines = note.lines.map(({ description, gross, discount, taxes, product, period }) => ({
    ...{ description, amount: gross, discount, taxes: [...taxes], period },
    ...{ quantity: 1, unitPrice: null, proration: null },
    ...(product !== null && { product }),
  }));
  const transfers = broughtIn(lines, customer, from).map((each) => ({ ...each, from: each.to, to: each.from }));
  return { kind: 'credit_note_issued', at, currency, subscription, transfers };
}

/** The bank has taken the money, and the processor its fee. */
export const disputeFundsWithdrawn = (amount: number, fee: number, about: About): Posting =>
  together('dispute_funds_withdrawn', about, [
    ['processor_clearing', 'disputes', amount],
    ['processor_clearing', 'processor_fees', fee],
  ]);

/** The money is back; the fee, as far as the processor gives it back. */
export const disputeFundsReinstated = (amount: number, fee: number, about: About): Posting =>
  together('dispute_funds_reinstated', about, [
    ['disputes', 'processor_clearing', amount],
    ['processor_fees', 'processor_clearing', fee],
  ]);

/** Kept by the processor of what it has taken for us; a fee below zero is one that it gives back. */
export const processorFeeKept = (fee: number, about: Moving): Posting => ({
  ...{ kind: 'processor_fee_kept', ...about, transfers: transfer(CLEARING, FEES, fee) },
});

/** From the processor to the bank. Below zero where what went was more than what came. */
export const paidOut = (amount: number, about: Moving): Posting => ({
  ...{ kind: 'paid_out', ...about, transfers: transfer(CLEARING, CASH, amount) },
});

/** The bank did not take it: it is with the processor again. */
export const payoutReturned = (amount: number, about: Moving): Posting => ({
  ...{ kind: 'payout_returned', ...about, transfers: transfer(CASH, CLEARING, amount) },
});

/** Given for nothing: an expense from the day on which it is given, whenever it is used. */
export const creditGranted = (amount: number, about: About): Posting =>
  posting('credit_granted', about, 'customer_credit', 'credit_granted', amount);

export const creditWithdrawn = (amount: number, about: About): Posting =>
  posting('credit_withdrawn', about, 'credit_granted', 'customer_credit', amount);

/** Money for which nothing was owed may be used up on what will be. */
export const unappliedCashApplied = (amount: number, about: About): Posting =>
  posting('unapplied_cash_applied', about, 'customer_credit', 'unapplied_cash', amount);

/** It was earned all the same: what is not paid is a loss, and no less revenue. */
export const writtenOff = (amount: number, about: About): Posting =>
  posting('written_off', about, 'receivable', 'bad_debt', amount);

/** Paid or taken back after all: it is owed again first. */
export const writeOffReversed = (amount: number, about: About): Posting =>
  posting('write_off_reversed', about, 'bad_debt', 'receivable', amount);

/** There is no next invoice: what it would have taken off is the customer's, what it would have added is lost. */
export const carriedSettled = (amount: number, about: About): Posting =>
  amount < 0
    ? posting('carried_settled', about, 'customer_credit', 'unbilled', -amount)
    : posting('carried_settled', about, 'unbilled', 'bad_debt', amount);

/** What a day has earned, by product: revenue before discount, and the discount beside it. */
export const revenueRecognised = (
  parts: readonly ({ product: string | null } & Earned)[],
  { subscription, currency, at }: Omit<About, 'customer'>,
): Posting => ({
  ...{ kind: 'revenue_recognised', at, currency, subscription },
  transfers: parts.flatMap(({ product, gross, discount }) => {
    const of = (code: AccountCode): Account => ({ code, owner: product });
    return [
      ...transfer(of('revenue'), of('deferred_revenue'), gross - discount),
      ...transfer(of('revenue'), of('discounts'), discount),
    ];
  }),
});

const posting = (kind: PostingKind, about: About, from: AccountCode, to: AccountCode, amount: number): Posting =>
  together(kind, about, [[from, to, amount]]);

/** Nothing moves where the amount is zero: an invoice of nothing, a free period. A negative one is a bug. */
function together(kind: PostingKind, about: About, legs: readonly [AccountCode, AccountCode, number][]): Posting {
  const { customer, subscription, currency, at } = about;
  const transfers = legs.flatMap(([from, to, amount]) => {
    invariant(Number.isSafeInteger(amount) && amount >= 0, `${kind}: a transfer is a positive amount, got ${amount}`);
    return transfer(accountOf(from, customer), accountOf(to, customer), amount);
  });
  return { kind, at, currency, subscription, transfers };
}

const accountOf = (code: AccountCode, customer: CustomerId): Account => ({
  code,
  owner: chart[code].per === 'customer' ? customer : null,
});

export type Entry = { account: Account; currency: Currency; amount: number };

/** Two entries a transfer, debit positive: they sum to zero because of how they are made. */
export const entriesOf = ({ transfers, currency }: Posting): Entry[] =>
  transfers.flatMap(({ from, to, amount }) => {
    invariant(Number.isSafeInteger(amount) && amount > 0, `a transfer is a positive amount, got ${amount}`);
    return [
      { account: from, currency, amount: -amount },
      { account: to, currency, amount },
    ];
  });
