/** `expand[]=latest_charge.balance_transaction`: ids are replaced by the objects they name, in the answer only. */
import type { Index } from '../lookup.ts';
import { asSeen } from './balance-transactions.ts';
import type { Call } from './call.ts';
import { soldBy } from './checkout.ts';
import { invalid } from './errors.ts';
import { intentOf } from './invoice-collection.ts';
import { paymentsOf } from './invoice-payments.ts';
import type { ObjectName } from './tables.ts';
import type { Refund } from './wire.ts';

const MAX_DEPTH = 4;
type Plain = { [key: string]: unknown };

/** An id is looked up in a table; what is absent unless asked for is made when it is. */
type Target = ObjectName | ((call: Call, node: Plain) => unknown);
type Fields = { [path: string]: Target };

/** By the name that an object has on the wire. A path leads through what isn't an object of its own. */
const expandable: { [object: string]: Fields } = {
  customer: { 'invoice_settings.default_payment_method': 'payment_method', test_clock: 'test_clock' },
  payment_method: { customer: 'customer' },
  setup_intent: { customer: 'customer', payment_method: 'payment_method' },
  payment_intent: { customer: 'customer', payment_method: 'payment_method', latest_charge: 'charge' },
  charge: {
    customer: 'customer',
    payment_intent: 'payment_intent',
    balance_transaction: 'balance_transaction',
    refunds: refundsOf,
  },
  refund: { charge: 'charge', payment_intent: 'payment_intent', balance_transaction: 'balance_transaction' },
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
  balance_transaction: { source: 'charge' },
  subscription: {
    customer: 'customer',
    default_payment_method: 'payment_method',
    discounts: 'discount',
    schedule: 'subscription_schedule',
    latest_invoice: 'invoice',
    pending_setup_intent: 'setup_intent',
    test_clock: 'test_clock',
  },
  invoice: {
    confirmation_secret: secretOf,
    customer: 'customer',
    default_payment_method: 'payment_method',
    discounts: 'discount',
    'parent.subscription_details.subscription': 'subscription',
    payments: paymentsOfInvoice,
    test_clock: 'test_clock',
    'total_discount_amounts.discount': 'discount',
  },
  line_item: {
    discounts: 'discount',
    'pricing.price_details.price': 'price',
    subscription: 'subscription',
  },
  invoiceitem: { customer: 'customer', invoice: 'invoice' },
  invoice_payment: { invoice: 'invoice', 'payment.payment_intent': 'payment_intent' },
  customer_balance_transaction: { customer: 'customer', invoice: 'invoice' },
  discount: { customer: 'customer', promotion_code: 'promotion_code', 'source.coupon': 'coupon' },
  payout: { balance_transaction: 'balance_transaction' },
  credit_note: { customer: 'customer', invoice: 'invoice', 'refunds.refund': 'refund' },
  'checkout.session': {
    customer: 'customer',
    invoice: 'invoice',
    line_items: (call, { id }) => soldBy(call, String(id)),
    payment_intent: 'payment_intent',
    setup_intent: 'setup_intent',
    subscription: 'subscription',
  },
  subscription_schedule: { customer: 'customer', subscription: 'subscription' },
  product: { default_price: 'price' },
  price: { product: 'product' },
  promotion_code: { customer: 'customer', 'promotion.coupon': 'coupon' },
};

export function expanded(call: Call, body: object, paths: readonly string[] = []): object {
  return paths.reduce((result, path) => {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH + 1) throw invalid(`You cannot expand more than ${MAX_DEPTH} levels of a property.`);
    return expandObject(call, result as Plain, parts, path);
  }, body);
}

function expandObject(call: Call, node: Plain, parts: readonly string[], path: string): Plain {
  if ((node.object === 'list' || node.object === 'search_result') && parts[0] !== 'data') throw cannot(path);
  return expandWithin(call, node, { fields: expandable[String(node.object)] ?? {}, prefix: '' }, parts, path);
}

type Where = { fields: Fields; prefix: string };

function expandWithin(call: Call, node: Plain, where: Where, parts: readonly string[], path: string): Plain {
  const [first, ...rest] = parts;
  if (first === undefined) return node;
  const target = where.fields[where.prefix + first];
  if (typeof target === 'function') return { ...node, [first]: into(call, target(call, node), where, rest, path) };
  const value = node[first];
  if (target !== undefined) {
    const found = (each: unknown) => (typeof each === 'string' ? (lookUp(call, target, each) ?? each) : each);
    const each = Array.isArray(value) ? value.map(found) : found(value);
    return { ...node, [first]: into(call, each, where, rest, path) };
  }
  if (!(first in node) || (rest.length === 0 && !isObject(value))) throw cannot(path);
  const inner = { fields: where.fields, prefix: `${where.prefix}${first}.` };
  return { ...node, [first]: into(call, value, inner, rest, path) };
}

function into(call: Call, value: unknown, where: Where, rest: readonly string[], path: string): unknown {
  if (rest.length === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => into(call, each, where, rest, path));
  return isObject(value)
    ? expandObject(call, value, rest, path)
    : expandWithin(call, value as Plain, where, rest, path);
}

const isObject = (value: unknown): value is Plain => typeof value === 'object' && value !== null && 'object' in value;

/** A balance transaction's source is a charge, a refund, a dispute or a payout; the rest have one kind each. */
function lookUp(call: Call, table: ObjectName, id: string): object | undefined {
  const { store } = call;
  if (table === 'balance_transaction') {
    const transaction = store.get(table, id);
    return transaction && asSeen(call, transaction);
  }
  const found = store.get(table, id);
  if (found !== undefined || table !== 'charge') return found;
  return store.get('refund', id) ?? store.get('dispute', id) ?? store.get('payout', id);
}

const refundsByCharge: Index<Refund> = { key: ({ charge }) => charge as string };

function refundsOf(call: Call, charge: Plain): object {
  const data = call.store.find('refund', refundsByCharge, String(charge.id)).reverse();
  return { object: 'list', url: `/v1/charges/${charge.id}/refunds`, has_more: false, data };
}

/** Both are absent from an invoice unless they are asked for. */
function paymentsOfInvoice(call: Call, { id }: Plain): object {
  const data = paymentsOf(call, String(id));
  return { object: 'list', url: `/v1/invoice_payments?invoice=${id}`, has_more: false, data };
}

function secretOf(call: Call, { id }: Plain): object | null {
  const client_secret = intentOf(call, { id: String(id) })?.client_secret ?? null;
  return client_secret === null ? null : { client_secret, type: 'payment_intent' };
}

const cannot = (path: string) => invalid(`This property cannot be expanded (${path}).`, { param: 'expand' });
