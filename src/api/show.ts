/** Rows as they go over the wire. */

import type { ApiKey } from '../db/api-keys.ts';
import type { AccountRow, EntryRow, TransactionRow } from '../db/books.ts';
import type { ClockRow } from '../db/clocks.ts';
import type { Customer } from '../db/customers.ts';
import type { InvoiceRow } from '../db/invoices.ts';
import type { InboxRow, OutboxRow } from '../db/messages.ts';
import type { PaymentMethodRow } from '../db/payment-methods.ts';
import { isIntact, type PriceBookRow } from '../db/price-books.ts';
import type { Causes } from '../db/reports/causes.ts';
import type { AttemptRow, DecisionRow, Posted, SubscriptionRow } from '../db/subscriptions.ts';
import type { Tenant } from '../db/tenants.ts';
import type { PlannedChange } from '../domain/change.ts';
import type { Currency } from '../domain/currency.ts';
import type { HeldDiscount } from '../domain/discount.ts';
import { keyOf } from '../domain/effect.ts';
import type { Forecast } from '../domain/forecast.ts';
import { type Invoice, type InvoiceLine, sumsOf } from '../domain/invoice.ts';
import type { Buyer } from '../domain/parties.ts';
import { chosenAddOns } from '../domain/price-book.ts';
import { isAccepted, type Subscription } from '../domain/subscription.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
const money = (amount: number, currency: string) => ({ amount, currency });

export const showSubscription = (row: SubscriptionRow) => ({
  id: row.id,
  customerId: row.customer_id,
  mode: row.mode,
  state: row.state,
  collection: row.collection,
  processor: row.processor,
  planId: row.plan_id,
  planName: isAccepted(row.document) ? row.document.terms.name : null,
  interval: isAccepted(row.document) ? row.document.terms.interval : null,
  priceBookId: row.price_book_id,
  quantity: row.quantity,
  addOns: isAccepted(row.document) ? chosenAddOns(row.document.terms) : [],
  currency: row.currency,
  timeZone: row.time_zone,
  anchorAt: iso(row.anchor_at),
  trialEndsAt: iso(row.trial_ends_at),
  currentPeriod: row.period_start && row.period_end ? { start: iso(row.period_start), end: iso(row.period_end) } : null,
  pendingChange: pendingChange(row.document),
  discounts: isAccepted(row.document) ? (row.document.discounts ?? []).map(showHeldDiscount) : [],
  nextDueAt: row.state === 'canceled' ? null : iso(row.next_due_at),
  cancelAt: iso(row.cancel_at),
  canceledAt: row.document.state === 'canceled' ? iso(new Date(row.document.endedAt)) : null,
  access: { level: row.access_level, until: iso(row.access_until) },
  clockId: row.clock_id,
  version: row.version,
  createdAt: iso(row.created_at),
});

const showHeldDiscount = ({ coupon, name, kind, duration, plans, promotionCode, since }: HeldDiscount) => ({
  couponId: coupon,
  name,
  percentOff: 'percent' in kind ? kind.percent : null,
  amountOff: 'percent' in kind ? null : money(kind.amount, kind.currency),
  duration: typeof duration === 'string' ? duration : 'repeating',
  periodsLeft: typeof duration === 'string' ? (duration === 'once' ? 1 : null) : duration.periods,
  plans: plans ?? null,
  promotionCodeId: promotionCode ?? null,
  since: iso(new Date(since)),
});

/** What takes hold when the period ends. */
function pendingChange(document: Subscription) {
  if (!isAccepted(document) || !document.pending) return null;
  const { terms, quantity } = document.pending;
  return { planId: terms.planId, planName: terms.name, quantity, at: new Date(document.period.end).toISOString() };
}

export type ShownPayment = {
  status: 'succeeded' | 'processing' | 'requires_action' | 'declined';
  clientSecret?: string;
  publishableKey?: string;
  approveUrl?: string;
  declineCode?: string;
};

export function showPayment(attempt: AttemptRow): ShownPayment {
  switch (attempt.state) {
    case 'succeeded':
      return { status: 'succeeded' };
    case 'requested':
    case 'processing':
      return { status: 'processing' };
    case 'needs_action':
      return { status: 'requires_action' };
    case 'failed':
    case 'canceled':
      return { status: 'declined', declineCode: attempt.code ?? attempt.state };
  }
}

