/**
 * The tables as Kysely knows them; a test compares this with the real ones. Every row has its tenant and its mode, and
 * row-level security keeps them apart. Times are passed in by whoever knows them; only `recorded_at`, `received_at` and
 * the like are the database's own clock.
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Role } from '../auth/principal.ts';
import type { Access } from '../domain/access.ts';
import type { Claim } from '../domain/claim.ts';
import type { Recorded, StoredStep } from '../domain/commit.ts';
import type { Country } from '../domain/country.ts';
import type { CreditTarget } from '../domain/credit-note.ts';
import type { Currency } from '../domain/currency.ts';
import type { LineDiscount } from '../domain/discount.ts';
import type { DiscrepancyKind, ReconciliationReport, Side } from '../domain/discrepancy.ts';
import type { DisputeOutcome } from '../domain/dispute.ts';
import type { DunningPolicy } from '../domain/dunning.ts';
import type { Earning, SpanCause } from '../domain/earning.ts';
import type { Effect, RefundSource } from '../domain/effect.ts';
import type { EventType } from '../domain/event-types.ts';
import type { OverrideValue } from '../domain/feature.ts';
import type {
  ClockId,
  CouponId,
  CreditNoteId,
  CustomerId,
  DeliveryId,
  DiscrepancyId,
  DunningPolicyId,
  EndpointId,
  InvoiceId,
  MailId,
  MailSuppressionId,
  MeterId,
  MigrationId,
  Mode,
  PaymentId,
  PaymentMethodId,
  PriceBookId,
  PromotionCodeId,
  ReconciliationId,
  RefundId,
  SeatId,
  SubscriptionId,
  TenantId,
} from '../domain/ids.ts';
import type { DeclineClass, Fact, Input, Origin } from '../domain/input.ts';
import type { Collect, InvoiceLine } from '../domain/invoice.ts';
import type { AccountCode, PostingKind } from '../domain/ledger.ts';
import type { Data, MeterDocument } from '../domain/meter.ts';
import type { Held, PlanMapping } from '../domain/migrate.ts';
import type { Money } from '../domain/money.ts';
import type { MrrMovementKind } from '../domain/mrr.ts';
import type { Seller } from '../domain/parties.ts';
import type { PriceBook } from '../domain/price-book.ts';
import type { CollectionMode, Processor, StateName, Subscription } from '../domain/subscription.ts';
import type { LineTax, TaxCategory, TaxNote } from '../domain/tax.ts';
import type { TaxIdState } from '../domain/tax-rules.ts';
import type { Day } from '../domain/time.ts';
import type { UsageSpan } from '../domain/usage.ts';

/** One attempt to tell an endpoint: when, what came of it, how long it took. Never what the other side said. */
export type Try = { at: string; ms: number; status: number | null; trouble: string | null };

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type DefaultTimestamp = ColumnType<Date, Date | string | undefined, Date | string>;
/** Written as text, since a bare array would be taken for a Postgres array. */
type Json<T extends object> = JSONColumnType<T, string, string>;
type NullableJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>;
type Identity = Generated<number>;
/** A decimal of any size: read with `::text`, as the driver keeps money. */
type Decimal = string;
/** Whole minor units, refused by the database when they aren't. */
type MinorUnits = number;

type OfTenant = { tenant_id: TenantId; mode: Mode };

/** Its books are kept by the days of its own time zone. */
export type TenantsTable = {
  id: TenantId;
  name: string;
  created_at: Timestamp;
  time_zone: Generated<string>;
};

export type ApiKeysTable = OfTenant & {
  id: string;
  name: string;
  /** The readable beginning (`sk_test_Ab12Cd34`) by which a key is found; the rest is kept as a hash alone. */
  prefix: string;
  hash: Buffer;
  scopes: string[];
  expires_at: Timestamp | null;
  last_used_at: Timestamp | null;
  revoked_at: Timestamp | null;
  created_at: Timestamp;
};

export type ClocksTable = OfTenant & {
  id: ClockId;
  name: string | null;
  now: Timestamp;
  target: Timestamp | null;
  state: 'ready' | 'advancing' | 'blocked';
  reason: string | null;
  processor_clock_id: string | null;
  created_at: DefaultTimestamp;
};

