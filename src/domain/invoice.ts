import type { Currency } from './currency.ts';
import type { HeldDiscount, LineDiscount } from './discount.ts';
import type { Earning } from './earning.ts';
import type { InvoiceId, PaymentId, PaymentMethodId } from './ids.ts';
import type { DeclineClass } from './input.ts';
import type { LineTax, TaxCategory, TaxRate } from './tax.ts';
import type { Day, Instant } from './time.ts';
import type { UsageSpan } from './usage.ts';

export type InvoiceLine = {
  description: string;
  quantity: number;
  /** A decimal of minor units; null where the amount is not the quantity times one price. */
  unitPrice: string | null;
  /** Before discount, and before a tax that comes on top. */
  amount: number;
  /** Half-open local days: the first is paid for, the last is not. */
  period: { from: Day; to: Day } | null;
  /** The arithmetic in words: of tiers, and of a part of a period's price. */
  proration: string | null;
  /** Whose revenue it is. */
  product?: string;
  /** Without it: the standard one. */
  taxCategory?: TaxCategory;
  taxInclusive?: boolean;
  /** The taxes of what it gives back; without it, those that hold. */
  rates?: readonly TaxRate[];
  /** Credits and what is carried from invoice to invoice had their discount already. */
  discountable?: false;
  /** Null where its days earn alike: a part of its amount each. Without a period it is earned when it is issued. */
  earning?: Earning | null;
  /** Carried from or to another invoice: it is nobody's revenue here. */
  carried?: true;
  /** The invoice that it corrects, as more or less was used than it had billed. */
  adjusts?: InvoiceId;
  discount?: number;
  discounts?: LineDiscount[];
  taxes?: LineTax[];
};

/** Name by name, so that all lines of all invoices have one shape: see `next-state.ts`. */
export const withTaxes = (line: InvoiceLine, taxes: LineTax[]): Whole<InvoiceLine> & { taxes: LineTax[] } => ({
  description: line.description,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  amount: line.amount,
  period: line.period,
  proration: line.proration,
  product: line.product,
  taxCategory: line.taxCategory,
  taxInclusive: line.taxInclusive,
  rates: line.rates,
  discountable: line.discountable,
  earning: line.earning,
  carried: line.carried,
  adjusts: line.adjusts,
  discount: line.discount,
  discounts: line.discounts,
  taxes,
});

/** A field that is forgotten does not compile. */
type Whole<T> = { [Name in keyof Required<T>]: T[Name] };

/** How an invoice is to be paid: charged by us, or sent, and paid within that many days. */
export type Collect = { by: 'charge' } | { by: 'send'; netDays: number; purchaseOrder: string | null };

export const CHARGE: Collect = { by: 'charge' };

/** An invoice as the core issues it. Its number is given in the transaction that stores it. */
export type Invoice = {
  id: InvoiceId;
  currency: Currency;
  lines: InvoiceLine[];
  subtotal: number;
  discount: number;
  /** All taxes, those inside the prices included. */
  tax: number;
  /** Those inside the prices. */
  taxIncluded: number;
  total: number;
  creditApplied: number;
  amountDue: number;
  issuedAt: Instant;
  dueAt: Instant;
  collect: Collect['by'];
  purchaseOrder: string | null;
  /** Names the wording that the law asks for: of a reverse charge, say. */
  taxNote: string | null;
};

/** Not issued yet: it has no number, and may still get lines. */
export type DraftInvoice = {
  id: InvoiceId;
  lines: readonly InvoiceLine[];
  finaliseAt: Instant;
  collect: Collect;
  /** Those that were held when it was billed. */
  discounts?: HeldDiscount[];
  /** What was used is counted when it is finalised. */
  usage?: readonly UsageSpan[];
};

export type Retry = { paymentMethod: PaymentMethodId | null; onSession: boolean };

/** What happens next to get an invoice paid. */
export type Collection =
  /** An attempt is on its way to the processor; there is at most one an invoice. */
  | { step: 'charging' }
  /** Declined; tried again then. */
  | { step: 'retrying'; at: Instant }
  /** The customer has to confirm it, 3-D Secure say. `next` is tried once this payment is canceled. */
  | { step: 'needs_action'; payment: PaymentId; next: Retry | null }
  /** The processor has it and answers in days. */
  | { step: 'processing'; payment: PaymentId }
  /** Sent to the customer, who pays by itself. */
  | { step: 'sent' }
  /** Nothing more happens by itself: another method, a command or a person is needed. */
  | { step: 'stopped' };

/** An invoice that the subscription still waits for. */
export type OpenInvoice = {
  id: InvoiceId;
  /** What is still to be paid. */
  amount: number;
  dueAt: Instant;
  /** How many tries there were, the one on its way included. */
  attempts: number;
  /** When the first try failed, or a sent one was overdue: the retry ladder counts from it. */
  failedAt: Instant | null;
  lastDecline: string | null;
  /** What kind of decline that was. */
  lastClass?: DeclineClass | undefined;
  collection: Collection;
  /** Nobody charges it unasked. */
  sent?: true | undefined;
  /** Given up as lost in the books. It is still owed. */
  writtenOff?: true | undefined;
  /** Left behind by a downgrade: nobody is dunned for it any more. */
  left?: true | undefined;
};

export type Sums = Pick<Invoice, 'subtotal' | 'discount' | 'tax' | 'taxIncluded' | 'total'>;

/** Subtotal, less discount, and the taxes that are not inside the prices already. */
export function sumsOf(lines: readonly InvoiceLine[]): Sums {
  let [subtotal, discount, tax, taxIncluded] = [0, 0, 0, 0];
  for (const line of lines) {
    subtotal += line.amount;
    discount += line.discount ?? 0;
    for (const { amount, inclusive } of line.taxes ?? []) {
      tax += amount;
      if (inclusive) taxIncluded += amount;
    }
  }
  return { subtotal, discount, tax, taxIncluded, total: subtotal - discount + tax - taxIncluded };
}

/** What a line comes to, discount and taxes included. */
export const totalOfLine = (line: InvoiceLine): number => sumsOf([line]).total;

/** What a line brings in, without taxes. */
export const netOfLine = (line: InvoiceLine): number => {
  const { total, tax } = sumsOf([line]);
  return total - tax;
};

export const totalOf = (lines: readonly InvoiceLine[]): number => lines.reduce((sum, line) => sum + line.amount, 0);
