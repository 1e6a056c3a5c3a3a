import type { Currency } from './currency.ts';
import type { HeldDiscount } from './discount.ts';
import type { KnownDispute } from './dispute.ts';
import type { Dunning } from './dunning.ts';
import type { Follows } from './followed.ts';
import type { CustomerId, InvoiceId, Mode, PaymentId, PaymentMethodId, SubscriptionId, TenantId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Collect, DraftInvoice, InvoiceLine, OpenInvoice } from './invoice.ts';
import type { Terms } from './price-book.ts';
import type { Segment } from './proration.ts';
import type { KnownRefund } from './refund.ts';
import type { AnchorDay, Instant, TimeZone } from './time.ts';
import type { UsageState } from './usage.ts';

export type StateName = Subscription['state'];
export type CollectionMode = 'engine' | 'processor';
export type Processor = 'stripe' | 'paypal';

/** Who it is and how it is collected: fixed when the draft is made. */
export type Identity = {
  id: SubscriptionId;
  tenant: TenantId;
  mode: Mode;
  customer: CustomerId;
  collection: CollectionMode;
  processor: Processor;
  timeZone: TimeZone;
  currency: Currency;
  createdAt: Instant;
  /** Counts commits: the database takes version n+1 on n and nothing else. */
  version: number;
};

/** `index` counts from the anchor: what lies before it, a trial or a first stub, is period -1. */
export type Period = {
  index: number;
  start: Instant;
  end: Instant;
  /** A stub: so many days has the full period that would end with it, and it is the last of them. */
  wholeDays?: number;
};
export type PendingChange = { terms: Terms; quantity: number };

/** What every subscription has once it was accepted. */
export type Accepted = Identity & {
  terms: Terms;
  quantity: number;
  paymentMethod: PaymentMethodId | null;
  /** Where the first full period begins. Every boundary is counted from here. */
  anchor: Instant;
  /** The calendar says when that is; null: the subscription's own beginning. */
  anchorDay?: AnchorDay | null;
  period: Period;
  /** The prices held in this period, by local day; a change in its middle adds one. */
  segments: Segment[];
  /** In states that were stored when a period was earned at its end. */
  deferred?: number;
  /** Lines that wait for the next invoice: credits, and changes told to wait. */
  carried: InvoiceLine[];
  pending: PendingChange | null;
  cancelAt: Instant | null;
  invoices: OpenInvoice[];
  /** Billed, and still in their grace. */
  drafts?: DraftInvoice[];
  invoiceCount: number;
  /** The latest payments that were applied, so that one told twice is known, and a second one for the same invoice seen. */
  settled: { invoice: InvoiceId; payment: PaymentId }[];
  /** These are missing in what was stored before they were known. */
  collect?: Collect;
  discounts?: HeldDiscount[];
  /** On their way back, or just arrived there, or failed. */
  refunds?: KnownRefund[];
  disputes?: KnownDispute[];
  /** Where the processor collects: what is known of its objects. */
  follows?: Follows;
  /** Once a price was metered. */
  usage?: UsageState | undefined;
};

export type Draft = Identity & { state: 'draft'; expiresAt: Instant };
export type Incomplete = Accepted & { state: 'incomplete'; expiresAt: Instant; expiring: boolean };
export type Trialing = Accepted & { state: 'trialing'; trial?: HeldTrial };
/** What comes at its end where there is no payment method, and when the customer is told of it: null once that was done. */
export type HeldTrial = { atEnd: 'charge' | 'pause' | 'cancel'; remindAt: Instant | null };
export type Active = Accepted & { state: 'active' };
/** `since` is when the oldest unpaid debt fell due: the access ladder counts from it. */
export type PastDue = Accepted & { state: 'past_due'; since: Instant; restricted: boolean; dunning?: Dunning };
export type Unpaid = Accepted & { state: 'unpaid'; since: Instant; dunning?: Dunning };
/** `owing`: since that instant, by whose end of dunning it was paused. */
export type Paused = Accepted & { state: 'paused'; resumeAt: Instant | null; owing?: Instant };
export type CancelReason =
  | 'requested'
  | 'not_accepted'
  | 'payment_incomplete'
  | 'dunning'
  | 'trial_ended'
  | 'term_ended';
export type Canceled = (Identity | Accepted) & {
  state: 'canceled';
  endedAt: Instant;
  reason: CancelReason;
  /** Late money and disputes still reach it until then. */
  listensUntil: Instant;
};

export type Subscription = Draft | Incomplete | Trialing | Active | PastDue | Unpaid | Paused | Canceled;

/** Every way from one state to another, and the words for it. The diagram in the docs is drawn from this table. */
export const transitions = {
  draft: {
    incomplete: 'first payment awaited',
    trialing: 'trial begun',
    active: 'nothing due',
    canceled: 'not accepted',
  },
  incomplete: { active: 'first payment arrived', canceled: 'expired or canceled' },
  trialing: { active: 'trial ended', paused: 'trial ended without a payment method', canceled: 'canceled' },
  active: { past_due: 'payment failed', paused: 'paused', canceled: 'canceled' },
  past_due: {
    active: 'nothing overdue remains',
    unpaid: 'dunning ended',
    paused: 'dunning ended in a pause',
    canceled: 'canceled',
  },
  unpaid: { active: 'nothing overdue remains', canceled: 'canceled' },
  paused: { active: 'resumed', canceled: 'canceled' },
  canceled: {},
} as const satisfies { [From in StateName]: { [To in StateName]?: string } };

export const isAllowed = (from: StateName, to: StateName): boolean => from === to || to in transitions[from];

/** Who follows a processor may miss what came in between: any state may come after any other, and none after the end. */
export const isFollowable = (from: StateName, to: StateName): boolean =>
  from === to || (from !== 'canceled' && to !== 'draft');

/** Moves a subscription along the table, and nowhere else. */
export function become<Next extends Subscription>(from: Subscription, next: Next): Next {
  invariant(isAllowed(from.state, next.state), () => `no way from ${from.state} to ${next.state}`);
  return next;
}

/** By the state, and not by the period's number: a first stub has the same. */
export const isTrial = (state: Accepted & { state?: StateName }): boolean => state.state === 'trialing';

export const isAccepted = (subscription: Subscription): subscription is Extract<Subscription, Accepted> =>
  'terms' in subscription;