export type CustomersTable = OfTenant & {
  id: CustomerId;
  external_id: string | null;
  name_encrypted: string | null;
  email_encrypted: string | null;
  /** Blind: equal for equal addresses, and nothing else can be read from it. */
  email_index: Buffer | null;
  /** The customer's own key, wrapped by the ring. Without it the encrypted columns are noise. */
  data_key: string;
  locale: string;
  time_zone: string;
  currency: Currency;
  clock_id: ClockId | null;
  /** The tenant's own word for what kind of customer it is. */
  segment: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
};

export type CustomerSubjectsTable = OfTenant & { subject: string; customer_id: CustomerId; created_at: Timestamp };

export type ProcessorCustomersTable = OfTenant & {
  processor: Processor;
  account: string;
  customer_id: CustomerId;
  processor_customer_id: string;
  created_at: Timestamp;
};

export type ProcessorAccountsTable = OfTenant & {
  id: string;
  processor: Processor;
  publishable_key: string | null;
  /** Sealed: all that opens the account, and what proves its webhooks. */
  secrets: string;
  created_at: Timestamp;
  changed_at: Timestamp;
};

export type ProcessorSubscriptionsTable = OfTenant & {
  processor: Processor;
  processor_subscription_id: string;
  subscription_id: SubscriptionId;
  linked_at: Timestamp;
};

export type PaymentMethodsTable = OfTenant & {
  id: PaymentMethodId;
  customer_id: CustomerId;
  processor: Processor;
  brand: string | null;
  last4: string | null;
  /** The processor's own name of it, where that is not ours. */
  sealed_reference: string | null;
  /** Equal for equal cards, and nothing else can be read from it. */
  card_key: string | null;
  is_default: boolean;
  created_at: Timestamp;
  detached_at: Timestamp | null;
};

export type DunningPoliciesTable = OfTenant & {
  id: DunningPolicyId;
  name: string;
  version: number;
  state: 'draft' | 'published';
  document: Json<DunningPolicy>;
  content_hash: string;
  published_at: Timestamp | null;
  created_at: Timestamp;
};

export type PriceBooksTable = OfTenant & {
  id: PriceBookId;
  version: number;
  state: 'draft' | 'published';
  document: Json<PriceBook>;
  content_hash: string;
  effective_at: Timestamp | null;
  published_at: Timestamp | null;
  created_at: Timestamp;
};

export type LastStep = Omit<StoredStep, 'subscription'>;

export type SubscriptionsTable = OfTenant & {
  id: SubscriptionId;
  customer_id: CustomerId;
  state: StateName;
  collection: CollectionMode;
  processor: Processor;
  plan_id: string | null;
  price_book_id: PriceBookId | null;
  quantity: number | null;
  currency: Currency;
  time_zone: string;
  anchor_at: Timestamp | null;
  trial_ends_at: Timestamp | null;
  period_start: Timestamp | null;
  period_end: Timestamp | null;
  next_due_at: Timestamp | null;
  cancel_at: Timestamp | null;
  access_level: Access['level'];
  access_until: Timestamp | null;
  clock_id: ClockId | null;
  /** What it comes to in a month, by `monthlyRecurring`. */
  mrr: Generated<MinorUnits>;
  /** The whole of the workflow's state; the columns beside it are for searching. */
  document: Json<Subscription>;
  version: number;
  /** Of the commit that wrote this version: a repeat is known by it. */
  decision_hash: string;
  /** What that commit dealt with, for a try whose end was lost. */
  last_step: Json<LastStep>;
  created_at: Timestamp;
  updated_at: Timestamp;
};

export type DecisionsTable = OfTenant & {
  subscription_id: SubscriptionId;
  version: number;
  ordinal: number;
  at: Timestamp;
  input: Json<Input>;
  rule: string;
  from_state: StateName;
  to_state: StateName;
  because: Json<Recorded['because']>;
  effects: Json<Effect[]>;
};

export type InvoiceState = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';

export type InvoicesTable = OfTenant & {
  id: InvoiceId;
  subscription_id: SubscriptionId;
  customer_id: CustomerId;
  /** A draft has neither of these. */
  series: string | null;
  sequence: number | null;
  number: string | null;
  state: InvoiceState;
  currency: Currency;
  subtotal: MinorUnits;
  discount: MinorUnits;
  tax: MinorUnits;
  tax_included: MinorUnits;
  total: MinorUnits;
  credit_applied: MinorUnits;
  amount_due: MinorUnits;
  amount_paid: MinorUnits;
  issued_at: Timestamp;
  due_at: Timestamp;
  paid_at: Timestamp | null;
  voided_at: Timestamp | null;
  /** Who sold and who bought, as they were. */
  seller_version: number | null;
  buyer_version: number | null;
  /** What notes have taken off what was owed, and given back of what was paid. */
  credited_open: Generated<MinorUnits>;
  credited_back: Generated<MinorUnits>;
  written_off_at: Timestamp | null;
  collect: Collect['by'];
  purchase_order: string | null;
  tax_note: TaxNote | null;
  finalise_at: Timestamp | null;
  draft_lines: NullableJson<InvoiceLine[]>;
  /** Where it is a processor's invoice, mirrored: its own name of it. */
  processor_invoice_id: string | null;
};

