/**
 * The chart of accounts, and one function per kind of posting. A transfer is a positive amount from one account to
 * another, so a posting balances by its shape. In the books `from` is credited and `to` debited.
 */
import type { Currency } from './currency.ts';
import type { CustomerId, SubscriptionId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Instant } from './time.ts';

type AccountRule = {
  /** On which side it grows. */
  kind: 'debit' | 'credit';
  /** A customer's own, so that what one owes is one row to read, and no two customers wait for the same row. */
  perCustomer: boolean;
  meaning: string;
};

export const chart = {
  receivable: { kind: 'debit', perCustomer: true, meaning: 'what a customer owes on issued invoices' },
  processor_clearing: { kind: 'debit', perCustomer: false, meaning: 'paid, and still with the processor' },
  cash: { kind: 'debit', perCustomer: false, meaning: 'paid out to the bank' },
  customer_credit: { kind: 'credit', perCustomer: true, meaning: 'what a customer may use up on later invoices' },
  unapplied_cash: { kind: 'credit', perCustomer: true, meaning: 'money for which nothing was owed' },
  deferred_revenue: { kind: 'credit', perCustomer: false, meaning: 'invoiced, and not yet earned' },
  revenue: { kind: 'credit', perCustomer: false, meaning: 'earned' },
  credit_granted: { kind: 'debit', perCustomer: false, meaning: 'credit given for nothing: what that costs us' },
  refunds: { kind: 'debit', perCustomer: false, meaning: 'given back to customers: it lessens revenue' },
} as const satisfies Record<string, AccountRule>;

export type AccountCode = keyof typeof chart;
export type Account = { code: AccountCode; owner: CustomerId | null };
type Transfer = { from: Account; to: Account; amount: number };

export type PostingKind =
  | 'invoice_issued'
  | 'invoice_voided'
  | 'payment_received'
  | 'unapplied_payment_received'
  | 'refund_paid'
  | 'credit_granted'
  | 'credit_withdrawn'
  | 'unapplied_cash_applied'
  | 'revenue_recognised';

export type Posting = {
  kind: PostingKind;
  at: Instant;
  currency: Currency;
  subscription: SubscriptionId | null;
  transfers: readonly Transfer[];
};
/** Posted once per key, whoever comes with it first. */
export type KeyedPosting = Posting & { key: string };

/** Whom a posting is about, and when it is said to have happened. */
export type About = { customer: CustomerId; subscription: SubscriptionId | null; currency: Currency; at: Instant };

/** The whole amount is owed and none of it earned yet. */
export const invoiceIssued = (amount: number, about: About): Posting =>
  posting('invoice_issued', about, 'deferred_revenue', 'receivable', amount);

export const invoiceVoided = (amount: number, about: About): Posting =>
  posting('invoice_voided', about, 'receivable', 'deferred_revenue', amount);

export const paymentReceived = (amount: number, about: About): Posting =>
  posting('payment_received', about, 'receivable', 'processor_clearing', amount);

/** Money that nothing was owed for is a debt of ours until it is used or given back. */
export const unappliedPaymentReceived = (amount: number, about: About): Posting =>
  posting('unapplied_payment_received', about, 'unapplied_cash', 'processor_clearing', amount);

/** Giving back unapplied money settles that debt; anything else lessens revenue. */
export const refundPaid = (amount: number, unapplied: boolean, about: About): Posting =>
  posting('refund_paid', about, 'processor_clearing', unapplied ? 'unapplied_cash' : 'refunds', amount);

/** Given for nothing: an expense from the day on which it is given, whenever it is used. */
export const creditGranted = (amount: number, about: About): Posting =>
  posting('credit_granted', about, 'customer_credit', 'credit_granted', amount);

export const creditWithdrawn = (amount: number, about: About): Posting =>
  posting('credit_withdrawn', about, 'credit_granted', 'customer_credit', amount);

/** Money for which nothing was owed may be used up on what will be. */
export const unappliedCashApplied = (amount: number, about: About): Posting =>
  posting('unapplied_cash_applied', about, 'customer_credit', 'unapplied_cash', amount);

export const revenueRecognised = (amount: number, about: About): Posting =>
  posting('revenue_recognised', about, 'revenue', 'deferred_revenue', amount);

/** Nothing moves where the amount is zero: an invoice of nothing, a free period. A negative one is a bug. */
function posting(kind: PostingKind, about: About, from: AccountCode, to: AccountCode, amount: number): Posting {
  invariant(Number.isSafeInteger(amount) && amount >= 0, `${kind}: a transfer is a positive amount, got ${amount}`);
  const { customer, subscription, currency, at } = about;
  const of = (code: AccountCode): Account => ({ code, owner: chart[code].perCustomer ? customer : null });
  return { kind, at, currency, subscription, transfers: amount === 0 ? [] : [{ from: of(from), to: of(to), amount }] };
}

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
