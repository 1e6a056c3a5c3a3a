import type { Delivery, DeliveryMode } from '../stripe/tables.ts';
import type { Trouble } from './troubles.ts';

export type Money = { value: string; currency_code: string };
export type Link = { href: string; rel: string; method: string };

export type Product = { id: string; name: string; type: string; create_time: string };
type Tenure = 'TRIAL' | 'REGULAR';
export type BillingCycle = {
  tenure_type: Tenure;
  sequence: number;
  /** 0 is without end. */
  total_cycles: number;
  frequency: { interval_unit: 'DAY' | 'WEEK' | 'MONTH' | 'YEAR'; interval_count: number };
  pricing_scheme: { fixed_price: Money; version: number };
};
export type Plan = {
  id: string;
  product_id: string;
  name: string;
  description?: string;
  status: 'CREATED' | 'INACTIVE' | 'ACTIVE';
  billing_cycles: BillingCycle[];
  payment_preferences: {
    auto_bill_outstanding: boolean;
    setup_fee: Money | null;
    setup_fee_failure_action: 'CONTINUE' | 'CANCEL';
    /** 0 is without end. */
    payment_failure_threshold: number;
  };
  create_time: string;
  update_time: string;
};

export type Subscription = {
  id: string;
  plan_id: string;
  custom_id?: string;
  quantity: string;
  status: 'APPROVAL_PENDING' | 'APPROVED' | 'ACTIVE' | 'SUSPENDED' | 'CANCELLED' | 'EXPIRED';
  status_change_note?: string;
  status_update_time: string;
  start_time: string;
  create_time: string;
  update_time: string;
  subscriber?: object;
  billing_info: {
    outstanding_balance: Money;
    cycle_executions: {
      tenure_type: Tenure;
      sequence: number;
      cycles_completed: number;
      cycles_remaining: number;
      total_cycles: number;
    }[];
    last_payment?: { amount: Money; time: string };
    next_billing_time?: string;
    failed_payments_count: number;
    last_failed_payment?: { amount: Money; time: string; reason_code: string; next_payment_retry_time?: string };
  };
};
/** What only the simulator knows of a subscription. */
export type Agreement = {
  id: string;
  returnUrl: string | null;
  cancelUrl: string | null;
  /** Its own prices, where it overrides the plan's. */
  cycles: BillingCycle[] | null;
  /** Asked for, and not approved yet. */
  revision: { plan_id: string; quantity: string } | null;
};

/** The first generation's payment, as subscriptions still make them. */
export type Sale = {
  id: string;
  state: 'completed' | 'pending' | 'denied' | 'partially_refunded' | 'refunded' | 'reversed';
  amount: { total: string; currency: string; details: { subtotal: string } };
  payment_mode: 'INSTANT_TRANSFER';
  protection_eligibility: string;
  transaction_fee: { value: string; currency: string };
  billing_agreement_id: string;
  custom?: string;
  create_time: string;
  update_time: string;
};

/** What a sale has given back. */
export type SaleRefund = {
  id: string;
  state: 'completed';
  amount: { total: string; currency: string };
  sale_id: string;
  custom?: string;
  create_time: string;
  update_time: string;
};

export type Order = {
  id: string;
  intent: 'CAPTURE';
  status: 'CREATED' | 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'COMPLETED';
  purchase_units: { reference_id: string; amount: Money; custom_id?: string; invoice_id?: string }[];
  payment_source: Record<string, unknown>;
  create_time: string;
  update_time: string;
};
export type OrderMemory = {
  id: string;
  returnUrl: string | null;
  cancelUrl: string | null;
  vault: { customer: string | null } | null;
};

export type Capture = {
  id: string;
  status: 'COMPLETED' | 'PENDING' | 'DECLINED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'FAILED';
  status_details?: { reason: string };
  amount: Money;
  final_capture: true;
  custom_id?: string;
  invoice_id?: string;
  seller_receivable_breakdown?: { gross_amount: Money; paypal_fee: Money; net_amount: Money };
  supplementary_data: { related_ids: { order_id: string } };
  create_time: string;
  update_time: string;
};
export type Refund = {
  id: string;
  status: 'COMPLETED' | 'PENDING' | 'FAILED' | 'CANCELLED';
  amount: Money;
  custom_id?: string;
  invoice_id?: string;
  links: Link[];
  create_time: string;
  update_time: string;
};
export type RefundMemory = { id: string; capture: string };

export type Customer = { id: string; merchant_customer_id?: string };
export type SetupToken = {
  id: string;
  status: 'CREATED' | 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'TOKENIZED';
  customer: Customer;
  payment_source: Record<string, unknown>;
};
export type SetupMemory = { id: string; returnUrl: string | null; cancelUrl: string | null };
export type PaymentToken = { id: string; customer: Customer; payment_source: Record<string, unknown> };

export type Dispute = {
  dispute_id: string;
  id: string;
  create_time: string;
  update_time: string;
  disputed_transactions: { seller_transaction_id: string; gross_amount: Money }[];
  reason: string;
  status: 'OPEN' | 'WAITING_FOR_SELLER_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED';
  dispute_amount: Money;
  dispute_life_cycle_stage: 'INQUIRY' | 'CHARGEBACK';
  dispute_outcome?: { outcome_code: string; amount_refunded: Money };
};

export type PaypalEvent = {
  id: string;
  event_version: '1.0';
  create_time: string;
  resource_type: string;
  event_type: string;
  summary: string;
  resource: object;
};
export type Webhook = { id: string; url: string; event_types: { name: string }[] };

/** A request id with the answer that it got. */
export type KeptAnswer = {
  id: string;
  status: number;
  body: string;
  at: number;
  /** So many requests with it still get no answer. */
  losing: number;
};

export type Tables = {
  product: Product;
  plan: Plan;
  subscription: Subscription;
  sale: Sale;
  sale_refund: SaleRefund;
  order: Order;
  capture: Capture;
  refund: Refund;
  setup_token: SetupToken;
  payment_token: PaymentToken;
  dispute: Dispute;
  event: PaypalEvent;
  webhook: Webhook;
  'sim.agreement': Agreement;
  'sim.order': OrderMemory;
  'sim.refund': RefundMemory;
  'sim.setup': SetupMemory;
  'sim.trouble': Trouble & { id: string };
  'sim.key': KeptAnswer;
  'sim.clock': { id: 'clock'; ahead: number };
  'sim.revoked': { id: 'tokens'; at: number };
  'sim.pki': { id: 'pki'; roots: string; chain: string; key: string };
  'sim.forge': { id: 'forge'; next: number };
  'sim.delivery': Delivery;
  'sim.mode': DeliveryMode;
};