export type InvoiceLinesTable = OfTenant & {
  invoice_id: InvoiceId;
  ordinal: number;
  description: string;
  quantity: number;
  unit_price: string | null;
  amount: MinorUnits;
  period_from: Day | null;
  period_to: Day | null;
  proration: string | null;
  discount: MinorUnits;
  /** Which coupon took how much of it. */
  discounts: Json<LineDiscount[]>;
  /** All of them; `taxes` says whose. */
  tax: MinorUnits;
  taxes: Json<LineTax[]>;
  product: string | null;
  tax_category: TaxCategory;
  tax_inclusive: boolean;
  earning: NullableJson<Earning>;
  carried: boolean;
};

/** Where the next number of a series comes from. Its row is locked until the invoice is there, so no number is lost. */
export type InvoiceSeriesTable = OfTenant & { series: string; last: number };

export type PaymentAttemptState = 'requested' | 'succeeded' | 'failed' | 'needs_action' | 'processing' | 'canceled';

export type PaymentAttemptsTable = OfTenant & {
  invoice_id: InvoiceId;
  attempt: number;
  subscription_id: SubscriptionId;
  /** The processor's idempotency key, stored before the call. */
  key: string;
  amount: MinorUnits;
  currency: Currency;
  payment_method_id: PaymentMethodId | null;
  state: PaymentAttemptState;
  processor_payment_id: PaymentId | null;
  decline: DeclineClass | null;
  code: string | null;
  /** What the card's network has advised. */
  advice: string | null;
  requested_at: Timestamp;
  settled_at: Timestamp | null;
};

export type PaymentsTable = OfTenant & {
  /** The processor's own name of the payment: however often it is told, it is one row. */
  id: PaymentId;
  /** Null where it came on another way. */
  processor: Processor | null;
  /** Of such a one: what it is called where it came in. */
  reference: string | null;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId;
  invoice_id: InvoiceId | null;
  amount: MinorUnits;
  currency: Currency;
  /** How much of it paid its invoice. */
  applied: MinorUnits;
  /** Nothing at all was owed. */
  unapplied: boolean;
  why: string | null;
  received_at: Timestamp;
};

export type RefundState = 'requested' | 'succeeded' | 'failed' | 'credited';

export type RefundsTable = OfTenant & {
  id: RefundId;
  /** The processor's own name of its latest attempt. */
  name: string | null;
  state: RefundState;
  attempt: number;
  /** `goodwill`: nothing of ours, as what a processor has invoiced that collects stands. */
  from: RefundSource | 'goodwill';
  /** Made at the processor, and learned of afterwards. */
  outside: Generated<boolean>;
  /** Of such a one, what had been money for nothing. */
  unapplied: Generated<MinorUnits>;
  credit_note_id: CreditNoteId | null;
  invoice_id: InvoiceId | null;
  payment_id: PaymentId;
  subscription_id: SubscriptionId | null;
  amount: MinorUnits;
  currency: Currency;
  code: string | null;
  requested_at: Timestamp;
  refunded_at: Timestamp | null;
  failed_at: Timestamp | null;
};

export type CreditNotesTable = OfTenant & {
  id: CreditNoteId;
  invoice_id: InvoiceId;
  subscription_id: SubscriptionId;
  customer_id: CustomerId;
  series: string;
  sequence: number;
  number: string;
  currency: Currency;
  to: CreditTarget;
  reason: string;
  tax: MinorUnits;
  total: MinorUnits;
  issued_at: Timestamp;
};

export type CreditNoteLinesTable = OfTenant & {
  credit_note_id: CreditNoteId;
  invoice_id: InvoiceId;
  line: number;
  description: string;
  amount: MinorUnits;
  gross: MinorUnits;
  discount: MinorUnits;
  taxes: Json<LineTax[]>;
  product: string | null;
  from_day: Day | null;
};

