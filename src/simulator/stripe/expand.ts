/** `expand[]=latest_charge.balance_transaction`: ids are replaced by the objects they name, in the answer only. */
import { asSeen } from './balance-transactions.ts';
import type { Call } from './call.ts';
import { invalid } from './errors.ts';
import type { ObjectName } from './tables.ts';

const MAX_DEPTH = 4;
type Plain = { [key: string]: unknown };

const expandable: { [N in ObjectName]: { [field: string]: ObjectName } } = {
  customer: { 'invoice_settings.default_payment_method': 'payment_method', test_clock: 'test_clock' },
  payment_method: { customer: 'customer' },
  setup_intent: { customer: 'customer', payment_method: 'payment_method' },
  payment_intent: { customer: 'customer', payment_method: 'payment_method', latest_charge: 'charge' },
  charge: { customer: 'customer', payment_intent: 'payment_intent', balance_transaction: 'balance_transaction' },
  refund: { charge: 'charge', payment_intent: 'payment_intent', balance_transaction: 'balance_transaction' },
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
  balance_transaction: { source: 'charge' },
  event: {},
  webhook_endpoint: {},
  test_clock: {},
};

export function expanded(call: Call, body: object, paths: readonly string[] = []): object {
  return paths.reduce((result, path) => {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH + 1) throw invalid(`You cannot expand more than ${MAX_DEPTH} levels of a property.`);
    return expandPath(call, result as Plain, parts, path);
  }, body);
}

function expandPath(call: Call, node: Plain, parts: readonly string[], path: string): Plain {
  const [first, ...rest] = parts;
  if (first === undefined) return node;
  if (node.object === 'list') {
    if (first !== 'data' || rest.length === 0) throw cannot(path);
    return { ...node, data: (node.data as Plain[]).map((item) => expandPath(call, item, rest, path)) };
  }
  const fields = expandable[tableOf(node)] ?? {};
  const second = rest[0];
  if (second !== undefined && `${first}.${second}` in fields) {
    const inner = node[first] as Plain;
    const found = resolve(call, inner[second], fields[`${first}.${second}`]!, rest.slice(1), path);
    return { ...node, [first]: { ...inner, [second]: found } };
  }
  if (first === 'refunds' && node.object === 'charge') return { ...node, refunds: refundsOf(call, node) };
  if (!(first in fields)) throw cannot(path);
  return { ...node, [first]: resolve(call, node[first], fields[first]!, rest, path) };
}

function resolve(call: Call, value: unknown, table: ObjectName, rest: readonly string[], path: string): unknown {
  const object = typeof value === 'string' ? lookUp(call, table, value) : value;
  return typeof object === 'object' && object !== null ? expandPath(call, object as Plain, rest, path) : value;
}

/** A balance transaction's source is a charge, a refund or a dispute; the rest have one kind each. */
function lookUp(call: Call, table: ObjectName, id: string): object | undefined {
  const { store } = call;
  if (table === 'balance_transaction') {
    const transaction = store.get(table, id);
    return transaction && asSeen(call, transaction);
  }
  const found = store.get(table, id);
  return found ?? (table === 'charge' ? (store.get('refund', id) ?? store.get('dispute', id)) : undefined);
}

function refundsOf(call: Call, charge: Plain): object {
  const data = call.store.newestFirst('refund').filter((refund) => refund.charge === charge.id);
  return { object: 'list', url: `/v1/charges/${charge.id}/refunds`, has_more: false, data };
}

const tableOf = ({ object }: Plain) => (object === 'test_helpers.test_clock' ? 'test_clock' : object) as ObjectName;
const cannot = (path: string) => invalid(`This property cannot be expanded (${path}).`, { param: 'expand' });
