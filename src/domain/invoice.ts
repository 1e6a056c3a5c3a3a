import type { Currency } from './currency.ts';
import type { InvoiceId, PaymentId, PaymentMethodId } from './ids.ts';
import type { Day, Instant } from './time.ts';

export type InvoiceLine = {
  description: string;
  quantity: number;
  /** A decimal of minor units; null where the amount is not the quantity times one price. */
  unitPrice: string | null;
  amount: number;
  /** Half-open local days: the first is paid for, the last is not. */
  period: { from: Day; to: Day } | null;
  /** The arithmetic in words: of tiers, and of a part of a period's price. */
  proration: string | null;
};

/** An invoice as the core issues it. Its number is given in the transaction that stores it. */
export type Invoice = {
  id: InvoiceId;
  currency: Currency;
  lines: InvoiceLine[];
  total: number;
  issuedAt: Instant;
  dueAt: Instant;
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
  /** Nothing more happens by itself: another method, a command or a person is needed. */
  | { step: 'stopped' };

/** An invoice that the subscription still waits for. */
export type OpenInvoice = {
  id: InvoiceId;
  amount: number;
  dueAt: Instant;
  /** How many tries there were, the one on its way included. */
  attempts: number;
  /** When the first try failed: the retry ladder counts from it. */
  failedAt: Instant | null;
  lastDecline: string | null;
  collection: Collection;
};

export const totalOf = (lines: readonly InvoiceLine[]): number => lines.reduce((sum, line) => sum + line.amount, 0);