export type DisputesTable = OfTenant & {
  /** The processor's own name of it. */
  id: string;
  payment_id: PaymentId;
  invoice_id: InvoiceId | null;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId;
  amount: MinorUnits;
  currency: Currency;
  reason: string | null;
  inquiry: boolean;
  outcome: DisputeOutcome | null;
  withdrawn: Generated<MinorUnits>;
  reinstated: Generated<MinorUnits>;
  fee: Generated<MinorUnits>;
  opened_at: Timestamp;
  closed_at: Timestamp | null;
};

export type LedgerAccountsTable = OfTenant & {
  id: Identity;
  code: AccountCode;
  /** The customer whose account it is; empty where it is the tenant's own. */
  owner: string;
  kind: 'debit' | 'credit';
  currency: Currency;
};

export type LedgerTransactionsTable = OfTenant & {
  id: Identity;
  key: string;
  kind: PostingKind;
  subscription_id: SubscriptionId | null;
  at: Timestamp;
  entry_count: number;
  invoice_id: InvoiceId | null;
  /** The day that it would have been posted on, had that day's month not been closed. */
  belongs_to: Day | null;
  recorded_at: DefaultTimestamp;
};

/** A debit is positive, a credit negative. */
export type LedgerEntriesTable = OfTenant & {
  id: Identity;
  transaction_id: number;
  account_id: number;
  currency: Currency;
  amount: MinorUnits;
};

export type LedgerBalancesTable = OfTenant & {
  account_id: number;
  account_code: AccountCode;
  account_owner: string;
  currency: Currency;
  amount: MinorUnits;
};

export type LedgerVerificationsTable = {
  id: Identity;
  through_entry: number;
  through_transaction: number;
  verified_at: DefaultTimestamp;
};

export type LedgerVerifiedSumsTable = OfTenant & { account_id: number; amount: MinorUnits };

export type AuditLogTable = OfTenant & {
  id: Identity;
  at: Timestamp;
  actor_by: Origin['by'];
  actor_ref: string;
  action: string;
  subject: string;
  version: number | null;
  from_state: string | null;
  to_state: string | null;
  why: Json<Record<string, string | number | null>>;
  recorded_at: DefaultTimestamp;
  sealed_at: Timestamp | null;
  hash: Buffer | null;
  /** In its tenant's chain, since it was sealed. */
  place: number | null;
  /** Which request to the API it was: the database takes it from the transaction. */
  request_id: Generated<string> | null;
};

/** What a change has left word of, until it is announced. */
export type OutboxTable = OfTenant & {
  id: Identity;
  event_id: Generated<string>;
  /** Null where it is not about one. */
  subscription_id: SubscriptionId | null;
  /** Where it is about a customer and no subscription. */
  customer_id: CustomerId | null;
  /** Null where no step of the subscription tells it. */
  version: number | null;
  ordinal: number | null;
  type: EventType;
  payload: Json<Record<string, string | number | null>>;
  at: Timestamp;
  created_at: DefaultTimestamp;
};

/** A log that everybody who is told reads at a place of their own. */
export type AnnouncementsTable = OfTenant & {
  shard: number;
  /** The order in which they are told. */
  seq: Identity;
  event_id: string;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId | null;
  version: number | null;
  ordinal: number | null;
  type: string;
  payload: Json<Record<string, string | number | null>>;
  at: Timestamp;
  written_at: Timestamp;
  announced_at: DefaultTimestamp;
};

export type OutboxPositionsTable = {
  consumer: string;
  shard: number;
  position: number;
  leased_by: string | null;
  leased_until: Timestamp | null;
};

export type EndpointState = 'enabled' | 'paused' | 'disabled';

export type EndpointsTable = OfTenant & {
  id: EndpointId;
  url: string;
  description: string | null;
  /** Null: all of them. One that ends in `.*` stands for all that begin so. */
  event_types: string[] | null;
  state: EndpointState;
  paused_why: string | null;
  secret_encrypted: string;
  previous_secret_encrypted: string | null;
  previous_until: Timestamp | null;
  failing_since: Timestamp | null;
  failures: Generated<number>;
  rests_until: Timestamp | null;
  last_delivered_at: Timestamp | null;
  created_at: DefaultTimestamp;
  updated_at: DefaultTimestamp;
};

export type DeliveryState = 'pending' | 'delivered' | 'failed';

