import type Stripe from 'stripe';

/** An expandable field is `string | Object`; as stored, and on the wire unless expanded, it is the id. */
type Unexpanded<Field> = string extends Field ? Exclude<Field, { id: string }> : Field;
type Scalar = string | number | boolean | null | undefined;

/**
 * The JSON of one of the SDK's own types, unexpanded: decimals are strings and `deleted` is absent from what lives.
 * So a field that the SDK requires and the simulator forgets doesn't compile.
 */
export type Wire<T> = T extends Scalar
  ? T
  : T extends Stripe.Decimal
    ? string
    : T extends readonly (infer Item)[]
      ? Wire<Item>[]
      : { [Key in keyof T as Key extends 'deleted' | 'lastResponse' ? never : Key]: Wire<Unexpanded<T[Key]>> };

export type Customer = Wire<Stripe.Customer>;
export type PaymentMethod = Wire<Stripe.PaymentMethod>;
export type SetupIntent = Wire<Stripe.SetupIntent>;
export type PaymentIntent = Wire<Stripe.PaymentIntent>;
export type Charge = Wire<Stripe.Charge>;
export type Refund = Wire<Stripe.Refund>;
export type Dispute = Wire<Stripe.Dispute>;
export type BalanceTransaction = Wire<Stripe.BalanceTransaction>;
export type Payout = Wire<Stripe.Payout>;
export type WebhookEndpoint = Wire<Stripe.WebhookEndpoint>;
export type TestClock = Wire<Stripe.TestHelpers.TestClock>;
export type Product = Wire<Stripe.Product>;
export type Price = Wire<Stripe.Price>;
export type Coupon = Wire<Stripe.Coupon>;
export type PromotionCode = Wire<Stripe.PromotionCode>;
export type Discount = Wire<Stripe.Discount>;
export type Plan = Wire<Stripe.Plan>;
export type Subscription = Wire<Stripe.Subscription>;
export type SubscriptionItem = Wire<Stripe.SubscriptionItem>;
export type Invoice = Wire<Stripe.Invoice>;
export type InvoiceLine = Wire<Stripe.InvoiceLineItem>;
export type InvoiceItem = Wire<Stripe.InvoiceItem>;
export type InvoicePayment = Wire<Stripe.InvoicePayment>;
export type CreditNote = Wire<Stripe.CreditNote>;
export type CustomerBalanceTransaction = Wire<Stripe.CustomerBalanceTransaction>;
export type LineItem = Wire<Stripe.LineItem>;
export type CheckoutSession = Wire<Stripe.Checkout.Session>;
export type PortalSession = Wire<Stripe.BillingPortal.Session>;
export type SubscriptionSchedule = Wire<Stripe.SubscriptionSchedule>;
export type StripeEvent = Omit<Wire<Stripe.Event>, 'type' | 'data'> & {
  type: Stripe.Event['type'];
  data: { object: object; previous_attributes?: object };
};
