import type { CreditNoteRow, DisputeRow, RefundRow } from '../db/credit-notes.ts';

const money = (amount: number, currency: string) => ({ amount, currency });
const iso = (at: Date): string => at.toISOString();
const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

export const showCreditNote = (row: CreditNoteRow) => ({
  id: row.id,
  number: row.number,
  invoiceId: row.invoice_id,
  subscriptionId: row.subscription_id,
  customerId: row.customer_id,
  to: row.to,
  reason: row.reason,
  lines: row.lines.map(({ line, description, amount, gross, discount, taxes, from_day }) => ({
    ...{ line, description, amount: money(amount, row.currency), gross: money(gross, row.currency) },
    discount: money(discount, row.currency),
    tax: money(
      taxes.reduce((sum, tax) => sum + tax.amount, 0),
      row.currency,
    ),
    from: from_day,
  })),
  tax: money(row.tax, row.currency),
  total: money(row.total, row.currency),
  issuedAt: iso(row.issued_at),
});

export const showRefund = (row: RefundRow) => ({
  id: row.id,
  state: row.state,
  amount: money(row.amount, row.currency),
  paymentId: row.payment_id,
  invoiceId: row.invoice_id,
  creditNoteId: row.credit_note_id,
  subscriptionId: row.subscription_id,
  from: row.from,
  outside: row.outside,
  attempt: row.attempt,
  code: row.code,
  requestedAt: iso(row.requested_at),
  refundedAt: isoOrNull(row.refunded_at),
  failedAt: isoOrNull(row.failed_at),
});

export const showDispute = (row: DisputeRow) => ({
  id: row.id,
  paymentId: row.payment_id,
  invoiceId: row.invoice_id,
  subscriptionId: row.subscription_id,
  customerId: row.customer_id,
  amount: money(row.amount, row.currency),
  reason: row.reason,
  inquiry: row.inquiry,
  outcome: row.outcome,
  withdrawn: money(row.withdrawn, row.currency),
  reinstated: money(row.reinstated, row.currency),
  fee: money(row.fee, row.currency),
  openedAt: iso(row.opened_at),
  closedAt: isoOrNull(row.closed_at),
});