export type EndpointDeliveriesTable = OfTenant & {
  id: Generated<DeliveryId>;
  endpoint_id: EndpointId;
  event_id: string;
  seq: number;
  type: string;
  subscription_id: SubscriptionId | null;
  subject: string;
  state: Generated<DeliveryState>;
  tries: Generated<Json<Try[]>>;
  attempts: Generated<number>;
  since: DefaultTimestamp;
  next_try_at: DefaultTimestamp;
  leased_until: Timestamp | null;
  settled_at: Timestamp | null;
  created_at: DefaultTimestamp;
};

export type InboxState = 'received' | 'signalled' | 'applied' | 'ignored' | 'parked' | 'quarantined' | 'dead';

export type InboxTable = {
  id: Generated<string>;
  /** The order of arrival. */
  seq: Identity;
  provider: Processor;
  account: string;
  mode: Mode;
  event_id: string;
  /** Null until it is known whose it is; such a row is seen by the door and the relay alone. */
  tenant_id: TenantId | null;
  subscription_id: SubscriptionId | null;
  type: string;
  facts: Json<Fact[]>;
  occurred_at: Timestamp;
  object_version: string | null;
  state: Generated<InboxState>;
  reason: string | null;
  attempts: Generated<number>;
  received_at: DefaultTimestamp;
  next_try_at: DefaultTimestamp;
  leased_until: Timestamp | null;
  settled_at: Timestamp | null;
  /** Keyed hash of the body as it came; under `mac_key` of the ring, as the seal is. */
  raw_mac: Buffer | null;
  /** Who has vouched for it: the id of the key whose signature was right. */
  verified_by: string | null;
  mac_key: string | null;
  /** Our seal on what is kept. */
  kept_mac: Buffer | null;
  replayed_at: Timestamp | null;
  /** The processor's own id of the delivery, where its signature doesn't cover the whole body: unique as well. */
  transmission_id: string | null;
  /** What is compared with the processor's own object before anything follows; null where the signature is enough. */
  claim: NullableJson<Claim>;
  confirmed_at: Timestamp | null;
};

export type RequestsTable = OfTenant & {
  principal: string;
  route: string;
  key: string;
  body_hash: string;
  subscription_id: SubscriptionId | null;
  state: 'running' | 'done';
  status: number | null;
  response: NullableJson<object>;
  created_at: DefaultTimestamp;
};

// Parties and taxes.
export type SellerProfilesTable = OfTenant & { version: number; document: Json<Seller>; created_at: Timestamp };

export type CustomerAddressesTable = OfTenant & {
  customer_id: CustomerId;
  version: number;
  name_encrypted: string | null;
  address_encrypted: string | null;
  /** Legible, since taxes are counted by it, as is what stands below it. */
  country: Country | null;
  region: string | null;
  tax_id_encrypted: string | null;
  tax_id_country: Country | null;
  tax_id_state: TaxIdState | null;
  tax_exempt: boolean;
  created_at: Timestamp;
};

export type TaxIdChecksTable = OfTenant & {
  id: Identity;
  customer_id: CustomerId;
  country: Country;
  tax_id_encrypted: string;
  checker: string;
  state: TaxIdState;
  answer_encrypted: string;
  checked_at: Timestamp;
};

// Coupons and credit.
export type CouponsTable = OfTenant & {
  id: CouponId;
  name: string;
  percent_off: string | null;
  amount_off: NullableJson<Money[]>;
  duration: 'once' | 'repeating' | 'forever';
  periods: number | null;
  plans: string[] | null;
  max_redemptions: number | null;
  per_customer: number | null;
  redeem_by: Timestamp | null;
  /** Counted by the database, as each redemption is stored. */
  redeemed: Generated<number>;
  state: 'active' | 'archived';
  created_at: Timestamp;
  archived_at: Timestamp | null;
};

export type PromotionCodesTable = OfTenant & {
  id: PromotionCodeId;
  coupon_id: CouponId;
  /** As it was written; whoever types it may do so in other letters. */
  code: string;
  active: boolean;
  expires_at: Timestamp | null;
  max_redemptions: number | null;
  first_time_only: boolean;
  minimum_amount: MinorUnits | null;
  minimum_currency: Currency | null;
  customer_id: CustomerId | null;
  redeemed: Generated<number>;
  created_at: Timestamp;
};

export type RedemptionsTable = OfTenant & {
  id: Identity;
  coupon_id: CouponId;
  promotion_code_id: PromotionCodeId | null;
  customer_id: CustomerId;
  subscription_id: SubscriptionId;
  redeemed_at: Timestamp;
  /** It came to nothing, and is not counted any more. */
  released_at: Timestamp | null;
};

