import type { CreditTarget, LineRequest } from './credit-note.ts';
import type { HeldDiscount } from './discount.ts';
import type { DisputeOutcome } from './dispute.ts';
import type { SeenInvoice, SeenPayment, SeenSubscription } from './followed.ts';
import type { CouponId, InvoiceId, MigrationId, PaymentId, PaymentMethodId, RefundId } from './ids.ts';
import type { Collect, InvoiceLine } from './invoice.ts';
import type { Held } from './migrate.ts';
import type { PlanTrial, Terms } from './price-book.ts';
import type { Shared } from './shared.ts';
import type { AnchorDay, Day, Instant } from './time.ts';

/** What the plan says of its trial, and whether the days were asked for: then they are given, or the whole is refused. */
export type TrialTerms = Omit<Required<PlanTrial>, 'days' | 'reminderDays'> & {
  reminderDays: number | null;
  isAsked: boolean;
};

/** What somebody asks for. It is answered: applied, or refused with the reason. */
export type Command =
  | {
      type: 'subscribe';
      terms: Terms;
      quantity: number;
      paymentMethod: PaymentMethodId | null;
      trialDays: number;
      trial?: TrialTerms;
      anchorDay?: AnchorDay;
      collect?: Collect;
      discounts?: HeldDiscount[];
      /** The customer begins it on a page of the processor that collects. */
      checkout?: true;
    }
  | {
      type: 'change';
      terms: Terms;
      quantity: number;
      when: 'now' | 'period_end' | null;
      proration: 'invoice_now' | 'next_invoice' | 'none' | null;
      /** The price book's own rule of changes binds customers only. */
      byOperator?: true;
    }
  | {
      type: 'cancel';
      when: 'now' | 'period_end' | Day;
      reason: string | null;
      /** A term binds customers only. */
      byOperator?: true;
      /** Where the unused days of what was paid go; without it they are not given back. */
      creditTo?: 'credit' | 'refund';
    }
  | { type: 'uncancel' }
  | { type: 'pause'; resumeAt: Instant | null }
  | { type: 'resume' }
  /** An operator tries all that is owed, now. */
  | { type: 'retry' }
  /** The next try is left out. */
  | { type: 'skip_retry' }
  /** No retry and no step of access comes, until then or until it is released. */
  | { type: 'hold'; until: Instant | null }
  | { type: 'release' }
  /** What full access the debtor has lasts until then. */
  | { type: 'extend_grace'; until: Instant }
  /** The customer pays an open invoice, or an operator tries it again. */
  | { type: 'pay'; invoice: InvoiceId; paymentMethod: PaymentMethodId | null; onSession: boolean }
  | { type: 'use_payment_method'; paymentMethod: PaymentMethodId }
  /** What is no part of the plan: on an invoice of its own, or on the next. */
  | { type: 'bill'; lines: readonly InvoiceLine[]; when: 'now' | 'next_invoice'; collect: Collect | null }
  /** As the coupon was found, at the time that it was for the customer. */
  | { type: 'apply_discount'; discount: HeldDiscount }
  | { type: 'remove_discount'; coupon: CouponId }
  /** The grace of a draft is given up. */
  | { type: 'finalise'; invoice: InvoiceId }
  /** The operator moves it to another version of the price book. `pending`: in place of what the customer has planned. */
  | {
      type: 'migrate';
      migration: MigrationId;
      terms: Terms;
      pending: Terms | null;
      when: 'now' | 'period_end';
      proration: 'invoice_now' | 'next_invoice' | 'none' | null;
    }
  /** And back to what it had, where it is as the migration has left it. */
  | {
      type: 'undo_migration';
      migration: MigrationId;
      before: Held;
      after: Held;
      when: 'now' | 'period_end';
      proration: 'invoice_now' | 'next_invoice' | 'none' | null;
    }
  /** Gives back what was billed. Without `lines` and `amount`: all that is left. `reason` is a code. */
  | {
      type: 'credit_note';
      invoice: InvoiceId;
      lines: readonly LineRequest[] | null;
      amount: number | null;
      to: CreditTarget;
      reason: string;
    }
  /** Nobody owes it any more, as if it had never been issued. */
  | { type: 'void'; invoice: InvoiceId; reason: string }
  /** It is given up as lost. A late payment is still welcome. */
  | { type: 'write_off'; invoice: InvoiceId; reason: string }
  /** Money that came on another way than through a processor. */
  | {
      type: 'record_payment';
      invoice: InvoiceId;
      payment: PaymentId;
      amount: number;
      receivedAt: Instant;
      reference: string;
    }
  /** A refund that failed is sent on its way again. */
  | { type: 'retry_refund'; refund: RefundId }
  /** A refund that failed becomes the customer's credit. */
  | { type: 'credit_refund'; refund: RefundId }
  /** What a customer has in credit goes back to where money of theirs came from. */
  | { type: 'withdraw_credit'; amount: number; name: RefundId };

