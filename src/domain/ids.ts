/** Ids carry their kind, in the code as in the log line. They are made outside the core, or derived from others here. */
export type TenantId = `ten_${string}`;
export type CustomerId = `cus_${string}`;
export type SubscriptionId = `sub_${string}`;
export type InvoiceId = `inv_${string}`;
export type PaymentMethodId = `pm_${string}`;
export type CreditNoteId = `cn_${string}`;
/** Ours; the processor has a name of its own for it. */
export type RefundId = `ref_${string}`;
/** A version of a dunning policy. */
export type DunningPolicyId = `dun_${string}`;
export type PriceBookId = `pb_${string}`;
export type ClockId = `clk_${string}`;
/** A migration of subscriptions to a version of the price book. */
export type MigrationId = `mig_${string}`;
/** One look at whether both sides say the same, and what was found by it. */
export type ReconciliationId = `rec_${string}`;
export type DiscrepancyId = `dis_${string}`;
/** An address of a tenant's own that is told what happens, and one thing that it is told. */
export type EndpointId = `ep_${string}`;
export type DeliveryId = `del_${string}`;
/** One version of a meter. */
export type MeterId = `mtr_${string}`;
export type CouponId = `co_${string}`;
export type PromotionCodeId = `promo_${string}`;
export type MailId = `mail_${string}`;
export type MailSuppressionId = `sup_${string}`;
/** A machine's place under a customer's licence. */
export type SeatId = `lic_${string}`;
/** The processor's own name of a payment, a Stripe PaymentIntent say. Opaque to us. */
export type PaymentId = string;

export type Mode = 'test' | 'live';

/** The n-th invoice of a subscription. Derived, so that a decision made twice names the same invoice. */
export const invoiceId = (subscription: SubscriptionId, n: number): InvoiceId => `inv_${subscription.slice(4)}_${n}`;

/** One try to collect one invoice. It is the processor's idempotency key, too: retries of one attempt share it. */
export const attemptKey = (invoice: InvoiceId, attempt: number): string => `charge/${invoice}/${attempt}`;