export type CreditChangeKind = 'granted' | 'withdrawn' | 'from_unapplied_cash';

export type CreditChangesTable = OfTenant & {
  /** Of the posting, too. */
  key: string;
  customer_id: CustomerId;
  kind: CreditChangeKind;
  amount: MinorUnits;
  currency: Currency;
  reason_encrypted: string | null;
  actor_ref: string;
  at: Timestamp;
};

/** A step that changed what a subscription comes to in a month. */
export type MrrMovementsTable = OfTenant & {
  id: Identity;
  subscription_id: SubscriptionId;
  version: number;
  customer_id: CustomerId;
  currency: Currency;
  kind: MrrMovementKind;
  before: MinorUnits;
  after: MinorUnits;
  at: Timestamp;
  recorded_at: DefaultTimestamp;
};

// Revenue and closed months.
export type EarningSpansTable = OfTenant & {
  id: Identity;
  invoice_id: InvoiceId;
  ordinal: number;
  subscription_id: SubscriptionId | null;
  customer_id: CustomerId;
  product: string;
  currency: Currency;
  price: MinorUnits;
  price_before: MinorUnits;
  days: number;
  line_from: number;
  line_to: number;
  rest: MinorUnits;
  line_discount: MinorUnits;
  from_index: number;
  to_index: number;
  first_day: Day;
  known_on: Day;
  gross: MinorUnits;
  discount: MinorUnits;
  cause: SpanCause;
  reference: string;
  mirrors: number | null;
  recorded_at: DefaultTimestamp;
};

/** How far a span is booked. One that is booked to its end has none. */
export type EarningProgressTable = OfTenant & {
  span_id: number;
  customer_id: CustomerId;
  subscription_id: SubscriptionId | null;
  next_day: Day;
  due_on: Day;
  end_day: Day;
};

export type RevenueDaysTable = OfTenant & {
  span_id: number;
  from_day: Day;
  to_day: Day;
  booked_on: Day;
  gross: MinorUnits;
  discount: MinorUnits;
  transaction_id: number;
};

export type LedgerPeriodsTable = OfTenant & {
  month: string;
  ends_at: Timestamp;
  time_zone: string;
  closed_at: Timestamp;
  closed_by: string;
};

// Migrations to another version of the price book.

export type MigrationState = 'running' | 'paused' | 'stopped' | 'done' | 'canceled' | 'undoing' | 'undone';
export type MigrationItemState = 'pending' | 'moved' | 'failed' | 'skipped' | 'undone' | 'left';

export type MigrationSettings = {
  when: 'now' | 'period_end';
  proration: 'invoice_now' | 'next_invoice' | 'none';
  canaryPercent: number;
  waveSize: number;
  stopAfterFailures: number;
  pauseAfterCanary: boolean;
  waitMinutes: number;
};

export type PriceBookMigrationsTable = OfTenant & {
  id: MigrationId;
  price_book_id: PriceBookId;
  state: MigrationState;
  reason: string | null;
  plans: Json<PlanMapping>;
  settings: Json<MigrationSettings>;
  /** The wave that is on its way; 0 is the canary. */
  wave: number;
  created_by: string;
  created_at: Timestamp;
  updated_at: Timestamp;
};

export type PriceBookMigrationItemsTable = OfTenant & {
  migration_id: MigrationId;
  subscription_id: SubscriptionId;
  wave: number;
  state: MigrationItemState;
  reason: string | null;
  /** What it had and what it was given: written by the commit that moved it. */
  before: NullableJson<Held>;
  after: NullableJson<Held>;
  moved_at: Timestamp | null;
  undone_at: Timestamp | null;
};

// Trials.
export type TrialsUsedTable = OfTenant & {
  customer_id: CustomerId;
  product: string;
  subscription_id: SubscriptionId;
  began_at: Timestamp;
};

// Reconciliation.
export type ReconciliationsTable = OfTenant & {
  id: ReconciliationId;
  state: 'running' | 'done' | 'failed';
  since: Timestamp;
  asked_by: string;
  started_at: Timestamp;
  ended_at: Timestamp | null;
  report: NullableJson<ReconciliationReport>;
  reason: string | null;
};

export type DiscrepancyState = 'open' | 'repaired' | 'settled' | 'dismissed';

