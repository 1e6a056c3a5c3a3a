import type { CouponId, InvoiceId, MigrationId, PaymentId, PaymentMethodId, PromotionCodeId } from './ids.ts';
import { attemptKey } from './ids.ts';
import type { DeclineClass } from './input.ts';
import type { Invoice } from './invoice.ts';
import type { Held } from './migrate.ts';
import type { Day, Instant } from './time.ts';

/** Kept by `commit`, all of one decision in one transaction. */
export type RecordEffect =
  | { type: 'issue_invoice'; invoice: Invoice }
  /** As it stands: it has no number yet, and nobody owes it. */
  | { type: 'draft_invoice'; invoice: Invoice; finaliseAt: Instant }
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
      at: Instant;
    }
  | { type: 'record_payment'; invoice: InvoiceId; payment: PaymentId; amount: number; at: Instant }
  /** Money for which nothing is owed: kept apart until it is refunded or used, and flagged. */
  | {
      type: 'record_unapplied_payment';
      invoice: InvoiceId;
      payment: PaymentId;
      amount: number;
      why: string;
      at: Instant;
    }
  | { type: 'record_refund'; payment: PaymentId; refund: string; amount: number; at: Instant }
  /** Counted against the coupon's limits; one too many, and nothing of the step is stored. */
  | { type: 'redeem'; coupon: CouponId; promotionCode: PromotionCodeId | null; at: Instant }
  /** What the subscription has redeemed came to nothing: others may have it. */
  | { type: 'release_redemptions'; at: Instant }
  /** It is over: what was invoiced for later days is earned on this one. */
  | { type: 'earn_rest'; day: Day; at: Instant }
  /** Moved to another version of the price book: what it had is kept, to move it back. */
  | { type: 'record_migration'; migration: MigrationId; before: Held; after: Held; at: Instant }
  | { type: 'record_migration_undone'; migration: MigrationId; at: Instant }
  /** Told to whoever listens, in the subscription's own order. */
  | { type: 'announce'; event: string; data: Record<string, string | number | null>; at: Instant };

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
  | { type: 'refund'; invoice: InvoiceId; payment: PaymentId; amount: number; why: string; at: Instant };

export type Effect = RecordEffect | OutsideEffect;

export const isOutside = (effect: Effect): effect is OutsideEffect =>
  effect.type === 'charge' || effect.type === 'cancel_payment' || effect.type === 'refund';

/** Names the business fact, never the delivery: whoever learns it first, it is kept once. */
export function keyOf(effect: Effect): string {
  switch (effect.type) {
    case 'issue_invoice':
      return `invoice/${effect.invoice.id}`;
    case 'use_trial':
      return `trial/${effect.product}`;
    case 'draft_invoice':
      return `draft/${effect.invoice.id}`;
    case 'void_invoice':
      return `void/${effect.invoice}`;
    case 'settle_attempt':
      return `attempt/${effect.invoice}/${effect.attempt}/${effect.outcome}`;
    case 'record_payment':
    case 'record_unapplied_payment':
      return `payment/${effect.payment}`;
    case 'record_refund':
      return `refunded/${effect.refund}`;
    case 'redeem':
      return `redeem/${effect.coupon}/${effect.at}`;
    case 'release_redemptions':
      return `release/${effect.at}`;
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
      return `refund/${effect.payment}/${effect.why}`;
  }
}
