import type { Lasting } from './behaviour.ts';
import type { CheckoutPlan } from './checkout.ts';
import type { EndpointTrouble } from './endpoint-troubles.ts';
import type { Forging } from './forge.ts';
import type { RetryRules } from './retry-rules.ts';
import type {
  BalanceTransaction,
  Charge,
  CheckoutSession,
  Coupon,
  CreditNote,
  Customer,
  CustomerBalanceTransaction,
  Discount,
  Dispute,
  Invoice,
  InvoiceItem,
  InvoicePayment,
  PaymentIntent,
  PaymentMethod,
  Payout,
  PortalSession,
  Price,
  Product,
  PromotionCode,
  Refund,
  SetupIntent,
  StripeEvent,
  Subscription,
  SubscriptionSchedule,
  TestClock,
  WebhookEndpoint,
} from './wire.ts';

/** Stripe's objects as the API shows them, and below them what only the simulator knows. */
export type Tables = {
  customer: Customer;
  payment_method: PaymentMethod;
  setup_intent: SetupIntent;
  payment_intent: PaymentIntent;
  charge: Charge;
  refund: Refund;
  dispute: Dispute;
  balance_transaction: BalanceTransaction;
  payout: Payout;
  product: Product;
  price: Price;
  coupon: Coupon;
  promotion_code: PromotionCode;
  discount: Discount;
  subscription: Subscription;
  invoice: Invoice;
  invoiceitem: InvoiceItem;
  invoice_payment: InvoicePayment;
  credit_note: CreditNote;
  customer_balance_transaction: CustomerBalanceTransaction;
  'checkout.session': CheckoutSession;
  'billing_portal.session': PortalSession;
  subscription_schedule: SubscriptionSchedule;
  event: StripeEvent;
  webhook_endpoint: WebhookEndpoint;
  test_clock: TestClock;

  'sim.method': MethodNature;
  'sim.intent': IntentMemory;
  'sim.trouble': Trouble;
  'sim.endpoint': EndpointTrouble;
  'sim.forge': Forging;
  /** By how much (ms) the simulator's own time is ahead of the wall's. */
  'sim.clock': { id: 'clock'; ahead: number };
  'sim.due': Due;
  /** What is told once. */
  'sim.told': { id: string };
  /** The coupon as it was when a discount was given. */
  'sim.discount': { id: string; coupon: Coupon };
  /** To which subscription an item belongs. */
  'sim.item': { id: string; subscription: string };
  /** How often the processor itself has tried to collect an invoice. */
  'sim.tries': { id: string; count: number };
  'sim.retries': RetryRules;
  'sim.moved': Whereabouts;
  /** A change that waits for its invoice to be paid. */
  'sim.pending': { id: string; invoice: string; change: Partial<Subscription> };
  'sim.checkout': CheckoutPlan;
  /** Setups whose card is the customer's default when they succeed. */
  'sim.switch': { id: string; customer: string };
  'sim.key': KeptAnswer;
  'sim.secret': { id: string; secret: string };
  'sim.delivery': Delivery;
  'sim.mode': DeliveryMode;
  /** Ids of deleted customers, which Stripe still answers for. */
  'sim.gone': { id: string };
};
export type ObjectName = Exclude<keyof Tables, `sim.${string}`>;

/** On which clock's balance a movement lies, and with which payout it left. */
export type Whereabouts = { id: string; clock: string | null; payout: string | null };

/** `spent`: used without a customer, or detached; Stripe refuses to use such a method again. */
export type MethodNature = Lasting & { id: string; setUp: boolean; spent: boolean };

/** How an intent that waits for its customer or its bank was confirmed. */
export type IntentMemory = { id: string; habit: Lasting['habit']; offSession: boolean };

/** A switch for the next payments: of one customer, of one method, or of anybody. */
export type Trouble = Lasting & { id: string; customer: string | null; payment_method: string | null };

/** Something that time will bring: on a test clock, or (null) on the wall. */
export type Due = {
  id: string;
  at: number;
  clock: string | null;
  work:
    | { kind: 'settle_payment'; intent: string }
    | { kind: 'pay_out'; clock: string | null }
    | { kind: 'checkout_expires'; session: string }
    | { kind: 'schedule'; schedule: string }
    | { kind: 'payout_arrives'; payout: string }
    | { kind: 'invoice'; invoice: string }
    | { kind: 'subscription'; subscription: string }
    | { kind: 'settle_refund'; refund: string; status: 'succeeded' | 'failed' };
};

/** An idempotency key with the answer it got. */
export type KeptAnswer = {
  id: string;
  request: string;
  fingerprint: string;
  status: number;
  body: string;
  /** Milliseconds: Stripe forgets keys after a day. */
  at: number;
  /** So many requests with this key still get no answer. */
  losing: number;
};

export type Delivery = {
  id: string;
  event: string;
  endpoint: string;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** Milliseconds. */
  since: number;
  nextAt: number;
  lastAnswer: string | null;
};

export type DeliveryMode = {
  id: 'deliveries';
  paused: boolean;
  /** Newest first, so that order is wrong as often as it can be. */
  reorder: boolean;
  /** The next so many attempts never leave, and are tried again like any that failed. */
  dropNext: number;
  /** The next so many deliveries are sent twice. */
  duplicateNext: number;
  /** Each new delivery waits so long before it is first sent. */
  delayMs?: number;
};