export type DiscrepanciesTable = OfTenant & {
  id: DiscrepancyId;
  kind: DiscrepancyKind;
  subject: string;
  subscription_id: SubscriptionId | null;
  theirs: NullableJson<Side>;
  ours: NullableJson<Side>;
  state: DiscrepancyState;
  opened_at: Timestamp;
  seen_at: Timestamp;
  closed_at: Timestamp | null;
  /** Who, and how: for what a person has settled or dismissed the reason. */
  closed_by: string | null;
  how: string | null;
};

// What customers may use.
export type EntitlementOverridesTable = OfTenant & {
  customer_id: CustomerId;
  feature: string;
  value: Json<OverrideValue>;
  until: Timestamp | null;
  /** A code: it stands in the audit log as well. */
  reason: string;
  set_by: string;
  set_at: Timestamp;
};

// Browsers.
export type PortalLinksTable = OfTenant & {
  id: string;
  customer_id: CustomerId;
  made_by: string;
  made_at: Timestamp;
  expires_at: Timestamp;
  used_at: Timestamp | null;
};

export type SessionsTable = OfTenant & {
  id: string;
  /** Of the cookie; the cookie itself is the browser's alone. */
  hash: Buffer;
  principal: string;
  role: Role;
  customer_id: CustomerId | null;
  began_at: Timestamp;
  seen_at: Timestamp;
  expires_at: Timestamp;
  ended_at: Timestamp | null;
};

// Mail.
export type MailState = 'queued' | 'sent' | 'kept' | 'unaddressed' | 'suppressed' | 'bounced' | 'failed';

export type MailsTable = OfTenant & {
  id: MailId;
  /** The business fact: however often it is told, there is one mail. */
  cause: string;
  message: string;
  language: string;
  customer_id: CustomerId;
  subscription_id: SubscriptionId | null;
  attached_invoice_id: InvoiceId | null;
  state: MailState;
  reason: string | null;
  /** To whom, what about, HTML and text, under the customer's key. */
  sealed: string;
  /** When it happened that it is about, by the subscription's time. */
  at: Timestamp;
  attempts: Generated<number>;
  next_try_at: DefaultTimestamp;
  leased_until: Timestamp | null;
  created_at: DefaultTimestamp;
  sent_at: Timestamp | null;
};

export type MailSuppressionsTable = OfTenant & {
  id: MailSuppressionId;
  email_index: Buffer;
  customer_id: CustomerId | null;
  reason: 'bounced' | 'complained' | 'asked';
  code: string | null;
  created_at: Timestamp;
};

export type MailSettingsTable = OfTenant & {
  sender_name: string | null;
  accent: string;
  reply_to: string | null;
  manage_url: string | null;
  updated_at: Timestamp;
};

export type MailTemplatesTable = OfTenant & {
  message: string;
  language: string;
  subject: string;
  body: string;
  updated_at: Timestamp;
};

// Machines.
export type ActivationCodesTable = OfTenant & {
  hash: Buffer;
  customer_id: CustomerId;
  made_by: string;
  made_at: Timestamp;
  expires_at: Timestamp;
  used_at: Timestamp | null;
};

export type LicenseSeatsTable = OfTenant & {
  id: SeatId;
  customer_id: CustomerId;
  subscription_id: SubscriptionId | null;
  anchor_hash: Buffer;
  device_name_encrypted: string | null;
  /** The licences that it has, and had before. */
  license_id: string;
  license_before: string | null;
  activated_at: Timestamp;
  refreshed_at: Timestamp;
  released_at: Timestamp | null;
  revoked_at: Timestamp | null;
  revoked_why: 'canceled' | 'dispute_lost' | 'cloned' | null;
};

/** Which payment was for which machine; what was paid is in the ledger alone. */
export type TransactionRecordsTable = OfTenant & {
  transaction_id: PaymentId;
  webhook_event: string | null;
  hardware_anchor: string;
  recorded_at: DefaultTimestamp;
};

export type MetersTable = OfTenant & {
  id: MeterId;
  key: string;
  version: number;
  state: 'draft' | 'published' | 'archived';
  document: Json<MeterDocument>;
  created_at: Timestamp;
  published_at: Timestamp | null;
  effective_at: Timestamp | null;
  archived_at: Timestamp | null;
};

export type UsageIdsTable = OfTenant & {
  source: string;
  event_id: string;
  hash: string;
  customer_id: CustomerId;
  at: Timestamp;
  received_on: Day;
};

