import type { CreditNote } from './credit-note.ts';
import type { DisputeOutcome } from './dispute.ts';
import type { Span } from './earning.ts';
import type { EventType } from './event-types.ts';
import type {
  CouponId,
  CreditNoteId,
  InvoiceId,
  MigrationId,
  PaymentId,
  PaymentMethodId,
  PromotionCodeId,
  RefundId,
  SubscriptionId,
} from './ids.ts';
import { attemptKey } from './ids.ts';
import type { DeclineClass } from './input.ts';
import type { Invoice } from './invoice.ts';
import type { Held } from './migrate.ts';
import type { Order } from './order.ts';
import type { Day, Instant } from './time.ts';
import type { UsageBilled, UsageWish } from './usage.ts';

/** What an invoice bills of what was used, and what had to be known for that. It is sealed when the invoice is issued. */
export type Used = { wish: UsageWish; billed: UsageBilled[] };

/** Kept by `commit`, all of one decision in one transaction. */
export type RecordEffect =
  | { type: 'issue_invoice'; invoice: Invoice; usage?: Used }
  /** As it stands: it has no number yet, and nobody owes it. */
  | { type: 'draft_invoice'; invoice: Invoice; finaliseAt: Instant; usage?: Used }
  /** Issued by the processor that collects, under its own number and name. */
  | { type: 'mirror_invoice'; invoice: Invoice; number: string; theirs: string }
  /** The processor's own name of the subscription: its news are found by it. */
  | { type: 'link_subscription'; theirs: string; at: Instant }
  /** A customer tries a product; `once`: nobody may have done so in their name. */
  | { type: 'use_trial'; product: string; once: boolean; at: Instant }
  | { type: 'void_invoice'; invoice: InvoiceId; amount: number; at: Instant }
  /** An attempt's end, as it was learned. */
  | {
      type: 'settle_attempt';
      invoice: InvoiceId;
      attempt: number;
      outcome: 'succeeded' | 'failed' | 'needs_action' | 'processing' | 'canceled';
      payment: PaymentId | null;
      decline: DeclineClass | null;
      code: string | null;
      advice?: string;
      at: Instant;
    }
  | {
      type: 'record_payment';
      invoice: InvoiceId;
      payment: PaymentId;
      amount: number;
      at: Instant;
      /** Of that, what nothing was owed for. */
      unapplied?: number;
      /** The invoice was given up as lost. */
      recovers?: true;
      /** It came on another way than through a processor. */
      outside?: { reference: string; receivedAt: Instant };
    }
  /** Money for which nothing is owed: kept apart until it is refunded or used, and flagged. */
  | {
      type: 'record_unapplied_payment';
      invoice: InvoiceId;
      payment: PaymentId;
      amount: number;
      why: string;
      at: Instant;
      outside?: { reference: string; receivedAt: Instant };
    }
  /** `spans` take back what its lines earn by the day. */
  | { type: 'issue_credit_note'; note: CreditNote; spans: { line: number; span: Span }[]; at: Instant }
  | { type: 'write_off_invoice'; invoice: InvoiceId; amount: number; reason: string; at: Instant }
  /** Promised, and about to be asked for. `from` is what it gives back: it is owed from here on. */
  | {
      type: 'request_refund';
      refund: RefundId;
      attempt: number;
      from: RefundSource;
      note: CreditNoteId | null;
      invoice: InvoiceId | null;
      payment: PaymentId;
      amount: number;
      at: Instant;
    }
  /** Asked for again, after it had failed. */
  | { type: 'repeat_refund'; refund: RefundId; attempt: number; at: Instant }
  /** How an attempt to refund ended. It may succeed first, and fail days later. */
  | {
      type: 'settle_refund';
      refund: RefundId;
      attempt: number;
      outcome: 'succeeded' | 'failed' | 'credited';
      /** The processor's own name of it. */
      name: string | null;
      code: string | null;
      at: Instant;
    }
  /** Made at the processor, and learned of afterwards. `unapplied` is what of it had been money for nothing. */
  | {
      type: 'record_refund';
      refund: RefundId;
      name: string;
      note: CreditNoteId | null;
      invoice: InvoiceId | null;
      payment: PaymentId;
      amount: number;
      unapplied: number;
      at: Instant;
    }
  | {
      type: 'record_dispute';
      dispute: string;
      payment: PaymentId;
      amount: number;
      inquiry: boolean;
      reason: string | null;
      outcome: DisputeOutcome | null;
      at: Instant;
    }
  | {
      type: 'move_dispute_funds';
      dispute: string;
      payment: PaymentId;
      direction: 'withdrawn' | 'reinstated';
      amount: number;
      fee: number;
      at: Instant;
    }
  /** Counted against the coupon's limits; one too many, and nothing of the step is stored. */
  | { type: 'redeem'; coupon: CouponId; promotionCode: PromotionCodeId | null; at: Instant }
  /** What the subscription has redeemed came to nothing: others may have it. */
  | { type: 'release_redemptions'; at: Instant }
  /**
   * No invoice comes any more that it could go to: below zero it becomes the customer's credit, above it was too small to
   * be charged, and is lost. `of` is what has ended, or the invoice that was voided after that end.
   */
  | { type: 'settle_carried'; of: SubscriptionId | InvoiceId; amount: number; at: Instant }
  /** It is over: what was invoiced for later days is earned on this one. */
  | { type: 'earn_rest'; day: Day; at: Instant }
  /** Moved to another version of the price book: what it had is kept, to move it back. */
  | { type: 'record_migration'; migration: MigrationId; before: Held; after: Held; at: Instant }
  | { type: 'record_migration_undone'; migration: MigrationId; at: Instant }
  /** Told to whoever listens, in the subscription's own order. */
  | { type: 'announce'; event: EventType; data: Record<string, string | number | null>; at: Instant };