/** An issued line and a previewed one look the same. */
export function showLine(line: InvoiceLine, currency: Currency) {
  const {
    description,
    quantity,
    unitPrice,
    amount,
    period,
    proration,
    discount = 0,
    discounts = [],
    taxes = [],
  } = line;
  return {
    ...{ description, quantity, unitPrice, amount: money(amount, currency), period, proration },
    discount: money(discount, currency),
    discounts: discounts.map(({ coupon, name, amount }) => ({
      couponId: coupon,
      name,
      amount: money(amount, currency),
    })),
    tax: money(sumsOf([line]).tax, currency),
    taxes: taxes.map((tax) => ({ ...tax, amount: money(tax.amount, currency) })),
  };
}

type Sums = { subtotal: number; discount: number; tax: number; total: number };
const showSums = ({ subtotal, discount, tax, total }: Sums, currency: Currency) => ({
  subtotal: money(subtotal, currency),
  discount: money(discount, currency),
  tax: money(tax, currency),
  total: money(total, currency),
});

/** What a change comes to: the lines of its invoice where there is one, its plain lines where they wait for the next. */
export const showChange = ({ lines, day, when, proration, invoice }: MadeChange, currency: Currency) => ({
  lines: (invoice?.lines ?? lines).map((line) => showLine(line, currency)),
  ...showSums(invoice ?? sumsOf(lines), currency),
  creditApplied: money(invoice?.creditApplied ?? 0, currency),
  amountDue: money(invoice?.amountDue ?? 0, currency),
  assumedDay: day,
  when,
  proration,
});

export type MadeChange = Pick<PlannedChange, 'lines' | 'day' | 'when' | 'proration'> & { invoice: Invoice | null };

export const showForecast = (
  { id, currency }: Pick<SubscriptionRow, 'id' | 'currency'>,
  { from, until, invoices, endsAs }: Forecast,
) => ({
  subscriptionId: id,
  from: iso(new Date(from)),
  until: iso(new Date(until)),
  invoices: invoices.map(({ issuedAt, dueAt, lines, total }) => ({
    issuedAt: iso(new Date(issuedAt)),
    dueAt: iso(new Date(dueAt)),
    lines: lines.map((line) => showLine(line, currency)),
    total: money(total, currency),
  })),
  total: money(
    invoices.reduce((sum, { total }) => sum + total, 0),
    currency,
  ),
  endsAs,
});

const remainingOf = (row: InvoiceRow): number =>
  row.state === 'open' || row.state === 'uncollectible' ? row.amount_due - row.amount_paid - row.credited_open : 0;

export const showInvoice = (row: InvoiceRow) => ({
  id: row.id,
  number: row.number,
  state: row.state,
  customerId: row.customer_id,
  subscriptionId: row.subscription_id,
  currency: row.currency,
  lines: row.lines.map((line) => showLine(line, row.currency)),
  ...showSums(row, row.currency),
  creditApplied: money(row.credit_applied, row.currency),
  amountDue: money(row.amount_due, row.currency),
  amountPaid: money(row.amount_paid, row.currency),
  amountCredited: money(row.credited_open + row.credited_back, row.currency),
  amountRemaining: money(remainingOf(row), row.currency),
  creditNotes: row.creditNotes.map(({ id, number, to, total, issued_at }) => ({
    ...{ id, number, to, total: money(total, row.currency), issuedAt: iso(issued_at) },
  })),
  issuedAt: iso(row.issued_at),
  dueAt: iso(row.due_at),
  paidAt: iso(row.paid_at),
  collect: row.collect,
  purchaseOrder: row.purchase_order,
  taxNote: row.tax_note,
  finaliseAt: iso(row.finalise_at),
});

export const showPaymentMethod = (row: PaymentMethodRow) => ({
  id: row.id,
  customerId: row.customer_id,
  processor: row.processor,
  brand: row.brand,
  last4: row.last4,
  isDefault: row.is_default,
  createdAt: iso(row.created_at),
});

export const showCustomer = (customer: Customer, subjects: string[], buyer: Buyer | undefined) => ({
  id: customer.id,
  externalId: customer.externalId,
  name: customer.name,
  email: customer.email,
  locale: customer.locale,
  timeZone: customer.timeZone,
  currency: customer.currency,
  subjects,
  address: buyer?.address ?? null,
  taxId: buyer?.taxId ?? null,
  taxIdState: buyer?.taxIdState ?? null,
  taxExempt: buyer?.taxExempt ?? false,
  clockId: customer.clockId,
  segment: customer.segment ?? null,
  createdAt: new Date(customer.createdAt).toISOString(),
  updatedAt: new Date(customer.updatedAt).toISOString(),
});