export type UsageEventsTable = OfTenant & {
  received_on: Day;
  source: string;
  event_id: string;
  type: string;
  customer_id: CustomerId;
  at: Timestamp;
  data: Json<Data>;
  received_at: DefaultTimestamp;
  withdrawn_at: Timestamp | null;
};

export type UsageWindowsTable = OfTenant & {
  meter_id: MeterId;
  customer_id: CustomerId;
  grain: number;
  at: Timestamp;
  dims: string;
  item: string;
  events: number;
  total: Decimal;
  high: Decimal;
  first_at: Timestamp;
  first_id: string;
  first_value: Decimal;
  last_at: Timestamp;
  last_id: string;
  last_value: Decimal;
  area: Decimal;
};

export type UsageAlertsTable = OfTenant & {
  customer_id: CustomerId;
  feature: string;
  period_start: Timestamp;
  threshold: number;
  told_at: Timestamp;
};

export type UsageSealsTable = OfTenant & {
  subscription_id: SubscriptionId;
  charge_id: string;
  from_at: Timestamp;
  n: number;
  to_at: Timestamp;
  customer_id: CustomerId;
  invoice_id: InvoiceId;
  ordinal: number | null;
  span: Json<UsageSpan>;
  quantity: Decimal;
  amount: MinorUnits;
  sealed_at: Timestamp;
};

export type Database = {
  tenants: TenantsTable;
  api_keys: ApiKeysTable;
  clocks: ClocksTable;
  customers: CustomersTable;
  customer_subjects: CustomerSubjectsTable;
  processor_customers: ProcessorCustomersTable;
  processor_accounts: ProcessorAccountsTable;
  processor_subscriptions: ProcessorSubscriptionsTable;
  payment_methods: PaymentMethodsTable;
  price_books: PriceBooksTable;
  dunning_policies: DunningPoliciesTable;
  subscriptions: SubscriptionsTable;
  decisions: DecisionsTable;
  invoices: InvoicesTable;
  invoice_lines: InvoiceLinesTable;
  invoice_series: InvoiceSeriesTable;
  payment_attempts: PaymentAttemptsTable;
  payments: PaymentsTable;
  refunds: RefundsTable;
  credit_notes: CreditNotesTable;
  credit_note_lines: CreditNoteLinesTable;
  disputes: DisputesTable;
  ledger_accounts: LedgerAccountsTable;
  ledger_transactions: LedgerTransactionsTable;
  ledger_entries: LedgerEntriesTable;
  ledger_balances: LedgerBalancesTable;
  audit_log: AuditLogTable;
  outbox: OutboxTable;
  announcements: AnnouncementsTable;
  outbox_positions: OutboxPositionsTable;
  endpoints: EndpointsTable;
  endpoint_deliveries: EndpointDeliveriesTable;
  mails: MailsTable;
  mail_suppressions: MailSuppressionsTable;
  mail_settings: MailSettingsTable;
  mail_templates: MailTemplatesTable;
  inbox: InboxTable;
  requests: RequestsTable;
  mrr_movements: MrrMovementsTable;
  seller_profiles: SellerProfilesTable;
  customer_addresses: CustomerAddressesTable;
  tax_id_checks: TaxIdChecksTable;
  coupons: CouponsTable;
  promotion_codes: PromotionCodesTable;
  redemptions: RedemptionsTable;
  credit_changes: CreditChangesTable;
  ledger_verifications: LedgerVerificationsTable;
  ledger_verified_sums: LedgerVerifiedSumsTable;
  earning_spans: EarningSpansTable;
  earning_progress: EarningProgressTable;
  revenue_days: RevenueDaysTable;
  ledger_periods: LedgerPeriodsTable;
  price_book_migrations: PriceBookMigrationsTable;
  price_book_migration_items: PriceBookMigrationItemsTable;
  trials_used: TrialsUsedTable;
  reconciliations: ReconciliationsTable;
  discrepancies: DiscrepanciesTable;
  entitlement_overrides: EntitlementOverridesTable;
  portal_links: PortalLinksTable;
  sessions: SessionsTable;
  activation_codes: ActivationCodesTable;
  license_seats: LicenseSeatsTable;
  transaction_records: TransactionRecordsTable;
  meters: MetersTable;
  usage_ids: UsageIdsTable;
  usage_events: UsageEventsTable;
  usage_windows: UsageWindowsTable;
  usage_seals: UsageSealsTable;
  usage_alerts: UsageAlertsTable;
};