export type DeclineClass =
  | 'soft'
  | 'insufficient_funds'
  | 'hard'
  | 'card_replaced'
  | 'authentication_required'
  | 'fraud_suspected'
  | 'processor_trouble'
  | 'no_payment_method';

/** What the world tells us: from the answer to our own call, or from the processor's webhook, whichever is first. */
export type Fact =
  | { type: 'payment_succeeded'; invoice: InvoiceId; attempt: number; payment: PaymentId; amount: number }
  | {
      type: 'payment_failed';
      invoice: InvoiceId;
      attempt: number;
      payment: PaymentId | null;
      decline: DeclineClass;
      code: string;
      /** The card network's own advice, and how long it, or a limit of its, forbids another try of this card. */
      advice?: string;
      notBefore?: Instant;
    }
  | { type: 'payment_needs_action'; invoice: InvoiceId; attempt: number; payment: PaymentId }
  | { type: 'payment_processing'; invoice: InvoiceId; attempt: number; payment: PaymentId }
  | { type: 'payment_canceled'; invoice: InvoiceId; attempt: number; payment: PaymentId }
  | {
      type: 'payment_refunded';
      invoice: InvoiceId | null;
      payment: PaymentId;
      /** The processor's own name of it. */
      refund: string;
      amount: number;
      /** Ours, where we asked for it; one that was made at the processor has none. */
      asked?: { refund: RefundId; attempt: number };
    }
  | {
      type: 'refund_failed';
      payment: PaymentId;
      /** Null where the processor refused to begin. */
      refund: string | null;
      amount: number;
      code: string;
      asked?: { refund: RefundId; attempt: number };
    }
  | {
      type: 'dispute_opened';
      payment: PaymentId;
      dispute: string;
      amount: number;
      reason: string;
      /** The bank only asks, and has taken nothing. */
      inquiry: boolean;
    }
  | { type: 'funds_withdrawn'; payment: PaymentId; dispute: string; amount: number; fee: number }
  /** `fee` is what the processor has given back of its own. */
  | { type: 'funds_reinstated'; payment: PaymentId; dispute: string; amount: number; fee: number }
  | { type: 'dispute_closed'; payment: PaymentId; dispute: string; outcome: DisputeOutcome };

/** How a processor that collects by itself has its own objects. */
export type Followable =
  /** `terms` are those of its plan, where we have looked ourselves. */
  | { type: 'subscription_seen'; seen: SeenSubscription; terms?: Terms }
  | { type: 'invoice_seen'; seen: SeenInvoice }
  | { type: 'payment_seen'; seen: SeenPayment }
  /** Something of it has changed, and who tells proves too little: it is asked. `of`: the processor's name of its subscription. */
  | { type: 'object_stirred'; what: 'subscription' | 'invoice'; id: string; of: string | null }
  /** What it was told to do it has done, or refuses with that code. */
  | { type: 'order_answered'; order: number; refused: string | null }
  /** The customer has not come back from its page. */
  | { type: 'checkout_expired' };

/** What the passing of time brings; `nextDue` says which and when. */
export type Due =
  | { type: 'draft_expired' }
  | { type: 'incomplete_expired' }
  | { type: 'trial_reminder_due' }
  | { type: 'trial_ended' }
  | { type: 'period_ended' }
  | { type: 'retry_due'; invoice: InvoiceId }
  | { type: 'draft_due'; invoice: InvoiceId }
  | { type: 'invoice_overdue'; invoice: InvoiceId }
  | { type: 'access_step_due' }
  | { type: 'grace_reminder_due' }
  | { type: 'hold_ended' }
  | { type: 'dunning_ended' }
  | { type: 'cancel_due' }
  | { type: 'resume_due' }
  | { type: 'listening_ended' };

/** Who or what is behind an input: an opaque principal, a processor's event, the clock. */
export type Origin = { by: 'principal' | 'processor' | 'clock' | 'engine'; ref: string };

export type Input = (Command | Fact | Followable | Due) & { at: Instant; origin: Origin; shared?: Shared };
export type InputOf<T extends Input['type']> = Extract<Input, { type: T }>;