/** Carried out after the commit by an activity of its own; the answer comes back as a fact. */
export type OutsideEffect =
  | {
      type: 'charge';
      invoice: InvoiceId;
      attempt: number;
      amount: number;
      paymentMethod: PaymentMethodId | null;
      onSession: boolean;
      at: Instant;
    }
  | { type: 'cancel_payment'; invoice: InvoiceId; attempt: number; payment: PaymentId; at: Instant }
  | {
      type: 'refund';
      refund: RefundId;
      attempt: number;
      invoice: InvoiceId | null;
      payment: PaymentId;
      amount: number;
      at: Instant;
    }
  /** To a processor that collects. `theirs` is its own name of the subscription, of which we know that version. */
  | { type: 'tell_processor'; order: Order; theirs: string | null; version: number; at: Instant }
  /** How an object of its is now: it is told as fresher than `version`, as our `read`-th look. */
  | {
      type: 'read_back';
      what: 'subscription' | 'invoice';
      theirs: string;
      version: number;
      read: number;
      at: Instant;
    };

/** What a refund gives back: a credit note's promise, the customer's credit, or money for which nothing was owed. */
export type RefundSource = 'credit_note' | 'customer_credit' | 'unapplied_cash';

export type Effect = RecordEffect | OutsideEffect;

const OUTSIDE: ReadonlySet<Effect['type']> = new Set<OutsideEffect['type']>([
  ...(['charge', 'cancel_payment', 'refund'] as const),
  ...(['tell_processor', 'read_back'] as const),
]);
export const isOutside = (effect: Effect): effect is OutsideEffect => OUTSIDE.has(effect.type);

/** Names the business fact, never the delivery: whoever learns it first, it is kept once. */
export function keyOf(effect: Effect): string {
  switch (effect.type) {
    case 'issue_invoice':
      return `invoice/${effect.invoice.id}`;
    case 'use_trial':
      return `trial/${effect.product}`;
    case 'draft_invoice':
      return `draft/${effect.invoice.id}`;
    case 'mirror_invoice':
      return `invoice/${effect.invoice.id}`;
    case 'link_subscription':
      return `link/${effect.theirs}`;
    case 'void_invoice':
      return `void/${effect.invoice}`;
    case 'settle_attempt':
      return `attempt/${effect.invoice}/${effect.attempt}/${effect.outcome}`;
    case 'record_payment':
    case 'record_unapplied_payment':
      return `payment/${effect.payment}`;
    case 'issue_credit_note':
      return `credit_note/${effect.note.id}`;
    case 'write_off_invoice':
      return `write_off/${effect.invoice}`;
    case 'request_refund':
      return `promised/${effect.refund}`;
    case 'repeat_refund':
      return `repeated/${effect.refund}/${effect.attempt}`;
    case 'settle_refund':
      return `${REFUND_ENDS[effect.outcome]}/${effect.refund}/${effect.attempt}`;
    case 'record_refund':
      return `refunded/${effect.refund}/1`;
    case 'record_dispute':
      return `dispute/${effect.dispute}`;
    case 'move_dispute_funds':
      return `dispute/${effect.dispute}/${effect.direction}`;
    case 'redeem':
      return `redeem/${effect.coupon}/${effect.at}`;
    case 'release_redemptions':
      return `release/${effect.at}`;
    case 'settle_carried':
      return `carried/${effect.of}`;
    case 'earn_rest':
      return `earn_rest/${effect.at}`;
    case 'record_migration':
      return `migrated/${effect.migration}`;
    case 'record_migration_undone':
      return `migration_undone/${effect.migration}`;
    case 'announce':
      return `announce/${effect.event}/${effect.at}`;
    case 'charge':
      return attemptKey(effect.invoice, effect.attempt);
    case 'cancel_payment':
      return `cancel/${effect.invoice}/${effect.attempt}`;
    case 'refund':
      return refundKey(effect.refund, effect.attempt);
    case 'tell_processor':
      return `order/${effect.order.what}/${effect.order.n}`;
    case 'read_back':
      return `read/${effect.theirs}/${effect.read}`;
  }
}

const REFUND_ENDS = { succeeded: 'refunded', failed: 'refund_failed', credited: 'refund_credited' } as const;

/** One try to give money back; it is the processor's idempotency key, too. */
const refundKey = (refund: RefundId, attempt: number): string => `refund/${refund}/${attempt}`;