export const showPriceBook = (row: PriceBookRow) => ({
  id: row.id,
  version: row.version,
  state: row.state,
  document: row.document,
  contentHash: row.content_hash,
  intact: isIntact(row),
  effectiveAt: iso(row.effective_at),
  publishedAt: iso(row.published_at),
  createdAt: iso(row.created_at),
});

export const showClock = (row: ClockRow) => ({
  id: row.id,
  name: row.name,
  now: iso(row.now),
  target: iso(row.target),
  state: row.state,
  ...(row.reason === null ? {} : { reason: row.reason }),
  createdAt: iso(row.created_at),
});

export const showTenant = ({ id, name, timeZone, createdAt }: Tenant) => ({
  ...{ id, name, timeZone, createdAt: iso(createdAt) },
});

export const showKey = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  expiresAt: iso(key.expiresAt),
  lastUsedAt: iso(key.lastUsedAt),
  revokedAt: iso(key.revokedAt),
  createdAt: iso(key.createdAt),
});

/** `postings` are the subscription's; those that this decision's effects have made are its own. */
export const showCause = (row: DecisionRow, postings: readonly Posted[]) => {
  const keys = row.effects.map(keyOf);
  const ledger = postings.filter(({ key }) =>
    keys.some((each) => key === each || key === `${row.subscription_id}/${each}`),
  );
  return {
    version: row.version,
    at: iso(row.at),
    input: row.input.type,
    origin: row.input.origin,
    rule: row.rule,
    from: row.from_state,
    to: row.to_state,
    because: row.because,
    effects: keys,
    ledger: ledger.map(({ key, kind, at }) => ({ key, kind, at: iso(at) })),
  };
};

/** A customer's own account, a product's, a tax office's; or the tenant's. */
const showOwner = (owner: string) => ({
  owner: owner === '' ? null : owner,
  customerId: owner.startsWith('cus_') ? owner : null,
});

export const showAccount = (row: AccountRow) => ({
  code: row.code,
  ...showOwner(row.owner),
  kind: row.kind,
  // On the side on which the account grows, so that what one expects is positive.
  balance: money(row.kind === 'debit' ? row.amount : 0 - row.amount, row.currency),
});

export const showEntry = (row: EntryRow) => ({
  id: row.id,
  transactionId: row.transaction_id,
  key: row.key,
  kind: row.kind,
  at: iso(row.at),
  account: row.code,
  ...showOwner(row.owner),
  subscriptionId: row.subscription_id,
  invoiceId: row.invoice_id,
  debit: row.amount > 0 ? money(row.amount, row.currency) : null,
  credit: row.amount < 0 ? money(-row.amount, row.currency) : null,
});

export const showTransaction = (row: TransactionRow, { invoice, payment, refund, decision }: Causes) => ({
  id: row.id,
  key: row.key,
  kind: row.kind,
  at: iso(row.at),
  recordedAt: iso(row.recorded_at),
  subscriptionId: row.subscription_id,
  invoiceId: row.invoice_id,
  entries: row.entries.map(showEntry),
  cause: {
    invoice,
    payment: payment && { id: payment.id, receivedAt: iso(payment.received_at) },
    refund: refund && { id: refund.id, refundedAt: iso(refund.refunded_at) },
    decision: decision && {
      subscriptionId: decision.subscription_id,
      version: decision.version,
      rule: decision.rule,
      at: iso(decision.at),
      input: decision.input.type,
      origin: decision.input.origin,
    },
  },
});

export const showInboxEvent = (row: InboxRow) => ({
  id: row.id,
  provider: row.provider,
  account: row.account,
  eventId: row.event_id,
  type: row.type,
  state: row.state,
  reason: row.reason,
  subscriptionId: row.subscription_id,
  facts: row.facts,
  occurredAt: iso(row.occurred_at),
  receivedAt: iso(row.received_at),
  settledAt: iso(row.settled_at),
  replayedAt: iso(row.replayed_at),
  attempts: row.attempts,
  verifiedBy: row.verified_by,
});

export const showOutboxMessage = (row: OutboxRow) => ({
  id: row.event_id,
  type: row.type,
  subscriptionId: row.subscription_id,
  customerId: row.customer_id,
  version: row.version,
  data: row.payload,
  at: iso(row.at),
  createdAt: iso(row.written_at),
  relayedAt: iso(row.announced_at),
});
