/**
 * A payment processor in the words of billing. What a processor calls its objects stays behind this interface; what it
 * can't do it declares, and whoever asks looks there first.
 *
 * Every order carries a key named after the business fact, so asking twice changes nothing. An expected answer is a
 * value; no answer is a `ProcessorTrouble`, thrown.
 */
import type { Claim, Seen } from '../domain/claim.ts';
import type { Currency } from '../domain/currency.ts';
import type { SeenInvoice, SeenLine, SeenPayment, SeenSubscription } from '../domain/followed.ts';
import type { CustomerId, InvoiceId, Mode, PaymentId, RefundId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { DeclineClass } from '../domain/input.ts';
import type { Money } from '../domain/money.ts';
import type { Order } from '../domain/order.ts';
import type { Terms } from '../domain/price-book.ts';
import type { Processor as ProcessorName } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';

type Capabilities = {
  /** Who counts the invoices: we and charge for each, or the processor, and we follow. */
  invoices: 'engine' | 'processor';
  /** A charge can be called off while it waits for the customer. */
  cancelsPayments: boolean;
  /** Time can be moved on the processor's side, for customers made on one of its clocks. */
  clocks: boolean;
  /** Below this it takes nothing. */
  minimumCharge: (currency: Currency) => number;
  /** And nothing but multiples of this. */
  chargeStep: (currency: Currency) => number;
  /** How long the processor remembers a key. Older than that, a charge is looked up before it is asked for again. */
  keysLiveMs: number;
  /** Its names of payment methods are kept as ours; otherwise ours is another, and its own is kept sealed. */
  namesMethods: boolean;
  /** A method is saved by the processor's code in the customer's browser, or on a page of its own, from where they come back. */
  savesMethods: 'in_browser' | 'on_its_page';
};

/** The processor's own name of one of our customers. */
export type ProcessorCustomerId = string;

export type CustomerRequest = {
  tenant: TenantId;
  mode: Mode;
  customer: CustomerId;
  /** The processor's own clock, where the customer lives on one. */
  clock: string | null;
};

/** What is kept of a payment method, and nothing more. `id` is the processor's name of it. */
export type PaymentMethod = {
  id: string;
  customer: ProcessorCustomerId | null;
  brand: string | null;
  last4: string | null;
};

/** One attempt to collect one invoice. */
export type ChargeRequest = {
  tenant: TenantId;
  mode: Mode;
  subscription: SubscriptionId;
  invoice: InvoiceId;
  attempt: number;
  /** Stored before the call; the same for every repeat of this attempt. */
  key: string;
  /** And when that was, by the subscription's time: on a test clock it may be ahead of the wall. */
  requestedAt: Instant;
  customer: ProcessorCustomerId;
  /** As the processor calls it. */
  paymentMethod: string;
  amount: number;
  currency: Currency;
  /** The customer is there and can confirm it. */
  onSession: boolean;
};

/** The processor's own, equal for equal cards. It is kept nowhere but as a keyed hash. */
export type CardFingerprint = string;

export type ChargeAnswer =
  | { outcome: 'succeeded'; payment: PaymentId; amount: number; card?: CardFingerprint }
  | {
      outcome: 'declined';
      payment: PaymentId | null;
      decline: DeclineClass;
      code: string;
      /** The card network's. */
      advice?: string;
      card?: CardFingerprint;
    }
  | { outcome: 'needs_action'; payment: PaymentId }
  | { outcome: 'processing'; payment: PaymentId }
  | { outcome: 'canceled'; payment: PaymentId };

export type ChargeSought = Pick<ChargeRequest, 'tenant' | 'mode' | 'invoice' | 'attempt' | 'customer' | 'requestedAt'>;

export type CancelRequest = { tenant: TenantId; mode: Mode; payment: PaymentId; key: string };
export type CancelAnswer =
  | { outcome: 'canceled' }
  /** Too late: the money is here. */
  | { outcome: 'succeeded'; amount: number }
  /** Too late to call off, too early to know. */
  | { outcome: 'processing' };

export type RefundRequest = {
  tenant: TenantId;
  mode: Mode;
  subscription: SubscriptionId;
  /** Null where it gives back customer credit. */
  invoice: InvoiceId | null;
  /** Ours, and which try this is. */
  refund: RefundId;
  attempt: number;
  payment: PaymentId;
  amount: number;
  currency: Currency;
  /** Of this attempt: the same for each repeat of it, and another for the next. */
  key: string;
};
export type RefundAnswer =
  | { outcome: 'succeeded'; refund: string; amount: number }
  | { outcome: 'processing'; refund: string }
  | { outcome: 'failed'; refund: string | null; code: string };

export type SetupRequest = {
  customer: ProcessorCustomerId;
  key: string;
  /** Where the customer comes back to, where that is on a page of the processor's. */
  returnUrl: string | null;
};
/** The customer's browser saves a method with this secret, or agrees at this address. It is handed through and stored nowhere. */
export type Setup = { id: string; clientSecret: string | null; approveUrl: string | null };
export type SetupState = {
  state: 'open' | 'succeeded' | 'canceled';
  customer: ProcessorCustomerId | null;
  paymentMethod: string | null;
};

/** One of our subscriptions that the processor collects. */
export type CollectedRef = {
  tenant: TenantId;
  mode: Mode;
  subscription: SubscriptionId;
  customer: ProcessorCustomerId;
};

export type OrderRequest = CollectedRef & {
  order: Order;
  /** The processor's own name of the subscription; null until it has one. */
  theirs: string | null;
  /** Stored before the call; the same for every repeat of this order. */
  key: string;
  /** The order may have been carried out, and its answer lost. */
  lookFirst: boolean;
};

/** What it has become; or why not, by a code. */
export type OrderAnswer = { seen: SeenSubscription } | { refused: string };

type Whose = Pick<CollectedRef, 'tenant' | 'mode' | 'subscription'>;
export type Confirmation = { clientSecret?: string; approveUrl?: string };

export type SeenWhole = { invoice: SeenInvoice; payments: SeenPayment[] };
export type ChangeQuote = { lines: readonly SeenLine[]; total: number };

/** What a price book says and this processor can't do. */
export type Uncarried = { path: string; carried: string; wanted: string };

/** A page of the processor's, which is left when its time is over. The address is handed through and stored nowhere. */
export type Page = { id: string; url: string | null };

/** A processor that can collect subscriptions by itself, and tells what it does. */
export type Collector = {
  /** Null where it can carry these terms. */
  uncarried(terms: Terms, quantity: number): Uncarried | null;
  carryOut(request: OrderRequest): Promise<OrderAnswer>;
  /** Null where it has no such object, or it is another subscription's. */
  readSubscription(theirs: string, whose: Whose): Promise<SeenSubscription | null>;
  readInvoice(theirs: string, whose: Whose): Promise<SeenWhole | null>;
  /** What a change made now would cost. Nothing is changed. */
  quote(request: {
    theirs: string;
    terms: Terms;
    quantity: number;
    proration: 'invoice_now' | 'next_invoice' | 'none';
    tenant: TenantId;
    mode: Mode;
  }): Promise<ChangeQuote>;
  /** For the customer's browser, while it waits for them: to confirm the payment, or to agree on the processor's page. */
  fetchConfirmation(theirs: string): Promise<Confirmation>;
  /** Where the customer begins the subscription. */
  openCheckout(
    request: CollectedRef & {
      terms: Terms;
      quantity: number;
      trialDays: number;
      successUrl: string;
      cancelUrl: string;
      key: string;
    },
  ): Promise<Page>;
  readCheckout(id: string): Promise<Page | null>;
  /** Where the customer sees to methods and invoices. */
  openPortal(request: { customer: ProcessorCustomerId; returnUrl: string; key: string }): Promise<Page>;
};

/** One movement of our balance at the processor: what came or went, and what was kept of it. */
export type Settlement = {
  id: string;
  kind: 'payment' | 'refund' | 'dispute';
  /** The processor's name of that payment, refund or dispute. */
  subject: string;
  payment: PaymentId | null;
  customer: ProcessorCustomerId | null;
  /** What we have written on it. */
  marked: { tenant: string; mode: string; refund: string | null } | null;
  /** In the currency that was charged; negative where it went. */
  moved: Money;
  /** What of that is ours in the end, in the currency that is paid out. */
  settled: Money;
  fee: number;
  at: Instant;
};

/** Money that went from the processor to the bank. */
export type Payout = { id: string; state: 'on_its_way' | 'paid' | 'failed'; paid: Money; at: Instant };

/** As it would have sent them, a page at a time, the newest first. `undelivered`: at least those that somebody has not taken. */
export type ListEvents = (query: { since: Instant; undelivered: boolean }) => AsyncIterable<readonly unknown[]>;

/** What a processor has written down, a page at a time, the newest first. */
export type ProcessorRecords = {
  settlements(query: { since: Instant }): AsyncIterable<readonly Settlement[]>;
  payouts(query: { since: Instant }): AsyncIterable<readonly Payout[]>;
  /** What a payout is made of. */
  settlementsOf(payout: string): AsyncIterable<readonly Settlement[]>;
  /** What it has taken or given back under that name, as positive as the books have it. Null where it knows of none. */
  read(kind: 'payment' | 'refund', name: string): Promise<Money | null>;
};

export type PaymentProcessor = {
  readonly name: ProcessorName;
  readonly capabilities: Capabilities;

  ensureCustomer(request: CustomerRequest): Promise<ProcessorCustomerId>;

  createSetup(request: SetupRequest): Promise<Setup>;
  readSetup(setup: string): Promise<SetupState | null>;
  /** Null when the processor knows no such method. */
  readPaymentMethod(id: string): Promise<PaymentMethod | null>;
  /** Puts a method that the customer's browser has made on the customer. Answers under its lasting id. */
  attach(request: {
    customer: ProcessorCustomerId;
    paymentMethod: string;
    key: string;
  }): Promise<PaymentMethod | { refused: string }>;
  detach(id: string): Promise<void>;

  charge(request: ChargeRequest): Promise<ChargeAnswer>;
  /** The attempt's charge as the processor knows it, or null where it never began. */
  findCharge(sought: ChargeSought): Promise<ChargeAnswer | null>;
  cancelPayment(request: CancelRequest): Promise<CancelAnswer>;
  refund(request: RefundRequest): Promise<RefundAnswer>;
  /** What an event has claimed, as the processor itself shows it now. Null where it has no such thing. */
  look(about: Claim['about'], id: string): Promise<Seen | null>;
  /** A clock on the processor's side, for test customers that are made on it. Only where `capabilities.clocks` says so. */
  createClock(request: { now: Instant; key: string }): Promise<string>;
  /** Answers when everything due there on the way has happened. */
  advanceClock(clock: string, to: Instant): Promise<void>;

  /** For the customer's browser, while the payment waits for them. */
  fetchClientSecret(payment: PaymentId): Promise<string | null>;

  /** Where the processor can collect subscriptions by itself. */
  readonly collector?: Collector;
  /** Where it can be asked what it has told, and what it has written down. */
  readonly events?: ListEvents;
  readonly records?: ProcessorRecords;
};
